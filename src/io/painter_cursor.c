/* The cursor, and what is kept with it: how text is drawn and which rows and
 * columns scroll. Of the ways to a place the shortest is taken. */
#include "config.h"

#include "io/painter_parts.h"

#include <string.h>

enum {
    REPEAT_WORTH = 8,  /* cells that may be written again to get past them */
    REPEAT_AT_ONCE = 2 /* … which no sequence is shorter than */
};

struct sequence {
    char bytes[2 * TERMCAP_SIZE];
    size_t len; /* SIZE_MAX: none yet */
};

static void take_shorter(struct sequence *best, const char *bytes, size_t len)
{
    if (!len || len >= best->len || len > sizeof best->bytes)
        return;
    memcpy(best->bytes, bytes, len);
    best->len = len;
}

/* Past cells that are shown already by writing them again. */
static void try_repeating(const struct painter *painter,
                          const struct shown *shown, int x,
                          struct sequence *best)
{
    char bytes[REPEAT_WORTH];
    size_t len = 0;
    if (shown->x < 0 || shown->x >= x || x - shown->x > REPEAT_WORTH ||
        shown->look < 0)
        return;
    const struct cell *cell = shown->rows[shown->y]->cells + shown->x;
    bool reverse = painter->caps.looks[shown->look].reverse;
    for (int i = 0; i < x - shown->x; i++, cell++) {
        if (!cell_is_ascii(cell) ||
            (cell_is_blank(cell) ? reverse : cell->style != shown->look))
            return;
        bytes[len++] = (char)cell->sign;
    }
    take_shorter(best, bytes, len);
}

/* Within the row, after `before`: the cursor is in column `from`. Backspaces
 * stop at a left margin. */
static void try_columns(const struct painter *painter, int left,
                        const struct sequence *before, int from, int x,
                        struct sequence *best)
{
    char bytes[2 * TERMCAP_SIZE];
    size_t len = before->len;
    memcpy(bytes, before->bytes, len);
    if (from == x)
        take_shorter(best, bytes, len);
    if (x < from && from - x < TERMCAP_SIZE / 2 && (x >= left || from < left)) {
        memset(bytes + len, '\b', (size_t)(from - x));
        take_shorter(best, bytes, len + (size_t)(from - x));
    }
    if (from >= 0 && x > from) {
        size_t more =
            termcap_expand(&painter->caps, CAP_CUF, x - from, 0, bytes + len);
        take_shorter(best, bytes, more ? len + more : 0);
    }
    size_t more = termcap_expand(&painter->caps, CAP_HPA, x, 0, bytes + len);
    take_shorter(best, bytes, more ? len + more : 0);
}

/* Line feeds move down without scrolling above the last row that scrolls, and
 * below it. */
static int feeds_to(const struct shown *shown, int y)
{
    enum {
        FEEDS_MAX = 4
    };
    int feeds = y - shown->y;
    if (shown->y < 0 || feeds < 0 || feeds > FEEDS_MAX)
        return UNKNOWN;
    return y <= shown->bottom || shown->y > shown->bottom ? feeds : UNKNOWN;
}

/* Where a carriage return leads to: inside the margins to the left one. */
static int column_of_return(const struct shown *shown)
{
    if (!shown->left)
        return 0;
    return shown->x >= shown->left ? shown->left : shown->x < 0 ? UNKNOWN : 0;
}

void shown_change_look(const struct painter *painter, struct shown *shown,
                       int look)
{
    termcap_change_look(&painter->caps, shown->look, look, &shown->out);
    shown->look = look;
}

void shown_move_to(const struct painter *painter, struct shown *shown, int x,
                   int y)
{
    struct sequence best = {.len = SIZE_MAX};
    char bytes[TERMCAP_SIZE];
    if (shown->x == x && shown->y == y)
        return;
    if (shown->y == y && x - shown->x <= REPEAT_AT_ONCE)
        try_repeating(painter, shown, x, &best);
    if (best.len <= REPEAT_AT_ONCE) {
        buf_add(&shown->out, best.bytes, best.len);
        shown->x = x;
        return;
    }
    if (!painter->caps.moves_styled && shown->look != LOOK_PLAIN)
        shown_change_look(painter, shown, LOOK_PLAIN);
    take_shorter(&best, bytes,
                 termcap_expand(&painter->caps, CAP_CUP, y, x, bytes));
    int feeds = feeds_to(shown, y);
    if (feeds >= 0) {
        struct sequence feed = {.len = (size_t)feeds};
        memset(feed.bytes, '\n', feed.len);
        if (shown->x >= 0)
            try_columns(painter, shown->left, &feed, shown->x, x, &best);
        int start = column_of_return(shown);
        feed.bytes[feed.len++] = '\r';
        if (start >= 0)
            try_columns(painter, shown->left, &feed, start, x, &best);
    }
    if (feeds == 0)
        try_repeating(painter, shown, x, &best);
    buf_add(&shown->out, best.bytes, best.len);
    shown->x = x;
    shown->y = y;
}

/* After text that ended in column x, which may be past the last one. */
void shown_settle_cursor(const struct painter *painter, struct shown *shown,
                         int x)
{
    shown->x = x;
    if (x < painter->width)
        return;
    shown->x = UNKNOWN;
    if (painter_wraps_at_once(painter))
        shown->y = UNKNOWN;
}

/* Setting either takes the cursor to the top left with most terminals, not with
 * all. */
void shown_set_region(const struct painter *painter, struct shown *shown,
                      const struct scroll *region)
{
    if (shown->top != region->top || shown->bottom != region->bottom) {
        termcap_add(&painter->caps, CAP_CSR, region->top, region->bottom,
                    &shown->out);
        shown->x = shown->y = UNKNOWN;
    }
    if (shown->left != region->left) {
        if (!shown->margins)
            buf_adds(&shown->out, TERMCAP_MARGINS_ON);
        buf_addf(&shown->out, "\033[%d;%ds", region->left + 1, painter->width);
        shown->margins = true;
        shown->x = shown->y = UNKNOWN;
    }
    shown->top = region->top;
    shown->bottom = region->bottom;
    shown->left = region->left;
}
