/* The last few names that were met, for telling repeats. */
#ifndef WIRE_SEEN_H
#define WIRE_SEEN_H

#include <stdbool.h>
#include <stddef.h>

struct seen;

/* Remembers the last `most` names (at least 1). */
struct seen *seen_create(size_t most);
void seen_destroy(struct seen *seen);

/* Notes a name; false when it was met before and is still remembered. Names of
 * more than 256 bytes are new each time, and not remembered. */
bool seen_note(struct seen *seen, const char *name, size_t len);

#endif
