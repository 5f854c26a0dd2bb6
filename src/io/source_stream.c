/* While the run goes on, a connection's end says nothing: the server closes
 * what is silent, and is asked again for what comes after the last part. Once
 * the run is over ("ending"), a connection that was made after that and brings
 * nothing ends it: it says that it has caught up, or it ends, or it is quiet
 * for a while. Who writes on, although the run is over, is heard out for a
 * while only.
 *
 * The link must be neither opened nor closed while it hands up bytes; what
 * follows from them is settled by a timer (`settle`). */
#include "config.h"

#include "io/source_stream_parts.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/backoff.h"

enum {
    MAX_EVENT = 32 * 1024 * 1024,
    IDLE_MS = 30 * 1000,   /* servers give a sign of life every 15 s */
    PAUSE_MS = 1000,       /* between an end and the next request */
    STEADY_MS = 10 * 1000, /* a connection that lasted so long was good */
    QUIET_MS = 1250,       /* after which what there was has come */
    HELD_MS = 11 * 1000,   /* in which a silent connection is closed */
    LATE_MS = 10 * 1000,   /* without an answer, once the run is over */
    NONSENSE_TRIES = 3,    /* for answers that are no stream at all */
    CLOCK_MS = 2000,       /* by which two clocks may differ unnoticed */
    BURST_MS = 150,      /* silence after what is there is given at once … */
    PING_MS = 1000,      /* … by servers that say when that is over */
    LATE_TRIES = 3,      /* for a stream that never was, likewise */
    LATE_READS = 20,     /* each of which brought more, or broke */
    NEW_MS = 60 * 1000,  /* for what is written after the end of the run … */
    LAST_MS = 600 * 1000 /* … and for what was before */
};

static void emit(struct source_stream *stream, struct event *event)
{
    stream->ops->emit(stream->context, event);
}

static void notice(struct source_stream *stream, const char *what,
                   const char *why)
{
    struct buf words = buf_make(0);
    buf_addf(&words, "stream %s %s: %s", stream->key, what, why);
    struct event event = {.type = EVENT_NOTICE, .notice = buf_str(&words)};
    emit(stream, &event);
    buf_free(&words);
}

/* What there was. */

static void note_caught_up(void *context)
{
    struct source_stream *stream = context;
    loop_timer_stop(stream->loop, &stream->burst);
    if (stream->caught_up)
        return;
    stream->caught_up = true;
    stream->ops->caught_up(stream->context);
}

static void await_more(struct source_stream *stream)
{
    bool says = stream_says_when_caught_up(stream->stream);
    if (!stream->caught_up)
        loop_timer_start(stream->loop, &stream->burst,
                         says ? PING_MS : BURST_MS, note_caught_up, stream);
}

/* The end. */

static void finish(struct source_stream *stream, enum source_stream_end end)
{
    if (stream->over)
        return;
    stream->over = true;
    stream_link_close(stream->link);
    token_cancel(stream->token, stream);
    loop_timer_stop(stream->loop, &stream->settle);
    loop_timer_stop(stream->loop, &stream->token_wait);
    loop_timer_stop(stream->loop, &stream->late);
    loop_timer_stop(stream->loop, &stream->enough);
    mem_forget(&stream->auth);
    note_caught_up(stream);
    stream->ops->over(stream->context, end);
}

/* Over for good, because of that. */
void source_stream_fail(struct source_stream *stream, const struct error *why)
{
    if (stream->options.guessed && !stream->seq) {
        finish(stream, SOURCE_STREAM_REFUSED);
        return;
    }
    stream->failure = *why;
    notice(stream, stream->heard ? "may be incomplete" : "cannot be followed",
           why->message);
    finish(stream, stream->end);
}

static void on_late(void *context)
{
    struct source_stream *stream = context;
    struct error err = {0};
    error_set(&err, ERROR_CONNECTION,
              "the server did not answer for %d s, and the run is over",
              LATE_MS / 1000);
    stream->end = SOURCE_STREAM_INCOMPLETE;
    source_stream_fail(stream, &err);
}

void source_stream_start_late(struct source_stream *stream)
{
    loop_timer_start(stream->loop, &stream->late, LATE_MS, on_late, stream);
}

