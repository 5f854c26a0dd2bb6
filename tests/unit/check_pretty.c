#include "config.h"

#include "text/pretty.h"

#include <string.h>

#include "unit.h"

static const struct {
    const char *json, *laid_out;
} CASES[] = {
    {"{\"a\":1,\"b\":[true,null]}",
     "{\n  \"a\": 1,\n  \"b\": [\n    true,\n    null\n  ]\n}"},
    {" { \"a\" : { } , \"b\" : [ ] } ", "{\n  \"a\": {},\n  \"b\": []\n}"},
    {"[\"a,b:{}\",\"\\\"[\"]", "[\n  \"a,b:{}\",\n  \"\\\"[\"\n]"},
    {"12.5", "12.5"},
    {"", ""},
    /* no JSON: everything is still there */
    {"{\"a", "{\n  \"a"},
    {"}]x", "\n}\n]x"},
    {"{\"a\\", "{\n  \"a\\"},
};

START_TEST(each_member_has_a_row)
{
    struct buf out = buf_make(0);
    pretty_json(&out, CASES[_i].json, strlen(CASES[_i].json));
    ck_assert_str_eq(buf_str(&out), CASES[_i].laid_out);
    buf_free(&out);
}
END_TEST

/* Nothing is left out of any bytes but white space, at any place of a cut. */
START_TEST(nothing_but_space_is_lost)
{
    static const char json[] =
        "{\"k\":[1,{\"x\":\"y z\\\\\"},[]],\"\xff\":{\"a\":\"\n\"}}]}";
    for (size_t cut = 0; cut < sizeof json; cut++) {
        struct buf out = buf_make(0);
        size_t at = 0;
        pretty_json(&out, json, cut);
        for (size_t i = 0; i < cut; i++) {
            if (json[i] == ' ' || json[i] == '\n')
                continue;
            const char *found = memchr(out.data + at, json[i], out.len - at);
            ck_assert_ptr_nonnull(found);
            at = (size_t)(found - out.data) + 1;
        }
        buf_free(&out);
    }
}
END_TEST

START_TEST(depth_is_bounded)
{
    enum {
        DEPTH = 5000
    };
    static char json[DEPTH];
    struct buf out = buf_make(0);
    memset(json, '[', sizeof json);
    pretty_json(&out, json, sizeof json);
    ck_assert_uint_lt(out.len, (size_t)DEPTH * 80);
    buf_free(&out);
}
END_TEST

START_TEST(objects_and_arrays_with_something_in_them_are_worth_it)
{
    static const char *const WORTH[] = {"{\"a\":1}", " [1] \n"};
    static const char *const NOT[] = {"{}", "[]", "12", "\"{}\"", "{x", ""};
    for (size_t i = 0; i < sizeof WORTH / sizeof *WORTH; i++)
        ck_assert(pretty_is_worth(WORTH[i], strlen(WORTH[i])));
    for (size_t i = 0; i < sizeof NOT / sizeof *NOT; i++)
        ck_assert(!pretty_is_worth(NOT[i], strlen(NOT[i])));
}
END_TEST

UNIT_MAIN("pretty", tcase_add_loop_test(tc, each_member_has_a_row, 0,
                                        (int)(sizeof CASES / sizeof *CASES));
          tcase_add_test(tc, nothing_but_space_is_lost);
          tcase_add_test(tc, depth_is_bounded); tcase_add_test(
              tc, objects_and_arrays_with_something_in_them_are_worth_it))
