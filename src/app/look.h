/* How things may look: what options, environment and terminal say together. */
#ifndef APP_LOOK_H
#define APP_LOOK_H

#include <stdbool.h>

#include "app/options.h"

/* Where events come from standard input, keys cannot. */
bool look_reads_input(const struct options *options);

/* The whole screen, or lines? */
bool look_wants_screen(const struct options *options);

/* The option, then NO_COLOR, then the forcing variables, then the terminal. */
bool look_wants_color(const struct options *options);

/* Flags for escape_text(): a terminal that cannot show more gets ASCII; files
 * and pipes get the text. */
unsigned look_line_flags(const struct options *options);

#endif
