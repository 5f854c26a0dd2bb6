/* What goes wrong with a run's requests, and what follows from it. */
#include "config.h"

#include "io/source_run.h"

#include <string.h>

#include "io/failure.h"
#include "wire/backoff.h"
#include "wire/url.h"
#include "wire/wire_error.h"

/* Before the server was ever heard, patience is short: a wrong host or port
 * should not look like a slow one. */
static bool has_patience(const struct source_run *run, bool answered)
{
    if (run->options.max_retries >= 0 &&
        run->attempt > run->options.max_retries)
        return false;
    return run->heard || answered || run->attempt < FIRST_TRIES;
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
    source_run_tell_end(run, &full);
}

/* A failure that may pass: says so and tries again later. answered: some
 * server did answer. */
void source_run_retry(struct source_run *run, const struct error *err,
                      bool answered, int64_t server_ms)
{
    if (decoder_facts(run->decoder)->finished) {
        if (!source_run_check_end(
                run)) /* only the watch for late entries failed */
            source_run_go_on_in(run, LATE_MS);
        return;
    }
    run->attempt++;
    if (!has_patience(run, answered)) {
        give_up(run, err);
        return;
    }
    int64_t delay = backoff_ms(run->attempt, source_run_chance(), server_ms);
    source_run_tell_link(run, CONNECTION_RECONNECTING, delay, err->message);
    source_run_go_on_in(run, delay);
}

/* why: one clause. */
void source_run_start_polling(struct source_run *run, const char *why)
{
    run->polling = true;
    run->attempt = 0;
    source_run_tell_link(run, CONNECTION_POLLING, -1, why);
    source_run_go_on_in(run, 0);
}

/* The run is unknown. The server may say that it is only not there yet; where
 * it was there before, something else may have answered. */
static void handle_unknown(struct source_run *run, struct http_call *call,
                           const struct error *err)
{
    const char *again = http_header(call, "x-should-retry");
    bool retry_wanted = run->heard || (again && strcmp(again, "true") == 0);
    if (retry_wanted && run->unknown_tries++ < UNKNOWN_RUN_TRIES)
        source_run_retry(run, err, true, -1);
    else
        source_run_tell_end(run, err);
}

/* Says why another token is asked for, and does it then. One that ended, or was
 * taken back, is the usual way of things, and worth a word only with a pause;
 * one that does not allow what is asked is not. */
static void renew_token(struct source_run *run, long status, int64_t wait_ms)
{
    if (status == 403 || wait_ms > 0) {
        run->attempt++;
        source_run_tell_link(
            run, CONNECTION_RECONNECTING, wait_ms,
            status == 403
                ? "the token does not allow it (403), another one is asked for"
                : "the token is no longer good, a new one is fetched");
    }
    source_run_go_on_in(run, wait_ms);
}

/* Our token was refused: another one, as soon as there can be one. That others
 * (the streams of the run) may use it says nothing of the run itself. */
static void handle_refusal(struct source_run *run, long status,
                           const struct error *err)
{
    bool old = token_number(run->token) != run->token_number;
    int64_t wait_ms = old                  ? 0
                      : run->token_renewed ? -1
                                           : token_refused(run->token, err);
    run->token_renewed = true;
    if (wait_ms < 0)
        source_run_tell_end(run, err);
    else
        renew_token(run, status, wait_ms);
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
void source_run_start_again(struct source_run *run, const char *handle)
{
    struct error err = {0};
    shape_restart(run->shape, handle);
    if (++run->restarts <= MAX_RESTARTS) {
        source_run_go_on_in(run, 0);
        return;
    }
    error_set(&err, ERROR_PROTOCOL,
              "the server asks to start over again and again");
    run->attempt = run->restarts - MAX_RESTARTS - 1;
    source_run_retry(run, &err, true, -1);
}

void source_run_handle_conflict(struct source_run *run, struct http_call *call)
{
    const char *handle = http_header(call, "electric-handle");
    source_run_start_again(
        run, handle ? handle : http_header(call, "electric-shape-id"));
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

bool source_run_asks_with_key(const struct source_run *run)
{
    return run->polling && run->options.poll_secret;
}

/* An answer that is not 2xx. */
void source_run_handle_status(struct source_run *run, struct http_call *call,
                              const struct http_result *result)
{
    struct error err = {0};
    long status = result->status;
    bool new_start = status == 409 || takes_new_start(run, result);
    failure_of_status(&err, run->options.run, source_run_server(run), result,
                      source_run_asks_with_key(run) ? NULL : run->token);
    if (new_start && !run->polling)
        source_run_handle_conflict(run, call);
    else if ((status == 401 || status == 403) && source_run_asks_with_key(run))
        source_run_tell_end(run, &err); /* there is no other key */
    else if (status == 401 || status == 403)
        handle_refusal(run, status, &err);
    else if (!run->polling && has_no_feed(result))
        source_run_start_polling(run,
                                 "the server has no live feed for this run");
    else if (status == 404)
        handle_unknown(run, call, &err);
    else if (status == 408 || status == 409 || status == 429 || status >= 500)
        source_run_retry(run, &err, true, http_retry_after_ms(call));
    else
        source_run_tell_end(run, &err);
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

void source_run_handle_breakage(struct source_run *run,
                                const struct http_result *result)
{
    struct error err = {0};
    failure_of_transfer(&err, run->options.run, source_run_server(run), result);
    if (should_poll_instead(run, result)) {
        source_run_start_polling(run,
                                 "the live feed breaks off time and again");
        return;
    }
    /* once it has worked, all else is the doing of something between */
    bool may_pass = run->heard || result->failure == HTTP_UNREACHABLE ||
                    result->failure == HTTP_BROKEN ||
                    result->failure == HTTP_SILENT;
    if (may_pass)
        source_run_retry(run, &err, result->status != 0, -1);
    else
        source_run_tell_end(run, &err);
}

/* Once the feed has worked it is tried again: a proxy's error page passes. */
void source_run_handle_nonsense(struct source_run *run, struct error *err,
                                bool broken)
{
    struct error full = {0};
    struct buf where = buf_make(0);
    url_for_display(&where, source_run_server(run));
    error_set(&full, err->kind, "%s, following %s: %s", buf_str(&where),
              run->options.run, err->message);
    buf_free(&where);
    if (run->heard || (broken && run->attempt + 1 < FIRST_TRIES))
        source_run_retry(run, &full, true, -1);
    else if (run->options.poll_url && !run->polling)
        source_run_start_polling(run, "the live feed gave no sense");
    else
        source_run_tell_end(run, &full);
}
