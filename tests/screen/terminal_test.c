/* The painter against a terminal: thousands of frames, each of which the
 * terminal has to show in the end, whatever was shown before. Terminals that
 * terminfo does not know here are left out. */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/painter.h"
#include "io/termcap.h"
#include "tests/screen/emulator.h"
#include "tests/unit/random.h"

/* Of <term.h>, which makes macros of common words. */
int setupterm(const char *term, int fd, int *error);
struct term *set_curterm(struct term *terminal);
int del_curterm(struct term *terminal);

enum {
    FRAMES = 1500,
    LOG_MAX = 400,
    LINE_SIZE = 256
};

static const struct {
    const char *term;
    enum judge judge;
    bool wide_signs;
    bool margins; /* left and right ones */
} TERMS[] = {
    {"xterm-256color", JUDGE_AS_WCWIDTH, false, true},
    {"xterm-256color", JUDGE_NARROW, false, true},
    {"xterm-256color", JUDGE_WIDE, true, true},
    {"xterm-256color", JUDGE_AS_WCWIDTH, false, false},
    {"xterm-256color", JUDGE_NARROW, false, false},
    {"xterm-256color", JUDGE_WIDE, true, false},
    {"tmux-256color", JUDGE_AS_WCWIDTH, false, false},
    {"tmux-256color", JUDGE_WIDE, true, false},
    {"screen", JUDGE_NARROW, false, false},
    {"screen-256color", JUDGE_AS_WCWIDTH, false, false},
    {"rxvt-unicode-256color", JUDGE_AS_WCWIDTH, false, false},
    {"linux", JUDGE_AS_WCWIDTH, false, false},
    {"vt100", JUDGE_AS_WCWIDTH, false, false},
    {"vt220", JUDGE_WIDE, true, false},
    {"ansi", JUDGE_AS_WCWIDTH, false, false},
    {"mach", JUDGE_AS_WCWIDTH, false, false},
};

static const char *const PIECES[] = {
    "fetched",
    "page",
    " ",
    "  ",
    "=====",
    "order",
    "日本語",
    "한글",
    "é",
    "e\u0301",
    "🚀",
    "👩‍🚀",
    "❤️",
    "──────",
    "●",
    "мир",
    "0123456789",
    "x",
    " ",
    "ok",
    "a b c",
    "│",
    "                    ",
};

/* What is shown: rows above and below a log, and a pane beside it. */
struct scene {
    uint64_t state;
    int width, height, top, bottom, side;
    int first; /* line of the log at `top` */
    int count;
    char lines[LOG_MAX][LINE_SIZE];
    uint8_t styles[LOG_MAX];
    char others[64][LINE_SIZE];
    int cursor_x, cursor_y;
};

struct stage {
    int nowhere; /* where the terminal library may write */
    struct scene *scene;
    struct frame *frame;
    struct painter *painter;
    struct termcap caps;
    struct emulator term;
    struct buf bytes;
};

/* ---- scenes ---- */

static void make_line(struct scene *scene, char line[LINE_SIZE])
{
    size_t pieces = chance(&scene->state, 24), len = 0;
    size_t kinds =
        chance(&scene->state, 3) ? 4 : sizeof PIECES / sizeof *PIECES;
    line[0] = '\0';
    for (size_t i = 0; i < pieces; i++) {
        const char *piece = PIECES[chance(&scene->state, kinds)];
        if (len + strlen(piece) + 1 >= LINE_SIZE)
            break;
        strcpy(line + len, piece);
        len += strlen(piece);
    }
}

static void add_lines(struct scene *scene, size_t count)
{
    for (size_t i = 0; i < count && scene->count < LOG_MAX; i++) {
        scene->styles[scene->count] =
            (uint8_t)(chance(&scene->state, 2)
                          ? STYLE_TEXT
                          : chance(&scene->state, STYLE_COUNT));
        make_line(scene, scene->lines[scene->count++]);
    }
    int rows = scene->bottom - scene->top + 1;
    scene->first = scene->count > rows ? scene->count - rows : 0;
}

static void start_scene(struct scene *scene)
{
    scene->width = 20 + (int)chance(&scene->state, 60);
    scene->height = 5 + (int)chance(&scene->state, 25);
    scene->top = (int)chance(&scene->state, 3);
    scene->bottom = scene->height - 1 - (int)chance(&scene->state, 3);
    scene->side = chance(&scene->state, 3) ? 0 : scene->width / 3;
    scene->count = scene->first = 0;
    scene->cursor_x = scene->cursor_y = -1;
    for (int i = 0; i < 64; i++)
        make_line(scene, scene->others[i]);
    add_lines(scene, chance(&scene->state, 40));
}

