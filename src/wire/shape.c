/* State: the position (handle, offset, cursor), whether the present was reached
 * (then requests are live), and the rows by key. A restart keeps the rows, so
 * that what the snapshot repeats is recognised as old. */
#include "config.h"

#include "wire/shape.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/url.h"

enum {
    MAX_ROWS = 1000 /* as many as servers put into one feed */
};

static const char START[] = "-1"; /* the offset before any */

struct shape {
    char *path, *query;
    char *handle, *offset, *cursor;
    char *expired_handle;
    bool up_to_date, must_refetch, sse;
    bool moved;     /* the last answer changed the position */
    bool old_names; /* the server knows the older names of things only */
    struct row **rows;
    size_t row_count, row_size;
    struct row **dirty; /* in the order of the first touch */
    size_t dirty_count;
};

struct shape *shape_create(const char *path, const char *query)
{
    struct shape *shape = mem_zalloc(1, sizeof *shape);
    shape->path = mem_strdup(path);
    shape->query = mem_strdup(query);
    shape->offset = mem_strdup(START);
    return shape;
}

void shape_destroy(struct shape *shape)
{
    if (!shape)
        return;
    for (size_t i = 0; i < shape->row_count; i++)
        row_destroy(shape->rows[i]);
    free(shape->rows);
    free(shape->dirty);
    free(shape->path);
    free(shape->query);
    free(shape->handle);
    free(shape->offset);
    free(shape->cursor);
    free(shape->expired_handle);
    free(shape);
}

static void add_parameter(struct buf *target, const char *name,
                          const char *value)
{
    if (!value)
        return;
    buf_addf(target, "%s%s=", strchr(buf_str(target), '?') ? "&" : "?", name);
    url_encode(target, value);
}

void shape_request(const struct shape *shape, struct buf *target)
{
    buf_adds(target, shape->path);
    if (shape->up_to_date)
        add_parameter(target, "cursor", shape->cursor ? shape->cursor : "");
    add_parameter(target, "expired_handle", shape->expired_handle);
    add_parameter(target, "handle", shape->handle);
    if (shape->old_names)
        add_parameter(target, "shape_id", shape->handle);
    if (shape->up_to_date)
        add_parameter(target, "live", "true");
    add_parameter(target, "log", "full");
    add_parameter(target, "offset", shape->offset);
    if (shape->up_to_date && shape->sse) {
        add_parameter(target, "experimental_live_sse", "true");
        add_parameter(target, "live_sse", "true");
    }
    if (*shape->query)
        buf_addf(target, "&%s", shape->query);
}

bool shape_is_live(const struct shape *shape)
{
    return shape->up_to_date;
}

void shape_set_sse(struct shape *shape, bool sse)
{
    shape->sse = sse;
}

bool shape_is_up_to_date(const struct shape *shape)
{
    return shape->up_to_date;
}

bool shape_must_refetch(const struct shape *shape)
{
    return shape->must_refetch;
}

bool shape_moved(const struct shape *shape)
{
    return shape->moved;
}

