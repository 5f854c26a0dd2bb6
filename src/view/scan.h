/* Looks for entries that may be what is sought, a piece of the log at a time
 * and without taking its entries apart. */
#ifndef VIEW_SCAN_H
#define VIEW_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/logstore.h"
#include "view/filter.h"

enum {
    SCAN_MAX = 1024 /* entries that one scan tells at most */
};

struct scan {
    uint64_t from, to;          /* the entries looked at */
    size_t bytes;               /* of them; 0: they were not looked at yet */
    uint64_t numbers[SCAN_MAX]; /* those that may match, ascending */
    size_t count;
};

struct sought {
    const struct pattern *pattern; /* NULL: any text */
    enum log_level level;          /* least level; LEVEL_NONE: any */
};

/* Looks at some of the entries in [from, end), which is not empty: at its lower
 * end when `down`, else at its upper end. Who asks looks again at what may
 * match. */
void scan_entries(const struct logstore *log, const struct sought *sought,
                  uint64_t from, uint64_t end, bool down, struct scan *scan);

#endif