static void change_scene(struct scene *scene)
{
    uint64_t *state = &scene->state;
    size_t what = chance(state, 24);
    if (what < 12) {
        add_lines(scene, 1 + chance(state, what < 9 ? 2 : 30));
    } else if (what < 15) {
        int by = (int)chance(state, 9) - 6;
        scene->first = scene->first + by > 0 ? scene->first + by : 0;
    } else if (what < 20) {
        make_line(scene, scene->others[chance(state, 64)]);
    } else if (what < 22 && scene->count) {
        make_line(scene, scene->lines[scene->count - 1]);
    } else if (what == 22) {
        bool hidden = chance(state, 2);
        scene->cursor_x = hidden ? -1 : (int)chance(state, 20);
        scene->cursor_y = hidden ? -1 : (int)chance(state, 5);
    } else if (!chance(state, 6)) {
        start_scene(scene);
    }
    if (scene->count == LOG_MAX)
        scene->count = 0;
}

static void draw(const struct scene *scene, struct frame *frame)
{
    frame_clear(frame);
    for (int y = 0; y < scene->height; y++) {
        const char *other = scene->others[y];
        int number = scene->first + y - scene->top;
        bool in_log = y >= scene->top && y <= scene->bottom;
        if (!in_log || scene->side)
            frame_puts(frame, 0, y, in_log ? scene->side : scene->width,
                       y % 2 ? STYLE_DIM : STYLE_MATCH, other);
        if (in_log && number < scene->count)
            frame_puts(frame, scene->side, y, scene->width,
                       (enum style)scene->styles[number], scene->lines[number]);
    }
    frame_set_cursor(frame, scene->cursor_x, scene->cursor_y);
}

/* ---- comparing ---- */

/* judged: the terminal has its own view of signs beyond ASCII; then the text
 * around them has to be right. */
static bool is_same_text(const struct stage *stage, const struct cell *want,
                         const struct screen_cell *got, bool judged)
{
    char text[CELL_TEXT_SIZE];
    bool ascii = want->sign < 0x80 && want->columns;
    frame_cell_text(stage->frame, want, text);
    if (strcmp(text, got->text) == 0)
        return true;
    return !ascii && (judged || strcmp(got->text, "?") == 0);
}

static struct pen pen_of(const struct stage *stage, const struct cell *cell)
{
    struct emulator ruler;
    const struct look *look =
        &stage->caps.looks[stage->caps.look_of[cell->style]];
    emulator_start(&ruler, 2, 2);
    emulator_write(&ruler, look->enter, strlen(look->enter));
    struct pen pen = ruler.pen;
    emulator_stop(&ruler);
    return pen;
}

static bool is_same_pen(const struct stage *stage, const struct cell *want,
                        const struct screen_cell *got)
{
    struct pen pen = pen_of(stage, want);
    enum {
        REVERSE = 1u << 7
    };
    if (want->sign == ' ') /* of a blank only this shows */
        return (pen.attributes & REVERSE) == (got->pen.attributes & REVERSE);
    return pen.attributes == got->pen.attributes && pen.color == got->pen.color;
}

static void compare(const struct stage *stage, int round, bool judged)
{
    const struct emulator *term = &stage->term;
    bool full_corner = stage->caps.wraps && !stage->caps.wraps_late;
    ck_assert_uint_eq(term->unknown, 0);
    for (int y = 0; y < term->height; y++)
        for (int x = 0; x < term->width; x++) {
            const struct cell *want = frame_cell(stage->frame, x, y);
            const struct screen_cell *got = emulator_cell(term, x, y);
            if (full_corner && x >= term->width - 2 && y == term->height - 1)
                continue;
            char text[CELL_TEXT_SIZE];
            frame_cell_text(stage->frame, want, text);
            if (!is_same_text(stage, want, got, judged))
                ck_abort_msg("frame %d: at %d,%d \"%s\" is shown for \"%s\"",
                             round, x, y, got->text, text);
            if (want->columns && got->text[0] && !is_same_pen(stage, want, got))
                ck_abort_msg("frame %d: at %d,%d the style of \"%s\" is wrong",
                             round, x, y, text);
        }
    int x, y;
    frame_get_cursor(stage->frame, &x, &y);
    if (x >= 0) {
        ck_assert_int_eq(term->x, x);
        ck_assert_int_eq(term->y, y);
    }
}

/* ---- */

