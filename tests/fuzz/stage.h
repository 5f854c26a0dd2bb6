/* A run with its screen, for targets whose bytes get that far: takes events,
 * draws, and holds both to what the headers promise. */
#ifndef TESTS_FUZZ_STAGE_H
#define TESTS_FUZZ_STAGE_H

#include "model/run.h"
#include "view/view_run.h"
#include "wire/event.h"

struct stage {
    struct run *run;
    struct view_run *view;
    struct frame *frame;
    struct view_env env;
    uint64_t entries, parts; /* seq that was told last */
};

enum {
    STAGE_NOW_MS = 1767323045
};

struct stage *stage_create(void);
void stage_destroy(struct stage *stage);

/* An event_fn: the stage is its context. */
void stage_event(void *stage, const struct event *event);

/* Tells a part of a stream. */
void stage_part(struct stage *stage, const struct stream_part *part);

/* Draws, at that size, and looks at each cell. */
void stage_draw(struct stage *stage, int width, int height);

#endif
