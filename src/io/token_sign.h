/* Signing a token here, for servers that only tell its claims. */
#ifndef IO_TOKEN_SIGN_H
#define IO_TOKEN_SIGN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Completes the claims (an object with a "sub") and appends a token that is
 * good for an hour from now_s (s since 1970), as the platform signs it. Takes
 * scopes. False when the claims are none. */
bool token_sign(json_t *claims, json_t *scopes, const char *key, int64_t now_s,
                struct buf *out);

#endif
