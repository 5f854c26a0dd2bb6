#include "config.h"

#include "wire/progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct run_progress none = {PROGRESS_NONE, 0, NAN, NAN};
static const struct run_progress unknown = {PROGRESS_UNKNOWN, 0, NAN, NAN};

/* The number in a JSON number or in a string such as "42" or "42%". */
static bool read_number(struct slice value, double *number, bool *percent)
{
    char text[64];
    if (value.len >= 2 && value.data[0] == '"')
        value = (struct slice){value.data + 1, value.len - 2};
    if (!value.data || !value.len || value.len >= sizeof text)
        return false;
    memcpy(text, value.data, value.len);
    text[value.len] = '\0';
    if (text[strspn(text, "+-.0123456789eE% ")])
        return false;
    char *end;
    *number = strtod(text, &end);
    if (end == text)
        return false;
    end += strspn(end, " ");
    *percent = *end == '%';
    end += *percent;
    end += strspn(end, " ");
    return !*end && isfinite(*number);
}

static double clamp(double ratio)
{
    return ratio < 0 ? 0 : ratio > 1 ? 1 : ratio;
}

static double ratio_of(struct progress_reader *reader, double number,
                       bool completed)
{
    if (reader->scale == SCALE_FRACTION)
        return clamp(number);
    if (reader->scale == SCALE_PERCENT)
        return clamp(number / 100);
    bool integer = floor(number) >= number;
    bool is_one = integer && number > 0 && number < 2;
    reader->saw_above_one |= number > 1;
    reader->saw_fraction |= number < 1 && !integer;
    if (is_one && completed)
        return 1;
    if (reader->saw_above_one)
        return clamp(number / 100);
    return is_one && !reader->saw_fraction ? 0.01 : clamp(number);
}

static struct run_progress read_pair(struct slice object)
{
    struct json_walk walk;
    struct slice key, value;
    struct run_progress progress = unknown;
    bool percent;
    json_walk_start(&walk, object);
    while (json_walk_next(&walk, &key, &value)) {
        double number;
        if (!read_number(value, &number, &percent))
            continue;
        if (slice_is(key, "total"))
            progress.total = number;
        else if (slice_is(key, "current") || slice_is(key, "completed"))
            progress.current = number;
    }
    if (!(progress.total > 0) || !(progress.current >= 0))
        return unknown;
    progress.kind = PROGRESS_RATIO;
    progress.ratio = clamp(progress.current / progress.total);
    return progress;
}

struct run_progress progress_read(struct progress_reader *reader,
                                  struct slice value, bool completed)
{
    double number;
    bool percent;
    if (!value.data)
        return none;
    if (value.data[0] == '{')
        return read_pair(value);
    if (!read_number(value, &number, &percent) || number < 0)
        return unknown;
    struct run_progress progress = unknown;
    progress.kind = PROGRESS_RATIO;
    progress.ratio =
        percent ? clamp(number / 100) : ratio_of(reader, number, completed);
    return progress;
}
