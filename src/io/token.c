/* One machine of few states: a token at hand, or a request for one under way,
 * which all who ask meanwhile wait for.
 * Ways that a server does not know (404, 405) are passed over for the next,
 * older one, and that is remembered. */
#include "config.h"

#include "io/token.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "io/clock.h"
#include "io/player.h"
#include "io/recorder.h"
#include "wire/jwt.h"
#include "wire/url.h"
#include "wire/wire_error.h"

enum {
    MAX_TOKEN = 64 * 1024,
    MAX_ANSWER = 1024 * 1024,
    ANSWER_MS = 30 * 1000,
    CONNECT_MS = 10 * 1000,
    COMMAND_MS = 60 * 1000,          /* a person may have to unlock something */
    EARLY_MS = 60 * 1000,            /* renewed this long before its end */
    OPAQUE_LIFE_MS = 55 * 60 * 1000, /* when a token does not tell its end */
    SOONEST_MS = 5 * 1000,           /* between two new tokens */
    SIGNED_LIFE_S = 3600
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
    unsigned round;      /* answers so far */
    int wishes, fetched; /* so far; the one that is being fetched for */
    struct http_call *call;
    struct asker *askers; /* the first one asked first */
};

static void forget(char **secret)
{
    if (*secret)
        mem_wipe(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}

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
    forget(&token->value);
    forget(&token->api_key);
    forget(&token->access_token);
    forget(&token->secret_key);
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
    recorder_token(http_recorder(token->http), token->fetched,
                   err ? INSTANT_NONE : token->expires_ms, err,
                   token->retry_after_ms);
}

static void keep(struct token *token, const char *text)
{
    forget(&token->value);
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

/* Turns a refused request for a token into words. what: who was asked. */
static void fail_with_answer(struct token *token, const char *what,
                             const struct http_result *result)
{
    struct error err = {0};
    struct buf why = buf_make(0);
    struct buf where = buf_make(0);
    url_for_display(&where,
                    token->token_url ? token->token_url : token->api_url);
    add_reason(&why, result);
    if (is_passing(result) && result->status)
        error_set(&err, ERROR_CONNECTION, "%s at %s answered %ld%s", what,
                  buf_str(&where), result->status, buf_str(&why));
    else if (!result->status)
        error_set(&err, is_passing(result) ? ERROR_CONNECTION : ERROR_PROTOCOL,
                  "%s at %s cannot be reached%s", what, buf_str(&where),
                  buf_str(&why));
    else if (result->status == 404)
        error_set(&err, ERROR_NOT_FOUND,
                  "%s at %s answered 404%s; check the run id and the URL", what,
                  buf_str(&where), buf_str(&why));
    else if (result->status == 403)
        error_set(&err, ERROR_AUTH,
                  "%s at %s denies %s (403%s); check the run id and whose "
                  "key it is",
                  what, buf_str(&where), token->run, buf_str(&why));
    else if (result->status == 401)
        error_set(&err, ERROR_AUTH, "%s at %s refused the %s (%ld%s)", what,
                  buf_str(&where),
                  token->token_url ? "API key; check RUNTAIL_API_KEY"
                                   : "secret key; check TRIGGER_SECRET_KEY",
                  result->status, buf_str(&why));
    else
        error_set(&err, ERROR_PROTOCOL, "%s at %s answered %ld%s", what,
                  buf_str(&where), result->status, buf_str(&why));
    buf_free(&why);
    buf_free(&where);
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
    forget(&header);
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

static void add_base64url(struct buf *out, const void *bytes, size_t len)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *in = bytes;
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | in[i];
        for (held += 8; held >= 6; held -= 6)
            buf_addc(out, digits[bits >> (held - 6) & 63]);
    }
    if (held)
        buf_addc(out, digits[bits << (6 - held) & 63]);
}

/* Signs a token for the claims that the server told, as the platform does. */
static bool sign_claims(struct token *token, json_t *claims, struct buf *out)
{
    static const char header[] = "{\"alg\":\"HS256\"}";
    uint8_t signature[SHA256_SIZE];
    json_int_t now = (json_int_t)(server_now(token) / 1000);
    if (!json_is_string(json_object_get(claims, "sub")))
        return false;
    json_object_set_new(claims, "scopes", scopes_of(token));
    json_object_set_new(claims, "iss", json_string("https://id.trigger.dev"));
    json_object_set_new(claims, "aud", json_string("https://api.trigger.dev"));
    json_object_set_new(claims, "iat", json_integer(now));
    json_object_set_new(claims, "exp", json_integer(now + SIGNED_LIFE_S));
    char *payload = json_dumps(claims, JSON_COMPACT);
    add_base64url(out, header, strlen(header));
    buf_addc(out, '.');
    add_base64url(out, payload, strlen(payload));
    hmac_sha256(token->secret_key, strlen(token->secret_key), buf_str(out),
                out->len, signature);
    buf_addc(out, '.');
    add_base64url(out, signature, sizeof signature);
    free(payload);
    return true;
}

