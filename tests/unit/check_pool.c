#include "config.h"

#include "base/pool.h"

#include <string.h>

#include "tests/unit/unit.h"

enum {
    SIZE = 64 * 1024,
    COUNT = 100
};

START_TEST(pieces_do_not_share_memory)
{
    struct pool *pool = pool_create(SIZE);
    char *pieces[COUNT];
    for (int i = 0; i < COUNT; i++) {
        size_t size = i % 10 ? SIZE : SIZE / 10 + (size_t)i;
        pieces[i] = pool_take(pool, size);
        memset(pieces[i], i, size);
    }
    for (int i = 0; i < COUNT; i++) {
        size_t size = i % 10 ? SIZE : SIZE / 10 + (size_t)i;
        for (size_t at = 0; at < size; at++)
            unit_holds(pieces[i][at] == i);
        pool_give(pool, pieces[i], size);
    }
    pool_give(pool, NULL, SIZE);
    pool_destroy(pool);
    pool_destroy(NULL);
}
END_TEST

START_TEST(what_was_given_back_is_taken_again)
{
    struct pool *pool = pool_create(SIZE);
    char *pieces[COUNT];
    ck_assert_uint_eq(pool_memory(pool), 0);
    for (int i = 0; i < COUNT; i++)
        pieces[i] = pool_take(pool, SIZE);
    size_t memory = pool_memory(pool);
    ck_assert_uint_ge(memory, SIZE * COUNT);
    ck_assert_uint_le(memory, 2 * SIZE * COUNT);
    for (int round = 0; round < 1000; round++) {
        int at = round * 7 % COUNT;
        pool_give(pool, pieces[at], SIZE);
        pool_give(pool, pool_take(pool, SIZE * 3), SIZE * 3);
        pieces[at] = pool_take(pool, SIZE);
    }
    ck_assert_uint_eq(pool_memory(pool), memory);
    pool_destroy(pool);
}
END_TEST

UNIT_MAIN("pool", tcase_add_test(tc, pieces_do_not_share_memory);
          tcase_add_test(tc, what_was_given_back_is_taken_again))
