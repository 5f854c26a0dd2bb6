/* Media types, as the Content-Type header tells them. */
#ifndef WIRE_MEDIA_TYPE_H
#define WIRE_MEDIA_TYPE_H

#include <stdbool.h>

/* True when an answer's media type is `type` (lower case), whatever its
 * parameters. values: the header; several headers, or several values in one,
 * are joined by commas, and the last that is a media type counts (WHATWG
 * Fetch, "extract a MIME type"). NULL: there was none. */
bool media_type_is(const char *values, const char *type);

#endif
