/* How long a silent stream is waited for, given the signs of life it gave. */
#include "config.h"

#include "wire/heartbeat.h"

#include "unit.h"

enum {
    USUAL_MS = 600 * 1000,
    MOST_SIGNS = 8
};

static const struct {
    const char *what;
    int64_t at_ms[MOST_SIGNS]; /* in order; 0: no more */
    int64_t want_ms;
} cases[] = {
    {"nothing", {0}, USUAL_MS},
    {"too few", {1000, 16000, 31000}, USUAL_MS},
    {"each quarter of a minute", {1000, 16000, 31000, 46000}, 45000},
    {"each second", {1000, 2000, 3000, 4000}, 30000},
    {"each minute", {1000, 61000, 121000, 181000}, 180000},
    {"each hour", {1000, 3601000, 7201000, 10801000}, USUAL_MS},
    {"two at once", {1000, 1001, 21000, 21002, 41000, 61000, 61001}, 60000},
    {"a burst", {1000, 1030, 1060, 1090, 1120, 1150}, USUAL_MS},
    {"twice a second", {500, 1000, 1500, 2000, 2500, 3000, 3500}, 30000},
    {"events between", {1000, 16000, 116000, 131000}, 300000},
    {"quiet again", {1000, 16000, 116000, 131000, 146000, 161000}, 45000},
};

START_TEST(silence_is_three_of_the_longest_intervals)
{
    struct heartbeat heartbeat = {0};
    for (size_t i = 0; i < MOST_SIGNS && cases[_i].at_ms[i]; i++)
        heartbeat_note(&heartbeat, cases[_i].at_ms[i]);
    ck_assert_int_eq(heartbeat_silence_ms(&heartbeat, USUAL_MS),
                     cases[_i].want_ms);
}
END_TEST

static struct heartbeat regular(void)
{
    struct heartbeat heartbeat = {0};
    for (int64_t at_ms = 0; at_ms <= 60000; at_ms += 20000)
        heartbeat_note(&heartbeat, at_ms);
    return heartbeat;
}

START_TEST(time_between_connections_is_no_interval)
{
    struct heartbeat heartbeat = regular();
    heartbeat_open(&heartbeat);
    heartbeat_note(&heartbeat, 500000);
    ck_assert_int_eq(heartbeat_silence_ms(&heartbeat, USUAL_MS), 60000);
}
END_TEST

START_TEST(what_was_learnt_is_forgotten_with_who_gives_no_sign_any_more)
{
    struct heartbeat heartbeat = regular();
    heartbeat_missed(&heartbeat);
    heartbeat_open(&heartbeat);
    ck_assert_int_eq(heartbeat_silence_ms(&heartbeat, USUAL_MS), 60000);
    heartbeat_missed(&heartbeat);
    heartbeat_open(&heartbeat);
    ck_assert_int_eq(heartbeat_silence_ms(&heartbeat, USUAL_MS), USUAL_MS);
}
END_TEST

START_TEST(without_a_usual_limit_only_missed_signs_count)
{
    struct heartbeat heartbeat = {0};
    ck_assert_int_eq(heartbeat_silence_ms(&heartbeat, 0), 0);
    heartbeat = regular();
    ck_assert_int_eq(heartbeat_silence_ms(&heartbeat, 0), 60000);
}
END_TEST

START_TEST(events_that_are_signs_are_known_by_name)
{
    ck_assert(heartbeat_is_event("ping"));
    ck_assert(heartbeat_is_event("Heartbeat"));
    ck_assert(!heartbeat_is_event("message"));
    ck_assert(!heartbeat_is_event("pinged"));
    ck_assert(!heartbeat_is_event(""));
}
END_TEST

enum {
    CASES = sizeof cases / sizeof *cases
};

UNIT_MAIN("heartbeat",
          tcase_add_loop_test(tc, silence_is_three_of_the_longest_intervals, 0,
                              CASES);
          tcase_add_test(tc, time_between_connections_is_no_interval);
          tcase_add_test(
              tc, what_was_learnt_is_forgotten_with_who_gives_no_sign_any_more);
          tcase_add_test(tc, without_a_usual_limit_only_missed_signs_count);
          tcase_add_test(tc, events_that_are_signs_are_known_by_name))
