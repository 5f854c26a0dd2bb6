/* A run by REST: polled where there is no feed, and asked for what the feed
 * does not tell. */
#include "config.h"

#include "io/source_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "wire/url.h"

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
        loop_timer_start(run->loop, &run->linger, source_run_linger(run),
                         source_run_end_now, run);
}

char *source_run_auth_header(const char *token)
{
    size_t size = strlen(token) + sizeof "Authorization: Bearer ";
    char *header = mem_alloc(size);
    snprintf(header, size, "Authorization: Bearer %s", token);
    return header;
}

static const char *const rest_headers[] = {
    "Accept: application/json", "x-trigger-api-version: 2025-07-16", NULL};

static void rest_url(const struct source_run *run, struct buf *url)
{
    buf_addf(url, "%s/api/v3/runs/", run->options.api_url);
    url_encode(url, run->options.run);
}

/* Asks REST, beside the feed, for what the feed does not tell. */
void source_run_ask_details(struct source_run *run, const char *token)
{
    struct buf url = buf_make(0);
    char *header = source_run_auth_header(token);
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
    mem_forget(&header);
    buf_free(&url);
}

static bool is_json(const struct http_call *call)
{
    const char *type = http_header(call, "content-type");
    return type && strncasecmp(type, "application/json", 16) == 0;
}

static void take_poll(struct source_run *run, const struct http_call *call,
                      const struct http_result *result)
{
    struct error err = {0};
    int64_t now_ms = loop_wall_ms(run->loop);
    bool taken = run->options.poll_url
                     ? decoder_take_poll(run->decoder, result->body,
                                         result->body_len, now_ms, &err)
                     : decoder_take_rest(run->decoder, result->body,
                                         result->body_len, now_ms, &err);
    if (!taken) {
        source_run_handle_nonsense(run, &err, is_json(call));
        return;
    }
    source_run_note_success(run);
    source_run_note_streams(run);
    if (run->options.follow)
        source_run_tell_link(run, CONNECTION_POLLING, -1, NULL);
    bool late = decoder_facts(run->decoder)->finished;
    int64_t wait_ms = late ? source_run_linger(run) / 2 : POLL_MS;
    if (source_run_awaits_names(run))
        wait_ms = run->names_last_tries ? NAMES_AGAIN_MS : 0;
    if (!source_run_check_end(run))
        source_run_go_on_in(run, wait_ms < POLL_MS ? wait_ms : POLL_MS);
}

static void on_poll(void *context, struct http_call *call,
                    const struct http_result *result)
{
    struct source_run *run = context;
    run->call = NULL;
    if (result->failure != HTTP_OK) {
        source_run_handle_breakage(run, result);
        return;
    }
    source_run_note_clock(run, call);
    if (result->status == 200)
        take_poll(run, call, result);
    else
        source_run_handle_status(run, call, result);
}

void source_run_ask_poll(struct source_run *run, const char *token)
{
    struct buf url = buf_make(0);
    bool ours = !run->options.poll_url ||
                url_same_origin(run->options.poll_url, run->options.api_url);
    char *header = token && ours ? source_run_auth_header(token) : NULL;
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
        mem_forget(&header);
    if (token)
        source_run_ask_names(run, token);
    buf_free(&url);
}
