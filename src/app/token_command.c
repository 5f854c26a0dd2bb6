#include "config.h"

#include "app/token_command.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/client.h"
#include "app/complain.h"
#include "app/exit_code.h"
#include "base/instant.h"
#include "base/mem.h"
#include "text/escape.h"
#include "wire/jwt.h"

/* What `runtail token` needs between asking and answering. */
struct token_answer {
    struct loop *loop;
    char *value; /* secret */
    struct error err;
    int forced_code; /* -1: the answer decides */
    struct loop_timer timeout;
};

static void on_token(void *context, const char *token, const struct error *err)
{
    struct token_answer *answer = context;
    if (err)
        answer->err = *err;
    else
        answer->value = mem_strdup(token);
    loop_stop(answer->loop);
}

static void leave_token(struct token_answer *answer, int code)
{
    answer->forced_code = code;
    loop_stop(answer->loop);
}

static void on_token_signal(void *context, int number)
{
    if (number == SIGTSTP)
        raise(SIGSTOP);
    else if (number != SIGCONT && number != SIGWINCH)
        leave_token(context, EXIT_SIGNAL + number);
}

static void on_token_timeout(void *context)
{
    struct token_answer *answer = context;
    error_set(&answer->err, ERROR_CONNECTION,
              "no token within the time that --timeout allows");
    leave_token(answer, EXIT_TIMEOUT);
}

static void print_token(const struct options *options, const char *token,
                        const char *origin)
{
    struct jwt_claims claims;
    char when[INSTANT_TEXT_SIZE];
    if (options->print_token) {
        puts(token);
        return;
    }
    printf("from     %s\n", origin);
    if (!jwt_read(token, &claims)) {
        puts("kind     secret key, or an opaque token: what it may do and how "
             "long it lasts is not told");
        return;
    }
    struct buf scopes = buf_make(0);
    escape_text(&scopes, buf_str(&claims.scopes), claims.scopes.len, 0);
    printf("kind     %s\n",
           claims.is_public ? "public access token" : "JSON web token");
    printf("scopes   %s\n", scopes.len ? buf_str(&scopes) : "none told");
    if (claims.expires_ms != INSTANT_NONE) {
        instant_format_utc(claims.expires_ms, when);
        printf("expires  %s\n", when);
    }
    buf_free(&scopes);
    buf_free(&claims.scopes);
}

int token_command(const struct options *options,
                  const struct settings *settings, const char *run)
{
    struct token_answer answer = {.forced_code = -1};
    answer.loop = loop_create(&answer.err);
    if (!answer.loop) {
        complain(&answer.err);
        return EXIT_CONNECTION;
    }
    struct http *http = client_http(options, answer.loop);
    struct token *token = client_token(settings, http, answer.loop, run);
    loop_set_signals(answer.loop, on_token_signal, &answer);
    if (options->timeout_ms)
        loop_timer_start(answer.loop, &answer.timeout, options->timeout_ms,
                         on_token_timeout, &answer);
    token_get(token, on_token, &answer);
    loop_run(answer.loop);
    if (answer.value)
        print_token(options, answer.value, token_origin(token));
    else if (answer.err.kind != ERROR_NONE)
        complain(&answer.err);
    mem_forget(&answer.value);
    token_destroy(token);
    http_destroy(http);
    loop_destroy(answer.loop);
    return answer.forced_code >= 0 ? answer.forced_code
                                   : exit_code_of_error(&answer.err);
}