static void replace(char **text, const char *with)
{
    char *copy = mem_strdup(with);
    free(*text);
    *text = copy;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool check_headers(const struct shape *shape,
                          const struct shape_headers *headers,
                          struct error *err)
{
    bool live = shape->up_to_date, old = headers->old_names;
    bool no_cursor = live && !headers->cursor && !old;
    bool no_schema = !live && !headers->schema && !old;
    if (headers->handle && headers->offset && !no_cursor && !no_schema)
        return true;
    return error_set(err, ERROR_PROTOCOL,
                     "the answer lacks the headers%s%s%s%s; a proxy may strip "
                     "them, or the URL is not that of a Trigger.dev API",
                     headers->handle ? "" : " electric-handle",
                     headers->offset ? "" : " electric-offset",
                     no_cursor ? " electric-cursor" : "",
                     no_schema ? " electric-schema" : "");
}

static void move_to(struct shape *shape, const struct shape_headers *headers)
{
    shape->moved = !same_text(shape->handle, headers->handle) ||
                   !same_text(shape->offset, headers->offset);
    shape->old_names = headers->old_names;
    replace(&shape->handle, headers->handle);
    replace(&shape->offset, headers->offset);
    if (headers->cursor)
        replace(&shape->cursor, headers->cursor);
}

bool shape_take_headers(struct shape *shape,
                        const struct shape_headers *headers, struct error *err)
{
    if (!check_headers(shape, headers, err))
        return false;
    move_to(shape, headers);
    return true;
}

void shape_restart(struct shape *shape, const char *new_handle)
{
    struct buf placeholder = buf_make(0);
    if (shape->handle) {
        replace(&shape->expired_handle, shape->handle);
        buf_addf(&placeholder, "%s-next", shape->handle);
    }
    if (!new_handle && shape->handle)
        new_handle = buf_str(&placeholder);
    replace(&shape->handle, new_handle);
    replace(&shape->offset, START);
    replace(&shape->cursor, NULL);
    shape->up_to_date = false;
    shape->must_refetch = false;
    buf_free(&placeholder);
}

/* NULL: there are as many rows as there may be. */
static struct row *find_row(struct shape *shape, struct slice key)
{
    for (size_t i = 0; i < shape->row_count; i++) {
        struct slice have = row_key(shape->rows[i]);
        if (have.len == key.len && memcmp(have.data, key.data, key.len) == 0)
            return shape->rows[i];
    }
    if (shape->row_count == MAX_ROWS)
        return NULL;
    if (shape->row_count == shape->row_size) {
        shape->row_size = shape->row_size ? shape->row_size * 2 : 4;
        shape->rows =
            mem_resize(shape->rows, shape->row_size, sizeof *shape->rows);
        shape->dirty =
            mem_resize(shape->dirty, shape->row_size, sizeof *shape->dirty);
    }
    struct row *row = row_create(key.data, key.len);
    shape->rows[shape->row_count++] = row;
    return row;
}

static void touch(struct shape *shape, struct row *row)
{
    for (size_t i = 0; i < shape->dirty_count; i++)
        if (shape->dirty[i] == row)
            return;
    shape->dirty[shape->dirty_count++] = row;
}

static void report(struct shape *shape, shape_row_fn *on_row, void *context)
{
    for (size_t i = 0; i < shape->dirty_count; i++)
        on_row(context, shape->dirty[i]);
    shape->dirty_count = 0;
}

/* What one message says besides the row it changes. */
struct message {
    struct slice key, value, control, last_seen;
    bool value_read;
};

static void read_headers(struct message *message, struct slice headers)
{
    struct json_walk walk;
    struct slice key, value;
    json_walk_start(&walk, headers);
    while (json_walk_next(&walk, &key, &value)) {
        if (value.len < 2 || value.data[0] != '"')
            continue;
        struct slice text = {value.data + 1, value.len - 2};
        if (slice_is(key, "control"))
            message->control = text;
        else if (slice_is(key, "global_last_seen_lsn"))
            message->last_seen = text;
    }
}

/* A member's value at p. The row's value is read right where it lies when its
 * key is known already, as in all that servers send: then no byte of the
 * metadata is looked at twice. */
static const char *read_member(struct shape *shape, struct message *message,
                               struct slice name, const char *p,
                               const char *end)
{
    if (slice_is(name, "value") && message->key.data) {
        struct row *row = find_row(shape, message->key);
        if (!row)
            return NULL;
        touch(shape, row);
        message->value_read = true;
        return row_read(row, p, end);
    }
    const char *stop = json_value_end(p, end);
    if (!stop)
        return NULL;
    struct slice value = {p, (size_t)(stop - p)};
    if (slice_is(name, "key") && value.len >= 2 && *p == '"')
        message->key = (struct slice){p + 1, value.len - 2};
    else if (slice_is(name, "value"))
        message->value = value;
    else if (slice_is(name, "headers"))
        read_headers(message, value);
    return stop;
}

/* p at a member's quote; returns its end, NULL when broken. */
static const char *read_pair(struct shape *shape, struct message *message,
                             const char *p, const char *end)
{
    struct slice name;
    const char *value = json_member(p, end, &name);
    return value ? read_member(shape, message, name, value, end) : NULL;
}

/* A value that came before its key. */
static bool read_late_value(struct shape *shape, const struct message *message)
{
    if (!message->value.data || !message->key.data || message->value_read)
        return true;
    const char *end = message->value.data + message->value.len;
    struct row *row = find_row(shape, message->key);
    if (!row)
        return false;
    touch(shape, row);
    return row_read(row, message->value.data, end) == end;
}

/* p at the brace of a message; returns its end, NULL when broken. */
static const char *read_message(struct shape *shape, struct message *message,
                                const char *p, const char *end)
{
    *message = (struct message){0};
    if (p >= end || *p != '{')
        return NULL;
    p = json_skip_space(p + 1, end);
    while (p && p < end && *p != '}') {
        p = read_pair(shape, message, p, end);
        p = p ? json_next_item(p, end, '}') : NULL;
    }
    if (!p || p >= end || !read_late_value(shape, message))
        return NULL;
    return p + 1;
}

static bool bad_message(struct error *err)
{
    return error_set(err, ERROR_PROTOCOL,
                     "the run feed's answer is not the list of changes that "
                     "was expected (broken or cut JSON)");
}

/* Controls of one message; true when the present was reached. */
static bool take_control(struct shape *shape, const struct message *message)
{
    if (slice_is(message->control, "must-refetch"))
        shape->must_refetch = true;
    return slice_is(message->control, "up-to-date");
}

/* Merges all messages of a body (p behind its bracket); *up_to_date: the last
 * one says so. */
static bool take_messages(struct shape *shape, const char *p, const char *end,
                          bool *up_to_date)
{
    p = json_skip_space(p, end);
    while (p && p < end && *p != ']') {
        struct message message;
        p = read_message(shape, &message, p, end);
        if (!p)
            return false;
        *up_to_date = take_control(shape, &message);
        p = json_next_item(p, end, ']');
    }
    return p && p < end && json_skip_space(p + 1, end) == end;
}

bool shape_take_answer(struct shape *shape, const struct shape_headers *headers,
                       const char *body, size_t len, shape_row_fn *on_row,
                       void *context, struct error *err)
{
    const char *end = body + len;
    const char *p = json_skip_space(body, end);
    bool up_to_date = false;
    shape->must_refetch = false;
    if (!check_headers(shape, headers, err))
        return false;
    if (p < end &&
        (*p != '[' || !take_messages(shape, p + 1, end, &up_to_date)))
        return bad_message(err);
    if (shape->must_refetch)
        return false;
    if (p == end) { /* whatever was in it is still to be asked for */
        shape->moved = false;
        return true;
    }
    move_to(shape, headers);
    if (up_to_date) {
        shape->up_to_date = true;
        report(shape, on_row, context);
    }
    return true;
}

void shape_take_nothing(struct shape *shape,
                        const struct shape_headers *headers,
                        shape_row_fn *on_row, void *context)
{
    shape->must_refetch = shape->moved = false;
    if (headers->handle && headers->offset)
        move_to(shape, headers);
    if (!shape->handle || strcmp(shape->offset, START) == 0)
        return; /* there is no position to go on from */
    shape->up_to_date = true;
    report(shape, on_row, context);
}

bool shape_take_message(struct shape *shape, const char *text, size_t len,
                        shape_row_fn *on_row, void *context, struct error *err)
{
    struct message message;
    const char *end = text + len;
    shape->must_refetch = false;
    const char *stop =
        read_message(shape, &message, json_skip_space(text, end), end);
    if (!stop || json_skip_space(stop, end) != end)
        return bad_message(err);
    bool up_to_date = take_control(shape, &message);
    if (shape->must_refetch)
        return false;
    if (!up_to_date)
        return true;
    if (message.last_seen.data) {
        /* In this form of the protocol the position comes with the message. */
        char *offset =
            mem_strndup(message.last_seen.data, message.last_seen.len);
        struct buf full = buf_make(0);
        buf_addf(&full, "%s_0", offset);
        shape->moved |= !same_text(shape->offset, buf_str(&full));
        replace(&shape->offset, buf_str(&full));
        buf_free(&full);
        free(offset);
    }
    report(shape, on_row, context);
    return true;
}
