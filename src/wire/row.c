#include "config.h"

#include "wire/row.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/retext.h"

static const char *const names[COLUMN_COUNT] = {
    [COLUMN_TASK] = "taskIdentifier",
    [COLUMN_CREATED] = "createdAt",
    [COLUMN_UPDATED] = "updatedAt",
    [COLUMN_STARTED] = "startedAt",
    [COLUMN_DELAYED] = "delayUntil",
    [COLUMN_QUEUED] = "queuedAt",
    [COLUMN_EXPIRED] = "expiredAt",
    [COLUMN_COMPLETED] = "completedAt",
    [COLUMN_ID] = "friendlyId",
    [COLUMN_TEST] = "isTest",
    [COLUMN_STATUS] = "status",
    [COLUMN_USAGE] = "usageDurationMs",
    [COLUMN_COST] = "costInCents",
    [COLUMN_BASE_COST] = "baseCostInCents",
    [COLUMN_TTL] = "ttl",
    [COLUMN_PAYLOAD] = "payload",
    [COLUMN_PAYLOAD_TYPE] = "payloadType",
    [COLUMN_METADATA] = "metadata",
    [COLUMN_METADATA_TYPE] = "metadataType",
    [COLUMN_OUTPUT] = "output",
    [COLUMN_OUTPUT_TYPE] = "outputType",
    [COLUMN_TAGS] = "runTags",
    [COLUMN_ERROR] = "error",
    [COLUMN_STREAMS] = "realtimeStreams",
};

struct cell_text {
    struct buf raw; /* still escaped, without quotes */
    bool present;   /* not null, and sent at least once */
};

struct row {
    char *key;
    size_t key_len;
    struct cell_text cells[COLUMN_COUNT]; /* all but the metadata */
    struct retext *metadata;
    bool has_metadata;
    uint32_t changed;
};

struct row *row_create(const char *key, size_t key_len)
{
    struct row *row = mem_zalloc(1, sizeof *row);
    row->key = mem_strndup(key, key_len);
    row->key_len = key_len;
    row->metadata = retext_create();
    return row;
}

void row_destroy(struct row *row)
{
    if (!row)
        return;
    for (int i = 0; i < COLUMN_COUNT; i++)
        buf_free(&row->cells[i].raw);
    retext_destroy(row->metadata);
    free(row->key);
    free(row);
}

struct slice row_key(const struct row *row)
{
    return (struct slice){row->key, row->key_len};
}

uint32_t row_changed(const struct row *row)
{
    return row->changed;
}

void row_settle(struct row *row)
{
    row->changed = 0;
}

static void mark_changed(struct row *row, enum column column)
{
    row->changed |= UINT32_C(1) << column;
}

/* `guess` is tried first: servers send the columns in the same order. */
static enum column find_column(struct slice name, int guess)
{
    for (int i = 0; i < COLUMN_COUNT; i++) {
        int at = (guess + i) % COLUMN_COUNT;
        if (slice_is(name, names[at]))
            return (enum column)at;
    }
    return COLUMN_COUNT;
}

/* p behind the opening quote. */
static const char *read_text(struct row *row, enum column column, const char *p,
                             const char *end)
{
    struct cell_text *cell = &row->cells[column];
    size_t len = cell->raw.len;
    bool same = cell->present && (size_t)(end - p) > len &&
                memcmp(buf_str(&cell->raw), p, len) == 0 && p[len] == '"';
    if (same)
        return p + len + 1;
    const char *quote = json_string_end(p, end);
    if (!quote)
        return NULL;
    buf_clear(&cell->raw);
    buf_add(&cell->raw, p, (size_t)(quote - p));
    cell->present = true;
    mark_changed(row, column);
    return quote + 1;
}

static const char *read_metadata(struct row *row, const char *p,
                                 const char *end)
{
    bool changed;
    const char *quote = retext_read(row->metadata, p, end, &changed);
    if (!quote)
        return NULL;
    if (changed || !row->has_metadata)
        mark_changed(row, COLUMN_METADATA);
    row->has_metadata = true;
    return quote + 1;
}

static void set_null(struct row *row, enum column column)
{
    bool *present = column == COLUMN_METADATA ? &row->has_metadata
                                              : &row->cells[column].present;
    if (*present)
        mark_changed(row, column);
    *present = false;
}

/* Values are strings or null; one of another kind is kept as its text. */
static const char *read_value(struct row *row, enum column column,
                              const char *p, const char *end)
{
    if (p < end && *p == '"' && column == COLUMN_METADATA)
        return read_metadata(row, p + 1, end);
    if (p < end && *p == '"' && column != COLUMN_COUNT)
        return read_text(row, column, p + 1, end);
    const char *stop = json_value_end(p, end);
    if (!stop || column == COLUMN_COUNT)
        return stop;
    if (slice_is((struct slice){p, (size_t)(stop - p)}, "null") ||
        column == COLUMN_METADATA) {
        set_null(row, column);
        return stop;
    }
    struct cell_text *cell = &row->cells[column];
    buf_clear(&cell->raw);
    buf_add(&cell->raw, p, (size_t)(stop - p));
    cell->present = true;
    mark_changed(row, column);
    return stop;
}

static const char *read_member(struct row *row, int *guess, const char *p,
                               const char *end)
{
    struct slice name;
    const char *value = json_member(p, end, &name);
    if (!value)
        return NULL;
    enum column column = find_column(name, *guess);
    if (column != COLUMN_COUNT)
        *guess = (int)column + 1;
    return read_value(row, column, value, end);
}

const char *row_read(struct row *row, const char *p, const char *end)
{
    int guess = 0;
    if (p >= end || *p != '{')
        return NULL;
    p = json_skip_space(p + 1, end);
    while (p && p < end && *p != '}') {
        p = read_member(row, &guess, p, end);
        p = p ? json_next_item(p, end, '}') : NULL;
    }
    return p && p < end ? p + 1 : NULL;
}

bool row_text(const struct row *row, enum column column, struct buf *out)
{
    const struct cell_text *cell = &row->cells[column];
    if (!cell->present)
        return false;
    json_unescape(out, buf_str(&cell->raw), cell->raw.len);
    return true;
}

struct slice row_metadata(const struct row *row)
{
    return row->has_metadata ? retext_plain(row->metadata) : (struct slice){0};
}
