#include "config.h"

#include "sim/timeline.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sim/member.h"

bool timeline_read(struct timeline *timeline, json_t *steps, const char *what,
                   struct error *err)
{
    *timeline = (struct timeline){.steps = steps};
    timeline->items =
        mem_zalloc(json_array_size(steps) + 1, sizeof *timeline->items);
    int64_t at_ms = 0;
    size_t i;
    json_t *step;
    json_array_foreach(steps, i, step)
    {
        int64_t before_ms = at_ms;
        at_ms =
            member_int(step, "at_ms", at_ms + member_int(step, "after_ms", 0));
        if (!json_is_object(step) || at_ms < before_ms)
            return error_set(err, ERROR_USAGE,
                             "step %zu of %s is no object, or before the one "
                             "before it",
                             i + 1, what);
        timeline->items[timeline->count++] =
            (struct timeline_item){at_ms, step};
    }
    return true;
}

void timeline_free(struct timeline *timeline)
{
    free(timeline->items);
    json_decref(timeline->steps);
    *timeline = (struct timeline){0};
}

size_t timeline_due(const struct timeline *timeline, int64_t ms)
{
    size_t low = 0;
    size_t high = timeline->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (timeline->items[middle].at_ms <= ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
