/* Any server-sent events, from a URL or from standard input: each dispatched
 * event is emitted as it is.
 *
 * Reconnecting follows the standard (retry, Last-Event-ID, 204 ends it), but
 * for what a follower of hours needs: 429 and 5xx answers and failures to
 * connect are tried again, later and later. docs/protocols.md lists this. */
#include "config.h"

#include "io/source.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "io/input.h"
#include "io/stream_link.h"
#include "text/utf8.h"
#include "wire/backoff.h"
#include "wire/heartbeat.h"
#include "wire/retold.h"
#include "wire/sse.h"
#include "wire/sse_facts.h"

enum {
    MAX_EVENT = 32 * 1024 * 1024,
    MAX_HELD = 8 * 1024 * 1024, /* of events, while they are compared */
    HELD_MS = 3000,        /* after which what would be told again has come */
    RETRY_MS = 2000,       /* until the stream says otherwise */
    QUIET_MS = 600 * 1000, /* after which it is asked whether it is there */
    FIRST_TRIES = 3,
    AT_ONCE = 256 /* events */
};

struct source_sse {
    struct source base;
    struct source_options options;
    struct http *http;
    struct loop *loop;
    event_fn *emit;
    void *context;
    struct sse *sse;
    struct sse_facts *facts;
    struct retold *retold; /* what was told, where there are no ids */
    struct loop_timer held;
    struct stream_policy policy;
    struct stream_link *link; /* NULL: reads standard input */
    struct input *input;      /* NULL: does not */
    struct buf last_id;       /* header of the next request */
    struct buf initial_id;    /* given beforehand; "": none */
    const char *headers[4];   /* of the next request: the program's own … */
    const char **given;       /* … and those given */
    uint64_t seq;
    uint64_t beats, named_beats; /* signs of life; of them, events */
    uint64_t others;             /* events that are none */
    uint64_t input_bytes;        /* of standard input */
    char first[16];  /* … its first ones that are no white space */
    bool asked_anew; /* with no need: what was told may come again */
    bool ended;
};

static void emit(struct source_sse *source, struct event *event)
{
    event->time_ms = loop_wall_ms(source->loop);
    source->emit(source->context, event);
}

static void tell_link(struct source_sse *source, const struct connection *link)
{
    struct event event = {.type = EVENT_CONNECTION, .connection = *link};
    emit(source, &event);
}

static void tell_facts(struct source_sse *source)
{
    struct event event = {.type = EVENT_RUN};
    event.facts = sse_facts_run(source->facts);
    emit(source, &event);
}

static void tell_end(struct source_sse *source, bool complete,
                     const struct error *failure)
{
    if (source->ended)
        return;
    source->ended = true;
    bool known = sse_facts_finish(source->facts);
    if (known)
        tell_facts(source);
    struct event event = {.type = EVENT_END};
    event.end.known = known;
    event.end.complete = complete;
    event.end.failure = failure;
    emit(source, &event);
}

static void note_told(struct source_sse *source, const struct sse_event *event)
{
    if (source->link && !event->id_len)
        retold_note(source->retold, event);
}

static void tell_event(struct source_sse *source, const struct sse_event *from)
{
    struct sse_reading reading = {0};
    struct event event = {.type = EVENT_SSE,
                          .time_ms = loop_wall_ms(source->loop)};
    event.sse.seq = ++source->seq;
    event.sse.event = from;
    bool read = sse_facts_read(source->facts, from, event.time_ms, &reading);
    event.sse.is_read = read && reading.is_read;
    event.sse.entries = reading.entries;
    event.sse.entry_count = reading.count;
    source->emit(source->context, &event);
    if (read && reading.changed)
        tell_facts(source);
}

/* Where no ids say what was told, what comes may have come before. */
static void tell_beginning(struct source_sse *source)
{
    struct event event = {.type = EVENT_NOTICE};
    event.notice = "the stream began anew: it has no ids to go on from";
    if (source->seq && !*sse_last_event_id(source->sse))
        emit(source, &event);
}

/* Another beginning than what was told. */
static void tell_held(struct source_sse *source)
{
    struct sse_event event;
    tell_beginning(source);
    while (retold_next(source->retold, &event)) {
        tell_event(source, &event);
        note_told(source, &event);
    }
}

