/* The last thing a stream goes through: other line ends, small writes, and the
 * faults that befall a connection while it is open. */
#ifndef SIM_DRIP_H
#define SIM_DRIP_H

#include "sim/answer.h"
#include "sim/fault.h"
#include "sim/world.h"

struct drip_form {
    const char *line_end; /* for each "\n"; borrowed as long as the world */
    size_t piece;         /* bytes of a write; 0: as they come */
    enum fault_place place;
};

/* Puts it around the stream of an answer, which is taken over. */
void drip_wrap(struct answer *answer, struct world *world,
               const struct drip_form *form);

#endif
