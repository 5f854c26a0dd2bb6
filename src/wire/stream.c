/* Texts are read where they lie: an event stays in the parser until the next
 * one is asked for, and the records of a batch are walked one by one. */
#include "config.h"

#include "wire/stream.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "text/utf8.h"
#include "wire/json_text.h"
#include "wire/json_valid.h"
#include "wire/seen.h"
#include "wire/sse.h"
#include "wire/wire_error.h"

enum {
    IDS_KEPT = 5000, /* part ids, as many as the reference client keeps */
    MAX_ID = 1024
};

enum generation {
    GENERATION_NONE, /* nothing was answered yet */
    GENERATION_V1,
    GENERATION_V2
};

/* Of an entry in the first generation's store, "1767323045678-0": its clock,
 * and a counter within the ms. */
struct position {
    int64_t ms, count; /* ms -1: none */
};

struct stream {
    char *key;
    size_t max_event;
    struct sse *sse;
    enum generation generation; /* of the position, and of the connection */
    int64_t seq;                /* v2: of the last record; -1: none came */
    bool has_seq;               /* … and it may be asked for */
    struct buf last_id;         /* v1: of the last part */
    uint64_t last_parts;        /* v1: parts with that id; some share one */
    struct seen *part_ids;

    /* Of this connection. */
    int64_t now_ms;
    int64_t known_seq; /* v2: as it was when this one began */
    struct position known;
    uint64_t known_parts; /* v1: with that id; not met again so far */
    bool fresh;           /* v1: resumed, and nothing came yet */
    bool caught_up, done, lost_part;

    /* The batch under way, and what else the last part points to. */
    bool in_batch;
    struct json_walk records;
    struct slice tail; /* the batch's own; data NULL: it has none */
    struct buf batch, text, body, id, chunk;

    bool any_part, any_plain; /* v1: parts told; of them, not JSON */
};

struct stream *stream_create(const char *key, size_t max_event)
{
    struct stream *stream = mem_zalloc(1, sizeof *stream);
    stream->key = mem_strdup(key);
    stream->max_event = max_event;
    stream->seq = -1;
    stream->last_id = buf_make(MAX_ID);
    stream->part_ids = seen_create(IDS_KEPT);
    return stream;
}

void stream_destroy(struct stream *stream)
{
    if (!stream)
        return;
    sse_destroy(stream->sse);
    seen_destroy(stream->part_ids);
    buf_free(&stream->last_id);
    buf_free(&stream->batch);
    buf_free(&stream->text);
    buf_free(&stream->body);
    buf_free(&stream->id);
    buf_free(&stream->chunk);
    free(stream->key);
    free(stream);
}

static bool has_position(const struct stream *stream)
{
    return stream->generation == GENERATION_V2 ? stream->has_seq
                                               : stream->last_id.len > 0;
}

bool stream_resume(struct stream *stream, struct buf *out)
{
    if (!has_position(stream))
        return false;
    return stream->generation == GENERATION_V2
               ? buf_add_integer(out, stream->seq)
               : buf_add(out, stream->last_id.data, stream->last_id.len);
}

void stream_feed(struct stream *stream, const char *bytes, size_t len,
                 int64_t now_ms)
{
    stream->now_ms = now_ms;
    sse_feed(stream->sse, bytes, len);
}

bool stream_is_caught_up(const struct stream *stream)
{
    return stream->caught_up;
}

bool stream_is_done(const struct stream *stream)
{
    return stream->done;
}

bool stream_says_when_caught_up(const struct stream *stream)
{
    return stream->generation == GENERATION_V2;
}

bool stream_may_hold_back(const struct stream *stream)
{
    return stream->generation == GENERATION_V1 && stream->any_plain;
}

bool stream_lost_a_part(const struct stream *stream)
{
    return stream->lost_part;
}

/* Values. */

/* Times before this are no times but counters: 2000-01-01. */
static const int64_t first_time_ms = 946684800000;

static void set_time(const struct stream *stream, struct stream_part *part,
                     int64_t time_ms)
{
    part->time_is_arrival = time_ms < first_time_ms;
    part->time_ms = part->time_is_arrival ? stream->now_ms : time_ms;
}

/* The number that a text begins with, up to 2^53; -1: none. *stop: behind it.
 */
static int64_t read_number(struct slice text, size_t *stop)
{
    const int64_t most = (int64_t)1 << 53;
    int64_t number = 0;
    size_t at = 0;
    while (at < text.len && text.data[at] >= '0' && text.data[at] <= '9' &&
           number <= most)
        number = number * 10 + (text.data[at++] - '0');
    *stop = at;
    return at && number <= most ? number : -1;
}

