#include "config.h"

#include "view/view_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/mem.h"
#include "text/escape.h"
#include "view/view_doing.h"
#include "view/view_parts.h"

enum {
    TINY_WIDTH = 30,
    TINY_HEIGHT = 6,
    NORMAL_WIDTH = 60,
    NORMAL_HEIGHT = 16,
    WIDE_WIDTH = 110,
    WIDE_HEIGHT = 20,
    SIDE_WIDTH = 34,
    SAID_SHOWN_MS = 4000
};

static const struct glyphs ASCII_GLYPHS = {
    .running = ">",
    .pulse = "-",
    .done = "+",
    .failed = "X",
    .folded = ">",
    .open = "v",
    .dash = "-",
    .bar_full = "#",
    .upright = "|",
    .tee_down = "+",
    .tee_up = "+",
    .tee_left = "|",
};

static const struct glyphs UTF8_GLYPHS = {
    .running = "●",
    .pulse = "○",
    .done = "✓",
    .failed = "✗",
    .folded = "▸",
    .open = "▾",
    .dash = "─",
    .bar_full = "█",
    .upright = "│",
    .tee_down = "┬",
    .tee_up = "┴",
    .tee_left = "┤",
};

const struct glyphs *view_glyphs(bool utf8)
{
    return utf8 ? &UTF8_GLYPHS : &ASCII_GLYPHS;
}

void view_time_of_day(const struct view_env *env, int64_t instant_ms, bool utc,
                      bool ms, char out[16])
{
    enum {
        DAY_MS = 86400000
    };
    out[0] = '\0';
    if (instant_ms == INSTANT_NONE)
        return;
    int64_t offset = utc ? 0 : env->utc_offset_s(instant_ms);
    int64_t day = (instant_ms + offset * 1000) % DAY_MS;
    unsigned of_day = (unsigned)(day < 0 ? day + DAY_MS : day);
    unsigned seconds = of_day / 1000 % 86400;
    /* by hand: there is one in each line of the log */
    unsigned parts[] = {seconds / 3600 % 24, seconds / 60 % 60, seconds % 60};
    char *at = out;
    for (int i = 0; i < 3; i++) {
        *at++ = (char)('0' + parts[i] / 10);
        *at++ = (char)('0' + parts[i] % 10);
        *at++ = ':';
    }
    at[-1] = '\0';
    if (ms)
        snprintf(at - 1, 5, ".%03u", of_day % 1000);
}

/* ---- life ---- */

struct view_run *view_run_create(void)
{
    struct view_run *view = mem_zalloc(1, sizeof *view);
    view->lines = lines_create();
    view->port = viewport_make();
    view->port.height = NORMAL_HEIGHT; /* until the first drawing */
    view->input = buf_make(512);
    view->wrap = true;
    return view;
}

void view_run_destroy(struct view_run *view)
{
    if (!view)
        return;
    lines_destroy(view->lines);
    pattern_destroy(view->search);
    pattern_destroy(view->search_before);
    buf_free(&view->input);
    free(view->said);
    numbers_free(&view->marks);
    numbers_free(&view->unfolded);
    free(view->copy);
    free(view);
}

void view_run_set_time_column(struct view_run *view, enum time_column column)
{
    view->time = column;
}

void view_run_set_level(struct view_run *view, enum log_level level)
{
    lines_set_level(view->lines, level, 0);
}

bool view_run_is_paused(const struct view_run *view)
{
    return view->paused;
}

void view_run_say(struct view_run *view, int64_t now_ms, const char *words)
{
    free(view->said);
    view->said = mem_strdup(words);
    view->said_until_ms = now_ms + SAID_SHOWN_MS;
    view->said_now = false;
}

const char *view_run_take_copy(struct view_run *view, const char **what)
{
    if (!view->copy_waits)
        return NULL;
    view->copy_waits = false;
    *what = view->copy_what;
    return view->copy;
}

/* ---- layout ---- */