static const char minting_name[] = "the API";

static void take_claims(struct token *token, const struct http_result *result)
{
    json_t *claims = json_loadb(result->body, result->body_len, 0, NULL);
    struct buf signed_token = buf_make(0);
    if (sign_claims(token, claims, &signed_token))
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
    forget(&header);
    free(body);
    buf_free(&url);
}

/* Waits for fd to be readable until the deadline (steady clock). */
static bool can_read(int fd, int64_t deadline_ms)
{
    for (;;) {
        struct pollfd input = {.fd = fd, .events = POLLIN};
        int64_t left_ms = deadline_ms - clock_steady_ms();
        int ready = poll(&input, 1, left_ms > 0 ? (int)left_ms : 0);
        if (ready >= 0 || errno != EINTR)
            return ready > 0;
    }
}

/* Reads all there is, without the white space around it. NULL when it took
 * too long. Owned by the caller, who forgets it. */
static char *read_secret(int fd)
{
    char *text = mem_zalloc(1, MAX_TOKEN);
    size_t len = 0;
    ssize_t got = 1;
    int64_t deadline_ms = clock_steady_ms() + COMMAND_MS;
    while (got && len < MAX_TOKEN - 1) {
        if (!can_read(fd, deadline_ms)) {
            forget(&text);
            return NULL;
        }
        got = read(fd, text + len, MAX_TOKEN - 1 - len);
        if (got < 0 && errno != EINTR)
            break;
        len += got > 0 ? (size_t)got : 0;
    }
    while (len && isspace((unsigned char)text[len - 1]))
        text[--len] = '\0';
    size_t skip = strspn(text, " \t\r\n");
    memmove(text, text + skip, len - skip + 1);
    return text;
}

static char *read_file(const char *file, struct error *err)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        error_set(err, ERROR_AUTH, "cannot read the token file %s: %s", file,
                  strerror(errno));
        return NULL;
    }
    char *text = read_secret(fd);
    close(fd);
    if (!text)
        error_set(err, ERROR_AUTH, "the token file %s gives nothing", file);
    return text;
}

/* A command that asks somebody for a token need not know those at hand. */
static void hide_secrets(void)
{
    static const char *const secrets[] = {
        "TRIGGER_SECRET_KEY", "TRIGGER_ACCESS_TOKEN", "RUNTAIL_API_KEY"};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        unsetenv(secrets[i]);
}

/* Starts a shell that writes to *out; -1 when it cannot. */
static pid_t start_command(const char *command, int *out)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGPIPE, SIG_DFL); /* it is ignored here, not there */
        dup2(ends[1], STDOUT_FILENO);
        hide_secrets();
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    *out = ends[0];
    if (pid < 0)
        close(ends[0]);
    return pid;
}

static char *run_command(const char *command, struct error *err)
{
    int out = -1, status = -1;
    pid_t pid = start_command(command, &out);
    if (pid < 0) {
        error_set(err, ERROR_SYSTEM, "cannot run the token command: %s",
                  strerror(errno));
        return NULL;
    }
    char *text = read_secret(out);
    close(out);
    if (!text)
        kill(pid, SIGKILL); /* nothing else goes on while it runs */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (text && status == 0)
        return text;
    if (!text)
        error_set(err, ERROR_AUTH,
                  "the token command gave no token within %d s: %s",
                  COMMAND_MS / 1000, command);
    forget(&text);
    error_set(err, ERROR_AUTH, "the token command failed (%s %d): %s",
              WIFEXITED(status) ? "exit status" : "signal",
              WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
              command);
    return NULL;
}

char *token_read(const char *file, const char *command, struct error *err)
{
    return file ? read_file(file, err) : run_command(command, err);
}

static bool is_secret_key(const char *text)
{
    return strncmp(text, "tr_", 3) == 0;
}

/* What the file or the command gave: a key to the endpoint, a secret key to
 * mint with, or a token. */
static void use_given(struct token *token, char *text)
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
        forget(&token->secret_key);
        token->secret_key = mem_strdup(text);
        mint(token);
    } else {
        adopt(token, text);
    }
}

static void use_file_or_command(struct token *token)
{
    struct error err = {0};
    char *text = token_read(token->file, token->command, &err);
    loop_read_clocks(token->loop);
    recorder_add_secret(http_recorder(token->http), text);
    if (text)
        use_given(token, text);
    else
        fail(token, &err);
    forget(&text);
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
    else if (given)
        use_file_or_command(token);
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
    token->wishes++;
    if (!http_player(token->http) && is_good(token)) {
        fn(context, token->value, NULL);
        return;
    }
    add_asker(token, fn, context);
    if (token->fetching)
        return;
    token->fetching = true;
    token->fetched = token->wishes;
    if (http_player(token->http))
        player_get_token(http_player(token->http), token->wishes, on_played,
                         token);
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
