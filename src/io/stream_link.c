/* A link is in one of these situations: a call is under way (call), whose
 * answer is being looked at, read (open) or refused (refusing); or it waits
 * (wait) before the next request or before it settles a matter that arose
 * where nothing may be destroyed (inside a call's data); or the owner is to
 * open it; or it is over. */
#include "config.h"

#include "io/stream_link.h"

#include <stdlib.h>

#include "base/mem.h"
#include "wire/heartbeat.h"
#include "wire/media_type.h"
#include "wire/url.h"
#include "wire/wire_error.h"

enum {
    MAX_BODY = 64 * 1024, /* of a refused answer */
    REFUSED_MS = 1000,    /* for that to arrive */
    CONNECT_MS = 10 * 1000,
    ANSWER_MS = 30 * 1000,       /* for the head of an answer, at first … */
    LAST_ANSWER_MS = 600 * 1000, /* … and at last */
    SOONEST_MS = 50, /* after an orderly end, be it ever so wished */
    QUIET_ENDS = 3   /* ends in a row, nothing between them, that are
                      * answered without a growing delay */
};

struct stream_link {
    struct http *http;
    struct loop *loop;
    const struct stream_policy *policy;
    const struct stream_ops *ops;
    void *context;
    struct http_call *call;
    struct loop_timer wait;
    enum connection_state state;
    struct buf where;      /* the URL asked for, fit to be shown */
    struct buf body;       /* of a refused answer */
    struct buf type;       /* the answer's media type; "": none */
    int64_t server_ms;     /* its Retry-After */
    enum stream_next next; /* what the timer settles … */
    struct error failure;  /* … with this */
    int attempt;           /* failures and empty ends in a row */
    int waits;             /* for what is not there yet, likewise */
    int unanswered;        /* requests in a row */
    struct heartbeat heartbeat;
    bool heard, open, refusing, renewed, over;
    bool silent; /* the connection before was; nothing else was the matter */
};

static void connect_now(void *context);

/* State and end. */

static void tell(struct stream_link *link, enum connection_state state,
                 int64_t retry_in_ms, const char *reason)
{
    if (link->state == state && state != CONNECTION_RECONNECTING)
        return;
    link->state = state;
    struct connection told = {
        .state = state,
        .stream = link->policy->stream,
        .transport =
            state == CONNECTION_CONNECTING ? NULL : link->policy->transport,
        .attempt = link->attempt,
        .retry_in_ms = retry_in_ms,
        .reason = reason,
    };
    link->ops->state(link->context, &told);
}

static void drop_call(struct stream_link *link)
{
    http_cancel(link->call);
    link->call = NULL;
    link->open = link->refusing = false;
    loop_timer_stop(link->loop, &link->wait);
}

void stream_link_close(struct stream_link *link)
{
    if (link->over)
        return;
    drop_call(link);
    link->over = true;
    tell(link, CONNECTION_CLOSED, -1, NULL);
}

/* The owner may destroy the link in there. */
static void finish(struct stream_link *link, const struct error *failure)
{
    struct error kept = failure ? *failure : (struct error){0};
    stream_link_close(link);
    link->ops->over(link->context, failure ? &kept : NULL);
}

/* Trying again. */

static bool has_patience(const struct stream_link *link, bool answered)
{
    const struct stream_policy *policy = link->policy;
    int tries = link->attempt + 1;
    if (policy->max_retries >= 0 && tries > policy->max_retries)
        return false;
    return link->heard || answered || tries < policy->first_tries;
}

static void wait_to_connect(struct stream_link *link, int64_t delay_ms)
{
    loop_timer_start(link->loop, &link->wait, delay_ms, connect_now, link);
}

static void try_later(struct stream_link *link, int tries,
                      const struct error *err)
{
    int64_t delay =
        link->policy->delay_ms(tries, (uint32_t)rand(), link->server_ms);
    if (link->heard && delay < link->policy->pause_ms)
        delay = link->policy->pause_ms;
    link->silent = false;
    tell(link, CONNECTION_RECONNECTING, delay, err->message);
    wait_to_connect(link, delay);
}

