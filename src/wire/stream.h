/* One realtime stream of a run, over as many connections as it takes: bytes
 * in, parts out, each once. Two generations of servers share one address; the
 * answer's header X-Stream-Version tells which one it is.
 *
 *   v1  an event is a part: JSON or any text; its id is the position
 *   v2  an event "batch" holds records, each with a position of its own
 *       (seq_num) and a body {"data": chunk, "id": part id}
 *
 * Pure: reads no socket and no clock. docs/protocols.md has the details. */
#ifndef WIRE_STREAM_H
#define WIRE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "wire/event.h"

struct stream;

/* key: its name (copied). max_event: bytes that one event may take before the
 * connection counts as broken. */
struct stream *stream_create(const char *key, size_t max_event);
void stream_destroy(struct stream *stream);

/* Appends what the next request's Last-Event-ID has to say: the position of
 * the last part or record there was. False, nothing appended: it has to go
 * without one, and gets all there is. */
bool stream_resume(struct stream *stream, struct buf *out);

/* A connection begins with the answer to that request. version: its
 * X-Stream-Version, NULL: it has none. False when the answer is of another
 * generation than the position it was asked with, which means nothing to it:
 * its parts are not to be read, and the next request starts at the beginning.
 */
bool stream_open(struct stream *stream, const char *version);

/* Give the next bytes, cut anywhere; borrowed until stream_next_part() is
 * false. now_ms: their arrival, local wall clock. */
void stream_feed(struct stream *stream, const char *bytes, size_t len,
                 int64_t now_ms);

/* Take the next part; it points into the stream and is valid until the next
 * call. False: all bytes are used up, or *err is set: the connection is of no
 * more use (the server says so, or an event is too large). */
bool stream_next_part(struct stream *stream, struct stream_part *part,
                      struct error *err);

/* On this connection, the server has said that there is no more for now (it
 * tells that in v2 only) … */
bool stream_is_caught_up(const struct stream *stream);

/* … or that it ends what it says here. */
bool stream_is_done(const struct stream *stream);

/* The server tells when there is no more for now: v2. */
bool stream_says_when_caught_up(const struct stream *stream);

/* The server may keep the beginning of a line until it ends the connection: v1,
 * where lines are no JSON. */
bool stream_may_hold_back(const struct stream *stream);

/* On this connection, the rest of a part whose beginning came over the one
 * before was left out. */
bool stream_lost_a_part(const struct stream *stream);

#endif
