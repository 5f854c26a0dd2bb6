/* Typing a search or a filter. */
#include "config.h"

#include <string.h>

#include "text/utf8.h"
#include "view/keys.h"
#include "view/view_doing.h"

void doing_search_again(struct doing *doing, bool down)
{
    if (doing->view->search)
        doing_jump(doing, doing->view->search, down);
    else
        doing_say(doing, "nothing to look for yet: / searches");
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
    int row = doing_hold(doing);
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
    doing_held(doing, row);
}

void doing_open_prompt(struct doing *doing, enum prompt prompt)
{
    struct view_run *view = doing->view;
    buf_clear(&view->input);
    view->prompt = prompt;
    view->before_prompt = view->port;
    view->search_opened = LINES_NO_STEP;
    view->search_missed = false;
    if (prompt == PROMPT_SEARCH) {
        view->search_before = view->search;
        view->search = NULL;
    }
}

/* To where the prompt was opened; the step that a match opened folds again. */
static void go_back(struct doing *doing)
{
    struct view_run *view = doing->view;
    int height = view->port.height;
    if (view->search_opened != LINES_NO_STEP)
        lines_fold(view->lines, view->search_opened, true);
    view->search_opened = LINES_NO_STEP;
    view->port = view->before_prompt;
    view->port.height = height;
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
        doing_stop_hunt(doing);
        pattern_destroy(view->search);
        view->search = view->search_before;
        go_back(doing);
    } else {
        pattern_destroy(view->search_before);
    }
    view->search_before = NULL;
    if (again)
        doing_search_again(doing, true);
    else if (accept && view->search_missed)
        doing_say(doing, "no match");
}

/* The search follows what is typed: it begins anew with each key, or goes on
 * where a character was added; but nothing is looked at before all keys that
 * are there were read. */
static void search_typed(struct doing *doing)
{
    struct view_run *view = doing->view;
    struct pattern *before = view->search;
    view->search = NULL;
    doing_stop_hunt(doing);
    go_back(doing);
    view->search_missed = false;
    if (view->input.len)
        view->search = pattern_create(buf_str(&view->input));
    if (view->search && before && pattern_narrows(view->search, before))
        doing_look_on_for_typed(doing, view->search);
    else if (view->search)
        doing_look_for_typed(doing, view->search);
    pattern_destroy(before);
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

void doing_prompt_key(struct doing *doing, uint32_t key)
{
    struct view_run *view = doing->view;
    bool back = key == KEYCODE_BACKSPACE || key == KEYCODE_CTRL('h');
    if (key == KEYCODE_ENTER) {
        close_prompt(doing, true);
    } else if (key == KEYCODE_ESCAPE || (back && !view->input.len)) {
        close_prompt(doing, false);
    } else if (edit(&view->input, key) && view->prompt == PROMPT_SEARCH) {
        search_typed(doing);
    }
}
