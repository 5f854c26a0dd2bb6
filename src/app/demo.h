/* The viewer on a simulated server: nothing to set up. */
#ifndef APP_DEMO_H
#define APP_DEMO_H

#include "app/options.h"

/* Plays options->target (NULL: a short one in lines, a longer one on a
 * screen) and follows it; returns the exit status. */
int demo_run(const struct options *options);

#endif
