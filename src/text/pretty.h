/* JSON laid out for reading: one member or element a row, two spaces deeper at
 * each level. */
#ifndef TEXT_PRETTY_H
#define TEXT_PRETTY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends json, laid out, with a line feed between rows and none at the end;
 * empty objects and arrays stay in one row. Works on any bytes, in one pass and
 * without a tree: what is no JSON comes out in some form, nothing left out but
 * white space outside of strings. Not made safe: see text/escape.h. */
void pretty_json(struct buf *out, const char *json, size_t len);

/* True when a text looks like an object or an array with something in it. */
bool pretty_is_worth(const char *text, size_t len);

#endif
