/* One machine of few states: a token at hand, or a request for one under way,
 * which all who ask meanwhile wait for.
 * Ways that a server does not know (404, 405) are passed over for the next,
 * older one, and that is remembered. */
#include "config.h"

#include "io/token.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/mem.h"
#include "io/failure.h"
#include "io/player.h"
#include "io/recorder.h"
#include "io/secret_command.h"
#include "io/token_sign.h"
#include "wire/jwt.h"
#include "wire/url.h"
#include "wire/wire_error.h"

enum {
    MAX_TOKEN = 64 * 1024,
    MAX_ANSWER = 1024 * 1024,
    ANSWER_MS = 30 * 1000,
    CONNECT_MS = 10 * 1000,
    EARLY_MS = 60 * 1000,            /* renewed this long before its end */
    OPAQUE_LIFE_MS = 55 * 60 * 1000, /* when a token does not tell its end */
    SOONEST_MS = 5 * 1000            /* between two new tokens */
};

/* The one that gives no other token than it gave. */
static const char given_origin[] = "TRIGGER_ACCESS_TOKEN";

/* How a secret key is turned into a token; newest first. */
enum mint_way {
    MINT_PUBLIC_TOKENS,
    MINT_JWT,
    MINT_CLAIMS, /* the server tells the claims, the key signs them here */
    MINT_NONE    /* the server knows none of them: the key itself is used */
};

/* Somebody who waits for a token. */
struct asker {
    token_fn *fn;
    void *context;
    unsigned round; /* that it asked in */
    struct asker *next;
};

struct token {
    struct http *http;
    struct loop *loop;
    char *run, *api_url, *token_url, *file, *command, *played_origin;
    char *api_key, *access_token, *secret_key; /* secrets */
    char *value;                               /* the token at hand */
    int64_t expires_ms, got_steady_ms, clock_offset_ms, retry_after_ms;
    bool refused, accepted, fetching;
    enum mint_way way;
    unsigned number;
    unsigned round; /* answers so far */
    int wish;       /* the number of the one that is fetched for */
    struct http_call *call;
    struct secret_command *asked; /* for a token; NULL: none is running */
    struct asker *askers;         /* the first one asked first */
};

struct token *token_create(struct http *http, struct loop *loop,
                           const struct token_options *options, const char *run)
{
    struct token *token = mem_zalloc(1, sizeof *token);
    token->http = http;
    token->loop = loop;
    token->run = mem_strdup(run);
    token->api_url = mem_strdup(options->api_url);
    token->token_url = mem_strdup(options->token_url);
    token->file = mem_strdup(options->file);
    token->command = mem_strdup(options->command);
    token->played_origin = mem_strdup(options->played_origin);
    token->api_key = mem_strdup(options->api_key);
    token->access_token = mem_strdup(options->access_token);
    token->secret_key = mem_strdup(options->secret_key);
    token->expires_ms = INSTANT_NONE;
    token->retry_after_ms = -1;
    return token;
}

/* Takes the first one out for which the context is right (NULL: any), and that
 * asked before the given round. NULL: there is none. */
static struct asker *take_asker(struct token *token, const void *context,
                                unsigned round)
{
    struct asker **link = &token->askers;
    while (*link && ((context && (*link)->context != context) ||
                     (*link)->round >= round))
        link = &(*link)->next;
    struct asker *asker = *link;
    if (asker)
        *link = asker->next;
    return asker;
}

static void add_asker(struct token *token, token_fn *fn, void *context)
{
    struct asker **link = &token->askers;
    struct asker *asker = mem_alloc(sizeof *asker);
    *asker =
        (struct asker){.fn = fn, .context = context, .round = token->round};
    while (*link)
        link = &(*link)->next;
    *link = asker;
}

void token_cancel(struct token *token, const void *context)
{
    free(take_asker(token, context, token->round + 1));
    if (token->askers)
        return;
    http_cancel(token->call);
    token->call = NULL;
    secret_command_cancel(token->asked);
    token->asked = NULL;
    token->fetching = false;
    if (http_player(token->http))
        player_forget_token(http_player(token->http));
}

