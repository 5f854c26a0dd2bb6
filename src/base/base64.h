/* Bytes as text of 64 digits: RFC 4648, base64 and base64url. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends len bytes as base64 with padding. */
void base64_add(struct buf *out, const void *bytes, size_t len);

/* Appends them as base64url without padding, as tokens have it (RFC 7515). */
void base64url_add(struct buf *out, const void *bytes, size_t len);

/* Appends the bytes that base64 stands for; padding may be missing. False on
 * any other character, and where the text ends inside a byte: what came before
 * was appended. */
bool base64_read(struct buf *out, const char *text, size_t len);

/* The same for base64url, where padding counts as another character. */
bool base64url_read(struct buf *out, const char *text, size_t len);

#endif
