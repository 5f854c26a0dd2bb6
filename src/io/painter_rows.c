/* Rows as they are drawn: in looks instead of styles, in characters that the
 * terminal has. A row of the frame that was shown already, wherever, is not
 * prepared again: most rows of a frame stand still, or moved as they are.
 *
 * Widths: terminals differ about some characters (emoji, what joins, signs that
 * are wide in East Asia). Cells with these are "open". */
#include "config.h"

#include "io/painter_parts.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/mem.h"
#include "text/utf8.h"

enum {
    BUCKETS = 64
};

static const struct cell BLANK = {.sign = ' ', .columns = 1};

/* ---- cells ---- */

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

bool cell_is_open(const struct painter *painter, const struct cell *cell)
{
    if (cell->sign < 0x80 || !painter->options.utf8)
        return false;
    return cell->sign & CELL_CLUSTER ||
           !is_settled(cell->sign, cell->columns, painter->options.wide_signs);
}

static int most_of_code(const struct painter *painter, uint32_t code)
{
    enum {
        EMOJI_STYLE = 0xfe0f /* makes two columns of one */
    };
    if (code < 0x80 || code == EMOJI_STYLE ||
        is_settled(code, 1, painter->options.wide_signs))
        return 1;
    return wcwidth((wchar_t)code) != 0 ? 2 : 0;
}

/* Two for each code point that is not settled, none for those that join or
 * combine. */
int cell_most_columns(const struct painter *painter, const struct cell *cell)
{
    char text[CELL_TEXT_SIZE];
    int most = 0;
    if (!cell_is_open(painter, cell))
        return cell->columns;
    size_t len = frame_cell_text(painter->frame, cell, text);
    for (size_t at = 0; at < len;) {
        uint32_t code;
        at += utf8_decode(text + at, len - at, &code);
        most += most_of_code(painter, code);
    }
    return most;
}

/* The cell as it is drawn here: with a look for its style, blank without one,
 * in characters that the terminal has and that stay inside the row. What cannot
 * be shown is '?', in each of its columns. */
static struct cell prepare_cell(const struct painter *painter, struct cell cell,
                                int x)
{
    cell.style = painter->caps.look_of[cell.style];
    if (cell.sign == ' ' && !painter->caps.looks[cell.style].reverse)
        cell.style = LOOK_PLAIN;
    if (cell.sign < 0x80 ||
        (painter->options.utf8 &&
         x + cell_most_columns(painter, &cell) <= painter->width))
        return cell;
    cell.sign = '?';
    return cell;
}

/* ---- rows ---- */

void painter_make_rows(struct painter *painter)
{
    size_t width = (size_t)painter->width, height = (size_t)painter->height;
    /* those shown, those to come, and two ways that make some of their own */
    size_t count = 4 * height + 1;
    painter->row_count = (int)count;
    painter->rows = mem_resize(painter->rows, count, sizeof *painter->rows);
    painter->cells =
        mem_resize(painter->cells, 2 * count * width, sizeof *painter->cells);
    for (size_t i = 0; i < count; i++)
        painter->rows[i] =
            (struct row){.frame = painter->cells + 2 * i * width,
                         .cells = painter->cells + (2 * i + 1) * width};
    struct row ***lists[] = {&painter->next,          &painter->shown.rows,
                             &painter->tried[0].rows, &painter->tried[1].rows,
                             &painter->tried[2].rows, &painter->tried[3].rows,
                             &painter->tried[4].rows};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        *lists[i] = mem_resize(*lists[i], height, sizeof **lists[i]);
    painter->chain = mem_resize(painter->chain, height, sizeof(int));
    painter->votes = mem_resize(painter->votes, 2 * height, sizeof(int));
    painter->blank = &painter->rows[0];
    for (size_t x = 0; x < width; x++)
        painter->blank->frame[x] = painter->blank->cells[x] = BLANK;
}

void painter_free_rows(struct painter *painter)
{
    free(painter->rows);
    free(painter->cells);
    free(painter->chain);
    free(painter->votes);
    free(painter->next);
    free(painter->shown.rows);
    for (int i = 0; i < WAY_COUNT; i++)
        free(painter->tried[i].rows);
}

static void find_unused(struct painter *painter)
{
    for (int i = 0; i < painter->row_count; i++)
        painter->rows[i].used = false;
    painter->blank->used = true;
    for (int y = 0; y < painter->height; y++)
        painter->shown.rows[y]->used = true;
    painter->next_unused = 0;
}