void token_destroy(struct token *token)
{
    if (!token)
        return;
    while (token->askers)
        free(take_asker(token, NULL, token->round + 1));
    http_cancel(token->call);
    secret_command_cancel(token->asked);
    mem_forget(&token->value);
    mem_forget(&token->api_key);
    mem_forget(&token->access_token);
    mem_forget(&token->secret_key);
    free(token->run);
    free(token->api_url);
    free(token->token_url);
    free(token->file);
    free(token->command);
    free(token->played_origin);
    free(token);
}

void token_set_clock_offset(struct token *token, int64_t offset_ms)
{
    token->clock_offset_ms = offset_ms;
}

int64_t token_retry_after_ms(const struct token *token)
{
    return token->retry_after_ms;
}

int64_t token_expires_ms(const struct token *token)
{
    return token->expires_ms;
}

bool token_has_expired(const struct token *token)
{
    return token->expires_ms != INSTANT_NONE &&
           token->expires_ms < loop_wall_ms(token->loop);
}

static int64_t server_now(const struct token *token)
{
    return loop_wall_ms(token->loop) + token->clock_offset_ms;
}

/* Who asks again while being answered waits for the next answer. */
static void answer(struct token *token, const struct error *err)
{
    struct asker *asker;
    unsigned round = ++token->round;
    token->fetching = false;
    while ((asker = take_asker(token, NULL, round))) {
        asker->fn(asker->context, err ? NULL : token->value, err);
        free(asker);
    }
}

/* What the wish for a token led to, for a recording: all but the token. */
static void record(struct token *token, const struct error *err)
{
    recorder_add_secret(http_recorder(token->http), token->value);
    recorder_token(http_recorder(token->http), token->wish,
                   err ? INSTANT_NONE : token->expires_ms, err,
                   token->retry_after_ms);
}

static void keep(struct token *token, const char *text)
{
    mem_forget(&token->value);
    token->value = mem_strdup(text);
    token->number++;
    token->got_steady_ms = loop_steady_ms(token->loop);
    token->refused = token->accepted = false;
}

/* Makes `text` the token at hand and hands it over. */
static void adopt(struct token *token, const char *text)
{
    struct jwt_claims claims;
    keep(token, text);
    token->expires_ms = server_now(token) + OPAQUE_LIFE_MS;
    if (jwt_read(text, &claims)) {
        token->expires_ms = claims.expires_ms;
        buf_free(&claims.scopes);
    }
    record(token, NULL);
    answer(token, NULL);
}

static void fail(struct token *token, const struct error *err)
{
    record(token, err);
    answer(token, err);
}

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
    fail(token, &err);
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

/* A token must be fit for a header: printable ASCII without spaces. */
static bool is_usable(const char *text)
{
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p >= 0x7f)
            return false;
    return *text && strlen(text) < MAX_TOKEN;
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
    fail(token, &err);
}

static void take_answer(struct token *token, const char *what,
                        const struct http_result *result)
{
    json_t *root = json_loadb(result->body, result->body_len, 0, NULL);
    const char *text = find_token(root);
    if (text && is_usable(text))
        adopt(token, text);
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

static void ask_endpoint(struct token *token, const char *key)
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
                   server_now(token) / 1000, &signed_token))
        adopt(token, buf_str(&signed_token));
    else
        fail_without_token(token, minting_name);
    json_decref(claims);
    buf_free(&signed_token);
}

static void mint(struct token *token);

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
        mint(token);
    } else if (result->failure != HTTP_OK || result->status != 200) {
        fail_with_answer(token, minting_name, result);
    } else if (token->way == MINT_CLAIMS) {
        take_claims(token, result);
    } else {
        take_answer(token, minting_name, result);
    }
}

