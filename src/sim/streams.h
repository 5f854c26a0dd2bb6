/* The streams of a run as the platform keeps them: entries of text (v1) or
 * records with numbers (v2), in time, and what befalls those who read them.
 * Pure. Protocol: docs/protocols.md; file format: docs/scenarios.md. */
#ifndef SIM_STREAMS_H
#define SIM_STREAMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct script;

/* A v2 record. */
struct stream_record {
    char *body;
    size_t len;
    json_t *headers; /* borrowed; NULL: none */
    size_t metered;  /* bytes, as the store counts them */
};

enum stream_happening {
    STREAM_ENTRY, /* text or records arrive */
    STREAM_ERROR, /* v2: an event "error", then the end; v1: as CUT */
    STREAM_CUT,   /* the connection breaks */
    STREAM_CRASH, /* the same, with a TCP reset */
    STREAM_OVER,  /* a clean end */
    STREAM_MUTE   /* nothing any more, not even pings */
};

struct stream_item {
    enum stream_happening what;
    int64_t at_ms;  /* from the start of the script */
    uint64_t extra; /* v1: second number of the id */
    char *text;     /* v1: of the entry; v2: of the error */
    size_t len;
    struct stream_record *records; /* v2 */
    size_t record_count;
    uint64_t seq;  /* v2: number of the first record */
    bool happened; /* to somebody; with a clock that stands still, once */
};

struct sim_stream {
    const char *key; /* borrowed from the scenario */
    bool v2;
    int64_t open_ms; /* when its key becomes known */
    size_t keep;     /* newest entries (v2: records) there are; 0: all */
    struct stream_item *items;
    size_t count;
    const char *line_end; /* how events are written; "\n" */
    size_t piece;         /* bytes of a write; 0: as they come */
    json_t *steps;        /* owned */
};

struct streams {
    struct sim_stream *items;
    size_t count;
};

/* Reads the scenario's "streams" (NULL: none), and tells the script when
 * their keys are to be listed, as its "stream_keys" has it. */
bool streams_read(struct streams *streams, struct script *script,
                  struct error *err);
void streams_free(struct streams *streams);

/* NULL when there is none of that key. */
struct sim_stream *streams_find(struct streams *streams, const char *key);

/* Are the run's streams of the second version? One that is not there is what
 * the first one is. */
bool streams_are_v2(const struct streams *streams);

/* Items that have arrived by a moment. */
size_t stream_due(const struct sim_stream *stream, int64_t ms);

/* Appends a record as it stands in a batch. start_ms: the script's start. */
void stream_add_record(struct buf *out, const struct stream_item *item,
                       size_t index, int64_t start_ms);

#endif
