#include "config.h"

#include "text/escape.h"

#include <string.h>

#include "unit.h"

#define EIGHT_MARKS "\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301"
#define FAMILY      "\U0001F468\u200D\U0001F469\u200D\U0001F467"
#define ENGLAND                                                                \
    "\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F"

static void assert_bytes(const struct buf *got, const char *want,
                         size_t want_len)
{
    ck_assert_msg(got->len == want_len &&
                      memcmp(buf_str(got), want, want_len) == 0,
                  "got \"%s\", want \"%s\"", buf_str(got), want);
}

static void assert_escaped(const char *text, size_t len, unsigned flags,
                           const char *want)
{
    struct buf out = buf_make(0);
    escape_text(&out, text, len, flags);
    assert_bytes(&out, want, strlen(want));
    buf_free(&out);
}

static const char *const safe[] = {
    "",
    "plain text, 100% safe \\ ~ ^[ [0m",
    "\u00E9\u00DF\u0444\u05D0\u0627\u4E2D\uAC00\U0001F600",
    "e\u0301 a" EIGHT_MARKS " b",
    "\u2764\uFE0F \u2602\uFE0E 1\uFE0F\u20E3",
    FAMILY,
    "\U0001F3F3\uFE0F\u200D\U0001F308",
    "\U0001F469\U0001F3FD\u200D\U0001F4BB",
    "\U0001F1E9\U0001F1EA",
    ENGLAND,
    "\u845B\U000E0100",         /* an ideographic variation */
    "\u0645\u06CC\u200C\u062E", /* Persian needs the non-joiner */
    "\u0915\u094D\u200D\u0937", /* Hindi the joiner */
    "\u1820\u180B\u1820",       /* a Mongolian variation */
    "\u00A0\u2003\u3000",       /* spaces are no trick */
    "\uE0B0",                   /* private use: fonts draw it */
    "\u1112\u1161\u11AB",
    "\U0001FAE9", /* an emoji to come */
    "\uFFFD",
};

enum {
    SAFE = sizeof safe / sizeof safe[0]
};

START_TEST(safe_text_stays_as_it_is)
{
    size_t len = strlen(safe[_i]);
    assert_escaped(safe[_i], len, 0, safe[_i]);
    assert_escaped(safe[_i], len, ESCAPE_LINES, safe[_i]);
    ck_assert(escape_is_safe(safe[_i], len, 0));
}
END_TEST

static const struct {
    const char *text;
    const char *shown;
} unsafe[] = {
    {"\x1B[31mred", "^[[31mred"},
    {"\x01\x07\x08\x1F\x7F", "^A^G^H^_^?"},
    {"a\rb", "a^Mb"},
    {"a\nb", "a^Jb"},
    {"a\r\nb", "a^Jb"},
    {"a\r\r\nb", "a^M^Jb"},
    {"a\r", "a^M"},
    {"\xC2\x80\xC2\x9B\xC2\x9F", "\\u{80}\\u{9B}\\u{9F}"},
    {"\x9B"
     "31m",
     "\uFFFD"
     "31m"},
    {"\xC3\x1B[m", "\uFFFD^[[m"},
    {"\xE2\x80", "\uFFFD"},
    {"\u202Eabc\u202C", "\\u{202E}abc\\u{202C}"},
    {"\u2066\u2069\u200E\u200F\u061C",
     "\\u{2066}\\u{2069}\\u{200E}\\u{200F}\\u{61C}"},
    {"\u2028\u2029", "\\u{2028}\\u{2029}"},
    {"a\u200Bb\u2060c\uFEFFd\u00ADe",
     "a\\u{200B}b\\u{2060}c\\u{FEFF}d\\u{AD}e"},
    {"\u3164\u115F\uFFA0", "\\u{3164}\\u{115F}\\u{FFA0}"},
    {"\uFFF9\uFFFE\U0001FFFF", "\\u{FFF9}\\u{FFFE}\\u{1FFFF}"},
    {"x\U000E0041", "x\\u{E0041}"},
    {"\u0378", "\\u{378}"},
    {"a\u200Db", "a\\u{200D}b"},
    {"\u200D\u200D", "\\u{200D}\\u{200D}"},
    {"\U0001F469\u200D", "\U0001F469\\u{200D}"},
    {"\U0001F469\u200D\u200D\U0001F469", /* the first has no picture after it */
     "\U0001F469\\u{200D}\\u{200D}\U0001F469"},
    {"\U0001F469\u200D\U0001FCE7", /* what follows will not be drawn */
     "\U0001F469\\u{200D}\\u{1FCE7}"},
    {"ab\u200Ccd", "ab\\u{200C}cd"},
    {"a\uFE0F", "a\\u{FE0F}"},
    {"\u2764\uFE0F\uFE0F", "\u2764\uFE0F\\u{FE0F}"},
    {"x\U000E0100", "x\\u{E0100}"},
    {"\U0001F3F4\U000E0067", "\U0001F3F4\\u{E0067}"},
    {"\U0001F3F4\U000E007F", "\U0001F3F4\\u{E007F}"},
    {"a" EIGHT_MARKS "\u0301", "a" EIGHT_MARKS},
    {"a" EIGHT_MARKS "\u0301\u0302z", "a" EIGHT_MARKS "z"},
    {"a" EIGHT_MARKS "\u0301\nz", "a" EIGHT_MARKS "^Jz"},
    {EIGHT_MARKS "\u0301\u0301", EIGHT_MARKS},
    {"\U0001F469" EIGHT_MARKS "\u0301\u200D\U0001F469",
     "\U0001F469" EIGHT_MARKS "\\u{200D}\U0001F469"},
    {"\u0600\u0600\u0600\u0600\u0600\u0600\u0600\u0600\u0600\u0600A",
     "\u0600\u0600\u0600\u0600\u0600\u0600\u0600\u0600\u0600A"},
};

