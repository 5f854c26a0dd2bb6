/* Text as it comes: what tasks stream piece by piece is joined again, with
 * nothing between the pieces. What surrounds the text of a message (that it
 * begins, ends, was a step, how much it cost) is left out.
 *
 * A stream that is alone goes on as it comes. Of several, whole lines are
 * written, and what has no end of its line when its stream has been quiet for a
 * while. A line of our own says which stream goes on; so that these are not as
 * many as the lines of streams that write by turns, the one that is being
 * written goes on until it pauses, or another has waited long enough. */
#include "config.h"

#include "io/sink.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/stream_calls.h"
#include "text/escape.h"
#include "wire/chunk.h"

enum {
    MOST_HELD = 64 * 1024, /* bytes of a line that waits */
    QUIET_MS = 2000,       /* after which it waits no longer */
    PAUSE_MS = 250,        /* of the stream that is being written */
    TURN_MS = 1000         /* after which others wait for that no longer */
};

struct channel {
    char *key;
    struct buf text; /* safe, and not written yet */
    bool mid_line;   /* as far as the text goes */
    bool thinking;   /* what came last was a thought */
    struct buf
        block;       /* what the last piece belonged to; "": the stream's own */
    bool block_over; /* what comes next is another one, whatever it is called */
    uint16_t half;   /* of a code point, whose other half has not come */
    int64_t last_ms; /* when its last part came, wall clock */
    int64_t held_ms; /* since when text waits */
    struct stream_calls *calls;
    struct channel *next;
};

struct sink_stream {
    struct sink base;
    struct sink_options options;
    struct chunk_decoder *decoder;
    struct channel *channels;
    struct channel *last;    /* that was written; NULL: none */
    struct channel *channel; /* of the part under way */
    struct buf lines;        /* of calls, likewise */
    bool several;            /* more than one stream is being read */
    bool labelled;           /* what was written last is */
    bool mid_line;           /* as far as is written */
    bool needs_json;         /* the part under way says what is no text */
};

static struct channel *channel_of(struct sink_stream *sink, const char *key)
{
    struct channel **link = &sink->channels;
    while (*link && strcmp((*link)->key, key) != 0)
        link = &(*link)->next;
    if (!*link) {
        *link = mem_zalloc(1, sizeof **link);
        (*link)->key = mem_strdup(key);
        (*link)->calls = stream_calls_create();
    }
    return *link;
}

static void add_label(struct sink_stream *sink, const char *before,
                      const struct channel *channel)
{
    struct buf *out = &sink->base.out;
    buf_adds(out, before);
    escape_text(out, channel->key, strlen(channel->key), sink->options.escape);
    buf_addc(out, '\n');
}

/* Says, where it is not the only one, which stream goes on, and whose the text
 * is that was written before there were others. */
static void change_channel(struct sink_stream *sink, struct channel *to)
{
    if (sink->mid_line)
        buf_addc(&sink->base.out, '\n');
    if (sink->several && sink->last && !sink->labelled)
        add_label(sink, "-- so far: stream ", sink->last);
    if (sink->several)
        add_label(sink, "-- stream ", to);
    sink->labelled = sink->several;
    sink->last = to;
}

/* Writes the first so many bytes that wait. */
static void write_out(struct sink_stream *sink, struct channel *from,
                      size_t len, int64_t now_ms)
{
    if (!len)
        return;
    if (sink->last != from)
        change_channel(sink, from);
    buf_add(&sink->base.out, from->text.data, len);
    sink->mid_line = from->text.data[len - 1] != '\n';
    memmove(from->text.data, from->text.data + len, from->text.len - len);
    buf_truncate(&from->text, from->text.len - len);
    from->held_ms = now_ms;
}

static bool is_quiet(const struct channel *channel, int64_t now_ms)
{
    return now_ms - channel->last_ms >= QUIET_MS;
}

static bool has_turn(const struct sink_stream *sink, const struct channel *from,
                     int64_t now_ms)
{
    const struct channel *last = sink->last;
    return !last || last == from || now_ms - last->last_ms >= PAUSE_MS ||
           now_ms - from->held_ms >= TURN_MS;
}

/* How much of what waits may be written. A line that was begun goes on as it
 * comes, and the others wait for its end. */
