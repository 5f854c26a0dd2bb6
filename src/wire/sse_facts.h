/* What the events of any stream say in a form that runtail knows: JSON objects
 * with status, progress, logs or message, of the shapes that a run's metadata
 * has. docs/protocols.md, "Any event stream". */
#ifndef WIRE_SSE_FACTS_H
#define WIRE_SSE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/event.h"
#include "wire/facts.h"
#include "wire/progress.h"
#include "wire/sse.h"

struct sse_facts;

struct sse_facts *sse_facts_create(const char *progress_key,
                                   const char *log_key,
                                   enum progress_scale scale);
void sse_facts_destroy(struct sse_facts *facts);

/* What one event said. */
struct sse_reading {
    const struct log_entry *entries; /* until the next event is read */
    size_t count;
    bool is_read; /* the entries, be they none, stand for all of the data */
    bool changed; /* sse_facts_run() differs from what it was */
};

/* Reads an event that came at now_ms; false: it says nothing of this kind,
 * and *reading is left alone. Data that is no text is read as its
 * size. Costs next to nothing where the data is
 * no JSON object or has none of the members. */
bool sse_facts_read(struct sse_facts *facts, const struct sse_event *event,
                    int64_t now_ms, struct sse_reading *reading);

/* Of the data of `count` events, how many of the first are alike: each is one
 * log line that differs from the others in its message alone, or each says
 * nothing of this kind. data[] is narrowed to the messages, and *like is what
 * the lines have in common (until the next is read), or NULL. What
 * sse_facts_read() would say of each; 0: ask that about the first one. */
size_t sse_facts_read_alike(struct sse_facts *facts, struct slice *data,
                            size_t count, int64_t now_ms,
                            const struct log_entry **like);

/* The stream has ended: what it said last is the outcome. False when that was
 * none. */
bool sse_facts_finish(struct sse_facts *facts);

/* The facts as of all events so far. */
const struct run_facts *sse_facts_run(const struct sse_facts *facts);

#endif
