/* Turns what a server says of one run (rows of the live feed, REST objects,
 * bodies of a polling endpoint) into events: facts when they changed, each log
 * entry once. Switching between kinds of source, or starting again after a
 * reconnect, neither loses nor doubles an entry. */
#ifndef WIRE_DECODER_H
#define WIRE_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "wire/event.h"
#include "wire/progress.h"
#include "wire/row.h"
#include "wire/stream_keys.h"

struct decoder_options {
    const char *run;          /* id asked for */
    const char *progress_key; /* "progress" */
    const char *log_key;      /* "logs" */
    enum progress_scale scale;
};

struct decoder;

/* emit is called with context for each event. Copies what options hold. */
struct decoder *decoder_create(const struct decoder_options *options,
                               event_fn *emit, void *context);
void decoder_destroy(struct decoder *decoder);

/* Takes a row of the live feed; now_ms: arrival, local wall clock. */
void decoder_take_row(struct decoder *decoder, struct row *row, int64_t now_ms);

/* Takes a run object as REST gives it. False with *err when it is no such
 * object. */
bool decoder_take_rest(struct decoder *decoder, const char *json, size_t len,
                       int64_t now_ms, struct error *err);

/* Takes a body of a polling endpoint, in any of its shapes. */
bool decoder_take_poll(struct decoder *decoder, const char *json, size_t len,
                       int64_t now_ms, struct error *err);

/* Takes only what the live feed does not tell (attempts, version) from a REST
 * object; ignores anything else, broken text included. */
void decoder_take_details(struct decoder *decoder, const char *json, size_t len,
                          int64_t now_ms);

const struct run_facts *decoder_facts(const struct decoder *decoder);

/* Takes only the names of streams from a row of the feed. True when the run is
 * over in it, so that there will be no more. */
bool decoder_take_streams(struct decoder *decoder, const struct row *row);

/* True when the metadata names streams, as tasks write it that have them there
 * and not in the column. */
bool decoder_names_streams(const struct decoder *decoder);

/* Names of the run's streams, as far as it told them. */
const struct stream_keys *decoder_streams(const struct decoder *decoder);

/* Log entries emitted so far: the last seq. */
uint64_t decoder_entries(const struct decoder *decoder);

/* Entries are missing: the task dropped them before they were seen. */
bool decoder_has_gap(const struct decoder *decoder);

/* True once the server has said anything of the run. */
bool decoder_has_facts(const struct decoder *decoder);

#endif
