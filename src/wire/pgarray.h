/* One-dimensional array literals of Postgres: {a,"b c",NULL}. */
#ifndef WIRE_PGARRAY_H
#define WIRE_PGARRAY_H

#include <stdbool.h>
#include <stddef.h>

/* Splits the literal. *items: texts, owned by the caller with their array
 * (NULL elements are left out). False, with nothing to free, when it is not
 * such a literal; more than 10,000 items are refused. */
bool pgarray_parse(const char *text, size_t len, char ***items, size_t *count);

void pgarray_free(char **items, size_t count);

#endif
