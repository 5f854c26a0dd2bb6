/* The first version: entries of text in a list that a reader waits on, five
 * seconds at a time. A line is an event, whatever entries it came in. */
#include "config.h"

#include "sim/stream_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* How long one wait for the store lasts; what depends on silence is looked at
 * in between. */
#define LOOK_MS 5000
#define PING_MS 10000

/* An id that is none makes three reads fail, a second apart. */
#define REFUSED_MS 3000

/* What older writers end a stream with; never sent on. */
#define CLOSE_MARK "<<CLOSE_STREAM>>"

struct reader {
    struct world *world;
    struct sim_stream *stream;
    size_t next;
    struct buf line;                /* not complete yet */
    const struct stream_item *last; /* the entry read last */
    int64_t timeout_ms;
    int64_t opened_ms;                    /* by the script */
    int64_t quiet_ms, pinged_ms, look_ms; /* by the real clock */
    int64_t refused_ms;                   /* -1: not refused */
    bool ending, mute;
};

bool stream_reader_suffers(const struct world *world, struct stream_item *item,
                           int64_t opened_ms, enum stream_step *step)
{
    bool hit = world->speed > 0 ? item->at_ms > opened_ms : !item->happened;
    if (!hit)
        return false;
    item->happened = true;
    switch (item->what) {
    case STREAM_CRASH:
        *step = STREAM_RESET;
        break;
    case STREAM_MUTE:
        *step = STREAM_WAIT;
        break;
    case STREAM_OVER:
        *step = STREAM_END;
        break;
    case STREAM_ENTRY:
    case STREAM_ERROR:
    case STREAM_CUT:
        *step = STREAM_BREAK;
        break;
    }
    return true;
}

static void add_event(struct reader *reader, struct buf *out)
{
    buf_addf(out, "id: %lld-%llu\ndata: ",
             (long long)(reader->world->start_ms + reader->last->at_ms),
             (unsigned long long)reader->last->extra);
    buf_add(out, buf_str(&reader->line), reader->line.len);
    buf_adds(out, "\n\n");
    buf_clear(&reader->line);
}

static bool is_blank(const struct buf *line)
{
    const char *text = buf_str(line);
    return strspn(text, " \t\r") == line->len;
}

static void take_entry(struct reader *reader, const struct stream_item *item,
                       struct buf *out)
{
    reader->last = item;
    if (strcmp(item->text, CLOSE_MARK) == 0)
        return;
    for (size_t i = 0; i < item->len; i++) {
        if (item->text[i] != '\n')
            buf_addc(&reader->line, item->text[i]);
        else if (is_blank(&reader->line))
            buf_clear(&reader->line);
        else
            add_event(reader, out);
    }
}

/* The rest of a line that never ended, trimmed; then the end. */
static enum stream_step finish(struct reader *reader, struct buf *out)
{
    struct buf rest = reader->line;
    const char *text = buf_str(&rest);
    size_t from = strspn(text, " \t\r\n");
    size_t to = rest.len;
    reader->line = buf_make(0);
    while (to > from && strchr(" \t\r\n", text[to - 1]))
        to--;
    buf_add(&reader->line, text + from, to - from);
    buf_free(&rest);
    reader->ending = true;
    if (reader->line.len == 0)
        return STREAM_END;
    add_event(reader, out);
    return STREAM_BYTES;
}

/* Entries in turn, until one completes an event. STREAM_WAIT: none did. */
static enum stream_step read_on(struct reader *reader,
                                const struct moment *moment, struct buf *out)
{
    int64_t script_ms = world_script_ms(reader->world, moment->now_ms);
    size_t due = stream_due(reader->stream, script_ms);
    enum stream_step step;
    while (reader->next < due) {
        struct stream_item *item = &reader->stream->items[reader->next++];
        if (item->what == STREAM_ENTRY) {
            reader->quiet_ms = moment->real_ms;
            reader->look_ms = moment->real_ms + LOOK_MS;
            take_entry(reader, item, out);
            if (out->len > 0)
                return STREAM_BYTES;
        } else if (stream_reader_suffers(reader->world, item, reader->opened_ms,
                                         &step)) {
            reader->mute = step == STREAM_WAIT;
            return step == STREAM_END ? finish(reader, out) : step;
        }
    }
    return STREAM_WAIT;
}

