/* Log entries as tasks write them (objects or plain strings, several spellings
 * of each field) turned into struct log_entry. */
#ifndef WIRE_ENTRY_H
#define WIRE_ENTRY_H

#include <stddef.h>

#include "base/buf.h"
#include "wire/event.h"
#include "wire/json_text.h"

/* Holds what an entry's texts point to; start with {0}, reuse, then free. */
struct entry_store {
    struct buf level;
    struct buf message;
    struct buf data;
};

/* Reads one entry from its JSON text; arrival_ms stands in where it has no
 * time of its own. The entry points into store, until the next decode.
 * Text that is no JSON becomes the message as it stands. */
void entry_decode(struct log_entry *entry, struct entry_store *store,
                  struct slice json, int64_t arrival_ms);

void entry_store_free(struct entry_store *store);

/* The usual words, any case: trace debug info log warn warning error fatal
 * verbose; LEVEL_NONE for others. */
enum log_level level_from_word(const char *word);

/* "info", … as --json spells it; NULL for LEVEL_NONE. */
const char *level_word(enum log_level level);

#endif
