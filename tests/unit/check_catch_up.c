#include "config.h"

#include "wire/catch_up.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#include "unit.h"

/* What came out, as text: "run STEP;" or "run -;" for facts, "MESSAGE;" for an
 * entry, "STREAM:CHUNK;" for a part, one word for the rest. */
struct fixture {
    struct catch_up *catch_up;
    struct buf told;
};

static void take_event(void *context, const struct event *event)
{
    struct buf *told = context;
    switch (event->type) {
    case EVENT_RUN:
        ck_assert_int_eq(event->time_ms, 7000);
        buf_addf(told, "run %s;",
                 event->facts->step ? event->facts->step : "-");
        break;
    case EVENT_LOG:
        buf_add(told, event->log.entry->message, event->log.entry->message_len);
        buf_addc(told, ';');
        break;
    case EVENT_PART:
        buf_addf(told, "%s:%s;", event->part.part->stream,
                 event->part.part->chunk);
        break;
    case EVENT_CONNECTION:
        buf_addf(told, "link %d;", (int)event->connection.state);
        break;
    case EVENT_REWRITE:
        buf_adds(told, "rewrite;");
        break;
    case EVENT_GAP:
        buf_adds(told, "gap;");
        break;
    case EVENT_NOTICE:
        buf_adds(told, "notice;");
        break;
    case EVENT_SSE:
    case EVENT_LINES:
        break;
    case EVENT_END:
        buf_adds(told, "end;");
        break;
    }
}

static struct fixture *start(void)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->catch_up = catch_up_create(take_event, &f->told);
    return f;
}

static void finish(struct fixture *f)
{
    catch_up_destroy(f->catch_up);
    buf_free(&f->told);
    free(f);
}

static void expect(struct fixture *f, const char *told)
{
    ck_assert_str_eq(buf_str(&f->told), told);
    buf_clear(&f->told);
}

static void run_is(struct fixture *f, enum run_status status, const char *step)
{
    char words[40] = "";
    struct run_facts facts;
    facts_init(&facts);
    facts.status = status;
    if (step) {
        strncat(words, step, sizeof words - 1);
        facts.step = words;
    }
    struct event event = {
        .type = EVENT_RUN, .time_ms = 7000, .run = "run_1", .facts = &facts};
    catch_up_take(f->catch_up, &event);
    facts.step = NULL;
    facts_free(&facts);
}

/* A message in memory of its own, which is gone when this returns. time_ms 0:
 * that of arrival, 9000. */
static void logs(struct fixture *f, int64_t time_ms, const char *message)
{
    char *copy = strdup(message), word[] = "info", data[] = "{}";
    struct log_entry entry = {
        .time_ms = time_ms ? time_ms : 9000,
        .time_is_arrival = !time_ms,
        .level_word = word,
        .message = copy,
        .message_len = strlen(copy),
        .data = data,
        .data_len = 2,
    };
    struct event event = {.type = EVENT_LOG};
    event.log.entry = &entry;
    catch_up_take(f->catch_up, &event);
    memset(copy, 'x', strlen(copy));
    memset(word, 'x', 4);
    free(copy);
}

static void parts(struct fixture *f, const char *stream, int64_t time_ms,
                  const char *chunk)
{
    char *key = strdup(stream), *copy = strdup(chunk);
    struct stream_part part = {
        .stream = key,
        .time_ms = time_ms ? time_ms : 9000,
        .time_is_arrival = !time_ms,
        .chunk = copy,
        .chunk_len = strlen(copy),
    };
    struct event event = {.type = EVENT_PART};
    event.part.part = &part;
    catch_up_take(f->catch_up, &event);
    memset(copy, 'x', strlen(copy));
    memset(key, 'x', strlen(key));
    free(copy);
    free(key);
}

static void link_is(struct fixture *f, enum connection_state state,
                    const char *reason)
{
    struct event event = {.type = EVENT_CONNECTION};
    event.connection.state = state;
    event.connection.reason = reason;
    catch_up_take(f->catch_up, &event);
}

static void tell(struct fixture *f, enum event_type type)
{
    struct event event = {.type = type};
    catch_up_take(f->catch_up, &event);
}

START_TEST(run_that_begins_passes_untouched)
{
    struct fixture *f = start();
    tell(f, EVENT_NOTICE);
    link_is(f, CONNECTION_CONNECTING, NULL);
    run_is(f, STATUS_QUEUED, "A");
    expect(f, "notice;link 0;");
    catch_up_first_told(f->catch_up, false);
    expect(f, "run A;");
    ck_assert(!catch_up_is_holding(f->catch_up));
    link_is(f, CONNECTION_LIVE, NULL);
    run_is(f, STATUS_EXECUTING, "B");
    logs(f, 5, "five");
    parts(f, "s", 3, "three");
    catch_up_first_told(f->catch_up, true);
    logs(f, 4, "four");
    expect(f, "link 1;run B;five;s:three;four;");
    finish(f);
}
END_TEST

START_TEST(step_is_told_behind_the_log_that_was_there)
{
    struct fixture *f = start();
    run_is(f, STATUS_EXECUTING, "A");
    logs(f, 1, "one");
    logs(f, 2, "two");
    catch_up_first_told(f->catch_up, false);
    expect(f, "run -;one;two;run A;");
    logs(f, 3, "three");
    expect(f, "three;");
    finish(f);

    f = start(); /* without a step there is nothing to be told again */
    run_is(f, STATUS_EXECUTING, NULL);
    logs(f, 1, "one");
    catch_up_first_told(f->catch_up, false);
    expect(f, "run -;one;");
    finish(f);
}
END_TEST

