/* The left pane of wide screens: steps, then metadata, then tags; what does
 * not fit goes from the bottom. The steps alone also take the log's place on
 * narrower screens. */
#include "config.h"

#include "view/view_parts.h"

#include <stdio.h>
#include <string.h>

#include "text/width.h"
#include "text/wrap.h"
#include "wire/json_text.h"

/* ---- steps ---- */

size_t view_step_selected(const struct view_run *view, const struct run *run)
{
    size_t first = run_step_first(run), last = run_step_count(run) - 1;
    size_t at = view->focus == FOCUS_STEPS ? view->step_at : last;
    return at < first ? first : at < last ? at : last;
}

static void draw_step(const struct canvas *canvas, size_t index, int x, int y,
                      int width)
{
    const struct step *step = run_step(canvas->run, index);
    bool folded = lines_is_folded(canvas->view->lines, canvas->run, index);
    char duration[32];
    view_step_duration(canvas, step, duration);
    int len = (int)strlen(duration);
    frame_puts(canvas->frame, x + 1, y, 1, view_step_style(step),
               view_step_glyph(canvas->glyphs, step, folded));
    struct row row = row_make(canvas->layout->escape);
    row_add_remote(&row, ROW_KEEP,
                   step->state == STEP_ACTIVE ? STYLE_STRONG : STYLE_STEP,
                   view_step_title(step), 200)
        ->cut = true;
    row_draw(&row, canvas->frame, x + 3, y, width - 5 - len, 1);
    frame_puts(canvas->frame, x + width - 1 - len, y, len, STYLE_TEXT,
               duration);
}

/* Returns the rows used. */
static int draw_steps(const struct canvas *canvas, int x, int y, int width,
                      int height)
{
    size_t count = run_step_count(canvas->run);
    if (!count || height <= 0)
        return 0;
    size_t at = view_step_selected(canvas->view, canvas->run);
    size_t least = run_step_first(canvas->run), first = least;
    bool focused = canvas->view->focus == FOCUS_STEPS;
    if (count - least > (size_t)height) {
        /* One row says how many there are above. */
        size_t room = (size_t)height;
        first = at + 1 > room ? at + 1 - room : 0;
        if (focused && at > room / 2)
            first = at - room / 2;
        if (first + room > count)
            first = count - room;
        first = first < least ? least : first;
    }
    int rows = 0;
    for (size_t i = first; i < count && rows < height; i++, rows++) {
        draw_step(canvas, i, x, y + rows, width);
        bool active = run_step(canvas->run, i)->state == STEP_ACTIVE;
        if (i == at && (focused || active))
            frame_puts(canvas->frame, x, y + rows, 1, STYLE_CURSOR, ">");
    }
    if (first > least && height > 1) {
        char text[48];
        snprintf(text, sizeof text, "   and %zu before", first + 1);
        for (int i = 0; i < width; i++)
            frame_puts(canvas->frame, x + i, y, 1, STYLE_TEXT, " ");
        frame_puts(canvas->frame, x, y, width, STYLE_DIM, text);
    }
    return rows;
}

void view_steps_draw(const struct canvas *canvas, int x, int y, int width,
                     int height)
{
    if (!draw_steps(canvas, x, y, width, height))
        frame_puts(canvas->frame, x + 1, y, width, STYLE_NOTICE,
                   "-- the run told no steps");
}

/* ---- metadata and tags ---- */

enum {
    KEY_COLUMNS = 13,
    SIDE_ITEMS = 12
};

/* A section begins at y: with a rule of its own, or in the rule above the pane
 * when it is the first. Returns the y of its first row. */
static int begin_section(const struct canvas *canvas, int y, const char *title)
{
    struct row row = row_make(0);
    int width = canvas->layout->side_width;
    bool first = y == canvas->layout->log_y;
    y -= first ? 1 : 0;
    row_add(&row, ROW_KEEP, STYLE_DIM, "%s", title);
    row_draw_rule(&row, canvas->frame, 0, y, width, canvas->glyphs->dash);
    if (!first)
        frame_puts(canvas->frame, width, y, 1, STYLE_DIM,
                   canvas->glyphs->tee_left);
    return y + 1;
}

static void plain_value(struct buf *out, struct slice value)
{
    bool text = value.len >= 2 && value.data[0] == '"';
    if (!text || !json_unescape(out, value.data + 1, value.len - 2))
        buf_add(out, value.data, value.len);
}

static void draw_member(const struct canvas *canvas, int y, struct slice key,
                        struct slice value)
{
    struct buf name = buf_make(0), text = buf_make(0);
    int width = canvas->layout->side_width;
    json_unescape(&name, key.data, key.len);
    plain_value(&text, value);
    struct row row = row_make(canvas->layout->escape);
    row_add_remote(&row, ROW_KEEP, STYLE_DIM, buf_str(&name), KEY_COLUMNS - 1);
    int used = row_draw(&row, canvas->frame, 1, y, KEY_COLUMNS - 1, 1);
    row = row_make(canvas->layout->escape);
    int x = 1 + (used < KEY_COLUMNS ? KEY_COLUMNS : used + 1);
    row_add_remote(&row, ROW_KEEP, STYLE_TEXT, buf_str(&text), width - 1 - x);
    row_draw(&row, canvas->frame, x, y, width - 1 - x, 1);
    buf_free(&name);
    buf_free(&text);
}

