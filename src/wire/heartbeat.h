/* Signs of life that a server gives while it has nothing to tell: comments of
 * an event stream, `ping` events. Who gave them regularly and then does not is
 * gone, although the connection stands (half-open). Pure: instants on any
 * steady clock are handed in. */
#ifndef WIRE_HEARTBEAT_H
#define WIRE_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

enum {
    HEARTBEAT_INTERVALS = 3 /* that are to be seen before one is missed */
};

/* Of one stream, over its connections. Zero it before its first use. */
struct heartbeat {
    int64_t last_ms;                        /* where begun */
    int64_t intervals[HEARTBEAT_INTERVALS]; /* the last ones, ms */
    unsigned count;                         /* of intervals seen */
    bool begun;                             /* this connection gave a sign */
};

/* A connection was opened. What was learnt stands. */
void heartbeat_open(struct heartbeat *heartbeat);

/* A sign came. */
void heartbeat_note(struct heartbeat *heartbeat, int64_t now_ms);

/* The connection was taken for dead. Where it had given no sign at all, the
 * server may do without them by now: what was learnt is forgotten. */
void heartbeat_missed(struct heartbeat *heartbeat);

/* Silence after which a connection is dead, ms: three times the longest of the
 * last intervals, 30 s at least. usual_ms: where none are known, and at most;
 * 0: no limit. */
int64_t heartbeat_silence_ms(const struct heartbeat *heartbeat,
                             int64_t usual_ms);

/* True for the names that events have which are nothing but such a sign. */
bool heartbeat_is_event(const char *name);

#endif
