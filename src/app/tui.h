/* The full-screen viewer of one run: keys to actions, events to the model,
 * the model to the terminal. */
#ifndef APP_TUI_H
#define APP_TUI_H

#include <stdbool.h>
#include <stdint.h>

#include "app/options.h"
#include "base/error.h"
#include "io/loop.h"
#include "io/player.h"
#include "model/run.h"

struct tui;

/* How the user left. */
enum tui_exit {
    TUI_STAYS,
    TUI_QUIT,        /* q */
    TUI_INTERRUPTED, /* ^C */
    TUI_GONE,        /* the terminal did, and no signal told */
    TUI_BACK,        /* <: elsewhere in a recording */
    TUI_FORTH        /* > */
};

/* Takes the terminal over. run is borrowed. NULL with *err when there is no
 * terminal to be had. */
struct tui *tui_open(const struct options *options, struct run *run,
                     struct loop *loop, struct error *err);

/* What is shown is a recording: the screen says where in it we are, and p
 * pauses it. Borrowed; it may be over before the screen is closed. */
void tui_set_player(struct tui *tui, struct player *player);

/* Gives the terminal back. NULL is fine. */
void tui_close(struct tui *tui);

/* To wait on for keys. */
int tui_fd(const struct tui *tui);

/* Something in the run changed. */
void tui_note(struct tui *tui);

/* Keys are waiting. */
enum tui_exit tui_read_keys(struct tui *tui);

/* SIGWINCH, SIGTSTP or SIGCONT arrived. */
void tui_take_signal(struct tui *tui, int signal);

/* Draws when it is time to; ms until it should be called again, -1: never. */
int64_t tui_turn(struct tui *tui);

#endif
