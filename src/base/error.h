/* Errors as values. Functions that can fail take a last parameter
 * `struct error *err` and return false; the first error set is kept, because
 * it is the cause. The message is one sentence for a person: what failed, with
 * which run or URL, why, what to do next. Never a secret. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

/* What a caller can do about it; `app` maps these to exit codes (docs: the
 * exit status table of the man page). */
enum error_kind {
    ERROR_NONE,
    ERROR_USAGE,      /* wrong options or configuration: exit 2 */
    ERROR_AUTH,       /* no token, refused, wrong scope: exit 4 */
    ERROR_NOT_FOUND,  /* no such run, batch, agent: exit 5 */
    ERROR_CONNECTION, /* the server could not be reached: exit 6 */
    ERROR_PROTOCOL,   /* the server's answer made no sense: exit 6 */
    ERROR_SYSTEM      /* the machine refused something: exit 6 */
};

struct error {
    enum error_kind kind; /* ERROR_NONE: nothing happened */
    char message[600];    /* UTF-8, cut at the end when longer */
};

/* Sets *err unless it holds an error already. Always returns false, so that
 * `return error_set(err, …)` reads well. err may be NULL. */
bool error_set(struct error *err, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* From now on there is no error: the next one counts. */
void error_clear(struct error *err);

#endif
