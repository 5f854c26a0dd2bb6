#include "config.h"

#include "io/failure.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/instant.h"
#include "wire/url.h"
#include "wire/wire_error.h"

static void describe_refusal(struct error *err, const char *run,
                             const char *where, const char *why,
                             const struct token *token)
{
    char when[INSTANT_TEXT_SIZE];
    if (!token) {
        error_set(err, ERROR_AUTH,
                  "%s refused the API key for %s (401%s); check "
                  "RUNTAIL_API_KEY",
                  where, run, why);
        return;
    }
    int64_t expires = token_expires_ms(token);
    if (token_has_expired(token)) {
        instant_format_utc(expires, when);
        error_set(err, ERROR_AUTH,
                  "%s refused the token for %s: it expired at %s; get a new "
                  "one (it came from %s)",
                  where, run, when, token_origin(token));
        return;
    }
    error_set(err, ERROR_AUTH,
              "%s refused the token for %s (401%s); check that it belongs to "
              "this server and environment (it came from %s)",
              where, run, why, token_origin(token));
}

void failure_of_status(struct error *err, const char *run, const char *url,
                       const struct http_result *result,
                       const struct token *token)
{
    struct buf where = buf_make(0), why = buf_make(0), reason = buf_make(0);
    url_for_display(&where, url);
    if (wire_error_reason(&reason, result->body, result->body_len))
        buf_addf(&why, ": %s", buf_str(&reason));
    if (result->status == 401)
        describe_refusal(err, run, buf_str(&where), buf_str(&why), token);
    else if (result->status == 403 && !token)
        error_set(err, ERROR_AUTH,
                  "the API key may not read %s at %s (403%s); check whose "
                  "key RUNTAIL_API_KEY is",
                  run, buf_str(&where), buf_str(&why));
    else if (result->status == 403)
        error_set(err, ERROR_AUTH,
                  "the token may not read %s at %s (403%s); it needs the "
                  "scope read:runs:%s (it came from %s)",
                  run, buf_str(&where), buf_str(&why), run,
                  token_origin(token));
    else if (result->status == 404 &&
             wire_error_is_page(result->body, result->body_len))
        error_set(err, ERROR_PROTOCOL,
                  "%s answered 404 with a web page%s; it is no Trigger.dev "
                  "API, check --api-url",
                  buf_str(&where), buf_str(&why));
    else if (result->status == 404)
        error_set(err, ERROR_NOT_FOUND,
                  "%s knows no run %s (404%s); check the id, and that the "
                  "token is of the run's environment",
                  buf_str(&where), run, buf_str(&why));
    else if (result->status == 408 || result->status == 429 ||
             result->status >= 500)
        error_set(err, ERROR_CONNECTION, "%s answered %ld%s", buf_str(&where),
                  result->status, buf_str(&why));
    else
        error_set(err, ERROR_PROTOCOL, "%s answered %ld for %s%s",
                  buf_str(&where), result->status, run, buf_str(&why));
    buf_free(&where);
    buf_free(&why);
    buf_free(&reason);
}

void failure_of_transfer(struct error *err, const char *run, const char *url,
                         const struct http_result *result)
{
    struct buf where = buf_make(0);
    url_for_display(&where, url);
    switch (result->failure) {
    case HTTP_OK:
        break;
    case HTTP_UNREACHABLE:
        error_set(err, ERROR_CONNECTION, "cannot reach %s: %s", buf_str(&where),
                  result->reason);
        break;
    case HTTP_INSECURE:
        error_set(err, ERROR_CONNECTION,
                  "no secure connection to %s: %s; check --api-url",
                  buf_str(&where), result->reason);
        break;
    case HTTP_REDIRECTED:
        error_set(err, ERROR_PROTOCOL, "%s: %s; check --api-url",
                  buf_str(&where), result->reason);
        break;
    case HTTP_TOO_LARGE:
        error_set(err, ERROR_PROTOCOL, "%s, following %s: %s", buf_str(&where),
                  run, result->reason);
        break;
    case HTTP_BROKEN:
    case HTTP_SILENT:
        error_set(err, ERROR_CONNECTION, "%s: %s", buf_str(&where),
                  result->reason);
        break;
    }
    buf_free(&where);
}

/* What the answer said, as ": reason". */
static void add_reason(struct buf *out, const struct http_result *result)
{
    struct buf reason = buf_make(0);
    if (result->failure != HTTP_OK)
        buf_adds(&reason, result->reason);
    else
        wire_error_reason(&reason, result->body, result->body_len);
    if (reason.len)
        buf_addf(out, ": %s", buf_str(&reason));
    buf_free(&reason);
}

static bool is_passing(const struct http_result *result)
{
    if (result->failure == HTTP_OK)
        return result->status == 429 || result->status == 408 ||
               result->status >= 500;
    return result->failure != HTTP_INSECURE &&
           result->failure != HTTP_REDIRECTED;
}

void failure_of_token(struct error *err, const char *what, const char *run,
                      const char *url, const char *key,
                      const struct http_result *result)
{
    struct buf why = buf_make(0);
    struct buf where = buf_make(0);
    url_for_display(&where, url);
    add_reason(&why, result);
    if (is_passing(result) && result->status)
        error_set(err, ERROR_CONNECTION, "%s at %s answered %ld%s", what,
                  buf_str(&where), result->status, buf_str(&why));
    else if (!result->status)
        error_set(err, is_passing(result) ? ERROR_CONNECTION : ERROR_PROTOCOL,
                  "%s at %s cannot be reached%s", what, buf_str(&where),
                  buf_str(&why));
    else if (result->status == 404)
        error_set(err, ERROR_NOT_FOUND,
                  "%s at %s answered 404%s; check the run id and the URL", what,
                  buf_str(&where), buf_str(&why));
    else if (result->status == 403)
        error_set(err, ERROR_AUTH,
                  "%s at %s denies %s (403%s); check the run id and whose "
                  "key it is",
                  what, buf_str(&where), run, buf_str(&why));
    else if (result->status == 401)
        error_set(err, ERROR_AUTH, "%s at %s refused the %s (%ld%s)", what,
                  buf_str(&where), key, result->status, buf_str(&why));
    else
        error_set(err, ERROR_PROTOCOL, "%s at %s answered %ld%s", what,
                  buf_str(&where), result->status, buf_str(&why));
    buf_free(&why);
    buf_free(&where);
}
