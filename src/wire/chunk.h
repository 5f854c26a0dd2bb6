/* What one part of a stream says. Tasks stream the chunks of whatever library
 * they use: plain strings, UI message chunks and full-stream parts of the AI
 * SDK (versions 4 and 5), chat completion chunks and Responses events of
 * OpenAI, log entries, any other JSON. All of them become a few kinds of
 * moves; none is lost: what nobody knows is a move of its own.
 *
 * Keeps nothing from one chunk to the next: which block is open, and what a
 * call was named, is for whoever takes the moves (model/thought.h). */
#ifndef WIRE_CHUNK_H
#define WIRE_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "text/utf8.h"
#include "wire/event.h"
#include "wire/json_text.h"

enum chunk_kind {
    CHUNK_PLAIN, /* text: goes on where the stream's own text ended */
    CHUNK_LINE,  /* text: was no JSON; stands for itself */

    /* Blocks: block, id. Starts and ends may be missing or come twice. */
    CHUNK_BLOCK_START,
    CHUNK_BLOCK_DELTA, /* text: what is to be appended */
    CHUNK_BLOCK_END,   /* text: all of it once more, if it was told */

    /* Calls of tools: id; name where it was told. */
    CHUNK_TOOL_START,     /* text: which one, where id is but its place */
    CHUNK_TOOL_DELTA,     /* text: more of the arguments' JSON */
    CHUNK_TOOL_ARGUMENTS, /* json: all of them (no JSON: text) */
    CHUNK_TOOL_RESULT,    /* json; preliminary: another one replaces it */
    CHUNK_TOOL_ERROR,     /* text; json: all that was told, if more */
    CHUNK_TOOL_DENIED,
    CHUNK_TOOL_APPROVAL, /* somebody is asked whether it may be called */
    CHUNK_TOOL_END,      /* the model has said all about it */

    /* A message, and steps in it. */
    CHUNK_MESSAGE_START,
    CHUNK_MESSAGE_FINISH, /* text: the reason, if told; of its choice alone */
    CHUNK_MESSAGE_ABORT,  /* text: the reason, if told */
    CHUNK_STEP_START,
    CHUNK_STEP_FINISH,

    CHUNK_ERROR,  /* text; json: all that was told, if more */
    CHUNK_SOURCE, /* text: title and address; json */
    CHUNK_FILE,   /* text: type, name, size; json */
    CHUNK_DATA,   /* name, id, json; transient: not worth keeping */
    CHUNK_NOTE,   /* name, json: what goes with a message, as its usage */
    CHUNK_LOG,    /* log */
    CHUNK_JSON,   /* json: any other value */
    CHUNK_UNKNOWN /* name: its type; json: all of it */
};

enum chunk_block {
    BLOCK_TEXT, /* an answer */
    BLOCK_REASONING,
    BLOCK_REFUSAL
};

/* Texts are untrusted: UTF-8 with any code point, or ill-formed where the chunk
 * was. json is compact; data: URLs and what looks binary stand in it, and in
 * all texts but deltas, as a size. Absent: data is NULL. */
struct chunk_move {
    enum chunk_kind kind;
    enum chunk_block block;
    /* Opaque; absent: of the one block or call there is. */
    struct slice id;
    struct slice name;
    struct slice text;
    struct slice json;
    const struct log_entry *log;
    /* The choice it belongs to where chunks tell no starts and ends (-1: they
     * do, or it belongs to none). There a block ends when another kind of
     * block, or a call, of the same choice begins, or any call of no choice. */
    int choice;
    /* Such blocks and calls come one after the other: one that no start was
     * told of ends when the next begins like that. */
    bool in_order;
    bool preliminary;
    bool transient;
    /* Halves of a code point (surrogates) that a delta or plain text begins and
     * ends with, since who wrote it cut by UTF-16 units; U+FFFD stands in its
     * place. 0: none. */
    uint16_t head, tail;
};

/* UTF-8 of the code point whose halves these are, a tail and the head after it;
 * 0: they are no two halves. */
size_t chunk_join_halves(uint16_t tail, uint16_t head,
                         char out[UTF8_MAX_BYTES]);

/* Takes a move, which is valid during the call. */
typedef void chunk_fn(void *context, const struct chunk_move *move);

/* Holds the texts that moves point to, for many chunks one after the other. */
struct chunk_decoder;

struct chunk_decoder *chunk_decoder_create(void);
void chunk_decoder_destroy(struct chunk_decoder *decoder);

/* Largest chunk that is looked into; of a larger one only the size is told, as
 * a CHUNK_LINE. */
#define CHUNK_MAX ((size_t)8 << 20)

/* Compact JSON with what looks binary as its size, kept in `in`; absent for an
 * absent value. */
struct slice chunk_json(struct buf *in, struct slice value);

/* Tells what the part says, in its order; nothing for a chunk that is known
 * and says nothing, as one with empty choices. The part's text is JSON, or any
 * text; a string that holds the JSON text of a known chunk counts as that
 * chunk, since that is how the server keeps what was appended over HTTP. */
void chunk_decode(struct chunk_decoder *decoder, const struct stream_part *part,
                  chunk_fn *take, void *context);

#endif
