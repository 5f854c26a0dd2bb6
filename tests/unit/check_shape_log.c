#include "config.h"

#include "unit.h"

#include <string.h>

#include <jansson.h>

#include "sim/shape_log.h"

#define START_MS 1795176000000

static const char scenario[] =
    "{\"run\":{\"task\":\"t\"},\"steps\":[{\"status\":\"PENDING\"},"
    "{\"after_ms\":100,\"status\":\"DEQUEUED\"},"
    "{\"after_ms\":100,\"status\":\"EXECUTING\"},"
    "{\"after_ms\":100,\"progress\":0.5},"
    "{\"after_ms\":100,\"status\":\"COMPLETED_SUCCESSFULLY\"}]}";

/* One answer, its parts kept until the next. */
static struct {
    struct script *script;
    struct shape_log log;
    struct buf body;
    struct fields headers;
    json_t *messages;
} t;

static void open_log(bool electric)
{
    struct error err = {0};
    t.script = script_parse(scenario, strlen(scenario), "run_x1", &err);
    ck_assert_ptr_nonnull(t.script);
    shape_log_init(&t.log, t.script, electric, START_MS);
}

static void forget_answer(void)
{
    buf_clear(&t.body);
    fields_free(&t.headers);
    json_decref(t.messages);
    t.messages = NULL;
}

static void close_log(void)
{
    forget_answer();
    buf_free(&t.body);
    script_destroy(t.script);
}

static enum shape_outcome ask(size_t state, const char *offset,
                              const char *handle, bool live)
{
    struct shape_request request = {.offset = offset,
                                    .handle = handle,
                                    .live = live,
                                    .columns = ROW_ALL,
                                    .now_ms = START_MS};
    forget_answer();
    enum shape_outcome outcome =
        shape_log_answer(&t.log, state, &request, &t.body, &t.headers);
    if (outcome == SHAPE_NEWS)
        t.messages = json_loads(buf_str(&t.body), 0, NULL);
    return outcome;
}

/* The word in a message's headers, or "" past the end. */
static const char *word(size_t index, const char *name)
{
    json_t *headers =
        json_object_get(json_array_get(t.messages, index), "headers");
    const char *text = json_string_value(json_object_get(headers, name));
    return text ? text : "";
}

static const char *column(size_t index, const char *name)
{
    json_t *value = json_object_get(json_array_get(t.messages, index), "value");
    return json_string_value(json_object_get(value, name));
}

/* A copy of a header of the last answer, so that it can be asked with. */
static const char *header(const char *name, char *out, size_t size)
{
    const char *value = fields_get(&t.headers, name);
    snprintf(out, size, "%s", value ? value : "");
    return out;
}

START_TEST(native_gives_all_at_once)
{
    open_log(false);
    ck_assert_int_eq(ask(0, "-1", NULL, false), SHAPE_NEWS);
    ck_assert_uint_eq(json_array_size(t.messages), 2);
    ck_assert_str_eq(word(0, "operation"), "insert");
    ck_assert_str_eq(word(1, "control"), "up-to-date");
    ck_assert_str_eq(fields_get(&t.headers, "electric-handle"), "run-x1");
    ck_assert_str_eq(fields_get(&t.headers, "electric-offset"),
                     "1795176000000_1");
    ck_assert_ptr_nonnull(fields_get(&t.headers, "electric-schema"));
    ck_assert_ptr_null(fields_get(&t.headers, "electric-cursor"));
    close_log();
}
END_TEST

START_TEST(native_has_whole_rows_as_news_and_coalesces)
{
    char offset[64];
    open_log(false);
    ask(0, "-1", NULL, false);
    header("electric-offset", offset, sizeof offset);
    ck_assert_int_eq(ask(0, offset, "run-x1", true), SHAPE_NOTHING);
    ck_assert_int_eq(ask(3, offset, "run-x1", true), SHAPE_NEWS);
    ck_assert_str_eq(word(0, "operation"), "update");
    ck_assert_str_eq(column(0, "status"), "EXECUTING");
    ck_assert_str_eq(column(0, "taskIdentifier"), "t");
    ck_assert_str_eq(fields_get(&t.headers, "electric-cursor"), "2");
    ck_assert_ptr_null(fields_get(&t.headers, "electric-schema"));
    close_log();
}
END_TEST

