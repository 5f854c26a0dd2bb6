/* JSON lines, schema 1. docs/json-output.md says what each line holds. */
#include "config.h"

#include "io/sink.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/mem.h"
#include "text/escape.h"

struct sink_json {
    struct sink base;
    struct sink_options options;
    struct run_facts facts; /* as last told; for the end line */
    struct buf last_run;    /* the last run line, without its clock */
    struct buf line;
    int64_t clock_offset_ms;
    uint64_t entries, gaps;
};

/* One comma-separated list, looked through for a whole word. */
static bool is_listed(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, name, len) == 0 && (!at[len] || at[len] == ','))
            return true;
    }
    return false;
}

/* Writes the key of a member; false when the user did not ask for it. */
static bool key(struct sink_json *sink, const char *name)
{
    if (sink->options.fields && strcmp(name, "type") != 0 &&
        !is_listed(sink->options.fields, name))
        return false;
    buf_adds(&sink->line, sink->line.len > 1 ? ",\"" : "\"");
    buf_adds(&sink->line, name);
    buf_adds(&sink->line, "\":");
    return true;
}

static void add_string(struct sink_json *sink, const char *text, size_t len)
{
    buf_addc(&sink->line, '"');
    escape_json(&sink->line, text, len);
    buf_addc(&sink->line, '"');
}

static void text(struct sink_json *sink, const char *name, const char *value)
{
    if (value && key(sink, name))
        add_string(sink, value, strlen(value));
}

static void integer(struct sink_json *sink, const char *name, int64_t value)
{
    if (value >= 0 && key(sink, name))
        buf_add_integer(&sink->line, value);
}

/* Shortest text that reads back as the same number. */
static void number(struct sink_json *sink, const char *name, double value)
{
    char digits[40];
    if (!isfinite(value) || !key(sink, name))
        return;
    for (int precision = 1; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        double back = strtod(digits, NULL);
        if (back >= value && back <= value)
            break;
    }
    buf_adds(&sink->line, digits);
}

static void boolean(struct sink_json *sink, const char *name, bool value)
{
    if (key(sink, name))
        buf_adds(&sink->line, value ? "true" : "false");
}

static void instant(struct sink_json *sink, const char *name, int64_t value)
{
    char words[INSTANT_TEXT_SIZE];
    if (value == INSTANT_NONE)
        return;
    instant_format_utc(value, words);
    if (*words)
        text(sink, name, words);
}

static void begin(struct sink_json *sink, const char *type)
{
    buf_clear(&sink->line);
    buf_addc(&sink->line, '{');
    text(sink, "type", type);
}

static void finish(struct sink_json *sink)
{
    buf_adds(&sink->line, "}\n");
    buf_add(&sink->base.out, sink->line.data, sink->line.len);
}

static void write_hello(struct sink_json *sink)
{
    begin(sink, "hello");
    integer(sink, "schema", 1);
    text(sink, "version", PACKAGE_VERSION);
    text(sink, "source", sink->options.source);
    instant(sink, "time", sink->options.now_ms);
    finish(sink);
}

static const char *state_word(enum connection_state state)
{
    static const char *const words[] = {
        [CONNECTION_CONNECTING] = "connecting",
        [CONNECTION_LIVE] = "live",
        [CONNECTION_RECONNECTING] = "reconnecting",
        [CONNECTION_POLLING] = "polling",
        [CONNECTION_CLOSED] = "closed",
    };
    return words[state];
}

static void write_connection(struct sink_json *sink,
                             const struct connection *connection)
{
    if (!connection->stream) {
        sink->clock_offset_ms = connection->clock_offset_ms;
        if (sink_is_same_link(&sink->base, connection))
            return;
    }
    begin(sink, "connection");
    text(sink, "stream", connection->stream);
    text(sink, "state", state_word(connection->state));
    text(sink, "transport", connection->transport);
    if (connection->state == CONNECTION_RECONNECTING) {
        integer(sink, "attempt", connection->attempt);
        integer(sink, "retryInMs", connection->retry_in_ms);
    }
    text(sink, "reason", connection->reason);
    finish(sink);
}

