/* Answers of the run feed, one a line, all the way to the screen: no entry is
 * told twice, and messages say the same one by one. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"
#include "wire/decoder.h"
#include "wire/shape.h"

#include "fuzz.h"
#include "stage.h"

struct feed {
    struct shape *shape;
    struct decoder *decoder;
    struct stage *stage;
    struct buf told; /* the rows, as text */
    size_t rows;
};

static const struct shape_headers headers = {
    .handle = "h", .offset = "1_0", .cursor = "2", .schema = "{}"};

static void take_row(void *context, struct row *row)
{
    struct feed *feed = context;
    feed->rows++;
    struct buf text = buf_make(0);
    for (int column = 0; column < COLUMN_COUNT; column++) {
        buf_clear(&text);
        if (row_text(row, (enum column)column, &text)) {
            FUZZ_CHECK(utf8_valid(buf_str(&text), text.len));
            buf_addf(&feed->told, "%d:", column);
            buf_add(&feed->told, buf_str(&text), text.len);
        }
    }
    buf_addc(&feed->told, '\n');
    buf_free(&text);
    decoder_take_row(feed->decoder, row, STAGE_NOW_MS);
    row_settle(row);
}

static struct feed feed_create(void)
{
    struct decoder_options options = {
        .run = "run_1", .progress_key = "progress", .log_key = "logs"};
    struct feed feed = {.stage = stage_create()};
    feed.shape = shape_create("/realtime/v1/runs/run_1", "");
    feed.decoder = decoder_create(&options, stage_event, feed.stage);
    return feed;
}

static void feed_destroy(struct feed *feed)
{
    shape_destroy(feed->shape);
    decoder_destroy(feed->decoder);
    stage_destroy(feed->stage);
    buf_free(&feed->told);
}

static bool take_answer(struct feed *feed, struct slice body)
{
    struct error err = {0};
    char *copy = fuzz_copy(body.data, body.len);
    bool good = shape_take_answer(feed->shape, &headers, copy, body.len,
                                  take_row, feed, &err);
    FUZZ_CHECK(good || err.kind != ERROR_NONE ||
               shape_must_refetch(feed->shape));
    if (shape_must_refetch(feed->shape))
        shape_restart(feed->shape, NULL);
    free(copy);
    return good;
}

/* One message after the other, as server-sent events bring them. */
static void take_messages(struct feed *feed, struct slice body)
{
    struct error err = {0};
    struct json_walk walk;
    struct slice key, item;
    FUZZ_CHECK(shape_take_headers(feed->shape, &headers, &err));
    if (json_walk_start(&walk, body))
        while (json_walk_next(&walk, &key, &item))
            shape_take_message(feed->shape, item.data, item.len, take_row, feed,
                               &err);
}

static struct slice trimmed(struct slice text)
{
    const char *end = text.data + text.len;
    const char *start = json_skip_space(text.data, end);
    const char *stop = json_value_end(start, end);
    return (struct slice){start, stop ? (size_t)(stop - start) : 0};
}

static void check_request(const struct feed *feed)
{
    struct buf target = buf_make(0);
    shape_request(feed->shape, &target);
    for (size_t i = 0; i < target.len; i++)
        FUZZ_CHECK(target.data[i] > ' ' && target.data[i] < 0x7f);
    buf_free(&target);
}

/* Said once more, an answer about one row says nothing new: it is told as it
 * is when the present is reached. */
static void check_repeat(struct feed *feed, struct slice body, size_t rows)
{
    static const char present[] = "up-to-date";
    const char *first =
        memmem(body.data, body.len, present, sizeof present - 1);
    size_t behind = first ? body.len - (size_t)(first + 1 - body.data) : 0;
    if (rows > 1 || !first ||
        memmem(first + 1, behind, present, sizeof present - 1))
        return;
    uint64_t entries = feed->stage->entries;
    take_answer(feed, body);
    FUZZ_CHECK(feed->stage->entries == entries);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {(const char *)data, size}, line;
    struct feed whole = feed_create(), single = feed_create();
    bool same = true;
    while (fuzz_line(&input, &line)) {
        size_t before = whole.rows;
        bool good = take_answer(&whole, line);
        same = same && good;
        if (same) {
            take_messages(&single, trimmed(line));
            FUZZ_CHECK(whole.stage->entries == single.stage->entries);
            FUZZ_CHECK(
                fuzz_same(fuzz_slice(&whole.told), fuzz_slice(&single.told)));
        }
        if (good) {
            check_repeat(&whole, line, whole.rows - before);
            same = false;
        }
        check_request(&whole);
    }
    stage_draw(whole.stage, 80, 24);
    stage_draw(whole.stage, 33, 9);
    feed_destroy(&whole);
    feed_destroy(&single);
    return 0;
}
