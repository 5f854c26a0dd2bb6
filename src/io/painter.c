/* The painter knows what the terminal shows, cell by cell, where its cursor is,
 * how it draws and which of its rows scroll. A frame is painted by one of a few
 * ways - as it stands, or after scrolling what moved - each written out; the
 * shortest is sent.
 *
 * What scrolls stays set from frame to frame, so that a line appended to a log
 * costs a line feed, a move and its text. */
#include "config.h"

#include "io/painter.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/painter_parts.h"

struct painter *painter_create(const struct painter_options *options)
{
    struct painter *painter = mem_zalloc(1, sizeof *painter);
    painter->options = *options;
    termcap_load(&painter->caps, options->colors);
    painter->can = painter->caps.answers ? MARGINS_UNKNOWN : MARGINS_NONE;
    if (termcap_is_usable(&painter->caps))
        return painter;
    painter_destroy(painter);
    return NULL;
}

void painter_destroy(struct painter *painter)
{
    if (!painter)
        return;
    termcap_free(&painter->caps);
    painter_free_rows(painter);
    buf_free(&painter->shown.out);
    for (int i = 0; i < WAY_COUNT; i++)
        buf_free(&painter->tried[i].out);
    free(painter);
}

void painter_forget(struct painter *painter)
{
    painter->known = false;
}

enum painter_margins painter_margins(const struct painter *painter)
{
    return painter->can;
}

uint64_t painter_prepared(const struct painter *painter)
{
    return painter->prepared;
}

void painter_set_margins(struct painter *painter, enum painter_margins margins)
{
    painter->can = margins;
}

bool painter_wraps_at_once(const struct painter *painter)
{
    return painter->caps.wraps && !painter->caps.wraps_late &&
           !painter_has(painter, CAP_RMAM);
}

/* ---- ways ---- */

enum {
    PANE_WORTH = 8 /* columns that stand still, worth to ask for margins */
};

static struct shown *try_way(struct painter *painter, enum way way,
                             const struct scroll *by, size_t limit)
{
    struct shown *shown = &painter->tried[way];
    struct row **rows = shown->rows;
    struct buf out = shown->out;
    *shown = painter->shown;
    shown->rows = rows;
    shown->out = out;
    buf_clear(&shown->out);
    memcpy(rows, painter->shown.rows,
           (size_t)painter->height * sizeof(struct row *));
    if (way != AS_IT_STANDS)
        shown_scroll(painter, shown, by);
    for (int y = 0; y < painter->height && shown->out.len < limit; y++)
        shown_paint_row(painter, shown, y, painter->next[y], 0);
    return shown;
}

static bool is_same_scroll(const struct scroll *a, const struct scroll *b)
{
    return a->rows == b->rows && a->top == b->top && a->bottom == b->bottom &&
           a->left == b->left;
}

static bool can_scroll_in(const struct painter *painter,
                          const struct scroll *by)
{
    bool all = by->top == 0 && by->bottom == painter->height - 1;
    return by->rows && !all && abs(by->rows) <= by->bottom - by->top;
}

/* What moved, scrolled in each way that the terminal has. Returns the columns
 * on the left that stand still. */
static int plan_scrolls(struct painter *painter, int changed,
                        struct scroll plans[WAY_COUNT])
{
    memset(plans, 0, WAY_COUNT * sizeof *plans);
    if (changed < 2)
        return 0;
    struct scroll *whole = &plans[SCROLLED], *part = &plans[SCROLLED_PART];
    struct scroll *inside = &plans[SCROLLED_INSIDE];
    struct scroll *again = &plans[SCROLLED_AGAIN];
    *whole = painter_find_scroll(painter, true);
    if (changed - whole->moved >
        abs(whole->rows)) /* else it is all that is new */
        *inside = *part = painter_find_scroll(painter, false);
    part->left = 0;
    *again = (struct scroll){.rows = part->rows ? part->rows : whole->rows,
                             .top = painter->shown.top,
                             .bottom = painter->shown.bottom,
                             .left = painter->shown.left};
    if (!can_scroll_in(painter, again) || is_same_scroll(again, whole) ||
        is_same_scroll(again, part) || is_same_scroll(again, inside))
        again->rows = 0;
    if (is_same_scroll(part, whole))
        part->rows = inside->rows = 0;
    int pane = inside->rows ? inside->left : 0;
    if (!inside->left || painter->can != MARGINS_THERE)
        inside->rows = 0;
    return pane;
}

/* True when writing what differs, a byte a cell at least, comes to as many as
 * there are already. Blanks are not counted: they may be erased at once. */
static bool is_hopeless(const struct painter *painter, size_t limit)
{
    size_t differ = 0;
    for (int y = 0; y < painter->height && differ < limit; y++) {
        const struct row *have = painter->shown.rows[y];
        const struct row *want = painter->next[y];
        for (int x = 0; have != want && x < want->end; x++)
            differ += want->cells[x].columns &&
                      !cell_is_blank(&want->cells[x]) &&
                      !cell_is_same(&want->cells[x], &have->cells[x]);
    }
    return differ >= limit;
}

/* Rows move whole, or, beside a pane that stands still, only their right part.
 */
