/* What is followed, and what its source is to do, out of options and settings.
 */
#ifndef APP_SOURCE_OPTIONS_H
#define APP_SOURCE_OPTIONS_H

#include <stdbool.h>

#include "app/options.h"
#include "app/settings.h"
#include "io/source.h"

/* True for commands that follow something, and so can be recorded. */
bool source_options_follow(enum command command);

/* What is followed, as messages and events name it: an id, or an address
 * without secrets. Owned; NULL when the target names nothing. */
char *source_options_name(const struct options *options);

/* The header that an API's polling endpoint is asked with, where it has a key
 * of its own: owned, secret; else NULL. */
char *source_options_poll_header(const struct settings *settings);

/* Sets all but renew. Borrows what it is given. on_screen: more is asked for,
 * and longer. */
void source_options_set(struct source_options *out,
                        const struct options *options,
                        const struct settings *settings, const char *run,
                        const char *poll_secret, bool on_screen);

#endif
