/* What the user's actions do to the view. */
#include "config.h"

#include "view/view_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "view/keys.h"
#include "view/view_doing.h"
#include "view/view_line.h"

enum {
    SHIFT_COLUMNS = 16
};

static void unpause(struct view_run *view)
{
    view->paused = view->port.still = false;
    lines_set_limit(view->lines, UINT64_MAX);
}

static void pause_or_go_on(struct doing *doing)
{
    struct view_run *view = doing->view;
    if (view->paused) {
        unpause(view);
        return;
    }
    view->paused = true;
    view->port.still = true;
    view->seen_end = run_end(doing->run);
    lines_set_limit(view->lines, view->seen_end);
}

static void cycle_level(struct doing *doing)
{
    static const enum log_level NEXT[] = {
        [LEVEL_NONE] = LEVEL_INFO,  [LEVEL_TRACE] = LEVEL_INFO,
        [LEVEL_DEBUG] = LEVEL_INFO, [LEVEL_INFO] = LEVEL_WARN,
        [LEVEL_WARN] = LEVEL_ERROR, [LEVEL_ERROR] = LEVEL_NONE,
    };
    struct view_run *view = doing->view;
    int row = doing_hold(doing);
    enum log_level level = lines_filter(view->lines)->level;
    lines_set_level(view->lines, NEXT[level], view->port.cursor);
    doing_held(doing, row);
}

static void toggle_wrap(struct doing *doing)
{
    int row = doing_hold(doing);
    doing->view->wrap = !doing->view->wrap;
    doing->view->shift = 0;
    doing_held(doing, row);
}

static void shift_by(struct doing *doing, int columns)
{
    struct view_run *view = doing->view;
    const struct layout *layout = &view->layout;
    if (view->wrap) {
        doing_say(doing,
                  "lines are wrapped: w cuts them, then they scroll sideways");
        return;
    }
    /* Not past the end of the longest line in sight. */
    int seen = view->shift + layout->log_width - layout->text_x;
    if (columns > 0 && seen >= view->widest)
        return;
    view->shift += columns;
    if (view->shift < 0)
        view->shift = 0;
}

static void next_time_column(struct doing *doing)
{
    int row = doing_hold(doing);
    struct view_run *view = doing->view;
    view->time = (enum time_column)((view->time + 1) % TIME_COLUMN_COUNT);
    doing_held(doing, row);
}

/* ---- folding ---- */

static void fold_step(struct doing *doing, size_t step)
{
    struct view_run *view = doing->view;
    bool folded = lines_is_folded(view->lines, doing->run, step);
    if (!folded && !view->port.follow)
        view->port.cursor = run_step(doing->run, step)->first_entry;
    int row = doing_hold(doing);
    lines_fold(view->lines, step, !folded);
    doing_held(doing, row);
}

/* A line's own data comes before the step it is in, unless the end is followed,
 * where nobody chose the line. */
static bool unfold_data(struct doing *doing, uint64_t line, size_t step)
{
    struct view_run *view = doing->view;
    struct entry entry;
    if (view->port.follow && step != LINES_NO_STEP)
        return false;
    if (!run_entry(doing->run, line, &entry) || entry.open ||
        !line_unfolds(&entry))
        return false;
    int row = doing_hold(doing);
    if (!numbers_toggle(&view->unfolded, line))
        doing_say(doing, "too many lines are unfolded");
    doing_held(doing, row);
    return true;
}

static void fold_current(struct doing *doing)
{
    struct view_run *view = doing->view;
    uint64_t line;
    if (view->focus == FOCUS_STEPS && run_step_count(doing->run)) {
        size_t step = view_step_selected(view, doing->run);
        if (view->layout.side_width) {
            fold_step(doing, step);
            return;
        }
        /* In place of the log: ENTER goes to the step. */
        view->focus = FOCUS_LOG;
        if (lines_is_folded(view->lines, doing->run, step))
            lines_fold(view->lines, step, false);
        viewport_show(&view->port, &doing->source,
                      run_step(doing->run, step)->first_entry);
        return;
    }
    if (!doing_current(doing, &line))
        return;
    size_t step = lines_step_of(doing->run, line);
    if (unfold_data(doing, line, step))
        return;
    if (step == LINES_NO_STEP)
        doing_say(doing, "no step and no data here");
    else
        fold_step(doing, step);
}

