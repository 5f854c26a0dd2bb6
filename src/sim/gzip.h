/* The gzip format (RFC 1952) without compression: stored blocks alone. Enough
 * to see whether a client decodes what it asked for. */
#ifndef SIM_GZIP_H
#define SIM_GZIP_H

#include "base/buf.h"

/* Appends len bytes as one gzip member. */
void gzip_store(struct buf *out, const char *bytes, size_t len);

#endif