enum {
    UNSAFE = sizeof unsafe / sizeof unsafe[0]
};

START_TEST(what_would_act_is_shown)
{
    size_t len = strlen(unsafe[_i].text);
    assert_escaped(unsafe[_i].text, len, 0, unsafe[_i].shown);
    ck_assert(!escape_is_safe(unsafe[_i].text, len, 0));
    ck_assert(escape_is_safe(unsafe[_i].shown, strlen(unsafe[_i].shown), 0));
}
END_TEST

START_TEST(nul_is_shown)
{
    assert_escaped("a\0b", 3, 0, "a^@b");
    ck_assert(!escape_is_safe("a\0b", 3, 0));
}
END_TEST

START_TEST(a_family_of_too_many_is_not_joined)
{
    struct buf text = buf_make(0);
    for (int i = 0; i < 9; i++)
        buf_adds(&text, "\U0001F469\u200D");
    buf_adds(&text, "\U0001F469");
    struct buf want = buf_make(0);
    for (int i = 0; i < 8; i++)
        buf_adds(&want, "\U0001F469\u200D");
    buf_adds(&want, "\U0001F469\\u{200D}\U0001F469");
    assert_escaped(text.data, text.len, 0, want.data);
    buf_free(&text);
    buf_free(&want);
}
END_TEST

static const struct {
    const char *text;
    unsigned flags;
    const char *shown;
} flagged[] = {
    {"a\nb\r\nc\rd", ESCAPE_LINES, "a\nb\nc^Md"},
    {"\u00E9\u4E2D\U0001F600", ESCAPE_ASCII, "\\u{E9}\\u{4E2D}\\u{1F600}"},
    {"a\xFF\xE2\x82z", ESCAPE_ASCII, "a\\x{FF}\\x{E2}\\x{82}z"},
    {"\u2764\uFE0F", ESCAPE_ASCII, "\\u{2764}\\u{FE0F}"},
    {"a\u0301\n\x1B", ESCAPE_ASCII | ESCAPE_LINES, "a\\u{301}\n^["},
    {"\t|", 0, "        |"},
    {"a\tb", 0, "a       b"},
    {"1234567\tb", 0, "1234567 b"},
    {"12345678\tb", 0, "12345678        b"},
    {"a\t\tb", 0, "a               b"},
    {"\u4E2D\tb", 0, "\u4E2D      b"},
    {"e\u0301\tb", 0, "e\u0301       b"},
    {"\x1B\tb", 0, "^[      b"},
    {"\u4E2D\tb", ESCAPE_ASCII, "\\u{4E2D}        b"},
    {"abc\nd\te", ESCAPE_LINES, "abc\nd       e"},
    {"a\tbc\nd\te", ESCAPE_LINES, "a       bc\nd       e"},
    {"abc\nd\te", 0, "abc^Jd  e"},
};

