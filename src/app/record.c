#include "config.h"

#include "app/record.h"

#include <string.h>

#include "app/exit_code.h"
#include "io/agent_login.h"

/* Those that are not used are not to be written either: a server may know
 * them all the same. */
void record_secrets(struct recorder *recorder, const struct settings *settings)
{
    recorder_add_secret(recorder, settings->api_key);
    recorder_add_secret(recorder, settings->access_token);
    recorder_add_secret(recorder, settings->secret_key);
    recorder_add_secret(recorder, settings->query_token);
    for (char **header = settings->headers; header && *header; header++)
        recorder_add_secret_header(recorder, *header);
}

/* The demo is a run like any other. */
static enum command command_of(const struct options *options)
{
    return options->command == COMMAND_DEMO ? COMMAND_WATCH : options->command;
}

struct recorder *record_open(const struct options *options,
                             const struct settings *settings, const char *run,
                             bool on_screen, uint32_t seed, bool poll_key,
                             const struct token *token, struct loop *loop,
                             struct error *err)
{
    struct recorder *recorder =
        recorder_create(options->record, options->overwrite, loop, err);
    if (!recorder)
        return NULL;
    struct recording_start start = {
        .seed = seed,
        .program = PACKAGE_NAME " " PACKAGE_VERSION,
        .command = options_command_word(command_of(options)),
        .target = options->command == COMMAND_SSE ? options->target : run,
        .api_url = settings->api_url,
        .poll_url = settings->poll_url,
        .progress_key = settings->progress_key,
        .log_key = settings->log_key,
        .token_origin = token_origin(token),
        .scale = (int)options->scale,
        .max_retries = options->max_retries,
        .idle_ms = options->idle_ms,
        .screen = on_screen,
        .no_follow = options->no_follow,
        .poll_only = options->poll_only,
        .poll_key = poll_key,
        .login = settings->login != NULL,
        .login_token =
            settings->login && agent_login_has_token(settings->login),
    };
    for (size_t i = 0; i < options->stream_count; i++)
        start.streams[i] = options->streams[i];
    start.no_streams = options->no_streams;
    start.streams_latest =
        options->command == COMMAND_STREAM && options->tail == 0;
    record_secrets(recorder, settings);
    recorder_start(recorder, &start);
    return recorder;
}

void record_close(struct recorder *recorder, bool ended, int code)
{
    if (ended)
        recorder_close(recorder, "ended", 0);
    else if (code == EXIT_TIMEOUT)
        recorder_close(recorder, "timeout", 0);
    else if (code > EXIT_SIGNAL)
        recorder_close(recorder, "signal", code - EXIT_SIGNAL);
    else
        recorder_close(recorder, "left", 0);
}
