#include "config.h"

#include "wire/shape.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define PATH "/realtime/v1/runs/run_1"
#define KEY  "\"key\":\"\\\"public\\\".\\\"TaskRun\\\"/\\\"c1\\\"\""
#define KEY2 "\"key\":\"\\\"public\\\".\\\"TaskRun\\\"/\\\"c2\\\"\""
#define ROW                                                                    \
    "{" KEY ",\"value\":{\"id\":\"c1\",\"friendlyId\":\"run_1\","              \
    "\"status\":\"EXECUTING\",\"error\":null,\"metadata\":"                    \
    "\"{\\\"logs\\\":[\\\"a\\\"]}\"},\"headers\":{\"operation\":\"insert\"}}"
#define PRESENT "{\"headers\":{\"control\":\"up-to-date\"}}"
#define REFETCH "{\"headers\":{\"control\":\"must-refetch\"}}"

static const struct shape_headers first_headers = {
    .handle = "run-c1", .offset = "0_inf", .schema = "{}"};
static const struct shape_headers live_headers = {
    .handle = "run-c1", .offset = "17_2", .cursor = "42"};

/* What was reported, in the order in which it was: "c1 EXECUTING;". */
struct told {
    struct buf text;
    uint32_t changed; /* of any row */
};

static void tell(void *context, struct row *row)
{
    struct told *told = context;
    struct slice key = row_key(row);
    buf_add(&told->text, key.data + key.len - 4, 2);
    buf_addc(&told->text, ' ');
    row_text(row, COLUMN_STATUS, &told->text);
    buf_addc(&told->text, ';');
    told->changed |= row_changed(row);
    row_settle(row);
}

static bool take(struct shape *shape, const struct shape_headers *headers,
                 const char *body, struct told *told, struct error *err)
{
    /* A copy, so that reading past the end is found. */
    size_t len = strlen(body);
    char *copy = malloc(len ? len : 1);
    memcpy(copy, body, len);
    bool good = shape_take_answer(shape, headers, copy, len, tell, told, err);
    free(copy);
    return good;
}

static void must_take(struct shape *shape, const struct shape_headers *headers,
                      const char *body, struct told *told)
{
    struct error err = {ERROR_NONE, ""};
    ck_assert_msg(take(shape, headers, body, told, &err), "%s: %s", body,
                  err.message);
}

static void assert_request(const struct shape *shape, const char *query)
{
    struct buf target = buf_make(0), want = buf_make(0);
    shape_request(shape, &target);
    buf_addf(&want, PATH "?%s", query);
    ck_assert_str_eq(buf_str(&target), buf_str(&want));
    buf_free(&target);
    buf_free(&want);
}

/* A shape that has seen one row and is live; nothing in told. */
static struct shape *live_shape(struct told *told)
{
    struct shape *shape = shape_create(PATH, "");
    must_take(shape, &first_headers, "[" ROW "," PRESENT "]", told);
    buf_clear(&told->text);
    told->changed = 0;
    return shape;
}

static void finish(struct shape *shape, struct told *told)
{
    buf_free(&told->text);
    shape_destroy(shape);
}

START_TEST(requests_go_through_the_three_phases)
{
    struct told told = {0};
    struct shape *shape = shape_create(PATH, "");
    assert_request(shape, "log=full&offset=-1");
    ck_assert(!shape_is_live(shape));

    must_take(shape, &first_headers, "[" ROW "]", &told);
    assert_request(shape, "handle=run-c1&log=full&offset=0_inf");
    ck_assert(!shape_is_live(shape) && !shape_is_up_to_date(shape));
    ck_assert_str_eq(buf_str(&told.text), "");

    struct shape_headers second = first_headers;
    second.offset = "16_0";
    must_take(shape, &second, "[" PRESENT "]", &told);
    assert_request(shape, "cursor=&handle=run-c1&live=true&log=full&"
                          "offset=16_0");
    ck_assert(shape_is_live(shape) && shape_is_up_to_date(shape));
    ck_assert_str_eq(buf_str(&told.text), "c1 EXECUTING;");

    must_take(shape, &live_headers, "[" PRESENT "]", &told);
    assert_request(shape, "cursor=42&handle=run-c1&live=true&log=full&"
                          "offset=17_2");
    ck_assert_str_eq(buf_str(&told.text), "c1 EXECUTING;");
    finish(shape, &told);
}
END_TEST

