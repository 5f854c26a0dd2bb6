/* One row of the table of runs, as values: what a feed delivers as text. */
#ifndef SIM_RUN_ROW_H
#define SIM_RUN_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Everything borrowed from whoever made the row. Texts are C strings; JSON
 * inside them has its NULs escaped. Moments: INSTANT_NONE is null. */
struct run_row {
    const char *id; /* internal: the friendly id without "run_" */
    const char *friendly_id;
    const char *task;
    int64_t created_ms, updated_ms, started_ms, delay_until_ms, queued_ms,
        expired_ms, completed_ms;
    int number;
    bool test;
    const char *status; /* raw word: EXECUTING, COMPLETED_SUCCESSFULLY … */
    int64_t usage_ms;
    double cost_cents, base_cost_cents;
    const char *ttl; /* NULL: null; so for all below */
    const char *payload, *payload_type;
    const char *metadata, *metadata_type;
    const char *output, *output_type;
    const char *const *tags;
    size_t tag_count;
    const char *error; /* JSON text */
    const char *const *streams;
    size_t stream_count;
};

#endif
