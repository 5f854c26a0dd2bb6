/* Turns a wire recording, as captured at a server, into a recording that
 * runtail play takes (docs/recording.md). */
#ifndef SIM_CONVERT_H
#define SIM_CONVERT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

/* Appends the recording. False with *err (ERROR_USAGE) when the text is no wire
 * recording, or when nothing in it is a run, a stream or an agent that runtail
 * follows. */
bool convert_recording(const char *json, size_t len, struct buf *out,
                       struct error *err);

/* runtail-sim --convert FILE: to standard output. Returns the exit status. */
int convert_main(const char *file);

#endif
