#include "config.h"

#include "wire/stream_keys.h"

#include <string.h>

#include "base/buf.h"

#include "unit.h"

static const struct {
    const char *metadata, *column;
    const char *keys; /* each with "|" behind it */
} cases[] = {
    {NULL, NULL, ""},
    {NULL, "{}", ""},
    {NULL, "{\"output\"}", "output|"},
    {NULL, "{a,\"b c\",NULL,\"d\\\"e\"}", "a|b c|d\"e|"},
    {NULL, "nonsense", ""},
    {"[\"x\",\"y/z\"]", "{a}", "x|y/z|"},
    {" [ \"x\" ] ", NULL, "x|"},
    {"[\"\\u00e9\",\"\"]", NULL, "\xC3\xA9|"},
    {"[]", "{a}", "a|"},
    {"[\"x\",5]", "{a}", "a|"},
    {"[\"x\",null]", "{a}", "a|"},
    {"\"x\"", "{a}", "a|"},
    {"{\"x\":\"y\"}", "{a}", "a|"},
    {"[\"x\"", "{a}", "a|"},
    {"[\"\\u0000\"]", "{a}", "a|"},
    {"null", "{a}", "a|"},
};

START_TEST(keys_are_those_of_the_metadata_else_of_the_column)
{
    struct stream_keys keys = {0};
    struct buf told = buf_make(0);
    const char *text = cases[_i].metadata;
    struct slice metadata = {text, text ? strlen(text) : 0};
    for (int i = 0; i < 2; i++)
        stream_keys_read(&keys, metadata, cases[_i].column);
    for (size_t i = 0; i < keys.count; i++)
        buf_addf(&told, "%s|", keys.keys[i]);
    ck_assert_str_eq(buf_str(&told), cases[_i].keys);
    stream_keys_free(&keys);
    ck_assert_uint_eq(keys.count, 0);
    buf_free(&told);
}
END_TEST

START_TEST(keys_have_a_maximum)
{
    struct stream_keys keys = {0};
    struct buf column = buf_make(0);
    buf_adds(&column, "{k");
    for (int i = 0; i < STREAM_KEYS_MAX + 10; i++)
        buf_addf(&column, ",k%d", i);
    buf_adds(&column, "}");
    stream_keys_read(&keys, (struct slice){0}, buf_str(&column));
    ck_assert_uint_eq(keys.count, STREAM_KEYS_MAX);
    stream_keys_free(&keys);
    buf_free(&column);
}
END_TEST

UNIT_MAIN("stream_keys",
          tcase_add_loop_test(tc,
                              keys_are_those_of_the_metadata_else_of_the_column,
                              0, (int)(sizeof cases / sizeof *cases));
          tcase_add_test(tc, keys_have_a_maximum);)
