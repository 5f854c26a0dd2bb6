/* Event streams of no product in particular: whatever the format allows, and
 * whatever a server may answer instead. Format of the file:
 * docs/scenarios.md. */
#ifndef SIM_EVENTS_H
#define SIM_EVENTS_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "sim/answer.h"
#include "sim/timeline.h"

struct world;

struct event_feed {
    const char *name;
    json_t *object; /* of the scenario; borrowed */
    struct timeline timeline;
    const char *line_end;
    size_t piece;   /* bytes of a write; 0: as they come */
    size_t ids_end; /* behind the last event with an id; 0: none has one */
    bool told;      /* to the end, to somebody */
    size_t passed;  /* happenings that have hit somebody, in lockstep */
};

struct event_feeds {
    struct event_feed *items;
    size_t count;
};

/* Reads the scenario's "events"; NULL: none. */
bool event_feeds_read(struct event_feeds *feeds, json_t *objects,
                      struct error *err);
void event_feeds_free(struct event_feeds *feeds);

/* NULL when there is none of that name. */
struct event_feed *event_feeds_find(struct event_feeds *feeds,
                                    const char *name);

/* Whoever has heard all of it is told not to come back: is that one? */
bool event_feed_is_over(const struct event_feed *feed,
                        const char *last_event_id);

/* Sets the stream of an answer. last_event_id: of the request, or NULL. */
void event_feed_open(struct answer *answer, struct world *world,
                     struct event_feed *feed, const char *last_event_id,
                     const struct moment *moment);

#endif
