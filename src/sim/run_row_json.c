#include "config.h"

#include "sim/run_row_json.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "base/instant.h"
#include "base/mem.h"
#include "sim/js_json.h"

static const struct {
    const char *name, *native, *electric;
} columns[] = {
#define ROW_COLUMN_ENTRY(id, name, native, electric) {name, native, electric},
    ROW_COLUMNS(ROW_COLUMN_ENTRY)
#undef ROW_COLUMN_ENTRY
};

static const run_row_set reserved =
    (run_row_set)1 << ROW_ID | (run_row_set)1 << ROW_TASK |
    (run_row_set)1 << ROW_FRIENDLY_ID | (run_row_set)1 << ROW_STATUS |
    (run_row_set)1 << ROW_CREATED;

const char *run_row_column_name(enum run_row_column column)
{
    return columns[column].name;
}

/* Native keeps the three digits; Postgres prints none that are not needed. */
static bool add_instant(struct buf *out, int64_t instant_ms, bool native)
{
    if (instant_ms == INSTANT_NONE)
        return false;
    char text[INSTANT_TEXT_SIZE];
    instant_format_utc(instant_ms, text);
    size_t len = strlen(text);
    if (len > 0)
        len--; /* Z */
    if (!native) {
        text[10] = ' ';
        while (len > 0 && text[len - 1] == '0' && len > 20)
            len--;
        if (len == 20)
            len--; /* the point, when no digit is left */
    }
    return buf_add(out, text, len);
}

/* Postgres leaves the quotes out where the element reads back the same. */
static bool needs_quotes(const char *element)
{
    return *element == '\0' || strpbrk(element, "{},\"\\ \t\n\r\v\f") ||
           strcasecmp(element, "NULL") == 0;
}

static void add_element(struct buf *out, const char *element, bool quote)
{
    if (!quote) {
        buf_adds(out, element);
        return;
    }
    buf_addc(out, '"');
    for (; *element; element++) {
        if (*element == '"' || *element == '\\')
            buf_addc(out, '\\');
        buf_addc(out, *element);
    }
    buf_addc(out, '"');
}

static bool add_array(struct buf *out, const char *const *items, size_t count,
                      bool native)
{
    buf_addc(out, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_addc(out, ',');
        add_element(out, items[i], native || needs_quotes(items[i]));
    }
    return buf_addc(out, '}');
}

static bool add_error(struct buf *out, const char *error, bool native)
{
    if (!error)
        return false;
    json_t *value = native ? NULL : json_loads(error, JSON_DECODE_ANY, NULL);
    if (value)
        js_add_jsonb(out, value);
    else
        buf_adds(out, error);
    json_decref(value);
    return true;
}

/* JavaScript writes 1e-7, Postgres 1e-07. */
static bool add_number(struct buf *out, double number, bool native)
{
    size_t start = out->len;
    js_add_number(out, number);
    if (native)
        return true;
    const char *exponent = strchr(buf_str(out) + start, 'e');
    if (exponent && strlen(exponent) == 3) {
        char digit = exponent[2];
        buf_truncate(out, out->len - 1);
        buf_addf(out, "0%c", digit);
    }
    return true;
}

static bool add_text(struct buf *out, const char *text)
{
    return text && buf_adds(out, text);
}

static bool add_bool(struct buf *out, bool value,
                     enum run_row_spelling spelling)
{
    if (spelling == ROW_ELECTRIC_SNAPSHOT)
        return buf_adds(out, value ? "true" : "false");
    return buf_adds(out, value ? "t" : "f");
}

static int64_t moment_of(const struct run_row *row, enum run_row_column column)
{
    const int64_t moments[] = {
        row->created_ms, row->updated_ms, row->started_ms,  row->delay_until_ms,
        row->queued_ms,  row->expired_ms, row->completed_ms};
    return moments[column - ROW_CREATED];
}

