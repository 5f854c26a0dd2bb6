#include "config.h"

#include "io/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/clock.h"

/* The one piece of global state: a signal handler can reach nothing else. */
static int signal_pipe[2] = {-1, -1};

static const int signals[] = {SIGINT,   SIGTERM, SIGHUP, SIGQUIT,
                              SIGWINCH, SIGCONT, SIGTSTP};
enum {
    SIGNAL_COUNT = sizeof signals / sizeof *signals
};

/* Where the loop's time comes from. */
enum clock_kind {
    CLOCK_MACHINE, /* the machine's two clocks */
    CLOCK_TIED,    /* its steady clock alone */
    CLOCK_PLAYED   /* none: time goes on as timers want it */
};

struct loop {
    CURLM *multi;
    int64_t wall_ms, steady_ms;
    enum clock_kind clock;
    double speed;              /* of played time; 0: no waiting */
    bool held;                 /* played time stands still */
    int64_t from_ms, begun_ms; /* played time, and the machine's steady one,
                                * when that speed began */
    int64_t late_ms;           /* by which tied time is behind the machine's */
    int64_t haste;             /* divides what is waited for */
    bool running;
    bool transfers_rest; /* nothing came in for them when that was waited for */
    int input_fd;
    loop_input_fn *on_input;
    void *input_context;
    int output_fd;
    loop_input_fn *on_left;
    void *output_context;
    loop_signal_fn *on_signal;
    void *signal_context;
    loop_turn_fn *on_turn;
    void *turn_context;
    loop_transfer_fn *on_transfer;
    void *transfer_context;
    struct loop_timer *timers; /* soonest first */
    struct loop_watch *watches;
    struct sigaction before[SIGNAL_COUNT];
    struct sigaction pipe_before;
};

static void handle_signal(int number)
{
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t written = write(signal_pipe[1], &byte, 1);
    (void)written; /* a full pipe holds signals enough */
    errno = saved;
}

static bool open_signal_pipe(struct error *err)
{
    if (pipe(signal_pipe) != 0)
        return error_set(err, ERROR_SYSTEM, "cannot make a pipe: %s",
                         strerror(errno));
    for (int i = 0; i < 2; i++) {
        fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
        fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
    }
    return true;
}

static void take_signals(struct loop *loop)
{
    struct sigaction ours = {.sa_handler = handle_signal,
                             .sa_flags = SA_RESTART};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ours.sa_mask);
    sigemptyset(&ignore.sa_mask);
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        sigaction(signals[i], NULL, &loop->before[i]);
        /* nohup's wish stands: what it ignores stays ignored */
        if (loop->before[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &ours, NULL);
    }
    sigaction(SIGPIPE, &ignore, &loop->pipe_before);
}

/* For tests that are to see long waits end; docs/reliability.md. */
static int64_t read_haste(void)
{
    enum {
        MOST = 1000
    };
    const char *text = getenv("RUNTAIL_TEST_HASTE");
    long haste = text ? strtol(text, NULL, 10) : 1;
    return haste < 1 ? 1 : haste > MOST ? MOST : haste;
}

struct loop *loop_create(struct error *err)
{
    if (!open_signal_pipe(err))
        return NULL;
    struct loop *loop = mem_zalloc(1, sizeof *loop);
    loop->multi = curl_multi_init();
    loop->running = true;
    loop->haste = read_haste();
    loop->input_fd = loop->output_fd = -1;
    loop->wall_ms = clock_wall_ms();
    loop->steady_ms = clock_steady_ms();
    take_signals(loop);
    return loop;
}

void loop_destroy(struct loop *loop)
{
    if (!loop)
        return;
    for (int i = 0; i < SIGNAL_COUNT; i++)
        sigaction(signals[i], &loop->before[i], NULL);
    sigaction(SIGPIPE, &loop->pipe_before, NULL);
    curl_multi_cleanup(loop->multi);
    close(signal_pipe[0]);
    close(signal_pipe[1]);
    signal_pipe[0] = signal_pipe[1] = -1;
    free(loop);
}

CURLM *loop_multi(struct loop *loop)
{
    return loop->multi;
}

int64_t loop_wall_ms(const struct loop *loop)
{
    return loop->wall_ms;
}

int64_t loop_steady_ms(const struct loop *loop)
{
    return loop->steady_ms;
}

