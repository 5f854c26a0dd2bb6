/* Some servers give a sign at fixed times, others after so much silence. The
 * time between two signs is never less than what they promise: it is that, or
 * more where events came between. So the longest of the last few errs towards
 * patience, and is right as soon as the stream is quiet. */
#include "config.h"

#include "wire/heartbeat.h"

#include <stddef.h>
#include <strings.h>

enum {
    MISSED = 3,           /* intervals without a sign */
    LEAST_MS = 30 * 1000, /* a pause of a server or of a network */
    SAME_MS = 1000        /* signs so close are one: some servers begin with
                           * several, and then give none */
};

void heartbeat_open(struct heartbeat *heartbeat)
{
    heartbeat->begun = false;
}

void heartbeat_note(struct heartbeat *heartbeat, int64_t now_ms)
{
    int64_t passed_ms = now_ms - heartbeat->last_ms;
    if (heartbeat->begun && passed_ms < SAME_MS)
        return;
    if (heartbeat->begun)
        heartbeat->intervals[heartbeat->count++ % HEARTBEAT_INTERVALS] =
            passed_ms;
    heartbeat->begun = true;
    heartbeat->last_ms = now_ms;
}

void heartbeat_missed(struct heartbeat *heartbeat)
{
    if (!heartbeat->begun)
        heartbeat->count = 0;
}

int64_t heartbeat_silence_ms(const struct heartbeat *heartbeat,
                             int64_t usual_ms)
{
    int64_t longest_ms = 0;
    if (heartbeat->count < HEARTBEAT_INTERVALS)
        return usual_ms;
    for (size_t i = 0; i < HEARTBEAT_INTERVALS; i++)
        if (heartbeat->intervals[i] > longest_ms)
            longest_ms = heartbeat->intervals[i];
    int64_t silence_ms = MISSED * longest_ms;
    if (silence_ms < LEAST_MS)
        silence_ms = LEAST_MS;
    return usual_ms && silence_ms > usual_ms ? usual_ms : silence_ms;
}

bool heartbeat_is_event(const char *name)
{
    static const char *const names[] = {"ping", "keepalive", "keep-alive",
                                        "keep_alive", "heartbeat"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}
