#include "config.h"

#include "model/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/mem.h"

#include "unit.h"

static struct run_facts facts;
static uint64_t seq;

static struct run *make_run(void)
{
    facts_init(&facts);
    seq = 0;
    return run_create("run_1", 1 << 20);
}

static void finish(struct run *run)
{
    facts_free(&facts);
    run_destroy(run);
}

static void set(char **text, const char *with)
{
    free(*text);
    *text = mem_strdup(with);
}

static bool tell_facts(struct run *run, int64_t at_ms)
{
    struct event event = {.type = EVENT_RUN, .time_ms = at_ms, .facts = &facts};
    return run_apply(run, &event);
}

static void tell_step(struct run *run, const char *title, int64_t at_ms)
{
    set(&facts.step, title);
    tell_facts(run, at_ms);
}

static void tell_status(struct run *run, enum run_status status, int64_t at_ms)
{
    facts.status = status;
    facts.finished = status_is_terminal(status);
    tell_facts(run, at_ms);
}

static void tell_log_of(struct run *run, int64_t time_ms, enum log_level level,
                        const char *word, const char *message)
{
    struct log_entry entry = {.time_ms = time_ms,
                              .level = level,
                              .level_word = word,
                              .message = message,
                              .message_len = strlen(message)};
    struct event event = {.type = EVENT_LOG};
    event.log.seq = ++seq;
    event.log.entry = &entry;
    ck_assert(run_apply(run, &event));
}

static void tell_log(struct run *run, enum log_level level, const char *word,
                     const char *message)
{
    tell_log_of(run, 1000, level, word, message);
}

static void tell_rewrite(struct run *run, uint64_t withdrawn)
{
    struct event event = {.type = EVENT_REWRITE, .time_ms = 50};
    event.rewrite.withdrawn = withdrawn;
    ck_assert(run_apply(run, &event));
}

/* The whole log as text: its kind, "~" when withdrawn, the text. */
static void assert_log(const struct run *run, const char *want)
{
    static const char kinds[] = {[ENTRY_LOG] = ' ',
                                 [ENTRY_STEP] = '#',
                                 [ENTRY_STATUS] = '!',
                                 [ENTRY_MARKER] = '*'};
    struct buf got = buf_make(0);
    const struct logstore *log = run_log(run);
    for (uint64_t n = logstore_first(log); n < logstore_end(log); n++) {
        struct entry entry;
        ck_assert(logstore_get(log, n, &entry));
        buf_addc(&got, kinds[entry.kind]);
        if (entry.withdrawn)
            buf_addc(&got, '~');
        buf_add(&got, entry.text, entry.text_len);
        buf_addc(&got, '\n');
    }
    ck_assert_str_eq(buf_str(&got), want);
    buf_free(&got);
}

START_TEST(fresh_run_knows_nothing)
{
    struct run *run = make_run();
    uint64_t number;
    int64_t since_ms;
    ck_assert_str_eq(run_id(run), "run_1");
    ck_assert_uint_eq(run_step_count(run), 0);
    ck_assert_uint_eq(run_entries(run), 0);
    ck_assert(!run_first_sign(run, &number));
    ck_assert_ptr_null(run_notice(run, &since_ms));
    ck_assert_int_eq(run_link(run)->last_heard_ms, INSTANT_NONE);
    ck_assert(!run_ended(run));
    finish(run);
}
END_TEST

