/* Every case as it arrived, then cut anew into pieces of other sizes: what
 * comes out must not depend on the cuts. */
#include "config.h"

#include "wire/sse.h"

#include "base/sha256.h"
#include "text/utf8.h"

#include "conformance.h"
#include "unit.h"

static json_t *cases;

static void add_parts(struct buf *out, json_t *parts)
{
    for (size_t i = 0; i < json_array_size(parts); i++) {
        json_t *part = json_array_get(parts, i);
        json_int_t count = 1;
        json_t *text = part;
        if (json_is_object(part)) {
            count = json_integer_value(json_object_get(part, "count"));
            text = json_object_get(part, "repeat");
        }
        for (json_int_t n = 0; n < count; n++)
            buf_add(out, json_string_value(text), json_string_length(text));
    }
}

static struct buf chunk_at(json_t *item, size_t index)
{
    struct buf bytes = buf_make(0);
    const char *encoding = text_of(item, "encoding");
    json_t *chunk = json_array_get(json_object_get(item, "chunks"), index);
    if (strcmp(encoding, "parts") == 0)
        add_parts(&bytes, chunk);
    else if (strcmp(encoding, "base64") == 0)
        add_base64(&bytes, json_string_value(chunk));
    else
        buf_add(&bytes, json_string_value(chunk), json_string_length(chunk));
    return bytes;
}

static void assert_digest(json_t *item, const struct buf *data, json_t *want)
{
    uint8_t digest[SHA256_SIZE];
    struct buf hex = buf_make(0);
    ck_assert_uint_eq(data->len, (size_t)json_integer_value(
                                     json_object_get(want, "data_bytes")));
    sha256(buf_str(data), data->len, digest);
    for (size_t i = 0; i < SHA256_SIZE; i++)
        buf_addf(&hex, "%02x", digest[i]);
    ck_assert_msg(strcmp(buf_str(&hex), text_of(want, "data_sha256")) == 0,
                  "%s: digest", text_of(item, "name"));
    buf_free(&hex);
}

static void assert_data(json_t *item, const struct sse_event *event,
                        json_t *want)
{
    struct buf data = buf_make(0), expected = buf_make(0);
    utf8_repair(&data, event->data, event->data_len);
    if (json_object_get(want, "data_sha256")) {
        assert_digest(item, &data, want);
    } else {
        if (json_object_get(want, "data_base64"))
            add_base64(&expected, text_of(want, "data_base64"));
        else
            buf_add(&expected, text_of(want, "data"), length_of(want, "data"));
        ck_assert_msg(
            data.len == expected.len &&
                memcmp(buf_str(&data), buf_str(&expected), data.len) == 0,
            "%s: got \"%s\", want \"%s\"", text_of(item, "name"),
            buf_str(&data), buf_str(&expected));
    }
    buf_free(&data);
    buf_free(&expected);
}

static void assert_event(json_t *item, const struct sse_event *event,
                         size_t index)
{
    json_t *want = json_array_get(json_object_get(item, "events"), index);
    struct buf name = buf_make(0), id = buf_make(0);
    ck_assert_msg(want != NULL, "%s: an event too many", text_of(item, "name"));
    utf8_repair(&name, event->event, strlen(event->event));
    utf8_repair(&id, event->id, event->id_len);
    ck_assert_str_eq(buf_str(&name), text_of(want, "event"));
    ck_assert_str_eq(buf_str(&id), text_of(want, "id"));
    assert_data(item, event, want);
    buf_free(&name);
    buf_free(&id);
}

/* Feeds a copy, so that reading past the end is found; returns how many events
 * there are now. */
static size_t feed(json_t *item, struct sse *sse, const char *bytes, size_t len,
                   size_t count)
{
    struct sse_event event;
    struct error err = {ERROR_NONE, ""};
    char *copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    sse_feed(sse, copy, len);
    while (sse_next(sse, &event, &err))
        assert_event(item, &event, count++);
    ck_assert_int_eq(err.kind, ERROR_NONE);
    free(copy);
    return count;
}

static void assert_end(json_t *item, const struct sse *sse, size_t count)
{
    struct buf id = buf_make(0);
    const char *last = sse_last_event_id(sse);
    json_t *retry = json_object_get(item, "retry_ms");
    ck_assert_uint_eq(count, json_array_size(json_object_get(item, "events")));
    utf8_repair(&id, last, strlen(last));
    ck_assert_str_eq(buf_str(&id), text_of(item, "last_event_id_after"));
    if (json_object_get(item, "retry_digits"))
        ck_assert_int_gt(sse_retry_ms(sse), INT64_C(30000000000));
    else
        ck_assert_int_eq(sse_retry_ms(sse),
                         json_is_null(retry) ? -1 : json_integer_value(retry));
    buf_free(&id);
}

START_TEST(stream_is_read_as_it_arrives)
{
    json_t *item = json_array_get(cases, (size_t)_i);
    json_t *after = json_object_get(item, "events_after_each_chunk");
    struct sse *sse = sse_create(32 << 20);
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(after); i++) {
        struct buf bytes = chunk_at(item, i);
        count = feed(item, sse, buf_str(&bytes), bytes.len, count);
        ck_assert_msg(
            count == (size_t)json_integer_value(json_array_get(after, i)),
            "%s: %zu events after chunk %zu", text_of(item, "name"), count, i);
        buf_free(&bytes);
    }
    assert_end(item, sse, count);
    sse_destroy(sse);
}
END_TEST

static void read_in_pieces(json_t *item, const struct buf *whole, size_t size)
{
    struct sse *sse = sse_create(32 << 20);
    size_t count = 0;
    for (size_t at = 0; at < whole->len; at += size) {
        size_t len = whole->len - at < size ? whole->len - at : size;
        count = feed(item, sse, whole->data + at, len, count);
    }
    assert_end(item, sse, count);
    sse_destroy(sse);
}

START_TEST(stream_is_the_same_in_pieces_of_any_size)
{
    enum {
        SMALL = 2000,
        LARGE = 200000
    };
    json_t *item = json_array_get(cases, (size_t)_i);
    struct buf whole = buf_make(0);
    for (size_t i = 0; i < json_array_size(json_object_get(item, "chunks"));
         i++) {
        struct buf bytes = chunk_at(item, i);
        buf_add(&whole, buf_str(&bytes), bytes.len);
        buf_free(&bytes);
    }
    size_t most = whole.len < SMALL ? whole.len : 40;
    for (size_t size = whole.len > LARGE ? 4096 : 1; size <= most; size++)
        read_in_pieces(item, &whole, size);
    read_in_pieces(item, &whole, 4096);
    read_in_pieces(item, &whole, whole.len + 1);
    buf_free(&whole);
}
END_TEST

UNIT_MAIN("conformance sse", cases = conformance_load("sse");
          tcase_add_loop_test(tc, stream_is_read_as_it_arrives, 0,
                              (int)json_array_size(cases));
          tcase_add_loop_test(tc, stream_is_the_same_in_pieces_of_any_size, 0,
                              (int)json_array_size(cases)))
