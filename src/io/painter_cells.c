/* Writing a row: only cells that differ, and blanks by erasing where that is
 * shorter.
 *
 * After each cell that terminals may take for wider or narrower the cursor
 * counts as lost, and the cells it may have spoilt are written again. */
#include "config.h"

#include "io/painter_parts.h"

#include <string.h>

enum {
    ERASE_WORTH = 12, /* blank cells inside a row that erasing is worth */
    RUN_MAX = 128
};

static void add_text(const struct painter *painter, struct shown *shown,
                     const struct cell *cell)
{
    char text[CELL_TEXT_SIZE];
    if (cell->sign < 0x80)
        buf_fill(&shown->out, (char)cell->sign, cell->columns);
    else
        buf_add(&shown->out, text, frame_cell_text(painter->frame, cell, text));
}

static void look_for(const struct painter *painter, struct shown *shown,
                     const struct cell *cell)
{
    if (!cell_is_blank(cell))
        shown_change_look(painter, shown, cell->style);
    else if (shown->look < 0 || painter->caps.looks[shown->look].reverse)
        shown_change_look(painter, shown, LOOK_PLAIN);
}

/* Writes a cell. Returns the first column that it cannot have spoilt. */
static int write_cell(const struct painter *painter, struct shown *shown, int x,
                      int y, const struct cell *cell)
{
    int end = x + cell->columns;
    if (end == painter->width && y == painter->height - 1 &&
        painter_wraps_at_once(painter))
        return end; /* it would scroll the screen */
    bool open = cell_is_open(painter, cell);
    shown_move_to(painter, shown, x, y);
    look_for(painter, shown, cell);
    if (open && cell->columns == 2) {
        /* A terminal that takes it for narrow leaves the second column. */
        buf_adds(&shown->out, "  ");
        shown_settle_cursor(painter, shown, end);
        shown_move_to(painter, shown, x, y);
        look_for(painter, shown, cell);
    }
    add_text(painter, shown, cell);
    shown_settle_cursor(painter, shown, end);
    if (!open)
        return end;
    int reach = x + cell_most_columns(painter, cell);
    shown->x = UNKNOWN;
    if (reach >= painter->width && painter_wraps_at_once(painter))
        shown->y = UNKNOWN;
    return reach > end ? reach : end;
}

/* Cells from x on that are written as one: of ASCII, in one look, none of them
 * shown already, none in the last column. */
static int run_at(const struct painter *painter, const struct cell *have,
                  const struct cell *want, int x, int spoilt)
{
    int end = x;
    while (end < painter->width - 1 && end - x < RUN_MAX &&
           cell_is_ascii(&want[end]) && !cell_is_blank(&want[end]) &&
           want[end].style == want[x].style &&
           (end < spoilt || !cell_is_same(&have[end], &want[end])))
        end++;
    return end - x;
}

static void write_run(const struct painter *painter, struct shown *shown, int x,
                      int y, const struct cell *cells, int count)
{
    char bytes[RUN_MAX];
    for (int i = 0; i < count; i++)
        bytes[i] = (char)cells[i].sign;
    shown_move_to(painter, shown, x, y);
    shown_change_look(painter, shown, cells->style);
    buf_add(&shown->out, bytes, (size_t)count);
    shown->x += count;
}

/* Makes cells from x on blank. */
static void write_blanks(const struct painter *painter, struct shown *shown,
                         int x, int y, int count, bool to_end)
{
    bool by_row = to_end && painter_has(painter, CAP_EL) && count > 3;
    bool erase =
        by_row || (count >= ERASE_WORTH && painter_has(painter, CAP_ECH));
    for (int i = 0; i < count && !erase; i++)
        write_cell(painter, shown, x + i, y, painter->blank->cells);
    if (!erase)
        return;
    shown_change_look(painter, shown, LOOK_PLAIN);
    shown_move_to(painter, shown, x, y);
    termcap_add(&painter->caps, by_row ? CAP_EL : CAP_ECH, count, 0,
                &shown->out);
}

/* Blank cells from x on, up to the last one before `until` in whose place there
 * is text. */
static int blanks_at(const struct cell *have, const struct cell *want, int x,
                     int until)
{
    int end = x + 1;
    for (int i = x + 1; i < until && cell_is_blank(&want[i]); i++)
        if (!cell_is_blank(&have[i]))
            end = i + 1;
    return end - x;
}

/* From the column `first` on. */
static void write_row(const struct painter *painter, struct shown *shown, int y,
                      const struct row *have, const struct row *want, int first)
{
    const struct cell *cells = want->cells;
    int spoilt = 0; /* cells before this column are to be written anyhow */
    for (int x = first; x < painter->width;) {
        if (!cells[x].columns ||
            (x >= spoilt && cell_is_same(&have->cells[x], &cells[x]))) {
            x++;
            continue;
        }
        if (cell_is_blank(&cells[x])) {
            bool to_end = x >= want->end;
            int until = spoilt > have->end ? spoilt : have->end;
            int count =
                to_end ? (until < painter->width ? until : painter->width) - x
                       : blanks_at(have->cells, cells, x, want->end);
            write_blanks(painter, shown, x, y, count, to_end);
            if (to_end)
                break;
            x += count;
            continue;
        }
        int run = run_at(painter, have->cells, cells, x, spoilt);
        if (run) {
            write_run(painter, shown, x, y, &cells[x], run);
            x += run;
            continue;
        }
        int reach = write_cell(painter, shown, x, y, &cells[x]);
        x += cells[x].columns;
        spoilt = reach > x && reach > spoilt ? reach : spoilt;
    }
}

/* Up to where the row is written, it is as it will be: so it is noted first. */
void shown_paint_row(const struct painter *painter, struct shown *shown, int y,
                     struct row *want, int first)
{
    const struct row *have = shown->rows[y];
    size_t size = (size_t)painter->width * sizeof *have->cells;
    shown->rows[y] = want;
    if (have != want && memcmp(have->cells, want->cells, size) != 0)
        write_row(painter, shown, y, have, want, first);
}