static void fold_all(struct doing *doing, bool folded)
{
    int row = doing_hold(doing);
    lines_fold_all(doing->view->lines, doing->run, folded);
    doing_held(doing, row);
}

/* ---- the steps pane ---- */

static void switch_pane(struct doing *doing)
{
    struct view_run *view = doing->view;
    uint64_t line;
    size_t count = run_step_count(doing->run);
    if (view->focus == FOCUS_STEPS || !count) {
        view->focus = FOCUS_LOG;
        if (!count)
            doing_say(doing, "the run told no steps");
        return;
    }
    view->focus = FOCUS_STEPS;
    view->step_at = count - 1;
    if (!view->port.follow && doing_current(doing, &line)) {
        size_t step = lines_step_of(doing->run, line);
        view->step_at =
            step == LINES_NO_STEP ? run_step_first(doing->run) : step;
    }
}

static void select_step(struct doing *doing, int by)
{
    struct view_run *view = doing->view;
    if (!run_step_count(doing->run))
        return;
    if (by > 0)
        view->step_at++;
    else if (view->step_at)
        view->step_at--;
    view->step_at = view_step_selected(view, doing->run);
    if (view->layout.side_width)
        viewport_show(&view->port, &doing->source,
                      run_step(doing->run, view->step_at)->first_entry);
}

/* ---- marks ---- */

/* The number of a line that is still being written passes to other entries. */
static void toggle_mark(struct doing *doing)
{
    uint64_t line;
    struct entry entry;
    if (!doing_current(doing, &line))
        return;
    if (run_entry(doing->run, line, &entry) && entry.open)
        doing_say(doing, "still being written: mark it when it is whole");
    else if (!numbers_toggle(&doing->view->marks, line))
        doing_say(doing, "no more than 1000 marks");
}

static void jump_to_mark(struct doing *doing, bool down)
{
    const struct numbers *marks = &doing->view->marks;
    uint64_t line;
    if (!marks->count || !doing_current(doing, &line)) {
        doing_say(doing, "no marks yet: m sets one");
        return;
    }
    size_t at = numbers_index(marks, line), count = marks->count;
    if (down)
        at += at < count && marks->items[at] == line;
    else
        at += count - 1;
    doing_show_entry(doing, marks->items[at % count]);
}

/* ---- the doors ---- */

static bool is_for_application(uint32_t key)
{
    return key == KEYCODE_CTRL('c') || key == KEYCODE_CTRL('z') ||
           key == KEYCODE_CTRL('l');
}

static bool escape_key(struct doing *doing)
{
    struct view_run *view = doing->view;
    if (doing_stop_hunt(doing))
        return true;
    if (view->focus == FOCUS_STEPS) {
        view->focus = FOCUS_LOG;
        return true;
    }
    if (!view->search)
        return false;
    pattern_destroy(view->search);
    view->search = NULL;
    return true;
}

/* When the end is let go: what comes from here on is new. */
void doing_note_letting_go(struct doing *doing, bool followed)
{
    if (followed && !doing->view->port.follow && !doing->view->paused)
        doing->view->seen_end = run_end(doing->run);
    doing->view->port.placed = false;
    view_run_update(doing->view, doing->run);
}

bool view_run_key(struct view_run *view, const struct run *run, uint32_t key)
{
    struct doing doing;
    doing_start(&doing, view, run);
    bool followed = view->port.follow;
    if (is_for_application(key) || key == KEYCODE_NONE)
        return false;
    if (view->help)
        view_help_key(view, key);
    else if (view->prompt == PROMPT_COPY)
        doing_copy_key(&doing, key);
    else if (view->prompt != PROMPT_NONE)
        doing_prompt_key(&doing, key);
    else
        return key == KEYCODE_ESCAPE && escape_key(&doing);
    doing_note_letting_go(&doing, followed);
    return true;
}

