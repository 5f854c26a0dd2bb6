#include "config.h"

#include "sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/routes.h"

/* SplitMix64 (Steele, Lea, Flood 2014). */
uint64_t world_random(struct world *world)
{
    uint64_t z = world->random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void make_run_id(struct world *world)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    size_t len = (size_t)snprintf(world->run_id, sizeof world->run_id, "run_c");
    while (len < strlen("run_c") + 21)
        world->run_id[len++] = digits[world_random(world) % 36];
    world->run_id[len] = '\0';
}

static bool read_poll_shape(struct world *world, const char *name,
                            struct error *err)
{
    static const char *const names[] = {"pending", "fields", "runs", "raw"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(names[i], name) == 0) {
            world->poll_shape = (enum poll_shape)i;
            return true;
        }
    }
    return error_set(err, ERROR_USAGE,
                     "the poll shape is pending, fields, runs or raw, not "
                     "\"%s\"",
                     name);
}

/* What is not said on the command line comes from the scenario. */
static bool read_settings(struct world *world,
                          const struct world_settings *settings,
                          struct error *err)
{
    json_t *hold = script_member(world->script, "hold_s");
    json_t *life = script_member(world->script, "token_life_s");
    world->token_life_set = settings->token_life_s || life;
    json_t *shape = script_member(world->script, "poll_shape");
    double hold_s = settings->hold_s >= 0 ? settings->hold_s
                    : hold                ? json_number_value(hold)
                                          : 20;
    world->hold_ms = (int64_t)(hold_s * 1000);
    world->join_ms = (int64_t)(settings->join_s * 1000);
    world->speed = settings->speed;
    world->electric = settings->electric;
    world->live_sse = settings->live_sse;
    world->token_life_s = settings->token_life_s ? settings->token_life_s
                          : life ? (int64_t)json_integer_value(life)
                                 : 3600;
    const char *shape_name =
        settings->poll_shape ? settings->poll_shape : json_string_value(shape);
    if (shape_name && !read_poll_shape(world, shape_name, err))
        return false;
    return fault_add_json(&world->faults,
                          script_member(world->script, "faults"), err) &&
           (!settings->fault ||
            fault_add(&world->faults, settings->fault, err));
}

struct world *world_create(const struct world_settings *settings,
                           struct error *err)
{
    struct world *world = mem_zalloc(1, sizeof *world);
    world->random = (uint64_t)settings->seed;
    world->poll_shape = POLL_RAW;
    make_run_id(world);
    world->script = script_parse(settings->scenario, settings->scenario_len,
                                 world->run_id, err);
    if (!world->script || !read_settings(world, settings, err) ||
        !streams_read(&world->streams, world->script, err) ||
        !agent_read(&world->agent, script_member(world->script, "agent"),
                    err) ||
        !event_feeds_read(&world->events,
                          script_member(world->script, "events"), err)) {
        world_destroy(world);
        return NULL;
    }
    return world;
}

void world_destroy(struct world *world)
{
    if (!world)
        return;
    streams_free(&world->streams);
    agent_free(&world->agent);
    event_feeds_free(&world->events);
    script_destroy(world->script);
    fault_list_free(&world->faults);
    answer_free(&world->last);
    free(world);
}

void world_start(struct world *world, int64_t now_ms)
{
    if (world->started)
        return;
    world->started = true;
    world->start_ms = now_ms - world->join_ms;
    world->lockstep_state = script_state_at(world->script, world->join_ms);
    shape_log_init(&world->log, world->script, world->electric,
                   world->start_ms);
    json_t *chunk = script_member(world->script, "chunk_messages");
    world->log.chunk_messages = (size_t)json_integer_value(chunk);
}

size_t world_state(const struct world *world, int64_t now_ms)
{
    if (!world->started)
        return 0;
    if (world->speed <= 0)
        return world->lockstep_state;
    return script_state_at(world->script, now_ms - world->start_ms);
}

int64_t world_now_ms(const struct world *world, const struct moment *moment)
{
    if (world->speed > 0 || !world->started)
        return moment->now_ms;
    return world->start_ms + script_at_ms(world->script, world->lockstep_state);
}