static void step_to(struct loop *loop, int64_t steady_ms)
{
    if (steady_ms <= loop->steady_ms)
        return;
    loop->wall_ms += steady_ms - loop->steady_ms;
    loop->steady_ms = steady_ms;
}

/* What tied time is, were there no timers to fire before. */
static int64_t tied_ms(const struct loop *loop)
{
    int64_t tied_ms = clock_steady_ms() - loop->late_ms;
    return tied_ms > loop->steady_ms ? tied_ms : loop->steady_ms;
}

/* Something came in: it may be what the first timer waits for, so time goes on
 * from before that, however late it is. Else this is where it catches up. */
static void note_arrival(struct loop *loop)
{
    if (loop->clock != CLOCK_TIED)
        return;
    int64_t passed_ms =
        loop->timers ? clock_steady_ms() - loop->timers->at_steady_ms : 0;
    loop->late_ms = passed_ms > 0 ? passed_ms : 0;
}

void loop_read_clocks(struct loop *loop)
{
    if (loop->clock == CLOCK_PLAYED)
        return;
    if (loop->clock == CLOCK_TIED) {
        int64_t now_ms = tied_ms(loop);
        bool due = loop->timers && loop->timers->at_steady_ms < now_ms;
        step_to(loop, due ? loop->timers->at_steady_ms : now_ms);
        return;
    }
    loop->wall_ms = clock_wall_ms();
    loop->steady_ms = clock_steady_ms();
}

void loop_tie_clocks(struct loop *loop)
{
    loop->clock = CLOCK_TIED;
    loop->late_ms = 0;
}

/* What played time would be now, were there no timers to fire before. */
static int64_t played_ms(const struct loop *loop)
{
    double passed = (double)(clock_steady_ms() - loop->begun_ms);
    return loop->from_ms + (int64_t)(passed * loop->speed);
}

void loop_set_speed(struct loop *loop, double speed)
{
    loop->speed = speed;
    loop->from_ms = loop->steady_ms;
    loop->begun_ms = clock_steady_ms();
}

void loop_hold_clock(struct loop *loop, bool held)
{
    loop->held = held;
    loop_set_speed(loop, loop->speed); /* what passed meanwhile is not caught up
                                        */
}

void loop_play_clock(struct loop *loop, int64_t wall_ms, double speed)
{
    loop->clock = CLOCK_PLAYED;
    loop->wall_ms = wall_ms;
    loop_set_speed(loop, speed);
}

void loop_set_input(struct loop *loop, int fd, loop_input_fn *fn, void *context)
{
    loop->input_fd = fd;
    loop->on_input = fn;
    loop->input_context = context;
}

void loop_set_output(struct loop *loop, int fd, loop_input_fn *on_left,
                     void *context)
{
    loop->output_fd = fd;
    loop->on_left = on_left;
    loop->output_context = context;
}

void loop_set_signals(struct loop *loop, loop_signal_fn *fn, void *context)
{
    loop->on_signal = fn;
    loop->signal_context = context;
}

void loop_set_turn(struct loop *loop, loop_turn_fn *fn, void *context)
{
    loop->on_turn = fn;
    loop->turn_context = context;
}

void loop_set_transfers(struct loop *loop, loop_transfer_fn *fn, void *context)
{
    loop->on_transfer = fn;
    loop->transfer_context = context;
}

void loop_watch_stop(struct loop *loop, struct loop_watch *watch)
{
    struct loop_watch **at = &loop->watches;
    while (*at && *at != watch)
        at = &(*at)->next;
    if (*at)
        *at = watch->next;
    watch->active = false;
}

void loop_watch_start(struct loop *loop, struct loop_watch *watch, int fd,
                      loop_input_fn *fn, void *context)
{
    loop_watch_stop(loop, watch);
    *watch = (struct loop_watch){.fd = fd,
                                 .fn = fn,
                                 .context = context,
                                 .next = loop->watches,
                                 .active = true};
    loop->watches = watch;
}

void loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
    if (!timer->active)
        return;
    struct loop_timer **at = &loop->timers;
    while (*at && *at != timer)
        at = &(*at)->next;
    if (*at)
        *at = timer->next;
    timer->active = false;
}

/* Behind those of its moment. */
static void queue_timer(struct loop *loop, struct loop_timer *timer,
                        int64_t at_steady_ms)
{
    struct loop_timer **at = &loop->timers;
    loop_timer_stop(loop, timer);
    while (*at && (*at)->at_steady_ms <= at_steady_ms)
        at = &(*at)->next;
    timer->at_steady_ms = at_steady_ms;
    timer->active = true;
    timer->next = *at;
    *at = timer;
}

