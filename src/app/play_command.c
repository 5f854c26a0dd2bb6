/* What was followed, and what decides over requests, is as it was recorded;
 * what decides over showing is as it is wanted now. */
#include "config.h"

#include "app/play_command.h"

#include <stdlib.h>
#include <string.h>

#include "app/complain.h"
#include "app/follow.h"
#include "app/look.h"
#include "app/settings.h"
#include "app/source_options.h"
#include "base/buf.h"
#include "base/duration.h"
#include "base/instant.h"
#include "base/mem.h"
#include "io/player.h"

/* --until: a time, or so long after the start. */
static bool read_until(const char *text, int64_t started_ms, int64_t *until_ms,
                       struct error *err)
{
    int64_t at_ms;
    *until_ms = -1;
    if (!text || duration_parse(text, until_ms))
        return true;
    if (!instant_parse_rfc3339(text, strlen(text), &at_ms))
        return error_set(err, ERROR_USAGE,
                         "--until takes a duration such as 5m, or a time such "
                         "as 2026-01-02T03:04:05Z, not \"%.40s\"",
                         text);
    *until_ms = at_ms - started_ms;
    return *until_ms >= 0 ||
           error_set(err, ERROR_USAGE, "the recording begins after %.40s",
                     text);
}

static char *given_or(const char *given, const char *recorded,
                      const char *fallback)
{
    return mem_strdup(given ? given : recorded ? recorded : fallback);
}

/* No secret is needed; where a key was sent, something stands for it. */
static struct settings settings_of(const struct options *options,
                                   const struct recording_start *start)
{
    return (struct settings){
        .api_url = given_or(NULL, start->api_url, "http://localhost"),
        .poll_url = mem_strdup(start->poll_url),
        .api_key = start->poll_key ? mem_strdup("played") : NULL,
        .login = start->login
                     ? mem_strdup(start->login_token
                                      ? "{\"token\":\"played\"}"
                                      : "{\"refreshToken\":\"played\"}")
                     : NULL,
        .progress_key =
            given_or(options->progress_key, start->progress_key, "progress"),
        .log_key = given_or(options->log_key, start->log_key, "logs"),
        .token_origin = given_or(NULL, start->token_origin, "a token"),
    };
}

static bool follow_as_recorded(struct options *options,
                               const struct recording_start *start,
                               struct error *err)
{
    if (!options_find_command(start->command, &options->command) ||
        !source_options_follow(options->command))
        return error_set(err, ERROR_USAGE,
                         "the recording is one of \"runtail %.40s\", which "
                         "this program cannot play",
                         start->command);
    options->target = start->target;
    options->stream_count = 0;
    for (; start->streams[options->stream_count]; options->stream_count++)
        options->streams[options->stream_count] =
            start->streams[options->stream_count];
    options->streams[options->stream_count] = NULL;
    options->no_streams = start->no_streams;
    if (start->streams_latest)
        options->tail = 0;
    options->no_follow = start->no_follow;
    options->poll_only = start->poll_only;
    options->max_retries = start->max_retries;
    options->idle_ms = start->idle_ms;
    options->timeout_ms = 0;
    options->record = NULL;
    if (options->scale == SCALE_AUTO)
        options->scale = (enum progress_scale)start->scale;
    return true;
}

/* Plays it, and once more wherever somebody wants to be elsewhere in it. */
static int follow_again(const struct options *options,
                        const struct options *given, struct settings *settings,
                        const char *run, struct playing *playing)
{
    struct buf again = buf_make(0);
    int code;
    buf_addf(&again,
             "the recording ends here; to play it again: runtail play %s",
             given->target);
    for (;;) {
        playing->seek_ms = -1;
        code =
            follow_recording(options, settings, run, buf_str(&again), playing);
        if (playing->seek_ms < 0)
            break;
        playing->span.from_ms = playing->seek_ms;
        playing->span.until_ms = -1;
        playing->span.speed = given->speed > 0 ? given->speed : 1;
    }
    buf_free(&again);
    return code;
}

static int play(const struct options *given, struct player *player)
{
    struct error err = {0};
    struct options options = *given;
    const struct recording_start *start = player_start(player);
    bool at_once = given->no_follow || (given->until && !given->speed_given);
    struct playing playing = {
        .player = player,
        .span.speed = at_once ? 0 : given->speed,
        .for_screen = start->screen,
        .from_input = look_reads_input(given),
    };
    if (!read_until(given->until, start->started_ms, &playing.span.until_ms,
                    &err) ||
        !follow_as_recorded(&options, start, &err))
        return complain(&err);
    char *name = source_options_name(&options);
    struct settings settings = settings_of(given, start);
    int code;
    if (name) {
        code = follow_again(&options, given, &settings, name, &playing);
    } else {
        error_set(&err, ERROR_USAGE,
                  "the recording does not tell what was followed");
        code = complain(&err);
    }
    settings_free(&settings);
    free(name);
    return code;
}

int play_command(const struct options *options)
{
    struct error err = {0};
    struct player *player = player_open(options->target, &err);
    if (!player)
        return complain(&err);
    int code = play(options, player);
    player_destroy(player);
    return code;
}
