#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/routes.h"
#include "sim/pubtoken.h"

#define API_VERSION "2025-07-16"

/* A viewer that follows the feed asks for more about the run so often at once;
 * one that asks more often has left the feed. */
#define LOOKS_BESIDE 3

/* Electric's event stream: a comment after this much quiet, the end after
 * that much time. */
#define KEEP_ALIVE_MS 21000
#define STREAM_END_MS 60000

/* The token's own list of columns to skip replaces the query's. */
static run_row_set wanted_columns(const struct request *request,
                                  json_t *payload)
{
    json_t *list =
        json_object_get(json_object_get(payload, "realtime"), "skipColumns");
    if (!list)
        return run_row_set_without(fields_get(&request->query, "skipColumns"));
    struct buf text = buf_make(0);
    size_t i;
    json_t *name;
    json_array_foreach(list, i, name)
    {
        buf_addf(&text, "%s,", json_string_value(name));
    }
    run_row_set columns = run_row_set_without(buf_str(&text));
    buf_free(&text);
    return columns;
}

static bool is_true(const char *text)
{
    return text && strcmp(text, "true") == 0;
}

static struct shape_request read_request(const struct request *request,
                                         json_t *payload, int64_t now_ms)
{
    bool old_client =
        !fields_get(&request->headers, "x-trigger-electric-version");
    return (struct shape_request){
        .offset = fields_get(&request->query, "offset"),
        .handle =
            fields_get(&request->query, old_client ? "shape_id" : "handle"),
        .cursor = fields_get(&request->query, "cursor"),
        .live = is_true(fields_get(&request->query, "live")),
        .columns = wanted_columns(request, payload),
        .now_ms = now_ms,
    };
}

/* Clients from before the status existed are told something they know. */
static void rewrite_dequeued(struct buf *body)
{
    static const char from[] = "\"status\":\"DEQUEUED\"";
    static const char to[] = "\"status\":\"EXECUTING\"";
    struct buf out = buf_make(0);
    const char *p = buf_str(body);
    for (const char *hit; (hit = strstr(p, from)); p = hit + sizeof from - 1) {
        buf_add(&out, p, (size_t)(hit - p));
        buf_adds(&out, to);
    }
    buf_adds(&out, p);
    buf_free(body);
    *body = out;
}

/* Clients from before version 1 know other names. */
static void rename_headers(struct fields *headers)
{
    static const char *const names[][2] = {
        {"electric-handle", "electric-shape-id"},
        {"electric-offset", "electric-chunk-last-offset"}};
    for (size_t i = 0; i < headers->count; i++) {
        struct field *field = &headers->items[i];
        for (size_t j = 0; j < sizeof names / sizeof *names; j++) {
            if (strcmp(field->name, names[j][0]) == 0) {
                free(field->name);
                field->name = mem_strdup(names[j][1]);
            }
        }
    }
}

static void finish(struct world *world, const struct request *request,
                   struct answer *answer, int64_t now_ms)
{
    const char *version =
        fields_get(&request->headers, "x-trigger-api-version");
    answer->status = 200;
    answer->chunked = true;
    if (!version || strcmp(version, API_VERSION) != 0)
        rewrite_dequeued(&answer->body);
    if (!fields_get(&request->headers, "x-trigger-electric-version"))
        rename_headers(&answer->headers);
    routes_add_app_headers(world, answer, 0, now_ms);
}

/* Electric's 409, with the handle to go on with unless it is withheld. */
static void answer_gone(struct world *world, struct answer *answer,
                        bool with_handle)
{
    answer_free(answer);
    answer_json(answer, 409, "[{\"headers\":{\"control\":\"must-refetch\"}}]");
    if (with_handle)
        fields_add(&answer->headers, "electric-handle", world->log.handle);
    fields_add(&answer->headers, "cache-control", "no-store");
    fields_add(&answer->headers, "access-control-allow-origin", "*");
    fields_add(&answer->headers, "access-control-expose-headers", "*");
}

