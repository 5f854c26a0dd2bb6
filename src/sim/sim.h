/* A simulated server for demonstrations and tests: plays a scenario, or a
 * recording, in the real protocol on 127.0.0.1, in threads of its own. */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct sim;

enum sim_source {
    SIM_RUN,
    SIM_AGENT,
    SIM_SSE /* any other event stream */
};

/* Start from sim_options_default(). Texts are borrowed during sim_start(). */
struct sim_options {
    const char *scenario;   /* a name, or a file when it has a '/' or ends in
                             * ".json" */
    const char *replay;     /* a wire recording to play instead; NULL: none */
    double speed;           /* how much faster than life; 0: lockstep, each
                             * live request goes one state on, without waiting */
    const char *backend;    /* "native" or "electric" */
    unsigned port;          /* 0: any free one */
    double hold_s;          /* live requests are held so long (real time, not
                             * divided by speed); < 0: as the scenario says,
                             * else 20 */
    bool live_sse;          /* electric streams when asked for live_sse=true */
    const char *fault;      /* [ROUTE/]KIND[:N][@STATE[xTIMES]][,…], see
                             * docs/scenarios.md; NULL: the scenario's own
                             * alone */
    const char *poll_shape; /* pending, fields, runs or raw; NULL: raw */
    int64_t token_life_s;   /* most seconds a token is good for; 0: as the
                             * scenario says, else as requested or 3600 */
    double join_s;          /* so much of the script is over at the start */
    bool gzip;              /* compress where asked for */
    int64_t seed;           /* decides the run's id and the jitter of holds */
};

struct sim_options sim_options_default(void);

/* Starts listening. The script begins with the first request for the run
 * (its feed, retrieve or the polling endpoint). NULL with *err set: no such
 * scenario, bad file, port taken. */
struct sim *sim_start(const struct sim_options *options, struct error *err);

/* Ends every connection. NULL is fine. */
void sim_stop(struct sim *sim);

/* Borrowed until sim_stop(): "http://127.0.0.1:PORT", the public run id, the
 * secret key of the platform and the key of the product's token endpoint that
 * are accepted. */
const char *sim_url(const struct sim *sim);
const char *sim_run_id(const struct sim *sim);
const char *sim_secret_key(const struct sim *sim);
const char *sim_api_key(const struct sim *sim);

/* Which of the viewer's sources the scenario is for. */
enum sim_source sim_source(const struct sim *sim);

/* For SIM_AGENT: the agent's id and, as JSON, a login that gets a token for its
 * log. For SIM_SSE: the stream's path, "/events/NAME". Borrowed until
 * sim_stop(). */
const char *sim_agent_id(const struct sim *sim);
const char *sim_agent_login(void);
const char *sim_events_path(const struct sim *sim);

/* What has to be followed, and how, for faults to show. */
struct sim_scene {
    const char *scenario;   /* built in, that has it all; NULL: any run */
    enum sim_source source; /* of the scenario, unless any_source */
    bool any_source;
    bool streams;    /* the scenario has streams of the run */
    bool text;       /* it has text beyond ASCII */
    bool feed;       /* the live feed is asked for, or the agent's stream */
    bool poll;       /* it is not */
    bool poll_url;   /* the product's polling endpoint is asked */
    bool mint;       /* a secret key mints the tokens */
    bool mint_older; /* … at an older endpoint, which needs mint-404 too */
};

/* For sim_options.fault, NULL for none. False with *err: they are not
 * understood, or nothing shows all of them. */
bool sim_scene_of(struct sim_scene *scene, const char *faults,
                  struct error *err);

/* Whether what is simulated has what the scene needs. */
bool sim_has_scene(const struct sim *sim, const struct sim_scene *scene);

/* The scenarios built in. */
size_t sim_scenario_count(void);
const char *sim_scenario_name(size_t index);
const char *sim_scenario_about(size_t index);
enum sim_source sim_scenario_source(size_t index);

/* The faults there are. */
size_t sim_fault_count(void);
const char *sim_fault_name(size_t index);
const char *sim_fault_about(size_t index);

#endif
