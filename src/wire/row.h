/* One row of the run table as the live feed sends it: columns of text or null,
 * merged update by update. Columns that come unchanged are only compared. */
#ifndef WIRE_ROW_H
#define WIRE_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "wire/json_text.h"

/* The columns that runtail reads; others are skipped. */
enum column {
    COLUMN_TASK,
    COLUMN_CREATED,
    COLUMN_UPDATED,
    COLUMN_STARTED,
    COLUMN_DELAYED,
    COLUMN_QUEUED,
    COLUMN_EXPIRED,
    COLUMN_COMPLETED,
    COLUMN_ID,
    COLUMN_TEST,
    COLUMN_STATUS,
    COLUMN_USAGE,
    COLUMN_COST,
    COLUMN_BASE_COST,
    COLUMN_TTL,
    COLUMN_PAYLOAD,
    COLUMN_PAYLOAD_TYPE,
    COLUMN_METADATA,
    COLUMN_METADATA_TYPE,
    COLUMN_OUTPUT,
    COLUMN_OUTPUT_TYPE,
    COLUMN_TAGS,
    COLUMN_ERROR,
    COLUMN_STREAMS,
    COLUMN_COUNT
};

struct row;

struct row *row_create(const char *key, size_t key_len);
void row_destroy(struct row *row);

/* The message key, still escaped as it came. */
struct slice row_key(const struct row *row);

/* Reads a change's value object (p at its brace) over what is there: a column
 * that is absent keeps its value. Returns the object's end, or NULL when it is
 * cut off or broken; columns read until then have changed. */
const char *row_read(struct row *row, const char *p, const char *end);

/* Bits (1 << column) that differ since the last row_settle(). */
uint32_t row_changed(const struct row *row);
void row_settle(struct row *row);

/* Appends a column's decoded text; false when it is null or was never sent.
 * Text is well-formed UTF-8. */
bool row_text(const struct row *row, enum column column, struct buf *out);

/* The metadata's JSON text without copying; data NULL when null or never sent.
 * Valid until the next row_read(). */
struct slice row_metadata(const struct row *row);

#endif
