/* Compares what runtail told in spite of faults with what it told without.
 * Pure. */
#ifndef CHAOS_JUDGE_H
#define CHAOS_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

enum outcome {
    OUTCOME_SAME,     /* entry for entry, and the same end */
    OUTCOME_SAME_END, /* the same, but what the task took back was not all
                       * seen: what stands at the end is the same */
    OUTCOME_GAP,      /* something is missing, and it says so */
    OUTCOME_GAVE_UP,  /* it ended early, and says why; all before is the same */
    OUTCOME_WRONG,
    OUTCOMES
};

struct told {
    const char *out, *err; /* zero-terminated */
    int code;              /* exit status; < 0: it did not end */
};

struct judge_rules {
    bool may_fail; /* giving up is no mistake */
    bool slides;   /* entries may go by before they are seen */
};

/* why: room for what is wrong. */
enum outcome judge(const struct told *want, const struct told *got,
                   const struct judge_rules *rules, char *why, size_t why_size);

const char *outcome_name(enum outcome outcome);

#endif
