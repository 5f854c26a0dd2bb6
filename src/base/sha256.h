/* SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104), for signing
 * tokens. Not written to withstand timing attacks: its key is public. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

/* The digest of len bytes: FIPS 180-4. */
void sha256(const void *bytes, size_t len, uint8_t out[SHA256_SIZE]);

/* The code of len bytes under a key: RFC 2104. */
void hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                 uint8_t out[SHA256_SIZE]);

#endif
