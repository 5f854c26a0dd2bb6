/* Saying something, once the screen is gone or where there is none. */
#ifndef APP_COMPLAIN_H
#define APP_COMPLAIN_H

#include "base/error.h"

/* Prints the message on standard error, made safe: it may hold what a server
 * or the command line said. Returns the exit status that goes with it. */
int complain(const struct error *err);

/* Prints a remark in the same way; stream: that it is about, or NULL. */
void complain_of(const char *stream, const char *words);

/* Flags for escape_text() with which what is said fits the locale. */
unsigned complain_flags(void);

#endif
