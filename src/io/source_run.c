/* One request at a time, whose answer decides the next:
 *
 *   token -> feed -> feed (live) -> … -> end
 *              |  \-> wait -> feed           after a passing failure
 *              \--> poll -> wait -> poll …   when there is no feed
 *
 * Position and rows live in wire/shape, facts and log in wire/decoder, so that
 * a repeated request or a change of way neither loses nor doubles an entry. */
#include "config.h"

#include "io/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/instant.h"
#include "base/mem.h"
#include "io/clock.h"
#include "io/failure.h"
#include "wire/backoff.h"
#include "wire/decoder.h"
#include "wire/shape.h"
#include "wire/sse.h"
#include "wire/url.h"
#include "wire/wire_error.h"

enum {
    MAX_BODY = 64 * 1024 * 1024,
    MAX_EVENT = 32 * 1024 * 1024,
    CONNECT_MS = 10 * 1000,
    ANSWER_MS = 30 * 1000,
    POLL_MS = 3000,
    LATE_MS = 300, /* between two looks for late entries, after a failure */
    STEADY_MS = 10 * 1000, /* a stream that lasted so long did work */
    IDLE_MS = 45 * 1000,   /* a live request is held for 20 s or so */
    FIRST_TRIES = 3,       /* before anything was ever heard */
    UNKNOWN_RUN_TRIES = 3, /* for "not found, try again" */
    FAST_ANSWER_MS = 200,
    EMPTY_BODY = 100, /* bytes; a bare up-to-date has fewer */
    MAX_FAST_ANSWERS = 5,
    MAX_RESTARTS = 5,
    DETAILS_MS = 3000
};

struct source_run {
    struct source base;
    struct source_options options;
    struct http *http;
    struct loop *loop;
    struct token *token;
    event_fn *emit;
    void *context;

    struct shape *shape;
    struct decoder *decoder;
    struct sse *sse; /* of the live stream under way */
    struct http_call *call, *details;
    struct loop_timer wait;   /* until the next request */
    struct loop_timer linger; /* until the end is told */
    struct connection link;   /* as last told */

    bool polling, heard, streaming, stream_refused, ended;
    bool details_wanted;
    uint64_t rows_taken;    /* in the answer under way */
    int64_t told_offset_ms; /* of the clocks, as last told */
    int attempt;            /* failures in a row */
    int breaks;             /* of them, of a feed that was there */
    int unknown_tries, fast_answers;
    int restarts;       /* since a live request was last answered */
    bool out_of_bounds; /* since then, the offset was */
};

static void next_request(struct source_run *run);
static bool check_end(struct source_run *run);

/* Telling. */

static void emit(struct source_run *run, struct event *event)
{
    event->time_ms = loop_wall_ms(run->loop);
    event->run = run->options.run;
    run->emit(run->context, event);
}

static void tell_link(struct source_run *run, enum connection_state state,
                      int64_t retry_in_ms, const char *reason)
{
    static const char *const words[] = {"long-poll", "sse", "poll"};
    const char *transport = words[run->polling ? 2 : run->streaming];
    bool same = run->link.state == state && run->link.transport == transport &&
                run->told_offset_ms == run->link.clock_offset_ms &&
                state != CONNECTION_RECONNECTING;
    if (same)
        return;
    run->link.state = state;
    run->link.transport = state == CONNECTION_CONNECTING ? NULL : transport;
    run->link.attempt = run->attempt;
    run->link.retry_in_ms = retry_in_ms;
    run->link.reason = reason;
    run->told_offset_ms = run->link.clock_offset_ms;
    struct event event = {.type = EVENT_CONNECTION, .connection = run->link};
    emit(run, &event);
    run->link.transport = transport;
    run->link.reason = NULL;
}

