#include "config.h"

#include "sim/scene.h"

#include <stdlib.h>

/* What is asked for, a bit each. */
enum {
    ASKS_FEED = 1,
    ASKS_TOKEN = 2,
    ASKS_RETRIEVE = 4,
    ASKS_POLL = 8,
    ASKS_STREAM = 16,
    ASKS_MINT = 32,
    ASKS_AGENT = 64,
    ASKS_AGENT_POLL = 128,
    ASKS_EVENTS = 256,
    ASKS_OF_RUNS = ASKS_FEED | ASKS_TOKEN | ASKS_RETRIEVE | ASKS_POLL |
                   ASKS_STREAM | ASKS_MINT,
    ASKS_OF_AGENTS = ASKS_AGENT | ASKS_AGENT_POLL
};

static unsigned asks_of_route(enum fault_route route)
{
    switch (route) {
    case ROUTE_ANY:
        break;
    case ROUTE_FEED:
        return ASKS_FEED;
    case ROUTE_API:
        return ASKS_RETRIEVE;
    case ROUTE_POLL:
        return ASKS_POLL;
    case ROUTE_STREAM:
        return ASKS_STREAM;
    case ROUTE_AGENT:
        return ASKS_AGENT;
    case ROUTE_EVENTS:
        return ASKS_EVENTS;
    case ROUTE_TOKEN:
        return ASKS_TOKEN;
    }
    return 0;
}

static unsigned asks_of(const struct fault *fault)
{
    switch (fault->kind->place) {
    case FAULT_FEED:
        return ASKS_FEED;
    case FAULT_TOKEN:
        return ASKS_TOKEN;
    case FAULT_MINT:
    case FAULT_MINT_OLD:
        return ASKS_MINT;
    case FAULT_API:
        return ASKS_RETRIEVE;
    case FAULT_POLL:
        return ASKS_POLL;
    case FAULT_STREAM:
    case FAULT_STREAM_BODY:
        return ASKS_STREAM;
    case FAULT_AGENT:
    case FAULT_AGENT_BODY:
        return ASKS_AGENT;
    case FAULT_AGENT_POLL:
        return ASKS_AGENT_POLL;
    case FAULT_EVENTS:
    case FAULT_EVENTS_BODY:
        return ASKS_EVENTS;
    case FAULT_WIRE:
        return asks_of_route(fault->route);
    case FAULT_ADDRESS:
        break;
    }
    return 0;
}

static const char *choose_scenario(const struct sim_scene *scene)
{
    switch (scene->source) {
    case SIM_AGENT:
        return scene->text ? "agent-odd" : "agent";
    case SIM_SSE:
        return scene->text ? "odd-sse" : "sse";
    case SIM_RUN:
        break;
    }
    return scene->streams && scene->text ? "odd-stream"
           : scene->streams              ? "thought"
           : scene->text                 ? "odd"
                                         : NULL;
}

bool scene_find(struct sim_scene *scene, const struct fault_list *faults,
                struct error *err)
{
    unsigned asks = 0;
    bool older = false, newest = false;
    *scene = (struct sim_scene){.source = SIM_RUN};
    for (size_t i = 0; i < faults->count; i++) {
        const struct fault *fault = &faults->items[i];
        asks |= asks_of(fault);
        scene->text = scene->text || fault_is_within_character(fault);
        newest = newest || fault->kind->place == FAULT_MINT;
        older = older || fault->kind->place == FAULT_MINT_OLD;
    }
    int sources = ((asks & ASKS_OF_RUNS) != 0) +
                  ((asks & ASKS_OF_AGENTS) != 0) + ((asks & ASKS_EVENTS) != 0);
    if (sources > 1 || (asks & ASKS_MINT && asks & ASKS_TOKEN) ||
        (asks & ASKS_RETRIEVE && asks & ASKS_POLL))
        return error_set(err, ERROR_USAGE,
                         "nothing that is followed shows all of these faults; "
                         "give one of them");
    if (asks & ASKS_OF_AGENTS)
        scene->source = SIM_AGENT;
    else if (asks & ASKS_EVENTS)
        scene->source = SIM_SSE;
    scene->any_source = asks == 0;
    scene->streams = asks & ASKS_STREAM;
    scene->feed = asks & (ASKS_FEED | ASKS_AGENT);
    scene->poll_url = asks & ASKS_POLL;
    scene->poll =
        asks & (ASKS_RETRIEVE | ASKS_POLL | ASKS_AGENT_POLL) && !scene->feed;
    scene->mint = asks & ASKS_MINT;
    scene->mint_older = older && !newest;
    scene->scenario = choose_scenario(scene);
    return true;
}

static bool has_text(json_t *scenario)
{
    char *json = json_dumps(scenario, 0);
    bool found = false;
    for (const char *p = json; p && *p && !found; p++)
        found = (unsigned char)*p >= 0x80;
    free(json);
    return found;
}

bool scene_fits(const struct sim_scene *scene, enum sim_source source,
                json_t *scenario)
{
    if (!scene->any_source && source != scene->source)
        return false;
    if (scene->streams &&
        json_object_size(json_object_get(scenario, "streams")) == 0)
        return false;
    return !scene->text || has_text(scenario);
}
