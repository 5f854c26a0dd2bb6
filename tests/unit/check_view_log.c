/* Which entries are lines, and which of them are in sight. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "base/mem.h"
#include "model/run.h"
#include "tests/unit/unit.h"
#include "view/lines.h"
#include "view/viewport.h"

/* ---- lines ---- */

struct story {
    struct run *run;
    struct run_facts facts;
    uint64_t seq;
};

static void story_start(struct story *story)
{
    *story = (struct story){.run = run_create("run_1", 1 << 26)};
    facts_init(&story->facts);
    story->facts.status = STATUS_EXECUTING;
}

static void story_end(struct story *story)
{
    facts_free(&story->facts);
    run_destroy(story->run);
}

static void tell_step(struct story *story, const char *title)
{
    free(story->facts.step);
    story->facts.step = mem_strdup(title);
    struct event event = {.type = EVENT_RUN, .facts = &story->facts};
    run_apply(story->run, &event);
}

static void tell_log(struct story *story, enum log_level level,
                     const char *message)
{
    struct log_entry entry = {
        .level = level, .message = message, .message_len = strlen(message)};
    struct event event = {.type = EVENT_LOG};
    event.log.seq = ++story->seq;
    event.log.entry = &entry;
    run_apply(story->run, &event);
}

static void tell_rewrite(struct story *story, uint64_t withdrawn)
{
    struct event event = {.type = EVENT_REWRITE};
    event.rewrite.withdrawn = withdrawn;
    run_apply(story->run, &event);
}

/* Entries 0 "loose", 1 A, 2 a1, 3 a2!, 4 B, 5 b1, 6 C, 7 c1, 8 c2! */
static void tell_three_steps(struct story *story)
{
    tell_log(story, LEVEL_INFO, "loose");
    tell_step(story, "A");
    tell_log(story, LEVEL_INFO, "a1");
    tell_log(story, LEVEL_WARN, "a2");
    tell_step(story, "B");
    tell_log(story, LEVEL_INFO, "b1");
    tell_step(story, "C");
    tell_log(story, LEVEL_INFO, "c1");
    tell_log(story, LEVEL_ERROR, "c2");
}

/* All lines, from the first and from the last; both ways must agree. */
static void assert_lines(struct lines *lines, struct story *story,
                         const char *want)
{
    char down[256] = "", up[256] = "";
    uint64_t at;
    bool more = lines_from(lines, story->run, 0, &at);
    for (; more; more = lines_next(lines, story->run, at, &at))
        snprintf(down + strlen(down), sizeof down - strlen(down), "%d ",
                 (int)at);
    ck_assert_str_eq(down, want);
    at = lines_end(lines, story->run);
    while (lines_prev(lines, story->run, at, &at)) {
        char number[16];
        int len = snprintf(number, sizeof number, "%d ", (int)at);
        memmove(up + len, up, strlen(up) + 1);
        memcpy(up, number, (size_t)len);
    }
    ck_assert_str_eq(up, want);
}

START_TEST(every_entry_is_a_line_at_first)
{
    struct story story;
    struct lines *lines = lines_create();
    story_start(&story);
    assert_lines(lines, &story, "");
    tell_three_steps(&story);
    assert_lines(lines, &story, "0 1 2 3 4 5 6 7 8 ");
    lines_destroy(lines);
    story_end(&story);
}
END_TEST

START_TEST(a_folded_step_is_its_header)
{
    struct story story;
    struct lines *lines = lines_create();
    story_start(&story);
    tell_three_steps(&story);
    lines_fold(lines, 0, true);
    assert_lines(lines, &story, "0 1 4 5 6 7 8 ");
    lines_fold(lines, 2, true);
    assert_lines(lines, &story, "0 1 4 5 6 ");
    lines_fold_all(lines, story.run, true);
    assert_lines(lines, &story, "0 1 4 6 ");
    lines_fold_all(lines, story.run, false);
    assert_lines(lines, &story, "0 1 2 3 4 5 6 7 8 ");
    lines_destroy(lines);
    story_end(&story);
}
END_TEST

START_TEST(finished_steps_fold_by_themselves_and_failed_ones_do_not)
{
    struct story story;
    struct lines *lines = lines_create();
    story_start(&story);
    tell_three_steps(&story);
    lines_fold_finished(lines, 2);
    assert_lines(lines, &story, "0 1 4 6 7 8 ");
    story.facts.status = STATUS_FAILED;
    story.facts.finished = true;
    struct event event = {.type = EVENT_RUN, .facts = &story.facts};
    run_apply(story.run, &event);
    lines_fold_finished(lines, 3);
    /* What comes after the last step's entries is no part of it. */
    assert_lines(lines, &story, "0 1 4 6 7 8 9 ");
    lines_fold(lines, 2, true);
    assert_lines(lines, &story, "0 1 4 6 9 ");
    lines_destroy(lines);
    story_end(&story);
}
END_TEST

