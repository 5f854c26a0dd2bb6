/* There may be millions of events. Most say nothing of this kind: so the bytes
 * in front of each colon are compared with the names looked for, before
 * anything is taken for JSON. Or they are lines of a log that differ in their
 * message alone: so what stood around one is kept as a shape, and an event of
 * a known shape is read by comparing. */
#include "config.h"

#include "wire/sse_facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "text/utf8.h"
#include "wire/entry.h"
#include "wire/json_text.h"
#include "wire/json_valid.h"
#include "wire/logarray.h"
#include "wire/status.h"

enum member {
    MEMBER_STATUS,
    MEMBER_PROGRESS,
    MEMBER_LOGS,
    MEMBER_MESSAGE,
    MEMBER_COUNT
};

enum {
    SHAPE_COUNT = 8,
    SHAPE_MOST = 256 /* bytes around a message, on either side */
};

/* An object of which only the message changes. */
struct shape {
    char before[SHAPE_MOST], after[SHAPE_MOST];
    size_t before_len, after_len; /* with the message's quotes */
    struct log_entry entry;
    struct entry_store store; /* what the entry points to */
};

struct sse_facts {
    struct shape shapes[SHAPE_COUNT];
    size_t shape_count, shape_used, shape_next;
    struct buf rest; /* members of the event that an entry does not show */
    char *names[MEMBER_COUNT]; /* with a quote on either side */
    size_t lens[MEMBER_COUNT];
    struct progress_reader progress;
    struct logarray *log;
    struct run_facts run;
    struct log_entry *entries; /* of the event read last */
    struct entry_store *stores;
    size_t count, size;
};

static void set_name(struct sse_facts *facts, enum member member,
                     const char *name)
{
    struct buf quoted = buf_make(0);
    buf_addf(&quoted, "\"%s\"", name);
    facts->lens[member] = quoted.len;
    facts->names[member] = buf_take(&quoted);
}

struct sse_facts *sse_facts_create(const char *progress_key,
                                   const char *log_key,
                                   enum progress_scale scale)
{
    struct sse_facts *facts = mem_zalloc(1, sizeof *facts);
    set_name(facts, MEMBER_STATUS, "status");
    set_name(facts, MEMBER_PROGRESS, progress_key);
    set_name(facts, MEMBER_LOGS, log_key);
    set_name(facts, MEMBER_MESSAGE, "message");
    facts->progress.scale = scale;
    facts->log = logarray_create();
    facts_init(&facts->run);
    return facts;
}

void sse_facts_destroy(struct sse_facts *facts)
{
    if (!facts)
        return;
    for (size_t i = 0; i < MEMBER_COUNT; i++)
        free(facts->names[i]);
    for (size_t i = 0; i < facts->size; i++)
        entry_store_free(&facts->stores[i]);
    free(facts->stores);
    free(facts->entries);
    for (size_t i = 0; i < SHAPE_COUNT; i++)
        entry_store_free(&facts->shapes[i].store);
    buf_free(&facts->rest);
    logarray_destroy(facts->log);
    facts_free(&facts->run);
    free(facts);
}

bool sse_facts_finish(struct sse_facts *facts)
{
    facts->run.finished = status_is_terminal(facts->run.status);
    return facts->run.finished;
}

const struct run_facts *sse_facts_run(const struct sse_facts *facts)
{
    return &facts->run;
}

/* Is there a name looked for? It may stand anywhere, deep inside too. */
static bool has_name(const struct sse_facts *facts, const char *data,
                     size_t len)
{
    const char *end = data + len, *colon = data;
    while ((colon = memchr(colon, ':', (size_t)(end - colon)))) {
        const char *stop = colon++;
        while (stop > data && (stop[-1] == ' ' || stop[-1] == '\n'))
            stop--;
        for (size_t i = 0; i < MEMBER_COUNT; i++) {
            size_t name = facts->lens[i];
            if ((size_t)(stop - data) > name &&
                stop[-2] == facts->names[i][name - 2] &&
                memcmp(stop - name, facts->names[i], name) == 0)
                return true;
        }
    }
    return false;
}