static void write_tags(struct sink_json *sink, const struct run_facts *facts)
{
    if (!facts->tag_count || !key(sink, "tags"))
        return;
    buf_addc(&sink->line, '[');
    for (size_t i = 0; i < facts->tag_count; i++) {
        if (i)
            buf_addc(&sink->line, ',');
        add_string(sink, facts->tags[i], strlen(facts->tags[i]));
    }
    buf_addc(&sink->line, ']');
}

static void write_status(struct sink_json *sink, const struct run_facts *facts)
{
    if (facts->status != STATUS_UNKNOWN)
        text(sink, "status", status_word(facts->status));
    else
        text(sink, "status", facts->status_text);
}

static void write_error(struct sink_json *sink, const struct run_error *error)
{
    struct sink_json inner = *sink;
    inner.options.fields = NULL;
    inner.line = buf_make(0);
    buf_addc(&inner.line, '{');
    text(&inner, "type", error->type);
    text(&inner, "name", error->name);
    text(&inner, "message", error->message);
    text(&inner, "code", error->code);
    text(&inner, "stackTrace", error->stack);
    buf_addc(&inner.line, '}');
    if (key(sink, "error"))
        buf_add(&sink->line, inner.line.data, inner.line.len);
    buf_free(&inner.line);
}

static void write_facts(struct sink_json *sink, const struct run_facts *facts)
{
    write_status(sink, facts);
    if (facts->progress.kind == PROGRESS_RATIO)
        number(sink, "progress", facts->progress.ratio);
    text(sink, "step", facts->step);
    instant(sink, "createdAt", facts->created_ms);
    instant(sink, "startedAt", facts->started_ms);
    instant(sink, "finishedAt", facts->completed_ms);
    instant(sink, "expiredAt", facts->expired_ms);
    instant(sink, "delayedUntil", facts->delayed_until_ms);
    if (facts->started_ms != INSTANT_NONE)
        integer(sink, "queueMs", facts_queue_ms(facts, 0));
    if (facts->waited_ms > 0)
        integer(sink, "waitedMs", facts->waited_ms);
    if (facts->attempt > 0)
        integer(sink, "attempt", facts->attempt);
    text(sink, "version", facts->version);
    write_tags(sink, facts);
    number(sink, "costInCents", facts->cost_cents);
    number(sink, "baseCostInCents", facts->base_cost_cents);
    if (facts->is_test)
        boolean(sink, "isTest", true);
}

static void write_run(struct sink_json *sink, const struct event *event)
{
    const struct run_facts *facts = event->facts;
    facts_assign(&sink->facts, facts);
    begin(sink, "run");
    text(sink, "run", event->run);
    text(sink, "task", facts->task);
    write_facts(sink, facts);
    if (sink->last_run.len == sink->line.len &&
        memcmp(sink->last_run.data, sink->line.data, sink->line.len) == 0)
        return;
    buf_clear(&sink->last_run);
    buf_add(&sink->last_run, sink->line.data, sink->line.len);
    integer(sink, "elapsedMs",
            facts_elapsed_ms(facts, event->time_ms + sink->clock_offset_ms));
    finish(sink);
}

static void write_log(struct sink_json *sink, const struct event *event)
{
    const struct log_entry *entry = event->log.entry;
    sink->entries++;
    if (!sink_wants(&sink->options, entry))
        return;
    size_t start = sink->base.out.len;
    begin(sink, "log");
    text(sink, "run", event->run);
    integer(sink, "seq", (int64_t)event->log.seq);
    instant(sink, "time", entry->time_ms);
    if (entry->time_is_arrival)
        boolean(sink, "arrival", true);
    text(sink, "level", entry->level_word);
    if (key(sink, "message"))
        add_string(sink, entry->message, entry->message_len);
    if (entry->data && key(sink, "data"))
        escape_raw_json(&sink->line, entry->data, entry->data_len);
    finish(sink);
    sink_hold(&sink->base, start);
}

static void write_part(struct sink_json *sink, const struct event *event)
{
    const struct stream_part *part = event->part.part;
    size_t start = sink->base.out.len;
    if (!sink_wants_level(&sink->options, LEVEL_NONE))
        return;
    begin(sink, "part");
    text(sink, "run", event->run);
    text(sink, "stream", part->stream);
    integer(sink, "seq", (int64_t)event->part.seq);
    text(sink, "id", part->id);
    instant(sink, "time", part->time_ms);
    if (part->time_is_arrival)
        boolean(sink, "arrival", true);
    if (key(sink, "chunk")) {
        if (part->is_json)
            escape_raw_json(&sink->line, part->chunk, part->chunk_len);
        else
            add_string(sink, part->chunk, part->chunk_len);
    }
    finish(sink);
    if (!sink->options.parts_only)
        sink_hold(&sink->base, start);
}

