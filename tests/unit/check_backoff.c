#include "config.h"

#include "wire/backoff.h"

#include "unit.h"

static const struct {
    int attempt;
    int64_t least_ms, most_ms;
} cases[] = {
    {1, 250, 1000},   {2, 500, 2000},      {3, 1000, 4000},
    {4, 2000, 8000},  {5, 4000, 16000},    {6, 8000, 32000},
    {7, 8000, 32000}, {1000, 8000, 32000}, {0, 250, 1000},
};

START_TEST(delay_lies_between_a_quarter_and_the_whole)
{
    int attempt = cases[_i].attempt;
    int64_t span = cases[_i].most_ms - cases[_i].least_ms;
    ck_assert_int_eq(backoff_ms(attempt, 0, -1), cases[_i].least_ms);
    ck_assert_int_eq(backoff_ms(attempt, (uint32_t)span, -1),
                     cases[_i].most_ms);
    for (uint32_t random = 1; random < 4000000000u; random += 77777777u) {
        int64_t delay = backoff_ms(attempt, random, -1);
        ck_assert_int_ge(delay, cases[_i].least_ms);
        ck_assert_int_le(delay, cases[_i].most_ms);
    }
}
END_TEST

START_TEST(server_can_ask_for_more_up_to_an_hour)
{
    ck_assert_int_eq(backoff_ms(1, 0, 0), 250);
    ck_assert_int_eq(backoff_ms(1, 0, 5000), 5000);
    ck_assert_int_eq(backoff_ms(6, UINT32_MAX, 100) >= 8000, 1);
    ck_assert_int_eq(backoff_ms(1, 0, INT64_MAX), 3600000);
}
END_TEST

static const struct {
    int attempt;
    int64_t least_ms, most_ms;
} of_streams[] = {
    {1, 50, 100},    {2, 100, 200},   {3, 200, 400},      {6, 1600, 3200},
    {7, 2500, 5000}, {8, 2500, 5000}, {1000, 2500, 5000}, {0, 50, 100},
};

START_TEST(delay_of_a_stream_lies_between_half_and_the_whole)
{
    int attempt = of_streams[_i].attempt;
    int64_t least = of_streams[_i].least_ms, most = of_streams[_i].most_ms;
    ck_assert_int_eq(backoff_stream_ms(attempt, 0, -1), least);
    ck_assert_int_eq(backoff_stream_ms(attempt, (uint32_t)(most - least), -1),
                     most);
    for (uint32_t random = 1; random < 4000000000u; random += 77777777u) {
        int64_t delay = backoff_stream_ms(attempt, random, -1);
        ck_assert_int_ge(delay, least);
        ck_assert_int_le(delay, most);
    }
    ck_assert_int_eq(backoff_stream_ms(attempt, 0, 60000), 60000);
}
END_TEST

UNIT_MAIN("backoff",
          tcase_add_loop_test(tc, delay_lies_between_a_quarter_and_the_whole, 0,
                              sizeof cases / sizeof *cases);
          tcase_add_test(tc, server_can_ask_for_more_up_to_an_hour);
          tcase_add_loop_test(tc,
                              delay_of_a_stream_lies_between_half_and_the_whole,
                              0, sizeof of_streams / sizeof *of_streams))
