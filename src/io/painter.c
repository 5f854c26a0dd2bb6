/* The painter knows what the terminal shows, cell by cell, where its cursor is,
 * how it draws and which of its rows scroll. A frame is painted by one of a few
 * ways - as it stands, or after scrolling the rows that moved - each written
 * out; the shortest is sent.
 *
 * The rows that scroll stay set from frame to frame, so that a line appended to
 * a log costs a line feed, a move and its text.
 *
 * Widths: terminals differ about some characters (emoji, what joins, signs that
 * are wide in East Asia). After each of those the cursor counts as lost, and
 * the cells it may have spoilt are written again. */
#include "config.h"

#include "io/painter.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/mem.h"
#include "io/termcap.h"
#include "text/utf8.h"

enum {
    UNKNOWN = -1,
    ERASE_WORTH = 12, /* blank cells inside a row that erasing is worth */
    REPEAT_WORTH = 8  /* cells that may be written again to get past them */
};

/* What the terminal shows, after the bytes in `out`. */
struct shown {
    struct cell *cells; /* style is an index of looks */
    int x, y;           /* the cursor; UNKNOWN */
    int look;           /* UNKNOWN */
    int top, bottom;    /* rows that scroll */
    struct buf out;
};

enum way {
    AS_IT_STANDS,
    SCROLLED,       /* the rows that moved */
    SCROLLED_PART,  /* the rows of which the right part moved */
    SCROLLED_AGAIN, /* the rows that scrolled last */
    WAY_COUNT
};

struct scroll {
    int rows; /* up; negative: down; 0: none */
    int top, bottom;
};

/* Numbers for what a row shows, whole and in its right part; 0: nothing. */
struct row_sum {
    uint64_t whole, part;
};

struct painter {
    struct painter_options options;
    struct termcap caps;
    int width, height;
    bool known;                       /* what the terminal shows */
    int cursor;                       /* 1: visible, 0: not; UNKNOWN */
    struct cell *next;                /* the frame, its styles as looks */
    struct row_sum *next_sums, *sums; /* of its rows; of those shown */
    struct shown shown, tried[WAY_COUNT];
};

struct painter *painter_create(const struct painter_options *options)
{
    struct painter *painter = mem_zalloc(1, sizeof *painter);
    painter->options = *options;
    termcap_load(&painter->caps, options->colors);
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
    free(painter->next);
    free(painter->next_sums);
    free(painter->sums);
    free(painter->shown.cells);
    buf_free(&painter->shown.out);
    for (int i = 0; i < WAY_COUNT; i++) {
        free(painter->tried[i].cells);
        buf_free(&painter->tried[i].out);
    }
    free(painter);
}

void painter_forget(struct painter *painter)
{
    painter->known = false;
}

static bool has(const struct painter *painter, enum termcap_name name)
{
    return termcap_has(&painter->caps, name);
}

/* A full row leaves the cursor where it may be in the next one. */
static bool wraps_at_once(const struct painter *painter)
{
    return painter->caps.wraps && !painter->caps.wraps_late &&
           !has(painter, CAP_RMAM);
}

/* ---- cells ---- */

static const struct cell BLANK = {.text = " ", .columns = 1};

static bool is_blank(const struct cell *cell)
{
    return memcmp(cell, &BLANK, sizeof *cell) == 0;
}

