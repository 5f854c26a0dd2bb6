/* Native: an offset is "<updatedAt ms>_<number of the answer>", so the state a
 * client has seen is found from the moment in it; every answer carries the
 * whole row. Electric: an offset is "<log position>_<operation>"; each state
 * after the snapshot is one transaction whose position grows with the state's
 * number. */
#include "config.h"

#include "sim/shape_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LSN 27302384u
#define LSN_STEP  512u
#define FIRST_TX  9912u

/* 2024-10-09T00:00:00Z: where Electric's cursor counts from; it moves once in
 * a poll time. */
#define CURSOR_EPOCH_S 1728432000
#define CURSOR_STEP_S  20

static const char up_to_date[] = "{\"headers\":{\"control\":\"up-to-date\"}}";

static uint64_t lsn_of(size_t state)
{
    return FIRST_LSN + (uint64_t)state * LSN_STEP;
}

static void name_handle(struct shape_log *log)
{
    if (log->electric) {
        snprintf(log->handle, sizeof log->handle, "%d-%lld",
                 17000000 + log->generation * 37,
                 (long long)log->start_ms * 1000 + log->generation);
        return;
    }
    int len = snprintf(log->handle, sizeof log->handle, "run-%s",
                       script_row(log->script, 0, log->start_ms)->id);
    /* The real back end has one handle a run; a rotated one needs another. */
    if (log->generation > 0)
        snprintf(log->handle + len, sizeof log->handle - (size_t)len, "-%d",
                 log->generation);
}

void shape_log_init(struct shape_log *log, struct script *script, bool electric,
                    int64_t start_ms)
{
    *log = (struct shape_log){
        .script = script, .electric = electric, .start_ms = start_ms};
    name_handle(log);
}

void shape_log_rotate(struct shape_log *log)
{
    log->generation++;
    log->has_snapshot = false;
    name_handle(log);
}

/* Positions. */

static bool native_position(const struct shape_log *log, const char *offset,
                            size_t *state)
{
    char *end;
    long long updated_ms = strtoll(offset, &end, 10);
    if (end == offset || *end != '_')
        return false;
    *state = script_state_of(log->script, updated_ms - log->start_ms);
    return *state < script_count(log->script);
}

static bool electric_position(const struct shape_log *log, const char *offset,
                              size_t *state)
{
    if (strcmp(offset, "0_inf") == 0 || strcmp(offset, "0_0") == 0) {
        *state = log->snapshot;
        return log->has_snapshot;
    }
    char *end;
    unsigned long long lsn = strtoull(offset, &end, 10);
    if (end == offset || *end != '_' || lsn < FIRST_LSN ||
        (lsn - FIRST_LSN) % LSN_STEP != 0)
        return false;
    *state = (size_t)((lsn - FIRST_LSN) / LSN_STEP);
    return *state < script_count(log->script);
}

bool shape_log_position(const struct shape_log *log, const char *offset,
                        size_t *state)
{
    if (!offset)
        return false;
    return log->electric ? electric_position(log, offset, state)
                         : native_position(log, offset, state);
}

/* The native back end. */

void shape_log_add_native(struct buf *body, const struct run_row *row,
                          run_row_set columns, const char *operation)
{
    buf_adds(body, "[{\"key\":");
    run_row_add_key(body, row);
    buf_adds(body, ",\"value\":");
    run_row_add_value(body, row, columns, ROW_NATIVE);
    buf_addf(body, ",\"headers\":{\"operation\":\"%s\"}},%s]", operation,
             up_to_date);
}

static void add_schema(struct fields *headers, run_row_set columns,
                       bool electric)
{
    struct buf schema = buf_make(0);
    run_row_add_schema(&schema, columns,
                       electric ? ROW_ELECTRIC_SNAPSHOT : ROW_NATIVE);
    fields_add(headers, "electric-schema", buf_str(&schema));
    buf_free(&schema);
}

/* In the order the back end sends them: by name. */
static void add_native_headers(struct shape_log *log,
                               const struct shape_request *request,
                               const char *offset, struct fields *headers)
{
    fields_add(headers, "access-control-allow-origin", "*");
    fields_add(headers, "access-control-expose-headers", "*");
    fields_add(headers, "cache-control", "no-store");
    fields_add(headers, "content-type", "application/json; charset=utf-8");
    if (request->live)
        fields_addf(headers, "electric-cursor", "%" PRIu64, log->seq);
    fields_add(headers, "electric-handle", log->handle);
    fields_add(headers, "electric-offset", offset);
    if (!request->live)
        add_schema(headers, request->columns, false);
}

