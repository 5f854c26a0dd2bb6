/* What goes to the clipboard: safe text, as it is shown. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "text/escape.h"
#include "text/utf8.h"
#include "view/view_doing.h"

/* Bytes that terminals are asked to take. */
enum {
    COPY_MAX = 64 * 1024
};

static size_t at_most(const char *text, size_t len)
{
    return len <= COPY_MAX ? len
                           : COPY_MAX - utf8_incomplete_tail(text, COPY_MAX);
}

static void copy_safe(struct view_run *view, const char *what, const char *text,
                      size_t len)
{
    struct buf safe = buf_make(0);
    escape_text(&safe, text, at_most(text, len), ESCAPE_LINES);
    buf_truncate(&safe, at_most(buf_str(&safe), safe.len));
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
    if (!doing_current(doing, &line) || !run_entry(doing->run, line, &entry)) {
        doing_say(doing, "no line here");
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
    if (doing_current(doing, &line))
        step = lines_step_of(doing->run, line);
    if (step == LINES_NO_STEP) {
        doing_say(doing, "no step here");
        return;
    }
    uint64_t at = run_step(doing->run, step)->first_entry;
    uint64_t end = step + 1 < run_step_count(doing->run)
                       ? run_step(doing->run, step + 1)->first_entry
                       : run_end(doing->run);
    for (; at < end && text.len < COPY_MAX; at++)
        if (run_entry(doing->run, at, &entry) && !entry.hidden)
            add_entry(&text, &entry);
    copy_safe(doing->view, "the step", buf_str(&text), text.len);
    buf_free(&text);
}

static void copy_error(struct doing *doing)
{
    struct buf text = buf_make(0);
    if (!run_facts(doing->run)->has_error) {
        doing_say(doing, "the run has no error");
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

void doing_copy_key(struct doing *doing, uint32_t key)
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
