/* What the user's actions do to the view, and the prompts. */
#include "config.h"

#include "view/view_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/escape.h"
#include "text/utf8.h"
#include "view/keys.h"
#include "view/view_parts.h"

enum {
    COPY_MAX = 64 * 1024,
    SHIFT_COLUMNS = 16
};

/* An action at work: what it needs at hand. */
struct doing {
    struct view_run *view;
    const struct run *run;
    struct log_list list;
    struct line_source source;
};

static void doing_start(struct doing *doing, struct view_run *view,
                        const struct run *run)
{
    doing->view = view;
    doing->run = run;
    doing->list = (struct log_list){view, run};
    doing->source = view_log_source(&doing->list);
}

static void say(struct view_run *view, const char *words)
{
    free(view->said);
    view->said = mem_strdup(words);
    view->said_now = true;
}

/* The line that actions are about. False: the log is empty. */
static bool current_line(struct doing *doing, uint64_t *line)
{
    struct view_run *view = doing->view;
    if (!viewport_settle(&view->port, &doing->source, view->port.height))
        return false;
    *line = view->port.cursor;
    return true;
}

static void unpause(struct view_run *view)
{
    view->paused = false;
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
    view->seen_end = logstore_end(run_log(doing->run));
    lines_set_limit(view->lines, view->seen_end);
}

/* ---- looking for entries ---- */

