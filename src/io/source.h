/* Where events come from. A source emits events until it emits EVENT_END;
 * nothing outside a source's file knows its kind. */
#ifndef IO_SOURCE_H
#define IO_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/http.h"
#include "io/loop.h"
#include "io/token.h"
#include "wire/event.h"
#include "wire/progress.h"

struct source;

struct source_ops {
    const char *name; /* as --json says it: "trigger" */
    void (*start)(struct source *source);
    /* The connection may be stale (woken from sleep, resumed): look again. */
    void (*wake)(struct source *source);
    /* Emits what it holds back for the sake of order: the user leaves. NULL: it
     * never does. */
    void (*tell_held)(struct source *source);
    /* Stops and frees; no event is emitted after this returns. */
    void (*destroy)(struct source *source);
};

/* The first member of every kind of source. */
struct source {
    const struct source_ops *ops;
};

/* What all sources of a run need. Texts are borrowed for the source's life. */
struct source_options {
    const char *run;
    const char *api_url;     /* without a slash at the end */
    const char *poll_url;    /* an API's own polling endpoint; NULL: REST */
    const char *poll_secret; /* key to the polling endpoint; NULL: the token */
    const char *progress_key, *log_key;
    enum progress_scale scale;
    int64_t idle_ms; /* silence after which a live request is dead;
                      * 0: as the protocol is known to be */
    int max_retries; /* -1: unlimited */
    bool follow;     /* false: stop once all there is was told */
    bool poll_only;
    bool in_bulk; /* EVENT_LINES may stand for events: ids are not wanted */
    bool want_details;          /* ask REST for what the feed does not tell */
    int64_t linger_ms;          /* watch for late entries after the end */
    bool read_streams;          /* the run's realtime streams as well */
    const char *const *streams; /* of these, NULL at the end; NULL: all */
    bool streams_first;  /* they, and not the run, are what is wanted: read
                          * them even where nothing is told of the run */
    bool guess_stream;   /* where none is told, try the one without a name */
    bool streams_latest; /* not what was written before now */
    const char *const *headers; /* for api_url's origin only; NULL: none */
    /* Sets headers, query_token and login anew after a 401, when the old ones
     * are gone; NULL: there is no other way. */
    void (*renew)(void *context, struct source_options *options);
    void (*renewed)(void *context); /* they are others now; may be NULL */
    void *renew_context;
    const char *query_token; /* goes into the URL; secret; NULL: none */
    const char *login;       /* of an agent's server, instead of a token: see
                              * io/agent_login.h; secret; NULL: none */
    bool login_in_query;     /* its token goes into the URL */
};

/* Has headers, query_token and login set anew, see there. False: they are what
 * they were, and would be refused again. */
bool source_renew(struct source_options *options);

/* A run of a Trigger.dev server: its live feed, with polling as fallback.
 * http, loop, token and options are borrowed. */
struct source *source_run_create(const struct source_options *options,
                                 struct http *http, struct loop *loop,
                                 struct token *token, event_fn *emit,
                                 void *context);

/* Any event stream at api_url; "-": standard input. */
struct source *source_sse_create(const struct source_options *options,
                                 struct http *http, struct loop *loop,
                                 event_fn *emit, void *context);

/* The log of agent `run` of the server at api_url. */
struct source *source_agent_create(const struct source_options *options,
                                   struct http *http, struct loop *loop,
                                   event_fn *emit, void *context);

#endif
