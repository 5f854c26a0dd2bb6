/* The text is kept as it came, escaped. `starts` tells where each line begins
 * in it, so that a line is decoded only when somebody asks for it.
 *
 * A line of the stream that begins like every frame does (`data: {"logs":"`) is
 * read in two steps: as long as its bytes equal the text before they are only
 * compared (`same` counts them); from the first difference on they are gathered
 * in `tail`. Nothing is changed before the frame is complete, so that one that
 * is cut off leaves no trace. Lines of any other form are gathered whole. */
#include "config.h"

#include "wire/agentlog.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"

static const char opening[] = "data: {\"logs\":\"";
enum {
    OPENING_LEN = sizeof opening - 1
};

enum reading {
    READ_OPENING, /* at a line's start, comparing with `opening` */
    READ_SAME,    /* inside the logs, equal to the text before so far */
    READ_TAIL,    /* behind the first difference */
    READ_OTHER    /* a line of another form, gathered whole */
};

struct agentlog {
    struct buf text; /* escaped, as of the last frame */
    size_t *starts;  /* where lines begin in it; line_count of them */
    size_t line_count, line_size;
    size_t max_text;

    const char *p, *end;
    enum reading reading;
    size_t opened; /* bytes of `opening` seen */
    size_t same;
    struct buf tail;
    struct buf line; /* of another form */
    struct buf data; /* data of an event of another form */
    bool has_fast;   /* same and tail hold this event's only data line */
    bool after_cr;
    bool too_large;
    struct buf joined; /* a legacy array made one text */
    struct buf rest;   /* what stood behind the logs */
    uint64_t copied;
};

struct agentlog *agentlog_create(size_t max_text)
{
    struct agentlog *log = mem_zalloc(1, sizeof *log);
    log->max_text = max_text;
    return log;
}

void agentlog_destroy(struct agentlog *log)
{
    if (!log)
        return;
    buf_free(&log->text);
    buf_free(&log->tail);
    buf_free(&log->line);
    buf_free(&log->data);
    buf_free(&log->joined);
    buf_free(&log->rest);
    free(log->starts);
    free(log);
}

uint64_t agentlog_copied(const struct agentlog *log)
{
    return log->copied;
}

static void begin_line(struct agentlog *log)
{
    log->reading = READ_OPENING;
    log->opened = 0;
    buf_clear(&log->line);
}

static void forget_event(struct agentlog *log)
{
    enum {
        KEEP = 1024 * 1024
    }; /* a first frame may be large, later ones not */
    log->has_fast = false;
    log->same = 0;
    buf_clear(&log->tail);
    buf_clear(&log->data);
    if (log->tail.size > KEEP)
        buf_free(&log->tail);
    if (log->data.size > KEEP)
        buf_free(&log->data);
}

void agentlog_restart(struct agentlog *log)
{
    log->p = log->end = NULL;
    log->after_cr = log->too_large = false;
    begin_line(log);
    forget_event(log);
}

bool agentlog_is_too_large(const struct agentlog *log)
{
    return log->too_large;
}

void agentlog_feed(struct agentlog *log, const char *bytes, size_t len)
{
    log->p = bytes;
    log->end = bytes + len;
}

/* Lines. */

static void add_start(struct agentlog *log, size_t start)
{
    if (log->line_count == log->line_size) {
        log->line_size = log->line_size ? log->line_size * 2 : 64;
        log->starts =
            mem_resize(log->starts, log->line_size, sizeof *log->starts);
    }
    log->starts[log->line_count++] = start;
}

/* Finds the escaped line feeds from `from` on, where a line begins. */
static void split_lines(struct agentlog *log, size_t from)
{
    const char *text = buf_str(&log->text);
    const char *p = text + from, *end = text + log->text.len;
    add_start(log, from);
    while (p < end) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));
        if (!slash || end - slash < 2)
            break;
        p = slash + 2;
        if (slash[1] == 'n')
            add_start(log, (size_t)(p - text));
    }
}

/* Lines that end, their line feed included, within the first `same` bytes. */
static size_t lines_within(const struct agentlog *log, size_t same)
{
    size_t low = 0, high = log->line_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->starts[middle] <= same)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? low - 1 : 0;
}

/* Makes the text the first `same` bytes of what it was and `added`. */
static void change_text(struct agentlog *log, size_t same, struct slice added,
                        struct agentlog_frame *frame)
{
    bool grown = same == log->text.len;
    frame->text_changed = !grown || added.len;
    frame->kept = lines_within(log, same);
    if (frame->text_changed) {
        size_t from = log->line_count ? log->starts[frame->kept] : 0;
        if (same == 0)
            buf_free(&log->text);
        buf_truncate(&log->text, same);
        buf_reserve_exact(&log->text, added.len);
        buf_add(&log->text, added.data, added.len);
        log->copied += added.len;
        log->line_count = frame->kept;
        split_lines(log, from);
    } else if (log->line_count) {
        frame->kept = log->line_count;
    }
    frame->lines = log->text.len ? log->line_count : 0;
}

