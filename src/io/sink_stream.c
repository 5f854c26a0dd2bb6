/* Text as it comes: what tasks stream piece by piece is joined again, with
 * nothing between the pieces. What surrounds the text of a message (that it
 * begins, ends, was a step, how much it cost) is left out.
 *
 * Of several streams at once, the one that was written last goes on as it
 * comes; what the others say waits until they have a whole line. */
#include "config.h"

#include "io/sink.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/escape.h"
#include "wire/chunk.h"

enum {
    MOST_HELD = 64 * 1024 /* bytes of a line that waits */
};

struct channel {
    char *key;
    struct buf text; /* safe, and not written yet */
    bool mid_line;   /* as far as the text goes */
    bool thinking;   /* what came last was a thought */
    struct channel *next;
};

struct sink_stream {
    struct sink base;
    struct sink_options options;
    struct chunk_decoder *decoder;
    struct channel *channels;
    struct channel *last;    /* that was written; NULL: none */
    struct channel *channel; /* of the part under way */
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
    }
    return *link;
}

/* Says, where it is not the only one, which stream goes on. */
static void change_channel(struct sink_stream *sink, struct channel *to)
{
    struct buf *out = &sink->base.out;
    if (sink->mid_line)
        buf_addc(out, '\n');
    if (sink->last) {
        buf_adds(out, "-- stream ");
        escape_text(out, to->key, strlen(to->key), sink->options.escape);
        buf_addc(out, '\n');
    }
    sink->last = to;
}

/* Writes the first so many bytes that wait. */
static void write_out(struct sink_stream *sink, struct channel *from,
                      size_t len)
{
    if (!len)
        return;
    if (sink->last != from)
        change_channel(sink, from);
    buf_add(&sink->base.out, from->text.data, len);
    sink->mid_line = from->text.data[len - 1] != '\n';
    memmove(from->text.data, from->text.data + len, from->text.len - len);
    buf_truncate(&from->text, from->text.len - len);
}

static void write_what_may(struct sink_stream *sink, struct channel *from)
{
    size_t len = from->text.len;
    if (sink->last && sink->last != from && len < MOST_HELD)
        while (len && from->text.data[len - 1] != '\n')
            len--;
    write_out(sink, from, len);
}

static void add(struct sink_stream *sink, const char *text, size_t len)
{
    struct channel *to = sink->channel;
    size_t before = to->text.len;
    escape_text(&to->text, text, len, sink->options.escape | ESCAPE_LINES);
    if (to->text.len > before)
        to->mid_line = to->text.data[to->text.len - 1] != '\n';
}

static void end_line(struct channel *channel)
{
    if (channel->mid_line)
        buf_addc(&channel->text, '\n');
    channel->mid_line = false;
}

static void add_line(struct sink_stream *sink, struct slice text)
{
    end_line(sink->channel);
    add(sink, text.data ? text.data : "", text.len);
    sink->channel->mid_line = true;
    end_line(sink->channel);
}

/* Thoughts and what is said are told apart by lines of our own. */
static void add_piece(struct sink_stream *sink, struct slice text, bool thought)
{
    struct channel *to = sink->channel;
    if (!text.len)
        return;
    if (thought != to->thinking) {
        end_line(to);
        buf_adds(&to->text, thought ? "-- thought\n" : "-- answer\n");
        to->thinking = thought;
    }
    add(sink, text.data, text.len);
}

static void take_move(void *context, const struct chunk_move *move)
{
    struct sink_stream *sink = context;
    switch (move->kind) {
    case CHUNK_PLAIN:
        add_piece(sink, move->text, false);
        break;
    case CHUNK_LINE:
        add_line(sink, move->text);
        break;
    case CHUNK_BLOCK_DELTA:
        add_piece(sink, move->text, move->block == BLOCK_REASONING);
        break;
    case CHUNK_BLOCK_START:
    case CHUNK_BLOCK_END:
    case CHUNK_TOOL_END:
    case CHUNK_MESSAGE_START:
    case CHUNK_MESSAGE_FINISH:
    case CHUNK_STEP_START:
    case CHUNK_STEP_FINISH:
    case CHUNK_NOTE:
        break;
    case CHUNK_TOOL_START:
    case CHUNK_TOOL_DELTA:
    case CHUNK_TOOL_ARGUMENTS:
    case CHUNK_TOOL_RESULT:
    case CHUNK_TOOL_ERROR:
    case CHUNK_TOOL_DENIED:
    case CHUNK_TOOL_APPROVAL:
    case CHUNK_MESSAGE_ABORT:
    case CHUNK_ERROR:
    case CHUNK_SOURCE:
    case CHUNK_FILE:
    case CHUNK_DATA:
    case CHUNK_LOG:
    case CHUNK_JSON:
    case CHUNK_UNKNOWN:
        sink->needs_json = true;
        break;
    }
}

static void write_part(struct sink_stream *sink, const struct stream_part *part)
{
    struct buf json = buf_make(0);
    sink->channel = channel_of(sink, part->stream);
    sink->needs_json = false;
    chunk_decode(sink->decoder, part, take_move, sink);
    if (sink->needs_json) {
        escape_raw_json(&json, part->chunk, part->chunk_len);
        add_line(sink, (struct slice){buf_str(&json), json.len});
    }
    buf_free(&json);
    write_what_may(sink, sink->channel);
}

static void write_rest(struct sink_stream *sink)
{
    for (struct channel *at = sink->channels; at; at = at->next)
        write_out(sink, at, at->text.len);
    if (sink->mid_line)
        buf_addc(&sink->base.out, '\n');
    sink->mid_line = false;
}

static void take_event(struct sink *base, const struct event *event)
{
    struct sink_stream *sink = (struct sink_stream *)base;
    if (event->type == EVENT_PART)
        write_part(sink, event->part.part);
    else if (event->type == EVENT_END)
        write_rest(sink);
}

static void destroy(struct sink *base)
{
    struct sink_stream *sink = (struct sink_stream *)base;
    chunk_decoder_destroy(sink->decoder);
    sink_forget_tail(base);
    buf_free(&sink->base.out);
    while (sink->channels) {
        struct channel *first = sink->channels;
        sink->channels = first->next;
        free(first->key);
        buf_free(&first->text);
        free(first);
    }
    free(sink);
}

static const struct sink_ops ops = {.event = take_event, .destroy = destroy};

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