START_TEST(steps_follow_one_another)
{
    struct run *run = make_run();
    tell_log(run, LEVEL_INFO, "info", "before any step");
    tell_step(run, "Reading", 10);
    tell_log(run, LEVEL_INFO, "info", "a");
    tell_log(run, LEVEL_WARN, "warn", "b");
    tell_step(run, "Writing", 20);
    tell_log(run, LEVEL_ERROR, "error", "c");
    tell_facts(run, 25);
    set(&facts.step, NULL);
    tell_facts(run, 30);
    ck_assert_uint_eq(run_step_count(run), 2);
    const struct step *first = run_step(run, 0), *second = run_step(run, 1);
    ck_assert_str_eq(first->title, "Reading");
    ck_assert_int_eq(first->state, STEP_DONE);
    ck_assert_int_eq(first->started_ms, 10);
    ck_assert_int_eq(first->ended_ms, 20);
    ck_assert_uint_eq(first->first_entry, 1);
    ck_assert_uint_eq(first->entry_count, 2);
    ck_assert_uint_eq(first->warnings, 1);
    ck_assert_int_eq(second->state, STEP_ACTIVE);
    ck_assert_int_eq(second->ended_ms, INSTANT_NONE);
    ck_assert_uint_eq(second->errors, 1);
    assert_log(run, " before any step\n#Reading\n a\n b\n#Writing\n c\n");
    struct entry entry;
    ck_assert(logstore_get(run_log(run), 0, &entry));
    ck_assert_uint_eq(entry.step, NO_STEP);
    ck_assert(logstore_get(run_log(run), 5, &entry));
    ck_assert_uint_eq(entry.step, 1);
    finish(run);
}
END_TEST

START_TEST(of_too_many_steps_the_last_ones_are_known)
{
    enum {
        GONE = STEPS_MAX / 10
    };
    struct run *run = make_run();
    char title[32];
    for (int i = 0; i <= STEPS_MAX; i++) {
        snprintf(title, sizeof title, "step %d", i);
        tell_step(run, title, i);
        if (i + 1 == STEPS_MAX)
            ck_assert_uint_eq(run_step_first(run), 0);
    }
    ck_assert_uint_eq(run_step_count(run), STEPS_MAX + 1);
    ck_assert_uint_eq(run_step_first(run), GONE);
    ck_assert_uint_eq(run_steps_in(run, STEP_ACTIVE), 1);
    for (int i = GONE; i <= STEPS_MAX; i++) {
        snprintf(title, sizeof title, "step %d", i);
        ck_assert_str_eq(run_step(run, (size_t)i)->title, title);
        ck_assert_int_eq(run_step(run, (size_t)i)->started_ms, i);
    }
    finish(run);
}
END_TEST

START_TEST(what_is_older_than_the_step_that_was_there_is_not_of_it)
{
    struct run *run = make_run();
    struct entry entry;
    tell_step(run, "Reading", 50);
    tell_log_of(run, 49, LEVEL_INFO, "info", "Reading");
    tell_log_of(run, 20, LEVEL_WARN, "warn", "a");
    tell_log_of(run, 50, LEVEL_INFO, "info", "b");
    tell_step(run, "Writing", 80);
    tell_log_of(run, 79, LEVEL_INFO, "info", "c");
    static const uint32_t steps[] = {0, NO_STEP, NO_STEP, 0, 1, 1};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        ck_assert(logstore_get(run_log(run), i, &entry));
        ck_assert_uint_eq(entry.step, steps[i]);
        ck_assert(!entry.hidden);
    }
    ck_assert_uint_eq(run_step(run, 0)->entry_count, 1);
    ck_assert_uint_eq(run_step(run, 0)->warnings, 0);
    finish(run);

    run = make_run(); /* it began while somebody looked */
    tell_status(run, STATUS_EXECUTING, 40);
    tell_step(run, "Reading", 50);
    tell_log_of(run, 49, LEVEL_INFO, "info", "a");
    ck_assert(logstore_get(run_log(run), 1, &entry) && entry.step == 0);
    finish(run);
}
END_TEST

static const struct {
    enum run_status status;
    enum step_state state;
} ends[] = {
    {STATUS_COMPLETED, STEP_DONE},        {STATUS_FAILED, STEP_FAILED},
    {STATUS_CRASHED, STEP_FAILED},        {STATUS_TIMED_OUT, STEP_FAILED},
    {STATUS_SYSTEM_FAILURE, STEP_FAILED}, {STATUS_CANCELED, STEP_STOPPED},
    {STATUS_EXPIRED, STEP_STOPPED},
};