void agentlog_line(const struct agentlog *log, size_t index, struct buf *out)
{
    size_t start = log->starts[index];
    size_t stop = index + 1 < log->line_count
                      ? log->starts[index + 1] - strlen("\\n")
                      : log->text.len;
    json_unescape(out, buf_str(&log->text) + start, stop - start);
}

/* Frames. */

static struct slice inside(struct slice value)
{
    if (value.len >= 2 && value.data[0] == '"')
        return (struct slice){value.data + 1, value.len - 2};
    return (struct slice){0};
}

/* Members other than the logs; *logs gets the logs' value if it is there. */
static bool read_members(struct slice object, struct agentlog_frame *frame,
                         struct slice *logs)
{
    struct json_walk walk;
    struct slice key, value;
    if (!json_walk_start(&walk, object) || walk.close != '}')
        return false;
    while (json_walk_next(&walk, &key, &value)) {
        if (slice_is(key, "logs"))
            *logs = value;
        else if (slice_is(key, "status"))
            frame->status = inside(value);
        else if (slice_is(key, "error"))
            frame->error = inside(value);
        else if (slice_is(key, "final"))
            frame->final = slice_is(value, "true");
    }
    return !walk.broken;
}

/* A legacy array of lines becomes one text, as newer servers send it. */
static struct slice join_lines(struct agentlog *log, struct slice array)
{
    struct json_walk walk;
    struct slice key, value;
    bool first = true;
    buf_clear(&log->joined);
    json_walk_start(&walk, array);
    while (json_walk_next(&walk, &key, &value)) {
        struct slice text = inside(value);
        if (!first)
            buf_adds(&log->joined, "\\n");
        buf_add(&log->joined, text.data, text.len);
        first = false;
    }
    return (struct slice){buf_str(&log->joined), log->joined.len};
}

static bool refuse(struct error *err)
{
    return error_set(err, ERROR_PROTOCOL,
                     "a frame of the agent's log is not the JSON that was "
                     "expected; it is left out");
}

bool agentlog_take(struct agentlog *log, const char *json, size_t len,
                   struct agentlog_frame *frame, struct error *err)
{
    struct slice logs = {0};
    const char *start = json_skip_space(json, json + len);
    struct slice object = {start, (size_t)(json + len - start)};
    *frame = (struct agentlog_frame){0};
    if (!read_members(object, frame, &logs))
        return refuse(err);
    struct slice text = {buf_str(&log->text), log->text.len};
    if (logs.data && logs.data[0] == '[')
        text = join_lines(log, logs);
    else if (logs.data && logs.data[0] == '"')
        text = inside(logs);
    else if (logs.data)
        text = (struct slice){"", 0};
    size_t most = text.len < log->text.len ? text.len : log->text.len;
    size_t same = bytes_in_common(buf_str(&log->text), text.data, most);
    change_text(log, same, (struct slice){text.data + same, text.len - same},
                frame);
    return true;
}

/* True when the byte behind the first `same` of the text is escaped. */
static bool ends_in_escape(const struct agentlog *log)
{
    size_t slashes = 0;
    while (slashes < log->same &&
           log->text.data[log->same - 1 - slashes] == '\\')
        slashes++;
    return slashes % 2 == 1;
}

/* A frame read in two steps: `tail` holds the rest of the logs, their closing
 * quote and the other members. */
static bool take_fast(struct agentlog *log, struct agentlog_frame *frame,
                      struct error *err)
{
    const char *tail = buf_str(&log->tail), *end = tail + log->tail.len;
    const char *from = tail + (ends_in_escape(log) && log->tail.len ? 1 : 0);
    const char *quote = json_string_end(from, end);
    struct slice ignored = {0};
    *frame = (struct agentlog_frame){0};
    if (!quote)
        return refuse(err);
    const char *more = json_skip_space(quote + 1, end);
    if (more < end && *more == ',')
        more++;
    buf_clear(&log->rest);
    buf_addc(&log->rest, '{');
    buf_add(&log->rest, more, (size_t)(end - more));
    if (!read_members((struct slice){log->rest.data, log->rest.len}, frame,
                      &ignored))
        return refuse(err);
    change_text(log, log->same, (struct slice){tail, (size_t)(quote - tail)},
                frame);
    return true;
}

/* The event's data as one text, when it did not come in one line of the usual
 * form. */
