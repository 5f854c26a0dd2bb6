#include "config.h"

#include "wire/recording.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/instant.h"
#include "base/mem.h"

static const char format_name[] = "runtail-recording";

static const char *const type_names[] = {
    [RECORDING_REQUEST] = "request",   [RECORDING_HEAD] = "head",
    [RECORDING_BODY] = "body",         [RECORDING_DONE] = "done",
    [RECORDING_REDIRECT] = "redirect", [RECORDING_INPUT] = "input",
    [RECORDING_TOKEN] = "token",       [RECORDING_WAKE] = "wake",
    [RECORDING_CLOSE] = "close",
};

/* Writing. Members without a value are left out. */

/* Headers are bytes; those that are no UTF-8 are taken as Latin-1, as the
 * standard of old had it. */
static json_t *text_value(const char *text)
{
    json_t *good = json_string(text);
    if (good)
        return good;
    struct buf out = buf_make(0);
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte >= 0x80) {
            buf_addc(&out, (char)(0xC0 | byte >> 6));
            byte = 0x80 | (byte & 0x3F);
        }
        buf_addc(&out, (char)byte);
    }
    json_t *value = json_string(buf_str(&out));
    buf_free(&out);
    return value;
}

static void set_text(json_t *object, const char *name, const char *text)
{
    if (text)
        json_object_set_new(object, name, text_value(text));
}

static void set_integer(json_t *object, const char *name, int64_t value,
                        int64_t unset)
{
    if (value != unset)
        json_object_set_new(object, name, json_integer(value));
}

static void set_flag(json_t *object, const char *name, bool value)
{
    if (value)
        json_object_set_new(object, name, json_true());
}

static void set_instant(json_t *object, const char *name, int64_t instant_ms)
{
    char text[INSTANT_TEXT_SIZE];
    if (instant_ms == INSTANT_NONE)
        return;
    instant_format_utc(instant_ms, text);
    set_text(object, name, text);
}

static void add_line(struct buf *out, json_t *root)
{
    char *text = json_dumps(root, JSON_COMPACT);
    if (text) {
        buf_adds(out, text);
        buf_addc(out, '\n');
    }
    free(text);
    json_decref(root);
}

void recording_add_start(struct buf *out, const struct recording_start *start)
{
    json_t *root = json_object();
    set_text(root, "format", format_name);
    set_integer(root, "version", RECORDING_VERSION, -1);
    set_text(root, "program", start->program);
    set_instant(root, "startedAt", start->started_ms);
    set_text(root, "command", start->command);
    set_text(root, "target", start->target);
    set_text(root, "apiUrl", start->api_url);
    set_text(root, "pollUrl", start->poll_url);
    set_text(root, "tokenOrigin", start->token_origin);
    set_text(root, "progressKey", start->progress_key);
    set_text(root, "logKey", start->log_key);
    json_t *streams = start->streams[0] ? json_array() : NULL;
    for (size_t i = 0; streams && start->streams[i]; i++)
        json_array_append_new(streams, json_string(start->streams[i]));
    if (streams)
        json_object_set_new(root, "streams", streams);
    set_integer(root, "progressScale", start->scale, 0);
    set_integer(root, "maxRetries", start->max_retries, -1);
    set_integer(root, "idleMs", start->idle_ms, 0);
    set_integer(root, "seed", start->seed, -1);
    set_flag(root, "screen", start->screen);
    set_flag(root, "noFollow", start->no_follow);
    set_flag(root, "poll", start->poll_only);
    set_flag(root, "pollKey", start->poll_key);
    set_flag(root, "noStreams", start->no_streams);
    set_flag(root, "streamsLatest", start->streams_latest);
    set_flag(root, "login", start->login);
    set_flag(root, "loginToken", start->login_token);
    add_line(out, root);
}

