/* What the screen of a run does over time; what it looks like is in
 * tests/screen. */
#include "config.h"

#include <string.h>

#include "base/instant.h"
#include "base/mem.h"
#include "model/run.h"
#include "tests/unit/unit.h"
#include "text/utf8.h"
#include "text/width.h"
#include "view/keys.h"
#include "view/view_run.h"

#define START INT64_C(1795204238561)

static int utc(int64_t instant_ms)
{
    (void)instant_ms;
    return 0;
}

struct stage {
    struct run *run;
    struct view_run *view;
    struct run_facts facts;
    struct view_env env;
};

static void tell(struct stage *stage)
{
    struct event event = {.type = EVENT_RUN,
                          .time_ms = stage->env.now_ms,
                          .facts = &stage->facts};
    run_apply(stage->run, &event);
    view_run_update(stage->view, stage->run);
}

static void tell_log(struct stage *stage, const char *message, size_t len)
{
    static uint64_t seq;
    struct log_entry entry = {
        .time_ms = stage->env.now_ms, .message = message, .message_len = len};
    struct event event = {.type = EVENT_LOG, .time_ms = stage->env.now_ms};
    event.log.seq = ++seq;
    event.log.entry = &entry;
    run_apply(stage->run, &event);
    view_run_update(stage->view, stage->run);
}

static void tell_link(struct stage *stage, enum connection_state state,
                      int64_t retry_in_ms)
{
    struct event event = {.type = EVENT_CONNECTION,
                          .time_ms = stage->env.now_ms};
    event.connection.state = state;
    event.connection.retry_in_ms = retry_in_ms;
    run_apply(stage->run, &event);
}

static void stage_start(struct stage *stage)
{
    *stage = (struct stage){.run = run_create("run_1", 1 << 26),
                            .view = view_run_create()};
    stage->env = (struct view_env){.now_ms = START, .utc_offset_s = utc};
    facts_init(&stage->facts);
    stage->facts.status = STATUS_EXECUTING;
    stage->facts.created_ms = stage->facts.started_ms = START - 1250;
    tell(stage);
    tell_link(stage, CONNECTION_LIVE, -1);
}

static void stage_end(struct stage *stage)
{
    facts_free(&stage->facts);
    view_run_destroy(stage->view);
    run_destroy(stage->run);
}

static char *draw(struct stage *stage, int width, int height)
{
    struct buf out = buf_make(0);
    struct frame *frame = frame_create(width, height);
    view_run_draw(stage->view, stage->run, &stage->env, frame);
    frame_text(frame, &out);
    frame_destroy(frame);
    return buf_take(&out);
}

static bool shows(struct stage *stage, const char *text)
{
    char *frame = draw(stage, 80, 24);
    bool found = strstr(frame, text);
    free(frame);
    return found;
}

static int64_t tick(const struct stage *stage)
{
    return view_run_next_tick_ms(stage->view, stage->run, &stage->env);
}

START_TEST(the_clock_ticks_on_whole_seconds_of_the_run)
{
    struct stage stage;
    stage_start(&stage);
    ck_assert(shows(&stage, "00:01 elapsed"));
    ck_assert_int_eq(tick(&stage), 750);
    stage.env.now_ms += tick(&stage);
    ck_assert(shows(&stage, "00:02 elapsed"));
    ck_assert_int_eq(tick(&stage), 1000);
    stage_end(&stage);
}
END_TEST

START_TEST(the_servers_clock_is_what_counts)
{
    struct stage stage;
    stage_start(&stage);
    struct event event = {.type = EVENT_CONNECTION, .time_ms = START};
    event.connection.state = CONNECTION_LIVE;
    event.connection.retry_in_ms = -1;
    event.connection.clock_offset_ms = 10000;
    run_apply(stage.run, &event);
    ck_assert(shows(&stage, "00:11 elapsed"));
    ck_assert_int_eq(tick(&stage), 750);
    stage_end(&stage);
}
END_TEST

START_TEST(quiet_and_reconnecting_add_no_wake_up)
{
    struct stage stage;
    stage_start(&stage);
    stage.env.now_ms += 20000;
    ck_assert(shows(&stage, "quiet 20 s"));
    ck_assert_int_eq(tick(&stage), 750);
    tell_link(&stage, CONNECTION_RECONNECTING, 3900);
    ck_assert(shows(&stage, "reconnecting in 4 s"));
    ck_assert_int_eq(tick(&stage), 750);
    stage_end(&stage);
}
END_TEST

