/* The server looks at its database once a second, and sends the whole text
 * when that, or the status, is not what it sent before. */
#include "config.h"

#include "sim/agent_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/js_json.h"

#define LOOK_MS 1000

struct reader {
    struct world *world;
    struct agent_view view;
    struct buf sent;   /* the frame sent last, without "final" */
    int64_t opened_ms; /* by the script */
    int64_t looks;     /* so far; the first one at once */
};

size_t agent_reader_due(const struct world *world, int64_t now_ms)
{
    if (world->speed <= 0)
        return world->agent_steps;
    return timeline_due(&world->agent.timeline, world_script_ms(world, now_ms));
}

static void add_frame(struct buf *out, const struct buf *frame)
{
    buf_adds(out, "data: ");
    buf_add(out, buf_str(frame), frame->len);
    buf_adds(out, "\n\n");
}

/* The frame, when it is news. */
static void tell(struct reader *reader, struct buf *out)
{
    struct buf frame = buf_make(0);
    agent_view_add_frame(&frame, &reader->view, reader->world->agent.as_array,
                         false);
    bool same = frame.len == reader->sent.len && reader->looks > 0 &&
                memcmp(buf_str(&frame), buf_str(&reader->sent), frame.len) == 0;
    if (!same)
        add_frame(out, &frame);
    buf_free(&reader->sent);
    reader->sent = frame;
}

static void tell_finals(struct reader *reader, struct buf *out)
{
    struct buf frame = buf_make(0);
    agent_view_add_frame(&frame, &reader->view, reader->world->agent.as_array,
                         true);
    for (int i = 0; i < reader->world->agent.finals; i++)
        add_frame(out, &frame);
    buf_free(&frame);
}

static void tell_own(json_t *step, struct buf *out)
{
    json_t *own = json_object_get(step, "frame");
    struct buf frame = buf_make(0);
    if (json_is_string(own))
        buf_adds(&frame, json_string_value(own));
    else
        js_add_value(&frame, own);
    add_frame(out, &frame);
    buf_free(&frame);
}

/* One step that this connection lives through. */
static enum stream_step go_through(struct reader *reader, struct buf *out)
{
    struct world *world = reader->world;
    size_t at = reader->view.applied;
    const struct timeline_item *item = &world->agent.timeline.items[at];
    enum agent_happening what = agent_happening(&world->agent, at);
    bool first = world->agent_steps < at + 1;
    bool here = world->speed <= 0
                    ? first
                    : reader->looks > 0 && item->at_ms > reader->opened_ms;
    agent_view_go(&reader->view, &world->agent, at + 1);
    if (first)
        world->agent_steps = at + 1;
    if (!here)
        return STREAM_BYTES;
    if (what == AGENT_FRAME)
        tell_own(item->step, out);
    return what == AGENT_EOF || what == AGENT_GONE ? STREAM_END
           : what == AGENT_CUT                     ? STREAM_BREAK
           : what == AGENT_CRASH                   ? STREAM_RESET
                                                   : STREAM_BYTES;
}

/* When the next look that can show something is, by the script; -1: none. */
static int64_t next_look_ms(const struct reader *reader)
{
    const struct timeline *timeline = &reader->world->agent.timeline;
    int64_t look_ms = reader->opened_ms + reader->looks * LOOK_MS;
    if (agent_view_is_over(&reader->view))
        return look_ms;
    if (reader->view.applied >= timeline->count)
        return -1;
    int64_t at_ms = timeline->items[reader->view.applied].at_ms;
    int64_t missed = (at_ms - look_ms + LOOK_MS - 1) / LOOK_MS;
    return at_ms > look_ms ? look_ms + missed * LOOK_MS : look_ms;
}

static enum stream_step look(struct reader *reader, size_t due, struct buf *out)
{
    while (reader->view.applied < due) {
        enum stream_step step = go_through(reader, out);
        if (step != STREAM_BYTES)
            return step;
    }
    tell(reader, out);
    if (reader->looks > 0 && agent_view_is_over(&reader->view))
        tell_finals(reader, out);
    return STREAM_BYTES;
}

static bool is_finished(const struct reader *reader)
{
    return reader->looks > 1 && agent_view_is_over(&reader->view);
}

/* In lockstep each look brings one step more; STREAM_WAIT: there is none. */
static enum stream_step look_in_lockstep(struct reader *reader, struct buf *out)
{
    const struct world *world = reader->world;
    size_t count = world->agent.timeline.count;
    size_t due = reader->view.applied;
    bool over = agent_view_is_over(&reader->view);
    if (is_finished(reader))
        return STREAM_END;
    if (reader->looks == 0)
        due = world->agent_steps > 0 || count == 0 ? world->agent_steps : 1;
    else if (!over && due == count)
        return STREAM_WAIT;
    else if (!over)
        due++;
    enum stream_step step = look(reader, due, out);
    reader->looks++;
    return step;
}

static enum stream_step next(void *self, const struct moment *moment,
                             struct buf *out, int64_t *until_ms)
{
    struct reader *reader = self;
    struct world *world = reader->world;
    *until_ms = -1;
    if (world->speed <= 0) {
        enum stream_step step;
        do
            step = look_in_lockstep(reader, out);
        while (step == STREAM_BYTES && out->len == 0);
        return step;
    }
    int64_t now_ms = world_script_ms(world, moment->now_ms);
    if (is_finished(reader))
        return STREAM_END;
    int64_t look_ms = next_look_ms(reader);
    if (reader->looks == 0)
        look_ms = reader->opened_ms;
    if (look_ms >= 0 && look_ms <= now_ms) {
        enum stream_step step =
            look(reader, timeline_due(&world->agent.timeline, look_ms), out);
        reader->looks = (look_ms - reader->opened_ms) / LOOK_MS + 1;
        if (step != STREAM_BYTES || out->len > 0)
            return step;
        look_ms = next_look_ms(reader);
    }
    if (look_ms >= 0)
        *until_ms = world_when_ms(world, moment, look_ms);
    return STREAM_WAIT;
}

static void destroy(void *self)
{
    struct reader *reader = self;
    agent_view_free(&reader->view);
    buf_free(&reader->sent);
    free(reader);
}

static const struct stream_ops ops = {next, destroy};

void agent_reader_open(struct answer *answer, struct world *world,
                       const struct moment *moment)
{
    struct reader *reader = mem_zalloc(1, sizeof *reader);
    *reader = (struct reader){
        .world = world,
        .sent = buf_make(0),
        .opened_ms = world_script_ms(world, moment->now_ms),
    };
    agent_view_go(&reader->view, &world->agent, 0);
    answer->stream = &ops;
    answer->stream_self = reader;
}
