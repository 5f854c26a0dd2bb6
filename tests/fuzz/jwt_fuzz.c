/* Tokens, and payloads put into one. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/instant.h"
#include "wire/jwt.h"

#include "fuzz.h"

static void read_token(const char *token)
{
    struct jwt_claims claims;
    if (jwt_read(token, &claims))
        FUZZ_CHECK(claims.expires_ms == INSTANT_NONE || claims.expires_ms >= 0);
    buf_free(&claims.scopes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf token = buf_make(0), back = buf_make(0);
    char *text = fuzz_text((const char *)data, size);
    read_token(text);
    base64url_add(&token, data, size);
    FUZZ_CHECK(base64url_read(&back, buf_str(&token), token.len));
    FUZZ_CHECK(
        fuzz_same(fuzz_slice(&back), (struct slice){(const char *)data, size}));
    buf_clear(&token);
    buf_adds(&token, "e30.");
    base64url_add(&token, data, size);
    buf_adds(&token, ".sig");
    read_token(buf_str(&token));
    free(text);
    buf_free(&token);
    buf_free(&back);
    return 0;
}
