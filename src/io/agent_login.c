/* A refresh token is tried first and forgotten at once: the server takes it
 * one time, and whether an answer that was lost came too late is not known. */
#include "config.h"

#include "io/agent_login.h"

#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/mem.h"
#include "io/player.h"
#include "io/recorder.h"
#include "text/escape.h"
#include "wire/json_text.h"
#include "wire/json_valid.h"
#include "wire/url.h"
#include "wire/wire_error.h"

enum {
    MAX_BODY = 64 * 1024,
    ANSWER_MS = 30 * 1000,
    CONNECT_MS = 10 * 1000
};

struct agent_login {
    struct http *http;
    const char *api_url;
    char *token, *refresh_token, *email, *password;
    struct http_call *call;
    bool asked; /* by e-mail address and password, since the last renewal */
    int wish;   /* its number, for recordings */
    agent_login_fn *fn;
    void *context;
};

/* A header or a form must be able to hold it. */
static bool is_plain(const struct buf *text)
{
    for (size_t i = 0; i < text->len; i++)
        if ((unsigned char)text->data[i] < ' ' || text->data[i] == 0x7f)
            return false;
    return text->len > 0;
}

static void take_text(char **text, struct slice value)
{
    struct buf plain = buf_make(0);
    if (value.len >= 2 && value.data[0] == '"' &&
        json_unescape(&plain, value.data + 1, value.len - 2) &&
        is_plain(&plain)) {
        mem_forget(text);
        *text = mem_strdup(buf_str(&plain));
    }
    buf_forget(&plain);
}

/* Takes the members that text has; false when it is no JSON object. */
static bool take_members(struct agent_login *login, const char *text,
                         size_t len)
{
    struct json_walk walk;
    struct slice key, value;
    const char *start = json_skip_space(text, text + len);
    struct slice object = {start, (size_t)(text + len - start)};
    if (!json_valid(text, len) || !json_walk_start(&walk, object) ||
        walk.close != '}')
        return false;
    while (json_walk_next(&walk, &key, &value)) {
        if (slice_is(key, "token"))
            take_text(&login->token, value);
        else if (slice_is(key, "refreshToken"))
            take_text(&login->refresh_token, value);
        else if (slice_is(key, "email"))
            take_text(&login->email, value);
        else if (slice_is(key, "password"))
            take_text(&login->password, value);
    }
    return true;
}

bool agent_login_is(const char *text)
{
    return *json_skip_space(text, text + strlen(text)) == '{';
}

/* What a server may repeat, and a recording must not hold. */
static void add_secrets(const struct agent_login *login)
{
    struct recorder *recorder = http_recorder(login->http);
    recorder_add_secret(recorder, login->token);
    recorder_add_secret(recorder, login->refresh_token);
    recorder_add_secret(recorder, login->password);
}

bool agent_login_has_token(const char *text)
{
    struct agent_login login = {0};
    bool has = take_members(&login, text, strlen(text)) && login.token;
    mem_forget(&login.token);
    mem_forget(&login.refresh_token);
    mem_forget(&login.email);
    mem_forget(&login.password);
    return has;
}

struct agent_login *agent_login_create(struct http *http, const char *api_url,
                                       const char *text, struct error *err)
{
    struct agent_login *login = mem_zalloc(1, sizeof *login);
    login->http = http;
    login->api_url = api_url;
    if (take_members(login, text, strlen(text)) &&
        (login->token || login->refresh_token ||
         (login->email && login->password))) {
        add_secrets(login);
        return login;
    }
    error_set(err, ERROR_AUTH,
              "what should be the token is neither that nor a JSON object "
              "with token, refreshToken, or email and password");
    agent_login_destroy(login);
    return NULL;
}

void agent_login_destroy(struct agent_login *login)
{
    if (!login)
        return;
    http_cancel(login->call);
    if (http_player(login->http))
        player_forget_token(http_player(login->http));
    mem_forget(&login->token);
    mem_forget(&login->refresh_token);
    mem_forget(&login->email);
    mem_forget(&login->password);
    free(login);
}

const char *agent_login_token(const struct agent_login *login)
{
    return login->token;
}

/* The server. */

static void describe(const struct agent_login *login,
                     const struct http_result *result, struct error *err)
{
    struct buf where = buf_make(0), why = buf_make(0);
    url_for_display(&where, login->api_url);
    bool given = wire_error_reason(&why, result->body, result->body_len);
    if (result->failure != HTTP_OK)
        error_set(err, ERROR_CONNECTION, "%s, logging in: %s", buf_str(&where),
                  result->reason);
    else if (result->status == 200)
        error_set(err, ERROR_PROTOCOL,
                  "%s answered a login without a token%s%s", buf_str(&where),
                  given ? ": " : "", buf_str(&why));
    else
        error_set(err,
                  result->status == 408 || result->status == 429 ||
                          result->status >= 500
                      ? ERROR_CONNECTION
                      : ERROR_AUTH,
                  "%s refused the login (%ld%s%s)", buf_str(&where),
                  result->status, given ? ": " : "", buf_str(&why));
    buf_free(&where);
    buf_free(&why);
}

