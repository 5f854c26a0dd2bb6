/* Cuts one safe line (from escape_text(), without LF) into rows. */
#ifndef TEXT_WRAP_H
#define TEXT_WRAP_H

#include <stddef.h>

struct wrap_row {
    size_t start; /* byte offset into the line */
    size_t len;   /* bytes shown */
    size_t columns;
};

/* The row that starts at byte `start`: at most `columns` (>= 1) wide, broken
 * at a space where that loses no more than half of the row, else inside the
 * word, never inside a grapheme cluster. The space broken at is not shown.
 * A cluster wider than the row is given a row of its own. Returns the offset
 * where the next row starts; `len` when this was the last. */
size_t wrap_next(const char *line, size_t len, size_t start, size_t columns,
                 struct wrap_row *row);

#endif
