/* A grid of cells that views draw into and that io/screen.c (or a test) shows.
 * Cells hold a role, never a colour. Text must be safe already: it has passed
 * text/escape.h. Cells are small, since all of them are gone over several times
 * for each frame, mostly out of a cold cache. */
#ifndef VIEW_FRAME_H
#define VIEW_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "view/clusters.h"

/* What a cell means. io/screen.c turns roles into colours and attributes;
 * every drawing must read without them. */
enum style {
    STYLE_TEXT,
    STYLE_DIM,    /* times, rules, hints */
    STYLE_STRONG, /* titles */
    STYLE_QUEUED, /* badges, one per family of states */
    STYLE_RUNNING,
    STYLE_WAITING,
    STYLE_DONE,
    STYLE_FAILED,
    STYLE_CANCELED,
    STYLE_BAR, /* filled part of the progress bar */
    STYLE_BAR_REST,
    STYLE_INFO, /* levels */
    STYLE_WARN,
    STYLE_ERROR,
    STYLE_DEBUG,
    STYLE_STEP, /* a step's title */
    STYLE_REASONING,
    STYLE_DATA,    /* JSON beside a message */
    STYLE_MATCH,   /* what a search found */
    STYLE_CURSOR,  /* the current line's marker */
    STYLE_NOTICE,  /* runtail's own words */
    STYLE_KEY,     /* keys in the footer */
    STYLE_SHIMMER, /* the one moving highlight */
    STYLE_COUNT
};

enum {
    CELL_TEXT_SIZE = CLUSTERS_TEXT_SIZE /* at most, with the zero */
};

/* One grapheme cluster. Two cells of a frame that are equal byte for byte show
 * the same. */
struct cell {
    uint32_t sign;   /* a code point, or CELL_CLUSTER and a number that the
                      * frame gave; 0 in the second column of a wide one */
    uint8_t columns; /* 1 or 2; 0 for the second column of a wide one */
    uint8_t style;   /* enum style */
    uint16_t unused; /* 0 */
};

#define CELL_CLUSTER 0x80000000u

struct frame;

struct frame *frame_create(int width, int height);
void frame_destroy(struct frame *frame);
void frame_resize(struct frame *frame, int width, int height);
int frame_width(const struct frame *frame);
int frame_height(const struct frame *frame);
/* Borrowed; valid until the next resize. x, y inside the frame. The cells of a
 * row stand one after another. */
const struct cell *frame_cell(const struct frame *frame, int x, int y);

/* The text of a cell of this frame, zero-terminated UTF-8, "" for the second
 * column of a wide one. Returns its length. */
size_t frame_cell_text(const struct frame *frame, const struct cell *cell,
                       char out[CELL_TEXT_SIZE]);

/* Changes when the numbers of clusters do not mean any more what they did. */
uint64_t frame_numbering(const struct frame *frame);

/* Fills with spaces. */
void frame_clear(struct frame *frame);
/* The same for a part, which may lie partly outside; the cursor stays. */
void frame_clear_area(struct frame *frame, int x, int y, int width, int height);

/* Writes safe text at x, y, cut at `columns` and at the frame's edge. Returns
 * the columns used. Out of the frame is allowed and draws nothing. */
int frame_put(struct frame *frame, int x, int y, int columns, enum style style,
              const char *text, size_t len);
/* The same for a C string. */
int frame_puts(struct frame *frame, int x, int y, int columns, enum style style,
               const char *text);

/* Writes safe text; where it does not fit, ".." takes the place of its end. */
int frame_put_cut(struct frame *frame, int x, int y, int columns,
                  enum style style, const char *text, size_t len);

/* Where the terminal's cursor should rest (prompts), or -1, -1: hidden. */
void frame_set_cursor(struct frame *frame, int x, int y);
void frame_get_cursor(const struct frame *frame, int *x, int *y);

/* The frame as text, one line per row, trailing spaces removed; for tests. */
void frame_text(const struct frame *frame, struct buf *out);

#endif
