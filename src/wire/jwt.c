#include "config.h"

#include "wire/jwt.h"

#include <jansson.h>
#include <string.h>

#include "base/base64.h"
#include "base/instant.h"

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
    if (stop && base64url_read(&text, start + 1, (size_t)(stop - start - 1)))
        payload = json_loadb(buf_str(&text), text.len, 0, NULL);
    bool good = json_is_object(payload);
    if (good)
        read_claims(payload, claims);
    json_decref(payload);
    buf_free(&text);
    return good;
}
