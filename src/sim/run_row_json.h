/* A row as the two back ends spell it: every column a JSON string or null. */
#ifndef SIM_RUN_ROW_JSON_H
#define SIM_RUN_ROW_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "sim/run_row.h"

/* The columns in the order of the feed: name, schema entry of the native back
 * end, schema entry of Electric. See docs/protocols.md. */
/* clang-format off */
#define ROW_COLUMNS(X)                                                         \
    X(ID, "id", "\"type\":\"text\"",                                           \
      "\"type\":\"text\",\"not_null\":true,\"pk_index\":0")                    \
    X(TASK, "taskIdentifier", "\"type\":\"text\"",                             \
      "\"type\":\"text\",\"not_null\":true")                                   \
    X(CREATED, "createdAt", "\"type\":\"timestamp\"",                          \
      "\"type\":\"timestamp\",\"precision\":3,\"not_null\":true")              \
    X(UPDATED, "updatedAt", "\"type\":\"timestamp\"",                          \
      "\"type\":\"timestamp\",\"precision\":3,\"not_null\":true")              \
    X(STARTED, "startedAt", "\"type\":\"timestamp\"",                          \
      "\"type\":\"timestamp\",\"precision\":3")                                \
    X(DELAY_UNTIL, "delayUntil", "\"type\":\"timestamp\"",                     \
      "\"type\":\"timestamp\",\"precision\":3")                                \
    X(QUEUED, "queuedAt", "\"type\":\"timestamp\"",                            \
      "\"type\":\"timestamp\",\"precision\":3")                                \
    X(EXPIRED, "expiredAt", "\"type\":\"timestamp\"",                          \
      "\"type\":\"timestamp\",\"precision\":3")                                \
    X(COMPLETED, "completedAt", "\"type\":\"timestamp\"",                      \
      "\"type\":\"timestamp\",\"precision\":3")                                \
    X(FRIENDLY_ID, "friendlyId", "\"type\":\"text\"",                          \
      "\"type\":\"text\",\"not_null\":true")                                   \
    X(NUMBER, "number", "\"type\":\"int4\"",                                   \
      "\"type\":\"int4\",\"not_null\":true")                                   \
    X(IS_TEST, "isTest", "\"type\":\"bool\"",                                  \
      "\"type\":\"bool\",\"not_null\":true")                                   \
    X(STATUS, "status", "\"type\":\"text\"",                                   \
      "\"type\":\"TaskRunStatus\",\"not_null\":true")                          \
    X(USAGE, "usageDurationMs", "\"type\":\"int4\"",                           \
      "\"type\":\"int4\",\"not_null\":true")                                   \
    X(COST, "costInCents", "\"type\":\"float8\"",                              \
      "\"type\":\"float8\",\"not_null\":true")                                 \
    X(BASE_COST, "baseCostInCents", "\"type\":\"float8\"",                     \
      "\"type\":\"float8\",\"not_null\":true")                                 \
    X(TTL, "ttl", "\"type\":\"text\"", "\"type\":\"text\"")                    \
    X(PAYLOAD, "payload", "\"type\":\"text\"",                                 \
      "\"type\":\"text\",\"not_null\":true")                                   \
    X(PAYLOAD_TYPE, "payloadType", "\"type\":\"text\"",                        \
      "\"type\":\"text\",\"not_null\":true")                                   \
    X(METADATA, "metadata", "\"type\":\"text\"", "\"type\":\"text\"")          \
    X(METADATA_TYPE, "metadataType", "\"type\":\"text\"",                      \
      "\"type\":\"text\",\"not_null\":true")                                   \
    X(OUTPUT, "output", "\"type\":\"text\"", "\"type\":\"text\"")              \
    X(OUTPUT_TYPE, "outputType", "\"type\":\"text\"",                          \
      "\"type\":\"text\",\"not_null\":true")                                   \
    X(TAGS, "runTags", "\"type\":\"text\",\"dims\":1",                         \
      "\"type\":\"text\",\"dims\":1")                                          \
    X(ERROR, "error", "\"type\":\"jsonb\"", "\"type\":\"jsonb\"")              \
    X(STREAMS, "realtimeStreams", "\"type\":\"text\",\"dims\":1",              \
      "\"type\":\"text\",\"dims\":1,\"not_null\":true")
/* clang-format on */

enum run_row_column {
#define ROW_COLUMN_ENUM(id, name, native, electric) ROW_##id,
    ROW_COLUMNS(ROW_COLUMN_ENUM)
#undef ROW_COLUMN_ENUM
    ROW_COLUMN_COUNT
};

/* A set of columns: bit 1 << column. */
typedef uint32_t run_row_set;
#define ROW_ALL (((run_row_set)1 << ROW_COLUMN_COUNT) - 1)

enum run_row_spelling {
    ROW_NATIVE,            /* the web application's own feed */
    ROW_ELECTRIC_SNAPSHOT, /* Electric: rows read by a query */
    ROW_ELECTRIC_CHANGE    /* Electric: rows read from the replication log */
};

/* Name of a column, as on the wire. */
const char *run_row_column_name(enum run_row_column column);

/* The text of one column; false when it is null. */
bool run_row_text(const struct run_row *row, enum run_row_column column,
                  enum run_row_spelling spelling, struct buf *out);

/* Appends the JSON object of the wanted columns. */
void run_row_add_value(struct buf *out, const struct run_row *row,
                       run_row_set wanted, enum run_row_spelling spelling);

/* What a row looked like, kept to compare it with a later one. Start zeroed. */
struct run_row_copy {
    char *text[ROW_COLUMN_COUNT]; /* NULL: null */
};

/* Replaces what the copy holds. */
void run_row_copy_take(struct run_row_copy *copy, const struct run_row *row);
void run_row_copy_free(struct run_row_copy *copy);

/* Columns in which a row differs from the copy. */
run_row_set run_row_changes(const struct run_row_copy *before,
                            const struct run_row *after);

/* Columns left when the comma list of a request asks to skip some; reserved
 * columns stay. NULL skips nothing. */
run_row_set run_row_set_without(const char *skip_columns);

/* Appends the value of the electric-schema header. */
void run_row_add_schema(struct buf *out, run_row_set wanted,
                        enum run_row_spelling spelling);

/* Appends the key of the row's messages, as JSON text with its quotes. */
void run_row_add_key(struct buf *out, const struct run_row *row);

#endif