START_TEST(title_of_a_step_is_shown_once_though_it_is_logged_too)
{
    struct run *run = make_run();
    struct entry entry;
    tell_step(run, "Reading inbox", 10);
    tell_log(run, LEVEL_NONE, NULL, "Reading inbox");
    tell_log(run, LEVEL_NONE, NULL, "Reading inbox");
    tell_log(run, LEVEL_WARN, "warn", "Reading inbox");
    ck_assert(logstore_get(run_log(run), 1, &entry) && entry.hidden);
    ck_assert(logstore_get(run_log(run), 2, &entry) && !entry.hidden);
    ck_assert(logstore_get(run_log(run), 3, &entry) && !entry.hidden);
    ck_assert_uint_eq(run_step(run, 0)->entry_count, 2);
    ck_assert_uint_eq(run_entries(run), 3);
    tell_rewrite(run, 3);
    ck_assert_uint_eq(run_step(run, 0)->entry_count, 0);
    ck_assert_uint_eq(run_entries_standing(run), 0);
    finish(run);
}
END_TEST

START_TEST(end_of_the_run_ends_its_step)
{
    struct run *run = make_run();
    tell_status(run, STATUS_EXECUTING, 5);
    tell_step(run, "Reading", 10);
    facts.completed_ms = 40;
    tell_status(run, ends[_i].status, 50);
    ck_assert_int_eq(run_step(run, 0)->state, ends[_i].state);
    ck_assert_int_eq(run_step(run, 0)->ended_ms, 40);
    /* Late metadata brings another step: it is over as well. */
    tell_step(run, "Writing", 60);
    ck_assert_int_eq(run_step(run, 0)->state, ends[_i].state);
    ck_assert_int_eq(run_step(run, 1)->state, ends[_i].state);
    finish(run);
}
END_TEST

START_TEST(changes_of_status_that_matter_are_remarked)
{
    struct run *run = make_run();
    tell_status(run, STATUS_QUEUED, 1);
    tell_status(run, STATUS_DEQUEUED, 2);
    tell_status(run, STATUS_EXECUTING, 3);
    tell_status(run, STATUS_WAITING, 4);
    tell_status(run, STATUS_WAITING, 5);
    tell_status(run, STATUS_EXECUTING, 6);
    tell_status(run, STATUS_QUEUED, 7);
    tell_status(run, STATUS_EXECUTING, 8);
    tell_status(run, STATUS_COMPLETED, 9);
    assert_log(run, "!run WAITING\n!run EXECUTING\n!run QUEUED\n"
                    "!run COMPLETED\n");
    finish(run);
}
END_TEST

START_TEST(run_that_has_ended_before_anyone_looked_is_no_news)
{
    struct run *run = make_run();
    tell_status(run, STATUS_FAILED, 1);
    assert_log(run, "");
    finish(run);
}
END_TEST

START_TEST(equal_facts_change_nothing)
{
    struct run *run = make_run();
    facts.status = STATUS_EXECUTING;
    ck_assert(tell_facts(run, 1));
    ck_assert(!tell_facts(run, 2));
    facts.updated_ms = 77;
    ck_assert(!tell_facts(run, 3));
    ck_assert_int_eq(run_facts(run)->updated_ms, 77);
    ck_assert_int_eq(run_link(run)->last_heard_ms, 3);
    finish(run);
}
END_TEST

