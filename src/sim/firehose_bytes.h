/* What the firehose sends: rows, events and snapshots, computed ahead. Pure. */
#ifndef SIM_FIREHOSE_BYTES_H
#define SIM_FIREHOSE_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Writes exactly len bytes (at least 8): '#', seven digits, words. */
void firehose_line(char *out, size_t len, uint32_t number);

/* Log entries of a run's metadata, as they stand escaped inside a row, all of
 * one length, with a comma after each. */
struct hose_entries {
    char *text;
    size_t entry_len; /* comma included */
    uint32_t updates;
    uint32_t at_start; /* entries before the first update */
    uint32_t most;     /* in one row */
};

/* Makes them for so many updates, metadata_bytes in one row. */
void hose_entries_make(struct hose_entries *entries, uint32_t updates,
                       size_t metadata_bytes, size_t entry_bytes);

/* The entries an update shows: [*from, *to). Update 0 is the run as it is
 * found, the last one its end. */
void hose_entries_shown(const struct hose_entries *entries, uint32_t update,
                        uint32_t *from, uint32_t *to);

/* Appends the row's text before, and after, its log entries. */
void hose_row_head(struct buf *out, const char *id, uint32_t update,
                   uint32_t updates);
void hose_row_tail(struct buf *out, uint32_t update, uint32_t updates);

/* Events in HTTP chunks, one after another, and the end of the body. */
struct hose_events {
    struct buf text;
    size_t *chunk_at; /* where each chunk starts; one more: where the last one
                       * ends */
    uint32_t chunks, per_chunk, events;
};

/* Makes `count` of them, of event_bytes each. */
void hose_events_make(struct hose_events *events, uint32_t count,
                      size_t event_bytes, uint32_t per_chunk);

/* A text of lines of one length, as it stands escaped inside a snapshot. */
struct hose_text {
    char *text;
    size_t line_len; /* escaped */
    uint32_t frames, at_start;
};

/* Makes a text of text_bytes, which grows by a line with each frame. */
void hose_text_make(struct hose_text *text, uint32_t frames, size_t text_bytes,
                    size_t line_bytes);

/* Lines in a frame: 0 … frames - 1. */
uint32_t hose_text_lines(const struct hose_text *text, uint32_t frame);

#endif
