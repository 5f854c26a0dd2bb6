/* Calls that are played. Silence was told as it was then: nobody listens for
 * it. */
#include "config.h"

#include "io/http_play.h"

#include <stdio.h>
#include <string.h>

#include "io/http_call.h"

static const char *const failure_names[] = {
    [HTTP_OK] = "complete",           [HTTP_UNREACHABLE] = "unreachable",
    [HTTP_INSECURE] = "insecure",     [HTTP_BROKEN] = "broken",
    [HTTP_SILENT] = "silent",         [HTTP_TOO_LARGE] = "too-large",
    [HTTP_REDIRECTED] = "redirected",
};

const char *http_failure_name(enum http_failure failure)
{
    return failure_names[failure];
}

static enum http_failure failure_of_name(const char *name)
{
    for (size_t i = 0; i < sizeof failure_names / sizeof *failure_names; i++)
        if (strcmp(failure_names[i], name) == 0)
            return (enum http_failure)i;
    return HTTP_BROKEN;
}

void http_play_head(struct http_call *call, long status, const struct buf *head)
{
    call->played_status = status;
    buf_clear(&call->head);
    buf_add(&call->head, buf_str(head), head->len);
    call->date_wall_ms = loop_wall_ms(call->http->loop);
    if (!http_call_is_redirect(status))
        http_call_tell_headers(call);
}

void http_play_body(struct http_call *call, const char *bytes, size_t len)
{
    struct http_result result = {.failure = HTTP_TOO_LARGE};
    if (http_call_take_body(call, bytes, len) || call->canceled)
        return;
    if (call->stopped) {
        http_cancel(call);
        return;
    }
    snprintf(result.reason, sizeof result.reason, "the answer is too large");
    http_call_finish(call, &result);
}

void http_play_redirect(struct http_call *call)
{
    buf_clear(&call->body);
    call->headers_done = false;
}

void http_play_done(struct http_call *call, const char *how, const char *reason)
{
    struct http_result result = {.failure = failure_of_name(how)};
    http_call_set_reason(&result, reason ? reason : "");
    if (result.failure == HTTP_OK)
        http_call_tell_headers(call);
    if (!call->canceled)
        http_call_finish(call, &result);
}