static bool move(struct doing *doing, enum action action)
{
    struct view_run *view = doing->view;
    int page = view->port.height > 1 ? view->port.height - 1 : 1;
    int line = action == ACTION_LINE_DOWN ? 1
               : action == ACTION_LINE_UP ? -1
                                          : 0;
    int rows = action == ACTION_PAGE_DOWN   ? page
               : action == ACTION_PAGE_UP   ? -page
               : action == ACTION_HALF_DOWN ? (page + 1) / 2
               : action == ACTION_HALF_UP   ? -(page + 1) / 2
                                            : 0;
    if (line && view->focus == FOCUS_STEPS)
        select_step(doing, line);
    else if (line)
        viewport_step(&view->port, &doing->source, line);
    else if (rows)
        viewport_scroll(&view->port, &doing->source, rows);
    else if (action == ACTION_TOP)
        viewport_to_start(&view->port, &doing->source);
    else
        return false;
    return true;
}

static bool find(struct doing *doing, enum action action)
{
    if (action == ACTION_SEARCH || action == ACTION_FILTER)
        doing_open_prompt(doing, action == ACTION_SEARCH ? PROMPT_SEARCH
                                                         : PROMPT_FILTER);
    else if (action == ACTION_SEARCH_NEXT || action == ACTION_SEARCH_PREVIOUS)
        doing_search_again(doing, action == ACTION_SEARCH_NEXT);
    else if (action == ACTION_ERROR_NEXT || action == ACTION_ERROR_PREVIOUS)
        doing_jump(doing, NULL, action == ACTION_ERROR_NEXT);
    else if (action == ACTION_LEVEL)
        cycle_level(doing);
    else if (action == ACTION_MARK)
        toggle_mark(doing);
    else if (action == ACTION_MARK_NEXT || action == ACTION_MARK_PREVIOUS)
        jump_to_mark(doing, action == ACTION_MARK_NEXT);
    else
        return false;
    return true;
}

static bool show(struct doing *doing, enum action action)
{
    if (action == ACTION_FOLD)
        fold_current(doing);
    else if (action == ACTION_FOLD_ALL || action == ACTION_OPEN_ALL)
        fold_all(doing, action == ACTION_FOLD_ALL);
    else if (action == ACTION_PANE)
        switch_pane(doing);
    else if (action == ACTION_WRAP)
        toggle_wrap(doing);
    else if (action == ACTION_LEFT || action == ACTION_RIGHT)
        shift_by(doing, action == ACTION_LEFT ? -SHIFT_COLUMNS : SHIFT_COLUMNS);
    else if (action == ACTION_TIME_COLUMN)
        next_time_column(doing);
    else
        return false;
    return true;
}

/* What acts on the line that is being looked for waits for it; what goes
 * somewhere else does not. */
static void settle_hunt(struct doing *doing, enum action action)
{
    if (action == ACTION_END || action == ACTION_FOLLOW || action == ACTION_TOP)
        doing_stop_hunt(doing);
    else if (action != ACTION_QUIT && action != ACTION_INTERRUPT &&
             action != ACTION_REDRAW && action != ACTION_SUSPEND)
        doing_finish_hunt(doing);
}

bool view_run_act(struct view_run *view, const struct run *run,
                  enum action action)
{
    struct doing doing;
    doing_start(&doing, view, run);
    settle_hunt(&doing, action);
    bool followed = view->port.follow;
    bool done = true;
    if (action == ACTION_END || action == ACTION_FOLLOW) {
        unpause(view);
        view->focus = FOCUS_LOG;
        viewport_to_end(&view->port);
    } else if (action == ACTION_PAUSE) {
        pause_or_go_on(&doing);
    } else if (action == ACTION_COPY) {
        view->prompt = PROMPT_COPY;
    } else if (action == ACTION_HELP) {
        view->help = true;
        view->help_top = 0;
    } else {
        done = move(&doing, action) || find(&doing, action) ||
               show(&doing, action);
    }
    doing_note_letting_go(&doing, followed);
    return done;
}
