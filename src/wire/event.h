/* The one type that sources emit and that the model and the sinks take. An
 * event and everything it points to is borrowed: valid during the call. */
#ifndef WIRE_EVENT_H
#define WIRE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "wire/facts.h"
#include "wire/json_text.h"
#include "wire/sse.h"

enum event_type {
    EVENT_CONNECTION, /* the link to the server changed */
    EVENT_RUN,        /* facts of a run changed (never for the clock alone) */
    EVENT_LOG,        /* a new log entry */
    EVENT_LINES,      /* many such at once, to who wants them in bulk */
    EVENT_REWRITE,    /* entries of the log were withdrawn */
    EVENT_PART,       /* a part of a stream that the run writes */
    EVENT_SSE,        /* an event of any event stream, as dispatched */
    EVENT_GAP,        /* something was or may have been missed */
    EVENT_NOTICE,     /* runtail's own remark to the user */
    EVENT_END         /* the source has finished; the last event of all */
};

enum connection_state {
    CONNECTION_CONNECTING,
    CONNECTION_LIVE,
    CONNECTION_RECONNECTING, /* retry_in_ms, attempt, reason are set */
    CONNECTION_POLLING,
    CONNECTION_CLOSED
};

struct connection {
    enum connection_state state;
    const char *stream;    /* of this stream of the run alone; NULL: its feed */
    const char *transport; /* "long-poll", "sse", "poll"; NULL: none yet */
    int attempt;           /* 1…: of reconnecting */
    int64_t retry_in_ms;   /* -1: does not apply */
    const char *reason;    /* why, one clause; NULL: does not apply */
    int64_t clock_offset_ms; /* server's clock minus ours, as far as known */
};

/* Levels in rising order; LEVEL_NONE: the entry had none. */
enum log_level {
    LEVEL_NONE,
    LEVEL_TRACE,
    LEVEL_DEBUG,
    LEVEL_INFO, /* also "log" */
    LEVEL_WARN, /* also "warning" */
    LEVEL_ERROR /* also "fatal" */
};

/* One log entry. Texts are untrusted UTF-8 (repaired), may hold any code
 * point, NUL included: use the lengths. */
struct log_entry {
    int64_t time_ms; /* its own time, or that of arrival */
    bool time_is_arrival;
    enum log_level level;
    const char *level_word; /* as given, lower case; NULL: none */
    const char *message;
    size_t message_len;
    const char *data; /* JSON text, compact; NULL: none */
    size_t data_len;
};

/* One part of a stream. Its text is JSON, or, where a task wrote none, any
 * UTF-8 (repaired). */
struct stream_part {
    const char *stream; /* the stream's key */
    const char *id;     /* as the server gave it; NULL: none */
    int64_t time_ms;    /* when the server got it, or that of arrival */
    bool time_is_arrival;
    bool is_json;
    const char *chunk;
    size_t chunk_len;
};

struct event {
    enum event_type type;
    int64_t time_ms; /* arrival, local wall clock */
    const char *run; /* run id; NULL: not about one run */
    union {
        struct connection connection;
        const struct run_facts *facts;
        struct {
            uint64_t seq; /* 1… per run, no holes, no repeats */
            const struct log_entry *entry;
        } log;
        struct {
            uint64_t seq; /* 1… per stream, no holes, no repeats */
            const struct stream_part *part;
            unsigned streams; /* of the run, as many as are read so far */
        } part;
        struct {
            uint64_t seq; /* as above */
            const struct sse_event *event;
            /* What its data says in a form that is known (wire/sse_facts.h):
             * with is_read, these entries stand for all of it. */
            const struct log_entry *entries;
            size_t entry_count;
            bool is_read;
        } sse;
        struct { /* events of no name, a line each, that came together */
            uint64_t seq;              /* of the first; the others count on */
            const struct slice *texts; /* what each line is */
            size_t count;
            /* With it, these are messages, and the rest of each entry is as
             * here; NULL: they are the events' data, of no known form. */
            const struct log_entry *like;
        } lines;
        struct {
            uint64_t kept;      /* the array's first entries that still stand */
            uint64_t withdrawn; /* entries after them that were taken back */
            bool grew; /* only a last line that was told unfinished went on */
        } rewrite;
        struct {
            int64_t from_ms, to_ms;
            bool recovered;
        } gap;
        const char *notice;
        struct {
            bool complete;       /* everything up to the end was seen */
            const char *missing; /* what may not have been seen of it, one
                                  * clause; NULL: nothing, or see failure */
            uint64_t gaps;
            bool known; /* the outcome is known */
            bool cut;   /* by who looks on (a signal, --timeout, --until), not
                         * by what was followed: what is open stays open */
            const struct error
                *failure; /* why following ended early, or NULL */
        } end;
    };
};

/* Takes an event; context is the taker's own. */
typedef void event_fn(void *context, const struct event *event);

#endif