enum {
    FLAGGED = sizeof flagged / sizeof flagged[0]
};

START_TEST(flags_and_tabs_do_what_they_say)
{
    assert_escaped(flagged[_i].text, strlen(flagged[_i].text),
                   flagged[_i].flags, flagged[_i].shown);
}
END_TEST

START_TEST(tabs_count_from_where_the_text_starts)
{
    struct buf out = buf_make(0);
    buf_adds(&out, "12:00:00 ");
    escape_text(&out, "a\tb", 3, 0);
    ck_assert_str_eq(buf_str(&out), "12:00:00 a       b");
    buf_free(&out);
}
END_TEST

START_TEST(a_bad_byte_is_found_at_every_place)
{
    static const char bad[] = {'\x1B', '\x7F', '\0', '\x1F', '\x80', '\t'};
    char text[40];
    for (size_t place = 0; place < sizeof text; place++) {
        memset(text, 'a', sizeof text);
        text[sizeof text - 1 - place] = '~';
        ck_assert(escape_is_safe(text, sizeof text, 0));
        text[place] = bad[(size_t)_i];
        ck_assert(!escape_is_safe(text, sizeof text, 0));
    }
}
END_TEST

START_TEST(escaping_stops_where_there_is_no_room)
{
    struct buf out = buf_make(5);
    escape_text(&out,
                "abc\x1B\x1B"
                "d",
                6, 0);
    ck_assert_str_eq(buf_str(&out), "abc^[");
    buf_clear(&out);
    escape_text(&out, "\u0301\u0301\x1B", 5, 0);
    ck_assert_str_eq(buf_str(&out), "\u0301\u0301");
    buf_clear(&out);
    escape_json(&out, "ab\n\x01z", 5);
    ck_assert_str_eq(buf_str(&out), "ab\\n");
    buf_clear(&out);
    escape_raw_json(&out, "[ \"\u202E\", 1]", 11);
    ck_assert_str_eq(buf_str(&out), "[\"");
    buf_free(&out);
}
END_TEST

START_TEST(nothing_follows_a_count_that_has_no_room)
{
    const char *text = "a" EIGHT_MARKS EIGHT_MARKS "\u0301\u0301\x1B";
    struct buf kept = buf_make(0);
    escape_text(&kept, "a" EIGHT_MARKS, strlen("a" EIGHT_MARKS), ESCAPE_ASCII);
    struct buf out = buf_make(kept.len + strlen("+1"));
    escape_text(&out, text, strlen(text), ESCAPE_ASCII);
    ck_assert_str_eq(buf_str(&out), buf_str(&kept));
    buf_free(&out);
    buf_free(&kept);
}
END_TEST

START_TEST(marks_left_out_are_counted_where_marks_are_numbers)
{
    const char *text = "a" EIGHT_MARKS "\u0301\u0301z";
    struct buf out = buf_make(0);
    escape_text(&out, text, strlen(text), ESCAPE_ASCII);
    ck_assert(strstr(buf_str(&out), "}+2z"));
    buf_free(&out);
}
END_TEST

static const struct {
    const char *text;
    const char *json;
} strings[] = {
    {"plain \u00E9 \u4E2D \U0001F600", "plain \u00E9 \u4E2D \U0001F600"},
    {"\"\\/", "\\\"\\\\/"},
    {"\b\t\n\f\r", "\\b\\t\\n\\f\\r"},
    {"\x01\x1B\x7F", "\\u0001\\u001b\\u007f"},
    {"\xC2\x85\xC2\x9B", "\\u0085\\u009b"},
    {"\u202E\u2066\u200E\u061C", "\\u202e\\u2066\\u200e\\u061c"},
    {"\u2028\u2029\uFEFF\u200B", "\\u2028\\u2029\\ufeff\\u200b"},
    {"\U000E0041\U0001FFFF", "\\udb40\\udc41\\ud83f\\udfff"},
    {"a\xFFz\xE2\x82", "a\\ufffdz\\ufffd"},
    {FAMILY "\u2764\uFE0F", FAMILY "\u2764\uFE0F"},
    {"a" EIGHT_MARKS "\u0301\u0302"
     "b\u0301",
     "a" EIGHT_MARKS "\\u0301\\u0302b\u0301"},
};