static void gather_fast(struct agentlog *log)
{
    if (!log->has_fast)
        return;
    buf_adds(&log->data, opening + strlen("data: "));
    buf_add(&log->data, log->text.data, log->same);
    buf_add(&log->data, buf_str(&log->tail), log->tail.len);
    buf_addc(&log->data, '\n');
    log->copied += log->data.len;
    log->has_fast = false;
    log->same = 0;
    buf_clear(&log->tail);
}

static void take_field(struct agentlog *log)
{
    static const char name[] = "data";
    const char *line = buf_str(&log->line);
    if (strncmp(line, name, strlen(name)) != 0)
        return;
    const char *value = line + strlen(name);
    size_t len = log->line.len - strlen(name);
    if (len && *value != ':')
        return;
    size_t skip = len ? 1 : 0;
    skip += len > 1 && value[1] == ' ';
    gather_fast(log);
    buf_add(&log->data, value + skip, len - skip);
    buf_addc(&log->data, '\n');
    log->copied += len;
}

/* An empty line: true when it completes a frame. */
static bool dispatch(struct agentlog *log, struct agentlog_frame *frame,
                     struct error *err)
{
    bool taken = false;
    if (log->has_fast && !log->data.len)
        taken = take_fast(log, frame, err);
    else if (log->data.len)
        taken =
            agentlog_take(log, log->data.data, log->data.len - 1, frame, err);
    forget_event(log);
    return taken;
}

/* Passes over bytes that equal the text before. */
static void pass_same(struct agentlog *log, const char *stop)
{
    size_t most = (size_t)(stop - log->p);
    if (most > log->text.len - log->same)
        most = log->text.len - log->same;
    size_t same =
        bytes_in_common(buf_str(&log->text) + log->same, log->p, most);
    log->p += same;
    log->same += same;
}

/* The bytes up to `stop` belong to the line under way. */
static void read_line_bytes(struct agentlog *log, const char *stop)
{
    while (log->reading == READ_OPENING && log->p < stop) {
        if (*log->p != opening[log->opened] || log->has_fast || log->data.len) {
            buf_add(&log->line, opening, log->opened);
            log->reading = READ_OTHER;
        } else if (log->p++, ++log->opened == OPENING_LEN) {
            log->reading = READ_SAME;
            log->same = 0;
        }
    }
    if (log->reading == READ_SAME) {
        pass_same(log, stop);
        if (log->p < stop)
            log->reading = READ_TAIL;
    }
    size_t left = (size_t)(stop - log->p);
    if (log->reading == READ_TAIL)
        buf_add(&log->tail, log->p, left);
    else if (log->reading == READ_OTHER)
        buf_add(&log->line, log->p, left);
    log->copied += left;
    log->p = stop;
}

static bool end_line(struct agentlog *log, struct agentlog_frame *frame,
                     struct error *err)
{
    bool empty = log->reading == READ_OPENING && log->opened == 0;
    if (log->reading == READ_OPENING)
        buf_add(&log->line, opening, log->opened);
    if (log->reading == READ_SAME || log->reading == READ_TAIL)
        log->has_fast = true;
    else if (!empty)
        take_field(log);
    begin_line(log);
    return empty && dispatch(log, frame, err);
}

static const char *line_end(const char *p, const char *end)
{
    const char *lf = memchr(p, '\n', (size_t)(end - p));
    const char *cr = memchr(p, '\r', (size_t)((lf ? lf : end) - p));
    return cr ? cr : lf;
}

/* Where the line ends. While bytes equal the text, which holds no raw line
 * break, there is no need to look. */
static const char *find_line_end(struct agentlog *log)
{
    if (log->reading == READ_SAME)
        pass_same(log, log->end);
    return line_end(log->p, log->end);
}

static bool refuse_size(struct agentlog *log, struct error *err)
{
    log->too_large = true;
    begin_line(log);
    forget_event(log);
    return error_set(err, ERROR_PROTOCOL,
                     "the server sent a frame of more than %zu bytes",
                     log->max_text);
}

bool agentlog_next(struct agentlog *log, struct agentlog_frame *frame,
                   struct error *err)
{
    while (log->p < log->end && !log->too_large) {
        if (log->after_cr && *log->p == '\n')
            log->p++;
        log->after_cr = false;
        if (log->p >= log->end)
            break;
        const char *stop = find_line_end(log);
        read_line_bytes(log, stop ? stop : log->end);
        if (log->tail.len + log->line.len + log->data.len > log->max_text)
            return refuse_size(log, err);
        if (!stop)
            break;
        log->after_cr = *stop == '\r';
        log->p = stop + 1;
        if (end_line(log, frame, err))
            return true;
        if (err->kind != ERROR_NONE)
            return false;
    }
    return false;
}
