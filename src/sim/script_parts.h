/* What script.c reads and script_player.c plays: for those two alone. */
#ifndef SIM_SCRIPT_PARTS_H
#define SIM_SCRIPT_PARTS_H

#include "base/buf.h"
#include "sim/script.h"

struct state {
    int64_t at_ms;
    json_t *step; /* borrowed from steps */
    int attempt;
};

/* When a stream's key was made known, and where it is listed. */
struct opening {
    const char *key; /* borrowed from the scenario */
    int64_t at_ms;
    bool in_column, in_metadata;
};

struct player {
    bool started;
    size_t state;
    int64_t start_ms;
    struct run_row row;
    char *status;
    json_t *metadata; /* null until a task writes some */
    json_t *output, *error;
    struct buf metadata_text, output_text, error_text;
    int64_t executing_since_ms; /* -1: not executing */
};

struct script {
    json_t *root;
    json_t *steps;
    json_t *nothing; /* the step of a state that only opens a stream */
    struct state *states;
    size_t count;
    char *run_id;
    json_t *payload;
    struct buf payload_text;
    const char *payload_type;
    const char **tags;
    size_t tag_count;
    const char **streams; /* known from the start, then as they are opened */
    size_t stream_count;  /* from the start */
    struct opening *openings;
    size_t opening_count;
    struct player player;
};

/* Writes a value as a worker's serializer does, or as plain JSON when a type
 * is given; returns the content type. NULL counts as no value. */
const char *script_serialize(json_t *value, const char *type, struct buf *out);

/* Frees what the player holds. */
void script_player_clear(struct player *player);

#endif
