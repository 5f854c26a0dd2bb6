/* One log entry as it is shown: its safe text, cut into rows. */
#ifndef VIEW_VIEW_LINE_H
#define VIEW_VIEW_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "model/logstore.h"
#include "view/frame.h"
#include "wire/json_text.h"

/* Bytes of an entry's text that are shown; the rest is told as a number. */
enum {
    LINE_SHOWN_MAX = 96 * 1024
};

struct line_text {
    struct buf safe;  /* label, "warn ", then the text, then the data */
    size_t word_end;  /* bytes of the label and the level's word */
    size_t text_end;  /* … and of the text */
    enum style style; /* of the text */
    enum style word_style;
    bool cut; /* one row is shown of it, however long it is */
};

/* How an entry is shown. */
struct line_dress {
    unsigned escape;    /* enum escape_flags */
    struct slice label; /* stands before the text, dim; empty: none */
    bool terse;         /* its data is shown unfolded only */
    bool unfolded;      /* its data row by row */
};

/* True when there is data to unfold: beside the text, or the text itself. */
bool line_unfolds(const struct entry *entry);

/* Reuses what *line holds; start with {0}, end with line_free(). */
void line_compose(struct line_text *line, const struct entry *entry,
                  const struct line_dress *dress);
void line_free(struct line_text *line);

/* Takes the row that starts at byte *at (0 first) and moves *at to the next.
 * columns: 0 leaves long lines uncut. False: there are no more. */
bool line_next_row(const struct line_text *line, size_t *at, size_t columns,
                   size_t *start, size_t *len);

/* How many rows it takes; columns: as above. */
unsigned line_rows(const struct line_text *line, size_t columns);

#endif
