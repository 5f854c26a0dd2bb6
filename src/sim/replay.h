/* Plays a wire recording: answers the k-th request to a path as the k-th was
 * answered, with its timing. The format is that of docs/scenarios.md,
 * "Recordings". */
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"
#include "sim/answer.h"

struct replay;

/* speed: divides every delay; 0: no delays. NULL with *err set when the text
 * is no recording. */
struct replay *replay_create(const char *json, size_t len, double speed,
                             struct error *err);
void replay_destroy(struct replay *replay);

/* The run of the first request to a run's feed; "" when there is none. */
const char *replay_run_id(const struct replay *replay);

/* When it was recorded, ms since 1970; -1: not known. */
int64_t replay_began_ms(const struct replay *replay);

/* Its exchanges, as they are in the file; borrowed. */
json_t *replay_exchanges(const struct replay *replay);

/* Appends the bytes of a chunk of an answer. */
void replay_add_chunk(struct buf *out, json_t *chunk);

/* The answer_ops of a replay. */
extern const struct answer_ops replay_answer_ops;

#endif
