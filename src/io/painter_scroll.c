/* Scrolling: what moved is found by the sums of rows, each compared with those
 * only that it shares a bucket with; then the rows that are free are written
 * one by one, while the cursor is there.
 *
 * Beside a pane that stands still the rest of the rows moves alone where the
 * terminal has margins; else whole rows do, and the pane is mended. */
#include "config.h"

#include "io/painter_parts.h"

#include <string.h>

enum {
    BUCKETS = 64
};

/* ---- finding ---- */

static uint64_t sum_of(const struct row *row, bool whole)
{
    return whole ? row->whole : row->part;
}

/* True when something is to be at y that is not there already. */
static bool has_changed(const struct painter *painter, int y, bool whole)
{
    uint64_t next = sum_of(painter->next[y], whole);
    return next && next != sum_of(painter->shown.rows[y], whole);
}

/* … and it is what is shown at `from`. */
static bool has_moved(const struct painter *painter, int y, int from,
                      bool whole)
{
    return from >= 0 && from < painter->height &&
           has_changed(painter, y, whole) &&
           sum_of(painter->next[y], whole) ==
               sum_of(painter->shown.rows[from], whole);
}

/* How far most rows moved; 0: they did not. */
static int most_moved(const struct painter *painter, bool whole)
{
    int heads[BUCKETS], height = painter->height, best = height;
    int *votes = painter->votes; /* by how far, + height */
    for (int i = 0; i < BUCKETS; i++)
        heads[i] = UNKNOWN;
    for (int y = 0; y < height; y++) {
        int *head = &heads[sum_of(painter->shown.rows[y], whole) % BUCKETS];
        painter->chain[y] = *head;
        *head = y;
    }
    memset(votes, 0, 2 * (size_t)height * sizeof *votes);
    for (int y = 0; y < height; y++) {
        if (!has_changed(painter, y, whole))
            continue;
        int from = heads[sum_of(painter->next[y], whole) % BUCKETS];
        for (; from >= 0; from = painter->chain[from]) {
            int by = from - y + height;
            if (has_moved(painter, y, from, whole) && ++votes[by] > votes[best])
                best = by;
        }
    }
    return best - height;
}

/* The first column from which on the row moved. */
static int first_moved(const struct row *next, const struct row *before,
                       int pane)
{
    int x = pane;
    while (x > 0 && cell_is_same(&next->cells[x - 1], &before->cells[x - 1]))
        x--;
    while (x < pane && !next->cells[x].columns) /* half of a wide one */
        x++;
    return x;
}

/* A pane that stands still ends where no column to the right of it does, but
 * for blanks: its frame has not to be drawn again in rows that come in. */
static int end_of_pane(const struct painter *painter,
                       const struct scroll *found)
{
    int end = found->left;
    for (int x = found->left; x < painter_pane_most(painter); x++) {
        bool blank = true;
        for (int y = found->top; y <= found->bottom; y++) {
            const struct cell *next = &painter->next[y]->cells[x];
            if (!cell_is_same(next, &painter->shown.rows[y]->cells[x]))
                return end;
            blank = blank && cell_is_blank(next);
        }
        end = blank ? end : x + 1;
    }
    return end;
}

struct scroll painter_find_scroll(const struct painter *painter, bool whole)
{
    struct scroll found = {.rows = most_moved(painter, whole), .top = UNKNOWN};
    int pane = painter_pane_most(painter);
    if (!painter_has(painter, CAP_CSR) ||
        !painter_has(painter, found.rows > 0 ? CAP_IND : CAP_RI))
        found.rows = 0;
    for (int y = 0; found.rows && y < painter->height; y++) {
        int from = y + found.rows;
        if (!has_moved(painter, y, from, whole))
            continue;
        found.moved++;
        int first = y < from ? y : from, last = y < from ? from : y;
        if (found.top < 0 || first < found.top)
            found.top = first;
        found.bottom = last > found.bottom ? last : found.bottom;
        int left = whole ? 0
                         : first_moved(painter->next[y],
                                       painter->shown.rows[from], pane);
        found.left = left > found.left ? left : found.left;
    }
    if (found.rows && !whole)
        found.left = end_of_pane(painter, &found);
    return found;
}

/* ---- scrolling ---- */