static int64_t read_integer(struct slice value)
{
    size_t stop;
    int64_t number = read_number(value, &stop);
    return stop == value.len ? number : -1;
}

/* The counter may be left out. */
static struct position read_position(const char *id)
{
    struct position position = {.ms = -1};
    size_t len = strlen(id), stop;
    int64_t ms = read_number((struct slice){id, len}, &stop);
    if (stop == len)
        return (struct position){.ms = ms};
    if (id[stop] != '-')
        return position;
    struct slice count = {id + stop + 1, len - stop - 1};
    position.count = read_integer(count);
    position.ms = position.count >= 0 ? ms : -1;
    return position;
}

static bool is_string(struct slice value)
{
    return value.len >= 2 && value.data[0] == '"';
}

static bool unescape(struct buf *out, struct slice string)
{
    buf_clear(out);
    return json_unescape(out, string.data + 1, string.len - 2);
}

/* The text, well-formed: where it was not, a repaired copy in *room. */
static struct slice repaired(struct buf *room, const char *text, size_t len)
{
    if (utf8_valid(text, len))
        return (struct slice){text, len};
    buf_clear(room);
    utf8_repair(room, text, len);
    return (struct slice){buf_str(room), room->len};
}

static struct slice without_space(struct slice text)
{
    const char *end = text.data + text.len;
    const char *p = json_skip_space(text.data, end);
    while (end > p && strchr(" \t\r\n", end[-1]) && end[-1])
        end--;
    return (struct slice){p, (size_t)(end - p)};
}

static void set_json(struct stream *stream, struct stream_part *part,
                     struct slice json)
{
    buf_clear(&stream->chunk);
    json_compact(&stream->chunk, json);
    part->is_json = true;
    part->chunk = buf_str(&stream->chunk);
    part->chunk_len = stream->chunk.len;
}

static void set_plain(struct stream_part *part, struct slice text)
{
    part->is_json = false;
    part->chunk = text.data ? text.data : "";
    part->chunk_len = text.len;
}

static struct stream_part part_of(const struct stream *stream)
{
    struct stream_part part = {.stream = stream->key};
    set_time(stream, &part, -1);
    return part;
}

/* Connections. */

bool stream_open(struct stream *stream, const char *version)
{
    bool second = version && strcasecmp(version, "v2") == 0;
    enum generation generation = second ? GENERATION_V2 : GENERATION_V1;
    bool fits = stream->generation == generation || !has_position(stream);
    if (!fits) {
        stream->has_seq = false;
        buf_clear(&stream->last_id);
    }
    stream->generation = generation;
    sse_destroy(stream->sse); /* with it goes the id that v2 must not use */
    stream->sse = sse_create(stream->max_event);
    stream->known_seq = stream->seq;
    stream->known = read_position(buf_str(&stream->last_id));
    stream->known_parts = stream->last_parts;
    stream->fresh = fits && has_position(stream);
    stream->in_batch = stream->caught_up = stream->done = false;
    stream->lost_part = false;
    return fits;
}

/* The first generation. */

/* Below 0, 0, above: the id's place as seen from what was known when the
 * connection began; above where that cannot be told. */
static int place_of(const struct stream *stream, const char *id)
{
    struct position known = stream->known, at = read_position(id);
    if (known.ms < 0 || at.ms < 0)
        return 1;
    if (at.ms != known.ms)
        return at.ms < known.ms ? -1 : 1;
    return at.count < known.count ? -1 : at.count > known.count;
}

/* A server that begins before the position it was asked for tells again what
 * was told. */
static bool was_told(struct stream *stream, const char *id)
{
    int place = place_of(stream, id);
    return place < 0 ||
           (place == 0 && stream->known_parts && stream->known_parts-- > 0);
}

static void note_id(struct stream *stream, const char *id)
{
    if (!*id || strcmp(id, buf_str(&stream->last_id)) == 0 ||
        place_of(stream, id) < 0)
        return;
    buf_clear(&stream->last_id);
    buf_adds(&stream->last_id, id);
    stream->last_parts = 0;
}

/* Positions are those of the store's entries, and a line may have begun in the
 * entry before: of such a line a resumed connection gets the rest alone. Where
 * all else was JSON, what is not JSON is that. */
static bool is_rest_of_a_line(struct stream *stream, bool is_json)
{
    bool rest =
        stream->fresh && !is_json && stream->any_part && !stream->any_plain;
    stream->fresh = false;
    return rest;
}

