#include "config.h"

#include "app/lines.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/look.h"
#include "app/zone.h"
#include "base/duration.h"
#include "base/instant.h"
#include "base/mem.h"

struct lines {
    struct sink *sink;
    regex_t include, exclude;
    bool has_include, has_exclude;
};

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

static void open_sink(struct lines *lines, const struct options *options,
                      const char *source, int64_t now_ms, int64_t since_ms)
{
    struct sink_options sink_options = {
        .fd = STDOUT_FILENO,
        .now_ms = now_ms,
        .source = source,
        .level = options->level,
        .since_ms = since_ms,
        .tail = options->tail < 0 ? SIZE_MAX : (size_t)options->tail,
        .include = lines->has_include ? &lines->include : NULL,
        .exclude = lines->has_exclude ? &lines->exclude : NULL,
        .fields = options->json_fields,
        .parts_only = options->command == COMMAND_STREAM,
        .color = look_wants_color(options),
        .escape = look_line_flags(options),
        .time_is_utc = options->time == TIME_IN_UTC,
        .show_time = options->time != TIME_OFF,
        .utc_offset_s = zone_offset_s,
    };
    if (options->output == OUTPUT_JSON)
        lines->sink = sink_json_create(&sink_options);
    else if (options->command == COMMAND_STREAM)
        lines->sink = sink_stream_create(&sink_options);
    else
        lines->sink = sink_plain_create(&sink_options);
}

struct lines *lines_open(const struct options *options, const char *source,
                         int64_t now_ms, struct error *err)
{
    struct lines *lines = mem_zalloc(1, sizeof *lines);
    int64_t since_ms;
    if (read_since(options->since, now_ms, &since_ms, err) &&
        compile(&lines->include, &lines->has_include, options->include,
                "include", err) &&
        compile(&lines->exclude, &lines->has_exclude, options->exclude,
                "exclude", err)) {
        open_sink(lines, options, source, now_ms, since_ms);
        return lines;
    }
    lines_close(lines);
    return NULL;
}

void lines_close(struct lines *lines)
{
    if (!lines)
        return;
    sink_destroy(lines->sink);
    if (lines->has_include)
        regfree(&lines->include);
    if (lines->has_exclude)
        regfree(&lines->exclude);
    free(lines);
}

struct sink *lines_sink(const struct lines *lines)
{
    return lines->sink;
}
