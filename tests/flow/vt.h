/* A terminal without a window: takes the bytes a program sends to an
 * xterm-256color and knows what would be seen. Only what curses and this
 * project send is obeyed; everything else counts as unknown. */
#ifndef TESTS_FLOW_VT_H
#define TESTS_FLOW_VT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct vt;

struct vt *vt_create(int width, int height);
void vt_destroy(struct vt *vt);

/* Keeps the top left part. */
void vt_resize(struct vt *vt, int width, int height);

/* Forgets what both screens show; modes stay. */
void vt_erase(struct vt *vt);

void vt_feed(struct vt *vt, const char *bytes, size_t len);

/* The rows of the screen that is shown, each ended by LF, without the blanks
 * at their ends. */
void vt_text(const struct vt *vt, struct buf *out);

/* What was seen so far. */
struct vt_facts {
    bool alternate;     /* the alternate screen is shown now */
    bool cursor_hidden; /* now */
    bool application;   /* cursor keys send ESC O, now */
    bool entered;       /* the alternate screen was shown once */
    bool colored;       /* a colour was set once */
    bool styled;        /* any attribute was set once */
    bool not_ascii;     /* a byte above 0x7f came once */
    bool asked;         /* whether there are left and right margins … */
    bool answered;      /* … and that there are */
    bool margins;       /* they are used now */
    bool had_margins;   /* they were used once */
    unsigned unknown;   /* sequences not understood */
    char last_unknown[40];
};
const struct vt_facts *vt_facts(const struct vt *vt);

/* What of the terminal is not as it was at first, in words; NULL: nothing. */
const char *vt_left_over(const struct vt *vt);

/* What a terminal with left and right margins sends to the program that asked
 * for them; NULL: it did not ask, or has its answer. */
const char *vt_answer(struct vt *vt);

#endif
