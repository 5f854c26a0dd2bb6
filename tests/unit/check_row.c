#include "config.h"

#include "wire/row.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const char *read_text(struct row *row, const char *value)
{
    size_t len = strlen(value);
    char *copy = malloc(len ? len : 1);
    memcpy(copy, value, len);
    const char *stop = row_read(row, copy, copy + len);
    const char *answer = stop ? value + (stop - copy) : NULL;
    free(copy);
    return answer;
}

static void assert_column(const struct row *row, enum column column,
                          const char *want)
{
    struct buf text = buf_make(0);
    ck_assert_int_eq(row_text(row, column, &text), want != NULL);
    ck_assert_str_eq(buf_str(&text), want ? want : "");
    buf_free(&text);
}

START_TEST(columns_are_merged)
{
    struct row *row = row_create("key", 3);
    ck_assert_uint_eq(row_key(row).len, 3);
    assert_column(row, COLUMN_STATUS, NULL);
    ck_assert_ptr_null(row_metadata(row).data);

    ck_assert_ptr_nonnull(read_text(
        row, "{\"status\":\"A\",\"error\":\"{\\\"x\\\":1}\",\"metadata\":\"{"
             "\\\"a\\\":1}\",\"ttl\":null}"));
    assert_column(row, COLUMN_STATUS, "A");
    assert_column(row, COLUMN_ERROR, "{\"x\":1}");
    assert_column(row, COLUMN_TTL, NULL);
    ck_assert(slice_is(row_metadata(row), "{\"a\":1}"));
    ck_assert_uint_eq(row_changed(row), 1u << COLUMN_STATUS |
                                            1u << COLUMN_ERROR |
                                            1u << COLUMN_METADATA);
    row_settle(row);
    ck_assert_uint_eq(row_changed(row), 0);

    ck_assert_ptr_nonnull(
        read_text(row, "{\"error\":null,\"ttl\":\"\",\"status\":\"A\"}"));
    assert_column(row, COLUMN_ERROR, NULL);
    assert_column(row, COLUMN_TTL, "");
    assert_column(row, COLUMN_STATUS, "A");
    ck_assert_uint_eq(row_changed(row), 1u << COLUMN_ERROR | 1u << COLUMN_TTL);
    row_destroy(row);
}
END_TEST

START_TEST(metadata_comes_and_goes)
{
    struct row *row = row_create("key", 3);
    read_text(row, "{\"metadata\":\"{}\"}");
    read_text(row, "{\"metadata\":null}");
    row_settle(row);
    ck_assert_ptr_null(row_metadata(row).data);
    read_text(row, "{\"metadata\":null}");
    ck_assert_uint_eq(row_changed(row), 0);
    read_text(row, "{\"metadata\":\"{}\"}");
    ck_assert_uint_eq(row_changed(row), 1u << COLUMN_METADATA);
    ck_assert(slice_is(row_metadata(row), "{}"));
    row_settle(row);
    read_text(row, "{\"metadata\":\"{}\"}");
    ck_assert_uint_eq(row_changed(row), 0);
    read_text(row, "{\"metadata\":\"\"}");
    ck_assert(slice_is(row_metadata(row), ""));
    row_destroy(row);
}
END_TEST

START_TEST(value_that_begins_like_the_old_one_is_read_whole)
{
    struct row *row = row_create("key", 3);
    read_text(row, "{\"output\":\"abc\"}");
    read_text(row, "{\"output\":\"abcd\"}");
    assert_column(row, COLUMN_OUTPUT, "abcd");
    read_text(row, "{\"output\":\"ab\"}");
    assert_column(row, COLUMN_OUTPUT, "ab");
    read_text(row, "{\"output\":\"ab\\\"\"}");
    assert_column(row, COLUMN_OUTPUT, "ab\"");
    read_text(row, "{\"output\":\"ab\\\\\"}");
    assert_column(row, COLUMN_OUTPUT, "ab\\");
    row_destroy(row);
}
END_TEST

static const char *const names[] = {
    "taskIdentifier", "createdAt",       "updatedAt",    "startedAt",
    "delayUntil",     "queuedAt",        "expiredAt",    "completedAt",
    "friendlyId",     "isTest",          "status",       "usageDurationMs",
    "costInCents",    "baseCostInCents", "ttl",          "payload",
    "payloadType",    "metadata",        "metadataType", "output",
    "outputType",     "runTags",         "error",        "realtimeStreams",
};

START_TEST(every_column_has_its_name_in_any_order)
{
    struct row *row = row_create("key", 3);
    struct buf value = buf_make(0);
    buf_addc(&value, '{');
    for (int i = COLUMN_COUNT - 1; i >= 0; i--)
        buf_addf(&value, "\"%s\":\"%s\",\"x%d\":\"\",", names[i], names[i], i);
    buf_adds(&value, "\"id\":\"c\"}");
    ck_assert_ptr_nonnull(read_text(row, buf_str(&value)));
    ck_assert_uint_eq(row_changed(row), (1u << COLUMN_COUNT) - 1);
    for (int i = 0; i < COLUMN_COUNT; i++)
        if (i != COLUMN_METADATA)
            assert_column(row, (enum column)i, names[i]);
    ck_assert(slice_is(row_metadata(row), "metadata"));
    buf_free(&value);
    row_destroy(row);
}
END_TEST

static const struct {
    const char *text;
    int len; /* of the object; 0: refused */
} objects[] = {
    {"{}x", 2},
    {"{ \"a\" : [1,{}] , \"status\" : \"x\" } ,", 33},
    {"", 0},
    {"[]", 0},
    {"{", 0},
    {"{\"status\"}", 0},
    {"{\"status\":}", 0},
    {"{\"status\":\"x\"", 0},
    {"{\"status\":\"x\",}", 0},
    {"{\"status\":\"x\" \"a\":1}", 0},
    {"{status:\"x\"}", 0},
    {"{\"metadata\":\"\\x\"}", 0},
};

START_TEST(end_of_the_object_is_found)
{
    struct row *row = row_create("key", 3);
    const char *text = objects[_i].text;
    const char *stop = read_text(row, text);
    if (objects[_i].len)
        ck_assert_ptr_eq(stop, text + objects[_i].len);
    else
        ck_assert_ptr_null(stop);
    row_destroy(row);
}
END_TEST

UNIT_MAIN("row", tcase_add_test(tc, columns_are_merged);
          tcase_add_test(tc, metadata_comes_and_goes);
          tcase_add_test(tc, value_that_begins_like_the_old_one_is_read_whole);
          tcase_add_test(tc, every_column_has_its_name_in_any_order);
          tcase_add_loop_test(tc, end_of_the_object_is_found, 0,
                              sizeof objects / sizeof *objects))
