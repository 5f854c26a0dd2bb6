#include "config.h"

#include "stage.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include "fuzz.h"

enum {
    MEMORY = 1 << 18
};

static int utc(int64_t instant_ms)
{
    (void)instant_ms;
    return 0;
}

struct stage *stage_create(void)
{
    struct stage *stage = mem_zalloc(1, sizeof *stage);
    stage->run = run_create("run_1", MEMORY);
    stage->view = view_run_create();
    stage->frame = frame_create(80, 24);
    stage->env = (struct view_env){.now_ms = STAGE_NOW_MS,
                                   .utf8 = true,
                                   .utc_offset_s = utc,
                                   .zone = "UTC"};
    return stage;
}

void stage_destroy(struct stage *stage)
{
    run_destroy(stage->run);
    view_run_destroy(stage->view);
    frame_destroy(stage->frame);
    free(stage);
}

static void check_log_entry(const struct log_entry *entry)
{
    FUZZ_CHECK(entry->message);
    FUZZ_CHECK(!entry->data_len || entry->data);
    FUZZ_CHECK(entry->level <= LEVEL_ERROR);
}

void stage_event(void *context, const struct event *event)
{
    struct stage *stage = context;
    if (event->type == EVENT_LOG) {
        FUZZ_CHECK(event->log.seq == ++stage->entries);
        check_log_entry(event->log.entry);
    } else if (event->type == EVENT_PART) {
        FUZZ_CHECK(event->part.seq == ++stage->parts);
    } else if (event->type == EVENT_REWRITE) {
        FUZZ_CHECK(event->rewrite.withdrawn <= stage->entries);
    }
    run_apply(stage->run, event);
    view_run_update(stage->view, stage->run);
    FUZZ_CHECK(run_entries(stage->run) == stage->entries);
    FUZZ_CHECK(run_entries_standing(stage->run) <= stage->entries);
}

void stage_part(struct stage *stage, const struct stream_part *part)
{
    struct event event = {.type = EVENT_PART,
                          .time_ms = STAGE_NOW_MS,
                          .run = "run_1",
                          .part = {.seq = stage->parts + 1, .part = part}};
    stage_event(stage, &event);
}

/* A wide cell has its second half behind it, and every text is safe. */
static void check_row(const struct stage *stage, int y)
{
    char text[CELL_TEXT_SIZE];
    int width = frame_width(stage->frame);
    for (int x = 0; x < width; x++) {
        const struct cell *cell = frame_cell(stage->frame, x, y);
        size_t len = frame_cell_text(stage->frame, cell, text);
        FUZZ_CHECK(len < CELL_TEXT_SIZE && cell->style < STYLE_COUNT);
        fuzz_check_safe((struct slice){text, len}, stage->env.ascii_text,
                        false);
        FUZZ_CHECK(cell->columns <= 2);
        if (cell->columns == 2) {
            FUZZ_CHECK(x + 1 < width);
            FUZZ_CHECK(frame_cell(stage->frame, x + 1, y)->columns == 0);
        }
    }
}

void stage_draw(struct stage *stage, int width, int height)
{
    frame_resize(stage->frame, width, height);
    view_run_draw(stage->view, stage->run, &stage->env, stage->frame);
    for (int y = 0; y < height; y++)
        check_row(stage, y);
}
