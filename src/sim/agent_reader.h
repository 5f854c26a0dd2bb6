/* Reading an agent's log over one connection. */
#ifndef SIM_AGENT_READER_H
#define SIM_AGENT_READER_H

#include "sim/answer.h"
#include "sim/world.h"

/* Sets the stream of an answer. */
void agent_reader_open(struct answer *answer, struct world *world,
                       const struct moment *moment);

/* How many steps of the world's agent are over at a moment. In lockstep those
 * that readers have gone through so far. */
size_t agent_reader_due(const struct world *world, int64_t now_ms);

#endif
