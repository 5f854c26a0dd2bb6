#include "config.h"

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void fuzz_broken(const char *file, int line, const char *promise)
{
    fprintf(stderr, "%s:%d: broken: %s\n", file, line, promise);
    abort();
}

char *fuzz_copy(const char *bytes, size_t len)
{
    char *copy = mem_alloc(len ? len : 1);
    if (len)
        memcpy(copy, bytes, len);
    return copy;
}

char *fuzz_text(const char *bytes, size_t len)
{
    const char *stop = len ? memchr(bytes, '\0', len) : NULL;
    return mem_strndup(bytes, stop ? (size_t)(stop - bytes) : len);
}

bool fuzz_line(struct slice *input, struct slice *line)
{
    if (!input->len)
        return false;
    const char *stop = memchr(input->data, '\n', input->len);
    line->data = input->data;
    line->len = stop ? (size_t)(stop - input->data) : input->len;
    size_t used = line->len + (stop ? 1 : 0);
    input->data += used;
    input->len -= used;
    return true;
}

unsigned fuzz_byte(struct slice *input)
{
    if (!input->len)
        return 0;
    input->len--;
    return (unsigned char)*input->data++;
}

uint64_t fuzz_seed(struct slice input)
{
    uint64_t seed = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < input.len; i++)
        seed = (seed ^ (unsigned char)input.data[i]) * UINT64_C(1099511628211);
    return seed;
}

size_t fuzz_piece(uint64_t *seed, size_t left)
{
    *seed =
        *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    size_t most = *seed >> 62 ? 8 : 200;
    size_t len = 1 + (size_t)(*seed >> 33) % most;
    return len < left ? len : left;
}

bool fuzz_same(struct slice a, struct slice b)
{
    return a.len == b.len && (!a.len || memcmp(a.data, b.data, a.len) == 0);
}

struct slice fuzz_slice(const struct buf *buf)
{
    return (struct slice){buf_str(buf), buf->len};
}

/* Not by the tables of text/, which are what is tested. */
static bool is_unsafe(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0, 0x1f},        {0x7f, 0x9f},     {0x61c, 0x61c},
        {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
        {0xd800, 0xdfff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0001},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return code > 0x10ffff;
}

/* Decodes strictly, one code point; 0: ill-formed. */
static size_t decode(const unsigned char *p, size_t len, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t need = *p < 0x80   ? 1
                  : *p < 0xc0 ? 0
                  : *p < 0xe0 ? 2
                  : *p < 0xf0 ? 3
                  : *p < 0xf8 ? 4
                              : 0;
    if (!need || need > len)
        return 0;
    *code = need == 1 ? *p : *p & (0xffu >> (need + 1));
    for (size_t i = 1; i < need; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (p[i] & 0x3fu);
    }
    return *code >= least[need] ? need : 0;
}

void fuzz_check_safe(struct slice text, bool ascii, bool lines)
{
    const unsigned char *p = (const unsigned char *)text.data;
    for (size_t at = 0, used; at < text.len; at += used) {
        uint32_t code = 0;
        used = decode(p + at, text.len - at, &code);
        FUZZ_CHECK(used > 0);
        FUZZ_CHECK(!is_unsafe(code) || (lines && code == '\n'));
        FUZZ_CHECK(!ascii || code < 0x7f);
    }
}
