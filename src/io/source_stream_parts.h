/* The parts of a stream of a run, for the files that make it up:
 * source_stream.c (reading it, its end), source_stream_request.c (asking for
 * it). Others use io/source_stream.h. */
#ifndef IO_SOURCE_STREAM_PARTS_H
#define IO_SOURCE_STREAM_PARTS_H

#include "base/buf.h"
#include "io/source_stream.h"
#include "io/stream_link.h"
#include "wire/stream.h"

enum {
    STREAM_MAX_HEADERS = 5
};

struct source_stream {
    struct source_stream_options options;
    struct loop *loop;
    struct token *token;
    const struct source_stream_ops *ops;
    void *context;

    char *key;
    struct stream *stream;
    struct stream_link *link;
    struct stream_policy policy;
    uint64_t seq;
    int64_t clock_offset_ms; /* server's minus ours */
    int64_t began_ms;        /* by the server's clock */
    int64_t ended_ms;        /* likewise: of the run, as far as we know */

    char *auth; /* a header; secret; NULL: a token is to be got */
    bool auth_used, in_request;
    unsigned token_number;
    struct error pending; /* what a timer is to fail with */
    struct buf url, resume;
    const char *headers[STREAM_MAX_HEADERS];

    struct loop_timer settle; /* what bytes brought about, or quiet */
    struct loop_timer token_wait, late, burst;
    struct loop_timer enough; /* since the run is over */
    bool ending;              /* the run is over */
    bool alone;               /* nothing is known of the run */
    bool writes_on;           /* parts came that were written after that */
    bool late_read;           /* this connection was asked for after that */
    bool open;                /* an answer is being read */
    bool useless;             /* … that means nothing to us: stream_open() */
    bool reached_now;         /* a part was written after the beginning */
    bool caught_up;           /* what was there at the beginning was told */
    bool heard;               /* some answer was */
    bool trouble_told;        /* and its end was not, so far */
    bool over;
    uint64_t read_parts; /* of this connection */
    int64_t opened_ms;   /* steady clock */
    int token_failures, nonsense, late_failures, late_reads;
    bool quiet_failure;         /* of the last answer: nothing worth telling */
    enum source_stream_end end; /* as far as is known */
    struct error failure;       /* why it ended early; kind NONE: it did not */
};

/* source_stream.c */

/* Over for good, because of that. */
void source_stream_fail(struct source_stream *stream, const struct error *why);

/* Begins the time in which an answer is to be had, once the run is over. */
void source_stream_start_late(struct source_stream *stream);

/* Before each request: true, with stream->pending set, when the ones before it
 * went on without an end. */
bool source_stream_is_endless(struct source_stream *stream);

/* source_stream_request.c */

/* As stream_ops has them; context: the stream. */
bool source_stream_request(void *context, struct http_request *request);
bool source_stream_renew(void *context);

#endif
