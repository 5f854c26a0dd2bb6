/* The left pane of wide screens: steps, then metadata, then tags; what does
 * not fit goes from the bottom. The steps alone also take the log's place on
 * narrower screens. */
#include "config.h"

#include "view/view_parts.h"

#include <stdio.h>
#include <string.h>

#include "wire/json_text.h"

/* ---- steps ---- */

/* The step that the pane points at: the selected one while it has the focus,
 * else the one that is active or was last. */
static size_t pointed_step(const struct canvas *canvas)
{
    size_t count = run_step_count(canvas->run);
    size_t at =
        canvas->view->focus == FOCUS_STEPS ? canvas->view->step_at : count - 1;
    return at < count ? at : count - 1;
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
                   step->title, width - 5 - len);
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
    size_t at = pointed_step(canvas), first = 0;
    bool focused = canvas->view->focus == FOCUS_STEPS;
    if (count > (size_t)height) {
        /* One row says how many there are above. */
        size_t room = (size_t)height;
        first = at + 1 > room ? at + 1 - room : 0;
        if (focused && at > room / 2)
            first = at - room / 2;
        if (first + room > count)
            first = count - room;
    }
    int rows = 0;
    for (size_t i = first; i < count && rows < height; i++, rows++) {
        draw_step(canvas, i, x, y + rows, width);
        bool active = run_step(canvas->run, i)->state == STEP_ACTIVE;
        if (i == at && (focused || active))
            frame_puts(canvas->frame, x, y + rows, 1, STYLE_CURSOR, ">");
    }
    if (first > 0 && height > 1) {
        char text[48];
        snprintf(text, sizeof text, "   and %zu before", first + 1);
        frame_puts(canvas->frame, x, y, width, STYLE_TEXT, " ");
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

static void title_rule(const struct canvas *canvas, int y, const char *title)
{
    struct row row = row_make(0);
    int width = canvas->layout->side_width;
    row_add(&row, ROW_KEEP, STYLE_DIM, "%s", title);
    row_draw_rule(&row, canvas->frame, 0, y, width, canvas->glyphs->dash);
    frame_puts(canvas->frame, width, y, 1, STYLE_DIM, canvas->glyphs->tee_left);
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
        return 0;
    while (y + rows + 1 < bottom && rows < SIDE_ITEMS &&
           json_walk_next(&walk, &key, &value)) {
        if (is_shown(key))
            continue;
        if (!rows)
            title_rule(canvas, y, "metadata");
        rows++;
        draw_member(canvas, y + rows, key, value);
    }
    return rows ? rows + 2 : 0;
}

static int draw_tags(const struct canvas *canvas, int y, int bottom)
{
    const struct run_facts *facts = canvas->facts;
    int width = canvas->layout->side_width - 2, x = 0, rows = 0;
    if (!facts->tag_count || y + 1 >= bottom)
        return 0;
    title_rule(canvas, y, "tags");
    for (size_t i = 0; i < facts->tag_count && y + rows + 1 < bottom; i++) {
        struct row row = row_make(canvas->layout->escape);
        row_add_remote(&row, ROW_KEEP, STYLE_TEXT, facts->tags[i], width);
        int len = (int)frame_width(canvas->frame);
        struct frame *scratch = frame_create(width, 1);
        len = row_draw(&row, scratch, 0, 0, width, 0);
        frame_destroy(scratch);
        if (x && x + 2 + len > width) {
            x = 0;
            rows++;
        }
        if (y + rows + 1 >= bottom)
            break;
        x += x ? 2 : 0;
        row_draw(&row, canvas->frame, 1 + x, y + rows + 1, width - x, 0);
        x += len;
    }
    return rows + 3;
}

void view_side_draw(const struct canvas *canvas)
{
    const struct layout *layout = canvas->layout;
    const struct glyphs *glyphs = canvas->glyphs;
    int y = layout->log_y, bottom = y + layout->log_height;
    struct row row = row_make(0);
    row_add(&row, ROW_KEEP,
            canvas->view->focus == FOCUS_STEPS ? STYLE_STRONG : STYLE_DIM,
            "steps");
    row_draw_rule(&row, canvas->frame, 0, layout->rule_y, layout->side_width,
                  glyphs->dash);
    for (int i = y; i < bottom; i++)
        frame_puts(canvas->frame, layout->side_width, i, 1, STYLE_DIM,
                   glyphs->upright);
    frame_puts(canvas->frame, layout->side_width, layout->rule_y, 1, STYLE_DIM,
               glyphs->tee_down);
    y += draw_steps(canvas, 0, y, layout->side_width, bottom - y) + 1;
    y += draw_metadata(canvas, y, bottom);
    draw_tags(canvas, y, bottom);
    for (int i = 0; i < layout->width; i++)
        frame_puts(canvas->frame, i, bottom, 1, STYLE_DIM, glyphs->dash);
    frame_puts(canvas->frame, layout->side_width, bottom, 1, STYLE_DIM,
               glyphs->tee_up);
}