static void show(struct stage *stage)
{
    buf_clear(&stage->bytes);
    painter_paint(stage->painter, stage->frame, &stage->bytes);
    emulator_write(&stage->term, buf_str(&stage->bytes), stage->bytes.len);
}

static void have_margins(struct stage *stage)
{
    stage->term.has_margins = true;
    painter_set_margins(stage->painter, MARGINS_THERE);
}

static bool set_up(struct stage *stage, const char *term, bool wide_signs)
{
    int error, nowhere = open("/dev/null", O_WRONLY);
    *stage = (struct stage){.nowhere = nowhere};
    if (!setlocale(LC_CTYPE, "C.UTF-8") ||
        setupterm(term, nowhere, &error) != 0)
        return false;
    struct painter_options options = {
        .colors = true, .utf8 = true, .wide_signs = wide_signs};
    stage->painter = painter_create(&options);
    termcap_load(&stage->caps, true);
    stage->scene = calloc(1, sizeof *stage->scene);
    stage->frame = frame_create(80, 24);
    emulator_start(&stage->term, 80, 24);
    stage->term.wraps_late = stage->caps.wraps_late;
    ck_assert_ptr_nonnull(stage->painter);
    return true;
}

static void tear_down(struct stage *stage)
{
    painter_destroy(stage->painter);
    termcap_free(&stage->caps);
    del_curterm(set_curterm(NULL));
    close(stage->nowhere);
    frame_destroy(stage->frame);
    emulator_stop(&stage->term);
    buf_free(&stage->bytes);
    free(stage->scene);
}

START_TEST(terminal_shows_each_frame)
{
    struct stage stage;
    bool judged = TERMS[_i].judge != JUDGE_AS_WCWIDTH;
    if (!set_up(&stage, TERMS[_i].term, TERMS[_i].wide_signs))
        return;
    stage.term.judge = TERMS[_i].judge;
    if (TERMS[_i].margins)
        have_margins(&stage);
    int inside = 0;
    struct scene *scene = stage.scene;
    scene->state = 17 + (uint64_t)_i;
    start_scene(scene);
    for (int round = 0; round < FRAMES; round++) {
        if (scene->width != stage.term.width ||
            scene->height != stage.term.height) {
            emulator_resize(&stage.term, scene->width, scene->height);
            frame_resize(stage.frame, scene->width, scene->height);
        }
        draw(scene, stage.frame);
        if (!chance(&scene->state, 100))
            painter_forget(stage.painter);
        show(&stage);
        compare(&stage, round, judged);
        inside += stage.term.left > 0;
        change_scene(scene);
    }
    ck_assert(!TERMS[_i].margins || inside > FRAMES / 20);
    tear_down(&stage);
}
END_TEST

START_TEST(full_rows_are_not_wrapped)
{
    struct stage stage;
    if (!set_up(&stage, "xterm-256color", true))
        return;
    stage.term.judge = JUDGE_WIDE;
    for (int y = 0; y < 24; y++)
        for (int x = 0; x < 80; x++)
            frame_puts(stage.frame, x, y, 1, STYLE_DIM, "─");
    show(&stage);
    ck_assert_uint_eq(stage.term.wrapped, 0);
    tear_down(&stage);
}
END_TEST

/* A log at 120x40: what a line costs beyond its text. */
START_TEST(appended_line_costs_little_more_than_its_text)
{
    enum {
        ROWS = 36,
        TEXT = 60,
        MORE = 20
    };
    struct stage stage;
    char line[LINE_SIZE];
    if (!set_up(&stage, "xterm-256color", false))
        return;
    frame_resize(stage.frame, 120, 40);
    emulator_resize(&stage.term, 120, 40);
    for (int last = 0; last < 100; last++) {
        frame_clear(stage.frame);
        frame_puts(stage.frame, 0, 0, 120, STYLE_STRONG, "[>] EXECUTING");
        frame_puts(stage.frame, 0, 39, 120, STYLE_KEY, "/ search");
        for (int row = 0; row < ROWS && row <= last; row++) {
            int number = last < ROWS ? row : last - ROWS + 1 + row;
            snprintf(line, sizeof line, ".%03d  |  %d ", number, number);
            size_t len = strlen(line);
            memset(line + len, 'a' + number % 26, TEXT);
            frame_put(stage.frame, 9, 3 + row, 110, STYLE_TEXT, line, 9 + TEXT);
        }
        uint64_t prepared = painter_prepared(stage.painter);
        show(&stage);
        compare(&stage, last, false);
        ck_assert_uint_le(painter_prepared(stage.painter) - prepared,
                          last ? 1 : 3);
        if (last > ROWS)
            ck_assert_uint_le(stage.bytes.len, TEXT + MORE);
    }
    tear_down(&stage);
}
END_TEST

