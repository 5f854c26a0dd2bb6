#include "config.h"

#include "view/view_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "base/instant.h"

/* ---- words ---- */

static const struct {
    const char *glyph; /* NULL: of the glyph set */
    const char *brief; /* the word where room is short */
    enum style style;
} STATUSES[STATUS_COUNT] = {
    [STATUS_UNKNOWN] = {"?", "UNKNOWN", STYLE_QUEUED},
    [STATUS_DELAYED] = {".", "DELAY", STYLE_QUEUED},
    [STATUS_QUEUED] = {".", "QUEUE", STYLE_QUEUED},
    [STATUS_PENDING_VERSION] = {".", "PENDING", STYLE_QUEUED},
    [STATUS_DEQUEUED] = {".", "DEQUEUE", STYLE_QUEUED},
    [STATUS_EXECUTING] = {NULL, "EXEC", STYLE_RUNNING},
    [STATUS_WAITING] = {"z", "WAIT", STYLE_WAITING},
    [STATUS_COMPLETED] = {NULL, "DONE", STYLE_DONE},
    [STATUS_CANCELED] = {"/", "CANCEL", STYLE_CANCELED},
    [STATUS_FAILED] = {NULL, "FAILED", STYLE_FAILED},
    [STATUS_CRASHED] = {NULL, "CRASH", STYLE_FAILED},
    [STATUS_SYSTEM_FAILURE] = {NULL, "SYSFAIL", STYLE_FAILED},
    [STATUS_EXPIRED] = {"/", "EXPIRED", STYLE_CANCELED},
    [STATUS_TIMED_OUT] = {NULL, "TIMEOUT", STYLE_FAILED},
};

enum style view_status_style(enum run_status status)
{
    return STATUSES[status].style;
}

static const char *status_glyph(const struct canvas *canvas)
{
    enum run_status status = canvas->facts->status;
    if (STATUSES[status].glyph)
        return STATUSES[status].glyph;
    if (status == STATUS_EXECUTING)
        return canvas->glyphs->running;
    return status == STATUS_COMPLETED ? canvas->glyphs->done
                                      : canvas->glyphs->failed;
}

/* The one thing that moves: the glyph of a run that executes, while its end is
 * followed. It changes with the clock, so that it wakes nobody by itself. */
static bool shimmers(const struct canvas *canvas)
{
    return canvas->env->motion && canvas->facts->status == STATUS_EXECUTING &&
           canvas->view->port.follow && !canvas->view->paused &&
           run_link(canvas->run)->state == CONNECTION_LIVE;
}

/* Plain cells, so that a change costs the glyph and the way to it. */
static void draw_shimmer(const struct canvas *canvas, int x, int y)
{
    int64_t ms = facts_elapsed_ms(canvas->facts, canvas->server_now_ms);
    if (shimmers(canvas))
        frame_puts(canvas->frame, x, y, 1, STYLE_SHIMMER,
                   ms / 1000 % 2 ? canvas->glyphs->pulse
                                 : canvas->glyphs->running);
}

static void add_badge(const struct canvas *canvas, struct row *row)
{
    enum run_status status = canvas->facts->status;
    enum style style = view_status_style(status);
    const char *glyph = status_glyph(canvas);
    bool narrow = canvas->layout->size <= VIEW_NARROW;
    if (run_is_stream(canvas->run))
        row_add(row, ROW_KEEP, STYLE_RUNNING, narrow ? "[|]" : "[|] STREAM");
    else if (narrow)
        row_add(row, ROW_KEEP, style, "[%s]%s", glyph, STATUSES[status].brief);
    else if (status == STATUS_UNKNOWN && canvas->facts->status_text)
        row_add_remote(row, ROW_KEEP, style, canvas->facts->status_text, 24);
    else
        row_add(row, ROW_KEEP, style, "[%s] %s", glyph, status_word(status));
}

static void add_link(const struct canvas *canvas, struct row *row)
{
    bool small = canvas->layout->size <= VIEW_NARROW;
    const struct run_link *link = run_link(canvas->run);
    const struct run_facts *facts = canvas->facts;
    int64_t quiet = view_quiet_s(canvas->run, canvas->env);
    char clock[16];
    if (canvas->env->play.state != VIEW_PLAY_NONE) {
        view_play_add(canvas, row);
        return;
    }
    if (facts->finished && facts->completed_ms != INSTANT_NONE) {
        view_time_of_day(canvas->env, facts->completed_ms,
                         canvas->view->time == TIME_IN_UTC, false, clock);
        row_add(row, ROW_KEEP, STYLE_TEXT, small ? "%s" : "ended %s", clock);
    } else if (facts->finished) {
        row_add(row, ROW_KEEP, STYLE_TEXT, "ended");
    } else if (link->state == CONNECTION_RECONNECTING) {
        row_add(row, ROW_KEEP, STYLE_WARN, small ? "retry" : "reconnecting");
    } else if (link->state == CONNECTION_CONNECTING) {
        row_add(row, ROW_KEEP, STYLE_NOTICE, "connecting");
    } else if (link->state == CONNECTION_CLOSED) {
        row_add(row, ROW_KEEP, STYLE_WARN, "closed");
    } else if (small && quiet >= 0) {
        row_add(row, ROW_KEEP, STYLE_TEXT, "quiet %llds", (long long)quiet);
    } else {
        row_add(row, ROW_KEEP, STYLE_TEXT, "%s",
                link->state == CONNECTION_POLLING ? "polling" : "live");
    }
    row_to_right(row);
}

