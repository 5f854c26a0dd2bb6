#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/js_json.h"
#include "sim/routes.h"
#include "sim/pubtoken.h"

#define ENVIRONMENT "env_simulator"
#define MOST_LIFE_S (30 * 86400)

/* The product's own API (token endpoint, polling endpoint). */

void routes_product_json(struct answer *answer, unsigned status,
                         const char *body)
{
    struct fields *headers = &answer->headers;
    answer->status = status;
    answer->chunked = false;
    fields_add(headers, "Access-Control-Allow-Origin", "*");
    fields_add(headers, "Access-Control-Allow-Methods",
               "GET, POST, PUT, DELETE, OPTIONS, PATCH");
    fields_add(headers, "Access-Control-Allow-Headers",
               "Content-Type, Authorization, X-Requested-With, x-api-key");
    fields_add(headers, "Content-Type", "application/json; charset=utf-8");
    fields_add(headers, "Vary", "Accept-Encoding");
    buf_adds(&answer->body, body);
}

bool routes_product_key(const struct request *request, struct answer *answer)
{
    const char *key = fields_get(&request->headers, "x-api-key");
    const char *authorization = fields_get(&request->headers, "authorization");
    const char *refusal = NULL;
    if (!key && !authorization) {
        refusal = "{\"status\":\"error\",\"error\":\"Unauthorized\"}";
    } else if (key && authorization) {
        refusal = "{\"status\":\"error\",\"error\":\"Exactly one of x-api-key "
                  "or Authorization must be provided\"}";
    } else if (authorization && strncasecmp(authorization, "Bearer ", 7) != 0) {
        refusal = "{\"status\":\"error\",\"message\":\"Authorization header "
                  "with Bearer token required\"}";
    } else if (strcmp(key ? key : authorization + 7, WORLD_API_KEY) != 0) {
        refusal = "{\"status\":\"error\",\"message\":\"Unauthorized\"}";
    }
    if (refusal)
        routes_product_json(answer, 401, refusal);
    return !refusal;
}

/* Tokens. */

struct mint {
    json_t *scopes;       /* borrowed */
    json_t *skip_columns; /* borrowed or NULL */
    bool one_time;
    int64_t expires_s;
};

static void add_token(struct buf *out, const struct mint *mint, int64_t now_s)
{
    struct pubtoken_claims claims = {
        .subject = ENVIRONMENT,
        .scopes = mint->scopes,
        .skip_columns = mint->skip_columns,
        .one_time = mint->one_time,
        .issued_s = now_s,
        .expires_s = mint->expires_s,
    };
    struct buf payload = buf_make(0);
    pubtoken_add_payload(&payload, &claims);
    buf_adds(out, "{\"token\":\"");
    pubtoken_sign(out, buf_str(&payload), payload.len, WORLD_SECRET_KEY);
    buf_adds(out, "\"}");
    buf_free(&payload);
}

static void answer_run_token(const char *run, int64_t now_s, int64_t expires_s,
                             struct answer *answer)
{
    json_t *scopes = json_array();
    json_array_append_new(scopes, json_sprintf("read:runs:%s", run));
    struct mint mint = {.scopes = scopes, .expires_s = expires_s};
    struct buf body = buf_make(0);
    add_token(&body, &mint, now_s);
    routes_product_json(answer, 200, buf_str(&body));
    buf_free(&body);
    json_decref(scopes);
}

void routes_token(struct world *world, const struct request *request,
                  int64_t now_ms, struct answer *answer)
{
    if (!routes_product_key(request, answer))
        return;
    const char *run = fields_get(&request->query, "runId");
    if (!run || strspn(run, " ") == strlen(run)) {
        routes_product_json(answer, 400,
                            "{\"status\":\"error\",\"error\":\"runId is "
                            "required\"}");
        return;
    }
    const struct fault_kind *kind =
        fault_take(&world->faults, FAULT_TOKEN, world_state(world, now_ms));
    int64_t now_s = now_ms / 1000;
    if (kind && kind->effect == FAULT_TOKEN_EXPIRED)
        answer_run_token(run, now_s - 7200, now_s - 3600, answer);
    else if (kind && kind->effect == FAULT_TOKEN_OTHER_RUN)
        answer_run_token("run_other", now_s, now_s + world->token_life_s,
                         answer);
    else if (kind)
        fault_apply(kind, answer);
    else
        answer_run_token(run, now_s, now_s + world->token_life_s, answer);
}

/* Minting with a secret key. */

