/* Run objects as REST gives them, and the bodies of an API's own polling
 * endpoint, which wrap or shorten them. */
#ifndef WIRE_REST_H
#define WIRE_REST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "wire/facts.h"

struct rest_run {
    json_t *object; /* owned, like the texts; see rest_run_free() */
    char *metadata; /* JSON, compact, numbers as written; NULL: not told */
    char *payload;  /* the same; of a string its content */
    char *output;
    int64_t updated_ms; /* INSTANT_NONE: not told */
    bool finished;
};

/* Parses a run object. False with *err (may be NULL) when it is none. */
bool rest_run_parse(struct rest_run *run, const char *json, size_t len,
                    struct error *err);

/* Parses a polling body: {"runs":[run]} of either generation, or the run's
 * fields at top level with pending, complete or failed as status. */
bool rest_run_parse_poll(struct rest_run *run, const char *json, size_t len,
                         struct error *err);

void rest_run_free(struct rest_run *run);

/* Puts what the object tells into the facts; what it leaves out stays. */
void rest_run_facts(const struct rest_run *run, struct run_facts *facts);

/* Only what the live feed does not tell: attempts, version. */
void rest_run_details(const struct rest_run *run, struct run_facts *facts);

#endif