START_TEST(application_parameters_go_with_every_request)
{
    struct told told = {0};
    struct shape *shape = shape_create(PATH, "skipColumns=payload%2Coutput");
    assert_request(shape, "log=full&offset=-1&skipColumns=payload%2Coutput");
    must_take(shape, &first_headers, "[" PRESENT "]", &told);
    assert_request(shape, "cursor=&handle=run-c1&live=true&log=full&"
                          "offset=0_inf&skipColumns=payload%2Coutput");
    shape_restart(shape, "new");
    assert_request(shape, "expired_handle=run-c1&handle=new&log=full&"
                          "offset=-1&skipColumns=payload%2Coutput");
    finish(shape, &told);
}
END_TEST

START_TEST(position_is_encoded)
{
    struct told told = {0};
    struct shape *shape = shape_create(PATH, "");
    struct shape_headers headers = {
        .handle = "a&b=c", .offset = "0 1", .schema = "{}"};
    must_take(shape, &headers, "[]", &told);
    assert_request(shape, "handle=a%26b%3Dc&log=full&offset=0%201");
    finish(shape, &told);
}
END_TEST

START_TEST(events_are_asked_for_in_live_requests_only)
{
    struct told told = {0};
    struct shape *shape = shape_create(PATH, "");
    shape_set_sse(shape, true);
    assert_request(shape, "log=full&offset=-1");
    must_take(shape, &first_headers, "[" PRESENT "]", &told);
    assert_request(shape,
                   "cursor=&handle=run-c1&live=true&log=full&offset=0_inf&"
                   "experimental_live_sse=true&live_sse=true");
    shape_set_sse(shape, false);
    assert_request(shape,
                   "cursor=&handle=run-c1&live=true&log=full&offset=0_inf");
    finish(shape, &told);
}
END_TEST

#define CHANGE(columns)                                                        \
    "{" KEY ",\"value\":{" columns "},\"headers\":{\"operation\":\"update\"}}"

struct update {
    const char *body;
    const char *told;
    uint32_t changed;
};

static const struct update updates[] = {
    /* a partial row is laid over what is there */
    {"[" CHANGE("\"id\":\"c1\",\"status\":\"CANCELED\"") "," PRESENT "]",
     "c1 CANCELED;", 1u << COLUMN_STATUS},
    /* equal columns are no change, the row is told all the same */
    {"[" ROW "," PRESENT "]", "c1 EXECUTING;", 0},
    {"[" CHANGE("\"metadata\":\"{}\"") "," PRESENT "]", "c1 EXECUTING;",
     1u << COLUMN_METADATA},
    {"[" CHANGE("\"metadata\":null") "," PRESENT "]", "c1 EXECUTING;",
     1u << COLUMN_METADATA},
    {"[" CHANGE("\"error\":\"{}\"") "," PRESENT "]", "c1 EXECUTING;",
     1u << COLUMN_ERROR},
    {"[" CHANGE("\"error\":null,\"brandNew\":\"x\"") "," PRESENT "]",
     "c1 EXECUTING;", 0},
    /* values of an unexpected kind are kept as their text or as null */
    {"[" CHANGE("\"isTest\":true,\"metadata\":{\"a\":[\"}\"]}") "," PRESENT "]",
     "c1 EXECUTING;", 1u << COLUMN_TEST | 1u << COLUMN_METADATA},
    /* several changes, two rows, first touched first */
    {"[{" KEY2 ",\"value\":{\"status\":\"QUEUED\"}}," CHANGE(
         "\"status\":\"A\"") "," CHANGE("\"status\":\"B\"") "," PRESENT "]",
     "c2 QUEUED;c1 B;", 1u << COLUMN_STATUS},
    /* other orders of members, and white space */
    {" [ { \"headers\" : { \"operation\" : \"update\" } , \"value\" : { "
     "\"status\" : \"X\" } , " KEY " } , " PRESENT " ] \n",
     "c1 X;", 1u << COLUMN_STATUS},
    {"[{\"value\":{\"status\":\"Y\"},\"headers\":{}," KEY "}," PRESENT "]",
     "c1 Y;", 1u << COLUMN_STATUS},
    /* a delete leaves what is known */
    {"[{" KEY ",\"value\":{\"id\":\"c1\"},\"headers\":{\"operation\":"
     "\"delete\",\"txids\":[1]}}," PRESENT "]",
     "c1 EXECUTING;", 0},
    /* controls of a later protocol */
    {"[{\"headers\":{\"control\":\"snapshot-end\",\"x\":{\"control\":\"up-to-"
     "date\"}}}," PRESENT "]",
     "", 0},
    {"[{}," PRESENT "]", "", 0},
    {"[" PRESENT "]", "", 0},
};

