#include "config.h"

#include "base/duration.h"
#include "base/instant.h"

#include <math.h>

#include "conformance.h"
#include "unit.h"

static json_t *cases;

static json_int_t number_of(json_t *item, const char *key)
{
    return json_integer_value(json_object_get(item, key));
}

static void check_date_time(json_t *item)
{
    bool valid = is_of_class(item, "datetime-valid");
    if (!valid && !is_of_class(item, "datetime-invalid"))
        return;
    int64_t want = number_of(item, "unix_seconds") * 1000 +
                   number_of(item, "nanoseconds") / 1000000;

    int64_t got = INSTANT_NONE;
    bool read = instant_parse_rfc3339(text_of(item, "text"),
                                      length_of(item, "text"), &got);

    ck_assert_msg(read == valid, "%s: \"%s\"", text_of(item, "name"),
                  text_of(item, "text"));
    ck_assert_msg(!valid || got == want, "%s: got %lld, want %lld",
                  text_of(item, "name"), (long long)got, (long long)want);
}

START_TEST(date_times_are_read_as_rfc_3339_says)
{
    for_each_case(cases, check_date_time);
}
END_TEST

/* A time of day, put after a date, is a date-time. */
static void check_time_of_day(json_t *item)
{
    bool valid = is_of_class(item, "timeofday-valid");
    if (!valid && !is_of_class(item, "timeofday-invalid"))
        return;
    struct buf text = buf_make(0);
    buf_addf(&text, "2016-12-31T%s", text_of(item, "text"));

    int64_t got;
    bool read = instant_parse_rfc3339(text.data, text.len, &got);

    ck_assert_msg(read == valid, "%s: \"%s\"", text_of(item, "name"),
                  text.data);
    buf_free(&text);
}

START_TEST(times_of_day_are_read_as_rfc_3339_says)
{
    for_each_case(cases, check_time_of_day);
}
END_TEST

static void check_written(json_t *item)
{
    if (!is_of_class(item, "timezone"))
        return;
    char want[INSTANT_TEXT_SIZE];
    char got[INSTANT_TEXT_SIZE];
    snprintf(want, sizeof want, "%.19s.007Z", text_of(item, "utc"));

    instant_format_utc(number_of(item, "unix_seconds") * 1000 + 7, got);

    ck_assert_str_eq(got, want);
}

START_TEST(an_instant_is_written_in_utc)
{
    for_each_case(cases, check_written);
}
END_TEST

/* Of the forms the library of these cases takes, the command line takes one:
 * whole or decimal numbers, each with a short unit. */
static bool is_of_our_grammar(const char *text)
{
    static const char *const units[] = {"ms", "s", "m", "h", "d", "w"};
    size_t digits = strspn(text, "0123456789");
    if (digits == 0)
        return false;
    text += digits;
    if (text[0] == '.' && strspn(text + 1, "0123456789") > 0)
        text += 1 + strspn(text + 1, "0123456789");
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text, units[i]) == 0)
            return true;
    }
    return false;
}

static void check_duration(json_t *item)
{
    if (!is_of_class(item, "shortduration-valid") &&
        !is_of_class(item, "shortduration-invalid"))
        return;
    const char *text = text_of(item, "text");

    int64_t got = -1;
    bool read = duration_parse(text, &got);

    ck_assert_msg(read == is_of_our_grammar(text), "%s: \"%s\"",
                  text_of(item, "name"), text);
    if (read)
        ck_assert_int_eq(got, llround(json_number_value(
                                  json_object_get(item, "milliseconds"))));
}

START_TEST(short_durations_are_read_where_the_command_line_has_them)
{
    for_each_case(cases, check_duration);
}
END_TEST

static void load(void)
{
    cases = conformance_load("time");
}

UNIT_MAIN("conformance_time", load();
          tcase_add_test(tc, date_times_are_read_as_rfc_3339_says);
          tcase_add_test(tc, times_of_day_are_read_as_rfc_3339_says);
          tcase_add_test(tc, an_instant_is_written_in_utc); tcase_add_test(
              tc, short_durations_are_read_where_the_command_line_has_them);)
