#include "config.h"

#include "app/session.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/client.h"
#include "app/complain.h"
#include "app/exit_code.h"
#include "app/look.h"
#include "app/record.h"
#include "app/source_options.h"
#include "base/buf.h"
#include "base/instant.h"
#include "io/player.h"

enum {
    SEEK_MS = 10 * 1000
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

void session_flush(struct session *session)
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

static void take_end(struct session *session, const struct event *event)
{
    session->ended = true;
    if (event->end.failure)
        session->failure = *event->end.failure;
    /* the screen stays for reading, unless there is nothing to read */
    if (!session->tui || session_heard_nothing(session))
        loop_stop(session->loop);
}

static void on_event(void *context, const struct event *event)
{
    struct session *session = context;
    if (session->aside)
        aside_event(session->aside, event);
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

/* The connection may be stale. */
static void wake(void *context)
{
    struct session *session = context;
    if (session->ended)
        return;
    recorder_wake(session->recorder);
    session->source->ops->wake(session->source);
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
        if (number == SIGCONT && !session->playing)
            wake(session);
        break;
    default:
        leave(session, EXIT_SIGNAL + number);
    }
}

/* Goes elsewhere in a recording: it is played once more, up to there. Faster
 * playing takes longer steps. */
static void seek(struct session *session, int64_t step_ms)
{
    struct playing *playing = session->playing;
    if (!playing)
        return;
    if (playing->span.speed > 1)
        step_ms = (int64_t)((double)step_ms * playing->span.speed);
    int64_t to_ms = player_position_ms(playing->player) + step_ms;
    playing->seek_ms = to_ms > 0 ? to_ms : 0;
    playing->span.paused = player_is_paused(playing->player);
    loop_stop(session->loop);
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
    case TUI_GONE:
        leave(session, EXIT_SIGNAL + SIGHUP);
        break;
    case TUI_BACK:
        seek(session, -SEEK_MS);
        break;
    case TUI_FORTH:
        seek(session, SEEK_MS);
        break;
    }
}

/* Runtail's own words, beside what the source tells. */
static void say(void *context, const char *words)
{
    struct session *session = context;
    int64_t now_ms = loop_wall_ms(session->loop);
    struct event event = {EVENT_NOTICE, .time_ms = now_ms, .notice = words};
    on_event(session, &event);
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
    say(session, words);
}

/* Says once that the recording has come to an end before its time, and why. */
static void check_recorder(struct session *session)
{
    const char *failure = recorder_failure(session->recorder);
    char words[300];
    if (!failure || session->record_told)
        return;
    session->record_told = true;
    snprintf(words, sizeof words,
             "the recording stops here: %s; following goes on", failure);
    say(session, words);
}

static int64_t on_turn(void *context)
{
    struct session *session = context;
    if (session->tui)
        check_spool(session);
    check_recorder(session);
    int64_t next_ms = -1;
    if (session->sink)
        next_ms = sink_turn(session->sink, loop_wall_ms(session->loop));
    session_flush(session);
    return session->tui ? tui_turn(session->tui) : next_ms;
}

static bool open_lines(struct session *session, struct error *err)
{
    int64_t now_ms = loop_wall_ms(session->loop);
    session->lines =
        lines_open(session->options, session->source->ops->name, now_ms, err);
    if (!session->lines)
        return false;
    session->sink = lines_sink(session->lines);
    bool is_text = session->options->command == COMMAND_STREAM;
    if (is_text || session->options->output == OUTPUT_JSON)
        session->aside = aside_create(!is_text);
    if (sink_has_reader(STDOUT_FILENO))
        loop_set_output(session->loop, STDOUT_FILENO, on_reader_left, session);
    return true;
}

static bool open_screen(struct session *session, struct error *err)
{
    struct options options = *session->options;
    if (options.color == WHEN_AUTO)
        options.color = look_wants_color(&options) ? WHEN_AUTO : WHEN_NEVER;
    session->tui = tui_open(&options, session->run, session->loop, err);
    if (!session->tui)
        return false;
    if (session->playing)
        tui_set_player(session->tui, session->playing->player);
    loop_set_input(session->loop, tui_fd(session->tui), on_input, session);
    return true;
}

/* Any other credentials will do. */
static void play_renewal(struct session *session)
{
    struct settings *settings = session->settings;
    struct buf token = buf_make(0);
    if (!player_has_token(session->playing->player, session->wish))
        return;
    buf_addf(&token, "played-%d", session->wish);
    free(settings->query_token);
    settings->query_token = buf_take(&token);
}

/* What a stream's token is now, after it was refused. A recording tells whether
 * it was another one; then it is another one when that is played. */
static void renew(void *context, struct source_options *options)
{
    struct session *session = context;
    struct settings *settings = session->settings;
    struct error err = {0};
    session->wish = http_count_wish(session->http);
    if (session->playing)
        play_renewal(session);
    else
        settings_renew(settings, session->options, &err);
    loop_read_clocks(session->loop);
    record_secrets(session->recorder, settings);
    options->headers = (const char *const *)settings->headers;
    options->query_token = settings->query_token;
    options->login = settings->login;
}

