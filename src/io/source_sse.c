/* Any server-sent events, from a URL or from standard input: each dispatched
 * event is emitted as it is.
 *
 * Reconnecting follows the standard (retry, Last-Event-ID, 204 ends it), but
 * for what a follower of hours needs: 429 and 5xx answers and failures to
 * connect are tried again, later and later. docs/protocols.md lists this. */
#include "config.h"

#include "io/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"
#include "wire/backoff.h"
#include "wire/sse.h"
#include "wire/url.h"
#include "wire/wire_error.h"

enum {
    MAX_EVENT = 32 * 1024 * 1024,
    MAX_BODY = 64 * 1024, /* of an answer that is no stream */
    CONNECT_MS = 10 * 1000,
    RETRY_MS = 2000, /* until the stream says otherwise */
    FIRST_TRIES = 3,
    READ_SIZE = 64 * 1024
};

struct source_sse {
    struct source base;
    struct source_options options;
    struct http *http;
    struct loop *loop;
    event_fn *emit;
    void *context;
    struct sse *sse;
    struct http_call *call;
    struct loop_timer wait;
    struct connection link;
    uint64_t seq;
    int attempt;
    bool heard, streaming, ended;
};

static void connect_now(void *context);

static void emit(struct source_sse *source, struct event *event)
{
    event->time_ms = loop_wall_ms(source->loop);
    source->emit(source->context, event);
}

static void tell_link(struct source_sse *source, enum connection_state state,
                      int64_t retry_in_ms, const char *reason)
{
    if (source->link.state == state && state != CONNECTION_RECONNECTING)
        return;
    source->link = (struct connection){
        .state = state,
        .transport = state == CONNECTION_CONNECTING ? NULL : "sse",
        .attempt = source->attempt,
        .retry_in_ms = retry_in_ms,
        .reason = reason,
    };
    struct event event = {.type = EVENT_CONNECTION, .connection = source->link};
    emit(source, &event);
    source->link.reason = NULL;
}

static void tell_end(struct source_sse *source, bool complete,
                     const struct error *failure)
{
    if (source->ended)
        return;
    source->ended = true;
    loop_timer_stop(source->loop, &source->wait);
    tell_link(source, CONNECTION_CLOSED, -1, NULL);
    struct event event = {.type = EVENT_END};
    event.end.complete = complete;
    event.end.failure = failure;
    emit(source, &event);
}

/* Emits what the bytes complete; false when the stream is broken. */
static bool take_bytes(struct source_sse *source, const char *bytes, size_t len,
                       struct error *err)
{
    struct sse_event from;
    struct event event = {.type = EVENT_SSE};
    sse_feed(source->sse, bytes, len);
    while (sse_next(source->sse, &from, err)) {
        source->attempt = 0;
        event.sse.seq = ++source->seq;
        event.sse.event = &from;
        emit(source, &event);
    }
    return err->kind == ERROR_NONE;
}

/* From a URL. */

static void reconnect(struct source_sse *source, int64_t delay_ms,
                      const char *reason)
{
    source->attempt++;
    tell_link(source, CONNECTION_RECONNECTING, delay_ms, reason);
    loop_timer_start(source->loop, &source->wait, delay_ms, connect_now,
                     source);
}

static int64_t retry_ms(const struct source_sse *source)
{
    int64_t asked = sse_retry_ms(source->sse);
    return asked >= 0 ? asked : RETRY_MS;
}

static bool has_patience(const struct source_sse *source, bool answered)
{
    int tries = source->attempt + 1;
    if (source->options.max_retries >= 0 && tries > source->options.max_retries)
        return false;
    return source->heard || answered || tries < FIRST_TRIES;
}

/* A failure that may pass. */
static void retry(struct source_sse *source, const struct error *err,
                  bool answered, int64_t server_ms)
{
    if (!has_patience(source, answered)) {
        tell_end(source, false, err);
        return;
    }
    int64_t delay =
        backoff_ms(source->attempt + 1, (uint32_t)rand(), server_ms);
    int64_t least = retry_ms(source);
    reconnect(source, source->heard && least > delay ? least : delay,
              err->message);
}

static bool is_event_stream(const struct http_call *call)
{
    static const char wanted[] = "text/event-stream";
    const char *type = http_header(call, "content-type");
    /* of several types in one header the last one counts */
    const char *comma = type ? strrchr(type, ',') : NULL;
    if (comma)
        type = comma + 1 + strspn(comma + 1, " \t");
    size_t len = strlen(wanted);
    return type && strncasecmp(type, wanted, len) == 0 &&
           strchr("; \t", type[len]) != NULL;
}

static bool on_data(void *context, struct http_call *call, const char *bytes,
                    size_t len)
{
    struct source_sse *source = context;
    struct error err = {0};
    (void)call;
    if (take_bytes(source, bytes, len, &err))
        return true;
    source->call = NULL;
    source->streaming = false;
    retry(source, &err, true, -1);
    return false;
}

static void on_headers(void *context, struct http_call *call)
{
    struct source_sse *source = context;
    if (http_status(call) != 200 || !is_event_stream(call))
        return;
    source->streaming = source->heard = true;
    tell_link(source, CONNECTION_LIVE, -1, NULL);
    http_stream(call, on_data);
}