struct row *painter_spare_row(struct painter *painter)
{
    while (painter->rows[painter->next_unused].used)
        painter->next_unused++;
    struct row *row = &painter->rows[painter->next_unused++];
    row->used = true;
    return row;
}

/* Where clusters have other numbers now, it is not known which are shown. */
static void forget_clusters(struct painter *painter)
{
    for (int y = 0; y < painter->height; y++) {
        struct row *row = painter->shown.rows[y];
        for (int x = 0; x < painter->width; x++)
            if (row->frame[x].sign & CELL_CLUSTER)
                row->frame[x] = row->cells[x] = (struct cell){0};
    }
    painter->numbering = frame_numbering(painter->frame);
}

/* ---- taking a frame ---- */

static uint64_t sum_cells(const struct cell *cells, int count)
{
    const uint64_t factor = 0x9e3779b97f4a7c15u;
    uint64_t sum = 0, word;
    for (int i = 0; i < count; i++) {
        memcpy(&word, &cells[i], sizeof word);
        sum = (sum ^ word) * factor;
        sum ^= sum >> 32;
    }
    return sum ? sum : 1;
}

static void sum_row(const struct painter *painter, const struct cell *cells,
                    struct row *row)
{
    int pane = painter_pane_most(painter), end = painter->width;
    while (end > 0 && cell_is_same(&cells[end - 1], &BLANK))
        end--;
    row->part = end > pane ? sum_cells(cells + pane, end - pane) : 0;
    row->whole =
        end ? sum_cells(cells, end < pane ? end : pane) + row->part * 3 : 0;
}

static void prepare_row(const struct painter *painter, struct row *row)
{
    row->end = 0;
    for (int x = 0; x < painter->width; x++) {
        row->cells[x] = prepare_cell(painter, row->frame[x], x);
        if (!cell_is_blank(&row->cells[x]))
            row->end = x + 1;
    }
}

static bool is_shown_at(const struct painter *painter, int y,
                        const struct cell *cells)
{
    return y >= 0 && y < painter->height &&
           !memcmp(painter->shown.rows[y]->frame, cells,
                   (size_t)painter->width * sizeof *cells);
}

/* Where a row with the sum and the cells is shown; UNKNOWN: nowhere. */
static int find_row(const struct painter *painter, const int heads[BUCKETS],
                    uint64_t sum, const struct cell *cells)
{
    int y = heads[sum % BUCKETS];
    while (y >= 0 && (painter->shown.rows[y]->whole != sum ||
                      !is_shown_at(painter, y, cells)))
        y = painter->chain[y];
    return y;
}

static void index_rows(struct painter *painter, int heads[BUCKETS])
{
    for (int i = 0; i < BUCKETS; i++)
        heads[i] = UNKNOWN;
    for (int y = 0; y < painter->height; y++) {
        int *head = &heads[painter->shown.rows[y]->whole % BUCKETS];
        painter->chain[y] = *head;
        *head = y;
    }
}

static struct row *new_row(struct painter *painter, const struct cell *cells,
                           const struct row *sums)
{
    struct row *row = painter_spare_row(painter);
    memcpy(row->frame, cells, (size_t)painter->width * sizeof *cells);
    row->whole = sums->whole;
    row->part = sums->part;
    prepare_row(painter, row);
    painter->prepared++;
    return row;
}

/* Rows that moved did so together, mostly: where the row before was found is
 * looked at first. */
int painter_take_frame(struct painter *painter)
{
    int heads[BUCKETS], changed = 0, by = 0;
    if (painter->numbering != frame_numbering(painter->frame))
        forget_clusters(painter);
    find_unused(painter);
    for (int y = 0; y < painter->height; y++) {
        const struct cell *cells = frame_cell(painter->frame, 0, y);
        struct row sums = {0};
        int from = y;
        if (!is_shown_at(painter, y, cells)) {
            if (!changed++)
                index_rows(painter, heads);
            from = by ? y + by : UNKNOWN;
        }
        if (from != y && !is_shown_at(painter, from, cells)) {
            sum_row(painter, cells, &sums);
            from = find_row(painter, heads, sums.whole, cells);
            by = from >= 0 ? from - y : by;
        }
        painter->next[y] = from >= 0 ? painter->shown.rows[from]
                                     : new_row(painter, cells, &sums);
    }
    return changed;
}
