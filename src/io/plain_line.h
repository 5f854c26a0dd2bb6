/* The columns that plain lines begin with. */
#ifndef IO_PLAIN_LINE_H
#define IO_PLAIN_LINE_H

#include <stdint.h>

#include "base/buf.h"
#include "io/sink.h"
#include "wire/event.h"

/* Appends "14:02:27.190 " in the zone that was asked for; nothing where times
 * are not to be shown. */
void plain_add_time(struct buf *out, const struct sink_options *options,
                    int64_t time_ms);

/* Appends the column of the level: its word (NULL: none), coloured where it is
 * a warning or an error. */
void plain_add_level(struct buf *out, const struct sink_options *options,
                     enum log_level level, const char *word);

/* Appends two spaces and the JSON text, made safe. */
void plain_add_data(struct buf *out, const struct sink_options *options,
                    const char *json, size_t len);

#endif
