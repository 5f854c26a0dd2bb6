/* Runs runtail against a simulator of its own and keeps what it told. */
#ifndef CHAOS_PLAY_H
#define CHAOS_PLAY_H

#include "base/buf.h"
#include "judge.h"
#include "plan.h"

struct play {
    struct buf out, err;
    int code; /* exit status; 128 + N: signal; -1: it had to be stopped */
    double seconds;
};

/* directory: for the scenario and as home. faults: NULL for none. */
void play(struct play *play, const struct plan *plan, const char *directory,
          const char *faults);
void play_free(struct play *play);

struct told play_told(const struct play *play);

#endif
