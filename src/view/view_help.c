#include "config.h"

#include "view/view_parts.h"

#include <stdio.h>
#include <string.h>

enum {
    KEYS_COLUMNS = 15, /* room for the names of an action's keys */
    TWO_COLUMNS = 110  /* screens at least this wide show two columns */
};

/* One row of the help: an action, a group's title, a remark, or nothing. */
struct help_row {
    const struct action_info *info;
    const char *title;
    const char *remark;
};

static const char *const REMARKS[] = {
    "> running or folded   v open   + done   X failed   z waiting",
    ". queued   / canceled   | log line   ! warning   >> current line",
    "lines under a step show their time after 10 quiet seconds",
};

enum {
    REMARK_COUNT = sizeof REMARKS / sizeof REMARKS[0],
    ROWS_MAX = ACTION_COUNT + 3 * ACTION_GROUP_COUNT + REMARK_COUNT
};

static int help_rows(struct help_row rows[ROWS_MAX])
{
    int count = 0;
    for (int group = 0; group < ACTION_GROUP_COUNT; group++) {
        if (count)
            rows[count++] = (struct help_row){0};
        rows[count++] = (struct help_row){
            .title = action_group_title((enum action_group)group)};
        const struct action_info *info;
        for (size_t i = 0; (info = action_table(i)) != NULL; i++)
            if (info->group == (enum action_group)group)
                rows[count++] = (struct help_row){.info = info};
    }
    rows[count++] = (struct help_row){0};
    rows[count++] = (struct help_row){.title = "signs"};
    for (int i = 0; i < REMARK_COUNT; i++)
        rows[count++] = (struct help_row){.remark = REMARKS[i]};
    return count;
}

int view_help_rows(int width)
{
    struct help_row rows[ROWS_MAX];
    int count = help_rows(rows);
    return width >= TWO_COLUMNS ? (count + 1) / 2 : count;
}

static void draw_row(const struct canvas *canvas, const struct help_row *row,
                     int x, int y, int columns)
{
    struct frame *frame = canvas->frame;
    if (row->title)
        frame_puts(frame, x, y, columns, STYLE_STRONG, row->title);
    if (row->remark)
        frame_puts(frame, x + 1, y, columns - 1, STYLE_TEXT, row->remark);
    if (!row->info)
        return;
    int keys = columns < 50 ? 12 : KEYS_COLUMNS;
    frame_puts(frame, x + 1, y, keys - 2, STYLE_KEY, row->info->keys);
    frame_puts(frame, x + keys, y, columns - keys, STYLE_TEXT, row->info->help);
}

static void draw_title(const struct canvas *canvas, int more)
{
    struct row row = row_make(canvas->layout->escape);
    row_add(&row, ROW_KEEP, STYLE_STRONG, "runtail: keys");
    if (canvas->env->zone)
        row_add(&row, 2, STYLE_DIM, "times: %s", canvas->env->zone);
    if (more > 0)
        row_add(&row, 1, STYLE_NOTICE, "j k scroll, %d more", more);
    row_to_right(&row);
    row_add(&row, 3, STYLE_NOTICE, "other keys: back");
    row_to_right(&row);
    row_draw_rule(&row, canvas->frame, 0, 0, canvas->layout->width,
                  canvas->glyphs->dash);
}

void view_help_draw(const struct canvas *canvas)
{
    struct help_row rows[ROWS_MAX];
    int count = help_rows(rows);
    int width = canvas->layout->width, height = canvas->layout->height - 1;
    bool two = width >= TWO_COLUMNS;
    int half = view_help_rows(width);
    int top = canvas->view->help_top;
    int most = half > height ? half - height : 0;
    top = canvas->view->help_top = top > most ? most : top;
    frame_clear(canvas->frame);
    draw_title(canvas, most - top);
    for (int i = 0; i < height && top + i < half; i++) {
        int at = top + i;
        draw_row(canvas, &rows[at], 1, 1 + i, two ? width / 2 - 2 : width - 1);
        if (two && half + at < count)
            draw_row(canvas, &rows[half + at], width / 2, 1 + i,
                     width - width / 2);
    }
}
