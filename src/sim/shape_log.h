/* The shape log of one run, as the two back ends keep it: which messages
 * answer which position, and with which handle, offset and cursor. Pure. */
#ifndef SIM_SHAPE_LOG_H
#define SIM_SHAPE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "sim/fields.h"
#include "sim/run_row_json.h"
#include "sim/script.h"

struct shape_log {
    struct script *script; /* borrowed */
    bool electric;
    int64_t start_ms; /* the script's start, as an instant */
    uint64_t seq;     /* native: number of the last answer */
    char handle[64];  /* changes when the shape is rotated */
    size_t snapshot;  /* electric: the state its snapshot was taken in */
    bool has_snapshot;
    size_t chunk_messages; /* electric: most messages per answer; 0: no limit */
    int generation;        /* electric: counts rotations */
};

/* What a request says about its position. Texts may be NULL. */
struct shape_request {
    const char *offset, *handle, *cursor;
    bool live;
    run_row_set columns;
    int64_t now_ms; /* for the cursor of electric */
};

enum shape_outcome {
    SHAPE_NEWS, /* the answer holds messages, or brings a client up to date */
    SHAPE_NOTHING, /* live and nothing new: hold it, or end it with
                    * shape_log_add_timeout() */
    SHAPE_GONE,    /* handle no longer valid: 409 */
    SHAPE_INVALID  /* 400; errors hold the parameter and the complaint */
};

/* A log that begins with the script's state at its start. */
void shape_log_init(struct shape_log *log, struct script *script, bool electric,
                    int64_t start_ms);

/* Forgets everything: new handle, new snapshot. */
void shape_log_rotate(struct shape_log *log);

/* Answers a request when the run is in `state`. Adds to body and headers only
 * for SHAPE_NEWS; for SHAPE_INVALID body gets the error text. */
enum shape_outcome shape_log_answer(struct shape_log *log, size_t state,
                                    const struct shape_request *request,
                                    struct buf *body, struct fields *headers);

/* The answer to a live request whose time is up. */
void shape_log_add_timeout(struct shape_log *log,
                           const struct shape_request *request,
                           struct buf *body, struct fields *headers);

/* The state a live request has seen last; false when its offset is unknown. */
bool shape_log_position(const struct shape_log *log, const char *offset,
                        size_t *state);

/* Electric's event stream: the messages of the states after `from` up to `to`
 * as events, and the up-to-date event. from == to: that event alone. */
void shape_log_add_events(struct shape_log *log, size_t from, size_t to,
                          run_row_set columns, struct buf *out);

/* Headers of an event stream that starts at request's position. */
void shape_log_add_stream_headers(struct shape_log *log,
                                  const struct shape_request *request,
                                  struct fields *headers);

/* Appends the value of a row as the only message of an answer of the native
 * back end. operation: "insert" or "update". */
void shape_log_add_native(struct buf *body, const struct run_row *row,
                          run_row_set columns, const char *operation);

#endif
