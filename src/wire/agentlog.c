/* The text is kept as it came, escaped. `starts` tells where each line begins
 * in it, so that a line is decoded only when somebody asks for it.
 *
 * A line of the stream that begins like every frame does (`data: {"logs":"`) is
 * read in two steps: as long as its bytes equal the text before they are only
 * compared (`same` counts them); from the first difference on they are gathered
 * in `tail`. Nothing is changed before the frame is complete, so that one that
 * is cut off leaves no trace. Lines of any other form are gathered whole.
 *
 * `tail` begins with the frame's opening and as much of the equal part as the
 * first byte that differs may belong to (an escape, a character), so that it is
 * a JSON text by itself and can be judged as one: what is adopted is always
 * the inside of a valid JSON string, which holds no raw line break. */
#include "config.h"

#include "wire/agentlog.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "text/utf8.h"
#include "wire/json_valid.h"

static const char opening[] = "data: {\"logs\":\"";
static const char bom[] = "\xEF\xBB\xBF";
enum {
    OPENING_LEN = sizeof opening - 1,
    OBJECT_AT = 6, /* in it: where the JSON text begins … */
    LOGS_AT = 8    /* … and in that, the logs' value */
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
    size_t tail_at;  /* where in it what differs begins */
    struct buf line; /* of another form */
    struct buf data; /* data of an event of another form */
    bool has_fast;   /* same and tail hold this event's only data line */
    bool after_cr;
    bool too_large;
    size_t bom_seen;     /* bytes of it at the stream's start; 3: passed */
    struct buf joined;   /* a legacy array made one text */
    struct buf repaired; /* a frame that was no well-formed UTF-8 */
    struct buf words;    /* of the last frame: its status and error */
    uint64_t copied, comments;
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
    buf_free(&log->repaired);
    buf_free(&log->words);
    free(log->starts);
    free(log);
}

uint64_t agentlog_copied(const struct agentlog *log)
{
    return log->copied;
}

uint64_t agentlog_comments(const struct agentlog *log)
{
    return log->comments;
}

static void begin_line(struct agentlog *log)
{
    log->reading = READ_OPENING;
    log->opened = 0;
    buf_clear(&log->line);
}

static void forget_event(struct agentlog *log)
{
    log->has_fast = false;
    log->same = 0;
    buf_clear(&log->tail);
    buf_clear(&log->data);
}

/* Puts aside what the frame tells beside the text. */
static void keep_words(struct agentlog *log, struct agentlog_frame *frame)
{
    struct slice *const words[] = {&frame->status, &frame->error};
    buf_clear(&log->words);
    buf_reserve(&log->words, frame->status.len + frame->error.len);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *kept = log->words.data + log->words.len;
        if (!words[i]->data)
            continue;
        buf_add(&log->words, words[i]->data, words[i]->len);
        words[i]->data = kept;
    }
}

/* A first frame may be large, later ones not: its lines are to be stored where
 * it was. */
static void give_memory_back(struct agentlog *log)
{
    enum {
        KEEP = 1024 * 1024
    };
    struct buf *const bufs[] = {&log->tail, &log->data};
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        if (!bufs[i]->len && bufs[i]->size > KEEP)
            buf_free(bufs[i]);
    if (log->repaired.size > KEEP)
        buf_free(&log->repaired);
}