static void tell_end(struct source_run *run, const struct error *failure)
{
    if (run->ended)
        return;
    run->ended = true;
    if (decoder_facts(run->decoder)->finished)
        failure = NULL;
    loop_timer_stop(run->loop, &run->wait);
    loop_timer_stop(run->loop, &run->linger);
    const struct run_facts *facts = decoder_facts(run->decoder);
    tell_link(run, CONNECTION_CLOSED, -1, NULL);
    struct event event = {.type = EVENT_END};
    event.end.complete = facts->finished && !failure;
    event.end.known = facts->finished;
    event.end.failure = failure;
    emit(run, &event);
}

/* Failing. */

/* The address that is being asked, for messages. */
static const char *server_of(const struct source_run *run)
{
    return run->polling && run->options.poll_url ? run->options.poll_url
                                                 : run->options.api_url;
}

static void on_wait_over(void *context)
{
    next_request(context);
}

static void wait_then_go_on(struct source_run *run, int64_t ms)
{
    loop_timer_start(run->loop, &run->wait, ms, on_wait_over, run);
}

/* Before the server was ever heard, patience is short: a wrong host or port
 * should not look like a slow one. */
static bool has_patience(const struct source_run *run, bool answered)
{
    if (run->options.max_retries >= 0 &&
        run->attempt > run->options.max_retries)
        return false;
    return run->heard || answered || run->attempt < FIRST_TRIES;
}

static uint32_t chance(void)
{
    return (uint32_t)rand();
}

/* A failure that may pass did not, for as long as it was given. */
static void give_up(struct source_run *run, const struct error *err)
{
    struct error full = {0};
    error_set(&full, err->kind,
              "%s; gave up on %s after %d %s, check the URL and the network "
              "or try again later",
              err->message, run->options.run, run->attempt,
              run->attempt == 1 ? "try" : "tries");
    tell_end(run, &full);
}

/* A failure that may pass: says so and tries again later. answered: some
 * server did answer. */
static void retry(struct source_run *run, const struct error *err,
                  bool answered, int64_t server_ms)
{
    if (decoder_facts(run->decoder)->finished) {
        if (!check_end(run)) /* only the watch for late entries failed */
            wait_then_go_on(run, LATE_MS);
        return;
    }
    run->attempt++;
    if (!has_patience(run, answered)) {
        give_up(run, err);
        return;
    }
    int64_t delay = backoff_ms(run->attempt, chance(), server_ms);
    tell_link(run, CONNECTION_RECONNECTING, delay, err->message);
    wait_then_go_on(run, delay);
}

/* why: one clause. */
static void start_polling(struct source_run *run, const char *why)
{
    run->polling = true;
    run->attempt = 0;
    tell_link(run, CONNECTION_POLLING, -1, why);
    wait_then_go_on(run, 0);
}

/* The run is unknown; the server may say that it is only not there yet. */
static void handle_unknown(struct source_run *run, struct http_call *call,
                           const struct error *err)
{
    const char *again = http_header(call, "x-should-retry");
    bool retry_wanted = again && strcmp(again, "true") == 0;
    if (retry_wanted && run->unknown_tries++ < UNKNOWN_RUN_TRIES)
        retry(run, err, true, -1);
    else
        tell_end(run, err);
}

/* Our token was refused: another one, as soon as there can be one. */
static void handle_refusal(struct source_run *run, const struct error *err)
{
    struct error why = {0};
    int64_t wait_ms = token_refused(run->token);
    if (wait_ms < 0) {
        tell_end(run, err);
    } else if (wait_ms == 0) {
        wait_then_go_on(run, 0);
    } else {
        error_set(&why, ERROR_AUTH,
                  "the token is no longer good, a new one is fetched");
        retry(run, &why, true, wait_ms);
    }
}

/* Says whether this address has no feed at all, as opposed to no such run:
 * then its REST side is asked instead. */
