#include "config.h"

#include "wire/json_text.h"

#include <stdint.h>
#include <string.h>

#include "text/utf8.h"

bool slice_is(struct slice slice, const char *text)
{
    size_t len = strlen(text);
    return slice.data && slice.len == len && memcmp(slice.data, text, len) == 0;
}

const char *json_skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

/* True when the byte at p is escaped by the backslashes before it. */
static bool is_escaped(const char *start, const char *p)
{
    const char *q = p;
    while (q > start && q[-1] == '\\')
        q--;
    return (p - q) % 2 == 1;
}

const char *json_string_end(const char *p, const char *end)
{
    const char *start = p;
    while (p < end) {
        const char *quote = memchr(p, '"', (size_t)(end - p));
        if (!quote || !is_escaped(start, quote))
            return quote;
        p = quote + 1;
    }
    return NULL;
}

static const char *scalar_end(const char *p, const char *end)
{
    const char *start = p;
    while (p < end && !strchr(",]}: \n\r\t\"[{", *p) && *p)
        p++;
    return p > start ? p : NULL;
}

/* p at an opening bracket. Counting is enough: brackets inside strings are
 * jumped over together with their strings. */
static const char *nested_end(const char *p, const char *end)
{
    size_t depth = 0;
    for (; p < end; p++) {
        if (*p == '"') {
            p = json_string_end(p + 1, end);
            if (!p)
                return NULL;
        } else if (*p == '{' || *p == '[') {
            depth++;
        } else if (*p == '}' || *p == ']') {
            if (--depth == 0)
                return p + 1;
        }
    }
    return NULL;
}

const char *json_value_end(const char *p, const char *end)
{
    if (p >= end)
        return NULL;
    if (*p == '"') {
        const char *quote = json_string_end(p + 1, end);
        return quote ? quote + 1 : NULL;
    }
    if (*p == '{' || *p == '[')
        return nested_end(p, end);
    return scalar_end(p, end);
}

const char *json_member(const char *p, const char *end, struct slice *name)
{
    if (p >= end || *p != '"')
        return NULL;
    const char *quote = json_string_end(p + 1, end);
    if (!quote)
        return NULL;
    *name = (struct slice){p + 1, (size_t)(quote - p - 1)};
    p = json_skip_space(quote + 1, end);
    return p < end && *p == ':' ? json_skip_space(p + 1, end) : NULL;
}

const char *json_next_item(const char *p, const char *end, char close)
{
    p = json_skip_space(p, end);
    if (p >= end || (*p != ',' && *p != close))
        return NULL;
    if (*p == close)
        return p;
    p = json_skip_space(p + 1, end);
    return p < end && *p != close ? p : NULL;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* p at the backslash of \uXXXX; false when it is not one. */
static bool read_unit(const char *p, const char *end, uint32_t *unit)
{
    if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return false;
    *unit = 0;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0)
            return false;
        *unit = *unit << 4 | (uint32_t)digit;
    }
    return true;
}

static size_t unescape_unit(struct buf *out, const char *p, const char *end)
{
    uint32_t code, low;
    size_t used = 6;
    if (!read_unit(p, end, &code))
        return 0;
    bool high = code >= 0xD800 && code < 0xDC00;
    if (high && read_unit(p + 6, end, &low) && low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        used = 12;
    }
    char bytes[UTF8_MAX_BYTES];
    buf_add(out, bytes, utf8_encode(code, bytes));
    return used;
}

size_t json_unescape_one(struct buf *out, const char *p, const char *end)
{
    static const char from[] = "\"\\/bfnrt";
    static const char to[] = "\"\\/\b\f\n\r\t";
    if (end - p < 2)
        return 0;
    if (p[1] == 'u')
        return unescape_unit(out, p, end);
    const char *known = p[1] ? strchr(from, p[1]) : NULL;
    if (!known)
        return 0;
    buf_addc(out, to[known - from]);
    return 2;
}

bool json_unescape(struct buf *out, const char *p, size_t len)
{
    const char *end = p + len;
    while (p < end) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));
        const char *stop = slash ? slash : end;
        utf8_repair(out, p, (size_t)(stop - p));
        p = stop;
        if (!slash)
            break;
        size_t used = json_unescape_one(out, p, end);
        if (!used)
            return false;
        p += used;
    }
    return true;
}

bool json_string_is(struct slice inside, const char *text)
{
    if (!inside.data || !memchr(inside.data, '\\', inside.len))
        return slice_is(inside, text);
    struct buf plain = buf_make(0);
    bool same = json_unescape(&plain, inside.data, inside.len) &&
                slice_is((struct slice){plain.data, plain.len}, text);
    buf_free(&plain);
    return same;
}

void json_compact(struct buf *out, struct slice json)
{
    const char *p = json.data, *end = json.data + json.len;
    while ((p = json_skip_space(p, end)) < end) {
        const char *start = p;
        if (*p++ == '"') {
            const char *quote = json_string_end(p, end);
            p = quote ? quote + 1 : end;
        } else {
            while (p < end && !strchr("\" \n\r\t", *p))
                p++;
        }
        buf_add(out, start, (size_t)(p - start));
    }
}

bool json_walk_start(struct json_walk *walk, struct slice value)
{
    *walk = (struct json_walk){0};
    if (!value.data || value.len < 2)
        return false;
    char open = value.data[0];
    if (open != '{' && open != '[')
        return false;
    walk->close = open == '{' ? '}' : ']';
    walk->end = value.data + value.len;
    walk->p = json_skip_space(value.data + 1, walk->end);
    return true;
}

static bool walk_broken(struct json_walk *walk)
{
    walk->broken = true;
    return false;
}

static bool read_key(struct json_walk *walk, struct slice *key)
{
    const char *value = json_member(walk->p, walk->end, key);
    if (!value)
        return walk_broken(walk);
    walk->p = value;
    return true;
}

bool json_walk_key(struct json_walk *walk, struct slice *key)
{
    *key = (struct slice){0};
    if (walk->broken)
        return false;
    if (walk->p >= walk->end)
        return walk_broken(walk);
    if (*walk->p == walk->close)
        return false;
    return walk->close == ']' || read_key(walk, key);
}

bool json_walk_pass(struct json_walk *walk, const char *stop)
{
    const char *next =
        stop ? json_next_item(stop, walk->end, walk->close) : NULL;
    if (!next)
        return walk_broken(walk);
    walk->p = next;
    return true;
}

bool json_walk_next(struct json_walk *walk, struct slice *key,
                    struct slice *value)
{
    if (!json_walk_key(walk, key))
        return false;
    const char *start = walk->p;
    const char *stop = json_value_end(start, walk->end);
    if (!json_walk_pass(walk, stop))
        return false;
    *value = (struct slice){start, (size_t)(stop - start)};
    return true;
}