static bool is_same(const struct cell *a, const struct cell *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

static bool is_ascii(const struct cell *cell)
{
    return (unsigned char)cell->text[0] < 0x80 && !cell->text[1];
}

/* One code point of a script that every terminal measures alike. */
static bool is_settled(uint32_t code, int columns, bool wide_signs)
{
    static const struct {
        uint32_t first, last;
    } NARROW[] = {{0xa1, 0xac},     {0xae, 0x2ff},    {0x370, 0x482},
                  {0x48a, 0x58f},   {0x1e00, 0x1fff}, {0x2010, 0x2027},
                  {0x2030, 0x205e}, {0x20a0, 0x20bf}, {0x2190, 0x2193},
                  {0x2500, 0x25a9}, {0x25ac, 0x25b5}, {0x25b7, 0x25bf},
                  {0x25c1, 0x25fa}, {0x2713, 0x2713}, {0x2717, 0x2717}},
      WIDE[] = {{0x3041, 0x3096}, {0x3099, 0x30ff}, {0x3400, 0x4dbf},
                {0x4e00, 0x9fff}, {0xac00, 0xd7a3}, {0xff01, 0xff60}};
    if (wcwidth((wchar_t)code) != columns)
        return false;
    if (columns == 1 && !wide_signs)
        for (size_t i = 0; i < sizeof NARROW / sizeof NARROW[0]; i++)
            if (code >= NARROW[i].first && code <= NARROW[i].last)
                return true;
    if (columns == 2)
        for (size_t i = 0; i < sizeof WIDE / sizeof WIDE[0]; i++)
            if (code >= WIDE[i].first && code <= WIDE[i].last)
                return true;
    return false;
}

/* True when terminals may take more or fewer columns for the cell. */
static bool is_open(const struct painter *painter, const struct cell *cell)
{
    uint32_t code;
    if (is_ascii(cell) || !painter->options.utf8 || !cell->columns)
        return false;
    size_t len = strlen(cell->text);
    return utf8_decode(cell->text, len, &code) < len ||
           !is_settled(code, cell->columns, painter->options.wide_signs);
}

/* Columns that the terminal takes for the cell at most: two for each code point
 * that is not settled, none for those that join or combine. */
static int most_columns(const struct painter *painter, const struct cell *cell)
{
    enum {
        EMOJI_STYLE = 0xfe0f /* makes two columns of one */
    };
    int most = 0;
    if (!is_open(painter, cell))
        return cell->columns;
    for (const char *at = cell->text; *at;) {
        uint32_t code;
        at += utf8_decode(at, strlen(at), &code);
        if (code < 0x80 || is_settled(code, 1, painter->options.wide_signs))
            most++;
        else if (code == EMOJI_STYLE || wcwidth((wchar_t)code) != 0)
            most += code == EMOJI_STYLE ? 1 : 2;
    }
    return most;
}

/* The cell as it is drawn here: with a look for its style, blank without one,
 * in characters that the terminal has and that stay inside the row. */
static void prepare_cell(const struct painter *painter, struct cell *cell,
                         int x)
{
    cell->style = painter->caps.look_of[cell->style];
    if (cell->text[0] == ' ' && !cell->text[1] &&
        !painter->caps.looks[cell->style].reverse)
        cell->style = LOOK_PLAIN;
    if (is_ascii(cell) || !cell->columns ||
        (painter->options.utf8 &&
         x + most_columns(painter, cell) <= painter->width))
        return;
    memset(cell->text, 0, sizeof cell->text);
    memset(cell->text, '?', cell->columns);
}

static struct cell *row_of(const struct painter *painter, struct cell *cells,
                           int y)
{
    return cells + (size_t)y * (size_t)painter->width;
}

static void take_frame(struct painter *painter, const struct frame *frame)
{
    for (int y = 0; y < painter->height; y++) {
        struct cell *row = row_of(painter, painter->next, y);
        memcpy(row, frame_cell(frame, 0, y),
               (size_t)painter->width * sizeof *row);
        for (int x = 0; x < painter->width; x++)
            prepare_cell(painter, &row[x], x);
    }
}

/* ---- the cursor ---- */

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
    const struct cell *cell =
        row_of(painter, shown->cells, shown->y) + shown->x;
    bool reverse = painter->caps.looks[shown->look].reverse;
    for (int i = 0; i < x - shown->x; i++, cell++) {
        if (!is_ascii(cell) || cell->columns != 1 ||
            (is_blank(cell) ? reverse : cell->style != shown->look))
            return;
        bytes[len++] = cell->text[0];
    }
    take_shorter(best, bytes, len);
}