static bool has_no_feed(const struct http_result *result)
{
    if (result->status == 405 || result->status == 501)
        return true;
    if (result->status != 404)
        return false;
    struct buf reason = buf_make(0);
    bool told = wire_error_reason(&reason, result->body, result->body_len);
    bool unknown_run = told && strcmp(buf_str(&reason), "Not found") == 0;
    buf_free(&reason);
    return !unknown_run;
}

/* handle: the new one, NULL when none was given. A server that asks for this
 * again and again, although each new start succeeds, gets less and less. */
static void start_again(struct source_run *run, const char *handle)
{
    struct error err = {0};
    shape_restart(run->shape, handle);
    if (++run->restarts <= MAX_RESTARTS) {
        wait_then_go_on(run, 0);
        return;
    }
    error_set(&err, ERROR_PROTOCOL,
              "the server asks to start over again and again");
    run->attempt = run->restarts - MAX_RESTARTS - 1;
    retry(run, &err, true, -1);
}

static void handle_conflict(struct source_run *run, struct http_call *call)
{
    const char *handle = http_header(call, "electric-handle");
    start_again(run, handle ? handle : http_header(call, "electric-shape-id"));
}

/* An offset the server does not know is worth one new start. */
static bool takes_new_start(struct source_run *run,
                            const struct http_result *result)
{
    bool known = result->status != 400 ||
                 !memmem(result->body, result->body_len, "out of bounds", 13);
    bool first = !known && !run->out_of_bounds;
    run->out_of_bounds |= !known;
    return first;
}

static bool asks_with_key(const struct source_run *run)
{
    return run->polling && run->options.poll_secret;
}

/* An answer that is not 2xx. */
static void handle_status(struct source_run *run, struct http_call *call,
                          const struct http_result *result)
{
    struct error err = {0};
    long status = result->status;
    bool new_start = status == 409 || takes_new_start(run, result);
    failure_of_status(&err, run->options.run, server_of(run), result,
                      asks_with_key(run) ? NULL : run->token);
    if (new_start && !run->polling)
        handle_conflict(run, call);
    else if ((status == 401 || status == 403) && asks_with_key(run))
        tell_end(run, &err); /* there is no other key */
    else if (status == 401 || status == 403)
        handle_refusal(run, &err);
    else if (!run->polling && has_no_feed(result))
        start_polling(run, "the server has no live feed for this run");
    else if (status == 404)
        handle_unknown(run, call, &err);
    else if (status == 408 || status == 409 || status == 429 || status >= 500)
        retry(run, &err, true, http_retry_after_ms(call));
    else
        tell_end(run, &err);
}

/* A request without a complete answer. */
/* A way that breaks time and again although the server is there: some networks
 * cut long-lived requests. Polling may get through. */
static bool should_poll_instead(struct source_run *run,
                                const struct http_result *result)
{
    enum {
        BREAKS = 5,
        BREAKS_AT_FIRST = 2
    };
    bool there =
        result->failure == HTTP_BROKEN || result->failure == HTTP_SILENT;
    run->breaks = there ? run->breaks + 1 : 0;
    return !run->polling &&
           run->breaks > (run->heard ? BREAKS : BREAKS_AT_FIRST);
}

static void handle_breakage(struct source_run *run,
                            const struct http_result *result)
{
    struct error err = {0};
    failure_of_transfer(&err, run->options.run, server_of(run), result);
    if (should_poll_instead(run, result)) {
        start_polling(run, "the live feed breaks off time and again");
        return;
    }
    bool may_pass = result->failure == HTTP_UNREACHABLE ||
                    result->failure == HTTP_BROKEN ||
                    result->failure == HTTP_SILENT ||
                    (result->failure == HTTP_INSECURE && run->heard);
    if (may_pass)
        retry(run, &err, result->status != 0, -1);
    else
        tell_end(run, &err);
}

/* An answer with a good status that makes no sense. Once the feed has worked
 * it is tried again: a proxy's error page passes. */
