/* The simulated platform: one environment with one run that follows a script.
 * Answers requests; knows no sockets and reads no clock. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "sim/agent.h"
#include "sim/answer.h"
#include "sim/events.h"
#include "sim/fault.h"
#include "sim/script.h"
#include "sim/shape_log.h"
#include "sim/streams.h"

/* Bodies that the polling endpoint has had over time. */
enum poll_shape {
    POLL_PENDING, /* {"status":"pending"} … */
    POLL_FIELDS,  /* the same with metadata and times */
    POLL_RUNS,    /* {"status":"success","runs":[{"status":"pending"…}]} */
    POLL_RAW      /* the same with the platform's own run object */
};

#define WORLD_SECRET_KEY "tr_dev_simulator"
#define WORLD_API_KEY    "sim-api-key"

/* A token for agents that does not expire, and who may log in to get one that
 * does. */
#define WORLD_AGENT_TOKEN    "sim-agent-token"
#define WORLD_AGENT_EMAIL    "demo@example.com"
#define WORLD_AGENT_PASSWORD "demo"

struct world {
    struct script *script;
    struct shape_log log;
    struct streams streams;
    struct agent agent;
    struct event_feeds events;
    struct fault_list faults;
    struct answer last; /* of the feed, for a cache that gives it again; none
                         * while its status is 0 */
    char run_id[40];
    double speed;    /* 0: lockstep, one state per live request */
    int64_t hold_ms; /* how long a live request is held, real time */
    int64_t join_ms; /* the part of the script that is over at the start */
    int64_t token_life_s;
    bool token_life_set; /* not the usual one: minted tokens obey it too */
    bool electric, live_sse;
    enum poll_shape poll_shape;

    bool started;     /* by the first request for the run */
    int64_t start_ms; /* the script's start, as an instant */
    size_t lockstep_state;
    size_t agent_steps;      /* of the agent, that readers have gone through */
    uint64_t agent_requests; /* counted against the agents' own limit */
    int64_t agent_refresh;   /* number of the refresh token that is good */
    unsigned live_left;      /* looks at the run that are beside a live feed;
                              * after those it is not followed any more */
    uint64_t random;         /* state of the generator of jitter and ids */
    unsigned requests; /* counted against the rate limit shown in headers */
    int64_t token_serial;
};

struct world_settings {
    const char *scenario; /* JSON text */
    size_t scenario_len;
    double speed;
    bool electric, live_sse;
    double hold_s; /* < 0: as the scenario says, else 20 */
    double join_s;
    int64_t token_life_s;   /* 0: as the scenario says, else 3600 */
    const char *poll_shape; /* NULL: as the scenario says, else "raw" */
    const char *fault;      /* see fault_add(); NULL: the scenario's alone */
    int64_t seed;
};

/* NULL, with *err set, when the scenario or a setting is not understood. */
struct world *world_create(const struct world_settings *settings,
                           struct error *err);
void world_destroy(struct world *world);

/* Begins the script, if it has not begun. */
void world_start(struct world *world, int64_t now_ms);

/* The state the run is in. In lockstep the time is ignored. */
size_t world_state(const struct world *world, int64_t now_ms);

/* The server's wall clock: moment->now_ms, in lockstep the state's moment. */
int64_t world_now_ms(const struct world *world, const struct moment *moment);

/* Real milliseconds until the next state; -1: there is none. */
int64_t world_next_change_ms(const struct world *world, int64_t now_ms);

/* Milliseconds of the script that are over; in lockstep INT64_MAX, since what
 * is not a state of the run has no time to wait for. */
int64_t world_script_ms(const struct world *world, int64_t now_ms);

/* When, by the real clock, a moment of the script is reached. Not in lockstep.
 */
int64_t world_when_ms(const struct world *world, const struct moment *moment,
                      int64_t script_ms);

/* In lockstep: goes on to the next state. False at the end. */
bool world_advance(struct world *world);

/* The live hold of one request, with the back end's jitter. */
int64_t world_hold_ms(struct world *world);

/* The next of a row of numbers that the seed decides. */
uint64_t world_random(struct world *world);

/* The answer_ops of a world. */
extern const struct answer_ops world_answer_ops;

#endif
