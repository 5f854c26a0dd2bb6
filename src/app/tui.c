#include "config.h"

#include "app/tui.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/zone.h"
#include "base/buf.h"
#include "base/mem.h"
#include "io/clock.h"
#include "io/screen.h"
#include "text/escape.h"
#include "view/action.h"
#include "view/keys.h"
#include "view/view_run.h"

/* How often to paint: at most a share of the time, so that painting never gets
 * in the way of what is to be painted. A burst may have its frames at once; a
 * frame that took long, as on a slow terminal, is not followed by the next one
 * for FRAME_MS.
 *
 * When lines come faster than half a screen of them in FRAME_MS, nobody reads
 * them as they pass: then a frame each FLOOD_MS will do. */
enum {
    FRAME_MS = 8,
    SHARE = 5,            /* of this much time one part is painting */
    BURST_US = 16 * 1000, /* time saved up at most */
    FLOOD_MS = 50
};

struct tui {
    struct run *run;
    struct loop *loop;
    struct player *player; /* NULL: it is life */
    struct view_run *view;
    struct frame *frame;
    struct view_env env;
    uint32_t key_before; /* first of a pair of keys */
    bool changed;        /* the run, since the view was told */
    bool dirty;          /* the screen, since it was drawn */
    bool asked;          /* by a key: that is answered at once */
    int64_t drawn_ms;    /* steady clock */
    int64_t drawn_us;    /* the same */
    int64_t credit_us;   /* time saved up to paint in; below 0: used up */
    int64_t counted_ms;  /* when lines were counted, steady clock … */
    uint64_t counted;    /* … and how many there were */
    bool flood;          /* they come faster than anybody reads */
    int64_t tick_at_ms;  /* steady clock; -1: none */
    bool slept;          /* by its own doing: SIGCONT is yet to be told */
};

static enum screen_color color_of(const struct options *options)
{
    switch (options->color) {
    case WHEN_ALWAYS:
        return SCREEN_COLOR_ALWAYS;
    case WHEN_NEVER:
        return SCREEN_COLOR_NEVER;
    case WHEN_AUTO:
        break;
    }
    return SCREEN_COLOR_AUTO;
}

static bool wants_motion(const struct options *options)
{
    return !options->no_motion && !getenv("SSH_CONNECTION");
}

struct tui *tui_open(const struct options *options, struct run *run,
                     struct loop *loop, struct error *err)
{
    if (!screen_open(color_of(options), err))
        return NULL;
    struct tui *tui = mem_zalloc(1, sizeof *tui);
    tui->run = run;
    tui->loop = loop;
    tui->view = view_run_create();
    tui->frame = frame_create(screen_width(), screen_height());
    tui->env = (struct view_env){
        .utf8 = screen_is_utf8() && !options->ascii,
        .ascii_text = !screen_is_utf8(),
        .motion = wants_motion(options),
        .utc_offset_s = zone_offset_s,
        .zone = zone_name(),
    };
    tui->dirty = true;
    tui->tick_at_ms = -1;
    view_run_set_time_column(tui->view, options->time);
    view_run_set_level(tui->view, options->level);
    return tui;
}

void tui_set_player(struct tui *tui, struct player *player)
{
    tui->player = player;
}

void tui_close(struct tui *tui)
{
    screen_close();
    if (!tui)
        return;
    view_run_destroy(tui->view);
    frame_destroy(tui->frame);
    free(tui);
}

int tui_fd(const struct tui *tui)
{
    (void)tui;
    return screen_fd();
}

void tui_note(struct tui *tui)
{
    tui->changed = true;
}

static struct view_play play_of(const struct player *player)
{
    struct view_play play = {.state = VIEW_PLAY_ON,
                             .at_ms = player_position_ms(player),
                             .length_ms = player_length_ms(player),
                             .speed = player_speed(player)};
    if (player_is_paused(player))
        play.state = VIEW_PLAY_PAUSED;
    else if (player_is_over(player))
        play.state =
            play.at_ms < play.length_ms ? VIEW_PLAY_STOPPED : VIEW_PLAY_OVER;
    return play;
}