static void handle_nonsense(struct source_run *run, struct error *err)
{
    struct error full = {0};
    struct buf where = buf_make(0);
    url_for_display(&where, server_of(run));
    error_set(&full, err->kind, "%s, following %s: %s", buf_str(&where),
              run->options.run, err->message);
    buf_free(&where);
    if (run->heard)
        retry(run, &full, true, -1);
    else if (run->options.poll_url && !run->polling)
        start_polling(run, "the live feed gave no sense");
    else
        tell_end(run, &full);
}

/* Hearing. */

static void end_now(void *context)
{
    struct source_run *run = context;
    http_cancel(run->call);
    run->call = NULL;
    http_cancel(run->details);
    run->details = NULL;
    tell_end(run, NULL);
}

/* True when the run ended long before we looked: nothing can come late. */
static bool ended_long_ago(const struct source_run *run)
{
    enum {
        LONG_MS = 10 * 1000
    };
    const struct run_facts *facts = decoder_facts(run->decoder);
    int64_t now_ms = loop_wall_ms(run->loop) + run->link.clock_offset_ms;
    return facts->completed_ms != INSTANT_NONE &&
           now_ms - facts->completed_ms > LONG_MS;
}

/* How long to watch for late entries, once the run has finished. */
static int64_t linger_of(const struct source_run *run)
{
    bool lingers = run->options.follow && !ended_long_ago(run);
    return lingers ? run->options.linger_ms : 0;
}

/* Reports whether following is over, and arranges for its end if so. */
static bool check_end(struct source_run *run)
{
    bool told = run->polling || shape_is_up_to_date(run->shape);
    bool over =
        decoder_facts(run->decoder)->finished || (!run->options.follow && told);
    if (run->ended || !over)
        return run->ended;
    if (run->linger.active)
        return false;
    int64_t linger_ms = linger_of(run);
    if ((run->details || run->details_wanted) && linger_ms < DETAILS_MS)
        linger_ms = DETAILS_MS;
    loop_timer_start(run->loop, &run->linger, linger_ms, end_now, run);
    return linger_ms == 0;
}

static void on_details(void *context, struct http_call *call,
                       const struct http_result *result)
{
    struct source_run *run = context;
    (void)call;
    run->details = NULL;
    if (result->failure == HTTP_OK && result->status == 200)
        decoder_take_details(run->decoder, result->body, result->body_len,
                             loop_wall_ms(run->loop));
    if (run->linger.active)
        loop_timer_start(run->loop, &run->linger, linger_of(run), end_now, run);
}

static char *auth_header(const char *token)
{
    size_t size = strlen(token) + sizeof "Authorization: Bearer ";
    char *header = mem_alloc(size);
    snprintf(header, size, "Authorization: Bearer %s", token);
    return header;
}

static void forget_header(char *header)
{
    mem_wipe(header, strlen(header));
    free(header);
}

static const char *const rest_headers[] = {
    "Accept: application/json", "x-trigger-api-version: 2025-07-16", NULL};

static void rest_url(const struct source_run *run, struct buf *url)
{
    buf_addf(url, "%s/api/v3/runs/", run->options.api_url);
    url_encode(url, run->options.run);
}

/* Asks REST, beside the feed, for what the feed does not tell. */
static void ask_details(struct source_run *run, const char *token)
{
    struct buf url = buf_make(0);
    char *header = auth_header(token);
    rest_url(run, &url);
    struct http_request request = {
        .url = buf_str(&url),
        .headers = rest_headers,
        .secret_header = header,
        .max_body = MAX_BODY,
        .idle_ms = ANSWER_MS,
        .connect_ms = CONNECT_MS,
        .on_done = on_details,
        .context = run,
    };
    run->details = http_start(run->http, &request);
    run->details_wanted = false;
    forget_header(header);
    buf_free(&url);
}

