/* A file for log text that memory has no room for. It has no name (it is
 * unlinked at once) and goes with the program, however that ends. */
#ifndef IO_SPOOL_H
#define IO_SPOOL_H

#include "model/logstore.h"

struct spool;

/* The file is made at the first write, in $TMPDIR or /tmp, mode 0600. */
struct spool *spool_create(void);
void spool_destroy(struct spool *spool);

/* The spool as a logstore takes it. */
struct spill spool_spill(struct spool *spool);

/* Why the spool could not be written, once it could not; else NULL. */
const char *spool_failure(const struct spool *spool);

#endif
