#include "config.h"

#include "wire/json_load.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const struct {
    const char *json;
    const char *read; /* as jansson writes it; NULL: no JSON */
} texts[] = {
    {"{\"a\":[1,true,null,\"\\u00e9\"]}", "{\"a\":[1,true,null,\"\xC3\xA9\"]}"},
    {"[\"\\ud83d\",\"x\\ude00y\",\"\\ud83d\\ude00\"]",
     "[\"\xEF\xBF\xBD\",\"x\xEF\xBF\xBDy\",\"\xF0\x9F\x98\x80\"]"},
    {"{\"a\\u0000\\\\u0000\" : \"\\u0000\"}",
     "{\"a\xEF\xBF\xBD\\\\u0000\":\"\\u0000\"}"},
    {"[1e400,-1E+999,1.5]", "[1e308,-1e308,1.5]"},
    {"[12345678901234567890]", "[1.2345678901234567e19]"},
    {"\"\\ud83d\"", "\"\xEF\xBF\xBD\""},
    {" [ 1e400 ] ", "[1e308]"},
    {"", NULL},
    {"[1e400", NULL},
    {"[\"\\ud83d]", NULL},
    {"[01,1e400]", NULL},
    {"[1e400,]", NULL},
    {"[1e400e]", NULL},
    {"[\"\\ud83\"]", NULL},
    {"[\"\\ud83d\",\x01]", NULL},
    {"]]\"\\ud83d\"", NULL},
    {"[\"\\ud83d\"]x", NULL},
};

START_TEST(all_that_the_grammar_allows_is_read)
{
    struct slice text = {texts[_i].json, strlen(texts[_i].json)};
    json_t *root = json_load_text(text, JSON_ALLOW_NUL | JSON_DECODE_ANY);
    char *read = json_dumps(root, JSON_COMPACT | JSON_ENCODE_ANY |
                                      JSON_REAL_PRECISION(17));
    ck_assert_msg(!read == !texts[_i].read &&
                      (!read || strcmp(read, texts[_i].read) == 0),
                  "%s: %s", texts[_i].json, read ? read : "refused");
    free(read);
    json_decref(root);
}
END_TEST

static json_t *load_nested(size_t depth)
{
    struct buf text = buf_make(0);
    for (size_t i = 0; i < depth; i++)
        buf_adds(&text, "{\"a\":");
    buf_addc(&text, '1');
    for (size_t i = 0; i < depth; i++)
        buf_addc(&text, '}');
    json_t *root = json_load_text((struct slice){text.data, text.len}, 0);
    buf_free(&text);
    return root;
}

START_TEST(what_lies_too_deep_is_null)
{
    json_t *root = load_nested(20 * 1000), *value = root;
    size_t depth = 0;
    for (; json_is_object(value); value = json_object_get(value, "a"))
        depth++;
    ck_assert_uint_eq(depth, JSON_LOAD_DEPTH);
    ck_assert(json_is_null(value));
    json_decref(root);
}
END_TEST

static const struct {
    const char *bytes, *text;
} bodies[] = {
    {"{}", "{}"},
    {"\xEF\xBB\xBF{}", "{}"},
    {"\xEF\xBB\xBF\xEF\xBB\xBF", "\xEF\xBB\xBF"},
    {"\xEF\xBB", "\xEF\xBF\xBD"},
    {"\xEF\xBB\xBF\"\xFF\"", "\"\xEF\xBF\xBD\""},
    {"", ""},
};

START_TEST(a_body_is_decoded_without_its_mark)
{
    struct buf store = buf_make(0);
    const char *bytes = bodies[_i].bytes;
    struct slice text = json_body_text(&store, bytes, strlen(bytes));
    ck_assert(slice_is(text, bodies[_i].text));
    buf_free(&store);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

UNIT_MAIN("json_load",
          tcase_add_loop_test(tc, all_that_the_grammar_allows_is_read, 0,
                              COUNT(texts));
          tcase_add_test(tc, what_lies_too_deep_is_null);
          tcase_add_loop_test(tc, a_body_is_decoded_without_its_mark, 0,
                              COUNT(bodies));)
