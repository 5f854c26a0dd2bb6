#include "config.h"

#include "io/clock.h"

#include <time.h>

enum {
#ifdef CLOCK_BOOTTIME
    STEADY = CLOCK_BOOTTIME
#else
    STEADY = CLOCK_MONOTONIC
#endif
};

static int64_t read_clock_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
    return read_clock_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_steady_ms(void)
{
    return clock_steady_us() / 1000;
}

int64_t clock_steady_us(void)
{
    return read_clock_us(STEADY);
}