void loop_timer_start(struct loop *loop, struct loop_timer *timer,
                      int64_t delay_ms, void (*fn)(void *context),
                      void *context)
{
    int64_t now_ms =
        loop->clock == CLOCK_MACHINE ? clock_steady_ms() : loop->steady_ms;
    int64_t haste = loop->clock == CLOCK_PLAYED ? 1 : loop->haste;
    queue_timer(loop, timer, now_ms + (delay_ms > 0 ? delay_ms / haste : 0));
    timer->fn = fn;
    timer->context = context;
}

void loop_timer_start_first(struct loop *loop, struct loop_timer *timer,
                            int64_t delay_ms, void (*fn)(void *context),
                            void *context)
{
    loop_timer_start(loop, timer, delay_ms, fn, context);
    queue_timer(loop, timer, timer->at_steady_ms - 1);
    timer->at_steady_ms++;
}

static void fire_first(struct loop *loop)
{
    struct loop_timer *timer = loop->timers;
    loop->timers = timer->next;
    timer->active = false;
    timer->fn(timer->context);
}

/* Time goes from timer to timer; keys and the screen have their turn in
 * between. */
static void fire_played(struct loop *loop)
{
    enum {
        LONG_MS = 5
    };
    int64_t begun_ms = clock_steady_ms();
    while (loop->running && loop->timers && !loop->held) {
        int64_t now_ms = clock_steady_ms();
        bool due =
            loop->speed <= 0 || loop->timers->at_steady_ms <= played_ms(loop);
        if (!due)
            break;
        if (now_ms - begun_ms >= LONG_MS)
            return;
        step_to(loop, loop->timers->at_steady_ms);
        fire_first(loop);
    }
    if (loop->speed > 0 && loop->running && !loop->held)
        step_to(loop, played_ms(loop));
}

/* Each finds the clocks at the moment it was set to, and what comes in later
 * has a later time. */
static void fire_tied(struct loop *loop)
{
    int64_t now_ms = tied_ms(loop);
    bool fired = false;
    while (loop->running && loop->timers &&
           loop->timers->at_steady_ms <= now_ms) {
        step_to(loop, loop->timers->at_steady_ms);
        fire_first(loop);
        fired = true;
    }
    if (fired)
        step_to(loop, loop->steady_ms + 1);
}

static void fire_timers(struct loop *loop)
{
    if (loop->clock == CLOCK_PLAYED)
        fire_played(loop);
    else if (loop->clock == CLOCK_TIED)
        fire_tied(loop);
    else
        while (loop->running && loop->timers &&
               loop->timers->at_steady_ms <= loop->steady_ms)
            fire_first(loop);
}

static void drain_signals(struct loop *loop)
{
    unsigned char number;
    while (read(signal_pipe[0], &number, 1) == 1)
        if (loop->on_signal)
            loop->on_signal(loop->signal_context, number);
}

/* A clock that ticks on the screen is no reason to ask each socket. */
static bool transfers_rest(const struct loop *loop)
{
    long due_ms = -1;
    return loop->transfers_rest &&
           curl_multi_timeout(loop->multi, &due_ms) == CURLM_OK && due_ms != 0;
}

static void drive_transfers(struct loop *loop)
{
    int running, queued;
    CURLMsg *message;
    if (transfers_rest(loop))
        return;
    curl_multi_perform(loop->multi, &running);
    while ((message = curl_multi_info_read(loop->multi, &queued)) != NULL)
        if (message->msg == CURLMSG_DONE)
            loop->on_transfer(loop->transfer_context, message->easy_handle,
                              message->data.result);
}

enum {
    LONGEST_MS = 3600 * 1000
};

bool loop_wait_output(struct loop *loop, int fd, int64_t wait_ms)
{
    struct pollfd fds[] = {{.fd = signal_pipe[0], .events = POLLIN},
                           {.fd = fd, .events = POLLOUT}};
    bool limited = wait_ms >= 0 && wait_ms < LONGEST_MS;
    int64_t before_ms = clock_steady_ms();
    int ready = poll(fds, 2, limited ? (int)wait_ms : LONGEST_MS);
    int64_t waited_ms = clock_steady_ms() - before_ms;
    loop->late_ms += waited_ms;
    loop->begun_ms += waited_ms;
    loop_read_clocks(loop);
    struct loop_timer *timer =
        loop->clock == CLOCK_MACHINE ? loop->timers : NULL;
    for (; timer; timer = timer->next)
        timer->at_steady_ms += waited_ms;
    if (ready > 0 && fds[0].revents)
        drain_signals(loop);
    return ready > 0 && !fds[0].revents;
}

