/* Two sorted lists that grow away from the entry `origin`: `after` upward and
 * `before` downward, so that both ends can be extended. Everything in
 * [scanned_from, scanned_to) was asked; all of it is stored. */
#include "config.h"

#include "view/hits.h"

#include <stdlib.h>

#include "base/mem.h"
#include "view/scan.h"

void hits_restart(struct hits *hits, uint64_t near)
{
    hits->before.count = hits->after.count = 0;
    hits->origin = hits->scanned_from = hits->scanned_to = near;
}

void hits_free(struct hits *hits)
{
    free(hits->before.numbers);
    free(hits->after.numbers);
    *hits = (struct hits){.looked = hits->looked};
}

static void add_hit(struct hit_list *list, uint64_t number)
{
    if (list->count == list->size) {
        list->size = list->size ? list->size * 2 : 64;
        list->numbers =
            mem_resize(list->numbers, list->size, sizeof *list->numbers);
    }
    list->numbers[list->count++] = number;
}

static bool asks(struct hits *hits, const struct filter *filter,
                 const struct run *run, uint64_t number)
{
    struct entry entry;
    hits->looked++;
    return run_entry(run, number, &entry) && !entry.hidden &&
           filter_passes(filter, &entry);
}

static bool give(uint64_t number, bool fits, uint64_t *out)
{
    if (fits)
        *out = number;
    return fits;
}

/* Lines that are still being written are asked each time: they grow, and their
 * numbers pass to others. */
static bool open_hit_from(struct hits *hits, const struct filter *filter,
                          const struct run *run, uint64_t from, uint64_t end,
                          uint64_t *out)
{
    uint64_t stored = logstore_end(run_log(run));
    uint64_t at = from > stored ? from : stored;
    while (at < end && !asks(hits, filter, run, at))
        at++;
    return give(at, at < end, out);
}

static bool open_hit_before(struct hits *hits, const struct filter *filter,
                            const struct run *run, uint64_t number,
                            uint64_t *out)
{
    uint64_t stored = logstore_end(run_log(run));
    for (uint64_t at = number; at > stored; at--)
        if (asks(hits, filter, run, at - 1))
            return give(at - 1, true, out);
    return false;
}

/* One past the last entry that is stored. What is looked for begins near a
 * line, which need not be. */
static uint64_t settle_origin(struct hits *hits, const struct run *run)
{
    uint64_t stored = logstore_end(run_log(run));
    if (hits->origin > stored)
        hits_restart(hits, stored);
    return stored;
}

/* Looks at some entries from scanned_to on. */
static void scan_up(struct hits *hits, const struct filter *filter,
                    const struct run *run, uint64_t end)
{
    struct sought sought = {filter->include, filter->level};
    struct scan scan;
    scan_entries(run_log(run), &sought, hits->scanned_to, end, true, &scan);
    for (size_t i = 0; i < scan.count; i++)
        if (asks(hits, filter, run, scan.numbers[i]))
            add_hit(&hits->after, scan.numbers[i]);
    hits->scanned_to = scan.to;
}

static void scan_up_to(struct hits *hits, const struct filter *filter,
                       const struct run *run, uint64_t end)
{
    while (hits->scanned_to < end)
        scan_up(hits, filter, run, end);
}

/* Looks at some entries before scanned_from. */
static void scan_down(struct hits *hits, const struct filter *filter,
                      const struct run *run, uint64_t from)
{
    struct sought sought = {filter->include, filter->level};
    struct scan scan;
    scan_entries(run_log(run), &sought, from, hits->scanned_from, false, &scan);
    for (size_t i = scan.count; i > 0; i--)
        if (asks(hits, filter, run, scan.numbers[i - 1]))
            add_hit(&hits->before, scan.numbers[i - 1]);
    hits->scanned_from = scan.from;
}

static void scan_down_to(struct hits *hits, const struct filter *filter,
                         const struct run *run, uint64_t from)
{
    while (hits->scanned_from > from)
        scan_down(hits, filter, run, from);
}

/* Index of the first number >= wanted in an ascending list. */
static size_t lower_bound(const struct hit_list *list, uint64_t wanted)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->numbers[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Index of the first number < wanted in a descending list. */
static size_t first_below(const struct hit_list *list, uint64_t wanted)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->numbers[middle] >= wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool hits_from(struct hits *hits, const struct filter *filter,
               const struct run *run, uint64_t from, uint64_t end,
               uint64_t *out)
{
    uint64_t stored = settle_origin(hits, run);
    uint64_t looked_to = end < stored ? end : stored;
    if (from < hits->origin) {
        uint64_t first = logstore_first(run_log(run));
        scan_down_to(hits, filter, run, from < first ? first : from);
        size_t below = first_below(&hits->before, from);
        if (below > 0) {
            uint64_t hit = hits->before.numbers[below - 1];
            return give(hit, hit < end, out);
        }
        from = hits->origin;
    }
    for (;;) {
        size_t at = lower_bound(&hits->after, from);
        if (at < hits->after.count) {
            uint64_t hit = hits->after.numbers[at];
            return give(hit, hit < end, out);
        }
        if (hits->scanned_to >= looked_to)
            return open_hit_from(hits, filter, run, from, end, out);
        scan_up(hits, filter, run, looked_to);
    }
}

bool hits_before(struct hits *hits, const struct filter *filter,
                 const struct run *run, uint64_t number, uint64_t *out)
{
    uint64_t first = logstore_first(run_log(run));
    uint64_t stored = settle_origin(hits, run);
    if (open_hit_before(hits, filter, run, number, out))
        return true;
    scan_up_to(hits, filter, run, number < stored ? number : stored);
    size_t at = lower_bound(&hits->after, number);
    if (at > 0) {
        uint64_t hit = hits->after.numbers[at - 1];
        return give(hit, hit >= first, out);
    }
    while ((at = first_below(&hits->before, number)) == hits->before.count) {
        if (hits->scanned_from <= first)
            return false;
        scan_down(hits, filter, run, first);
    }
    uint64_t hit = hits->before.numbers[at];
    return give(hit, hit >= first, out);
}
