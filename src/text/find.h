/* Finds text in large texts, at the speed of memory: also with small letters
 * that stand for both cases (of ASCII). */
#ifndef TEXT_FIND_H
#define TEXT_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What to look for. Plain value; borrows the bytes. */
struct finder {
    const char *bytes;
    size_t len;
    bool any_case;
    size_t at[2];      /* of the two bytes that are looked for first */
    uint8_t fold[2];   /* bit that is set before they are compared */
    uint8_t wanted[2]; /* … with this */
};

/* len > 0. any_case: the letters in bytes are small ones. */
struct finder finder_make(const char *bytes, size_t len, bool any_case);

/* The first place; NULL: none. */
const char *finder_find(const struct finder *finder, const char *text,
                        size_t len);

#endif
