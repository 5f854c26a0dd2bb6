/* A run's streams among the rest of what is told of it. */
#include "config.h"

#include "model/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/mem.h"

#include "unit.h"

static struct run *run;
static struct run_facts facts;
static int64_t now_ms;
static uint64_t log_seq;

static void start(void)
{
    run = run_create("run_1", 1 << 20);
    facts_init(&facts);
    now_ms = 0;
    log_seq = 0;
}

static void finish(void)
{
    facts_free(&facts);
    run_destroy(run);
}

static bool tell(const char *stream, const char *chunk)
{
    struct stream_part part = {.stream = stream,
                               .time_ms = ++now_ms,
                               .is_json = true,
                               .chunk = chunk,
                               .chunk_len = strlen(chunk)};
    struct event event = {.type = EVENT_PART, .time_ms = now_ms};
    event.part.seq = run_parts(run) + 1;
    event.part.part = &part;
    return run_apply(run, &event);
}

static void tell_facts(void)
{
    struct event event = {
        .type = EVENT_RUN, .time_ms = ++now_ms, .facts = &facts};
    run_apply(run, &event);
}

static void tell_step(const char *title)
{
    free(facts.step);
    facts.step = mem_strdup(title);
    tell_facts();
}

static void tell_log(const char *message)
{
    struct log_entry entry = {.time_ms = ++now_ms,
                              .message = message,
                              .message_len = strlen(message)};
    struct event event = {.type = EVENT_LOG, .time_ms = now_ms};
    event.log.seq = ++log_seq;
    event.log.entry = &entry;
    run_apply(run, &event);
}

static void tell_end(bool complete)
{
    struct event event = {.type = EVENT_END, .time_ms = ++now_ms};
    event.end.complete = complete;
    run_apply(run, &event);
}

/* The whole log: the step's index ("-": none), "#" for a header, "?" for a line
 * that is open, "x" for one withdrawn, and the text. */
static void assert_log(const char *want)
{
    struct buf got = buf_make(0);
    for (uint64_t n = 0; n < run_end(run); n++) {
        struct entry entry;
        ck_assert(run_entry(run, n, &entry));
        ck_assert_uint_eq(entry.number, n);
        ck_assert(entry.open == (n >= logstore_end(run_log(run))));
        if (entry.step == NO_STEP)
            buf_addc(&got, '-');
        else
            buf_add_integer(&got, entry.step);
        buf_adds(&got, entry.kind == ENTRY_STEP ? "#" : entry.open ? "?" : "");
        buf_adds(&got, entry.withdrawn ? "x " : " ");
        buf_add(&got, entry.text, entry.text_len);
        buf_addc(&got, '\n');
    }
    ck_assert_str_eq(buf_str(&got), want);
    buf_free(&got);
}

static void assert_step(size_t index, enum step_state state, uint64_t first,
                        uint64_t last, uint64_t count, bool mixed)
{
    const struct step *step = run_step(run, index);
    ck_assert_int_eq(step->state, state);
    ck_assert_uint_eq(step->first_entry, first);
    ck_assert_uint_eq(step->last_entry, last);
    ck_assert_uint_eq(step->entry_count, count);
    ck_assert_int_eq(step->mixed, mixed);
}

#define TEXT(id, delta)                                                        \
    "{\"type\":\"text-delta\",\"id\":\"" id "\",\"delta\":\"" delta "\"}"
#define THOUGHT(id, delta)                                                     \
    "{\"type\":\"reasoning-delta\",\"id\":\"" id "\",\"delta\":\"" delta "\"}"

