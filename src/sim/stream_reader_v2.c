/* The second version: records with numbers, in batches as the store sends
 * them. Up to the tail they come as they are there; from then on as they
 * arrive, and each batch tells where the tail is. */
#include "config.h"

#include "sim/stream_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BATCH_RECORDS 1000
#define BATCH_BYTES   ((size_t)1 << 20)

/* Silence before a ping: 5 s, and up to 10 s more. */
#define PING_MS        5000
#define PING_SPREAD_MS 10000

struct reader {
    struct world *world;
    struct sim_stream *stream;
    size_t at;         /* item … */
    size_t index;      /* … and record of it, to be read next */
    uint64_t records;  /* sent over this connection */
    uint64_t metered;  /* bytes of them */
    int64_t opened_ms; /* by the script */
    int64_t timeout_ms;
    int64_t quiet_ms, ping_ms; /* by the real clock */
    bool at_tail, ending, mute;
};

/* A batch that is being put together. */
struct batch {
    struct buf text;
    size_t records, bytes;
    uint64_t last_seq;
    int64_t last_ms;
};

static void add_ping(struct reader *reader, const struct moment *moment,
                     struct buf *out)
{
    buf_addf(out, "event: ping\ndata: {\"timestamp\":%lld}\n\n",
             (long long)world_now_ms(reader->world, moment));
    reader->ping_ms = moment->real_ms + PING_MS +
                      (int64_t)(world_random(reader->world) % PING_SPREAD_MS);
}

/* The number that the next record to arrive will have. */
static uint64_t tail_seq(const struct sim_stream *stream, size_t due)
{
    if (due < stream->count)
        return stream->items[due].seq;
    if (due == 0)
        return 0;
    const struct stream_item *last = &stream->items[due - 1];
    return last->seq + last->record_count;
}

/* False when the batch is full. */
static bool take_records(struct reader *reader, struct batch *batch)
{
    const struct stream_item *item = &reader->stream->items[reader->at];
    for (; reader->index < item->record_count; reader->index++) {
        size_t bytes = item->records[reader->index].metered;
        if (batch->records == BATCH_RECORDS ||
            (batch->records > 0 && batch->bytes + bytes > BATCH_BYTES))
            return false;
        if (batch->records > 0)
            buf_addc(&batch->text, ',');
        stream_add_record(&batch->text, item, reader->index,
                          reader->world->start_ms);
        batch->records++;
        batch->bytes += bytes;
        batch->last_seq = item->seq + reader->index;
        batch->last_ms = reader->world->start_ms + item->at_ms;
    }
    reader->at++;
    reader->index = 0;
    return true;
}

static void send_batch(struct reader *reader, struct batch *batch, size_t due,
                       const struct moment *moment, struct buf *out)
{
    reader->records += batch->records;
    reader->metered += batch->bytes;
    reader->quiet_ms = moment->real_ms;
    buf_addf(out, "event: batch\nid: %llu,%llu,%llu\ndata: {\"records\":[",
             (unsigned long long)batch->last_seq,
             (unsigned long long)reader->records,
             (unsigned long long)reader->metered);
    buf_add(out, buf_str(&batch->text), batch->text.len);
    buf_addc(out, ']');
    if (reader->at_tail)
        buf_addf(out, ",\"tail\":{\"seq_num\":%llu,\"timestamp\":%lld}",
                 (unsigned long long)tail_seq(reader->stream, due),
                 (long long)batch->last_ms);
    buf_adds(out, "}\n\n");
    reader->ping_ms = moment->real_ms + PING_MS +
                      (int64_t)(world_random(reader->world) % PING_SPREAD_MS);
}

/* One happening that is no record. STREAM_WAIT with `mute` unset: it passed
 * this connection by. */
static enum stream_step suffer(struct reader *reader, struct buf *out)
{
    struct stream_item *item = &reader->stream->items[reader->at++];
    enum stream_step step;
    if (!stream_reader_suffers(reader->world, item, reader->opened_ms, &step))
        return STREAM_WAIT;
    reader->mute = step == STREAM_WAIT;
    if (item->what == STREAM_ERROR) {
        buf_addf(out, "event: error\ndata: %s\n\n", item->text);
        reader->ending = true;
        return STREAM_BYTES;
    }
    if (item->what == STREAM_OVER) {
        buf_adds(out, "data: [DONE]\n\n");
        reader->ending = true;
        return STREAM_BYTES;
    }
    return step;
}

/* The next batch, or what happens before it. At the tail each arrival is a
 * batch of its own. */