/* The machine's milliseconds for those of a recording. */
static int64_t played_tick(const struct view_play *play, int64_t tick_ms)
{
    enum {
        LEAST_MS = 100
    };
    if (tick_ms <= 0 || play->state == VIEW_PLAY_NONE)
        return tick_ms;
    if (play->state != VIEW_PLAY_ON)
        return -1; /* its clock stands still */
    if (play->speed <= 0)
        return tick_ms;
    double machine_ms = (double)tick_ms / play->speed + 1;
    if (machine_ms > INT32_MAX)
        return INT32_MAX;
    return machine_ms < LEAST_MS && play->speed > 1 ? LEAST_MS
                                                    : (int64_t)machine_ms;
}

static void draw(struct tui *tui)
{
    int64_t start_us = clock_steady_us();
    tui->env.now_ms = loop_wall_ms(tui->loop);
    if (tui->player)
        tui->env.play = play_of(tui->player);
    /* A clock that ticked changes no line of the log. */
    if (tui->dirty ||
        !view_run_draw_tick(tui->view, tui->run, &tui->env, tui->frame))
        view_run_draw(tui->view, tui->run, &tui->env, tui->frame);
    screen_show(tui->frame);
    int64_t now_us = clock_steady_us();
    int64_t most_us = FRAME_MS * 1000, cost_us = (now_us - start_us) * SHARE;
    tui->credit_us += now_us - tui->drawn_us;
    if (tui->credit_us > BURST_US)
        tui->credit_us = BURST_US;
    tui->credit_us -= cost_us < most_us ? cost_us : most_us;
    tui->drawn_us = now_us;
    tui->drawn_ms = now_us / 1000;
    tui->dirty = tui->asked = false;
    int64_t tick = view_run_next_tick_ms(tui->view, tui->run, &tui->env);
    tick = played_tick(&tui->env.play, tick);
    tui->tick_at_ms = tick < 0 ? -1 : tui->drawn_ms + tick;
}

/* Notes how fast lines come. */
static void count_lines(struct tui *tui, int64_t now_ms)
{
    uint64_t end = logstore_end(run_log(tui->run));
    int64_t since_ms = now_ms - tui->counted_ms;
    uint64_t most = (uint64_t)frame_height(tui->frame) / 2;
    uint64_t lines = end > tui->counted ? end - tui->counted : 0;
    since_ms = since_ms > FRAME_MS ? since_ms : FRAME_MS;
    bool flood = lines * FRAME_MS > most * (uint64_t)since_ms;
    if (!flood && now_ms - tui->counted_ms < FRAME_MS)
        return; /* there may be more to come */
    tui->flood = flood;
    tui->counted = end;
    tui->counted_ms = now_ms;
}

/* Milliseconds to let pass before the next frame; 0: paint now. */
static int64_t frame_wait_ms(struct tui *tui, int64_t now_us)
{
    int64_t since_us = now_us - tui->drawn_us;
    count_lines(tui, now_us / 1000);
    int64_t wait_us = tui->flood ? FLOOD_MS * 1000 : -tui->credit_us;
    if (since_us < 0 || since_us >= wait_us)
        return 0;
    return (wait_us - since_us + 999) / 1000;
}

/* What the terminal sends need not be a key that draws: so what has changed is
 * noted to be drawn by whoever takes it in. */
static void take_changes(struct tui *tui)
{
    if (!tui->changed)
        return;
    view_run_update(tui->view, tui->run);
    tui->changed = false;
    tui->dirty = true;
}

/* The first change after quiet is drawn at once; only under load does one
 * drawing stand for many changes. */
int64_t tui_turn(struct tui *tui)
{
    int64_t now_us = clock_steady_us(), now_ms = now_us / 1000;
    take_changes(tui);
    bool ticked = tui->tick_at_ms >= 0 && now_ms >= tui->tick_at_ms;
    if (tui->dirty || ticked) {
        int64_t wait_ms = tui->asked ? 0 : frame_wait_ms(tui, now_us);
        if (wait_ms > 0)
            return wait_ms;
        draw(tui);
        now_ms = tui->drawn_ms;
    }
    if (tui->tick_at_ms < 0)
        return -1;
    return tui->tick_at_ms > now_ms ? tui->tick_at_ms - now_ms : 0;
}

