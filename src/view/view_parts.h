/* The parts that the screen of a run is composed of, and what they share.
 * For the files of this directory. */
#ifndef VIEW_VIEW_PARTS_H
#define VIEW_VIEW_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "model/run.h"
#include "view/filter.h"
#include "view/frame.h"
#include "view/hunt.h"
#include "view/lines.h"
#include "view/numbers.h"
#include "view/row.h"
#include "view/view_run.h"
#include "view/viewport.h"

/* Classes of size; each has a drawing of its own. */
enum view_size {
    VIEW_TINY,   /* below 30x6: one row of state, then the log */
    VIEW_NARROW, /* below 60 columns or 16 rows */
    VIEW_NORMAL,
    VIEW_WIDE /* from 110 columns */
};

/* How long a notice of the run stays in the message row. */
#define VIEW_NOTICE_MS 8000

enum prompt {
    PROMPT_NONE,
    PROMPT_SEARCH,
    PROMPT_FILTER,
    PROMPT_COPY
};

struct glyphs {
    const char *running, *done, *failed, *folded, *open; /* states */
    const char *pulse;                     /* running, every other second */
    const char *dash, *bar_full, *upright; /* rules */
    const char *tee_down, *tee_up, *tee_left;
};

/* Where things go, settled once for each drawing. */
struct layout {
    enum view_size size;
    int width, height;
    int side_width; /* columns of the left pane; 0: none */
    int log_x, log_y, log_width, log_height;
    int rule_y; /* the rule above the log; -1: none */
    int message_y;
    int footer_y;
    /* Columns of the log pane, counted from log_x. */
    int time_width; /* 0: no time column */
    int gutter_x, text_x;
    bool wrap, ms;
    unsigned escape; /* enum escape_flags for text of others */
};

enum focus {
    FOCUS_LOG,
    FOCUS_STEPS
};

struct view_run {
    struct lines *lines;
    struct viewport port;
    struct layout layout; /* of the last drawing */
    int cursor_row;       /* of the current line in it */

    struct pattern *search;        /* NULL: nothing is looked for */
    struct pattern *search_before; /* while the prompt is open: the last one */
    struct hunt hunt;              /* for it, or for an error */
    bool hunt_told;                /* that it takes a while */

    enum time_column time;
    bool wrap;
    int shift;  /* columns scrolled sideways */
    int widest; /* columns of the longest line in sight */
    enum focus focus;
    size_t step_at; /* the step selected in the steps pane */

    enum prompt prompt;
    struct buf input;              /* what was typed at the prompt */
    size_t search_opened;          /* step that a match opened, to fold again */
    bool search_missed;            /* nothing matches what is typed */
    struct viewport before_prompt; /* to go back to on ESC */

    bool help;
    int help_top;

    bool paused;
    bool reads;        /* further up, or paused: as the folds know it */
    uint64_t seen_end; /* end of the log when the end was let go */
    bool placed_failure;

    char *said; /* own words for the message row, until said_until_ms */
    int64_t said_until_ms;
    bool said_now; /* said_until_ms is to be set at the next drawing */

    struct numbers marks;    /* entries that the user marked */
    struct numbers unfolded; /* entries whose data is shown row by row */

    char *copy; /* to be taken by the application */
    const char *copy_what;
    bool copy_waits;
};

/* What a drawing needs at hand. */
struct canvas {
    struct view_run *view;
    const struct run *run;
    const struct view_env *env;
    struct frame *frame;
    const struct run_facts *facts;
    const struct glyphs *glyphs;
    struct layout *layout;
    int64_t server_now_ms;
};

const struct glyphs *view_glyphs(bool utf8);

/* Local time of day, "14:02:11" or, with ms, "14:02:11.204". */
void view_time_of_day(const struct view_env *env, int64_t instant_ms, bool utc,
                      bool ms, char out[16]);

/* view_header.c: how many rows the header takes, and its drawing. */
int view_header_rows(const struct canvas *canvas);
void view_header_draw(const struct canvas *canvas);
/* The style of a status's family. */
enum style view_status_style(enum run_status status);

/* view_error.c: the error card below the header; 0 rows: none. */
int view_error_rows(const struct canvas *canvas, int most);
void view_error_draw(const struct canvas *canvas, int y, int rows);
/* The error as plain text for the clipboard. */
void view_error_text(const struct run_facts *facts, struct buf *out);

/* view_log.c: the log pane. */
struct log_list {
    struct view_run *view;
    const struct run *run;
};
struct line_source view_log_source(struct log_list *list);
void view_log_columns(const struct view_run *view, struct layout *layout);
void view_log_draw(const struct canvas *canvas);
void view_log_draw_rule(const struct canvas *canvas);
/* Glyph and style of a step. */
const char *view_step_glyph(const struct glyphs *glyphs,
                            const struct step *step, bool folded);
enum style view_step_style(const struct step *step);
/* Its title, in the past tense where that is another. Untrusted. */
const char *view_step_title(const struct step *step);
/* "9.8s", "56s" while it goes on, "" when not known. */
void view_step_duration(const struct canvas *canvas, const struct step *step,
                        char out[32]);
/* "following", "paused, 14 new", … */
void view_log_state(const struct canvas *canvas, char *out, size_t size);

/* view_time.c: the time of an entry, in its column of the row. False: a part of
 * it, or nothing, was drawn. */
bool view_time_draw(const struct canvas *canvas, const struct entry *entry,
                    int y);

/* view_side.c: steps, metadata and tags beside the log; the steps alone in
 * place of the log. */
void view_side_draw(const struct canvas *canvas);
/* The step that the pane points at: the selected one while it has the focus,
 * else the one that is active or was last. There is one. */
size_t view_step_selected(const struct view_run *view, const struct run *run);
void view_steps_draw(const struct canvas *canvas, int x, int y, int width,
                     int height);

/* view_play.c: where in a recording we are, for the header; and milliseconds of
 * the recording until that says something else, -1: never. */
void view_play_add(const struct canvas *canvas, struct row *row);
int64_t view_play_tick_ms(const struct view_env *env);

/* view_message.c: the row above the keys, and the keys. */
void view_message_draw(const struct canvas *canvas);
void view_footer_draw(const struct canvas *canvas);
/* Seconds since the server was heard, when that is worth saying; else -1. */
int64_t view_quiet_s(const struct run *run, const struct view_env *env);
/* Milliseconds until that says something else; -1: never. */
int64_t view_quiet_tick_ms(const struct run *run, const struct view_env *env);

/* view_help.c */
void view_help_draw(const struct canvas *canvas);
/* A key while the help is open. */
void view_help_key(struct view_run *view, uint32_t key);

#endif
