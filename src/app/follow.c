#include "config.h"

#include "app/follow.h"

#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "app/client.h"
#include "app/complain.h"
#include "app/exit_code.h"
#include "app/tui.h"
#include "app/verdict.h"
#include "app/zone.h"
#include "base/duration.h"
#include "base/instant.h"
#include "base/mem.h"
#include "io/http.h"
#include "io/loop.h"
#include "io/sink.h"
#include "io/source.h"
#include "io/spool.h"
#include "io/token.h"
#include "model/run.h"
#include "text/escape.h"
#include "wire/url.h"

enum {
    LINGER_MS = 1500, /* watching for late entries, in lines */
    SCREEN_LINGER_MS = 15000
};

/* Everything of one session. */
struct session {
    const struct options *options;
    struct settings *settings;
    const char *run_id;
    struct loop *loop;
    struct http *http;
    struct token *token;
    struct source *source;
    char *poll_secret; /* a header; secret */
    struct sink *sink; /* lines, or … */
    struct tui *tui;   /* … the screen */
    struct run *run;
    struct spool *spool; /* for log text beyond --memory */
    bool spool_told;     /* that it cannot be used */
    regex_t include, exclude;
    bool has_include, has_exclude;
    struct loop_timer timeout;
    int64_t deadline_ms;  /* of --timeout, by the steady clock; 0: none */
    struct error failure; /* why following ended early */
    bool ended;           /* the source has told its end */
    int forced_code;      /* -1: the run decides */
    bool reader_left;     /* nobody reads our output any more */
};

/* Ends the session with an exit status of its own. */
static void leave(struct session *session, int code)
{
    if (session->forced_code < 0)
        session->forced_code = code;
    loop_stop(session->loop);
}

static void lose_reader(struct session *session, const struct error *err)
{
    session->reader_left = true;
    session->failure = *err;
    leave(session, err->kind == ERROR_NONE ? EXIT_COMPLETED : EXIT_CONNECTION);
}

static void on_reader_left(void *context)
{
    struct error none = {0};
    lose_reader(context, &none);
}

/* Milliseconds until --timeout strikes; -1: it does not. */
static int64_t time_left(const struct session *session)
{
    int64_t left_ms = session->deadline_ms - loop_steady_ms(session->loop);
    if (!session->deadline_ms)
        return -1;
    return left_ms > 0 ? left_ms : 0;
}

/* Waits for a slow reader, so that what is not read yet does not pile up here;
 * but not when a signal came, or the time is over. */
static void flush(struct session *session)
{
    enum {
        GRACE_MS = 1000 /* for the last lines of one who has to leave */
    };
    struct error err = {0};
    bool ready = session->sink && !session->reader_left;
    while (ready || (session->sink && session->forced_code < 0)) {
        bool leaving = session->forced_code >= 0;
        if (!sink_flush(session->sink, &err)) {
            lose_reader(session, &err);
            return;
        }
        if (!sink_waits(session->sink))
            return;
        ready = loop_wait_output(session->loop, STDOUT_FILENO,
                                 leaving ? GRACE_MS : time_left(session));
        if (!leaving && time_left(session) == 0)
            leave(session, EXIT_TIMEOUT);
    }
}

static bool nothing_heard(const struct session *session)
{
    return run_facts(session->run)->status == STATUS_UNKNOWN &&
           !run_facts(session->run)->task && !run_entries(session->run);
}

static void take_end(struct session *session, const struct event *event)
{
    session->ended = true;
    if (event->end.failure)
        session->failure = *event->end.failure;
    /* the screen stays for reading, unless there is nothing to read */
    if (!session->tui || nothing_heard(session))
        loop_stop(session->loop);
}

/* Where the output is for programs, or is a stream's own text, people read on
 * standard error what they would have read between it. */
static void say_aside(const struct session *session, const struct event *event)
{
    bool is_text = session->options->command == COMMAND_STREAM;
    const struct connection *link = &event->connection;
    bool lost = event->type == EVENT_CONNECTION &&
                link->state == CONNECTION_RECONNECTING;
    if (event->type == EVENT_NOTICE)
        complain_of(NULL, event->notice);
    else if (is_text && lost)
        complain_of(link->stream, link->reason);
}

static void on_event(void *context, const struct event *event)
{
    struct session *session = context;
    const struct options *options = session->options;
    if (options->output == OUTPUT_JSON || options->command == COMMAND_STREAM)
        say_aside(session, event);
    /* lines need no memory of what was written */
    bool is_entry = event->type == EVENT_LOG || event->type == EVENT_SSE;
    if (session->tui || !is_entry)
        run_apply(session->run, event);
    if (session->sink)
        sink_event(session->sink, event);
    if (session->tui)
        tui_note(session->tui);
    if (event->type == EVENT_END)
        take_end(session, event);
}

