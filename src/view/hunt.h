/* A search under way: for the nearest entry that is wanted, a part of the log
 * at a time, so that one that takes long holds nothing up. */
#ifndef VIEW_HUNT_H
#define VIEW_HUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/run.h"
#include "view/filter.h"

enum hunt_for {
    HUNT_FOR_NOTHING, /* no search is under way */
    HUNT_FOR_TYPED,   /* what is being typed: below what is in sight, above */
    HUNT_FOR_NEXT,    /* below the current line, then from the top on */
    HUNT_FOR_PREVIOUS /* above it, then from the end on */
};

/* Entries that are still to be looked at. */
struct hunt_span {
    uint64_t from, end;
    bool down; /* from the lower end to the upper one */
};

/* Plain value. */
struct hunt {
    enum hunt_for what;
    struct pattern *pattern;   /* borrowed; NULL: an error is wanted */
    struct hunt_span spans[2]; /* looked at one after the other */
    int span;                  /* the one that is looked at now */
};

enum hunt_state {
    HUNT_GOES_ON,
    HUNT_FOUND,
    HUNT_MISSED
};

/* Goes on until the nearest entry that the filter passes was found, or there
 * is none, or about `most` bytes were looked at (those of a regular expression
 * count more). SIZE_MAX: to the end. */
enum hunt_state hunt_go_on(struct hunt *hunt, const struct run *run,
                           const struct filter *filter, size_t most,
                           uint64_t *found);

#endif
