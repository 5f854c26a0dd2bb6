/* Moments: milliseconds since 1970-01-01T00:00:00Z as int64_t. Pure
 * arithmetic: never reads a clock, never asks for the local time zone. */
#ifndef BASE_INSTANT_H
#define BASE_INSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSTANT_NONE INT64_MIN /* not known, not set */

/* Longest text instant_format() writes, with the terminating zero. */
#define INSTANT_TEXT_SIZE 32

/* RFC 3339 date-time with a zone ("Z", "+02:00"), strictly: false for anything
 * the grammar or the calendar does not allow. A leap second is accepted where
 * one may be (23:59:60 UTC) and is the first second of the next minute.
 * Fractions are cut to milliseconds, downwards. */
bool instant_parse_rfc3339(const char *text, size_t len, int64_t *out);

/* Database text without a zone, UTC: "2026-01-02 03:04:05[.123456]" or with T,
 * a trailing Z or offset ("+02", "+0200", "+02:00") tolerated, and a comma for
 * the point, as ISO 8601 and some logging libraries have it. False for what is
 * outside the years that can be written. See
 * docs/protocols.md, the columns of the feed. */
bool instant_parse_database(const char *text, size_t len, int64_t *out);

/* A number as tasks write it: its magnitude tells seconds (below 1e11), ms
 * (below 1e14), µs (below 1e17) or ns. False for NaN and infinity and for what
 * is outside the years that can be written. */
bool instant_from_number(double number, int64_t *out);

/* HTTP date, as in the Date and Retry-After headers, in any of the three forms
 * that RFC 9110 wants read. Of a year of two digits, 70 is 1970. */
bool instant_parse_http_date(const char *text, int64_t *out);

/* "2026-11-20T14:02:10.000Z". Years outside 0000-9999 give "". */
void instant_format_utc(int64_t instant_ms, char out[INSTANT_TEXT_SIZE]);

#endif
