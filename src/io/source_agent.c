/* An agent's log: a stream whose every event is the whole text so far, with a
 * polling sibling where the stream is not to be had. Lines become log entries,
 * each once; the last line may still grow and is told when it is followed by
 * another, when the agent has ended, or when it has been quiet for a while. */
#include "config.h"

#include "io/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/instant.h"
#include "base/mem.h"
#include "io/failure.h"
#include "text/utf8.h"
#include "wire/agentlog.h"
#include "wire/backoff.h"
#include "wire/facts.h"
#include "wire/url.h"
#include "wire/wire_error.h"

enum {
    MAX_TEXT = 64 * 1024 * 1024,
    MAX_BODY = 64 * 1024,
    CONNECT_MS = 10 * 1000,
    ANSWER_MS = 30 * 1000,
    POLL_MS = 2000,
    FIRST_TRIES = 3,
    QUIET_MS = 1000,       /* after which an unfinished line is told */
    FINAL_MS = 3000,       /* how long a final frame is waited for */
    LIMITED_MS = 60 * 1000 /* least wait when the server limits requests */
};

struct source_agent {
    struct source base;
    struct source_options options;
    struct http *http;
    struct loop *loop;
    event_fn *emit;
    void *context;
    struct agentlog *log;
    struct http_call *call;
    struct loop_timer wait, quiet, final;
    struct connection link;
    struct run_facts facts, told;
    uint64_t seq;
    size_t lines;       /* in the text */
    size_t emitted;     /* of them, told and standing */
    struct buf partial; /* the last one's text, when it was told unfinished */
    bool partial_told;
    struct buf line;
    int attempt;
    bool heard, streaming, polling, renewed, ended;
};

static void connect_now(void *context);

static void emit(struct source_agent *agent, struct event *event)
{
    event->time_ms = loop_wall_ms(agent->loop);
    event->run = agent->options.run;
    agent->emit(agent->context, event);
}

static void tell_link(struct source_agent *agent, enum connection_state state,
                      int64_t retry_in_ms, const char *reason)
{
    if (agent->link.state == state && state != CONNECTION_RECONNECTING)
        return;
    agent->link = (struct connection){
        .state = state,
        .transport = state == CONNECTION_CONNECTING ? NULL
                     : agent->polling               ? "poll"
                                                    : "sse",
        .attempt = agent->attempt,
        .retry_in_ms = retry_in_ms,
        .reason = reason,
    };
    struct event event = {.type = EVENT_CONNECTION, .connection = agent->link};
    emit(agent, &event);
    agent->link.reason = NULL;
}

/* Lines. */

static void emit_line(struct source_agent *agent, size_t index)
{
    struct log_entry entry = {.time_ms = loop_wall_ms(agent->loop),
                              .time_is_arrival = true};
    struct event event = {.type = EVENT_LOG};
    buf_clear(&agent->line);
    agentlog_line(agent->log, index, &agent->line);
    entry.message = buf_str(&agent->line);
    entry.message_len = agent->line.len;
    event.log.seq = ++agent->seq;
    event.log.entry = &entry;
    emit(agent, &event);
}

static void emit_lines(struct source_agent *agent, size_t end)
{
    if (agent->emitted < end)
        agent->partial_told = false;
    for (; agent->emitted < end; agent->emitted++)
        emit_line(agent, agent->emitted);
}

/* Lines to tell when nothing more comes: a text that ends in a line feed has
 * no further line behind it. */
static size_t last_lines(struct source_agent *agent)
{
    buf_clear(&agent->line);
    if (agent->lines)
        agentlog_line(agent->log, agent->lines - 1, &agent->line);
    return agent->lines && !agent->line.len ? agent->lines - 1 : agent->lines;
}

/* The last line, although it may still grow. */
static void emit_partial(void *context)
{
    struct source_agent *agent = context;
    size_t end = last_lines(agent);
    if (agent->ended || agent->emitted >= end)
        return;
    emit_lines(agent, end);
    agent->partial_told = true;
    buf_clear(&agent->partial);
    buf_add(&agent->partial, buf_str(&agent->line), agent->line.len);
}

/* Is the line that was told unfinished still the same? */
static bool partial_stands(struct source_agent *agent, size_t index)
{
    buf_clear(&agent->line);
    agentlog_line(agent->log, index, &agent->line);
    return agent->line.len == agent->partial.len &&
           memcmp(buf_str(&agent->line), buf_str(&agent->partial),
                  agent->line.len) == 0;
}

