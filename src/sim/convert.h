/* Turns a wire recording, as captured at a server, into a recording that
 * runtail play takes (docs/recording.md). */
#ifndef SIM_CONVERT_H
#define SIM_CONVERT_H

#include <stdbool.h>
#include <stddef.h>

/* runtail-sim --convert FILE: to standard output. Returns the exit status. */
int convert_main(const char *file);

#endif
