/* JSON text read where it lies: what counts as JSON is what jansson takes, and
 * what is read out of it is the same. */
#include "config.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "text/escape.h"
#include "text/pretty.h"
#include "wire/json_valid.h"

#include "fuzz.h"

static json_t *load(struct slice text, json_error_t *error)
{
    return json_loadb(text.data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL,
                      error);
}

/* What jansson refuses although it is JSON: numbers that its types do not
 * hold, halves of code points, and NULs in keys. */
static bool is_limit_of_jansson(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);
    return code == json_error_numeric_overflow ||
           code == json_error_stack_overflow ||
           code == json_error_null_byte_in_key ||
           strstr(error->text, "invalid Unicode");
}

/* The deepest that brackets go, those in strings included. */
static size_t depth_of(struct slice text)
{
    size_t depth = 0, most = 0;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];
        if (byte == '[' || byte == '{')
            most = ++depth > most ? depth : most;
        else if ((byte == ']' || byte == '}') && depth)
            depth--;
    }
    return most;
}

/* jansson takes a NUL behind the value for the text's end. */
static void check_judgement(struct slice text, bool valid, json_t *tree,
                            const json_error_t *error)
{
    if (tree && !valid)
        FUZZ_CHECK(depth_of(text) > JSON_MAX_DEPTH ||
                   memchr(text.data, '\0', text.len));
    FUZZ_CHECK(!valid || tree || is_limit_of_jansson(error));
}

/* The members or elements are those that jansson finds, in their order; where
 * keys repeat, there may be more. */
static void check_walk(struct slice value, json_t *tree)
{
    struct json_walk walk;
    struct slice key, item;
    size_t count = 0;
    bool has_items = json_is_array(tree) || json_is_object(tree);
    FUZZ_CHECK(json_walk_start(&walk, value) == has_items);
    if (!has_items)
        return;
    while (json_walk_next(&walk, &key, &item)) {
        FUZZ_CHECK(json_valid(item.data, item.len));
        if (json_is_array(tree)) {
            json_error_t error;
            json_t *one = load(item, &error);
            FUZZ_CHECK(json_equal(one, json_array_get(tree, count)));
            json_decref(one);
        }
        count++;
    }
    FUZZ_CHECK(!walk.broken);
    FUZZ_CHECK(json_is_array(tree) ? count == json_array_size(tree)
                                   : count >= json_object_size(tree));
}

static void check_string(struct slice value, json_t *tree)
{
    struct buf text = buf_make(0);
    if (json_is_string(tree)) {
        struct slice inside = {value.data + 1, value.len - 2};
        FUZZ_CHECK(json_unescape(&text, inside.data, inside.len));
        struct slice want = {json_string_value(tree), json_string_length(tree)};
        FUZZ_CHECK(fuzz_same(fuzz_slice(&text), want));
        if (!memchr(want.data, '\0', want.len))
            FUZZ_CHECK(json_string_is(inside, want.data));
    }
    buf_free(&text);
}

static void check_equal(const struct buf *text, json_t *tree)
{
    json_error_t error;
    json_t *other = load(fuzz_slice(text), &error);
    FUZZ_CHECK(json_equal(tree, other));
    json_decref(other);
}

/* However it is laid out or escaped, it is the same value. */
static void check_forms(struct slice text, json_t *tree)
{
    struct buf out = buf_make(0);
    json_compact(&out, text);
    check_equal(&out, tree);
    buf_clear(&out);
    escape_raw_json(&out, text.data, text.len);
    check_equal(&out, tree);
    buf_clear(&out);
    pretty_json(&out, text.data, text.len);
    check_equal(&out, tree);
    buf_free(&out);
}

static void check_value(struct slice text, json_t *tree)
{
    const char *end = text.data + text.len;
    const char *start = json_skip_space(text.data, end);
    const char *stop = json_value_end(start, end);
    FUZZ_CHECK(stop && json_skip_space(stop, end) == end);
    struct slice value = {start, (size_t)(stop - start)};
    check_walk(value, tree);
    check_string(value, tree);
    check_forms(text, tree);
}

/* On any bytes: nothing but white space is added or left out. */
static void check_layout(struct slice text)
{
    struct buf out = buf_make(0), flat = buf_make(0), was = buf_make(0);
    pretty_json(&out, text.data, text.len);
    for (size_t i = 0; i < out.len; i++)
        if (!strchr(" \t\r\n", out.data[i]) || !out.data[i])
            buf_addc(&flat, out.data[i]);
    for (size_t i = 0; i < text.len; i++)
        if (!strchr(" \t\r\n", text.data[i]) || !text.data[i])
            buf_addc(&was, text.data[i]);
    FUZZ_CHECK(fuzz_same(fuzz_slice(&flat), fuzz_slice(&was)));
    buf_clear(&flat);
    pretty_is_worth(text.data, text.len);
    json_compact(&flat, text);
    FUZZ_CHECK(flat.len <= text.len);
    buf_free(&out);
    buf_free(&flat);
    buf_free(&was);
}

/* On any bytes: ends lie inside. */
static void check_ends(struct slice text)
{
    const char *end = text.data + text.len;
    const char *stop = json_value_end(text.data, end);
    FUZZ_CHECK(!stop || (stop > text.data && stop <= end));
    stop = json_string_end(text.data, end);
    FUZZ_CHECK(!stop || (stop < end && *stop == '"'));
    struct buf out = buf_make(0);
    json_unescape(&out, text.data, text.len);
    struct json_walk walk;
    struct slice key, item;
    if (json_walk_start(&walk, text))
        while (json_walk_next(&walk, &key, &item))
            FUZZ_CHECK(item.data >= text.data && item.data + item.len <= end);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_error_t error;
    char *copy = fuzz_copy((const char *)data, size);
    struct slice text = {copy, size};
    bool valid = json_valid(text.data, text.len);
    json_t *tree = load(text, &error);
    check_judgement(text, valid, tree, &error);
    check_layout(text);
    if (text.len)
        check_ends(text);
    if (tree && valid)
        check_value(text, tree);
    json_decref(tree);
    free(copy);
    return 0;
}
