#include "config.h"

#include "wire/facts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/mem.h"

#include "unit.h"

static void fill(struct run_facts *facts)
{
    facts_init(facts);
    facts->id = mem_strdup("run_1");
    facts->task = mem_strdup("report");
    facts->status = STATUS_EXECUTING;
    facts->started_ms = 1000;
    facts->tags = mem_zalloc(2, sizeof *facts->tags);
    facts->tags[0] = mem_strdup("a");
    facts->tags[1] = mem_strdup("b");
    facts->tag_count = 2;
    facts->step = mem_strdup("one");
    facts->error.message = mem_strdup("no");
}

START_TEST(fresh_facts_tell_nothing)
{
    struct run_facts facts;
    facts_init(&facts);
    ck_assert_int_eq(facts.status, STATUS_UNKNOWN);
    ck_assert_int_eq(facts.created_ms, INSTANT_NONE);
    ck_assert_int_eq(facts.usage_ms, -1);
    ck_assert_int_eq(facts.waited_ms, -1);
    ck_assert(isnan(facts.cost_cents) && isnan(facts_total_cents(&facts)));
    ck_assert_int_eq(facts.progress.kind, PROGRESS_NONE);
    ck_assert_int_eq(facts_elapsed_ms(&facts, 5000), -1);
    ck_assert_int_eq(facts_queue_ms(&facts, 5000), -1);
    facts_free(&facts);
}
END_TEST

START_TEST(assigned_facts_are_equal_and_their_own)
{
    struct run_facts from, to;
    fill(&from);
    facts_init(&to);
    ck_assert(facts_assign(&to, &from));
    ck_assert(!facts_assign(&to, &from));
    facts_free(&from);
    ck_assert_str_eq(to.task, "report");
    ck_assert_str_eq(to.tags[1], "b");
    ck_assert_str_eq(to.error.message, "no");
    facts_free(&to);
    ck_assert_ptr_null(to.task);
}
END_TEST

static void set(char **text, const char *with)
{
    free(*text);
    *text = mem_strdup(with);
}

/* Each changes one thing. */
static void change(struct run_facts *facts, int which)
{
    switch (which) {
    case 0:
        set(&facts->step, "two");
        break;
    case 1:
        set(&facts->step, NULL);
        break;
    case 2:
        set(&facts->output, "");
        break;
    case 3:
        facts->status = STATUS_WAITING;
        break;
    case 4:
        facts->completed_ms = 2000;
        break;
    case 5:
        facts->cost_cents = 0;
        break;
    case 6:
        facts->base_cost_cents = 0.5;
        break;
    case 7:
        set(&facts->tags[0], "c");
        break;
    case 8:
        free(facts->tags[--facts->tag_count]);
        break;
    case 9:
        facts->progress.kind = PROGRESS_UNKNOWN;
        break;
    case 10:
        facts->progress.ratio = 0.5;
        break;
    case 11:
        facts->log_unavailable = true;
        break;
    case 12:
        facts->attempt = 2;
        break;
    case 13:
        set(&facts->error.stack, "at x");
        break;
    case 14:
        facts->finished = true;
        break;
    case 15:
        facts->is_test = true;
        break;
    case 16:
        facts->waited_ms = 0;
        break;
    case 17:
        set(&facts->metadata, "{}");
        break;
    default:
        facts->output_stored = true;
    }
}

START_TEST(every_visible_difference_is_noticed)
{
    struct run_facts from, to;
    fill(&from);
    fill(&to);
    change(&from, _i);
    ck_assert(facts_assign(&to, &from));
    ck_assert(!facts_assign(&to, &from));
    facts_free(&from);
    facts_free(&to);
}
END_TEST

START_TEST(version_of_the_row_alone_is_no_difference)
{
    struct run_facts from, to;
    fill(&from);
    fill(&to);
    from.updated_ms = 9000;
    ck_assert(!facts_assign(&to, &from));
    ck_assert_int_eq(to.updated_ms, 9000);
    facts_free(&from);
    facts_free(&to);
}
END_TEST

#define NONE INSTANT_NONE

static const struct {
    int64_t created, delayed, started, expired, completed, updated;
    bool finished;
    int64_t elapsed, queued; /* at 100 */
} times[] = {
    {10, NONE, NONE, NONE, NONE, NONE, false, -1, 90},
    {10, NONE, 30, NONE, NONE, NONE, false, 70, 20},
    {10, NONE, 30, NONE, 80, NONE, true, 50, 20},
    {10, NONE, 30, NONE, NONE, 60, true, 30, 20},
    {10, NONE, 30, NONE, NONE, NONE, true, 70, 20},
    {10, 50, NONE, NONE, NONE, NONE, false, -1, 50},
    {10, 50, 55, NONE, NONE, NONE, false, 45, 5},
    {10, 200, NONE, NONE, NONE, NONE, false, -1, 0},
    {10, NONE, NONE, 70, 75, NONE, true, -1, 60},
    {10, NONE, NONE, NONE, 75, NONE, true, -1, 65},
    {10, NONE, 130, NONE, NONE, NONE, false, 0, 120},
    {10, NONE, 30, NONE, 20, NONE, true, 0, 20},
};

START_TEST(times_are_counted)
{
    struct run_facts facts;
    facts_init(&facts);
    facts.created_ms = times[_i].created;
    facts.delayed_until_ms = times[_i].delayed;
    facts.started_ms = times[_i].started;
    facts.expired_ms = times[_i].expired;
    facts.completed_ms = times[_i].completed;
    facts.updated_ms = times[_i].updated;
    facts.finished = times[_i].finished;
    ck_assert_int_eq(facts_elapsed_ms(&facts, 100), times[_i].elapsed);
    ck_assert_int_eq(facts_queue_ms(&facts, 100), times[_i].queued);
    facts_free(&facts);
}
END_TEST

START_TEST(costs_are_added_as_far_as_told)
{
    struct run_facts facts;
    facts_init(&facts);
    facts.cost_cents = 1.5;
    ck_assert_double_eq_tol(facts_total_cents(&facts), 1.5, 1e-9);
    facts.base_cost_cents = 0.25;
    ck_assert_double_eq_tol(facts_total_cents(&facts), 1.75, 1e-9);
    facts_free(&facts);
}
END_TEST

START_TEST(text_for_facts_is_whole_and_well_formed)
{
    char *text = facts_text("a\0b\xFF\0", 5);
    ck_assert_str_eq(text, "a\xEF\xBF\xBD"
                           "b\xEF\xBF\xBD\xEF\xBF\xBD");
    free(text);
    text = facts_text("", 0);
    ck_assert_str_eq(text, "");
    free(text);
    text = facts_text("plain text", 5);
    ck_assert_str_eq(text, "plain");
    free(text);
}
END_TEST

UNIT_MAIN("facts", tcase_add_test(tc, fresh_facts_tell_nothing);
          tcase_add_test(tc, assigned_facts_are_equal_and_their_own);
          tcase_add_loop_test(tc, every_visible_difference_is_noticed, 0, 19);
          tcase_add_test(tc, version_of_the_row_alone_is_no_difference);
          tcase_add_loop_test(tc, times_are_counted, 0,
                              sizeof times / sizeof *times);
          tcase_add_test(tc, costs_are_added_as_far_as_told);
          tcase_add_test(tc, text_for_facts_is_whole_and_well_formed))