static void on_row(void *context, struct row *row)
{
    struct source_run *run = context;
    const struct run_facts *facts = decoder_facts(run->decoder);
    bool finished = facts->finished;
    char *word = mem_strdup(facts->status_text);
    run->rows_taken++;
    decoder_take_row(run->decoder, row, loop_wall_ms(run->loop));
    /* attempts are news once the run has failed, and, where they are shown,
     * when it was queued or tried again */
    bool failed =
        facts->finished && !finished && status_is_failure(facts->status);
    bool again = run->options.want_details && word && facts->status_text &&
                 strcmp(word, facts->status_text) != 0;
    if (failed || again)
        run->details_wanted = true;
    free(word);
}

static void note_clock(struct source_run *run, const struct http_call *call)
{
    enum {
        NEWS_MS = 2000
    }; /* more than a Date header's inexactness */
    int64_t offset_ms;
    if (!http_clock_offset(call, &offset_ms) ||
        llabs(offset_ms - run->link.clock_offset_ms) < NEWS_MS)
        return;
    run->link.clock_offset_ms = offset_ms;
    token_set_clock_offset(run->token, offset_ms);
    /* before what is told by that clock */
    if (run->link.state != CONNECTION_RECONNECTING)
        tell_link(run, run->link.state, -1, NULL);
}

static void read_shape_headers(const struct http_call *call,
                               struct shape_headers *headers)
{
    *headers = (struct shape_headers){
        .handle = http_header(call, "electric-handle"),
        .offset = http_header(call, "electric-offset"),
        .cursor = http_header(call, "electric-cursor"),
        .schema = http_header(call, "electric-schema"),
    };
    if (headers->handle || !http_header(call, "electric-shape-id"))
        return;
    headers->handle = http_header(call, "electric-shape-id");
    headers->offset = http_header(call, "electric-chunk-last-offset");
    headers->old_names = true;
}

static bool is_type(const struct http_call *call, const char *type)
{
    const char *given = http_header(call, "content-type");
    size_t len = strlen(type);
    return given && strncasecmp(given, type, len) == 0 &&
           (!given[len] || given[len] == ';' || given[len] == ' ');
}

static void note_success(struct source_run *run)
{
    token_accepted(run->token);
    run->heard = true;
    run->breaks = 0;
    run->attempt = 0;
    run->unknown_tries = 0;
}

/* A live request was answered: the position is good. */
static void note_live(struct source_run *run)
{
    run->restarts = 0;
    run->out_of_bounds = false;
}

static void tell_live(struct source_run *run)
{
    if (shape_is_up_to_date(run->shape))
        tell_link(run, CONNECTION_LIVE, -1, NULL);
}

/* Catching up, and yet not a word about the run came. */
static bool is_told_nothing(const struct source_run *run)
{
    const struct run_facts *facts = decoder_facts(run->decoder);
    return !shape_is_up_to_date(run->shape) && !facts->task &&
           facts->status == STATUS_UNKNOWN;
}

static void end_without_a_word(struct source_run *run)
{
    struct error err = {0};
    struct buf where = buf_make(0);
    url_for_display(&where, server_of(run));
    error_set(&err, ERROR_PROTOCOL,
              "%s answers with nothing about %s; a proxy may empty its "
              "answers, or the URL is not that of a Trigger.dev API",
              buf_str(&where), run->options.run);
    buf_free(&where);
    tell_end(run, &err);
}

/* Something between that answers held requests at once, or with what it
 * answered before, would make us spin. */
static void go_on(struct source_run *run, const struct http_result *result)
{
    bool empty = !run->rows_taken && result->body_len < EMPTY_BODY;
    bool stuck = empty || !shape_moved(run->shape);
    bool fast = stuck && result->elapsed_ms < FAST_ANSWER_MS;
    run->fast_answers = fast ? run->fast_answers + 1 : 0;
    if (check_end(run))
        return;
    if (run->fast_answers >= MAX_FAST_ANSWERS && is_told_nothing(run))
        end_without_a_word(run);
    else if (run->fast_answers >= MAX_FAST_ANSWERS)
        wait_then_go_on(
            run,
            backoff_ms(run->fast_answers - MAX_FAST_ANSWERS + 1, chance(), -1));
    else
        next_request(run);
}

