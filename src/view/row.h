/* One row of the screen made of fields: some from the left, some from the
 * right. When they do not fit, the least important ones become brief or go. */
#ifndef VIEW_ROW_H
#define VIEW_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "view/frame.h"

enum {
    ROW_FIELDS = 24,
    ROW_FIELD_SIZE = 320,
    ROW_BRIEF_SIZE = 24
};

/* How long a field is kept: the highest goes first; 0 stays and is cut. */
enum row_rank {
    ROW_KEEP,
    ROW_RANK_MAX = 9
};

struct field {
    char text[ROW_FIELD_SIZE];
    char brief[ROW_BRIEF_SIZE]; /* "": it has no shorter form */
    enum style style;
    int rank;
    bool cut;   /* ".." stands for what does not fit; a few columns stay */
    bool right; /* from the right end */
    bool gone;
};

struct row {
    struct field fields[ROW_FIELDS];
    int count;
    unsigned escape; /* enum escape_flags for text of others */
};

/* An empty row. */
struct row row_make(unsigned escape);

/* Adds own words. Returns the field, for changes; "" adds nothing and returns
 * a field that is not shown. */
struct field *row_add(struct row *row, int rank, enum style style,
                      const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds text of others, made safe, at most `columns` wide. */
struct field *row_add_remote(struct row *row, int rank, enum style style,
                             const char *text, int columns);

/* Turns the last added field to the right end. */
void row_to_right(struct row *row);

/* Columns from x that the left fields took; gap: between fields. */
int row_draw(struct row *row, struct frame *frame, int x, int y, int columns,
             int gap);

/* A rule across `columns`: the left fields after its start, the right ones
 * before its end, dash everywhere else. */
void row_draw_rule(struct row *row, struct frame *frame, int x, int y,
                   int columns, const char *dash);

/* Appends text of others, made safe, on one line: LF becomes a space. */
void row_safe(struct buf *out, const char *text, size_t len, unsigned escape);

#endif