START_TEST(log_and_streams_are_merged_by_time)
{
    struct fixture *f = start();
    run_is(f, STATUS_EXECUTING, "A");
    logs(f, 10, "ten");
    logs(f, 30, "thirty");
    catch_up_first_told(f->catch_up, true);
    expect(f, "run -;");
    link_is(f, CONNECTION_LIVE, NULL);
    parts(f, "s", 5, "5");
    parts(f, "t", 20, "20");
    parts(f, "s", 30, "30");
    parts(f, "s", 40, "40");
    parts(f, "t", 25, "25");
    expect(f, "");
    ck_assert(catch_up_is_holding(f->catch_up));
    catch_up_release(f->catch_up);
    expect(f, "s:5;ten;t:20;t:25;thirty;s:30;s:40;run A;link 1;");
    catch_up_release(f->catch_up);
    parts(f, "s", 1, "1");
    expect(f, "s:1;");
    finish(f);
}
END_TEST

START_TEST(nothing_is_reordered_in_itself)
{
    struct fixture *f = start();
    run_is(f, STATUS_EXECUTING, NULL);
    logs(f, 0, "none");
    logs(f, 30, "thirty");
    logs(f, 10, "ten");
    logs(f, 0, "none again");
    logs(f, 40, "forty");
    catch_up_first_told(f->catch_up, true);
    parts(f, "s", 29, "29");
    parts(f, "s", 31, "31");
    parts(f, "s", 0, "-");
    parts(f, "s", 50, "50");
    parts(f, "bare", 0, "b");
    catch_up_release(f->catch_up);
    expect(f, "run -;s:29;none;thirty;ten;none again;s:31;s:-;forty;s:50;"
              "bare:b;");
    finish(f);
}
END_TEST

/* What ends the holding, and is told after what was held. */
static const struct {
    enum event_type type;
    enum connection_state state;
    const char *reason;
    const char *told;
} ends[] = {
    {EVENT_END, 0, NULL, "one;run A;end;"},
    {EVENT_REWRITE, 0, NULL, "one;run A;rewrite;"},
    {EVENT_GAP, 0, NULL, "one;run A;gap;"},
    {EVENT_CONNECTION, CONNECTION_CLOSED, NULL, "one;run A;link 4;"},
    {EVENT_CONNECTION, CONNECTION_RECONNECTING, "why", "one;run A;link 2;"},
    {EVENT_CONNECTION, CONNECTION_POLLING, "why", "one;run A;link 3;"},
};

START_TEST(held_is_told_before_what_changes_it)
{
    struct fixture *f = start();
    run_is(f, STATUS_EXECUTING, "A");
    logs(f, 1, "one");
    catch_up_first_told(f->catch_up, true);
    expect(f, "run -;");
    tell(f, EVENT_NOTICE);
    expect(f, "notice;");
    if (ends[_i].type == EVENT_CONNECTION)
        link_is(f, ends[_i].state, ends[_i].reason);
    else
        tell(f, ends[_i].type);
    expect(f, ends[_i].told);
    ck_assert(!catch_up_is_holding(f->catch_up));
    finish(f);
}
END_TEST

START_TEST(later_facts_pass_and_another_step_ends_it)
{
    struct fixture *f = start();
    run_is(f, STATUS_EXECUTING, "A");
    logs(f, 1, "one");
    catch_up_first_told(f->catch_up, true);
    run_is(f, STATUS_EXECUTING, "A");
    expect(f, "run -;run -;");
    run_is(f, STATUS_EXECUTING, "B");
    expect(f, "one;run A;run B;");
    finish(f);

    f = start();
    run_is(f, STATUS_EXECUTING, "A");
    catch_up_first_told(f->catch_up, true);
    run_is(f, STATUS_COMPLETED, "A");
    expect(f, "run -;run A;run A;");
    finish(f);
}
END_TEST

START_TEST(more_than_the_maximum_is_not_held)
{
    struct fixture *f = start();
    size_t size = CATCH_UP_MAX_BYTES / 4;
    char *large = malloc(size + 1);
    memset(large, 'y', size);
    large[size] = '\0';
    run_is(f, STATUS_EXECUTING, NULL);
    catch_up_first_told(f->catch_up, true);
    for (int i = 0; i < 3; i++)
        parts(f, "s", 3 - i, large);
    ck_assert(catch_up_is_holding(f->catch_up));
    parts(f, "s", 9, large);
    ck_assert(!catch_up_is_holding(f->catch_up));
    ck_assert_uint_gt(f->told.len, 4 * size);
    finish(f);
    free(large);
}
END_TEST

START_TEST(what_is_held_may_be_left_untold)
{
    struct fixture *f = start();
    run_is(f, STATUS_EXECUTING, "A");
    logs(f, 1, "one");
    parts(f, "s", 1, "1");
    expect(f, "");
    finish(f);
    catch_up_destroy(NULL);
}
END_TEST

UNIT_MAIN("catch_up", tcase_add_test(tc, run_that_begins_passes_untouched);
          tcase_add_test(tc, step_is_told_behind_the_log_that_was_there);
          tcase_add_test(tc, log_and_streams_are_merged_by_time);
          tcase_add_test(tc, nothing_is_reordered_in_itself);
          tcase_add_loop_test(tc, held_is_told_before_what_changes_it, 0,
                              sizeof ends / sizeof *ends);
          tcase_add_test(tc, later_facts_pass_and_another_step_ends_it);
          tcase_add_test(tc, more_than_the_maximum_is_not_held);
          tcase_add_test(tc, what_is_held_may_be_left_untold);)
