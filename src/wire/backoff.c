#include "config.h"

#include "wire/backoff.h"

enum {
    MOST_SERVER_MS = 3600 * 1000
};

/* Doubling from first_ms to most_ms; random above one part in `parts`. */
static int64_t backoff(int64_t first_ms, int64_t most_ms, int64_t parts,
                       int attempt, uint32_t random, int64_t server_ms)
{
    int64_t most = first_ms;
    for (int i = 1; i < attempt && most < most_ms; i++)
        most *= 2;
    if (most > most_ms)
        most = most_ms;
    int64_t least = most / parts;
    int64_t delay = least + (int64_t)(random % (uint32_t)(most - least + 1));
    if (server_ms > MOST_SERVER_MS)
        server_ms = MOST_SERVER_MS;
    return delay > server_ms ? delay : server_ms;
}

int64_t backoff_ms(int attempt, uint32_t random, int64_t server_ms)
{
    return backoff(1000, 32000, 4, attempt, random, server_ms);
}

int64_t backoff_stream_ms(int attempt, uint32_t random, int64_t server_ms)
{
    return backoff(100, 5000, 2, attempt, random, server_ms);
}
