/* The live feed of a run: long polls, or a stream where the server offers one.
 */
#include "config.h"

#include "io/source_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "io/clock.h"
#include "wire/backoff.h"
#include "wire/url.h"
#include "wire/wire_error.h"

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
    source_run_note_streams(run);
}

void source_run_note_clock(struct source_run *run, const struct http_call *call)
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
        source_run_tell_link(run, run->link.state, -1, NULL);
}

void source_run_read_headers(const struct http_call *call,
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

static void note_token(struct source_run *run)
{
    token_accepted(run->token);
    run->token_renewed = false;
}

void source_run_note_success(struct source_run *run)
{
    note_token(run);
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
        source_run_tell_link(run, CONNECTION_LIVE, -1, NULL);
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
    url_for_display(&where, source_run_server(run));
    error_set(&err, ERROR_PROTOCOL,
              "%s answers with nothing about %s; a proxy may empty its "
              "answers, or the URL is not that of a Trigger.dev API",
              buf_str(&where), run->options.run);
    buf_free(&where);
    source_run_tell_end(run, &err);
}

/* Something between that answers held requests at once, or with what it
 * answered before, would make us spin. */
static void go_on(struct source_run *run, const struct http_result *result)
{
    bool empty = !run->rows_taken && result->body_len < EMPTY_BODY;
    bool stuck = empty || !shape_moved(run->shape);
    bool fast = stuck && result->elapsed_ms < FAST_ANSWER_MS;
    run->fast_answers = fast ? run->fast_answers + 1 : 0;
    if (source_run_check_end(run))
        return;
    if (run->fast_answers >= MAX_FAST_ANSWERS && is_told_nothing(run))
        end_without_a_word(run);
    else if (run->fast_answers >= MAX_FAST_ANSWERS)
        source_run_go_on_in(run,
                            backoff_ms(run->fast_answers - MAX_FAST_ANSWERS + 1,
                                       source_run_chance(), -1));
    else
        source_run_next_request(run);
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
    source_run_read_headers(call, &headers);
    source_run_note_clock(run, call);
    run->rows_taken = 0;
    if (result->body_len && !is_type(call, "application/json")) {
        set_type_error(&err, call, result);
        source_run_handle_nonsense(run, &err, false);
        return;
    }
    bool was_live = shape_is_live(run->shape);
    if (shape_take_answer(run->shape, &headers, result->body, result->body_len,
                          on_row, run, &err)) {
        source_run_note_success(run);
        if (was_live) {
            note_live(run);
            run->stream_refused = true; /* it was asked to stream */
        }
        tell_live(run);
        go_on(run, result);
    } else if (shape_must_refetch(run->shape)) {
        source_run_handle_conflict(run, call);
    } else {
        source_run_handle_nonsense(run, &err, headers.handle && headers.offset);
    }
}

/* 204: an older way to say that there is nothing new. */
static void take_nothing(struct source_run *run, struct http_call *call,
                         const struct http_result *result)
{
    struct shape_headers headers;
    source_run_read_headers(call, &headers);
    source_run_note_clock(run, call);
    source_run_note_success(run);
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
        source_run_handle_breakage(run, result);
    } else if (result->status == 204) {
        take_nothing(run, call, result);
    } else if (result->status < 200 || result->status > 299) {
        run->streaming = false;
        source_run_handle_status(run, call, result);
    } else if (run->streaming) {
        source_run_note_success(
            run); /* the server ended its stream, as it does */
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
            source_run_note_success(run);
            note_live(run);
        }
    }
    if (good && err.kind == ERROR_NONE && !wants_last_details(run))
        return !source_run_check_end(run);
    run->streaming = false;
    if (good && err.kind == ERROR_NONE) {
        source_run_check_end(run);
        source_run_go_on_in(run, 0); /* they are asked with the next request */
    } else if (shape_must_refetch(run->shape)) {
        source_run_start_again(run, NULL);
    } else {
        run->stream_refused = true; /* a long poll may fare better */
        source_run_handle_nonsense(run, &err, true);
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
    source_run_note_clock(run, call);
    source_run_read_headers(call, &headers);
    shape_take_headers(run->shape, &headers, &err);
    http_stream(call, on_stream_data);
    sse_restart(run->sse);
    note_token(run);
    run->rows_taken = 0;
    tell_live(run);
}

/* Requesting. */

const char *const source_run_feed_headers[] = {
    "Accept: application/json, text/event-stream;q=0.9, */*;q=0.5",
    "x-trigger-electric-version: 1.0.0-beta.1",
    "x-trigger-api-version: 2025-07-16", NULL};

static int64_t live_idle_ms(const struct source_run *run)
{
    return run->options.idle_ms ? run->options.idle_ms : IDLE_MS;
}

void source_run_ask_feed(struct source_run *run, const char *token)
{
    struct buf url = buf_make(0);
    char *header = source_run_auth_header(token);
    bool live = shape_is_live(run->shape);
    shape_set_sse(run->shape, !run->stream_refused);
    buf_adds(&url, run->options.api_url);
    shape_request(run->shape, &url);
    run->streaming = false;
    struct http_request request = {
        .url = buf_str(&url),
        .headers = source_run_feed_headers,
        .secret_header = header,
        .max_body = MAX_BODY,
        .idle_ms = live ? live_idle_ms(run) : ANSWER_MS,
        .connect_ms = CONNECT_MS,
        .on_headers = live ? on_feed_headers : NULL,
        .on_done = on_feed,
        .context = run,
    };
    run->call = http_start(run->http, &request);
    mem_forget(&header);
    buf_free(&url);
}