START_TEST(rewrite_withdraws_the_newest_that_stand)
{
    struct run *run = make_run();
    tell_log(run, LEVEL_INFO, "info", "a");
    tell_step(run, "Reading", 10);
    tell_log(run, LEVEL_WARN, "warn", "b");
    tell_log(run, LEVEL_ERROR, "error", "c");
    tell_rewrite(run, 1);
    tell_log(run, LEVEL_INFO, "info", "d");
    tell_rewrite(run, 2);
    assert_log(run, " a\n#Reading\n ~b\n ~c\n"
                    "*the log was written anew: 1 entry withdrawn\n ~d\n"
                    "*the log was written anew: 2 entries withdrawn\n");
    ck_assert_uint_eq(run_entries(run), 4);
    ck_assert_uint_eq(run_entries_standing(run), 1);
    ck_assert_uint_eq(run_step(run, 0)->entry_count, 0);
    ck_assert_uint_eq(run_step(run, 0)->warnings, 0);
    ck_assert_uint_eq(run_step(run, 0)->errors, 0);
    finish(run);
}
END_TEST

START_TEST(first_sign_is_the_first_warning_or_error_that_stands)
{
    struct run *run = make_run();
    uint64_t number;
    tell_log(run, LEVEL_INFO, "info", "a");
    tell_log(run, LEVEL_INFO, "info", "b");
    ck_assert(run_first_sign(run, &number));
    ck_assert_uint_eq(number, 1);
    tell_log(run, LEVEL_ERROR, "error", "c");
    tell_log(run, LEVEL_WARN, "warn", "d");
    ck_assert(run_first_sign(run, &number));
    ck_assert_uint_eq(number, 2);
    tell_rewrite(run, 2);
    ck_assert(run_first_sign(run, &number));
    ck_assert_uint_eq(number, 4);
    tell_log(run, LEVEL_WARN, "warn", "e");
    tell_log(run, LEVEL_ERROR, "error", "f");
    ck_assert(run_first_sign(run, &number));
    ck_assert_uint_eq(number, 5);
    finish(run);
}
END_TEST

START_TEST(withdrawn_entries_that_are_gone_are_counted)
{
    facts_init(&facts);
    seq = 0;
    struct run *run = run_create("run_1", 100 * 1024);
    for (int i = 0; i < 5000; i++)
        tell_log(run, LEVEL_INFO, "info",
                 "forty bytes of some text that is "
                 "not read");
    ck_assert_uint_gt(logstore_first(run_log(run)), 0);
    tell_rewrite(run, 4990);
    ck_assert_uint_eq(run_entries_standing(run), 10);
    tell_rewrite(run, 100);
    ck_assert_uint_eq(run_entries_standing(run), 0);
    finish(run);
}
END_TEST

START_TEST(only_odd_level_words_are_kept)
{
    struct run *run = make_run();
    struct entry entry;
    tell_log(run, LEVEL_WARN, "warn", "a");
    tell_log(run, LEVEL_WARN, "warning", "b");
    tell_log(run, LEVEL_NONE, "notice", "c");
    tell_log(run, LEVEL_NONE, NULL, "d");
    static const char *const words[] = {NULL, "warning", "notice", NULL};
    for (uint64_t n = 0; n < 4; n++) {
        ck_assert(logstore_get(run_log(run), n, &entry));
        ck_assert_pstr_eq(entry.level_word, words[n]);
        ck_assert_uint_eq(entry.seq, n + 1);
    }
    finish(run);
}
END_TEST

START_TEST(event_of_an_unknown_stream_is_a_line)
{
    struct run *run = make_run();
    struct sse_event line = {
        .event = "tick", .data = "a\0b", .data_len = 3, .id = ""};
    struct event event = {.type = EVENT_SSE, .time_ms = 8};
    struct entry entry;
    event.sse.seq = 1;
    event.sse.event = &line;
    ck_assert(run_apply(run, &event));
    line.event = "message";
    event.sse.seq = 2;
    ck_assert(run_apply(run, &event));
    ck_assert(logstore_get(run_log(run), 0, &entry));
    ck_assert_str_eq(entry.level_word, "tick");
    ck_assert_uint_eq(entry.text_len, 3);
    ck_assert_mem_eq(entry.text, "a\0b", 3);
    ck_assert(entry.time_is_arrival && entry.time_ms == 8);
    ck_assert(logstore_get(run_log(run), 1, &entry));
    ck_assert_ptr_null(entry.level_word);
    ck_assert_uint_eq(run_entries(run), 2);
    finish(run);
}
END_TEST