/* As sse_next() would have given it. */
static struct sse_event plain_event(const struct source_sse *source,
                                    struct slice data)
{
    const char *id = sse_last_event_id(source->sse);
    return (struct sse_event){.event = SSE_MESSAGE,
                              .event_len = strlen(SSE_MESSAGE),
                              .data = data.data,
                              .data_len = data.len,
                              .id = id,
                              .id_len = strlen(id)};
}

/* Tells the first ones together that are alike, or the first; how many. */
static size_t tell_alike(struct source_sse *source, struct slice *data,
                         size_t count)
{
    struct event event = {.type = EVENT_LINES,
                          .time_ms = loop_wall_ms(source->loop)};
    event.lines.count = sse_facts_read_alike(source->facts, data, count,
                                             event.time_ms, &event.lines.like);
    if (!event.lines.count) {
        struct sse_event single = plain_event(source, *data);
        tell_event(source, &single);
        return 1;
    }
    event.lines.seq = source->seq + 1;
    event.lines.texts = data;
    source->seq += event.lines.count;
    source->emit(source->context, &event);
    return event.lines.count;
}

/* Where lines are all that is wanted. */
static void take_plain(struct source_sse *source)
{
    struct slice data[AT_ONCE];
    size_t count = 0;
    if (!source->options.in_bulk || retold_is_comparing(source->retold))
        return;
    while ((count = sse_take_plain(source->sse, data, AT_ONCE))) {
        bool noted = source->link && !*sse_last_event_id(source->sse);
        for (size_t i = 0; noted && i < count; i++) {
            struct sse_event event = plain_event(source, data[i]);
            note_told(source, &event);
            noted = retold_may_compare(source->retold);
        }
        source->others += count;
        for (size_t at = 0; at < count;)
            at += tell_alike(source, data + at, count - at);
    }
}

static void take_event(struct source_sse *source, const struct sse_event *event)
{
    bool beat = event->event != SSE_MESSAGE && heartbeat_is_event(event->event);
    source->named_beats += beat;
    source->others += !beat;
    if (!retold_is_comparing(source->retold)) {
        tell_event(source, event);
        note_told(source, event);
    } else if (!retold_take(source->retold, event)) {
        tell_held(source);
    }
}

/* Emits what the bytes complete; false when the stream is broken. */
static bool take_bytes(struct source_sse *source, const char *bytes, size_t len,
                       struct error *err)
{
    struct sse_event event;
    sse_feed(source->sse, bytes, len);
    take_plain(source);
    while (sse_next(source->sse, &event, err)) {
        take_event(source, &event);
        take_plain(source);
    }
    return err->kind == ERROR_NONE;
}

/* From a URL. */

/* All that there is has come: it is not what was told, or not yet all of it. */
static void on_held(void *context)
{
    struct source_sse *source = context;
    if (retold_is_comparing(source->retold) && !retold_stop(source->retold))
        tell_held(source);
}

/* Without ids, the only way to ask anew and tell nothing twice is to compare:
 * where that cannot be, a silent stream is left alone. */
static void set_quiet(struct source_sse *source)
{
    bool may_ask =
        *sse_last_event_id(source->sse) || retold_may_compare(source->retold);
    int64_t quiet_ms = source->options.max_retries && may_ask ? QUIET_MS : 0;
    if (source->policy.quiet_ms == quiet_ms)
        return;
    source->policy.quiet_ms = quiet_ms;
    stream_link_set_policy(source->link, &source->policy);
}

/* Comments that come with events fill buffers up: those who send them may have
 * none for when there is nothing to tell. */
static void note_beats(struct source_sse *source, bool alone)
{
    uint64_t beats = sse_comments(source->sse) + source->named_beats;
    if (beats != source->beats && alone)
        stream_link_note_heartbeat(source->link);
    source->beats = beats;
}

static enum stream_next on_bytes(void *context, const char *bytes, size_t len,
                                 struct error *err)
{
    struct source_sse *source = context;
    uint64_t before = source->seq, others = source->others;
    bool fine = take_bytes(source, bytes, len, err);
    if (source->seq != before)
        stream_link_alive(source->link);
    note_beats(source, source->others == others);
    set_quiet(source);
    int64_t asked = sse_retry_ms(source->sse);
    if (asked >= 0)
        source->policy.pause_ms = asked;
    return fine ? STREAM_ON : STREAM_RETRY;
}