void agentlog_restart(struct agentlog *log)
{
    log->p = log->end = NULL;
    log->after_cr = log->too_large = false;
    log->bom_seen = 0;
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

/* True when the text, cut off behind `same` bytes, ends where a line did. */
static bool cuts_at_line_end(const struct agentlog *log, size_t same)
{
    const char *text = buf_str(&log->text);
    size_t slashes = 0;
    while (slashes < same && text[same - 1 - slashes] == '\\')
        slashes++;
    return same > 0 && slashes % 2 == 0 && log->text.len - same >= 2 &&
           text[same] == '\\' && text[same + 1] == 'n';
}

/* Makes the text the first `same` bytes of what it was and `added`. */
static void change_text(struct agentlog *log, size_t same, struct slice added,
                        struct agentlog_frame *frame)
{
    bool grown = same == log->text.len;
    frame->text_changed = !grown || added.len;
    size_t whole = lines_within(log, same);
    frame->kept = whole + (!added.len && cuts_at_line_end(log, same));
    if (frame->text_changed) {
        size_t from = log->line_count ? log->starts[whole] : 0;
        if (same == 0)
            buf_free(&log->text);
        buf_truncate(&log->text, same);
        buf_reserve_exact(&log->text, added.len);
        buf_add(&log->text, added.data, added.len);
        log->copied += added.len;
        log->line_count = whole;
        split_lines(log, from);
    }
    frame->lines = log->text.len ? log->line_count : 0;
    if (!frame->text_changed)
        frame->kept = frame->lines;
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

/* An element that is no line is shown as it is written. */
static void add_escaped(struct buf *out, struct slice json)
{
    for (size_t i = 0; i < json.len; i++) {
        char byte = json.data[i];
        if (byte == '"' || byte == '\\')
            buf_addc(out, '\\');
        buf_addc(out, (unsigned char)byte < ' ' ? ' ' : byte);
    }
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
        if (!first)
            buf_adds(&log->joined, "\\n");
        if (value.data[0] == '"')
            buf_add(&log->joined, value.data + 1, value.len - 2);
        else
            add_escaped(&log->joined, value);
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

/* The frame as a valid JSON text: as it is, or with U+FFFD for what is no
 * UTF-8. False when it is none. */
static bool make_valid(struct agentlog *log, struct slice *json)
{
    if (json_valid(json->data, json->len))
        return true;
    buf_clear(&log->repaired);
    utf8_repair(&log->repaired, json->data, json->len);
    *json = (struct slice){buf_str(&log->repaired), log->repaired.len};
    return json_valid(json->data, json->len);
}

bool agentlog_take(struct agentlog *log, const char *json, size_t len,
                   struct agentlog_frame *frame, struct error *err)
{
    struct slice logs = {0}, object = {json, len};
    *frame = (struct agentlog_frame){0};
    if (!make_valid(log, &object))
        return refuse(err);
    const char *start = json_skip_space(object.data, object.data + object.len);
    object.len -= (size_t)(start - object.data);
    object.data = start;
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

/* Where in the text the escape or character begins that the byte behind the
 * first `same` bytes may belong to; first: that byte. */
static size_t whole_until(const struct agentlog *log, char first)
{
    enum {
        LONGEST_ESCAPE = 6
    };
    const char *text = buf_str(&log->text);
    size_t from = log->same;
    if (((unsigned char)first & 0xC0) == 0x80)
        while (from > 0 && log->same - from < 3 &&
               ((unsigned char)text[--from] & 0xC0) == 0x80)
            continue;
    for (size_t i = 1; i < LONGEST_ESCAPE && i <= log->same; i++) {
        size_t at = log->same - i, slashes = 0;
        if (text[at] != '\\')
            continue;
        while (slashes <= at && text[at - slashes] == '\\')
            slashes++;
        bool open = slashes % 2 && (i == 1 || text[at + 1] == 'u');
        return open && at < from ? at : from;
    }
    return from;
}

/* The text before ends here: *log->p is the first byte that differs. */
static void begin_tail(struct agentlog *log)
{
    size_t from = whole_until(log, *log->p);
    log->reading = READ_TAIL;
    buf_clear(&log->tail);
    buf_adds(&log->tail, opening + OBJECT_AT);
    buf_add(&log->tail, buf_str(&log->text) + from, log->same - from);
    log->tail_at = log->tail.len;
}

/* A frame that was read in two steps. */
static bool take_fast(struct agentlog *log, struct agentlog_frame *frame)
{
    struct slice logs = {0}, object = {buf_str(&log->tail), log->tail.len};
    *frame = (struct agentlog_frame){0};
    if (!json_valid(object.data, object.len) ||
        !read_members(object, frame, &logs) ||
        logs.data != object.data + LOGS_AT)
        return false;
    const char *added = object.data + log->tail_at;
    const char *quote = logs.data + logs.len - 1;
    change_text(log, log->same, (struct slice){added, (size_t)(quote - added)},
                frame);
    return true;
}

/* The event's data as one text, when it did not come in one line of the usual
 * form. */
static void gather_fast(struct agentlog *log)
{
    if (!log->has_fast)
        return;
    buf_adds(&log->data, opening + OBJECT_AT);
    buf_add(&log->data, log->text.data, log->same);
    if (log->tail.len)
        buf_add(&log->data, log->tail.data + log->tail_at,
                log->tail.len - log->tail_at);
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
    log->comments += *line == ':';
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
    bool taken = log->has_fast && take_fast(log, frame);
    if (!taken)
        gather_fast(log); /* another spelling, or broken: looked at whole */
    if (!taken && log->data.len)
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
            begin_tail(log);
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

/* A byte order mark at the very start is none of the first line's. */
static void pass_bom(struct agentlog *log)
{
    while (log->bom_seen < strlen(bom) && log->p < log->end) {
        if (*log->p == bom[log->bom_seen]) {
            log->p++;
            log->bom_seen++;
        } else if (log->bom_seen) {
            buf_add(&log->line, bom, log->bom_seen);
            log->reading = READ_OTHER;
            log->bom_seen = strlen(bom);
        } else {
            log->bom_seen = strlen(bom);
        }
    }
}

bool agentlog_next(struct agentlog *log, struct agentlog_frame *frame,
                   struct error *err)
{
    pass_bom(log);
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
        if (end_line(log, frame, err)) {
            keep_words(log, frame);
            give_memory_back(log);
            return true;
        }
        if (err->kind != ERROR_NONE)
            return false;
    }
    return false;
}