/* Shapes. */

static bool has_shape(const struct shape *shape, const char *data, size_t len)
{
    size_t around = shape->before_len + shape->after_len;
    if (len <= around)
        return false;
    const char *message = data + shape->before_len;
    const char *stop = data + len - shape->after_len;
    return bytes_are_same(data, shape->before, shape->before_len) &&
           bytes_are_same(stop, shape->after, shape->after_len) &&
           bytes_find_either(message, stop, '"', '\\') == stop;
}

/* The one used last comes first: lines of one level come in rows. */
static struct shape *find_shape(struct sse_facts *facts, const char *data,
                                size_t len)
{
    for (size_t i = 0; i < facts->shape_count; i++) {
        size_t at = (facts->shape_used + i) % facts->shape_count;
        if (!has_shape(&facts->shapes[at], data, len))
            continue;
        facts->shape_used = at;
        return &facts->shapes[at];
    }
    return NULL;
}

static void narrow(const struct shape *shape, struct slice *data)
{
    data->data += shape->before_len;
    data->len -= shape->before_len + shape->after_len;
}

static bool read_shape(struct sse_facts *facts, const char *data, size_t len,
                       int64_t now_ms, struct sse_reading *reading)
{
    struct shape *shape = find_shape(facts, data, len);
    if (!shape)
        return false;
    struct slice message = {data, len};
    narrow(shape, &message);
    shape->entry.time_ms = now_ms;
    shape->entry.message = message.data;
    shape->entry.message_len = message.len;
    *reading = (struct sse_reading){&shape->entry, 1, true, false};
    return true;
}

/* Keeps what stands around the message, where an event says nothing else. */
static void keep_shape(struct sse_facts *facts, struct slice object,
                       struct slice message)
{
    size_t before = (size_t)(message.data - object.data) + 1;
    size_t after = object.len - before - (message.len - 2);
    if (before > SHAPE_MOST || after > SHAPE_MOST)
        return;
    struct shape *shape = &facts->shapes[facts->shape_next];
    shape->before_len = before;
    shape->after_len = after;
    memcpy(shape->before, object.data, before);
    memcpy(shape->after, object.data + object.len - after, after);
    entry_decode(&shape->entry, &shape->store, object, 0);
    if (!shape->entry.time_is_arrival) { /* it will be another the next time */
        shape->before_len = shape->after_len = SIZE_MAX / 4;
        return;
    }
    facts->shape_next = (facts->shape_next + 1) % SHAPE_COUNT;
    if (facts->shape_count < SHAPE_COUNT)
        facts->shape_count++;
}

/* Entries. */

static void add_entry(struct sse_facts *facts, struct slice json,
                      int64_t now_ms)
{
    if (facts->count == facts->size) {
        size_t size = facts->size ? facts->size * 2 : 4;
        facts->entries =
            mem_resize(facts->entries, size, sizeof *facts->entries);
        facts->stores = mem_resize(facts->stores, size, sizeof *facts->stores);
        memset(facts->stores + facts->size, 0,
               (size - facts->size) * sizeof *facts->stores);
        facts->size = size;
    }
    entry_decode(&facts->entries[facts->count], &facts->stores[facts->count],
                 json, now_ms);
    facts->count++;
}

static void add_fresh(struct sse_facts *facts, struct slice logs,
                      int64_t now_ms)
{
    struct logarray_change change;
    if (!logarray_update(facts->log, logs.data, logs.data + logs.len, &change))
        return;
    size_t count = logarray_count(facts->log);
    for (size_t i = count - change.fresh; i < count; i++)
        add_entry(facts, logarray_element(facts->log, i), now_ms);
}

/* Facts. */