static enum stream_next on_ended(void *context, struct error *err)
{
    struct source_sse *source = context;
    (void)err;
    on_held(source);
    enum run_status status = sse_facts_run(source->facts)->status;
    bool over = status_is_terminal(status) || !source->options.follow ||
                !source->options.max_retries;
    return over ? STREAM_DONE : STREAM_ON;
}

static void on_opened(void *context, const struct http_call *call)
{
    struct source_sse *source = context;
    bool anew = stream_link_was_silent(source->link) || source->asked_anew;
    (void)call;
    on_held(source);
    sse_restart(source->sse);
    source->asked_anew = false;
    if (anew && !*sse_last_event_id(source->sse))
        retold_begin(source->retold);
    if (retold_is_comparing(source->retold)) {
        loop_timer_start(source->loop, &source->held, HELD_MS, on_held, source);
        return;
    }
    retold_begin_anew(source->retold);
    tell_beginning(source);
}

static const char last_id_name[] = "Last-Event-ID: ";

/* The value, where header is a Last-Event-ID; else NULL. */
static const char *last_id_in(const char *header)
{
    size_t len = strlen(last_id_name) - 2;
    if (strncasecmp(header, last_id_name, len) != 0 ||
        !strchr(":;", header[len]))
        return NULL;
    return header + len + 1 + strspn(header + len + 1, " ");
}

/* A first Last-Event-ID, where one was given with the headers. */
static void take_initial_id(struct source_sse *source)
{
    const char *const *header = source->options.headers;
    const char *id = NULL;
    for (; header && *header; header++)
        if (last_id_in(*header))
            id = last_id_in(*header);
    if (!id || !*id)
        return;
    struct sse_event event;
    struct error err = {0};
    buf_adds(&source->initial_id, id);
    buf_addf(&source->last_id, "id: %s\n\n", id);
    sse_feed(source->sse, buf_str(&source->last_id), source->last_id.len);
    sse_next(source->sse, &event, &err);
}

/* The headers given, without the Last-Event-ID, which is the stream's. */
static void set_given(struct source_sse *source)
{
    const char *const *given = source->options.headers;
    size_t count = 0;
    while (given && given[count])
        count++;
    free(source->given);
    source->given = mem_zalloc(count + 1, sizeof *source->given);
    for (count = 0; given && *given; given++)
        if (!last_id_in(*given))
            source->given[count++] = *given;
}

/* Last-Event-ID goes back as the text that the id was read as: a stream is
 * UTF-8, so what is ill-formed in it is U+FFFD there, too. What a header cannot
 * hold never gets into the id (lines end there) but for NUL, which the parser
 * refuses. An id that was given is as private as other headers that were. */
static bool on_request(void *context, struct http_request *request)
{
    struct source_sse *source = context;
    const char *id = sse_last_event_id(source->sse);
    set_given(source);
    buf_clear(&source->last_id);
    buf_adds(&source->last_id, last_id_name);
    utf8_repair(&source->last_id, id, strlen(id));
    const char *header = *id ? buf_str(&source->last_id) : NULL;
    bool private = header && strcmp(id, buf_str(&source->initial_id)) == 0;
    source->headers[0] = "Accept: text/event-stream";
    source->headers[1] = "Cache-Control: no-cache";
    source->headers[2] = private ? NULL : header;
    request->url = source->options.api_url;
    request->headers = source->headers;
    request->secret_header = private ? header : NULL;
    request->private_headers = source->given;
    request->may_leave_origin = true;
    return true;
}

static bool on_renew(void *context)
{
    struct source_sse *source = context;
    if (!source_renew(&source->options))
        return false;
    stream_link_open(source->link);
    return true;
}

static enum stream_next on_refused(void *context,
                                   const struct http_result *result)
{
    (void)context;
    return result->status == 403 ? STREAM_RENEW : stream_judge(result);
}

static void on_state(void *context, const struct connection *link)
{
    tell_link(context, link);
}

static void on_over(void *context, const struct error *failure)
{
    on_held(context);
    tell_end(context, !failure, failure);
}

static const struct stream_ops link_ops = {
    .request = on_request,
    .opened = on_opened,
    .bytes = on_bytes,
    .ended = on_ended,
    .refused = on_refused,
    .renew = on_renew,
    .state = on_state,
    .over = on_over,
};

/* From standard input. */

static void tell_input(struct source_sse *source, enum connection_state state)
{
    struct connection link = {
        .state = state,
        .transport = state == CONNECTION_CONNECTING ? NULL : "sse",
        .retry_in_ms = -1,
    };
    tell_link(source, &link);
}

