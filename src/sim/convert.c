/* Each exchange becomes a request, a head, pieces and an end; all of them are
 * put in the order of time. Left out are requests that have nothing to do with
 * following (tokens, actions), and those that the recorded client gave up
 * without an answer, which others need not make. */
#include "config.h"

#include "sim/convert.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/instant.h"
#include "base/mem.h"
#include "sim/replay.h"
#include "wire/mask.h"
#include "wire/recording.h"

/* Whatever host it was. */
static const char api_url[] = "http://recording.invalid";

/* A line with its place in time. */
struct item {
    int64_t t_ms;
    size_t number; /* as it was made */
    struct buf text;
};

struct convert {
    struct item *items;
    size_t count, size;
    struct mask *mask; /* of no secrets: takes tokens out */
    uint64_t exchanges;
};

static const char *text_of(json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static int64_t at_ms(json_t *object, const char *name)
{
    return (int64_t)json_integer_value(json_object_get(object, name));
}

/* Takes the line's memory. */
static void add(struct convert *convert, struct recording_line *line)
{
    if (convert->count == convert->size) {
        convert->size = convert->size * 2 + 64;
        convert->items =
            mem_resize(convert->items, convert->size, sizeof *convert->items);
    }
    struct item *item = &convert->items[convert->count];
    *item = (struct item){.t_ms = line->t_ms, .number = convert->count};
    line->exchange = convert->exchanges;
    recording_add(&item->text, line);
    recording_free(line);
    convert->count++;
}

/* Requests. */

static void add_request(struct convert *convert, json_t *request, int64_t t_ms)
{
    struct recording_line line = recording_line(RECORDING_REQUEST, t_ms);
    struct buf url = buf_make(0), clean = buf_make(0);
    size_t i;
    json_t *pair;
    buf_addf(&url, "%s%s", api_url, text_of(request, "path"));
    json_array_foreach(json_object_get(request, "query"), i, pair)
    {
        const char *name = json_string_value(json_array_get(pair, 0));
        const char *value = json_string_value(json_array_get(pair, 1));
        if (name && value)
            buf_addf(&url, "%c%s=%s", i ? '&' : '?', name, value);
    }
    mask_url(convert->mask, buf_str(&url), &clean);
    line.method = text_of(request, "method");
    line.url = buf_str(&clean);
    convert->exchanges++;
    add(convert, &line);
    buf_free(&url);
    buf_free(&clean);
}

/* Answers. */

static void add_head(struct convert *convert, json_t *response, int64_t t_ms)
{
    struct recording_line line = recording_line(RECORDING_HEAD, t_ms);
    const char *name;
    json_t *value;
    line.status = (long)at_ms(response, "status");
    json_object_foreach(json_object_get(response, "headers"), name, value)
    {
        const char *text = json_string_value(value);
        if (!text)
            continue;
        for (const char *p = name; *p; p++)
            buf_addc(&line.head,
                     *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p);
        buf_adds(&line.head, ": ");
        if (mask_is_secret_name(name, strlen(name)))
            buf_adds(&line.head, "***");
        else
            mask_text(convert->mask, text, strlen(text), &line.head);
        buf_addc(&line.head, '\0');
    }
    add(convert, &line);
}

static void add_piece(struct convert *convert, struct mask_stream *body,
                      json_t *chunk, int64_t t_ms)
{
    struct recording_line line = recording_line(RECORDING_BODY, t_ms);
    struct buf bytes = buf_make(0);
    replay_add_chunk(&bytes, chunk);
    mask_feed(convert->mask, body, buf_str(&bytes), bytes.len, &line.bytes);
    buf_free(&bytes);
    if (line.bytes.len)
        add(convert, &line);
    else
        recording_free(&line);
}

static void add_end(struct convert *convert, struct mask_stream *body,
                    json_t *response, int64_t t_ms)
{
    struct recording_line rest = recording_line(RECORDING_BODY, t_ms);
    struct recording_line line = recording_line(RECORDING_DONE, t_ms);
    const char *how = text_of(json_object_get(response, "end"), "how");
    bool answered = !json_is_null(json_object_get(response, "status"));
    mask_finish(convert->mask, body, &rest.bytes);
    if (rest.bytes.len)
        add(convert, &rest);
    if (strcmp(how, "complete") == 0) {
        line.how = "complete";
    } else if (strcmp(how, "cut") == 0) {
        line.how = "broken";
        line.reason = answered ? "the answer was cut off"
                               : "the server closed the connection";
    } else {
        line.how = "canceled";
    }
    add(convert, &line);
}

static void add_exchange(struct convert *convert, json_t *exchange)
{
    json_t *request = json_object_get(exchange, "request");
    json_t *response = json_object_get(exchange, "response");
    json_t *chunk;
    size_t i;
    struct mask_stream body = {0};
    int64_t t_ms = at_ms(request, "at_ms");
    bool answered = !json_is_null(json_object_get(response, "status"));
    add_request(convert, request, t_ms);
    if (answered)
        add_head(convert, response, t_ms + at_ms(response, "headers_at_ms"));
    json_array_foreach(json_object_get(response, "chunks"), i, chunk)
    {
        add_piece(convert, &body, chunk, t_ms + at_ms(chunk, "at_ms"));
    }
    add_end(convert, &body, response,
            t_ms + at_ms(json_object_get(response, "end"), "at_ms"));
}

static bool was_left(json_t *exchange)
{
    json_t *response = json_object_get(exchange, "response");
    const char *how = text_of(json_object_get(response, "end"), "how");
    return strcmp(how, "client-closed") == 0;
}

/* A stream of a run that the client left has no end of its own. Who asks for it
 * again, to be sure that nothing is left, is told so. */
static void add_nothing_left(struct convert *convert, json_t *exchange)
{
    json_t *request = json_object_get(exchange, "request");
    json_t *response = json_object_get(exchange, "response");
    int64_t t_ms = at_ms(request, "at_ms") +
                   at_ms(json_object_get(response, "end"), "at_ms");
    struct recording_line done = recording_line(RECORDING_DONE, t_ms);
    if (json_is_null(json_object_get(response, "status")))
        return;
    add_request(convert, request, t_ms);
    add_head(convert, response, t_ms);
    done.how = "complete";
    add(convert, &done);
}

/* What was followed. */

static const char *const follow_paths[] = {
    "/realtime/v1/runs/", "/realtime/v1/streams/", "/realtime/v2/streams/",
    "/api/v3/runs/", "/api/agents/"};

/* A path by which something is followed; where its id begins. */
static const char *id_in(json_t *exchange)
{
    json_t *request = json_object_get(exchange, "request");
    const char *path = text_of(request, "path");
    if (strcmp(text_of(request, "method"), "GET") != 0)
        return NULL;
    for (size_t i = 0; i < sizeof follow_paths / sizeof *follow_paths; i++)
        if (strncmp(path, follow_paths[i], strlen(follow_paths[i])) == 0)
            return path + strlen(follow_paths[i]);
    return NULL;
}

static bool was_abandoned(json_t *exchange)
{
    json_t *response = json_object_get(exchange, "response");
    return json_is_null(json_object_get(response, "status")) &&
           was_left(exchange);
}

static bool is_stream(json_t *exchange)
{
    const char *path = text_of(json_object_get(exchange, "request"), "path");
    return strstr(path, "/streams/") != NULL;
}

/* The way that tells most about the first thing that was followed: a run by its
 * feed, else by REST, else its stream alone. */
static json_t *find_followed(json_t *exchanges)
{
    static const char *const order[] = {"/realtime/v1/runs/", "/api/agents/",
                                        "/api/v3/runs/", "/realtime/"};
    size_t i;
    json_t *exchange;
    for (size_t j = 0; j < sizeof order / sizeof *order; j++)
        json_array_foreach(exchanges, i, exchange)
        {
            const char *path =
                text_of(json_object_get(exchange, "request"), "path");
            if (id_in(exchange) &&
                strncmp(path, order[j], strlen(order[j])) == 0)
                return exchange;
        }
    return NULL;
}

static void add_start(struct buf *out, json_t *followed, int64_t began_ms)
{
    const char *path = text_of(json_object_get(followed, "request"), "path");
    const char *id = id_in(followed);
    size_t id_len = strcspn(id, "/");
    bool stream = is_stream(followed);
    char *target = mem_strndup(id, id_len);
    struct recording_start start = {
        .started_ms = began_ms,
        .seed = 1,
        .program = "runtail-sim " PACKAGE_VERSION,
        .command = stream                                   ? "stream"
                   : strncmp(path, "/api/agents/", 12) == 0 ? "agent"
                                                            : "watch",
        .target = target,
        .api_url = api_url,
        .max_retries = -1,
        .poll_only = strncmp(path, "/api/v3/", 8) == 0,
    };
    if (stream && id[id_len] == '/')
        start.streams[0] = id + id_len + 1;
    recording_add_start(out, &start);
    free(target);
}

static int compare(const void *a, const void *b)
{
    const struct item *first = a, *second = b;
    if (first->t_ms != second->t_ms)
        return first->t_ms < second->t_ms ? -1 : 1;
    return first->number < second->number ? -1 : 1;
}

static void write_items(struct convert *convert, struct buf *out)
{
    if (convert->count)
        qsort(convert->items, convert->count, sizeof *convert->items, compare);
    for (size_t i = 0; i < convert->count; i++) {
        struct buf *text = &convert->items[i].text;
        buf_add(out, buf_str(text), text->len);
        buf_free(text);
    }
    free(convert->items);
}

/* False with *err (ERROR_USAGE) when the text is no wire recording, or when
 * nothing in it is a run, a stream or an agent that runtail follows. */
static bool convert(const char *json, size_t len, struct buf *out,
                    struct error *err)
{
    struct replay *replay = replay_create(json, len, 1, err);
    if (!replay)
        return false;
    json_t *exchanges = replay_exchanges(replay), *exchange;
    json_t *followed = find_followed(exchanges);
    struct convert convert = {.mask = mask_create()};
    int64_t began_ms = replay_began_ms(replay);
    size_t i;
    if (followed)
        add_start(out, followed, began_ms < 0 ? 0 : began_ms);
    else
        error_set(err, ERROR_USAGE,
                  "no run, stream or agent is followed in this recording");
    json_array_foreach(exchanges, i, exchange)
    {
        if (!followed || !id_in(exchange) || was_abandoned(exchange))
            continue;
        add_exchange(&convert, exchange);
        if (is_stream(exchange) && was_left(exchange))
            add_nothing_left(&convert, exchange);
    }
    write_items(&convert, out);
    mask_destroy(convert.mask);
    replay_destroy(replay);
    return followed != NULL;
}

static bool read_all(const char *file, struct buf *out)
{
    char bytes[16 * 1024];
    size_t len;
    FILE *in = fopen(file, "re");
    while (in && (len = fread(bytes, 1, sizeof bytes, in)) > 0)
        buf_add(out, bytes, len);
    bool good = in && !ferror(in);
    if (in)
        fclose(in);
    return good;
}

int convert_main(const char *file)
{
    struct error err = {0};
    struct buf json = buf_make(0), out = buf_make(0);
    if (!read_all(file, &json))
        error_set(&err, ERROR_SYSTEM, "cannot read %s: %s", file,
                  strerror(errno));
    else if (convert(buf_str(&json), json.len, &out, &err) &&
             (fwrite(buf_str(&out), 1, out.len, stdout) != out.len ||
              fflush(stdout) != 0))
        error_set(&err, ERROR_SYSTEM, "cannot write: %s", strerror(errno));
    if (err.kind != ERROR_NONE)
        fprintf(stderr, "runtail-sim: %s\n", err.message);
    buf_free(&json);
    buf_free(&out);
    return err.kind == ERROR_NONE ? 0 : err.kind == ERROR_USAGE ? 2 : 6;
}
