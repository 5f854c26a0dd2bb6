/* Turns a scenario's "steps" with their repetitions into a flat list. Pure. */
#ifndef SIM_SCRIPT_EXPAND_H
#define SIM_SCRIPT_EXPAND_H

#include <jansson.h>

#include "base/error.h"

/* Most steps a scenario may unfold to. */
#define SCRIPT_MAX_STEPS 200000

/* Returns a new array of plain steps, or NULL with *err set. A step
 * {"repeat": N, "steps": […]} is unrolled; in its texts {i} is the round
 * (1…N), {n} is N, and {i+K}, {i*K}, {i%K} do small sums. A "range" member
 * {"progress": [from, to]} becomes "progress" moving evenly over the rounds.
 * "cycle": {"log": […], "count": C} becomes "log" with the next C entries of
 * the list, taken round and round; in them {k} counts the entries. */
json_t *script_expand(json_t *steps, struct error *err);

#endif
