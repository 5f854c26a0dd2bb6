#include "config.h"

#include "sim/streams.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/js_json.h"
#include "sim/member.h"
#include "sim/script.h"
#include "sim/script_expand.h"
#include "sim/story.h"
#include "sim/timeline.h"

/* What the store counts for a record beside its text. */
#define RECORD_OVERHEAD 8
#define HEADER_OVERHEAD 2

/* Parts. */

/* Seven letters, as a writer makes them; the same for the same part. */
static void make_part_id(const char *key, uint64_t seq, char out[8])
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
                                  "abcdefghijklmnopqrstuvwxyz-";
    uint64_t hash = 0xcbf29ce484222325u ^ (seq + 1) * 0x9e3779b97f4a7c15u;
    for (const char *p = key; *p; p++)
        hash = (hash ^ (unsigned char)*p) * 0x100000001b3u;
    for (size_t i = 0; i < 7; i++) {
        out[i] = letters[hash >> 58 & 63];
        hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9u;
    }
    out[7] = '\0';
}

static size_t metered(const struct stream_record *record)
{
    size_t bytes = RECORD_OVERHEAD + record->len;
    size_t i, j;
    json_t *header, *text;
    json_array_foreach(record->headers, i, header)
    {
        bytes += HEADER_OVERHEAD;
        json_array_foreach(header, j, text)
        {
            bytes += json_string_length(text);
        }
    }
    return bytes;
}

static void add_record(struct stream_item *item, struct buf *body,
                       json_t *headers)
{
    item->records = mem_resize(item->records, item->record_count + 1,
                               sizeof *item->records);
    struct stream_record *record = &item->records[item->record_count++];
    *record = (struct stream_record){.len = body->len, .headers = headers};
    buf_addc(body, '\0');
    record->body = buf_take(body);
    record->metered = metered(record);
}

/* {"data":PART,"id":"…"} */
static void add_part_record(struct stream_item *item, const char *key,
                            json_t *part, const char *id)
{
    char made[8];
    struct buf body = buf_make(0);
    make_part_id(key, item->seq + item->record_count, made);
    buf_adds(&body, "{\"data\":");
    js_add_value(&body, part);
    buf_adds(&body, ",\"id\":");
    js_add_string(&body, id ? id : made, strlen(id ? id : made));
    buf_addc(&body, '}');
    add_record(item, &body, NULL);
}

static void add_text(struct buf *out, json_t *text)
{
    if (text)
        buf_add(out, json_string_value(text), json_string_length(text));
}

/* A record as the scenario has it: a command, a body that is no part. */
static void add_raw_record(struct stream_item *item, json_t *record)
{
    struct buf body = buf_make(0);
    add_text(&body, json_object_get(record, "body"));
    add_record(item, &body, json_object_get(record, "headers"));
}

/* A member that is one value, or under its plural a list of them. */
static json_t *list_of(json_t *step, const char *one, const char *many)
{
    json_t *list = json_object_get(step, many);
    json_t *value = json_object_get(step, one);
    if (list)
        return json_incref(list);
    return value ? json_pack("[O]", value) : json_array();
}

static void read_records(const struct sim_stream *stream,
                         struct stream_item *item, json_t *step)
{
    json_t *parts = list_of(step, "part", "parts");
    json_t *ids = list_of(step, "id", "ids");
    json_t *records = list_of(step, "record", "records");
    json_t *raw = json_object_get(step, "raw");
    size_t i;
    json_t *value;
    json_array_foreach(parts, i, value)
    {
        add_part_record(item, stream->key, value,
                        json_string_value(json_array_get(ids, i)));
    }
    json_array_foreach(records, i, value)
    {
        add_raw_record(item, value);
    }
    if (raw) {
        struct buf body = buf_make(0);
        add_text(&body, raw);
        add_record(item, &body, NULL);
    }
    json_decref(parts);
    json_decref(ids);
    json_decref(records);
}

/* A line of JSON for each part; "raw" as it stands. */
static void read_entry(struct stream_item *item, json_t *step)
{
    struct buf text = buf_make(0);
    json_t *parts = list_of(step, "part", "parts");
    size_t i;
    json_t *part;
    json_array_foreach(parts, i, part)
    {
        js_add_value(&text, part);
        buf_addc(&text, '\n');
    }
    add_text(&text, json_object_get(step, "raw"));
    item->len = text.len;
    buf_addc(&text, '\0');
    item->text = buf_take(&text);
    json_decref(parts);
}

static void read_error(struct stream_item *item, json_t *error)
{
    struct buf text = buf_make(0);
    if (json_is_string(error))
        add_text(&text, error);
    else
        js_add_value(&text, error);
    item->len = text.len;
    buf_addc(&text, '\0');
    item->text = buf_take(&text);
}