/* Only a secret key may mint; a public token is refused like a wrong key. */
static bool is_secret_key(struct world *world, const struct request *request,
                          int64_t now_ms, struct answer *answer)
{
    struct caller caller = routes_caller(world, request, now_ms, answer);
    bool good = caller.is_key;
    if (caller.payload)
        answer_json(answer, 401, "{\"error\":\"Invalid API key\"}");
    caller_free(&caller);
    return good;
}

static bool read_expiry(json_t *expiry, int64_t default_s, int64_t now_s,
                        int64_t *expires_s, const char **complaint)
{
    *expires_s = now_s + default_s;
    if (json_is_number(expiry)) {
        *expires_s = (int64_t)json_number_value(expiry);
    } else if (json_is_string(expiry)) {
        int64_t life_s;
        if (!pubtoken_parse_life(json_string_value(expiry), &life_s)) {
            *complaint = "{\"error\":\"Invalid expiration time\"}";
            return false;
        }
        *expires_s = now_s + life_s;
    }
    if (*expires_s <= now_s)
        *complaint = "{\"error\":\"Expiration time must be in the future\"}";
    else if (*expires_s > now_s + MOST_LIFE_S)
        *complaint = "{\"error\":\"Expiration time cannot exceed 30 days\"}";
    else
        return true;
    return false;
}

static const char no_scopes[] =
    "{\"error\":\"Invalid request body\",\"issues\":[{\"code\":"
    "\"invalid_type\",\"expected\":\"array\",\"received\":\"undefined\","
    "\"path\":[\"scopes\"],\"message\":\"Required\"}]}";

/* In a world whose tokens live shorter, no request makes them live longer. */
static void mint_from(const struct world *world, json_t *body, json_t *claims,
                      bool scopes_required, int64_t default_s, int64_t now_s,
                      struct answer *answer)
{
    const char *complaint = NULL;
    json_t *scopes = json_object_get(claims, "scopes");
    struct mint mint = {
        .scopes = scopes ? json_incref(scopes) : json_array(),
        .skip_columns =
            json_object_get(json_object_get(claims, "realtime"), "skipColumns"),
        .one_time = json_is_true(json_object_get(body, "oneTimeUse")),
    };
    if (!json_is_object(body))
        complaint = "{\"error\":\"Invalid request body\"}";
    else if (scopes_required && json_array_size(scopes) == 0)
        complaint = no_scopes;
    else
        read_expiry(json_object_get(body, "expirationTime"), default_s, now_s,
                    &mint.expires_s, &complaint);
    if (mint.expires_s > now_s + world->token_life_s && world->token_life_set)
        mint.expires_s = now_s + world->token_life_s;
    if (complaint) {
        answer_json(answer, 400, complaint);
    } else {
        struct buf token = buf_make(0);
        add_token(&token, &mint, now_s);
        answer_json(answer, 200, buf_str(&token));
        buf_free(&token);
    }
    json_decref(mint.scopes);
}

void routes_mint(struct world *world, const struct request *request,
                 int64_t now_ms, struct answer *answer)
{
    if (routes_fault(world, FAULT_MINT, now_ms, answer))
        return;
    if (is_secret_key(world, request, now_ms, answer)) {
        json_t *body =
            json_loadb(buf_str(&request->body), request->body.len, 0, NULL);
        mint_from(world, body, body, true, 900, now_ms / 1000, answer);
        json_decref(body);
    }
    routes_add_app_headers(world, answer, 750, now_ms);
}

void routes_mint_jwt(struct world *world, const struct request *request,
                     int64_t now_ms, struct answer *answer)
{
    if (routes_fault(world, FAULT_MINT_OLD, now_ms, answer))
        return;
    if (is_secret_key(world, request, now_ms, answer)) {
        json_t *body = request->body.len == 0
                           ? json_object()
                           : json_loadb(buf_str(&request->body),
                                        request->body.len, 0, NULL);
        mint_from(world, body, json_object_get(body, "claims"), false, 3600,
                  now_ms / 1000, answer);
        json_decref(body);
    }
    routes_add_app_headers(world, answer, 750, now_ms);
}

void routes_claims(struct world *world, const struct request *request,
                   int64_t now_ms, struct answer *answer)
{
    if (is_secret_key(world, request, now_ms, answer))
        answer_json(answer, 200, "{\"sub\":\"" ENVIRONMENT "\",\"pub\":true}");
    routes_add_app_headers(world, answer, 0, now_ms);
}
