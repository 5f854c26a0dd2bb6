/* What a token says of itself. Nothing is verified: that is the server's. */
#ifndef WIRE_JWT_H
#define WIRE_JWT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct jwt_claims {
    int64_t expires_ms; /* INSTANT_NONE: not told */
    bool is_public;     /* a public access token */
    struct buf scopes;  /* joined by ", "; free with buf_free() */
};

/* Reads the payload; false when the text is no JWT. */
bool jwt_read(const char *token, struct jwt_claims *claims);

#endif
