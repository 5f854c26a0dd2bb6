#include "config.h"

#include "sim/drip.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct drip {
    struct world *world;
    struct drip_form form;
    const struct stream_ops *ops;
    void *inner;
    struct buf held; /* made, but not written yet */
    size_t sent;     /* bytes of it */
    bool silent, ending;
    bool cutting; /* the next bytes are cut in the middle */
    bool broken;  /* after what is held */
};

static void destroy(void *self)
{
    struct drip *drip = self;
    drip->ops->destroy(drip->inner);
    buf_free(&drip->held);
    free(drip);
}

static enum stream_step write_piece(struct drip *drip, struct buf *out)
{
    size_t len = drip->held.len - drip->sent;
    if (drip->form.piece > 0 && len > drip->form.piece)
        len = drip->form.piece;
    buf_add(out, drip->held.data + drip->sent, len);
    drip->sent += len;
    return STREAM_BYTES;
}

static void hold(struct drip *drip, const struct buf *bytes)
{
    buf_clear(&drip->held);
    drip->sent = 0;
    for (size_t i = 0; i < bytes->len; i++) {
        if (bytes->data[i] == '\n')
            buf_adds(&drip->held, drip->form.line_end);
        else
            buf_addc(&drip->held, bytes->data[i]);
    }
}

/* True when the fault decides the step. */
static bool strike(struct drip *drip, int64_t now_ms, enum stream_step *step)
{
    const struct fault_kind *kind =
        fault_take(&drip->world->faults, drip->form.place,
                   world_state(drip->world, now_ms));
    if (!kind)
        return false;
    drip->cutting |= kind->effect == FAULT_CUT;
    drip->silent |= kind->effect == FAULT_SILENCE;
    drip->ending |= kind->effect == FAULT_LAST;
    if (kind->effect == FAULT_LAST)
        buf_adds(&drip->held, kind->body);
    *step = kind->effect == FAULT_RESET   ? STREAM_RESET
            : kind->effect == FAULT_CLOSE ? STREAM_BREAK
                                          : STREAM_END;
    return kind->effect == FAULT_RESET || kind->effect == FAULT_CLOSE ||
           kind->effect == FAULT_EOF;
}

/* A fault may be due at the next state of the run. */
static void look_again(struct drip *drip, const struct moment *moment,
                       int64_t *until_ms)
{
    int64_t change_ms =
        world_next_change_ms(drip->world, world_now_ms(drip->world, moment));
    if (drip->world->faults.count == 0 || change_ms < 0)
        return;
    if (*until_ms < 0 || moment->real_ms + change_ms < *until_ms)
        *until_ms = moment->real_ms + change_ms;
}

static enum stream_step next(void *self, const struct moment *moment,
                             struct buf *out, int64_t *until_ms)
{
    struct drip *drip = self;
    enum stream_step step;
    if (drip->sent < drip->held.len)
        return write_piece(drip, out);
    if (drip->broken)
        return STREAM_BREAK;
    if (drip->ending)
        return STREAM_END;
    buf_clear(&drip->held);
    drip->sent = 0;
    if (!drip->silent && strike(drip, world_now_ms(drip->world, moment), &step))
        return step;
    if (drip->silent) {
        *until_ms = -1;
        return STREAM_WAIT;
    }
    if (drip->held.len > 0)
        return write_piece(drip, out);
    struct buf bytes = buf_make(0);
    step = drip->ops->next(drip->inner, moment, &bytes, until_ms);
    if (step == STREAM_BYTES) {
        if (drip->cutting)
            buf_truncate(&bytes, (bytes.len + 1) / 2);
        drip->broken = drip->cutting;
        hold(drip, &bytes);
        write_piece(drip, out);
    } else if (step == STREAM_WAIT) {
        look_again(drip, moment, until_ms);
    }
    buf_free(&bytes);
    return step;
}

static const struct stream_ops ops = {next, destroy};

void drip_wrap(struct answer *answer, struct world *world,
               const struct drip_form *form)
{
    struct drip *drip = mem_zalloc(1, sizeof *drip);
    *drip = (struct drip){.world = world,
                          .form = *form,
                          .ops = answer->stream,
                          .inner = answer->stream_self,
                          .held = buf_make(0)};
    answer->stream = &ops;
    answer->stream_self = drip;
}
