#include "config.h"

#include "model/thought.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/thought_parts.h"
#include "text/utf8.h"

struct thought *thought_create(const struct thought_ops *ops, void *context)
{
    struct thought *thought = mem_zalloc(1, sizeof *thought);
    thought->ops = *ops;
    thought->context = context;
    thought->decoder = chunk_decoder_create();
    return thought;
}

void thought_destroy(struct thought *thought)
{
    if (!thought)
        return;
    for (size_t i = 0; i < thought->block_count; i++) {
        block_free(thought->blocks[i]);
        free(thought->blocks[i]);
    }
    for (size_t i = 0; i < thought->stream_count; i++)
        free(thought->streams[i].key);
    free(thought->streams);
    thought_forget_lines(thought);
    buf_free(&thought->id);
    buf_free(&thought->scratch);
    chunk_decoder_destroy(thought->decoder);
    free(thought);
}

struct slice thought_words(const struct thought *thought)
{
    return (struct slice){buf_str(&thought->scratch), thought->scratch.len};
}

bool thought_add_json(struct thought *thought, struct slice json, size_t most)
{
    size_t len = json.len;
    if (len > most)
        len = most - utf8_incomplete_tail(json.data, most);
    buf_add(&thought->scratch, json.data, len);
    if (len < json.len)
        buf_adds(&thought->scratch, "…");
    return len < json.len;
}

uint64_t thought_add_line(struct thought *thought, uint32_t step,
                          enum entry_kind kind, enum log_level level,
                          struct slice text, struct slice detail)
{
    struct entry entry = {
        .kind = kind,
        .time_ms = thought->at.ms,
        .time_is_arrival = thought->at.is_arrival,
        .level = level,
        .text = text.data ? text.data : "",
        .text_len = text.len,
        .detail = detail.data,
        .detail_len = detail.len,
        .step = step,
    };
    thought->told = true;
    return thought->ops.add(thought->context, &entry);
}

/* ---- blocks ---- */

struct slice thought_short_id(struct thought *thought, struct slice id)
{
    enum {
        MAX_ID = 256
    };
    uint64_t sum = id.len;
    if (id.len <= MAX_ID)
        return id;
    for (size_t i = 0; i < id.len; i++)
        sum = (sum ^ (unsigned char)id.data[i]) * UINT64_C(0x100000001b3);
    buf_clear(&thought->id);
    buf_add(&thought->id, id.data, MAX_ID);
    buf_addf(&thought->id, "%016llx", (unsigned long long)sum);
    return (struct slice){buf_str(&thought->id), thought->id.len};
}

static bool has_id(const struct block *block, struct slice id)
{
    return block->id.len == id.len &&
           (!id.len || memcmp(block->id.data, id.data, id.len) == 0);
}

struct block *thought_find(struct thought *thought, enum block_class class,
                           struct slice id, bool ended_too)
{
    id = thought_short_id(thought, id);
    for (size_t i = thought->block_count; i-- > 0;) {
        struct block *block = thought->blocks[i];
        if (block->class == class && block->stream == thought->stream &&
            (block->open || ended_too) && has_id(block, id))
            return block;
    }
    return NULL;
}

/* The newest open block of the part's stream; NULL: none. */
static struct block *newest(struct thought *thought)
{
    for (size_t i = thought->block_count; i-- > 0;)
        if (thought->blocks[i]->open &&
            thought->blocks[i]->stream == thought->stream)
            return thought->blocks[i];
    return NULL;
}

/* Tells what is left of it. */
static void complete(struct thought *thought, struct block *block)
{
    if (block->class == CLASS_TOOL)
        thought_settle_call(thought, block);
    else
        block_flush(block, &thought->ops, thought->context);
    buf_free(&block->line); /* what has ended is remembered by its id alone */
    block->open = false;
}

void thought_end_block(struct thought *thought, struct block *block,
                       enum step_state state)
{
    if (!block->open)
        return;
    complete(thought, block);
    thought->told = true;
    thought->ops.end(thought->context, block->step, state, thought->at.ms);
}

void thought_end_implied(struct thought *thought, int choice,
                         const struct block *but)
{
    for (size_t i = 0; i < thought->block_count; i++) {
        struct block *block = thought->blocks[i];
        if (block != but && block->stream == thought->stream &&
            block->class != CLASS_TOOL && block->choice >= 0 &&
            (choice < 0 || block->choice == choice))
            thought_end_block(thought, block, STEP_DONE);
    }
}

