#include "config.h"

#include "text/wrap.h"

#include <stdbool.h>

#include "text/width.h"

/* The last space of the row under construction. */
struct space {
    bool found;
    size_t at;
    size_t columns; /* of the row before it */
};

static size_t break_at_space(struct space space, size_t start,
                             struct wrap_row *row)
{
    row->len = space.at - start;
    row->columns = space.columns;
    return space.at + 1;
}

/* A row reads at most twice what it shows and one cluster more, so that a
 * whole line is wrapped in time linear in its length. */
size_t wrap_next(const char *line, size_t len, size_t start, size_t columns,
                 struct wrap_row *row)
{
    struct space space = {.found = false};
    size_t at = start;
    *row = (struct wrap_row){.start = start};
    while (at < len) {
        int width;
        size_t used = width_cluster(line + at, len - at, &width);
        bool is_space = used == 1 && line[at] == ' ';
        bool fits = row->columns + (size_t)width <= columns;
        if (is_space)
            space = (struct space){true, at, row->columns};
        if (!fits && at > start) {
            bool good = space.found && space.columns * 2 >= columns;
            return good ? break_at_space(space, start, row) : at;
        }
        at += used;
        row->len += used;
        row->columns += (size_t)width;
    }
    return len;
}
