/* How things may look: what options, environment and terminal say together. */
#ifndef APP_LOOK_H
#define APP_LOOK_H

#include <stdbool.h>

#include "app/options.h"

/* Are events or a recording read from standard input? */
bool look_reads_input(const struct options *options);

/* The whole screen, or lines? reads_input: what is followed comes from standard
 * input. Then keys come from the terminal that the output goes to, where it is
 * the session's own; else from standard input. */
bool look_wants_screen(const struct options *options, bool reads_input);

/* The option, then NO_COLOR, then the forcing variables, then the terminal. */
bool look_wants_color(const struct options *options);

/* Flags for escape_text(): a terminal that cannot show more gets ASCII; files
 * and pipes get the text. */
unsigned look_line_flags(const struct options *options);

#endif