static const struct {
    const char *include, *exclude;
    enum log_level level;
    const char *want;
} filters[] = {
    {"c", NULL, LEVEL_NONE, "6 7 8 "},
    {"a2", NULL, LEVEL_NONE, "1 3 "},
    {"[abc]1", NULL, LEVEL_NONE, "1 2 4 5 6 7 "},
    {"[abc]1", "b", LEVEL_NONE, "1 2 6 7 "},
    {NULL, "1", LEVEL_NONE, "0 1 3 4 6 8 "},
    {NULL, NULL, LEVEL_WARN, "1 3 6 8 "},
    {NULL, NULL, LEVEL_ERROR, "6 8 "},
    {"loose", NULL, LEVEL_INFO, "0 "},
    {"nothing", NULL, LEVEL_NONE, ""},
    {"B", NULL, LEVEL_NONE, "4 "},
};

START_TEST(a_filter_shows_what_passes_under_its_header)
{
    for (uint64_t near = 0; near <= 9; near++) {
        struct story story;
        struct lines *lines = lines_create();
        story_start(&story);
        tell_three_steps(&story);
        lines_fold_finished(lines, 2);
        const char *in = filters[_i].include, *out = filters[_i].exclude;
        lines_set_patterns(lines, in ? pattern_create(in) : NULL,
                           out ? pattern_create(out) : NULL, near);
        lines_set_level(lines, filters[_i].level, near);
        assert_lines(lines, &story, filters[_i].want);
        lines_destroy(lines);
        story_end(&story);
    }
}
END_TEST

START_TEST(withdrawn_entries_are_no_lines)
{
    struct story story;
    struct lines *lines = lines_create();
    story_start(&story);
    tell_three_steps(&story);
    tell_rewrite(&story, 3);
    tell_log(&story, LEVEL_INFO, "c3");
    assert_lines(lines, &story, "0 1 2 3 4 6 9 10 ");
    lines_set_patterns(lines, pattern_create("c3"), NULL, 4);
    assert_lines(lines, &story, "6 10 ");
    tell_rewrite(&story, 1);
    assert_lines(lines, &story, "");
    lines_destroy(lines);
    story_end(&story);
}
END_TEST

START_TEST(nothing_past_the_limit_is_shown)
{
    struct story story;
    struct lines *lines = lines_create();
    story_start(&story);
    tell_three_steps(&story);
    lines_set_limit(lines, 6);
    assert_lines(lines, &story, "0 1 2 3 4 5 ");
    lines_set_patterns(lines, pattern_create("1"), NULL, 9);
    assert_lines(lines, &story, "1 2 4 5 ");
    lines_set_limit(lines, UINT64_MAX);
    assert_lines(lines, &story, "1 2 4 5 6 7 ");
    lines_destroy(lines);
    story_end(&story);
}
END_TEST

START_TEST(a_filter_asks_each_entry_once)
{
    struct story story;
    struct lines *lines = lines_create();
    uint64_t at;
    story_start(&story);
    for (int i = 0; i < 20000; i++)
        tell_log(&story, i % 1000 ? LEVEL_INFO : LEVEL_ERROR, "line");
    lines_set_level(lines, LEVEL_ERROR, 20000);
    for (int i = 0; i < 50; i++)
        ck_assert(lines_prev(lines, story.run, 20000, &at));
    ck_assert_uint_le(lines_looked(lines), 1000);
    for (int i = 0; i < 50; i++) {
        tell_log(&story, LEVEL_INFO, "new");
        lines_prev(lines, story.run, lines_end(lines, story.run), &at);
    }
    ck_assert_uint_le(lines_looked(lines), 1050);
    lines_destroy(lines);
    story_end(&story);
}
END_TEST

/* ---- patterns ---- */

static const struct {
    const char *pattern, *text;
    int start, len; /* -1: no match */
} patterns[] = {
    {"vat", "the VAT", 4, 3},     {"VAT", "the vat", -1, 0},
    {"p.2", "p.27", 0, 3},        {"p.2", "px27", 0, 3},
    {"foo(", "a foo(b", 2, 4},    {"a+b", "x a+b", 2, 3},
    {"a+b", "x aab", 2, 3},       {"x*", "aaa", -1, 0},
    {"[0-9]+", "line 214", 5, 3}, {"^l", "line", 0, 1},
    {"é", "caf\xc3\xa9", 3, 2},   {"zz", "", -1, 0},
};

