/* runtail play: what was recorded, as if it came now. */
#ifndef APP_PLAY_COMMAND_H
#define APP_PLAY_COMMAND_H

#include "app/options.h"

/* Returns the exit status, which is that of the session that was recorded.
 * Messages go to standard error. */
int play_command(const struct options *options);

#endif