static bool take_line(struct stream *stream, const struct sse_event *event,
                      struct stream_part *part)
{
    struct slice text = repaired(&stream->text, event->data, event->data_len);
    bool is_json = json_valid(text.data, text.len);
    if (was_told(stream, event->id)) {
        stream->fresh = false;
        return false;
    }
    note_id(stream, event->id);
    stream->last_parts++;
    if (is_rest_of_a_line(stream, is_json)) {
        stream->lost_part = true;
        return false;
    }
    *part = part_of(stream);
    if (is_json)
        set_json(stream, part, text);
    else
        set_plain(part, text);
    stream->any_part = true;
    stream->any_plain |= !is_json;
    if (*event->id) {
        part->id = event->id;
        set_time(stream, part, read_position(event->id).ms);
    }
    return true;
}

/* The second generation. */

struct record {
    int64_t seq, time_ms; /* -1: not told */
    struct slice headers, body;
};

static struct record read_record(struct slice value)
{
    struct record record = {.seq = -1, .time_ms = -1};
    struct json_walk walk;
    struct slice key;
    json_walk_start(&walk, value);
    while (json_walk_next(&walk, &key, &value)) {
        if (json_string_is(key, "seq_num"))
            record.seq = read_integer(value);
        else if (json_string_is(key, "timestamp"))
            record.time_ms = read_integer(value);
        else if (json_string_is(key, "headers"))
            record.headers = value;
        else if (json_string_is(key, "body"))
            record.body = value;
    }
    return record;
}

/* Orders to the store take a position like everything else; their first header
 * has no name: [["","trim"]]. */
static bool is_command(const struct record *record)
{
    struct json_walk headers, pair;
    struct slice key, header, name;
    return record->headers.data && json_walk_start(&headers, record->headers) &&
           json_walk_next(&headers, &key, &header) &&
           json_walk_start(&pair, header) && pair.close == ']' &&
           json_walk_next(&pair, &key, &name) && slice_is(name, "\"\"");
}

/* Members that an envelope has; the last one of a name counts. */
static void read_envelope(struct slice body, struct slice *data,
                          struct slice *id)
{
    struct json_walk walk;
    struct slice key, value;
    if (!json_walk_start(&walk, body) || walk.close != '}')
        return;
    while (json_walk_next(&walk, &key, &value)) {
        if (json_string_is(key, "data"))
            *data = value;
        else if (json_string_is(key, "id"))
            *id = value;
    }
}

/* The id of a part: a text, or a number as it is written. */
static bool read_id(struct stream *stream, struct slice id)
{
    size_t stop;
    buf_clear(&stream->id);
    if (is_string(id))
        unescape(&stream->id, id);
    else if (id.data && read_number(id, &stop) >= 0)
        buf_add(&stream->id, id.data, id.len);
    return stream->id.len && !memchr(stream->id.data, '\0', stream->id.len);
}

/* Tasks that append over HTTP have their JSON put into a string. An empty
 * object or array is left as text: it says nothing, while "{}" is a word that
 * a model may well utter. */
static struct slice without_quotes(struct stream *stream, struct slice data)
{
    struct json_walk walk;
    struct slice key, value;
    if (!is_string(data) || !unescape(&stream->text, data))
        return data;
    struct slice inner =
        without_space((struct slice){buf_str(&stream->text), stream->text.len});
    bool holds = inner.len && strchr("{[", inner.data[0]) && inner.data[0] &&
                 json_valid(inner.data, inner.len) &&
                 json_walk_start(&walk, inner) &&
                 json_walk_next(&walk, &key, &value);
    return holds ? inner : data;
}

/* A body that is no envelope is shown as it is. False: nothing to show. */
static bool take_body(struct stream *stream, struct slice body,
                      struct stream_part *part)
{
    struct slice data = {0}, id = {0};
    bool is_json = json_valid(body.data, body.len);
    if (is_json)
        read_envelope(without_space(body), &data, &id);
    if (data.data && read_id(stream, id)) {
        if (!seen_note(stream->part_ids, stream->id.data, stream->id.len))
            return false;
        part->id = buf_str(&stream->id);
    }
    if (data.data)
        set_json(stream, part, without_quotes(stream, data));
    else if (is_json)
        set_json(stream, part, body);
    else
        set_plain(part, body);
    return body.len > 0;
}

/* Positions only grow: what is at or before the one that was known when the
 * connection began was told over an earlier one. */
static bool is_repeated(const struct stream *stream,
                        const struct record *record)
{
    return record->seq >= 0 && record->seq <= stream->known_seq;
}

