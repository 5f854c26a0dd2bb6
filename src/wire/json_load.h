/* JSON that strangers sent, as a tree. jansson refuses some of what the grammar
 * allows, and a whole answer would be lost for it: half of a surrogate pair, a
 * NUL in a name, a number beyond its types, deep nesting. Those parts are given
 * in a form that it takes. */
#ifndef WIRE_JSON_LOAD_H
#define WIRE_JSON_LOAD_H

#include <jansson.h>
#include <stddef.h>

#include "base/buf.h"
#include "wire/json_text.h"

/* A body as the text it is decoded to: without a byte order mark, ill-formed
 * parts as U+FFFD. Points into bytes, or into store where that differs. */
struct slice json_body_text(struct buf *store, const char *bytes, size_t len);

/* Returns a new reference, or NULL when text is no JSON. flags: jansson's.
 * Integers beyond 64 bits are reals, numbers beyond these the largest there
 * is; half a surrogate pair and a NUL in a name read as U+FFFD; what lies
 * deeper than JSON_LOAD_DEPTH is null. */
#define JSON_LOAD_DEPTH 256
json_t *json_load_text(struct slice text, size_t flags);

#endif
