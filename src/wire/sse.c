/* An event of a single data line that lies whole in the chunk, as most do, is
 * read where it lies. All others are read line by line: a line that a chunk
 * cuts is gathered in `line`, data in `data`. */
#include "config.h"

#include "wire/sse.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/mem.h"

struct sse {
    const char *p, *end; /* what is left of the chunk */
    const char *cr;      /* the next CR in it, or its end; NULL or one that was
                          * passed: to be looked for */
    size_t max_event;
    struct buf line; /* start of a line that was cut */
    struct buf data, event, id, last_id;
    bool id_given; /* id is newer than last_id */
    size_t bom;    /* bytes of a byte order mark seen; 3: past the start */
    bool between;  /* no event has begun */
    bool after_cr; /* a LF now belongs to the CR before */
    bool too_large;
    bool is_stream;
    int64_t retry_ms;
    uint64_t comments, copied;
};

enum {
    PAST_BOM = 3
};

const char SSE_MESSAGE[] = "message";

/* A year: more is taken for that, so that it can be added to a time. */
#define MOST_RETRY_MS (INT64_C(366) * 24 * 3600 * 1000)

struct sse *sse_create(size_t max_event)
{
    struct sse *sse = mem_zalloc(1, sizeof *sse);
    sse->max_event = max_event;
    sse->between = true;
    sse->retry_ms = -1;
    return sse;
}

void sse_destroy(struct sse *sse)
{
    if (!sse)
        return;
    buf_free(&sse->line);
    buf_free(&sse->data);
    buf_free(&sse->event);
    buf_free(&sse->id);
    buf_free(&sse->last_id);
    free(sse);
}

void sse_restart(struct sse *sse)
{
    sse->p = sse->end = sse->cr = NULL;
    buf_clear(&sse->line);
    buf_clear(&sse->data);
    buf_clear(&sse->event);
    sse->id_given = false;
    sse->bom = 0;
    sse->between = true;
    sse->after_cr = false;
    sse->too_large = false;
}

/* A byte order mark at the very start is dropped, however it is cut. */
static void skip_bom(struct sse *sse)
{
    static const char mark[] = "\xEF\xBB\xBF";
    while (sse->bom < PAST_BOM && sse->p < sse->end) {
        if (*sse->p != mark[sse->bom]) {
            buf_add(&sse->line, mark, sse->bom);
            sse->between = sse->bom == 0;
            sse->bom = PAST_BOM;
            return;
        }
        sse->p++;
        sse->bom++;
    }
}

void sse_feed(struct sse *sse, const char *bytes, size_t len)
{
    sse->p = bytes;
    sse->end = bytes + len;
    sse->cr = NULL;
    if (sse->bom < PAST_BOM)
        skip_bom(sse);
}

static bool named(const char *name, size_t len, const char *field)
{
    return strlen(field) == len && memcmp(name, field, len) == 0;
}

static void set_retry(struct sse *sse, const char *value, size_t len)
{
    int64_t ms = 0;
    if (!len)
        return;
    for (size_t i = 0; i < len; i++) {
        if (value[i] < '0' || value[i] > '9')
            return;
        if (ms <= MOST_RETRY_MS)
            ms = ms * 10 + (value[i] - '0');
    }
    sse->retry_ms = ms < MOST_RETRY_MS ? ms : MOST_RETRY_MS;
}

static void set(struct buf *buf, const char *value, size_t len)
{
    buf->len = 0;
    if (buf->size <= len) {
        buf_add(buf, value, len);
        return;
    }
    memcpy(buf->data, value, len);
    buf->data[len] = '\0';
    buf->len = len;
}

/* False: the format does not know it. */
static bool read_field(struct sse *sse, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    size_t name_len = colon ? (size_t)(colon - line) : len;
    const char *value = colon ? colon + 1 : line + len;
    size_t value_len = (size_t)(line + len - value);
    if (value_len && *value == ' ') {
        value++;
        value_len--;
    }
    if (named(line, name_len, "data")) {
        buf_add(&sse->data, value, value_len);
        buf_addc(&sse->data, '\n');
        sse->copied += value_len;
    } else if (named(line, name_len, "event")) {
        set(&sse->event, value, value_len);
    } else if (named(line, name_len, "id")) {
        if (!memchr(value, '\0', value_len)) {
            set(&sse->id, value, value_len);
            sse->id_given = true;
        }
    } else if (named(line, name_len, "retry")) {
        set_retry(sse, value, value_len);
    } else {
        return false;
    }
    return true;
}