bool run_row_text(const struct run_row *row, enum run_row_column column,
                  enum run_row_spelling spelling, struct buf *out)
{
    bool native = spelling == ROW_NATIVE;
    switch (column) {
    case ROW_ID:
        return add_text(out, row->id);
    case ROW_TASK:
        return add_text(out, row->task);
    case ROW_CREATED:
    case ROW_UPDATED:
    case ROW_STARTED:
    case ROW_DELAY_UNTIL:
    case ROW_QUEUED:
    case ROW_EXPIRED:
    case ROW_COMPLETED:
        return add_instant(out, moment_of(row, column), native);
    case ROW_FRIENDLY_ID:
        return add_text(out, row->friendly_id);
    case ROW_NUMBER:
        return buf_addf(out, "%d", row->number);
    case ROW_IS_TEST:
        return add_bool(out, row->test, spelling);
    case ROW_STATUS:
        return add_text(out, row->status);
    case ROW_USAGE:
        return buf_addf(out, "%lld", (long long)row->usage_ms);
    case ROW_COST:
        return add_number(out, row->cost_cents, native);
    case ROW_BASE_COST:
        return add_number(out, row->base_cost_cents, native);
    case ROW_TTL:
        return add_text(out, row->ttl);
    case ROW_PAYLOAD:
        return add_text(out, row->payload);
    case ROW_PAYLOAD_TYPE:
        return add_text(out, row->payload_type);
    case ROW_METADATA:
        return add_text(out, row->metadata);
    case ROW_METADATA_TYPE:
        return add_text(out, row->metadata_type);
    case ROW_OUTPUT:
        return add_text(out, row->output);
    case ROW_OUTPUT_TYPE:
        return add_text(out, row->output_type);
    case ROW_TAGS:
        return (row->tag_count > 0 || !native) &&
               add_array(out, row->tags, row->tag_count, native);
    case ROW_ERROR:
        return add_error(out, row->error, native);
    case ROW_STREAMS:
        return add_array(out, row->streams, row->stream_count, native);
    case ROW_COLUMN_COUNT:
        break;
    }
    return false;
}

void run_row_add_value(struct buf *out, const struct run_row *row,
                       run_row_set wanted, enum run_row_spelling spelling)
{
    struct buf text = buf_make(0);
    char before = '{';
    for (int i = 0; i < ROW_COLUMN_COUNT; i++) {
        if (!(wanted & (run_row_set)1 << i))
            continue;
        buf_clear(&text);
        buf_addf(out, "%c\"%s\":", before, columns[i].name);
        if (run_row_text(row, (enum run_row_column)i, spelling, &text))
            js_add_string(out, buf_str(&text), text.len);
        else
            buf_adds(out, "null");
        before = ',';
    }
    buf_adds(out, before == '{' ? "{}" : "}");
    buf_free(&text);
}

void run_row_copy_free(struct run_row_copy *copy)
{
    for (int i = 0; i < ROW_COLUMN_COUNT; i++)
        free(copy->text[i]);
    *copy = (struct run_row_copy){0};
}

void run_row_copy_take(struct run_row_copy *copy, const struct run_row *row)
{
    run_row_copy_free(copy);
    for (int i = 0; i < ROW_COLUMN_COUNT; i++) {
        struct buf text = buf_make(0);
        if (run_row_text(row, (enum run_row_column)i, ROW_NATIVE, &text))
            copy->text[i] = mem_strdup(buf_str(&text));
        buf_free(&text);
    }
}

run_row_set run_row_changes(const struct run_row_copy *before,
                            const struct run_row *after)
{
    run_row_set changed = 0;
    struct buf text = buf_make(0);
    for (int i = 0; i < ROW_COLUMN_COUNT; i++) {
        buf_clear(&text);
        bool set =
            run_row_text(after, (enum run_row_column)i, ROW_NATIVE, &text);
        const char *old = before->text[i];
        if (set != (old != NULL) || (set && strcmp(old, buf_str(&text)) != 0))
            changed |= (run_row_set)1 << i;
    }
    buf_free(&text);
    return changed;
}

static bool name_is(const char *text, size_t len, const char *name)
{
    while (len > 0 && *text == ' ') {
        text++;
        len--;
    }
    while (len > 0 && text[len - 1] == ' ')
        len--;
    return strlen(name) == len && memcmp(text, name, len) == 0;
}

run_row_set run_row_set_without(const char *skip_columns)
{
    run_row_set left = ROW_ALL;
    while (skip_columns && *skip_columns) {
        size_t len = strcspn(skip_columns, ",");
        for (int i = 0; i < ROW_COLUMN_COUNT; i++)
            if (name_is(skip_columns, len, columns[i].name))
                left &= ~((run_row_set)1 << i);
        skip_columns += len;
        if (*skip_columns == ',')
            skip_columns++;
    }
    return left | reserved;
}

void run_row_add_schema(struct buf *out, run_row_set wanted,
                        enum run_row_spelling spelling)
{
    char before = '{';
    for (int i = 0; i < ROW_COLUMN_COUNT; i++) {
        if (!(wanted & (run_row_set)1 << i))
            continue;
        buf_addf(out, "%c\"%s\":{%s}", before, columns[i].name,
                 spelling == ROW_NATIVE ? columns[i].native
                                        : columns[i].electric);
        before = ',';
    }
    buf_addc(out, '}');
}

void run_row_add_key(struct buf *out, const struct run_row *row)
{
    struct buf key = buf_make(0);
    buf_addf(&key, "\"public\".\"TaskRun\"/\"%s\"", row->id);
    js_add_string(out, buf_str(&key), key.len);
    buf_free(&key);
}
