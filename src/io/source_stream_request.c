/* What a stream is asked for with: the token, and where to go on. */
#include "config.h"

#include "io/source_stream_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/backoff.h"
#include "wire/url.h"

static void open_now(void *context)
{
    struct source_stream *stream = context;
    stream_link_open(stream->link);
}

static void fail_now(void *context)
{
    struct source_stream *stream = context;
    struct error err = stream->pending;
    source_stream_fail(stream, &err);
}

/* Where a token cannot be had for now, it is asked for again as seldom as the
 * run's own requests ask. */
static void wait_for_token(struct source_stream *stream,
                           const struct error *err)
{
    int64_t delay_ms = 0;
    bool passes = err->kind == ERROR_CONNECTION;
    if (passes)
        delay_ms = backoff_ms(++stream->token_failures, (uint32_t)rand(),
                              token_retry_after_ms(stream->token));
    stream->pending = *err;
    loop_timer_start(stream->loop, &stream->token_wait, delay_ms,
                     passes ? open_now : fail_now, stream);
}

static void on_token(void *context, const char *token, const struct error *err)
{
    static const char name[] = "Authorization: Bearer ";
    struct source_stream *stream = context;
    if (err) {
        wait_for_token(stream, err);
        return;
    }
    size_t size = strlen(token) + sizeof name;
    stream->auth = mem_alloc(size);
    snprintf(stream->auth, size, "%s%s", name, token);
    stream->auth_used = false;
    stream->token_failures = 0;
    stream->token_number = token_number(stream->token);
    if (!stream->in_request)
        stream_link_open(stream->link);
}

/* False: the link is opened again when it is there. */
static bool has_token(struct source_stream *stream)
{
    if (stream->auth_used)
        mem_forget(&stream->auth);
    if (stream->auth)
        return true;
    token_cancel(stream->token, stream);
    stream->in_request = true;
    token_get(stream->token, on_token, stream);
    stream->in_request = false;
    return stream->auth != NULL;
}

/* Where the stream begins for us is said once: later, that would pass over what
 * was written between two connections. */
static void set_headers(struct source_stream *stream)
{
    size_t count = 0;
    buf_clear(&stream->resume);
    buf_adds(&stream->resume, "Last-Event-ID: ");
    bool resumes = stream_resume(stream->stream, &stream->resume);
    stream->headers[count++] = "Accept: text/event-stream";
    stream->headers[count++] =
        stream->ending ? "Timeout-Seconds: 1" : "Timeout-Seconds: 300";
    if (resumes)
        stream->headers[count++] = buf_str(&stream->resume);
    else if (stream->options.latest && !stream->heard)
        stream->headers[count++] = "X-Trigger-Stream-Start: latest";
    stream->headers[count] = NULL;
}

bool source_stream_request(void *context, struct http_request *request)
{
    struct source_stream *stream = context;
    loop_timer_stop(stream->loop, &stream->settle);
    loop_timer_stop(stream->loop, &stream->token_wait);
    stream->quiet_failure = false;
    stream->policy.pause_ms = 0; /* failures have delays of their own */
    if (source_stream_is_endless(stream)) {
        loop_timer_start(stream->loop, &stream->token_wait, 0, fail_now,
                         stream);
        return false;
    }
    if (stream->ending && !stream->late.active)
        source_stream_start_late(stream);
    if (!has_token(stream))
        return false;
    stream->late_read = stream->ending;
    set_headers(stream);
    buf_clear(&stream->url);
    buf_addf(&stream->url, "%s/realtime/v1/streams/", stream->options.api_url);
    url_encode(&stream->url, stream->options.run);
    buf_addc(&stream->url, '/');
    url_encode(&stream->url, stream->key);
    request->url = buf_str(&stream->url);
    request->headers = stream->headers;
    request->secret_header = stream->auth;
    stream->auth_used = true;
    return true;
}

bool source_stream_renew(void *context)
{
    struct source_stream *stream = context;
    bool old = token_number(stream->token) != stream->token_number;
    int64_t wait_ms = old ? 0 : token_refused(stream->token, NULL);
    if (wait_ms < 0)
        return false;
    loop_timer_start(stream->loop, &stream->token_wait, wait_ms, open_now,
                     stream);
    return true;
}
