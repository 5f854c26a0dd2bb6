/* Is a text JSON? Strict RFC 8259, without building anything. */
#ifndef WIRE_JSON_VALID_H
#define WIRE_JSON_VALID_H

#include <stdbool.h>
#include <stddef.h>

/* Nesting deeper than this is refused. */
#define JSON_MAX_DEPTH 512

/* True when text is exactly one JSON value with white space around it, in
 * well-formed UTF-8. Lone surrogate escapes are allowed, as in the RFC. */
bool json_valid(const char *text, size_t len);

#endif
