/* A stream of events without ids is asked for anew. Does the server tell it
 * from its beginning? Then it begins with all that was told, event for event:
 * that is looked for here, while events are held back. Pure. */
#ifndef WIRE_RETOLD_H
#define WIRE_RETOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/sse.h"

struct retold;

/* max_held: bytes of events that are held at most. */
struct retold *retold_create(size_t max_held);
void retold_destroy(struct retold *retold);

/* This was told. Nothing of it is kept but a sum. */
void retold_note(struct retold *retold, const struct sse_event *event);

/* False: what was told is too much to be held while it is looked for. */
bool retold_may_compare(const struct retold *retold);

/* A new answer begins that is told as it comes. From its first event on, it
 * alone is what was told. */
void retold_begin_anew(struct retold *retold);

/* A new answer begins: looks for what was told, if there is any. */
void retold_begin(struct retold *retold);

/* True until it is known what the answer is. */
bool retold_is_comparing(const struct retold *retold);

/* The next event of the answer, while comparing. True: it is held, or it was
 * the last of all that was told, which is forgotten now. False: this is
 * another beginning; retold_next() gives what was held. */
bool retold_take(struct retold *retold, const struct sse_event *event);

/* Nothing more comes for now: stops comparing. False: something is held. */
bool retold_stop(struct retold *retold);

/* Takes what was held, in order, each valid until the next call. False: that
 * was all. Sums begin anew with the first. */
bool retold_next(struct retold *retold, struct sse_event *event);

#endif