static void withdraw_lines(struct source_agent *agent, size_t kept)
{
    if (agent->partial_told && agent->emitted == kept + 1 &&
        agent->lines > kept && partial_stands(agent, kept))
        return;
    if (agent->emitted <= kept)
        return;
    struct event event = {.type = EVENT_REWRITE};
    event.rewrite.kept = kept;
    event.rewrite.withdrawn = agent->emitted - kept;
    event.rewrite.grew = agent->partial_told && agent->emitted == kept + 1;
    emit(agent, &event);
    agent->emitted = kept;
    agent->partial_told = false;
}

/* Facts. */

static enum run_status status_of(struct slice word)
{
    static const struct {
        const char *word;
        enum run_status status;
    } known[] = {{"running", STATUS_EXECUTING}, {"completed", STATUS_COMPLETED},
                 {"failed", STATUS_FAILED},     {"queued", STATUS_QUEUED},
                 {"pending", STATUS_QUEUED},    {"cancelled", STATUS_CANCELED},
                 {"canceled", STATUS_CANCELED}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_is(word, known[i].word))
            return known[i].status;
    return STATUS_UNKNOWN;
}

static void set_text(char **text, struct slice escaped)
{
    struct buf plain = buf_make(0);
    json_unescape(&plain, escaped.data, escaped.len);
    free(*text);
    *text = mem_strndup(buf_str(&plain), strlen(buf_str(&plain)));
    buf_free(&plain);
}

static void take_facts(struct source_agent *agent,
                       const struct agentlog_frame *frame)
{
    struct run_facts *facts = &agent->facts;
    int64_t now_ms = loop_wall_ms(agent->loop);
    if (frame->status.data) {
        facts->status = status_of(frame->status);
        set_text(&facts->status_text, frame->status);
    }
    if (frame->error.data && frame->error.len) {
        set_text(&facts->error.message, frame->error);
        facts->has_error = true;
    }
    bool finished = frame->final || status_is_terminal(facts->status);
    facts->updated_ms = now_ms;
    facts->finished = finished;
}

static void tell_facts(struct source_agent *agent)
{
    if (!facts_assign(&agent->told, &agent->facts))
        return;
    struct event event = {.type = EVENT_RUN, .facts = &agent->told};
    emit(agent, &event);
}

/* Ending and failing. */

static void tell_end(struct source_agent *agent, const struct error *failure)
{
    if (agent->ended)
        return;
    emit_lines(agent, last_lines(agent));
    tell_facts(agent);
    agent->ended = true;
    loop_timer_stop(agent->loop, &agent->wait);
    loop_timer_stop(agent->loop, &agent->quiet);
    loop_timer_stop(agent->loop, &agent->final);
    tell_link(agent, CONNECTION_CLOSED, -1, NULL);
    bool known = status_is_terminal(agent->facts.status);
    struct event event = {.type = EVENT_END};
    event.end.known = known;
    event.end.complete = known && !failure;
    event.end.failure = known ? NULL : failure;
    emit(agent, &event);
}

static void end_now(void *context)
{
    struct source_agent *agent = context;
    http_cancel(agent->call);
    agent->call = NULL;
    tell_end(agent, NULL);
}

static bool has_patience(const struct source_agent *agent, bool answered)
{
    int tries = agent->attempt + 1;
    if (agent->options.max_retries >= 0 && tries > agent->options.max_retries)
        return false;
    return agent->heard || answered || tries < FIRST_TRIES;
}

static void retry(struct source_agent *agent, const struct error *err,
                  bool answered, int64_t least_ms)
{
    if (agent->facts.finished || !has_patience(agent, answered)) {
        tell_end(agent, err);
        return;
    }
    agent->attempt++;
    int64_t delay = backoff_ms(agent->attempt, (uint32_t)rand(), least_ms);
    tell_link(agent, CONNECTION_RECONNECTING, delay, err->message);
    loop_timer_start(agent->loop, &agent->wait, delay, connect_now, agent);
}

/* Frames. */

static void take_frame(struct source_agent *agent,
                       const struct agentlog_frame *frame)
{
    agent->heard = true;
    agent->attempt = 0;
    agent->lines = frame->lines;
    take_facts(agent, frame);
    if (!agent->facts.finished)
        tell_facts(agent);
    if (frame->text_changed)
        withdraw_lines(agent, frame->kept);
    if (agent->lines)
        emit_lines(agent, agent->lines - 1);
    loop_timer_start(agent->loop, &agent->quiet, QUIET_MS, emit_partial, agent);
    bool once = !agent->options.follow;
    if (frame->final || once)
        loop_timer_start(agent->loop, &agent->final, 0, end_now, agent);
    else if (agent->facts.finished && !agent->final.active)
        loop_timer_start(agent->loop, &agent->final, FINAL_MS, end_now, agent);
}

