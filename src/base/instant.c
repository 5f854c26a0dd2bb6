/* Days are counted with the proleptic Gregorian calendar as "civil from days"
 * arithmetic does: years begin in March, so that the leap day is the last day
 * of a year, and 400 years are an era of 146097 days. */
#include "config.h"

#include "base/instant.h"

#include <stdio.h>
#include <string.h>

enum {
    MINUTE_S = 60,
    HOUR_S = 3600,
    DAY_S = 86400,
    ERA_DAYS = 146097,
    ERA_YEARS = 400,
    /* From 0000-03-01, where era 0 begins, to 1970-01-01. */
    EPOCH_DAY = 719468,
    MAX_YEAR = 9999
};

#define SECOND_MS INT64_C(1000)
#define DAY_MS    (DAY_S * SECOND_MS)

/* A date and time of day as written, with its distance from UTC. */
struct civil {
    int year, month, day;
    int hour, minute, second;
    int ms;
    int offset_s;
};

static int64_t floor_div(int64_t value, int64_t by)
{
    int64_t quotient = value / by;
    return value % by < 0 ? quotient - 1 : quotient;
}

static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(y, ERA_YEARS);
    int64_t year_of_era = y - era * ERA_YEARS;
    int month_from_march = (month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * ERA_DAYS + day_of_era - EPOCH_DAY;
}

static void civil_from_days(int64_t days, struct civil *out)
{
    days += EPOCH_DAY;
    int64_t era = floor_div(days, ERA_DAYS);
    int64_t day_of_era = days - era * ERA_DAYS;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                           day_of_era / 146096) /
                          365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int month_from_march = (int)((5 * day_of_year + 2) / 153);
    out->day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    out->month =
        month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    out->year = (int)(year_of_era + era * ERA_YEARS) + (out->month <= 2);
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

/* A leap second can only be inserted at the end of a day in UTC. */
static bool is_leap_second(const struct civil *civil)
{
    int of_day = civil->hour * HOUR_S + civil->minute * MINUTE_S;
    int utc = (of_day - civil->offset_s) % DAY_S;
    if (utc < 0)
        utc += DAY_S;
    return civil->second == 60 && utc == DAY_S - MINUTE_S;
}

static bool civil_is_possible(const struct civil *civil)
{
    return civil->month >= 1 && civil->month <= 12 && civil->day >= 1 &&
           civil->day <= days_of_month(civil->year, civil->month) &&
           civil->hour <= 23 && civil->minute <= 59 &&
           (civil->second <= 59 || is_leap_second(civil));
}

static bool civil_to_instant(const struct civil *civil, int64_t *out)
{
    if (!civil_is_possible(civil))
        return false;
    int64_t days = days_from_civil(civil->year, civil->month, civil->day);
    int64_t seconds = civil->hour * HOUR_S + civil->minute * MINUTE_S +
                      civil->second - civil->offset_s;
    *out = (days * DAY_S + seconds) * SECOND_MS + civil->ms;
    return true;
}

/* What is left to read. */
struct cursor {
    const char *at;
    const char *end;
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool take_digits(struct cursor *in, int count, int *value)
{
    if (in->end - in->at < count)
        return false;
    *value = 0;
    for (int i = 0; i < count; i++) {
        if (!is_digit(in->at[i]))
            return false;
        *value = *value * 10 + (in->at[i] - '0');
    }
    in->at += count;
    return true;
}

/* One byte of the given ones. */
static bool take_any(struct cursor *in, const char *bytes)
{
    if (in->at == in->end || !*in->at || !strchr(bytes, *in->at))
        return false;
    in->at++;
    return true;
}

static bool take_date(struct cursor *in, struct civil *civil)
{
    return take_digits(in, 4, &civil->year) && take_any(in, "-") &&
           take_digits(in, 2, &civil->month) && take_any(in, "-") &&
           take_digits(in, 2, &civil->day);
}

static bool take_clock(struct cursor *in, struct civil *civil)
{
    return take_digits(in, 2, &civil->hour) && take_any(in, ":") &&
           take_digits(in, 2, &civil->minute) && take_any(in, ":") &&
           take_digits(in, 2, &civil->second);
}

/* Nothing, or a mark and digits; all that is past milliseconds is cut. */
static bool take_fraction(struct cursor *in, const char *marks, int *ms)
{
    *ms = 0;
    if (!take_any(in, marks))
        return true;
    const char *start = in->at;
    for (int unit = 100; in->at < in->end && is_digit(*in->at); unit /= 10)
        *ms += (*in->at++ - '0') * unit;
    return in->at > start;
}

static bool take_offset(struct cursor *in, bool strict, int *offset_s)
{
    int hours;
    int minutes = 0;
    int sign = in->at < in->end && *in->at == '-' ? -1 : 1;
    if (!take_any(in, "+-") || !take_digits(in, 2, &hours))
        return false;
    if (strict || in->at < in->end) {
        if (!take_any(in, ":") && strict)
            return false;
        if (!take_digits(in, 2, &minutes))
            return false;
    }
    *offset_s = sign * (hours * HOUR_S + minutes * MINUTE_S);
    return hours <= 23 && minutes <= 59;
}

bool instant_parse_rfc3339(const char *text, size_t len, int64_t *out)
{
    struct cursor in = {text, text + len};
    struct civil civil = {0};
    return take_date(&in, &civil) && take_any(&in, "Tt ") &&
           take_clock(&in, &civil) && take_fraction(&in, ".", &civil.ms) &&
           (take_any(&in, "Zz") || take_offset(&in, true, &civil.offset_s)) &&
           in.at == in.end && civil_to_instant(&civil, out);
}

static const struct civil first_civil = {.month = 1, .day = 1};
static const struct civil last_civil = {.year = MAX_YEAR,
                                        .month = 12,
                                        .day = 31,
                                        .hour = 23,
                                        .minute = 59,
                                        .second = 59,
                                        .ms = 999};

static bool can_be_written(int64_t instant_ms)
{
    int64_t first;
    int64_t last;
    return civil_to_instant(&first_civil, &first) &&
           civil_to_instant(&last_civil, &last) && instant_ms >= first &&
           instant_ms <= last;
}

bool instant_parse_database(const char *text, size_t len, int64_t *out)
{
    struct cursor in = {text, text + len};
    struct civil civil = {0};
    if (!take_date(&in, &civil) || !take_any(&in, "Tt ") ||
        !take_clock(&in, &civil) || !take_fraction(&in, ".,", &civil.ms))
        return false;
    if (in.at < in.end && !take_any(&in, "Zz") &&
        !take_offset(&in, false, &civil.offset_s))
        return false;
    int64_t at;
    if (in.at != in.end || !civil_to_instant(&civil, &at) ||
        !can_be_written(at))
        return false;
    *out = at;
    return true;
}

/* The first magnitude that is no longer in this unit, and how many
 * milliseconds the unit is. */
static const struct unit {
    double end;
    double ms;
} units[] = {{1e11, 1e3}, {1e14, 1}, {1e17, 1e-3}, {1e21, 1e-6}};

bool instant_from_number(double number, int64_t *out)
{
    /* Decimal fractions of a second come out a little low. */
    const double slack_ms = 0.001;
    double magnitude = number < 0 ? -number : number;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!(magnitude < units[i].end)) /* NaN is in no unit */
            continue;
        double ms = number * units[i].ms + slack_ms;
        int64_t whole = (int64_t)ms;
        if ((double)whole > ms)
            whole--;
        if (!can_be_written(whole))
            return false;
        *out = whole;
        return true;
    }
    return false;
}

