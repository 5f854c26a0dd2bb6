/* Calls of tools in a stream's text: told once each, when the arguments are
 * there. Some vocabularies give them in pieces and then as a whole, some in
 * pieces alone. */
#ifndef IO_STREAM_CALLS_H
#define IO_STREAM_CALLS_H

#include <stdbool.h>

#include "base/buf.h"
#include "wire/chunk.h"

struct stream_calls; /* those of one stream */

struct stream_calls *stream_calls_create(void);
void stream_calls_destroy(struct stream_calls *calls);

/* Takes any move. True when the part it came with is to be told as it is. What
 * came in pieces alone is appended to lines when the message, the step or the
 * call is over: {"tool":…,"id":…,"arguments":…} and a line feed each, safe. */
bool stream_calls_take(struct stream_calls *calls,
                       const struct chunk_move *move, struct buf *lines);

/* Nothing comes after this: appends what is left. */
void stream_calls_end(struct stream_calls *calls, struct buf *lines);

#endif
