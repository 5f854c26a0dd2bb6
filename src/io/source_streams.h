/* All realtime streams of a run that are wanted, each on a connection of its
 * own; their events interleave as they arrive. */
#ifndef IO_SOURCE_STREAMS_H
#define IO_SOURCE_STREAMS_H

#include <stdbool.h>

#include "io/source.h"
#include "wire/stream_keys.h"

struct source_streams;

/* All get the owner's context. */
struct source_streams_ops {
    event_fn *emit; /* of events with time and run */

    /* source_streams_are_caught_up() is true now; each time it becomes so. */
    void (*caught_up)(void *context);

    /* Once, after source_streams_finish(), when the last stream is over; it may
     * destroy the streams. */
    void (*drained)(void *context);
};

/* Options, http, loop, token and ops are borrowed. */
struct source_streams *
source_streams_create(const struct source_options *options, struct http *http,
                      struct loop *loop, struct token *token,
                      const struct source_streams_ops *ops, void *context);

/* Stops; no callback comes after this. NULL is fine. */
void source_streams_destroy(struct source_streams *streams);

/* Reads those that were named, without waiting for the run to tell of them. */
void source_streams_start(struct source_streams *streams);

/* The run tells that it has these; reads those that are wanted and new. */
void source_streams_note(struct source_streams *streams,
                         const struct stream_keys *keys);

/* The run is over: what is left is read. */
void source_streams_finish(struct source_streams *streams);

/* There is no run to go by: each stream is read to the end that the server
 * gives it. False: there is none to be read. */
bool source_streams_let_alone(struct source_streams *streams);

/* All that the streams had when their reading began was told, as far as can be
 * known. */
bool source_streams_are_caught_up(const struct source_streams *streams);

/* Those that the server has not answered with count as caught up. */
void source_streams_wait_no_more(struct source_streams *streams);

/* True once the server has answered with any of them. */
bool source_streams_are_heard(const struct source_streams *streams);

/* True once a part of any of them was emitted. */
bool source_streams_told_parts(const struct source_streams *streams);

/* After either: no stream is being read … */
bool source_streams_are_over(const struct source_streams *streams);

/* … and nothing of them may be missing, but for what was refused. */
bool source_streams_are_complete(const struct source_streams *streams);

/* Appends what is missing of them, one clause; nothing when they are complete.
 */
void source_streams_missing(const struct source_streams *streams,
                            struct buf *words);

/* Where streams are what was wanted: says what became of those that were not
 * read, and which ones the run has (keys). False with *err when one failed, or
 * was named and is none of the run's; the kind is that of the first failure. */
bool source_streams_judge(const struct source_streams *streams,
                          const struct stream_keys *keys, struct error *err);

/* Connections may be stale. */
void source_streams_wake(struct source_streams *streams);

#endif