/* What an entry is looked for by: a pattern, or being an error. */
static bool is_wanted(struct doing *doing, uint64_t number,
                      struct pattern *pattern)
{
    struct entry entry;
    if (!logstore_get(run_log(doing->run), number, &entry) || entry.withdrawn ||
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
    for (uint64_t left = end > first ? end - first : 0; left > 0; left--) {
        *out = down ? end - left : first + left - 1;
        if (is_wanted(doing, *out, pattern))
            return true;
    }
    return false;
}

static void show_entry(struct doing *doing, uint64_t number)
{
    struct view_run *view = doing->view;
    size_t step = lines_step_of(doing->run, number);
    if (step != LINES_NO_STEP &&
        run_step(doing->run, step)->first_entry != number &&
        lines_is_folded(view->lines, doing->run, step))
        lines_fold(view->lines, step, false);
    viewport_show(&view->port, &doing->source, number);
}

/* From the current line on, and round the log's end. */
static void jump(struct doing *doing, struct pattern *pattern, bool down)
{
    struct view_run *view = doing->view;
    uint64_t first = logstore_first(run_log(doing->run));
    uint64_t end = lines_end(view->lines, doing->run);
    uint64_t at, found;
    if (!current_line(doing, &at))
        return;
    uint64_t after = at + 1 < end ? at + 1 : end;
    bool ahead = down ? find_in(doing, pattern, after, end, true, &found)
                      : find_in(doing, pattern, first, at, false, &found);
    if (!ahead) {
        bool round = down ? find_in(doing, pattern, first, after, true, &found)
                          : find_in(doing, pattern, at, end, false, &found);
        if (!round) {
            say(view, pattern ? "no match" : "no errors in the log");
            return;
        }
        say(view, down ? "went on from the top" : "went on from the end");
    }
    show_entry(doing, found);
}

/* The match nearest to what is in sight: below its top, else above. */
static bool show_nearest(struct doing *doing)
{
    struct view_run *view = doing->view;
    uint64_t first = logstore_first(run_log(doing->run));
    uint64_t end = lines_end(view->lines, doing->run);
    uint64_t found;
    viewport_settle(&view->port, &doing->source, view->port.height);
    uint64_t top = view->port.top.line;
    bool any = find_in(doing, view->search, top, end, true, &found) ||
               find_in(doing, view->search, first, top, false, &found);
    if (any)
        show_entry(doing, found);
    return any;
}

static void search_again(struct doing *doing, bool down)
{
    if (doing->view->search)
        jump(doing, doing->view->search, down);
    else
        say(doing->view, "nothing to look for yet: / searches");
}

/* ---- changes that keep the current line where it is ---- */

static int hold_start(struct doing *doing)
{
    uint64_t line;
    return current_line(doing, &line)
               ? viewport_cursor_row(&doing->view->port, &doing->source)
               : 0;
}

static void hold_end(struct doing *doing, int row)
{
    viewport_hold(&doing->view->port, &doing->source, row);
}

static void cycle_level(struct doing *doing)
{
    static const enum log_level NEXT[] = {
        [LEVEL_NONE] = LEVEL_INFO,  [LEVEL_TRACE] = LEVEL_INFO,
        [LEVEL_DEBUG] = LEVEL_INFO, [LEVEL_INFO] = LEVEL_WARN,
        [LEVEL_WARN] = LEVEL_ERROR, [LEVEL_ERROR] = LEVEL_NONE,
    };
    struct view_run *view = doing->view;
    int row = hold_start(doing);
    enum log_level level = lines_filter(view->lines)->level;
    lines_set_level(view->lines, NEXT[level], view->port.cursor);
    hold_end(doing, row);
}

static struct pattern *copy_of(const struct pattern *pattern)
{
    return pattern ? pattern_create(pattern_text(pattern)) : NULL;
}

static void set_filter(struct doing *doing, const char *text)
{
    struct view_run *view = doing->view;
    const struct filter *filter = lines_filter(view->lines);
    struct pattern *include = copy_of(filter->include);
    struct pattern *exclude = copy_of(filter->exclude);
    int row = hold_start(doing);
    if (text[0] == '!' && text[1]) {
        pattern_destroy(exclude);
        exclude = pattern_create(text + 1);
    } else if (text[0] && text[0] != '!') {
        pattern_destroy(include);
        include = pattern_create(text);
    } else {
        pattern_destroy(include);
        pattern_destroy(exclude);
        include = exclude = NULL;
    }
    lines_set_patterns(view->lines, include, exclude, view->port.cursor);
    hold_end(doing, row);
}

static void toggle_wrap(struct doing *doing)
{
    int row = hold_start(doing);
    doing->view->wrap = !doing->view->wrap;
    doing->view->shift = 0;
    hold_end(doing, row);
}

static void shift_by(struct view_run *view, int columns)
{
    if (view->wrap) {
        say(view, "lines are wrapped: w cuts them, then they scroll sideways");
        return;
    }
    view->shift += columns;
    if (view->shift < 0)
        view->shift = 0;
}

static void next_time_column(struct doing *doing)
{
    int row = hold_start(doing);
    struct view_run *view = doing->view;
    view->time = (enum time_column)((view->time + 1) % TIME_COLUMN_COUNT);
    hold_end(doing, row);
}

/* ---- folding ---- */

static void fold_step(struct doing *doing, size_t step)
{
    struct view_run *view = doing->view;
    bool folded = lines_is_folded(view->lines, doing->run, step);
    if (!folded && !view->port.follow)
        view->port.cursor = run_step(doing->run, step)->first_entry;
    int row = hold_start(doing);
    lines_fold(view->lines, step, !folded);
    hold_end(doing, row);
}

static void fold_current(struct doing *doing)
{
    struct view_run *view = doing->view;
    uint64_t line;
    if (view->focus == FOCUS_STEPS && run_step_count(doing->run)) {
        size_t count = run_step_count(doing->run);
        size_t step = view->step_at < count ? view->step_at : count - 1;
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
    if (!current_line(doing, &line))
        return;
    size_t step = lines_step_of(doing->run, line);
    if (step == LINES_NO_STEP)
        say(view, "no step here");
    else
        fold_step(doing, step);
}

static void fold_all(struct doing *doing, bool folded)
{
    int row = hold_start(doing);
    lines_fold_all(doing->view->lines, doing->run, folded);
    hold_end(doing, row);
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
            say(view, "the run told no steps");
        return;
    }
    view->focus = FOCUS_STEPS;
    view->step_at = count - 1;
    if (!view->port.follow && current_line(doing, &line)) {
        size_t step = lines_step_of(doing->run, line);
        view->step_at = step == LINES_NO_STEP ? 0 : step;
    }
}

static void select_step(struct doing *doing, int by)
{
    struct view_run *view = doing->view;
    size_t count = run_step_count(doing->run);
    if (!count)
        return;
    if (by < 0)
        view->step_at -= view->step_at > 0;
    else
        view->step_at += view->step_at + 1 < count;
    if (view->step_at >= count)
        view->step_at = count - 1;
    if (view->layout.side_width)
        viewport_show(&view->port, &doing->source,
                      run_step(doing->run, view->step_at)->first_entry);
}

/* ---- marks ---- */

static size_t mark_index(const struct view_run *view, uint64_t number)
{
    size_t at = 0;
    while (at < view->mark_count && view->marks[at] < number)
        at++;
    return at;
}

static void toggle_mark(struct doing *doing)
{
    enum {
        MARKS_MAX = 1000
    };
    struct view_run *view = doing->view;
    uint64_t line;
    if (!current_line(doing, &line))
        return;
    size_t at = mark_index(view, line);
    size_t rest = (view->mark_count - at) * sizeof *view->marks;
    if (at < view->mark_count && view->marks[at] == line) {
        memmove(view->marks + at, view->marks + at + 1,
                rest - sizeof *view->marks);
        view->mark_count--;
    } else if (view->mark_count == MARKS_MAX) {
        say(view, "no more than 1000 marks");
    } else {
        view->marks =
            mem_resize(view->marks, view->mark_count + 1, sizeof *view->marks);
        memmove(view->marks + at + 1, view->marks + at, rest);
        view->marks[at] = line;
        view->mark_count++;
    }
}

static void jump_to_mark(struct doing *doing, bool down)
{
    struct view_run *view = doing->view;
    uint64_t line;
    if (!view->mark_count || !current_line(doing, &line)) {
        say(view, "no marks yet: m sets one");
        return;
    }
    size_t at = mark_index(view, line), count = view->mark_count;
    if (down)
        at += at < count && view->marks[at] == line;
    else
        at += count - 1;
    show_entry(doing, view->marks[at % count]);
}

/* ---- prompts ---- */

static void open_prompt(struct view_run *view, enum prompt prompt)
{
    buf_clear(&view->input);
    view->prompt = prompt;
    view->before_prompt = view->port;
    if (prompt == PROMPT_SEARCH) {
        view->search_before = view->search;
        view->search = NULL;
    }
}

static void close_prompt(struct doing *doing, bool accept)
{
    struct view_run *view = doing->view;
    enum prompt prompt = view->prompt;
    view->prompt = PROMPT_NONE;
    if (prompt == PROMPT_FILTER && accept)
        set_filter(doing, buf_str(&view->input));
    if (prompt != PROMPT_SEARCH)
        return;
    /* An empty search goes on with the last one, as in less. */
    bool again = accept && !view->input.len && view->search_before;
    if (!accept || again) {
        pattern_destroy(view->search);
        view->search = view->search_before;
        view->port = view->before_prompt;
    } else {
        pattern_destroy(view->search_before);
    }
    view->search_before = NULL;
    if (again)
        search_again(doing, true);
}

/* The search follows each key. */
static void search_typed(struct doing *doing)
{
    struct view_run *view = doing->view;
    pattern_destroy(view->search);
    view->search = NULL;
    view->port = view->before_prompt;
    if (!view->input.len)
        return;
    view->search = pattern_create(buf_str(&view->input));
    if (!show_nearest(doing))
        view->port = view->before_prompt;
}

static void drop_character(struct buf *input)
{
    size_t len = input->len;
    while (len && ((unsigned char)input->data[--len] & 0xc0) == 0x80)
        continue;
    buf_truncate(input, len);
}

static bool edit(struct buf *input, uint32_t key)
{
    char bytes[UTF8_MAX_BYTES];
    if (key == KEYCODE_BACKSPACE || key == KEYCODE_CTRL('h')) {
        drop_character(input);
    } else if (key == KEYCODE_CTRL('u')) {
        buf_clear(input);
    } else if (key == KEYCODE_CTRL('w')) {
        while (input->len && input->data[input->len - 1] == ' ')
            drop_character(input);
        while (input->len && input->data[input->len - 1] != ' ')
            drop_character(input);
    } else if (key >= 0x20 && key < KEYCODE_FIRST_NAMED) {
        buf_add(input, bytes, utf8_encode(key, bytes));
    } else {
        return false;
    }
    return true;
}

static void say_if_unmatched(struct doing *doing)
{
    struct view_run *view = doing->view;
    uint64_t found, first = logstore_first(run_log(doing->run));
    if (view->search && view->port.follow &&
        !find_in(doing, view->search, first, lines_end(view->lines, doing->run),
                 false, &found))
        say(view, "no match");
}

static void prompt_key(struct doing *doing, uint32_t key)
{
    struct view_run *view = doing->view;
    bool back = key == KEYCODE_BACKSPACE || key == KEYCODE_CTRL('h');
    if (key == KEYCODE_ENTER) {
        bool search = view->prompt == PROMPT_SEARCH;
        close_prompt(doing, true);
        if (search)
            say_if_unmatched(doing);
    } else if (key == KEYCODE_ESCAPE || (back && !view->input.len)) {
        close_prompt(doing, false);
    } else if (edit(&view->input, key) && view->prompt == PROMPT_SEARCH) {
        search_typed(doing);
    }
}

/* ---- copying ---- */

static void copy_safe(struct view_run *view, const char *what, const char *text,
                      size_t len)
{
    struct buf safe = buf_make(0);
    escape_text(&safe, text, len < COPY_MAX ? len : COPY_MAX, ESCAPE_LINES);
    free(view->copy);
    view->copy = buf_take(&safe);
    view->copy_what = what;
    view->copy_waits = true;
}

static void add_entry(struct buf *out, const struct entry *entry)
{
    if (out->len)
        buf_addc(out, '\n');
    buf_add(out, entry->text, entry->text_len);
    if (entry->detail_len) {
        buf_adds(out, entry->text_len ? "  " : "");
        buf_add(out, entry->detail, entry->detail_len);
    }
}

static void copy_line(struct doing *doing)
{
    struct entry entry;
    uint64_t line;
    struct buf text = buf_make(0);
    if (!current_line(doing, &line) ||
        !logstore_get(run_log(doing->run), line, &entry)) {
        say(doing->view, "no line here");
        return;
    }
    add_entry(&text, &entry);
    copy_safe(doing->view, "the line", buf_str(&text), text.len);
    buf_free(&text);
}

static void copy_step(struct doing *doing)
{
    uint64_t line;
    size_t step = LINES_NO_STEP;
    struct entry entry;
    struct buf text = buf_make(0);
    if (current_line(doing, &line))
        step = lines_step_of(doing->run, line);
    if (step == LINES_NO_STEP) {
        say(doing->view, "no step here");
        return;
    }
    uint64_t at = run_step(doing->run, step)->first_entry;
    uint64_t end = step + 1 < run_step_count(doing->run)
                       ? run_step(doing->run, step + 1)->first_entry
                       : logstore_end(run_log(doing->run));
    for (; at < end && text.len < COPY_MAX; at++)
        if (logstore_get(run_log(doing->run), at, &entry) && !entry.withdrawn)
            add_entry(&text, &entry);
    copy_safe(doing->view, "the step", buf_str(&text), text.len);
    buf_free(&text);
}

static void copy_error(struct doing *doing)
{
    struct buf text = buf_make(0);
    if (!run_facts(doing->run)->has_error) {
        say(doing->view, "the run has no error");
        return;
    }
    view_error_text(run_facts(doing->run), &text);
    copy_safe(doing->view, "the error", buf_str(&text), text.len);
    buf_free(&text);
}

static void copy_id(struct doing *doing)
{
    const char *id = run_facts(doing->run)->id;
    id = id ? id : run_id(doing->run);
    copy_safe(doing->view, "the run id", id, strlen(id));
}

static void copy_key(struct doing *doing, uint32_t key)
{
    doing->view->prompt = PROMPT_NONE;
    if (key == 'i' || key == 'y')
        copy_id(doing);
    else if (key == 'l')
        copy_line(doing);
    else if (key == 's')
        copy_step(doing);
    else if (key == 'e')
        copy_error(doing);
}

/* ---- help ---- */

static void help_key(struct view_run *view, uint32_t key)
{
    int page = view->layout.height > 2 ? view->layout.height - 2 : 1;
    enum action action = action_of_key(0, key);
    int by = action == ACTION_LINE_DOWN   ? 1
             : action == ACTION_LINE_UP   ? -1
             : action == ACTION_PAGE_DOWN ? page
             : action == ACTION_PAGE_UP   ? -page
             : action == ACTION_HALF_DOWN ? page / 2
             : action == ACTION_HALF_UP   ? -page / 2
             : action == ACTION_TOP       ? -ACTION_COUNT * 2
             : action == ACTION_END       ? ACTION_COUNT * 2
                                          : 0;
    if (!by) {
        view->help = false;
        return;
    }
    view->help_top += by;
    if (view->help_top < 0)
        view->help_top = 0;
}

/* ---- the doors ---- */

static bool is_for_application(uint32_t key)
{
    return key == KEYCODE_CTRL('c') || key == KEYCODE_CTRL('z') ||
           key == KEYCODE_CTRL('l');
}

static bool escape_key(struct view_run *view)
{
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
static void note_letting_go(struct doing *doing, bool followed)
{
    if (followed && !doing->view->port.follow && !doing->view->paused)
        doing->view->seen_end = logstore_end(run_log(doing->run));
    if (!followed && doing->view->port.follow)
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
        help_key(view, key);
    else if (view->prompt == PROMPT_COPY)
        copy_key(&doing, key);
    else if (view->prompt != PROMPT_NONE)
        prompt_key(&doing, key);
    else
        return key == KEYCODE_ESCAPE && escape_key(view);
    note_letting_go(&doing, followed);
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
        open_prompt(doing->view,
                    action == ACTION_SEARCH ? PROMPT_SEARCH : PROMPT_FILTER);
    else if (action == ACTION_SEARCH_NEXT || action == ACTION_SEARCH_PREVIOUS)
        search_again(doing, action == ACTION_SEARCH_NEXT);
    else if (action == ACTION_ERROR_NEXT || action == ACTION_ERROR_PREVIOUS)
        jump(doing, NULL, action == ACTION_ERROR_NEXT);
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
    struct view_run *view = doing->view;
    if (action == ACTION_FOLD)
        fold_current(doing);
    else if (action == ACTION_FOLD_ALL || action == ACTION_OPEN_ALL)
        fold_all(doing, action == ACTION_FOLD_ALL);
    else if (action == ACTION_PANE)
        switch_pane(doing);
    else if (action == ACTION_WRAP)
        toggle_wrap(doing);
    else if (action == ACTION_LEFT || action == ACTION_RIGHT)
        shift_by(view, action == ACTION_LEFT ? -SHIFT_COLUMNS : SHIFT_COLUMNS);
    else if (action == ACTION_TIME_COLUMN)
        next_time_column(doing);
    else
        return false;
    return true;
}

bool view_run_act(struct view_run *view, const struct run *run,
                  enum action action)
{
    struct doing doing;
    doing_start(&doing, view, run);
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
    note_letting_go(&doing, followed);
    return done;
}
