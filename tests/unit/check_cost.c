/* What one more entry costs in a log of N must not depend on N. Work is
 * counted, never timed: bytes decoded and elements walked on the way in; on the
 * way to the screen, blocks of old text fetched, which here lie outside of
 * memory, so that nobody can look at them unnoticed. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "model/run.h"
#include "tests/unit/unit.h"
#include "view/keys.h"
#include "view/view_run.h"
#include "wire/agentlog.h"
#include "wire/logarray.h"
#include "wire/retext.h"

/* From a metadata column to new entries. */

struct work {
    uint64_t decoded, walked;
};

static void add_column(struct buf *out, size_t first, size_t count)
{
    buf_clear(out);
    buf_adds(out, "[");
    for (size_t i = first; i < first + count; i++)
        buf_addf(out, "%s{\\\"message\\\":\\\"line %07zu of the log\\\"}",
                 i > first ? "," : "", i);
    buf_adds(out, "]\"");
}

/* The last of some updates, each with one entry new; slide: one leaves. */
static struct work work_of_update(size_t count, bool slide)
{
    struct retext *text = retext_create();
    struct logarray *array = logarray_create();
    struct buf column = buf_make(0);
    struct work before = {0}, after = {0};
    for (size_t i = 0; i < 4; i++) {
        struct logarray_change change;
        bool changed;
        before = after;
        add_column(&column, slide ? i : 0, slide ? count : count + i);
        ck_assert_ptr_nonnull(
            retext_read(text, column.data, column.data + column.len, &changed));
        struct slice plain = retext_plain(text);
        ck_assert_ptr_nonnull(logarray_update(array, plain.data,
                                              plain.data + plain.len, &change));
        ck_assert_uint_eq(change.fresh, i ? 1 : count);
        after.decoded = retext_decoded(text);
        after.walked = logarray_walked(array);
    }
    buf_free(&column);
    logarray_destroy(array);
    retext_destroy(text);
    return (struct work){after.decoded - before.decoded,
                         after.walked - before.walked};
}

START_TEST(an_update_is_read_at_the_cost_of_what_is_new)
{
    /* what is between two marks is decoded again, twice at most */
    const uint64_t most = 3 * 512;
    for (size_t count = 100; count <= 100000; count *= 10) {
        struct work work = work_of_update(count, _i);
        ck_assert_uint_le(work.decoded, most);
        ck_assert_uint_le(work.walked, 2);
    }
}
END_TEST

/* From an agent's text, whole each time, to new lines. */

static void add_frame(struct buf *out, size_t lines)
{
    buf_clear(out);
    buf_adds(out, "data: {\"logs\":\"");
    for (size_t i = 0; i < lines; i++)
        buf_addf(out, "line %07zu of the text\\n", i);
    buf_adds(out, "\",\"status\":\"running\"}\n\n");
}

START_TEST(a_snapshot_is_copied_at_the_cost_of_what_is_new)
{
    for (size_t count = 100; count <= 100000; count *= 10) {
        struct agentlog *log = agentlog_create(SIZE_MAX);
        struct buf bytes = buf_make(0);
        uint64_t before = 0;
        for (size_t i = 0; i < 4; i++) {
            struct agentlog_frame frame;
            struct error err = {0};
            before = agentlog_copied(log);
            add_frame(&bytes, count + i);
            agentlog_feed(log, bytes.data, bytes.len);
            ck_assert(agentlog_next(log, &frame, &err));
            ck_assert_uint_eq(frame.kept, i ? count + i - 1 : 0);
        }
        ck_assert_uint_le(agentlog_copied(log) - before, 200);
        buf_free(&bytes);
        agentlog_destroy(log);
    }
}
END_TEST

/* From an event to the screen. */

enum {
    MEMORY = 300 * 1024, /* a few blocks; the rest is spilled */
    APPENDED = 300,
    LINE_LEN = 100,
    CACHED_BLOCKS = 8 /* that a screen of distant hits may take */
};

/* Old text, in memory after all, and how often it was asked for. */
struct attic {
    struct buf bytes;
    size_t reads, writes;
};

static bool attic_write(void *context, const char *bytes, size_t len,
                        uint64_t *where)
{
    struct attic *attic = context;
    attic->writes++;
    *where = attic->bytes.len;
    return buf_add(&attic->bytes, bytes, len);
}

static bool attic_read(void *context, uint64_t where, char *bytes, size_t len)
{
    struct attic *attic = context;
    attic->reads++;
    memcpy(bytes, attic->bytes.data + where, len);
    return true;
}

static int no_offset(int64_t instant_ms)
{
    (void)instant_ms;
    return 0;
}

