/* Requests over curl's multi interface, and nothing but requests: what answers
 * mean is decided elsewhere. Redirects are followed within the same origin
 * only, or, where a request allows it, to others without its secrets; never
 * with another method. */
#ifndef IO_HTTP_H
#define IO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "io/loop.h"

struct http_options {
    const char *ca_file; /* trusted certificates; NULL: the system's */
    const char *user_agent;
};

struct http; /* the client: shared connections */

struct http *http_create(struct loop *loop, const struct http_options *options);
void http_destroy(struct http *http);

/* Writes down what is received, or plays it in place of the network; before the
 * first request. Both are borrowed; NULL: neither. Others that receive, and
 * those who know secrets, ask for them here. */
struct recorder;
struct player;
void http_set_recorder(struct http *http, struct recorder *recorder);
void http_set_player(struct http *http, struct player *player);
struct recorder *http_recorder(const struct http *http);
struct player *http_player(const struct http *http);

/* Numbers the wishes for a token or other credentials, 1…: by that number
 * recordings tell what came of them. */
int http_count_wish(struct http *http);

/* A request while it is under way. */
struct http_call;

/* Why a call ended without a complete answer. */
enum http_failure {
    HTTP_OK,          /* a complete answer, whatever its status */
    HTTP_UNREACHABLE, /* name not found, refused, no route */
    HTTP_INSECURE,    /* TLS: certificate or handshake */
    HTTP_BROKEN,      /* cut, reset, garbled, wrong length */
    HTTP_SILENT,      /* no bytes for idle_ms, or no answer in time */
    HTTP_TOO_LARGE,   /* a body of more than max_body */
    HTTP_REDIRECTED   /* to another origin, or too often */
};

struct http_result {
    enum http_failure failure;
    char reason[256]; /* one clause for people; "" when there is nothing */
    long status;      /* 0: no answer at all */
    const char *body; /* whole body, unless it was streamed */
    size_t body_len;
    int64_t elapsed_ms;
};

struct http_request {
    const char *url;
    const char *body;           /* NULL: GET; else POST as JSON */
    const char *const *headers; /* "Name: value", NULL at the end */
    const char *secret_header;  /* one more, wiped after use; NULL: none */
    const char *const *private_headers; /* more, for this origin; NULL: none;
                                         * they replace headers of their name */
    bool may_leave_origin; /* redirects go elsewhere without secrets */
    bool unrecorded;       /* the answer is a secret */
    size_t max_body;       /* bytes, after decoding */
    int64_t idle_ms;       /* silence allowed, 0: unlimited */
    int64_t connect_ms;

    /* Headers are complete; may be NULL. */
    void (*on_headers)(void *context, struct http_call *call);
    /* The end, good or bad. The call is gone when this returns. */
    void (*on_done)(void *context, struct http_call *call,
                    const struct http_result *result);
    void *context;
};

/* Copies what it needs of request. */
struct http_call *http_start(struct http *http,
                             const struct http_request *request);

/* Ends a call; no callback comes after this. NULL is fine. */
void http_cancel(struct http_call *call);

/* Called from on_headers: bytes of the body go to on_data instead of being
 * collected. It returns false to end the call (on_done is then not called). It
 * must not start or cancel calls itself. */
typedef bool http_data_fn(void *context, struct http_call *call,
                          const char *bytes, size_t len);
void http_stream(struct http_call *call, http_data_fn *on_data);

/* From now on so much silence is allowed, beginning now; 0: unlimited. */
void http_set_idle(struct http_call *call, int64_t idle_ms);

/* A header of the answer, NULL when absent; the last one when repeated. Valid
 * until the call ends. name: lower case. */
const char *http_header(const struct http_call *call, const char *name);

/* All of them, joined by commas, in out. False when absent. */
bool http_headers(const struct http_call *call, const char *name,
                  struct buf *out);

/* Status of the answer so far; 0 before it came. */
long http_status(const struct http_call *call);

/* Server's clock minus ours by the Date header, ms; false when it is absent or
 * does not differ by more than it can tell. */
bool http_clock_offset(const struct http_call *call, int64_t *offset_ms);

/* Retry-After, as ms from now; -1 when absent or senseless. */
int64_t http_retry_after_ms(const struct http_call *call);

#endif
