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
#include "io/agent_login.h"
#include "io/stream_link.h"
#include "wire/agent_lines.h"
#include "wire/agentlog.h"
#include "wire/backoff.h"
#include "wire/facts.h"
#include "wire/url.h"
#include "wire/wire_error.h"

enum {
    MAX_TEXT = 64 * 1024 * 1024,
    ANSWER_MS = 30 * 1000,
    POLL_MS = 2000,
    FIRST_TRIES = 3,
    QUIET_MS = 1000,        /* after which an unfinished line is told */
    SILENT_MS = 600 * 1000, /* after which it is asked whether it is there */
    FINAL_MS = 3000,        /* how long a final frame is waited for */
    LIMITED_MS = 60 * 1000  /* least wait when the server limits requests */
};

struct source_agent {
    struct source base;
    struct source_options options;
    struct http *http;
    struct loop *loop;
    event_fn *emit;
    void *context;
    struct agentlog *log;
    struct agent_lines *lines;
    uint64_t bad_frames; /* that were left out */
    struct stream_policy streaming, polling;
    struct stream_link *link;
    struct loop_timer quiet, final;
    struct agent_login *login; /* NULL: a token was given, or none */
    struct buf url, header;    /* of the request; secrets */
    struct buf answer;         /* that was polled */
    struct run_facts facts, told;
    bool polls, ended;
};

static void emit(struct source_agent *agent, struct event *event)
{
    event->time_ms = loop_wall_ms(agent->loop);
    event->run = agent->options.run;
    agent->emit(agent->context, event);
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
    agent->streaming.enough = agent->polling.enough = finished;
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
    agent->ended = true;
    loop_timer_stop(agent->loop, &agent->quiet);
    loop_timer_stop(agent->loop, &agent->final);
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
    stream_link_close(agent->link);
    tell_end(agent, NULL);
}

/* Frames. */

static void on_quiet(void *context)
{
    struct source_agent *agent = context;
    if (!agent->ended)
        agent_lines_tell_last(agent->lines, loop_wall_ms(agent->loop));
}

static void take_frame(struct source_agent *agent,
                       const struct agentlog_frame *frame)
{
    stream_link_alive(agent->link);
    take_facts(agent, frame);
    if (!agent->facts.finished)
        tell_facts(agent);
    agent_lines_take(agent->lines, frame, loop_wall_ms(agent->loop));
    loop_timer_start(agent->loop, &agent->quiet, QUIET_MS, on_quiet, agent);
    bool once = !agent->options.follow;
    if (!agent->facts.finished)
        loop_timer_stop(agent->loop, &agent->final);
    if (frame->final || once)
        loop_timer_start(agent->loop, &agent->final, 0, end_now, agent);
    else if (agent->facts.finished && !agent->final.active)
        loop_timer_start(agent->loop, &agent->final, FINAL_MS, end_now, agent);
}

/* Told of the first, the second, the fourth …: a server that sends nothing else
 * is no reason for as many remarks. */
static void tell_bad_frame(struct source_agent *agent, const struct error *why)
{
    struct buf words = buf_make(0);
    struct event event = {.type = EVENT_NOTICE};
    uint64_t count = ++agent->bad_frames;
    if (count & (count - 1))
        return;
    buf_adds(&words, why->message);
    if (count > 1)
        buf_addf(&words, ", as were %llu before",
                 (unsigned long long)(count - 1));
    event.notice = buf_str(&words);
    emit(agent, &event);
    buf_free(&words);
}

/* The link. */

/* A log too large would be as large the next time. */
static void refuse_log(const struct source_agent *agent, struct error *err)
{
    struct error why = *err;
    struct buf where = buf_make(0);
    url_for_display(&where, agent->options.api_url);
    error_clear(err);
    error_set(err, why.kind, "%s, agent %.80s: %s", buf_str(&where),
              agent->options.run, why.message);
    buf_free(&where);
}

static enum stream_next on_stream(void *context, const char *bytes, size_t len,
                                  struct error *err)
{
    struct source_agent *agent = context;
    struct agentlog_frame frame;
    uint64_t before = agentlog_comments(agent->log);
    bool alone = true; /* comments with frames fill buffers up */
    agentlog_feed(agent->log, bytes, len);
    for (;;) {
        error_clear(err);
        if (agentlog_next(agent->log, &frame, err)) {
            take_frame(agent, &frame);
            alone = false;
        } else if (err->kind == ERROR_NONE) {
            if (alone && agentlog_comments(agent->log) != before)
                stream_link_note_heartbeat(agent->link);
            return STREAM_ON;
        } else if (agentlog_is_too_large(agent->log)) {
            refuse_log(agent, err);
            return STREAM_FAIL;
        } else {
            tell_bad_frame(agent, err);
        }
    }
}