static size_t count_ready(const struct sink_stream *sink,
                          const struct channel *from, int64_t now_ms)
{
    const char *text = from->text.data;
    size_t whole = from->text.len;
    const struct channel *begun = sink->mid_line ? sink->last : NULL;
    if (!sink->several || whole >= MOST_HELD)
        return whole;
    if (!has_turn(sink, from, now_ms) ||
        (begun && begun != from && !is_quiet(begun, now_ms)))
        return 0;
    while (whole && text[whole - 1] != '\n')
        whole--;
    return (begun == from && !whole) || is_quiet(from, now_ms) ? from->text.len
                                                               : whole;
}

/* The one whose line was begun comes first. */
static void write_what_may(struct sink_stream *sink, int64_t now_ms)
{
    struct channel *last = sink->last;
    if (last)
        write_out(sink, last, count_ready(sink, last, now_ms), now_ms);
    for (struct channel *at = sink->channels; at; at = at->next)
        write_out(sink, at, count_ready(sink, at, now_ms), now_ms);
}

static void add(struct sink_stream *sink, const char *text, size_t len)
{
    struct channel *to = sink->channel;
    size_t before = to->text.len;
    escape_text(&to->text, text, len, sink->options.escape | ESCAPE_LINES);
    if (to->text.len > before)
        to->mid_line = to->text.data[to->text.len - 1] != '\n';
}

static const char stand_in[] = "\xEF\xBF\xBD"; /* of half a code point */
enum {
    STAND_IN = sizeof stand_in - 1
};

/* The other half does not come. */
static void give_up_half(struct sink_stream *sink, struct channel *channel)
{
    if (channel->half)
        escape_text(&channel->text, stand_in, STAND_IN, sink->options.escape);
    channel->half = 0;
}

/* Text may be cut inside a code point: its first half waits for the second. */
static void add_delta(struct sink_stream *sink, const struct chunk_move *move)
{
    struct channel *to = sink->channel;
    struct slice text = move->text;
    char bytes[UTF8_MAX_BYTES];
    size_t joined = chunk_join_halves(to->half, move->head, bytes);
    if (joined) {
        text.data += STAND_IN;
        text.len -= STAND_IN;
        to->half = 0;
        add(sink, bytes, joined);
    }
    give_up_half(sink, to);
    if (text.len && move->tail >= 0xD800 && move->tail < 0xDC00) {
        text.len -= STAND_IN;
        to->half = move->tail;
    }
    if (text.len)
        add(sink, text.data, text.len);
    to->mid_line |= to->half != 0;
}

static void end_line(struct sink_stream *sink, struct channel *channel)
{
    give_up_half(sink, channel);
    if (channel->mid_line)
        buf_addc(&channel->text, '\n');
    channel->mid_line = false;
}

static void add_line(struct sink_stream *sink, struct slice text)
{
    end_line(sink, sink->channel);
    add(sink, text.data ? text.data : "", text.len);
    sink->channel->mid_line = true;
    end_line(sink, sink->channel);
}

/* What one block says is not glued to what another does. Text that names no
 * block goes on where the stream's own text is. */
static void begin_block(struct sink_stream *sink, struct channel *to,
                        const struct chunk_move *move)
{
    struct slice id = move->id;
    struct buf block = buf_make(0);
    bool named = id.len || move->choice || move->block != BLOCK_TEXT;
    if (move->kind == CHUNK_BLOCK_DELTA && named) {
        buf_addf(&block, "%d.%d.", (int)move->block, move->choice);
        buf_add(&block, id.data ? id.data : "", id.len);
    }
    bool same = block.len == to->block.len &&
                memcmp(buf_str(&block), buf_str(&to->block), block.len) == 0;
    if (!same || to->block_over)
        end_line(sink, to);
    to->block_over = false;
    buf_free(&to->block);
    to->block = block;
}

/* Thoughts and what is said are told apart by lines of our own. */
static void add_piece(struct sink_stream *sink, const struct chunk_move *move)
{
    struct channel *to = sink->channel;
    struct slice text = move->text;
    bool thought =
        move->kind == CHUNK_BLOCK_DELTA && move->block == BLOCK_REASONING;
    if (!text.len)
        return;
    begin_block(sink, to, move);
    if (thought != to->thinking) {
        end_line(sink, to);
        buf_adds(&to->text, thought ? "-- thought\n" : "-- answer\n");
        to->thinking = thought;
    }
    add_delta(sink, move);
}

