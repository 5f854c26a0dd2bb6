/* Steps of a scenario in time: what a run, a stream or an agent's log goes
 * through. Pure. */
#ifndef SIM_TIMELINE_H
#define SIM_TIMELINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct timeline_item {
    int64_t at_ms; /* from the start of the script */
    json_t *step;  /* borrowed from the timeline */
};

struct timeline {
    struct timeline_item *items; /* none earlier than the one before */
    size_t count;
    json_t *steps; /* owned */
};

/* Places each step of an array by its "at_ms", from the start of the script,
 * or by its "after_ms" (0 when absent), from the step before. Takes over
 * `steps`, also when it fails. what: the steps' name in messages. */
bool timeline_read(struct timeline *timeline, json_t *steps, const char *what,
                   struct error *err);
void timeline_free(struct timeline *timeline);

/* How many begin at or before ms. */
size_t timeline_due(const struct timeline *timeline, int64_t ms);

#endif
