/* Times, lengths of time, sizes and media types. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/instant.h"
#include "wire/media_type.h"

#include "fuzz.h"

/* What was read can be written, and means the same then. */
static void check_instant(int64_t instant)
{
    char text[INSTANT_TEXT_SIZE];
    int64_t again;
    instant_format_utc(instant, text);
    if (*text) {
        FUZZ_CHECK(instant_parse_rfc3339(text, strlen(text), &again));
        FUZZ_CHECK(again == instant);
        FUZZ_CHECK(instant_parse_database(text, strlen(text), &again));
        FUZZ_CHECK(again == instant);
    }
}

static void check_durations(int64_t ms)
{
    char text[DURATION_TEXT_SIZE];
    duration_format_short(ms, text);
    FUZZ_CHECK(*text && strlen(text) < sizeof text);
    duration_format_clock(ms, true, text);
    FUZZ_CHECK(*text && strlen(text) < sizeof text);
}

static void check_numbers(const char *text, size_t len)
{
    double number;
    int64_t instant;
    if (len < sizeof number)
        return;
    memcpy(&number, text, sizeof number);
    if (instant_from_number(number, &instant)) {
        char out[INSTANT_TEXT_SIZE];
        instant_format_utc(instant, out);
        FUZZ_CHECK(*out);
        check_instant(instant);
    }
    memcpy(&instant, text, sizeof instant);
    check_instant(instant);
    check_durations(instant);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = fuzz_copy((const char *)data, size);
    char *text = fuzz_text(copy, size);
    int64_t value;
    size_t bytes;
    if (instant_parse_rfc3339(copy, size, &value)) {
        int64_t database;
        check_instant(value);
        FUZZ_CHECK(!instant_parse_database(copy, size, &database) ||
                   database == value);
    }
    if (instant_parse_database(copy, size, &value))
        check_instant(value);
    if (instant_parse_http_date(text, &value))
        check_instant(value);
    if (duration_parse(text, &value)) {
        FUZZ_CHECK(value >= 0);
        check_durations(value);
    }
    size_parse(text, &bytes);
    media_type_is(text, "text/event-stream");
    check_numbers(copy, size);
    free(text);
    free(copy);
    return 0;
}