START_TEST(update_is_merged_and_told)
{
    struct told told = {0};
    struct shape *shape = live_shape(&told);
    must_take(shape, &live_headers, updates[_i].body, &told);
    ck_assert_str_eq(buf_str(&told.text), updates[_i].told);
    ck_assert_uint_eq(told.changed, updates[_i].changed);
    finish(shape, &told);
}
END_TEST

START_TEST(changes_wait_for_the_message_that_says_up_to_date)
{
    struct told told = {0};
    struct shape *shape = live_shape(&told);
    must_take(shape, &live_headers, "[" CHANGE("\"status\":\"A\"") "]", &told);
    ck_assert_str_eq(buf_str(&told.text), "");
    assert_request(shape,
                   "cursor=42&handle=run-c1&live=true&log=full&offset=17_2");
    must_take(shape, &live_headers, "", &told);
    ck_assert_str_eq(buf_str(&told.text), "");
    must_take(shape, &live_headers,
              "[" PRESENT "," CHANGE("\"status\":\"B\"") "]", &told);
    ck_assert_str_eq(buf_str(&told.text), "");
    must_take(shape, &live_headers, "[" PRESENT "]", &told);
    ck_assert_str_eq(buf_str(&told.text), "c1 B;");
    finish(shape, &told);
}
END_TEST

START_TEST(conflict_starts_again_with_the_new_handle)
{
    struct told told = {0};
    struct shape *shape = live_shape(&told);
    shape_restart(shape, "h2");
    ck_assert(!shape_is_live(shape));
    assert_request(shape, "expired_handle=run-c1&handle=h2&log=full&offset=-1");

    struct shape_headers headers = {
        .handle = "h2", .offset = "20_0", .schema = "{}"};
    must_take(shape, &headers, "[" ROW "," PRESENT "]", &told);
    ck_assert_str_eq(buf_str(&told.text), "c1 EXECUTING;");
    ck_assert_uint_eq(told.changed, 0); /* the snapshot repeats what is known */
    assert_request(shape, "cursor=&expired_handle=run-c1&handle=h2&live=true&"
                          "log=full&offset=20_0");
    finish(shape, &told);
}
END_TEST

START_TEST(conflict_without_a_handle_makes_one_up)
{
    struct told told = {0};
    struct shape *shape = live_shape(&told);
    shape_restart(shape, NULL);
    assert_request(shape, "expired_handle=run-c1&handle=run-c1-next&log=full&"
                          "offset=-1");
    finish(shape, &told);

    shape = shape_create(PATH, "");
    shape_restart(shape, NULL);
    assert_request(shape, "log=full&offset=-1");
    shape_destroy(shape);
}
END_TEST

START_TEST(must_refetch_in_a_body_asks_for_a_restart)
{
    struct told told = {0};
    struct error err = {ERROR_NONE, ""};
    struct shape *shape = live_shape(&told);
    ck_assert(!take(shape, &live_headers, "[" REFETCH "]", &told, &err));
    ck_assert(shape_must_refetch(shape));
    ck_assert_int_eq(err.kind, ERROR_NONE);
    shape_restart(shape, "h2");
    ck_assert(!shape_must_refetch(shape));
    assert_request(shape, "expired_handle=run-c1&handle=h2&log=full&offset=-1");
    finish(shape, &told);
}
END_TEST

static const struct {
    bool live;
    struct shape_headers headers;
    const char *missing; /* NULL: nothing */
} header_cases[] = {
    {false, {.schema = "{}"}, " electric-handle electric-offset;"},
    {false, {.handle = "h", .offset = "1"}, " electric-schema;"},
    {false, {0}, " electric-handle electric-offset electric-schema;"},
    {true, {.handle = "h", .offset = "1"}, " electric-cursor;"},
    {true, {.handle = "h", .cursor = "1"}, " electric-offset;"},
    {true, {.handle = "h", .offset = "1", .cursor = "1"}, NULL},
    {false, {.handle = "h", .offset = "1", .schema = "{}"}, NULL},
    /* older servers */
    {false, {.handle = "h", .offset = "1", .old_names = true}, NULL},
    {true, {.handle = "h", .offset = "1", .old_names = true}, NULL},
};

