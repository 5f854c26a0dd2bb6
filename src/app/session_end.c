#include "config.h"

#include "app/session.h"

#include <stdio.h>
#include <string.h>

#include "app/complain.h"
#include "app/exit_code.h"
#include "app/verdict.h"
#include "base/mem.h"
#include "io/player.h"

bool session_heard_nothing(const struct session *session)
{
    return run_facts(session->run)->status == STATUS_UNKNOWN &&
           !run_facts(session->run)->task && !run_entries(session->run);
}

void session_tell_end(struct session *session)
{
    if (session->ended || session->reader_left)
        return;
    struct event event = {.type = EVENT_END,
                          .time_ms = loop_wall_ms(session->loop)};
    event.end.known = run_facts(session->run)->finished;
    event.end.cut = true;
    struct error why = {0};
    if (session->options->command != COMMAND_SSE)
        event.run = session->run_id;
    if (session->forced_code == EXIT_TIMEOUT)
        error_set(&why, ERROR_CONNECTION, "--timeout is over");
    else if (session->forced_code > EXIT_SIGNAL)
        error_set(&why, ERROR_SYSTEM, "stopped by signal %d",
                  session->forced_code - EXIT_SIGNAL);
    else if (session->over)
        error_set(&why, ERROR_CONNECTION, "%s", session->over);
    if (why.kind != ERROR_NONE)
        event.end.failure = &why;
    if (session->sink)
        sink_event(session->sink, &event);
    else
        run_apply(session->run, &event);
    session_flush(session);
}

void session_tell_held(struct session *session)
{
    struct source *source = session->source;
    if (source && source->ops->tell_held && !session->ended &&
        !session->reader_left)
        source->ops->tell_held(source);
}

void session_stop_source(struct session *session)
{
    if (session->source)
        session->source->ops->destroy(session->source);
    session->source = NULL;
}

void session_recording_over(void *context, const char *how, int number)
{
    struct session *session = context;
    if (session->ended)
        return;
    session->over = strcmp(how, "until") == 0 ? "stopped by --until"
                                              : "the recording ends here";
    if (strcmp(how, "timeout") == 0)
        session->forced_code = EXIT_TIMEOUT;
    else if (strcmp(how, "signal") == 0)
        session->forced_code = EXIT_SIGNAL + number;
    session_tell_held(session);
    session_stop_source(session);
    if (!session->tui) {
        loop_stop(session->loop);
        return;
    }
    session_tell_end(session);
    session->ended = true;
    tui_note(session->tui);
}

void session_close(struct session *session)
{
    session_stop_source(session);
    lines_close(session->lines);
    aside_destroy(session->aside);
    token_destroy(session->token);
    http_destroy(session->http);
    if (session->playing)
        player_end(session->playing->player);
    recorder_destroy(session->recorder);
    run_destroy(session->run);
    spool_destroy(session->spool);
    mem_forget(&session->poll_secret);
    loop_destroy(session->loop);
}

/* What was noted on a screen that is gone, where it is all there was. */
static void repeat_notice(const struct session *session)
{
    int64_t since_ms;
    const char *notice = run_notice(session->run, &since_ms);
    if (session->ended)
        complain_of(NULL, notice ? notice : "nothing came before the end");
}

void session_leave_screen(struct session *session, const char *again)
{
    const struct error *failure =
        session->failure.kind != ERROR_NONE ? &session->failure : NULL;
    if (!session->tui)
        return;
    tui_close(session->tui);
    session->tui = NULL;
    if (!session_heard_nothing(session))
        verdict_print(stdout, session->run, loop_wall_ms(session->loop), again,
                      failure);
    else if (!failure)
        repeat_notice(session);
}

int session_exit_code(const struct session *session)
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

/* How the run was when it was last heard of, if it was. */
static void describe_timeout(const struct session *session, struct error *err)
{
    const struct run_facts *facts = run_facts(session->run);
    bool known = facts->status != STATUS_UNKNOWN;
    error_set(err, ERROR_CONNECTION,
              "gave up on %s after the time that --timeout allows%s%s",
              session->run_id,
              !known            ? ""
              : facts->finished ? "; the run itself is "
                                : ", while it was ",
              known ? status_word(facts->status) : "");
}

void session_say_why(const struct session *session)
{
    struct error err = {0};
    if (session->failure.kind != ERROR_NONE) {
        complain(&session->failure);
    } else if (session->forced_code == EXIT_TIMEOUT) {
        describe_timeout(session, &err);
        complain(&err);
    }
}
