/* Server-sent events: the same, wherever the bytes are cut, one by one or in
 * bulk. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "wire/sse.h"

#include "fuzz.h"

enum {
    LARGE = 1 << 20,
    SMALL = 100
};

struct heard {
    struct buf events; /* none of those in bulk */
    struct buf bare;   /* without their ids */
    struct buf last_id;
    int64_t retry_ms;
    uint64_t comments;
    bool broken;
};

static void add_bare(struct heard *heard, const char *name, const char *data,
                     size_t len, bool has_id)
{
    buf_addf(&heard->bare, "%s %d %zu ", name, has_id, len);
    buf_add(&heard->bare, data, len);
    buf_addc(&heard->bare, '\n');
}

static void take_bulk(struct heard *heard, struct sse *sse)
{
    enum {
        MOST = 5
    };
    struct slice data[MOST];
    size_t count;
    while ((count = sse_take_plain(sse, data, MOST)))
        for (size_t i = 0; i < count; i++)
            add_bare(heard, SSE_MESSAGE, data[i].data, data[i].len,
                     *sse_last_event_id(sse));
}

static void take(struct heard *heard, struct sse *sse, struct slice bytes,
                 bool in_bulk)
{
    struct sse_event event;
    struct error err = {0};
    char *copy = fuzz_copy(bytes.data, bytes.len);
    sse_feed(sse, copy, bytes.len);
    if (in_bulk)
        take_bulk(heard, sse);
    while (sse_next(sse, &event, &err)) {
        add_bare(heard, event.event, event.data, event.data_len, event.id_len);
        FUZZ_CHECK(event.event);
        FUZZ_CHECK(strlen(event.id) == event.id_len);
        buf_addf(&heard->events, "%s %zu ", event.event, event.data_len);
        buf_add(&heard->events, event.data, event.data_len);
        buf_addf(&heard->events, " %s\n", event.id);
        if (in_bulk)
            take_bulk(heard, sse);
    }
    heard->broken = err.kind != ERROR_NONE;
    free(copy);
}

/* pieces: 0 all at once, 1 a byte at a time, else by chance. */
static struct heard hear(struct slice input, size_t max_event, int pieces,
                         bool in_bulk)
{
    struct heard heard = {.broken = false};
    struct sse *sse = sse_create(max_event);
    uint64_t seed = fuzz_seed(input);
    while (input.len && !heard.broken) {
        size_t len = pieces == 0   ? input.len
                     : pieces == 1 ? 1
                                   : fuzz_piece(&seed, input.len);
        take(&heard, sse, (struct slice){input.data, len}, in_bulk);
        input.data += len;
        input.len -= len;
    }
    buf_adds(&heard.last_id, sse_last_event_id(sse));
    heard.retry_ms = sse_retry_ms(sse);
    heard.comments = sse_comments(sse);
    sse_destroy(sse);
    return heard;
}

static void forget(struct heard *heard)
{
    buf_free(&heard->events);
    buf_free(&heard->bare);
    buf_free(&heard->last_id);
}

static void check_as(struct slice input, size_t max_event, int pieces,
                     bool in_bulk, const struct heard *want)
{
    struct heard got = hear(input, max_event, pieces, in_bulk);
    FUZZ_CHECK(got.broken == want->broken);
    FUZZ_CHECK(fuzz_same(fuzz_slice(&got.bare), fuzz_slice(&want->bare)));
    if (!in_bulk)
        FUZZ_CHECK(
            fuzz_same(fuzz_slice(&got.events), fuzz_slice(&want->events)));
    if (!got.broken) {
        FUZZ_CHECK(
            fuzz_same(fuzz_slice(&got.last_id), fuzz_slice(&want->last_id)));
        FUZZ_CHECK(got.retry_ms == want->retry_ms);
        FUZZ_CHECK(got.comments == want->comments);
    }
    forget(&got);
}

static void check_same(struct slice input, size_t max_event, int pieces,
                       const struct heard *want)
{
    check_as(input, max_event, pieces, false, want);
    check_as(input, max_event, pieces, true, want);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {(const char *)data, size};
    struct heard whole = hear(input, LARGE, 0, false);
    check_same(input, LARGE, 1, &whole);
    check_same(input, LARGE, 2, &whole);
    forget(&whole);
    struct heard small = hear(input, SMALL, 1, false);
    check_same(input, SMALL, 0, &small);
    check_same(input, SMALL, 2, &small);
    forget(&small);
    return 0;
}
