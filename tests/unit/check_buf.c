#include "config.h"

#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

START_TEST(an_empty_buffer_reads_as_an_empty_string)
{
    struct buf buf = buf_make(0);
    ck_assert_str_eq(buf_str(&buf), "");
    buf_clear(&buf);
    char *taken = buf_take(&buf);
    ck_assert_str_eq(taken, "");
    free(taken);
    buf_free(&buf);
}
END_TEST

START_TEST(what_is_added_stands_in_order)
{
    struct buf buf = buf_make(0);
    ck_assert(buf_adds(&buf, "one"));
    ck_assert(buf_addc(&buf, ','));
    ck_assert(buf_fill(&buf, '-', 3));
    ck_assert(buf_addf(&buf, "%d%s", 42, "!"));
    ck_assert(buf_add(&buf, "a\0b", 3));
    ck_assert_uint_eq(buf.len, 13);
    ck_assert_mem_eq(buf.data, "one,---42!a\0b", 14);
    buf_free(&buf);
}
END_TEST

START_TEST(a_buffer_grows_as_it_must)
{
    struct buf buf = buf_make(0);
    for (size_t i = 0; i < 5000; i++) {
        ck_assert(buf_addc(&buf, (char)('a' + i % 26)));
        ck_assert_uint_eq(strlen(buf_str(&buf)), i + 1);
    }
    for (size_t i = 0; i < 5000; i++)
        ck_assert_int_eq(buf.data[i], (char)('a' + i % 26));
    buf_free(&buf);
}
END_TEST

START_TEST(past_the_maximum_nothing_is_added)
{
    struct buf buf = buf_make(4);
    ck_assert(buf_adds(&buf, "abc"));
    ck_assert(!buf_adds(&buf, "de"));
    ck_assert(!buf_fill(&buf, '-', 2));
    ck_assert(!buf_addf(&buf, "%d", 10));
    ck_assert(!buf_reserve(&buf, 2));
    ck_assert_str_eq(buf_str(&buf), "abc");
    ck_assert(buf_addc(&buf, 'd'));
    ck_assert(!buf_addc(&buf, 'e'));
    ck_assert(buf_add(&buf, "", 0));
    ck_assert_str_eq(buf_str(&buf), "abcd");
    buf_free(&buf);
}
END_TEST

START_TEST(the_maximum_stays_when_the_content_goes)
{
    struct buf buf = buf_make(2);
    buf_adds(&buf, "ab");
    free(buf_take(&buf));
    ck_assert(!buf_adds(&buf, "abc"));
    buf_adds(&buf, "ab");
    buf_free(&buf);
    ck_assert(!buf_adds(&buf, "abc"));
    buf_free(&buf);
}
END_TEST

START_TEST(a_buffer_is_shortened_never_lengthened)
{
    struct buf buf = buf_make(0);
    buf_adds(&buf, "abcdef");
    buf_truncate(&buf, 9);
    ck_assert_uint_eq(buf.len, 6);
    ck_assert_str_eq(buf_str(&buf), "abcdef");
    buf_truncate(&buf, 2);
    ck_assert_str_eq(buf_str(&buf), "ab");
    buf_clear(&buf);
    ck_assert_str_eq(buf_str(&buf), "");
    buf_adds(&buf, "x");
    ck_assert_str_eq(buf_str(&buf), "x");
    buf_free(&buf);
}
END_TEST

START_TEST(what_is_taken_belongs_to_the_taker)
{
    struct buf buf = buf_make(0);
    buf_adds(&buf, "mine");
    char *taken = buf_take(&buf);
    ck_assert_uint_eq(buf.len, 0);
    buf_adds(&buf, "other");
    ck_assert_str_eq(taken, "mine");
    free(taken);
    buf_free(&buf);
}
END_TEST

UNIT_MAIN("buf", tcase_add_test(tc, an_empty_buffer_reads_as_an_empty_string);
          tcase_add_test(tc, what_is_added_stands_in_order);
          tcase_add_test(tc, a_buffer_grows_as_it_must);
          tcase_add_test(tc, past_the_maximum_nothing_is_added);
          tcase_add_test(tc, the_maximum_stays_when_the_content_goes);
          tcase_add_test(tc, a_buffer_is_shortened_never_lengthened);
          tcase_add_test(tc, what_is_taken_belongs_to_the_taker))
