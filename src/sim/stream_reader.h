/* Reading a stream of a run over one connection: what the platform writes, and
 * when. */
#ifndef SIM_STREAM_READER_H
#define SIM_STREAM_READER_H

#include "sim/answer.h"
#include "sim/streams.h"
#include "sim/world.h"

struct stream_request {
    const char *last_event_id; /* NULL: none; borrowed during the call */
    int64_t timeout_ms;        /* of silence, after which the server closes */
};

/* Set the stream of an answer. */
void stream_reader_open_v1(struct answer *answer, struct world *world,
                           struct sim_stream *stream,
                           const struct stream_request *request,
                           const struct moment *moment);
void stream_reader_open_v2(struct answer *answer, struct world *world,
                           struct sim_stream *stream,
                           const struct stream_request *request,
                           const struct moment *moment);

/* The parts, for those two alone. */

/* What befalls a connection at an item that is no entry, if anything: sets
 * *step. opened_ms: when it was opened, by the script. */
bool stream_reader_suffers(const struct world *world, struct stream_item *item,
                           int64_t opened_ms, enum stream_step *step);

#endif