static void tell_readings(struct run *run, const struct log_entry *like,
                          const struct slice *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct log_entry entry = like ? *like : (struct log_entry){0};
        struct sse_event line = {.event = SSE_MESSAGE,
                                 .data = texts[i].data,
                                 .data_len = texts[i].len,
                                 .id = ""};
        struct event event = {.type = EVENT_SSE, .time_ms = 8};
        entry.message = texts[i].data;
        entry.message_len = texts[i].len;
        event.sse.seq = ++seq;
        event.sse.event = &line;
        event.sse.is_read = like != NULL;
        event.sse.entries = &entry;
        event.sse.entry_count = like != NULL;
        ck_assert(run_apply(run, &event));
    }
}

static void tell_lines(struct run *run, const struct log_entry *like,
                       const struct slice *texts, size_t count)
{
    struct event event = {.type = EVENT_LINES, .time_ms = 8};
    event.lines.seq = seq + 1;
    event.lines.texts = texts;
    event.lines.count = count;
    event.lines.like = like;
    ck_assert(run_apply(run, &event));
    seq += count;
}

static void assert_same_run(const struct run *a, const struct run *b)
{
    uint64_t first[2] = {0};
    ck_assert_uint_eq(run_entries(a), run_entries(b));
    ck_assert_uint_eq(run_entries_standing(a), run_entries_standing(b));
    ck_assert(run_first_sign(a, &first[0]) == run_first_sign(b, &first[1]));
    ck_assert_uint_eq(first[0], first[1]);
    ck_assert(run_is_stream(a) && run_is_stream(b));
    ck_assert_int_eq(run_link(a)->last_heard_ms, run_link(b)->last_heard_ms);
    for (uint64_t n = 0; n < run_end(a); n++) {
        struct entry left, right;
        ck_assert(run_entry(a, n, &left) && run_entry(b, n, &right));
        ck_assert_uint_eq(left.seq, right.seq);
        ck_assert_int_eq(left.level, right.level);
        ck_assert_int_eq(left.time_ms, right.time_ms);
        ck_assert_int_eq(left.time_is_arrival, right.time_is_arrival);
        ck_assert_pstr_eq(left.level_word, right.level_word);
        ck_assert_uint_eq(left.text_len, right.text_len);
        ck_assert_mem_eq(left.text, right.text, left.text_len);
        ck_assert_uint_eq(left.detail_len, right.detail_len);
        ck_assert_uint_eq(left.step, right.step);
    }
}

START_TEST(lines_in_bulk_are_what_each_of_them_is)
{
    static const struct log_entry likes[] = {
        {.time_ms = 8, .time_is_arrival = true, .level = LEVEL_INFO},
        {.time_ms = 8, .time_is_arrival = true, .level = LEVEL_ERROR},
        {.time_ms = 8, .level = LEVEL_WARN, .level_word = "warning"},
        {.time_ms = 8, .level_word = "odd", .data = "{}", .data_len = 2},
    };
    static const struct slice texts[] = {{"one", 3}, {"", 0}, {"three", 5}};
    struct run *single = make_run(), *bulk = make_run();
    for (int turn = 0; turn < 2; turn++) {
        seq = 0;
        for (size_t i = 0; i < 5; i++)
            (turn ? tell_lines : tell_readings)(
                turn ? bulk : single, i ? &likes[i - 1] : NULL, texts, 3);
    }
    assert_same_run(single, bulk);
    run_destroy(single);
    finish(bulk);
}
END_TEST