enum {
    STRINGS = sizeof strings / sizeof strings[0]
};

START_TEST(text_becomes_the_inside_of_a_json_string)
{
    struct buf out = buf_make(0);
    escape_json(&out, strings[_i].text, strlen(strings[_i].text));
    assert_bytes(&out, strings[_i].json, strlen(strings[_i].json));
    buf_free(&out);
}
END_TEST

START_TEST(nul_is_written_in_json)
{
    struct buf out = buf_make(0);
    escape_json(&out, "a\0b", 3);
    ck_assert_str_eq(buf_str(&out), "a\\u0000b");
    buf_free(&out);
}
END_TEST

static const struct {
    const char *raw;
    const char *json;
} documents[] = {
    {" { \"a b\" : [ 1 , -2.5e3,\ttrue ,\r\n null ] } ",
     "{\"a b\":[1,-2.5e3,true,null]}"},
    {"\"a \\\" \\\\ \\u202e \\n /\"", "\"a \\\" \\\\ \\u202e \\n /\""},
    {"\"\u202E\xC2\x9B\x7F\u00E9\"", "\"\\u202e\\u009b\\u007f\u00E9\""},
    {"[\"\\\\\" , \" x \"]", "[\"\\\\\",\" x \"]"},
    /* Pairs of surrogates are whole or no text. */
    {"\"\\uD83d\\ude00 \\ud7ff\\uE000\"", "\"\\uD83d\\ude00 \\ud7ff\\uE000\""},
    {"{\"\\ud83d\":\"\\uDE00\\uD83D\"}", "{\"\\ufffd\":\"\\ufffd\\ufffd\"}"},
    {"\"\\ud83d\\ud83d\\ude00\\n\"", "\"\\ufffd\\ud83d\\ude00\\n\""},
    {"\"\\\\ud83d \\ud83d\\\\ude00\"", "\"\\\\ud83d \\ufffd\\\\ude00\""},
    {"", ""},
    /* Not JSON: safe all the same. */
    {"\x1B[1\x7F\u202E]", "[1]"},
    {"\"abc", "\"abc"},
    {"\"\\\x1B\"", "\"\\\\\\u001b\""},
    {"\"\\", "\"\\\\"},
    {"\"\n\xFF\"", "\"\\n\\ufffd\""},
};

enum {
    DOCUMENTS = sizeof documents / sizeof documents[0]
};

START_TEST(json_is_copied_without_white_space_and_made_safe)
{
    struct buf out = buf_make(0);
    escape_raw_json(&out, documents[_i].raw, strlen(documents[_i].raw));
    ck_assert_str_eq(buf_str(&out), documents[_i].json);
    buf_free(&out);
}
END_TEST

START_TEST(a_cut_escape_in_json_is_no_escape)
{
    struct buf out = buf_make(0);
    escape_raw_json(&out, "\"\\n", 2);
    ck_assert_str_eq(buf_str(&out), "\"\\\\");
    buf_free(&out);
}
END_TEST

UNIT_MAIN("escape", tcase_add_loop_test(tc, safe_text_stays_as_it_is, 0, SAFE);
          tcase_add_loop_test(tc, what_would_act_is_shown, 0, UNSAFE);
          tcase_add_test(tc, nul_is_shown);
          tcase_add_test(tc, a_family_of_too_many_is_not_joined);
          tcase_add_loop_test(tc, flags_and_tabs_do_what_they_say, 0, FLAGGED);
          tcase_add_test(tc, tabs_count_from_where_the_text_starts);
          tcase_add_loop_test(tc, a_bad_byte_is_found_at_every_place, 0, 6);
          tcase_add_test(tc, escaping_stops_where_there_is_no_room);
          tcase_add_test(tc, nothing_follows_a_count_that_has_no_room);
          tcase_add_test(tc,
                         marks_left_out_are_counted_where_marks_are_numbers);
          tcase_add_test(tc, a_cut_escape_in_json_is_no_escape);
          tcase_add_loop_test(tc, text_becomes_the_inside_of_a_json_string, 0,
                              STRINGS);
          tcase_add_test(tc, nul_is_written_in_json);
          tcase_add_loop_test(tc,
                              json_is_copied_without_white_space_and_made_safe,
                              0, DOCUMENTS);)
