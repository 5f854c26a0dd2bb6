/* Following one run from start to end, on the screen or as lines. */
#ifndef APP_FOLLOW_H
#define APP_FOLLOW_H

#include "app/options.h"
#include "app/settings.h"

/* Follows `run` (an id) and returns the exit status. Messages go to standard
 * error. again: the sentence of the verdict that tells how to look again, or
 * NULL. */
int follow_run(const struct options *options, struct settings *settings,
               const char *run, const char *again);

#endif