START_TEST(a_finished_run_never_ticks)
{
    struct stage stage;
    stage_start(&stage);
    stage.facts.status = STATUS_COMPLETED;
    stage.facts.finished = true;
    stage.facts.completed_ms = START;
    tell(&stage);
    ck_assert_int_eq(tick(&stage), -1);
    view_run_say(stage.view, stage.env.now_ms, "copied the run id");
    ck_assert_int_gt(tick(&stage), 0);
    ck_assert(shows(&stage, "copied the run id"));
    stage.env.now_ms += tick(&stage);
    ck_assert(!shows(&stage, "copied the run id"));
    ck_assert_int_eq(tick(&stage), -1);
    stage_end(&stage);
}
END_TEST

START_TEST(without_a_clock_only_silence_ticks)
{
    struct stage stage;
    stage_start(&stage);
    stage.facts.started_ms = stage.facts.created_ms = INSTANT_NONE;
    stage.facts.status = STATUS_UNKNOWN;
    free(stage.facts.status_text);
    stage.facts.status_text = NULL;
    run_destroy(stage.run);
    stage.run = run_create("run_watched", 1 << 20);
    tell_link(&stage, CONNECTION_LIVE, -1);
    tell(&stage);
    ck_assert(!shows(&stage, "15 s"));
    ck_assert_int_eq(tick(&stage), 15000);
    stage.env.now_ms += tick(&stage);
    ck_assert(shows(&stage, "15 s"));
    ck_assert_int_eq(tick(&stage), 1000);
    tell_log(&stage, "here again", 10);
    ck_assert_int_eq(tick(&stage), 15000);
    tell_link(&stage, CONNECTION_CLOSED, -1);
    ck_assert_int_eq(tick(&stage), -1);
    stage_end(&stage);
}
END_TEST

START_TEST(a_paused_view_receives_but_does_not_show)
{
    struct stage stage;
    stage_start(&stage);
    tell_log(&stage, "before", 6);
    ck_assert(view_run_act(stage.view, stage.run, ACTION_PAUSE));
    ck_assert(view_run_is_paused(stage.view));
    tell_log(&stage, "after", 5);
    ck_assert(shows(&stage, "paused, 1 new"));
    ck_assert(!shows(&stage, "| after"));
    view_run_act(stage.view, stage.run, ACTION_END);
    ck_assert(!view_run_is_paused(stage.view));
    ck_assert(shows(&stage, "| after"));
    stage_end(&stage);
}
END_TEST

START_TEST(the_application_gets_its_own_actions)
{
    static const enum action OWN[] = {ACTION_BACK,   ACTION_FORTH,
                                      ACTION_REDRAW, ACTION_SUSPEND,
                                      ACTION_QUIT,   ACTION_INTERRUPT};
    struct stage stage;
    stage_start(&stage);
    for (size_t i = 0; i < sizeof OWN / sizeof OWN[0]; i++)
        ck_assert(!view_run_act(stage.view, stage.run, OWN[i]));
    for (int action = ACTION_MORE + 1; action < ACTION_BACK; action++)
        ck_assert(view_run_act(stage.view, stage.run, (enum action)action));
    stage_end(&stage);
}
END_TEST

START_TEST(keys_go_to_an_open_prompt_but_for_the_applications)
{
    struct stage stage;
    stage_start(&stage);
    ck_assert(!view_run_key(stage.view, stage.run, 'q'));
    view_run_act(stage.view, stage.run, ACTION_SEARCH);
    ck_assert(view_run_key(stage.view, stage.run, 'q'));
    ck_assert(!view_run_key(stage.view, stage.run, KEYCODE_CTRL('c')));
    ck_assert(!view_run_key(stage.view, stage.run, KEYCODE_CTRL('z')));
    ck_assert(view_run_key(stage.view, stage.run, KEYCODE_ESCAPE));
    ck_assert(!view_run_key(stage.view, stage.run, 'q'));
    stage_end(&stage);
}
END_TEST

START_TEST(what_is_copied_is_safe_and_taken_once)
{
    const char *what = NULL;
    struct stage stage;
    stage_start(&stage);
    tell_log(&stage, "\033]52;c;x\a", 9);
    view_run_act(stage.view, stage.run, ACTION_COPY);
    ck_assert(view_run_key(stage.view, stage.run, 'l'));
    ck_assert_str_eq(view_run_take_copy(stage.view, &what), "^[]52;c;x^G");
    ck_assert_str_eq(what, "the line");
    ck_assert_ptr_null(view_run_take_copy(stage.view, &what));
    stage_end(&stage);
}
END_TEST

