/* Streams stay in the set when they are over, so that none is read twice. */
#include "config.h"

#include "io/source_streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/source_stream.h"

enum {
    MOST_STREAMS = 100 /* at a time, and in all */
};

struct source_streams {
    struct source_options options;
    struct http *http;
    struct loop *loop;
    struct token *token;
    const struct source_streams_ops *ops;
    void *context;
    struct source_stream *members[MOST_STREAMS];
    size_t count, over;
    bool finished, incomplete, told_too_many;
};

/* One that is only tried, the first if any, counts when it is there. */
static unsigned count_read(const struct source_streams *streams)
{
    bool guess = streams->count && source_stream_is_guess(streams->members[0]);
    return (unsigned)streams->count - guess;
}

static void on_event(void *context, struct event *event)
{
    struct source_streams *streams = context;
    if (event->type == EVENT_PART)
        event->part.streams = count_read(streams);
    event->time_ms = loop_wall_ms(streams->loop);
    event->run = streams->options.run;
    streams->ops->emit(streams->context, event);
}

static void on_over(void *context, enum source_stream_end end)
{
    struct source_streams *streams = context;
    streams->over++;
    if (end == SOURCE_STREAM_INCOMPLETE)
        streams->incomplete = true;
    if (source_streams_are_over(streams))
        streams->ops->drained(streams->context);
}

static void on_caught_up(void *context)
{
    struct source_streams *streams = context;
    if (source_streams_are_caught_up(streams))
        streams->ops->caught_up(streams->context);
}

static const struct source_stream_ops stream_ops = {
    .emit = on_event, .caught_up = on_caught_up, .over = on_over};

static void tell_too_many(struct source_streams *streams)
{
    char words[100];
    struct event event = {.type = EVENT_NOTICE, .notice = words};
    if (streams->told_too_many)
        return;
    streams->told_too_many = streams->incomplete = true;
    snprintf(words, sizeof words,
             "the run has more than %d streams; name those to read with "
             "--stream",
             MOST_STREAMS);
    on_event(streams, &event);
}

static bool is_member(const struct source_streams *streams, const char *key)
{
    for (size_t i = 0; i < streams->count; i++)
        if (strcmp(source_stream_key(streams->members[i]), key) == 0)
            return true;
    return false;
}

/* Names that an address cannot have as a part of its own. */
static bool is_unusable(const char *key)
{
    return !*key || strcmp(key, ".") == 0 || strcmp(key, "..") == 0;
}

static void add(struct source_streams *streams, const char *key, bool guessed)
{
    if (streams->told_too_many || is_unusable(key) || is_member(streams, key))
        return;
    if (streams->count == MOST_STREAMS) {
        tell_too_many(streams);
        return;
    }
    struct source_stream_options options = {
        .run = streams->options.run,
        .key = key,
        .api_url = streams->options.api_url,
        .idle_ms = streams->options.idle_ms,
        .max_retries = streams->options.max_retries,
        .latest = streams->options.streams_latest,
        .guessed = guessed,
        .finished = streams->finished || !streams->options.follow,
    };
    /* in the set before it can be over: nothing is over within the call */
    streams->members[streams->count++] =
        source_stream_create(&options, streams->http, streams->loop,
                             streams->token, &stream_ops, streams);
}

void source_streams_start(struct source_streams *streams)
{
    for (const char *const *name = streams->options.streams; name && *name;
         name++)
        add(streams, *name, false);
}

void source_streams_note(struct source_streams *streams,
                         const struct stream_keys *keys)
{
    source_streams_start(streams);
    if (streams->options.guess_stream && !streams->count && !keys->count)
        add(streams, "default", true);
    for (size_t i = 0; !streams->options.streams && i < keys->count; i++)
        add(streams, keys->keys[i], false);
}

void source_streams_finish(struct source_streams *streams)
{
    streams->finished = true;
    for (size_t i = 0; i < streams->count; i++)
        source_stream_finish(streams->members[i]);
}

bool source_streams_let_alone(struct source_streams *streams)
{
    static const struct stream_keys none;
    source_streams_note(streams, &none);
    streams->finished = true;
    for (size_t i = 0; i < streams->count; i++)
        source_stream_let_alone(streams->members[i]);
    return !source_streams_are_over(streams);
}

bool source_streams_are_caught_up(const struct source_streams *streams)
{
    for (size_t i = 0; i < streams->count; i++)
        if (!source_stream_is_caught_up(streams->members[i]))
            return false;
    return true;
}