/* Ends blocks of a kind that come one after the other, of which neither start
 * nor end was told. */
static void end_ordered(struct thought *thought)
{
    for (size_t i = 0; i < thought->block_count; i++) {
        struct block *block = thought->blocks[i];
        if (block->in_order && block->stream == thought->stream)
            thought_end_block(thought, block, STEP_DONE);
    }
}

/* Room for one more: the oldest that has ended goes, or the oldest of all. */
static void make_room(struct thought *thought)
{
    size_t at = 0;
    if (thought->block_count < THOUGHT_MAX_BLOCKS)
        return;
    while (at < thought->block_count && thought->blocks[at]->open)
        at++;
    if (at == thought->block_count)
        at = 0;
    struct block *block = thought->blocks[at];
    thought_end_block(thought, block, STEP_DONE);
    block_free(block);
    free(block);
    thought->block_count--;
    memmove(&thought->blocks[at], &thought->blocks[at + 1],
            (thought->block_count - at) * sizeof *thought->blocks);
}

/* The stream's own text makes way for what is said in blocks. */
static void end_plain(struct thought *thought, enum step_state state)
{
    struct block *plain =
        thought_find(thought, CLASS_PLAIN, (struct slice){0}, false);
    if (plain)
        thought_end_block(thought, plain, state);
}

/* What gives way to a new block. */
static void make_way(struct thought *thought, enum block_class class,
                     const struct chunk_move *move)
{
    struct buf words = thought->scratch; /* may hold what is to be told */
    thought->scratch = buf_make(0);
    if (class != CLASS_PLAIN)
        end_plain(thought, STEP_DONE);
    if (move && move->in_order)
        end_ordered(thought);
    make_room(thought);
    buf_free(&thought->scratch);
    thought->scratch = words;
}

struct block *thought_begin(struct thought *thought, enum block_class class,
                            const struct chunk_move *move, const char *title)
{
    make_way(thought, class, move);
    struct block *block = mem_zalloc(1, sizeof *block);
    block->stream = thought->stream;
    block->class = class;
    block->choice = move ? move->choice : -1;
    block->in_order = move && move->in_order;
    block->open = true;
    block->preliminary = NO_LINE;
    if (move) {
        struct slice id = thought_short_id(thought, move->id);
        buf_add(&block->id, id.data, id.len);
    }
    thought->blocks[thought->block_count++] = block;
    thought->told = true;
    struct thought_stream *stream = &thought->streams[thought->stream];
    block->step = thought->ops.begin(thought->context, block_step_kind(block),
                                     stream->key, title, thought->at.ms);
    stream->last_step = block->step;
    stream->has_step = true;
    return block;
}

/* The step of the stream's own text has the stream's name. */
static struct block *begin_plain(struct thought *thought)
{
    return thought_begin(thought, CLASS_PLAIN, NULL,
                         thought->streams[thought->stream].key);
}

static struct block *open_block_of(struct thought *thought, int choice)
{
    for (size_t i = thought->block_count; choice >= 0 && i-- > 0;) {
        struct block *block = thought->blocks[i];
        if (block->open && block->stream == thought->stream &&
            block->choice == choice)
            return block;
    }
    return newest(thought);
}

struct block *thought_host(struct thought *thought, int choice)
{
    struct block *host = open_block_of(thought, choice);
    return host ? host : begin_plain(thought);
}

uint32_t thought_last_step(struct thought *thought, int choice)
{
    const struct thought_stream *stream = &thought->streams[thought->stream];
    const struct block *open = open_block_of(thought, choice);
    if (!open && stream->has_step)
        return stream->last_step;
    return open ? open->step : thought_host(thought, choice)->step;
}

static void add_text(struct thought *thought, struct block *block,
                     const struct chunk_move *move)
{
    thought->told = thought->told || move->text.len;
    block_add_move(block, move, thought->at, &thought->ops, thought->context);
}

