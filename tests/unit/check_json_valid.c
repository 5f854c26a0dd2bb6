#include "config.h"

#include "wire/json_valid.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#include "unit.h"

static const struct {
    const char *text;
    bool valid;
} cases[] = {
    {"1", true},
    {" [1, 2.5e-3, -0, \"\\u00e9\\n\", true, false, null, {}] \r\n", true},
    {"{\"a\":{\"b\":[[]]}}", true},
    {"\"\\ud83d\"", true},
    {"\"\x7f\"", true},
    {"", false},
    {" ", false},
    {"1 2", false},
    {"01", false},
    {"-", false},
    {".5", false},
    {"1.", false},
    {"1e", false},
    {"+1", false},
    {"NaN", false},
    {"tru", false},
    {"truex", false},
    {"'a'", false},
    {"\"a", false},
    {"\"a\\\"", false},
    {"\"\\x\"", false},
    {"\"\\u12g4\"", false},
    {"\"a\nb\"", false},
    {"\"\xFF\"", false},
    {"[1,]", false},
    {"[,1]", false},
    {"[1}", false},
    {"{\"a\":1]", false},
    {"{\"a\"}", false},
    {"{\"a\":}", false},
    {"{\"a\":1,}", false},
    {"{1:2}", false},
    {"{,}", false},
    {"]", false},
    {"[1] ]", false},
    {"\xEF\xBB\xBF"
     "1",
     false},
};

START_TEST(text_is_judged)
{
    const char *text = cases[_i].text;
    ck_assert_msg(json_valid(text, strlen(text)) == cases[_i].valid, "%s",
                  text);
}
END_TEST

START_TEST(prefix_of_a_text_is_none)
{
    static const char text[] =
        "{\"a\":[1,\"x\\u0041\\\\\",true,null],\"b\":{\"c\":-1.5e+3}}";
    size_t len = sizeof text - 1;
    for (size_t cut = 0; cut < len; cut++) {
        char *part = strndup(text, cut);
        ck_assert_msg(!json_valid(part, cut), "%s", part);
        free(part);
    }
    ck_assert(json_valid(text, len));
}
END_TEST

START_TEST(nul_is_no_white_space)
{
    ck_assert(!json_valid("1\0", 2));
    ck_assert(!json_valid("[\0]", 3));
    ck_assert(!json_valid("\"\0\"", 3));
    ck_assert(!json_valid("\"\\\0\"", 4));
}
END_TEST

START_TEST(nesting_has_a_limit)
{
    for (size_t depth = JSON_MAX_DEPTH - 1; depth <= JSON_MAX_DEPTH + 1;
         depth++) {
        struct buf text = buf_make(0);
        buf_fill(&text, '[', depth);
        buf_fill(&text, ']', depth);
        ck_assert_int_eq(json_valid(text.data, text.len),
                         depth <= JSON_MAX_DEPTH);
        buf_free(&text);
    }
}
END_TEST

UNIT_MAIN("json_valid", tcase_add_loop_test(tc, text_is_judged, 0,
                                            sizeof cases / sizeof *cases);
          tcase_add_test(tc, prefix_of_a_text_is_none);
          tcase_add_test(tc, nul_is_no_white_space);
          tcase_add_test(tc, nesting_has_a_limit))
