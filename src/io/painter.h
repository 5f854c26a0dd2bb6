/* Turns frames into the fewest bytes that make the terminal show them. Writes
 * nothing itself: the bytes are appended to a buffer, to be sent whole. Wants
 * curses' terminal set up while a painter is created. */
#ifndef IO_PAINTER_H
#define IO_PAINTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "view/frame.h"

struct painter;

struct painter_options {
    bool colors;
    bool utf8;       /* the terminal takes UTF-8, else ASCII */
    bool wide_signs; /* signs of ambiguous width may take two columns */
};

/* Left and right margins (DECLRMM, DECSLRM): with them a log scrolls beside a
 * pane that stands still. Terminfo does not tell who has them. */
enum painter_margins {
    MARGINS_UNKNOWN,
    MARGINS_WANTED, /* a frame would have been shorter with them: ask */
    MARGINS_NONE,
    MARGINS_THERE
};

/* NULL: the terminal cannot place its cursor. */
struct painter *painter_create(const struct painter_options *options);
void painter_destroy(struct painter *painter);

/* What makes the terminal show the frame. The frame is borrowed; each time the
 * same one, or the painter is made to forget in between. */
void painter_paint(struct painter *painter, const struct frame *frame,
                   struct buf *out);

/* What the terminal shows is not known any more: the next frame is written
 * whole, from a cleared screen. */
void painter_forget(struct painter *painter);

/* What is known of left and right margins. */
enum painter_margins painter_margins(const struct painter *painter);

/* Rows that were prepared since creation, as they were shown nowhere before:
 * what painting costs beyond comparing. */
uint64_t painter_prepared(const struct painter *painter);

/* What the terminal answered, or that it was asked (MARGINS_NONE). */
void painter_set_margins(struct painter *painter, enum painter_margins margins);

/* What gives the terminal's modes back as they were; to be followed by
 * painter_forget(). height: its rows. */
void painter_leave(const struct painter *painter, int height, struct buf *out);

/* What ends the modes of full-screen programs, where curses cannot do it. */
void painter_add_end(const struct painter *painter, struct buf *out);

#endif
