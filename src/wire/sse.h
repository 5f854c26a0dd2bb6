/* Server-sent events: bytes in, events out. Never reads a socket or the clock.
 * Format: WHATWG HTML, "Server-sent events". */
#ifndef WIRE_SSE_H
#define WIRE_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct sse; /* one stream's parser: keeps what a cut chunk left behind */

/* Texts are zero-terminated and may hold NULs (but for id); bytes are passed
 * on as they came, invalid UTF-8 included. */
struct sse_event {
    const char *event; /* "message" when none was given */
    const char *data;
    size_t data_len;
    const char *id; /* last event id at that moment; "" for none */
    size_t id_len;
};

/* max_event: bytes one event may take before the stream counts as broken. */
struct sse *sse_create(size_t max_event);
void sse_destroy(struct sse *sse);

/* Give the next chunk, cut anywhere. Borrows bytes until sse_next() is false.
 */
void sse_feed(struct sse *sse, const char *bytes, size_t len);

/* Take the next event; it points into the parser and is valid until the next
 * call. False: all bytes are used up, or *err is set (an event too large). */
bool sse_next(struct sse *sse, struct sse_event *event, struct error *err);

/* Reconnection time the stream has set, ms; -1: none. */
int64_t sse_retry_ms(const struct sse *sse);

/* The id a reconnection would send; "" for none. */
const char *sse_last_event_id(const struct sse *sse);

/* Comments seen: a sign of life. */
uint64_t sse_comments(const struct sse *sse);

/* A new connection: forgets an unfinished event, keeps the last event id. */
void sse_restart(struct sse *sse);

#endif