START_TEST(native_answers_a_catch_up_with_the_snapshot)
{
    open_log(false);
    ck_assert_int_eq(ask(2, "1795176000000_9", "run-x1", false), SHAPE_NEWS);
    ck_assert_str_eq(word(0, "operation"), "insert");
    ck_assert_str_eq(column(0, "status"), "EXECUTING");
    close_log();
}
END_TEST

START_TEST(native_ends_a_hold_with_the_same_offset_and_a_new_cursor)
{
    open_log(false);
    ask(0, "-1", NULL, false);
    struct shape_request request = {.offset = "1795176000000_1",
                                    .handle = "run-x1",
                                    .live = true,
                                    .columns = ROW_ALL};
    forget_answer();
    shape_log_add_timeout(&t.log, &request, &t.body, &t.headers);
    ck_assert_str_eq(buf_str(&t.body),
                     "[{\"headers\":{\"control\":\"up-to-date\"}}]");
    ck_assert_str_eq(fields_get(&t.headers, "electric-offset"),
                     "1795176000000_1");
    ck_assert_str_eq(fields_get(&t.headers, "electric-cursor"), "2");
    close_log();
}
END_TEST

START_TEST(electric_gives_a_snapshot_then_catches_up)
{
    char handle[64];
    open_log(true);
    ck_assert_int_eq(ask(1, "-1", NULL, false), SHAPE_NEWS);
    ck_assert_uint_eq(json_array_size(t.messages), 1);
    ck_assert_str_eq(column(0, "isTest"), "false");
    ck_assert_str_eq(fields_get(&t.headers, "electric-offset"), "0_inf");
    ck_assert_ptr_null(fields_get(&t.headers, "electric-up-to-date"));
    header("electric-handle", handle, sizeof handle);
    /* The same snapshot later, with the log since then behind it. */
    ask(3, "-1", handle, false);
    ck_assert_str_eq(column(0, "status"), "DEQUEUED");
    ck_assert_int_eq(ask(3, "0_inf", handle, false), SHAPE_NEWS);
    ck_assert_uint_eq(json_array_size(t.messages), 3);
    ck_assert_str_eq(column(0, "status"), "EXECUTING");
    ck_assert_str_eq(word(2, "control"), "up-to-date");
    ck_assert_str_eq(word(2, "global_last_seen_lsn"), word(1, "lsn"));
    ck_assert_str_eq(fields_get(&t.headers, "electric-up-to-date"), "");
    close_log();
}
END_TEST

START_TEST(electric_sends_only_the_key_and_what_changed)
{
    char handle[64];
    open_log(true);
    ask(2, "-1", NULL, false);
    header("electric-handle", handle, sizeof handle);
    ck_assert_int_eq(ask(2, "0_inf", handle, true), SHAPE_NOTHING);
    ck_assert_int_eq(ask(3, "0_inf", handle, true), SHAPE_NEWS);
    json_t *value = json_object_get(json_array_get(t.messages, 0), "value");
    ck_assert_uint_eq(json_object_size(value), 4);
    ck_assert_str_eq(column(0, "id"), "x1");
    ck_assert_str_eq(column(0, "updatedAt"), "2026-11-20 12:00:00.3");
    ck_assert_str_eq(column(0, "metadata"), "{\"progress\":0.5}");
    ck_assert_str_eq(column(0, "usageDurationMs"), "100");
    close_log();
}
END_TEST

START_TEST(electric_can_stop_a_chunk_before_it_is_up_to_date)
{
    char handle[64];
    char offset[64];
    open_log(true);
    t.log.chunk_messages = 2;
    ask(0, "-1", NULL, false);
    header("electric-handle", handle, sizeof handle);
    ask(4, "0_inf", handle, false);
    ck_assert_uint_eq(json_array_size(t.messages), 2);
    ck_assert_str_eq(word(1, "operation"), "update");
    ck_assert_ptr_null(fields_get(&t.headers, "electric-up-to-date"));
    header("electric-offset", offset, sizeof offset);
    ask(4, offset, handle, false);
    ck_assert_uint_eq(json_array_size(t.messages), 3);
    ck_assert_str_eq(column(1, "status"), "COMPLETED_SUCCESSFULLY");
    ck_assert_str_eq(word(2, "control"), "up-to-date");
    close_log();
}
END_TEST