START_TEST(missing_headers_are_named)
{
    struct told told = {0};
    struct error err = {ERROR_NONE, ""};
    struct shape *shape =
        header_cases[_i].live ? live_shape(&told) : shape_create(PATH, "");
    struct buf before = buf_make(0), after = buf_make(0);
    shape_request(shape, &before);
    const char *missing = header_cases[_i].missing;
    bool good =
        take(shape, &header_cases[_i].headers, "[" ROW "]", &told, &err);
    shape_request(shape, &after);
    ck_assert_int_eq(good, missing == NULL);
    if (missing) {
        ck_assert_int_eq(err.kind, ERROR_PROTOCOL);
        ck_assert_msg(strstr(err.message, missing) != NULL, "%s", err.message);
        ck_assert_str_eq(buf_str(&before), buf_str(&after));
        ck_assert(!shape_must_refetch(shape));
    }
    buf_free(&before);
    buf_free(&after);
    finish(shape, &told);
}
END_TEST

static const struct {
    const char *body, *offset;
} empty_bodies[] = {
    {"", "0_inf"}, {" \r\n", "0_inf"}, {"[]", "17_2"}, {" [ ] ", "17_2"}};

START_TEST(empty_body_holds_no_messages)
{
    struct told told = {0};
    struct shape *shape = live_shape(&told);
    struct buf before = buf_make(0), after = buf_make(0);
    shape_request(shape, &before);
    must_take(shape, &live_headers, empty_bodies[_i].body, &told);
    ck_assert_str_eq(buf_str(&told.text), "");
    shape_request(shape, &after);
    ck_assert_ptr_nonnull(strstr(buf_str(&after), empty_bodies[_i].offset));
    ck_assert_int_eq(shape_moved(shape),
                     strcmp(buf_str(&before), buf_str(&after)) != 0);
    buf_free(&before);
    buf_free(&after);
    finish(shape, &told);
}
END_TEST

static const char *const odd_bodies[] = {
    "{}",
    "null",
    "<html>",
    "{\"error\":\"x\"}",
    "[1]",
    "[[]]",
    "[\"x\"]",
    "[null]",
    "[" PRESENT,
    "[" PRESENT " " PRESENT "]",
    "[{" KEY " \"value\":{}}]",
    "[{" KEY ",\"value\":7}]",
    "[{" KEY ",\"value\":{\"status\" \"x\"}}]",
    "[{" KEY ",\"value\":{\"status\":\"x\" \"y\":null}}]",
    "[{" KEY ",\"value\":{\"metadata\":\"\\q\"}}]",
    "[{\"value\":[]," KEY "}]",
    "[{\"key\":}]",
    "[" PRESENT "}",
    "[" PRESENT "]]",
    "[" PRESENT "] x",
    "[" PRESENT ",]",
    "[,]",
};

START_TEST(body_of_another_kind_is_refused)
{
    struct told told = {0};
    struct error err = {ERROR_NONE, ""};
    struct shape *shape = live_shape(&told);
    ck_assert_msg(!take(shape, &live_headers, odd_bodies[_i], &told, &err),
                  "%s", odd_bodies[_i]);
    ck_assert_int_eq(err.kind, ERROR_PROTOCOL);
    ck_assert(!shape_must_refetch(shape));
    ck_assert_str_eq(buf_str(&told.text), "");
    assert_request(shape,
                   "cursor=&handle=run-c1&live=true&log=full&offset=0_inf");
    finish(shape, &told);
}
END_TEST

static const char full_body[] =
    "[" CHANGE("\"id\":\"c1\",\"status\":\"WAITING\",\"metadata\":\"{"
               "\\\"logs\\\":"
               "[\\\"a\\\",\\\"\\ud83d\\ude00 "
               "\\\\\\\\\\\"]}\",\"output\":null") ",{" KEY2
                                                   ",\"value\":{\"status\":"
                                                   "\"QUEUED\"}}," PRESENT "]";

START_TEST(cut_body_is_refused_and_then_read_whole)
{
    struct told told = {0};
    struct shape *shape = live_shape(&told);
    for (size_t cut = 1; cut < sizeof full_body - 1; cut++) {
        struct error err = {ERROR_NONE, ""};
        char *part = strndup(full_body, cut);
        ck_assert_msg(!take(shape, &live_headers, part, &told, &err), "%s",
                      part);
        free(part);
        ck_assert_int_eq(err.kind, ERROR_PROTOCOL);
        ck_assert_str_eq(buf_str(&told.text), "");
        assert_request(shape,
                       "cursor=&handle=run-c1&live=true&log=full&offset=0_inf");
    }
    must_take(shape, &live_headers, full_body, &told);
    ck_assert_str_eq(buf_str(&told.text), "c1 WAITING;c2 QUEUED;");
    finish(shape, &told);
}
END_TEST

