#include "config.h"

#include "view/numbers.h"

#include "unit.h"

START_TEST(numbers_are_kept_in_order_and_once)
{
    struct numbers numbers = {0};
    static const uint64_t TOGGLED[] = {7, 3, 9, 3, 5};
    for (size_t i = 0; i < sizeof TOGGLED / sizeof *TOGGLED; i++)
        ck_assert(numbers_toggle(&numbers, TOGGLED[i]));
    ck_assert_uint_eq(numbers.count, 3);
    ck_assert_uint_eq(numbers.items[0], 5);
    ck_assert_uint_eq(numbers.items[1], 7);
    ck_assert_uint_eq(numbers.items[2], 9);
    ck_assert(numbers_has(&numbers, 7));
    ck_assert(!numbers_has(&numbers, 3));
    ck_assert_uint_eq(numbers_index(&numbers, 8), 2);
    ck_assert_uint_eq(numbers_index(&numbers, 10), 3);
    numbers_free(&numbers);
    ck_assert(!numbers_has(&numbers, 7));
}
END_TEST

START_TEST(a_full_set_takes_no_more_but_gives_back)
{
    struct numbers numbers = {0};
    for (uint64_t i = 0; i < NUMBERS_MAX; i++)
        ck_assert(numbers_toggle(&numbers, i));
    ck_assert(!numbers_toggle(&numbers, NUMBERS_MAX));
    ck_assert(numbers_toggle(&numbers, 4));
    ck_assert(numbers_toggle(&numbers, NUMBERS_MAX));
    numbers_free(&numbers);
}
END_TEST

UNIT_MAIN("numbers", tcase_add_test(tc, numbers_are_kept_in_order_and_once);
          tcase_add_test(tc, a_full_set_takes_no_more_but_gives_back))