static enum stream_next on_bytes(void *context, const char *bytes, size_t len,
                                 struct error *err)
{
    struct source_agent *agent = context;
    if (!agent->polls)
        return on_stream(context, bytes, len, err);
    if (buf_add(&agent->answer, bytes, len))
        return STREAM_ON;
    error_set(err, ERROR_PROTOCOL, "a log of more than %d MiB",
              MAX_TEXT / 1024 / 1024);
    refuse_log(agent, err);
    return STREAM_FAIL;
}

static enum stream_next on_polled(struct source_agent *agent, struct error *err)
{
    struct agentlog_frame frame;
    agent->polling.pause_ms = POLL_MS;
    if (!agentlog_take(agent->log, buf_str(&agent->answer), agent->answer.len,
                       &frame, err))
        return STREAM_RETRY;
    frame.final |= status_is_terminal(status_of(frame.status));
    take_frame(agent, &frame);
    return STREAM_ON;
}

static enum stream_next on_ended(void *context, struct error *err)
{
    struct source_agent *agent = context;
    if (agent->polls)
        return on_polled(agent, err);
    error_set(err, ERROR_CONNECTION,
              "the server ended the log without saying that it was over");
    return STREAM_RETRY;
}

static void on_opened(void *context, const struct http_call *call)
{
    struct source_agent *agent = context;
    (void)call;
    buf_clear(&agent->answer);
    if (!agent->polls)
        agentlog_restart(agent->log);
}

/* The server knows agents, but no stream of them: it is of a later version, or
 * does not let streams through. */
static bool has_no_stream(const struct http_result *result)
{
    const char *body = result->body;
    if (result->status == 405 || result->status == 501)
        return true;
    return result->status == 404 &&
           (memmem(body, result->body_len, "Route not found", 15) ||
            memmem(body, result->body_len, "Cannot GET", 10));
}

static void start_polling(struct source_agent *agent)
{
    agent->polls = true;
    stream_link_set_policy(agent->link, &agent->polling);
}

static enum stream_next on_refused(void *context,
                                   const struct http_result *result)
{
    struct source_agent *agent = context;
    if (!agent->polls && has_no_stream(result)) {
        start_polling(agent);
        return STREAM_ON;
    }
    enum stream_next next = stream_judge(result);
    return next == STREAM_DONE ? STREAM_FAIL : next; /* 204 tells nothing */
}

/* Credentials. */

static void on_login(void *context, enum stream_next next,
                     const struct error *err, int64_t server_ms);

static void take_login(struct source_agent *agent, struct error *err)
{
    const struct source_options *options = &agent->options;
    agent_login_destroy(agent->login);
    agent->login = options->login
                       ? agent_login_create(agent->http, options->api_url,
                                            options->login, err)
                       : NULL;
}

/* What the options name is read again; another process may have logged in. */
static bool read_credentials(struct source_agent *agent)
{
    struct error err = {0};
    if (!source_renew(&agent->options))
        return false;
    take_login(agent, &err);
    if (err.kind != ERROR_NONE)
        return false;
    stream_link_open(agent->link);
    return true;
}

static bool on_renew(void *context)
{
    struct source_agent *agent = context;
    if (agent->login && agent_login_renew(agent->login, on_login, agent))
        return true;
    return read_credentials(agent);
}

static void on_login(void *context, enum stream_next next,
                     const struct error *err, int64_t server_ms)
{
    struct source_agent *agent = context;
    if (next == STREAM_ON)
        stream_link_open(agent->link);
    else if (next == STREAM_RETRY || !read_credentials(agent))
        stream_link_fail(agent->link, next, err, server_ms);
}

/* The request. */

static void set_url(struct source_agent *agent, const char *query_token)
{
    buf_forget(&agent->url); /* may hold a token */
    buf_addf(&agent->url, "%s/api/agents/", agent->options.api_url);
    url_encode(&agent->url, agent->options.run);
    buf_adds(&agent->url, agent->polls ? "/logs" : "/logs/stream");
    if (query_token) {
        buf_adds(&agent->url, "?token=");
        url_encode(&agent->url, query_token);
    }
}

static void set_header(struct source_agent *agent, const char *token)
{
    buf_forget(&agent->header);
    if (token)
        buf_addf(&agent->header, "Authorization: Bearer %s", token);
}

