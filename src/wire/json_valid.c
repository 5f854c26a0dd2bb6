/* One pass, no recursion: `stack` holds the open brackets, `expect` what may
 * stand next. */
#include "config.h"

#include "wire/json_valid.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "text/utf8.h"
#include "wire/json_text.h"

enum expect {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_CLOSE, /* right behind [ */
    EXPECT_KEY,
    EXPECT_KEY_OR_CLOSE, /* right behind { */
    EXPECT_COMMA_OR_CLOSE,
    EXPECT_END
};

struct checker {
    const char *p, *end;
    enum expect expect;
    size_t depth;
    char stack[JSON_MAX_DEPTH];
};

static bool is_hex4(const char *p, const char *end)
{
    if (end - p < 4)
        return false;
    for (int i = 0; i < 4; i++)
        if (!isxdigit((unsigned char)p[i]))
            return false;
    return true;
}

#define EACH_BYTE(byte) (UINT64_MAX / 0xff * (byte))

/* A bit set for each byte of word that is zero, and perhaps for others behind
 * one that is. */
static uint64_t zero_bytes(uint64_t word)
{
    return (word - EACH_BYTE(0x01)) & ~word & EACH_BYTE(0x80);
}

/* The first byte at or after p that a string cannot hold as it is, or a few
 * bytes before it: most of a string is passed over eight at a time. */
static const char *pass_plain(const char *p, const char *end)
{
    for (uint64_t word; (size_t)(end - p) >= sizeof word; p += sizeof word) {
        memcpy(&word, p, sizeof word);
        uint64_t control = (word - EACH_BYTE(0x20)) & ~word & EACH_BYTE(0x80);
        if (control | zero_bytes(word ^ EACH_BYTE((uint64_t)'"')) |
            zero_bytes(word ^ EACH_BYTE((uint64_t)'\\')))
            break;
    }
    return p;
}

/* Behind a backslash: the last byte of the escape; NULL for none. */
static const char *escape_end(const char *p, const char *end)
{
    if (p >= end || !*p)
        return NULL;
    if (*p == 'u')
        return is_hex4(p + 1, end) ? p + 4 : NULL;
    return strchr("\"\\/bfnrt", *p) ? p : NULL;
}

/* At the opening quote; moves behind the closing one. */
static bool check_string(struct checker *c)
{
    const char *p = pass_plain(c->p + 1, c->end);
    for (; p < c->end; p++) {
        unsigned char byte = (unsigned char)*p;
        if (byte == '"') {
            c->p = p + 1;
            return true;
        }
        if (byte < 0x20)
            return false;
        if (byte != '\\')
            continue;
        p = escape_end(p + 1, c->end);
        if (!p)
            return false;
        p = pass_plain(p + 1, c->end) - 1;
    }
    return false;
}

static size_t count_digits(struct checker *c)
{
    const char *start = c->p;
    while (c->p < c->end && isdigit((unsigned char)*c->p))
        c->p++;
    return (size_t)(c->p - start);
}

static bool check_number(struct checker *c)
{
    if (*c->p == '-')
        c->p++;
    const char *first = c->p;
    size_t digits = count_digits(c);
    if (digits == 0 || (digits > 1 && *first == '0'))
        return false;
    if (c->p < c->end && *c->p == '.') {
        c->p++;
        if (count_digits(c) == 0)
            return false;
    }
    if (c->p < c->end && (*c->p == 'e' || *c->p == 'E')) {
        c->p++;
        if (c->p < c->end && (*c->p == '+' || *c->p == '-'))
            c->p++;
        if (count_digits(c) == 0)
            return false;
    }
    return true;
}

static bool check_word(struct checker *c, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(c->end - c->p) < len || memcmp(c->p, word, len) != 0)
        return false;
    c->p += len;
    return true;
}

static void value_done(struct checker *c)
{
    c->expect = c->depth ? EXPECT_COMMA_OR_CLOSE : EXPECT_END;
}

static bool check_scalar(struct checker *c)
{
    bool good;
    switch (*c->p) {
    case '"':
        good = check_string(c);
        break;
    case 't':
        good = check_word(c, "true");
        break;
    case 'f':
        good = check_word(c, "false");
        break;
    case 'n':
        good = check_word(c, "null");
        break;
    default:
        good =
            (*c->p == '-' || isdigit((unsigned char)*c->p)) && check_number(c);
    }
    value_done(c);
    return good;
}

static bool check_open(struct checker *c)
{
    if (c->depth == JSON_MAX_DEPTH)
        return false;
    c->stack[c->depth++] = *c->p;
    c->expect = *c->p == '{' ? EXPECT_KEY_OR_CLOSE : EXPECT_VALUE_OR_CLOSE;
    c->p++;
    return true;
}

static bool check_close(struct checker *c)
{
    char open = *c->p == '}' ? '{' : '[';
    if (!c->depth || c->stack[c->depth - 1] != open)
        return false;
    c->depth--;
    c->p++;
    value_done(c);
    return true;
}

static bool check_key(struct checker *c)
{
    if (*c->p != '"' || !check_string(c))
        return false;
    c->p = json_skip_space(c->p, c->end);
    if (c->p >= c->end || *c->p != ':')
        return false;
    c->p++;
    c->expect = EXPECT_VALUE;
    return true;
}

static bool check_comma(struct checker *c)
{
    if (*c->p != ',')
        return false;
    c->p++;
    c->expect = c->stack[c->depth - 1] == '{' ? EXPECT_KEY : EXPECT_VALUE;
    return true;
}

static bool check_value(struct checker *c)
{
    return *c->p == '{' || *c->p == '[' ? check_open(c) : check_scalar(c);
}

static bool check_next(struct checker *c)
{
    char byte = *c->p;
    bool closes = byte == '}' || byte == ']';
    switch (c->expect) {
    case EXPECT_VALUE_OR_CLOSE:
        return closes ? check_close(c) : check_value(c);
    case EXPECT_VALUE:
        return check_value(c);
    case EXPECT_KEY_OR_CLOSE:
        return closes ? check_close(c) : check_key(c);
    case EXPECT_KEY:
        return check_key(c);
    case EXPECT_COMMA_OR_CLOSE:
        return closes ? check_close(c) : check_comma(c);
    case EXPECT_END:
        return false;
    }
    return false;
}

bool json_valid(const char *text, size_t len)
{
    if (!len || !utf8_valid(text, len))
        return false;
    struct checker c = {.p = text, .end = text + len, .expect = EXPECT_VALUE};
    for (;;) {
        c.p = json_skip_space(c.p, c.end);
        if (c.p >= c.end)
            return c.expect == EXPECT_END;
        if (!check_next(&c))
            return false;
    }
}
