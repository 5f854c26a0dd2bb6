/* Comparing long texts that are mostly the same. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stddef.h>

/* How many of the first len bytes of a and b are the same. As fast as memcmp
 * over what is. */
size_t bytes_in_common(const char *a, const char *b, size_t len);

#endif