static enum view_size size_class(int width, int height)
{
    if (width < TINY_WIDTH || height < TINY_HEIGHT)
        return VIEW_TINY;
    if (width < NORMAL_WIDTH || height < NORMAL_HEIGHT)
        return VIEW_NARROW;
    return width >= WIDE_WIDTH && height >= WIDE_HEIGHT ? VIEW_WIDE
                                                        : VIEW_NORMAL;
}

/* The rows at the bottom: message and keys, or one for both. */
static int place_bottom(const struct view_run *view, struct layout *layout)
{
    layout->footer_y = layout->message_y = layout->height - 1;
    if (layout->size > VIEW_NARROW) {
        layout->message_y = layout->height - 2;
        return layout->message_y;
    }
    if (layout->size == VIEW_TINY) {
        layout->footer_y = -1;
        if (view->prompt == PROMPT_NONE && !view->said)
            layout->message_y = -1;
    }
    return layout->message_y < 0 ? layout->height : layout->message_y;
}

static void settle_layout(const struct canvas *canvas, int *error_rows)
{
    struct layout *layout = canvas->layout;
    int width = frame_width(canvas->frame);
    int height = frame_height(canvas->frame);
    *layout = (struct layout){.width = width, .height = height};
    layout->size = size_class(width, height);
    layout->escape = canvas->env->ascii_text ? ESCAPE_ASCII : 0;
    if (layout->size == VIEW_WIDE &&
        (run_step_count(canvas->run) > 0 || canvas->facts->metadata))
        layout->side_width = SIDE_WIDTH;
    int bottom = place_bottom(canvas->view, layout);
    int top = view_header_rows(canvas);
    *error_rows = view_error_rows(canvas, height / 3);
    top += *error_rows;
    layout->rule_y = -1;
    if (layout->size > VIEW_NARROW ||
        (layout->size == VIEW_NARROW && *error_rows))
        layout->rule_y = top++;
    if (layout->side_width)
        bottom--;
    layout->log_x = layout->side_width ? layout->side_width + 1 : 0;
    layout->log_width = width - layout->log_x;
    layout->log_y = top;
    layout->log_height = bottom - top > 0 ? bottom - top : 1;
    view_log_columns(canvas->view, layout);
}

/* ---- drawing ---- */

static void hold_resized(struct viewport *port,
                         const struct line_source *source, int row)
{
    port->placed = false;
    if (port->follow)
        return;
    viewport_hold(port, source,
                  row < port->height - 1 ? row : port->height - 1);
    viewport_show(port, source, port->cursor);
}

/* When the rows above the log grew or shrank, what is being read stays where
 * it is on the screen. On another size the current line keeps its row, as far
 * as there are so many. */
static void keep_still(const struct canvas *canvas, const struct layout *before)
{
    const struct layout *now = canvas->layout;
    struct log_list list = {canvas->view, canvas->run};
    struct line_source source = view_log_source(&list);
    struct viewport *port = &canvas->view->port;
    port->height = now->log_height;
    int row = canvas->view->cursor_row;
    if (!before->height)
        return;
    if (before->width == now->width && before->height == now->height)
        viewport_shift(port, &source, now->log_y - before->log_y);
    else
        hold_resized(port, &source, row);
}

/* Once, when the run has failed: to the first sign of it, unless the user is
 * reading elsewhere. */
static void place_failure(const struct canvas *canvas)
{
    struct view_run *view = canvas->view;
    struct log_list list = {view, canvas->run};
    struct line_source source = view_log_source(&list);
    uint64_t number;
    struct entry entry;
    if (view->placed_failure || !status_is_failure(canvas->facts->status) ||
        !run_first_sign(canvas->run, &number))
        return;
    view->placed_failure = true;
    if (!view->port.follow || view->paused ||
        !run_entry(canvas->run, number, &entry) || entry.level < LEVEL_WARN)
        return;
    size_t step = lines_step_of(canvas->run, number);
    if (step != LINES_NO_STEP &&
        lines_is_folded(view->lines, canvas->run, step))
        lines_fold(view->lines, step, false);
    viewport_settle(&view->port, &source, canvas->layout->log_height);
    viewport_show(&view->port, &source, number);
    view->seen_end = run_end(canvas->run);
}