START_TEST(a_pattern_is_text_or_a_regular_expression)
{
    size_t start = 0, len = 0;
    struct pattern *pattern = pattern_create(patterns[_i].pattern);
    const char *text = patterns[_i].text;
    bool found = pattern_find(pattern, text, strlen(text), 0, &start, &len);
    ck_assert_int_eq(found, patterns[_i].start >= 0);
    if (found) {
        ck_assert_int_eq((int)start, patterns[_i].start);
        ck_assert_int_eq((int)len, patterns[_i].len);
    }
    pattern_destroy(pattern);
}
END_TEST

START_TEST(a_nul_in_the_text_does_not_end_it)
{
    size_t start, len;
    struct pattern *pattern = pattern_create("b.d");
    ck_assert(pattern_find(pattern, "a\0bcd", 5, 0, &start, &len));
    ck_assert_uint_eq(start, 2);
    pattern_destroy(pattern);
}
END_TEST

/* ---- viewport: ten lines, every third of them three rows high ---- */

struct list {
    uint64_t count;
    unsigned asked; /* for rows: the work that is done */
};

static bool list_next(void *context, uint64_t number, uint64_t *out)
{
    const struct list *list = context;
    *out = number + 1;
    return *out < list->count;
}

static bool list_prev(void *context, uint64_t number, uint64_t *out)
{
    (void)context;
    *out = number - 1;
    return number > 0;
}

static bool list_nearest(void *context, uint64_t number, uint64_t *out)
{
    const struct list *list = context;
    *out = number < list->count ? number : list->count - 1;
    return list->count > 0;
}

static unsigned list_rows(void *context, uint64_t number)
{
    struct list *list = context;
    list->asked++;
    return number % 3 ? 1 : 3;
}

static uint64_t list_end(void *context)
{
    const struct list *list = context;
    return list->count;
}

static struct line_source source_of(struct list *list)
{
    return (struct line_source){list,         list_next, list_prev,
                                list_nearest, list_rows, list_end};
}

static void assert_view(const struct viewport *view, uint64_t line,
                        unsigned row, bool follow)
{
    ck_assert_uint_eq(view->top.line, line);
    ck_assert_uint_eq(view->top.row, row);
    ck_assert_int_eq(view->follow, follow);
}

START_TEST(following_keeps_the_last_row_at_the_bottom)
{
    struct list list = {.count = 10};
    struct line_source source = source_of(&list);
    struct viewport view = viewport_make();
    ck_assert(viewport_settle(&view, &source, 5));
    assert_view(&view, 7, 0, true);
    ck_assert_uint_eq(view.cursor, 9);
    list.count = 11;
    viewport_settle(&view, &source, 5);
    assert_view(&view, 8, 0, true);
    list.count = 2;
    viewport_settle(&view, &source, 5);
    assert_view(&view, 0, 0, true);
    list.count = 0;
    ck_assert(!viewport_settle(&view, &source, 5));
}
END_TEST

START_TEST(scrolling_up_lets_go_and_growth_does_not_move_it)
{
    struct list list = {.count = 30};
    struct line_source source = source_of(&list);
    struct viewport view = viewport_make();
    viewport_settle(&view, &source, 5);
    viewport_scroll(&view, &source, -4);
    struct place top = view.top;
    ck_assert(!view.follow);
    list.count = 500;
    viewport_settle(&view, &source, 5);
    assert_view(&view, top.line, top.row, false);
    viewport_scroll(&view, &source, 4);
    ck_assert(!view.follow);
}
END_TEST

START_TEST(reaching_the_end_takes_it_up_again)
{
    struct list list = {.count = 30};
    struct line_source source = source_of(&list);
    struct viewport view = viewport_make();
    viewport_settle(&view, &source, 5);
    viewport_scroll(&view, &source, -11);
    for (int i = 0; i < 10; i++) {
        viewport_scroll(&view, &source, 1);
        ck_assert(!view.follow);
    }
    viewport_scroll(&view, &source, 1);
    ck_assert(view.follow);
}
END_TEST

START_TEST(scrolling_there_and_back_ends_at_the_same_row)
{
    struct list list = {.count = 40};
    struct line_source source = source_of(&list);
    struct viewport view = viewport_make();
    viewport_settle(&view, &source, 7);
    viewport_scroll(&view, &source, -20);
    struct place top = view.top;
    for (int rows = 1; rows < 20; rows++) {
        viewport_scroll(&view, &source, -rows);
        viewport_scroll(&view, &source, rows);
        ck_assert_uint_eq(view.top.line, top.line);
        ck_assert_uint_eq(view.top.row, top.row);
    }
}
END_TEST