enum {
    PANE = 34,
    PANE_ROWS = 36,
    NUMBERS_END = 10
};

/* A line that stands on the right of the rule once only. */
static void draw_line(struct frame *frame, int row, int number)
{
    char line[LINE_SIZE];
    uint64_t state = (uint64_t)number * 77 + 1;
    snprintf(line, sizeof line, "|  %d ", number);
    for (size_t i = strlen(line); i < 70; i++)
        snprintf(line + i, 2, "%c", (char)('a' + chance(&state, 26)));
    frame_puts(frame, PANE + 2, 3 + row, 84, STYLE_TEXT, line);
}

/* Steps on the left of a rule, on its right the end of a log. */
static void draw_pane(struct frame *frame, int last)
{
    char line[LINE_SIZE];
    frame_clear(frame);
    frame_puts(frame, 0, 0, 120, STYLE_STRONG, "[>] EXECUTING");
    for (int row = 0; row < PANE_ROWS; row++) {
        snprintf(line, sizeof line, "Step %d of the work", row);
        if (row < 6)
            frame_puts(frame, 3, 3 + row, PANE - 4, STYLE_STEP, line);
        frame_puts(frame, PANE, 3 + row, 1, STYLE_DIM, "│");
        draw_line(frame, row, last + row);
    }
}

static void resize(struct stage *stage, int width, int height)
{
    frame_resize(stage->frame, width, height);
    emulator_resize(&stage->term, width, height);
}

static size_t bytes_beside_a_pane(struct stage *stage)
{
    resize(stage, 120, 40);
    for (int last = 0; last < 20; last++) {
        draw_pane(stage->frame, last);
        show(stage);
        compare(stage, last, false);
    }
    return stage->bytes.len;
}

START_TEST(log_beside_a_pane_scrolls_alone_inside_margins)
{
    struct stage stage;
    if (!set_up(&stage, "xterm-256color", false))
        return;
    have_margins(&stage);
    ck_assert_uint_le(bytes_beside_a_pane(&stage), 70 + 15);
    ck_assert_int_gt(stage.term.left, PANE);
    tear_down(&stage);
}
END_TEST

/* Six rows stand beside steps, and are written again; each line that comes
 * costs its text, the rule and how to get there. */
START_TEST(line_beside_a_pane_comes_back_to_where_the_one_before_began)
{
    struct stage stage;
    if (!set_up(&stage, "tmux-256color", false))
        return;
    bytes_beside_a_pane(&stage);
    draw_pane(stage.frame, 20);
    show(&stage);
    ck_assert_ptr_nonnull(strstr(buf_str(&stage.bytes), "\0338\n│"));
    tear_down(&stage);
}
END_TEST

/* Rows that are numbered on the left of the rule: behind the numbers is the
 * margin. Two of them have lines of their own, which do not move: one has the
 * wide sign there, the other one lets the margin be nowhere else. */
static void draw_numbers(struct frame *frame, int round)
{
    char line[LINE_SIZE];
    draw_pane(frame, 20 + round);
    for (int row = 0; row < PANE_ROWS; row++) {
        snprintf(line, sizeof line, "Step %02d %20s", row, "");
        frame_puts(frame, 3, 3 + row, PANE - 4, STYLE_STEP, line);
    }
    draw_line(frame, 10, 1000 + round);
    draw_line(frame, 20, 2000 + round);
    frame_puts(frame, NUMBERS_END - 1, 3 + 10, 2, STYLE_STEP, "日");
    frame_puts(frame, NUMBERS_END, 3 + 20, 1, STYLE_STEP,
               round % 2 ? "x" : "y");
}

START_TEST(wide_sign_across_a_margin_is_written_again)
{
    struct stage stage;
    if (!set_up(&stage, "xterm-256color", false))
        return;
    have_margins(&stage);
    resize(&stage, 120, 40);
    for (int round = 0; round < 20; round++) {
        draw_numbers(stage.frame, round);
        show(&stage);
        compare(&stage, round, false);
        if (round)
            ck_assert_int_eq(stage.term.left, NUMBERS_END);
    }
    tear_down(&stage);
}
END_TEST

START_TEST(margins_are_asked_for_where_they_would_help)
{
    struct stage stage;
    if (!set_up(&stage, "xterm-256color", false))
        return;
    ck_assert_int_eq(painter_margins(stage.painter), MARGINS_UNKNOWN);
    bytes_beside_a_pane(&stage);
    ck_assert_int_eq(painter_margins(stage.painter), MARGINS_WANTED);
    painter_set_margins(stage.painter, MARGINS_NONE);
    painter_forget(stage.painter);
    bytes_beside_a_pane(&stage);
    ck_assert_int_eq(painter_margins(stage.painter), MARGINS_NONE);
    ck_assert(!stage.term.margins);
    tear_down(&stage);
}
END_TEST