static bool take_record(struct stream *stream, struct slice value,
                        struct stream_part *part)
{
    *part = part_of(stream);
    if (!json_valid(value.data, value.len)) {
        set_plain(part, value);
        return true;
    }
    struct record record = read_record(value);
    if (is_repeated(stream, &record))
        return false;
    if (record.seq >= 0) {
        stream->seq = record.seq;
        stream->has_seq = true;
    }
    if (is_command(&record) || !is_string(record.body))
        return false;
    set_time(stream, part, record.time_ms);
    unescape(&stream->body, record.body);
    return take_body(
        stream, (struct slice){buf_str(&stream->body), stream->body.len}, part);
}

/* "tail" names the position that will be written next. */
static void note_tail(struct stream *stream)
{
    struct json_walk walk;
    struct slice key, value;
    if (!json_walk_start(&walk, stream->tail))
        return;
    while (json_walk_next(&walk, &key, &value))
        if (json_string_is(key, "seq_num"))
            stream->caught_up =
                stream->has_seq && read_integer(value) <= stream->seq + 1;
}

/* Takes the next part out of the batch under way. */
static bool next_record(struct stream *stream, struct stream_part *part)
{
    struct slice key, value;
    while (stream->in_batch) {
        const char *from = stream->records.p;
        if (json_walk_next(&stream->records, &key, &value)) {
            if (take_record(stream, value, part))
                return true;
            continue;
        }
        stream->in_batch = false;
        if (!stream->records.broken) {
            note_tail(stream);
            return false;
        }
        *part = part_of(stream); /* what is left of it makes no sense */
        set_plain(part,
                  (struct slice){from, (size_t)(stream->records.end - from)});
        return true;
    }
    return false;
}

/* Begins with a batch's records; what is no batch is shown when it is no JSON
 * either. */
static bool take_batch(struct stream *stream, const struct sse_event *event,
                       struct stream_part *part)
{
    struct json_walk walk;
    struct slice key, value, tail = {0}, records = {0};
    struct slice batch =
        without_space(repaired(&stream->batch, event->data, event->data_len));
    bool good = json_walk_start(&walk, batch) && walk.close == '}';
    while (good && json_walk_key(&walk, &key)) {
        const char *start = walk.p;
        const char *stop = json_value_end(start, walk.end);
        const char *end = stop ? stop : walk.end;
        value = (struct slice){start, (size_t)(end - start)};
        if (json_string_is(key, "records"))
            records = value;
        else if (json_string_is(key, "tail"))
            tail = value;
        if (!json_walk_pass(&walk, stop))
            break;
    }
    stream->tail = tail;
    stream->in_batch = json_walk_start(&stream->records, records) &&
                       stream->records.close == ']';
    if (stream->in_batch)
        return next_record(stream, part);
    *part = part_of(stream);
    set_plain(part, batch);
    return !json_valid(batch.data, batch.len);
}

static bool end_with_error(const struct sse_event *event, struct error *err)
{
    struct buf why = buf_make(0);
    if (!wire_error_reason(&why, event->data, event->data_len))
        buf_adds(&why, "it gave no reason");
    error_set(err, ERROR_CONNECTION,
              "the server could not go on reading the stream: %s",
              buf_str(&why));
    buf_free(&why);
    return false;
}

static bool take_event(struct stream *stream, const struct sse_event *event,
                       struct stream_part *part, struct error *err)
{
    if (stream->generation == GENERATION_V1)
        return take_line(stream, event, part);
    if (strcmp(event->event, "batch") == 0)
        return take_batch(stream, event, part);
    if (strcmp(event->event, "error") == 0)
        return end_with_error(event, err);
    if (strcmp(event->event, "ping") == 0)
        stream->caught_up = true;
    else if (strcmp(event->event, "message") == 0 &&
             slice_is((struct slice){event->data, event->data_len}, "[DONE]"))
        stream->done = true;
    return false;
}

bool stream_next_part(struct stream *stream, struct stream_part *part,
                      struct error *err)
{
    struct sse_event event;
    struct error own = {0};
    if (next_record(stream, part))
        return true;
    while (sse_next(stream->sse, &event, &own)) {
        if (take_event(stream, &event, part, &own))
            return true;
        if (own.kind != ERROR_NONE)
            break;
    }
    if (own.kind != ERROR_NONE)
        error_set(err, own.kind, "%s", own.message);
    else if (stream->generation == GENERATION_V1)
        note_id(stream, sse_last_event_id(stream->sse));
    return false;
}