static void take_move(void *context, const struct chunk_move *move)
{
    struct sink_stream *sink = context;
    struct channel *channel = sink->channel;
    if (move->kind == CHUNK_PLAIN || move->kind == CHUNK_BLOCK_DELTA)
        add_piece(sink, move);
    else if (move->kind == CHUNK_LINE)
        add_line(sink, move->text);
    else if (move->kind == CHUNK_BLOCK_END ||
             move->kind == CHUNK_MESSAGE_FINISH ||
             move->kind == CHUNK_STEP_FINISH)
        channel->block_over = true;
    if (stream_calls_take(channel->calls, move, &sink->lines))
        sink->needs_json = true;
}

/* Lines that are safe already. */
static void add_calls(struct sink_stream *sink)
{
    if (!sink->lines.len)
        return;
    end_line(sink, sink->channel);
    add(sink, sink->lines.data, sink->lines.len);
    buf_clear(&sink->lines);
}

static void write_part(struct sink_stream *sink, const struct event *event)
{
    const struct stream_part *part = event->part.part;
    struct buf json = buf_make(0);
    sink->channel = channel_of(sink, part->stream);
    sink->channel->last_ms = event->time_ms;
    if (!sink->channel->text.len)
        sink->channel->held_ms = event->time_ms;
    if (event->part.streams > 1 || sink->channels->next)
        sink->several = true;
    sink->needs_json = false;
    chunk_decode(sink->decoder, part, take_move, sink);
    add_calls(sink);
    if (sink->needs_json) {
        escape_raw_json(&json, part->chunk, part->chunk_len);
        add_line(sink, (struct slice){buf_str(&json), json.len});
    }
    buf_free(&json);
    write_what_may(sink, event->time_ms);
}

static void write_rest(struct sink_stream *sink)
{
    struct channel *last = sink->last;
    for (struct channel *at = sink->channels; at; at = at->next) {
        sink->channel = at;
        give_up_half(sink, at);
        stream_calls_end(at->calls, &sink->lines);
        add_calls(sink);
    }
    if (last)
        write_out(sink, last, last->text.len, last->held_ms);
    for (struct channel *at = sink->channels; at; at = at->next)
        write_out(sink, at, at->text.len, at->held_ms);
    if (sink->mid_line)
        buf_addc(&sink->base.out, '\n');
    sink->mid_line = false;
}

static void take_event(struct sink *base, const struct event *event)
{
    struct sink_stream *sink = (struct sink_stream *)base;
    if (event->type == EVENT_PART)
        write_part(sink, event);
    else if (event->type == EVENT_END)
        write_rest(sink);
}

static int64_t sooner(int64_t next_ms, int64_t left_ms)
{
    return left_ms > 0 && (next_ms < 0 || left_ms < next_ms) ? left_ms
                                                             : next_ms;
}

/* What waits for its turn or the end of its line, until it has waited long
 * enough. */
static int64_t turn(struct sink *base, int64_t now_ms)
{
    struct sink_stream *sink = (struct sink_stream *)base;
    int64_t next_ms = -1;
    bool waits = false;
    write_what_may(sink, now_ms);
    for (struct channel *at = sink->channels; at; at = at->next)
        waits |= at->text.len > 0;
    for (struct channel *at = sink->channels; at && waits; at = at->next) {
        next_ms = sooner(next_ms, at->last_ms + QUIET_MS - now_ms);
        next_ms = sooner(next_ms, at->held_ms + TURN_MS - now_ms);
    }
    if (waits && sink->last)
        next_ms = sooner(next_ms, sink->last->last_ms + PAUSE_MS - now_ms);
    return next_ms;
}

static void destroy(struct sink *base)
{
    struct sink_stream *sink = (struct sink_stream *)base;
    chunk_decoder_destroy(sink->decoder);
    sink_forget_tail(base);
    buf_free(&sink->base.out);
    buf_free(&sink->lines);
    while (sink->channels) {
        struct channel *first = sink->channels;
        sink->channels = first->next;
        free(first->key);
        buf_free(&first->text);
        buf_free(&first->block);
        stream_calls_destroy(first->calls);
        free(first);
    }
    free(sink);
}

static const struct sink_ops ops = {
    .event = take_event, .turn = turn, .destroy = destroy};

struct sink *sink_stream_create(const struct sink_options *options)
{
    struct sink_stream *sink = mem_zalloc(1, sizeof *sink);
    sink->base.ops = &ops;
    sink->base.fd = options->fd;
    sink->base.link_state = -1;
    sink->options = *options;
    sink->decoder = chunk_decoder_create();
    return &sink->base;
}
