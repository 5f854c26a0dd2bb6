/* A request as the routes see it and the answer they give: no sockets. */
#ifndef SIM_ANSWER_H
#define SIM_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "sim/fields.h"
#include "sim/spoil.h"

struct request {
    const char *method;
    const char *path; /* percent-decoded */
    struct fields query;
    struct fields headers;
    struct buf body;
    int64_t arrived_ms;     /* by the real clock, see struct moment */
    int64_t arrived_now_ms; /* the same moment by the server's clock */
    int64_t hold_ms;        /* how long it may be held; -1: not decided yet */
    void *note;             /* the answering side's, borrowed; NULL at first */
};

/* Two clocks, read once per turn: the machine's own, which only goes forward
 * and which waiting is measured with, and the simulated server's wall clock,
 * which runs `speed` times as fast. */
struct moment {
    int64_t real_ms;
    int64_t now_ms;
};

/* How an answer ends on the wire. */
enum answer_end {
    ANSWER_COMPLETE,
    ANSWER_CUT, /* the connection closes inside the body, after cut_at bytes */
    ANSWER_CLOSE, /* the connection closes without an answer */
    ANSWER_RESET, /* the same, with a TCP reset */
    ANSWER_HANG   /* no answer and no end, until the client leaves */
};

enum stream_step {
    STREAM_BYTES, /* bytes were added to out */
    STREAM_WAIT,  /* nothing yet; ask again at *until_ms (real clock), -1:
                   * there is nothing to come */
    STREAM_END,   /* complete */
    STREAM_BREAK, /* the connection breaks here */
    STREAM_RESET  /* the same, with a TCP reset */
};

/* A body that comes over time. */
struct stream_ops {
    enum stream_step (*next)(void *self, const struct moment *moment,
                             struct buf *out, int64_t *until_ms);
    void (*destroy)(void *self);
};

struct answer {
    unsigned status;
    struct fields headers;
    struct buf body;
    bool chunked; /* else with a Content-Length */
    enum answer_end end;
    size_t cut_at;
    enum spoil spoil; /* else than SPOIL_NONE: written by hand */
    size_t spoil_number;
    const struct stream_ops *stream; /* NULL: body is all there is */
    void *stream_self;               /* owned */
};

enum answer_step {
    ANSWER_READY,
    ANSWER_WAIT /* hold the request; ask again at *until_ms (real clock) */
};

/* Whatever answers requests: a world with a scenario, or a recording. */
struct answer_ops {
    enum answer_step (*answer)(void *self, struct request *request,
                               const struct moment *moment,
                               struct answer *answer, int64_t *until_ms);

    /* The server's wall clock, for the Date header. */
    int64_t (*now_ms)(void *self, const struct moment *moment);
};

void answer_free(struct answer *answer);

/* Sets a JSON answer as the platform's web application sends it. */
void answer_json(struct answer *answer, unsigned status, const char *body);

#endif
