/* What the files of wire/chunk share; nobody else includes this. */
#ifndef WIRE_CHUNK_PARTS_H
#define WIRE_CHUNK_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "wire/chunk.h"
#include "wire/entry.h"
#include "wire/json_text.h"

struct chunk_decoder {
    struct buf id, name, text, json, all; /* what the move of now points to */
    struct buf type;
    struct buf inner; /* JSON text that stood in a string */
    struct entry_store entry;
    uint16_t head, tail; /* halves at the ends of the delta of now */
    int64_t time_ms;
    chunk_fn *take;
    void *context;
};

/* A move of this kind with nothing in it. */
struct chunk_move chunk_move_make(enum chunk_kind kind);
void chunk_emit(struct chunk_decoder *decoder, const struct chunk_move *move);

/* The member of an object (the last of that name); absent when there is none,
 * it is null, or the value is no object. */
struct slice chunk_member(struct slice object, const char *key);

/* The first of the members that is there; keys end with NULL. */
struct slice chunk_first_member(struct slice object, const char *const *keys);

/* What a JSON value is, by its first byte; an absent one is nothing. */
bool chunk_is_string(struct slice value);
bool chunk_is_object(struct slice value);
bool chunk_is_true(struct slice value);

/* The string's text, kept in `in`; absent when the value is no string. */
struct slice chunk_text(struct buf *in, struct slice value);

/* The same for a delta, kept in decoder->text; notes the halves at its ends. */
struct slice chunk_delta(struct chunk_decoder *decoder, struct slice value);

/* The same for what is shown: what looks binary becomes its size, and what is
 * no string its JSON. Absent stays absent. */
struct slice chunk_shown(struct buf *in, struct slice value);

/* Appends in its place what stands for a text that is a data: URL or looks
 * binary; false, and nothing, for any other text. */
bool chunk_hide(struct buf *out, const char *text, size_t len);

/* Appends "12 bytes", "3.4 KiB". */
void chunk_add_size(struct buf *out, size_t bytes);

/* An error told as a text, or as an object with a message. */
void chunk_emit_error(struct chunk_decoder *decoder, struct chunk_move *move,
                      struct slice error);

/* { name: value } that goes with a message; nothing for an absent value. */
void chunk_emit_note(struct chunk_decoder *decoder, const char *name,
                     struct slice value);

/* What is appended to a block, from chunk_delta(); nothing for an empty text.
 */
void chunk_emit_delta(struct chunk_decoder *decoder, enum chunk_block block,
                      struct slice id, int choice, struct slice text);

/* The same for one of those that come in order. */
void chunk_emit_ordered(struct chunk_decoder *decoder, enum chunk_block block,
                        struct slice id, struct slice text);

/* A cited address or document; a file. */
void chunk_emit_source(struct chunk_decoder *decoder, enum chunk_kind kind,
                       struct slice value);

/* The vocabularies. Each returns false, having told nothing, for a chunk it
 * does not know. type: the chunk's "type". */
bool chunk_ai_sdk(struct chunk_decoder *decoder, struct slice type,
                  struct slice chunk);
bool chunk_responses(struct chunk_decoder *decoder, struct slice type,
                     struct slice chunk);
bool chunk_chat(struct chunk_decoder *decoder, struct slice chunk);

#endif
