#include "config.h"

#include "base/duration.h"

#include <stdio.h>
#include <string.h>

enum {
    FRACTION_DIGITS = 9, /* further ones are below any unit's millisecond */
    MINUTE_S = 60,
    HOUR_S = 3600,
    DAY_S = 86400
};

#define SECOND_MS INT64_C(1000)

/* Largest first: a length may only go down in this table. */
static const struct unit {
    const char *name;
    int64_t ms;
} units[] = {
    {"w", 7 * DAY_S *SECOND_MS},
    {"d", DAY_S *SECOND_MS},
    {"h", HOUR_S *SECOND_MS},
    {"m", MINUTE_S *SECOND_MS},
    {"s", SECOND_MS},
    {"ms", 1},
};

enum {
    UNIT_COUNT = sizeof units / sizeof units[0]
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Digits at *at; false when there is none or the number is above max. */
static bool take_number(const char **at, uint64_t max, uint64_t *number)
{
    const char *start = *at;
    *number = 0;
    for (; is_digit(**at); ++*at) {
        unsigned digit = (unsigned)(**at - '0');
        if (digit > max || *number > (max - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return *at > start;
}

/* A point and digits, as a count of billionths. */
static bool take_fraction(const char **at, int64_t *billionths)
{
    const char *start = ++*at;
    *billionths = 0;
    for (int place = 0; place < FRACTION_DIGITS; place++) {
        *billionths *= 10;
        if (is_digit(**at))
            *billionths += *(*at)++ - '0';
    }
    while (is_digit(**at))
        ++*at;
    return *at > start;
}

/* The letters at *at must be a unit after the first `used` ones. */
static bool take_unit(const char **at, size_t *used, int64_t *ms)
{
    size_t len = strspn(*at, "wdhms");
    for (size_t i = *used; i < UNIT_COUNT; i++) {
        if (strlen(units[i].name) == len &&
            memcmp(*at, units[i].name, len) == 0) {
            *at += len;
            *used = i + 1;
            *ms = units[i].ms;
            return true;
        }
    }
    return false;
}

static int64_t fraction_of(int64_t unit_ms, int64_t billionths)
{
    const int64_t billion = 1000000000;
    return (unit_ms * billionths + billion / 2) / billion;
}

bool duration_parse(const char *text, int64_t *out_ms)
{
    const char *at = text;
    size_t used = 0;
    int64_t total = 0;
    int64_t billionths = -1; /* no fraction yet */
    do {
        uint64_t number;
        int64_t unit;
        if (billionths >= 0 || !take_number(&at, INT64_MAX, &number) ||
            (*at == '.' && !take_fraction(&at, &billionths)) ||
            !take_unit(&at, &used, &unit))
            return false;
        int64_t part = billionths > 0 ? fraction_of(unit, billionths) : 0;
        if ((int64_t)number > (INT64_MAX - total - part) / unit)
            return false;
        total += (int64_t)number * unit + part;
    } while (*at);
    *out_ms = total;
    return true;
}

bool size_parse(const char *text, size_t *out)
{
    static const char suffixes[] = "KMG";
    const char *at = text;
    uint64_t number;
    unsigned shift = 0;
    if (!take_number(&at, SIZE_MAX, &number))
        return false;
    if (*at) {
        const char *suffix = strchr(suffixes, *at);
        if (!suffix || at[1])
            return false;
        shift = 10 * (unsigned)(suffix - suffixes + 1);
    }
    if (number > SIZE_MAX >> shift)
        return false;
    *out = (size_t)number << shift;
    return true;
}

void duration_format_clock(int64_t ms, bool tenths,
                           char out[DURATION_TEXT_SIZE])
{
    if (ms < 0)
        ms = 0;
    long long days = ms / SECOND_MS / DAY_S;
    int seconds = (int)(ms / SECOND_MS % DAY_S);
    int hours = seconds / HOUR_S;
    int minutes = seconds / MINUTE_S % 60;
    char tenth[] = {'\0', (char)('0' + ms % SECOND_MS / 100), '\0'};
    tenth[0] = tenths ? '.' : '\0';
    seconds %= MINUTE_S;
    if (days > 0)
        snprintf(out, DURATION_TEXT_SIZE, "%lldd %02d:%02d:%02d%s", days, hours,
                 minutes, seconds, tenth);
    else if (hours > 0)
        snprintf(out, DURATION_TEXT_SIZE, "%d:%02d:%02d%s", hours, minutes,
                 seconds, tenth);
    else
        snprintf(out, DURATION_TEXT_SIZE, "%02d:%02d%s", minutes, seconds,
                 tenth);
}

void duration_format_short(int64_t ms, char out[DURATION_TEXT_SIZE])
{
    if (ms < 0)
        ms = 0;
    long long seconds = ms / SECOND_MS;
    if (seconds < MINUTE_S)
        snprintf(out, DURATION_TEXT_SIZE, "%lld.%ds", seconds,
                 (int)(ms % SECOND_MS / 100));
    else if (seconds < HOUR_S)
        snprintf(out, DURATION_TEXT_SIZE, "%lldm%02llds", seconds / MINUTE_S,
                 seconds % MINUTE_S);
    else if (seconds < DAY_S)
        snprintf(out, DURATION_TEXT_SIZE, "%lldh%02lldm", seconds / HOUR_S,
                 seconds % HOUR_S / MINUTE_S);
    else
        snprintf(out, DURATION_TEXT_SIZE, "%lldd%02lldh", seconds / DAY_S,
                 seconds % DAY_S / HOUR_S);
}
