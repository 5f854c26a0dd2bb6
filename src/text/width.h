/* Columns that text takes on a terminal, by own tables (Unicode 15.0), the
 * same in every locale. */
#ifndef TEXT_WIDTH_H
#define TEXT_WIDTH_H

#include <stddef.h>
#include <stdint.h>

/* 0 (combining, zero-width), 1 or 2 columns; controls count 0. */
int width_of_code(uint32_t code);

/* Length in bytes of the first grapheme cluster of the len > 0 bytes (UAX #29
 * extended clusters); *columns is its width on the terminal: the sum over its
 * code points that terminals and ncurses advance by (wcwidth practice). */
size_t width_cluster(const char *text, size_t len, int *columns);

/* Columns of a whole text, as terminals that know clusters show it. */
size_t width_of_text(const char *text, size_t len);

/* Bytes of the longest prefix that fits into columns; *used gets its width. */
size_t width_fit(const char *text, size_t len, size_t columns, size_t *used);

#endif
