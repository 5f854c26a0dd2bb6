#include "config.h"

#include "text/escape.h"

#include <stdint.h>
#include <string.h>

#include "text/unicode.h"
#include "text/utf8.h"

enum {
    MOST_MARKS = 8,
    ZWNJ = 0x200C,
    ZWJ = 0x200D,
    VARIATION_FIRST = 0xFE00,
    VARIATION_LAST = 0xFE0F
};

static bool is_clean(char byte)
{
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

static bool is_left_hidden(uint32_t code)
{
    return code == ZWNJ || code == ZWJ ||
           (code >= VARIATION_FIRST && code <= VARIATION_LAST);
}

static bool is_mark(struct unicode info)
{
    return info.class == BREAK_EXTEND || info.class == BREAK_SPACING ||
           info.class == BREAK_ZWJ || info.class == BREAK_V ||
           info.class == BREAK_T;
}

/* True when the code point may stand as it is; counts marks in a row. */
static bool may_stand(uint32_t code, unsigned *marks)
{
    struct unicode info = unicode_of(code);
    if ((info.flags & UNICODE_HIDDEN) && !is_left_hidden(code))
        return false;
    if (!is_mark(info))
        *marks = 0;
    else if (*marks == MOST_MARKS)
        return false;
    else
        ++*marks;
    return true;
}

/* Length of what is left as it is at the start of text. */
static size_t clean_run(const char *text, size_t len, unsigned *marks)
{
    size_t at = 0;
    while (at < len) {
        if (is_clean(text[at])) {
            *marks = 0;
            at++;
            continue;
        }
        uint32_t code;
        bool good;
        size_t used = utf8_read(text + at, len - at, &code, &good);
        if (!good || code < 0x80 || !may_stand(code, marks))
            break;
        at += used;
    }
    return at;
}

static bool add_unit(struct buf *out, uint32_t unit)
{
    return buf_addf(out, "\\u%04x", (unsigned)unit);
}

static bool add_code(struct buf *out, uint32_t code)
{
    if (code < 0x10000)
        return add_unit(out, code);
    code -= 0x10000;
    return add_unit(out, 0xD800 + (code >> 10)) &&
           add_unit(out, 0xDC00 + (code & 0x3FF));
}

static bool add_escaped(struct buf *out, uint32_t code)
{
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    const char *found = code && code < 0x80 ? strchr(plain, (int)code) : NULL;
    if (!found)
        return add_code(out, code);
    char pair[] = {'\\', letters[found - plain]};
    return buf_add(out, pair, sizeof pair);
}

/* Appends what clean_run() stopped at; returns its length, 0 without room. */
static size_t add_one(struct buf *out, const char *text, size_t len)
{
    uint32_t code;
    size_t used = utf8_decode(text, len, &code);
    return add_escaped(out, code) ? used : 0;
}

void escape_json(struct buf *out, const char *text, size_t len)
{
    unsigned marks = 0;
    while (len) {
        size_t used = clean_run(text, len, &marks);
        if (used ? !buf_add(out, text, used)
                 : !(used = add_one(out, text, len)))
            return;
        text += used;
        len -= used;
    }
}

enum {
    UNIT_LEN = 6, /* \u and four digits */
    HIGH_FIRST = 0xD800,
    LOW_FIRST = 0xDC00,
    LOW_LAST = 0xDFFF
};

/* The UTF-16 unit that is escaped at text, or 0. */
static unsigned unit_at(const char *text, size_t len)
{
    unsigned unit = 0;
    if (len < UNIT_LEN || text[0] != '\\' || text[1] != 'u')
        return 0;
    for (size_t i = 2; i < UNIT_LEN; i++) {
        const char *digits = "0123456789abcdef0123456789ABCDEF";
        const char *digit = text[i] ? strchr(digits, text[i]) : NULL;
        if (!digit)
            return 0;
        unit = unit * 16 + (unsigned)(digit - digits) % 16;
    }
    return unit;
}

static bool is_low(unsigned unit)
{
    return unit >= LOW_FIRST && unit <= LOW_LAST;
}

/* Half of a pair is no text, and many readers of JSON refuse a line for it. */
static size_t add_surrogate(struct buf *out, const char *text, size_t len)
{
    bool high = !is_low(unit_at(text, len));
    if (high && is_low(unit_at(text + UNIT_LEN, len - UNIT_LEN)))
        return buf_add(out, text, (size_t)2 * UNIT_LEN) ? 2 * UNIT_LEN : 0;
    return add_unit(out, UTF8_REPLACEMENT) ? UNIT_LEN : 0;
}

/* A backslash and what it escapes stay as they are. */
static size_t add_raw_escape(struct buf *out, const char *text, size_t len)
{
    unsigned unit = unit_at(text, len);
    if (unit >= HIGH_FIRST && unit <= LOW_LAST)
        return add_surrogate(out, text, len);
    if (len < 2 || text[1] < 0x20 || text[1] >= 0x7F)
        return buf_adds(out, "\\\\") ? 1 : 0;
    return buf_add(out, text, 2) ? 2 : 0;
}

/* Appends a string up to and with its closing quote; text is after the
 * opening one. Returns the bytes used. */
static size_t add_raw_string(struct buf *out, const char *text, size_t len)
{
    unsigned marks = 0;
    size_t at = 0;
    while (at < len) {
        size_t used = clean_run(text + at, len - at, &marks);
        if (used) {
            if (!buf_add(out, text + at, used))
                return len;
        } else if (text[at] == '"') {
            return buf_addc(out, '"') ? at + 1 : len;
        } else {
            used = text[at] == '\\' ? add_raw_escape(out, text + at, len - at)
                                    : add_one(out, text + at, len - at);
            if (!used)
                return len;
        }
        at += used;
    }
    return len;
}

static bool is_structure(char byte)
{
    return byte > 0x20 && byte < 0x7F && byte != '"';
}

void escape_raw_json(struct buf *out, const char *json, size_t len)
{
    size_t at = 0;
    while (at < len) {
        size_t start = at;
        while (at < len && is_structure(json[at]))
            at++;
        if (!buf_add(out, json + start, at - start))
            return;
        if (at == len)
            return;
        if (json[at++] != '"')
            continue;
        if (!buf_addc(out, '"'))
            return;
        at += add_raw_string(out, json + at, len - at);
    }
}
