/* Comparing texts that are mostly the same, and finding bytes. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How many of the first len bytes of a and b are the same. As fast as memcmp
 * over what is. */
size_t bytes_in_common(const char *a, const char *b, size_t len);

/* memcmp() is a call, which for a few bytes costs more than they do. */
static inline bool bytes_are_same(const char *a, const char *b, size_t len)
{
    uint64_t left, right, differ = 0;
    size_t at = 0;
    for (; len - at >= sizeof left; at += sizeof left) {
        memcpy(&left, a + at, sizeof left);
        memcpy(&right, b + at, sizeof right);
        differ |= left ^ right;
    }
    for (; at < len; at++)
        differ |= (uint64_t)(a[at] ^ b[at]);
    return !differ;
}

/* The first place in [p, end) where one of two bytes stands, or one that is not
 * above `most`; end: none. Sixteen places at a time. */
const char *bytes_find_either(const char *p, const char *end, char one,
                              char other);
const char *bytes_find_upto(const char *p, const char *end, char most);

#endif
