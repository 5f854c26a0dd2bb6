#include "config.h"

#include <string.h>

#include "base/bytes.h"

#include "random.h"
#include "unit.h"

enum {
    ROUNDS = 20000,
    MOST = 90
};

/* Bytes of few kinds, so that they are often the same. */
static size_t make_bytes(uint64_t *state, char *out)
{
    static const char kinds[] = "abc\n\r\t\0\x0E\x7F\x80\xFF";
    size_t len = chance(state, MOST), some = 1 + chance(state, sizeof kinds);
    for (size_t i = 0; i < len; i++)
        out[i] = chance(state, 30) ? 'a' : kinds[chance(state, some)];
    return len;
}

START_TEST(byte_is_found_where_it_stands_first)
{
    uint64_t state = 5;
    for (int round = 0; round < ROUNDS; round++) {
        char bytes[MOST];
        size_t len = make_bytes(&state, bytes), either = 0, upto = 0;
        char one = "b\n\x80"[chance(&state, 3)], other = '\xFF';
        while (either < len && bytes[either] != one && bytes[either] != other)
            either++;
        while (upto < len && (unsigned char)bytes[upto] > '\r')
            upto++;
        ck_assert_ptr_eq(bytes_find_either(bytes, bytes + len, one, other),
                         bytes + either);
        ck_assert_ptr_eq(bytes_find_upto(bytes, bytes + len, '\r'),
                         bytes + upto);
    }
}
END_TEST

START_TEST(bytes_are_compared_to_the_last)
{
    uint64_t state = 6;
    for (int round = 0; round < ROUNDS; round++) {
        char a[MOST], b[MOST];
        size_t len = make_bytes(&state, a), at = chance(&state, MOST);
        memcpy(b, a, len);
        if (at < len)
            b[at] = (char)(b[at] ^ (1 << chance(&state, 8)));
        ck_assert(bytes_are_same(a, b, len) == (at >= len));
        ck_assert_uint_eq(bytes_in_common(a, b, len), at < len ? at : len);
    }
}
END_TEST

UNIT_MAIN("bytes", tcase_add_test(tc, byte_is_found_where_it_stands_first);
          tcase_add_test(tc, bytes_are_compared_to_the_last))
