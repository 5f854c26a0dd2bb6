/* One request at a time, whose answer decides the next:
 *
 *   token -> feed -> feed (live) -> … -> end
 *              |  \-> wait -> feed           after a passing failure
 *              \--> poll -> wait -> poll …   when there is no feed
 *
 * Position and rows live in wire/shape, facts and log in wire/decoder, so that
 * a repeated request or a change of way neither loses nor doubles an entry. */
#include "config.h"

#include "io/source_run.h"

#include <stdlib.h>

#include "base/instant.h"
#include "base/mem.h"
#include "wire/url.h"

/* Telling. */

static void pass_on(void *context, const struct event *event)
{
    struct source_run *run = context;
    if (run->catch_up)
        catch_up_take(run->catch_up, event);
    else
        run->emit(run->context, event);
}

static void emit(struct source_run *run, struct event *event)
{
    event->time_ms = loop_wall_ms(run->loop);
    event->run = run->options.run;
    pass_on(run, event);
}

void source_run_tell_link(struct source_run *run, enum connection_state state,
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

/* Calls are left alone: one of them may be who tells. */
static void stop_waiting(struct source_run *run)
{
    token_cancel(run->token, run);
    loop_timer_stop(run->loop, &run->wait);
    loop_timer_stop(run->loop, &run->linger);
}

/* Where streams are what is wanted, they go on without the run. */
static bool goes_on_alone(struct source_run *run, const struct error *failure)
{
    if (!failure || !run->options.streams_first || run->end_wanted ||
        !source_streams_let_alone(run->streams))
        return false;
    run->failure = *failure;
    run->end_wanted = true;
    stop_waiting(run);
    return true;
}

/* Where streams are what is wanted, the run's end is not all there is to say:
 * false with *err when one of them was not read. */
static bool judge_streams(struct source_run *run, struct error *err)
{
    const struct stream_keys *keys = decoder_streams(run->decoder);
    if (!run->options.streams_first || !run->streams)
        return true;
    if (!run->options.streams && !keys->count &&
        !source_streams_told_parts(run->streams)) {
        struct event event = {.type = EVENT_NOTICE,
                              .notice =
                                  decoder_facts(run->decoder)->finished
                                      ? "the run has streamed nothing"
                                      : "the run has streamed nothing yet"};
        emit(run, &event);
    }
    return source_streams_judge(run->streams, keys, err);
}

/* One clause; none: nothing, as far as the run was followed. */
static void add_missing(const struct source_run *run, struct buf *words)
{
    if (decoder_has_gap(run->decoder))
        buf_adds(words, "entries of the log went by unseen");
    else if (run->streams && !source_streams_are_complete(run->streams))
        source_streams_missing(run->streams, words);
    else if (run->options.streams_first && !source_run_knows_streams(run))
        buf_adds(words, "there may be streams that polling does not tell of");
}

void source_run_tell_end(struct source_run *run, const struct error *failure)
{
    if (run->ended)
        return;
    if (decoder_facts(run->decoder)->finished)
        failure = NULL;
    if (goes_on_alone(run, failure))
        return;
    run->ended = true;
    stop_waiting(run);
    const struct run_facts *facts = decoder_facts(run->decoder);
    struct error unread = {0};
    if (!failure && !judge_streams(run, &unread))
        failure = &unread;
    source_run_tell_link(run, CONNECTION_CLOSED, -1, NULL);
    struct event event = {.type = EVENT_END};
    struct buf missing = buf_make(0);
    if (facts->finished)
        add_missing(run, &missing);
    event.end.missing = missing.len ? buf_str(&missing) : NULL;
    event.end.complete = facts->finished && !failure && !missing.len;
    source_streams_destroy(run->streams);
    run->streams = NULL;
    event.end.known = facts->finished;
    event.end.failure = failure;
    emit(run, &event);
    buf_free(&missing);
    loop_timer_stop(run->loop, &run->behind);
}

/* The address that is being asked, for messages. */
const char *source_run_server(const struct source_run *run)
{
    return run->polling && run->options.poll_url ? run->options.poll_url
                                                 : run->options.api_url;
}

static void on_wait_over(void *context)
{
    source_run_next_request(context);
}

void source_run_go_on_in(struct source_run *run, int64_t ms)
{
    loop_timer_start(run->loop, &run->wait, ms, on_wait_over, run);
}

uint32_t source_run_chance(void)
{
    return (uint32_t)rand();
}

/* Hearing. */

void source_run_end_now(void *context)
{
    struct source_run *run = context;
    http_cancel(run->call);
    run->call = NULL;
    http_cancel(run->details);
    run->details = NULL;
    source_run_forget_names(run);
    stop_waiting(run);
    run->end_wanted = true;
    if (!run->streams || source_streams_are_over(run->streams))
        source_run_tell_end(run, NULL);
}

/* What was there before we came. */

static void tell_held(void *context)
{
    struct source_run *run = context;
    loop_timer_stop(run->loop, &run->behind);
    if (run->catch_up)
        catch_up_release(run->catch_up);
}

/* A stream that is not there yet, or that its server holds back, is not what
 * all else waits for. */
static void on_silence(void *context)
{
    struct source_run *run = context;
    loop_timer_start(run->loop, &run->behind, BEHIND_MS, tell_held, run);
    source_streams_wait_no_more(run->streams);
}

static void settle_first(struct source_run *run)
{
    if (!run->catch_up)
        return;
    bool behind = run->streams && !source_streams_are_caught_up(run->streams);
    catch_up_first_told(run->catch_up, behind);
    if (catch_up_is_holding(run->catch_up) && !run->behind.active)
        loop_timer_start(run->loop, &run->behind, SILENT_MS, on_silence, run);
}

static void on_streams_drained(void *context)
{
    struct source_run *run = context;
    bool failed = run->failure.kind != ERROR_NONE &&
                  !source_streams_are_heard(run->streams);
    struct error failure = run->failure;
    if (run->end_wanted)
        source_run_tell_end(run, failed ? &failure : NULL);
}

static const struct source_streams_ops streams_ops = {
    .emit = pass_on, .caught_up = tell_held, .drained = on_streams_drained};

void source_run_note_streams(struct source_run *run)
{
    if (run->streams && decoder_facts(run->decoder)->finished)
        source_streams_finish(run->streams);
    if (run->streams)
        source_streams_note(run->streams, decoder_streams(run->decoder));
    settle_first(run);
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
int64_t source_run_linger(const struct source_run *run)
{
    bool lingers = run->options.follow && !ended_long_ago(run);
    return lingers ? run->options.linger_ms : 0;
}

/* Reports whether following is over, and arranges for its end if so. */
bool source_run_check_end(struct source_run *run)
{
    bool told = run->polling || shape_is_up_to_date(run->shape);
    bool over =
        decoder_facts(run->decoder)->finished || (!run->options.follow && told);
    if (run->ended || !over)
        return run->ended;
    if (run->streams)
        source_streams_finish(run->streams);
    if (run->linger.active || run->end_wanted)
        return run->end_wanted;
    int64_t linger_ms = source_run_linger(run);
    if ((run->details || run->details_wanted) && linger_ms < DETAILS_MS)
        linger_ms = DETAILS_MS;
    if (source_run_awaits_names(run) && linger_ms < NAMES_MS)
        linger_ms = NAMES_MS;
    loop_timer_start(run->loop, &run->linger, linger_ms, source_run_end_now,
                     run);
    return linger_ms == 0;
}

static void on_token(void *context, const char *token, const struct error *err)
{
    struct source_run *run = context;
    if (run->ended)
        return;
    run->token_number = token_number(run->token);
    /* who gave tokens before is not himself */
    bool odd = err && err->kind == ERROR_PROTOCOL && run->heard;
    bool fails = err && (err->kind == ERROR_CONNECTION || odd);
    bool passes = fails && run->heard;
    if (err && run->options.poll_url && !run->polling && !passes) {
        source_run_start_polling(run, "there is no token for the live feed");
    } else if (fails) {
        source_run_retry(run, err, run->heard,
                         token_retry_after_ms(run->token));
    } else if (err) {
        source_run_tell_end(run, err);
    } else if (run->polling) {
        source_run_ask_poll(run, token);
    } else {
        source_run_ask_feed(run, token);
        if (run->details_wanted && run->heard && !run->details)
            source_run_ask_details(run, token);
    }
}

void source_run_next_request(struct source_run *run)
{
    if (run->ended || run->end_wanted)
        return;
    if (source_run_asks_with_key(run))
        source_run_ask_poll(run, NULL);
    else
        token_get(run->token, on_token, run);
}

/* The source. */

static void start(struct source *source)
{
    struct source_run *run = (struct source_run *)source;
    source_run_tell_link(run, CONNECTION_CONNECTING, -1, NULL);
    if (run->options.streams_first)
        source_streams_start(run->streams);
    source_run_next_request(run);
}

static void wake(struct source *source)
{
    struct source_run *run = (struct source_run *)source;
    if (run->ended)
        return;
    if (run->streams)
        source_streams_wake(run->streams);
    http_cancel(run->call);
    run->call = NULL;
    token_cancel(run->token, run);
    loop_timer_stop(run->loop, &run->wait);
    source_run_next_request(run);
}

static void tell_all_held(struct source *source)
{
    tell_held(source);
}

static void destroy(struct source *source)
{
    struct source_run *run = (struct source_run *)source;
    http_cancel(run->call);
    http_cancel(run->details);
    source_run_forget_names(run);
    token_cancel(run->token, run);
    loop_timer_stop(run->loop, &run->wait);
    loop_timer_stop(run->loop, &run->linger);
    loop_timer_stop(run->loop, &run->behind);
    shape_destroy(run->shape);
    decoder_destroy(run->decoder);
    sse_destroy(run->sse);
    source_streams_destroy(run->streams);
    catch_up_destroy(run->catch_up);
    free(run);
}

static const struct source_ops ops = {
    .name = "trigger",
    .start = start,
    .wake = wake,
    .tell_held = tell_all_held,
    .destroy = destroy,
};

/* Columns that nothing here shows; the payload is large and never changes. */
static const char skipped_columns[] =
    "skipColumns=payload,payloadType,number,usageDurationMs";

struct shape *source_run_new_shape(const struct source_run *run)
{
    struct buf path = buf_make(0);
    buf_adds(&path, "/realtime/v1/runs/");
    url_encode(&path, run->options.run);
    struct shape *shape = shape_create(buf_str(&path), skipped_columns);
    buf_free(&path);
    return shape;
}

struct source *source_run_create(const struct source_options *options,
                                 struct http *http, struct loop *loop,
                                 struct token *token, event_fn *emit_event,
                                 void *context)
{
    struct source_run *run = mem_zalloc(1, sizeof *run);
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
    run->shape = source_run_new_shape(run);
    if (!options->streams_first)
        run->catch_up = catch_up_create(emit_event, context);
    run->decoder = decoder_create(&decoder_options, pass_on, run);
    run->sse = sse_create(MAX_EVENT);
    if (options->read_streams)
        run->streams = source_streams_create(&run->options, http, loop, token,
                                             &streams_ops, run);
    return &run->base;
}
