#include "config.h"

#include "wire/json_valid.h"

#include "conformance.h"
#include "unit.h"

static json_t *cases;

static void add_bytes(struct buf *out, json_t *item)
{
    json_t *parts = json_object_get(item, "parts");
    if (!parts)
        add_base64(out, text_of(item, "base64"));
    for (size_t i = 0; i < json_array_size(parts); i++) {
        json_t *part = json_array_get(parts, i);
        json_int_t count = json_integer_value(json_object_get(part, "count"));
        for (json_int_t n = 0; n < count; n++)
            add_base64(out, text_of(part, "base64"));
    }
}

START_TEST(text_is_accepted_or_refused_as_the_standard_says)
{
    json_t *item = json_array_get(cases, (size_t)_i);
    const char *expect = text_of(item, "expect");
    struct buf text = buf_make(0);
    add_bytes(&text, item);

    /* A copy of just that size, so that reading past the end is found. */
    char *copy = malloc(text.len ? text.len : 1);
    memcpy(copy, buf_str(&text), text.len);
    bool valid = json_valid(copy, text.len);

    if (strcmp(expect, "either") != 0)
        ck_assert_msg(valid == (strcmp(expect, "accept") == 0), "%s: %s",
                      text_of(item, "name"), expect);
    free(copy);
    buf_free(&text);
}
END_TEST

UNIT_MAIN("conformance json", cases = conformance_load("json");
          tcase_add_loop_test(tc,
                              text_is_accepted_or_refused_as_the_standard_says,
                              0, (int)json_array_size(cases)))
