#include "config.h"

#include <string.h>

#include "sim/js_json.h"
#include "sim/routes.h"
#include "sim/run_json.h"

/* How far off the reset of a limit is that was run into. */
#define RESET_MS 1500

/* The problem+json body of the limiter, which looks before anything else. */
static const char no_credentials[] =
    "{\n"
    "  \"title\": \"Unauthorized\",\n"
    "  \"status\": 401,\n"
    "  \"type\": "
    "\"https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/401\",\n"
    "  \"detail\": \"No authorization header provided\",\n"
    "  \"error\": \"No authorization header provided\"\n"
    "}";

/* The problem+json answer to a request under /api without credentials. */
static void answer_without_credentials(struct answer *answer)
{
    answer->status = 401;
    answer->chunked = false;
    fields_add(&answer->headers, "Content-Type",
               "application/problem+json; charset=utf-8");
    buf_adds(&answer->body, no_credentials);
}

void routes_over_limit(struct answer *answer, int64_t now_ms, int64_t reset_ms)
{
    struct buf seconds = buf_make(0);
    js_add_number(&seconds, (double)(reset_ms - now_ms) / 1000);
    const char *left = buf_str(&seconds);
    answer->status = 429;
    answer->chunked = false;
    fields_add(&answer->headers, "x-ratelimit-limit", "60");
    fields_add(&answer->headers, "x-ratelimit-remaining", "0");
    fields_addf(&answer->headers, "x-ratelimit-reset", "%lld",
                (long long)reset_ms);
    fields_add(&answer->headers, "Content-Type",
               "application/problem+json; charset=utf-8");
    buf_addf(&answer->body,
             "{\n"
             "  \"title\": \"Rate Limit Exceeded\",\n"
             "  \"status\": 429,\n"
             "  \"type\": "
             "\"https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/429\","
             "\n"
             "  \"detail\": \"Rate limit exceeded 0/60 requests remaining. "
             "Retry in %s seconds.\",\n"
             "  \"reset\": %lld,\n"
             "  \"limit\": 60,\n"
             "  \"remaining\": 0,\n"
             "  \"secondsUntilReset\": %s,\n"
             "  \"error\": \"Rate limit exceeded 0/60 requests remaining. "
             "Retry in %s seconds.\"\n"
             "}",
             left, (long long)reset_ms, left, left);
    buf_free(&seconds);
}

/* The run as it is now. Where nobody follows the feed, every look at the run
 * moves a lockstep world on. */
static struct run_json read_run(struct world *world, int64_t now_ms)
{
    bool first = !world->started;
    world_start(world, now_ms);
    if (world->live_left > 0)
        world->live_left--;
    else if (!first)
        world_advance(world);
    size_t state = world_state(world, now_ms);
    const struct run_row *row =
        script_row(world->script, state, world->start_ms);
    return (struct run_json){
        .row = row,
        .metadata = script_metadata(world->script),
        .payload = script_payload(world->script),
        .output = script_output(world->script),
        .error = script_error(world->script),
        .attempts = script_attempt(world->script, state),
    };
}

static void retrieve(struct world *world, const struct request *request,
                     const struct caller *caller, int64_t now_ms,
                     const char *run, struct answer *answer)
{
    const char *version =
        fields_get(&request->headers, "x-trigger-api-version");
    if (!caller->known)
        return;
    if (strcmp(run, world->run_id) != 0) {
        answer_json(answer, 404, "{\"error\":\"Not found\"}");
        fields_add(&answer->headers, "x-should-retry", "true");
        return;
    }
    if (!routes_may_read(world, caller, answer))
        return;
    struct run_json shown = read_run(world, now_ms);
    struct buf body = buf_make(0);
    run_json_add(&body, &shown, version && strcmp(version, "2025-07-16") == 0);
    answer_json(answer, 200, buf_str(&body));
    buf_free(&body);
}

void routes_retrieve(struct world *world, const struct request *request,
                     int64_t now_ms, const char *run, struct answer *answer)
{
    if (!fields_get(&request->headers, "authorization")) {
        answer_without_credentials(answer);
        routes_add_app_headers(world, answer, 0, now_ms);
        return;
    }
    const struct fault_kind *kind =
        fault_take(&world->faults, FAULT_API, world_state(world, now_ms));
    if (kind && kind->effect == FAULT_RATE_LIMIT) {
        routes_over_limit(answer, now_ms, now_ms + RESET_MS);
        routes_add_app_headers(world, answer, 0, now_ms);
    } else if (kind) {
        fault_apply(kind, answer);
    }
    if (kind)
        return;
    fields_add(&answer->headers, "access-control-expose-headers",
               "x-trigger-jwt,x-trigger-jwt-claims");
    struct caller caller = routes_caller(world, request, now_ms, answer);
    retrieve(world, request, &caller, now_ms, run, answer);
    routes_add_app_headers(world, answer, caller.payload ? 60 : 750, now_ms);
    caller_free(&caller);
}

static void add_poll_body(struct world *world, struct buf *body,
                          const struct run_json *run)
{
    switch (world->poll_shape) {
    case POLL_PENDING:
    case POLL_FIELDS:
        buf_addc(body, '{');
        run_json_add_simple(body, run, world->poll_shape == POLL_FIELDS);
        buf_addc(body, '}');
        break;
    case POLL_RUNS:
        buf_addf(body, "{\"status\":\"success\",\"runs\":[{\"id\":\"%s\",",
                 world->run_id);
        run_json_add_simple(body, run, true);
        buf_adds(body, "}]}");
        break;
    case POLL_RAW:
        buf_adds(body, "{\"status\":\"success\",\"runs\":[");
        run_json_add(body, run, true);
        buf_adds(body, "]}");
        break;
    }
}

/* Without a run the endpoint lists, in the words of an older API version. */
static void add_list(struct world *world, struct buf *body, int64_t now_ms)
{
    struct run_json run = read_run(world, now_ms);
    run.payload = NULL;
    buf_adds(body, "{\"status\":\"success\",\"runs\":[");
    run_json_add(body, &run, false);
    buf_adds(body, "]}");
}

void routes_poll(struct world *world, const struct request *request,
                 int64_t now_ms, struct answer *answer)
{
    if (!routes_product_key(request, answer) ||
        routes_fault(world, FAULT_POLL, now_ms, answer))
        return;
    const char *run = fields_get(&request->query, "runId");
    struct buf body = buf_make(0);
    unsigned status = 200;
    if (!run || strspn(run, " ") == strlen(run)) {
        add_list(world, &body, now_ms);
    } else if (strcmp(run, world->run_id) != 0) {
        status = 404;
        buf_adds(&body,
                 "{\"status\":\"error\",\"error\":\"Task run not found\"}");
    } else {
        struct run_json shown = read_run(world, now_ms);
        add_poll_body(world, &body, &shown);
    }
    routes_product_json(answer, status, buf_str(&body));
    buf_free(&body);
}