/* One of the three-letter names; *index is its place. */
static bool take_name(struct cursor *in, const char *names, int *index)
{
    for (int i = 0; names[i * 3]; i++) {
        if (in->end - in->at >= 3 && memcmp(in->at, names + i * 3, 3) == 0) {
            in->at += 3;
            *index = i;
            return true;
        }
    }
    return false;
}

static bool take_text(struct cursor *in, const char *text)
{
    size_t len = strlen(text);
    if ((size_t)(in->end - in->at) < len || memcmp(in->at, text, len) != 0)
        return false;
    in->at += len;
    return true;
}

static bool take_month(struct cursor *in, struct civil *civil)
{
    bool read =
        take_name(in, "JanFebMarAprMayJunJulAugSepOctNovDec", &civil->month);
    civil->month++;
    return read;
}

/* ", 02 Jan 2026 03:04:05 GMT", as it is sent today. */
static bool take_fixed_date(struct cursor *in, struct civil *civil)
{
    return take_text(in, ", ") && take_digits(in, 2, &civil->day) &&
           take_text(in, " ") && take_month(in, civil) && take_text(in, " ") &&
           take_digits(in, 4, &civil->year) && take_text(in, " ") &&
           take_clock(in, civil) && take_text(in, " GMT");
}

/* "day, 02-Jan-26 03:04:05 GMT", behind the first letters of "Friday". */
static bool take_rfc850_date(struct cursor *in, struct civil *civil)
{
    enum {
        FIRST_YEAR = 70 /* of the two digits that are of the last century */
    };
    while (in->at < in->end && *in->at >= 'a' && *in->at <= 'z')
        in->at++;
    bool read = take_text(in, ", ") && take_digits(in, 2, &civil->day) &&
                take_text(in, "-") && take_month(in, civil) &&
                take_text(in, "-") && take_digits(in, 2, &civil->year) &&
                take_text(in, " ") && take_clock(in, civil) &&
                take_text(in, " GMT");
    civil->year += civil->year < FIRST_YEAR ? 2000 : 1900;
    return read;
}

/* " Jan  2 03:04:05 2026", as asctime() writes it. */
static bool take_asctime_date(struct cursor *in, struct civil *civil)
{
    return take_text(in, " ") && take_month(in, civil) && take_text(in, " ") &&
           take_digits(in, take_text(in, " ") ? 1 : 2, &civil->day) &&
           take_text(in, " ") && take_clock(in, civil) && take_text(in, " ") &&
           take_digits(in, 4, &civil->year);
}

bool instant_parse_http_date(const char *text, int64_t *out)
{
    static bool (*const forms[])(struct cursor *, struct civil *) = {
        take_fixed_date, take_rfc850_date, take_asctime_date};
    struct cursor start = {text, text + strlen(text)};
    int weekday;
    if (!take_name(&start, "MonTueWedThuFriSatSun", &weekday))
        return false;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct cursor in = start;
        struct civil civil = {0};
        if (forms[i](&in, &civil) && in.at == in.end)
            return civil_to_instant(&civil, out);
    }
    return false;
}

void instant_format_utc(int64_t instant_ms, char out[INSTANT_TEXT_SIZE])
{
    out[0] = '\0';
    if (!can_be_written(instant_ms))
        return;
    int64_t days = floor_div(instant_ms, DAY_MS);
    unsigned of_day = (unsigned)(instant_ms - days * DAY_MS);
    unsigned ms = of_day % SECOND_MS;
    unsigned second = of_day / SECOND_MS;
    struct civil civil;
    civil_from_days(days, &civil);
    snprintf(out, INSTANT_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
             (unsigned)civil.year % (MAX_YEAR + 1), (unsigned)civil.month % 13,
             (unsigned)civil.day % 32, second / HOUR_S % 24,
             second / MINUTE_S % 60, second % 60, ms);
}
