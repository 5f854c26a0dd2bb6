/* The two rows at the bottom: what is going on, and which keys matter now. */
#include "config.h"

#include "view/view_line.h"
#include "view/view_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "text/width.h"

enum {
    QUIET_AFTER_MS = 15000, /* a server that says nothing for so long */
    SLOW_AFTER_MS = 5000    /* one that does not begin to */
};

/* How long the server has been silent; -1: it need not say anything. */
static int64_t quiet_ms(const struct run *run, const struct view_env *env)
{
    const struct run_link *link = run_link(run);
    if (run_ended(run) || run_facts(run)->finished ||
        link->last_heard_ms == INSTANT_NONE ||
        (link->state != CONNECTION_LIVE && link->state != CONNECTION_POLLING))
        return -1;
    int64_t quiet = env->now_ms - link->last_heard_ms;
    return quiet > 0 ? quiet : 0;
}

int64_t view_quiet_s(const struct run *run, const struct view_env *env)
{
    int64_t quiet = quiet_ms(run, env);
    return quiet >= QUIET_AFTER_MS ? quiet / 1000 : -1;
}

/* How long nobody has answered; -1: somebody has, or waiting is over. */
static int64_t connecting_ms(const struct run *run, const struct view_env *env)
{
    const struct run_link *link = run_link(run);
    if (run_ended(run) || link->state != CONNECTION_CONNECTING ||
        link->since_ms == INSTANT_NONE)
        return -1;
    int64_t ms = env->now_ms - link->since_ms;
    return ms > 0 ? ms : 0;
}

int64_t view_quiet_tick_ms(const struct run *run, const struct view_env *env)
{
    int64_t quiet = quiet_ms(run, env), connecting = connecting_ms(run, env);
    if (connecting >= 0)
        return connecting < SLOW_AFTER_MS ? SLOW_AFTER_MS - connecting
                                          : 1000 - connecting % 1000;
    if (quiet < 0)
        return -1;
    return quiet < QUIET_AFTER_MS ? QUIET_AFTER_MS - quiet
                                  : 1000 - quiet % 1000;
}

/* ---- prompts ---- */

static const char *copy_question(const struct canvas *canvas)
{
    bool error = canvas->facts->has_error;
    if (canvas->layout->width < 50)
        return error ? "copy: i id  l line  s step  e error"
                     : "copy: i id  l line  s step";
    return error ? "copy: i run id  l line  s step  e error   ESC cancel"
                 : "copy: i run id  l line  s step   ESC cancel";
}

static void draw_prompt(const struct canvas *canvas, int y)
{
    const struct view_run *view = canvas->view;
    int width = canvas->layout->width;
    if (view->prompt == PROMPT_COPY) {
        int margin = canvas->layout->size > VIEW_NARROW ? 1 : 0;
        frame_puts(canvas->frame, margin, y, width - margin, STYLE_NOTICE,
                   copy_question(canvas));
        return;
    }
    int x = frame_puts(canvas->frame, 0, y, width, STYLE_KEY,
                       view->prompt == PROMPT_SEARCH ? "/" : "&");
    /* The end of what was typed stays in sight. */
    struct buf safe = buf_make(0);
    row_safe(&safe, buf_str(&view->input), view->input.len, 0);
    const char *text = buf_str(&safe);
    size_t columns = width_of_text(text, safe.len), cut = 0, used;
    size_t room = width > 3 ? (size_t)width - 3 : 1;
    if (columns > room)
        cut = width_fit(text, safe.len, columns - room, &used);
    x += frame_put(canvas->frame, x, y, width - x - 1, STYLE_TEXT, text + cut,
                   safe.len - cut);
    frame_set_cursor(canvas->frame, x, y);
    buf_free(&safe);
}

/* ---- messages ---- */

/* The length of an address at text, without the sign that ends a clause. */
static size_t address_len(const char *text)
{
    if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0)
        return 0;
    size_t len = strcspn(text, " )");
    while (len && strchr(":;,.", text[len - 1]))
        len--;
    return len;
}

/* Leaves out addresses, which are long and known, for the sake of the reason:
 * "cannot reach http://127.0.0.1:8030: connection refused". */
static void add_without_addresses(struct buf *out, const char *words)
{
    while (*words) {
        size_t len = address_len(words);
        if (!len) {
            buf_addc(out, *words++);
            continue;
        }
        words += len;
        if (out->len > 3 && strcmp(buf_str(out) + out->len - 4, " at ") == 0)
            buf_truncate(out, out->len - 3);
        if (*words == ' ')
            words++;
        else if (out->len && out->data[out->len - 1] == ' ')
            buf_truncate(out, out->len - 1);
    }
}

static void add_words(const struct canvas *canvas, struct row *row,
                      enum style style, const char *words, int columns)
{
    enum {
        BESIDE = 32 /* columns of what stands before them */
    };
    struct buf brief = buf_make(0);
    if (strlen(words) + BESIDE > (size_t)canvas->layout->width)
        add_without_addresses(&brief, words);
    row_add_remote(row, ROW_KEEP, style, brief.len ? buf_str(&brief) : words,
                   columns)
        ->cut = true;
    buf_free(&brief);
}