START_TEST(steps_of_the_task_and_of_streams_stand_side_by_side)
{
    start();
    tell_step("Reading");
    tell("chat", THOUGHT("r", "Hm\\n"));
    tell_log("a");
    tell("chat", THOUGHT("r", "so\\n"));
    tell_step("Writing");
    tell_log("b");
    tell("chat", "{\"type\":\"reasoning-end\",\"id\":\"r\"}");
    assert_log("0# Reading\n1# Thinking\n1 Hm\n0 a\n1 so\n2# Writing\n2 b\n");
    assert_step(0, STEP_DONE, 0, 3, 1, true);
    assert_step(1, STEP_DONE, 1, 4, 2, true);
    assert_step(2, STEP_ACTIVE, 5, 6, 1, false);
    ck_assert_str_eq(run_step(run, 1)->stream, "chat");
    ck_assert_int_eq(run_step(run, 1)->kind, STEP_REASONING);
    ck_assert_ptr_null(run_step(run, 2)->stream);
    ck_assert_uint_eq(run_steps_in(run, STEP_ACTIVE), 1);
    ck_assert_uint_eq(run_steps_in(run, STEP_DONE), 2);
    ck_assert_uint_eq(run_entries(run), 2);
    ck_assert_uint_eq(run_parts(run), 3);
    ck_assert_uint_eq(run_stream_count(run), 1);
    finish();
}
END_TEST

START_TEST(log_without_a_step_is_no_part_of_a_stream)
{
    start();
    tell("chat", TEXT("t", "Hi\\n"));
    tell_log("a");
    assert_log("0# Answer\n0 Hi\n- a\n");
    assert_step(0, STEP_ACTIVE, 0, 1, 1, false);
    finish();
}
END_TEST

START_TEST(open_lines_follow_the_log)
{
    start();
    tell("a", TEXT("1", "one"));
    tell("b", "\"two\"");
    assert_log("0# Answer\n1# b\n0? one\n1? two\n");
    tell_log("x");
    tell("b", "\" and\\nthree\"");
    assert_log("0# Answer\n1# b\n- x\n1 two and\n0? one\n1? three\n");
    tell("a", "{\"type\":\"text-end\",\"id\":\"1\"}");
    assert_log("0# Answer\n1# b\n- x\n1 two and\n0 one\n1? three\n");
    struct entry entry;
    ck_assert(!run_entry(run, run_end(run), &entry));
    ck_assert(!run_entry(run, UINT64_MAX, &entry));
    tell_end(true);
    assert_log("0# Answer\n1# b\n- x\n1 two and\n0 one\n1 three\n");
    assert_step(1, STEP_DONE, 1, 5, 2, true);
    finish();
}
END_TEST

START_TEST(title_of_a_call_grows_and_its_header_stays)
{
    start();
    tell("a", "{\"type\":\"tool-input-start\",\"toolCallId\":\"c\","
              "\"toolName\":\"f\"}");
    ck_assert_str_eq(run_step(run, 0)->title, "f");
    tell("a", "{\"type\":\"tool-input-delta\",\"toolCallId\":\"c\","
              "\"inputTextDelta\":\"{\\\"n\\\":\"}");
    assert_log("0# f\n0? {\"n\":\n");
    tell("a", "{\"type\":\"tool-input-available\",\"toolCallId\":\"c\","
              "\"toolName\":\"f\",\"input\":{\"n\":1}}");
    ck_assert_str_eq(run_step(run, 0)->title, "f {\"n\":1}");
    assert_log("0# f\n");
    finish();
}
END_TEST

static const struct {
    enum run_status status;
    enum step_state want;
} ends[] = {
    {STATUS_COMPLETED, STEP_DONE},
    {STATUS_FAILED, STEP_FAILED},
    {STATUS_CANCELED, STEP_STOPPED},
};

START_TEST(end_of_the_run_ends_what_is_open)
{
    start();
    facts.status = STATUS_EXECUTING;
    tell_facts();
    tell("a", TEXT("1", "late"));
    facts.status = ends[_i].status;
    facts.finished = true;
    facts.completed_ms = 77;
    tell_facts();
    ck_assert_int_eq(run_step(run, 0)->state, ends[_i].want);
    ck_assert_int_eq(run_step(run, 0)->ended_ms, 77);
    tell("a", TEXT("1", "r"));
    tell("b", "\"new\"");
    ck_assert_int_eq(run_step(run, 1)->state, STEP_ACTIVE);
    tell_end(true);
    ck_assert_int_eq(run_step(run, 0)->state, ends[_i].want);
    ck_assert_int_eq(run_step(run, 0)->ended_ms, 77);
    ck_assert_int_eq(run_step(run, 1)->state, ends[_i].want);
    ck_assert_uint_eq(run_end(run), logstore_end(run_log(run)));
    struct entry entry;
    ck_assert(run_entry(run, run_end(run) - 2, &entry));
    ck_assert_uint_eq(entry.text_len, strlen("later"));
    finish();
}
END_TEST