static void settle_words(struct view_run *view, const struct view_env *env)
{
    if (view->said_now)
        view->said_until_ms = env->now_ms + SAID_SHOWN_MS;
    view->said_now = false;
    if (view->said && env->now_ms >= view->said_until_ms) {
        free(view->said);
        view->said = NULL;
    }
}

/* What counts time: all but the log, its rule and the keys. */
static void draw_counting(const struct canvas *canvas, int error_rows)
{
    view_header_draw(canvas);
    view_error_draw(canvas, view_header_rows(canvas), error_rows);
    if (canvas->layout->side_width)
        view_side_draw(canvas);
    view_message_draw(canvas);
}

/* The steps alone, where the log else is. */
static void cover_with_steps(const struct canvas *canvas)
{
    const struct layout *layout = canvas->layout;
    for (int y = 0; y < layout->log_height; y++)
        for (int x = 0; x < layout->log_width; x++)
            frame_puts(canvas->frame, layout->log_x + x, layout->log_y + y, 1,
                       STYLE_TEXT, " ");
    view_steps_draw(canvas, layout->log_x, layout->log_y, layout->log_width,
                    layout->log_height);
}

static struct canvas make_canvas(struct view_run *view, const struct run *run,
                                 const struct view_env *env,
                                 struct frame *frame)
{
    return (struct canvas){
        .view = view,
        .run = run,
        .env = env,
        .frame = frame,
        .facts = run_facts(run),
        .glyphs = view_glyphs(env->utf8 && !env->ascii_text),
        .layout = &view->layout,
        .server_now_ms = env->now_ms + run_clock_offset(run),
    };
}

void view_run_draw(struct view_run *view, const struct run *run,
                   const struct view_env *env, struct frame *frame)
{
    struct layout before = view->layout;
    struct doing doing;
    struct canvas canvas = make_canvas(view, run, env, frame);
    int error_rows;
    doing_start(&doing, view, run);
    doing_hunt(&doing);
    frame_clear(frame);
    settle_words(view, env);
    settle_layout(&canvas, &error_rows);
    keep_still(&canvas, &before);
    place_failure(&canvas);
    if (view->help) {
        view_help_draw(&canvas);
        return;
    }
    view_log_draw(&canvas);
    draw_counting(&canvas, error_rows);
    view_log_draw_rule(&canvas);
    view_footer_draw(&canvas);
    if (view->focus == FOCUS_STEPS && !view->layout.side_width)
        cover_with_steps(&canvas);
}

/* Without a pane for the steps, how long one takes stands in the log. */
static bool log_counts(const struct view_run *view, const struct run *run)
{
    return !view->layout.side_width && run_steps_in(run, STEP_ACTIVE) > 0;
}

static bool is_same_layout(const struct layout *a, const struct layout *b)
{
    return a->width == b->width && a->height == b->height &&
           a->side_width == b->side_width && a->log_x == b->log_x &&
           a->log_y == b->log_y && a->log_width == b->log_width &&
           a->log_height == b->log_height;
}

/* For what counts time to be drawn anew; of the rule's row, what is beside. */
static void clear_counting(const struct layout *layout, bool keys_stand,
                           struct frame *frame)
{
    int log_bottom = layout->log_y + layout->log_height;
    int top = layout->rule_y < 0 ? layout->log_y : layout->rule_y;
    int bottom = keys_stand ? layout->footer_y : layout->height;
    frame_clear_area(frame, 0, 0, layout->width, top);
    frame_clear_area(frame, 0, top, layout->log_x, log_bottom - top);
    frame_clear_area(frame, 0, log_bottom, layout->width, bottom - log_bottom);
}

