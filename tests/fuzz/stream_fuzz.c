/* A stream of a run: the same parts, wherever the bytes are cut, and none a
 * second time after a resume. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"
#include "wire/json_valid.h"
#include "wire/stream.h"

#include "fuzz.h"

enum {
    NOW_MS = 7,
    LARGE = 1 << 20,
    SMALL = 300
};

struct heard {
    struct buf parts;
    struct buf position;
    size_t count;
    bool broken, caught_up, done;
};

static void take_part(struct heard *heard, const struct stream_part *part)
{
    FUZZ_CHECK(strcmp(part->stream, "key") == 0);
    FUZZ_CHECK(utf8_valid(part->chunk, part->chunk_len));
    if (part->is_json)
        FUZZ_CHECK(json_valid(part->chunk, part->chunk_len));
    FUZZ_CHECK(!part->time_is_arrival || part->time_ms == NOW_MS);
    buf_addf(&heard->parts, "%s %lld %zu ", part->id ? part->id : "-",
             (long long)part->time_ms, part->chunk_len);
    buf_add(&heard->parts, part->chunk, part->chunk_len);
    buf_addc(&heard->parts, '\n');
    heard->count++;
}

static void take(struct heard *heard, struct stream *stream, struct slice bytes)
{
    struct stream_part part;
    struct error err = {0};
    char *copy = fuzz_copy(bytes.data, bytes.len);
    stream_feed(stream, copy, bytes.len, NOW_MS);
    while (stream_next_part(stream, &part, &err))
        take_part(heard, &part);
    heard->broken = err.kind != ERROR_NONE;
    free(copy);
}

/* pieces: 0 all at once, 1 a byte at a time, else by chance. */
static void hear(struct heard *heard, struct stream *stream, struct slice input,
                 int pieces)
{
    uint64_t seed = fuzz_seed(input);
    while (input.len && !heard->broken) {
        size_t len = pieces == 0   ? input.len
                     : pieces == 1 ? 1
                                   : fuzz_piece(&seed, input.len);
        take(heard, stream, (struct slice){input.data, len});
        input.data += len;
        input.len -= len;
    }
    buf_clear(&heard->position);
    stream_resume(stream, &heard->position);
    heard->caught_up = stream_is_caught_up(stream);
    heard->done = stream_is_done(stream);
}

static void forget(struct heard *heard)
{
    buf_free(&heard->parts);
    buf_free(&heard->position);
}

static void check_same(struct slice input, const char *version, size_t most,
                       const struct heard *want, int pieces)
{
    struct heard got = {.count = 0};
    struct stream *stream = stream_create("key", most);
    FUZZ_CHECK(stream_open(stream, version));
    hear(&got, stream, input, pieces);
    FUZZ_CHECK(got.broken == want->broken);
    FUZZ_CHECK(fuzz_same(fuzz_slice(&got.parts), fuzz_slice(&want->parts)));
    if (!got.broken) {
        /* In the first generation an id that no part has counts only where
         * the bytes happen to end behind it. */
        FUZZ_CHECK(!version || fuzz_same(fuzz_slice(&got.position),
                                         fuzz_slice(&want->position)));
        FUZZ_CHECK(got.caught_up == want->caught_up && got.done == want->done);
    }
    /* A server of the second generation that sends all of it once more. */
    if (version && !got.broken && got.position.len) {
        size_t before = got.count;
        if (stream_open(stream, version)) {
            hear(&got, stream, input, 2);
            FUZZ_CHECK(got.broken || got.count <= 2 * before);
        }
    }
    stream_destroy(stream);
    forget(&got);
}

static void run(struct slice input, const char *version, size_t most)
{
    struct heard want = {.count = 0};
    struct stream *stream = stream_create("key", most);
    FUZZ_CHECK(stream_open(stream, version));
    hear(&want, stream, input, 0);
    stream_destroy(stream);
    check_same(input, version, most, &want, 1);
    check_same(input, version, most, &want, 2);
    forget(&want);
}

/* The first byte: the generation, '2' or another. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {(const char *)data, size};
    const char *version = fuzz_byte(&input) == '2' ? "v2" : NULL;
    run(input, version, LARGE);
    run(input, version, SMALL);
    return 0;
}
