/* One run as the user follows it: facts, log, steps, connection. Takes events,
 * is read by views; knows no clock: the time is passed in. */
#ifndef MODEL_RUN_H
#define MODEL_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/logstore.h"
#include "model/steps.h"
#include "wire/event.h"
#include "wire/facts.h"

struct run;

/* id: the run asked for; memory: bytes of log text to hold. */
struct run *run_create(const char *id, size_t memory);
void run_destroy(struct run *run);

/* Where log text goes that memory has no room for; see model/logstore.h. */
void run_set_spill(struct run *run, const struct spill *spill);

/* Applies an event. Returns false when nothing visible changed. */
bool run_apply(struct run *run, const struct event *event);

const char *run_id(const struct run *run);
const struct run_facts *run_facts(const struct run *run);
const struct logstore *run_log(const struct run *run);

/* The log with lines that are still being written behind it, in the order in
 * which their blocks began: numbers from logstore_end(run_log()) up to below
 * run_end(). These numbers pass to other entries as the log grows; the texts
 * are valid until the next event. run_entry() is logstore_get() for both. */
uint64_t run_end(const struct run *run);
bool run_entry(const struct run *run, uint64_t number, struct entry *out);

/* The connection; its texts belong to the run. since_ms: when it became so,
 * retry_at_ms: moment of the next try (INSTANT_NONE: does not apply). */
struct run_link {
    enum connection_state state;
    char *transport;
    char *reason;
    int attempt;
    int64_t since_ms;
    int64_t retry_at_ms;
    int64_t last_heard_ms; /* last event of any kind; INSTANT_NONE: never */
};
const struct run_link *run_link(const struct run *run);

/* Steps that began so far; those before the first are forgotten. index: from
 * there up to below the count. */
size_t run_step_first(const struct run *run);
size_t run_step_count(const struct run *run);
const struct step *run_step(const struct run *run, size_t index);

/* Steps in a state; how often one that was done turned out not to be; streams
 * that steps came from so far. */
size_t run_steps_in(const struct run *run, enum step_state state);
size_t run_steps_undone(const struct run *run);
size_t run_stream_count(const struct run *run);

/* Log entries told so far (the --json seq), those standing, and by level. */
uint64_t run_entries(const struct run *run);
uint64_t run_entries_standing(const struct run *run);
uint64_t run_gaps(const struct run *run);

/* Parts of streams told so far, those that show nothing included. */
uint64_t run_parts(const struct run *run);

/* Number of the first warning or error in the log (the "first sign"), or of
 * the last entry; false when the log is empty. */
bool run_first_sign(const struct run *run, uint64_t *number);

/* How long a run has been watched whose own times nobody tells, since its
 * status was first told until it ended or now (local time); -1: not watched, or
 * the times are known. */
int64_t run_watched_ms(const struct run *run, int64_t now_ms);

/* Server time minus local time, ms; 0 until told. Views add it to "now". */
int64_t run_clock_offset(const struct run *run);

/* The last notice for the message row (own words), or NULL. */
const char *run_notice(const struct run *run, int64_t *since_ms);

/* True when it is a stream of events that tells of no run. */
bool run_is_stream(const struct run *run);

/* True after EVENT_END. */
bool run_ended(const struct run *run);

/* Following has ended, and something of the run was not seen. */
bool run_is_incomplete(const struct run *run);

/* Why following ended before the run did, or what was not seen of it: of
 * others, to be made safe. NULL: nothing to tell. Valid until the next event.
 */
const char *run_end_words(const struct run *run);

#endif
