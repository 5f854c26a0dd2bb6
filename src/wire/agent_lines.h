/* The lines of an agent's log as entries, each told once; what has changed is
 * withdrawn. The last line may still grow: it is told when it is followed by
 * another, or when it is asked for. */
#ifndef WIRE_AGENT_LINES_H
#define WIRE_AGENT_LINES_H

#include <stdint.h>

#include "wire/agentlog.h"
#include "wire/event.h"

struct agent_lines;

/* Emits EVENT_LOG and EVENT_REWRITE of that run. All are borrowed. */
struct agent_lines *agent_lines_create(const struct agentlog *log,
                                       const char *run, event_fn *emit,
                                       void *context);
void agent_lines_destroy(struct agent_lines *lines);

/* To be called with each frame of the log, in time. */
void agent_lines_take(struct agent_lines *lines,
                      const struct agentlog_frame *frame, int64_t now_ms);

/* Tells the last line although it may still grow, when it has not been. */
void agent_lines_tell_last(struct agent_lines *lines, int64_t now_ms);

#endif
