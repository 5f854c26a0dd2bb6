/* One machine of few states: a token at hand, or a request for one under way,
 * which all who ask meanwhile wait for. */
#include "config.h"

#include "io/token_parts.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/instant.h"
#include "base/mem.h"
#include "io/player.h"
#include "io/recorder.h"
#include "wire/jwt.h"

enum {
    MAX_TOKEN = 64 * 1024,
    EARLY_MS = 60 * 1000,            /* renewed this long before its end */
    OPAQUE_LIFE_MS = 55 * 60 * 1000, /* when a token does not tell its end */
    SOONEST_MS = 5 * 1000            /* between two new tokens */
};

/* The one that gives no other token than it gave. */
static const char given_origin[] = "TRIGGER_ACCESS_TOKEN";

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

int64_t token_server_now_ms(const struct token *token)
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

void token_adopt(struct token *token, const char *text)
{
    struct jwt_claims claims;
    keep(token, text);
    token->expires_ms = token_server_now_ms(token) + OPAQUE_LIFE_MS;
    if (jwt_read(text, &claims)) {
        token->expires_ms = claims.expires_ms;
        buf_free(&claims.scopes);
    }
    record(token, NULL);
    answer(token, NULL);
}

void token_fail(struct token *token, const struct error *err)
{
    record(token, err);
    answer(token, err);
}

void token_adopt_given(struct token *token, const char *text)
{
    struct error err = token->refusal;
    if (!token->refused || !token->value || strcmp(token->value, text) != 0) {
        token_adopt(token, text);
        return;
    }
    if (err.kind == ERROR_NONE)
        error_set(&err, ERROR_AUTH, "%s gave the token again that was refused",
                  token_origin(token));
    token_fail(token, &err);
}

bool token_is_usable(const char *text)
{
    for (const char *p = text; *p; p++)
        if (*p <= ' ' || *p >= 0x7f)
            return false;
    return *text && strlen(text) < MAX_TOKEN;
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
    if (!token_is_usable(text) && strncasecmp(text, "Bearer ", 7) != 0) {
        error_set(&err, ERROR_AUTH,
                  "%s gave no token (empty, or with spaces "
                  "inside)",
                  token->file ? token->file : token->command);
        token_fail(token, &err);
    } else if (token->token_url) {
        token_ask_endpoint(token, text);
    } else if (is_secret_key(text)) {
        mem_forget(&token->secret_key);
        token->secret_key = mem_strdup(text);
        token_mint(token);
    } else {
        token_adopt_given(token, text);
    }
}

static void use_what_came(struct token *token, const char *text,
                          const struct error *err)
{
    recorder_add_secret(http_recorder(token->http), text);
    if (text)
        use_given(token, text);
    else
        token_fail(token, err);
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
        token_fail(token, &err);
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
    token_fail(token, &err);
}

static void fetch(struct token *token)
{
    bool given = token->file || token->command;
    if (token->token_url && (token->api_key || !given))
        token_ask_endpoint(token, token->api_key);
    else if (!token->token_url && token->access_token)
        token_adopt(token, token->access_token);
    else if (!token->token_url && token->secret_key && !given)
        token_mint(token);
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
           token_server_now_ms(token) + EARLY_MS < token->expires_ms ||
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
    token->refusals = 0;
}

int64_t token_refused(struct token *token, const struct error *why)
{
    bool direct = strcmp(token_origin(token), given_origin) == 0;
    int64_t now_ms = loop_steady_ms(token->loop), wait_ms = 0;
    if (!token->accepted)
        token->refusals++;
    if (direct || token->refusals > 1)
        return -1;
    if (token->renewed && now_ms - token->renewed_at_ms < SOONEST_MS)
        wait_ms = SOONEST_MS - (now_ms - token->renewed_at_ms);
    token->refused = token->renewed = true;
    token->refusal = why ? *why : (struct error){0};
    token->renewed_at_ms = now_ms + wait_ms;
    return wait_ms;
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
