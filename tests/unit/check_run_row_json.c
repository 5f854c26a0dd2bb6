#include "config.h"

#include "unit.h"

#include <string.h>

#include <jansson.h>

#include "base/instant.h"
#include "sim/js_json.h"
#include "sim/run_row_json.h"

#define MORNING_MS 1795176000000 /* 2026-11-20T12:00:00Z */

static struct run_row plain_row(void)
{
    return (struct run_row){
        .id = "c1",
        .friendly_id = "run_c1",
        .task = "t",
        .created_ms = MORNING_MS,
        .updated_ms = MORNING_MS + 250,
        .started_ms = INSTANT_NONE,
        .delay_until_ms = INSTANT_NONE,
        .queued_ms = MORNING_MS,
        .expired_ms = INSTANT_NONE,
        .completed_ms = INSTANT_NONE,
        .status = "EXECUTING",
        .metadata = "{\"a\":1}",
        .metadata_type = "application/json",
        .output_type = "application/json",
    };
}

static const struct {
    double number;
    const char *text;
} numbers[] = {
    {0, "0"},
    {-0.0, "0"},
    {1, "1"},
    {-12.5, "-12.5"},
    {0.03, "0.03"},
    {0.1 + 0.2, "0.30000000000000004"},
    {1785542400005.5, "1785542400005.5"},
    {1e20, "100000000000000000000"},
    {1e21, "1e+21"},
    {1.5e300, "1.5e+300"},
    {0.000001, "0.000001"},
    {1e-7, "1e-7"},
    {-2.5e-9, "-2.5e-9"},
};

START_TEST(numbers_are_spelled_as_in_javascript)
{
    struct buf out = buf_make(0);
    js_add_number(&out, numbers[_i].number);
    ck_assert_str_eq(buf_str(&out), numbers[_i].text);
    buf_free(&out);
}
END_TEST

START_TEST(strings_get_only_the_escapes_they_need)
{
    static const char text[] = "a\"b\\c/\b\f\n\r\t\x01\x1b\x7f é 日 \0z";
    struct buf out = buf_make(0);
    js_add_string(&out, text, sizeof text - 1);
    ck_assert_str_eq(buf_str(&out),
                     "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001b\x7f é 日 "
                     "\\u0000z\"");
    buf_free(&out);
}
END_TEST

/* A column of one row in the three spellings; NULL is null. */
static const struct {
    enum run_row_column column;
    const char *native, *snapshot, *change;
} spellings[] = {
    {ROW_ID, "c1", "c1", "c1"},
    {ROW_CREATED, "2026-11-20T12:00:00.000", "2026-11-20 12:00:00",
     "2026-11-20 12:00:00"},
    {ROW_UPDATED, "2026-11-20T12:00:00.250", "2026-11-20 12:00:00.25",
     "2026-11-20 12:00:00.25"},
    {ROW_STARTED, NULL, NULL, NULL},
    {ROW_IS_TEST, "t", "true", "t"},
    {ROW_NUMBER, "7", "7", "7"},
    {ROW_COST, "1e-7", "1e-07", "1e-07"},
    {ROW_TTL, NULL, NULL, NULL},
    {ROW_TAGS,
     "{\"a\",\"b c\",\"x,y\",\"q\\\"q\",\"b\\\\s\",\"{}\",\"NULL\",\"\"}",
     "{a,\"b c\",\"x,y\",\"q\\\"q\",\"b\\\\s\",\"{}\",\"NULL\",\"\"}",
     "{a,\"b c\",\"x,y\",\"q\\\"q\",\"b\\\\s\",\"{}\",\"NULL\",\"\"}"},
    {ROW_STREAMS, "{}", "{}", "{}"},
    {ROW_ERROR, "{\"type\":\"STRING_ERROR\",\"raw\":\"no\"}",
     "{\"raw\": \"no\", \"type\": \"STRING_ERROR\"}",
     "{\"raw\": \"no\", \"type\": \"STRING_ERROR\"}"},
};