static enum shape_outcome answer_native(struct shape_log *log, size_t state,
                                        const struct shape_request *request,
                                        struct buf *body,
                                        struct fields *headers)
{
    size_t seen;
    if (request->live && shape_log_position(log, request->offset, &seen) &&
        seen == state)
        return SHAPE_NOTHING;
    const struct run_row *row = script_row(log->script, state, log->start_ms);
    shape_log_add_native(body, row, request->columns,
                         request->live ? "update" : "insert");
    log->seq++;
    char offset[48];
    snprintf(offset, sizeof offset, "%lld_%" PRIu64, (long long)row->updated_ms,
             log->seq);
    add_native_headers(log, request, offset, headers);
    return SHAPE_NEWS;
}

/* The electric back end. */

/* Counts up to the next multiple of the poll time; a client that would get the
 * number it just sent gets another one, so that no cache answers it. */
static void add_cursor(const struct shape_log *log,
                       const struct shape_request *request,
                       struct fields *headers)
{
    int64_t since_s = request->now_ms / 1000 - CURSOR_EPOCH_S;
    int64_t cursor =
        (since_s + CURSOR_STEP_S - 1) / CURSOR_STEP_S * CURSOR_STEP_S;
    if (request->cursor && strtoll(request->cursor, NULL, 10) == cursor)
        cursor += 1 + (int64_t)(log->start_ms + request->now_ms) % 3600;
    fields_addf(headers, "electric-cursor", "%" PRId64, cursor);
}

static void add_electric_headers(struct shape_log *log,
                                 const struct shape_request *request,
                                 const char *offset, const char *cache,
                                 struct fields *headers)
{
    fields_add(headers, "access-control-allow-origin", "*");
    fields_add(headers, "access-control-expose-headers", "*");
    fields_add(headers, "cache-control", cache);
    fields_add(headers, "content-type", "application/json; charset=utf-8");
    if (request->live)
        add_cursor(log, request, headers);
    fields_add(headers, "electric-handle", log->handle);
    fields_add(headers, "electric-offset", offset);
    if (!request->live)
        add_schema(headers, request->columns, true);
    fields_addf(headers, "etag", "\"%s:%s:%s\"", log->handle,
                request->offset ? request->offset : "-1", offset);
}

static void add_snapshot(struct shape_log *log, size_t state,
                         const struct shape_request *request, struct buf *body,
                         struct fields *headers)
{
    if (!log->has_snapshot)
        log->snapshot = state;
    log->has_snapshot = true;
    const struct run_row *row =
        script_row(log->script, log->snapshot, log->start_ms);
    buf_adds(body, "[{\"key\":");
    run_row_add_key(body, row);
    buf_adds(body, ",\"value\":");
    run_row_add_value(body, row, request->columns, ROW_ELECTRIC_SNAPSHOT);
    buf_adds(body, ",\"headers\":{\"operation\":\"insert\",\"relation\":"
                   "[\"public\",\"TaskRun\"]}}]");
    add_electric_headers(log, request, "0_inf",
                         "public, max-age=604800, s-maxage=3600, "
                         "stale-while-revalidate=2629746",
                         headers);
    fields_add(headers, "electric-has-data", "true");
}

/* The message of one state: the key and what changed. False when none of the
 * wanted columns did. */
static bool add_change(struct shape_log *log, size_t state, run_row_set columns,
                       struct run_row_copy *before, struct buf *out)
{
    const struct run_row *row = script_row(log->script, state, log->start_ms);
    run_row_set changed = run_row_changes(before, row) & columns;
    run_row_copy_take(before, row);
    if (changed == 0)
        return false;
    buf_adds(out, "{\"key\":");
    run_row_add_key(out, row);
    buf_adds(out, ",\"value\":");
    run_row_add_value(out, row, changed | (run_row_set)1 << ROW_ID,
                      ROW_ELECTRIC_CHANGE);
    buf_addf(out,
             ",\"headers\":{\"operation\":\"update\",\"relation\":[\"public\","
             "\"TaskRun\"],\"lsn\":\"%" PRIu64
             "\",\"op_position\":0,\"txids\":[%zu],\"last\":true}}",
             lsn_of(state), FIRST_TX + state);
    return true;
}

static void add_up_to_date(size_t state, struct buf *out)
{
    buf_addf(out,
             "{\"headers\":{\"control\":\"up-to-date\","
             "\"global_last_seen_lsn\":\"%" PRIu64 "\"}}",
             lsn_of(state));
}

/* Messages of the states after `from`, with `separator` after each, until
 * `to` or the most an answer may hold. Returns the last state covered. */
