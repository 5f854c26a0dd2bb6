/* Cells row after row in one block. Invariant: a cell of columns 2 is always
 * followed by one of columns 0 in the same row; writing over either half
 * turns the other into a space. */
#include "config.h"

#include "view/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/utf8.h"
#include "text/width.h"

struct frame {
    struct cell *cells;
    int width, height;
    int cursor_x, cursor_y;
};

static const struct cell BLANK = {.text = " ", .columns = 1};

struct frame *frame_create(int width, int height)
{
    struct frame *frame = mem_zalloc(1, sizeof *frame);
    frame_resize(frame, width, height);
    return frame;
}

void frame_destroy(struct frame *frame)
{
    if (!frame)
        return;
    free(frame->cells);
    free(frame);
}

void frame_resize(struct frame *frame, int width, int height)
{
    frame->width = width > 0 ? width : 1;
    frame->height = height > 0 ? height : 1;
    size_t count = (size_t)frame->width * (size_t)frame->height;
    frame->cells = mem_resize(frame->cells, count, sizeof *frame->cells);
    frame_clear(frame);
}

int frame_width(const struct frame *frame)
{
    return frame->width;
}

int frame_height(const struct frame *frame)
{
    return frame->height;
}

static struct cell *cell_at(const struct frame *frame, int x, int y)
{
    return frame->cells + (size_t)y * (size_t)frame->width + (size_t)x;
}

const struct cell *frame_cell(const struct frame *frame, int x, int y)
{
    return cell_at(frame, x, y);
}

void frame_clear(struct frame *frame)
{
    size_t count = (size_t)frame->width * (size_t)frame->height;
    for (size_t i = 0; i < count; i++)
        frame->cells[i] = BLANK;
    frame->cursor_x = frame->cursor_y = -1;
}

/* Before a cell is overwritten: its other half must not stay behind. */
static void break_wide(struct frame *frame, int x, int y)
{
    struct cell *cell = cell_at(frame, x, y);
    if (cell->columns == 0 && x > 0)
        cell_at(frame, x - 1, y)[0] = BLANK;
    if (cell->columns == 2 && x + 1 < frame->width)
        cell_at(frame, x + 1, y)[0] = BLANK;
}

static void set_cell(struct frame *frame, int x, int y, enum style style,
                     const char *text, size_t len, int columns)
{
    struct cell *cell = cell_at(frame, x, y);
    if (cell->columns != 1)
        break_wide(frame, x, y);
    if (columns == 2)
        break_wide(frame, x + 1, y);
    memset(cell, 0, sizeof *cell);
    memcpy(cell->text, text, len);
    cell->columns = (uint8_t)columns;
    cell->style = (uint8_t)style;
    if (columns == 2) {
        cell = cell_at(frame, x + 1, y);
        memset(cell, 0, sizeof *cell);
        cell->style = (uint8_t)style;
    }
}

/* A cluster that a cell cannot hold keeps its first code points: cut at the
 * last boundary that fits. */
static size_t fit_bytes(const char *text, size_t len)
{
    size_t most = sizeof((struct cell *)0)->text - 1;
    if (len <= most)
        return len;
    while (most && ((unsigned char)text[most] & 0xc0) == 0x80)
        most--;
    return most;
}

/* The next piece of text that shares a cell: a cluster, or, of a cluster wider
 * than a cell can be, one wide code point with what has no width after it, so
 * that the columns add up to what width_cluster() says. */
static size_t next_piece(const char *text, size_t len, int *columns)
{
    size_t used = width_cluster(text, len, columns);
    if (*columns <= 2)
        return used;
    uint32_t code;
    size_t piece = utf8_decode(text, len, &code);
    *columns = width_of_code(code);
    while (piece < used) {
        size_t next = utf8_decode(text + piece, len - piece, &code);
        if (width_of_code(code) > 0)
            break;
        piece += next;
    }
    return piece;
}

static bool is_ascii_pair(const char *text, size_t len)
{
    return (unsigned char)text[0] < 0x80 &&
           (len < 2 || (unsigned char)text[1] < 0x80);
}

int frame_put(struct frame *frame, int x, int y, int columns, enum style style,
              const char *text, size_t len)
{
    if (y < 0 || y >= frame->height || x >= frame->width || columns <= 0)
        return 0;
    int end = columns < frame->width - x ? x + columns : frame->width;
    int at = x;
    while (len) {
        int wide = 1;
        size_t used =
            is_ascii_pair(text, len) ? 1 : next_piece(text, len, &wide);
        if (at + wide > end)
            break;
        if (wide > 0 && at >= 0)
            set_cell(frame, at, y, style, text, fit_bytes(text, used), wide);
        at += wide;
        text += used;
        len -= used;
    }
    return at - x;
}

int frame_puts(struct frame *frame, int x, int y, int columns, enum style style,
               const char *text)
{
    return frame_put(frame, x, y, columns, style, text, strlen(text));
}

void frame_set_cursor(struct frame *frame, int x, int y)
{
    bool inside = x >= 0 && y >= 0 && x < frame->width && y < frame->height;
    frame->cursor_x = inside ? x : -1;
    frame->cursor_y = inside ? y : -1;
}

void frame_get_cursor(const struct frame *frame, int *x, int *y)
{
    *x = frame->cursor_x;
    *y = frame->cursor_y;
}

void frame_text(const struct frame *frame, struct buf *out)
{
    for (int y = 0; y < frame->height; y++) {
        size_t line_end = out->len;
        for (int x = 0; x < frame->width; x++) {
            const struct cell *cell = cell_at(frame, x, y);
            buf_adds(out, cell->text);
            if (strcmp(cell->text, " ") != 0)
                line_end = out->len;
        }
        buf_truncate(out, line_end);
        buf_addc(out, '\n');
    }
}