static void on_timeout(void *context)
{
    leave(context, EXIT_TIMEOUT);
}

static void on_signal(void *context, int number)
{
    struct session *session = context;
    switch (number) {
    case SIGWINCH:
    case SIGCONT:
    case SIGTSTP:
        if (session->tui)
            tui_take_signal(session->tui, number);
        else if (number == SIGTSTP)
            raise(SIGSTOP);
        if (number == SIGCONT && !session->ended)
            session->source->ops->wake(session->source);
        break;
    default:
        leave(session, EXIT_SIGNAL + number);
    }
}

static void on_input(void *context)
{
    struct session *session = context;
    switch (tui_read_keys(session->tui)) {
    case TUI_STAYS:
        break;
    case TUI_QUIT:
        loop_stop(session->loop);
        break;
    case TUI_INTERRUPTED:
        leave(session, EXIT_SIGNAL + SIGINT);
        break;
    }
}

/* Says once that older text is lost from now on, and why. */
static void check_spool(struct session *session)
{
    const char *failure = spool_failure(session->spool);
    char words[160];
    if (!failure || session->spool_told)
        return;
    session->spool_told = true;
    snprintf(words, sizeof words,
             "no room for older log text on disk (%s): it is dropped", failure);
    struct event event = {.type = EVENT_NOTICE,
                          .time_ms = loop_wall_ms(session->loop),
                          .notice = words};
    run_apply(session->run, &event);
    tui_note(session->tui);
}

static int64_t on_turn(void *context)
{
    struct session *session = context;
    if (session->tui)
        check_spool(session);
    flush(session);
    return session->tui ? tui_turn(session->tui) : -1;
}

static bool compile(regex_t *expression, bool *ready, const char *text,
                    const char *name, struct error *err)
{
    char words[200];
    int bad = text ? regcomp(expression, text, REG_EXTENDED) : 0;
    *ready = text && !bad;
    if (!bad)
        return true;
    regerror(bad, expression, words, sizeof words);
    return error_set(err, ERROR_USAGE,
                     "--%s: \"%.60s\" is no regular expression: %s", name, text,
                     words);
}

static bool is_dumb_terminal(void)
{
    const char *term = getenv("TERM");
    return !term || !*term || strcmp(term, "dumb") == 0;
}

/* Where events come from standard input, keys cannot. */
static bool reads_input(const struct options *options)
{
    return options->command == COMMAND_SSE && strcmp(options->target, "-") == 0;
}

static bool wants_screen(const struct options *options)
{
    return options->output == OUTPUT_AUTO && !options->no_follow &&
           isatty(STDOUT_FILENO) && isatty(STDIN_FILENO) &&
           !reads_input(options) && options->command != COMMAND_STREAM &&
           !is_dumb_terminal();
}

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value && strcmp(value, "0") != 0;
}

/* The option, then NO_COLOR, then the forcing variables, then the terminal. */
static bool wants_color(const struct options *options)
{
    const char *no_color = getenv("NO_COLOR");
    const char *clicolor = getenv("CLICOLOR");
    if (options->color != WHEN_AUTO)
        return options->color == WHEN_ALWAYS;
    if (no_color && *no_color)
        return false;
    if (is_set("FORCE_COLOR") || is_set("CLICOLOR_FORCE"))
        return true;
    if (clicolor && strcmp(clicolor, "0") == 0)
        return false;
    return isatty(STDOUT_FILENO) && !is_dumb_terminal();
}

/* A terminal that cannot show more gets ASCII; files and pipes get the text. */
static unsigned line_flags(const struct options *options)
{
    if (options->ascii)
        return ESCAPE_ASCII;
    return isatty(STDOUT_FILENO) ? complain_flags() : 0;
}

/* --since as a moment: a time, or so long before now. */
static bool read_since(const char *text, int64_t now_ms, int64_t *since_ms,
                       struct error *err)
{
    *since_ms = INSTANT_NONE;
    if (!text || instant_parse_rfc3339(text, strlen(text), since_ms))
        return true;
    if (duration_parse(text, since_ms)) {
        *since_ms = now_ms - *since_ms;
        return true;
    }
    return error_set(err, ERROR_USAGE,
                     "--since takes a duration such as 10m, or a time such as "
                     "2026-01-02T03:04:05Z, not \"%.40s\"",
                     text);
}

