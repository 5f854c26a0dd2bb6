#include "config.h"

#include <string.h>

#include "tests/unit/unit.h"
#include "view/frame.h"

static char *text_of(const struct frame *frame)
{
    struct buf out = buf_make(0);
    frame_text(frame, &out);
    return buf_take(&out);
}

static void assert_text(const struct frame *frame, const char *want)
{
    char *got = text_of(frame);
    ck_assert_str_eq(got, want);
    free(got);
}

START_TEST(text_is_cut_at_its_columns_and_at_the_edge)
{
    struct frame *frame = frame_create(6, 2);
    ck_assert_int_eq(frame_puts(frame, 1, 0, 3, STYLE_TEXT, "abcdef"), 3);
    ck_assert_int_eq(frame_puts(frame, 4, 1, 9, STYLE_TEXT, "xyz"), 2);
    assert_text(frame, " abc\n    xy\n");
    frame_destroy(frame);
}
END_TEST

START_TEST(outside_of_the_frame_nothing_is_drawn)
{
    struct frame *frame = frame_create(3, 1);
    ck_assert_int_eq(frame_puts(frame, 3, 0, 9, STYLE_TEXT, "a"), 0);
    ck_assert_int_eq(frame_puts(frame, 0, 1, 9, STYLE_TEXT, "a"), 0);
    ck_assert_int_eq(frame_puts(frame, 0, -1, 9, STYLE_TEXT, "a"), 0);
    frame_puts(frame, -1, 0, 9, STYLE_TEXT, "abc");
    assert_text(frame, "bc\n");
    frame_destroy(frame);
}
END_TEST

START_TEST(wide_characters_take_two_cells_or_none)
{
    struct frame *frame = frame_create(5, 1);
    ck_assert_int_eq(frame_puts(frame, 0, 0, 5, STYLE_TEXT, "日本語"), 4);
    ck_assert_int_eq(frame_cell(frame, 0, 0)->columns, 2);
    ck_assert_int_eq(frame_cell(frame, 1, 0)->columns, 0);
    assert_text(frame, "日本\n");
    frame_destroy(frame);
}
END_TEST

static const struct {
    int x;
    const char *put, *want;
} halves[] = {
    {0, "a", "a 本\n"}, {1, "a", " a本\n"}, {2, "a", "日a\n"},
    {1, "語", " 語\n"}, {3, "a", "日 a\n"},
};

START_TEST(half_of_a_wide_character_never_stays_behind)
{
    struct frame *frame = frame_create(4, 1);
    frame_puts(frame, 0, 0, 4, STYLE_TEXT, "日本");
    frame_puts(frame, halves[_i].x, 0, 4, STYLE_TEXT, halves[_i].put);
    assert_text(frame, halves[_i].want);
    frame_destroy(frame);
}
END_TEST

START_TEST(what_has_no_width_shares_the_cell_before)
{
    struct frame *frame = frame_create(4, 1);
    frame_puts(frame, 0, 0, 4, STYLE_TEXT, "e\xcc\x81x");
    ck_assert_str_eq(frame_cell(frame, 0, 0)->text, "e\xcc\x81");
    ck_assert_str_eq(frame_cell(frame, 1, 0)->text, "x");
    frame_destroy(frame);
}
END_TEST

START_TEST(a_cluster_too_long_for_a_cell_is_cut_between_characters)
{
    char text[64] = "e";
    for (int i = 0; i < 20; i++)
        strcat(text, "\xcc\x81");
    struct frame *frame = frame_create(4, 1);
    frame_puts(frame, 0, 0, 4, STYLE_TEXT, text);
    size_t len = strlen(frame_cell(frame, 0, 0)->text);
    ck_assert_uint_lt(len, sizeof frame_cell(frame, 0, 0)->text);
    ck_assert_uint_eq(len % 2, 1);
    frame_destroy(frame);
}
END_TEST

START_TEST(the_cursor_is_hidden_outside_and_after_clearing)
{
    int x, y;
    struct frame *frame = frame_create(4, 2);
    frame_set_cursor(frame, 3, 1);
    frame_get_cursor(frame, &x, &y);
    ck_assert_int_eq(x, 3);
    ck_assert_int_eq(y, 1);
    frame_set_cursor(frame, 4, 1);
    frame_get_cursor(frame, &x, &y);
    ck_assert_int_eq(x, -1);
    frame_set_cursor(frame, 0, 0);
    frame_clear(frame);
    frame_get_cursor(frame, &x, &y);
    ck_assert_int_eq(x, -1);
    frame_destroy(frame);
}
END_TEST

START_TEST(any_size_is_at_least_one_cell)
{
    struct frame *frame = frame_create(0, -3);
    ck_assert_int_eq(frame_width(frame), 1);
    ck_assert_int_eq(frame_height(frame), 1);
    frame_resize(frame, 7, 2);
    assert_text(frame, "\n\n");
    frame_destroy(frame);
}
END_TEST

UNIT_MAIN(
    "frame", tcase_add_test(tc, text_is_cut_at_its_columns_and_at_the_edge);
    tcase_add_test(tc, outside_of_the_frame_nothing_is_drawn);
    tcase_add_test(tc, wide_characters_take_two_cells_or_none);
    tcase_add_loop_test(tc, half_of_a_wide_character_never_stays_behind, 0,
                        sizeof halves / sizeof halves[0]);
    tcase_add_test(tc, what_has_no_width_shares_the_cell_before);
    tcase_add_test(tc, a_cluster_too_long_for_a_cell_is_cut_between_characters);
    tcase_add_test(tc, the_cursor_is_hidden_outside_and_after_clearing);
    tcase_add_test(tc, any_size_is_at_least_one_cell);)
