/* The screen of one run: header, bar, times, error card, log, message row and
 * keys, at any size from 20x5 to 300x100 (docs/screens in the manual page). */
#ifndef VIEW_VIEW_RUN_H
#define VIEW_VIEW_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "model/run.h"
#include "view/action.h"
#include "view/frame.h"

/* A recording that is played in place of life. */
enum view_play_state {
    VIEW_PLAY_NONE, /* it is life */
    VIEW_PLAY_ON,
    VIEW_PLAY_PAUSED,
    VIEW_PLAY_STOPPED, /* where it was to stop */
    VIEW_PLAY_OVER
};
struct view_play {
    enum view_play_state state;
    int64_t at_ms, length_ms; /* since its start */
    double speed;             /* times as fast as life; 0: without waiting */
};

/* What a view may know of its surroundings; handed in at each call. */
struct view_env {
    int64_t now_ms;  /* local wall clock, UTC */
    bool utf8;       /* glyphs beyond ASCII may be used */
    bool ascii_text; /* the terminal takes ASCII only: others' text too */
    bool motion;     /* the shimmer may move */
    struct view_play play;
    /* Seconds east of UTC at an instant; never NULL. */
    int (*utc_offset_s)(int64_t instant_ms);
    const char *zone; /* name of the zone, for the help screen */
};

enum time_column {
    TIME_LOCAL,
    TIME_IN_UTC,
    TIME_ELAPSED, /* since the run started */
    TIME_DELTA,   /* since the entry before */
    TIME_OFF,
    TIME_COLUMN_COUNT
};

struct view_run;

struct view_run *view_run_create(void);
void view_run_destroy(struct view_run *view);

/* Initial settings from the command line. */
void view_run_set_time_column(struct view_run *view, enum time_column column);
void view_run_set_level(struct view_run *view, enum log_level level);

/* Draws all of the frame. Cost: what is visible, whatever the log's length. */
void view_run_draw(struct view_run *view, const struct run *run,
                   const struct view_env *env, struct frame *frame);

/* Draws over a frame that view_run_draw() drew last, for a clock that ticked
 * and nothing else: what time changes, not the log. False: that takes a whole
 * drawing. */
bool view_run_draw_tick(struct view_run *view, const struct run *run,
                        const struct view_env *env, struct frame *frame);

/* Tells the view that the run took an event, so that following and counters
 * of what is new stay right. Cheap; called once per batch of events. */
void view_run_update(struct view_run *view, const struct run *run);

/* Carries out an action of the view (moving, searching, folding …). Returns
 * false for actions that are the application's (quit, suspend, …). */
bool view_run_act(struct view_run *view, const struct run *run,
                  enum action action);

/* While a prompt is open (search, filter, copy menu) keys go here first.
 * Returns false when the key was not taken and should be looked up as an
 * action. key: see view/keys.h. */
bool view_run_key(struct view_run *view, const struct run *run, uint32_t key);

/* Text the user asked to copy since the last call, or NULL; what says it in
 * words ("run id"). The caller sends it to the terminal's clipboard and shows
 * "copied …" through view_run_say(). Borrowed until the next call. */
const char *view_run_take_copy(struct view_run *view, const char **what);

/* Own words for the message row, shown for some seconds. */
void view_run_say(struct view_run *view, int64_t now_ms, const char *words);

/* When the screen must be drawn again although nothing happened (a clock that
 * ticks, a message that goes): milliseconds from now, -1 for never. */
int64_t view_run_next_tick_ms(const struct view_run *view,
                              const struct run *run,
                              const struct view_env *env);

/* True while the user paused the display: events still go to the model. */
bool view_run_is_paused(const struct view_run *view);

#endif