struct scene {
    struct attic attic;
    struct run *run;
    struct view_run *view;
    struct frame *frame;
    struct view_env env;
    uint64_t seq;
};

static void tell_line(struct scene *scene)
{
    char text[LINE_LEN + 1];
    memset(text, 'x', LINE_LEN);
    text[LINE_LEN] = '\0';
    snprintf(text, sizeof text, "%s %llu",
             scene->seq % 100 ? "fetched page" : "warning at",
             (unsigned long long)scene->seq);
    text[strlen(text)] = ' ';
    struct log_entry entry = {.level =
                                  scene->seq % 100 ? LEVEL_INFO : LEVEL_WARN,
                              .message = text,
                              .message_len = LINE_LEN};
    struct event event = {.type = EVENT_LOG,
                          .time_ms = (int64_t)scene->seq * 10};
    event.log.seq = ++scene->seq;
    event.log.entry = &entry;
    run_apply(scene->run, &event);
}

static void draw(struct scene *scene)
{
    view_run_update(scene->view, scene->run);
    view_run_draw(scene->view, scene->run, &scene->env, scene->frame);
}

static void scene_open(struct scene *scene, size_t lines)
{
    *scene = (struct scene){
        .attic = {.bytes = buf_make(0)},
        .run = run_create("run_1", MEMORY),
        .view = view_run_create(),
        .frame = frame_create(120, 40),
        .env = {.utf8 = true, .utc_offset_s = no_offset, .zone = "UTC"}};
    struct spill spill = {&scene->attic, attic_write, attic_read};
    run_set_spill(scene->run, &spill);
    for (size_t i = 0; i < lines; i++)
        tell_line(scene);
    draw(scene);
}

static void scene_close(struct scene *scene)
{
    view_run_destroy(scene->view);
    frame_destroy(scene->frame);
    run_destroy(scene->run);
    buf_free(&scene->attic.bytes);
}

static const size_t lengths[] = {10000, 200000};

START_TEST(lines_are_appended_and_drawn_without_a_look_at_old_ones)
{
    struct scene scene;
    scene_open(&scene, lengths[_i]);
    size_t reads = scene.attic.reads, writes = scene.attic.writes;
    ck_assert_uint_gt(writes, 10);
    for (int i = 0; i < APPENDED; i++) {
        tell_line(&scene);
        draw(&scene);
    }
    ck_assert_uint_eq(scene.attic.reads, reads);
    ck_assert_uint_le(scene.attic.writes, writes + 1);
    scene_close(&scene);
}
END_TEST

START_TEST(a_filter_looks_at_new_lines_only)
{
    struct scene scene;
    scene_open(&scene, lengths[_i]);
    view_run_set_level(scene.view, LEVEL_WARN);
    draw(&scene);
    size_t reads = scene.attic.reads;
    for (int i = 0; i < APPENDED; i++) {
        tell_line(&scene);
        draw(&scene);
    }
    ck_assert_uint_le(scene.attic.reads, reads + CACHED_BLOCKS);
    scene_close(&scene);
}
END_TEST

START_TEST(a_page_back_fetches_what_it_shows)
{
    enum {
        PAGES = 100,
        BLOCKS = 2
    };
    struct scene scene;
    scene_open(&scene, lengths[_i]);
    size_t reads = scene.attic.reads;
    for (int i = 0; i < PAGES; i++) {
        view_run_act(scene.view, scene.run, ACTION_PAGE_UP);
        draw(&scene);
    }
    ck_assert_uint_le(scene.attic.reads, reads + PAGES / 10);
    reads = scene.attic.reads;
    view_run_act(scene.view, scene.run, ACTION_TOP);
    draw(&scene);
    ck_assert_uint_le(scene.attic.reads, reads + BLOCKS);
    reads = scene.attic.reads;
    view_run_act(scene.view, scene.run, ACTION_END);
    draw(&scene);
    ck_assert_uint_eq(scene.attic.reads, reads);
    scene_close(&scene);
}
END_TEST

START_TEST(another_size_or_wrapping_fetches_nothing)
{
    struct scene scene;
    scene_open(&scene, lengths[_i]);
    size_t reads = scene.attic.reads;
    for (int i = 0; i < 20; i++) {
        frame_resize(scene.frame, 60 + i * 5, 20 + i);
        view_run_act(scene.view, scene.run, ACTION_WRAP);
        draw(&scene);
    }
    ck_assert_uint_eq(scene.attic.reads, reads);
    scene_close(&scene);
}
END_TEST

static void type(struct scene *scene, const char *keys)
{
    for (; *keys; keys++)
        if (*keys != '/' ||
            !view_run_act(scene->view, scene->run, ACTION_SEARCH))
            view_run_key(scene->view, scene->run,
                         *keys == '\r' ? KEYCODE_ENTER : (uint32_t)*keys);
}