static void note_input(struct source_sse *source, const char *bytes, size_t len)
{
    size_t kept = strlen(source->first);
    source->input_bytes += len;
    for (size_t i = 0; i < len && kept < sizeof source->first - 1; i++)
        if (kept || !strchr(" \t\r\n", bytes[i]))
            source->first[kept++] = bytes[i];
}

/* Nothing says what kind of bytes a pipe brings, but what became of them. */
static void judge_input(struct source_sse *source, struct error *err)
{
    struct event event = {.type = EVENT_NOTICE};
    event.notice = "nothing came: standard input is empty";
    const char *looks = source->first[0] == '<'   ? "; it looks like HTML"
                        : source->first[0] == '{' ? "; it looks like JSON"
                                                  : "";
    if (!source->input_bytes)
        emit(source, &event);
    else if (!source->seq && source->first[0] && !sse_is_stream(source->sse))
        error_set(err, ERROR_PROTOCOL,
                  "standard input is no event stream: there was no event in "
                  "its %llu byte%s%s",
                  (unsigned long long)source->input_bytes,
                  source->input_bytes == 1 ? "" : "s", looks);
}

static void on_input(void *context, const char *bytes, size_t len,
                     const struct error *failure)
{
    struct source_sse *source = context;
    struct error err = {0};
    note_input(source, bytes, failure ? 0 : len);
    if (failure)
        err = *failure;
    else if (len && take_bytes(source, bytes, len, &err))
        return;
    else if (!len)
        judge_input(source, &err);
    input_close(source->input);
    source->input = NULL;
    tell_input(source, CONNECTION_CLOSED);
    tell_end(source, err.kind == ERROR_NONE,
             err.kind == ERROR_NONE ? NULL : &err);
}

/* The source. */

static void start(struct source *base)
{
    struct source_sse *source = (struct source_sse *)base;
    if (source->link) {
        stream_link_open(source->link);
        return;
    }
    tell_input(source, CONNECTION_CONNECTING);
    tell_input(source, CONNECTION_LIVE);
    source->input = input_open(source->http, source->loop, on_input, source);
}

/* A stream may be dead after a sleep; there is no way to ask but anew. */
static void wake(struct source *base)
{
    struct source_sse *source = (struct source_sse *)base;
    if (!source->link)
        return;
    source->asked_anew = true;
    stream_link_open(source->link);
}

static void tell_all_held(struct source *base)
{
    on_held(base);
}

static void destroy(struct source *base)
{
    struct source_sse *source = (struct source_sse *)base;
    stream_link_destroy(source->link);
    input_close(source->input);
    sse_destroy(source->sse);
    sse_facts_destroy(source->facts);
    retold_destroy(source->retold);
    loop_timer_stop(source->loop, &source->held);
    buf_free(&source->last_id);
    buf_free(&source->initial_id);
    free(source->given);
    free(source);
}

static const struct source_ops ops = {
    .name = "sse",
    .start = start,
    .wake = wake,
    .tell_held = tell_all_held,
    .destroy = destroy,
};

struct source *source_sse_create(const struct source_options *options,
                                 struct http *http, struct loop *loop,
                                 event_fn *emit_event, void *context)
{
    struct source_sse *source = mem_zalloc(1, sizeof *source);
    source->base.ops = &ops;
    source->options = *options;
    source->http = http;
    source->loop = loop;
    source->emit = emit_event;
    source->context = context;
    source->sse = sse_create(MAX_EVENT);
    source->facts = sse_facts_create(options->progress_key, options->log_key,
                                     options->scale);
    source->retold = retold_create(MAX_HELD);
    take_initial_id(source);
    source->policy = (struct stream_policy){
        .transport = "sse",
        .state = CONNECTION_LIVE,
        .type = "text/event-stream",
        .wanted = "an event stream",
        .ended = "the server ended the stream",
        .idle_ms = options->idle_ms,
        .quiet_ms = options->max_retries ? QUIET_MS : 0,
        .pause_ms = RETRY_MS,
        .first_tries = FIRST_TRIES,
        .max_retries = options->max_retries,
        .delay_ms = backoff_ms,
    };
    if (strcmp(options->api_url, "-") != 0)
        source->link =
            stream_link_create(http, loop, &source->policy, &link_ops, source);
    return &source->base;
}
