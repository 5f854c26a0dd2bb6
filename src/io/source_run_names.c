/* Where a run is polled, its answers do not tell which streams it has, but for
 * those that stand in its metadata. The feed's first answer does, and is no
 * live request: it may be had where those are not. It is asked for now and
 * then, and once the run is over, so that none is missed. */
#include "config.h"

#include "io/source_run.h"

#include "base/mem.h"

enum {
    EACH = 5,         /* polls */
    MOST_ANSWERS = 4, /* it comes in */
    LAST_TRIES = 5,   /* once the run is over … */
    VAIN_TRIES = 2    /* … and where none was ever any good */
};

static bool is_wanted(const struct source_run *run)
{
    int most = run->names_heard ? LAST_TRIES : VAIN_TRIES;
    bool known = run->options.streams || run->names_known ||
                 decoder_names_streams(run->decoder);
    return run->streams && !known && !source_run_asks_with_key(run) &&
           run->names_last_tries < most;
}

bool source_run_awaits_names(const struct source_run *run)
{
    bool finished = decoder_facts(run->decoder)->finished;
    return run->polling && (run->names_call || (finished && is_wanted(run)));
}

bool source_run_knows_streams(const struct source_run *run)
{
    bool named = run->options.streams || decoder_names_streams(run->decoder);
    return !run->streams || !run->polling || run->names_known || named;
}

static void on_row(void *context, struct row *row)
{
    struct source_run *run = context;
    run->names_known = decoder_take_streams(run->decoder, row);
    row_settle(row);
}

void source_run_forget_names(struct source_run *run)
{
    http_cancel(run->names_call);
    run->names_call = NULL;
    shape_destroy(run->names);
    run->names = NULL;
    mem_forget(&run->names_header);
}

/* The end may have waited for it. */
static void finish(struct source_run *run, bool good)
{
    source_run_forget_names(run);
    if (good)
        source_run_note_streams(run);
    if (run->linger.active && !source_run_awaits_names(run))
        loop_timer_start(run->loop, &run->linger, source_run_linger(run),
                         source_run_end_now, run);
}

static void ask(struct source_run *run);

static void on_names(void *context, struct http_call *call,
                     const struct http_result *result)
{
    struct source_run *run = context;
    struct shape_headers headers;
    struct error err = {0};
    run->names_call = NULL;
    source_run_read_headers(call, &headers);
    bool good = result->failure == HTTP_OK && result->status == 200 &&
                shape_take_answer(run->names, &headers, result->body,
                                  result->body_len, on_row, run, &err);
    run->names_heard |= good;
    bool whole = good && shape_is_up_to_date(run->names);
    if (good && !whole && ++run->names_answers < MOST_ANSWERS)
        ask(run);
    else
        finish(run, whole);
}

static void ask(struct source_run *run)
{
    struct buf url = buf_make(0);
    buf_adds(&url, run->options.api_url);
    shape_request(run->names, &url);
    struct http_request request = {
        .url = buf_str(&url),
        .headers = source_run_feed_headers,
        .secret_header = run->names_header,
        .max_body = MAX_BODY,
        .idle_ms = ANSWER_MS,
        .connect_ms = CONNECT_MS,
        .on_done = on_names,
        .context = run,
    };
    run->names_call = http_start(run->http, &request);
    buf_free(&url);
}

void source_run_ask_names(struct source_run *run, const char *token)
{
    bool finished = decoder_facts(run->decoder)->finished;
    bool due = run->polls++ % EACH == 0;
    if (!is_wanted(run) || run->names_call || !(due || finished))
        return;
    run->names_last_tries += finished;
    run->names_answers = 0;
    run->names = source_run_new_shape(run);
    run->names_header = source_run_auth_header(token);
    ask(run);
}
