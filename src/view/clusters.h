/* Texts that are numbered: the same text has the same number. For grapheme
 * clusters of more than one code point, which are few and come again. */
#ifndef VIEW_CLUSTERS_H
#define VIEW_CLUSTERS_H

#include <stddef.h>
#include <stdint.h>

enum {
    CLUSTERS_TEXT_SIZE = 24 /* bytes of a text at most, with the zero */
};

struct clusters;

struct clusters *clusters_create(void);
void clusters_destroy(struct clusters *clusters);

/* The number of a text, from 0 on. len < CLUSTERS_TEXT_SIZE. */
uint32_t clusters_number(struct clusters *clusters, const char *text,
                         size_t len);

/* Borrowed, until the next number is asked for; zero-terminated. */
const char *clusters_text(const struct clusters *clusters, uint32_t number);

size_t clusters_count(const struct clusters *clusters);

/* Forgets all numbers. */
void clusters_clear(struct clusters *clusters);

#endif
