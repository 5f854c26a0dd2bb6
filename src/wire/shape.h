/* The client side of a shape log: which request comes next, and what an answer
 * means. Carries nothing itself and knows no clock; io/source_runs.c does the
 * carrying. Protocol: docs/protocols.md, "The run feed". */
#ifndef WIRE_SHAPE_H
#define WIRE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "wire/row.h"

struct shape;

/* path: "/realtime/v1/runs/run_1"; query: application parameters, encoded,
 * without "?" or "&" at the ends, sent with every request; "" for none. */
struct shape *shape_create(const char *path, const char *query);
void shape_destroy(struct shape *shape);

/* Appends the next request's target. The same request is repeated until an
 * answer to it was taken. */
void shape_request(const struct shape *shape, struct buf *target);

/* True when the next request is held by the server until there is news. */
bool shape_is_live(const struct shape *shape);

/* Ask for server-sent events in live requests (or no longer). */
void shape_set_sse(struct shape *shape, bool sse);

/* What the headers of a 2xx answer said; NULL: absent. */
struct shape_headers {
    const char *handle; /* electric-handle, or electric-shape-id */
    const char *offset; /* electric-offset, or electric-chunk-last-offset */
    const char *cursor; /* electric-cursor */
    const char *schema; /* electric-schema */
    bool old_names;     /* the server used the older names */
};

/* Called for each row that changed, once everything up to the present has
 * arrived, in the order in which rows were first touched. */
typedef void shape_row_fn(void *context, struct row *row);

/* Takes a whole 2xx answer: its headers and its body, a JSON array of messages.
 * (Nothing at all counts as [], but something on the way may have lost it: the
 * position stays.) Change messages are merged into rows at once and reported at
 * the next up-to-date. False when required headers are missing (*err names
 * them: something on the way stripped them), when the body is no such array, or
 * on must-refetch (then shape_must_refetch() is true). An answer
 * that was not taken leaves the position as it was, so that the same request
 * asks for the same changes again. */
bool shape_take_answer(struct shape *shape, const struct shape_headers *headers,
                       const char *body, size_t len, shape_row_fn *on_row,
                       void *context, struct error *err);

/* Takes the headers of an answer whose messages come one by one. */
bool shape_take_headers(struct shape *shape,
                        const struct shape_headers *headers, struct error *err);

/* Takes one message of a server-sent-events answer. */
bool shape_take_message(struct shape *shape, const char *text, size_t len,
                        shape_row_fn *on_row, void *context, struct error *err);

/* Takes an answer without a body that means "nothing new" (204): a bare
 * up-to-date. Its headers may be absent. */
void shape_take_nothing(struct shape *shape,
                        const struct shape_headers *headers,
                        shape_row_fn *on_row, void *context);

/* The last answer that was taken came with another position than was asked
 * from. */
bool shape_moved(const struct shape *shape);

/* The last body asked to start again. */
bool shape_must_refetch(const struct shape *shape);

/* Start again at the beginning: after a 409 with its new handle (NULL: it gave
 * none), after must-refetch, or when the offset is out of bounds. */
void shape_restart(struct shape *shape, const char *new_handle);

/* True when the rows are those of the present. */
bool shape_is_up_to_date(const struct shape *shape);

#endif