START_TEST(the_first_line_is_the_end_of_going_up)
{
    struct list list = {.count = 10};
    struct line_source source = source_of(&list);
    struct viewport view = viewport_make();
    viewport_settle(&view, &source, 5);
    viewport_scroll(&view, &source, -1000);
    assert_view(&view, 0, 0, false);
    viewport_to_end(&view);
    viewport_settle(&view, &source, 5);
    assert_view(&view, 7, 0, true);
    viewport_to_start(&view, &source);
    assert_view(&view, 0, 0, false);
    ck_assert_uint_eq(view.cursor, 0);
}
END_TEST

START_TEST(the_current_line_stays_in_sight)
{
    struct list list = {.count = 60};
    struct line_source source = source_of(&list);
    struct viewport view = viewport_make();
    viewport_settle(&view, &source, 8);
    for (int i = 0; i < 58; i++) {
        viewport_step(&view, &source, -1);
        uint64_t last;
        ck_assert(viewport_last(&view, &source, &last));
        ck_assert_uint_ge(view.cursor, view.top.line);
        ck_assert_uint_le(view.cursor, last);
        ck_assert_uint_eq(view.cursor, 58 - (uint64_t)i);
    }
    for (int i = 0; i < 58; i++)
        viewport_step(&view, &source, 1);
    ck_assert(view.follow);
}
END_TEST

START_TEST(a_line_is_shown_in_the_middle_unless_it_is_in_sight)
{
    struct list list = {.count = 1000};
    struct line_source source = source_of(&list);
    struct viewport view = viewport_make();
    viewport_settle(&view, &source, 11);
    viewport_show(&view, &source, 500);
    ck_assert_uint_eq(view.cursor, 500);
    ck_assert_int_eq(viewport_cursor_row(&view, &source), 5);
    struct place top = view.top;
    viewport_show(&view, &source, 501);
    assert_view(&view, top.line, top.row, false);
    ck_assert_uint_eq(view.cursor, 501);
}
END_TEST

START_TEST(another_height_keeps_the_top)
{
    struct list list = {.count = 100};
    struct line_source source = source_of(&list);
    struct viewport view = viewport_make();
    viewport_settle(&view, &source, 20);
    viewport_scroll(&view, &source, -50);
    struct place top = view.top;
    for (int height = 1; height < 30; height++) {
        ck_assert(viewport_settle(&view, &source, height));
        assert_view(&view, top.line, top.row, false);
    }
}
END_TEST

START_TEST(the_work_does_not_depend_on_the_number_of_lines)
{
    unsigned asked[2];
    for (int i = 0; i < 2; i++) {
        struct list list = {.count = i ? 3000000 : 300};
        struct line_source source = source_of(&list);
        struct viewport view = viewport_make();
        viewport_settle(&view, &source, 30);
        viewport_scroll(&view, &source, -29);
        viewport_show(&view, &source, list.count / 3 * 3 / 2);
        viewport_to_end(&view);
        viewport_settle(&view, &source, 30);
        asked[i] = list.asked;
    }
    ck_assert_uint_le(asked[1], asked[0] + 4);
}
END_TEST

UNIT_MAIN("view_log", tcase_add_test(tc, every_entry_is_a_line_at_first);
          tcase_add_test(tc, a_folded_step_is_its_header); tcase_add_test(
              tc, finished_steps_fold_by_themselves_and_failed_ones_do_not);
          tcase_add_loop_test(tc, a_filter_shows_what_passes_under_its_header,
                              0, sizeof filters / sizeof filters[0]);
          tcase_add_test(tc, withdrawn_entries_are_no_lines);
          tcase_add_test(tc, nothing_past_the_limit_is_shown);
          tcase_add_test(tc, a_filter_asks_each_entry_once);
          tcase_add_loop_test(tc, a_pattern_is_text_or_a_regular_expression, 0,
                              sizeof patterns / sizeof patterns[0]);
          tcase_add_test(tc, a_nul_in_the_text_does_not_end_it);
          tcase_add_test(tc, following_keeps_the_last_row_at_the_bottom);
          tcase_add_test(tc, scrolling_up_lets_go_and_growth_does_not_move_it);
          tcase_add_test(tc, reaching_the_end_takes_it_up_again);
          tcase_add_test(tc, scrolling_there_and_back_ends_at_the_same_row);
          tcase_add_test(tc, the_first_line_is_the_end_of_going_up);
          tcase_add_test(tc, the_current_line_stays_in_sight);
          tcase_add_test(tc,
                         a_line_is_shown_in_the_middle_unless_it_is_in_sight);
          tcase_add_test(tc, another_height_keeps_the_top);
          tcase_add_test(tc, the_work_does_not_depend_on_the_number_of_lines);)
