/* Public access tokens as the platform makes them: HS256 JWTs signed with the
 * environment's secret key. Pure: told the time. */
#ifndef SIM_PUBTOKEN_H
#define SIM_PUBTOKEN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define TOKEN_ISSUER   "https://id.trigger.dev"
#define TOKEN_AUDIENCE "https://api.trigger.dev"

struct pubtoken_claims {
    const char *subject;  /* environment id */
    json_t *scopes;       /* array of texts; borrowed */
    json_t *skip_columns; /* array of texts or NULL; borrowed */
    bool one_time;
    int64_t issued_s, expires_s;
};

/* Appends the payload text of a token. */
void pubtoken_add_payload(struct buf *out,
                          const struct pubtoken_claims *claims);

/* Appends base64url(header).base64url(payload).signature. */
void pubtoken_sign(struct buf *out, const char *payload, size_t len,
                   const char *key);

/* The same with a header of one's own, for other products' tokens. */
void pubtoken_sign_with(struct buf *out, const char *head, const char *payload,
                        size_t len, const char *key);

/* Checks signature and expiry alone. Returns the payload (new reference), or
 * NULL. */
json_t *pubtoken_check(const char *text, const char *key, int64_t now_s);

/* True for three parts whose first is a JWT header: such a credential is taken
 * for a public token, anything else for a key. */
bool pubtoken_looks_like(const char *text);

/* The payload of a token, nothing checked (new reference); NULL when the text
 * is no token. */
json_t *pubtoken_read(const char *text);

/* Checks signature, issuer, audience, pub and expiry. Returns the payload (new
 * reference), or NULL when anything is wrong. */
json_t *pubtoken_verify(const char *text, const char *key, int64_t now_s);

/* True when a token's payload grants reading (action "read" or "write") of a
 * resource. id: NULL asks for the whole type. */
bool pubtoken_grants(json_t *payload, const char *action, const char *type,
                     const char *id);

/* "1h", "30 minutes", "+2 d": seconds from now, may be negative; false when
 * the text is none. See docs/protocols.md. */
bool pubtoken_parse_life(const char *text, int64_t *seconds);

#endif