static void on_renewed(void *context)
{
    const struct session *session = context;
    recorder_token(session->recorder, session->wish, INSTANT_NONE, NULL, -1);
}

static void make_source(struct session *session, bool on_screen, bool in_bulk)
{
    struct source_options options = {.renew = renew,
                                     .renewed = on_renewed,
                                     .renew_context = session,
                                     .in_bulk = in_bulk};
    source_options_set(&options, session->options, session->settings,
                       session->run_id, session->poll_secret, on_screen);
    if (session->options->command == COMMAND_AGENT)
        session->source = source_agent_create(&options, session->http,
                                              session->loop, on_event, session);
    else if (session->options->command == COMMAND_SSE)
        session->source = source_sse_create(&options, session->http,
                                            session->loop, on_event, session);
    else
        session->source =
            source_run_create(&options, session->http, session->loop,
                              session->token, on_event, session);
}

/* A recording is played by its own clock, and with its own chances. */
static void begin_playing(struct session *session)
{
    const struct playing *playing = session->playing;
    srand((unsigned)loop_wall_ms(session->loop));
    if (!playing)
        return;
    const struct recording_start *start = player_start(playing->player);
    srand(start->seed);
    loop_play_clock(session->loop, start->started_ms, playing->span.speed);
    http_set_player(session->http, playing->player);
}

static bool begin_recording(struct session *session, bool on_screen,
                            struct error *err)
{
    const struct options *options = session->options;
    uint32_t seed = (uint32_t)loop_wall_ms(session->loop);
    if (!options->record)
        return true;
    session->recorder = record_open(
        options, session->settings, session->run_id, on_screen, seed,
        session->poll_secret != NULL, session->token, session->loop, err);
    http_set_recorder(session->http, session->recorder);
    srand(seed);
    return session->recorder != NULL;
}

static const struct player_ops player_ops = {
    .notice = say,
    .wake = wake,
    .over = session_recording_over,
};

static bool open_session(struct session *session, struct error *err)
{
    const struct options *options = session->options;
    bool reads_input = session->playing ? session->playing->from_input
                                        : look_reads_input(options);
    bool on_screen = options->command != COMMAND_SHOW &&
                     look_wants_screen(options, reads_input);
    session->loop = loop_create(err);
    if (!session->loop)
        return false;
    session->http = client_http(options, session->loop);
    begin_playing(session);
    session->token = client_token(session->settings, session->http,
                                  session->loop, session->run_id);
    session->run = run_create(session->run_id, options->memory);
    session->spool = spool_create();
    struct spill spill = spool_spill(session->spool);
    run_set_spill(session->run, &spill);
    session->poll_secret = source_options_poll_header(session->settings);
    if (!begin_recording(session, on_screen, err))
        return false;
    make_source(session,
                session->playing ? session->playing->for_screen : on_screen,
                on_screen);
    loop_set_signals(session->loop, on_signal, session);
    loop_set_turn(session->loop, on_turn, session);
    if (options->timeout_ms && !session->playing) {
        session->deadline_ms =
            loop_steady_ms(session->loop) + options->timeout_ms;
        loop_timer_start(session->loop, &session->timeout, options->timeout_ms,
                         on_timeout, session);
    }
    if (on_screen ? !open_screen(session, err) : !open_lines(session, err))
        return false;
    if (session->playing)
        player_begin(session->playing->player, session->loop,
                     &session->playing->span, &player_ops, session);
    return true;
}

static int run_session(struct session *session, const char *again)
{
    struct error err = {0};
    if (!open_session(session, &err)) {
        tui_close(session->tui);
        complain(&err);
        return exit_code_of_error(&err);
    }
    session->source->ops->start(session->source);
    loop_run(session->loop);
    if (session->playing && session->playing->seek_ms >= 0) {
        tui_close(session->tui);
        return EXIT_COMPLETED;
    }
    session_tell_held(session);
    if (session->sink)
        session_tell_end(session);
    session_flush(session);
    bool on_screen = session->tui != NULL;
    session_leave_screen(session, again);
    session_stop_source(session);
    record_close(session->recorder, session->ended, session->forced_code);
    check_recorder(session);
    if (!on_screen || session_heard_nothing(session))
        session_say_why(session);
    return session_exit_code(session);
}

int follow_recording(const struct options *options, struct settings *settings,
                     const char *run, const char *again,
                     struct playing *playing)
{
    struct session session = {.options = options,
                              .settings = settings,
                              .run_id = run,
                              .playing = playing,
                              .forced_code = -1};
    int code = run_session(&session, again);
    session_close(&session);
    return code;
}

int follow_run(const struct options *options, struct settings *settings,
               const char *run, const char *again)
{
    return follow_recording(options, settings, run, again, NULL);
}
