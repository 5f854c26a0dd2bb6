/* The user's time zone. */
#ifndef APP_ZONE_H
#define APP_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Uses the named zone instead of the system's (NULL: the system's, or TZ).
 * False with *err when there is no such zone. */
bool zone_set(const char *name, struct error *err);

/* Seconds east of UTC at the instant. */
int zone_offset_s(int64_t instant_ms);

/* Its short name now: "CET". */
const char *zone_name(void);

#endif
