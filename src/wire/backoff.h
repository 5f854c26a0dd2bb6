/* How long to wait before the next try. Pure: chance is handed in. */
#ifndef WIRE_BACKOFF_H
#define WIRE_BACKOFF_H

#include <stdint.h>

/* Delay in ms before try number `attempt` (1…): doubling from 1 s to 32 s, of
 * which a random part is taken (random: any number; a quarter of the delay is
 * the least), never less than what the server asked for. server_ms: -1 for
 * nothing; capped at one hour. */
int64_t backoff_ms(int attempt, uint32_t random, int64_t server_ms);

/* The same for a run's streams, with other numbers: doubling from 100 ms to
 * 5 s, of which a random half is taken, never less than what the server asked
 * for. */
int64_t backoff_stream_ms(int attempt, uint32_t random, int64_t server_ms);

#endif