/* Words of other servers than Trigger.dev, beside its own. */
static enum run_status status_of(const char *word)
{
    static const struct {
        const char *word;
        enum run_status status;
    } more[] = {{"RUNNING", STATUS_EXECUTING},   {"SUCCESS", STATUS_COMPLETED},
                {"SUCCEEDED", STATUS_COMPLETED}, {"DONE", STATUS_COMPLETED},
                {"FINISHED", STATUS_COMPLETED},  {"COMPLETE", STATUS_COMPLETED},
                {"ERROR", STATUS_FAILED},        {"CANCELLED", STATUS_CANCELED},
                {"PENDING", STATUS_QUEUED}};
    char upper[32];
    size_t len = strlen(word);
    if (len >= sizeof upper)
        return STATUS_UNKNOWN;
    for (size_t i = 0; i <= len; i++)
        upper[i] =
            word[i] >= 'a' && word[i] <= 'z' ? (char)(word[i] - 32) : word[i];
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (strcmp(upper, more[i].word) == 0)
            return more[i].status;
    return status_from_word(upper, len);
}

static void replace(char **text, char *with)
{
    free(*text);
    *text = with;
}

/* A word that is no status is a step, as in metadata. A final one does not
 * finish anything yet: the stream goes on. */
static void take_status(struct run_facts *run, struct slice value)
{
    struct buf plain = buf_make(0);
    json_unescape(&plain, value.data + 1, value.len - 2);
    char *word = facts_text(buf_str(&plain), plain.len);
    enum run_status status = status_of(word);
    buf_free(&plain);
    if (status == STATUS_UNKNOWN) {
        replace(&run->step, word);
        return;
    }
    run->status = status;
    replace(&run->status_text, word);
}

static bool is_string(struct slice value)
{
    return value.data && value.len > 2 && value.data[0] == '"';
}

static bool is_array(struct slice value)
{
    return value.data && value.data[0] == '[';
}

static void take_facts(struct sse_facts *facts,
                       const struct slice members[MEMBER_COUNT],
                       struct sse_reading *reading)
{
    struct run_facts before;
    facts_init(&before);
    facts_assign(&before, &facts->run);
    if (is_string(members[MEMBER_STATUS]))
        take_status(&facts->run, members[MEMBER_STATUS]);
    if (members[MEMBER_PROGRESS].data)
        facts->run.progress =
            progress_read(&facts->progress, members[MEMBER_PROGRESS],
                          facts->run.status == STATUS_COMPLETED);
    reading->changed = facts_assign(&before, &facts->run);
    facts_free(&before);
}

/* Members that entry_decode() takes. */
static bool is_of_entry(struct slice key)
{
    static const char *const names[] = {"level", "data", "timestamp", "ts",
                                        "time"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_is(key, names[i]))
            return true;
    return false;
}

static void add_rest(struct sse_facts *facts, struct slice key,
                     struct slice value)
{
    buf_adds(&facts->rest, facts->rest.len ? ",\"" : "{\"");
    buf_add(&facts->rest, key.data, key.len);
    buf_adds(&facts->rest, "\":");
    buf_add(&facts->rest, value.data, value.len);
}

/* The whole event is an entry; what the entry has no place for is its data. */
static void add_message(struct sse_facts *facts, struct slice object,
                        int64_t now_ms)
{
    add_entry(facts, object, now_ms);
    struct log_entry *entry = &facts->entries[facts->count - 1];
    if (entry->data || !facts->rest.len)
        return;
    buf_addc(&facts->rest, '}');
    entry->data = buf_str(&facts->rest);
    entry->data_len = facts->rest.len;
}

static enum member member_of(const struct sse_facts *facts, struct slice key)
{
    size_t i = 0;
    while (i < MEMBER_COUNT &&
           (key.len + 2 != facts->lens[i] ||
            memcmp(key.data, facts->names[i] + 1, key.len) != 0))
        i++;
    return (enum member)i;
}

static bool is_plain(struct slice string)
{
    return !memchr(string.data, '\\', string.len);
}

