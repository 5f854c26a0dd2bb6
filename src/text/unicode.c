#include "config.h"

#include "text/unicode.h"

#include <stddef.h>

static const struct range {
    uint32_t first;
    uint32_t last;
    uint8_t width;
    uint8_t sign;
    uint8_t class;
    uint8_t flags;
} ranges[] = {
#include "text/width_table.h"
};

enum {
    RANGE_COUNT = sizeof ranges / sizeof ranges[0],
    HANGUL_FIRST = 0xAC00,
    HANGUL_LAST = 0xD7A3,
    HANGUL_TRAILING = 28, /* a syllable in 28 has no trailing consonant */
    CJK_FIRST = 0x4E00,
    CJK_LAST = 0x9FFF
};

static const struct unicode usual = {.width = 1, .sign = 1};

static struct unicode look_up(uint32_t code)
{
    size_t low = 0;
    size_t high = RANGE_COUNT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct range *range = &ranges[middle];
        if (code < range->first)
            high = middle;
        else if (code > range->last)
            low = middle + 1;
        else
            return (struct unicode){range->width, range->sign, range->class,
                                    range->flags};
    }
    return usual;
}

struct unicode unicode_of(uint32_t code)
{
    if (code >= HANGUL_FIRST && code <= HANGUL_LAST) {
        bool open = (code - HANGUL_FIRST) % HANGUL_TRAILING == 0;
        return (struct unicode){
            .width = 2, .sign = 2, .class = open ? BREAK_LV : BREAK_LVT};
    }
    if (code >= CJK_FIRST && code <= CJK_LAST)
        return (struct unicode){
            .width = 2, .sign = 2, .flags = UNICODE_IDEOGRAPH};
    return look_up(code);
}

static bool is_control(unsigned class)
{
    return class == BREAK_CR || class == BREAK_LF || class == BREAK_CONTROL;
}

/* GB6, GB7, GB8. */
static bool is_one_syllable(unsigned before, unsigned next)
{
    switch (before) {
    case BREAK_L:
        return next == BREAK_L || next == BREAK_V || next == BREAK_LV ||
               next == BREAK_LVT;
    case BREAK_LV:
    case BREAK_V:
        return next == BREAK_V || next == BREAK_T;
    case BREAK_LVT:
    case BREAK_T:
        return next == BREAK_T;
    }
    return false;
}

/* The rules of UAX #29 in their order. */
static bool is_boundary(const struct grapheme *walk, struct unicode next)
{
    if (walk->last == BREAK_START)
        return true;
    if (walk->last == BREAK_CR && next.class == BREAK_LF)
        return false;
    if (is_control(walk->last) || is_control(next.class))
        return true;
    if (is_one_syllable(walk->last, next.class))
        return false;
    if (next.class == BREAK_EXTEND || next.class == BREAK_ZWJ ||
        next.class == BREAK_SPACING || walk->last == BREAK_PREPEND)
        return false;
    if (walk->pict_joined && (next.flags & UNICODE_PICT))
        return false;
    return !(walk->half_flag && next.class == BREAK_REGIONAL);
}

bool grapheme_next(struct grapheme *walk, struct unicode next)
{
    bool boundary = is_boundary(walk, next);
    walk->pict_joined = walk->pict && next.class == BREAK_ZWJ;
    walk->pict = (next.flags & UNICODE_PICT) ||
                 (walk->pict && next.class == BREAK_EXTEND);
    walk->half_flag = next.class == BREAK_REGIONAL && !walk->half_flag;
    walk->last = next.class;
    return boundary;
}
