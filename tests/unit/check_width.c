#include "config.h"

#include "text/width.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static const struct {
    uint32_t code;
    int columns;
} codes[] = {
    {0, 0},       {0x1B, 0},    {' ', 1},     {'~', 1},     {0x7F, 0},
    {0x9B, 0},    {0xA0, 1},    {0xAD, 1},    {0xE9, 1},    {0x301, 0},
    {0x600, 1},   {0x200B, 0},  {0x200D, 0},  {0x202E, 0},  {0x2028, 0},
    {0x1100, 2},  {0x1161, 0},  {0x11A8, 0},  {0xD7B0, 0},  {0xAC00, 2},
    {0xAC01, 2},  {0x3042, 2},  {0x4E00, 2},  {0x9FFF, 2},  {0xA000, 2},
    {0xFF21, 2},  {0xFF66, 1},  {0xFE0F, 0},  {0xFFFD, 1},  {0x1F600, 2},
    {0x2764, 1},  {0x1F1E6, 1}, {0x1F3FB, 2}, {0x20000, 2}, {0x3FFFD, 2},
    {0xE000, 1},  {0xE0041, 0}, {0x3248, 2},  {0x4DC0, 2},  {0x1FAFF, 2},
    {0x10FFFF, 1}};

enum {
    CODES = sizeof codes / sizeof codes[0]
};

START_TEST(a_code_point_takes_the_columns_the_cursor_advances_by)
{
    ck_assert_msg(width_of_code(codes[_i].code) == codes[_i].columns,
                  "U+%04X: %d", (unsigned)codes[_i].code,
                  width_of_code(codes[_i].code));
}
END_TEST

/* One cluster each, with something after it. */
static const struct {
    const char *text;
    size_t cell;    /* bytes of the first cell */
    int on_screen;  /* columns of the cluster by the sum */
    size_t as_sign; /* columns where clusters are known */
} clusters[] = {
    {"a", 1, 1, 1},
    {"\r\n", 2, 0, 0},
    {"e\u0301", 3, 1, 1},
    {"\u4E00", 3, 2, 2},
    {"\u0301", 2, 0, 0},
    {"\u2764\uFE0F", 6, 1, 2},
    {"1\uFE0F\u20E3", 7, 1, 2},
    {"1\uFE0F", 4, 1, 1},
    {"\U0001F1E9\U0001F1EA", 4, 2, 2},
    {"\U0001F44D\U0001F3FD", 4, 4, 2},
    {"\U0001F469\u200D\U0001F4BB", 7, 4, 2},
    {"\U0001F468\u200D\U0001F469\u200D\U0001F467", 7, 6, 2},
    {"\u1112\u1161\u11AB", 9, 2, 2},
    {"\u1100\u1100", 3, 4, 4},
    {"\uFF76\uFF9E", 3, 2, 2},
    {"\u0915\u093F", 3, 2, 2},
    {"\u0600\u0661", 2, 2, 1},
    {"\u0600A", 2, 2, 1},
    {"\u0D4EA", 3, 2, 1},
};

enum {
    CLUSTERS = sizeof clusters / sizeof clusters[0]
};

START_TEST(a_cluster_has_two_widths)
{
    const char *text = clusters[_i].text;
    size_t len = strlen(text);
    char followed[64];
    snprintf(followed, sizeof followed, "%sx", text);
    int columns;
    ck_assert_uint_eq(width_cluster(followed, len + 1, &columns), len);
    ck_assert_int_eq(columns, clusters[_i].on_screen);
    ck_assert_uint_eq(width_cell(followed, len + 1, &columns),
                      clusters[_i].cell);
    ck_assert_uint_eq(width_of_text(text, len), clusters[_i].as_sign);
    ck_assert_uint_eq(width_of_text(followed, len + 1),
                      clusters[_i].as_sign + 1);
}
END_TEST

START_TEST(flags_pair_up_from_the_left)
{
    const char *text = "\U0001F1E9\U0001F1EA\U0001F1EB";
    int columns;
    ck_assert_uint_eq(width_cluster(text, 12, &columns), 8);
    ck_assert_uint_eq(width_cluster(text + 8, 4, &columns), 4);
    ck_assert_uint_eq(width_of_text(text, 12), 3);
}
END_TEST

START_TEST(a_conjunct_counts_as_one)
{
    const char *text = "\u0915\u094D\u0937\u093F";
    ck_assert_uint_eq(width_of_text(text, strlen(text)), 2);
}
END_TEST

static const struct {
    const char *text;
    size_t columns;
    size_t bytes;
    size_t used;
} fits[] = {
    {"", 3, 0, 0},
    {"abc", 0, 0, 0},
    {"abc", 2, 2, 2},
    {"abc", 9, 3, 3},
    {"a\u4E00b", 2, 1, 1},
    {"a\u4E00b", 3, 4, 3},
    {"ae\u0301b", 2, 4, 2},
    {"a\U0001F44D\U0001F3FD", 4, 1, 1},
    {"a\U0001F44D\U0001F3FD", 5, 9, 5},
};

enum {
    FITS = sizeof fits / sizeof fits[0]
};

START_TEST(whole_clusters_fit_into_columns)
{
    size_t used = 99;
    size_t bytes = width_fit(fits[_i].text, strlen(fits[_i].text),
                             fits[_i].columns, &used);
    ck_assert_uint_eq(bytes, fits[_i].bytes);
    ck_assert_uint_eq(used, fits[_i].used);
}
END_TEST

START_TEST(ill_formed_bytes_take_a_column_each)
{
    int columns;
    ck_assert_uint_eq(width_cluster("\xFF\xFF", 2, &columns), 1);
    ck_assert_int_eq(columns, 1);
    ck_assert_uint_eq(width_of_text("\xFF\xFFz", 3), 3);
}
END_TEST

UNIT_MAIN("width",
          tcase_add_loop_test(
              tc, a_code_point_takes_the_columns_the_cursor_advances_by, 0,
              CODES);
          tcase_add_loop_test(tc, a_cluster_has_two_widths, 0, CLUSTERS);
          tcase_add_test(tc, flags_pair_up_from_the_left);
          tcase_add_test(tc, a_conjunct_counts_as_one);
          tcase_add_loop_test(tc, whole_clusters_fit_into_columns, 0, FITS);
          tcase_add_test(tc, ill_formed_bytes_take_a_column_each);)