static bool screen_says(struct scene *scene, const char *words)
{
    struct buf text = buf_make(0);
    draw(scene);
    frame_text(scene->frame, &text);
    bool said = strstr(buf_str(&text), words) != NULL;
    buf_free(&text);
    return said;
}

START_TEST(a_search_typed_ahead_reads_the_log_once)
{
    struct scene scene;
    scene_open(&scene, lengths[_i]);
    size_t reads = scene.attic.reads, blocks = scene.attic.writes;
    type(&scene, "/warning at 1100 \r");
    ck_assert_uint_le(scene.attic.reads, reads + CACHED_BLOCKS);
    ck_assert(screen_says(&scene, "warning at 1100 "));
    ck_assert_uint_le(scene.attic.reads, reads + blocks + CACHED_BLOCKS);
    type(&scene, "/nowhere\r");
    ck_assert(screen_says(&scene, "no match"));
    scene_close(&scene);
}
END_TEST

/* What a character more can only narrow is not looked for again. */
START_TEST(a_search_typed_slowly_reads_the_log_once)
{
    static const char typed[] = "/warning at 1100 ";
    struct scene scene;
    scene_open(&scene, lengths[_i]);
    size_t reads = scene.attic.reads, blocks = scene.attic.writes;
    for (const char *key = typed; *key; key++) {
        char one[] = {*key, '\0'};
        type(&scene, one);
        draw(&scene);
    }
    ck_assert(screen_says(&scene, "warning at 1100 "));
    ck_assert_uint_le(scene.attic.reads, reads + blocks + 4 * CACHED_BLOCKS);
    view_run_key(scene.view, scene.run, KEYCODE_BACKSPACE);
    ck_assert(!screen_says(&scene, "no match"));
    scene_close(&scene);
}
END_TEST

/* An expression that has to be asked of each line. */
START_TEST(a_long_search_lets_the_screen_be_drawn)
{
    struct scene scene;
    scene_open(&scene, 200000);
    size_t reads = scene.attic.reads, blocks = scene.attic.writes;
    type(&scene, "/[z]{3}\r");
    ck_assert(screen_says(&scene, "ESC stops"));
    ck_assert_uint_le(scene.attic.reads, reads + blocks / 2);
    ck_assert_int_eq(view_run_next_tick_ms(scene.view, scene.run, &scene.env),
                     0);
    view_run_key(scene.view, scene.run, KEYCODE_ESCAPE);
    ck_assert(!screen_says(&scene, "ESC stops"));
    ck_assert_int_ne(view_run_next_tick_ms(scene.view, scene.run, &scene.env),
                     0);
    type(&scene, "/^warning at [1]{2}00 \r");
    for (int i = 0; screen_says(&scene, "ESC stops"); i++)
        ck_assert_int_lt(i, 100);
    ck_assert(screen_says(&scene, "warning at 1100 "));
    scene_close(&scene);
}
END_TEST

/* Steps of the task, and of a stream: calls of a tool, each with its lines. */

static void tell_step(struct scene *scene, size_t number)
{
    char title[64];
    struct run_facts facts;
    facts_init(&facts);
    snprintf(title, sizeof title, "step %zu of many", number);
    facts.id = mem_strdup("run_1");
    facts.step = mem_strdup(title);
    facts.status = STATUS_EXECUTING;
    struct event event = {
        .type = EVENT_RUN, .time_ms = (int64_t)number * 10, .facts = &facts};
    run_apply(scene->run, &event);
    facts_free(&facts);
    for (int i = 0; i < 3; i++)
        tell_line(scene);
}

static void tell_call(struct scene *scene, size_t number)
{
    char json[200];
    struct stream_part part = {.stream = "chat",
                               .is_json = true,
                               .chunk = json,
                               .time_ms = (int64_t)number * 10};
    struct event event = {.type = EVENT_PART, .time_ms = part.time_ms};
    event.part.part = &part;
    snprintf(json, sizeof json,
             "{\"type\":\"tool-input-available\",\"toolCallId\":\"c%zu\","
             "\"toolName\":\"tool%zu\",\"input\":{\"n\":%zu}}",
             number, number, number);
    part.chunk_len = strlen(json);
    run_apply(scene->run, &event);
    snprintf(json, sizeof json,
             "{\"type\":\"tool-output-available\",\"toolCallId\":\"c%zu\","
             "\"output\":\"the result of call %zu, which is of some length\"}",
             number, number);
    part.chunk_len = strlen(json);
    run_apply(scene->run, &event);
}