/* What the header or the steps show already. */
static bool is_shown(struct slice key)
{
    return slice_is(key, "status") || slice_is(key, "currentStep");
}

static int draw_metadata(const struct canvas *canvas, int y, int bottom)
{
    const char *json = canvas->facts->metadata;
    struct json_walk walk;
    struct slice key, value;
    int rows = 0;
    if (!json || !json_walk_start(&walk, (struct slice){json, strlen(json)}))
        return y;
    while (y + rows + 1 < bottom && rows < SIDE_ITEMS &&
           json_walk_next(&walk, &key, &value)) {
        if (is_shown(key))
            continue;
        if (!rows)
            y = begin_section(canvas, y, "metadata");
        draw_member(canvas, y + rows++, key, value);
    }
    return rows ? y + rows + 1 : y;
}

static int draw_tags(const struct canvas *canvas, int y, int bottom)
{
    const struct run_facts *facts = canvas->facts;
    int width = canvas->layout->side_width - 2, x = 0;
    if (!facts->tag_count || y + 1 >= bottom)
        return y;
    y = begin_section(canvas, y, "tags");
    for (size_t i = 0; i < facts->tag_count && y < bottom; i++) {
        struct buf safe = buf_make(0);
        row_safe(&safe, facts->tags[i], strlen(facts->tags[i]),
                 canvas->layout->escape);
        int len = (int)width_of_text(buf_str(&safe), safe.len);
        if (x && x + len > width) {
            x = 0;
            y++;
        }
        if (y < bottom)
            frame_put(canvas->frame, 1 + x, y, width - x, STYLE_TEXT,
                      buf_str(&safe), safe.len);
        x += len + 2;
        buf_free(&safe);
    }
    return y + 2;
}

/* What the run was given or gave: after it has ended. */
static int draw_packet(const struct canvas *canvas, int y, int bottom,
                       const char *title, const char *text)
{
    enum {
        PACKET_ROWS = 6,
        PACKET_SHOWN = 1024
    };
    int width = canvas->layout->side_width - 2;
    if (!text || !*text || y + 1 >= bottom)
        return y;
    y = begin_section(canvas, y, title);
    struct buf safe = buf_make(0);
    row_safe(&safe, text, strnlen(text, PACKET_SHOWN), canvas->layout->escape);
    size_t at = 0;
    for (int i = 0; i < PACKET_ROWS && at < safe.len && y < bottom; i++) {
        struct wrap_row row;
        const char *rest = safe.data + at;
        at += wrap_next(rest, safe.len - at, 0, (size_t)width, &row);
        frame_put(canvas->frame, 1, y++, width, STYLE_TEXT, rest + row.start,
                  row.len);
    }
    buf_free(&safe);
    return y + 1;
}

static int draw_packets(const struct canvas *canvas, int y, int bottom)
{
    const struct run_facts *facts = canvas->facts;
    if (facts->finished && facts->status == STATUS_COMPLETED)
        return draw_packet(canvas, y, bottom, "output", facts->output);
    if (facts->finished)
        return draw_packet(canvas, y, bottom, "payload", facts->payload);
    return y;
}

static void draw_frame(const struct canvas *canvas, int bottom)
{
    const struct layout *layout = canvas->layout;
    const struct glyphs *glyphs = canvas->glyphs;
    int x = layout->side_width;
    for (int i = 0; i < x; i++)
        frame_puts(canvas->frame, i, layout->rule_y, 1, STYLE_DIM,
                   glyphs->dash);
    for (int y = layout->log_y; y < bottom; y++)
        frame_puts(canvas->frame, x, y, 1, STYLE_DIM, glyphs->upright);
    frame_puts(canvas->frame, x, layout->rule_y, 1, STYLE_DIM,
               glyphs->tee_down);
    for (int i = 0; i < layout->width; i++)
        frame_puts(canvas->frame, i, bottom, 1, STYLE_DIM, glyphs->dash);
    frame_puts(canvas->frame, x, bottom, 1, STYLE_DIM, glyphs->tee_up);
}

void view_side_draw(const struct canvas *canvas)
{
    const struct layout *layout = canvas->layout;
    int y = layout->log_y, bottom = y + layout->log_height;
    draw_frame(canvas, bottom);
    if (run_step_count(canvas->run)) {
        begin_section(canvas, y, "steps");
        y += draw_steps(canvas, 0, y, layout->side_width, bottom - y) + 1;
    }
    y = draw_packets(canvas, y, bottom);
    y = draw_metadata(canvas, y, bottom);
    draw_tags(canvas, y, bottom);
}
