/* A terminal's screen, as far as programs that draw on xterm-256color need it:
 * bytes in, characters in rows out. Colours are read over. */
#ifndef TESTS_BENCH_VT_H
#define TESTS_BENCH_VT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct vt;

struct vt *vt_create(int width, int height);
void vt_destroy(struct vt *vt);

/* The terminal got another size; what fits stays. */
void vt_resize(struct vt *vt, int width, int height);

/* The next bytes, cut anywhere. */
void vt_feed(struct vt *vt, const char *bytes, size_t len);

/* True once after the program asked whether there are left and right margins
 * (DECRQM of mode 69). A left one is obeyed. */
bool vt_asks_for_margins(struct vt *vt);

/* Appends a row as UTF-8, without the blanks at its end. row: 0 is the top. */
void vt_row(const struct vt *vt, int row, struct buf *out);
int vt_height(const struct vt *vt);

/* Is the text in one of the rows? */
bool vt_shows(const struct vt *vt, const char *text);

/* The highest line number in sight ('#' and seven digits); -1: none. Looks at
 * rows that changed only. */
long vt_newest(struct vt *vt);

/* Control sequences that were not understood, since creation. */
unsigned long vt_unknown(const struct vt *vt);

#endif