static void tell_notice(struct source_agent *agent, const char *words)
{
    struct event event = {.type = EVENT_NOTICE, .notice = words};
    emit(agent, &event);
}

/* It would be as large the next time. */
static bool refuse_log(struct source_agent *agent, const struct error *why)
{
    struct error err = {0};
    struct buf where = buf_make(0);
    url_for_display(&where, agent->options.api_url);
    error_set(&err, why->kind, "%s, agent %.80s: %s", buf_str(&where),
              agent->options.run, why->message);
    buf_free(&where);
    agent->call = NULL;
    agent->streaming = false;
    tell_end(agent, &err);
    return false;
}

static bool on_data(void *context, struct http_call *call, const char *bytes,
                    size_t len)
{
    struct source_agent *agent = context;
    struct agentlog_frame frame;
    (void)call;
    agentlog_feed(agent->log, bytes, len);
    for (;;) {
        struct error err = {0};
        if (agentlog_next(agent->log, &frame, &err))
            take_frame(agent, &frame);
        else if (err.kind == ERROR_NONE)
            return true;
        else if (agentlog_is_too_large(agent->log))
            return refuse_log(agent, &err);
        else
            tell_notice(agent, err.message);
    }
}

static bool is_type(const struct http_call *call, const char *type)
{
    const char *given = http_header(call, "content-type");
    size_t len = strlen(type);
    return given && strncasecmp(given, type, len) == 0 &&
           strchr("; \t", given[len]) != NULL;
}

static void on_headers(void *context, struct http_call *call)
{
    struct source_agent *agent = context;
    if (http_status(call) != 200 || !is_type(call, "text/event-stream"))
        return;
    agent->streaming = true;
    agent->renewed = false;
    agentlog_restart(agent->log);
    tell_link(agent, CONNECTION_LIVE, -1, NULL);
    http_stream(call, on_data);
}

static void describe(const struct source_agent *agent, struct error *err,
                     const struct http_call *call,
                     const struct http_result *result)
{
    struct buf where = buf_make(0), why = buf_make(0);
    const char *type = http_header(call, "content-type");
    long status = result->status;
    url_for_display(&where, agent->options.api_url);
    wire_error_reason(&why, result->body, result->body_len);
    if (result->failure != HTTP_OK)
        error_set(err, ERROR_CONNECTION, "%s: %s", buf_str(&where),
                  result->reason);
    else if (status == 200)
        error_set(err, ERROR_PROTOCOL,
                  "%s answered with %.80s instead of agent %.80s's log",
                  buf_str(&where), type ? type : "no content type",
                  agent->options.run);
    else
        error_set(err,
                  status == 401 || status == 403   ? ERROR_AUTH
                  : status == 404                  ? ERROR_NOT_FOUND
                  : status == 429 || status >= 500 ? ERROR_CONNECTION
                                                   : ERROR_PROTOCOL,
                  "%s, agent %.80s: %ld %s", buf_str(&where),
                  agent->options.run, status, buf_str(&why));
    buf_free(&where);
    buf_free(&why);
}

static bool has_no_stream(const struct http_result *result)
{
    return result->failure == HTTP_OK && result->status == 404 &&
           memmem(result->body, result->body_len, "Route not found", 15);
}

/* An answer that was no stream, or no answer. */
static void handle_answer(struct source_agent *agent, struct http_call *call,
                          const struct http_result *result)
{
    struct error err = {0};
    long status = result->status;
    describe(agent, &err, call, result);
    if (has_no_stream(result) && !agent->polling) {
        agent->polling = true;
        connect_now(agent);
    } else if (result->failure != HTTP_OK) {
        bool final = result->failure == HTTP_REDIRECTED ||
                     (result->failure == HTTP_INSECURE && !agent->heard);
        if (final)
            tell_end(agent, &err);
        else
            retry(agent, &err, status != 0, -1);
    } else if (status == 401 && agent->options.renew && !agent->renewed) {
        agent->renewed = true;
        agent->options.renew(agent->options.renew_context, &agent->options);
        connect_now(agent);
    } else if (status == 429) {
        retry(agent, &err, true, LIMITED_MS);
    } else if (status == 408 || status >= 500) {
        retry(agent, &err, true, http_retry_after_ms(call));
    } else {
        tell_end(agent, &err);
    }
}