/* An empty body brings nothing, so it must not move the client on either. */
static void keep_position(struct answer *answer, const char *offset)
{
    struct fields *headers = &answer->headers;
    for (size_t i = 0; i < headers->count; i++) {
        struct field *field = &headers->items[i];
        if (strcmp(field->name, "electric-offset") == 0 ||
            strcmp(field->name, "electric-chunk-last-offset") == 0) {
            free(field->value);
            field->value = mem_strdup(offset);
        }
    }
}

/* The native back end never rotates a handle by itself; the fault gives it
 * one all the same, as a switch between the back ends would. */
static void apply_fault(struct world *world, const struct fault_kind *kind,
                        const struct shape_request *position,
                        struct answer *answer)
{
    if (kind->effect == FAULT_REFETCH || kind->effect == FAULT_REFETCH_OLD) {
        shape_log_rotate(&world->log);
        answer_gone(world, answer, kind->effect == FAULT_REFETCH);
        return;
    }
    if (kind->effect == FAULT_EMPTY && position->live)
        keep_position(answer, position->offset);
    fault_apply(kind, answer);
}

/* Event stream. */

struct feed_stream {
    struct world *world;
    run_row_set columns;
    size_t seen;
    bool greeted;
    int64_t opened_ms, quiet_since_ms; /* real clock */
    int generation;
};

static enum stream_step stream_next(void *self, const struct moment *moment,
                                    struct buf *out, int64_t *until_ms)
{
    struct feed_stream *stream = self;
    struct world *world = stream->world;
    if (moment->real_ms >= stream->opened_ms + STREAM_END_MS ||
        stream->generation != world->log.generation)
        return STREAM_END;
    int64_t now_ms = world_now_ms(world, moment);
    size_t state = world_state(world, now_ms);
    if (stream->greeted && state == stream->seen && world_advance(world))
        state = world_state(world, now_ms);
    if (!stream->greeted || state != stream->seen) {
        shape_log_add_events(&world->log, stream->seen, state, stream->columns,
                             out);
        stream->greeted = true;
        stream->seen = state;
        stream->quiet_since_ms = moment->real_ms;
        return STREAM_BYTES;
    }
    if (moment->real_ms >= stream->quiet_since_ms + KEEP_ALIVE_MS) {
        buf_adds(out, ": keep-alive\n\n");
        stream->quiet_since_ms = moment->real_ms;
        return STREAM_BYTES;
    }
    *until_ms = stream->quiet_since_ms + KEEP_ALIVE_MS;
    if (*until_ms > stream->opened_ms + STREAM_END_MS)
        *until_ms = stream->opened_ms + STREAM_END_MS;
    int64_t change_ms = world_next_change_ms(world, now_ms);
    if (change_ms >= 0 && moment->real_ms + change_ms < *until_ms)
        *until_ms = moment->real_ms + change_ms;
    return STREAM_WAIT;
}

static const struct stream_ops feed_stream_ops = {stream_next, free};

/* The native back end ignores the wish for a stream. */
static bool wants_stream(const struct world *world,
                         const struct request *request,
                         const struct shape_request *position)
{
    return world->electric && world->live_sse && position->live &&
           is_true(fields_get(&request->query, "live_sse"));
}

static bool open_stream(struct world *world, const struct request *request,
                        const struct moment *moment,
                        const struct shape_request *position,
                        struct answer *answer)
{
    size_t seen;
    if (!wants_stream(world, request, position) || !position->handle ||
        strcmp(position->handle, world->log.handle) != 0 ||
        !shape_log_position(&world->log, position->offset, &seen))
        return false;
    struct feed_stream *stream = mem_zalloc(1, sizeof *stream);
    *stream = (struct feed_stream){
        .world = world,
        .columns = position->columns,
        .seen = seen,
        .opened_ms = moment->real_ms,
        .quiet_since_ms = moment->real_ms,
        .generation = world->log.generation,
    };
    answer->stream = &feed_stream_ops;
    answer->stream_self = stream;
    shape_log_add_stream_headers(&world->log, position, &answer->headers);
    finish(world, request, answer, position->now_ms);
    return true;
}

