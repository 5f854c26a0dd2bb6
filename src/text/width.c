#include "config.h"

#include "text/width.h"

#include <stdbool.h>

#include "text/unicode.h"
#include "text/utf8.h"

enum {
    VARIATION_EMOJI = 0xFE0F,
    KEYCAP = 0x20E3,
    HALFWIDTH_FIRST = 0xFF00, /* of these, sound marks extend a cluster */
    HALFWIDTH_LAST = 0xFFEF
};

int width_of_code(uint32_t code)
{
    if (code >= 0x20 && code < 0x7F)
        return 1;
    return unicode_of(code).width;
}

static bool is_plain(char byte)
{
    return byte >= 0x20 && byte < 0x7F;
}

/* True when the first byte is a cluster of its own, which needs no tables. */
static bool is_plain_cluster(const char *text, size_t len)
{
    return is_plain(text[0]) && (len == 1 || is_plain(text[1]));
}

size_t width_cell(const char *text, size_t len, int *columns)
{
    uint32_t code;
    size_t at = utf8_decode(text, len, &code);
    *columns = width_of_code(code);
    while (at < len && !is_plain(text[at])) {
        size_t used = utf8_decode(text + at, len - at, &code);
        if (width_of_code(code) > 0)
            break;
        at += used;
    }
    return at;
}

size_t width_cluster(const char *text, size_t len, int *columns)
{
    if (is_plain_cluster(text, len)) {
        *columns = 1;
        return 1;
    }
    struct grapheme walk = GRAPHEME_START;
    size_t at = 0;
    int sum = 0;
    while (at < len) {
        uint32_t code;
        size_t used = utf8_decode(text + at, len - at, &code);
        struct unicode next = unicode_of(code);
        if (grapheme_next(&walk, next) && at > 0)
            break;
        at += used;
        sum += next.width;
    }
    *columns = sum;
    return at;
}

/* The cluster being read. Conjuncts of Indic scripts count as one, as they do
 * since Unicode 15.1, though width_cluster() cuts between their parts. */
struct shape {
    struct grapheme walk;
    uint32_t last;     /* code point before, but for a variation selector */
    bool consonant;    /* a consonant and marks came last */
    bool conjunct;     /* … and one of these joins it to what follows */
    bool emoji;        /* something made an emoji of it */
    unsigned base;     /* columns of the first sign; Hangul syllables add up */
    unsigned trailing; /* columns of marks that take room of their own */
};

static bool is_keycap_base(uint32_t code)
{
    return code < 0x80 && (unicode_of(code).flags & UNICODE_EMOJI);
}

/* What makes an emoji, two columns wide, of parts that are narrow. */
static bool makes_emoji(const struct shape *shape, uint32_t code,
                        struct unicode next)
{
    if (code == VARIATION_EMOJI)
        return shape->last >= 0x80 &&
               (unicode_of(shape->last).flags & UNICODE_EMOJI);
    if (code == KEYCAP)
        return is_keycap_base(shape->last);
    if (next.class == BREAK_REGIONAL)
        return shape->walk.half_flag;
    if (next.class == BREAK_EXTEND && (next.flags & UNICODE_EMOJI))
        return shape->walk.pict; /* a skin tone */
    return (next.flags & UNICODE_PICT) && shape->walk.pict_joined;
}

static bool takes_room_behind(uint32_t code, struct unicode next)
{
    return (next.flags & UNICODE_SPACING) ||
           (code >= HALFWIDTH_FIRST && code <= HALFWIDTH_LAST);
}

static bool is_hangul_base(struct unicode next)
{
    return next.class == BREAK_L || next.class == BREAK_LV ||
           next.class == BREAK_LVT;
}

static void shape_add(struct shape *shape, uint32_t code, struct unicode next)
{
    if (shape->base == 0 || is_hangul_base(next))
        shape->base += next.sign;
    else if (takes_room_behind(code, next))
        shape->trailing += next.sign;
}

/* Follows "consonant, marks, virama, marks, consonant". */
static void follow_conjunct(struct shape *shape, struct unicode next)
{
    bool mark = next.class == BREAK_EXTEND || next.class == BREAK_ZWJ;
    if (next.flags & UNICODE_VIRAMA) {
        shape->conjunct = shape->consonant;
    } else if (!mark) {
        shape->consonant = next.flags & UNICODE_CONSONANT;
        shape->conjunct = false;
    }
}

static size_t shape_columns(const struct shape *shape)
{
    return shape->emoji ? 2 : shape->base + shape->trailing;
}

/* Takes the next code point; returns the columns of the cluster it ended. */
static size_t shape_next(struct shape *shape, uint32_t code)
{
    struct unicode next = unicode_of(code);
    bool joined = shape->conjunct && (next.flags & UNICODE_CONSONANT);
    bool emoji = makes_emoji(shape, code, next);
    size_t columns = 0;
    if (grapheme_next(&shape->walk, next) && !joined) {
        columns = shape_columns(shape);
        shape->emoji = false;
        shape->base = 0;
        shape->trailing = 0;
    }
    shape->emoji = shape->emoji || emoji;
    shape_add(shape, code, next);
    follow_conjunct(shape, next);
    if (code != VARIATION_EMOJI)
        shape->last = code;
    return columns;
}

static const struct shape no_shape = {.walk = {.last = BREAK_START}};

/* Bytes that text begins with which are clusters of their own. */
static size_t plain_run(const char *text, size_t len)
{
    size_t run = 0;
    while (run < len && is_plain(text[run]))
        run++;
    return run && run < len ? run - 1 : run;
}

size_t width_of_text(const char *text, size_t len)
{
    struct shape shape = no_shape;
    size_t at = plain_run(text, len), columns = at;
    while (at < len) {
        if (shape.walk.last != BREAK_PREPEND &&
            is_plain_cluster(text + at, len - at)) {
            columns += shape_columns(&shape) + 1;
            shape = no_shape;
            at++;
            continue;
        }
        uint32_t code;
        at += utf8_decode(text + at, len - at, &code);
        columns += shape_next(&shape, code);
    }
    return columns + shape_columns(&shape);
}

size_t width_fit(const char *text, size_t len, size_t columns, size_t *used)
{
    size_t at = 0;
    *used = 0;
    while (at < len) {
        int width;
        size_t cluster = width_cluster(text + at, len - at, &width);
        if ((size_t)width > columns - *used)
            break;
        *used += (size_t)width;
        at += cluster;
    }
    return at;
}
