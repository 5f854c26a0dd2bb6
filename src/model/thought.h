/* Parts of streams as steps and lines: what models say, think and call. Keeps
 * the blocks that are open, of any number of streams that interleave, and tells
 * their lines as each becomes complete. What an addition costs follows from its
 * own length, not from that of what it is added to. */
#ifndef MODEL_THOUGHT_H
#define MODEL_THOUGHT_H

#include <stddef.h>
#include <stdint.h>

#include "model/logstore.h"
#include "model/steps.h"
#include "wire/event.h"

/* A line that grows longer than this is told in pieces that join. */
#define THOUGHT_MAX_LINE ((size_t)16 * 1024)

/* What of a JSON text stands in a line; all of it is the line's detail. */
#define THOUGHT_MAX_JSON ((size_t)1024)

/* Blocks that are remembered, open or ended. Beyond them the oldest ended one
 * is forgotten, or else the oldest open one ends. */
#define THOUGHT_MAX_BLOCKS 256

/* Whom it is told to; context is the taker's own. */
struct thought_ops {
    /* A step begins; returns what the taker calls it. stream: as long as the
     * thought is there. */
    uint32_t (*begin)(void *context, enum step_kind kind, const char *stream,
                      const char *title, int64_t at_ms);
    void (*retitle)(void *context, uint32_t step, const char *title);
    /* A line of a step, which may have ended; returns its number. */
    uint64_t (*add)(void *context, const struct entry *entry);
    /* Another line has taken this one's place. */
    void (*withdraw)(void *context, uint64_t number);
    /* The step ends; again, when more was told of it afterwards. */
    void (*end)(void *context, uint32_t step, enum step_state state,
                int64_t at_ms);
};

struct thought;

/* Copies *ops. */
struct thought *thought_create(const struct thought_ops *ops, void *context);
void thought_destroy(struct thought *thought);

/* Takes the next part of its stream. Returns false when that told nothing. */
bool thought_take(struct thought *thought, const struct stream_part *part);

/* The run is over: steps that are open end in this state. Parts that come late
 * go on where their blocks were. */
void thought_stop(struct thought *thought, enum step_state state,
                  int64_t at_ms);

/* No part follows: tells the lines that were not complete, and ends the steps
 * that are still open. */
void thought_end(struct thought *thought, enum step_state state, int64_t at_ms);

/* Streams that parts came from. */
size_t thought_stream_count(const struct thought *thought);

/* The lines that are not complete, in the order in which their blocks began.
 * The entry's texts are valid until the next part. */
size_t thought_open_count(const struct thought *thought);
bool thought_open(const struct thought *thought, size_t index,
                  struct entry *out);

#endif
