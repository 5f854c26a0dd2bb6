/* The entries of a log that pass a filter, from some entry on in both ways.
 * Each is asked once, when it is first wanted; but lines that are still being
 * written each time, since they grow. */
#ifndef VIEW_HITS_H
#define VIEW_HITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/run.h"
#include "view/filter.h"

struct hit_list {
    uint64_t *numbers;
    size_t count, size;
};

/* Plain value; {0} looks from the first entry on. */
struct hits {
    struct hit_list before, after;
    uint64_t origin, scanned_from, scanned_to;
    uint64_t looked; /* entries that the filter was asked about */
};

void hits_free(struct hits *hits);

/* Another filter: forgets them, and looks from an entry on. */
void hits_restart(struct hits *hits, uint64_t near);

/* The first hit at or after `from` and before `end`; the last before `number`.
 * False: there is none, and *out stays as it is. */
bool hits_from(struct hits *hits, const struct filter *filter,
               const struct run *run, uint64_t from, uint64_t end,
               uint64_t *out);
bool hits_before(struct hits *hits, const struct filter *filter,
                 const struct run *run, uint64_t number, uint64_t *out);

#endif