void source_streams_wait_no_more(struct source_streams *streams)
{
    for (size_t i = 0; i < streams->count; i++)
        source_stream_wait_no_more(streams->members[i]);
}

bool source_streams_are_heard(const struct source_streams *streams)
{
    for (size_t i = 0; i < streams->count; i++)
        if (source_stream_is_heard(streams->members[i]))
            return true;
    return false;
}

bool source_streams_told_parts(const struct source_streams *streams)
{
    for (size_t i = 0; i < streams->count; i++)
        if (source_stream_told_parts(streams->members[i]))
            return true;
    return false;
}

bool source_streams_are_over(const struct source_streams *streams)
{
    return streams->finished && streams->over == streams->count;
}

bool source_streams_are_complete(const struct source_streams *streams)
{
    return source_streams_are_over(streams) && !streams->incomplete;
}

void source_streams_missing(const struct source_streams *streams,
                            struct buf *words)
{
    const struct error *failure = NULL;
    if (source_streams_are_complete(streams))
        return;
    for (size_t i = 0; i < streams->count && !failure; i++) {
        const struct source_stream *stream = streams->members[i];
        failure = source_stream_failure(stream);
        if (failure)
            buf_addf(words, "stream %.60s: %s", source_stream_key(stream),
                     failure->message);
    }
    if (!failure)
        buf_adds(words, streams->told_too_many ? "there are too many streams"
                                               : "streams were not read");
}

static void add_keys(struct buf *words, const struct stream_keys *keys)
{
    enum {
        MOST_NAMED = 8 /* in a sentence */
    };
    if (!keys->count)
        buf_adds(words, "this run tells of no streams");
    else
        buf_addf(words, "this run has the stream%s ",
                 keys->count == 1 ? "" : "s");
    for (size_t i = 0; i < keys->count && i < MOST_NAMED; i++)
        buf_addf(words, "%s%.60s", i ? ", " : "", keys->keys[i]);
    if (keys->count > MOST_NAMED)
        buf_addf(words, " and %zu more", keys->count - MOST_NAMED);
}

static bool has_key(const struct stream_keys *keys, const char *key)
{
    for (size_t i = 0; i < keys->count; i++)
        if (strcmp(keys->keys[i], key) == 0)
            return true;
    return false;
}

/* Some servers have no stream of that name, others an empty one. */
static bool is_mistaken(const struct source_streams *streams,
                        const struct source_stream *stream,
                        const struct stream_keys *keys)
{
    return streams->options.streams && !streams->options.streams_latest &&
           keys->count && !source_stream_told_parts(stream) &&
           !has_key(keys, source_stream_key(stream));
}

bool source_streams_judge(const struct source_streams *streams,
                          const struct stream_keys *keys, struct error *err)
{
    struct buf words = buf_make(0);
    enum error_kind kind = ERROR_NONE;
    for (size_t i = 0; i < streams->count; i++) {
        const struct source_stream *stream = streams->members[i];
        const struct error *failure = source_stream_failure(stream);
        if (!failure && !is_mistaken(streams, stream, keys))
            continue;
        if (kind == ERROR_NONE)
            kind = failure ? failure->kind : ERROR_PROTOCOL;
        buf_addf(&words, "%s%s %.60s", words.len ? ", " : "",
                 failure ? "not read to its end: stream" : "no such stream:",
                 source_stream_key(stream));
    }
    if (kind != ERROR_NONE) {
        buf_adds(&words, "; ");
        add_keys(&words, keys);
        error_set(err, kind, "%s", buf_str(&words));
    }
    buf_free(&words);
    return kind == ERROR_NONE;
}

void source_streams_wake(struct source_streams *streams)
{
    for (size_t i = 0; i < streams->count; i++)
        source_stream_wake(streams->members[i]);
}

struct source_streams *
source_streams_create(const struct source_options *options, struct http *http,
                      struct loop *loop, struct token *token,
                      const struct source_streams_ops *ops, void *context)
{
    struct source_streams *streams = mem_zalloc(1, sizeof *streams);
    streams->options = *options;
    streams->http = http;
    streams->loop = loop;
    streams->token = token;
    streams->ops = ops;
    streams->context = context;
    return streams;
}

void source_streams_destroy(struct source_streams *streams)
{
    if (!streams)
        return;
    for (size_t i = 0; i < streams->count; i++)
        source_stream_destroy(streams->members[i]);
    free(streams);
}
