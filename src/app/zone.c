#include "config.h"

#include "app/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The C library takes an unknown zone for UTC without a word. */
static bool is_known(const char *name)
{
    char path[300];
    if (strcmp(name, "UTC") == 0)
        return true;
    if (!*name || name[0] == '/' || strstr(name, "..") || strlen(name) > 200)
        return false;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    return access(path, R_OK) == 0;
}

bool zone_set(const char *name, struct error *err)
{
    if (name && !is_known(name))
        return error_set(err, ERROR_USAGE,
                         "--tz knows no zone \"%.60s\"; it takes a name such "
                         "as Europe/Berlin or UTC",
                         name);
    if (name)
        setenv("TZ", name, 1);
    tzset();
    return true;
}

int zone_offset_s(int64_t instant_ms)
{
    struct tm local;
    time_t seconds = (time_t)(instant_ms / 1000);
    return localtime_r(&seconds, &local) ? (int)local.tm_gmtoff : 0;
}

const char *zone_name(void)
{
    static char name[32];
    struct tm local;
    time_t now = time(NULL);
    if (!localtime_r(&now, &local) || !local.tm_zone)
        return "local time";
    snprintf(name, sizeof name, "%s", local.tm_zone);
    return name;
}