static enum stream_happening happening(json_t *step)
{
    static const struct {
        const char *member;
        enum stream_happening what;
    } words[] = {{"error", STREAM_ERROR},
                 {"cut", STREAM_CUT},
                 {"reset", STREAM_CRASH},
                 {"end", STREAM_OVER},
                 {"silence", STREAM_MUTE}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (json_object_get(step, words[i].member))
            return words[i].what;
    return STREAM_ENTRY;
}

static void read_item(struct sim_stream *stream, const struct timeline_item *in)
{
    const struct stream_item *last =
        stream->count > 0 ? &stream->items[stream->count - 1] : NULL;
    struct stream_item item = {.what = happening(in->step), .at_ms = in->at_ms};
    if (last)
        item.seq = last->seq + last->record_count;
    if (last && last->at_ms == in->at_ms)
        item.extra = last->extra + (last->what == STREAM_ENTRY);
    if (item.what == STREAM_ERROR)
        read_error(&item, json_object_get(in->step, "error"));
    else if (item.what == STREAM_ENTRY && stream->v2)
        read_records(stream, &item, in->step);
    else if (item.what == STREAM_ENTRY)
        read_entry(&item, in->step);
    stream->items[stream->count++] = item;
}

/* Streams. */

static bool read_steps(struct sim_stream *stream, json_t *object,
                       struct error *err)
{
    struct timeline timeline;
    json_t *steps = json_object_get(object, "steps");
    double words_per_s =
        json_number_value(json_object_get(object, "words_per_s"));
    json_t *unrolled = steps ? script_expand(steps, err) : json_array();
    stream->steps = unrolled ? story_expand(unrolled, words_per_s, err) : NULL;
    json_decref(unrolled);
    if (!stream->steps)
        return false;
    bool good =
        timeline_read(&timeline, json_incref(stream->steps), stream->key, err);
    stream->items = mem_zalloc(timeline.count + 1, sizeof *stream->items);
    for (size_t i = 0; good && i < timeline.count; i++)
        read_item(stream, &timeline.items[i]);
    stream->open_ms = member_int(object, "open_ms",
                                 stream->count ? stream->items[0].at_ms : 0);
    timeline_free(&timeline);
    return good;
}

static bool read_stream(struct streams *streams, const char *key,
                        json_t *object, struct error *err)
{
    struct sim_stream *stream = &streams->items[streams->count++];
    *stream = (struct sim_stream){
        .key = key,
        .v2 = member_int(object, "version", 1) == 2,
        .keep = (size_t)member_int(object, "keep", 0),
        .line_end = member_text(object, "line_end", "\n"),
        .piece = (size_t)member_int(object, "piece", 0),
    };
    return read_steps(stream, object, err);
}

/* The first record's number is above 0 where older ones are gone. */
static void number_from(struct sim_stream *stream, int64_t first)
{
    for (size_t i = 0; i < stream->count; i++)
        stream->items[i].seq += (uint64_t)first;
}

bool streams_read(struct streams *streams, struct script *script,
                  struct error *err)
{
    json_t *objects = script_member(script, "streams");
    const char *where = json_string_value(script_member(script, "stream_keys"));
    bool both = where && strcmp(where, "both") == 0;
    bool in_column = !where || both || strcmp(where, "column") == 0;
    bool in_metadata = both || (where && strcmp(where, "metadata") == 0);
    const char *key;
    json_t *object;
    streams->items =
        mem_zalloc(json_object_size(objects) + 1, sizeof *streams->items);
    json_object_foreach(objects, key, object)
    {
        if (!read_stream(streams, key, object, err))
            return false;
        struct sim_stream *stream = &streams->items[streams->count - 1];
        number_from(stream, member_int(object, "first_seq", 0));
        script_open_stream(script, key, stream->open_ms, in_column,
                           in_metadata);
    }
    return true;
}

static void free_item(struct stream_item *item)
{
    for (size_t i = 0; i < item->record_count; i++)
        free(item->records[i].body);
    free(item->records);
    free(item->text);
}

void streams_free(struct streams *streams)
{
    for (size_t i = 0; i < streams->count; i++) {
        struct sim_stream *stream = &streams->items[i];
        for (size_t j = 0; j < stream->count; j++)
            free_item(&stream->items[j]);
        free(stream->items);
        json_decref(stream->steps);
    }
    free(streams->items);
    *streams = (struct streams){0};
}

struct sim_stream *streams_find(struct streams *streams, const char *key)
{
    for (size_t i = 0; i < streams->count; i++)
        if (strcmp(streams->items[i].key, key) == 0)
            return &streams->items[i];
    return NULL;
}

bool streams_are_v2(const struct streams *streams)
{
    return streams->count > 0 && streams->items[0].v2;
}

size_t stream_due(const struct sim_stream *stream, int64_t ms)
{
    size_t low = 0;
    size_t high = stream->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (stream->items[middle].at_ms <= ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void stream_add_record(struct buf *out, const struct stream_item *item,
                       size_t index, int64_t start_ms)
{
    const struct stream_record *record = &item->records[index];
    buf_addf(out, "{\"seq_num\":%llu,\"timestamp\":%lld",
             (unsigned long long)(item->seq + index),
             (long long)(start_ms + item->at_ms));
    if (json_array_size(record->headers) > 0) {
        buf_adds(out, ",\"headers\":");
        js_add_value(out, record->headers);
    }
    if (record->len > 0) {
        buf_adds(out, ",\"body\":");
        js_add_string(out, record->body, record->len);
    }
    buf_addc(out, '}');
}
