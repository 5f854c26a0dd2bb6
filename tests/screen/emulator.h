/* A terminal for tests: bytes in, cells out. As much of VT220 and xterm as
 * terminfo's entries of the common terminals use, with the differences between
 * those terminals as settings. What it does not know fails the test. */
#ifndef TESTS_EMULATOR_H
#define TESTS_EMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How wide the terminal takes what not all measure alike. */
enum judge {
    JUDGE_AS_WCWIDTH,
    JUDGE_WIDE,  /* ambiguous signs and symbols take two columns */
    JUDGE_NARROW /* emoji take one */
};

struct pen {
    unsigned attributes; /* bit n: SGR n */
    int color;           /* SGR 30…37; 0: the terminal's own */
};

struct screen_cell {
    char text[32]; /* "": second half of a wide sign */
    struct pen pen;
};

struct emulator {
    int width, height;
    bool wraps_late;  /* a full row keeps the cursor until the next sign */
    bool has_margins; /* left and right ones */
    enum judge judge;

    struct screen_cell *cells;
    struct screen_cell *last; /* sign written, to combine with; NULL: none */
    int x, y, top, bottom;
    int left;     /* of the columns that scroll */
    bool margins; /* may be set */
    bool wraps, wrap_waits, cursor_visible, other_screen;
    struct pen pen;
    int saved_x, saved_y; /* by DECSC … */
    struct pen saved_pen;
    unsigned long unknown, wrapped; /* sequences; rows gone over */
    char sequence[64];              /* begun, of which the end is to come */
    size_t sequence_len;
    char sign[8]; /* UTF-8, begun */
    size_t sign_len;
};

void emulator_start(struct emulator *term, int width, int height);
void emulator_stop(struct emulator *term);

/* Another size; what was shown is lost in a terminal's way: kept at the top
 * left. */
void emulator_resize(struct emulator *term, int width, int height);

void emulator_write(struct emulator *term, const char *bytes, size_t len);

const struct screen_cell *emulator_cell(const struct emulator *term, int x,
                                        int y);

#endif