/* One look at the feed. */

static enum answer_step hold(struct world *world, const struct request *request,
                             const struct moment *moment, int64_t now_ms,
                             int64_t *until_ms)
{
    int64_t end_ms = request->arrived_ms + request->hold_ms;
    int64_t change_ms = world_next_change_ms(world, now_ms);
    *until_ms = change_ms >= 0 && moment->real_ms + change_ms < end_ms
                    ? moment->real_ms + change_ms
                    : end_ms;
    return ANSWER_WAIT;
}

/* In lockstep a live request that has seen everything moves the run on. */
static void follow_lockstep(struct world *world,
                            const struct shape_request *position)
{
    size_t seen;
    if (position->live && world->speed <= 0 &&
        shape_log_position(&world->log, position->offset, &seen) &&
        seen == world->lockstep_state)
        world_advance(world);
}

static enum answer_step look(struct world *world, struct request *request,
                             const struct moment *moment,
                             const struct shape_request *position,
                             struct answer *answer, int64_t *until_ms)
{
    size_t state = world_state(world, position->now_ms);
    switch (shape_log_answer(&world->log, state, position, &answer->body,
                             &answer->headers)) {
    case SHAPE_NEWS:
        finish(world, request, answer, position->now_ms);
        return ANSWER_READY;
    case SHAPE_NOTHING:
        if (request->hold_ms < 0)
            request->hold_ms = world_hold_ms(world);
        if (moment->real_ms < request->arrived_ms + request->hold_ms)
            return hold(world, request, moment, position->now_ms, until_ms);
        shape_log_add_timeout(&world->log, position, &answer->body,
                              &answer->headers);
        finish(world, request, answer, position->now_ms);
        return ANSWER_READY;
    case SHAPE_GONE:
        answer_gone(world, answer, true);
        return ANSWER_READY;
    case SHAPE_INVALID:
        answer->status = 400;
        answer->chunked = true;
        fields_add(&answer->headers, "content-type",
                   "application/json; charset=utf-8");
        fields_add(&answer->headers, "cache-control", "no-store");
        return ANSWER_READY;
    }
    return ANSWER_READY;
}

static enum answer_step serve(struct world *world, struct request *request,
                              const struct moment *moment,
                              const struct shape_request *position,
                              struct answer *answer, int64_t *until_ms)
{
    struct shape_request now = *position;
    follow_lockstep(world, position);
    now.now_ms = world_now_ms(world, moment);
    if (open_stream(world, request, moment, &now, answer))
        return ANSWER_READY;
    enum answer_step step =
        look(world, request, moment, &now, answer, until_ms);
    if (step == ANSWER_WAIT)
        return step;
    const struct fault_kind *kind =
        fault_take(&world->faults, FAULT_FEED, world_state(world, now.now_ms));
    if (kind)
        apply_fault(world, kind, &now, answer);
    return step;
}

enum answer_step routes_feed(struct world *world, struct request *request,
                             const struct moment *moment, const char *run,
                             struct answer *answer, int64_t *until_ms)
{
    int64_t now_ms = world_now_ms(world, moment);
    /* A token that expires while the request is held is good to its end. */
    int64_t asked_ms = world->speed > 0 ? request->arrived_now_ms : now_ms;
    struct caller caller = routes_caller(world, request, asked_ms, answer);
    enum answer_step step = ANSWER_READY;
    if (routes_allowed(world, &caller, run, answer, now_ms)) {
        world_start(world, now_ms);
        struct shape_request position =
            read_request(request, caller.payload, now_ms);
        if (position.live)
            world->live_left = LOOKS_BESIDE;
        step = serve(world, request, moment, &position, answer, until_ms);
    }
    caller_free(&caller);
    return step;
}
