/* Cells row after row in one block. Invariant: a cell of columns 2 is always
 * followed by one of columns 0 in the same row; writing over either half
 * turns the other into a space. Code points outside of a cluster stand in
 * their cell; clusters of several have a number. */
#include "config.h"

#include "view/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/utf8.h"
#include "text/width.h"

enum {
    CLUSTERS_KEPT = 4096 /* numbers, from frame to frame */
};

/* What shares a cell. */
struct piece {
    size_t len; /* bytes of the text */
    uint32_t sign;
    int columns;
};

struct frame {
    struct cell *cells;
    struct clusters *clusters;
    struct {
        char text[8];
        size_t len;
        struct piece piece;
    } last; /* a short text that was one piece: lines are drawn of such */
    uint64_t numbering;
    int width, height;
    int cursor_x, cursor_y;
};

static const struct cell BLANK = {.sign = ' ', .columns = 1};

struct frame *frame_create(int width, int height)
{
    struct frame *frame = mem_zalloc(1, sizeof *frame);
    frame->clusters = clusters_create();
    frame_resize(frame, width, height);
    return frame;
}

void frame_destroy(struct frame *frame)
{
    if (!frame)
        return;
    clusters_destroy(frame->clusters);
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

size_t frame_cell_text(const struct frame *frame, const struct cell *cell,
                       char out[CELL_TEXT_SIZE])
{
    size_t len;
    if (cell->sign & CELL_CLUSTER) {
        const char *text =
            clusters_text(frame->clusters, cell->sign & ~CELL_CLUSTER);
        len = strlen(text);
        memcpy(out, text, len);
    } else {
        len = cell->sign ? utf8_encode(cell->sign, out) : 0;
    }
    out[len] = '\0';
    return len;
}

uint64_t frame_numbering(const struct frame *frame)
{
    return frame->numbering;
}

void frame_clear(struct frame *frame)
{
    size_t width = (size_t)frame->width;
    for (size_t x = 0; x < width; x++)
        frame->cells[x] = BLANK;
    for (int y = 1; y < frame->height; y++)
        memcpy(cell_at(frame, 0, y), frame->cells, width * sizeof BLANK);
    frame->cursor_x = frame->cursor_y = -1;
    if (clusters_count(frame->clusters) <= CLUSTERS_KEPT)
        return;
    clusters_clear(frame->clusters);
    frame->last.len = 0;
    frame->numbering++;
}

/* Before cells are overwritten: no half of a wide one must stay behind. */
static void break_wide(struct frame *frame, int x, int y, int columns)
{
    struct cell *cells = cell_at(frame, x, y);
    if (cells[0].columns == 0 && x > 0)
        cells[-1] = BLANK;
    if (cells[columns - 1].columns == 2 && x + columns < frame->width)
        cells[columns] = BLANK;
}

static void put_piece(struct frame *frame, int x, int y, enum style style,
                      const struct piece *piece)
{
    break_wide(frame, x, y, piece->columns);
    struct cell *cell = cell_at(frame, x, y);
    cell[0] = (struct cell){.sign = piece->sign,
                            .columns = (uint8_t)piece->columns,
                            .style = (uint8_t)style};
    if (piece->columns == 2)
        cell[1] = (struct cell){.style = (uint8_t)style};
}

static void put_ascii(struct frame *frame, int x, int y, enum style style,
                      const char *text, int count)
{
    struct cell *cells = cell_at(frame, x, y);
    struct cell cell = {.columns = 1, .style = (uint8_t)style};
    break_wide(frame, x, y, count);
    for (int i = 0; i < count; i++) {
        cell.sign = (unsigned char)text[i];
        cells[i] = cell;
    }
}

/* A cluster that a cell cannot hold keeps its first code points: cut at the
 * last boundary that fits. */
static size_t fit_bytes(const char *text, size_t len)
{
    size_t most = CELL_TEXT_SIZE - 1;
    if (len <= most)
        return len;
    while (most && ((unsigned char)text[most] & 0xc0) == 0x80)
        most--;
    return most;
}

/* Of a cluster wider than a cell can be: one wide code point with what has no
 * width after it, so that the columns add up to what width_cluster() says. */
static size_t cut_cluster(const char *text, size_t len, int *columns)
{
    uint32_t code;
    size_t piece = utf8_decode(text, len, &code);
    *columns = width_of_code(code);
    while (piece < len) {
        size_t next = utf8_decode(text + piece, len - piece, &code);
        if (width_of_code(code) > 0)
            break;
        piece += next;
    }
    return piece;
}

static struct piece next_piece(struct frame *frame, const char *text,
                               size_t len)
{
    struct piece piece;
    if (len == frame->last.len && memcmp(text, frame->last.text, len) == 0)
        return frame->last.piece;
    piece.len = width_cluster(text, len, &piece.columns);
    if (piece.columns > 2)
        piece.len = cut_cluster(text, piece.len, &piece.columns);
    if (utf8_decode(text, piece.len, &piece.sign) < piece.len)
        piece.sign = CELL_CLUSTER | clusters_number(frame->clusters, text,
                                                    fit_bytes(text, piece.len));
    if (piece.len == len && len < sizeof frame->last.text) {
        memcpy(frame->last.text, text, len);
        frame->last.len = len;
        frame->last.piece = piece;
    }
    return piece;
}

/* Bytes that have a cell each: all but the last may not be a cluster's. */
static int ascii_cells(const char *text, size_t len, int most)
{
    size_t count = most > 0 && (size_t)most < len ? (size_t)most + 1 : len;
    size_t run = utf8_ascii_run(text, count);
    if (run && run < len)
        run--;
    return run < (size_t)most ? (int)run : most;
}

int frame_put(struct frame *frame, int x, int y, int columns, enum style style,
              const char *text, size_t len)
{
    if (y < 0 || y >= frame->height || x >= frame->width || columns <= 0)
        return 0;
    int end = columns < frame->width - x ? x + columns : frame->width;
    int at = x;
    while (len && at < end) {
        int count = at >= 0 ? ascii_cells(text, len, end - at) : 0;
        if (count) {
            put_ascii(frame, at, y, style, text, count);
            at += count;
            text += count;
            len -= (size_t)count;
            continue;
        }
        struct piece piece = next_piece(frame, text, len);
        if (at + piece.columns > end)
            break;
        if (piece.columns > 0 && at >= 0)
            put_piece(frame, at, y, style, &piece);
        at += piece.columns;
        text += piece.len;
        len -= piece.len;
    }
    return at - x;
}

int frame_put_cut(struct frame *frame, int x, int y, int columns,
                  enum style style, const char *text, size_t len)
{
    enum {
        MARK = 2
    };
    int end = columns < frame->width - x ? columns : frame->width - x;
    if (end <= MARK || width_of_text(text, len) <= (size_t)end)
        return frame_put(frame, x, y, columns, style, text, len);
    int used = frame_put(frame, x, y, end - MARK, style, text, len);
    return used + frame_put(frame, x + used, y, MARK, style, "..", MARK);
}

void frame_clear_area(struct frame *frame, int x, int y, int width, int height)
{
    int first = x > 0 ? x : 0, top = y > 0 ? y : 0;
    int end = width < frame->width - x ? x + width : frame->width;
    int bottom = height < frame->height - y ? y + height : frame->height;
    for (y = top; y < bottom && first < end; y++) {
        break_wide(frame, first, y, end - first);
        for (x = first; x < end; x++)
            cell_at(frame, x, y)[0] = BLANK;
    }
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
            char text[CELL_TEXT_SIZE];
            buf_add(out, text, frame_cell_text(frame, cell, text));
            if (cell->sign != ' ')
                line_end = out->len;
        }
        buf_truncate(out, line_end);
        buf_addc(out, '\n');
    }
}
