/* The streams of the run: one address for both versions. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/drip.h"
#include "sim/routes.h"
#include "sim/stream_reader.h"

#define MOST_TIMEOUT_S  600
#define USUAL_TIMEOUT_S 60

static const char path_begin[] = "/realtime/v1/streams/";

/* What a key is called that nobody has written to. */
static struct sim_stream nothing = {.key = "", .line_end = "\n"};

/* Leading digits count; zero and what is no number are as if not sent. */
static const char *read_timeout(const struct request *request,
                                int64_t *timeout_ms)
{
    const char *text = fields_get(&request->headers, "timeout-seconds");
    long seconds = text ? strtol(text, NULL, 10) : 0;
    *timeout_ms = (seconds ? seconds : USUAL_TIMEOUT_S) * (int64_t)1000;
    if (seconds < 0)
        return "Timeout seconds must be greater than 0";
    if (seconds > MOST_TIMEOUT_S)
        return "Timeout seconds must be less than 600";
    return NULL;
}

static void refuse_timeout(struct world *world, struct answer *answer,
                           const char *complaint, int64_t now_ms)
{
    answer->status = 400;
    answer->chunked = true;
    fields_add(&answer->headers, "content-type", "text/plain;charset=UTF-8");
    buf_adds(&answer->body, complaint);
    routes_finish_error(world, answer, NULL, now_ms);
}

static void add_headers(struct world *world, struct answer *answer, bool v2,
                        int64_t now_ms)
{
    struct fields *headers = &answer->headers;
    answer->status = 200;
    answer->chunked = true;
    fields_add(headers, "access-control-expose-headers",
               v2 ? "*, x-trigger-jwt,x-trigger-jwt-claims"
                  : "x-trigger-jwt,x-trigger-jwt-claims");
    fields_add(headers, "cache-control", "no-cache");
    fields_add(headers, "content-type", "text/event-stream; charset=utf-8");
    if (v2)
        fields_add(headers, "x-stream-version", "v2");
    routes_add_app_headers(world, answer, 0, now_ms);
}

static void open_stream(struct world *world, const struct request *request,
                        const struct moment *moment, struct sim_stream *stream,
                        struct answer *answer)
{
    int64_t now_ms = world_now_ms(world, moment);
    struct stream_request wish = {
        .last_event_id = fields_get(&request->headers, "last-event-id")};
    const char *complaint = read_timeout(request, &wish.timeout_ms);
    int64_t script_ms = world_script_ms(world, moment->now_ms);
    bool v2 = stream ? stream->v2 : streams_are_v2(&world->streams);
    if (complaint) {
        refuse_timeout(world, answer, complaint, now_ms);
        return;
    }
    if (v2 && (!stream || script_ms < stream->open_ms)) {
        answer_json(answer, 500, "{\"error\":\"Internal Server Error\"}");
        routes_finish_error(world, answer, NULL, now_ms);
        return;
    }
    if (!stream)
        stream = &nothing;
    if (v2)
        stream_reader_open_v2(answer, world, stream, &wish, moment);
    else
        stream_reader_open_v1(answer, world, stream, &wish, moment);
    struct drip_form form = {stream->line_end, stream->piece,
                             FAULT_STREAM_BODY};
    drip_wrap(answer, world, &form);
    add_headers(world, answer, v2, now_ms);
}

/* "RUN/KEY"; the key may hold slashes, having come percent-encoded. */
static char *read_path(const char *path, const char **key)
{
    size_t begin_len = sizeof path_begin - 1;
    if (strncmp(path, path_begin, begin_len) != 0)
        return NULL;
    const char *run = path + begin_len;
    const char *slash = strchr(run, '/');
    if (!slash || slash == run || slash[1] == '\0')
        return NULL;
    *key = slash + 1;
    return mem_strndup(run, (size_t)(slash - run));
}

bool routes_stream(struct world *world, const struct request *request,
                   const struct moment *moment, struct answer *answer)
{
    const char *key;
    char *run = read_path(request->path, &key);
    if (!run)
        return false;
    int64_t now_ms = world_now_ms(world, moment);
    struct caller caller = routes_caller(world, request, now_ms, answer);
    if (routes_allowed(world, &caller, run, answer, now_ms)) {
        world_start(world, now_ms);
        if (!routes_fault(world, FAULT_STREAM, now_ms, answer))
            open_stream(world, request, moment,
                        streams_find(&world->streams, key), answer);
    }
    caller_free(&caller);
    free(run);
    return true;
}