static void write_sse(struct sink_json *sink, const struct event *event)
{
    const struct sse_event *from = event->sse.event;
    sink->entries++;
    begin(sink, "event");
    integer(sink, "seq", (int64_t)event->sse.seq);
    if (key(sink, "event"))
        add_string(sink, from->event, from->event_len);
    if (key(sink, "data"))
        add_string(sink, from->data, from->data_len);
    if (from->id_len && key(sink, "id"))
        add_string(sink, from->id, from->id_len);
    finish(sink);
}

static void write_rewrite(struct sink_json *sink, const struct event *event)
{
    begin(sink, "rewrite");
    text(sink, "run", event->run);
    integer(sink, "kept", (int64_t)event->rewrite.kept);
    finish(sink);
}

static void write_gap(struct sink_json *sink, const struct event *event)
{
    sink->gaps++;
    begin(sink, "gap");
    text(sink, "run", event->run);
    instant(sink, "from", event->gap.from_ms);
    instant(sink, "to", event->gap.to_ms);
    boolean(sink, "recovered", event->gap.recovered);
    finish(sink);
}

static void write_end(struct sink_json *sink, const struct event *event)
{
    const struct run_facts *facts = &sink->facts;
    begin(sink, "end");
    text(sink, "run", event->run);
    write_status(sink, facts);
    boolean(sink, "complete", event->end.complete);
    integer(sink, "entries", (int64_t)sink->entries);
    integer(sink, "gaps", (int64_t)sink->gaps);
    integer(sink, "elapsedMs",
            facts_elapsed_ms(facts, event->time_ms + sink->clock_offset_ms));
    if (facts->has_error)
        write_error(sink, &facts->error);
    if (facts->output && key(sink, "output"))
        add_string(sink, facts->output, strlen(facts->output));
    if (event->end.failure)
        text(sink, "reason", event->end.failure->message);
    else if (!event->end.complete)
        text(sink, "reason", event->end.missing);
    finish(sink);
}

/* Where only parts are wanted: notes what the end line needs of the rest. */
static bool is_left_out(struct sink_json *sink, const struct event *event)
{
    if (!sink->options.parts_only)
        return false;
    if (event->type == EVENT_RUN)
        facts_assign(&sink->facts, event->facts);
    else if (event->type == EVENT_CONNECTION && !event->connection.stream)
        sink->clock_offset_ms = event->connection.clock_offset_ms;
    else if (event->type == EVENT_GAP)
        sink->gaps++;
    return event->type != EVENT_PART && event->type != EVENT_END;
}

static void take_event(struct sink *base, const struct event *event)
{
    struct sink_json *sink = (struct sink_json *)base;
    if (is_left_out(sink, event))
        return;
    sink_release(base, event);
    switch (event->type) {
    case EVENT_CONNECTION:
        write_connection(sink, &event->connection);
        break;
    case EVENT_RUN:
        write_run(sink, event);
        break;
    case EVENT_LOG:
        write_log(sink, event);
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
        write_rewrite(sink, event);
        break;
    case EVENT_GAP:
        write_gap(sink, event);
        break;
    case EVENT_NOTICE:
        break; /* for people; they read it on stderr */
    case EVENT_END:
        write_end(sink, event);
        break;
    }
}

static void destroy(struct sink *base)
{
    struct sink_json *sink = (struct sink_json *)base;
    sink_forget_tail(base);
    facts_free(&sink->facts);
    buf_free(&sink->last_run);
    buf_free(&sink->line);
    buf_free(&sink->base.out);
    free(sink);
}

static const struct sink_ops ops = {.event = take_event, .destroy = destroy};

struct sink *sink_json_create(const struct sink_options *options)
{
    struct sink_json *sink = mem_zalloc(1, sizeof *sink);
    sink->base.ops = &ops;
    sink->base.fd = options->fd;
    sink->base.link_state = -1;
    sink_set_tail(&sink->base, options->tail);
    sink->options = *options;
    facts_init(&sink->facts);
    write_hello(sink);
    return &sink->base;
}
