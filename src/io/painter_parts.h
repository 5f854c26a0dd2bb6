/* What the painter's files share. painter.c: frames and the ways to paint one;
 * painter_rows.c: rows as they are drawn; painter_cursor.c: moving, and where
 * rows scroll; painter_cells.c: writing a row; painter_scroll.c: finding what
 * moved, and scrolling it. */
#ifndef IO_PAINTER_PARTS_H
#define IO_PAINTER_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "io/painter.h"
#include "io/termcap.h"
#include "view/frame.h"

enum {
    UNKNOWN = -1
};

/* A row of the screen. What two frames, or two rows, have in common is one of
 * these: rows are compared with each other by their addresses first. */
struct row {
    struct cell *frame; /* as the frame had it */
    struct cell *cells; /* as drawn: style is an index of looks */
    int end;            /* one past the last cell drawn that is not blank */
    uint64_t whole;     /* sums of the frame's cells; 0: all blank … */
    uint64_t part;      /* … and of those right of a pane on the left */
    bool used;
};

/* Where the cursor is and how it writes. y: UNKNOWN: nowhere. */
struct pen {
    int x, y, look;
};

/* What the terminal shows, after the bytes in `out`. */
struct shown {
    struct row **rows;
    int x, y;         /* the cursor; UNKNOWN */
    int look;         /* UNKNOWN */
    int top, bottom;  /* rows that scroll … */
    int left;         /* … from this column on */
    bool margins;     /* columns may be left out of scrolling */
    struct pen saved; /* by DECSC */
    struct pen edge;  /* where the last scroll began */
    struct buf out;
};

enum way {
    AS_IT_STANDS,
    SCROLLED,        /* the rows that moved */
    SCROLLED_PART,   /* the rows of which the right part moved */
    SCROLLED_INSIDE, /* that right part alone */
    SCROLLED_AGAIN,  /* what scrolled last */
    WAY_COUNT
};

struct scroll {
    int rows; /* up; negative: down; 0: none */
    int top, bottom, left;
    int moved; /* rows that are found where they are to be */
};

struct painter {
    struct painter_options options;
    struct termcap caps;
    int width, height;
    bool known;               /* what the terminal shows */
    int cursor;               /* 1: visible, 0: not; UNKNOWN */
    enum painter_margins can; /* columns be left out of scrolling? */
    const struct frame *frame;
    uint64_t numbering;         /* of the clusters in cells */
    uint64_t prepared;          /* rows */
    struct row *rows;           /* all there are */
    int row_count, next_unused; /* below next_unused none is free */
    struct cell *cells;         /* of all rows */
    struct row *blank;
    struct row **next; /* the rows of the frame */
    int *chain, *votes;
    struct shown shown, tried[WAY_COUNT];
};

static inline bool painter_has(const struct painter *painter,
                               enum termcap_name name)
{
    return termcap_has(&painter->caps, name);
}

/* True when a full row leaves the cursor where it may be in the next one. */
bool painter_wraps_at_once(const struct painter *painter);

/* Columns that a pane on the left takes at most. */
static inline int painter_pane_most(const struct painter *painter)
{
    return painter->width * 2 / 5;
}

/* ---- painter_rows.c ---- */

static inline bool cell_is_same(const struct cell *a, const struct cell *b)
{
    return a->sign == b->sign && a->columns == b->columns &&
           a->style == b->style;
}

static inline bool cell_is_blank(const struct cell *cell)
{
    return cell->sign == ' ' && cell->columns == 1 && cell->style == LOOK_PLAIN;
}

/* One byte, one column. */
static inline bool cell_is_ascii(const struct cell *cell)
{
    return cell->sign < 0x80 && cell->columns == 1;
}

/* True when terminals may take more or fewer columns for the cell. */
bool cell_is_open(const struct painter *painter, const struct cell *cell);

/* Columns that the terminal takes for the cell at most. */
int cell_most_columns(const struct painter *painter, const struct cell *cell);

/* Makes room for rows of the painter's width and height. */
void painter_make_rows(struct painter *painter);
void painter_free_rows(struct painter *painter);

/* Sets `next` to the rows of the frame; returns how many are not shown where
 * they are. */
int painter_take_frame(struct painter *painter);

/* A row to be filled, for as long as this frame is painted. */
struct row *painter_spare_row(struct painter *painter);

/* ---- painter_cursor.c ---- */

/* Append what changes the look of what is written next, or where it goes; less
 * or nothing where it is so already. */
void shown_change_look(const struct painter *painter, struct shown *shown,
                       int look);
void shown_move_to(const struct painter *painter, struct shown *shown, int x,
                   int y);

/* After text that ended in column x, which may be past the last one. */
void shown_settle_cursor(const struct painter *painter, struct shown *shown,
                         int x);

/* Sets the rows and columns that scroll. */
void shown_set_region(const struct painter *painter, struct shown *shown,
                      const struct scroll *region);

/* ---- painter_cells.c ---- */

/* Makes the row at y show, from the column `first` on, what `want` does. Left
 * of it that is shown already. */
void shown_paint_row(const struct painter *painter, struct shown *shown, int y,
                     struct row *want, int first);

/* ---- painter_scroll.c ---- */

/* What moved between the rows shown and the next ones: whole rows, or the
 * parts of rows right of a pane. rows is 0: nothing, or it cannot be scrolled.
 */
struct scroll painter_find_scroll(const struct painter *painter, bool whole);

/* Scrolls so; rows that come in get what they show in the end. */
void shown_scroll(struct painter *painter, struct shown *shown,
                  const struct scroll *by);

#endif