/* ---- row 1: what, and is it alive ---- */

static const char *id_of(const struct canvas *canvas)
{
    return canvas->facts->id ? canvas->facts->id : run_id(canvas->run);
}

static void add_id(const struct canvas *canvas, struct row *row)
{
    enum {
        TAIL = 4
    };
    const char *id = id_of(canvas);
    struct field *field = row_add_remote(row, 5, STYLE_TEXT, id, 40);
    size_t len = strlen(field->text);
    bool plain = strspn(field->text, "abcdefghijklmnopqrstuvwxyz"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789_-") == len;
    if (plain && len > TAIL + 2)
        snprintf(field->brief, sizeof field->brief, "..%.4s",
                 field->text + len - TAIL);
}

static void add_place(const struct canvas *canvas, struct row *row)
{
    const struct run_facts *facts = canvas->facts;
    if (facts->is_test) {
        row_add(row, 4, STYLE_WARN, "test");
        row_to_right(row);
    }
    if (facts->environment) {
        row_add_remote(row, 6, STYLE_TEXT, facts->environment, 16);
        row_to_right(row);
    }
    if (facts->version) {
        char text[64];
        snprintf(text, sizeof text, "v%.60s", facts->version);
        row_add_remote(row, 7, STYLE_TEXT, text, 20);
        row_to_right(row);
    }
}

static void draw_identity(const struct canvas *canvas, int y)
{
    struct row row = row_make(canvas->layout->escape);
    add_badge(canvas, &row);
    row_add_remote(&row, 2, STYLE_STRONG, canvas->facts->task, 40)->cut = true;
    add_id(canvas, &row);
    add_place(canvas, &row);
    add_link(canvas, &row);
    row_draw(&row, canvas->frame, 1, y, canvas->layout->width - 2, 2);
    draw_shimmer(canvas, 2, y);
}

/* ---- row 2: how far ---- */

static bool has_bar(const struct canvas *canvas)
{
    const struct run_facts *facts = canvas->facts;
    return facts->progress.kind != PROGRESS_NONE &&
           !(facts->finished && facts->status != STATUS_COMPLETED);
}

static void percent_text(const struct run_progress *progress, char out[8])
{
    if (progress->kind == PROGRESS_RATIO)
        snprintf(out, 8, "%d%%", progress_percent(progress));
    else
        snprintf(out, 8, "??");
}

static void count_text(const struct run_progress *progress, char *out,
                       size_t size)
{
    out[0] = '\0';
    if (progress->kind == PROGRESS_RATIO && isfinite(progress->current) &&
        isfinite(progress->total))
        snprintf(out, size, "%.15g/%.15g", progress->current, progress->total);
}

static void draw_bar_cells(const struct canvas *canvas, int x, int y, int cells)
{
    static const char *const EIGHTHS[] = {"",  "▏", "▎", "▍",
                                          "▌", "▋", "▊", "▉"};
    const struct run_progress *progress = &canvas->facts->progress;
    bool known = progress->kind == PROGRESS_RATIO;
    int steps = canvas->env->utf8 ? 8 : 1;
    int filled = known ? (int)floor(progress->ratio * cells * steps + 1e-9) : 0;
    for (int i = 0; i < cells; i++) {
        int part = filled - i * steps;
        if (!known)
            frame_puts(canvas->frame, x + i, y, 1, STYLE_BAR_REST, "?");
        else if (part >= steps)
            frame_puts(canvas->frame, x + i, y, 1, STYLE_BAR,
                       canvas->glyphs->bar_full);
        else if (part > 0)
            frame_puts(canvas->frame, x + i, y, 1, STYLE_BAR, EIGHTHS[part]);
        else
            frame_puts(canvas->frame, x + i, y, 1, STYLE_BAR_REST, ".");
    }
}

/* Columns inside the brackets: they depend on the size of the screen alone,
 * so that the bar does not jump when what stands beside it changes. */
static int bar_cells(const struct canvas *canvas)
{
    int width = canvas->layout->width;
    switch (canvas->layout->size) {
    case VIEW_TINY:
    case VIEW_NARROW:
        return width - 14;
    case VIEW_NORMAL:
        return width - 35;
    case VIEW_WIDE:
        break;
    }
    return width - 24;
}

static void draw_bar(const struct canvas *canvas, int y)
{
    const struct layout *layout = canvas->layout;
    const struct run_progress *progress = &canvas->facts->progress;
    bool small = layout->size <= VIEW_NARROW;
    int x = small ? 0 : 1, cells = bar_cells(canvas);
    char percent[8], count[48];
    percent_text(progress, percent);
    count_text(progress, count, sizeof count);
    if (small && !count[0])
        cells = layout->width - 2;
    frame_puts(canvas->frame, x, y, 1, STYLE_TEXT, "[");
    draw_bar_cells(canvas, x + 1, y, cells);
    frame_puts(canvas->frame, x + 1 + cells, y, 1, STYLE_TEXT, "]");
    x += cells + 2;
    if (small) {
        frame_puts(canvas->frame, x + 1, y, layout->width, STYLE_TEXT, count);
        return;
    }
    struct row row = row_make(layout->escape);
    row_add(&row, ROW_KEEP, STYLE_TEXT, "%4s", percent);
    if (count[0])
        row_add(&row, 2, STYLE_TEXT, " %s", count);
    if (canvas->facts->step && !canvas->facts->finished && !layout->side_width)
        row_add_remote(&row, ROW_KEEP, STYLE_TEXT, canvas->facts->step, 60);
    row_draw(&row, canvas->frame, x + 1, y, layout->width - 2 - x, 2);
}

/* ---- row 3: how long, and what did it cost ---- */

static int64_t total_ms(const struct run_facts *facts)
{
    if (facts->completed_ms == INSTANT_NONE ||
        facts->created_ms == INSTANT_NONE)
        return -1;
    return facts->completed_ms - facts->created_ms;
}

/* Who tells no times is timed here, and that is what the word says. */
static bool add_watched(const struct canvas *canvas, struct row *row)
{
    char text[DURATION_TEXT_SIZE];
    int64_t ms = run_watched_ms(canvas->run, canvas->env->now_ms);
    if (ms < 0)
        return false;
    duration_format_clock(ms, false, text);
    row_add(row, ROW_KEEP, STYLE_TEXT, "%s watched", text);
    return true;
}

static void add_finished(const struct canvas *canvas, struct row *row)
{
    const struct run_facts *facts = canvas->facts;
    int64_t elapsed = facts_elapsed_ms(facts, canvas->server_now_ms);
    int64_t total = total_ms(facts);
    if (add_watched(canvas, row))
        return;
    char ran_text[DURATION_TEXT_SIZE], total_text[DURATION_TEXT_SIZE];
    duration_format_clock(total, true, total_text);
    if (elapsed < 0) {
        row_add(row, ROW_KEEP, STYLE_TEXT,
                total < 0 ? "never ran" : "never ran, %s in all", total_text);
        return;
    }
    int64_t waited = facts->waited_ms > 0 ? facts->waited_ms : 0;
    duration_format_clock(elapsed - waited, true, ran_text);
    if (total < 0)
        row_add(row, ROW_KEEP, STYLE_TEXT, "ran %s", ran_text);
    else
        row_add(row, ROW_KEEP, STYLE_TEXT, "ran %s of %s total", ran_text,
                total_text);
}

static void add_delay(const struct canvas *canvas, struct row *row)
{
    char text[DURATION_TEXT_SIZE], clock[16];
    int64_t start = canvas->facts->delayed_until_ms;
    if (start == INSTANT_NONE)
        return;
    int64_t left = start - canvas->server_now_ms;
    view_time_of_day(canvas->env, start, canvas->view->time == TIME_IN_UTC,
                     false, clock);
    duration_format_clock(left, false, text);
    if (left > 0)
        row_add(row, ROW_KEEP, STYLE_TEXT, "starts %s, in %s", clock, text);
    else
        row_add(row, ROW_KEEP, STYLE_TEXT, "was to start %s", clock);
}

static void add_elapsed(const struct canvas *canvas, struct row *row)
{
    const struct run_facts *facts = canvas->facts;
    char text[DURATION_TEXT_SIZE];
    int64_t elapsed = facts_elapsed_ms(facts, canvas->server_now_ms);
    int64_t queue = facts_queue_ms(facts, canvas->server_now_ms);
    if (facts->finished) {
        add_finished(canvas, row);
    } else if (elapsed >= 0) {
        duration_format_clock(elapsed, false, text);
        row_add(row, ROW_KEEP, STYLE_TEXT, "%s elapsed", text);
    } else if (facts->status == STATUS_DELAYED) {
        add_delay(canvas, row);
        return;
    } else if (add_watched(canvas, row)) {
        return;
    } else if (queue >= 0) {
        duration_format_clock(queue, false, text);
        row_add(row, ROW_KEEP, STYLE_TEXT, "%s in the queue", text);
        return;
    }
    if (queue >= 0) {
        duration_format_short(queue, text);
        row_add(row, 4, STYLE_TEXT, "queue %s", text);
    }
}

static void add_rest(const struct canvas *canvas, struct row *row)
{
    const struct run_facts *facts = canvas->facts;
    char text[DURATION_TEXT_SIZE];
    if (facts->waited_ms > 0) {
        duration_format_short(facts->waited_ms, text);
        row_add(row, 5, STYLE_TEXT, "waits %s", text);
    }
    if (facts->finished && !has_bar(canvas) &&
        facts->progress.kind == PROGRESS_RATIO) {
        percent_text(&facts->progress, text);
        row_add(row, 6, STYLE_TEXT, "at %s", text);
    }
    if (facts->attempt > 0 && facts->max_attempts > 0)
        row_add(row, 3, STYLE_TEXT, "try %d/%d", facts->attempt,
                facts->max_attempts);
    else if (facts->attempt > 0)
        row_add(row, 3, STYLE_TEXT, "try %d", facts->attempt);
    double cents = facts_total_cents(facts);
    if (isfinite(cents) && cents > 0) {
        double dollars = cents / 100;
        row_add(row, 7, STYLE_TEXT, dollars < 0.001 ? "$%.5f" : "$%.3f",
                dollars);
        row_to_right(row);
    }
}

static void draw_times(const struct canvas *canvas, int y)
{
    struct row row = row_make(canvas->layout->escape);
    add_elapsed(canvas, &row);
    add_rest(canvas, &row);
    row_draw(&row, canvas->frame, 1, y, canvas->layout->width - 2,
             canvas->layout->size == VIEW_WIDE ? 3 : 2);
}

/* ---- all of it in one row, where there is no room for three ---- */

static void draw_small(const struct canvas *canvas, int y)
{
    const struct run_facts *facts = canvas->facts;
    struct row row = row_make(canvas->layout->escape);
    char text[DURATION_TEXT_SIZE];
    add_badge(canvas, &row);
    if (facts->progress.kind == PROGRESS_RATIO && !facts->finished) {
        percent_text(&facts->progress, text);
        row_add(&row, 4, STYLE_TEXT, "%s", text);
    }
    int64_t ms = facts_elapsed_ms(facts, canvas->server_now_ms);
    if (facts->finished && total_ms(facts) >= 0)
        ms = total_ms(facts);
    else if (ms < 0)
        ms = facts_queue_ms(facts, canvas->server_now_ms);
    if (ms < 0)
        ms = run_watched_ms(canvas->run, canvas->env->now_ms);
    if (ms >= 0) {
        duration_format_clock(ms, false, text);
        row_add(&row, 5, STYLE_TEXT, "%s", text);
    }
    if (status_is_failure(facts->status) && facts->attempt > 0 &&
        facts->max_attempts > 0)
        row_add(&row, 6, STYLE_TEXT, "try %d/%d", facts->attempt,
                facts->max_attempts);
    const char *name = facts->task ? facts->task : id_of(canvas);
    if (!status_is_failure(facts->status))
        row_add_remote(&row, 7, STYLE_STRONG, name, 24)->cut = true;
    add_link(canvas, &row);
    row_draw(&row, canvas->frame, 0, y, canvas->layout->width, 1);
    draw_shimmer(canvas, 1, y);
}

static bool has_times(const struct canvas *canvas)
{
    const struct run_facts *facts = canvas->facts;
    return facts->finished || facts->status == STATUS_DELAYED ||
           facts_elapsed_ms(facts, canvas->server_now_ms) >= 0 ||
           run_watched_ms(canvas->run, canvas->env->now_ms) >= 0 ||
           facts_queue_ms(facts, canvas->server_now_ms) >= 0;
}

int view_header_rows(const struct canvas *canvas)
{
    bool bar = has_bar(canvas);
    switch (canvas->layout->size) {
    case VIEW_TINY:
        return 1;
    case VIEW_NARROW:
        return bar ? 2 : 1;
    case VIEW_NORMAL:
    case VIEW_WIDE:
        break;
    }
    return 1 + bar + has_times(canvas);
}

void view_header_draw(const struct canvas *canvas)
{
    int y = 0;
    if (canvas->layout->size <= VIEW_NARROW)
        draw_small(canvas, y++);
    else
        draw_identity(canvas, y++);
    if (canvas->layout->size != VIEW_TINY && has_bar(canvas))
        draw_bar(canvas, y++);
    if (canvas->layout->size > VIEW_NARROW && has_times(canvas))
        draw_times(canvas, y);
}