static const struct {
    void (*tell)(struct scene *scene, size_t number);
    size_t count;
    int width;
} steps[] = {
    {tell_step, 1000, 80},   {tell_step, 10000, 80},  {tell_step, 10000, 160},
    {tell_step, 50000, 80},  {tell_step, 50000, 160}, {tell_call, 5000, 80},
    {tell_call, 10000, 160}, {tell_call, 50000, 80},
};

START_TEST(steps_are_told_and_drawn_without_a_look_at_old_ones)
{
    struct scene scene;
    scene_open(&scene, 0);
    frame_resize(scene.frame, steps[_i].width, 40);
    for (size_t i = 0; i < steps[_i].count; i++) {
        steps[_i].tell(&scene, i);
        if (i % 100 == 0)
            draw(&scene);
    }
    draw(&scene);
    size_t reads = scene.attic.reads;
    ck_assert_uint_gt(scene.attic.writes, 0);
    for (size_t i = 0; i < APPENDED; i++) {
        steps[_i].tell(&scene, steps[_i].count + i);
        draw(&scene);
    }
    ck_assert_uint_eq(run_step_count(scene.run), steps[_i].count + APPENDED);
    ck_assert_uint_le(run_step_count(scene.run) - run_step_first(scene.run),
                      STEPS_MAX);
    ck_assert_uint_eq(scene.attic.reads, reads);
    scene_close(&scene);
}
END_TEST

START_TEST(among_many_steps_one_is_found_by_what_is_shown)
{
    enum {
        MOVES = 100,
        BLOCKS = 4 /* for each, where what it hides lies between */
    };
    struct scene scene;
    scene_open(&scene, 0);
    frame_resize(scene.frame, steps[_i].width, 40);
    for (size_t i = 0; i < steps[_i].count; i++)
        steps[_i].tell(&scene, i);
    draw(&scene);
    size_t reads = scene.attic.reads;
    view_run_act(scene.view, scene.run, ACTION_PANE);
    for (int i = 0; i < MOVES; i++) {
        view_run_act(scene.view, scene.run, ACTION_LINE_UP);
        draw(&scene);
    }
    view_run_act(scene.view, scene.run, ACTION_PANE);
    view_run_act(scene.view, scene.run, ACTION_TOP);
    draw(&scene);
    view_run_act(scene.view, scene.run, ACTION_FOLD_ALL);
    draw(&scene);
    view_run_act(scene.view, scene.run, ACTION_END);
    draw(&scene);
    ck_assert_uint_le(scene.attic.reads, reads + BLOCKS * MOVES);
    scene_close(&scene);
}
END_TEST

/* A key that acts on the line looked for waits for it. */
START_TEST(keys_typed_behind_a_search_act_on_what_it_finds)
{
    struct scene scene;
    scene_open(&scene, 200000);
    type(&scene, "/^warning at [0-9]{4} \r");
    view_run_act(scene.view, scene.run, ACTION_SEARCH_PREVIOUS);
    view_run_act(scene.view, scene.run, ACTION_SEARCH_PREVIOUS);
    while (screen_says(&scene, "ESC stops"))
        continue;
    ck_assert(screen_says(&scene, "warning at 9700 "));
    scene_close(&scene);
}
END_TEST

enum {
    LENGTHS = sizeof lengths / sizeof *lengths,
    STEPS = sizeof steps / sizeof *steps
};

UNIT_MAIN(
    "cost",
    tcase_add_loop_test(tc, an_update_is_read_at_the_cost_of_what_is_new, 0, 2);
    tcase_add_test(tc, a_snapshot_is_copied_at_the_cost_of_what_is_new);
    tcase_add_loop_test(tc,
                        lines_are_appended_and_drawn_without_a_look_at_old_ones,
                        0, LENGTHS);
    tcase_add_loop_test(tc, a_filter_looks_at_new_lines_only, 0, LENGTHS);
    tcase_add_loop_test(tc, a_page_back_fetches_what_it_shows, 0, LENGTHS);
    tcase_add_loop_test(tc, a_search_typed_ahead_reads_the_log_once, 0,
                        LENGTHS);
    tcase_add_loop_test(tc, a_search_typed_slowly_reads_the_log_once, 0,
                        LENGTHS);
    tcase_add_test(tc, a_long_search_lets_the_screen_be_drawn);
    tcase_add_test(tc, keys_typed_behind_a_search_act_on_what_it_finds);
    tcase_add_loop_test(tc, steps_are_told_and_drawn_without_a_look_at_old_ones,
                        0, STEPS);
    tcase_add_loop_test(tc, among_many_steps_one_is_found_by_what_is_shown, 0,
                        STEPS);
    tcase_add_loop_test(tc, another_size_or_wrapping_fetches_nothing, 0,
                        LENGTHS))
