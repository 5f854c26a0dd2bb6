/* A string that is sent again and again, one version a line: what is kept is
 * what decoding the whole of it would give. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "wire/retext.h"

#include "fuzz.h"

/* As it is promised: ill-formed bytes are kept. */
static bool decode(struct buf *out, const char *p, const char *close)
{
    while (p < close) {
        size_t used = 1;
        if (*p == '\\')
            used = json_unescape_one(out, p, close);
        else
            buf_addc(out, *p);
        if (!used)
            return false;
        p += used;
    }
    return true;
}

static void take(struct retext *text, struct slice line, struct buf *last)
{
    struct buf want = buf_make(0);
    char *copy = fuzz_copy(line.data, line.len);
    const char *end = copy + line.len;
    const char *close = json_string_end(copy, end);
    bool good = close && decode(&want, copy, close), changed = false;
    const char *stop = retext_read(text, copy, end, &changed);
    FUZZ_CHECK(stop == (good ? close : NULL));
    if (good) {
        FUZZ_CHECK(changed || fuzz_same(fuzz_slice(&want), fuzz_slice(last)));
        buf_clear(last);
        buf_add(last, buf_str(&want), want.len);
    }
    FUZZ_CHECK(fuzz_same(retext_plain(text), fuzz_slice(last)));
    buf_free(&want);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {(const char *)data, size}, line;
    struct retext *text = retext_create();
    struct buf last = buf_make(0);
    while (fuzz_line(&input, &line))
        take(text, line, &last);
    retext_destroy(text);
    buf_free(&last);
    return 0;
}
