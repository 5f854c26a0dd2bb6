/* An agent's log stream: server-sent events, each with the whole text so far.
 * Bytes are compared with the text before while they arrive; what is the same
 * is neither copied nor decoded. Format: docs/protocols.md, "Agent logs". */
#ifndef WIRE_AGENTLOG_H
#define WIRE_AGENTLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "wire/json_text.h"

struct agentlog;

/* max_text: bytes one frame may take before the stream counts as broken. */
struct agentlog *agentlog_create(size_t max_text);
void agentlog_destroy(struct agentlog *log);

/* What one frame changed. Lines are numbered from 0; the last one may still
 * grow, so long as nothing follows it. */
struct agentlog_frame {
    size_t kept;  /* lines at the start that stand as they were */
    size_t lines; /* lines there are now, the last one included */
    bool text_changed;
    struct slice status; /* inside of the JSON string; absent: not told */
    struct slice error;  /* the same; what a failed agent died of */
    bool final;          /* no frame follows */
};

/* Give the next bytes of the stream, cut anywhere. Borrows them until
 * agentlog_next() is false. */
void agentlog_feed(struct agentlog *log, const char *bytes, size_t len);

/* Take the next frame; its slices are valid until the next call. False: all
 * bytes are used up, or *err is set (a frame too large, or not understood: the
 * latter spoils that frame alone). */
bool agentlog_next(struct agentlog *log, struct agentlog_frame *frame,
                   struct error *err);

/* Takes a frame that came by itself: a JSON object, as the polling sibling
 * answers. */
bool agentlog_take(struct agentlog *log, const char *json, size_t len,
                   struct agentlog_frame *frame, struct error *err);

/* Appends the decoded text of a line. index < frame.lines. */
void agentlog_line(const struct agentlog *log, size_t index, struct buf *out);

/* True once a frame was too large: nothing further is taken until a restart. */
bool agentlog_is_too_large(const struct agentlog *log);

/* A new connection: forgets an unfinished event, keeps the text. */
void agentlog_restart(struct agentlog *log);

/* Comments seen: signs of life. */
uint64_t agentlog_comments(const struct agentlog *log);

/* Bytes that were copied or decoded, as opposed to compared; for tests. */
uint64_t agentlog_copied(const struct agentlog *log);

#endif