/* Bare text belongs to the answer that is being given, if there is one. */
static void take_plain(struct thought *thought, const struct chunk_move *move)
{
    struct block *block = newest(thought);
    if (!block || (block->class != CLASS_TEXT && block->class != CLASS_PLAIN))
        block = thought_find(thought, CLASS_PLAIN, (struct slice){0}, false);
    if (!block)
        block = begin_plain(thought);
    add_text(thought, block, move);
}

/* Text that stands for itself may hold many lines too. */
static void take_line(struct thought *thought, const struct chunk_move *move)
{
    struct block *host = thought_host(thought, -1);
    struct block lines = {.class = CLASS_PLAIN, .step = host->step};
    if (host->class == CLASS_PLAIN)
        block_flush(host, &thought->ops, thought->context);
    add_text(thought, &lines, move);
    block_flush(&lines, &thought->ops, thought->context);
    block_free(&lines);
}

static enum block_class class_of(enum chunk_block block)
{
    static const enum block_class classes[] = {
        [BLOCK_TEXT] = CLASS_TEXT,
        [BLOCK_REASONING] = CLASS_REASONING,
        [BLOCK_REFUSAL] = CLASS_REFUSAL,
    };
    return classes[block];
}

static struct block *begin_block(struct thought *thought,
                                 const struct chunk_move *move)
{
    static const char *const titles[] = {
        [BLOCK_TEXT] = "Answer",
        [BLOCK_REASONING] = "Thinking",
        [BLOCK_REFUSAL] = "Refusal",
    };
    return thought_begin(thought, class_of(move->block), move,
                         titles[move->block]);
}

/* A start that comes again before any text is the same one; after text its end
 * was missed. */
static void take_start(struct thought *thought, const struct chunk_move *move)
{
    struct block *block =
        thought_find(thought, class_of(move->block), move->id, false);
    if (block && !block->has_text)
        return;
    if (block)
        thought_end_block(thought, block, STEP_DONE);
    begin_block(thought, move);
}

static void take_delta(struct thought *thought, const struct chunk_move *move)
{
    struct block *block =
        thought_find(thought, class_of(move->block), move->id, false);
    if (!block && !move->id.len && move->block == BLOCK_TEXT)
        block = thought_find(thought, CLASS_PLAIN, move->id, false);
    if (!block)
        block = begin_block(thought, move);
    if (move->choice >= 0)
        thought_end_implied(thought, move->choice, block);
    add_text(thought, block, move);
}

/* The whole text helps only where none of it came before. */
static void take_end(struct thought *thought, const struct chunk_move *move)
{
    struct block *block =
        thought_find(thought, class_of(move->block), move->id, true);
    if (!block && move->text.len)
        block = begin_block(thought, move);
    if (!block || !block->open)
        return;
    if (!block->has_text)
        add_text(thought, block, move);
    thought_end_block(thought, block, STEP_DONE);
}

/* ---- messages ---- */

/* Ends the stream's open blocks; of a choice's end, those of the choice. Calls
 * that wait for somebody's leave stay, and, at the end of a mere step, all
 * calls. */
static void end_blocks(struct thought *thought, int choice, bool calls_too,
                       enum step_state state)
{
    for (size_t i = 0; i < thought->block_count; i++) {
        struct block *block = thought->blocks[i];
        bool is_call = block->class == CLASS_TOOL;
        if (!block->open || block->stream != thought->stream ||
            (choice >= 0 && block->choice != choice) ||
            (is_call && (!calls_too || block->awaits_approval)))
            continue;
        thought_end_block(thought, block, state);
    }
}

static bool is_usual_reason(struct slice reason)
{
    return !reason.len || slice_is(reason, "stop") ||
           slice_is(reason, "tool-calls") || slice_is(reason, "tool_calls") ||
           slice_is(reason, "function_call");
}

static bool is_failure(struct slice reason)
{
    return slice_is(reason, "error") || slice_is(reason, "failed");
}

/* Ends what is open. An end out of the order is a line of what it ended. */
static void finish(struct thought *thought, const struct chunk_move *move,
                   enum step_state state, const char *word)
{
    uint32_t step = word ? thought_last_step(thought, move->choice) : NO_STEP;
    end_blocks(thought, move->choice, true, state);
    if (!word)
        return;
    end_plain(thought, state);
    buf_clear(&thought->scratch);
    buf_adds(&thought->scratch, word);
    if (move->text.len)
        buf_adds(&thought->scratch, ": ");
    thought_add_json(thought, move->text, THOUGHT_MAX_JSON);
    thought_add_line(thought, step, ENTRY_LOG, LEVEL_WARN,
                     thought_words(thought), (struct slice){0});
}

