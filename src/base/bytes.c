#include "config.h"

#include "base/bytes.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    LANES = 16
};

typedef uint8_t lanes __attribute__((vector_size(LANES)));

/* Big strides first; the one that differs is looked at in small ones, and the
 * last of those byte by byte. */
size_t bytes_in_common(const char *a, const char *b, size_t len)
{
    static const size_t strides[] = {4096, 64};
    size_t same = 0;
    for (size_t i = 0; i < sizeof strides / sizeof *strides; i++)
        while (len - same >= strides[i] &&
               memcmp(a + same, b + same, strides[i]) == 0)
            same += strides[i];
    while (same < len && a[same] == b[same])
        same++;
    return same;
}

/* Bytes before the first that is not 0. */
static inline int zeros_before(uint64_t half)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return __builtin_ctzll(half) / 8;
#else
    return __builtin_clzll(half) / 8;
#endif
}

/* What was found among the LANES at p, as bytes that are not 0; NULL: none. */
static inline const char *first_of(const char *p, lanes found)
{
    uint64_t halves[2];
    memcpy(halves, &found, sizeof halves);
    if (!(halves[0] | halves[1]))
        return NULL;
    return halves[0] ? p + zeros_before(halves[0])
                     : p + LANES / 2 + zeros_before(halves[1]);
}

static inline lanes load(const char *p)
{
    lanes bytes;
    memcpy(&bytes, p, sizeof bytes);
    return bytes;
}

static inline const char *either_at(const char *p, uint8_t one, uint8_t other)
{
    lanes bytes = load(p);
    return first_of(p, (lanes)((bytes == one) | (bytes == other)));
}

const char *bytes_find_either(const char *p, const char *end, char one,
                              char other)
{
    if (end - p < LANES) {
        while (p < end && *p != one && *p != other)
            p++;
        return p;
    }
    const char *last = end - LANES, *found;
    for (; p < last; p += LANES)
        if ((found = either_at(p, (uint8_t)one, (uint8_t)other)))
            return found;
    found = either_at(last, (uint8_t)one, (uint8_t)other);
    return found ? found : end;
}

static inline const char *upto_at(const char *p, uint8_t most)
{
    return first_of(p, (lanes)(load(p) <= most));
}

const char *bytes_find_upto(const char *p, const char *end, char most)
{
    if (end - p < LANES) {
        while (p < end && (uint8_t)*p > (uint8_t)most)
            p++;
        return p;
    }
    const char *last = end - LANES, *found;
    for (; p < last; p += LANES)
        if ((found = upto_at(p, (uint8_t)most)))
            return found;
    found = upto_at(last, (uint8_t)most);
    return found ? found : end;
}
