#include "config.h"

#include "text/width.h"

#include "text/utf8.h"

#include "conformance.h"
#include "unit.h"

static json_t *cases;
static json_t *grapheme_cases;

static bool is_acceptable(json_t *item, size_t columns)
{
    json_t *answers = json_object_get(item, "acceptable");
    for (size_t i = 0; i < json_array_size(answers); i++) {
        json_int_t answer = json_integer_value(json_array_get(answers, i));
        if (answer == (json_int_t)columns)
            return true;
    }
    return false;
}

static void check_text_columns(json_t *item)
{
    size_t columns =
        width_of_text(text_of(item, "text"), length_of(item, "text"));
    ck_assert_msg(is_acceptable(item, columns), "%s (%s): %zu columns",
                  text_of(item, "name"), text_of(item, "codepoints"), columns);
}

START_TEST(columns_of_text_are_those_of_terminals_that_know_clusters)
{
    for_each_case(cases, check_text_columns);
}
END_TEST

/* Sums what the cells of the screen take, and asserts that the other two
 * functions that count for the screen say the same. */
static size_t columns_on_screen(const char *text, size_t len)
{
    size_t by_cell = 0;
    for (size_t at = 0; at < len;) {
        int columns;
        at += width_cell(text + at, len - at, &columns);
        by_cell += (size_t)columns;
    }
    size_t by_cluster = 0;
    for (size_t at = 0; at < len;) {
        int columns;
        at += width_cluster(text + at, len - at, &columns);
        by_cluster += (size_t)columns;
    }
    size_t used;
    ck_assert_uint_eq(width_fit(text, len, by_cell, &used), len);
    ck_assert_uint_eq(used, by_cell);
    ck_assert_uint_eq(by_cluster, by_cell);
    return by_cell;
}

static void check_screen_columns(json_t *item)
{
    json_t *answer =
        json_object_get(json_object_get(item, "answers"), "glibc_wcswidth");
    size_t columns =
        columns_on_screen(text_of(item, "text"), length_of(item, "text"));
    if (json_integer_value(answer) >= 0)
        ck_assert_msg((json_int_t)columns == json_integer_value(answer),
                      "%s (%s): %zu columns", text_of(item, "name"),
                      text_of(item, "codepoints"), columns);
}

START_TEST(columns_on_screen_are_those_of_the_c_library)
{
    for_each_case(cases, check_screen_columns);
}
END_TEST

static void check_clusters(json_t *item)
{
    json_t *clusters = json_object_get(item, "clusters_hex");
    struct buf bytes = buf_make(0);
    add_hex(&bytes, text_of(item, "bytes_hex"));

    size_t at = 0;
    for (size_t i = 0; i < json_array_size(clusters); i++) {
        size_t want = json_string_length(json_array_get(clusters, i)) / 2;
        int columns;
        size_t got = width_cluster(bytes.data + at, bytes.len - at, &columns);
        ck_assert_msg(got == want, "%s: cluster %zu has %zu bytes, not %zu",
                      text_of(item, "name"), i, got, want);
        at += got;
    }

    ck_assert_uint_eq(at, bytes.len);
    buf_free(&bytes);
}

START_TEST(clusters_end_where_uax_29_says)
{
    for_each_case(grapheme_cases, check_clusters);
}
END_TEST

static void load(void)
{
    cases = conformance_load("width");
    grapheme_cases = json_object_get(conformance, "grapheme_cases");
}

UNIT_MAIN("conformance_width", load(); tcase_add_test(
              tc, columns_of_text_are_those_of_terminals_that_know_clusters);
          tcase_add_test(tc, columns_on_screen_are_those_of_the_c_library);
          tcase_add_test(tc, clusters_end_where_uax_29_says);)
