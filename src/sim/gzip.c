#include "config.h"

#include "sim/gzip.h"

#include <stdint.h>

/* Most bytes in a stored block (RFC 1951, 3.2.4). */
#define BLOCK_MAX 65535u

static uint32_t crc32(const char *bytes, size_t len)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < len; i++) {
        crc ^= (uint8_t)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
    }
    return ~crc;
}

static void add_little_endian(struct buf *out, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_addc(out, (char)(value >> 8 * i & 0xff));
}

void gzip_store(struct buf *out, const char *bytes, size_t len)
{
    static const char head[] = "\x1f\x8b\x08\0\0\0\0\0\0\xff";
    buf_add(out, head, sizeof head - 1);
    size_t done = 0;
    do {
        size_t block = len - done < BLOCK_MAX ? len - done : BLOCK_MAX;
        buf_addc(out, done + block == len);
        add_little_endian(out, (uint32_t)block, 2);
        add_little_endian(out, ~(uint32_t)block, 2);
        buf_add(out, bytes + done, block);
        done += block;
    } while (done < len);
    add_little_endian(out, crc32(bytes, len), 4);
    add_little_endian(out, (uint32_t)len, 4);
}