static bool open_lines(struct session *session, struct error *err)
{
    const struct options *options = session->options;
    int64_t since_ms;
    if (!read_since(options->since, loop_wall_ms(session->loop), &since_ms,
                    err))
        return false;
    if (!compile(&session->include, &session->has_include, options->include,
                 "include", err) ||
        !compile(&session->exclude, &session->has_exclude, options->exclude,
                 "exclude", err))
        return false;
    struct sink_options sink_options = {
        .fd = STDOUT_FILENO,
        .now_ms = loop_wall_ms(session->loop),
        .source = session->source->ops->name,
        .level = options->level,
        .since_ms = since_ms,
        .tail = options->tail < 0 ? SIZE_MAX : (size_t)options->tail,
        .include = session->has_include ? &session->include : NULL,
        .exclude = session->has_exclude ? &session->exclude : NULL,
        .fields = options->json_fields,
        .parts_only = options->command == COMMAND_STREAM,
        .color = wants_color(options),
        .escape = line_flags(options),
        .time_is_utc = options->time == TIME_IN_UTC,
        .show_time = options->time != TIME_OFF,
        .utc_offset_s = zone_offset_s,
    };
    if (sink_has_reader(STDOUT_FILENO))
        loop_set_output(session->loop, STDOUT_FILENO, on_reader_left, session);
    if (options->output == OUTPUT_JSON)
        session->sink = sink_json_create(&sink_options);
    else if (options->command == COMMAND_STREAM)
        session->sink = sink_stream_create(&sink_options);
    else
        session->sink = sink_plain_create(&sink_options);
    return true;
}

static bool open_screen(struct session *session, struct error *err)
{
    struct options options = *session->options;
    if (options.color == WHEN_AUTO)
        options.color = wants_color(&options) ? WHEN_AUTO : WHEN_NEVER;
    session->tui = tui_open(&options, session->run, session->loop, err);
    if (!session->tui)
        return false;
    loop_set_input(session->loop, tui_fd(session->tui), on_input, session);
    return true;
}

/* The key to an API's polling endpoint is the one to its token endpoint, as
 * long as it is the same API. */
static char *poll_header(const struct settings *settings)
{
    if (!settings->poll_url || !settings->api_key)
        return NULL;
    if (settings->token_url &&
        !url_same_origin(settings->poll_url, settings->token_url))
        return NULL;
    bool bearer = strncasecmp(settings->api_key, "Bearer ", 7) == 0;
    const char *name = bearer ? "Authorization: " : "x-api-key: ";
    size_t size = strlen(name) + strlen(settings->api_key) + 1;
    char *header = mem_alloc(size);
    snprintf(header, size, "%s%s", name, settings->api_key);
    return header;
}

/* What a stream's token is now, after it was refused. */
static void renew(void *context, struct source_options *options)
{
    struct session *session = context;
    struct error err = {0};
    settings_renew(session->settings, session->options, &err);
    options->headers = (const char *const *)session->settings->headers;
    options->query_token = session->settings->query_token;
}

static void make_source(struct session *session, bool on_screen)
{
    const struct options *options = session->options;
    const struct settings *settings = session->settings;
    bool once = options->command == COMMAND_SHOW;
    session->poll_secret = poll_header(settings);
    struct source_options source_options = {
        .run = session->run_id,
        .api_url = settings->api_url,
        .poll_url = settings->poll_url,
        .poll_secret = session->poll_secret,
        .progress_key = settings->progress_key,
        .log_key = settings->log_key,
        .scale = options->scale,
        .idle_ms = options->idle_ms,
        .max_retries = options->max_retries,
        .follow = !options->no_follow && !once,
        .poll_only = options->poll_only || once,
        .want_details = on_screen,
        .linger_ms = on_screen ? SCREEN_LINGER_MS : LINGER_MS,
        .headers = (const char *const *)settings->headers,
    };
    source_options.read_streams = !options->no_streams && !once;
    if (options->stream_count)
        source_options.streams = options->streams;
    if (options->command == COMMAND_STREAM) {
        source_options.read_streams = source_options.streams_first = true;
        source_options.guess_stream = !options->stream_count;
        source_options.streams_latest = options->tail == 0;
    }
    source_options.renew = renew;
    source_options.renew_context = session;
    source_options.query_token = settings->query_token;
    if (options->command == COMMAND_AGENT) {
        session->source = source_agent_create(&source_options, session->http,
                                              session->loop, on_event, session);
        return;
    }
    if (options->command == COMMAND_SSE) {
        source_options.api_url = options->target;
        session->source = source_sse_create(&source_options, session->http,
                                            session->loop, on_event, session);
        return;
    }
    session->source =
        source_run_create(&source_options, session->http, session->loop,
                          session->token, on_event, session);
}