static bool on_request(void *context, struct http_request *request)
{
    struct source_agent *agent = context;
    const struct source_options *options = &agent->options;
    static const char *const headers[] = {
        "Accept: text/event-stream, application/json;q=0.5",
        "Cache-Control: no-store", NULL};
    const char *token = agent->login ? agent_login_token(agent->login) : NULL;
    if (agent->login && !token &&
        agent_login_renew(agent->login, on_login, agent))
        return false;
    bool in_query = options->login_in_query;
    set_url(agent, token && in_query ? token : options->query_token);
    set_header(agent, in_query ? NULL : token);
    request->url = buf_str(&agent->url);
    request->headers = headers;
    request->secret_header = agent->header.len ? buf_str(&agent->header) : NULL;
    request->private_headers = options->headers;
    return true;
}

/* What is known is told before the connection is said to be closed. */
static void on_state(void *context, const struct connection *link)
{
    struct source_agent *agent = context;
    struct event event = {.type = EVENT_CONNECTION, .connection = *link};
    if (link->state == CONNECTION_CLOSED) {
        agent_lines_tell_last(agent->lines, loop_wall_ms(agent->loop));
        tell_facts(agent);
    }
    emit(agent, &event);
}

static void on_over(void *context, const struct error *failure)
{
    tell_end(context, failure);
}

static bool has_credentials(const struct source_agent *agent)
{
    static const char *const names[] = {
        "Authorization:", "Cookie:", "X-Api-Key:"};
    const struct source_options *options = &agent->options;
    if (options->query_token || options->login)
        return true;
    for (const char *const *at = options->headers; at && *at; at++)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (strncasecmp(*at, names[i], strlen(names[i])) == 0)
                return true;
    return false;
}

/* Who sent no token may not know how. */
static void describe(void *context, const struct http_result *result,
                     struct error *err)
{
    const struct source_agent *agent = context;
    struct buf why = buf_make(0);
    if (result->status != 401 || has_credentials(agent))
        return;
    bool given = wire_error_reason(&why, result->body, result->body_len);
    error_set(err, ERROR_AUTH,
              "%s answered 401%s%s; give the agent's token with --token-file, "
              "--token-cmd or -H 'Authorization: @FILE'",
              agent->options.api_url, given ? ": " : "", buf_str(&why));
    buf_free(&why);
}

static const struct stream_ops link_ops = {
    .request = on_request,
    .describe = describe,
    .opened = on_opened,
    .bytes = on_bytes,
    .ended = on_ended,
    .refused = on_refused,
    .renew = on_renew,
    .state = on_state,
    .over = on_over,
};

static void set_policies(struct source_agent *agent)
{
    const struct source_options *options = &agent->options;
    agent->streaming = (struct stream_policy){
        .transport = "sse",
        .state = CONNECTION_LIVE,
        .type = "text/event-stream",
        .wanted = "the log of an agent",
        .idle_ms = options->idle_ms,
        .quiet_ms = options->max_retries ? SILENT_MS : 0,
        .limited_ms = LIMITED_MS,
        .first_tries = FIRST_TRIES,
        .max_retries = options->max_retries,
        .delay_ms = backoff_ms,
    };
    agent->polling = agent->streaming;
    agent->polling.transport = "poll";
    agent->polling.state = CONNECTION_POLLING;
    agent->polling.type = "application/json";
    agent->polling.idle_ms = ANSWER_MS;
}

/* The source. */

static void start(struct source *base)
{
    struct source_agent *agent = (struct source_agent *)base;
    struct error err = {0};
    take_login(agent, &err);
    if (err.kind != ERROR_NONE)
        stream_link_fail(agent->link, STREAM_FAIL, &err, -1);
    else
        stream_link_open(agent->link);
}

static void wake(struct source *base)
{
    stream_link_open(((struct source_agent *)base)->link);
}

static void destroy(struct source *base)
{
    struct source_agent *agent = (struct source_agent *)base;
    stream_link_destroy(agent->link);
    loop_timer_stop(agent->loop, &agent->quiet);
    loop_timer_stop(agent->loop, &agent->final);
    agent_login_destroy(agent->login);
    buf_forget(&agent->url);
    buf_forget(&agent->header);
    buf_free(&agent->answer);
    agent_lines_destroy(agent->lines);
    agentlog_destroy(agent->log);
    facts_free(&agent->facts);
    facts_free(&agent->told);
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
    agent->answer = buf_make(MAX_TEXT);
    set_policies(agent);
    agent->link =
        stream_link_create(http, loop, &agent->streaming, &link_ops, agent);
    if (options->poll_only)
        start_polling(agent);
    agent->log = agentlog_create(MAX_TEXT);
    agent->lines =
        agent_lines_create(agent->log, options->run, emit_event, context);
    facts_init(&agent->facts);
    facts_init(&agent->told);
    agent->facts.id = mem_strdup(options->run);
    return &agent->base;
}