static void read_object(struct sse_facts *facts, struct slice object,
                        int64_t now_ms, struct sse_reading *reading)
{
    struct slice members[MEMBER_COUNT] = {{0}}, key, value;
    struct json_walk walk;
    bool others = false;
    buf_clear(&facts->rest);
    json_walk_start(&walk, object);
    while (json_walk_next(&walk, &key, &value)) {
        enum member member = member_of(facts, key);
        if (member < MEMBER_COUNT) {
            members[member] = value;
            continue;
        }
        others = true;
        if (!is_of_entry(key))
            add_rest(facts, key, value);
    }
    struct slice text = members[MEMBER_MESSAGE];
    bool logs = is_array(members[MEMBER_LOGS]), message = is_string(text);
    if (members[MEMBER_STATUS].data || members[MEMBER_PROGRESS].data)
        take_facts(facts, members, reading);
    else if (message && !logs && !facts->rest.len && is_plain(text))
        keep_shape(facts, object, text);
    if (logs)
        add_fresh(facts, members[MEMBER_LOGS], now_ms);
    if (message)
        add_message(facts, object, now_ms);
    others |= text.data && !message;
    others |= members[MEMBER_LOGS].data && !logs;
    others |= members[MEMBER_STATUS].data && !is_string(members[MEMBER_STATUS]);
    reading->is_read = logs || message || !others;
}

/* Bytes that are no text: NULs and ill-formed parts are most of it, or in
 * something longer a third. What begins as text does and has no NUL near is not
 * looked through. */
static bool is_binary(const char *data, size_t len)
{
    enum {
        NEAR = 64,
        LONGER = 64
    };
    bool plain = len && data[0] >= ' ' && data[0] < 0x7f;
    if (!len || (plain && !memchr(data, 0, len < NEAR ? len : NEAR)))
        return false;
    size_t bad = 0, at = 0;
    while (at < len) {
        uint32_t code;
        bool good;
        size_t used = utf8_read(data + at, len - at, &code, &good);
        bad += good && code ? 0 : used;
        at += used;
    }
    return bad >= len - len / 4 || (len >= LONGER && bad > len / 3);
}

static void add_size(struct sse_facts *facts, size_t len, int64_t now_ms)
{
    struct buf words = buf_make(0);
    buf_addf(&words, "\"binary data, %zu byte%s\"", len, len == 1 ? "" : "s");
    add_entry(facts, (struct slice){words.data, words.len}, now_ms);
    buf_free(&words);
}

static bool is_object(const struct sse_facts *facts, const char *data,
                      size_t len)
{
    return len && *data == '{' && has_name(facts, data, len) &&
           json_valid(data, len);
}

bool sse_facts_read(struct sse_facts *facts, const struct sse_event *event,
                    int64_t now_ms, struct sse_reading *reading)
{
    const char *data = event->data;
    size_t len = event->data_len;
    if (len && *data == '{' && read_shape(facts, data, len, now_ms, reading))
        return true;
    bool object = is_object(facts, data, len);
    if (!object && !is_binary(data, len))
        return false;
    *reading = (struct sse_reading){.is_read = true};
    facts->count = 0;
    if (object)
        read_object(facts, (struct slice){data, len}, now_ms, reading);
    else
        add_size(facts, len, now_ms);
    reading->entries = facts->entries;
    reading->count = facts->count;
    return true;
}

/* Is it none of what sse_facts_read() reads? */
static bool says_nothing(struct sse_facts *facts, struct slice data)
{
    bool object = data.len && *data.data == '{';
    if (object && find_shape(facts, data.data, data.len))
        return false;
    return !is_object(facts, data.data, data.len) &&
           !is_binary(data.data, data.len);
}

size_t sse_facts_read_alike(struct sse_facts *facts, struct slice *data,
                            size_t count, int64_t now_ms,
                            const struct log_entry **like)
{
    struct shape *shape = NULL;
    size_t alike = 0;
    if (count && data->len && *data->data == '{')
        shape = find_shape(facts, data->data, data->len);
    *like = NULL;
    if (!shape) {
        while (alike < count && says_nothing(facts, data[alike]))
            alike++;
        return alike;
    }
    shape->entry.time_ms = now_ms;
    *like = &shape->entry;
    do
        narrow(shape, &data[alike]);
    while (++alike < count &&
           has_shape(shape, data[alike].data, data[alike].len));
    return alike;
}