START_TEST(end_without_an_outcome_is_done_or_stopped)
{
    for (int complete = 0; complete < 2; complete++) {
        start();
        tell("a", "\"text\"");
        tell_end(complete);
        ck_assert_int_eq(run_step(run, 0)->state,
                         complete ? STEP_DONE : STEP_STOPPED);
        finish();
    }
}
END_TEST

START_TEST(replaced_lines_do_not_count)
{
    start();
    uint64_t number;
    tell("a", "{\"level\":\"info\",\"message\":\"m\"}");
    tell("a", "{\"type\":\"data-w\",\"id\":\"1\",\"data\":1}");
    tell("a", "{\"type\":\"data-w\",\"id\":\"1\",\"data\":2}");
    assert_log("0# a\n0 m\n0x w 1\n0 w 2\n");
    assert_step(0, STEP_ACTIVE, 0, 3, 2, false);
    tell("a", "{\"level\":\"error\",\"message\":\"bad\"}");
    ck_assert(run_first_sign(run, &number));
    ck_assert_uint_eq(number, 4);
    ck_assert_uint_eq(run_step(run, 0)->errors, 1);
    finish();
}
END_TEST

START_TEST(rewriting_the_log_leaves_streams_alone)
{
    start();
    tell_log("a");
    tell("s", "{\"level\":\"info\",\"message\":\"m\"}");
    struct event event = {.type = EVENT_REWRITE, .time_ms = ++now_ms};
    event.rewrite.withdrawn = 1;
    event.rewrite.grew = true;
    run_apply(run, &event);
    assert_log("-x a\n0# s\n0 m\n");
    ck_assert_uint_eq(run_entries_standing(run), 0);
    finish();
}
END_TEST

START_TEST(parts_that_show_nothing_change_nothing)
{
    start();
    ck_assert(!tell("a", "{\"choices\":[]}"));
    ck_assert(tell("a", "\"x\""));
    ck_assert_uint_eq(run_parts(run), 2);
    ck_assert_int_eq(run_link(run)->last_heard_ms, 2);
    finish();
}
END_TEST

/* A token's cost follows from the token: a step's text may be long, the line
 * that is open has a maximum, and nothing else is touched. */
START_TEST(many_small_parts_make_one_long_text)
{
    enum {
        PARTS = 100000
    };
    start();
    for (int i = 0; i < PARTS; i++)
        tell("a", TEXT("1", "wörd "));
    tell_end(true);
    size_t len = 0;
    struct entry entry;
    for (uint64_t n = 1; n < run_end(run); n++) {
        ck_assert(run_entry(run, n, &entry));
        ck_assert_int_eq(entry.joins, n > 1);
        ck_assert_uint_le(entry.text_len, 16 * 1024);
        len += entry.text_len;
    }
    ck_assert_uint_eq(len, PARTS * strlen("wörd "));
    finish();
}
END_TEST

UNIT_MAIN("run_parts", {
    tcase_add_test(tc, steps_of_the_task_and_of_streams_stand_side_by_side);
    tcase_add_test(tc, log_without_a_step_is_no_part_of_a_stream);
    tcase_add_test(tc, open_lines_follow_the_log);
    tcase_add_test(tc, title_of_a_call_grows_and_its_header_stays);
    tcase_add_loop_test(tc, end_of_the_run_ends_what_is_open, 0,
                        sizeof ends / sizeof *ends);
    tcase_add_test(tc, end_without_an_outcome_is_done_or_stopped);
    tcase_add_test(tc, replaced_lines_do_not_count);
    tcase_add_test(tc, rewriting_the_log_leaves_streams_alone);
    tcase_add_test(tc, parts_that_show_nothing_change_nothing);
    tcase_add_test(tc, many_small_parts_make_one_long_text);
})