int64_t world_next_change_ms(const struct world *world, int64_t now_ms)
{
    size_t state = world_state(world, now_ms);
    if (!world->started || world->speed <= 0 ||
        state + 1 >= script_count(world->script))
        return -1;
    int64_t left_ms =
        world->start_ms + script_at_ms(world->script, state + 1) - now_ms;
    return left_ms <= 0 ? 0 : (int64_t)((double)left_ms / world->speed) + 1;
}

int64_t world_script_ms(const struct world *world, int64_t now_ms)
{
    return world->speed > 0 ? now_ms - world->start_ms : INT64_MAX;
}

int64_t world_when_ms(const struct world *world, const struct moment *moment,
                      int64_t script_ms)
{
    int64_t left_ms = world->start_ms + script_ms - moment->now_ms;
    return left_ms <= 0 ? moment->real_ms
                        : moment->real_ms +
                              (int64_t)((double)left_ms / world->speed) + 1;
}

bool world_advance(struct world *world)
{
    if (world->speed > 0 ||
        world->lockstep_state + 1 >= script_count(world->script))
        return false;
    world->lockstep_state++;
    return true;
}

/* The native back end spreads its polls over 15 % to both sides. */
int64_t world_hold_ms(struct world *world)
{
    if (world->electric)
        return world->hold_ms;
    int64_t spread = world->hold_ms * 15 / 100;
    if (spread == 0)
        return world->hold_ms;
    return world->hold_ms - spread +
           (int64_t)(world_random(world) % (uint64_t)(2 * spread + 1));
}

/* Faults on the wire: what they do to an answer is none of the routes'
 * concern. */

static enum fault_route route_of(const char *path)
{
    static const struct {
        const char *begin;
        enum fault_route route;
    } begins[] = {
        {"/realtime/v1/runs/", ROUTE_FEED},
        {"/realtime/v1/streams/", ROUTE_STREAM},
        {"/api/v3/runs/", ROUTE_API},
        {"/api/tasks/runs/token", ROUTE_TOKEN},
        {"/api/tasks/runs", ROUTE_POLL},
        {"/api/v1/auth/", ROUTE_TOKEN},
        {"/api/auth/", ROUTE_TOKEN},
        {"/api/agents/", ROUTE_AGENT},
    };
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strncmp(path, begins[i].begin, strlen(begins[i].begin)) == 0)
            return begins[i].route;
    return ROUTE_EVENTS;
}

static void copy_answer(struct answer *to, const struct answer *from)
{
    answer_free(to);
    to->status = from->status;
    to->chunked = from->chunked;
    for (size_t i = 0; i < from->headers.count; i++)
        fields_add(&to->headers, from->headers.items[i].name,
                   from->headers.items[i].value);
    buf_add(&to->body, buf_str(&from->body), from->body.len);
}

static void strike(struct world *world, const struct fault *fault,
                   struct answer *out)
{
    switch (fault->kind->effect) {
    case FAULT_SPOIL:
        out->spoil = (enum spoil)fault->kind->status;
        out->spoil_number = fault->number;
        break;
    case FAULT_AGAIN:
        if (world->last.status) {
            answer_free(out);
            copy_answer(out, &world->last);
        }
        break;
    case FAULT_RENEW:
        shape_log_rotate(&world->log);
        answer_free(out);
        out->end = ANSWER_RESET;
        break;
    default: /* the others are not of this place */
        break;
    }
}

/* A stream's bytes are not known yet. */
static bool may_have_text(const struct answer *answer)
{
    bool found = answer->stream != NULL;
    for (size_t i = 0; i < answer->body.len && !found; i++)
        found = (unsigned char)buf_str(&answer->body)[i] >= 0x80;
    return found;
}

static enum answer_step answer(void *self, struct request *request,
                               const struct moment *moment, struct answer *out,
                               int64_t *until_ms)
{
    struct world *world = self;
    enum answer_step step =
        routes_answer(world, request, moment, out, until_ms);
    if (step != ANSWER_READY || out->end != ANSWER_COMPLETE)
        return step;
    enum fault_route route = route_of(request->path);
    const struct fault *fault = fault_take_wire(
        &world->faults, route, world_state(world, world_now_ms(world, moment)),
        may_have_text(out));
    if (fault)
        strike(world, fault, out);
    if (route == ROUTE_FEED && world->faults.count && !out->stream)
        copy_answer(&world->last, out);
    return step;
}

static int64_t now(void *self, const struct moment *moment)
{
    return world_now_ms(self, moment);
}

const struct answer_ops world_answer_ops = {answer, now};