/* Text where it is UTF-8, so that it can be read; else base64. */
static void set_bytes(json_t *root, const struct buf *bytes)
{
    struct buf encoded = buf_make(0);
    json_t *text = json_stringn(buf_str(bytes), bytes->len);
    if (text) {
        json_object_set_new(root, "utf8", text);
        return;
    }
    base64_add(&encoded, bytes->data, bytes->len);
    set_text(root, "base64", buf_str(&encoded));
    buf_free(&encoded);
}

static void set_headers(json_t *root, const struct buf *head)
{
    json_t *headers = json_array();
    const char *p = buf_str(head), *end = p + head->len;
    for (; p < end; p += strlen(p) + 1) {
        const char *colon = strchr(p, ':');
        if (!colon)
            continue;
        const char *value = colon + 1 + strspn(colon + 1, " ");
        json_t *name = json_stringn(p, (size_t)(colon - p));
        json_t *pair = json_array();
        json_array_append_new(pair, name ? name : json_string("?"));
        json_array_append_new(pair, text_value(value));
        json_array_append_new(headers, pair);
    }
    json_object_set_new(root, "headers", headers);
}

struct recording_line recording_line(enum recording_type type, int64_t t_ms)
{
    return (struct recording_line){.type = type,
                                   .t_ms = t_ms,
                                   .expires_ms = INSTANT_NONE,
                                   .retry_after_ms = -1};
}

void recording_add(struct buf *out, const struct recording_line *line)
{
    json_t *root = json_object();
    bool has_head =
        line->type == RECORDING_REQUEST || line->type == RECORDING_HEAD;
    set_integer(root, "t", line->t_ms, -1);
    set_text(root, "type", type_names[line->type]);
    set_integer(root, "exchange", (int64_t)line->exchange, 0);
    set_integer(root, "number", line->number, 0);
    set_text(root, "method", line->method);
    set_text(root, "url", line->url);
    set_integer(root, "status", line->status, 0);
    if (has_head)
        set_headers(root, &line->head);
    if (line->bytes.len)
        set_bytes(root, &line->bytes);
    set_text(root, "how", line->how);
    set_text(root, "reason", line->reason);
    set_instant(root, "expiresAt", line->expires_ms);
    set_integer(root, "retryAfterMs", line->retry_after_ms, -1);
    add_line(out, root);
}

/* Reading. */

static const char *get_text(json_t *root, const char *name)
{
    return json_string_value(json_object_get(root, name));
}

static int64_t get_integer(json_t *root, const char *name, int64_t unset)
{
    json_t *value = json_object_get(root, name);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : unset;
}

static bool get_flag(json_t *root, const char *name)
{
    return json_is_true(json_object_get(root, name));
}

static int64_t get_instant(json_t *root, const char *name)
{
    const char *text = get_text(root, name);
    int64_t instant_ms;
    return text && instant_parse_rfc3339(text, strlen(text), &instant_ms)
               ? instant_ms
               : INSTANT_NONE;
}

static bool check_version(json_t *root, const char *text, size_t len,
                          struct error *err)
{
    static const char other[] = "\"wire-recording/";
    const char *format = get_text(root, "format");
    int64_t version = get_integer(root, "version", 0);
    if (memmem(text, len, other, strlen(other)))
        return error_set(err, ERROR_USAGE,
                         "this is a wire recording; convert it with: "
                         "runtail-sim --convert FILE");
    if (!format || strcmp(format, format_name) != 0 || version < 1)
        return error_set(err, ERROR_USAGE,
                         "this is no recording: its first line does not say "
                         "that it is one");
    if (version > RECORDING_VERSION)
        return error_set(err, ERROR_USAGE,
                         "the recording is of version %lld, and this program "
                         "knows version %d; a newer runtail will play it",
                         (long long)version, RECORDING_VERSION);
    return true;
}

static void get_streams(struct recording_start *start, json_t *root)
{
    json_t *streams = json_object_get(root, "streams");
    size_t count = 0, i;
    json_t *key;
    json_array_foreach(streams, i, key)
    {
        if (json_is_string(key) && count < RECORDING_STREAMS)
            start->streams[count++] = json_string_value(key);
    }
}

