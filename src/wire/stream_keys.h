/* The names of a run's realtime streams, as the run tells them. */
#ifndef WIRE_STREAM_KEYS_H
#define WIRE_STREAM_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/json_text.h"

/* More are not taken. */
#define STREAM_KEYS_MAX 1000

struct stream_keys {
    char **keys; /* owned; none is empty */
    size_t count;
};

/* Reads the metadata's member "$$streams" (JSON text; data NULL: it has none),
 * which counts when it is an array of strings and not empty; else the row's
 * column, an array literal (NULL: it has none). What was in *keys is freed. */
void stream_keys_read(struct stream_keys *keys, struct slice metadata,
                      const char *column);

void stream_keys_free(struct stream_keys *keys);

#endif
