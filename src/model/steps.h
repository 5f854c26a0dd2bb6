/* The steps of a run, in the order in which they began. Those that the task
 * tells in its metadata follow one another; those out of streams may be at
 * work at the same time, their entries standing between each other. */
#ifndef MODEL_STEPS_H
#define MODEL_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/logstore.h"

enum step_state {
    STEP_ACTIVE,
    STEP_DONE,
    STEP_FAILED,
    STEP_STOPPED /* the run was canceled or expired in it */
};

#define STEP_STATES (STEP_STOPPED + 1)

enum step_kind {
    STEP_TASK,      /* the task told it in its metadata */
    STEP_STREAM,    /* text that a stream brings */
    STEP_TEXT,      /* a model's answer */
    STEP_REASONING, /* … its thought */
    STEP_TOOL       /* … its call of a tool; the title is the tool's name */
};

struct step {
    /* May change while the step is active: a call's arguments follow its name.
     * The text of its ENTRY_STEP stays what the step began with. */
    char *title;
    char *stream; /* key of the stream it came from; NULL: none */
    enum step_kind kind;
    enum step_state state;
    int64_t started_ms;
    int64_t ended_ms;     /* INSTANT_NONE while active */
    uint64_t first_entry; /* number of its ENTRY_STEP in the store */
    uint64_t last_entry;  /* number of its last entry, or of its ENTRY_STEP */
    bool mixed; /* entries of other steps lie between its first and last */
    uint64_t entry_count; /* entries under it, without the header */
    unsigned warnings, errors;
    bool title_logged; /* an entry that repeats the title was hidden */
};

/* Of so many steps at most more is known than the lines of the log: of the
 * last ones, a tenth less where the oldest were just forgotten. */
#define STEPS_MAX 20000

struct steps {
    struct step *list; /* those with an index from first up to below count */
    size_t first, count, size;
    size_t in_state[STEP_STATES];
    size_t undone;   /* times that one that was done turned out not to be */
    uint32_t task;   /* the last STEP_TASK; NO_STEP: none */
    uint32_t latest; /* the step of the entry told last */
};

/* Steps that never were: nothing to free until one begins. */
void steps_init(struct steps *steps);
void steps_free(struct steps *steps);

/* Appends the header to the log. stream: NULL: none. A title stays in memory
 * as long as the step, so a long one is cut. Returns the step's index, which
 * stands for it for good. */
uint32_t steps_begin(struct steps *steps, struct logstore *log,
                     enum step_kind kind, const char *stream, const char *title,
                     int64_t at_ms);
void steps_retitle(struct steps *steps, uint32_t index, const char *title);

/* Ends it, or corrects how and when it ended. */
void steps_end(struct steps *steps, uint32_t index, enum step_state state,
               int64_t at_ms);

/* An entry was appended to the log, or withdrawn from it; its step may be
 * NO_STEP. */
void steps_count(struct steps *steps, const struct entry *entry,
                 uint64_t number);
void steps_discount(struct steps *steps, const struct entry *entry);

/* The step at this index; NULL for NO_STEP, and for one that was forgotten. */
struct step *steps_at(const struct steps *steps, uint32_t index);

#endif
