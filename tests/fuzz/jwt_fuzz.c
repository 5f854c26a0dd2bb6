/* Tokens, and payloads put into one. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "wire/jwt.h"

#include "fuzz.h"

static void encode(struct buf *out, const uint8_t *bytes, size_t len)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < len; i++) {
        bits = bits << 8 | bytes[i];
        for (held += 8; held >= 6; held -= 6)
            buf_addc(out, digits[bits >> (held - 6) & 63]);
    }
    if (held)
        buf_addc(out, digits[bits << (6 - held) & 63]);
}

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
    encode(&token, data, size);
    FUZZ_CHECK(base64url_decode(buf_str(&token), token.len, &back));
    FUZZ_CHECK(
        fuzz_same(fuzz_slice(&back), (struct slice){(const char *)data, size}));
    buf_clear(&token);
    buf_adds(&token, "e30.");
    encode(&token, data, size);
    buf_adds(&token, ".sig");
    read_token(buf_str(&token));
    free(text);
    buf_free(&token);
    buf_free(&back);
    return 0;
}
