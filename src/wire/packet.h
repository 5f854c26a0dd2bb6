/* Packets: a value with a content type, as payload and output come. */
#ifndef WIRE_PACKET_H
#define WIRE_PACKET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends what the packet holds in readable form: compact JSON for JSON kinds
 * (the plain projection of superjson), the text itself for text, the storage
 * path for offloaded ones (*stored is set). Text that is not the JSON it says
 * is appended as it stands. type may be NULL: JSON. */
void packet_decode(struct buf *out, const char *data, size_t len,
                   const char *type, bool *stored);

#endif
