#include "config.h"

#include "wire/json_text.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static const struct {
    const char *escaped;
    const char *plain; /* NULL: refused */
} strings[] = {
    {"", ""},
    {"plain", "plain"},
    {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
    {"\\u0041\\u00e9\\u65e5", "A\xC3\xA9\xE6\x97\xA5"},
    {"\\u00E9", "\xC3\xA9"},
    {"\\ud83d\\ude00", "\xF0\x9F\x98\x80"},
    {"\\uDBFF\\uDFFF", "\xF4\x8F\xBF\xBF"},
    {"\\ud83d", "\xEF\xBF\xBD"},
    {"\\ud83d!", "\xEF\xBF\xBD!"},
    {"\\ude00\\ud83d", "\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"\\ud83d\\u0041", "\xEF\xBF\xBD"
                       "A"},
    {"\\ud83d\\ud83d\\ude00", "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
    {"\\ud83d\\n", "\xEF\xBF\xBD\n"},
    {"\xC3\xA9\xF0\x9F\x98\x80", "\xC3\xA9\xF0\x9F\x98\x80"},
    {"\xFFz\xC3", "\xEF\xBF\xBDz\xEF\xBF\xBD"},
    {"\xE2\x82\\n", "\xEF\xBF\xBD\n"},
    {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    {"\\", NULL},
    {"\\x", NULL},
    {"\\u12", NULL},
    {"\\u12g4", NULL},
    {"ok\\u", NULL},
};

START_TEST(escapes_are_undone)
{
    const char *escaped = strings[_i].escaped;
    struct buf out = buf_make(0);
    char *copy = malloc(strlen(escaped) + 1);
    memcpy(copy, escaped, strlen(escaped));
    bool good = json_unescape(&out, copy, strlen(escaped));
    ck_assert_msg(good == (strings[_i].plain != NULL), "%s", escaped);
    if (good)
        ck_assert_str_eq(buf_str(&out), strings[_i].plain);
    free(copy);
    buf_free(&out);
}
END_TEST

START_TEST(nul_stays_nul)
{
    struct buf out = buf_make(0);
    ck_assert(json_unescape(&out, "a\\u0000b", 8));
    ck_assert_uint_eq(out.len, 3);
    ck_assert_mem_eq(out.data, "a\0b", 3);
    buf_clear(&out);
    ck_assert(!json_unescape(&out, "a\\\0b", 4));
    buf_free(&out);
}
END_TEST

START_TEST(one_escape_is_undone)
{
    static const char text[] = "\\ud83d\\ude00";
    struct buf out = buf_make(0);
    ck_assert_uint_eq(json_unescape_one(&out, text, text + 12), 12);
    ck_assert_uint_eq(json_unescape_one(&out, text, text + 11), 6);
    ck_assert_uint_eq(json_unescape_one(&out, text, text + 5), 0);
    ck_assert_uint_eq(json_unescape_one(&out, text, text + 1), 0);
    ck_assert_str_eq(out.data, "\xF0\x9F\x98\x80\xEF\xBF\xBD");
    buf_free(&out);
}
END_TEST

static const struct {
    const char *text;
    size_t len; /* of the value; 0: none */
} values[] = {
    {"1", 1},          {"-1.5e3,", 6}, {"true]", 4},
    {"null }", 4},     {"\"\"", 2},    {"\"a\\\"b\",", 6},
    {"\"a\\\\\",", 5}, {"{}", 2},      {"[1,[2,{\"a\":\"]}\\\"\"}],3] x", 22},
    {"\"a\\\"", 0},    {"[\"]\"", 0},  {"{\"a\":[}", 0},
    {",", 0},          {"]", 0},       {"", 0},
};

START_TEST(end_of_a_value_is_found)
{
    const char *text = values[_i].text;
    const char *end = text + strlen(text);
    const char *stop = json_value_end(text, end);
    if (values[_i].len)
        ck_assert_ptr_eq(stop, text + values[_i].len);
    else
        ck_assert_ptr_null(stop);
}
END_TEST

START_TEST(cut_value_has_no_end)
{
    static const char *const whole[] = {"\"some \\\"text\\\" \\\\\"",
                                        "{\"a\":[1,\"}\"],\"b\":{\"c\":null}}",
                                        "[[\"\\\\\"],{\"a\":\"]\"}]"};
    const char *text = whole[_i];
    size_t len = strlen(text);
    for (size_t cut = 0; cut < len; cut++) {
        char *part = malloc(cut ? cut : 1);
        memcpy(part, text, cut);
        ck_assert_ptr_null(json_value_end(part, part + cut));
        free(part);
    }
    ck_assert_ptr_eq(json_value_end(text, text + len), text + len);
}
END_TEST

START_TEST(deep_nesting_needs_no_stack)
{
    struct buf text = buf_make(0);
    buf_fill(&text, '[', 1000000);
    ck_assert_ptr_null(json_value_end(text.data, text.data + text.len));
    buf_fill(&text, ']', 1000000);
    ck_assert_ptr_eq(json_value_end(text.data, text.data + text.len),
                     text.data + text.len);
    buf_free(&text);
}
END_TEST

static const struct {
    const char *text;
    const char *members; /* "key=value;"… */
    bool broken;
} walks[] = {
    {"{}", "", false},
    {"[]", "", false},
    {"[ ]", "", false},
    {"{\"a\":1,\"b\" : [2, 3] , \"\\u0063\":\"x\"}",
     "a=1;b=[2, 3];\\u0063=\"x\";", false},
    {"[1 , \"a,b\",{\"x\":null}]", "=1;=\"a,b\";={\"x\":null};", false},
    {"{\"a\":1", "", true},
    {"{\"a\":1,", "", true},
    {"{\"a\":1,}", "", true},
    {"{\"a\" 1}", "", true},
    {"{a:1}", "", true},
    {"{\"a\":1 \"b\":2}", "", true},
    {"{\"a", "", true},
    {"{\"a\":", "", true},
    {"[1,,2]", "=1;", true},
    {"[1 2]", "", true},
    {"[1}", "", true},
    {"[\"a", "", true},
    {"[ ", "", true},
};

START_TEST(members_are_walked)
{
    struct json_walk walk;
    struct slice key, value;
    struct buf got = buf_make(0);
    ck_assert(json_walk_start(&walk, slice_of(walks[_i].text)));
    while (json_walk_next(&walk, &key, &value)) {
        buf_add(&got, key.data ? key.data : "", key.len);
        buf_addc(&got, '=');
        buf_add(&got, value.data, value.len);
        buf_addc(&got, ';');
    }
    ck_assert_msg(walk.broken == walks[_i].broken, "%s", walks[_i].text);
    ck_assert_str_eq(buf_str(&got), walks[_i].members);
    ck_assert(!json_walk_next(&walk, &key, &value));
    buf_free(&got);
}
END_TEST

START_TEST(only_objects_and_arrays_are_walked)
{
    struct json_walk walk;
    ck_assert(!json_walk_start(&walk, slice_of("1")));
    ck_assert(!json_walk_start(&walk, slice_of("\"{}\"")));
    ck_assert(!json_walk_start(&walk, slice_of("{")));
    ck_assert(!json_walk_start(&walk, slice_of("")));
    ck_assert(!json_walk_start(&walk, (struct slice){0}));
}
END_TEST

static const struct {
    const char *text;
    const char *compact;
} spaced[] = {
    {"1", "1"},
    {" { \"a b\" : [ 1 ,\t2 ] ,\n\"c\\\" d\" : \" \\\\\" } ",
     "{\"a b\":[1,2],\"c\\\" d\":\" \\\\\"}"},
    {"[true , null]", "[true,null]"},
    {"\"cut  off", "\"cut  off"},
    {"", ""},
};

START_TEST(white_space_between_tokens_goes)
{
    struct buf got = buf_make(0);
    json_compact(&got, slice_of(spaced[_i].text));
    ck_assert_str_eq(buf_str(&got), spaced[_i].compact);
    buf_free(&got);
}
END_TEST

START_TEST(strings_are_compared_by_meaning)
{
    ck_assert(json_string_is(slice_of("logs"), "logs"));
    ck_assert(json_string_is(slice_of("l\\u006fgs"), "logs"));
    ck_assert(!json_string_is(slice_of("log"), "logs"));
    ck_assert(!json_string_is(slice_of("logs\\u0000"), "logs"));
    ck_assert(!json_string_is(slice_of("logs\\"), "logs"));
    ck_assert(!json_string_is((struct slice){0}, "logs"));
    ck_assert(json_string_is(slice_of(""), ""));
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

UNIT_MAIN(
    "json_text", tcase_add_loop_test(tc, escapes_are_undone, 0, COUNT(strings));
    tcase_add_test(tc, nul_stays_nul); tcase_add_test(tc, one_escape_is_undone);
    tcase_add_loop_test(tc, end_of_a_value_is_found, 0, COUNT(values));
    tcase_add_loop_test(tc, cut_value_has_no_end, 0, 3);
    tcase_add_test(tc, deep_nesting_needs_no_stack);
    tcase_add_loop_test(tc, members_are_walked, 0, COUNT(walks));
    tcase_add_test(tc, only_objects_and_arrays_are_walked);
    tcase_add_loop_test(tc, white_space_between_tokens_goes, 0, COUNT(spaced));
    tcase_add_test(tc, strings_are_compared_by_meaning))
