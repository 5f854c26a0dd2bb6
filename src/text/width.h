/* Columns that text takes on a terminal, by own tables (Unicode 15.0), the
 * same in every locale.
 *
 * There are two answers. Where ncurses places text, the cursor advances by the
 * sum over the code points (wcwidth practice): a family emoji takes 6 columns,
 * whatever the terminal draws. width_of_code(), width_cell(), width_cluster()
 * and width_fit() count so. width_of_text() counts as a terminal does that
 * draws a grapheme cluster as one sign: the same family takes 2. */
#ifndef TEXT_WIDTH_H
#define TEXT_WIDTH_H

#include <stddef.h>
#include <stdint.h>

/* 0 (combining, zero-width), 1 or 2 columns; controls count 0. */
int width_of_code(uint32_t code);

/* Length in bytes of what goes into one cell of the screen: the first code
 * point of the len > 0 bytes and the zero-width ones after it. *columns is 0
 * when the text begins with zero-width ones that have nothing to stand on,
 * else 1 or 2. */
size_t width_cell(const char *text, size_t len, int *columns);

/* Length in bytes of the first grapheme cluster of the len > 0 bytes (UAX #29
 * extended clusters); *columns is the sum over its code points. */
size_t width_cluster(const char *text, size_t len, int *columns);

/* Columns of a whole text, as terminals that know clusters show it: each
 * cluster is as wide as its widest part. */
size_t width_of_text(const char *text, size_t len);

/* Bytes of the longest run of whole clusters from the start that fits into
 * columns (by width_cluster()); *used gets its width. */
size_t width_fit(const char *text, size_t len, size_t columns, size_t *used);

#endif
