/* A run as the REST API and the polling endpoint show it. Pure. */
#ifndef SIM_RUN_JSON_H
#define SIM_RUN_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "sim/run_row.h"

struct run_json {
    const struct run_row *row;
    json_t *metadata, *payload, *output, *error; /* borrowed; NULL: none */
    int attempts;
};

/* Appends the object of GET /api/v3/runs/{id}. new_words: statuses in the
 * vocabulary of API version 2025-07-16, else in the one before it. */
void run_json_add(struct buf *out, const struct run_json *run, bool new_words);

/* Appends the members of the polling endpoint's older bodies, without braces:
 * the status word and its result; with_fields: metadata and times too. */
void run_json_add_simple(struct buf *out, const struct run_json *run,
                         bool with_fields);

#endif
