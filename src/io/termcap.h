/* What the terminal of $TERM can do, as bytes to send: read once from terminfo,
 * padding left out. Wants curses' terminal set up (newterm() or setupterm())
 * while it is loaded; later it stands alone. */
#ifndef IO_TERMCAP_H
#define IO_TERMCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "view/frame.h"

enum termcap_name {
    CAP_CUP,   /* cursor to row, column */
    CAP_HPA,   /* … to column */
    CAP_CUF,   /* … so many columns right */
    CAP_CSR,   /* rows first…last scroll, the others stay */
    CAP_IND,   /* from the last of them: up by a row */
    CAP_RI,    /* from the first of them: down by a row */
    CAP_EL,    /* erase to the end of the row */
    CAP_ED,    /* … of the screen */
    CAP_ECH,   /* erase so many characters */
    CAP_CLEAR, /* erase all, cursor to the top left */
    CAP_SGR0,  /* attributes off */
    CAP_CIVIS, /* cursor invisible */
    CAP_CNORM, /* … and as it was */
    CAP_RMAM,  /* what does not fit into a row is not wrapped */
    CAP_SMAM,  /* … is wrapped */
    CAP_RMKX,  /* keys as without curses */
    CAP_SC,    /* keep where the cursor is and how it writes … */
    CAP_RC,    /* … and make it so again; both only where they are DEC's */
    CAP_RMCUP, /* back from the screen of full-screen programs */
    CAP_COUNT
};

enum {
    TERMCAP_SIZE = 64, /* bytes a capability takes at most, with numbers */
    LOOK_PLAIN = 0     /* the look of text without colour and attributes */
};

/* Left and right margins, which terminfo does not know (DECLRMM): on, off, and
 * the question whether there are any (DECRQM), answered by
 * "CSI ? 69 ; Ps $ y", Ps 1 or 2: yes. */
#define TERMCAP_MARGINS_ON  "\033[?69h"
#define TERMCAP_MARGINS_OFF "\033[?69l"
#define TERMCAP_ASK_MARGINS "\033[?69$p"

/* How a style is drawn: styles that are drawn alike have one look. */
struct look {
    char params[24];          /* of SGR, behind a reset: "1;32"; "": none */
    char enter[TERMCAP_SIZE]; /* the whole, where SGR is not known */
    unsigned attributes;
    int color; /* -1: the terminal's own */
    bool reverse;
};

struct termcap {
    char *caps[CAP_COUNT]; /* NULL: cannot */
    bool wraps;            /* a character in the last column moves the cursor
                            * to the next row … */
    bool wraps_late;       /* … but only with the next character */
    bool moves_styled;     /* attributes stay on while the cursor moves */
    bool sgr;              /* attributes are SGR's */
    bool answers;          /* questions do not show up as text: it is enough
                            * like xterm */
    struct look looks[STYLE_COUNT];
    uint8_t look_of[STYLE_COUNT]; /* enum style -> index in looks */
};

/* Reads what the terminal can do that terminfo was set up for. colors: styles
 * may have some. */
void termcap_load(struct termcap *caps, bool colors);
void termcap_free(struct termcap *caps);

/* True when the cursor can be placed and the screen be written. */
bool termcap_is_usable(const struct termcap *caps);

/* Does the terminal know this capability? */
bool termcap_has(const struct termcap *caps, enum termcap_name name);

/* Writes the capability with its numbers; returns the bytes, 0: cannot. */
size_t termcap_expand(const struct termcap *caps, enum termcap_name name, int a,
                      int b, char out[TERMCAP_SIZE]);
void termcap_add(const struct termcap *caps, enum termcap_name name, int a,
                 int b, struct buf *out);

/* Changes what is written from one look to another. */
void termcap_change_look(const struct termcap *caps, int from, int to,
                         struct buf *out);

#endif