static bool open_session(struct session *session, struct error *err)
{
    const struct options *options = session->options;
    bool on_screen = wants_screen(options) && options->command != COMMAND_SHOW;
    session->loop = loop_create(err);
    if (!session->loop)
        return false;
    session->http = client_http(options, session->loop);
    session->token = client_token(session->settings, session->http,
                                  session->loop, session->run_id);
    session->run = run_create(session->run_id, options->memory);
    session->spool = spool_create();
    struct spill spill = spool_spill(session->spool);
    run_set_spill(session->run, &spill);
    make_source(session, on_screen);
    loop_set_signals(session->loop, on_signal, session);
    loop_set_turn(session->loop, on_turn, session);
    if (options->timeout_ms) {
        session->deadline_ms =
            loop_steady_ms(session->loop) + options->timeout_ms;
        loop_timer_start(session->loop, &session->timeout, options->timeout_ms,
                         on_timeout, session);
    }
    return on_screen ? open_screen(session, err) : open_lines(session, err);
}

/* The last line is an end line, whatever happened. */
static void tell_end(struct session *session)
{
    if (session->ended || !session->sink || session->reader_left)
        return;
    struct event event = {.type = EVENT_END,
                          .time_ms = loop_wall_ms(session->loop)};
    struct error why = {0};
    if (session->options->command != COMMAND_SSE)
        event.run = session->run_id;
    if (session->forced_code == EXIT_TIMEOUT)
        error_set(&why, ERROR_CONNECTION, "--timeout is over");
    else if (session->forced_code > EXIT_SIGNAL)
        error_set(&why, ERROR_SYSTEM, "stopped by signal %d",
                  session->forced_code - EXIT_SIGNAL);
    if (why.kind != ERROR_NONE)
        event.end.failure = &why;
    sink_event(session->sink, &event);
    flush(session);
}

static void close_session(struct session *session)
{
    if (session->source)
        session->source->ops->destroy(session->source);
    sink_destroy(session->sink);
    token_destroy(session->token);
    http_destroy(session->http);
    run_destroy(session->run);
    spool_destroy(session->spool);
    if (session->poll_secret)
        mem_wipe(session->poll_secret, strlen(session->poll_secret));
    free(session->poll_secret);
    if (session->has_include)
        regfree(&session->include);
    if (session->has_exclude)
        regfree(&session->exclude);
    loop_destroy(session->loop);
}

/* Leaves the screen and says on the main one what there is to say. */
static void leave_screen(struct session *session, const char *again)
{
    const struct error *failure =
        session->failure.kind != ERROR_NONE ? &session->failure : NULL;
    if (!session->tui)
        return;
    tui_close(session->tui);
    session->tui = NULL;
    if (!nothing_heard(session))
        verdict_print(stdout, session->run, loop_wall_ms(session->loop), again,
                      failure);
}

static int code_of(const struct session *session)
{
    const struct run_facts *facts = run_facts(session->run);
    int code = session->failure.kind != ERROR_NONE
                   ? exit_code_of_error(&session->failure)
               : facts->finished ? exit_code_of_run(facts)
                                 : EXIT_LEFT;
    bool worked = session->failure.kind == ERROR_NONE && session->ended;
    if (session->options->no_exit_status && worked)
        code = EXIT_COMPLETED;
    return session->forced_code >= 0 ? session->forced_code : code;
}

static void say_why(const struct session *session)
{
    struct error err = {0};
    if (session->failure.kind != ERROR_NONE) {
        complain(&session->failure);
    } else if (session->forced_code == EXIT_TIMEOUT) {
        error_set(&err, ERROR_CONNECTION,
                  "gave up on %s after the time that --timeout allows; the "
                  "run goes on",
                  session->run_id);
        complain(&err);
    }
}

int follow_run(const struct options *options, struct settings *settings,
               const char *run, const char *again)
{
    struct error err = {0};
    struct session session = {.options = options,
                              .settings = settings,
                              .run_id = run,
                              .forced_code = -1};
    int code;
    if (open_session(&session, &err)) {
        session.source->ops->start(session.source);
        loop_run(session.loop);
        tell_end(&session);
        flush(&session);
        bool on_screen = session.tui != NULL;
        leave_screen(&session, again);
        if (!on_screen || nothing_heard(&session))
            say_why(&session);
        code = code_of(&session);
    } else {
        tui_close(session.tui);
        complain(&err);
        code = exit_code_of_error(&err);
    }
    close_session(&session);
    return code;
}
