/* Errors in their two written forms: that of a failed run, and that of a
 * refused request. */
#ifndef WIRE_WIRE_ERROR_H
#define WIRE_WIRE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "wire/facts.h"

/* Reads the error column's JSON text (NULL: none) into facts->error and
 * has_error. Text that is no such object becomes the message. */
void wire_error_read(struct run_facts *facts, const char *text, size_t len);

/* Appends the reason that an error answer's body gives, on one line and cut to
 * 200 bytes: error, error.message, message or detail of a JSON object, the
 * <title> of an HTML page, the first line of a short text. False, nothing
 * appended, when there is none. */
bool wire_error_reason(struct buf *out, const char *body, size_t len);

/* True when the body is a web page. */
bool wire_error_is_page(const char *body, size_t len);

#endif