/* There is more, but no end of it. */
static void on_enough(void *context)
{
    struct source_stream *stream = context;
    struct error err = {0};
    error_set(&err, ERROR_PROTOCOL,
              "%s %d s after the end of the run, and was left",
              stream->writes_on ? "it was still written to"
                                : "there was no end of it",
              (stream->writes_on ? NEW_MS : LAST_MS) / 1000);
    stream->end = SOURCE_STREAM_INCOMPLETE;
    source_stream_fail(stream, &err);
}

static int64_t server_now_ms(const struct source_stream *stream)
{
    return loop_wall_ms(stream->loop) + stream->clock_offset_ms;
}

static void start_ending(struct source_stream *stream)
{
    stream->ending = true;
    stream->ended_ms = server_now_ms(stream);
    loop_timer_start(stream->loop, &stream->enough, LAST_MS, on_enough, stream);
}

/* A part that was written after the end of the run, the first of its kind. */
static void note_writing(struct source_stream *stream,
                         const struct stream_part *part)
{
    bool is_new =
        part->time_is_arrival || part->time_ms > stream->ended_ms + CLOCK_MS;
    if (!stream->ending || stream->writes_on || !is_new)
        return;
    stream->writes_on = true;
    loop_timer_start(stream->loop, &stream->enough, NEW_MS, on_enough, stream);
}

/* As far as this connection tells, nothing is left. */
static bool is_drained(const struct source_stream *stream)
{
    return stream->late_read && !stream->read_parts && !stream->useless;
}

/* What comes again and again, although the run is over, is not new; nor does a
 * connection that broke so often get any better. */
bool source_stream_is_endless(struct source_stream *stream)
{
    bool vain = stream->late_read && (stream->read_parts || stream->open);
    stream->read_parts = 0;
    stream->open = false;
    if (!vain || ++stream->late_reads < LATE_READS)
        return false;
    error_clear(&stream->pending);
    error_set(&stream->pending, ERROR_PROTOCOL,
              "each time it is asked, the server gives more of it or breaks "
              "off, although the run is over");
    return true;
}

static void settle(void *context)
{
    struct source_stream *stream = context;
    if (is_drained(stream))
        finish(stream, SOURCE_STREAM_DRAINED);
    else
        stream_link_open(stream->link);
}

/* When a connection that is silent from now on has told everything. Where that
 * would be the end, the server gets the time to say so itself: it pings, or
 * closes. */
static int64_t quiet_ms(const struct source_stream *stream)
{
    bool says = !stream->seq || stream_says_when_caught_up(stream->stream) ||
                stream_may_hold_back(stream->stream);
    bool may_wait =
        !stream->options.idle_ms || stream->options.idle_ms > HELD_MS;
    return is_drained(stream) && says && may_wait ? HELD_MS : QUIET_MS;
}

static void settle_in(struct source_stream *stream, int64_t ms)
{
    loop_timer_start(stream->loop, &stream->settle, ms, settle, stream);
}

/* Reading. */

/* What was written before we came, when that is not wanted. Servers that do
 * not know how to begin at the end give it all the same. */
static bool is_old(const struct source_stream *stream,
                   const struct stream_part *part)
{
    return stream->options.latest && !part->time_is_arrival &&
           part->time_ms < stream->began_ms;
}

static void take_part(struct source_stream *stream,
                      const struct stream_part *part)
{
    struct event event = {.type = EVENT_PART};
    stream->read_parts++;
    note_writing(stream, part);
    stream->reached_now |=
        !part->time_is_arrival && part->time_ms >= stream->began_ms + CLOCK_MS;
    if (is_old(stream, part))
        return;
    event.part.seq = ++stream->seq;
    event.part.part = part;
    emit(stream, &event);
}

static void tell_gap(struct source_stream *stream)
{
    struct event event = {.type = EVENT_GAP};
    event.gap.from_ms = event.gap.to_ms = loop_wall_ms(stream->loop);
    emit(stream, &event);
}