START_TEST(each_back_end_has_its_spelling)
{
    static const char *const tags[] = {"a",    "b c", "x,y",  "q\"q",
                                       "b\\s", "{}",  "NULL", ""};
    struct run_row row = plain_row();
    row.test = true;
    row.number = 7;
    row.cost_cents = 1e-7;
    row.tags = tags;
    row.tag_count = 8;
    row.error = "{\"type\":\"STRING_ERROR\",\"raw\":\"no\"}";
    const char *want[] = {spellings[_i].native, spellings[_i].snapshot,
                          spellings[_i].change};
    for (int how = ROW_NATIVE; how <= ROW_ELECTRIC_CHANGE; how++) {
        struct buf out = buf_make(0);
        bool set = run_row_text(&row, spellings[_i].column,
                                (enum run_row_spelling)how, &out);
        ck_assert_int_eq(set, want[how] != NULL);
        if (want[how])
            ck_assert_str_eq(buf_str(&out), want[how]);
        buf_free(&out);
    }
}
END_TEST

START_TEST(no_tags_are_null_or_an_empty_literal)
{
    struct run_row row = plain_row();
    struct buf out = buf_make(0);
    ck_assert(!run_row_text(&row, ROW_TAGS, ROW_NATIVE, &out));
    ck_assert(run_row_text(&row, ROW_TAGS, ROW_ELECTRIC_CHANGE, &out));
    ck_assert_str_eq(buf_str(&out), "{}");
    buf_free(&out);
}
END_TEST

START_TEST(every_value_is_a_text_or_null)
{
    struct run_row row = plain_row();
    struct buf out = buf_make(0);
    run_row_add_value(&out, &row, ROW_ALL, ROW_NATIVE);
    json_t *value = json_loads(buf_str(&out), 0, NULL);
    ck_assert_uint_eq(json_object_size(value), ROW_COLUMN_COUNT);
    int column = 0;
    const char *name;
    json_t *member;
    json_object_foreach(value, name, member)
    {
        ck_assert_str_eq(name,
                         run_row_column_name((enum run_row_column)column++));
        ck_assert(json_is_string(member) || json_is_null(member));
    }
    ck_assert_str_eq(json_string_value(json_object_get(value, "metadata")),
                     "{\"a\":1}");
    json_decref(value);
    buf_free(&out);
}
END_TEST

START_TEST(only_what_changed_differs)
{
    struct run_row row = plain_row();
    struct run_row_copy before = {0};
    run_row_copy_take(&before, &row);
    ck_assert_uint_eq(run_row_changes(&before, &row), 0);
    row.status = "WAITING_TO_RESUME";
    row.started_ms = MORNING_MS;
    row.metadata = NULL;
    ck_assert_uint_eq(run_row_changes(&before, &row), 1u << ROW_STATUS |
                                                          1u << ROW_STARTED |
                                                          1u << ROW_METADATA);
    run_row_copy_free(&before);
}
END_TEST

static const struct {
    const char *skip;
    run_row_set skipped;
} skips[] = {
    {NULL, 0},
    {"", 0},
    {"payload", 1u << ROW_PAYLOAD},
    {"payload, output ,nonsense", 1u << ROW_PAYLOAD | 1u << ROW_OUTPUT},
    {"id,status,createdAt,friendlyId,taskIdentifier,error", 1u << ROW_ERROR},
    {"payloadType,,", 1u << ROW_PAYLOAD_TYPE},
};

START_TEST(columns_can_be_skipped_but_for_the_reserved_ones)
{
    ck_assert_uint_eq(run_row_set_without(skips[_i].skip),
                      ROW_ALL & ~skips[_i].skipped);
}
END_TEST

UNIT_MAIN("run_row_json",
          tcase_add_loop_test(tc, numbers_are_spelled_as_in_javascript, 0,
                              sizeof numbers / sizeof *numbers);
          tcase_add_test(tc, strings_get_only_the_escapes_they_need);
          tcase_add_loop_test(tc, each_back_end_has_its_spelling, 0,
                              sizeof spellings / sizeof *spellings);
          tcase_add_test(tc, no_tags_are_null_or_an_empty_literal);
          tcase_add_test(tc, every_value_is_a_text_or_null);
          tcase_add_test(tc, only_what_changed_differs);
          tcase_add_loop_test(tc,
                              columns_can_be_skipped_but_for_the_reserved_ones,
                              0, sizeof skips / sizeof *skips))