static enum stream_step read_on(struct reader *reader, size_t due,
                                const struct moment *moment, struct buf *out)
{
    struct batch batch = {.text = buf_make(0)};
    enum stream_step step = STREAM_WAIT;
    bool full = false;
    while (reader->at < due && !full && step == STREAM_WAIT && !reader->mute) {
        const struct stream_item *item = &reader->stream->items[reader->at];
        if (item->what == STREAM_ENTRY)
            full = !take_records(reader, &batch) ||
                   (reader->at_tail && batch.records > 0);
        else if (batch.records > 0)
            full = true;
        else
            step = suffer(reader, out);
    }
    if (batch.records > 0) {
        send_batch(reader, &batch, due, moment, out);
        step = STREAM_BYTES;
    }
    buf_free(&batch.text);
    return step;
}

static enum stream_step be_idle(struct reader *reader,
                                const struct moment *moment, struct buf *out)
{
    if (reader->world->speed <= 0 ||
        moment->real_ms >= reader->quiet_ms + reader->timeout_ms) {
        buf_adds(out, "data: [DONE]\n\n");
        reader->ending = true;
        return STREAM_BYTES;
    }
    if (moment->real_ms < reader->ping_ms)
        return STREAM_WAIT;
    add_ping(reader, moment, out);
    return STREAM_BYTES;
}

static int64_t next_look(const struct reader *reader,
                         const struct moment *moment)
{
    int64_t until_ms = reader->quiet_ms + reader->timeout_ms;
    if (reader->ping_ms < until_ms)
        until_ms = reader->ping_ms;
    if (reader->at < reader->stream->count) {
        int64_t at_ms = reader->stream->items[reader->at].at_ms;
        int64_t when_ms = world_when_ms(reader->world, moment, at_ms);
        if (when_ms < until_ms)
            until_ms = when_ms;
    }
    return until_ms;
}

static enum stream_step next(void *self, const struct moment *moment,
                             struct buf *out, int64_t *until_ms)
{
    struct reader *reader = self;
    *until_ms = -1;
    if (reader->ending)
        return STREAM_END;
    if (reader->mute)
        return STREAM_WAIT;
    int64_t script_ms = world_script_ms(reader->world, moment->now_ms);
    size_t due = stream_due(reader->stream, script_ms);
    enum stream_step step = read_on(reader, due, moment, out);
    if ((step != STREAM_WAIT && step != STREAM_BYTES) || reader->mute ||
        reader->ending)
        return step;
    if (!reader->at_tail && reader->at == due) {
        add_ping(reader, moment, out);
        reader->at_tail = true;
        return STREAM_BYTES;
    }
    if (step == STREAM_WAIT)
        step = be_idle(reader, moment, out);
    if (step == STREAM_WAIT)
        *until_ms = next_look(reader, moment);
    return step;
}

static const struct stream_ops ops = {next, free};

/* The first record asked for; what is no number asks for all. */
static uint64_t first_seq(const char *id)
{
    if (!id || !*id || id[strspn(id, "0123456789")] != '\0')
        return 0;
    return strtoull(id, NULL, 10) + 1;
}

static void find_start(struct reader *reader, const char *id)
{
    struct sim_stream *stream = reader->stream;
    size_t due = stream_due(stream, reader->opened_ms);
    uint64_t seq = first_seq(id);
    uint64_t tail = tail_seq(stream, due);
    if (stream->keep > 0 && tail > stream->keep && seq < tail - stream->keep)
        seq = tail - stream->keep;
    while (reader->at < due) {
        const struct stream_item *item = &stream->items[reader->at];
        if (item->seq + item->record_count > seq)
            break;
        /* in lockstep what happens after the last record is still to come */
        if (item->what != STREAM_ENTRY && item->seq >= seq && !item->happened)
            break;
        reader->at++;
    }
    if (reader->at < due && seq > stream->items[reader->at].seq)
        reader->index = (size_t)(seq - stream->items[reader->at].seq);
}

void stream_reader_open_v2(struct answer *answer, struct world *world,
                           struct sim_stream *stream,
                           const struct stream_request *request,
                           const struct moment *moment)
{
    struct reader *reader = mem_zalloc(1, sizeof *reader);
    *reader = (struct reader){
        .world = world,
        .stream = stream,
        .opened_ms = world_script_ms(world, moment->now_ms),
        .timeout_ms = request->timeout_ms,
        .quiet_ms = moment->real_ms,
    };
    find_start(reader, request->last_event_id);
    answer->stream = &ops;
    answer->stream_self = reader;
}
