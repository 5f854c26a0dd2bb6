/* The log of a run as its metadata carries it: the whole array each time. This
 * finds what is new: entries appended, a window that slid, entries taken back
 * or written anew. See docs/protocols.md, "The log between two updates".
 *
 * The array is compared as text; only where the texts part in a way that is
 * neither growth nor a slide are elements decoded, to see whether they mean
 * the same in another spelling. */
#ifndef WIRE_LOGARRAY_H
#define WIRE_LOGARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/json_text.h"

struct logarray;

/* What became of the array. Before `fresh` elements at its end, `kept` stand
 * as they were; `withdrawn` old ones are gone although they were not the
 * oldest (a rewrite or a cut); `slid` old ones left at the front. */
struct logarray_change {
    size_t kept;
    size_t withdrawn;
    size_t slid;
    size_t fresh;
};

struct logarray *logarray_create(void);
void logarray_destroy(struct logarray *array);

/* Compares with the array text before and takes over the new one. value: a
 * JSON array's text from [ to anywhere behind its end; a value of another kind
 * counts as an array of that one element. Returns the end of the value, NULL
 * when it is cut off or broken (nothing is changed then). */
const char *logarray_update(struct logarray *array, const char *value,
                            const char *end, struct logarray_change *change);

size_t logarray_count(const struct logarray *array);

/* Text of one element, valid until the next update. index < count. */
struct slice logarray_element(const struct logarray *array, size_t index);

/* Elements whose text was walked over since creation: for tests of cost. */
uint64_t logarray_walked(const struct logarray *array);

#endif
