#include "config.h"

#include "base/base64.h"

#include <stdint.h>
#include <string.h>

enum {
    DIGITS = 64
};

static const char plain_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void add_digits(struct buf *out, const void *bytes, size_t len,
                       const char *digits)
{
    const unsigned char *in = bytes;
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | in[i];
        for (held += 8; held >= 6; held -= 6)
            buf_addc(out, digits[bits >> (held - 6) & 63]);
    }
    if (held)
        buf_addc(out, digits[bits << (6 - held) & 63]);
}

static bool read_digits(struct buf *out, const char *text, size_t len,
                        const char *digits)
{
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < len; i++) {
        const char *digit = memchr(digits, text[i], DIGITS);
        if (!digit)
            return false;
        bits = bits << 6 | (uint32_t)(digit - digits);
        held += 6;
        if (held >= 8) {
            held -= 8;
            buf_addc(out, (char)(bits >> held & 0xff));
        }
    }
    return len % 4 != 1;
}

void base64_add(struct buf *out, const void *bytes, size_t len)
{
    add_digits(out, bytes, len, plain_digits);
    buf_fill(out, '=', (3 - len % 3) % 3);
}

void base64url_add(struct buf *out, const void *bytes, size_t len)
{
    add_digits(out, bytes, len, url_digits);
}

bool base64_read(struct buf *out, const char *text, size_t len)
{
    for (int padding = 0; padding < 2 && len && text[len - 1] == '='; padding++)
        len--;
    return read_digits(out, text, len, plain_digits);
}

bool base64url_read(struct buf *out, const char *text, size_t len)
{
    return read_digits(out, text, len, url_digits);
}
