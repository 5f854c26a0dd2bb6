/* Plain lines: one an entry, runtail's own words behind "-- ". */
#include "config.h"

#include "io/sink.h"

#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/mem.h"
#include "io/plain_line.h"
#include "io/plain_parts.h"
#include "text/escape.h"

struct sink_plain {
    struct sink base;
    struct sink_options options;
    struct run_facts facts; /* as last told */
    int64_t clock_offset_ms;
    bool told_run;
    int told_tenth; /* of progress, as last written */
    uint64_t entries, part_count;
    bool told_last;            /* the last entry: it passed what is left out */
    bool grew;                 /* … and the next one stands for it */
    struct plain_parts *parts; /* NULL: none came yet */
};

static struct buf *out_of(struct sink_plain *sink)
{
    return &sink->base.out;
}

static void add_safe(struct sink_plain *sink, const char *text)
{
    escape_text(out_of(sink), text, strlen(text), sink->options.escape);
}

static void write_entry(struct sink_plain *sink, const struct log_entry *entry,
                        const char *name)
{
    bool grew = sink->grew && sink->told_last;
    sink->entries++;
    sink->grew = false;
    sink->told_last = sink_wants(&sink->options, entry);
    if (!sink->told_last)
        return;
    size_t start = out_of(sink)->len;
    if (grew)
        buf_adds(out_of(sink), "-- the last line of the log now reads:\n");
    plain_add_time(out_of(sink), &sink->options, entry->time_ms);
    plain_add_level(out_of(sink), &sink->options, entry->level,
                    !entry->level && name ? name : entry->level_word);
    escape_text(out_of(sink), entry->message, entry->message_len,
                sink->options.escape);
    if (entry->data)
        plain_add_data(out_of(sink), &sink->options, entry->data,
                       entry->data_len);
    buf_addc(out_of(sink), '\n');
    sink_hold(&sink->base, start);
}

/* The first part is what makes the rest of it needed. */
static void write_part(struct sink_plain *sink, const struct event *event)
{
    sink->part_count++;
    if (!sink->parts)
        sink->parts = plain_parts_create(&sink->base, &sink->options);
    plain_parts_take(sink->parts, event->part.part);
}

/* "14:02:27.190 name  data": the name only when the stream gave one. */
static void write_sse(struct sink_plain *sink, const struct event *event)
{
    const struct sse_event *from = event->sse.event;
    bool named = from->event_len != strlen(SSE_MESSAGE) ||
                 memcmp(from->event, SSE_MESSAGE, from->event_len) != 0;
    if (event->sse.is_read) {
        for (size_t i = 0; i < event->sse.entry_count; i++)
            write_entry(sink, &event->sse.entries[i],
                        named ? from->event : NULL);
        return;
    }
    sink->entries++;
    plain_add_time(out_of(sink), &sink->options, event->time_ms);
    if (named) {
        escape_text(out_of(sink), from->event, from->event_len,
                    sink->options.escape);
        buf_adds(out_of(sink), "  ");
    }
    escape_text(out_of(sink), from->data, from->data_len, sink->options.escape);
    buf_addc(out_of(sink), '\n');
}

static void add_clock(struct sink_plain *sink, int64_t ms)
{
    char words[DURATION_TEXT_SIZE];
    if (ms < 0)
        return;
    duration_format_clock(ms, false, words);
    buf_addf(out_of(sink), " (%s)", words);
}

static void add_status(struct sink_plain *sink, const struct run_facts *facts)
{
    if (facts->status != STATUS_UNKNOWN || !facts->status_text)
        buf_adds(out_of(sink), status_word(facts->status));
    else
        add_safe(sink, facts->status_text);
}