/* The view has something for the clipboard. */
static void copy(struct tui *tui)
{
    const char *what = NULL;
    const char *text = view_run_take_copy(tui->view, &what);
    struct buf safe = buf_make(0);
    char words[80];
    if (!text)
        return;
    escape_text(&safe, text, strlen(text), ESCAPE_LINES);
    bool sent = screen_copy(buf_str(&safe));
    snprintf(words, sizeof words,
             sent ? "%s sent to the terminal's clipboard"
                  : "%s is too long for the terminal's clipboard",
             what);
    view_run_say(tui->view, loop_wall_ms(tui->loop), words);
    buf_free(&safe);
}

/* The terminal was somebody else's meanwhile. */
static void come_back(struct tui *tui)
{
    screen_resume();
    frame_resize(tui->frame, screen_width(), screen_height());
    tui->dirty = true;
}

/* As the terminal itself would do at ^Z: the others of the job stop as well,
 * or the shell would go on waiting for those that feed our standard input. */
static void stop_job(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGTSTP, &ignore, &before);
    kill(0, SIGTSTP);
    sigaction(SIGTSTP, &before, NULL);
}

static void suspend(struct tui *tui, bool job)
{
    screen_suspend();
    tui->slept = true;
    if (job)
        stop_job();
    raise(SIGSTOP);
    come_back(tui);
}

/* After SIGSTOP, which nobody is told of, what is on the screen is not known
 * any more. */
static void take_continue(struct tui *tui)
{
    if (!tui->slept) {
        screen_suspend();
        come_back(tui);
    }
    tui->slept = false;
}

static enum tui_exit act(struct tui *tui, enum action action)
{
    if (action == ACTION_PAUSE && tui->player) {
        player_pause(tui->player, !player_is_paused(tui->player));
        return TUI_STAYS;
    }
    if (view_run_act(tui->view, tui->run, action))
        return TUI_STAYS;
    switch ((int)action) {
    case ACTION_QUIT:
        return TUI_QUIT;
    case ACTION_INTERRUPT:
        return TUI_INTERRUPTED;
    case ACTION_BACK:
        return TUI_BACK;
    case ACTION_FORTH:
        return TUI_FORTH;
    case ACTION_REDRAW:
        screen_redraw();
        return TUI_STAYS;
    case ACTION_SUSPEND:
        suspend(tui, true);
        return TUI_STAYS;
    default:
        return TUI_STAYS;
    }
}

static enum tui_exit take_key(struct tui *tui, uint32_t key)
{
    uint32_t before = tui->key_before;
    tui->key_before = 0;
    tui->dirty = true;
    if (!before && view_run_key(tui->view, tui->run, key)) {
        copy(tui);
        return TUI_STAYS;
    }
    enum action action = action_of_key(before, key);
    if (action == ACTION_MORE) {
        tui->key_before = key;
        return TUI_STAYS;
    }
    enum tui_exit leave = act(tui, action);
    copy(tui);
    return leave;
}

enum tui_exit tui_read_keys(struct tui *tui)
{
    uint32_t key;
    take_changes(tui);
    while ((key = screen_read_key()) != KEYCODE_NONE) {
        enum tui_exit leave = take_key(tui, key);
        if (leave != TUI_STAYS)
            return leave;
    }
    tui->asked = true;
    return screen_is_gone() ? TUI_GONE : TUI_STAYS;
}

void tui_take_signal(struct tui *tui, int signal)
{
    if (signal == SIGWINCH) {
        screen_resize();
        frame_resize(tui->frame, screen_width(), screen_height());
        tui->dirty = true;
    } else if (signal == SIGTSTP) {
        suspend(tui, false);
    } else if (signal == SIGCONT) {
        take_continue(tui);
    }
}
