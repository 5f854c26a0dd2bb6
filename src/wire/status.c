#include "config.h"

#include "wire/status.h"

#include <string.h>

static const char *const words[STATUS_COUNT] = {
    [STATUS_UNKNOWN] = "UNKNOWN",
    [STATUS_DELAYED] = "DELAYED",
    [STATUS_QUEUED] = "QUEUED",
    [STATUS_PENDING_VERSION] = "PENDING_VERSION",
    [STATUS_DEQUEUED] = "DEQUEUED",
    [STATUS_EXECUTING] = "EXECUTING",
    [STATUS_WAITING] = "WAITING",
    [STATUS_COMPLETED] = "COMPLETED",
    [STATUS_CANCELED] = "CANCELED",
    [STATUS_FAILED] = "FAILED",
    [STATUS_CRASHED] = "CRASHED",
    [STATUS_SYSTEM_FAILURE] = "SYSTEM_FAILURE",
    [STATUS_EXPIRED] = "EXPIRED",
    [STATUS_TIMED_OUT] = "TIMED_OUT",
};

/* Words that are not API words of today: those of the live feed, of the API's
 * first version and of the oldest polling bodies. */
static const struct {
    const char *word;
    enum run_status status;
} aliases[] = {
    {"PENDING", STATUS_QUEUED},
    {"WAITING_FOR_DEPLOY", STATUS_PENDING_VERSION},
    {"RETRYING_AFTER_FAILURE", STATUS_EXECUTING},
    {"REATTEMPTING", STATUS_EXECUTING},
    {"WAITING_TO_RESUME", STATUS_WAITING},
    {"PAUSED", STATUS_WAITING},
    {"FROZEN", STATUS_WAITING},
    {"INTERRUPTED", STATUS_FAILED},
    {"COMPLETED_SUCCESSFULLY", STATUS_COMPLETED},
    {"COMPLETED_WITH_ERRORS", STATUS_FAILED},
    {"pending", STATUS_EXECUTING},
    {"complete", STATUS_COMPLETED},
    {"failed", STATUS_FAILED},
};

static bool equals(const char *word, size_t len, const char *known)
{
    return strlen(known) == len && memcmp(word, known, len) == 0;
}

enum run_status status_from_word(const char *word, size_t len)
{
    for (int i = STATUS_UNKNOWN + 1; i < STATUS_COUNT; i++)
        if (equals(word, len, words[i]))
            return (enum run_status)i;
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (equals(word, len, aliases[i].word))
            return aliases[i].status;
    return STATUS_UNKNOWN;
}

const char *status_word(enum run_status status)
{
    return words[status];
}

bool status_is_terminal(enum run_status status)
{
    return status == STATUS_COMPLETED || status == STATUS_CANCELED ||
           status == STATUS_EXPIRED || status_is_failure(status);
}

bool status_is_failure(enum run_status status)
{
    return status == STATUS_FAILED || status == STATUS_CRASHED ||
           status == STATUS_SYSTEM_FAILURE || status == STATUS_TIMED_OUT;
}
