/* The only reader of the clock. */
#ifndef IO_CLOCK_H
#define IO_CLOCK_H

#include <stdint.h>

/* Wall clock, ms since 1970 UTC. */
int64_t clock_wall_ms(void);

/* A clock that never jumps, ms; for delays. Goes on while suspended. */
int64_t clock_steady_ms(void);

/* The same clock, µs; for what something took. */
int64_t clock_steady_us(void);

#endif