/* What a cut body has changed must still be told as changed by the whole one,
 * however far the first one came. */
START_TEST(cut_body_hides_no_change)
{
    for (size_t cut = 1; cut < sizeof full_body - 1; cut++) {
        struct told told = {0};
        struct error err = {ERROR_NONE, ""};
        struct shape *shape = live_shape(&told);
        char *part = strndup(full_body, cut);
        take(shape, &live_headers, part, &told, &err);
        free(part);
        must_take(shape, &live_headers,
                  "[" CHANGE("\"status\":\"WAITING\"") "," PRESENT "]", &told);
        ck_assert(told.changed & 1u << COLUMN_STATUS);
        finish(shape, &told);
    }
}
END_TEST

static bool take_event(struct shape *shape, const char *text, struct told *told,
                       struct error *err)
{
    return shape_take_message(shape, text, strlen(text), tell, told, err);
}

START_TEST(streamed_messages_carry_their_position)
{
    struct told told = {0};
    struct error err = {ERROR_NONE, ""};
    struct shape *shape = live_shape(&told);
    shape_set_sse(shape, true);
    ck_assert(shape_take_headers(shape, &live_headers, &err));
    ck_assert(take_event(shape, CHANGE("\"status\":\"A\""), &told, &err));
    ck_assert_str_eq(buf_str(&told.text), "");
    ck_assert(take_event(shape,
                         "{\"headers\":{\"control\":\"up-to-date\",\"global_"
                         "last_seen_lsn\":\"4711\"}}",
                         &told, &err));
    ck_assert_str_eq(buf_str(&told.text), "c1 A;");
    assert_request(shape,
                   "cursor=42&handle=run-c1&live=true&log=full&offset=4711_0&"
                   "experimental_live_sse=true&live_sse=true");
    /* Without a position the one before still stands. */
    ck_assert(take_event(shape, PRESENT, &told, &err));
    shape_set_sse(shape, false);
    assert_request(shape,
                   "cursor=42&handle=run-c1&live=true&log=full&offset=4711_0");
    finish(shape, &told);
}
END_TEST

START_TEST(streamed_must_refetch_asks_for_a_restart)
{
    struct told told = {0};
    struct error err = {ERROR_NONE, ""};
    struct shape *shape = live_shape(&told);
    ck_assert(!take_event(shape, REFETCH, &told, &err));
    ck_assert(shape_must_refetch(shape));
    ck_assert_int_eq(err.kind, ERROR_NONE);
    finish(shape, &told);
}
END_TEST

static const char *const odd_events[] = {
    "",
    "[]",
    "x",
    "{",
    "{\"headers\":",
    "{} x",
    "{" KEY ",\"value\":{\"status\":\"A\"",
};

START_TEST(broken_streamed_message_is_refused)
{
    struct told told = {0};
    struct error err = {ERROR_NONE, ""};
    struct shape *shape = live_shape(&told);
    ck_assert_msg(!take_event(shape, odd_events[_i], &told, &err), "%s",
                  odd_events[_i]);
    ck_assert_int_eq(err.kind, ERROR_PROTOCOL);
    ck_assert(!shape_must_refetch(shape));
    finish(shape, &told);
}
END_TEST

START_TEST(stream_without_its_headers_is_refused)
{
    struct told told = {0};
    struct error err = {ERROR_NONE, ""};
    struct shape *shape = live_shape(&told);
    struct shape_headers headers = {.handle = "h"};
    ck_assert(!shape_take_headers(shape, &headers, &err));
    ck_assert_int_eq(err.kind, ERROR_PROTOCOL);
    assert_request(shape,
                   "cursor=&handle=run-c1&live=true&log=full&offset=0_inf");
    finish(shape, &told);
}
END_TEST

START_TEST(nothing_new_tells_what_was_caught_up)
{
    struct told told = {0};
    struct shape *shape = shape_create(PATH, "");
    struct shape_headers none = {0};
    must_take(shape, &first_headers, "[" ROW "]", &told);
    ck_assert_str_eq(buf_str(&told.text), "");
    shape_take_nothing(shape, &none, tell, &told);
    ck_assert_str_eq(buf_str(&told.text), "c1 EXECUTING;");
    ck_assert(shape_is_up_to_date(shape) && !shape_moved(shape));
    assert_request(shape,
                   "cursor=&handle=run-c1&live=true&log=full&offset=0_inf");
    shape_take_nothing(shape, &live_headers, tell, &told);
    ck_assert(shape_moved(shape));
    assert_request(shape,
                   "cursor=42&handle=run-c1&live=true&log=full&offset=17_2");
    finish(shape, &told);
}
END_TEST