static void add_reconnecting(const struct canvas *canvas, struct row *row)
{
    const struct run_link *link = run_link(canvas->run);
    char text[64];
    int64_t left = link->retry_at_ms == INSTANT_NONE
                       ? 0
                       : link->retry_at_ms - canvas->env->now_ms;
    int len = left > 0 ? snprintf(text, sizeof text, "reconnecting in %lld s",
                                  (long long)((left + 999) / 1000))
                       : snprintf(text, sizeof text, "reconnecting");
    if (link->attempt > 1)
        len += snprintf(text + len, sizeof text - (size_t)len, " (try %d)",
                        link->attempt);
    snprintf(text + len, sizeof text - (size_t)len,
             link->reason && *link->reason ? ":" : "");
    row_add(row, ROW_KEEP, STYLE_WARN, "%s", text);
    if (link->reason && *link->reason)
        add_words(canvas, row, STYLE_WARN, link->reason, 200);
}

static bool add_said(const struct canvas *canvas, struct row *row)
{
    struct view_run *view = canvas->view;
    int64_t since;
    if (view->said && canvas->env->now_ms < view->said_until_ms) {
        add_words(canvas, row, STYLE_NOTICE, view->said, 300);
        return true;
    }
    const char *notice = run_notice(canvas->run, &since);
    if (notice && canvas->env->now_ms < since + VIEW_NOTICE_MS) {
        add_words(canvas, row, STYLE_NOTICE, notice, 300);
        return true;
    }
    return false;
}

/* Following is over: why that was before the run's end, or what was missed. */
static void add_end(const struct canvas *canvas, struct row *row)
{
    const char *words = run_end_words(canvas->run);
    if (!words || !run_is_incomplete(canvas->run))
        return;
    row_add(row, ROW_KEEP, STYLE_WARN, "%s",
            canvas->facts->finished ? "incomplete:" : "following ended:");
    add_words(canvas, row, STYLE_WARN, words, 300);
}

static void add_state(const struct canvas *canvas, struct row *row)
{
    const struct run_link *link = run_link(canvas->run);
    int64_t quiet = view_quiet_s(canvas->run, canvas->env);
    int64_t connecting = connecting_ms(canvas->run, canvas->env);
    bool over = run_ended(canvas->run) || canvas->facts->finished;
    if (run_ended(canvas->run)) {
        add_end(canvas, row);
    } else if (!over && link->state == CONNECTION_RECONNECTING) {
        add_reconnecting(canvas, row);
    } else if (!over && link->state == CONNECTION_CLOSED) {
        row_add(row, ROW_KEEP, STYLE_WARN, "connection closed%s",
                link->reason && *link->reason ? ":" : "");
        if (link->reason && *link->reason)
            add_words(canvas, row, STYLE_WARN, link->reason, 200);
    } else if (canvas->facts->log_unavailable) {
        row_add(row, ROW_KEEP, STYLE_WARN,
                "log unavailable: the task took it out of its metadata");
    } else if (connecting >= SLOW_AFTER_MS) {
        row_add(row, ROW_KEEP, STYLE_WARN, "no answer for %lld s",
                (long long)(connecting / 1000));
    } else if (quiet >= 0 && canvas->layout->size > VIEW_NARROW) {
        row_add(row, ROW_KEEP, STYLE_TEXT, "quiet %lld s", (long long)quiet);
    }
}

static void add_completeness(const struct canvas *canvas, struct row *row)
{
    uint64_t gaps = run_gaps(canvas->run);
    if (canvas->layout->size != VIEW_WIDE)
        return;
    if (!gaps)
        return;
    row_add(row, 5, STYLE_WARN, "%llu gap%s in the log",
            (unsigned long long)gaps, gaps == 1 ? "" : "s");
    row_to_right(row);
}

/* On small screens there is one row for both: a message covers the keys. */
static bool draw_words(const struct canvas *canvas, int y)
{
    struct row row = row_make(canvas->layout->escape);
    if (!add_said(canvas, &row))
        add_state(canvas, &row);
    bool any = row.count > 0;
    if (any || canvas->layout->message_y != canvas->layout->footer_y)
        add_completeness(canvas, &row);
    int margin = canvas->layout->size > VIEW_NARROW ? 1 : 0;
    row_draw(&row, canvas->frame, margin, y, canvas->layout->width - 2 * margin,
             1);
    return any;
}

/* ---- keys ---- */

static bool is_over(const struct canvas *canvas)
{
    return run_ended(canvas->run) || canvas->facts->finished;
}

static void key(struct row *row, int rank, const char *text)
{
    row_add(row, rank, STYLE_KEY, "%s", text);
}

