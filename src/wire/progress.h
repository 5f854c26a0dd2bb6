/* Progress as tasks tell it: 0…1, 0…100, "42%", {current,total}. Which scale a
 * run uses is learnt from its values and then kept. docs/emitting.md says what
 * tasks should write. */
#ifndef WIRE_PROGRESS_H
#define WIRE_PROGRESS_H

#include <stdbool.h>

#include "wire/facts.h"
#include "wire/json_text.h"

enum progress_scale {
    SCALE_AUTO,
    SCALE_FRACTION, /* 0…1 */
    SCALE_PERCENT   /* 0…100 */
};

/* What has been learnt of one run's scale; start with {.scale = …}. */
struct progress_reader {
    enum progress_scale scale;
    bool saw_above_one; /* proves percent */
    bool saw_fraction;  /* a non-integer below 1 */
};

/* Reads a JSON value's text (data NULL: the member is absent). completed: the
 * run has completed, so that a bare 1 means all of it. */
struct run_progress progress_read(struct progress_reader *reader,
                                  struct slice value, bool completed);

#endif
