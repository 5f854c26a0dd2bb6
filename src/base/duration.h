/* Lengths of time, in milliseconds, and sizes in bytes, as people write them.
 */
#ifndef BASE_DURATION_H
#define BASE_DURATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "90s", "5m", "2h30m", "1d", "250ms", "1.5h"; each unit (ms s m h d w) at most
 * once, largest first, nothing else. The last number may have a fraction; it is
 * rounded to milliseconds. A bare number is refused. */
bool duration_parse(const char *text, int64_t *out_ms);

/* "64M", "1G", "512K", "4096"; powers of 1024. */
bool size_parse(const char *text, size_t *out);

#define DURATION_TEXT_SIZE 32

/* A clock that ticks: "01:12" below an hour, "1:02:03" above, "3d 04:05:06"
 * above a day; with tenths: "01:12.4". Negative shows as zero. */
void duration_format_clock(int64_t ms, bool tenths,
                           char out[DURATION_TEXT_SIZE]);

/* Short and readable, cut, not rounded: "0.3s", "56.1s", "4m10s", "1h02m",
 * "3d04h". Negative shows as zero. */
void duration_format_short(int64_t ms, char out[DURATION_TEXT_SIZE]);

#endif