static void set_type_error(struct error *err, const struct http_call *call,
                           const struct http_result *result)
{
    const char *type = http_header(call, "content-type");
    struct buf reason = buf_make(0);
    if (!wire_error_reason(&reason, result->body, result->body_len))
        buf_adds(&reason, "an empty body");
    error_set(err, ERROR_PROTOCOL,
              "the answer is %.60s instead of JSON (\"%.80s\"); check "
              "--api-url",
              type ? type : "of no stated type", buf_str(&reason));
    buf_free(&reason);
}

/* The body of a feed answer with a good status. */
static void take_feed(struct source_run *run, struct http_call *call,
                      const struct http_result *result)
{
    struct error err = {0};
    struct shape_headers headers;
    read_shape_headers(call, &headers);
    note_clock(run, call);
    run->rows_taken = 0;
    if (result->body_len && !is_type(call, "application/json")) {
        set_type_error(&err, call, result);
        handle_nonsense(run, &err);
        return;
    }
    bool was_live = shape_is_live(run->shape);
    if (shape_take_answer(run->shape, &headers, result->body, result->body_len,
                          on_row, run, &err)) {
        note_success(run);
        if (was_live) {
            note_live(run);
            run->stream_refused = true; /* it was asked to stream */
        }
        tell_live(run);
        go_on(run, result);
    } else if (shape_must_refetch(run->shape)) {
        handle_conflict(run, call);
    } else {
        handle_nonsense(run, &err);
    }
}

/* 204: an older way to say that there is nothing new. */
static void take_nothing(struct source_run *run, struct http_call *call,
                         const struct http_result *result)
{
    struct shape_headers headers;
    read_shape_headers(call, &headers);
    note_clock(run, call);
    note_success(run);
    run->rows_taken = 0;
    shape_take_nothing(run->shape, &headers, on_row, run);
    tell_live(run);
    go_on(run, result);
}

static void on_feed(void *context, struct http_call *call,
                    const struct http_result *result)
{
    struct source_run *run = context;
    run->call = NULL;
    if (run->streaming && result->failure == HTTP_SILENT)
        run->stream_refused = true; /* something holds the stream back */
    if (run->streaming && result->elapsed_ms >= STEADY_MS)
        run->attempt = 0;
    if (result->failure != HTTP_OK) {
        run->streaming = false;
        handle_breakage(run, result);
    } else if (result->status == 204) {
        take_nothing(run, call, result);
    } else if (result->status < 200 || result->status > 299) {
        run->streaming = false;
        handle_status(run, call, result);
    } else if (run->streaming) {
        note_success(run); /* the server ended its stream, as it does */
        go_on(run, result);
    } else {
        take_feed(run, call, result);
    }
}

/* The live stream. */

/* The run has failed and its attempts are not known yet. */
static bool wants_last_details(const struct source_run *run)
{
    return run->details_wanted && !run->details &&
           decoder_facts(run->decoder)->finished;
}

/* Bytes of a live stream; false ends it. */
static bool take_stream(struct source_run *run, const char *bytes, size_t len)
{
    struct sse_event event;
    struct error err = {0};
    bool good = true;
    sse_feed(run->sse, bytes, len);
    while (good && sse_next(run->sse, &event, &err)) {
        good = shape_take_message(run->shape, event.data, event.data_len,
                                  on_row, run, &err);
        if (good) {
            note_success(run);
            note_live(run);
        }
    }
    if (good && err.kind == ERROR_NONE && !wants_last_details(run))
        return !check_end(run);
    run->streaming = false;
    if (good && err.kind == ERROR_NONE) {
        check_end(run);
        wait_then_go_on(run, 0); /* they are asked with the next request */
    } else if (shape_must_refetch(run->shape)) {
        start_again(run, NULL);
    } else {
        run->stream_refused = true; /* a long poll may fare better */
        handle_nonsense(run, &err);
    }
    return false;
}

