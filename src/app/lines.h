/* Lines on standard output: plain, JSON, or a stream's own text. */
#ifndef APP_LINES_H
#define APP_LINES_H

#include <stdint.h>

#include "app/options.h"
#include "base/error.h"
#include "io/sink.h"

struct lines;

/* source: its name, as --json says it. now_ms: wall clock. NULL with *err: an
 * option is not understood. */
struct lines *lines_open(const struct options *options, const char *source,
                         int64_t now_ms, struct error *err);
void lines_close(struct lines *lines); /* NULL is fine */

/* Takes the events; borrowed. */
struct sink *lines_sink(const struct lines *lines);

#endif
