/* Exchanges of one method and path form a queue. A request takes the head of
 * its queue; when the queue is used up, a live poll is held (as it was when
 * the recorder left), and anything else gets the last answer again. */
#include "config.h"

#include "sim/replay.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "base/base64.h"
#include "base/mem.h"
#include "sim/pubtoken.h"

struct replay {
    json_t *root;
    json_t *exchanges; /* borrowed from root */
    bool *used;
    double speed;
    char *run_id;
    int64_t began_ms; /* when it was recorded, an instant; -1: not known */
    int64_t at_ms;    /* how far it has been played */
};

static const char *text_of(json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static int64_t delay(const struct replay *replay, json_t *at_ms)
{
    if (replay->speed <= 0)
        return 0;
    return (int64_t)((double)json_integer_value(at_ms) / replay->speed);
}

/* Dates are not recorded; but what was answered first is not older than the
 * token it was asked with, and the numbers in a position are a moment too. */
static int64_t issued_ms(json_t *request)
{
    const char *bearer =
        text_of(json_object_get(request, "headers"), "authorization");
    json_t *payload =
        strncmp(bearer, "Bearer ", 7) == 0 ? pubtoken_read(bearer + 7) : NULL;
    json_t *issued = json_object_get(payload, "iat");
    int64_t ms = issued ? (int64_t)json_integer_value(issued) * 1000 : -1;
    json_decref(payload);
    return ms;
}

static int64_t position_ms(json_t *response)
{
    const char *offset =
        text_of(json_object_get(response, "headers"), "electric-offset");
    return strcspn(offset, "_") == 13 ? strtoll(offset, NULL, 10) : -1;
}

static void find_beginning(struct replay *replay)
{
    size_t i;
    json_t *exchange;
    replay->began_ms = -1;
    json_array_foreach(replay->exchanges, i, exchange)
    {
        json_t *request = json_object_get(exchange, "request");
        int64_t ms = issued_ms(request);
        if (ms < 0)
            ms = position_ms(json_object_get(exchange, "response"));
        if (ms >= 0) {
            replay->began_ms =
                ms - json_integer_value(json_object_get(request, "at_ms"));
            return;
        }
    }
}

static void find_run(struct replay *replay)
{
    static const char *const prefixes[] = {
        "/realtime/v1/runs/", "/api/v3/runs/", "/realtime/v1/streams/"};
    size_t i;
    json_t *exchange;
    json_array_foreach(replay->exchanges, i, exchange)
    {
        const char *path =
            text_of(json_object_get(exchange, "request"), "path");
        for (size_t j = 0; j < sizeof prefixes / sizeof *prefixes; j++) {
            size_t len = strlen(prefixes[j]);
            if (!replay->run_id && strncmp(path, prefixes[j], len) == 0)
                replay->run_id =
                    mem_strndup(path + len, strcspn(path + len, "/"));
        }
    }
}

struct replay *replay_create(const char *json, size_t len, double speed,
                             struct error *err)
{
    json_error_t where;
    json_t *root = json_loadb(json, len, JSON_ALLOW_NUL, &where);
    if (strcmp(text_of(root, "format"), "wire-recording/1") != 0) {
        error_set(err, ERROR_USAGE, "this is no wire recording%s%s",
                  root ? "" : ": ", root ? "" : where.text);
        json_decref(root);
        return NULL;
    }
    struct replay *replay = mem_zalloc(1, sizeof *replay);
    replay->root = root;
    replay->exchanges = json_object_get(root, "exchanges");
    replay->used = mem_zalloc(json_array_size(replay->exchanges) + 1,
                              sizeof *replay->used);
    replay->speed = speed;
    find_run(replay);
    find_beginning(replay);
    return replay;
}

void replay_destroy(struct replay *replay)
{
    if (!replay)
        return;
    json_decref(replay->root);
    free(replay->used);
    free(replay->run_id);
    free(replay);
}

const char *replay_run_id(const struct replay *replay)
{
    return replay->run_id ? replay->run_id : "";
}

int64_t replay_began_ms(const struct replay *replay)
{
    return replay->began_ms;
}

json_t *replay_exchanges(const struct replay *replay)
{
    return replay->exchanges;
}

/* Finding the exchange. */

/* What the client broke off without an answer tells nothing. */
static bool was_abandoned(json_t *exchange)
{
    json_t *response = json_object_get(exchange, "response");
    const char *how = text_of(json_object_get(response, "end"), "how");
    return json_is_null(json_object_get(response, "status")) &&
           strcmp(how, "client-closed") == 0;
}

static bool fits(json_t *exchange, const struct request *request)
{
    json_t *recorded = json_object_get(exchange, "request");
    return strcmp(text_of(recorded, "method"), request->method) == 0 &&
           strcmp(text_of(recorded, "path"), request->path) == 0 &&
           !was_abandoned(exchange);
}

/* The first one not used yet. *last: the last one that fits at all. */
static json_t *take(struct replay *replay, const struct request *request,
                    json_t **last)
{
    size_t i;
    json_t *exchange;
    *last = NULL;
    json_array_foreach(replay->exchanges, i, exchange)
    {
        if (!fits(exchange, request))
            continue;
        *last = exchange;
        if (!replay->used[i]) {
            replay->used[i] = true;
            return exchange;
        }
    }
    return NULL;
}

/* Playing it. */

struct playback {
    const struct replay *replay;
    json_t *response; /* owned reference */
    int64_t began_ms;
    size_t next;
};

/* The recorder writes base64 for chunks that end inside a character. */
void replay_add_chunk(struct buf *out, json_t *chunk)
{
    const char *coded = text_of(chunk, "base64");
    json_t *utf8 = json_object_get(chunk, "utf8");
    if (utf8)
        buf_add(out, json_string_value(utf8), json_string_length(utf8));
    else
        base64_read(out, coded, strlen(coded));
}

static enum stream_step playback_next(void *self, const struct moment *moment,
                                      struct buf *out, int64_t *until_ms)
{
    struct playback *playback = self;
    json_t *chunks = json_object_get(playback->response, "chunks");
    json_t *chunk = json_array_get(chunks, playback->next);
    json_t *end = json_object_get(playback->response, "end");
    int64_t at_ms =
        delay(playback->replay, json_object_get(chunk ? chunk : end, "at_ms"));
    if (moment->real_ms < playback->began_ms + at_ms) {
        *until_ms = playback->began_ms + at_ms;
        return STREAM_WAIT;
    }
    if (chunk) {
        playback->next++;
        replay_add_chunk(out, chunk);
        return out->len > 0 ? STREAM_BYTES
                            : playback_next(self, moment, out, until_ms);
    }
    const char *how = text_of(end, "how");
    if (strcmp(how, "complete") == 0)
        return STREAM_END;
    if (strcmp(how, "cut") == 0)
        return STREAM_BREAK;
    *until_ms = -1; /* the recorder left; this client may stay */
    return STREAM_WAIT;
}

static void playback_destroy(void *self)
{
    struct playback *playback = self;
    json_decref(playback->response);
    free(playback);
}

static const struct stream_ops playback_ops = {playback_next, playback_destroy};

/* The body's framing is made anew. */
static bool is_framing(const char *name)
{
    return strcasecmp(name, "transfer-encoding") == 0 ||
           strcasecmp(name, "content-length") == 0;
}

static void play(struct replay *replay, json_t *exchange,
                 const struct request *request, struct answer *answer)
{
    json_t *response = json_object_get(exchange, "response");
    json_t *status = json_object_get(response, "status");
    if (json_is_null(status)) {
        answer->end = ANSWER_CLOSE;
        return;
    }
    answer->status = (unsigned)json_integer_value(status);
    answer->chunked = true;
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(response, "headers"), name, value)
    {
        if (!is_framing(name))
            fields_add(&answer->headers, name, json_string_value(value));
    }
    struct playback *playback = mem_zalloc(1, sizeof *playback);
    *playback = (struct playback){.replay = replay,
                                  .response = json_incref(response),
                                  .began_ms = request->arrived_ms};
    answer->stream = &playback_ops;
    answer->stream_self = playback;
}