/* An empty line: true when there is an event to give. */
static bool dispatch(struct sse *sse, struct sse_event *event)
{
    if (sse->id_given) {
        struct buf before = sse->last_id;
        sse->last_id = sse->id;
        sse->id = before;
        sse->id_given = false;
    }
    if (!sse->data.len) {
        buf_clear(&sse->event);
        return false;
    }
    buf_truncate(&sse->data, sse->data.len - 1);
    *event = (struct sse_event){
        .event = sse->event.len ? buf_str(&sse->event) : SSE_MESSAGE,
        .event_len = sse->event.len ? sse->event.len : sizeof SSE_MESSAGE - 1,
        .data = buf_str(&sse->data),
        .data_len = sse->data.len,
        .id = buf_str(&sse->last_id),
        .id_len = sse->last_id.len,
    };
    /* Emptied, yet their bytes stay in place for the caller. */
    sse->data.len = 0;
    sse->event.len = 0;
    return true;
}

static bool take_line(struct sse *sse, const char *line, size_t len,
                      struct sse_event *event)
{
    if (len == 0)
        return dispatch(sse, event);
    if (*line == ':')
        sse->comments++;
    else if (read_field(sse, line, len))
        sse->is_stream = true;
    return false;
}

/* Most streams have no CR: it is looked for once a chunk, not once a line. */
static const char *next_cr(struct sse *sse)
{
    if (!sse->cr || sse->cr < sse->p) {
        sse->cr = memchr(sse->p, '\r', (size_t)(sse->end - sse->p));
        if (!sse->cr)
            sse->cr = sse->end;
    }
    return sse->cr;
}

static const char *line_end(struct sse *sse)
{
    const char *cr = next_cr(sse);
    const char *lf = memchr(sse->p, '\n', (size_t)(cr - sse->p));
    return lf || cr == sse->end ? lf : cr;
}

static bool begins(const char *line, const char *lf, const char *name,
                   size_t len)
{
    return (size_t)(lf - line) >= len && memcmp(line, name, len) == 0;
}

/* What an event says, where it lies. */
struct whole {
    struct slice data, id, name;
};

/* The line [p, lf) of an event; false when it is not as usual. */
static bool take_usual_line(struct whole *whole, const char *p, const char *lf)
{
    struct slice *field;
    if (begins(p, lf, "data:", 5)) {
        p += 5;
        field = &whole->data;
    } else if (begins(p, lf, "id:", 3)) {
        p += 3;
        field = &whole->id;
        if (memchr(p, '\0', (size_t)(lf - p)))
            return false;
    } else if (begins(p, lf, "event:", 6)) {
        p += 6;
        field = &whole->name;
    } else {
        return false;
    }
    if (field->data) /* a second one */
        return false;
    p += *p == ' ';
    *field = (struct slice){p, (size_t)(lf - p)};
    return true;
}

/* Takes an event that lies whole in the chunk. False when there is none or it
 * is not as usual; then nothing has changed. */
static bool take_whole(struct sse *sse, struct sse_event *event)
{
    struct whole whole = {0};
    const char *p = sse->p, *end = sse->end;
    while (p < end && *p != '\n') {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        if (!lf || !take_usual_line(&whole, p, lf))
            return false;
        p = lf + 1;
    }
    if (p == end || !whole.data.data || (size_t)(p - sse->p) > sse->max_event)
        return false;
    if (whole.id.data)
        set(&sse->last_id, whole.id.data, whole.id.len);
    event->event = SSE_MESSAGE;
    event->event_len = sizeof SSE_MESSAGE - 1;
    if (whole.name.len) {
        set(&sse->event, whole.name.data, whole.name.len);
        event->event = sse->event.data;
        event->event_len = whole.name.len;
        sse->event.len = 0;
    }
    event->data = whole.data.data;
    event->data_len = whole.data.len;
    event->id = buf_str(&sse->last_id);
    event->id_len = sse->last_id.len;
    sse->p = p + 1;
    sse->after_cr = false;
    return true;
}

/* The LF that ends the line at p; NULL: it does not lie whole in the chunk, or
 * a CR ends it. */
static const char *find_lf(const char *p, const char *end)
{
    p = bytes_find_upto(p, end, '\r');
    while (p < end && *p != '\n' && *p != '\r')
        p = bytes_find_upto(p + 1, end, '\r');
    return p < end && *p == '\n' ? p : NULL;
}

static const char *pass_space(const char *p, const char *end)
{
    return p + (p < end && *p == ' ');
}

/* Passes the id that may stand at p; NULL: it is not as usual. Most are as long
 * as *id, the one before: where that holds, the processor goes on behind it
 * while its bytes are still looked at. */
static const char *pass_id(const char *p, const char *end, struct slice *id)
{
    if (!begins(p, end, "id:", 3))
        return p;
    p = pass_space(p + 3, end);
    const char *lf = (size_t)(end - p) > id->len ? p + id->len : p;
    if (lf == end || *lf != '\n' || bytes_find_upto(p, lf, '\r') != lf)
        lf = bytes_find_upto(p, end, '\r');
    if (lf == end || *lf != '\n')
        return NULL;
    *id = (struct slice){p, (size_t)(lf - p)};
    return lf + 1;
}

