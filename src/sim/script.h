/* A scenario: what a run goes through, as a list of states in time. Pure: told
 * the time, never reads a clock. The file format is in docs/scenarios.md. */
#ifndef SIM_SCRIPT_H
#define SIM_SCRIPT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "sim/run_row.h"

struct script;

/* Reads a scenario. run_id: the run's public id ("run_…"). NULL, with *err
 * set, when the text is no scenario. */
struct script *script_parse(const char *json, size_t len, const char *run_id,
                            struct error *err);
void script_destroy(struct script *script);

const char *script_about(const struct script *script);

/* From at_ms on the run lists the key of a stream: in the row's
 * realtimeStreams, in the metadata's $$streams, or in neither. Where no state
 * begins then, one is put in. key: borrowed for the script's life. Only before
 * the first row is asked for. */
void script_open_stream(struct script *script, const char *key, int64_t at_ms,
                        bool in_column, bool in_metadata);

/* States are numbered from 0; at least one. Each lasts until the next. */
size_t script_count(const struct script *script);

/* When a state begins, ms from the start of the script. */
int64_t script_at_ms(const struct script *script, size_t state);

/* The state at a moment; moments before the start count as the start. */
size_t script_state_at(const struct script *script, int64_t ms);

/* The state a row was last changed in, from its updatedAt; the state count
 * when no state begins at that moment. */
size_t script_state_of(const struct script *script, int64_t ms);

/* Number of the attempt a state belongs to; 0 before the first. */
int script_attempt(const struct script *script, size_t state);

/* The row in a state; start_ms: when the script's start was, as an instant.
 * Borrowed until the next call. Cheap when states are asked for in order. */
const struct run_row *script_row(struct script *script, size_t state,
                                 int64_t start_ms);

/* The same row's metadata, payload and output as JSON, for the REST form.
 * Borrowed until the next call of script_row(). NULL: none. */
json_t *script_metadata(const struct script *script);
json_t *script_payload(const struct script *script);
json_t *script_output(const struct script *script);
json_t *script_error(const struct script *script);

/* A top-level member of the scenario ("faults", "token_life_s" …), or NULL. */
json_t *script_member(const struct script *script, const char *name);

/* The scenario as a whole. */
json_t *script_scenario(const struct script *script);

#endif
