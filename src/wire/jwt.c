#include "config.h"

#include "wire/jwt.h"

#include <jansson.h>
#include <string.h>

#include "base/instant.h"

static int digit_of(char c)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)(found - digits) : -1;
}

bool base64url_decode(const char *text, size_t len, struct buf *out)
{
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = digit_of(text[i]);
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            buf_addc(out, (char)(bits >> held & 0xff));
        }
    }
    return len % 4 != 1;
}

static void read_claims(json_t *payload, struct jwt_claims *claims)
{
    json_t *expires = json_object_get(payload, "exp");
    double seconds = json_number_value(expires);
    if (json_is_number(expires) && seconds > 0 && seconds < 1e12)
        claims->expires_ms = (int64_t)(seconds * 1000);
    claims->is_public = json_is_true(json_object_get(payload, "pub"));
    json_t *scope;
    size_t i;
    json_array_foreach(json_object_get(payload, "scopes"), i, scope)
    {
        if (!json_is_string(scope))
            continue;
        if (claims->scopes.len)
            buf_adds(&claims->scopes, ", ");
        buf_adds(&claims->scopes, json_string_value(scope));
    }
}

bool jwt_read(const char *token, struct jwt_claims *claims)
{
    *claims = (struct jwt_claims){.expires_ms = INSTANT_NONE};
    const char *start = strchr(token, '.');
    const char *stop = start ? strchr(start + 1, '.') : NULL;
    struct buf text = buf_make(0);
    json_t *payload = NULL;
    if (stop && base64url_decode(start + 1, (size_t)(stop - start - 1), &text))
        payload = json_loadb(buf_str(&text), text.len, 0, NULL);
    bool good = json_is_object(payload);
    if (good)
        read_claims(payload, claims);
    json_decref(payload);
    buf_free(&text);
    return good;
}
