#include "config.h"

#include "text/width.h"

#include <stdbool.h>

#include "text/unicode.h"
#include "text/utf8.h"

enum {
    VARIATION_EMOJI = 0xFE0F,
    KEYCAP = 0x20E3,
    HALFWIDTH_VOICED = 0xFF9E,    /* a sound mark that takes a column, … */
    HALFWIDTH_SEMIVOICED = 0xFF9F /* … though it extends the cluster */
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

/* What is known of a cluster while its code points are read. */
struct shape {
    struct grapheme walk;
    uint32_t last;  /* code point before, 0 at the start */
    unsigned wide;  /* the widest so far */
    unsigned extra; /* columns beside it */
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
        return shape->last == VARIATION_EMOJI || is_keycap_base(shape->last);
    return (next.flags & UNICODE_PICT) && shape->walk.pict_joined;
}

static void shape_add(struct shape *shape, uint32_t code)
{
    struct unicode next = unicode_of(code);
    bool emoji = makes_emoji(shape, code, next) ||
                 (next.class == BREAK_REGIONAL && shape->walk.half_flag);
    if (code == HALFWIDTH_VOICED || code == HALFWIDTH_SEMIVOICED)
        shape->extra++;
    else if (next.width > shape->wide)
        shape->wide = next.width;
    if (emoji)
        shape->wide = 2;
    grapheme_next(&shape->walk, next);
    shape->last = code;
}

static unsigned shape_columns(const char *cluster, size_t len)
{
    struct shape shape = {.walk = GRAPHEME_START};
    for (size_t at = 0; at < len;) {
        uint32_t code;
        at += utf8_decode(cluster + at, len - at, &code);
        shape_add(&shape, code);
    }
    return shape.wide + shape.extra;
}

size_t width_of_text(const char *text, size_t len)
{
    size_t columns = 0;
    while (len) {
        int sum;
        size_t used = width_cluster(text, len, &sum);
        columns += used == 1 ? (unsigned)sum : shape_columns(text, used);
        text += used;
        len -= used;
    }
    return columns;
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
