#include "config.h"

#include "base/instant.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include "unit.h"

#define AT_2026 INT64_C(1767323045678) /* 2026-01-02T03:04:05.678Z */

static const struct {
    const char *text;
    int64_t instant; /* INSTANT_NONE: refused */
} strict[] = {
    {"2026-01-02T03:04:05.678Z", AT_2026},
    {"2026-01-02t03:04:05.678z", AT_2026},
    {"2026-01-02 03:04:05.678Z", AT_2026},
    {"2026-01-02T05:04:05.678+02:00", AT_2026},
    {"2026-01-01T21:34:05.678-05:30", AT_2026},
    {"2026-01-02T03:04:05.6789999999Z", AT_2026},
    {"1970-01-01T00:00:00Z", 0},
    {"1969-12-31T23:59:59.999Z", -1},
    {"1600-02-29T00:00:00Z", INT64_C(-11670998400000)},
    {"0000-01-01T00:00:00Z", INT64_C(-62167219200000)},
    {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
    {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
    {"2017-01-01T01:29:60+01:30", INT64_C(1483228800000)},
    {"2016-12-31T23:58:60Z", INSTANT_NONE},
    {"2016-12-31T23:59:61Z", INSTANT_NONE},
    {"2026-01-02T03:04:05", INSTANT_NONE},
    {"2026-01-02T03:04:05.Z", INSTANT_NONE},
    {"2026-01-02T03:04:05,5Z", INSTANT_NONE},
    {"2026-01-02T03:04Z", INSTANT_NONE},
    {"2026-01-02", INSTANT_NONE},
    {"2026-1-02T03:04:05Z", INSTANT_NONE},
    {"2026-13-02T03:04:05Z", INSTANT_NONE},
    {"2026-00-02T03:04:05Z", INSTANT_NONE},
    {"2026-02-29T03:04:05Z", INSTANT_NONE},
    {"2100-02-29T03:04:05Z", INSTANT_NONE},
    {"2026-04-31T03:04:05Z", INSTANT_NONE},
    {"2026-01-00T03:04:05Z", INSTANT_NONE},
    {"2026-01-02T24:00:00Z", INSTANT_NONE},
    {"2026-01-02T03:60:05Z", INSTANT_NONE},
    {"2026-01-02T03:04:05+24:00", INSTANT_NONE},
    {"2026-01-02T03:04:05+02:60", INSTANT_NONE},
    {"2026-01-02T03:04:05+0200", INSTANT_NONE},
    {"2026-01-02T03:04:05+02", INSTANT_NONE},
    {"2026-01-02T03:04:05ZZ", INSTANT_NONE},
    {"2026-01-02T03:04:05Z ", INSTANT_NONE},
    {" 2026-01-02T03:04:05Z", INSTANT_NONE},
    {"", INSTANT_NONE},
};

enum {
    STRICT = sizeof strict / sizeof strict[0]
};

static void assert_instant(const char *text, bool read, int64_t got,
                           int64_t want)
{
    ck_assert_msg(read == (want != INSTANT_NONE), "\"%s\" read: %d", text,
                  read);
    ck_assert_msg(got == want, "\"%s\": %lld", text, (long long)got);
}

START_TEST(rfc_3339_is_read_strictly)
{
    const char *text = strict[_i].text;
    int64_t got = INSTANT_NONE;
    bool read = instant_parse_rfc3339(text, strlen(text), &got);
    assert_instant(text, read, got, strict[_i].instant);
}
END_TEST

/* Copies of their own, so that a sanitizer sees a byte read past the end. */
START_TEST(only_the_given_bytes_are_read)
{
    const char *text = "2026-01-02T03:04:05Z+junk";
    for (size_t len = 1; len <= strlen(text); len++) {
        char *copy = mem_alloc(len);
        int64_t got;
        memcpy(copy, text, len);
        ck_assert_int_eq(instant_parse_rfc3339(copy, len, &got), len == 20);
        ck_assert_int_eq(instant_parse_database(copy, len, &got),
                         len == 19 || len == 20);
        free(copy);
    }
}
END_TEST

static const struct {
    const char *text;
    int64_t instant;
} database[] = {
    {"2026-01-02 03:04:05.678", AT_2026},
    {"2026-01-02T03:04:05.678", AT_2026},
    {"2026-01-02T03:04:05.678901", AT_2026},
    {"2026-01-02 03:04:05.678Z", AT_2026},
    {"2026-01-02 03:04:05,678", AT_2026},
    {"2026-01-02 05:04:05.678+02", AT_2026},
    {"2026-01-02 05:04:05.678+0200", AT_2026},
    {"2026-01-02 05:04:05.678+02:00", AT_2026},
    {"2026-01-02 03:04:05", AT_2026 - 678},
    {"2026-01-02 03:04:05.6", AT_2026 - 78},
    {"2026-01-02", INSTANT_NONE},
    {"2026-01-02 03:04", INSTANT_NONE},
    {"2026-02-30 03:04:05", INSTANT_NONE},
    {"2026-01-02 03:04:05 UTC", INSTANT_NONE},
    {"2026-01-02 03:04:05+2", INSTANT_NONE},
    {"2026-01-02 03:04:05+02:", INSTANT_NONE},
    {"9999-12-31 23:59:59.999+00", INT64_C(253402300799999)},
    {"9999-12-31 23:59:59-01", INSTANT_NONE},
    {"0000-01-01 00:00:00+01", INSTANT_NONE},
    {"infinity", INSTANT_NONE},
    {"", INSTANT_NONE},
};

enum {
    DATABASE = sizeof database / sizeof database[0]
};

START_TEST(database_text_without_a_zone_is_utc)
{
    const char *text = database[_i].text;
    int64_t got = INSTANT_NONE;
    bool read = instant_parse_database(text, strlen(text), &got);
    assert_instant(text, read, got, database[_i].instant);
}
END_TEST

static const struct {
    double number;
    int64_t instant;
} numbers[] = {
    {0, 0},
    {1767323045, AT_2026 - 678},
    {1767323045.678, AT_2026},
    {1767323045.6789, AT_2026},
    {1093448527.475, INT64_C(1093448527475)}, /* a little low as a double */
    {1767323045678.0, AT_2026},
    {1767323045678.9, AT_2026},
    {1767323045678901.0, AT_2026},
    {1767323045678901234.0, AT_2026},
    {99999999999.0, INT64_C(99999999999000)},
    {100000000000.0, INT64_C(100000000000)},
    {99999999999999.0, INT64_C(99999999999999)},
    {100000000000000.0, INT64_C(100000000000)},
    {100000000000000000.0, INT64_C(100000000000)},
    {-1, -1000},
    {-0.5, -500},
    {-61e9, INT64_C(-61000000000000)},
    {-63e9, INSTANT_NONE}, /* before the year 0 */
    {3e20, INSTANT_NONE},  /* after 9999 */
    {1e300, INSTANT_NONE},
    {NAN, INSTANT_NONE},
    {INFINITY, INSTANT_NONE},
    {-INFINITY, INSTANT_NONE},
};

enum {
    NUMBERS = sizeof numbers / sizeof numbers[0]
};

START_TEST(the_magnitude_of_a_number_tells_its_unit)
{
    int64_t got = INSTANT_NONE;
    bool read = instant_from_number(numbers[_i].number, &got);
    ck_assert_msg(read == (numbers[_i].instant != INSTANT_NONE), "%g read: %d",
                  numbers[_i].number, read);
    ck_assert_msg(got == numbers[_i].instant, "%.3f: %lld", numbers[_i].number,
                  (long long)got);
}
END_TEST

static const struct {
    const char *text;
    int64_t instant;
} http[] = {
    {"Sun, 06 Nov 1994 08:49:37 GMT", INT64_C(784111777000)},
    {"Fri, 02 Jan 2026 03:04:05 GMT", AT_2026 - 678},
    {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
    {"Sun, 6 Nov 1994 08:49:37 GMT", INSTANT_NONE},
    {"Sun, 06 Nov 1994 08:49:37 UTC", INSTANT_NONE},
    {"Sun, 06 Nov 1994 08:49:37 GMT ", INSTANT_NONE},
    {"Sun, 06 nov 1994 08:49:37 GMT", INSTANT_NONE},
    {"Sun, 31 Nov 1994 08:49:37 GMT", INSTANT_NONE},
    {"Sun, 06 Nov 1994 25:49:37 GMT", INSTANT_NONE},
    {"Sunday, 06-Nov-94 08:49:37 GMT", INT64_C(784111777000)},
    {"Friday, 02-Jan-26 03:04:05 GMT", AT_2026 - 678},
    {"Thursday, 01-Jan-70 00:00:00 GMT", 0},
    {"Sun Nov  6 08:49:37 1994", INT64_C(784111777000)},
    {"Sun Nov 06 08:49:37 1994", INT64_C(784111777000)},
    {"Wed Nov 16 08:49:37 1994", INT64_C(784975777000)},
    {"Sunday, 06 Nov 1994 08:49:37 GMT", INSTANT_NONE},
    {"Sunday, 06-Nov-1994 08:49:37 GMT", INSTANT_NONE},
    {"Sunday, 31-Nov-94 08:49:37 GMT", INSTANT_NONE},
    {"Sun Nov 6 08:49:37 1994", INSTANT_NONE},
    {"Sun Nov  6 08:49:37 1994 GMT", INSTANT_NONE},
    {"Someday, 06-Nov-94 08:49:37 GMT", INSTANT_NONE},
    {"120", INSTANT_NONE},
    {"", INSTANT_NONE},
};

enum {
    HTTP = sizeof http / sizeof http[0]
};

START_TEST(an_http_date_is_read)
{
    int64_t got = INSTANT_NONE;
    bool read = instant_parse_http_date(http[_i].text, &got);
    assert_instant(http[_i].text, read, got, http[_i].instant);
}
END_TEST

static const struct {
    int64_t instant;
    const char *text;
} written[] = {
    {AT_2026, "2026-01-02T03:04:05.678Z"},
    {0, "1970-01-01T00:00:00.000Z"},
    {-1, "1969-12-31T23:59:59.999Z"},
    {INT64_C(951782400000), "2000-02-29T00:00:00.000Z"},
    {INT64_C(-62167219200000), "0000-01-01T00:00:00.000Z"},
    {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
    {INT64_C(-62167219200001), ""},
    {INT64_C(253402300800000), ""},
    {INSTANT_NONE, ""},
    {INT64_MAX, ""},
};

enum {
    WRITTEN = sizeof written / sizeof written[0]
};

START_TEST(an_instant_is_written_in_utc)
{
    char text[INSTANT_TEXT_SIZE] = "unchanged";
    instant_format_utc(written[_i].instant, text);
    ck_assert_str_eq(text, written[_i].text);
}
END_TEST

START_TEST(every_day_reads_back_as_it_is_written)
{
    const int64_t day_ms = 86400000;
    const int64_t first = INT64_C(-62167219200000);
    char before[INSTANT_TEXT_SIZE] = "";
    for (int64_t at = first + 43200001; at < 253402300800000; at += day_ms) {
        char text[INSTANT_TEXT_SIZE];
        int64_t got = INSTANT_NONE;
        instant_format_utc(at, text);
        unit_holds(strcmp(text, before) > 0);
        unit_holds(instant_parse_rfc3339(text, strlen(text), &got));
        unit_holds(got == at);
        memcpy(before, text, sizeof before);
    }
}
END_TEST

UNIT_MAIN("instant",
          tcase_add_loop_test(tc, rfc_3339_is_read_strictly, 0, STRICT);
          tcase_add_test(tc, only_the_given_bytes_are_read);
          tcase_add_loop_test(tc, database_text_without_a_zone_is_utc, 0,
                              DATABASE);
          tcase_add_loop_test(tc, the_magnitude_of_a_number_tells_its_unit, 0,
                              NUMBERS);
          tcase_add_loop_test(tc, an_http_date_is_read, 0, HTTP);
          tcase_add_loop_test(tc, an_instant_is_written_in_utc, 0, WRITTEN);
          tcase_add_test(tc, every_day_reads_back_as_it_is_written);)
