#include "config.h"

#include "model/steps.h"

#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/mem.h"
#include "text/utf8.h"

void steps_init(struct steps *steps)
{
    *steps = (struct steps){.task = NO_STEP, .latest = NO_STEP};
}

static void free_texts(struct steps *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(steps->list[i].title);
        free(steps->list[i].stream);
    }
}

static size_t held(const struct steps *steps)
{
    return steps->count - steps->first;
}

void steps_free(struct steps *steps)
{
    free_texts(steps, held(steps));
    free(steps->list);
    steps_init(steps);
}

struct step *steps_at(const struct steps *steps, uint32_t index)
{
    bool is_held = index >= steps->first && index < steps->count;
    return is_held ? &steps->list[index - steps->first] : NULL;
}

static size_t title_len(const char *title)
{
    enum {
        MAX_TITLE = 1024
    };
    size_t len = strnlen(title, MAX_TITLE);
    return len - utf8_incomplete_tail(title, len);
}

/* One that is active still is none that its end would be told of. */
static void forget_oldest(struct steps *steps)
{
    size_t gone = STEPS_MAX / 10;
    for (size_t i = 0; i < gone; i++)
        steps->in_state[STEP_ACTIVE] -= steps->list[i].state == STEP_ACTIVE;
    free_texts(steps, gone);
    steps->first += gone;
    memmove(steps->list, steps->list + gone, held(steps) * sizeof *steps->list);
}

static struct step *add(struct steps *steps)
{
    if (held(steps) == STEPS_MAX)
        forget_oldest(steps);
    if (held(steps) == steps->size) {
        steps->size = steps->size ? steps->size * 2 : 8;
        steps->list = mem_resize(steps->list, steps->size, sizeof *steps->list);
    }
    return &steps->list[steps->count++ - steps->first];
}

uint32_t steps_begin(struct steps *steps, struct logstore *log,
                     enum step_kind kind, const char *stream, const char *title,
                     int64_t at_ms)
{
    uint32_t index = (uint32_t)steps->count;
    struct entry entry = {
        .kind = ENTRY_STEP,
        .time_ms = at_ms,
        .text = title,
        .text_len = title_len(title),
        .step = index,
    };
    uint64_t number = logstore_append(log, &entry);
    *add(steps) = (struct step){
        .title = mem_strndup(title, entry.text_len),
        .stream = mem_strdup(stream),
        .kind = kind,
        .state = STEP_ACTIVE,
        .started_ms = at_ms,
        .ended_ms = INSTANT_NONE,
        .first_entry = number,
        .last_entry = number,
    };
    steps->in_state[STEP_ACTIVE]++;
    steps->latest = index;
    if (kind == STEP_TASK)
        steps->task = index;
    return index;
}

void steps_retitle(struct steps *steps, uint32_t index, const char *title)
{
    struct step *step = steps_at(steps, index);
    if (!step)
        return;
    free(step->title);
    step->title = mem_strndup(title, title_len(title));
}

void steps_end(struct steps *steps, uint32_t index, enum step_state state,
               int64_t at_ms)
{
    struct step *step = steps_at(steps, index);
    if (!step)
        return;
    steps->undone += step->state == STEP_DONE && state != STEP_DONE;
    steps->in_state[step->state]--;
    steps->in_state[state]++;
    step->state = state;
    step->ended_ms = at_ms;
}

void steps_count(struct steps *steps, const struct entry *entry,
                 uint64_t number)
{
    struct step *step = steps_at(steps, entry->step);
    if (!step)
        return;
    if (steps->latest != entry->step)
        step->mixed = true;
    steps->latest = entry->step;
    step->last_entry = number;
    if (entry->is_title)
        return;
    step->entry_count++;
    step->warnings += entry->level == LEVEL_WARN;
    step->errors += entry->level == LEVEL_ERROR;
}

void steps_discount(struct steps *steps, const struct entry *entry)
{
    struct step *step = steps_at(steps, entry->step);
    if (!step || entry->is_title)
        return;
    step->entry_count -= step->entry_count > 0;
    step->warnings -= entry->level == LEVEL_WARN && step->warnings;
    step->errors -= entry->level == LEVEL_ERROR && step->errors;
}
