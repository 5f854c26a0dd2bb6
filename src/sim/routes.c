#include "config.h"

#include "sim/routes.h"

#include <string.h>
#include <strings.h>

#include "sim/pubtoken.h"

static bool is_get(const struct request *request)
{
    return strcmp(request->method, "GET") == 0 ||
           strcmp(request->method, "HEAD") == 0;
}

void caller_free(struct caller *caller)
{
    json_decref(caller->payload);
    *caller = (struct caller){0};
}

static const char *bearer(const struct request *request)
{
    const char *text = fields_get(&request->headers, "authorization");
    if (!text || strncasecmp(text, "Bearer ", 7) != 0)
        return NULL;
    return text + 7;
}

struct caller routes_caller(struct world *world, const struct request *request,
                            int64_t now_ms, struct answer *answer)
{
    struct caller caller = {0};
    const char *credential = bearer(request);
    (void)world;
    if (!credential) {
        answer_json(answer, 401, "{\"error\":\"Invalid or Missing API key\"}");
    } else if (pubtoken_looks_like(credential)) {
        caller.payload =
            pubtoken_verify(credential, WORLD_SECRET_KEY, now_ms / 1000);
        caller.known = caller.payload != NULL;
        if (!caller.known)
            answer_json(answer, 401,
                        "{\"error\":\"Public Access Token is invalid\"}");
    } else {
        caller.is_key = strcmp(credential, WORLD_SECRET_KEY) == 0;
        caller.known = caller.is_key;
        if (!caller.known)
            answer_json(answer, 401, "{\"error\":\"Invalid API key\"}");
    }
    return caller;
}

bool routes_may_read(struct world *world, const struct caller *caller,
                     struct answer *answer)
{
    const struct run_row *row =
        script_row(world->script, 0, world->started ? world->start_ms : 0);
    bool may =
        caller->is_key ||
        pubtoken_grants(caller->payload, "read", "runs", world->run_id) ||
        pubtoken_grants(caller->payload, "read", "tasks", row->task) ||
        pubtoken_grants(caller->payload, "read", "tags", NULL) ||
        pubtoken_grants(caller->payload, "read", "batch", NULL);
    for (size_t i = 0; !may && i < row->tag_count; i++)
        may = pubtoken_grants(caller->payload, "read", "tags", row->tags[i]);
    if (!may)
        answer_json(answer, 403,
                    "{\"error\":\"Unauthorized\",\"code\":\"unauthorized\","
                    "\"param\":\"access_token\",\"type\":\"authorization\"}");
    return may;
}

/* A bucket of 750 for keys, a window of 60 a minute for tokens. The simulator
 * counts but does not refuse: a fault does that. */
void routes_add_app_headers(struct world *world, struct answer *answer,
                            unsigned limit, int64_t now_ms)
{
    struct fields headers = {0};
    fields_add(&headers, "Strict-Transport-Security", "max-age=3153600000");
    fields_add(&headers, "X-Robots-Tag", "noindex, nofollow");
    if (limit > 1) {
        unsigned left = limit - 1 - world->requests++ % (limit - 1);
        int64_t reset_ms =
            limit == 60 ? (now_ms / 60000 + 1) * 60000 : now_ms + 10000;
        fields_addf(&headers, "x-ratelimit-limit", "%u", limit);
        fields_addf(&headers, "x-ratelimit-remaining", "%u", left);
        fields_addf(&headers, "x-ratelimit-reset", "%lld", (long long)reset_ms);
    }
    for (size_t i = 0; i < answer->headers.count; i++)
        fields_add(&headers, answer->headers.items[i].name,
                   answer->headers.items[i].value);
    fields_add(&headers, "Vary", "Accept-Encoding");
    fields_free(&answer->headers);
    answer->headers = headers;
}

static const char exposed[] = "x-trigger-jwt,x-trigger-jwt-claims";

