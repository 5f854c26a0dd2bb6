#include "config.h"

#include "sim/events.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/js_json.h"
#include "sim/member.h"
#include "sim/script_expand.h"
#include "sim/world.h"

struct reader {
    struct world *world;
    struct event_feed *feed;
    size_t next;
    int64_t opened_ms; /* by the script */
    bool begun, mute;
};

/* Reading. */

static bool read_feed(struct event_feed *feed, const char *name, json_t *object,
                      struct error *err)
{
    json_t *steps = json_object_get(object, "steps");
    *feed = (struct event_feed){
        .name = name,
        .object = object,
        .line_end = member_text(object, "line_end", "\n"),
        .piece = (size_t)member_int(object, "piece", 0),
    };
    json_t *unrolled = steps ? script_expand(steps, err) : json_array();
    if (!unrolled || !timeline_read(&feed->timeline, unrolled, name, err))
        return false;
    for (size_t i = 0; i < feed->timeline.count; i++)
        if (json_object_get(feed->timeline.items[i].step, "id"))
            feed->ids_end = i + 1;
    return true;
}

bool event_feeds_read(struct event_feeds *feeds, json_t *objects,
                      struct error *err)
{
    const char *name;
    json_t *object;
    feeds->items =
        mem_zalloc(json_object_size(objects) + 1, sizeof *feeds->items);
    json_object_foreach(objects, name, object)
    {
        if (!read_feed(&feeds->items[feeds->count++], name, object, err))
            return false;
    }
    return true;
}

void event_feeds_free(struct event_feeds *feeds)
{
    for (size_t i = 0; i < feeds->count; i++)
        timeline_free(&feeds->items[i].timeline);
    free(feeds->items);
    *feeds = (struct event_feeds){0};
}

struct event_feed *event_feeds_find(struct event_feeds *feeds, const char *name)
{
    for (size_t i = 0; i < feeds->count; i++)
        if (strcmp(feeds->items[i].name, name) == 0)
            return &feeds->items[i];
    return NULL;
}

/* Events. */

/* A field for each line of a text. */
static void add_lines(struct buf *out, const char *field, const char *text,
                      size_t len)
{
    const char *end = text + len;
    for (;;) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        buf_addf(out, "%s: ", field);
        buf_add(out, text, (size_t)((stop ? stop : end) - text));
        buf_addc(out, '\n');
        if (!stop)
            return;
        text = stop + 1;
    }
}

static void add_field(struct buf *out, const char *field, json_t *value)
{
    if (json_is_string(value)) {
        add_lines(out, field, json_string_value(value),
                  json_string_length(value));
    } else if (value) {
        struct buf text = buf_make(0);
        js_add_value(&text, value);
        add_lines(out, field, buf_str(&text), text.len);
        buf_free(&text);
    }
}

static void add_event(struct buf *out, json_t *step)
{
    static const char *const fields[] = {"id", "event", "retry", "data"};
    json_t *raw = json_object_get(step, "raw");
    if (json_is_string(raw)) {
        buf_add(out, json_string_value(raw), json_string_length(raw));
        return;
    }
    add_field(out, "", json_object_get(step, "comment"));
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        add_field(out, fields[i], json_object_get(step, fields[i]));
    buf_addc(out, '\n');
}

/* STREAM_BYTES for a plain event. */
static enum stream_step happening(json_t *step)
{
    static const struct {
        const char *member;
        enum stream_step step;
    } words[] = {{"cut", STREAM_BREAK},
                 {"reset", STREAM_RESET},
                 {"end", STREAM_END},
                 {"silence", STREAM_WAIT}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (json_object_get(step, words[i].member))
            return words[i].step;
    return STREAM_BYTES;
}

/* The next step. STREAM_BYTES without bytes: it passed this one by. */
static enum stream_step take_step(struct reader *reader, struct buf *out)
{
    struct event_feed *feed = reader->feed;
    const struct timeline_item *item = &feed->timeline.items[reader->next++];
    enum stream_step step = happening(item->step);
    bool lockstep = reader->world->speed <= 0;
    if (step == STREAM_BYTES) {
        add_event(out, item->step);
        return step;
    }
    bool hit = lockstep ? reader->next > feed->passed
                        : item->at_ms > reader->opened_ms;
    if (feed->passed < reader->next)
        feed->passed = reader->next;
    reader->mute = hit && step == STREAM_WAIT;
    return hit ? step : STREAM_BYTES;
}

static enum stream_step next(void *self, const struct moment *moment,
                             struct buf *out, int64_t *until_ms)
{
    struct reader *reader = self;
    struct event_feed *feed = reader->feed;
    int64_t now_ms = world_script_ms(reader->world, moment->now_ms);
    size_t due = timeline_due(&feed->timeline, now_ms);
    enum stream_step step = STREAM_BYTES;
    *until_ms = -1;
    if (reader->mute)
        return STREAM_WAIT;
    if (!reader->begun && json_is_true(json_object_get(feed->object, "bom")))
        buf_adds(out, "\xEF\xBB\xBF");
    reader->begun = true;
    while (reader->next < due && out->len <= 3 && step == STREAM_BYTES)
        step = take_step(reader, out);
    if (step != STREAM_BYTES || out->len > 0)
        return step;
    if (reader->next < feed->timeline.count) {
        *until_ms = world_when_ms(reader->world, moment,
                                  feed->timeline.items[reader->next].at_ms);
        return STREAM_WAIT;
    }
    feed->told = true;
    return json_is_true(json_object_get(feed->object, "hold")) ? STREAM_WAIT
                                                               : STREAM_END;
}

static const struct stream_ops ops = {next, free};

/* Behind the event of that id; an unknown one means from the start. */
static size_t place_after(const struct event_feed *feed, const char *id)
{
    size_t place = 0;
    for (size_t i = 0; i < feed->timeline.count; i++) {
        json_t *own = json_object_get(feed->timeline.items[i].step, "id");
        struct buf text = buf_make(0);
        if (json_is_string(own))
            buf_adds(&text, json_string_value(own));
        else if (own)
            js_add_value(&text, own);
        if (own && strcmp(buf_str(&text), id) == 0)
            place = i + 1;
        buf_free(&text);
    }
    return place;
}

bool event_feed_is_over(const struct event_feed *feed,
                        const char *last_event_id)
{
    const char *id = last_event_id ? last_event_id : "";
    return feed->told && place_after(feed, id) == feed->ids_end &&
           !json_is_true(json_object_get(feed->object, "hold"));
}

void event_feed_open(struct answer *answer, struct world *world,
                     struct event_feed *feed, const char *last_event_id,
                     const struct moment *moment)
{
    struct reader *reader = mem_zalloc(1, sizeof *reader);
    *reader = (struct reader){
        .world = world,
        .feed = feed,
        .opened_ms = world_script_ms(world, moment->now_ms),
    };
    if (last_event_id && *last_event_id)
        reader->next = place_after(feed, last_event_id);
    answer->stream = &ops;
    answer->stream_self = reader;
}