START_TEST(electric_moves_its_cursor_even_within_a_poll_time)
{
    char handle[64];
    char cursor[64];
    open_log(true);
    ask(0, "-1", NULL, false);
    header("electric-handle", handle, sizeof handle);
    ask(1, "0_inf", handle, true);
    header("electric-cursor", cursor, sizeof cursor);
    struct shape_request request = {.offset = "0_inf",
                                    .handle = handle,
                                    .cursor = cursor,
                                    .live = true,
                                    .columns = ROW_ALL,
                                    .now_ms = START_MS};
    forget_answer();
    shape_log_answer(&t.log, 1, &request, &t.body, &t.headers);
    ck_assert_str_ne(fields_get(&t.headers, "electric-cursor"), cursor);
    close_log();
}
END_TEST

static const struct {
    const char *offset, *handle;
    bool live;
    enum shape_outcome outcome;
    const char *complaint;
} refusals[] = {
    {"-1", NULL, true, SHAPE_INVALID, "\"live\""},
    {NULL, NULL, false, SHAPE_INVALID, "\"offset\""},
    {"0_inf", "", false, SHAPE_INVALID, "\"handle\""},
    {"0_inf", "1-1", false, SHAPE_GONE, ""},
    {"99_0", "=", false, SHAPE_INVALID, "out of bounds"},
    {"nonsense", "=", false, SHAPE_INVALID, "out of bounds"},
    {"27304432_0", "=", false, SHAPE_INVALID, "out of bounds"}, /* state 4 */
};

START_TEST(electric_refuses_what_it_does_not_know)
{
    char handle[64];
    open_log(true);
    ask(1, "-1", NULL, false);
    header("electric-handle", handle, sizeof handle);
    const char *asked = refusals[_i].handle;
    if (asked && strcmp(asked, "=") == 0)
        asked = handle;
    ck_assert_int_eq(ask(1, refusals[_i].offset, asked, refusals[_i].live),
                     refusals[_i].outcome);
    ck_assert_ptr_nonnull(strstr(buf_str(&t.body), refusals[_i].complaint));
    close_log();
}
END_TEST

START_TEST(a_rotated_shape_starts_again_under_a_new_handle)
{
    char old[64];
    open_log(true);
    ask(1, "-1", NULL, false);
    header("electric-handle", old, sizeof old);
    shape_log_rotate(&t.log);
    ck_assert_int_eq(ask(2, "0_inf", old, true), SHAPE_GONE);
    ck_assert_int_eq(ask(2, "-1", t.log.handle, false), SHAPE_NEWS);
    ck_assert_str_eq(column(0, "status"), "EXECUTING");
    ck_assert_str_ne(t.log.handle, old);
    close_log();
}
END_TEST

START_TEST(events_are_one_message_each)
{
    struct buf out = buf_make(0);
    open_log(true);
    ask(0, "-1", NULL, false);
    shape_log_add_events(&t.log, 0, 2, ROW_ALL, &out);
    const char *p = buf_str(&out);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(strncmp(p, "data: {", 7), 0);
        p = strstr(p, "\n\n");
        ck_assert_ptr_nonnull(p);
        p += 2;
    }
    ck_assert_str_eq(p, "");
    ck_assert_ptr_nonnull(
        strstr(buf_str(&out), "\"global_last_seen_lsn\":\"27303408\""));
    buf_free(&out);
    close_log();
}
END_TEST

UNIT_MAIN("shape_log", tcase_add_test(tc, native_gives_all_at_once);
          tcase_add_test(tc, native_has_whole_rows_as_news_and_coalesces);
          tcase_add_test(tc, native_answers_a_catch_up_with_the_snapshot);
          tcase_add_test(
              tc, native_ends_a_hold_with_the_same_offset_and_a_new_cursor);
          tcase_add_test(tc, electric_gives_a_snapshot_then_catches_up);
          tcase_add_test(tc, electric_sends_only_the_key_and_what_changed);
          tcase_add_test(tc, electric_can_stop_a_chunk_before_it_is_up_to_date);
          tcase_add_test(tc, electric_moves_its_cursor_even_within_a_poll_time);
          tcase_add_loop_test(tc, electric_refuses_what_it_does_not_know, 0,
                              sizeof refusals / sizeof *refusals);
          tcase_add_test(tc, a_rotated_shape_starts_again_under_a_new_handle);
          tcase_add_test(tc, events_are_one_message_each))
