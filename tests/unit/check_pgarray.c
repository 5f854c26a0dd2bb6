#include "config.h"

#include "wire/pgarray.h"

#include <string.h>

#include "base/buf.h"

#include "unit.h"

static const struct {
    const char *literal;
    const char *items; /* each with a | behind it; NULL: refused */
} cases[] = {
    {"{}", ""},
    {"{a}", "a|"},
    {"{a,b}", "a|b|"},
    {"{\"a\",\"b c\"}", "a|b c|"},
    {"{\"a\\\"b\",\"c\\\\d\"}", "a\"b|c\\d|"},
    {"{\"\",x}", "|x|"},
    {"{NULL,\"NULL\"}", "NULL|"},
    {"{a:1,\"x,y\"}", "a:1|x,y|"},
    {"{\"{}\"}", "{}|"},
    {"{\"a}\",\"b\"}", "a}|b|"},
    {"{\xC3\xA9,\"\xE6\x97\xA5\xE6\x9C\xAC\"}",
     "\xC3\xA9|\xE6\x97\xA5\xE6\x9C\xAC|"},
    {"{\"\\x\"}", "x|"},
    {"{ a , b }", " a | b |"},
    {"", NULL},
    {"{", NULL},
    {"}", NULL},
    {"a", NULL},
    {"{a", NULL},
    {"a}", NULL},
    {"{a,}", NULL},
    {"{,a}", NULL},
    {"{,}", NULL},
    {"{a}}", NULL},
    {"{{a},{b}}", NULL},
    {"{\"a}", NULL},
    {"{\"a\\\"}", NULL},
    {"{\"a\"b}", NULL},
    {"{a}{b}", NULL},
};

START_TEST(literal_is_split)
{
    char **items;
    size_t count;
    const char *text = cases[_i].literal;
    struct buf got = buf_make(0);
    bool good = pgarray_parse(text, strlen(text), &items, &count);
    ck_assert_msg(good == (cases[_i].items != NULL), "%s", text);
    for (size_t i = 0; i < count; i++)
        buf_addf(&got, "%s|", items[i]);
    ck_assert_str_eq(buf_str(&got), good ? cases[_i].items : "");
    pgarray_free(items, count);
    buf_free(&got);
}
END_TEST

START_TEST(number_of_items_has_a_limit)
{
    for (size_t count = 9999; count <= 10001; count++) {
        struct buf text = buf_make(0);
        char **items;
        size_t got;
        buf_addc(&text, '{');
        for (size_t i = 0; i < count; i++)
            buf_adds(&text, i ? ",a" : "a");
        buf_addc(&text, '}');
        bool good = pgarray_parse(text.data, text.len, &items, &got);
        ck_assert_int_eq(good, count <= 10000);
        ck_assert_uint_eq(got, good ? count : 0);
        pgarray_free(items, got);
        buf_free(&text);
    }
}
END_TEST

UNIT_MAIN("pgarray", tcase_add_loop_test(tc, literal_is_split, 0,
                                         sizeof cases / sizeof *cases);
          tcase_add_test(tc, number_of_items_has_a_limit))
