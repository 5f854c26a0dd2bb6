/* JSON text exactly as a JavaScript server spells it (JSON.stringify): compact,
 * members in the order they were set, shortest numbers, only the escapes that
 * are needed. jansson's own writer differs in numbers and in DEL. */
#ifndef SIM_JS_JSON_H
#define SIM_JS_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends a value; NULL counts as null. */
void js_add_value(struct buf *out, json_t *value);

/* Appends text as a JSON string with its quotes. Well-formed UTF-8; may hold
 * NULs. */
void js_add_string(struct buf *out, const char *text, size_t len);

/* Appends a number: "0", "0.03", "1e-7", "1785542400005.5". */
void js_add_number(struct buf *out, double number);

/* Appends a value as Postgres prints jsonb: a space after ':' and ',', members
 * sorted by length of the name, then by its bytes. */
void js_add_jsonb(struct buf *out, json_t *value);

#endif
