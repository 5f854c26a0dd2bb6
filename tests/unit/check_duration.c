#include "config.h"

#include "base/duration.h"

#include "unit.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static const struct {
    const char *text;
    int64_t ms; /* -1: refused */
} durations[] = {
    {"90s", 90 * SECOND},
    {"5m", 5 * MINUTE},
    {"2h30m", 2 * HOUR + 30 * MINUTE},
    {"1d", DAY},
    {"2w", 14 * DAY},
    {"250ms", 250},
    {"0s", 0},
    {"1.5h", HOUR + 30 * MINUTE},
    {"0.25s", 250},
    {"1.0006s", 1001},
    {"1m1.5s", 61500},
    {"1w2d3h4m5s6ms", 9 * DAY + 3 * HOUR + 4 * MINUTE + 5006},
    {"1m30ms", MINUTE + 30},
    {"0.33333333333333333333s", 333},
    {"9223372036854775807ms", INT64_MAX},
    {"9223372036854775808ms", -1},
    {"15250284453w", -1},
    {"9223372036854775s808ms", -1},
    {"99999999999999999999s", -1},
    {"", -1},
    {"90", -1},
    {"s", -1},
    {".5s", -1},
    {"1.s", -1},
    {"1.5h30m", -1},
    {"30m2h", -1},
    {"1s1s", -1},
    {"1ms1s", -1},
    {"1h30", -1},
    {"-5s", -1},
    {"+5s", -1},
    {"5 s", -1},
    {" 5s", -1},
    {"5s ", -1},
    {"5S", -1},
    {"5sec", -1},
    {"5y", -1},
    {"5sm", -1},
    {"1h,5m", -1},
    {"1e3s", -1},
    {"0x10s", -1},
};

enum {
    DURATIONS = sizeof durations / sizeof durations[0]
};

START_TEST(a_duration_is_numbers_with_units)
{
    int64_t ms = -1;
    bool read = duration_parse(durations[_i].text, &ms);
    ck_assert_msg(read == (durations[_i].ms >= 0), "\"%s\" read: %d",
                  durations[_i].text, read);
    ck_assert_msg(ms == durations[_i].ms, "\"%s\": %lld", durations[_i].text,
                  (long long)ms);
}
END_TEST

static const struct {
    const char *text;
    bool valid;
    size_t bytes;
} sizes[] = {
    {"4096", true, 4096},
    {"0", true, 0},
    {"512K", true, 512 * 1024},
    {"64M", true, (size_t)64 << 20},
    {"1G", true, (size_t)1 << 30},
    {"18446744073709551615", true, SIZE_MAX},
    {"18446744073709551616", false, 0},
    {"17179869183G", true, SIZE_MAX - ((size_t)1 << 30) + 1},
    {"17179869184G", false, 0},
    {"", false, 0},
    {"M", false, 0},
    {"-1", false, 0},
    {"+1", false, 0},
    {" 1", false, 0},
    {"1 M", false, 0},
    {"1m", false, 0},
    {"1MB", false, 0},
    {"1MiB", false, 0},
    {"1T", false, 0},
    {"1.5G", false, 0},
    {"0x10", false, 0},
};

enum {
    SIZES = sizeof sizes / sizeof sizes[0]
};

START_TEST(a_size_is_a_number_with_a_power_of_1024)
{
    size_t bytes = 0;
    bool read = size_parse(sizes[_i].text, &bytes);
    ck_assert_msg(read == sizes[_i].valid, "\"%s\" read: %d", sizes[_i].text,
                  read);
    ck_assert_msg(bytes == sizes[_i].bytes, "\"%s\": %zu", sizes[_i].text,
                  bytes);
}
END_TEST

static const struct {
    int64_t ms;
    const char *clock;
    const char *tenths;
    const char *brief;
} shown[] = {
    {INT64_MIN, "00:00", "00:00.0", "0.0s"},
    {-1, "00:00", "00:00.0", "0.0s"},
    {0, "00:00", "00:00.0", "0.0s"},
    {99, "00:00", "00:00.0", "0.0s"},
    {300, "00:00", "00:00.3", "0.3s"},
    {999, "00:00", "00:00.9", "0.9s"},
    {56190, "00:56", "00:56.1", "56.1s"},
    {59999, "00:59", "00:59.9", "59.9s"},
    {MINUTE, "01:00", "01:00.0", "1m00s"},
    {72400, "01:12", "01:12.4", "1m12s"},
    {4 * MINUTE + 10 * SECOND, "04:10", "04:10.0", "4m10s"},
    {HOUR - 1, "59:59", "59:59.9", "59m59s"},
    {HOUR + 2 * MINUTE + 3 * SECOND, "1:02:03", "1:02:03.0", "1h02m"},
    {DAY - 1, "23:59:59", "23:59:59.9", "23h59m"},
    {3 * DAY + 4 * HOUR + 5 * MINUTE + 6 * SECOND, "3d 04:05:06",
     "3d 04:05:06.0", "3d04h"},
    {INT64_MAX, "106751991167d 07:12:55", "106751991167d 07:12:55.8",
     "106751991167d07h"},
};

enum {
    SHOWN = sizeof shown / sizeof shown[0]
};

START_TEST(a_duration_is_shown)
{
    char text[DURATION_TEXT_SIZE];
    duration_format_clock(shown[_i].ms, false, text);
    ck_assert_str_eq(text, shown[_i].clock);
    duration_format_clock(shown[_i].ms, true, text);
    ck_assert_str_eq(text, shown[_i].tenths);
    duration_format_short(shown[_i].ms, text);
    ck_assert_str_eq(text, shown[_i].brief);
}
END_TEST

UNIT_MAIN("duration", tcase_add_loop_test(tc, a_duration_is_numbers_with_units,
                                          0, DURATIONS);
          tcase_add_loop_test(tc, a_size_is_a_number_with_a_power_of_1024, 0,
                              SIZES);
          tcase_add_loop_test(tc, a_duration_is_shown, 0, SHOWN);)
