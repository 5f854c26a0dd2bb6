/* `runtail token`: what kind of token following would use. */
#ifndef APP_TOKEN_COMMAND_H
#define APP_TOKEN_COMMAND_H

#include "app/options.h"
#include "app/settings.h"

/* Gets a token as following would, prints what it is; returns the exit
 * status. */
int token_command(const struct options *options,
                  const struct settings *settings, const char *run);

#endif
