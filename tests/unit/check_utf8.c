#include "config.h"

#include "text/utf8.h"

#include <string.h>

#include "unit.h"

static const struct {
    const char *bytes;
    uint32_t code;
} sequences[] = {
    {"a", 'a'},
    {"\x7F", 0x7F},
    {"\xC2\x80", 0x80},
    {"\xDF\xBF", 0x7FF},
    {"\xE0\xA0\x80", 0x800},
    {"\xED\x9F\xBF", 0xD7FF},
    {"\xEE\x80\x80", 0xE000},
    {"\xEF\xBF\xBD", 0xFFFD},
    {"\xEF\xBF\xBF", 0xFFFF},
    {"\xF0\x90\x80\x80", 0x10000},
    {"\xF4\x8F\xBF\xBF", 0x10FFFF},
};

enum {
    SEQUENCES = sizeof sequences / sizeof sequences[0]
};

START_TEST(a_well_formed_sequence_is_one_code_point)
{
    const char *bytes = sequences[_i].bytes;
    uint32_t code;
    bool good;
    char encoded[UTF8_MAX_BYTES];
    ck_assert_uint_eq(utf8_decode(bytes, strlen(bytes), &code), strlen(bytes));
    ck_assert_uint_eq(code, sequences[_i].code);
    ck_assert_uint_eq(utf8_read(bytes, strlen(bytes), &code, &good),
                      strlen(bytes));
    ck_assert(good);
    ck_assert(utf8_valid(bytes, strlen(bytes)));
    ck_assert_uint_eq(utf8_encode(code, encoded), strlen(bytes));
    ck_assert_mem_eq(encoded, bytes, strlen(bytes));
}
END_TEST

START_TEST(a_cut_sequence_is_ill_formed_and_incomplete)
{
    const char *bytes = sequences[_i].bytes;
    for (size_t len = 1; len < strlen(bytes); len++) {
        uint32_t code;
        bool good;
        ck_assert_uint_eq(utf8_read(bytes, len, &code, &good), len);
        ck_assert(!good);
        ck_assert_uint_eq(code, UTF8_REPLACEMENT);
        ck_assert(!utf8_valid(bytes, len));
        ck_assert_uint_eq(utf8_incomplete_tail(bytes, len), len);
    }
    ck_assert_uint_eq(utf8_incomplete_tail(bytes, strlen(bytes)), 0);
}
END_TEST

static const struct {
    const char *bytes;
    const char *repaired;
} broken[] = {
    {"\x80", "\uFFFD"},
    {"\xC0\xAF", "\uFFFD\uFFFD"},
    {"\xC1\x81", "\uFFFD\uFFFD"},
    {"\xE0\x80\xAF", "\uFFFD\uFFFD\uFFFD"},
    {"\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
    {"\xE2\x82x", "\uFFFDx"},
    {"\xF0\x9F\x98x", "\uFFFDx"},
    {"\xF0\x9F\xF0\x9F\x98\x80", "\uFFFD\U0001F600"},
    {"\xF0\x8F\xBF\xBF", "\uFFFD\uFFFD\uFFFD\uFFFD"},
    {"\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
    {"\xF5\x80", "\uFFFD\uFFFD"},
    {"\xFF", "\uFFFD"},
    {"abcdefgh\x9Bijklmnop", "abcdefgh\uFFFDijklmnop"},
    {"abc\xC3\xA4\xC3", "abc\u00E4\uFFFD"},
};

enum {
    BROKEN = sizeof broken / sizeof broken[0]
};

START_TEST(each_maximal_subpart_is_replaced_once)
{
    const char *bytes = broken[_i].bytes;
    struct buf out = buf_make(0);
    ck_assert(!utf8_valid(bytes, strlen(bytes)));
    utf8_repair(&out, bytes, strlen(bytes));
    ck_assert_str_eq(buf_str(&out), broken[_i].repaired);
    buf_free(&out);
}
END_TEST

START_TEST(a_bad_byte_is_found_at_every_place)
{
    char text[40];
    for (size_t bad = 0; bad < sizeof text; bad++) {
        memset(text, 'a', sizeof text);
        ck_assert(utf8_valid(text, sizeof text));
        ck_assert_uint_eq(utf8_ascii_run(text, sizeof text), sizeof text);
        text[bad] = (char)0x80;
        ck_assert(!utf8_valid(text, sizeof text));
        ck_assert_uint_eq(utf8_ascii_run(text, sizeof text), bad);
    }
}
END_TEST

START_TEST(what_cannot_be_completed_is_no_incomplete_tail)
{
    ck_assert_uint_eq(utf8_incomplete_tail("", 0), 0);
    ck_assert_uint_eq(utf8_incomplete_tail("abc", 3), 0);
    ck_assert_uint_eq(utf8_incomplete_tail("\x80\x80", 2), 0);
    ck_assert_uint_eq(utf8_incomplete_tail("\xE0\x80", 2), 0);
    ck_assert_uint_eq(utf8_incomplete_tail("\xF5", 1), 0);
    ck_assert_uint_eq(utf8_incomplete_tail("a\xE2", 2), 1);
    ck_assert_uint_eq(utf8_incomplete_tail("a\xE2\x82", 3), 2);
}
END_TEST

START_TEST(what_is_no_scalar_value_is_written_as_replacement)
{
    static const uint32_t codes[] = {0xD800, 0xDFFF, 0x110000, UINT32_MAX};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char out[UTF8_MAX_BYTES];
        ck_assert_uint_eq(utf8_encode(codes[i], out), 3);
        ck_assert_mem_eq(out, "\uFFFD", 3);
    }
}
END_TEST

START_TEST(repairing_stops_where_there_is_no_room)
{
    struct buf out = buf_make(4);
    utf8_repair(&out, "ab\xFFz", 4);
    ck_assert_str_eq(buf_str(&out), "ab");
    buf_clear(&out);
    utf8_repair(&out, "abcde\xFFz", 7);
    ck_assert_str_eq(buf_str(&out), "");
    buf_free(&out);
}
END_TEST

UNIT_MAIN("utf8",
          tcase_add_loop_test(tc, a_well_formed_sequence_is_one_code_point, 0,
                              SEQUENCES);
          tcase_add_loop_test(tc, a_cut_sequence_is_ill_formed_and_incomplete,
                              0, SEQUENCES);
          tcase_add_loop_test(tc, each_maximal_subpart_is_replaced_once, 0,
                              BROKEN);
          tcase_add_test(tc, a_bad_byte_is_found_at_every_place);
          tcase_add_test(tc, what_cannot_be_completed_is_no_incomplete_tail);
          tcase_add_test(tc, what_is_no_scalar_value_is_written_as_replacement);
          tcase_add_test(tc, repairing_stops_where_there_is_no_room);)
