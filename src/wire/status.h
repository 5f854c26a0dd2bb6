/* Run statuses: the words of the live feed (raw), of the REST API (two
 * generations) and of an API's own polling endpoint, as one enum.
 * Source of the mapping: docs/protocols.md, "Status words". */
#ifndef WIRE_STATUS_H
#define WIRE_STATUS_H

#include <stdbool.h>
#include <stddef.h>

enum run_status {
    STATUS_UNKNOWN, /* nothing heard yet, or a word never seen before */
    STATUS_DELAYED,
    STATUS_QUEUED,
    STATUS_PENDING_VERSION,
    STATUS_DEQUEUED,
    STATUS_EXECUTING,
    STATUS_WAITING,
    STATUS_COMPLETED,
    STATUS_CANCELED,
    STATUS_FAILED,
    STATUS_CRASHED,
    STATUS_SYSTEM_FAILURE,
    STATUS_EXPIRED,
    STATUS_TIMED_OUT,
    STATUS_COUNT
};

/* Any vocabulary, exact upper-case words, also pending/complete/failed of the
 * older polling bodies. STATUS_UNKNOWN for others. */
enum run_status status_from_word(const char *word, size_t len);

/* The API word: "EXECUTING"; "UNKNOWN" for STATUS_UNKNOWN. */
const char *status_word(enum run_status status);

/* COMPLETED, CANCELED, FAILED, CRASHED, SYSTEM_FAILURE, EXPIRED, TIMED_OUT. */
bool status_is_terminal(enum run_status status);

/* FAILED, CRASHED, SYSTEM_FAILURE, TIMED_OUT. */
bool status_is_failure(enum run_status status);

#endif