static void take_finish(struct thought *thought, const struct chunk_move *move)
{
    struct thought_stream *stream = &thought->streams[thought->stream];
    bool failed = is_failure(move->text);
    bool is_news =
        !is_usual_reason(move->text) && !(failed && stream->has_failed);
    stream->has_failed = false;
    finish(thought, move, failed ? STEP_FAILED : STEP_DONE,
           is_news ? "finished" : NULL);
}

static void take_move(void *context, const struct chunk_move *move)
{
    struct thought *thought = context;
    switch (move->kind) {
    case CHUNK_PLAIN:
        take_plain(thought, move);
        break;
    case CHUNK_LINE:
        take_line(thought, move);
        break;
    case CHUNK_BLOCK_START:
        take_start(thought, move);
        break;
    case CHUNK_BLOCK_DELTA:
        take_delta(thought, move);
        break;
    case CHUNK_BLOCK_END:
        take_end(thought, move);
        break;
    case CHUNK_MESSAGE_FINISH:
        take_finish(thought, move);
        break;
    case CHUNK_MESSAGE_ABORT:
        finish(thought, move, STEP_STOPPED, "aborted");
        break;
    case CHUNK_STEP_FINISH:
        end_blocks(thought, -1, false, STEP_DONE);
        break;
    case CHUNK_MESSAGE_START:
        thought->streams[thought->stream].has_failed = false;
        break;
    case CHUNK_STEP_START:
        break;
    default:
        if (move->kind >= CHUNK_TOOL_START && move->kind <= CHUNK_TOOL_END)
            thought_take_tool(thought, move);
        else
            thought_take_line(thought, move);
    }
}

/* ---- streams ---- */

static size_t stream_index(struct thought *thought, const char *key)
{
    size_t i = thought->stream;
    if (i < thought->stream_count && strcmp(thought->streams[i].key, key) == 0)
        return i; /* parts of one stream come in a row */
    for (i = 0; i < thought->stream_count; i++)
        if (strcmp(thought->streams[i].key, key) == 0)
            return i;
    if (thought->stream_count == thought->stream_size) {
        thought->stream_size = thought->stream_size * 2 + 4;
        thought->streams = mem_resize(thought->streams, thought->stream_size,
                                      sizeof *thought->streams);
    }
    thought->streams[thought->stream_count] =
        (struct thought_stream){.key = mem_strdup(key)};
    return thought->stream_count++;
}

bool thought_take(struct thought *thought, const struct stream_part *part)
{
    thought->stream = stream_index(thought, part->stream);
    thought->at = (struct moment){part->time_ms, part->time_is_arrival};
    thought->told = false;
    chunk_decode(thought->decoder, part, take_move, thought);
    return thought->told;
}

void thought_stop(struct thought *thought, enum step_state state, int64_t at_ms)
{
    for (size_t i = 0; i < thought->block_count; i++) {
        struct block *block = thought->blocks[i];
        if (block->open && !block->stopped)
            thought->ops.end(thought->context, block->step, state, at_ms);
        block->stopped = block->stopped || block->open;
    }
}

void thought_end(struct thought *thought, enum step_state state, int64_t at_ms)
{
    for (size_t i = 0; i < thought->block_count; i++) {
        struct block *block = thought->blocks[i];
        if (!block->open)
            continue;
        complete(thought, block);
        if (!block->stopped)
            thought->ops.end(thought->context, block->step, state, at_ms);
    }
}

size_t thought_stream_count(const struct thought *thought)
{
    return thought->stream_count;
}

size_t thought_open_count(const struct thought *thought)
{
    struct entry entry;
    size_t count = 0;
    for (size_t i = 0; i < thought->block_count; i++)
        count += block_open_line(thought->blocks[i], &entry);
    return count;
}

bool thought_open(const struct thought *thought, size_t index,
                  struct entry *out)
{
    for (size_t i = 0; i < thought->block_count; i++)
        if (block_open_line(thought->blocks[i], out) && index-- == 0)
            return true;
    return false;
}
