/* Ways that a server does not know (404, 405, 501) are passed over for the
 * next, older one, and that is remembered. */
#include "config.h"

#include "io/token_parts.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "io/failure.h"
#include "io/token_sign.h"
#include "wire/jwt.h"
#include "wire/url.h"

enum {
    MAX_ANSWER = 1024 * 1024,
    ANSWER_MS = 30 * 1000,
    CONNECT_MS = 10 * 1000
};

/* Turns a refused request for a token into words. what: who was asked. */
static void fail_with_answer(struct token *token, const char *what,
                             const struct http_result *result)
{
    struct error err = {0};
    failure_of_token(&err, what, token->run,
                     token->token_url ? token->token_url : token->api_url,
                     token->token_url ? "API key; check RUNTAIL_API_KEY"
                                      : "secret key; check TRIGGER_SECRET_KEY",
                     result);
    token_fail(token, &err);
}

/* A non-empty string at `token`, `publicAccessToken` or `data.token`. */
static const char *find_token(json_t *root)
{
    json_t *candidates[] = {
        json_object_get(root, "token"),
        json_object_get(root, "publicAccessToken"),
        json_object_get(json_object_get(root, "data"), "token"),
    };
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
        if (json_is_string(candidates[i]) && json_string_length(candidates[i]))
            return json_string_value(candidates[i]);
    return NULL;
}

static void fail_without_token(struct token *token, const char *what)
{
    struct error err = {0};
    struct buf where = buf_make(0);
    url_for_display(&where,
                    token->token_url ? token->token_url : token->api_url);
    error_set(&err, ERROR_PROTOCOL,
              "%s at %s returned no token; its answer must be JSON with a "
              "text \"token\"",
              what, buf_str(&where));
    buf_free(&where);
    token_fail(token, &err);
}

static void take_answer(struct token *token, const char *what,
                        const struct http_result *result)
{
    json_t *root = json_loadb(result->body, result->body_len, 0, NULL);
    const char *text = find_token(root);
    if (text && token_is_usable(text))
        token_adopt(token, text);
    else
        fail_without_token(token, what);
    json_decref(root);
}

static void request(struct token *token, const char *url, const char *body,
                    const char *secret_header,
                    void (*on_done)(void *, struct http_call *,
                                    const struct http_result *))
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    struct http_request options = {
        .url = url,
        .body = body,
        .headers = headers,
        .secret_header = secret_header,
        .max_body = MAX_ANSWER,
        .idle_ms = ANSWER_MS,
        .connect_ms = CONNECT_MS,
        .unrecorded = true,
        .on_done = on_done,
        .context = token,
    };
    token->call = http_start(token->http, &options);
}

static char *secret_header(const char *prefix, const char *secret)
{
    size_t size = strlen(prefix) + strlen(secret) + 1;
    char *header = mem_alloc(size);
    snprintf(header, size, "%s%s", prefix, secret);
    return header;
}

static const char endpoint_name[] = "the token endpoint";

static void on_endpoint(void *context, struct http_call *call,
                        const struct http_result *result)
{
    struct token *token = context;
    token->call = NULL;
    token->retry_after_ms = http_retry_after_ms(call);
    if (result->failure == HTTP_OK && result->status == 200)
        take_answer(token, endpoint_name, result);
    else
        fail_with_answer(token, endpoint_name, result);
}

/* A key that is a JWT, or says Bearer itself, goes into Authorization; any
 * other into x-api-key. Never both: endpoints refuse that. */
static char *endpoint_header(const char *key)
{
    struct jwt_claims claims;
    if (strncasecmp(key, "Bearer ", 7) == 0)
        return secret_header("Authorization: ", key);
    if (jwt_read(key, &claims)) {
        buf_free(&claims.scopes);
        return secret_header("Authorization: Bearer ", key);
    }
    return secret_header("x-api-key: ", key);
}

void token_ask_endpoint(struct token *token, const char *key)
{
    struct buf url = buf_make(0);
    char *header = key ? endpoint_header(key) : NULL;
    url_with_run(&url, token->token_url, token->run);
    request(token, buf_str(&url), NULL, header, on_endpoint);
    mem_forget(&header);
    buf_free(&url);
}

/* The scope that lets a token read the run and nothing else. */
static json_t *scopes_of(const struct token *token)
{
    struct buf scope = buf_make(0);
    buf_addf(&scope, "read:runs:%s", token->run);
    json_t *scopes = json_pack("[s]", buf_str(&scope));
    buf_free(&scope);
    return scopes;
}

static char *mint_body(const struct token *token)
{
    json_t *scopes = scopes_of(token);
    json_t *body =
        token->way == MINT_PUBLIC_TOKENS
            ? json_pack("{s:o, s:s}", "scopes", scopes, "expirationTime", "1h")
            : json_pack("{s:{s:o}, s:s}", "claims", "scopes", scopes,
                        "expirationTime", "1h");
    char *text = token->way == MINT_CLAIMS ? mem_strdup("")
                                           : json_dumps(body, JSON_COMPACT);
    json_decref(body);
    return text;
}

static const char minting_name[] = "the API";

static void take_claims(struct token *token, const struct http_result *result)
{
    json_t *claims = json_loadb(result->body, result->body_len, 0, NULL);
    struct buf signed_token = buf_make(0);
    if (token_sign(claims, scopes_of(token), token->secret_key,
                   token_server_now_ms(token) / 1000, &signed_token))
        token_adopt(token, buf_str(&signed_token));
    else
        fail_without_token(token, minting_name);
    json_decref(claims);
    buf_free(&signed_token);
}

/* 404, 405 and 501 say that the server is older than the way. */
static bool is_unknown_way(const struct http_result *result)
{
    return result->failure == HTTP_OK &&
           (result->status == 404 || result->status == 405 ||
            result->status == 501);
}

static void on_mint(void *context, struct http_call *call,
                    const struct http_result *result)
{
    struct token *token = context;
    token->call = NULL;
    token->retry_after_ms = http_retry_after_ms(call);
    if (is_unknown_way(result)) {
        token->way++;
        token_mint(token);
    } else if (result->failure != HTTP_OK || result->status != 200) {
        fail_with_answer(token, minting_name, result);
    } else if (token->way == MINT_CLAIMS) {
        take_claims(token, result);
    } else {
        take_answer(token, minting_name, result);
    }
}

void token_mint(struct token *token)
{
    static const char *const paths[] = {
        [MINT_PUBLIC_TOKENS] = "/api/v1/auth/public-tokens",
        [MINT_JWT] = "/api/v1/auth/jwt",
        [MINT_CLAIMS] = "/api/v1/auth/jwt/claims",
    };
    if (token->way == MINT_NONE) {
        token_adopt_given(token, token->secret_key);
        return;
    }
    struct buf url = buf_make(0);
    char *body = mint_body(token);
    char *header = secret_header("Authorization: Bearer ", token->secret_key);
    buf_addf(&url, "%s%s", token->api_url, paths[token->way]);
    request(token, buf_str(&url), body, header, on_mint);
    mem_forget(&header);
    free(body);
    buf_free(&url);
}
