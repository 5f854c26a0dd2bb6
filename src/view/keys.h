/* Keys as numbers: a Unicode code point for a character, KEY_CTRL('x') for a
 * control key, or one of the named keys above the Unicode range. */
#ifndef VIEW_KEYS_H
#define VIEW_KEYS_H

#include <stddef.h>
#include <stdint.h>

#define KEYCODE_CTRL(letter) ((uint32_t)(letter)&0x1f)

enum keycode {
    KEYCODE_TAB = 0x09,
    KEYCODE_ENTER = 0x0d,
    KEYCODE_ESCAPE = 0x1b,
    KEYCODE_BACKSPACE = 0x7f,
    KEYCODE_FIRST_NAMED = 0x110000,
    KEYCODE_UP = KEYCODE_FIRST_NAMED,
    KEYCODE_DOWN,
    KEYCODE_LEFT,
    KEYCODE_RIGHT,
    KEYCODE_HOME,
    KEYCODE_END,
    KEYCODE_PAGE_UP,
    KEYCODE_PAGE_DOWN,
    KEYCODE_INSERT,
    KEYCODE_DELETE,
    KEYCODE_BACKTAB,
    KEYCODE_F1,
    KEYCODE_F12 = KEYCODE_F1 + 11,
    KEYCODE_NONE
};

/* Printed form for help: "PgDn", "^F", "SPC", "j". */
size_t keycode_name(uint32_t key, char *out, size_t size);

#endif
