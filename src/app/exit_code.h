/* How following a run went, and the exit status that says so. */
#ifndef APP_EXIT_CODE_H
#define APP_EXIT_CODE_H

#include <stdbool.h>

#include "base/error.h"
#include "wire/facts.h"

enum {
    EXIT_COMPLETED = 0,
    EXIT_RUN_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_CANCELED = 3,
    EXIT_UNAUTHORIZED = 4,
    EXIT_UNKNOWN_RUN = 5,
    EXIT_CONNECTION = 6,
    EXIT_LEFT = 7,
    EXIT_TIMEOUT = 124,
    EXIT_SIGNAL = 128 /* plus the signal's number */
};

/* The status of a run that has ended, or EXIT_LEFT when it has not. */
int exit_code_of_run(const struct run_facts *facts);

int exit_code_of_error(const struct error *err);

#endif
