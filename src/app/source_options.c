#include "config.h"

#include "app/source_options.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "wire/url.h"

enum {
    LINGER_MS = 1500, /* watching for late entries, in lines */
    SCREEN_LINGER_MS = 15000
};

bool source_options_follow(enum command command)
{
    return command == COMMAND_WATCH || command == COMMAND_SHOW ||
           command == COMMAND_STREAM || command == COMMAND_SSE ||
           command == COMMAND_AGENT;
}

char *source_options_name(const struct options *options)
{
    struct buf name = buf_make(0);
    if (options->command != COMMAND_SSE)
        return url_run_id(options->target);
    if (strcmp(options->target, "-") == 0)
        buf_adds(&name, "standard input");
    else
        url_for_display(&name, options->target);
    return buf_take(&name);
}

/* The key to an API's polling endpoint is the one to its token endpoint, as
 * long as it is the same API. */
char *source_options_poll_header(const struct settings *settings)
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

static void set_streams(struct source_options *out,
                        const struct options *options)
{
    out->read_streams =
        !options->no_streams && options->command != COMMAND_SHOW;
    if (options->stream_count)
        out->streams = options->streams;
    if (options->command == COMMAND_STREAM) {
        out->read_streams = out->streams_first = true;
        out->guess_stream = !options->stream_count;
        out->streams_latest = options->tail == 0;
    }
}

void source_options_set(struct source_options *out,
                        const struct options *options,
                        const struct settings *settings, const char *run,
                        const char *poll_secret, bool on_screen)
{
    bool once = options->command == COMMAND_SHOW;
    bool is_stream = options->command == COMMAND_SSE;
    out->run = run;
    out->api_url = is_stream ? options->target : settings->api_url;
    out->poll_url = settings->poll_url;
    out->poll_secret = poll_secret;
    out->progress_key = settings->progress_key;
    out->log_key = settings->log_key;
    out->scale = options->scale;
    out->idle_ms = options->idle_ms;
    out->max_retries = options->max_retries;
    out->follow = !options->no_follow && !once;
    out->poll_only = options->poll_only || once;
    out->want_details = on_screen;
    out->linger_ms = on_screen ? SCREEN_LINGER_MS : LINGER_MS;
    out->headers = (const char *const *)settings->headers;
    out->query_token = settings->query_token;
    out->login = settings->login;
    out->login_in_query = options->query_token;
    set_streams(out, options);
}