/* Passes a data line and the empty one behind it. */
static const char *pass_data(const char *p, const char *end, struct slice *data)
{
    if (!begins(p, end, "data:", 5))
        return NULL;
    p = pass_space(p + 5, end);
    const char *lf = find_lf(p, end);
    if (!lf || lf + 1 == end || lf[1] != '\n')
        return NULL;
    *data = (struct slice){p, (size_t)(lf - p)};
    return lf + 2;
}

/* Of the ids, the last one alone is of use. */
size_t sse_take_plain(struct sse *sse, struct slice *data, size_t most)
{
    struct slice last_id = {NULL, sse->last_id.len};
    size_t count = 0;
    while (sse->between && count < most) {
        struct slice id = last_id;
        const char *p = pass_id(sse->p, sse->end, &id);
        if (p)
            p = pass_data(p, sse->end, &data[count]);
        if (!p || (size_t)(p - 1 - sse->p) > sse->max_event ||
            (count && !id.len != !last_id.len))
            break;
        sse->p = p;
        last_id = id;
        count++;
    }
    if (count)
        sse->after_cr = false;
    if (last_id.data)
        set(&sse->last_id, last_id.data, last_id.len);
    return count;
}

enum {
    ENOUGH = 6 /* bytes of a line that tell what it is: "event:" is longest */
};

enum use {
    OF_USE,
    OF_NO_USE, /* a comment, or a field that the format does not know */
    UNDECIDED  /* so far: it may become one that is known */
};

/* What a line is that begins so. */
static enum use use_of(const char *head, size_t len)
{
    static const char *const names[] = {"data", "event", "id", "retry"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t name = strlen(names[i]);
        if (memcmp(head, names[i], len < name ? len : name) != 0)
            continue;
        if (len <= name)
            return UNDECIDED;
        if (head[name] == ':')
            return OF_USE;
    }
    return OF_NO_USE;
}

/* The use of the line that goes on, or ends, with this piece. */
static enum use use_of_line(const struct sse *sse, const char *piece,
                            size_t len, bool ends)
{
    char head[ENOUGH];
    size_t had = sse->line.len < ENOUGH ? sse->line.len : ENOUGH;
    size_t more = len < ENOUGH - had ? len : ENOUGH - had;
    memcpy(head, buf_str(&sse->line), had);
    memcpy(head + had, piece, more);
    enum use use = use_of(head, had + more);
    return use == UNDECIDED && ends ? OF_USE : use;
}

/* line: bytes of the line under way that are of use. */
static bool is_too_large(struct sse *sse, size_t line, struct error *err)
{
    size_t id_len = sse->id_given ? sse->id.len : 0;
    if (line + sse->data.len + sse->event.len + id_len <= sse->max_event)
        return false;
    sse->too_large = true;
    error_set(err, ERROR_PROTOCOL,
              "the server sent an event of more than %zu bytes",
              sse->max_event);
    return true;
}

/* Keeps the next piece of a line that was cut: of one that is of no use,
 * however long, the start is enough. */
static void gather(struct sse *sse, const char *piece, size_t len, enum use use)
{
    if (use == OF_NO_USE && len > ENOUGH)
        len = ENOUGH;
    buf_add(&sse->line, piece, len);
    sse->copied += len;
    if (use == OF_NO_USE && sse->line.len > ENOUGH)
        buf_truncate(&sse->line, ENOUGH);
}

bool sse_next(struct sse *sse, struct sse_event *event, struct error *err)
{
    if (sse->between && sse->p < sse->end && next_cr(sse) == sse->end &&
        take_whole(sse, event))
        return true;
    while (sse->p < sse->end && !sse->too_large) {
        sse->between = false;
        if (sse->after_cr && *sse->p == '\n')
            sse->p++;
        sse->after_cr = false;
        const char *stop = line_end(sse);
        const char *start = sse->p;
        size_t len = (size_t)((stop ? stop : sse->end) - start);
        enum use use = use_of_line(sse, start, len, stop != NULL);
        size_t used = use == OF_USE ? sse->line.len + len : 0;
        if (is_too_large(sse, used, err))
            return false;
        if (!stop || sse->line.len)
            gather(sse, start, len, use);
        sse->p = stop ? stop + 1 : sse->end;
        if (!stop)
            break;
        sse->after_cr = *stop == '\r';
        bool gathered = sse->line.len > 0;
        bool given = gathered
                         ? take_line(sse, sse->line.data, sse->line.len, event)
                         : take_line(sse, start, len, event);
        buf_clear(&sse->line);
        if (given) {
            sse->between = true;
            return true;
        }
    }
    return false;
}

int64_t sse_retry_ms(const struct sse *sse)
{
    return sse->retry_ms;
}

const char *sse_last_event_id(const struct sse *sse)
{
    return buf_str(&sse->last_id);
}

bool sse_is_stream(const struct sse *sse)
{
    return sse->is_stream || sse->comments > 0;
}

uint64_t sse_comments(const struct sse *sse)
{
    return sse->comments;
}

uint64_t sse_copied(const struct sse *sse)
{
    return sse->copied;
}