static bool on_stream_data(void *context, struct http_call *call,
                           const char *bytes, size_t len)
{
    struct source_run *run = context;
    (void)call;
    bool more = take_stream(run, bytes, len);
    if (!more)
        run->call = NULL;
    return more;
}

static void on_feed_headers(void *context, struct http_call *call)
{
    struct source_run *run = context;
    struct shape_headers headers;
    struct error err = {0};
    run->streaming =
        http_status(call) == 200 && is_type(call, "text/event-stream");
    if (!run->streaming)
        return;
    note_clock(run, call);
    read_shape_headers(call, &headers);
    shape_take_headers(run->shape, &headers, &err);
    http_stream(call, on_stream_data);
    sse_restart(run->sse);
    token_accepted(run->token);
    run->rows_taken = 0;
    tell_live(run);
}

/* Requesting. */

static const char *const feed_headers[] = {
    "Accept: application/json, text/event-stream;q=0.9, */*;q=0.5",
    "x-trigger-electric-version: 1.0.0-beta.1",
    "x-trigger-api-version: 2025-07-16", NULL};

static int64_t live_idle_ms(const struct source_run *run)
{
    return run->options.idle_ms ? run->options.idle_ms : IDLE_MS;
}

static void ask_feed(struct source_run *run, const char *token)
{
    struct buf url = buf_make(0);
    char *header = auth_header(token);
    bool live = shape_is_live(run->shape);
    shape_set_sse(run->shape, !run->stream_refused);
    buf_adds(&url, run->options.api_url);
    shape_request(run->shape, &url);
    run->streaming = false;
    struct http_request request = {
        .url = buf_str(&url),
        .headers = feed_headers,
        .secret_header = header,
        .max_body = MAX_BODY,
        .idle_ms = live ? live_idle_ms(run) : ANSWER_MS,
        .connect_ms = CONNECT_MS,
        .on_headers = live ? on_feed_headers : NULL,
        .on_done = on_feed,
        .context = run,
    };
    run->call = http_start(run->http, &request);
    forget_header(header);
    buf_free(&url);
}

static void take_poll(struct source_run *run, const struct http_result *result)
{
    struct error err = {0};
    int64_t now_ms = loop_wall_ms(run->loop);
    bool taken = run->options.poll_url
                     ? decoder_take_poll(run->decoder, result->body,
                                         result->body_len, now_ms, &err)
                     : decoder_take_rest(run->decoder, result->body,
                                         result->body_len, now_ms, &err);
    if (!taken) {
        handle_nonsense(run, &err);
        return;
    }
    note_success(run);
    if (run->options.follow)
        tell_link(run, CONNECTION_POLLING, -1, NULL);
    bool late = decoder_facts(run->decoder)->finished;
    int64_t wait_ms = late ? linger_of(run) / 2 : POLL_MS;
    if (!check_end(run))
        wait_then_go_on(run, wait_ms < POLL_MS ? wait_ms : POLL_MS);
}

static void on_poll(void *context, struct http_call *call,
                    const struct http_result *result)
{
    struct source_run *run = context;
    run->call = NULL;
    if (result->failure != HTTP_OK) {
        handle_breakage(run, result);
        return;
    }
    note_clock(run, call);
    if (result->status == 200)
        take_poll(run, result);
    else
        handle_status(run, call, result);
}

