#include "config.h"

#include "app/exit_code.h"

int exit_code_of_run(const struct run_facts *facts)
{
    if (status_is_failure(facts->status))
        return EXIT_RUN_FAILED;
    if (facts->status == STATUS_CANCELED || facts->status == STATUS_EXPIRED)
        return EXIT_CANCELED;
    /* a finished run whose status nobody knows is no success */
    return facts->status == STATUS_COMPLETED ? EXIT_COMPLETED : EXIT_LEFT;
}

int exit_code_of_error(const struct error *err)
{
    switch (err->kind) {
    case ERROR_NONE:
        return EXIT_COMPLETED;
    case ERROR_USAGE:
        return EXIT_USAGE;
    case ERROR_AUTH:
        return EXIT_UNAUTHORIZED;
    case ERROR_NOT_FOUND:
        return EXIT_UNKNOWN_RUN;
    case ERROR_CONNECTION:
    case ERROR_PROTOCOL:
    case ERROR_SYSTEM:
        break;
    }
    return EXIT_CONNECTION;
}
