#include "config.h"

#include "io/token_sign.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/sha256.h"

enum {
    LIFE_S = 3600
};

bool token_sign(json_t *claims, json_t *scopes, const char *key, int64_t now_s,
                struct buf *out)
{
    static const char header[] = "{\"alg\":\"HS256\"}";
    uint8_t signature[SHA256_SIZE];
    if (!json_is_string(json_object_get(claims, "sub"))) {
        json_decref(scopes);
        return false;
    }
    json_object_set_new(claims, "scopes", scopes);
    json_object_set_new(claims, "iss", json_string("https://id.trigger.dev"));
    json_object_set_new(claims, "aud", json_string("https://api.trigger.dev"));
    json_object_set_new(claims, "iat", json_integer(now_s));
    json_object_set_new(claims, "exp", json_integer(now_s + LIFE_S));
    char *payload = json_dumps(claims, JSON_COMPACT);
    base64url_add(out, header, strlen(header));
    buf_addc(out, '.');
    base64url_add(out, payload, strlen(payload));
    hmac_sha256(key, strlen(key), buf_str(out), out->len, signature);
    buf_addc(out, '.');
    base64url_add(out, signature, sizeof signature);
    free(payload);
    return true;
}
