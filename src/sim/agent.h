/* An agent: a product's job that writes one growing text. Pure. Protocol:
 * docs/protocols.md; file format: docs/scenarios.md. */
#ifndef SIM_AGENT_H
#define SIM_AGENT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/error.h"
#include "sim/timeline.h"

struct agent {
    const char *id;
    json_t *object; /* the scenario's "agent"; borrowed */
    struct timeline timeline;
    bool as_array;        /* the text is sent as a list of lines */
    int finals;           /* frames with "final":true at the end */
    const char *line_end; /* of the frames */
    size_t piece;         /* bytes of a write; 0: as they come */
};

/* What can happen to those who read, beside the text. */
enum agent_happening {
    AGENT_GROWS,
    AGENT_EOF,   /* the connection ends cleanly */
    AGENT_CUT,   /* it breaks */
    AGENT_CRASH, /* with a TCP reset */
    AGENT_GONE,  /* the agent is deleted */
    AGENT_FRAME  /* a frame of its own: "frame" as it stands */
};

/* The agent after some of its steps. */
struct agent_view {
    size_t applied;
    struct buf text;
    json_t *extra; /* members that frames have beside; owned */
    json_t *error; /* of the polling sibling; borrowed, NULL: none */
    const char *status;
    bool gone;
};

/* NULL object: no agent. */
bool agent_read(struct agent *agent, json_t *object, struct error *err);
void agent_free(struct agent *agent);

/* What the step does to connections. */
enum agent_happening agent_happening(const struct agent *agent, size_t step);

/* A view that has seen nothing starts as {0}. Goes on, or back by starting
 * over, to where `count` steps are applied. */
void agent_view_go(struct agent_view *view, const struct agent *agent,
                   size_t count);
void agent_view_free(struct agent_view *view);

/* No more will come: the status is one of the two the server knows. */
bool agent_view_is_over(const struct agent_view *view);

/* Appends {"logs":…,"status":…} and what else there is; "final" when true. */
void agent_view_add_frame(struct buf *out, const struct agent_view *view,
                          bool as_array, bool final);

/* Appends the polling sibling's body. */
void agent_view_add_poll(struct buf *out, const struct agent_view *view);

#endif