/* Is the reader of the output gone? */
static bool is_left(const struct loop *loop)
{
    struct pollfd output = {.fd = loop->output_fd};
    return loop->output_fd >= 0 && poll(&output, 1, 0) > 0 && output.revents;
}

/* The machine's milliseconds until the first timer is due. */
static int64_t due_ms(const struct loop *loop)
{
    int64_t at_ms = loop->timers->at_steady_ms;
    if (loop->clock != CLOCK_PLAYED)
        return at_ms -
               (loop->clock == CLOCK_TIED ? tied_ms(loop) : clock_steady_ms());
    if (loop->held)
        return LONGEST_MS;
    if (loop->speed <= 0)
        return 0;
    double left = (double)(at_ms - played_ms(loop)) / loop->speed;
    return left < LONGEST_MS ? (int64_t)left + (left > 0) : LONGEST_MS;
}

/* How long to wait, given what the turn wants. */
static int wait_ms(const struct loop *loop, int64_t turn_ms)
{
    int64_t wait = turn_ms >= 0 && turn_ms < LONGEST_MS ? turn_ms : LONGEST_MS;
    if (loop->timers) {
        int64_t due = due_ms(loop);
        if (due < wait)
            wait = due > 0 ? due : 0;
    }
    return (int)wait;
}

/* One of them a turn: it may stop any other. */
static void tell_watch(struct loop *loop)
{
    for (struct loop_watch *at = loop->watches; at; at = at->next) {
        struct pollfd input = {.fd = at->fd, .events = POLLIN};
        if (poll(&input, 1, 0) > 0 && input.revents) {
            at->fn(at->context);
            return;
        }
    }
}

/* Returns how many there are; extra has room for that many more. */
static unsigned add_watches(const struct loop *loop, struct curl_waitfd *extra,
                            unsigned most)
{
    unsigned count = 0;
    for (struct loop_watch *at = loop->watches; at && count < most;
         at = at->next)
        extra[count++] =
            (struct curl_waitfd){.fd = at->fd, .events = CURL_WAIT_POLLIN};
    return count;
}

static void turn(struct loop *loop)
{
    enum {
        OWN = 3,
        WATCHES_MAX = 8
    };
    drive_transfers(loop);
    /* What came in goes first: a timer that waits for silence must not fire
     * because this program was stopped or starved for a while. */
    if (loop->running)
        fire_timers(loop);
    int64_t turn_ms = loop->on_turn ? loop->on_turn(loop->turn_context) : -1;
    if (!loop->running)
        return;
    struct curl_waitfd extra[OWN + WATCHES_MAX] = {
        {.fd = signal_pipe[0], .events = CURL_WAIT_POLLIN}};
    struct curl_waitfd *input = &extra[1];
    unsigned count = 1;
    if (loop->input_fd >= 0)
        extra[count++] = (struct curl_waitfd){.fd = loop->input_fd,
                                              .events = CURL_WAIT_POLLIN};
    if (loop->output_fd >= 0)
        extra[count++] = (struct curl_waitfd){.fd = loop->output_fd};
    count += add_watches(loop, extra + count, WATCHES_MAX);
    int ready = 0;
    CURLMcode code = curl_multi_poll(loop->multi, extra, count,
                                     wait_ms(loop, turn_ms), &ready);
    for (unsigned i = 0; i < count; i++)
        ready -= extra[i].revents != 0;
    loop->transfers_rest = code == CURLM_OK && ready <= 0;
    if (!loop->transfers_rest || loop->watches)
        note_arrival(loop);
    loop_read_clocks(loop);
    if (extra[0].revents)
        drain_signals(loop);
    if (loop->input_fd >= 0 && input->revents)
        loop->on_input(loop->input_context);
    if (is_left(loop))
        loop->on_left(loop->output_context);
    tell_watch(loop);
}

void loop_run(struct loop *loop)
{
    while (loop->running)
        turn(loop);
}

void loop_stop(struct loop *loop)
{
    loop->running = false;
}
