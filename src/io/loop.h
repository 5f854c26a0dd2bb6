/* One loop, one wait: network, keyboard, signals and timers of a session.
 * Single thread. The clock is read once per turn. */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct loop;

/* Takes over SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT and SIGTSTP
 * until destroyed; ignores SIGPIPE. One loop at a time. */
struct loop *loop_create(struct error *err);
void loop_destroy(struct loop *loop);

/* The curl handle whose transfers the loop drives. */
CURLM *loop_multi(struct loop *loop);

/* Wall clock and steady clock of this turn, ms. */
int64_t loop_wall_ms(const struct loop *loop);
int64_t loop_steady_ms(const struct loop *loop);

/* Reads them again: after something that took its time. */
void loop_read_clocks(struct loop *loop);

/* From now on the wall clock goes as the steady one does, and both go from
 * timer to timer without passing one: a recording has one time, and the clock
 * that is played must say what this one said, in the same order. Timers are
 * late by what the session does meanwhile, no more; what comes in at the moment
 * of a timer comes before it. Time stands still while a reader is waited for,
 * and catches up when something comes in. */
void loop_tie_clocks(struct loop *loop);

/* Plays time: from now on both clocks are the loop's own. The wall clock begins
 * at wall_ms and goes speed times as fast as life; 0: from one timer to the
 * next, without waiting. Whatever the speed, a timer finds the clocks at the
 * moment it was set to, and timers of one moment fire in the order in which
 * they were set. */
void loop_play_clock(struct loop *loop, int64_t wall_ms, double speed);
void loop_set_speed(struct loop *loop, double speed);

/* Holds played time: it stands still, and no timer fires, until it is let go.
 * Descriptors and signals have their turns all the same. */
void loop_hold_clock(struct loop *loop, bool held);

/* Called when fd is readable; fd -1 takes it away. One input at a time. */
typedef void loop_input_fn(void *context);
void loop_set_input(struct loop *loop, int fd, loop_input_fn *fn,
                    void *context);

/* Called when nobody reads any more what is written to fd, a pipe or socket;
 * fd -1: nobody is asked. */
void loop_set_output(struct loop *loop, int fd, loop_input_fn *on_left,
                     void *context);

/* Waits until fd takes more, as long as wait_ms (-1: for ever); nothing else
 * goes on meanwhile but signals, and timers stand still. False when a signal
 * or the end of the time came first. */
bool loop_wait_output(struct loop *loop, int fd, int64_t wait_ms);

/* Called for each signal, outside of any handler. */
typedef void loop_signal_fn(void *context, int signal);
void loop_set_signals(struct loop *loop, loop_signal_fn *fn, void *context);

/* Called at the end of each turn, before waiting: the place to draw and to
 * flush. Returns ms after which it wants to be called again, -1 for never. */
typedef int64_t loop_turn_fn(void *context);
void loop_set_turn(struct loop *loop, loop_turn_fn *fn, void *context);

/* Called when a transfer of the multi handle has finished. */
typedef void loop_transfer_fn(void *context, CURL *easy, CURLcode result);
void loop_set_transfers(struct loop *loop, loop_transfer_fn *fn, void *context);

/* A descriptor that is watched: fn is called as often as it is readable, until
 * it is stopped. Owned by the user; zero it before its first use. */
struct loop_watch {
    int fd;
    loop_input_fn *fn;
    void *context;
    struct loop_watch *next;
    bool active;
};
void loop_watch_start(struct loop *loop, struct loop_watch *watch, int fd,
                      loop_input_fn *fn, void *context);
void loop_watch_stop(struct loop *loop, struct loop_watch *watch);

/* A timer that fires once. Owned by the user, who keeps it until it has fired
 * or was stopped; zero it before its first use. */
struct loop_timer {
    int64_t at_steady_ms;
    void (*fn)(void *context);
    void *context;
    struct loop_timer *next;
    bool active;
};
void loop_timer_start(struct loop *loop, struct loop_timer *timer,
                      int64_t delay_ms, void (*fn)(void *context),
                      void *context);

/* The same, before the others of that moment. */
void loop_timer_start_first(struct loop *loop, struct loop_timer *timer,
                            int64_t delay_ms, void (*fn)(void *context),
                            void *context);
void loop_timer_stop(struct loop *loop, struct loop_timer *timer);

/* Runs until loop_stop(), which may have been called before. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

#endif
