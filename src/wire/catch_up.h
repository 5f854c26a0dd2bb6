/* One order of time for what there was before anyone looked. A run that is
 * joined late tells its facts, then its whole log, then all parts of each
 * stream; here the log and the parts are held until the streams have brought
 * what they had, and told merged by time. Neither the log nor a stream is
 * reordered in itself. What comes later passes at once.
 *
 * The step that the run is in is told after that: what is older does not belong
 * to it. All else of the facts passes at once.
 *
 * Pure: its owner says when to go on. */
#ifndef WIRE_CATCH_UP_H
#define WIRE_CATCH_UP_H

#include <stdbool.h>

#include "wire/event.h"

/* What is held at most; then it is told as it stands. */
#define CATCH_UP_MAX_EVENTS ((size_t)200 * 1000)
#define CATCH_UP_MAX_BYTES  ((size_t)64 * 1024 * 1024)

struct catch_up;

/* emit is called with context for each event. */
struct catch_up *catch_up_create(event_fn *emit, void *context);

/* Frees what is held, untold. NULL is fine. */
void catch_up_destroy(struct catch_up *catch_up);

/* Takes the next event: tells it, or a copy later. Holding begins with the
 * first EVENT_RUN, and ends with the first event that changes what is held or
 * the step, or that tells that a connection is lost or over. The run's id and a
 * connection's transport are not copied: they stay as long as it is there. */
void catch_up_take(struct catch_up *catch_up, const struct event *event);

/* The first facts and all that came with them were given. more: older parts may
 * follow, catch_up_release() is going to be called; else all is told now. No
 * effect later. */
void catch_up_first_told(struct catch_up *catch_up, bool more);

/* Tells what is held; from now on all passes at once. */
void catch_up_release(struct catch_up *catch_up);

/* True from the first facts on until what there was then is told. */
bool catch_up_is_holding(const struct catch_up *catch_up);

#endif