START_TEST(gaps_are_counted_and_marked)
{
    struct run *run = make_run();
    struct event event = {.type = EVENT_GAP};
    ck_assert(run_apply(run, &event));
    event.gap.recovered = true;
    ck_assert(run_apply(run, &event));
    ck_assert_uint_eq(run_gaps(run), 2);
    assert_log(run, "*some updates may be missing here\n"
                    "*some updates were missed and fetched again\n");
    finish(run);
}
END_TEST

START_TEST(link_is_remembered)
{
    struct run *run = make_run();
    struct event event = {.type = EVENT_CONNECTION,
                          .time_ms = 1000,
                          .connection = {.state = CONNECTION_LIVE,
                                         .transport = "sse",
                                         .retry_in_ms = -1,
                                         .clock_offset_ms = 250}};
    ck_assert(run_apply(run, &event));
    const struct run_link *link = run_link(run);
    ck_assert_int_eq(link->state, CONNECTION_LIVE);
    ck_assert_str_eq(link->transport, "sse");
    ck_assert_int_eq(link->retry_at_ms, INSTANT_NONE);
    ck_assert_int_eq(link->since_ms, 1000);
    ck_assert_int_eq(link->last_heard_ms, 1000);
    ck_assert_int_eq(run_clock_offset(run), 250);

    event.time_ms = 2000;
    event.connection = (struct connection){.state = CONNECTION_RECONNECTING,
                                           .attempt = 2,
                                           .retry_in_ms = 500,
                                           .reason = "reset"};
    ck_assert(run_apply(run, &event));
    event.time_ms = 2600;
    ck_assert(run_apply(run, &event));
    ck_assert_int_eq(link->retry_at_ms, 3100);
    ck_assert_int_eq(link->since_ms, 2000);
    ck_assert_int_eq(link->last_heard_ms, 1000);
    ck_assert_int_eq(link->attempt, 2);
    ck_assert_str_eq(link->reason, "reset");
    ck_assert_ptr_null(link->transport);
    finish(run);
}
END_TEST

START_TEST(notice_and_end_are_remembered)
{
    struct run *run = make_run();
    int64_t since_ms;
    struct event event = {
        .type = EVENT_NOTICE, .time_ms = 9, .notice = "hello"};
    ck_assert(run_apply(run, &event));
    ck_assert_str_eq(run_notice(run, &since_ms), "hello");
    ck_assert_int_eq(since_ms, 9);
    event.type = EVENT_END;
    memset(&event.end, 0, sizeof event.end);
    ck_assert(run_apply(run, &event));
    ck_assert(run_ended(run));
    finish(run);
}
END_TEST

UNIT_MAIN(
    "run", tcase_add_test(tc, fresh_run_knows_nothing);
    tcase_add_test(tc, steps_follow_one_another);
    tcase_add_test(tc, of_too_many_steps_the_last_ones_are_known);
    tcase_add_test(tc, what_is_older_than_the_step_that_was_there_is_not_of_it);
    tcase_add_loop_test(tc, end_of_the_run_ends_its_step, 0,
                        sizeof ends / sizeof *ends);
    tcase_add_test(tc, changes_of_status_that_matter_are_remarked);
    tcase_add_test(tc, run_that_has_ended_before_anyone_looked_is_no_news);
    tcase_add_test(tc, equal_facts_change_nothing);
    tcase_add_test(tc, rewrite_withdraws_the_newest_that_stand);
    tcase_add_test(tc, first_sign_is_the_first_warning_or_error_that_stands);
    tcase_add_test(tc, withdrawn_entries_that_are_gone_are_counted);
    tcase_add_test(tc, only_odd_level_words_are_kept);
    tcase_add_test(tc, event_of_an_unknown_stream_is_a_line);
    tcase_add_test(tc, lines_in_bulk_are_what_each_of_them_is);
    tcase_add_test(tc, gaps_are_counted_and_marked);
    tcase_add_test(tc, title_of_a_step_is_shown_once_though_it_is_logged_too);
    tcase_add_test(tc, link_is_remembered);
    tcase_add_test(tc, notice_and_end_are_remembered))
