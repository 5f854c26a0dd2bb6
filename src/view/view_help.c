#include "config.h"

#include <stdio.h>
#include <string.h>

#include "text/wrap.h"
#include "view/view_parts.h"

enum {
    KEYS_COLUMNS = 15,       /* room for the names of an action's keys */
    KEYS_COLUMNS_SMALL = 13, /* on narrow screens */
    TWO_COLUMNS = 110,       /* screens at least this wide show two columns */
    ROWS_MAX = 3 * (ACTION_COUNT + ACTION_GROUP_COUNT) + 16
};

/* One row of the help: a piece of a sentence, after the keys or a sign on the
 * first row of it. */
struct help_row {
    const char *key;
    const char *text;
    size_t len;
    bool title;
};

struct help {
    struct help_row rows[ROWS_MAX];
    int count;
    int keys_columns, columns;
};

static void add_row(struct help *help, const char *key, const char *text,
                    size_t len, bool title)
{
    if (help->count < ROWS_MAX)
        help->rows[help->count++] = (struct help_row){key, text, len, title};
}

static void add_title(struct help *help, const char *text)
{
    if (help->count)
        add_row(help, "", "", 0, false);
    add_row(help, "", text, strlen(text), true);
}

static void add_sentence(struct help *help, const char *key, const char *text)
{
    size_t len = strlen(text), at = 0;
    size_t columns = (size_t)(help->columns - help->keys_columns - 1);
    while (at < len) {
        struct wrap_row row;
        const char *rest = text + at;
        bool first = at == 0;
        at += wrap_next(rest, len - at, 0, columns, &row);
        add_row(help, first ? key : "", rest + row.start, row.len, false);
    }
}

static void add_signs(struct help *help, const struct glyphs *glyphs)
{
    const struct {
        const char *sign, *meaning;
    } SIGNS[] = {
        {glyphs->running, "running"},
        {glyphs->open, "step, open"},
        {glyphs->folded, "step that goes on, folded"},
        {glyphs->done, "done"},
        {glyphs->failed, "failed; an error"},
        {"z", "waiting"},
        {".", "queued"},
        {"/", "canceled"},
        {"|", "log line"},
        {"~", "thought"},
        {"!", "warning"},
        {"--", "runtail's own words"},
        {">>", "current line"},
        {"*", "marked line"},
    };
    add_title(help, "signs");
    for (size_t i = 0; i < sizeof SIGNS / sizeof SIGNS[0]; i++)
        add_sentence(help, SIGNS[i].sign, SIGNS[i].meaning);
    add_row(help, "", "", 0, false);
    add_sentence(help, "",
                 "A line in the same second as the one above shows no time, "
                 "or its milliseconds; a line under a step shows one when it "
                 "was quiet for 10 seconds before.");
}

static void make_help(struct help *help, const struct glyphs *glyphs, int width)
{
    help->count = 0;
    help->columns = width >= TWO_COLUMNS ? width / 2 - 1 : width - 1;
    help->keys_columns = width < 60 ? KEYS_COLUMNS_SMALL : KEYS_COLUMNS;
    if (help->columns < help->keys_columns + 12)
        help->keys_columns = 6;
    if (help->columns < help->keys_columns + 2)
        help->columns = help->keys_columns + 2;
    for (int group = 0; group < ACTION_GROUP_COUNT; group++) {
        const struct action_info *info;
        add_title(help, action_group_title((enum action_group)group));
        for (size_t i = 0; (info = action_table(i)) != NULL; i++)
            if (info->group == (enum action_group)group)
                add_sentence(help, info->keys, info->help);
    }
    add_signs(help, glyphs);
}

static void draw_row(const struct canvas *canvas, const struct help *help,
                     int at, int x, int y)
{
    if (at >= help->count)
        return;
    const struct help_row *row = &help->rows[at];
    int keys = help->keys_columns;
    if (row->title) {
        frame_put(canvas->frame, x, y, help->columns, STYLE_STRONG, row->text,
                  row->len);
        return;
    }
    frame_puts(canvas->frame, x + 1, y, keys - 1, STYLE_KEY, row->key);
    frame_put(canvas->frame, x + 1 + keys, y, help->columns - keys - 1,
              STYLE_TEXT, row->text, row->len);
}

static void draw_title(const struct canvas *canvas, int more)
{
    struct row row = row_make(canvas->layout->escape);
    char words[120] = "other keys: back";
    bool wide = canvas->layout->width >= 60;
    if (more > 0)
        snprintf(words, sizeof words, "j k scroll, %d more%s", more,
                 wide ? ", other keys: back" : "");
    row_add(&row, ROW_KEEP, STYLE_STRONG,
            canvas->env->zone && wide ? "keys (times are %.30s)" : "keys",
            canvas->env->zone);
    row_add(&row, 1, STYLE_NOTICE, "%s", words);
    row_to_right(&row);
    row_draw_rule(&row, canvas->frame, 0, 0, canvas->layout->width,
                  canvas->glyphs->dash);
}

void view_help_draw(const struct canvas *canvas)
{
    struct help help;
    int width = canvas->layout->width, height = canvas->layout->height - 1;
    bool two = width >= TWO_COLUMNS;
    make_help(&help, canvas->glyphs, width);
    int rows = two ? (help.count + 1) / 2 : help.count;
    int most = rows > height ? rows - height : 0;
    int top = canvas->view->help_top;
    top = canvas->view->help_top = top > most ? most : top;
    frame_clear(canvas->frame);
    draw_title(canvas, most - top);
    for (int i = 0; i < height && top + i < rows; i++) {
        draw_row(canvas, &help, top + i, 1, 1 + i);
        if (two)
            draw_row(canvas, &help, rows + top + i, width / 2 + 1, 1 + i);
    }
}

void view_help_key(struct view_run *view, uint32_t key)
{
    int page = view->layout.height > 2 ? view->layout.height - 2 : 1;
    enum action action = action_of_key(0, key);
    int by = action == ACTION_LINE_DOWN   ? 1
             : action == ACTION_LINE_UP   ? -1
             : action == ACTION_PAGE_DOWN ? page
             : action == ACTION_PAGE_UP   ? -page
             : action == ACTION_HALF_DOWN ? page / 2
             : action == ACTION_HALF_UP   ? -page / 2
             : action == ACTION_TOP       ? -ROWS_MAX
             : action == ACTION_END       ? ROWS_MAX
                                          : 0;
    if (!by) {
        view->help = false;
        return;
    }
    view->help_top += by;
    if (view->help_top < 0)
        view->help_top = 0;
}
