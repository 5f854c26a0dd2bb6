#include "config.h"

#include "sim/pubtoken.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/sha256.h"
#include "sim/js_json.h"

static const char header[] = "{\"alg\":\"HS256\"}";

void pubtoken_add_payload(struct buf *out, const struct pubtoken_claims *claims)
{
    buf_adds(out, "{\"sub\":");
    js_add_string(out, claims->subject, strlen(claims->subject));
    buf_adds(out, ",\"pub\":true,\"scopes\":");
    js_add_value(out, claims->scopes);
    if (claims->skip_columns) {
        buf_adds(out, ",\"realtime\":{\"skipColumns\":");
        js_add_value(out, claims->skip_columns);
        buf_addc(out, '}');
    }
    if (claims->one_time)
        buf_adds(out, ",\"otu\":true");
    buf_addf(out,
             ",\"iss\":\"" TOKEN_ISSUER "\",\"aud\":\"" TOKEN_AUDIENCE
             "\",\"exp\":%lld,\"iat\":%lld}",
             (long long)claims->expires_s, (long long)claims->issued_s);
}

void pubtoken_sign_with(struct buf *out, const char *head, const char *payload,
                        size_t len, const char *key)
{
    struct buf text = buf_make(0);
    base64url_add(&text, head, strlen(head));
    buf_addc(&text, '.');
    base64url_add(&text, payload, len);
    uint8_t signature[SHA256_SIZE];
    hmac_sha256(key, strlen(key), text.data, text.len, signature);
    buf_addc(&text, '.');
    base64url_add(&text, signature, sizeof signature);
    buf_add(out, text.data, text.len);
    buf_free(&text);
}

void pubtoken_sign(struct buf *out, const char *payload, size_t len,
                   const char *key)
{
    pubtoken_sign_with(out, header, payload, len, key);
}

/* Where the two dots are; false unless there are exactly two. */
static bool find_parts(const char *text, const char **second,
                       const char **third)
{
    const char *first_dot = strchr(text, '.');
    const char *second_dot = first_dot ? strchr(first_dot + 1, '.') : NULL;
    if (!second_dot || strchr(second_dot + 1, '.'))
        return false;
    *second = first_dot + 1;
    *third = second_dot + 1;
    return true;
}

bool pubtoken_looks_like(const char *text)
{
    const char *second;
    const char *third;
    return strncmp(text, "eyJ", 3) == 0 && find_parts(text, &second, &third);
}

static bool signature_fits(const char *text, const char *third, const char *key)
{
    uint8_t signature[SHA256_SIZE];
    hmac_sha256(key, strlen(key), text, (size_t)(third - 1 - text), signature);
    struct buf want = buf_make(0);
    base64url_add(&want, signature, sizeof signature);
    bool fits = strcmp(buf_str(&want), third) == 0;
    buf_free(&want);
    return fits;
}

static bool member_is(json_t *payload, const char *name, const char *want)
{
    const char *text = json_string_value(json_object_get(payload, name));
    return text && strcmp(text, want) == 0;
}

json_t *pubtoken_read(const char *text)
{
    const char *second;
    const char *third;
    if (!find_parts(text, &second, &third))
        return NULL;
    struct buf json = buf_make(0);
    json_t *payload = NULL;
    if (base64url_read(&json, second, (size_t)(third - 1 - second)))
        payload = json_loadb(buf_str(&json), json.len, 0, NULL);
    buf_free(&json);
    return payload;
}

json_t *pubtoken_check(const char *text, const char *key, int64_t now_s)
{
    const char *second;
    const char *third;
    if (!find_parts(text, &second, &third) || !signature_fits(text, third, key))
        return NULL;
    json_t *payload = pubtoken_read(text);
    json_t *expiry = json_object_get(payload, "exp");
    if (json_is_integer(expiry) && json_integer_value(expiry) > now_s)
        return payload;
    json_decref(payload);
    return NULL;
}

json_t *pubtoken_verify(const char *text, const char *key, int64_t now_s)
{
    json_t *payload = pubtoken_check(text, key, now_s);
    if (json_is_true(json_object_get(payload, "pub")) &&
        member_is(payload, "iss", TOKEN_ISSUER) &&
        member_is(payload, "aud", TOKEN_AUDIENCE))
        return payload;
    json_decref(payload);
    return NULL;
}

/* One scope: "admin" or action:type[:id]. */
static bool scope_grants(const char *scope, const char *action,
                         const char *type, const char *id)
{
    if (strcmp(scope, "admin") == 0)
        return true;
    size_t action_len = strcspn(scope, ":");
    if (scope[action_len] == '\0')
        return false;
    bool any_action = action_len == 1 && *scope == '*';
    if (!any_action && (strlen(action) != action_len ||
                        strncmp(scope, action, action_len) != 0))
        return false;
    const char *rest = scope + action_len + 1;
    size_t type_len = strcspn(rest, ":");
    if (strcmp(rest, "all") == 0)
        return true;
    if (strlen(type) != type_len || strncmp(rest, type, type_len) != 0)
        return false;
    if (rest[type_len] == '\0')
        return true;
    return id && strcmp(rest + type_len + 1, id) == 0;
}

bool pubtoken_grants(json_t *payload, const char *action, const char *type,
                     const char *id)
{
    size_t i;
    json_t *scope;
    json_array_foreach(json_object_get(payload, "scopes"), i, scope)
    {
        const char *text = json_string_value(scope);
        if (text && scope_grants(text, action, type, id))
            return true;
    }
    return false;
}

static double unit_seconds(const char *unit, size_t len)
{
    static const struct {
        const char *names;
        double seconds;
    } units[] = {
        {" s sec secs second seconds ", 1}, {" m min mins minute minutes ", 60},
        {" h hr hrs hour hours ", 3600},    {" d day days ", 86400},
        {" w week weeks ", 604800},         {" y yr yrs year years ", 31557600},
    };
    struct buf wanted = buf_make(0);
    buf_addc(&wanted, ' ');
    buf_add(&wanted, unit, len);
    buf_addc(&wanted, ' ');
    double seconds = 0;
    for (size_t i = 0; len > 0 && i < sizeof units / sizeof *units; i++)
        if (strcasestr(units[i].names, buf_str(&wanted)))
            seconds = units[i].seconds;
    buf_free(&wanted);
    return seconds;
}

static void skip_space(const char **p)
{
    if (**p == ' ')
        ++*p;
}

bool pubtoken_parse_life(const char *text, int64_t *seconds)
{
    const char *p = text;
    int sign = *p == '-' ? -1 : 1;
    bool has_sign = *p == '-' || *p == '+';
    if (has_sign)
        p++;
    skip_space(&p);
    size_t digits = strspn(p, "0123456789.");
    if (digits == 0)
        return false;
    double count = strtod(p, NULL);
    p += digits;
    skip_space(&p);
    size_t unit_len =
        strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    double unit = unit_seconds(p, unit_len);
    p += unit_len;
    if (unit == 0 || (has_sign && *p))
        return false;
    if (strcasecmp(p, " ago") == 0)
        sign = -1;
    else if (*p && strcasecmp(p, " from now") != 0)
        return false;
    *seconds = sign * (int64_t)llround(count * unit);
    return true;
}
