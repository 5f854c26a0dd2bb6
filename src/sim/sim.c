#include "config.h"

#include "sim/sim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sim/fault.h"
#include "sim/replay.h"
#include "sim/scene.h"
#include "sim/scenarios.h"
#include "sim/server.h"
#include "sim/world.h"

/* Largest scenario or recording read from a file. */
#define MAX_FILE ((size_t)256 << 20)

struct sim {
    struct world *world; /* one of these two */
    struct replay *replay;
    struct server *server;
    int nobody; /* a socket that keeps a port, where nobody listens; -1: none */
    char url[40];
    struct buf events_path;
};

struct sim_options sim_options_default(void)
{
    return (struct sim_options){
        .scenario = "success", .speed = 1, .backend = "native", .hold_s = -1};
}

static bool read_file(const char *path, struct buf *out, struct error *err)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set(err, ERROR_USAGE, "cannot read %s: %s", path,
                         strerror(errno));
    char piece[16384];
    size_t len;
    bool good = true;
    while (good && (len = fread(piece, 1, sizeof piece, file)) > 0)
        good = buf_add(out, piece, len);
    good = good && !ferror(file);
    fclose(file);
    return good || error_set(err, ERROR_USAGE, "cannot read all of %s", path);
}

static bool is_path(const char *name)
{
    size_t len = strlen(name);
    return strchr(name, '/') ||
           (len > 5 && strcmp(name + len - 5, ".json") == 0);
}

static bool find_scenario(const char *name, struct buf *out, struct error *err)
{
    if (is_path(name))
        return read_file(name, out, err);
    for (size_t i = 0; i < scenario_file_count; i++)
        if (strcmp(scenario_files[i].name, name) == 0)
            return buf_add(out, scenario_files[i].json, scenario_files[i].len);
    return error_set(err, ERROR_USAGE,
                     "no scenario is named \"%s\"; runtail demo --list names "
                     "those there are",
                     name);
}

static struct world *open_world(const struct sim_options *options,
                                struct error *err)
{
    bool electric = strcmp(options->backend, "electric") == 0;
    if (!electric && strcmp(options->backend, "native") != 0) {
        error_set(err, ERROR_USAGE,
                  "the back end is native or electric, not \"%s\"",
                  options->backend);
        return NULL;
    }
    struct buf json = buf_make(MAX_FILE);
    struct world *world = NULL;
    if (find_scenario(options->scenario, &json, err)) {
        struct world_settings settings = {
            .scenario = buf_str(&json),
            .scenario_len = json.len,
            .speed = options->speed,
            .electric = electric,
            .live_sse = options->live_sse,
            .hold_s = options->hold_s,
            .join_s = options->join_s,
            .token_life_s = options->token_life_s,
            .poll_shape = options->poll_shape,
            .fault = options->fault,
            .seed = options->seed,
        };
        world = world_create(&settings, err);
    }
    buf_free(&json);
    return world;
}

static struct replay *open_replay(const struct sim_options *options,
                                  struct error *err)
{
    struct buf json = buf_make(MAX_FILE);
    struct replay *replay = NULL;
    if (read_file(options->replay, &json, err))
        replay = replay_create(buf_str(&json), json.len, options->speed, err);
    buf_free(&json);
    return replay;
}

static struct server *serve(struct sim *sim, const struct sim_options *options,
                            struct error *err)
{
    struct server_settings settings = {
        .port = options->port, .speed = options->speed, .gzip = options->gzip};
    if (options->replay) {
        sim->replay = open_replay(options, err);
        /* The timing of a recording is divided where it is played. */
        settings.speed = 1;
        return sim->replay ? server_start(&settings, &replay_answer_ops,
                                          sim->replay, err)
                           : NULL;
    }
    sim->world = open_world(options, err);
    return sim->world
               ? server_start(&settings, &world_answer_ops, sim->world, err)
               : NULL;
}

/* A port of our own that refuses connections; 0: there is none to be had. */
static unsigned keep_port(struct sim *sim)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *plain = (struct sockaddr *)&address;
    socklen_t size = sizeof address;
    sim->nobody = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool kept = sim->nobody >= 0 && bind(sim->nobody, plain, size) == 0 &&
                getsockname(sim->nobody, plain, &size) == 0;
    return kept ? ntohs(address.sin_port) : 0;
}