static enum stream_next on_bytes(void *context, const char *bytes, size_t len,
                                 struct error *err)
{
    struct source_stream *stream = context;
    struct stream_part part;
    uint64_t before = stream->read_parts;
    bool lost = stream_lost_a_part(stream->stream);
    if (stream->useless)
        return STREAM_ON;
    stream_feed(stream->stream, bytes, len, loop_wall_ms(stream->loop));
    while (stream_next_part(stream->stream, &part, err))
        take_part(stream, &part);
    if (stream_lost_a_part(stream->stream) && !lost)
        tell_gap(stream);
    bool brought = stream->read_parts != before;
    if (brought) {
        stream_link_alive(stream->link);
        await_more(stream);
    }
    if (stream->reached_now || stream_is_caught_up(stream->stream) ||
        stream_is_done(stream->stream))
        note_caught_up(stream);
    if (err->kind != ERROR_NONE) {
        loop_timer_stop(stream->loop, &stream->settle);
        return STREAM_RETRY;
    }
    if (stream->ending && brought)
        settle_in(stream, quiet_ms(stream));
    if (stream->ending && stream_is_caught_up(stream->stream))
        settle_in(stream, 0);
    return STREAM_ON;
}

static void note_beginning(struct source_stream *stream,
                           const struct http_call *call)
{
    if (stream->heard)
        return;
    stream->heard = true;
    if (!http_clock_offset(call, &stream->clock_offset_ms))
        stream->clock_offset_ms = 0;
    stream->began_ms = server_now_ms(stream) - CLOCK_MS;
    if (stream->ending)
        stream->ended_ms = server_now_ms(stream);
}

static void on_opened(void *context, const struct http_call *call)
{
    struct source_stream *stream = context;
    mem_forget(&stream->auth);
    token_accepted(stream->token);
    note_beginning(stream, call);
    stream->open = true;
    loop_timer_stop(stream->loop, &stream->late);
    stream->end = SOURCE_STREAM_INCOMPLETE; /* until it is drained */
    stream->read_parts = 0;
    stream->nonsense = stream->late_failures = 0;
    stream->opened_ms = loop_steady_ms(stream->loop);
    stream->useless =
        !stream_open(stream->stream, http_header(call, "x-stream-version"));
    if (stream->useless)
        settle_in(stream, 0);
    else if (stream->ending)
        settle_in(stream, quiet_ms(stream));
    await_more(stream);
}

static enum stream_next on_ended(void *context, struct error *err)
{
    struct source_stream *stream = context;
    (void)err;
    stream->open = false;
    loop_timer_stop(stream->loop, &stream->settle);
    if (!stream->useless)
        note_caught_up(stream);
    if (is_drained(stream) || stream->alone) {
        stream->end = SOURCE_STREAM_DRAINED;
        return STREAM_DONE;
    }
    bool lasted = loop_steady_ms(stream->loop) - stream->opened_ms >= STEADY_MS;
    if (lasted)
        stream_link_alive(stream->link);
    stream->policy.pause_ms = stream->ending ? 0 : PAUSE_MS;
    return STREAM_ON;
}

/* Final statuses are those of the reference client, and those that say that
 * there are no streams here. */
static bool is_final(long status)
{
    bool passes = status == 408 || status == 429 || status >= 500;
    return !passes || status == 501;
}

/* A stream that nobody has written to yet is a 500 in the second generation:
 * nothing to talk about, while the run goes on. */
static enum stream_next take_failure(struct source_stream *stream, long status)
{
    stream->quiet_failure = status == 500 && !stream->heard;
    if (stream->quiet_failure && stream->ending &&
        ++stream->late_failures >= LATE_TRIES)
        return STREAM_FAIL;
    return stream->quiet_failure ? STREAM_WAIT : STREAM_RETRY;
}

static enum stream_next on_refused(void *context,
                                   const struct http_result *result)
{
    struct source_stream *stream = context;
    long status = result->status;
    bool hopeful = stream->heard && !stream->ending;
    mem_forget(&stream->auth);
    if (status >= 200 && status < 300 && status != 204)
        return ++stream->nonsense < NONSENSE_TRIES || hopeful ? STREAM_RETRY
                                                              : STREAM_FAIL;
    if (!is_final(status))
        return take_failure(stream, status);
    if (!stream->heard)
        stream->end = SOURCE_STREAM_REFUSED;
    return status == 401 ? STREAM_RENEW : STREAM_FAIL;
}

/* The run's own connection tells how things are; of a stream's only trouble is
 * told, and its end. */