/* A row that shows one up to the left margin and another from there on. */
static struct row *join_rows(struct painter *painter, int left,
                             const struct row *pane, const struct row *rest)
{
    struct row *row = painter_spare_row(painter);
    size_t size = sizeof *row->cells;
    memcpy(row->cells, pane->cells, (size_t)left * size);
    memcpy(row->cells + left, rest->cells + left,
           (size_t)(painter->width - left) * size);
    /* half of a wide one */
    if (!pane->cells[left].columns)
        row->cells[left - 1] = (struct cell){0};
    if (!rest->cells[left].columns)
        row->cells[left] = (struct cell){0};
    row->end = rest->end > left   ? rest->end
               : pane->end < left ? pane->end
                                  : left;
    return row;
}

static bool is_same_pen(const struct pen *a, const struct pen *b)
{
    return a->x == b->x && a->y == b->y && a->look == b->look;
}

/* Where a line begins that is appended beside a pane is the same for each: that
 * place is kept, and with it how what separates them is drawn. True when the
 * cursor is there. */
static bool come_back(const struct painter *painter, struct shown *shown,
                      const struct pen *edge)
{
    struct pen at = {shown->x, shown->y, shown->look};
    if (!is_same_pen(edge, &shown->saved))
        return false;
    if (!is_same_pen(edge, &at))
        termcap_add(&painter->caps, CAP_RC, 0, 0, &shown->out);
    shown->x = edge->x;
    shown->y = edge->y;
    shown->look = edge->look;
    return true;
}

/* The second time that a scroll begins there. */
static void keep_edge(const struct painter *painter, struct shown *shown,
                      const struct pen *edge)
{
    bool again = is_same_pen(edge, &shown->edge);
    shown->edge = *edge;
    if (!again || shown->x != edge->x)
        return;
    shown_change_look(painter, shown, edge->look);
    termcap_add(&painter->caps, CAP_SC, 0, 0, &shown->out);
    shown->saved = *edge;
}

static bool may_keep(const struct painter *painter, const struct shown *shown,
                     int x, int look)
{
    return painter_has(painter, CAP_RC) && painter->caps.moves_styled &&
           !shown->left && x > 0 && !painter->caps.looks[look].reverse;
}

/* To the row that will be free, where a scroll begins. */
static void go_to_edge(const struct painter *painter, struct shown *shown,
                       const struct row *want, bool up)
{
    int y = up ? shown->bottom : shown->top, x = shown->left;
    while (x < painter->width && cell_is_blank(&want->cells[x]))
        x++;
    x = x < painter->width ? x : shown->left;
    struct pen edge = {x, y, want->cells[x].style};
    bool keeps = may_keep(painter, shown, x, edge.look);
    if (keeps && come_back(painter, shown, &edge))
        return;
    shown_change_look(painter, shown, LOOK_PLAIN);
    if (up && !shown->left && shown->y == y && shown->x < 0)
        buf_addc(&shown->out, '\r'), shown->x = 0;
    /* outside of margins nothing scrolls */
    if (shown->y != y || (shown->left && shown->x < shown->left))
        shown_move_to(painter, shown, x, y);
    if (keeps)
        keep_edge(painter, shown, &edge);
}

/* One row on; the free row gets what it shows in the end. */
static void scroll_once(struct painter *painter, struct shown *shown, bool up,
                        struct row *want)
{
    int free_row = up ? shown->bottom : shown->top, left = shown->left;
    size_t moved = (size_t)(shown->bottom - shown->top) * sizeof *shown->rows;
    struct row **first = shown->rows + shown->top;
    go_to_edge(painter, shown, want, up);
    termcap_add(&painter->caps, up ? CAP_IND : CAP_RI, 0, 0, &shown->out);
    if (up)
        memmove(first, first + 1, moved);
    else
        memmove(first + 1, first, moved);
    shown->rows[free_row] = painter->blank;
    shown_paint_row(painter, shown, free_row, want, left);
}

/* Inside margins the rows are joined again, of what moved and what did not. */
void shown_scroll(struct painter *painter, struct shown *shown,
                  const struct scroll *by)
{
    bool up = by->rows > 0;
    int count = up ? by->rows : -by->rows;
    shown_set_region(painter, shown, by);
    for (int i = count - 1; i >= 0; i--) {
        int y = up ? by->bottom - i : by->top + i;
        scroll_once(painter, shown, up, painter->next[y]);
    }
    for (int y = by->top; by->left && y <= by->bottom; y++)
        shown->rows[y] = join_rows(painter, by->left, painter->shown.rows[y],
                                   shown->rows[y]);
}
