/* Parts of streams as plain lines: what a model says as it is, what it thinks
 * behind "~", what it calls and what came back; one line each, once complete.
 */
#ifndef IO_PLAIN_PARTS_H
#define IO_PLAIN_PARTS_H

#include <stdint.h>

#include "io/sink.h"
#include "wire/event.h"

struct plain_parts;

/* Both must outlive it; lines go to sink->out. */
struct plain_parts *plain_parts_create(struct sink *sink,
                                       const struct sink_options *options);
void plain_parts_destroy(struct plain_parts *parts);

/* Takes the next part of any stream; writes the lines it completes. */
void plain_parts_take(struct plain_parts *parts,
                      const struct stream_part *part);

/* No part follows: writes the lines that were not complete. */
void plain_parts_end(struct plain_parts *parts, bool cut, int64_t at_ms);

#endif
