/* What each address of the simulated platform answers. */
#ifndef SIM_ROUTES_H
#define SIM_ROUTES_H

#include <jansson.h>

#include "sim/world.h"

/* Sets the answer, or the moment to be asked again; steps: sim/answer.h. */
enum answer_step routes_answer(struct world *world, struct request *request,
                               const struct moment *moment,
                               struct answer *answer, int64_t *until_ms);

/* The parts, for routes.c alone. */

/* Who asks: a secret key, a public token, or nobody that is known. */
struct caller {
    bool known;
    bool is_key;     /* secret key: every right */
    json_t *payload; /* of the token; owned */
};

void caller_free(struct caller *caller);

/* Reads the Authorization header; when the caller is not known, sets the 401
 * answer of the platform. */
struct caller routes_caller(struct world *world, const struct request *request,
                            int64_t now_ms, struct answer *answer);

/* May the caller read this run? Else sets the 403 answer. */
bool routes_may_read(struct world *world, const struct caller *caller,
                     struct answer *answer);

/* May the caller read the run of this id from the live routes? Else the
 * answer is set, with its headers. */
bool routes_allowed(struct world *world, const struct caller *caller,
                    const char *run, struct answer *answer, int64_t now_ms);

/* The headers of an error of the live routes, around those it has.
 * should_retry: of x-should-retry; NULL: none. */
void routes_finish_error(struct world *world, struct answer *answer,
                         const char *should_retry, int64_t now_ms);

/* Headers of the web application, rate limit included when limit is not 0. */
void routes_add_app_headers(struct world *world, struct answer *answer,
                            unsigned limit, int64_t now_ms);

/* The live feed of a run; as routes_answer(). */
enum answer_step routes_feed(struct world *world, struct request *request,
                             const struct moment *moment, const char *run,
                             struct answer *answer, int64_t *until_ms);

/* False when the path is not that of a run's stream. */
bool routes_stream(struct world *world, const struct request *request,
                   const struct moment *moment, struct answer *answer);

/* The same for agents, and for other event streams. */
bool routes_agent(struct world *world, const struct request *request,
                  const struct moment *moment, struct answer *answer);
bool routes_events(struct world *world, const struct request *request,
                   const struct moment *moment, struct answer *answer);
void routes_agent_login(struct world *world, const struct request *request,
                        int64_t now_ms, struct answer *answer);
void routes_agent_refresh(struct world *world, const struct request *request,
                          int64_t now_ms, struct answer *answer);

/* The API's retrieve, and an application's own endpoint to poll. */
void routes_retrieve(struct world *world, const struct request *request,
                     int64_t now_ms, const char *run, struct answer *answer);
void routes_poll(struct world *world, const struct request *request,
                 int64_t now_ms, struct answer *answer);
/* The answer to a request over the limit of a public token, until a moment. */
void routes_over_limit(struct answer *answer, int64_t now_ms, int64_t reset_ms);

/* An application's own token endpoint, and the API's ways to mint. */
void routes_token(struct world *world, const struct request *request,
                  int64_t now_ms, struct answer *answer);
void routes_mint(struct world *world, const struct request *request,
                 int64_t now_ms, struct answer *answer);
void routes_mint_jwt(struct world *world, const struct request *request,
                     int64_t now_ms, struct answer *answer);
void routes_claims(struct world *world, const struct request *request,
                   int64_t now_ms, struct answer *answer);

/* True when x-api-key or Authorization opens the product's own API; else the
 * 401 answer is set. */
bool routes_product_key(const struct request *request, struct answer *answer);
void routes_product_json(struct answer *answer, unsigned status,
                         const char *body);

/* The fault due at a place now, applied; true when the answer is final. */
bool routes_fault(struct world *world, enum fault_place place, int64_t now_ms,
                  struct answer *answer);

#endif