void routes_finish_error(struct world *world, struct answer *answer,
                         const char *should_retry, int64_t now_ms)
{
    struct fields headers = {0};
    fields_add(&headers, "access-control-expose-headers", exposed);
    for (size_t i = 0; i < answer->headers.count; i++)
        fields_add(&headers, answer->headers.items[i].name,
                   answer->headers.items[i].value);
    if (should_retry)
        fields_add(&headers, "x-should-retry", should_retry);
    fields_free(&answer->headers);
    answer->headers = headers;
    routes_add_app_headers(world, answer, 0, now_ms);
}

bool routes_allowed(struct world *world, const struct caller *caller,
                    const char *run, struct answer *answer, int64_t now_ms)
{
    if (!caller->known) {
        routes_finish_error(world, answer, NULL, now_ms);
        return false;
    }
    if (strcmp(run, world->run_id) != 0) {
        answer_json(answer, 404, "{\"error\":\"Not found\"}");
        routes_finish_error(world, answer, "false", now_ms);
        return false;
    }
    if (!routes_may_read(world, caller, answer)) {
        routes_finish_error(world, answer, NULL, now_ms);
        return false;
    }
    return true;
}

bool routes_fault(struct world *world, enum fault_place place, int64_t now_ms,
                  struct answer *answer)
{
    const struct fault_kind *kind =
        fault_take(&world->faults, place, world_state(world, now_ms));
    if (!kind)
        return false;
    fault_apply(kind, answer);
    return true;
}

/* Routes that answer at once. */
struct route {
    const char *method;
    const char *path;
    void (*answer)(struct world *, const struct request *, int64_t,
                   struct answer *);
};

static const struct route routes[] = {
    {"GET", "/api/tasks/runs/token", routes_token},
    {"GET", "/api/tasks/runs", routes_poll},
    {"POST", "/api/v1/auth/public-tokens", routes_mint},
    {"POST", "/api/v1/auth/jwt", routes_mint_jwt},
    {"POST", "/api/v1/auth/jwt/claims", routes_claims},
    {"POST", "/api/auth/login", routes_agent_login},
    {"POST", "/api/auth/refresh", routes_agent_refresh},
};

/* The rest of a path behind a prefix, when it is one segment. */
static const char *segment_after(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);
    if (strncmp(path, prefix, len) != 0 || path[len] == '\0' ||
        strchr(path + len, '/'))
        return NULL;
    return path + len;
}

static void answer_unknown(struct world *world, const struct request *request,
                           int64_t now_ms, struct answer *answer)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(routes[i].path, request->path) != 0)
            continue;
        answer_json(answer, 405, "{\"error\":\"Method not allowed\"}");
        fields_add(&answer->headers, "allow", routes[i].method);
        routes_add_app_headers(world, answer, 0, now_ms);
        return;
    }
    answer_json(answer, 404, "{\"error\":\"Not found\"}");
    routes_add_app_headers(world, answer, 0, now_ms);
}

enum answer_step routes_answer(struct world *world, struct request *request,
                               const struct moment *moment,
                               struct answer *answer, int64_t *until_ms)
{
    int64_t now_ms = world_now_ms(world, moment);
    const char *run = segment_after(request->path, "/realtime/v1/runs/");
    if (run && is_get(request))
        return routes_feed(world, request, moment, run, answer, until_ms);
    if (is_get(request) && (routes_stream(world, request, moment, answer) ||
                            routes_agent(world, request, moment, answer) ||
                            routes_events(world, request, moment, answer)))
        return ANSWER_READY;
    run = segment_after(request->path, "/api/v3/runs/");
    if (run && is_get(request)) {
        routes_retrieve(world, request, now_ms, run, answer);
        return ANSWER_READY;
    }
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(routes[i].path, request->path) == 0 &&
            strcmp(routes[i].method, request->method) == 0) {
            routes[i].answer(world, request, now_ms, answer);
            return ANSWER_READY;
        }
    }
    answer_unknown(world, request, now_ms, answer);
    return ANSWER_READY;
}