static void on_state(void *context, const struct connection *link)
{
    struct source_stream *stream = context;
    struct event event = {.type = EVENT_CONNECTION, .connection = *link};
    bool trouble = link->state == CONNECTION_RECONNECTING;
    if (trouble) {
        loop_timer_stop(stream->loop, &stream->settle);
        note_caught_up(stream);
    }
    if (stream->options.guessed && !stream->heard)
        return; /* who knows whether there is one */
    if (trouble ? !stream->quiet_failure
                : link->state == CONNECTION_LIVE && stream->trouble_told) {
        stream->trouble_told = trouble;
        emit(stream, &event);
    }
}

static void on_over(void *context, const struct error *failure)
{
    struct source_stream *stream = context;
    if (failure)
        source_stream_fail(stream, failure);
    else
        finish(stream, stream->end);
}

static const struct stream_ops link_ops = {
    .request = source_stream_request,
    .opened = on_opened,
    .bytes = on_bytes,
    .ended = on_ended,
    .refused = on_refused,
    .renew = source_stream_renew,
    .state = on_state,
    .over = on_over,
};

/* The stream. */

const char *source_stream_key(const struct source_stream *stream)
{
    return stream->key;
}

void source_stream_finish(struct source_stream *stream)
{
    if (stream->ending || stream->over)
        return;
    start_ending(stream);
    if (stream->open)
        settle_in(stream, quiet_ms(stream));
    else
        stream_link_open(stream->link);
}

void source_stream_let_alone(struct source_stream *stream)
{
    if (stream->alone || stream->ending || stream->over)
        return;
    stream->alone = true;
    if (!stream->heard)
        source_stream_start_late(stream);
}

const struct error *source_stream_failure(const struct source_stream *stream)
{
    return stream->failure.kind != ERROR_NONE ? &stream->failure : NULL;
}

bool source_stream_is_guess(const struct source_stream *stream)
{
    return stream->options.guessed && !stream->seq;
}

bool source_stream_told_parts(const struct source_stream *stream)
{
    return stream->seq > 0;
}

bool source_stream_is_caught_up(const struct source_stream *stream)
{
    return stream->caught_up;
}

void source_stream_wait_no_more(struct source_stream *stream)
{
    if (!stream->heard)
        note_caught_up(stream);
}

bool source_stream_is_heard(const struct source_stream *stream)
{
    return stream->heard;
}

void source_stream_wake(struct source_stream *stream)
{
    if (!stream->over)
        stream_link_open(stream->link);
}

struct source_stream *
source_stream_create(const struct source_stream_options *options,
                     struct http *http, struct loop *loop, struct token *token,
                     const struct source_stream_ops *ops, void *context)
{
    struct source_stream *stream = mem_zalloc(1, sizeof *stream);
    stream->options = *options;
    stream->loop = loop;
    stream->token = token;
    stream->ops = ops;
    stream->context = context;
    stream->key = mem_strdup(options->key);
    stream->stream = stream_create(stream->key, MAX_EVENT);
    stream->end = SOURCE_STREAM_INCOMPLETE;
    stream->policy = (struct stream_policy){
        .transport = "sse",
        .stream = stream->key,
        .state = CONNECTION_LIVE,
        .type = "text/event-stream",
        .wanted = "an event stream",
        .idle_ms = options->idle_ms ? options->idle_ms : IDLE_MS,
        .first_tries = INT_MAX, /* the run itself decides that */
        .max_retries = options->max_retries,
        .delay_ms = backoff_stream_ms,
    };
    stream->link =
        stream_link_create(http, loop, &stream->policy, &link_ops, stream);
    if (options->finished)
        start_ending(stream);
    stream_link_open(stream->link);
    return stream;
}

void source_stream_destroy(struct source_stream *stream)
{
    if (!stream)
        return;
    stream_link_destroy(stream->link);
    token_cancel(stream->token, stream);
    loop_timer_stop(stream->loop, &stream->settle);
    loop_timer_stop(stream->loop, &stream->token_wait);
    loop_timer_stop(stream->loop, &stream->late);
    loop_timer_stop(stream->loop, &stream->burst);
    loop_timer_stop(stream->loop, &stream->enough);
    mem_forget(&stream->auth);
    stream_destroy(stream->stream);
    buf_free(&stream->url);
    buf_free(&stream->resume);
    free(stream->key);
    free(stream);
}
