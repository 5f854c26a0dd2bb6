/* One answer that is read as it comes, and asked for again when it broke: the
 * connection of an event stream. It sends the request, checks status and media
 * type, hands bytes up, notices silence, tells its state, waits and tries
 * again, asks for new credentials, and ends for good where it must. What bytes
 * mean and what answers are worth is the owner's: stream_ops; numbers and words
 * are in a stream_policy.
 *
 * Several links may be up at the same time. */
#ifndef IO_STREAM_LINK_H
#define IO_STREAM_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "io/http.h"
#include "io/loop.h"
#include "wire/event.h"

/* What to do next. */
enum stream_next {
    STREAM_ON,    /* all is well; at an answer's end: ask again after a pause */
    STREAM_RETRY, /* a failure that may pass: ask again, later and later */
    STREAM_WAIT,  /* not there yet: the same, however often */
    STREAM_RENEW, /* credentials were refused: get new ones; fail when the
                   * answer before was refused for that too */
    STREAM_FAIL,  /* over for good, with the failure */
    STREAM_DONE   /* over for good, and all is well */
};

/* Borrowed by the link; the owner may change its own at any time. */
struct stream_policy {
    const char *transport;       /* as connection lines name it: "sse" */
    const char *stream;          /* the stream's key there; NULL: none */
    enum connection_state state; /* of an open link: live or polling */
    const char *type;   /* media type of a good answer, lower case … */
    const char *wanted; /* … in words: "an event stream" */
    const char *ended;  /* why an orderly end is told as reconnecting; NULL:
                         * the end is usual, and nothing is told */
    bool enough;        /* all there was has come: any end is a good one now */
    int64_t idle_ms;    /* silence after which it is dead; 0: silence is usual,
                         * and what follows counts */
    int64_t quiet_ms;   /* silence after which it is asked for anew, without a
                         * word while that succeeds; less where signs of life
                         * came regularly, see wire/heartbeat.h; 0: never but
                         * for that */
    int64_t pause_ms;   /* between an orderly end and the next request; after
                         * a failure of a stream once heard: at least this */
    int64_t limited_ms; /* least wait after a 429; 0: as after others */
    int first_tries;    /* failures to connect, of a server never heard */
    int max_retries;    /* failures in a row; -1: unlimited */
    int64_t (*delay_ms)(int attempt, uint32_t random,
                        int64_t server_ms); /* as backoff_ms() */
};

/* All get the owner's context. Those that may be NULL say so. */
struct stream_ops {
    /* Sets url, headers and the like, not the callbacks; what it points to
     * is copied when this returns. False: not yet, the owner calls
     * stream_link_open() later. */
    bool (*request)(void *context, struct http_request *request);

    /* A good answer begins. NULL: nothing to prepare. */
    void (*opened)(void *context, const struct http_call *call);

    /* Bytes of a good answer. STREAM_ON: go on reading; else *err says why
     * not. It must not open, close or destroy the link. */
    enum stream_next (*bytes)(void *context, const char *bytes, size_t len,
                              struct error *err);

    /* The orderly end of a good answer. NULL: STREAM_ON. */
    enum stream_next (*ended)(void *context, struct error *err);

    /* Any other answer: its status, and its body as far as it came in a
     * second, 64 KiB at most. NULL: stream_judge(). */
    enum stream_next (*refused)(void *context,
                                const struct http_result *result);

    /* Words for such an answer, or for none (result->failure), better than
     * the link's own. NULL: these. */
    void (*describe)(void *context, const struct http_result *result,
                     struct error *err);

    /* Gets new credentials, then calls stream_link_open(), at once or later.
     * False: there are none. NULL: the same. */
    bool (*renew)(void *context);

    /* The state changed, or another try follows. Borrowed for the call. */
    void (*state)(void *context, const struct connection *link);

    /* Over for good; nothing comes after this. NULL: all is well. The link
     * may be destroyed here. */
    void (*over)(void *context, const struct error *failure);
};

struct stream_link;

/* Nothing happens before stream_link_open(). */
struct stream_link *stream_link_create(struct http *http, struct loop *loop,
                                       const struct stream_policy *policy,
                                       const struct stream_ops *ops,
                                       void *context);

/* Stops whatever is under way; no callback comes after this. NULL is fine. */
void stream_link_destroy(struct stream_link *link);

/* Sends the request now; what was under way is given up. No effect on a link
 * that is over. */
void stream_link_open(struct stream_link *link);

/* What the owner does before a request failed, or the stream in another way:
 * as if a request had failed so. server_ms: Retry-After, -1 for none. over()
 * may be called before this returns; not to be called within bytes(). */
void stream_link_fail(struct stream_link *link, enum stream_next next,
                      const struct error *err, int64_t server_ms);

/* From now on as policy says; what an open connection may be silent for changes
 * at once. */
void stream_link_set_policy(struct stream_link *link,
                            const struct stream_policy *policy);

/* The stream brought something of worth: failures are counted anew. */
void stream_link_alive(struct stream_link *link);

/* It brought a sign of life, and nothing else. */
void stream_link_note_heartbeat(struct stream_link *link);

/* Within opened(): the answer is one to a request that was made because the
 * one before had fallen silent, and for nothing else. */
bool stream_link_was_silent(const struct stream_link *link);

/* Ends it from the owner's side: state closed, but no call of over(). */
void stream_link_close(struct stream_link *link);

/* The usual worth of an answer that is no stream: 204 ends it well; 401 asks
 * for credentials; 408, 429 and 500 and above may pass; all else is final. */
enum stream_next stream_judge(const struct http_result *result);

#endif
