/* What is written down holds no secret, wherever the bytes were cut. The first
 * line is the secret. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "wire/mask.h"

#include "fuzz.h"

static void mask_in_pieces(const struct mask *mask, struct slice input,
                           struct buf *out)
{
    struct mask_stream stream = {0};
    uint64_t seed = fuzz_seed(input);
    while (input.len) {
        size_t len = fuzz_piece(&seed, input.len);
        char *copy = fuzz_copy(input.data, len);
        mask_feed(mask, &stream, copy, len, out);
        free(copy);
        input.data += len;
        input.len -= len;
    }
    mask_finish(mask, &stream, out);
}

/* Only asterisks differ from what was given. */
static void check_masked(struct slice input, const struct buf *out)
{
    FUZZ_CHECK(out->len == input.len);
    for (size_t i = 0; i < out->len; i++)
        FUZZ_CHECK(out->data[i] == input.data[i] || out->data[i] == '*');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {(const char *)data, size}, line = {NULL, 0};
    struct mask *mask = mask_create();
    struct buf whole = buf_make(0), pieces = buf_make(0), url = buf_make(0);
    fuzz_line(&input, &line);
    char *secret = fuzz_text(line.data, line.len);
    mask_add(mask, secret);
    mask_text(mask, input.data, input.len, &whole);
    check_masked(input, &whole);
    mask_in_pieces(mask, input, &pieces);
    FUZZ_CHECK(fuzz_same(fuzz_slice(&whole), fuzz_slice(&pieces)));
    /* A secret of asterisks is found in what stands for one. */
    if (strlen(secret) >= MASK_SHORTEST && !strchr(secret, '*'))
        FUZZ_CHECK(!memmem(buf_str(&whole), whole.len, secret, strlen(secret)));
    char *text = fuzz_text(input.data, input.len);
    mask_url(mask, text, &url);
    mask_add_header(mask, text);
    mask_is_secret_name(text, strlen(text));
    free(text);
    free(secret);
    buf_free(&whole);
    buf_free(&pieces);
    buf_free(&url);
    mask_destroy(mask);
    return 0;
}
