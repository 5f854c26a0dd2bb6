#include "config.h"

#include "text/utf8.h"

#include "conformance.h"
#include "unit.h"

static json_t *cases;

static struct buf bytes_of(const char *hex)
{
    struct buf bytes = buf_make(0);
    add_hex(&bytes, hex);
    return bytes;
}

static void assert_same(json_t *item, const struct buf *got,
                        const struct buf *want)
{
    ck_assert_msg(got->len == want->len &&
                      memcmp(buf_str(got), buf_str(want), got->len) == 0,
                  "%s: got %zu bytes \"%s\", want %zu bytes \"%s\"",
                  text_of(item, "name"), got->len, buf_str(got), want->len,
                  buf_str(want));
}

START_TEST(ill_formed_parts_are_replaced)
{
    json_t *item = json_array_get(cases, (size_t)_i);
    struct buf bytes = bytes_of(text_of(item, "bytes_hex"));
    struct buf want = bytes_of(text_of(item, "decoded_utf8_hex"));
    struct buf got = buf_make(0);

    utf8_repair(&got, buf_str(&bytes), bytes.len);

    assert_same(item, &got, &want);
    ck_assert_msg(utf8_valid(buf_str(&bytes), bytes.len) ==
                      json_is_true(json_object_get(item, "valid")),
                  "%s: validity", text_of(item, "name"));
    ck_assert(utf8_valid(buf_str(&got), got.len));
    buf_free(&bytes);
    buf_free(&want);
    buf_free(&got);
}
END_TEST

/* A reader of chunks keeps the incomplete tail for the next one. */
static void read_in_two(json_t *item, const struct buf *bytes, size_t cut)
{
    struct buf want = bytes_of(text_of(item, "decoded_utf8_hex"));
    struct buf got = buf_make(0);
    size_t first = cut - utf8_incomplete_tail(buf_str(bytes), cut);
    utf8_repair(&got, buf_str(bytes), first);
    utf8_repair(&got, buf_str(bytes) + first, bytes->len - first);
    assert_same(item, &got, &want);
    buf_free(&want);
    buf_free(&got);
}

START_TEST(text_is_the_same_wherever_it_is_cut)
{
    json_t *item = json_array_get(cases, (size_t)_i);
    struct buf bytes = bytes_of(text_of(item, "bytes_hex"));
    for (size_t cut = 0; cut <= bytes.len; cut++)
        read_in_two(item, &bytes, cut);
    buf_free(&bytes);
}
END_TEST

START_TEST(code_points_are_decoded_and_encoded)
{
    json_t *item = json_array_get(cases, (size_t)_i);
    struct buf bytes = bytes_of(text_of(item, "bytes_hex"));
    struct buf want = bytes_of(text_of(item, "decoded_utf8_hex"));
    struct buf got = buf_make(0);
    long long broken = 0;

    for (size_t at = 0; at < bytes.len;) {
        uint32_t code;
        bool good;
        char encoded[UTF8_MAX_BYTES];
        at += utf8_read(bytes.data + at, bytes.len - at, &code, &good);
        broken += !good;
        buf_add(&got, encoded, utf8_encode(code, encoded));
    }

    assert_same(item, &got, &want);
    ck_assert_int_eq(
        broken, json_integer_value(json_object_get(item, "replacement_count")));
    buf_free(&bytes);
    buf_free(&want);
    buf_free(&got);
}
END_TEST

static int load(void)
{
    cases = conformance_load("utf8");
    return (int)json_array_size(cases);
}

UNIT_MAIN("conformance_utf8", int count = load();
          tcase_add_loop_test(tc, ill_formed_parts_are_replaced, 0, count);
          tcase_add_loop_test(tc, text_is_the_same_wherever_it_is_cut, 0,
                              count);
          tcase_add_loop_test(tc, code_points_are_decoded_and_encoded, 0,
                              count);)
