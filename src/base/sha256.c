#include "config.h"

#include "base/sha256.h"

#include <string.h>

#define BLOCK_SIZE 64

struct hash {
    uint32_t state[8];
    uint8_t block[BLOCK_SIZE];
    uint64_t len;
};

static const uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t word, int count)
{
    return word >> count | word << (32 - count);
}

static void schedule(const uint8_t *block, uint32_t w[64])
{
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15];
        uint32_t b = w[i - 2];
        w[i] = w[i - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[i - 7] +
               (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    }
}

static void compress(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[64];
    uint32_t v[8];
    schedule(block, w);
    memcpy(v, state, sizeof v);
    for (int i = 0; i < 64; i++) {
        uint32_t e = rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25);
        uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t one = v[7] + e + choice + constants[i] + w[i];
        uint32_t a = rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22);
        uint32_t majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += one;
        v[0] = one + a + majority;
    }
    for (int i = 0; i < 8; i++)
        state[i] += v[i];
}

static void hash_start(struct hash *hash)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                      0xa54ff53a, 0x510e527f, 0x9b05688c,
                                      0x1f83d9ab, 0x5be0cd19};
    memcpy(hash->state, start, sizeof start);
    hash->len = 0;
}

static void hash_add(struct hash *hash, const void *bytes, size_t len)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < len; i++) {
        hash->block[hash->len++ % BLOCK_SIZE] = p[i];
        if (hash->len % BLOCK_SIZE == 0)
            compress(hash->state, hash->block);
    }
}

static void hash_end(struct hash *hash, uint8_t out[SHA256_SIZE])
{
    uint64_t bits = hash->len * 8;
    hash_add(hash, "\x80", 1);
    while (hash->len % BLOCK_SIZE != BLOCK_SIZE - 8)
        hash_add(hash, "", 1);
    uint8_t length[8];
    for (int i = 0; i < 8; i++)
        length[i] = (uint8_t)(bits >> (56 - 8 * i));
    hash_add(hash, length, sizeof length);
    for (int i = 0; i < SHA256_SIZE; i++)
        out[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}

void sha256(const void *bytes, size_t len, uint8_t out[SHA256_SIZE])
{
    struct hash hash;
    hash_start(&hash);
    hash_add(&hash, bytes, len);
    hash_end(&hash, out);
}

/* The hash of the key, masked, followed by bytes. */
static void masked_hash(const uint8_t *key, uint8_t mask, const void *bytes,
                        size_t len, uint8_t *out)
{
    uint8_t pad[BLOCK_SIZE];
    for (int i = 0; i < BLOCK_SIZE; i++)
        pad[i] = key[i] ^ mask;
    struct hash hash;
    hash_start(&hash);
    hash_add(&hash, pad, sizeof pad);
    hash_add(&hash, bytes, len);
    hash_end(&hash, out);
}

void hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len,
                 uint8_t out[SHA256_SIZE])
{
    uint8_t whole_key[BLOCK_SIZE] = {0};
    if (key_len > BLOCK_SIZE)
        sha256(key, key_len, whole_key);
    else
        memcpy(whole_key, key, key_len);
    uint8_t inner[SHA256_SIZE];
    masked_hash(whole_key, 0x36, bytes, len, inner);
    masked_hash(whole_key, 0x5c, inner, sizeof inner, out);
}
