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

static void check_repair(json_t *item)
{
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

START_TEST(ill_formed_parts_are_replaced)
{
    for_each_case(cases, check_repair);
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

static void check_every_cut(json_t *item)
{
    struct buf bytes = bytes_of(text_of(item, "bytes_hex"));
    for (size_t cut = 0; cut <= bytes.len; cut++)
        read_in_two(item, &bytes, cut);
    buf_free(&bytes);
}

START_TEST(text_is_the_same_wherever_it_is_cut)
{
    for_each_case(cases, check_every_cut);
}
END_TEST

static void check_code_points(json_t *item)
{
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

START_TEST(code_points_are_decoded_and_encoded)
{
    for_each_case(cases, check_code_points);
}
END_TEST

static void load(void)
{
    cases = conformance_load("utf8");
}

UNIT_MAIN("conformance_utf8", load();
          tcase_add_test(tc, ill_formed_parts_are_replaced);
          tcase_add_test(tc, text_is_the_same_wherever_it_is_cut);
          tcase_add_test(tc, code_points_are_decoded_and_encoded);)