static struct shown *shortest_way(struct painter *painter)
{
    static const enum way ORDER[] = {SCROLLED_INSIDE, SCROLLED, SCROLLED_PART,
                                     SCROLLED_AGAIN, AS_IT_STANDS};
    struct scroll plans[WAY_COUNT];
    struct shown *best = NULL;
    int pane = plan_scrolls(painter, painter_take_frame(painter), plans);
    for (int i = 0; i < WAY_COUNT; i++) {
        enum way way = ORDER[i];
        if (!plans[way].rows && way != AS_IT_STANDS)
            continue;
        size_t limit = best ? best->out.len : SIZE_MAX;
        if (best && way == AS_IT_STANDS && is_hopeless(painter, limit))
            continue;
        struct shown *tried = try_way(painter, way, &plans[way], limit);
        if (!best || tried->out.len < limit)
            best = tried;
    }
    if (painter->can == MARGINS_UNKNOWN && pane >= PANE_WORTH &&
        best != &painter->tried[AS_IT_STANDS])
        painter->can = MARGINS_WANTED;
    return best;
}

static void set_size(struct painter *painter, int width, int height)
{
    if (painter->known && painter->width == width && painter->height == height)
        return;
    painter->known = false;
    if (painter->width == width && painter->height == height)
        return;
    painter->width = width;
    painter->height = height;
    painter_make_rows(painter);
}

/* ---- a frame ---- */

/* Where nothing could be cleared every cell differs from what is to be shown.
 */
static struct row *unknown_row(struct painter *painter)
{
    struct row *row = painter_spare_row(painter);
    size_t size = (size_t)painter->width * sizeof *row->cells;
    memset(row->frame, 0, size);
    memset(row->cells, 0, size);
    row->whole = row->part = 0;
    row->end = painter->width;
    return row;
}

/* From a screen of which nothing is known to one that is blank. */
static void start_over(struct painter *painter, struct buf *out)
{
    const struct termcap *caps = &painter->caps;
    struct shown *shown = &painter->shown;
    bool clears = painter_has(painter, CAP_CLEAR);
    if (shown->margins)
        buf_adds(out, TERMCAP_MARGINS_OFF);
    termcap_add(caps, CAP_RMAM, 0, 0, out);
    termcap_change_look(caps, UNKNOWN, LOOK_PLAIN, out);
    termcap_add(caps, CAP_CSR, 0, painter->height - 1, out);
    if (!clears)
        termcap_add(caps, CAP_CUP, 0, 0, out);
    termcap_add(caps, clears ? CAP_CLEAR : CAP_ED, painter->height, 0, out);
    clears = clears || painter_has(painter, CAP_ED);
    shown->x = shown->y = UNKNOWN;
    shown->look = LOOK_PLAIN;
    shown->top = 0;
    shown->bottom = painter->height - 1;
    shown->left = 0;
    shown->margins = false;
    shown->saved.y = shown->edge.y = UNKNOWN;
    struct row *row = clears ? painter->blank : unknown_row(painter);
    for (int y = 0; y < painter->height; y++)
        shown->rows[y] = row;
    painter->cursor = UNKNOWN;
    painter->known = true;
}

static void place_cursor(struct painter *painter, const struct frame *frame)
{
    int x, y;
    frame_get_cursor(frame, &x, &y);
    int visible = x >= 0;
    if (visible)
        shown_move_to(painter, &painter->shown, x, y);
    if (visible != painter->cursor)
        termcap_add(&painter->caps, visible ? CAP_CNORM : CAP_CIVIS, 0, 0,
                    &painter->shown.out);
    painter->cursor = visible;
}

void painter_paint(struct painter *painter, const struct frame *frame,
                   struct buf *out)
{
    painter->frame = frame;
    set_size(painter, frame_width(frame), frame_height(frame));
    if (!painter->known)
        start_over(painter, out);
    struct shown *best = shortest_way(painter);
    struct shown before = painter->shown;
    painter->shown = *best;
    *best = before;
    place_cursor(painter, frame);
    buf_add(out, painter->shown.out.data, painter->shown.out.len);
    painter->frame = NULL;
}

void painter_leave(const struct painter *painter, int height, struct buf *out)
{
    const struct termcap *caps = &painter->caps;
    if (painter->can == MARGINS_THERE)
        buf_adds(out, TERMCAP_MARGINS_OFF);
    termcap_change_look(caps, UNKNOWN, LOOK_PLAIN, out);
    termcap_add(caps, CAP_CSR, 0, height - 1, out);
    termcap_add(caps, CAP_SMAM, 0, 0, out);
    termcap_add(caps, CAP_CNORM, 0, 0, out);
    /* Without a screen of its own the program leaves below what it showed. */
    termcap_add(caps, CAP_CUP, height - 1, 0, out);
    if (!painter_has(painter, CAP_RMCUP))
        termcap_add(caps, CAP_EL, 0, 0, out);
}

void painter_add_end(const struct painter *painter, struct buf *out)
{
    termcap_add(&painter->caps, CAP_RMKX, 0, 0, out);
    termcap_add(&painter->caps, CAP_RMCUP, 0, 0, out);
}