bool view_run_draw_tick(struct view_run *view, const struct run *run,
                        const struct view_env *env, struct frame *frame)
{
    struct layout before = view->layout;
    struct canvas canvas = make_canvas(view, run, env, frame);
    int error_rows;
    if (view->help || view->prompt != PROMPT_NONE ||
        view->focus == FOCUS_STEPS || view->hunt.what != HUNT_FOR_NOTHING ||
        log_counts(view, run))
        return false;
    settle_words(view, env);
    settle_layout(&canvas, &error_rows);
    struct layout now = view->layout;
    if (!is_same_layout(&before, &now)) {
        view->layout = before;
        return false;
    }
    frame_set_cursor(frame, -1, -1);
    /* playing may have come to its end, which they say too */
    bool keys_stand =
        now.footer_y > now.message_y && env->play.state == VIEW_PLAY_NONE;
    clear_counting(&now, keys_stand, frame);
    draw_counting(&canvas, error_rows);
    if (!keys_stand)
        view_footer_draw(&canvas);
    return true;
}

/* ---- time and events ---- */

void view_run_update(struct view_run *view, const struct run *run)
{
    size_t steps = run_step_count(run);
    bool reads = !view->port.follow || view->paused;
    if (!reads && steps)
        lines_fold_finished(view->lines, steps - 1);
    else if (reads && !view->reads)
        lines_keep_open(view->lines, run);
    view->reads = reads;
}

static int64_t until_next_second(int64_t since_ms, int64_t now_ms)
{
    int64_t part = (now_ms - since_ms) % 1000;
    return part < 0 ? -part : 1000 - part;
}

/* The clock that ticks on the screen: milliseconds to its next second. Every
 * other count of seconds is redrawn with it, so that there is one wake-up. */
static int64_t clock_tick(const struct run *run, const struct view_env *env)
{
    const struct run_facts *facts = run_facts(run);
    const struct run_link *link = run_link(run);
    int64_t server_now = env->now_ms + run_clock_offset(run);
    if (facts->finished || run_ended(run))
        return -1;
    if (facts->started_ms != INSTANT_NONE)
        return until_next_second(facts->started_ms, server_now);
    if (facts->status == STATUS_DELAYED &&
        facts->delayed_until_ms != INSTANT_NONE)
        return until_next_second(facts->delayed_until_ms, server_now);
    if (facts_queue_ms(facts, server_now) >= 0)
        return until_next_second(server_now - facts_queue_ms(facts, server_now),
                                 server_now);
    if (run_watched_ms(run, env->now_ms) >= 0)
        return until_next_second(env->now_ms - run_watched_ms(run, env->now_ms),
                                 env->now_ms);
    if (link->state == CONNECTION_RECONNECTING &&
        link->retry_at_ms != INSTANT_NONE && link->retry_at_ms > env->now_ms)
        return until_next_second(link->retry_at_ms, env->now_ms);
    return view_quiet_tick_ms(run, env);
}

static int64_t sooner(int64_t tick, int64_t at_ms, int64_t now_ms)
{
    int64_t left = at_ms - now_ms;
    if (left <= 0)
        return tick;
    return tick < 0 || left < tick ? left : tick;
}

int64_t view_run_next_tick_ms(const struct view_run *view,
                              const struct run *run, const struct view_env *env)
{
    int64_t since, tick = clock_tick(run, env);
    if (view->hunt.what != HUNT_FOR_NOTHING)
        return 0;
    int64_t play = view_play_tick_ms(env);
    if (play >= 0)
        tick = sooner(tick, env->now_ms + play, env->now_ms);
    if (view->said && !view->said_now)
        tick = sooner(tick, view->said_until_ms, env->now_ms);
    if (run_notice(run, &since))
        tick = sooner(tick, since + VIEW_NOTICE_MS, env->now_ms);
    return tick;
}