/* Each row fits, and what stands in it is safe and whole. */
static void assert_screen(const char *screen, size_t columns, size_t rows)
{
    size_t count = 0;
    for (const char *row = screen; *row; count++) {
        size_t len = strcspn(row, "\n"), used = 0;
        for (size_t at = 0; at < len; at += used) {
            uint32_t code;
            bool good;
            used = utf8_read(row + at, len - at, &code, &good);
            unit_holds(good && code >= ' ' && code != 0x7f);
        }
        unit_holds(width_fit(row, len, columns, &used) == len);
        row += len + (row[len] == '\n');
    }
    ck_assert_uint_le(count, rows);
}

/* A step of that title's bytes, and a progress. */
static void tell_step(struct stage *stage, const char *bytes, uint32_t pick)
{
    free(stage->facts.step);
    stage->facts.step = mem_strndup(bytes, pick % 40 + 1);
    for (char *p = stage->facts.step; *p; p++)
        *p = (char)('a' + (unsigned char)*p % 26);
    stage->facts.progress.kind = (enum progress_kind)(pick % 3);
    stage->facts.progress.ratio = pick % 101 / 100.0;
    tell(stage);
}

static void tell_something(struct stage *stage, uint32_t random)
{
    uint32_t pick = random >> 16;
    char text[300];
    for (size_t at = 0; at < sizeof text; at++)
        text[at] = (char)((random >> (at % 13)) + at * at * 31);
    if (pick % 7 == 0)
        tell_step(stage, text, pick);
    tell_log(stage, text, pick % sizeof text);
    if (pick % 31 == 0) {
        struct event event = {.type = EVENT_REWRITE};
        event.rewrite.withdrawn = pick % 9;
        run_apply(stage->run, &event);
    }
}

static void press_something(struct stage *stage, uint32_t pick)
{
    static const char signs[] = "jk bgGFpeE/nN&vm'\"-+wty?als!";
    static const uint32_t others[] = {
        KEYCODE_TAB,       KEYCODE_ENTER,     KEYCODE_ESCAPE,
        KEYCODE_LEFT,      KEYCODE_RIGHT,     KEYCODE_UP,
        KEYCODE_DOWN,      KEYCODE_PAGE_UP,   KEYCODE_BACKSPACE,
        KEYCODE_CTRL('d'), KEYCODE_CTRL('u'), 0x65e5};
    size_t sign_count = sizeof signs - 1;
    size_t which = pick % (sign_count + sizeof others / sizeof *others);
    uint32_t key = which < sign_count ? (unsigned char)signs[which]
                                      : others[which - sign_count];
    if (!view_run_key(stage->view, stage->run, key))
        view_run_act(stage->view, stage->run, action_of_key(0, key));
}

/* Any size, any key, in any order. */
START_TEST(no_size_and_no_key_breaks_the_screen)
{
    uint32_t random = 12345u + (uint32_t)_i;
    struct stage stage;
    stage_start(&stage);
    for (int i = 0; i < 400; i++) {
        random = random * 1664525u + 1013904223u;
        uint32_t pick = random >> 16;
        int columns = (int)(random >> 8) % 300 + 1;
        int rows = (int)(random >> 4) % 100 + 1;
        tell_something(&stage, random);
        press_something(&stage, pick);
        stage.env.utf8 = pick % 2;
        stage.env.ascii_text = pick % 5 == 0;
        char *screen = draw(&stage, columns, rows);
        assert_screen(screen, (size_t)columns, (size_t)rows);
        free(screen);
        stage.env.now_ms += 700;
    }
    stage_end(&stage);
}
END_TEST

UNIT_MAIN("view_run",
          tcase_add_test(tc, the_clock_ticks_on_whole_seconds_of_the_run);
          tcase_add_test(tc, the_servers_clock_is_what_counts);
          tcase_add_test(tc, quiet_and_reconnecting_add_no_wake_up);
          tcase_add_test(tc, a_finished_run_never_ticks);
          tcase_add_test(tc, without_a_clock_only_silence_ticks);
          tcase_add_test(tc, a_paused_view_receives_but_does_not_show);
          tcase_add_test(tc, the_application_gets_its_own_actions);
          tcase_add_test(tc,
                         keys_go_to_an_open_prompt_but_for_the_applications);
          tcase_add_test(tc, what_is_copied_is_safe_and_taken_once);
          tcase_add_loop_test(tc, no_size_and_no_key_breaks_the_screen, 0, 20);)
