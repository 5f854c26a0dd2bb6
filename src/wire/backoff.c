#include "config.h"

#include "wire/backoff.h"

enum {
    FIRST_MS = 1000,
    MOST_MS = 32000,
    MOST_SERVER_MS = 3600 * 1000
};

int64_t backoff_ms(int attempt, uint32_t random, int64_t server_ms)
{
    int64_t most = FIRST_MS;
    for (int i = 1; i < attempt && most < MOST_MS; i++)
        most *= 2;
    int64_t least = most / 4;
    int64_t delay = least + (int64_t)(random % (uint32_t)(most - least + 1));
    if (server_ms > MOST_SERVER_MS)
        server_ms = MOST_SERVER_MS;
    return delay > server_ms ? delay : server_ms;
}
