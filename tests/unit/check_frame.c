#include "config.h"

#include <string.h>

#include "tests/unit/unit.h"
#include "text/utf8.h"
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

/* Of one cell; valid until the next call. */
static const char *cell_text(const struct frame *frame, int x, int y)
{
    static char text[CELL_TEXT_SIZE];
    size_t len = frame_cell_text(frame, frame_cell(frame, x, y), text);
    ck_assert_uint_eq(len, strlen(text));
    return text;
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
    ck_assert_str_eq(cell_text(frame, 0, 0), "e\xcc\x81");
    ck_assert_str_eq(cell_text(frame, 1, 0), "x");
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
    size_t len = strlen(cell_text(frame, 0, 0));
    ck_assert_uint_lt(len, CELL_TEXT_SIZE);
    ck_assert_uint_gt(len, CELL_TEXT_SIZE / 2);
    ck_assert_uint_eq(len % 2, 1);
    frame_destroy(frame);
}
END_TEST

static bool is_same_cell(const struct frame *frame, int a, int b)
{
    return !memcmp(frame_cell(frame, a, 0), frame_cell(frame, b, 0),
                   sizeof(struct cell));
}

START_TEST(cells_are_equal_when_they_show_the_same)
{
    struct frame *frame = frame_create(12, 1);
    frame_puts(frame, 0, 0, 12, STYLE_TEXT, "ae\xcc\x81xe\xcc\x81éo\xcc\x81");
    ck_assert(is_same_cell(frame, 1, 3));
    for (int x = 0; x < 6; x++)
        ck_assert(x == 1 || !is_same_cell(frame, 1, x) || x == 3);
    frame_puts(frame, 3, 0, 1, STYLE_DIM, "e\xcc\x81");
    ck_assert(!is_same_cell(frame, 1, 3));
    ck_assert_str_eq(cell_text(frame, 3, 0), "e\xcc\x81");
    frame_destroy(frame);
}
END_TEST

/* Numbers of clusters are taken back some time, and that is told. */
START_TEST(clusters_without_end_need_no_memory_without_end)
{
    struct frame *frame = frame_create(4, 1);
    uint64_t numbering = frame_numbering(frame);
    uint32_t highest = 0;
    for (uint32_t i = 0; i < 100000; i++) {
        char text[16], want[16];
        size_t len = utf8_encode('a' + i % 25, text);
        len += utf8_encode(0x300 + i / 25 % 64, text + len);
        len += utf8_encode(0x300 + i / 1600 % 64, text + len);
        memcpy(want, text, len);
        want[len] = '\0';
        frame_clear(frame);
        frame_put(frame, 0, 0, 4, STYLE_TEXT, text, len);
        ck_assert_str_eq(cell_text(frame, 0, 0), want);
        uint32_t number = frame_cell(frame, 0, 0)->sign & ~CELL_CLUSTER;
        highest = number > highest ? number : highest;
    }
    ck_assert_uint_ne(frame_numbering(frame), numbering);
    ck_assert_uint_lt(highest, 10000);
    frame_destroy(frame);
}
END_TEST

static const struct {
    int x, y, width, height;
    const char *want;
} areas[] = {
    {0, 0, 4, 1, "\nefgh\n日本\n"},     {1, 0, 2, 3, "a  d\ne  h\n\n"},
    {2, 1, 9, 9, "abcd\nef\n日\n"},     {-2, -2, 3, 4, " bcd\n fgh\n日本\n"},
    {1, 2, 1, 1, "abcd\nefgh\n  本\n"}, {4, 0, 1, 3, "abcd\nefgh\n日本\n"},
    {0, 0, 0, 3, "abcd\nefgh\n日本\n"}, {0, 3, 4, 1, "abcd\nefgh\n日本\n"},
};

START_TEST(an_area_is_cleared_and_no_half_of_a_wide_character_left)
{
    struct frame *frame = frame_create(4, 3);
    frame_puts(frame, 0, 0, 4, STYLE_TEXT, "abcd");
    frame_puts(frame, 0, 1, 4, STYLE_TEXT, "efgh");
    frame_puts(frame, 0, 2, 4, STYLE_TEXT, "日本");
    frame_clear_area(frame, areas[_i].x, areas[_i].y, areas[_i].width,
                     areas[_i].height);
    assert_text(frame, areas[_i].want);
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
    tcase_add_test(tc, cells_are_equal_when_they_show_the_same);
    tcase_add_test(tc, clusters_without_end_need_no_memory_without_end);
    tcase_add_loop_test(tc,
                        an_area_is_cleared_and_no_half_of_a_wide_character_left,
                        0, sizeof areas / sizeof areas[0]);
    tcase_add_test(tc, the_cursor_is_hidden_outside_and_after_clearing);
    tcase_add_test(tc, any_size_is_at_least_one_cell);)
