#include "config.h"

#include "text/utf8.h"

#include <string.h>

enum {
    ASCII_END = 0x80,
    CONTINUATION_FIRST = 0x80,
    CONTINUATION_LAST = 0xBF,
    PAYLOAD_BITS = 6
};

/* What a lead byte asks for. Only the second byte is narrowed: that excludes
 * overlong forms, surrogates and what is past U+10FFFF. */
struct lead {
    size_t len; /* 0: not a lead byte */
    uint32_t bits;
    unsigned char second_first;
    unsigned char second_last;
};

static struct lead lead_of(unsigned char byte)
{
    struct lead lead = {.second_first = CONTINUATION_FIRST,
                        .second_last = CONTINUATION_LAST};
    if (byte < ASCII_END) {
        lead.len = 1;
        lead.bits = byte;
    } else if (byte >= 0xC2 && byte <= 0xDF) {
        lead.len = 2;
        lead.bits = byte & 0x1Fu;
    } else if (byte >= 0xE0 && byte <= 0xEF) {
        lead.len = 3;
        lead.bits = byte & 0x0Fu;
        if (byte == 0xE0)
            lead.second_first = 0xA0;
        if (byte == 0xED)
            lead.second_last = 0x9F;
    } else if (byte >= 0xF0 && byte <= 0xF4) {
        lead.len = 4;
        lead.bits = byte & 0x07u;
        if (byte == 0xF0)
            lead.second_first = 0x90;
        if (byte == 0xF4)
            lead.second_last = 0x8F;
    }
    return lead;
}

size_t utf8_read(const char *text, size_t len, uint32_t *code, bool *good)
{
    const unsigned char *bytes = (const unsigned char *)text;
    struct lead lead = lead_of(bytes[0]);
    unsigned char low = lead.second_first;
    unsigned char high = lead.second_last;
    size_t used = 1;
    uint32_t bits = lead.bits;
    while (used < lead.len && used < len && bytes[used] >= low &&
           bytes[used] <= high) {
        bits = bits << PAYLOAD_BITS | (bytes[used] & 0x3Fu);
        low = CONTINUATION_FIRST;
        high = CONTINUATION_LAST;
        used++;
    }
    *good = used == lead.len;
    *code = *good ? bits : UTF8_REPLACEMENT;
    return used;
}

size_t utf8_decode(const char *text, size_t len, uint32_t *code)
{
    bool good;
    return utf8_read(text, len, code, &good);
}

size_t utf8_encode(uint32_t code, char out[UTF8_MAX_BYTES])
{
    if ((code >= 0xD800 && code <= 0xDFFF) || code > 0x10FFFF)
        code = UTF8_REPLACEMENT;
    if (code < ASCII_END) {
        out[0] = (char)code;
        return 1;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80u | (code & 0x3Fu));
        code >>= PAYLOAD_BITS;
    }
    out[0] = (char)((0xF00u >> len & 0xFFu) | code);
    return len;
}

size_t utf8_ascii_run(const char *text, size_t len)
{
    const uint64_t high_bits = UINT64_C(0x8080808080808080);
    size_t at = 0;
    uint64_t eight;
    for (; len - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, text + at, sizeof eight);
        if (eight & high_bits)
            break;
    }
    while (at < len && (unsigned char)text[at] < ASCII_END)
        at++;
    return at;
}

/* Length of the well-formed beginning. */
static size_t good_run(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len) {
        at += utf8_ascii_run(text + at, len - at);
        if (at == len)
            break;
        uint32_t code;
        bool good;
        size_t used = utf8_read(text + at, len - at, &code, &good);
        if (!good)
            break;
        at += used;
    }
    return at;
}

bool utf8_valid(const char *text, size_t len)
{
    return good_run(text, len) == len;
}

void utf8_repair(struct buf *out, const char *text, size_t len)
{
    while (len) {
        size_t good = good_run(text, len);
        if (!buf_add(out, text, good))
            return;
        text += good;
        len -= good;
        if (!len)
            return;
        uint32_t code;
        size_t bad = utf8_decode(text, len, &code);
        if (!buf_adds(out, "\xEF\xBF\xBD"))
            return;
        text += bad;
        len -= bad;
    }
}

size_t utf8_incomplete_tail(const char *text, size_t len)
{
    size_t most = len < UTF8_MAX_BYTES - 1 ? len : UTF8_MAX_BYTES - 1;
    for (size_t tail = 1; tail <= most; tail++) {
        unsigned char byte = (unsigned char)text[len - tail];
        if (byte >= CONTINUATION_FIRST && byte <= CONTINUATION_LAST)
            continue;
        uint32_t code;
        bool good;
        size_t used = utf8_read(text + len - tail, tail, &code, &good);
        return !good && used == tail && lead_of(byte).len > tail ? tail : 0;
    }
    return 0;
}