/* The outcome, for a recording; it tells by the kind whether to try again. */
static void record(const struct agent_login *login, enum stream_next next,
                   const struct error *err, int64_t server_ms)
{
    struct error final = {0};
    add_secrets(login);
    if (err && next == STREAM_FAIL && err->kind == ERROR_CONNECTION) {
        error_set(&final, ERROR_PROTOCOL, "%s", err->message);
        err = &final;
    }
    recorder_token(http_recorder(login->http), login->wish, INSTANT_NONE, err,
                   server_ms);
}

/* The same outcome as when it was recorded. */
static void on_played(void *context, const struct recording_line *line)
{
    struct agent_login *login = context;
    struct error err = {0};
    enum error_kind kind = line ? recorder_kind(line->how) : ERROR_NONE;
    agent_login_fn *fn = login->fn;
    login->fn = NULL;
    if (kind == ERROR_NONE) {
        login->token = mem_strdup("played");
        fn(login->context, STREAM_ON, NULL, -1);
        return;
    }
    error_set(&err, kind, "%s", line->reason ? line->reason : "no token");
    fn(login->context, kind == ERROR_CONNECTION ? STREAM_RETRY : STREAM_FAIL,
       &err, line->retry_after_ms);
}

static bool play(struct agent_login *login)
{
    struct player *player = http_player(login->http);
    if (!player_has_token(player, login->wish))
        return false;
    player_get_token(player, login->wish, on_played, login);
    return true;
}

static void tell(struct agent_login *login, enum stream_next next,
                 const struct error *err, int64_t server_ms)
{
    agent_login_fn *fn = login->fn;
    login->fn = NULL;
    record(login, next, err, server_ms);
    fn(login->context, next, err, server_ms);
}

static bool ask(struct agent_login *login);

static void on_answer(void *context, struct http_call *call,
                      const struct http_result *result)
{
    struct agent_login *login = context;
    struct error err = {0};
    long status = result->status;
    login->call = NULL;
    if (result->failure == HTTP_OK && status == 200 &&
        take_members(login, result->body, result->body_len) && login->token) {
        tell(login, STREAM_ON, NULL, -1);
        return;
    }
    describe(login, result, &err);
    if (result->failure == HTTP_REDIRECTED)
        tell(login, STREAM_FAIL, &err, -1);
    else if (result->failure != HTTP_OK || status == 408 || status == 429 ||
             status >= 500)
        tell(login, STREAM_RETRY, &err, http_retry_after_ms(call));
    else if (status == 200 || !ask(login))
        tell(login, STREAM_FAIL, &err, -1);
}

static void add_member(struct buf *body, const char *name, const char *value)
{
    buf_addf(body, "%s\"%s\":\"", body->len ? "," : "{", name);
    escape_json(body, value, strlen(value));
    buf_addc(body, '"');
}

/* By what is left to try; a login can be tried each time it is asked for, but
 * not twice for one question. */
static bool ask(struct agent_login *login)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    struct buf url = buf_make(0), body = buf_make(0);
    buf_adds(&url, login->api_url);
    if (login->refresh_token) {
        buf_adds(&url, "/api/auth/refresh");
        add_member(&body, "refreshToken", login->refresh_token);
        mem_forget(&login->refresh_token);
    } else if (login->email && login->password && !login->asked) {
        login->asked = true;
        buf_adds(&url, "/api/auth/login");
        add_member(&body, "email", login->email);
        add_member(&body, "password", login->password);
    } else {
        buf_free(&url);
        return false;
    }
    buf_addc(&body, '}');
    struct http_request request = {
        .url = buf_str(&url),
        .body = buf_str(&body),
        .headers = headers,
        .max_body = MAX_BODY,
        .idle_ms = ANSWER_MS,
        .connect_ms = CONNECT_MS,
        .unrecorded = true,
        .on_done = on_answer,
        .context = login,
    };
    login->call = http_start(login->http, &request);
    buf_forget(&body);
    buf_free(&url);
    return true;
}

bool agent_login_renew(struct agent_login *login, agent_login_fn *fn,
                       void *context)
{
    login->fn = fn;
    login->context = context;
    if (login->call) /* its answer may hold the only token that is left */
        return true;
    mem_forget(&login->token);
    login->asked = false;
    login->wish = http_count_wish(login->http);
    return http_player(login->http) ? play(login) : ask(login);
}