/* Tenths of progress, so that a bar in motion is not a line for each step. */
static int tenth_of(const struct run_facts *facts)
{
    return facts->progress.kind == PROGRESS_RATIO
               ? (int)(facts->progress.ratio * 10)
               : -1;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool has_status(const struct run_facts *facts)
{
    return facts->status != STATUS_UNKNOWN || facts->status_text;
}

static bool says_anything(const struct run_facts *facts)
{
    return has_status(facts) || facts->progress.kind == PROGRESS_RATIO ||
           facts->step;
}

static void write_run(struct sink_plain *sink, const struct event *event)
{
    const struct run_facts *facts = event->facts;
    bool first = !sink->told_run;
    bool news = first || facts->status != sink->facts.status ||
                !same_text(facts->status_text, sink->facts.status_text) ||
                !same_text(facts->step, sink->facts.step) ||
                tenth_of(facts) != sink->told_tenth;
    facts_assign(&sink->facts, facts);
    bool said_at_end = facts->finished && sink->options.source &&
                       strcmp(sink->options.source, "agent") == 0;
    if (!news || !says_anything(facts) || said_at_end)
        return;
    sink->told_run = true;
    sink->told_tenth = tenth_of(facts);
    buf_adds(out_of(sink), "-- ");
    if (first && facts->task) {
        add_safe(sink, facts->task);
        buf_addc(out_of(sink), ' ');
        add_safe(sink, event->run);
        buf_addc(out_of(sink), ' ');
    }
    if (has_status(facts))
        add_status(sink, facts);
    else
        buf_adds(out_of(sink), "progress");
    if (facts->progress.kind == PROGRESS_RATIO)
        buf_addf(out_of(sink), " %d%%", progress_percent(&facts->progress));
    if (facts->step) {
        buf_addc(out_of(sink), ' ');
        add_safe(sink, facts->step);
    }
    add_clock(sink,
              facts_elapsed_ms(facts, event->time_ms + sink->clock_offset_ms));
    buf_addc(out_of(sink), '\n');
}

/* What is told of a stream is trouble, and its end. */
static void write_stream_link(struct sink_plain *sink,
                              const struct connection *connection)
{
    char words[DURATION_TEXT_SIZE];
    buf_adds(out_of(sink), "-- stream ");
    add_safe(sink, connection->stream);
    if (connection->state == CONNECTION_RECONNECTING) {
        duration_format_short(connection->retry_in_ms, words);
        buf_addf(out_of(sink), ": reconnecting in %s (try %d): ", words,
                 connection->attempt);
        add_safe(sink, connection->reason ? connection->reason : "");
    } else {
        buf_adds(out_of(sink), ": live again");
    }
    buf_addc(out_of(sink), '\n');
}

static void write_connection(struct sink_plain *sink,
                             const struct connection *connection)
{
    char words[DURATION_TEXT_SIZE];
    bool was_lost = sink->base.link_state == CONNECTION_RECONNECTING;
    if (connection->stream) {
        write_stream_link(sink, connection);
        return;
    }
    sink->clock_offset_ms = connection->clock_offset_ms;
    if (sink_is_same_link(&sink->base, connection))
        return;
    switch (connection->state) {
    case CONNECTION_RECONNECTING:
        duration_format_short(connection->retry_in_ms, words);
        buf_addf(out_of(sink), "-- reconnecting in %s (try %d): ", words,
                 connection->attempt);
        add_safe(sink, connection->reason ? connection->reason : "");
        buf_addc(out_of(sink), '\n');
        break;
    case CONNECTION_POLLING:
        buf_adds(out_of(sink), "-- polling");
        if (connection->reason)
            buf_adds(out_of(sink), ": ");
        add_safe(sink, connection->reason ? connection->reason : "");
        buf_addc(out_of(sink), '\n');
        break;
    case CONNECTION_LIVE:
        if (was_lost)
            buf_adds(out_of(sink), "-- live again\n");
        break;
    case CONNECTION_CONNECTING:
    case CONNECTION_CLOSED:
        break;
    }
}

/* Each line of the stack behind "--   "; the first is the error itself. */
static void write_stack(struct sink_plain *sink, const char *stack)
{
    const char *line = strchr(stack, '\n');
    while (line) {
        line += 1 + strspn(line + 1, " \t");
        size_t len = strcspn(line, "\n");
        buf_adds(out_of(sink), "--   ");
        escape_text(out_of(sink), line, len, sink->options.escape);
        buf_addc(out_of(sink), '\n');
        line = line[len] ? line + len : NULL;
    }
}

static void write_error(struct sink_plain *sink)
{
    struct buf sentence = buf_make(0);
    sink_error_sentence(&sentence, &sink->facts);
    if (sentence.len) {
        buf_adds(out_of(sink), "-- error: ");
        escape_text(out_of(sink), buf_str(&sentence), sentence.len,
                    sink->options.escape);
        buf_addc(out_of(sink), '\n');
    }
    if (sink->facts.error.stack)
        write_stack(sink, sink->facts.error.stack);
    buf_free(&sentence);
}

static void write_end(struct sink_plain *sink, const struct event *event)
{
    bool heard = sink->facts.task || sink->facts.status_text || sink->entries ||
                 sink->part_count;
    const char *stopped =
        event->end.failure && !event->end.cut ? "following ended" : "left";
    if (sink->parts)
        plain_parts_end(sink->parts, event->end.cut, event->time_ms);
    if (!heard && event->end.failure)
        return; /* what went wrong is said on standard error */
    if (sink->facts.has_error)
        write_error(sink);
    if (sink->facts.output) {
        buf_adds(out_of(sink), "-- output: ");
        add_safe(sink, sink->facts.output);
        buf_addc(out_of(sink), '\n');
    }
    buf_adds(out_of(sink), "-- ");
    if (event->end.known)
        add_status(sink, &sink->facts);
    else if (sink->facts.status != STATUS_UNKNOWN)
        buf_addf(out_of(sink), "%s while it was %s", stopped,
                 status_word(sink->facts.status));
    else if (event->end.complete)
        buf_adds(out_of(sink), "end of the stream");
    else
        buf_addf(out_of(sink), "%s before the end", stopped);
    add_clock(sink, facts_elapsed_ms(&sink->facts,
                                     event->time_ms + sink->clock_offset_ms));
    buf_addf(out_of(sink), ", %llu log entr%s",
             (unsigned long long)sink->entries,
             sink->entries == 1 ? "y" : "ies");
    if (sink->part_count)
        buf_addf(out_of(sink), ", %llu stream part%s",
                 (unsigned long long)sink->part_count,
                 sink->part_count == 1 ? "" : "s");
    if (event->end.known && !event->end.complete)
        buf_adds(out_of(sink), ", incomplete");
    if (event->end.known && event->end.missing) {
        buf_adds(out_of(sink), ": ");
        add_safe(sink, event->end.missing);
    }
    buf_addc(out_of(sink), '\n');
}

static void write_remark(struct sink_plain *sink, const char *words)
{
    buf_adds(out_of(sink), "-- ");
    add_safe(sink, words);
    buf_addc(out_of(sink), '\n');
}

static void take_event(struct sink *base, const struct event *event)
{
    struct sink_plain *sink = (struct sink_plain *)base;
    sink_release(base, event);
    switch (event->type) {
    case EVENT_CONNECTION:
        write_connection(sink, &event->connection);
        break;
    case EVENT_RUN:
        write_run(sink, event);
        break;
    case EVENT_LOG:
        write_entry(sink, event->log.entry, NULL);
        break;
    case EVENT_PART:
        write_part(sink, event);
        break;
    case EVENT_SSE:
        write_sse(sink, event);
        break;
    case EVENT_LINES:
        break; /* sinks take each event for itself */
    case EVENT_REWRITE:
        sink->grew = event->rewrite.grew;
        if (sink->grew)
            break;
        buf_addf(out_of(sink),
                 "-- the log was written anew: %llu entr%s withdrawn\n",
                 (unsigned long long)event->rewrite.withdrawn,
                 event->rewrite.withdrawn == 1 ? "y" : "ies");
        break;
    case EVENT_GAP:
        write_remark(sink, event->gap.recovered
                               ? "some updates were missed and fetched again"
                               : "some updates may be missing here");
        break;
    case EVENT_NOTICE:
        write_remark(sink, event->notice);
        break;
    case EVENT_END:
        write_end(sink, event);
        break;
    }
}

static void destroy(struct sink *base)
{
    struct sink_plain *sink = (struct sink_plain *)base;
    sink_forget_tail(base);
    plain_parts_destroy(sink->parts);
    facts_free(&sink->facts);
    buf_free(&sink->base.out);
    free(sink);
}

static const struct sink_ops ops = {.event = take_event, .destroy = destroy};

struct sink *sink_plain_create(const struct sink_options *options)
{
    struct sink_plain *sink = mem_zalloc(1, sizeof *sink);
    sink->base.ops = &ops;
    sink->base.fd = options->fd;
    sink->base.link_state = -1;
    sink_set_tail(&sink->base, options->tail);
    sink->options = *options;
    sink->told_tenth = -1;
    facts_init(&sink->facts);
    return &sink->base;
}
