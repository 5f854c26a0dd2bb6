/* Following one run from start to end, on the screen or as lines. */
#ifndef APP_FOLLOW_H
#define APP_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "app/options.h"
#include "app/settings.h"
#include "io/player.h"

/* Follows `run` (an id) and returns the exit status. Messages go to standard
 * error. again: the sentence of the verdict that tells how to look again, or
 * NULL. */
int follow_run(const struct options *options, struct settings *settings,
               const char *run, const char *again);

/* How a recording is played. */
struct playing {
    struct player *player;
    struct player_span span;
    bool for_screen; /* it was recorded on a screen */
    bool from_input; /* it came from standard input */
    int64_t seek_ms; /* set: where to go on instead; -1: it is over */
};

/* The same, out of a recording; playing NULL: not so. */
int follow_recording(const struct options *options, struct settings *settings,
                     const char *run, const char *again,
                     struct playing *playing);

#endif
