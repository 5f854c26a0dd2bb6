/* The rule above the log: what it holds on the left, and on the right which
 * part of it is in sight. */
#include "config.h"

#include "view/view_parts.h"

#include <stdio.h>
#include <string.h>

/* The number of the line as in --json: of the entry, or of the next one that
 * has one (a step's header has none). 0: not known. */
static uint64_t seq_near(const struct run *run, uint64_t number)
{
    enum {
        LOOK = 32
    };
    struct entry entry;
    for (uint64_t i = number; i < number + LOOK; i++)
        if (run_entry(run, i, &entry) && entry.seq)
            return entry.seq;
    for (uint64_t i = 1; i <= LOOK && i <= number; i++)
        if (run_entry(run, number - i, &entry) && entry.seq)
            return entry.seq;
    return 0;
}

static uint64_t entries_below(const struct canvas *canvas)
{
    struct log_list list = {canvas->view, canvas->run};
    struct line_source source = view_log_source(&list);
    uint64_t last, end = run_end(canvas->run);
    if (!viewport_last(&canvas->view->port, &source, &last))
        return 0;
    /* What a folded step hides is not below: it is where its header is. */
    uint64_t after;
    if (!lines_next(canvas->view->lines, canvas->run, last, &after))
        return end - lines_end(canvas->view->lines, canvas->run);
    return end - after;
}

/* Entries have the numbers that --json gives them; where streams bring lines
 * too, all are counted. */
static void line_of_lines(const struct canvas *canvas, char *out, size_t size)
{
    uint64_t all = run_entries(canvas->run);
    uint64_t number = canvas->view->port.cursor;
    uint64_t seq = seq_near(canvas->run, number);
    if (run_parts(canvas->run)) {
        all = run_end(canvas->run);
        seq = number + 1;
    }
    snprintf(out, size, "line %llu of %llu", (unsigned long long)seq,
             (unsigned long long)all);
}

static void ended_state(const struct canvas *canvas, char *out, size_t size)
{
    uint64_t gaps = run_gaps(canvas->run);
    char told[40] = "no gaps";
    if (!canvas->view->port.follow) {
        line_of_lines(canvas, out, size);
        return;
    }
    if (gaps)
        snprintf(told, sizeof told, "%llu gap%s", (unsigned long long)gaps,
                 gaps == 1 ? "" : "s");
    else if (run_is_incomplete(canvas->run))
        snprintf(told, sizeof told, "incomplete");
    uint64_t lines = run_entries_standing(canvas->run);
    uint64_t parts = run_parts(canvas->run);
    int len = snprintf(out, size, "%llu line%s, ", (unsigned long long)lines,
                       lines == 1 ? "" : "s");
    if (parts)
        len += snprintf(out + len, size - (size_t)len, "%llu part%s, ",
                        (unsigned long long)parts, parts == 1 ? "" : "s");
    snprintf(out + len, size - (size_t)len, "%s", told);
}

void view_log_state(const struct canvas *canvas, char *out, size_t size)
{
    const struct view_run *view = canvas->view;
    uint64_t end = run_end(canvas->run);
    uint64_t new_count = end > view->seen_end ? end - view->seen_end : 0;
    if (view->paused) {
        snprintf(out, size, "paused, %llu new", (unsigned long long)new_count);
    } else if (run_ended(canvas->run) || canvas->facts->finished) {
        ended_state(canvas, out, size);
    } else if (view->port.follow) {
        snprintf(out, size, "following");
    } else {
        uint64_t below = entries_below(canvas);
        if (below && new_count)
            snprintf(out, size, "scrolled, %llu below, %llu new",
                     (unsigned long long)below, (unsigned long long)new_count);
        else if (below)
            snprintf(out, size, "scrolled, %llu below",
                     (unsigned long long)below);
        else
            line_of_lines(canvas, out, size);
    }
}

/* "errors only, & vat, ": what the log pane leaves out. */
static void filter_words(const struct canvas *canvas, struct buf *out)
{
    static const char *const LEVELS[] = {
        [LEVEL_NONE] = "",
        [LEVEL_TRACE] = "trace and up, ",
        [LEVEL_DEBUG] = "debug and up, ",
        [LEVEL_INFO] = "info and up, ",
        [LEVEL_WARN] = "warn and up, ",
        [LEVEL_ERROR] = "errors only, ",
    };
    enum {
        PATTERN_MAX = 24
    };
    const struct filter *filter = lines_filter(canvas->view->lines);
    buf_adds(out, LEVELS[filter->level]);
    if (filter->include)
        buf_addf(out, "& %.*s, ", PATTERN_MAX, pattern_text(filter->include));
    if (filter->exclude)
        buf_addf(out, "&! %.*s, ", PATTERN_MAX, pattern_text(filter->exclude));
}

static bool steps_cover_log(const struct canvas *canvas)
{
    return canvas->view->focus == FOCUS_STEPS && !canvas->layout->side_width;
}

static void add_steps(const struct canvas *canvas, struct row *row)
{
    size_t count = run_step_count(canvas->run);
    if (steps_cover_log(canvas)) {
        row_add(row, ROW_KEEP, STYLE_STRONG, "steps");
        return;
    }
    if (!count || canvas->layout->side_width ||
        canvas->layout->size == VIEW_NARROW) {
        row_add(row, ROW_KEEP, STYLE_DIM, "log");
        return;
    }
    char active[40] = "", failed[40] = "";
    size_t actives = run_steps_in(canvas->run, STEP_ACTIVE);
    size_t failures = run_steps_in(canvas->run, STEP_FAILED);
    if (actives)
        snprintf(active, sizeof active, ", %zu active", actives);
    if (failures)
        snprintf(failed, sizeof failed, ", %zu failed", failures);
    row_add(row, ROW_KEEP, STYLE_DIM, "steps %zu%s%s", count, active, failed);
}

void view_log_draw_rule(const struct canvas *canvas)
{
    const struct layout *layout = canvas->layout;
    char state[80];
    struct row row = row_make(layout->escape);
    if (layout->rule_y < 0)
        return;
    add_steps(canvas, &row);
    if (!steps_cover_log(canvas)) {
        struct buf words = buf_make(0);
        filter_words(canvas, &words);
        view_log_state(canvas, state, sizeof state);
        buf_adds(&words, state);
        row_add_remote(&row, ROW_KEEP, STYLE_NOTICE, buf_str(&words),
                       layout->log_width - 10);
        row_to_right(&row);
        buf_free(&words);
    }
    row_draw_rule(&row, canvas->frame, layout->log_x, layout->rule_y,
                  layout->log_width, canvas->glyphs->dash);
}
