/* One block of a stream as model/thought keeps it: an answer, a thought, a
 * call, or the stream's own text. Its text so far is cut into lines. */
#ifndef MODEL_BLOCK_H
#define MODEL_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/thought.h"
#include "wire/chunk.h"
#include "wire/json_text.h"

enum block_class {
    CLASS_PLAIN, /* the stream's own text, and what is no block */
    CLASS_TEXT,
    CLASS_REASONING,
    CLASS_REFUSAL,
    CLASS_TOOL
};

struct block {
    size_t stream; /* index of its stream */
    enum block_class class;
    struct buf id;
    int choice;    /* see struct chunk_move */
    bool in_order; /* and no start of it was told */
    uint32_t step; /* the taker's name for it */
    bool open;
    bool stopped;    /* its step has ended, with the run */
    bool has_text;   /* it was added to */
    bool joins;      /* the line that is open began before */
    struct buf line; /* not complete yet; of a call: its arguments */
    int64_t line_ms; /* when it was last added to */
    bool line_is_arrival;
    uint16_t half;     /* that the line ends with; see struct chunk_move */
    char *name, *call; /* of a call: the tool's, and which one it is */
    bool has_arguments;
    bool has_result;
    bool awaits_approval;
    uint64_t preliminary; /* number of the line to be replaced; NO_LINE */
};

#define NO_LINE UINT64_MAX

/* When what is added was told. */
struct moment {
    int64_t ms;
    bool is_arrival;
};

void block_free(struct block *block);

/* What its step is. */
enum step_kind block_step_kind(const struct block *block);

/* Appends what a move brings; each line that is complete by it goes to
 * ops->add. A code point that was cut in two between it
 * and the one before is whole again. */
void block_add_move(struct block *block, const struct chunk_move *move,
                    struct moment at, const struct thought_ops *ops,
                    void *context);

/* The line is complete as it stands, if anything of it is there. */
void block_flush(struct block *block, const struct thought_ops *ops,
                 void *context);

/* The line that is not complete; false when nothing of it is there. */
bool block_open_line(const struct block *block, struct entry *out);

#endif
