/* What people read on standard error where standard output is for programs, or
 * is a stream's own text: remarks, and how the connection fares. */
#ifndef APP_ASIDE_H
#define APP_ASIDE_H

#include <stdbool.h>

#include "wire/event.h"

struct aside;

/* remarks_only: nothing of the connection. */
struct aside *aside_create(bool remarks_only);

/* NULL is fine. */
void aside_destroy(struct aside *aside);

/* An outage is told once, when it begins, and once more when its cause is
 * another one; when all is well again, that is told. What ails a stream for the
 * same cause as the run, or as another stream, is part of the same outage. */
void aside_event(struct aside *aside, const struct event *event);

#endif
