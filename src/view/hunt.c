#include "config.h"

#include "view/hunt.h"

#include "view/scan.h"

enum {
    LOOK_COST = 16 /* of a byte of an entry that is taken apart */
};

/* An entry that may be the one; adds to *done what the look cost. */
static bool is_wanted(const struct hunt *hunt, const struct run *run,
                      const struct filter *filter, uint64_t number,
                      size_t *done)
{
    struct entry entry;
    if (!run_entry(run, number, &entry))
        return false;
    *done += (entry.text_len + entry.detail_len) * LOOK_COST;
    if (entry.hidden || !filter_passes(filter, &entry))
        return false;
    if (hunt->pattern)
        return pattern_matches(hunt->pattern, &entry);
    return entry.level == LEVEL_ERROR;
}

/* Looks at some entries of the span, which is not empty. */
static bool look(const struct hunt *hunt, struct hunt_span *span,
                 const struct run *run, const struct filter *filter,
                 uint64_t *found, size_t *done)
{
    struct sought sought = {hunt->pattern,
                            hunt->pattern ? LEVEL_NONE : LEVEL_ERROR};
    struct scan scan;
    scan_entries(run_log(run), &sought, span->from, span->end, span->down,
                 &scan);
    *done += scan.bytes;
    for (size_t i = 0; i < scan.count; i++) {
        *found = scan.numbers[span->down ? i : scan.count - 1 - i];
        if (is_wanted(hunt, run, filter, *found, done))
            return true;
    }
    if (span->down)
        span->from = scan.to;
    else
        span->end = scan.from;
    return false;
}

enum hunt_state hunt_go_on(struct hunt *hunt, const struct run *run,
                           const struct filter *filter, size_t most,
                           uint64_t *found)
{
    size_t done = 0;
    for (; hunt->span < 2; hunt->span++) {
        struct hunt_span *span = &hunt->spans[hunt->span];
        uint64_t first = logstore_first(run_log(run));
        if (span->from < first) /* what was dropped meanwhile */
            span->from = first;
        while (span->from < span->end) {
            if (look(hunt, span, run, filter, found, &done))
                return HUNT_FOUND;
            if (done >= most)
                return HUNT_GOES_ON;
        }
    }
    return HUNT_MISSED;
}