static size_t add_changes(struct shape_log *log, size_t from, size_t to,
                          run_row_set columns, struct buf *out)
{
    struct run_row_copy before = {0};
    run_row_copy_take(&before, script_row(log->script, from, log->start_ms));
    size_t messages = 0;
    size_t state = from;
    while (state < to &&
           (log->chunk_messages == 0 || messages < log->chunk_messages)) {
        if (add_change(log, ++state, columns, &before, out)) {
            buf_addc(out, ',');
            messages++;
        }
    }
    run_row_copy_free(&before);
    return state;
}

static void add_log(struct shape_log *log, size_t from, size_t to,
                    const struct shape_request *request, struct buf *body,
                    struct fields *headers)
{
    buf_addc(body, '[');
    size_t last = add_changes(log, from, to, request->columns, body);
    bool current = last == to;
    if (current)
        add_up_to_date(last, body);
    else
        buf_truncate(body, body->len - 1);
    buf_addc(body, ']');
    char offset[48];
    if (last == from)
        snprintf(offset, sizeof offset, "%s", request->offset);
    else
        snprintf(offset, sizeof offset, "%" PRIu64 "_0", lsn_of(last));
    add_electric_headers(log, request, offset,
                         request->live
                             ? "public, max-age=5, stale-while-revalidate=5"
                             : "public, max-age=60, stale-while-revalidate=300",
                         headers);
    fields_add(headers, "electric-has-data", last > from ? "true" : "false");
    if (current)
        fields_add(headers, "electric-up-to-date", "");
}

static enum shape_outcome invalid(struct buf *body, const char *parameter,
                                  const char *complaint)
{
    buf_addf(body,
             "{\"message\":\"Invalid request\",\"errors\":{\"%s\":[\"%s\"]}}",
             parameter, complaint);
    return SHAPE_INVALID;
}

static enum shape_outcome answer_electric(struct shape_log *log, size_t state,
                                          const struct shape_request *request,
                                          struct buf *body,
                                          struct fields *headers)
{
    const char *offset = request->offset;
    if (!offset)
        return invalid(body, "offset", "can't be blank");
    if (strcmp(offset, "-1") == 0) {
        if (request->live)
            return invalid(body, "live", "can't be true when offset == -1");
        add_snapshot(log, state, request, body, headers);
        return SHAPE_NEWS;
    }
    if (!request->handle || !*request->handle)
        return invalid(body, "handle", "can't be blank when offset != -1");
    if (strcmp(request->handle, log->handle) != 0)
        return SHAPE_GONE;
    size_t seen;
    if (!shape_log_position(log, offset, &seen) || seen > state)
        return invalid(body, "offset", "out of bounds for this shape");
    if (request->live && seen == state)
        return SHAPE_NOTHING;
    add_log(log, seen, state, request, body, headers);
    return SHAPE_NEWS;
}

enum shape_outcome shape_log_answer(struct shape_log *log, size_t state,
                                    const struct shape_request *request,
                                    struct buf *body, struct fields *headers)
{
    return log->electric ? answer_electric(log, state, request, body, headers)
                         : answer_native(log, state, request, body, headers);
}

void shape_log_add_timeout(struct shape_log *log,
                           const struct shape_request *request,
                           struct buf *body, struct fields *headers)
{
    if (!log->electric) {
        buf_addf(body, "[%s]", up_to_date);
        log->seq++;
        add_native_headers(log, request, request->offset, headers);
        return;
    }
    size_t seen = 0;
    shape_log_position(log, request->offset, &seen);
    add_log(log, seen, seen, request, body, headers);
}

/* Event stream. */

void shape_log_add_events(struct shape_log *log, size_t from, size_t to,
                          run_row_set columns, struct buf *out)
{
    struct run_row_copy before = {0};
    run_row_copy_take(&before, script_row(log->script, from, log->start_ms));
    struct buf message = buf_make(0);
    for (size_t state = from + 1; state <= to; state++) {
        buf_clear(&message);
        if (add_change(log, state, columns, &before, &message))
            buf_addf(out, "data: %s\n\n", buf_str(&message));
    }
    run_row_copy_free(&before);
    buf_free(&message);
    buf_adds(out, "data: ");
    add_up_to_date(to, out);
    buf_adds(out, "\n\n");
}

void shape_log_add_stream_headers(struct shape_log *log,
                                  const struct shape_request *request,
                                  struct fields *headers)
{
    fields_add(headers, "access-control-allow-origin", "*");
    fields_add(headers, "access-control-expose-headers", "*");
    fields_add(headers, "cache-control", "no-store");
    fields_add(headers, "electric-handle", log->handle);
    fields_add(headers, "electric-offset", request->offset);
    add_cursor(log, request, headers);
    fields_add(headers, "content-type", "text/event-stream; charset=utf-8");
}
