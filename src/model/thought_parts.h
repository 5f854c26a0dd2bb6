/* What the files of model/thought share; nobody else includes this. */
#ifndef MODEL_THOUGHT_PARTS_H
#define MODEL_THOUGHT_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/block.h"
#include "model/thought.h"
#include "wire/chunk.h"

/* A line that another one may take the place of. */
struct kept_line {
    size_t stream;
    char *key; /* its name and id */
    uint64_t number;
};

#define THOUGHT_MAX_KEPT 256

/* A stream that parts came from. */
struct thought_stream {
    char *key;
    bool has_step;
    uint32_t last_step; /* that began in it */
    bool has_failed;    /* an error was told since its message began */
};

struct thought {
    struct thought_ops ops;
    void *context;
    struct chunk_decoder *decoder;
    struct block *blocks[THOUGHT_MAX_BLOCKS]; /* in order of their start */
    size_t block_count;
    struct thought_stream *streams;
    size_t stream_count, stream_size;
    struct kept_line kept[THOUGHT_MAX_KEPT]; /* a ring */
    size_t kept_count, kept_next;
    struct buf id;      /* the short form of one that was told */
    struct buf scratch; /* words of a line or title that is being told */

    /* Of the part that is being taken. */
    size_t stream;
    struct moment at;
    bool told;
};

/* An id or name as it is remembered: itself, or, of a long one, its beginning
 * and a sum of it. Valid until the next call. */
struct slice thought_short_id(struct thought *thought, struct slice id);

/* The newest block of the part's stream that has this class and id and is open
 * or, if ended_too, remembered; NULL: none. */
struct block *thought_find(struct thought *thought, enum block_class class,
                           struct slice id, bool ended_too);

/* Begins a block and its step. move: NULL: for the stream's own text. */
struct block *thought_begin(struct thought *thought, enum block_class class,
                            const struct chunk_move *move, const char *title);

/* Tells what is left of its line and ends its step. */
void thought_end_block(struct thought *thought, struct block *block,
                       enum step_state state);

/* Ends blocks that tell no end: those of the choice, of any for -1, but for
 * the one that takes over. */
void thought_end_implied(struct thought *thought, int choice,
                         const struct block *but);

/* The block whose step takes lines that are part of no block: an open one, of
 * the choice (-1: any), else the stream's own text. */
struct block *thought_host(struct thought *thought, int choice);

/* The same for what follows after a block: the step may have ended. */
uint32_t thought_last_step(struct thought *thought, int choice);

/* Adds a line to a step. text and detail: absent: none. */
uint64_t thought_add_line(struct thought *thought, uint32_t step,
                          enum entry_kind kind, enum log_level level,
                          struct slice text, struct slice detail);

/* The scratch buffer as a line's text. */
struct slice thought_words(const struct thought *thought);

/* Appends a JSON text to scratch, cut where it is long; returns whether. */
bool thought_add_json(struct thought *thought, struct slice json, size_t most);

/* A call's arguments are complete as they came so far. */
void thought_settle_call(struct thought *thought, struct block *block);

/* Moves about calls; lines that are part of no block. */
void thought_take_tool(struct thought *thought, const struct chunk_move *move);
void thought_take_line(struct thought *thought, const struct chunk_move *move);
void thought_forget_lines(struct thought *thought);

#endif
