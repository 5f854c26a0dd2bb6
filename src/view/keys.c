#include "config.h"

#include "view/keys.h"

#include <stdio.h>
#include <string.h>

#include "text/utf8.h"

static const struct {
    uint32_t key;
    const char *name;
} NAMES[] = {
    {KEYCODE_TAB, "TAB"},        {KEYCODE_ENTER, "ENTER"},
    {KEYCODE_ESCAPE, "ESC"},     {' ', "SPC"},
    {KEYCODE_BACKSPACE, "BS"},   {KEYCODE_UP, "Up"},
    {KEYCODE_DOWN, "Down"},      {KEYCODE_LEFT, "Left"},
    {KEYCODE_RIGHT, "Right"},    {KEYCODE_HOME, "Home"},
    {KEYCODE_END, "End"},        {KEYCODE_PAGE_UP, "PgUp"},
    {KEYCODE_PAGE_DOWN, "PgDn"}, {KEYCODE_INSERT, "Ins"},
    {KEYCODE_DELETE, "Del"},     {KEYCODE_BACKTAB, "S-TAB"},
};

static size_t copy_name(const char *name, char *out, size_t size)
{
    int len = snprintf(out, size, "%s", name);
    return len < 0 ? 0 : (size_t)len;
}

size_t keycode_name(uint32_t key, char *out, size_t size)
{
    char name[8] = "";
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (NAMES[i].key == key)
            return copy_name(NAMES[i].name, out, size);
    if (key >= KEYCODE_F1 && key <= KEYCODE_F12)
        snprintf(name, sizeof name, "F%u", (unsigned)(key - KEYCODE_F1 + 1));
    else if (key < 0x20)
        snprintf(name, sizeof name, "^%c", (char)(key + 0x40));
    else if (key < KEYCODE_FIRST_NAMED)
        name[utf8_encode(key, name)] = '\0';
    return copy_name(name, out, size);
}
