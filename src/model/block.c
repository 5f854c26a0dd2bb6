#include "config.h"

#include "model/block.h"

#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"

void block_free(struct block *block)
{
    buf_free(&block->id);
    buf_free(&block->line);
    free(block->name);
    free(block->call);
}

enum step_kind block_step_kind(const struct block *block)
{
    static const enum step_kind kinds[] = {
        [CLASS_PLAIN] = STEP_STREAM,        [CLASS_TEXT] = STEP_TEXT,
        [CLASS_REASONING] = STEP_REASONING, [CLASS_REFUSAL] = STEP_TEXT,
        [CLASS_TOOL] = STEP_TOOL,
    };
    return kinds[block->class];
}

static enum entry_kind entry_kind(const struct block *block)
{
    if (block->class == CLASS_REASONING)
        return ENTRY_REASONING;
    return block->class == CLASS_TOOL ? ENTRY_TOOL : ENTRY_TEXT;
}

static struct entry line_entry(const struct block *block, const char *text,
                               size_t len)
{
    return (struct entry){
        .kind = entry_kind(block),
        .time_ms = block->line_ms,
        .time_is_arrival = block->line_is_arrival,
        .text = text,
        .text_len = len,
        .step = block->step,
        .joins = block->joins,
    };
}

/* Where to cut a line that grew too long: behind a space near the limit, else
 * between two characters. */
static size_t cut_place(const char *text)
{
    enum {
        NEAR = 256
    };
    for (size_t at = THOUGHT_MAX_LINE; at > THOUGHT_MAX_LINE - NEAR; at--)
        if (text[at - 1] == ' ')
            return at;
    return THOUGHT_MAX_LINE - utf8_incomplete_tail(text, THOUGHT_MAX_LINE);
}

static void tell(struct block *block, const char *text, size_t len,
                 bool goes_on, const struct thought_ops *ops, void *context)
{
    struct entry entry = line_entry(block, text, len);
    ops->add(context, &entry);
    block->joins = goes_on;
}

/* Adds a piece without line ends. The line never holds more than its maximum,
 * so that cutting it moves no more than was added. */
static void add_piece(struct block *block, const char *text, size_t len,
                      const struct thought_ops *ops, void *context)
{
    while (len) {
        size_t room = THOUGHT_MAX_LINE - block->line.len;
        size_t part = len <= room ? len : room;
        buf_add(&block->line, text, part);
        text += part;
        len -= part;
        if (!len)
            return;
        size_t cut = cut_place(block->line.data);
        tell(block, block->line.data, cut, true, ops, context);
        size_t rest = block->line.len - cut;
        memmove(block->line.data, block->line.data + cut, rest);
        buf_truncate(&block->line, rest);
    }
}

static void end_line(struct block *block, const struct thought_ops *ops,
                     void *context)
{
    size_t len = block->line.len;
    const char *text = buf_str(&block->line);
    if (len && text[len - 1] == '\r')
        len--;
    tell(block, text, len, false, ops, context);
    buf_clear(&block->line);
}

static void add(struct block *block, struct slice text, struct moment at,
                const struct thought_ops *ops, void *context)
{
    const char *p = text.data, *end = text.data + text.len;
    if (!text.len)
        return;
    block->has_text = true;
    block->line_ms = at.ms;
    block->line_is_arrival = at.is_arrival;
    while (p < end) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        add_piece(block, p, (size_t)((stop ? stop : end) - p), ops, context);
        if (!stop)
            return;
        end_line(block, ops, context);
        p = stop + 1;
    }
}

/* Puts the code point where its first half stands. */
static bool join_halves(struct block *block, uint16_t low,
                        const struct thought_ops *ops, void *context)
{
    static const char stand_in[] = "\xEF\xBF\xBD";
    const size_t len = sizeof stand_in - 1;
    char bytes[UTF8_MAX_BYTES];
    size_t joined = chunk_join_halves(block->half, low, bytes);
    if (!joined || block->line.len < len ||
        memcmp(block->line.data + block->line.len - len, stand_in, len) != 0)
        return false;
    buf_truncate(&block->line, block->line.len - len);
    add_piece(block, bytes, joined, ops, context);
    return true;
}

void block_add_move(struct block *block, const struct chunk_move *move,
                    struct moment at, const struct thought_ops *ops,
                    void *context)
{
    struct slice text = move->text;
    if (!text.len)
        return;
    if (join_halves(block, move->head, ops, context)) {
        text.data += 3;
        text.len -= 3;
    }
    add(block, text, at, ops, context);
    block->half = move->tail;
}

void block_flush(struct block *block, const struct thought_ops *ops,
                 void *context)
{
    if (block->line.len)
        end_line(block, ops, context);
    block->joins = false;
}

bool block_open_line(const struct block *block, struct entry *out)
{
    size_t len = block->line.len;
    if (!block->open || !len)
        return false;
    if (len > THOUGHT_MAX_LINE) {
        len = THOUGHT_MAX_LINE;
        len -= utf8_incomplete_tail(block->line.data, len);
    }
    *out = line_entry(block, block->line.data, len);
    out->open = true;
    return true;
}