static void answer_unrecorded(struct answer *answer)
{
    answer_json(answer, 404, "{\"error\":\"Not found\"}");
    fields_add(&answer->headers, "x-should-retry", "false");
}

static bool is_live(const struct request *request)
{
    const char *live = fields_get(&request->query, "live");
    return live && strcmp(live, "true") == 0;
}

static enum answer_step answer(void *self, struct request *request,
                               const struct moment *moment, struct answer *out,
                               int64_t *until_ms)
{
    struct replay *replay = self;
    json_t *last = request->note;
    if (!last) {
        json_t *exchange = take(replay, request, &last);
        if (!exchange && !last) {
            answer_unrecorded(out);
            return ANSWER_READY;
        }
        if (!exchange && is_live(request)) {
            out->end = ANSWER_HANG;
            return ANSWER_READY;
        }
        last = exchange ? exchange : last;
        request->note = last;
    }
    json_t *response = json_object_get(last, "response");
    json_t *headers_at = json_object_get(response, "headers_at_ms");
    json_t *end = json_object_get(json_object_get(response, "end"), "at_ms");
    int64_t at_ms =
        request->arrived_ms + delay(replay, headers_at ? headers_at : end);
    if (moment->real_ms < at_ms) {
        *until_ms = at_ms;
        return ANSWER_WAIT;
    }
    replay->at_ms = json_integer_value(json_object_get(
                        json_object_get(last, "request"), "at_ms")) +
                    json_integer_value(headers_at ? headers_at : end);
    play(replay, last, request, out);
    return ANSWER_READY;
}

/* The time of the recording, so that its tokens and rows are not old. */
static int64_t now(void *self, const struct moment *moment)
{
    const struct replay *replay = self;
    return replay->began_ms < 0 ? moment->now_ms
                                : replay->began_ms + replay->at_ms;
}

const struct answer_ops replay_answer_ops = {answer, now};
