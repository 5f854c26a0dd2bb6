/* What has to be followed, and how, for faults to show: a stream's are not seen
 * by who follows a run that streams nothing. */
#ifndef SIM_SCENE_H
#define SIM_SCENE_H

#include <jansson.h>
#include <stdbool.h>

#include "sim/fault.h"
#include "sim/sim.h"

/* The needs of all faults of a list together. False with *err (kind
 * ERROR_USAGE): no scene shows all of them. */
bool scene_find(struct sim_scene *scene, const struct fault_list *faults,
                struct error *err);

/* Whether a scenario, by its source and as its JSON, has what is needed. */
bool scene_fits(const struct sim_scene *scene, enum sim_source source,
                json_t *scenario);

#endif
