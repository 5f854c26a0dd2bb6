/* What one seed stands for: a run that may happen, a way in which a server
 * tells it, and faults. Pure: the same seed makes the same plan. */
#ifndef CHAOS_PLAN_H
#define CHAOS_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum {
    PLAN_TRIALS = 4, /* sets of faults for each run */
    PLAN_WORDS = 8
};

struct trial {
    char *faults;  /* for --fault */
    bool may_fail; /* some of them last, or come before anything was heard */
};

struct plan {
    uint64_t seed;
    bool slides;               /* the task keeps the newest entries only */
    const char *way;           /* as the report names it */
    const char *scenario_name; /* one of the simulator's; NULL: the text */
    struct buf scenario;
    const char *sim_words[PLAN_WORDS]; /* NULL at the end, as the next */
    const char *words[PLAN_WORDS]; /* "@url…", "@run" and "@poll" stand for
                                    * what the simulator says */
    struct trial trials[PLAN_TRIALS];
};

struct plan *plan_create(uint64_t seed);
void plan_destroy(struct plan *plan);

#endif
