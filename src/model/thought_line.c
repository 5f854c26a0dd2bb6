/* Parts that are no block and no call: each is a line of the step that is
 * open. */
#include "config.h"

#include "model/thought_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_WORD = 100 /* bytes of a type's or note's name */
};

/* "word {json}", with all of the JSON behind it. */
static uint64_t add_json_line(struct thought *thought, uint32_t step,
                              enum log_level level, struct slice word,
                              struct slice json)
{
    buf_clear(&thought->scratch);
    thought_add_json(thought, word, MAX_WORD);
    if (word.len && json.len)
        buf_addc(&thought->scratch, ' ');
    bool is_cut = thought_add_json(thought, json, THOUGHT_MAX_JSON);
    bool is_tree = json.len && (json.data[0] == '{' || json.data[0] == '[');
    return thought_add_line(thought, step, ENTRY_LOG, level,
                            thought_words(thought),
                            is_cut || is_tree ? json : (struct slice){0});
}

static void take_reference(struct thought *thought, const char *word,
                           const struct chunk_move *move)
{
    buf_clear(&thought->scratch);
    buf_adds(&thought->scratch, word);
    thought_add_json(thought, move->text, THOUGHT_MAX_JSON);
    thought_add_line(thought, thought_host(thought, -1)->step, ENTRY_TEXT,
                     LEVEL_NONE, thought_words(thought), move->json);
}

/* With nothing open that it could have struck, the stream itself has failed. */
static void take_error(struct thought *thought, const struct chunk_move *move)
{
    struct block *host = thought_host(thought, -1);
    if (host->class != CLASS_TOOL)
        block_flush(host, &thought->ops, thought->context);
    buf_clear(&thought->scratch);
    thought_add_json(thought, move->text, THOUGHT_MAX_LINE);
    thought_add_line(thought, host->step, ENTRY_LOG, LEVEL_ERROR,
                     thought_words(thought), move->json);
    thought_end_block(thought, host, STEP_FAILED);
    thought->streams[thought->stream].has_failed = true;
}

static void take_log(struct thought *thought, const struct log_entry *from)
{
    struct entry entry = logstore_entry(from);
    entry.time_is_arrival &= thought->at.is_arrival;
    entry.step = thought_host(thought, -1)->step;
    thought->ops.add(thought->context, &entry);
    thought->told = true;
}

/* ---- data that replaces what came before ---- */

/* Data without an id stays; but what is not worth keeping makes way for the
 * next of its name. */
static bool replaces(const struct chunk_move *move)
{
    return move->id.len || move->transient;
}

static struct kept_line *find_kept(struct thought *thought, const char *key)
{
    for (size_t i = 0; i < thought->kept_count; i++)
        if (thought->kept[i].stream == thought->stream &&
            strcmp(thought->kept[i].key, key) == 0)
            return &thought->kept[i];
    return NULL;
}

static void keep_line(struct thought *thought, char *key, uint64_t number)
{
    struct kept_line *slot = &thought->kept[thought->kept_next];
    thought->kept_next = (thought->kept_next + 1) % THOUGHT_MAX_KEPT;
    if (thought->kept_count < THOUGHT_MAX_KEPT)
        thought->kept_count++;
    free(slot->key);
    *slot = (struct kept_line){thought->stream, key, number};
}

static void take_data(struct thought *thought, const struct chunk_move *move)
{
    struct buf key = buf_make(0);
    struct slice part = thought_short_id(thought, move->name);
    buf_add(&key, part.data, part.len);
    buf_addc(&key, '\n');
    part = thought_short_id(thought, move->id);
    buf_add(&key, part.data, part.len);
    struct kept_line *before =
        replaces(move) ? find_kept(thought, buf_str(&key)) : NULL;
    if (before)
        thought->ops.withdraw(thought->context, before->number);
    uint64_t number = add_json_line(thought, thought_host(thought, -1)->step,
                                    LEVEL_NONE, move->name, move->json);
    if (before)
        before->number = number;
    else if (replaces(move))
        keep_line(thought, buf_take(&key), number);
    buf_free(&key);
}

void thought_forget_lines(struct thought *thought)
{
    for (size_t i = 0; i < thought->kept_count; i++)
        free(thought->kept[i].key);
    memset(thought->kept, 0, sizeof thought->kept);
    thought->kept_count = thought->kept_next = 0;
}

void thought_take_line(struct thought *thought, const struct chunk_move *move)
{
    switch (move->kind) {
    case CHUNK_ERROR:
        take_error(thought, move);
        break;
    case CHUNK_SOURCE:
        take_reference(thought, "source: ", move);
        break;
    case CHUNK_FILE:
        take_reference(thought, "file: ", move);
        break;
    case CHUNK_DATA:
        take_data(thought, move);
        break;
    case CHUNK_LOG:
        take_log(thought, move->log);
        break;
    case CHUNK_NOTE:
        add_json_line(thought, thought_last_step(thought, -1), LEVEL_DEBUG,
                      move->name, move->json);
        break;
    case CHUNK_UNKNOWN:
        add_json_line(thought, thought_host(thought, -1)->step, LEVEL_DEBUG,
                      move->name, move->json);
        break;
    default: /* CHUNK_JSON */
        add_json_line(thought, thought_host(thought, -1)->step, LEVEL_NONE,
                      move->name, move->json);
    }
}
