/* Text as it comes: what tasks stream piece by piece is joined again, with
 * nothing between the pieces. What surrounds the text of a message (that it
 * begins, ends, was a step, how much it cost) is left out. */
#include "config.h"

#include "io/sink.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/escape.h"
#include "wire/chunk.h"

struct sink_stream {
    struct sink base;
    struct sink_options options;
    struct chunk_decoder *decoder;
    char *key; /* of the stream that was written last; NULL: none */
    bool mid_line;
    bool needs_json; /* the part under way says what is no text */
};

static void add(struct sink_stream *sink, const char *text, size_t len)
{
    struct buf *out = &sink->base.out;
    size_t before = out->len;
    escape_text(out, text, len, sink->options.escape | ESCAPE_LINES);
    if (out->len > before)
        sink->mid_line = out->data[out->len - 1] != '\n';
}

static void end_line(struct sink_stream *sink)
{
    if (sink->mid_line)
        buf_addc(&sink->base.out, '\n');
    sink->mid_line = false;
}

static void add_line(struct sink_stream *sink, struct slice text)
{
    end_line(sink);
    add(sink, text.data ? text.data : "", text.len);
    sink->mid_line = true;
    end_line(sink);
}

static void take_move(void *context, const struct chunk_move *move)
{
    struct sink_stream *sink = context;
    switch (move->kind) {
    case CHUNK_PLAIN:
        add(sink, move->text.data, move->text.len);
        break;
    case CHUNK_LINE:
        add_line(sink, move->text);
        break;
    case CHUNK_BLOCK_DELTA:
        if (move->block == BLOCK_REASONING)
            sink->needs_json = true;
        else
            add(sink, move->text.data, move->text.len);
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

/* Where several streams are written, it is said which one goes on. */
static void change_stream(struct sink_stream *sink, const char *key)
{
    if (sink->key && strcmp(sink->key, key) == 0)
        return;
    end_line(sink);
    if (sink->key) {
        buf_adds(&sink->base.out, "-- stream ");
        escape_text(&sink->base.out, key, strlen(key), sink->options.escape);
        buf_addc(&sink->base.out, '\n');
    }
    free(sink->key);
    sink->key = mem_strdup(key);
}

static void write_part(struct sink_stream *sink, const struct stream_part *part)
{
    struct buf json = buf_make(0);
    change_stream(sink, part->stream);
    sink->needs_json = false;
    chunk_decode(sink->decoder, part, take_move, sink);
    if (sink->needs_json) {
        escape_raw_json(&json, part->chunk, part->chunk_len);
        add_line(sink, (struct slice){buf_str(&json), json.len});
    }
    buf_free(&json);
}

static void take_event(struct sink *base, const struct event *event)
{
    struct sink_stream *sink = (struct sink_stream *)base;
    if (event->type == EVENT_PART)
        write_part(sink, event->part.part);
    else if (event->type == EVENT_END)
        end_line(sink);
}

static void destroy(struct sink *base)
{
    struct sink_stream *sink = (struct sink_stream *)base;
    chunk_decoder_destroy(sink->decoder);
    sink_forget_tail(base);
    buf_free(&sink->base.out);
    free(sink->key);
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