static void add_small_keys(const struct canvas *canvas, struct row *row)
{
    char state[80];
    bool step = run_step_count(canvas->run) > 0;
    if (canvas->view->focus == FOCUS_STEPS) {
        key(row, ROW_KEEP, "j k ENTER go to it  TAB log");
    } else if (is_over(canvas)) {
        key(row, 4, step ? "/ & TAB e E y" : "/ & e E y");
    } else if (canvas->view->paused || !canvas->view->port.follow) {
        view_log_state(canvas, state, sizeof state);
        row_add(row, ROW_KEEP, STYLE_NOTICE, "%s", state);
        key(row, 3, "F follow");
    } else {
        key(row, 4, step ? "/ & p TAB e y" : "/ & p e y");
    }
    key(row, ROW_KEEP,
        canvas->env->play.state == VIEW_PLAY_NONE ? "? q" : "< > ? q");
    row_to_right(row);
}

static void add_find_keys(const struct canvas *canvas, struct row *row)
{
    const struct view_run *view = canvas->view;
    key(row, 2, view->search ? "n N matches" : "/ search");
    key(row, 3, "& filter");
    enum view_play_state play = canvas->env->play.state;
    bool over = is_over(canvas);
    if (view->paused || play == VIEW_PLAY_PAUSED)
        key(row, 2, "p go on");
    else if (!view->port.follow)
        key(row, 2, over ? "G end" : "F follow");
    else if (play == VIEW_PLAY_NONE ? !over : play == VIEW_PLAY_ON)
        key(row, 4, "p pause");
    if (play != VIEW_PLAY_NONE)
        key(row, 2, "< > seek");
}

/* Is there data at the current line that ENTER shows or hides? */
static const char *data_key(const struct canvas *canvas)
{
    const struct view_run *view = canvas->view;
    struct entry entry;
    if (view->port.follow ||
        !run_entry(canvas->run, view->port.cursor, &entry) ||
        entry.kind == ENTRY_STEP || !line_unfolds(&entry))
        return NULL;
    return numbers_has(&view->unfolded, entry.number) ? "ENTER close"
                                                      : "ENTER open";
}

static void add_show_keys(const struct canvas *canvas, struct row *row)
{
    const struct view_run *view = canvas->view;
    bool wide = canvas->layout->size == VIEW_WIDE;
    const char *data = data_key(canvas);
    if (data)
        key(row, 5, data);
    else if (run_step_count(canvas->run))
        key(row, 5, "ENTER fold");
    if (run_step_count(canvas->run) && wide)
        key(row, 7, "- + all");
    key(row, 6, "e/E error");
    if (wide || !view->wrap)
        key(row, view->wrap ? 7 : 3,
            view->wrap ? "w wrap" : "Left Right scroll");
    if (wide)
        key(row, 8, "t time");
    key(row, 6, "y copy");
}

static void draw_keys(const struct canvas *canvas, int y)
{
    struct row row = row_make(canvas->layout->escape);
    int margin = canvas->layout->size > VIEW_NARROW ? 1 : 0;
    if (!margin) {
        add_small_keys(canvas, &row);
        row_draw(&row, canvas->frame, 0, y, canvas->layout->width, 1);
        return;
    }
    if (canvas->view->prompt == PROMPT_SEARCH ||
        canvas->view->prompt == PROMPT_FILTER) {
        key(&row, ROW_KEEP,
            canvas->view->prompt == PROMPT_SEARCH
                ? "ENTER search  ESC cancel   small letters find both cases"
                : "ENTER filter  ESC cancel   !text hides it, empty shows all");
    } else if (canvas->view->focus == FOCUS_STEPS) {
        bool beside = canvas->layout->side_width > 0;
        key(&row, ROW_KEEP, "j k select");
        key(&row, ROW_KEEP, beside ? "ENTER fold" : "ENTER go to it");
        key(&row, ROW_KEEP, "TAB log");
    } else {
        if (run_step_count(canvas->run) && canvas->layout->size == VIEW_WIDE)
            key(&row, 4, "TAB pane");
        add_find_keys(canvas, &row);
        add_show_keys(canvas, &row);
    }
    key(&row, ROW_KEEP, "? help");
    row_to_right(&row);
    key(&row, ROW_KEEP, "q quit");
    row_to_right(&row);
    row_draw(&row, canvas->frame, margin, y, canvas->layout->width - 2, 2);
}

void view_message_draw(const struct canvas *canvas)
{
    const struct layout *layout = canvas->layout;
    if (layout->message_y < 0)
        return;
    if (canvas->view->prompt != PROMPT_NONE)
        draw_prompt(canvas, layout->message_y);
    else if (!draw_words(canvas, layout->message_y) &&
             layout->message_y == layout->footer_y)
        draw_keys(canvas, layout->footer_y);
}

void view_footer_draw(const struct canvas *canvas)
{
    const struct layout *layout = canvas->layout;
    if (layout->footer_y >= 0 && layout->footer_y != layout->message_y)
        draw_keys(canvas, layout->footer_y);
}
