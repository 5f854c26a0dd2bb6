#include "config.h"

#include "view/view_doing.h"

#include <stdlib.h>

#include "base/mem.h"

void doing_start(struct doing *doing, struct view_run *view,
                 const struct run *run)
{
    doing->view = view;
    doing->run = run;
    doing->list = (struct log_list){view, run};
    doing->source = view_log_source(&doing->list);
}

void doing_say(struct doing *doing, const char *words)
{
    struct view_run *view = doing->view;
    free(view->said);
    view->said = mem_strdup(words);
    view->said_now = true;
}

/* The line that actions are about. False: the log is empty. */
bool doing_current(struct doing *doing, uint64_t *line)
{
    struct view_run *view = doing->view;
    if (!viewport_settle(&view->port, &doing->source, view->port.height))
        return false;
    *line = view->port.cursor;
    return true;
}

int doing_hold(struct doing *doing)
{
    uint64_t line;
    return doing_current(doing, &line)
               ? viewport_cursor_row(&doing->view->port, &doing->source)
               : 0;
}

void doing_held(struct doing *doing, int row)
{
    viewport_hold(&doing->view->port, &doing->source, row);
}

/* ---- looking for entries ---- */

void doing_show_entry(struct doing *doing, uint64_t number)
{
    struct view_run *view = doing->view;
    size_t step = lines_step_of(doing->run, number);
    if (step != LINES_NO_STEP &&
        run_step(doing->run, step)->first_entry != number &&
        lines_is_folded(view->lines, doing->run, step)) {
        lines_fold(view->lines, step, false);
        view->search_opened = step;
    }
    viewport_show(&view->port, &doing->source, number);
}

/* The search is over, in its first span or in its second. */
static void take_found(struct doing *doing, const struct hunt *hunt,
                       uint64_t found)
{
    if (hunt->what == HUNT_FOR_NEXT && hunt->span)
        doing_say(doing, "went on from the top");
    if (hunt->what == HUNT_FOR_PREVIOUS && hunt->span)
        doing_say(doing, "went on from the end");
    doing_show_entry(doing, found);
}

static void take_missed(struct doing *doing, const struct hunt *hunt)
{
    struct view_run *view = doing->view;
    if (hunt->what == HUNT_FOR_TYPED && view->prompt == PROMPT_SEARCH)
        view->search_missed = true;
    else
        doing_say(doing, hunt->pattern ? "no match" : "no errors in the log");
}

static void unsay(struct view_run *view)
{
    free(view->said);
    view->said = NULL;
    view->said_now = false;
}

/* Lets the search go on for so many bytes. */
static void hunt_for(struct doing *doing, size_t most)
{
    struct view_run *view = doing->view;
    struct hunt hunt = view->hunt;
    uint64_t found = 0;
    bool followed = view->port.follow;
    enum hunt_state state = hunt_go_on(&view->hunt, doing->run,
                                       lines_filter(view->lines), most, &found);
    if (state == HUNT_GOES_ON) {
        if (view->prompt == PROMPT_NONE && !view->hunt_told)
            doing_say(doing, "searching: ESC stops it");
        view->hunt_told |= view->prompt == PROMPT_NONE;
        return;
    }
    hunt.span = view->hunt.span;
    doing_stop_hunt(doing);
    if (state == HUNT_FOUND)
        take_found(doing, &hunt, found);
    else
        take_missed(doing, &hunt);
    doing_note_letting_go(doing, followed);
}

void doing_hunt(struct doing *doing)
{
    enum {
        SLICE = 64 * 1024 * 1024 /* a dozen milliseconds */
    };
    if (doing->view->hunt.what != HUNT_FOR_NOTHING)
        hunt_for(doing, SLICE);
}

void doing_finish_hunt(struct doing *doing)
{
    if (doing->view->hunt.what != HUNT_FOR_NOTHING)
        hunt_for(doing, SIZE_MAX);
}

bool doing_stop_hunt(struct doing *doing)
{
    struct view_run *view = doing->view;
    bool was_on = view->hunt.what != HUNT_FOR_NOTHING;
    if (view->hunt_told)
        unsay(view);
    view->hunt_told = false;
    view->hunt.what = HUNT_FOR_NOTHING;
    return was_on;
}

/* From the current line on, and round the log's end. */
void doing_jump(struct doing *doing, struct pattern *pattern, bool down)
{
    struct view_run *view = doing->view;
    uint64_t first = logstore_first(run_log(doing->run));
    uint64_t end = lines_end(view->lines, doing->run);
    uint64_t at;
    if (!doing_current(doing, &at))
        return;
    uint64_t after = at + 1 < end ? at + 1 : end;
    view->hunt = (struct hunt){
        .what = down ? HUNT_FOR_NEXT : HUNT_FOR_PREVIOUS,
        .pattern = pattern,
        .spans = {{down ? after : first, down ? end : at, down},
                  {down ? first : at, down ? after : end, down}},
    };
}

void doing_look_for_typed(struct doing *doing, struct pattern *pattern)
{
    struct view_run *view = doing->view;
    uint64_t first = logstore_first(run_log(doing->run));
    uint64_t end = lines_end(view->lines, doing->run);
    viewport_settle(&view->port, &doing->source, view->port.height);
    uint64_t top = view->port.top.line;
    view->hunt = (struct hunt){
        .what = HUNT_FOR_TYPED,
        .pattern = pattern,
        .spans = {{top, end, true}, {first, top, false}},
    };
}

void doing_look_on_for_typed(struct doing *doing, struct pattern *pattern)
{
    struct hunt *hunt = &doing->view->hunt;
    struct hunt_span *below = &hunt->spans[0];
    uint64_t end = lines_end(doing->view->lines, doing->run);
    if (hunt->span > 0 && below->end < end) { /* what came meanwhile */
        doing_look_for_typed(doing, pattern);
        return;
    }
    below->end = end;
    hunt->what = HUNT_FOR_TYPED;
    hunt->pattern = pattern;
}
