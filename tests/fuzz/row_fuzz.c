/* A row of the run feed, one change a line: its columns are those of the
 * objects, merged. */
#include "config.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"
#include "wire/json_valid.h"
#include "wire/pgarray.h"
#include "wire/row.h"
#include "wire/stream_keys.h"

#include "fuzz.h"

/* Columns whose text is kept as it is, by name. */
static const struct {
    enum column column;
    const char *name;
} known[] = {
    {COLUMN_ID, "friendlyId"},   {COLUMN_STATUS, "status"},
    {COLUMN_ERROR, "error"},     {COLUMN_OUTPUT, "output"},
    {COLUMN_PAYLOAD, "payload"},
};

static void check_columns(const struct row *row, json_t *want)
{
    struct buf text = buf_make(0);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        json_t *value = json_object_get(want, known[i].name);
        if (value && !json_is_string(value) && !json_is_null(value))
            continue;
        buf_clear(&text);
        bool there = row_text(row, known[i].column, &text);
        FUZZ_CHECK(there == json_is_string(value));
        struct slice wanted = {json_string_value(value),
                               json_string_length(value)};
        if (there)
            FUZZ_CHECK(fuzz_same(fuzz_slice(&text), wanted));
    }
    buf_free(&text);
}

static void check_metadata(const struct row *row, json_t *want)
{
    json_t *value = json_object_get(want, "metadata");
    struct slice text = row_metadata(row);
    struct slice wanted = {json_string_value(value), json_string_length(value)};
    FUZZ_CHECK((text.data != NULL) == json_is_string(value));
    if (text.data)
        FUZZ_CHECK(fuzz_same(text, wanted));
}

static void check_texts(const struct row *row)
{
    struct buf text = buf_make(0);
    for (int column = 0; column < COLUMN_COUNT; column++) {
        buf_clear(&text);
        row_text(row, (enum column)column, &text);
        FUZZ_CHECK(utf8_valid(buf_str(&text), text.len));
    }
    buf_free(&text);
}

/* The array literal of the streams column, and any text as one. */
static void check_array(struct slice input)
{
    char **items;
    size_t count;
    if (!pgarray_parse(input.data, input.len, &items, &count))
        return;
    struct buf again = buf_make(0);
    buf_addc(&again, '{');
    for (size_t i = 0; i < count; i++) {
        buf_adds(&again, i ? ",\"" : "\"");
        for (const char *p = items[i]; *p; p++) {
            if (*p == '"' || *p == '\\')
                buf_addc(&again, '\\');
            buf_addc(&again, *p);
        }
        buf_addc(&again, '"');
    }
    buf_addc(&again, '}');
    char **second;
    size_t second_count;
    FUZZ_CHECK(pgarray_parse(again.data, again.len, &second, &second_count));
    FUZZ_CHECK(second_count == count);
    for (size_t i = 0; i < count; i++)
        FUZZ_CHECK(strcmp(items[i], second[i]) == 0);
    pgarray_free(items, count);
    pgarray_free(second, second_count);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {(const char *)data, size}, rest = input, line;
    struct row *row = row_create("k", 1);
    json_t *merged = json_object();
    bool known_state = true;
    while (fuzz_line(&rest, &line)) {
        char *copy = fuzz_copy(line.data, line.len);
        json_t *change = json_loadb(
            copy, line.len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
        if (line.len && *copy == '{')
            row_read(row, copy, copy + line.len);
        if (json_is_object(change) && *copy == '{')
            json_object_update(merged, change);
        else if (line.len && *copy == '{')
            known_state = false; /* columns up to where it breaks count */
        check_texts(row);
        if (known_state) {
            check_columns(row, merged);
            check_metadata(row, merged);
        }
        struct stream_keys keys = {0};
        stream_keys_read(&keys, (struct slice){copy, line.len}, NULL);
        stream_keys_free(&keys);
        json_decref(change);
        free(copy);
    }
    json_decref(merged);
    row_destroy(row);
    check_array(input);
    return 0;
}
