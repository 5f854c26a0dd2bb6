/* What the Unicode 15.0 tables say about a code point, and where one grapheme
 * cluster ends and the next begins (UAX #29, extended clusters). */
#ifndef TEXT_UNICODE_H
#define TEXT_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

/* Grapheme_Cluster_Break; make-width-table.py writes the same names. */
enum unicode_break {
    BREAK_OTHER,
    BREAK_CR,
    BREAK_LF,
    BREAK_CONTROL,
    BREAK_EXTEND,
    BREAK_ZWJ,
    BREAK_REGIONAL, /* half of a flag */
    BREAK_PREPEND,
    BREAK_SPACING,
    BREAK_L, /* Hangul: leading consonant, vowel, trailing consonant, … */
    BREAK_V,
    BREAK_T,
    BREAK_LV,
    BREAK_LVT,
    BREAK_START /* nothing came before */
};

enum unicode_flags {
    UNICODE_PICT = 1,       /* Extended_Pictographic */
    UNICODE_EMOJI = 2,      /* may be followed by U+FE0E or U+FE0F */
    UNICODE_HIDDEN = 4,     /* shows nothing by itself, steers what others show,
                             * or is not assigned */
    UNICODE_IDEOGRAPH = 8,  /* may be followed by an ideographic variation */
    UNICODE_JOINING = 16,   /* of a script that needs the joiners */
    UNICODE_SPACING = 32,   /* a mark that takes room of its own */
    UNICODE_CONSONANT = 64, /* of a script that forms conjuncts … */
    UNICODE_VIRAMA = 128    /* … and what joins two of them */
};

struct unicode {
    uint8_t width; /* 0, 1, 2 columns that the cursor advances by */
    uint8_t sign;  /* columns as the base of a cluster; 0: shows nothing */
    uint8_t class; /* enum unicode_break */
    uint8_t flags; /* enum unicode_flags */
};

/* What is known of a code point. */
struct unicode unicode_of(uint32_t code);

/* Walks over a text, one code point at a time; starts as GRAPHEME_START. */
struct grapheme {
    uint8_t last;     /* enum unicode_break of the code point before */
    bool pict;        /* it ends a pictograph and what extends it */
    bool pict_joined; /* … and a ZWJ after these */
    bool half_flag;   /* it is an odd regional indicator */
};

#define GRAPHEME_START ((struct grapheme){.last = BREAK_START})

/* Takes the next code point; true when a cluster begins with it. */
bool grapheme_next(struct grapheme *walk, struct unicode next);

#endif
