/* One realtime stream of a run, followed to its end: its parts become events,
 * each once, over as many connections as it takes. */
#ifndef IO_SOURCE_STREAM_H
#define IO_SOURCE_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "io/http.h"
#include "io/loop.h"
#include "io/token.h"
#include "wire/event.h"

/* Texts are borrowed for the stream's life, but for key. */
struct source_stream_options {
    const char *run;
    const char *key;
    const char *api_url; /* without a slash at the end */
    int64_t idle_ms;     /* silence after which a connection is dead; 0: as the
                          * protocol is known to be */
    int max_retries;     /* -1: unlimited */
    bool latest;         /* begin with what is written from now on */
    bool guessed;        /* nobody said that there is such a stream */
    bool finished;       /* nothing more is going to be written to it */
};

struct source_stream;

/* How it came out. */
enum source_stream_end {
    SOURCE_STREAM_DRAINED,   /* everything was told */
    SOURCE_STREAM_REFUSED,   /* the server has no such stream for us */
    SOURCE_STREAM_INCOMPLETE /* something may be missing */
};

/* Both get the owner's context. */
struct source_stream_ops {
    /* Parts (their seq counted from 1), trouble with the connection and its
     * end, notices. Time and run are left to the owner. */
    void (*emit)(void *context, struct event *event);

    /* What was there when it began has come, as far as can be known, or
     * nothing comes for now. Once, and before over(). */
    void (*caught_up)(void *context);

    /* Nothing comes after this. The stream may be destroyed here. */
    void (*over)(void *context, enum source_stream_end end);
};

/* Begins to read at once. http, loop and token are borrowed. */
struct source_stream *
source_stream_create(const struct source_stream_options *options,
                     struct http *http, struct loop *loop, struct token *token,
                     const struct source_stream_ops *ops, void *context);

/* Stops; no callback comes after this. NULL is fine. */
void source_stream_destroy(struct source_stream *stream);

const char *source_stream_key(const struct source_stream *stream);

/* Nothing more is going to be written: reads what is left, then it is over. It
 * is over as well when no answer is to be had for a while. */
void source_stream_finish(struct source_stream *stream);

/* There is no run to go by: the stream is over when the server ends it, or when
 * no answer is to be had for a while. */
void source_stream_let_alone(struct source_stream *stream);

/* True once ops->caught_up() was called. */
bool source_stream_is_caught_up(const struct source_stream *stream);

/* Where the server has not answered so far, that counts as caught up. */
void source_stream_wait_no_more(struct source_stream *stream);

/* True once the server has answered with a stream. */
bool source_stream_is_heard(const struct source_stream *stream);

/* True while nobody but us has said that there is such a stream. */
bool source_stream_is_guess(const struct source_stream *stream);

/* True once a part of it was emitted. */
bool source_stream_told_parts(const struct source_stream *stream);

/* Why it was not read, or not to its end; NULL: it was, or goes on. Borrowed
 * until it is destroyed. */
const struct error *source_stream_failure(const struct source_stream *stream);

/* The connection may be stale: makes a new one. */
void source_stream_wake(struct source_stream *stream);

#endif