static enum stream_step look(struct reader *reader, const struct moment *moment,
                             struct buf *out)
{
    int64_t heard_ms = reader->quiet_ms > reader->pinged_ms ? reader->quiet_ms
                                                            : reader->pinged_ms;
    reader->look_ms += LOOK_MS;
    if (moment->real_ms - reader->quiet_ms >= reader->timeout_ms)
        return finish(reader, out);
    if (moment->real_ms - heard_ms < PING_MS)
        return STREAM_WAIT;
    buf_adds(out, ": ping\n\n");
    reader->pinged_ms = moment->real_ms;
    return STREAM_BYTES;
}

static enum stream_step refuse(const struct reader *reader,
                               const struct moment *moment, int64_t *until_ms)
{
    *until_ms = reader->refused_ms;
    return moment->real_ms < reader->refused_ms && reader->world->speed > 0
               ? STREAM_WAIT
               : STREAM_BREAK;
}

static enum stream_step next(void *self, const struct moment *moment,
                             struct buf *out, int64_t *until_ms)
{
    struct reader *reader = self;
    if (reader->refused_ms >= 0)
        return refuse(reader, moment, until_ms);
    if (reader->ending)
        return STREAM_END;
    enum stream_step step =
        reader->mute ? STREAM_WAIT : read_on(reader, moment, out);
    *until_ms = -1;
    if (step != STREAM_WAIT || reader->mute)
        return step;
    if (reader->world->speed <= 0)
        return finish(reader, out);
    if (moment->real_ms >= reader->look_ms)
        step = look(reader, moment, out);
    *until_ms = reader->look_ms;
    if (reader->next < reader->stream->count) {
        int64_t at_ms = reader->stream->items[reader->next].at_ms;
        int64_t when_ms = world_when_ms(reader->world, moment, at_ms);
        if (when_ms < *until_ms)
            *until_ms = when_ms;
    }
    return step;
}

static void destroy(void *self)
{
    struct reader *reader = self;
    buf_free(&reader->line);
    free(reader);
}

static const struct stream_ops ops = {next, destroy};

/* "MS-N", or "MS" alone; numbers of the store. */
static bool read_id(const char *text, int64_t *ms, uint64_t *extra)
{
    size_t digits = strspn(text, "0123456789");
    const char *rest = text + digits;
    *ms = strtoll(text, NULL, 10);
    *extra = 0;
    if (*rest == '-') {
        *extra = strtoull(rest + 1, NULL, 10);
        rest += 1 + strspn(rest + 1, "0123456789");
        if (rest[-1] == '-')
            return false;
    }
    return digits > 0 && *rest == '\0';
}

/* The first entry with a greater id. */
static size_t place_after(const struct reader *reader, int64_t ms,
                          uint64_t extra)
{
    const struct sim_stream *stream = reader->stream;
    int64_t at_ms = ms - reader->world->start_ms;
    size_t i = 0;
    while (i < stream->count && (stream->items[i].at_ms < at_ms ||
                                 (stream->items[i].at_ms == at_ms &&
                                  stream->items[i].extra <= extra)))
        i++;
    return i;
}

static void find_start(struct reader *reader, const char *id,
                       const struct moment *moment)
{
    int64_t ms;
    uint64_t extra;
    size_t due = stream_due(reader->stream, reader->opened_ms);
    size_t keep = reader->stream->keep;
    size_t oldest = keep > 0 && due > keep ? due - keep : 0;
    if (id && *id && !read_id(id, &ms, &extra))
        reader->refused_ms = moment->real_ms + REFUSED_MS;
    else if (id && *id)
        reader->next = place_after(reader, ms, extra);
    if (reader->next < oldest)
        reader->next = oldest;
}

void stream_reader_open_v1(struct answer *answer, struct world *world,
                           struct sim_stream *stream,
                           const struct stream_request *request,
                           const struct moment *moment)
{
    struct reader *reader = mem_zalloc(1, sizeof *reader);
    *reader = (struct reader){
        .world = world,
        .stream = stream,
        .line = buf_make(0),
        .timeout_ms = request->timeout_ms,
        .opened_ms = world_script_ms(world, moment->now_ms),
        .quiet_ms = moment->real_ms,
        .pinged_ms = moment->real_ms,
        .look_ms = moment->real_ms + LOOK_MS,
        .refused_ms = -1,
    };
    find_start(reader, request->last_event_id, moment);
    answer->stream = &ops;
    answer->stream_self = reader;
}