static void retry(struct stream_link *link, const struct error *err,
                  bool answered)
{
    if (has_patience(link, answered))
        try_later(link, ++link->attempt, err);
    else
        finish(link, err);
}

/* After an orderly end. A server that only ever ends is not asked as fast as
 * it does. */
static void ask_again(struct stream_link *link)
{
    const struct stream_policy *policy = link->policy;
    int64_t delay = policy->pause_ms, least = SOONEST_MS;
    link->silent = false;
    link->attempt++;
    if (link->attempt > QUIET_ENDS)
        least =
            policy->delay_ms(link->attempt - QUIET_ENDS, (uint32_t)rand(), -1);
    if (delay < least)
        delay = least;
    if (policy->ended)
        tell(link, CONNECTION_RECONNECTING, delay, policy->ended);
    wait_to_connect(link, delay);
}

static void renew(struct stream_link *link, const struct error *err)
{
    bool first = !link->renewed;
    link->renewed = true;
    if (!first || !link->ops->renew || !link->ops->renew(link->context))
        finish(link, err);
}

static void go_on(struct stream_link *link, enum stream_next next,
                  const struct error *err, bool answered)
{
    if (link->policy->enough)
        next = STREAM_DONE;
    switch (next) {
    case STREAM_ON:
        ask_again(link);
        break;
    case STREAM_RETRY:
        retry(link, err, answered);
        break;
    case STREAM_WAIT:
        try_later(link, ++link->waits, err);
        break;
    case STREAM_RENEW:
        renew(link, err);
        break;
    case STREAM_FAIL:
        finish(link, err);
        break;
    case STREAM_DONE:
        finish(link, NULL);
        break;
    }
}

void stream_link_fail(struct stream_link *link, enum stream_next next,
                      const struct error *err, int64_t server_ms)
{
    if (link->over)
        return;
    drop_call(link);
    link->server_ms = server_ms;
    go_on(link, next, err, false);
}

/* Answers. */

static void describe(const struct stream_link *link,
                     const struct http_result *result, struct error *err)
{
    struct buf why = buf_make(0);
    const char *where = buf_str(&link->where);
    long status = result->status;
    if (link->ops->describe)
        link->ops->describe(link->context, result, err);
    bool given = wire_error_reason(&why, result->body, result->body_len);
    if (result->failure != HTTP_OK)
        error_set(err,
                  result->failure == HTTP_REDIRECTED ? ERROR_PROTOCOL
                                                     : ERROR_CONNECTION,
                  "%s: %s", where, result->reason);
    else if (status == 200)
        error_set(err, ERROR_PROTOCOL,
                  "%s answered with %.80s, not with %s%s%s", where,
                  link->type.len ? buf_str(&link->type) : "no content type",
                  link->policy->wanted, given ? ": " : "", buf_str(&why));
    else
        error_set(err,
                  status == 401 || status == 403   ? ERROR_AUTH
                  : status == 404                  ? ERROR_NOT_FOUND
                  : status == 408 || status == 429 ? ERROR_CONNECTION
                  : status >= 500                  ? ERROR_CONNECTION
                                                   : ERROR_PROTOCOL,
                  "%s answered %ld%s%s", where, status, given ? ": " : "",
                  buf_str(&why));
    buf_free(&why);
}

enum stream_next stream_judge(const struct http_result *result)
{
    long status = result->status;
    if (status == 204)
        return STREAM_DONE;
    if (status == 401)
        return STREAM_RENEW;
    return status == 408 || status == 429 || status >= 500 ? STREAM_RETRY
                                                           : STREAM_FAIL;
}

static int64_t silence_ms(const struct stream_link *link)
{
    const struct stream_policy *policy = link->policy;
    return policy->idle_ms
               ? policy->idle_ms
               : heartbeat_silence_ms(&link->heartbeat, policy->quiet_ms);
}

/* How long the head of an answer is waited for. Some servers send even that
 * with the first event, which may be long in coming: hence more each time. */