static void mint(struct token *token)
{
    static const char *const paths[] = {
        [MINT_PUBLIC_TOKENS] = "/api/v1/auth/public-tokens",
        [MINT_JWT] = "/api/v1/auth/jwt",
        [MINT_CLAIMS] = "/api/v1/auth/jwt/claims",
    };
    if (token->way == MINT_NONE) {
        adopt(token, token->secret_key);
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

static bool is_secret_key(const char *text)
{
    return strncmp(text, "tr_", 3) == 0;
}

/* What the file or the command gave: a key to the endpoint, a secret key to
 * mint with, or a token. */
static void use_given(struct token *token, const char *text)
{
    struct error err = {0};
    if (!is_usable(text) && strncasecmp(text, "Bearer ", 7) != 0) {
        error_set(&err, ERROR_AUTH,
                  "%s gave no token (empty, or with spaces "
                  "inside)",
                  token->file ? token->file : token->command);
        fail(token, &err);
    } else if (token->token_url) {
        ask_endpoint(token, text);
    } else if (is_secret_key(text)) {
        mem_forget(&token->secret_key);
        token->secret_key = mem_strdup(text);
        mint(token);
    } else {
        adopt(token, text);
    }
}

static void use_what_came(struct token *token, const char *text,
                          const struct error *err)
{
    recorder_add_secret(http_recorder(token->http), text);
    if (text)
        use_given(token, text);
    else
        fail(token, err);
}

static void on_command(void *context, const char *text, const struct error *err)
{
    struct token *token = context;
    token->asked = NULL;
    use_what_came(token, text, err);
}

/* A command may take its time, and asks a person perhaps: nothing waits for it
 * but the token. */
static void use_command(struct token *token)
{
    struct error err = {0};
    token->asked = secret_command_start(token->loop, token->command, on_command,
                                        token, &err);
    if (!token->asked)
        fail(token, &err);
}

static void use_file(struct token *token)
{
    struct error err = {0};
    char *text = token_read(token->file, NULL, &err);
    loop_read_clocks(token->loop);
    use_what_came(token, text, &err);
    mem_forget(&text);
}

static void fail_unconfigured(struct token *token)
{
    struct error err = {0};
    error_set(&err, ERROR_AUTH,
              "no token for %s: set TRIGGER_SECRET_KEY or "
              "TRIGGER_ACCESS_TOKEN, or give --token-url with "
              "RUNTAIL_API_KEY, --token-file or --token-cmd",
              token->run);
    fail(token, &err);
}

static void fetch(struct token *token)
{
    bool given = token->file || token->command;
    if (token->token_url && (token->api_key || !given))
        ask_endpoint(token, token->api_key);
    else if (!token->token_url && token->access_token)
        adopt(token, token->access_token);
    else if (!token->token_url && token->secret_key && !given)
        mint(token);
    else if (token->file)
        use_file(token);
    else if (token->command)
        use_command(token);
    else
        fail_unconfigured(token);
}

static bool is_good(const struct token *token)
{
    if (!token->value || token->refused)
        return false;
    return token->expires_ms == INSTANT_NONE ||
           server_now(token) + EARLY_MS < token->expires_ms ||
           loop_steady_ms(token->loop) - token->got_steady_ms < SOONEST_MS;
}

/* What came of the same wish when it was recorded. */
static void on_played(void *context, const struct recording_line *line)
{
    struct token *token = context;
    struct error err = {0};
    enum error_kind kind = line ? recorder_kind(line->how) : ERROR_NONE;
    if (kind != ERROR_NONE)
        error_set(&err, kind, "%s", line->reason ? line->reason : "no token");
    else if (line || !token->value)
        keep(token, "played");
    if (line) {
        token->expires_ms = line->expires_ms;
        token->retry_after_ms = line->retry_after_ms;
    }
    answer(token, kind == ERROR_NONE ? NULL : &err);
}

void token_get(struct token *token, token_fn *fn, void *context)
{
    int wish = http_count_wish(token->http);
    if (!http_player(token->http) && is_good(token)) {
        fn(context, token->value, NULL);
        return;
    }
    add_asker(token, fn, context);
    if (token->fetching)
        return;
    token->fetching = true;
    token->wish = wish;
    if (http_player(token->http))
        player_get_token(http_player(token->http), wish, on_played, token);
    else
        fetch(token);
}

unsigned token_number(const struct token *token)
{
    return token->number;
}

void token_accepted(struct token *token)
{
    token->accepted = true;
}

int64_t token_refused(struct token *token)
{
    bool direct = strcmp(token_origin(token), given_origin) == 0;
    int64_t age_ms = loop_steady_ms(token->loop) - token->got_steady_ms;
    bool fresh = token->value && age_ms < SOONEST_MS;
    if (direct || (fresh && !token->accepted))
        return -1;
    token->refused = true;
    return fresh ? SOONEST_MS - age_ms : 0;
}

const char *token_origin(const struct token *token)
{
    if (token->played_origin)
        return token->played_origin;
    if (token->token_url)
        return "the token endpoint";
    if (token->access_token)
        return given_origin;
    if (token->file)
        return "the token file";
    return token->command ? "the token command" : "TRIGGER_SECRET_KEY";
}