/* It would print the question. */
START_TEST(simple_terminal_is_not_asked)
{
    struct stage stage;
    if (!set_up(&stage, "linux", false))
        return;
    bytes_beside_a_pane(&stage);
    ck_assert_int_eq(painter_margins(stage.painter), MARGINS_NONE);
    tear_down(&stage);
}
END_TEST

START_TEST(nothing_is_sent_when_nothing_changed)
{
    struct stage stage;
    if (!set_up(&stage, "xterm-256color", false))
        return;
    frame_puts(stage.frame, 3, 3, 40, STYLE_ERROR, "it failed");
    show(&stage);
    show(&stage);
    ck_assert_uint_eq(stage.bytes.len, 0);
    tear_down(&stage);
}
END_TEST

START_TEST(ticking_clock_costs_a_move_and_its_digits)
{
    struct stage stage;
    if (!set_up(&stage, "xterm-256color", false))
        return;
    frame_puts(stage.frame, 1, 2, 40, STYLE_TEXT, "01:12.4 elapsed");
    show(&stage);
    frame_puts(stage.frame, 1, 2, 40, STYLE_TEXT, "01:13.4 elapsed");
    show(&stage);
    compare(&stage, 1, false);
    ck_assert_uint_le(stage.bytes.len, 8);
    tear_down(&stage);
}
END_TEST

START_TEST(leaving_gives_the_modes_back)
{
    struct stage stage;
    if (!set_up(&stage, TERMS[_i].term, false))
        return;
    stage.scene->state = 5;
    start_scene(stage.scene);
    frame_resize(stage.frame, stage.scene->width, stage.scene->height);
    emulator_resize(&stage.term, stage.scene->width, stage.scene->height);
    if (TERMS[_i].margins)
        have_margins(&stage);
    stage.scene->side = stage.scene->width / 3;
    for (int i = 0; i < 40; i++) {
        add_lines(stage.scene, 1);
        draw(stage.scene, stage.frame);
        show(&stage);
    }
    ck_assert_int_eq(stage.term.margins, TERMS[_i].margins);
    buf_clear(&stage.bytes);
    painter_leave(stage.painter, stage.term.height, &stage.bytes);
    painter_add_end(stage.painter, &stage.bytes);
    emulator_write(&stage.term, buf_str(&stage.bytes), stage.bytes.len);
    ck_assert_uint_eq(stage.term.unknown, 0);
    ck_assert_int_eq(stage.term.top, 0);
    ck_assert_int_eq(stage.term.bottom, stage.term.height - 1);
    ck_assert(!stage.term.margins);
    ck_assert(stage.term.wraps);
    ck_assert(stage.term.cursor_visible);
    ck_assert_uint_eq(stage.term.pen.attributes, 0);
    ck_assert_int_eq(stage.term.pen.color, 0);
    if (!termcap_has(&stage.caps, CAP_RMCUP))
        ck_assert_int_eq(stage.term.y, stage.term.height - 1);
    /* and the next frame starts over */
    painter_forget(stage.painter);
    show(&stage);
    compare(&stage, 0, false);
    tear_down(&stage);
}
END_TEST

int main(void)
{
    enum {
        TERM_COUNT = sizeof TERMS / sizeof *TERMS
    };
    Suite *suite = suite_create("terminal");
    TCase *tc = tcase_create("terminal");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, terminal_shows_each_frame, 0, TERM_COUNT);
    tcase_add_test(tc, full_rows_are_not_wrapped);
    tcase_add_test(tc, appended_line_costs_little_more_than_its_text);
    tcase_add_test(tc, log_beside_a_pane_scrolls_alone_inside_margins);
    tcase_add_test(tc,
                   line_beside_a_pane_comes_back_to_where_the_one_before_began);
    tcase_add_test(tc, wide_sign_across_a_margin_is_written_again);
    tcase_add_test(tc, margins_are_asked_for_where_they_would_help);
    tcase_add_test(tc, simple_terminal_is_not_asked);
    tcase_add_test(tc, nothing_is_sent_when_nothing_changed);
    tcase_add_test(tc, ticking_clock_costs_a_move_and_its_digits);
    tcase_add_loop_test(tc, leaving_gives_the_modes_back, 0, TERM_COUNT);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