static int64_t answer_ms(const struct stream_link *link)
{
    int64_t longest_ms = ANSWER_MS, idle_ms = link->policy->idle_ms;
    for (int i = 0; i < link->unanswered && longest_ms < LAST_ANSWER_MS; i++)
        longest_ms *= 2;
    if (longest_ms > LAST_ANSWER_MS)
        longest_ms = LAST_ANSWER_MS;
    return idle_ms && idle_ms < longest_ms ? idle_ms : longest_ms;
}

/* The connection was taken, and nothing came of it. Who may just not have an
 * event yet is asked as often as it takes. */
static void ask_the_mute(struct stream_link *link)
{
    struct error err = {0};
    int64_t waited_ms = answer_ms(link);
    error_set(&err, ERROR_CONNECTION,
              "%s took the connection, but gave no answer for %lld s",
              buf_str(&link->where), (long long)(waited_ms / 1000));
    link->unanswered++;
    go_on(link, STREAM_RETRY, &err, waited_ms != link->policy->idle_ms);
}

static void ask_quietly(struct stream_link *link)
{
    link->silent = true;
    wait_to_connect(link, SOONEST_MS);
}

/* A stream may be quiet for long, and yet it may be that nobody is there any
 * more. Asking anew tells, and is told only if it fails. */
static void ask_the_silent(struct stream_link *link)
{
    struct error err = {0}, ignored = {0};
    error_set(&err, ERROR_CONNECTION, "%s gave no sign of life for %lld s",
              buf_str(&link->where), (long long)(silence_ms(link) / 1000));
    heartbeat_missed(&link->heartbeat);
    if (!link->policy->max_retries)
        go_on(link, STREAM_FAIL, &err, true);
    else if (link->ops->ended &&
             link->ops->ended(link->context, &ignored) == STREAM_DONE)
        go_on(link, STREAM_DONE, NULL, true);
    else
        ask_quietly(link);
}

/* An answer that was no stream, or no answer. */
static void handle(struct stream_link *link, const struct http_result *result)
{
    struct error err = {0};
    enum stream_next next;
    if (result->failure != HTTP_OK)
        next = result->failure == HTTP_REDIRECTED ||
                       (result->failure == HTTP_INSECURE && !link->heard)
                   ? STREAM_FAIL
                   : STREAM_RETRY;
    else if (link->ops->refused)
        next = link->ops->refused(link->context, result);
    else
        next = stream_judge(result);
    if (result->status == 429 && link->server_ms < link->policy->limited_ms)
        link->server_ms = link->policy->limited_ms;
    describe(link, result, &err);
    go_on(link, next, &err, result->status != 0);
}

/* The call has to be left before anything is settled: see http_data_fn. */
static void settle_now(void *context)
{
    struct stream_link *link = context;
    struct error err = link->failure;
    go_on(link, link->next, &err, true);
}

static bool on_data(void *context, struct http_call *call, const char *bytes,
                    size_t len)
{
    struct stream_link *link = context;
    (void)call;
    link->failure = (struct error){0};
    link->next = link->ops->bytes(link->context, bytes, len, &link->failure);
    if (link->next == STREAM_ON)
        return true;
    link->call = NULL;
    link->open = false;
    loop_timer_start(link->loop, &link->wait, 0, settle_now, link);
    return false;
}

static void refuse_now(void *context)
{
    struct stream_link *link = context;
    struct http_result result = {
        .status = http_status(link->call),
        .body = buf_str(&link->body),
        .body_len = link->body.len,
    };
    drop_call(link);
    handle(link, &result);
}

/* What comes after the part that is looked at is read and forgotten. */
static bool on_refused_data(void *context, struct http_call *call,
                            const char *bytes, size_t len)
{
    struct stream_link *link = context;
    size_t room = MAX_BODY - link->body.len;
    (void)call;
    buf_add(&link->body, bytes, len < room ? len : room);
    return true;
}