/* Within the row, after `before`: the cursor is in column `from`. */
static void try_columns(const struct painter *painter, const char *before,
                        size_t before_len, int from, int x,
                        struct sequence *best)
{
    char bytes[2 * TERMCAP_SIZE];
    size_t len = before_len;
    memcpy(bytes, before, before_len);
    if (from == x)
        take_shorter(best, bytes, len);
    if (from >= 0 && x < from && from - x < TERMCAP_SIZE / 2) {
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

static void change_look(const struct painter *painter, struct shown *shown,
                        int look)
{
    termcap_change_look(&painter->caps, shown->look, look, &shown->out);
    shown->look = look;
}

static void move_to(const struct painter *painter, struct shown *shown, int x,
                    int y)
{
    struct sequence best = {.len = SIZE_MAX};
    char bytes[TERMCAP_SIZE];
    if (shown->x == x && shown->y == y)
        return;
    if (!painter->caps.moves_styled && shown->look != LOOK_PLAIN)
        change_look(painter, shown, LOOK_PLAIN);
    take_shorter(&best, bytes,
                 termcap_expand(&painter->caps, CAP_CUP, y, x, bytes));
    int feeds = feeds_to(shown, y);
    if (feeds >= 0) {
        bytes[0] = '\r';
        memset(bytes + 1, '\n', (size_t)feeds);
        try_columns(painter, bytes, (size_t)feeds + 1, 0, x, &best);
        if (shown->x >= 0)
            try_columns(painter, bytes + 1, (size_t)feeds, shown->x, x, &best);
    }
    if (feeds == 0)
        try_repeating(painter, shown, x, &best);
    buf_add(&shown->out, best.bytes, best.len);
    shown->x = x;
    shown->y = y;
}

/* ---- a row ---- */

/* After text that ended in column x, which may be past the last one. */
static void settle_cursor(const struct painter *painter, struct shown *shown,
                          int x)
{
    shown->x = x;
    if (x < painter->width)
        return;
    shown->x = UNKNOWN;
    if (wraps_at_once(painter))
        shown->y = UNKNOWN;
}

static void look_for(const struct painter *painter, struct shown *shown,
                     const struct cell *cell)
{
    if (!is_blank(cell))
        change_look(painter, shown, cell->style);
    else if (shown->look < 0 || painter->caps.looks[shown->look].reverse)
        change_look(painter, shown, LOOK_PLAIN);
}

/* Writes a cell. Returns the first column that it cannot have spoilt. */
static int write_cell(const struct painter *painter, struct shown *shown, int x,
                      int y, const struct cell *cell)
{
    int end = x + cell->columns;
    if (end == painter->width && y == painter->height - 1 &&
        wraps_at_once(painter))
        return end; /* it would scroll the screen */
    bool open = is_open(painter, cell);
    move_to(painter, shown, x, y);
    look_for(painter, shown, cell);
    if (open && cell->columns == 2) {
        /* A terminal that takes it for narrow leaves the second column. */
        buf_adds(&shown->out, "  ");
        settle_cursor(painter, shown, end);
        move_to(painter, shown, x, y);
        look_for(painter, shown, cell);
    }
    buf_adds(&shown->out, cell->text);
    settle_cursor(painter, shown, end);
    if (!open)
        return end;
    int reach = x + most_columns(painter, cell);
    shown->x = UNKNOWN;
    if (reach >= painter->width && wraps_at_once(painter))
        shown->y = UNKNOWN;
    return reach > end ? reach : end;
}

/* One past the last cell that is not blank. */
static int text_end(const struct painter *painter, const struct cell *cells)
{
    int end = painter->width;
    while (end > 0 && is_blank(&cells[end - 1]))
        end--;
    return end;
}

/* Makes cells from x on blank. */
static void write_blanks(const struct painter *painter, struct shown *shown,
                         int x, int y, int count, bool to_end)
{
    bool by_row = to_end && has(painter, CAP_EL) && count > 3;
    bool erase = by_row || (count >= ERASE_WORTH && has(painter, CAP_ECH));
    for (int i = 0; i < count && !erase; i++)
        write_cell(painter, shown, x + i, y, &BLANK);
    if (!erase)
        return;
    change_look(painter, shown, LOOK_PLAIN);
    move_to(painter, shown, x, y);
    termcap_add(&painter->caps, by_row ? CAP_EL : CAP_ECH, count, 0,
                &shown->out);
}

/* Blank cells from x on, up to the last one before `until` in whose place there
 * is text. */
static int blanks_at(const struct cell *have, const struct cell *want, int x,
                     int until)
{
    int end = x + 1;
    for (int i = x + 1; i < until && is_blank(&want[i]); i++)
        if (!is_blank(&have[i]))
            end = i + 1;
    return end - x;
}

static void paint_row(const struct painter *painter, struct shown *shown, int y,
                      const struct cell *want)
{
    struct cell *have = row_of(painter, shown->cells, y);
    size_t size = (size_t)painter->width * sizeof *have;
    if (memcmp(have, want, size) == 0)
        return;
    int end = text_end(painter, want), old_end = text_end(painter, have);
    int spoilt = 0; /* cells before this column are to be written anyhow */
    for (int x = 0; x < painter->width;) {
        if (!want[x].columns || (x >= spoilt && is_same(&have[x], &want[x]))) {
            x++;
            continue;
        }
        if (is_blank(&want[x])) {
            bool to_end = x >= end;
            int until = spoilt > old_end ? spoilt : old_end;
            int count =
                to_end ? (until < painter->width ? until : painter->width) - x
                       : blanks_at(have, want, x, end);
            write_blanks(painter, shown, x, y, count, to_end);
            if (to_end)
                break;
            for (int i = 0; i < count; i++)
                have[x++] = BLANK;
            continue;
        }
        int reach = write_cell(painter, shown, x, y, &want[x]);
        have[x] = want[x];
        x += want[x].columns;
        spoilt = reach > x && reach > spoilt ? reach : spoilt;
    }
    memcpy(have, want, size);
}

/* ---- scrolling ---- */

static void set_region(const struct painter *painter, struct shown *shown,
                       int top, int bottom)
{
    if (shown->top == top && shown->bottom == bottom)
        return;
    termcap_add(&painter->caps, CAP_CSR, top, bottom, &shown->out);
    shown->top = top;
    shown->bottom = bottom;
    shown->x = shown->y = UNKNOWN; /* most go to the top left, not all */
}

static void blank_row(const struct painter *painter, struct cell *cells)
{
    for (int x = 0; x < painter->width; x++)
        cells[x] = BLANK;
}

/* One row on; the free row gets what it shows in the end, while the cursor is
 * there. */
static void scroll_once(const struct painter *painter, struct shown *shown,
                        bool up, const struct cell *want)
{
    int free_row = up ? shown->bottom : shown->top, x = 0;
    while (x < painter->width && is_blank(&want[x]))
        x++;
    x = x < painter->width ? x : 0;
    size_t row = (size_t)painter->width * sizeof *shown->cells;
    struct cell *first = row_of(painter, shown->cells, shown->top);
    size_t moved = (size_t)(shown->bottom - shown->top) * row;
    change_look(painter, shown, LOOK_PLAIN);
    if (up && shown->y == free_row && shown->x < 0)
        buf_addc(&shown->out, '\r'), shown->x = 0;
    if (shown->y != free_row)
        move_to(painter, shown, x, free_row);
    termcap_add(&painter->caps, up ? CAP_IND : CAP_RI, 0, 0, &shown->out);
    if (up)
        memmove(first, first + painter->width, moved);
    else
        memmove(first + painter->width, first, moved);
    blank_row(painter, row_of(painter, shown->cells, free_row));
    paint_row(painter, shown, free_row, want);
}

static void scroll(const struct painter *painter, struct shown *shown,
                   const struct scroll *by)
{
    bool up = by->rows > 0;
    int count = up ? by->rows : -by->rows;
    set_region(painter, shown, by->top, by->bottom);
    for (int i = count - 1; i >= 0; i--) {
        int y = up ? by->bottom - i : by->top + i;
        scroll_once(painter, shown, up, row_of(painter, painter->next, y));
    }
}

static uint64_t sum_cells(uint64_t sum, const struct cell *cells, int count)
{
    const uint64_t factor = 0x9e3779b97f4a7c15u;
    const char *bytes = (const char *)cells;
    size_t len = count > 0 ? (size_t)count * sizeof *cells : 0, at = 0;
    uint64_t word;
    for (; at + sizeof word <= len; at += sizeof word) {
        memcpy(&word, bytes + at, sizeof word);
        sum = (sum ^ word) * factor;
        sum ^= sum >> 32;
    }
    word = 0;
    memcpy(&word, bytes + at, len - at);
    sum = (sum ^ word) * factor;
    return sum ? sum : 1;
}

/* A pane on the left takes at most two fifths of the width. */
static struct row_sum sum_row(const struct painter *painter,
                              const struct cell *cells)
{
    int part = painter->width * 2 / 5, end = text_end(painter, cells);
    struct row_sum sum = {0};
    if (end > part)
        sum.part = sum_cells(0, cells + part, end - part);
    if (end)
        sum.whole = sum_cells(sum.part, cells, end < part ? end : part);
    return sum;
}

/* Sums the rows of the next frame; returns how many differ from those shown. */
static int sum_rows(struct painter *painter)
{
    size_t size = (size_t)painter->width * sizeof *painter->next;
    int changed = 0;
    for (int y = 0; y < painter->height; y++) {
        struct cell *next = row_of(painter, painter->next, y);
        bool same =
            !memcmp(next, row_of(painter, painter->shown.cells, y), size);
        painter->next_sums[y] =
            same ? painter->sums[y] : sum_row(painter, next);
        changed += !same;
    }
    return changed;
}

/* True when the row at y is, in the next frame, what is shown at `from`, and
 * was not there already. */
static bool has_moved(const struct painter *painter, int y, int from,
                      bool whole)
{
    if (from < 0 || from >= painter->height)
        return false;
    const struct row_sum *next = &painter->next_sums[y];
    const struct row_sum *here = &painter->sums[y];
    const struct row_sum *there = &painter->sums[from];
    return whole ? next->whole && next->whole != here->whole &&
                       next->whole == there->whole
                 : next->part && next->part != here->part &&
                       next->part == there->part;
}

/* How far most rows moved; 0: they did not. */
static int most_moved(const struct painter *painter, bool whole)
{
    int best = 0, best_votes = 0;
    for (int by = 1 - painter->height; by < painter->height; by++) {
        int votes = 0;
        for (int y = 0; y < painter->height; y++)
            votes += has_moved(painter, y, y + by, whole);
        if (votes > best_votes) {
            best = by;
            best_votes = votes;
        }
    }
    return best;
}

/* The scroll that shows in whole rows, or in the right part of rows. */
static struct scroll find_scroll(const struct painter *painter, bool whole)
{
    struct scroll found = {.rows = most_moved(painter, whole), .top = UNKNOWN};
    if (!has(painter, CAP_CSR) ||
        !has(painter, found.rows > 0 ? CAP_IND : CAP_RI))
        found.rows = 0;
    for (int y = 0; found.rows && y < painter->height; y++) {
        int from = y + found.rows;
        if (!has_moved(painter, y, from, whole))
            continue;
        int first = y < from ? y : from, last = y < from ? from : y;
        if (found.top < 0 || first < found.top)
            found.top = first;
        found.bottom = last > found.bottom ? last : found.bottom;
    }
    return found;
}

/* ---- a frame ---- */

static struct shown *try_way(struct painter *painter, enum way way,
                             const struct scroll *by, size_t limit)
{
    struct shown *shown = &painter->tried[way];
    struct cell *cells = shown->cells;
    struct buf out = shown->out;
    size_t count = (size_t)painter->width * (size_t)painter->height;
    *shown = painter->shown;
    shown->cells = cells;
    shown->out = out;
    buf_clear(&shown->out);
    memcpy(cells, painter->shown.cells, count * sizeof *cells);
    if (way != AS_IT_STANDS)
        scroll(painter, shown, by);
    for (int y = 0; y < painter->height && shown->out.len < limit; y++)
        paint_row(painter, shown, y, row_of(painter, painter->next, y));
    return shown;
}

static bool is_same_scroll(const struct scroll *a, const struct scroll *b)
{
    return a->rows == b->rows && a->top == b->top && a->bottom == b->bottom;
}

static bool can_scroll_in(const struct painter *painter, int rows, int top,
                          int bottom)
{
    bool all = top == 0 && bottom == painter->height - 1;
    return rows && !all && (rows > 0 ? rows : -rows) <= bottom - top;
}

static void try_scroll(struct painter *painter, enum way way,
                       const struct scroll *by, struct shown **best)
{
    size_t limit = *best ? (*best)->out.len : SIZE_MAX;
    if (!by->rows && way != AS_IT_STANDS)
        return;
    struct shown *tried = try_way(painter, way, by, limit);
    if (!*best || tried->out.len < limit)
        *best = tried;
}

/* Rows move whole, or, beside a pane that stands still, only their right part.
 */
static struct shown *shortest_way(struct painter *painter)
{
    struct shown *best = NULL;
    struct scroll whole = {0}, part = {0}, again;
    if (sum_rows(painter) > 1) {
        whole = find_scroll(painter, true);
        part = find_scroll(painter, false);
        if (is_same_scroll(&part, &whole))
            part.rows = 0;
    }
    int rows = part.rows ? part.rows : whole.rows;
    again = (struct scroll){rows, painter->shown.top, painter->shown.bottom};
    if (is_same_scroll(&again, &whole) || is_same_scroll(&again, &part) ||
        !can_scroll_in(painter, rows, again.top, again.bottom))
        again.rows = 0;
    try_scroll(painter, SCROLLED, &whole, &best);
    try_scroll(painter, SCROLLED_PART, &part, &best);
    try_scroll(painter, SCROLLED_AGAIN, &again, &best);
    try_scroll(painter, AS_IT_STANDS, &again, &best);
    return best;
}

static void set_size(struct painter *painter, int width, int height)
{
    size_t count = (size_t)width * (size_t)height;
    struct cell **all[] = {&painter->next,           &painter->shown.cells,
                           &painter->tried[0].cells, &painter->tried[1].cells,
                           &painter->tried[2].cells, &painter->tried[3].cells};
    if (painter->known && painter->width == width && painter->height == height)
        return;
    painter->known = false;
    painter->width = width;
    painter->height = height;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        *all[i] = mem_resize(*all[i], count, sizeof **all[i]);
    painter->sums =
        mem_resize(painter->sums, (size_t)height, sizeof *painter->sums);
    painter->next_sums =
        mem_resize(painter->next_sums, (size_t)height, sizeof *painter->sums);
}

/* From a screen of which nothing is known to one that is blank. */
static void start_over(struct painter *painter, struct buf *out)
{
    const struct termcap *caps = &painter->caps;
    struct shown *shown = &painter->shown;
    bool clears = has(painter, CAP_CLEAR);
    termcap_add(caps, CAP_RMAM, 0, 0, out);
    termcap_change_look(caps, UNKNOWN, LOOK_PLAIN, out);
    termcap_add(caps, CAP_CSR, 0, painter->height - 1, out);
    if (!clears)
        termcap_add(caps, CAP_CUP, 0, 0, out);
    termcap_add(caps, clears ? CAP_CLEAR : CAP_ED, painter->height, 0, out);
    clears = clears || has(painter, CAP_ED);
    shown->x = shown->y = UNKNOWN;
    shown->look = LOOK_PLAIN;
    shown->top = 0;
    shown->bottom = painter->height - 1;
    for (int y = 0; y < painter->height; y++)
        blank_row(painter, row_of(painter, shown->cells, y));
    memset(painter->sums, 0, (size_t)painter->height * sizeof *painter->sums);
    if (!clears) /* then every cell differs from what is to be shown */
        memset(shown->cells, 0,
               (size_t)painter->width * (size_t)painter->height *
                   sizeof *shown->cells);
    painter->cursor = UNKNOWN;
    painter->known = true;
}

static void place_cursor(struct painter *painter, const struct frame *frame)
{
    int x, y;
    frame_get_cursor(frame, &x, &y);
    int visible = x >= 0;
    if (visible)
        move_to(painter, &painter->shown, x, y);
    if (visible != painter->cursor)
        termcap_add(&painter->caps, visible ? CAP_CNORM : CAP_CIVIS, 0, 0,
                    &painter->shown.out);
    painter->cursor = visible;
}

void painter_paint(struct painter *painter, const struct frame *frame,
                   struct buf *out)
{
    set_size(painter, frame_width(frame), frame_height(frame));
    if (!painter->known)
        start_over(painter, out);
    take_frame(painter, frame);
    struct shown *best = shortest_way(painter);
    struct shown before = painter->shown;
    painter->shown = *best;
    *best = before;
    struct row_sum *sums = painter->sums;
    painter->sums = painter->next_sums;
    painter->next_sums = sums;
    place_cursor(painter, frame);
    buf_add(out, painter->shown.out.data, painter->shown.out.len);
}

void painter_leave(struct painter *painter, int height, struct buf *out)
{
    const struct termcap *caps = &painter->caps;
    termcap_change_look(caps, UNKNOWN, LOOK_PLAIN, out);
    termcap_add(caps, CAP_CSR, 0, height - 1, out);
    termcap_add(caps, CAP_SMAM, 0, 0, out);
    termcap_add(caps, CAP_CNORM, 0, 0, out);
    /* Without a screen of its own the program leaves below what it showed. */
    termcap_add(caps, CAP_CUP, height - 1, 0, out);
    if (!has(painter, CAP_RMCUP))
        termcap_add(caps, CAP_EL, 0, 0, out);
    painter->known = false;
}

void painter_add_end(const struct painter *painter, struct buf *out)
{
    termcap_add(&painter->caps, CAP_RMKX, 0, 0, out);
    termcap_add(&painter->caps, CAP_RMCUP, 0, 0, out);
}
