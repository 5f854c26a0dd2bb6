/* Where events go when there is no screen: lines on a file descriptor. */
#ifndef IO_SINK_H
#define IO_SINK_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "wire/event.h"

struct sink;

struct sink_ops {
    void (*event)(struct sink *sink, const struct event *event);
    int64_t (*turn)(struct sink *sink, int64_t now_ms); /* may be NULL */
    void (*destroy)(struct sink *sink);
};

/* The first member of every kind of sink. */
struct sink {
    const struct sink_ops *ops;
    int fd;
    struct buf out; /* lines that wait to be written … */
    size_t written; /* … but for these first bytes */
    int link_state; /* enum connection_state, as last written; -1: none */
    const char *link_transport;
    struct buf *held; /* the last lines of the start; `tail` of them, a ring */
    size_t tail, held_count, held_next;
};

/* How sinks of lines choose and write. Borrowed texts, for the sink's life. */
struct sink_options {
    int fd;
    int64_t now_ms;       /* wall clock at the start */
    const char *source;   /* kind of source: "trigger" */
    enum log_level level; /* entries below are left out; NONE: all */
    int64_t since_ms;     /* entries before are left out */
    size_t tail;          /* of the entries there are at the start, only the
                           * last so many; SIZE_MAX: all */
    const regex_t *include, *exclude; /* NULL: none */
    const char *fields;               /* --json=FIELDS: comma list; NULL: all */
    bool parts_only;                  /* of a run's streams; JSON lines only */
    bool color;
    unsigned escape; /* flags for escape_text(); plain lines only */
    bool time_is_utc;
    bool show_time;
    int (*utc_offset_s)(int64_t instant_ms);
};

/* Text that was written waits in memory until sink_flush(). */
struct sink *sink_plain_create(const struct sink_options *options);
struct sink *sink_json_create(const struct sink_options *options);

/* The text of a run's streams as it comes, and nothing else. What is no text
 * stands as JSON on a line of its own. */
struct sink *sink_stream_create(const struct sink_options *options);

/* Takes the next event, in order; writes what it has to say of it. */
void sink_event(struct sink *sink, const struct event *event);
void sink_destroy(struct sink *sink);

/* What no event brings about: to be called at the end of each turn, with the
 * wall clock. Ms after which it wants to be called again; -1: no wish. */
int64_t sink_turn(struct sink *sink, int64_t now_ms);

/* Writes what waits, as far as that can be done without waiting for whoever
 * reads a pipe, socket or terminal. False when the reader is gone (EPIPE) or
 * the file cannot be written: *err then says why, ERROR_NONE for a reader that
 * left. */
bool sink_flush(struct sink *sink, struct error *err);

/* True when something still waits to be written. */
bool sink_waits(const struct sink *sink);

/* True when what fd is may have a reader who is slow or leaves. */
bool sink_has_reader(int fd);

/* Was this connection written already? (It is told again when only the clocks
 * were found to differ.) Notes it as written. */
bool sink_is_same_link(struct sink *sink, const struct connection *connection);

/* The last lines of the start are held back until it is over: sink_hold() is
 * told where the line of an entry begins in `out`; sink_release() is called
 * with each event before it is written. */
void sink_set_tail(struct sink *sink, size_t tail);
void sink_hold(struct sink *sink, size_t start);
void sink_release(struct sink *sink, const struct event *event);
void sink_forget_tail(struct sink *sink);

/* Does the level pass? None counts as info, as on the screen. */
bool sink_wants_level(const struct sink_options *options, enum log_level level);

/* Does the entry pass level, time and expressions? */
bool sink_wants(const struct sink_options *options,
                const struct log_entry *entry);

/* One sentence for a run's error: "TypeError: message"; empty when there is
 * none. Appends untrusted text. */
void sink_error_sentence(struct buf *out, const struct run_facts *facts);

#endif