/* The address that is told, which may be a wrong one. */
static void set_url(struct sim *sim)
{
    struct fault_list none = {0};
    struct fault_list *faults = sim->world ? &sim->world->faults : &none;
    const struct fault_kind *kind = fault_take(faults, FAULT_ADDRESS, 0);
    enum fault_effect effect = kind ? kind->effect : FAULT_ANSWER;
    snprintf(sim->url, sizeof sim->url, "%s://%s:%u",
             effect == FAULT_TLS ? "https" : "http",
             effect == FAULT_NO_HOST ? "nowhere.invalid" : "127.0.0.1",
             effect == FAULT_REFUSE ? keep_port(sim)
                                    : server_port(sim->server));
}

struct sim *sim_start(const struct sim_options *options, struct error *err)
{
    struct sim *sim = mem_zalloc(1, sizeof *sim);
    sim->nobody = -1;
    if (options->speed < 0)
        error_set(err, ERROR_USAGE, "the speed cannot be negative");
    else if (options->port > 65535)
        error_set(err, ERROR_USAGE, "a port is a number up to 65535, not %u",
                  options->port);
    else
        sim->server = serve(sim, options, err);
    if (!sim->server) {
        sim_stop(sim);
        return NULL;
    }
    if (sim->world && sim->world->events.count > 0)
        buf_addf(&sim->events_path, "/events/%s",
                 sim->world->events.items[0].name);
    set_url(sim);
    return sim;
}

void sim_stop(struct sim *sim)
{
    if (!sim)
        return;
    server_stop(sim->server);
    if (sim->nobody >= 0)
        close(sim->nobody);
    world_destroy(sim->world);
    replay_destroy(sim->replay);
    buf_free(&sim->events_path);
    free(sim);
}

const char *sim_url(const struct sim *sim)
{
    return sim->url;
}

const char *sim_run_id(const struct sim *sim)
{
    return sim->world ? sim->world->run_id : replay_run_id(sim->replay);
}

const char *sim_secret_key(const struct sim *sim)
{
    (void)sim;
    return WORLD_SECRET_KEY;
}

const char *sim_api_key(const struct sim *sim)
{
    (void)sim;
    return WORLD_API_KEY;
}

static enum sim_source source_of(const char *name)
{
    return name && strcmp(name, "agent") == 0 ? SIM_AGENT
           : name && strcmp(name, "sse") == 0 ? SIM_SSE
                                              : SIM_RUN;
}

enum sim_source sim_source(const struct sim *sim)
{
    json_t *source =
        sim->world ? script_member(sim->world->script, "source") : NULL;
    return source_of(json_string_value(source));
}

const char *sim_agent_id(const struct sim *sim)
{
    return sim->world ? sim->world->agent.id : NULL;
}

const char *sim_agent_login(void)
{
    return "{\"email\":\"" WORLD_AGENT_EMAIL
           "\",\"password\":\"" WORLD_AGENT_PASSWORD "\"}";
}

const char *sim_events_path(const struct sim *sim)
{
    return buf_str(&sim->events_path);
}

bool sim_scene_of(struct sim_scene *scene, const char *faults,
                  struct error *err)
{
    struct fault_list list = {0};
    bool good = (!faults || fault_add(&list, faults, err)) &&
                scene_find(scene, &list, err);
    fault_list_free(&list);
    return good;
}

bool sim_has_scene(const struct sim *sim, const struct sim_scene *scene)
{
    return !sim->world || scene_fits(scene, sim_source(sim),
                                     script_scenario(sim->world->script));
}

size_t sim_scenario_count(void)
{
    return scenario_file_count;
}

const char *sim_scenario_name(size_t index)
{
    return scenario_files[index].name;
}

const char *sim_scenario_about(size_t index)
{
    return scenario_files[index].about;
}

enum sim_source sim_scenario_source(size_t index)
{
    return source_of(scenario_files[index].source);
}

size_t sim_fault_count(void)
{
    return fault_kind_count();
}

const char *sim_fault_name(size_t index)
{
    return fault_kind(index)->name;
}

const char *sim_fault_about(size_t index)
{
    return fault_kind(index)->about;
}