bool recording_read_start(struct recording_start *start, const char *line,
                          size_t len, struct error *err)
{
    json_t *root = json_loadb(line, len, 0, NULL);
    *start = (struct recording_start){.root = root};
    if (!check_version(root, line, len, err))
        return false;
    start->started_ms = get_instant(root, "startedAt");
    start->program = get_text(root, "program");
    start->command = get_text(root, "command");
    start->target = get_text(root, "target");
    start->api_url = get_text(root, "apiUrl");
    start->poll_url = get_text(root, "pollUrl");
    start->token_origin = get_text(root, "tokenOrigin");
    start->progress_key = get_text(root, "progressKey");
    start->log_key = get_text(root, "logKey");
    get_streams(start, root);
    start->scale = (int)get_integer(root, "progressScale", 0);
    start->max_retries = (int)get_integer(root, "maxRetries", -1);
    start->idle_ms = get_integer(root, "idleMs", 0);
    start->seed = (uint32_t)get_integer(root, "seed", 0);
    start->screen = get_flag(root, "screen");
    start->no_follow = get_flag(root, "noFollow");
    start->poll_only = get_flag(root, "poll");
    start->poll_key = get_flag(root, "pollKey");
    start->no_streams = get_flag(root, "noStreams");
    start->streams_latest = get_flag(root, "streamsLatest");
    start->login = get_flag(root, "login");
    start->login_token = get_flag(root, "loginToken");
    if (start->command && start->target && start->started_ms != INSTANT_NONE)
        return true;
    return error_set(err, ERROR_USAGE,
                     "the recording's first line does not tell what was "
                     "followed, or when");
}

void recording_free_start(struct recording_start *start)
{
    json_decref(start->root);
    start->root = NULL;
}

static bool get_bytes(struct buf *out, json_t *root)
{
    json_t *text = json_object_get(root, "utf8");
    const char *encoded = get_text(root, "base64");
    if (json_is_string(text))
        return buf_add(out, json_string_value(text), json_string_length(text));
    return !encoded || base64_read(out, encoded, strlen(encoded));
}

/* A name or a value with a line break or NUL in it is no header's. */
static void get_headers(struct buf *out, json_t *root)
{
    size_t i;
    json_t *pair;
    json_array_foreach(json_object_get(root, "headers"), i, pair)
    {
        const char *name = json_string_value(json_array_get(pair, 0));
        const char *value = json_string_value(json_array_get(pair, 1));
        if (!name || !value || strpbrk(name, ":\r\n") || strpbrk(value, "\r\n"))
            continue;
        buf_addf(out, "%s: %s", name, value);
        buf_addc(out, '\0');
    }
}

static enum recording_type type_of(json_t *root)
{
    const char *word = get_text(root, "type");
    for (size_t i = 0; word && i < RECORDING_UNKNOWN; i++)
        if (strcmp(word, type_names[i]) == 0)
            return (enum recording_type)i;
    return RECORDING_UNKNOWN;
}

bool recording_read(struct recording_line *line, const char *text, size_t len)
{
    json_t *root = json_loadb(text, len, JSON_ALLOW_NUL, NULL);
    int64_t t_ms = get_integer(root, "t", -1);
    *line = recording_line(type_of(root), t_ms);
    line->root = root;
    if (!json_is_object(root) || !get_text(root, "type") || t_ms < 0)
        return false;
    line->exchange = (uint64_t)get_integer(root, "exchange", 0);
    line->number = (int)get_integer(root, "number", 0);
    line->status = (long)get_integer(root, "status", 0);
    line->method = get_text(root, "method");
    line->url = get_text(root, "url");
    line->how = get_text(root, "how");
    line->reason = get_text(root, "reason");
    line->expires_ms = get_instant(root, "expiresAt");
    line->retry_after_ms = get_integer(root, "retryAfterMs", -1);
    get_headers(&line->head, root);
    return get_bytes(&line->bytes, root);
}

void recording_free(struct recording_line *line)
{
    json_decref(line->root);
    buf_free(&line->head);
    buf_free(&line->bytes);
    line->root = NULL;
}