/* The answer was no stream: says what it was instead. */
static void refuse_answer(struct source_sse *source, struct http_call *call,
                          const struct http_result *result)
{
    struct error err = {0};
    struct buf where = buf_make(0), why = buf_make(0);
    const char *type = http_header(call, "content-type");
    long status = result->status;
    url_for_display(&where, source->options.api_url);
    wire_error_reason(&why, result->body, result->body_len);
    if (status == 200)
        error_set(&err, ERROR_PROTOCOL,
                  "%s answered with %.80s, not with an event stream%s%s",
                  buf_str(&where), type ? type : "no content type",
                  why.len ? ": " : "", buf_str(&why));
    else
        error_set(&err,
                  status == 401 || status == 403 ? ERROR_AUTH
                  : status == 404                ? ERROR_NOT_FOUND
                                                 : ERROR_PROTOCOL,
                  "%s answered %ld%s%s", buf_str(&where), status,
                  why.len ? ": " : "", buf_str(&why));
    if (status == 408 || status == 429 || status >= 500)
        retry(source, &err, true, http_retry_after_ms(call));
    else
        tell_end(source, false, &err);
    buf_free(&where);
    buf_free(&why);
}

static void handle_failure(struct source_sse *source,
                           const struct http_result *result)
{
    struct error err = {0};
    struct buf where = buf_make(0);
    url_for_display(&where, source->options.api_url);
    error_set(&err,
              result->failure == HTTP_REDIRECTED ? ERROR_PROTOCOL
                                                 : ERROR_CONNECTION,
              "%s: %s", buf_str(&where), result->reason);
    if (result->failure == HTTP_REDIRECTED ||
        (result->failure == HTTP_INSECURE && !source->heard))
        tell_end(source, false, &err);
    else
        retry(source, &err, result->status != 0, -1);
    buf_free(&where);
}

static void on_done(void *context, struct http_call *call,
                    const struct http_result *result)
{
    struct source_sse *source = context;
    bool streamed = source->streaming;
    source->call = NULL;
    source->streaming = false;
    if (result->status == 204) {
        tell_end(source, true, NULL);
    } else if (result->failure != HTTP_OK) {
        handle_failure(source, result);
    } else if (!streamed) {
        refuse_answer(source, call, result);
    } else if (!source->options.follow) {
        tell_end(source, true, NULL);
    } else {
        reconnect(source, retry_ms(source), "the server ended the stream");
    }
}

/* Last-Event-ID goes back byte for byte; what a header cannot hold never gets
 * into the id (lines end there) but for NUL, which the parser refuses. */
static char *last_id_header(const struct source_sse *source)
{
    const char *id = sse_last_event_id(source->sse);
    struct buf header = buf_make(0);
    if (!*id)
        return NULL;
    buf_addf(&header, "Last-Event-ID: %s", id);
    return buf_take(&header);
}

static void connect_now(void *context)
{
    struct source_sse *source = context;
    char *last_id = last_id_header(source);
    const char *const headers[] = {"Accept: text/event-stream",
                                   "Cache-Control: no-store", last_id, NULL};
    sse_restart(source->sse);
    struct http_request request = {
        .url = source->options.api_url,
        .headers = headers,
        .private_headers = source->options.headers,
        .may_leave_origin = true,
        .max_body = MAX_BODY,
        .idle_ms = source->options.idle_ms,
        .connect_ms = CONNECT_MS,
        .on_headers = on_headers,
        .on_done = on_done,
        .context = source,
    };
    source->call = http_start(source->http, &request);
    free(last_id);
}

/* From standard input. */

static void on_input(void *context)
{
    struct source_sse *source = context;
    struct error err = {0};
    static char bytes[READ_SIZE];
    ssize_t len = read(STDIN_FILENO, bytes, sizeof bytes);
    if (len < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (len < 0)
        error_set(&err, ERROR_SYSTEM, "cannot read standard input: %s",
                  strerror(errno));
    else if (len > 0 && take_bytes(source, bytes, (size_t)len, &err))
        return;
    loop_set_input(source->loop, -1, NULL, NULL);
    tell_end(source, err.kind == ERROR_NONE,
             err.kind == ERROR_NONE ? NULL : &err);
}

static bool reads_input(const struct source_sse *source)
{
    return strcmp(source->options.api_url, "-") == 0;
}

/* The source. */

static void start(struct source *base)
{
    struct source_sse *source = (struct source_sse *)base;
    tell_link(source, CONNECTION_CONNECTING, -1, NULL);
    if (reads_input(source)) {
        tell_link(source, CONNECTION_LIVE, -1, NULL);
        loop_set_input(source->loop, STDIN_FILENO, on_input, source);
    } else {
        connect_now(source);
    }
}

/* A stream may be dead after a sleep; there is no way to ask but anew. */
static void wake(struct source *base)
{
    struct source_sse *source = (struct source_sse *)base;
    if (source->ended || reads_input(source))
        return;
    http_cancel(source->call);
    source->streaming = false;
    loop_timer_stop(source->loop, &source->wait);
    connect_now(source);
}

static void destroy(struct source *base)
{
    struct source_sse *source = (struct source_sse *)base;
    http_cancel(source->call);
    loop_timer_stop(source->loop, &source->wait);
    sse_destroy(source->sse);
    free(source);
}

static const struct source_ops ops = {
    .name = "sse",
    .start = start,
    .wake = wake,
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
    source->link.state = CONNECTION_CLOSED;
    source->sse = sse_create(MAX_EVENT);
    return &source->base;
}