START_TEST(nothing_new_before_a_position_changes_nothing)
{
    struct told told = {0};
    struct shape *shape = shape_create(PATH, "");
    struct shape_headers none = {0};
    shape_take_nothing(shape, &none, tell, &told);
    ck_assert(!shape_is_up_to_date(shape));
    assert_request(shape, "log=full&offset=-1");
    /* no server takes a live request from the very start */
    shape_restart(shape, "run-c2");
    shape_take_nothing(shape, &none, tell, &told);
    ck_assert(!shape_is_up_to_date(shape));
    assert_request(shape, "handle=run-c2&log=full&offset=-1");
    finish(shape, &told);
}
END_TEST

START_TEST(position_that_stays_is_no_move)
{
    struct told told = {0};
    struct shape *shape = live_shape(&told);
    ck_assert(shape_moved(shape));
    must_take(shape, &live_headers, "[" PRESENT "]", &told);
    ck_assert(shape_moved(shape));
    must_take(shape, &live_headers, "[" ROW "," PRESENT "]", &told);
    ck_assert(!shape_moved(shape));
    finish(shape, &told);
}
END_TEST

START_TEST(older_server_is_asked_by_its_names)
{
    struct told told = {0};
    struct shape *shape = shape_create(PATH, "");
    struct shape_headers headers = {
        .handle = "s1", .offset = "0_0", .old_names = true};
    must_take(shape, &headers, "[" ROW "]", &told);
    assert_request(shape, "handle=s1&shape_id=s1&log=full&offset=0_0");
    finish(shape, &told);
}
END_TEST

START_TEST(rows_without_end_are_refused)
{
    enum {
        TOO_MANY = 1001
    };
    struct told told = {0};
    struct error err = {ERROR_NONE, ""};
    struct buf body = buf_make(0);
    struct shape *shape = shape_create(PATH, "");
    for (int i = 0; i < TOO_MANY; i++)
        buf_addf(&body, "%s{\"key\":\"key %04d\",\"value\":{}}", i ? "," : "[",
                 i);
    buf_addc(&body, ']');
    ck_assert(!take(shape, &first_headers, buf_str(&body), &told, &err));
    ck_assert_int_eq(err.kind, ERROR_PROTOCOL);
    buf_free(&body);
    finish(shape, &told);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

UNIT_MAIN("shape", tcase_add_test(tc, requests_go_through_the_three_phases);
          tcase_add_test(tc, application_parameters_go_with_every_request);
          tcase_add_test(tc, position_is_encoded);
          tcase_add_test(tc, events_are_asked_for_in_live_requests_only);
          tcase_add_loop_test(tc, update_is_merged_and_told, 0, COUNT(updates));
          tcase_add_test(tc, changes_wait_for_the_message_that_says_up_to_date);
          tcase_add_test(tc, conflict_starts_again_with_the_new_handle);
          tcase_add_test(tc, conflict_without_a_handle_makes_one_up);
          tcase_add_test(tc, must_refetch_in_a_body_asks_for_a_restart);
          tcase_add_loop_test(tc, missing_headers_are_named, 0,
                              COUNT(header_cases));
          tcase_add_loop_test(tc, empty_body_holds_no_messages, 0,
                              COUNT(empty_bodies));
          tcase_add_loop_test(tc, body_of_another_kind_is_refused, 0,
                              COUNT(odd_bodies));
          tcase_add_test(tc, cut_body_is_refused_and_then_read_whole);
          tcase_add_test(tc, cut_body_hides_no_change);
          tcase_add_test(tc, streamed_messages_carry_their_position);
          tcase_add_test(tc, streamed_must_refetch_asks_for_a_restart);
          tcase_add_loop_test(tc, broken_streamed_message_is_refused, 0,
                              COUNT(odd_events));
          tcase_add_test(tc, stream_without_its_headers_is_refused);
          tcase_add_test(tc, nothing_new_tells_what_was_caught_up);
          tcase_add_test(tc, nothing_new_before_a_position_changes_nothing);
          tcase_add_test(tc, position_that_stays_is_no_move);
          tcase_add_test(tc, older_server_is_asked_by_its_names);
          tcase_add_test(tc, rows_without_end_are_refused))