static void on_headers(void *context, struct http_call *call)
{
    struct stream_link *link = context;
    link->unanswered = 0;
    buf_clear(&link->type);
    http_headers(call, "content-type", &link->type);
    if (http_status(call) != 200 ||
        !media_type_is(buf_str(&link->type), link->policy->type)) {
        link->refusing = true;
        link->server_ms = http_retry_after_ms(call);
        http_stream(call, on_refused_data);
        loop_timer_start(link->loop, &link->wait, REFUSED_MS, refuse_now, link);
        return;
    }
    link->open = link->heard = true;
    link->renewed = false;
    heartbeat_open(&link->heartbeat);
    if (link->ops->opened)
        link->ops->opened(link->context, call);
    link->silent = false;
    tell(link, link->policy->state, -1, NULL);
    http_set_idle(call, silence_ms(link));
    http_stream(call, on_data);
}

static void on_done(void *context, struct http_call *call,
                    const struct http_result *result)
{
    struct stream_link *link = context;
    bool open = link->open, refusing = link->refusing;
    bool silent = result->failure == HTTP_SILENT;
    struct error err = {0};
    (void)call;
    loop_timer_stop(link->loop, &link->wait);
    link->call = NULL;
    link->open = link->refusing = false;
    if (refusing) {
        struct http_result whole = {
            .status = result->status,
            .body = buf_str(&link->body),
            .body_len = link->body.len,
        };
        handle(link, &whole);
    } else if (silent && !open) {
        ask_the_mute(link);
    } else if (silent && !link->policy->idle_ms) {
        ask_the_silent(link);
    } else if (!open || result->failure != HTTP_OK) {
        handle(link, result);
    } else {
        enum stream_next next = link->ops->ended
                                    ? link->ops->ended(link->context, &err)
                                    : STREAM_ON;
        go_on(link, next, &err, true);
    }
}

/* Requests. */

static void connect_now(void *context)
{
    struct stream_link *link = context;
    struct http_request request = {.max_body = MAX_BODY};
    drop_call(link);
    if (!link->ops->request(link->context, &request))
        return;
    request.idle_ms = answer_ms(link);
    request.connect_ms = CONNECT_MS;
    request.on_headers = on_headers;
    request.on_done = on_done;
    request.context = link;
    buf_clear(&link->where);
    url_for_display(&link->where, request.url);
    buf_clear(&link->body);
    link->server_ms = -1;
    link->call = http_start(link->http, &request);
}

void stream_link_open(struct stream_link *link)
{
    if (link->over)
        return;
    if (link->state == CONNECTION_CLOSED)
        tell(link, CONNECTION_CONNECTING, -1, NULL);
    connect_now(link);
}

void stream_link_set_policy(struct stream_link *link,
                            const struct stream_policy *policy)
{
    link->policy = policy;
    if (link->call && link->open)
        http_set_idle(link->call, silence_ms(link));
}

bool stream_link_was_silent(const struct stream_link *link)
{
    return link->silent;
}

void stream_link_alive(struct stream_link *link)
{
    link->attempt = link->waits = 0;
}

void stream_link_note_heartbeat(struct stream_link *link)
{
    heartbeat_note(&link->heartbeat, loop_steady_ms(link->loop));
    if (link->call)
        http_set_idle(link->call, silence_ms(link));
}

struct stream_link *stream_link_create(struct http *http, struct loop *loop,
                                       const struct stream_policy *policy,
                                       const struct stream_ops *ops,
                                       void *context)
{
    struct stream_link *link = mem_zalloc(1, sizeof *link);
    link->http = http;
    link->loop = loop;
    link->policy = policy;
    link->ops = ops;
    link->context = context;
    link->state = CONNECTION_CLOSED;
    link->where = buf_make(0);
    link->body = buf_make(MAX_BODY);
    link->type = buf_make(0);
    return link;
}

void stream_link_destroy(struct stream_link *link)
{
    if (!link)
        return;
    drop_call(link);
    buf_free(&link->where);
    buf_free(&link->body);
    buf_free(&link->type);
    free(link);
}
