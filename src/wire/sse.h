/* Server-sent events: bytes in, events out. Never reads a socket or the clock.
 * Format: WHATWG HTML, "Server-sent events". */
#ifndef WIRE_SSE_H
#define WIRE_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "wire/json_text.h"

struct sse; /* one stream's parser: keeps what a cut chunk left behind */

/* Bytes are passed on as they came, NULs and invalid UTF-8 included. */
struct sse_event {
    const char *event; /* zero-terminated; SSE_MESSAGE when none was given */
    size_t event_len;  /* with the NULs that the name may hold */
    const char *data;  /* not terminated */
    size_t data_len;
    const char *id; /* last event id at that moment, zero-terminated and
                     * without NULs in it; "" for none */
    size_t id_len;
};

/* "message": the type of events that name none. */
extern const char SSE_MESSAGE[];

/* max_event: bytes one event may take before the stream counts as broken. */
struct sse *sse_create(size_t max_event);
void sse_destroy(struct sse *sse);

/* Give the next chunk, cut anywhere. Borrows bytes until sse_next() is false.
 */
void sse_feed(struct sse *sse, const char *bytes, size_t len);

/* Take the next event; it points into the parser and the chunk and is valid
 * until the next call. False: all bytes are used up, or *err is set (an event
 * too large). */
bool sse_next(struct sse *sse, struct sse_event *event, struct error *err);

/* Takes as many events at once as lie whole in the chunk, with no name and one
 * line of data each, but `most` of them at most: those that sse_next() would
 * give, with SSE_MESSAGE. Only their data is told; it points into the chunk.
 * All have an id, or none has, as sse_last_event_id() tells afterwards. 0: the
 * next one is not like that, or there is none; that is for sse_next() to say.
 */
size_t sse_take_plain(struct sse *sse, struct slice *data, size_t most);

/* Reconnection time the stream has set, ms; -1: none. */
int64_t sse_retry_ms(const struct sse *sse);

/* The id a reconnection would send; "" for none. */
const char *sse_last_event_id(const struct sse *sse);

/* Was there a comment, or a field that the format knows? */
bool sse_is_stream(const struct sse *sse);

/* Comments seen: a sign of life. */
uint64_t sse_comments(const struct sse *sse);

/* Bytes of data that were copied, since chunks cut them or lines were joined.
 */
uint64_t sse_copied(const struct sse *sse);

/* A new connection: forgets an unfinished event, keeps the last event id. */
void sse_restart(struct sse *sse);

#endif