static void on_done(void *context, struct http_call *call,
                    const struct http_result *result)
{
    struct source_agent *agent = context;
    bool streamed = agent->streaming;
    agent->call = NULL;
    agent->streaming = false;
    if (!streamed) {
        handle_answer(agent, call, result);
    } else if (agent->facts.finished) {
        tell_end(agent, NULL);
    } else {
        struct error err = {0};
        error_set(&err, ERROR_CONNECTION,
                  "the server ended the log without saying that it was over");
        retry(agent, &err, true, -1);
    }
}

static void on_poll(void *context, struct http_call *call,
                    const struct http_result *result)
{
    struct source_agent *agent = context;
    struct agentlog_frame frame;
    struct error err = {0};
    agent->call = NULL;
    if (result->failure != HTTP_OK || result->status != 200) {
        handle_answer(agent, call, result);
    } else if (agentlog_take(agent->log, result->body, result->body_len, &frame,
                             &err)) {
        agent->renewed = false;
        tell_link(agent, CONNECTION_POLLING, -1, NULL);
        frame.final |= status_is_terminal(status_of(frame.status));
        take_frame(agent, &frame);
        loop_timer_start(agent->loop, &agent->wait, POLL_MS, connect_now,
                         agent);
    } else {
        retry(agent, &err, true, -1);
    }
}

static void connect_now(void *context)
{
    struct source_agent *agent = context;
    static const char *const headers[] = {
        "Accept: text/event-stream, application/json;q=0.5",
        "Cache-Control: no-store", NULL};
    struct buf url = buf_make(0);
    buf_addf(&url, "%s/api/agents/", agent->options.api_url);
    url_encode(&url, agent->options.run);
    buf_adds(&url, agent->polling ? "/logs" : "/logs/stream");
    if (agent->options.query_token) {
        buf_adds(&url, "?token=");
        url_encode(&url, agent->options.query_token);
    }
    struct http_request request = {
        .url = buf_str(&url),
        .headers = headers,
        .private_headers = agent->options.headers,
        .max_body = agent->polling ? MAX_TEXT : MAX_BODY,
        .idle_ms = agent->polling ? ANSWER_MS : agent->options.idle_ms,
        .connect_ms = CONNECT_MS,
        .on_headers = agent->polling ? NULL : on_headers,
        .on_done = agent->polling ? on_poll : on_done,
        .context = agent,
    };
    agent->call = http_start(agent->http, &request);
    mem_wipe(url.data, url.len);
    buf_free(&url);
}

static void start(struct source *base)
{
    struct source_agent *agent = (struct source_agent *)base;
    tell_link(agent, CONNECTION_CONNECTING, -1, NULL);
    connect_now(agent);
}

static void wake(struct source *base)
{
    struct source_agent *agent = (struct source_agent *)base;
    if (agent->ended)
        return;
    http_cancel(agent->call);
    agent->streaming = false;
    loop_timer_stop(agent->loop, &agent->wait);
    connect_now(agent);
}

static void destroy(struct source *base)
{
    struct source_agent *agent = (struct source_agent *)base;
    http_cancel(agent->call);
    loop_timer_stop(agent->loop, &agent->wait);
    loop_timer_stop(agent->loop, &agent->quiet);
    loop_timer_stop(agent->loop, &agent->final);
    agentlog_destroy(agent->log);
    facts_free(&agent->facts);
    facts_free(&agent->told);
    buf_free(&agent->partial);
    buf_free(&agent->line);
    free(agent);
}

static const struct source_ops ops = {
    .name = "agent",
    .start = start,
    .wake = wake,
    .destroy = destroy,
};

struct source *source_agent_create(const struct source_options *options,
                                   struct http *http, struct loop *loop,
                                   event_fn *emit_event, void *context)
{
    struct source_agent *agent = mem_zalloc(1, sizeof *agent);
    agent->base.ops = &ops;
    agent->options = *options;
    agent->http = http;
    agent->loop = loop;
    agent->emit = emit_event;
    agent->context = context;
    agent->link.state = CONNECTION_CLOSED;
    agent->log = agentlog_create(MAX_TEXT);
    facts_init(&agent->facts);
    facts_init(&agent->told);
    agent->facts.id = mem_strdup(options->run);
    return &agent->base;
}
