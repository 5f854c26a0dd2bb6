#include "config.h"

#include "view/view_doing.h"

#include <stdlib.h>

#include "base/mem.h"
#include "view/scan.h"

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

/* What an entry is looked for by: a pattern, or being an error. */
static bool is_wanted(struct doing *doing, uint64_t number,
                      struct pattern *pattern)
{
    struct entry entry;
    if (!logstore_get(run_log(doing->run), number, &entry) || entry.hidden ||
        !filter_passes(lines_filter(doing->view->lines), &entry))
        return false;
    if (pattern)
        return pattern_matches(pattern, &entry);
    return entry.kind == ENTRY_LOG && entry.level == LEVEL_ERROR;
}

/* The nearest wanted entry in [first, end), from its lower or upper end. */
static bool find_in(struct doing *doing, struct pattern *pattern,
                    uint64_t first, uint64_t end, bool down, uint64_t *out)
{
    struct sought sought = {pattern, pattern ? LEVEL_NONE : LEVEL_ERROR};
    struct scan scan;
    while (first < end) {
        scan_entries(run_log(doing->run), &sought, first, end, down, &scan);
        for (size_t i = 0; i < scan.count; i++) {
            *out = scan.numbers[down ? i : scan.count - 1 - i];
            if (is_wanted(doing, *out, pattern))
                return true;
        }
        if (down)
            first = scan.to;
        else
            end = scan.from;
    }
    return false;
}

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

/* From the current line on, and round the log's end. */
void doing_jump(struct doing *doing, struct pattern *pattern, bool down)
{
    struct view_run *view = doing->view;
    uint64_t first = logstore_first(run_log(doing->run));
    uint64_t end = lines_end(view->lines, doing->run);
    uint64_t at, found;
    if (!doing_current(doing, &at))
        return;
    uint64_t after = at + 1 < end ? at + 1 : end;
    bool ahead = down ? find_in(doing, pattern, after, end, true, &found)
                      : find_in(doing, pattern, first, at, false, &found);
    if (!ahead) {
        bool round = down ? find_in(doing, pattern, first, after, true, &found)
                          : find_in(doing, pattern, at, end, false, &found);
        if (!round) {
            doing_say(doing, pattern ? "no match" : "no errors in the log");
            return;
        }
        doing_say(doing,
                  down ? "went on from the top" : "went on from the end");
    }
    doing_show_entry(doing, found);
}

bool doing_show_nearest(struct doing *doing, struct pattern *pattern)
{
    struct view_run *view = doing->view;
    uint64_t first = logstore_first(run_log(doing->run));
    uint64_t end = lines_end(view->lines, doing->run);
    uint64_t found;
    viewport_settle(&view->port, &doing->source, view->port.height);
    uint64_t top = view->port.top.line;
    bool any = find_in(doing, pattern, top, end, true, &found) ||
               find_in(doing, pattern, first, top, false, &found);
    if (any)
        doing_show_entry(doing, found);
    return any;
}
