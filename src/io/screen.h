/* The terminal: shows a frame, reads a key, puts everything back as it was.
 * With io/termcap the only place that knows curses. There is one screen, so
 * there is no handle; what is kept is curses' state and the painter.
 *
 * The caller has called setlocale(), and has its handlers for SIGINT, SIGTERM,
 * SIGTSTP and SIGWINCH in place before screen_open(), so that curses installs
 * none of its own. */
#ifndef IO_SCREEN_H
#define IO_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "view/frame.h"

enum screen_color {
    SCREEN_COLOR_AUTO, /* as the terminal can */
    SCREEN_COLOR_ALWAYS,
    SCREEN_COLOR_NEVER
};

/* Takes the terminal over: standard input and output when both are one, else
 * /dev/tty, so that keys do not come from where the data does.
 * ERROR_USAGE when there is none or TERM names one that cannot do it. */
bool screen_open(enum screen_color color, struct error *err);

/* Gives it back as it was. May be called at any time, more than once. */
void screen_close(void);

/* True when the locale's characters are UTF-8. */
bool screen_is_utf8(void);

/* Columns and rows of the terminal; they follow its size. */
int screen_width(void);
int screen_height(void);

/* Writes what differs from the frame shown before. The frame is borrowed. */
void screen_show(const struct frame *frame);

/* To wait on for keys. */
int screen_fd(void);

/* The terminal is not there any more: its window was closed, or the connection
 * to it. */
bool screen_is_gone(void);

/* The next key that was pressed (view/keys.h), KEYCODE_NONE when there is
 * none. Never waits, but for the few milliseconds that tell ESC from the
 * beginning of a function key. */
uint32_t screen_read_key(void);

/* After SIGWINCH: learns the new size. The next frame is written whole where
 * it has to be. */
void screen_resize(void);

/* For ^Z: the terminal as the shell wants it; and back. */
void screen_suspend(void);
void screen_resume(void);

/* Forgets what the terminal shows: the next frame is written whole. */
void screen_redraw(void);

/* Puts text (safe: it has passed text/escape.h) on the clipboard of the
 * terminal, by OSC 52, also through tmux. At most 64 KiB; false when longer or
 * when it could not be written. Whether the terminal obeyed is not known. */
bool screen_copy(const char *text);

/* Async-signal-safe: restores modes and screen by prepared bytes, for handlers
 * of signals that end the program. Does nothing when the screen is not open. */
void screen_emergency_restore(void);

#endif