static void ask_poll(struct source_run *run, const char *token)
{
    struct buf url = buf_make(0);
    bool ours = !run->options.poll_url ||
                url_same_origin(run->options.poll_url, run->options.api_url);
    char *header = token && ours ? auth_header(token) : NULL;
    const char *secret = header;
    if (run->options.poll_url) {
        url_with_run(&url, run->options.poll_url, run->options.run);
        if (run->options.poll_secret)
            secret = run->options.poll_secret;
    } else {
        rest_url(run, &url);
    }
    struct http_request request = {
        .url = buf_str(&url),
        .headers = rest_headers,
        .secret_header = secret,
        .max_body = MAX_BODY,
        .idle_ms = ANSWER_MS,
        .connect_ms = CONNECT_MS,
        .on_done = on_poll,
        .context = run,
    };
    run->call = http_start(run->http, &request);
    if (header)
        forget_header(header);
    buf_free(&url);
}

static void on_token(void *context, const char *token, const struct error *err)
{
    struct source_run *run = context;
    if (run->ended)
        return;
    bool passes = err && err->kind == ERROR_CONNECTION && run->heard;
    if (err && run->options.poll_url && !run->polling && !passes) {
        start_polling(run, "there is no token for the live feed");
    } else if (err && err->kind == ERROR_CONNECTION) {
        retry(run, err, run->heard, token_retry_after_ms(run->token));
    } else if (err) {
        tell_end(run, err);
    } else if (run->polling) {
        ask_poll(run, token);
    } else {
        ask_feed(run, token);
        if (run->details_wanted && run->heard && !run->details)
            ask_details(run, token);
    }
}

static void next_request(struct source_run *run)
{
    if (run->ended)
        return;
    if (asks_with_key(run))
        ask_poll(run, NULL);
    else
        token_get(run->token, on_token, run);
}

/* The source. */

static void start(struct source *source)
{
    struct source_run *run = (struct source_run *)source;
    tell_link(run, CONNECTION_CONNECTING, -1, NULL);
    next_request(run);
}

static void wake(struct source *source)
{
    struct source_run *run = (struct source_run *)source;
    if (run->ended)
        return;
    http_cancel(run->call);
    run->call = NULL;
    token_cancel(run->token);
    loop_timer_stop(run->loop, &run->wait);
    next_request(run);
}

static void destroy(struct source *source)
{
    struct source_run *run = (struct source_run *)source;
    http_cancel(run->call);
    http_cancel(run->details);
    token_cancel(run->token);
    loop_timer_stop(run->loop, &run->wait);
    loop_timer_stop(run->loop, &run->linger);
    shape_destroy(run->shape);
    decoder_destroy(run->decoder);
    sse_destroy(run->sse);
    free(run);
}

static const struct source_ops ops = {
    .name = "trigger",
    .start = start,
    .wake = wake,
    .destroy = destroy,
};

/* Columns that nothing here shows; the payload is large and never changes. */
static const char skipped_columns[] =
    "skipColumns=payload,payloadType,number,usageDurationMs";

struct source *source_run_create(const struct source_options *options,
                                 struct http *http, struct loop *loop,
                                 struct token *token, event_fn *emit_event,
                                 void *context)
{
    struct source_run *run = mem_zalloc(1, sizeof *run);
    struct buf path = buf_make(0);
    struct decoder_options decoder_options = {
        .run = options->run,
        .progress_key = options->progress_key,
        .log_key = options->log_key,
        .scale = options->scale,
    };
    run->base.ops = &ops;
    run->options = *options;
    run->http = http;
    run->loop = loop;
    run->token = token;
    run->emit = emit_event;
    run->context = context;
    run->polling = options->poll_only;
    run->details_wanted = options->want_details;
    run->link.state = CONNECTION_CLOSED;
    buf_adds(&path, "/realtime/v1/runs/");
    url_encode(&path, options->run);
    run->shape = shape_create(buf_str(&path), skipped_columns);
    run->decoder = decoder_create(&decoder_options, emit_event, context);
    run->sse = sse_create(MAX_EVENT);
    srand((unsigned)clock_steady_ms());
    buf_free(&path);
    return &run->base;
}
