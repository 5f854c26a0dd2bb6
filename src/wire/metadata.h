/* A run's metadata object: progress, current step, log, and what else is in
 * it. Given the whole text each time, does work for what changed. */
#ifndef WIRE_METADATA_H
#define WIRE_METADATA_H

#include <stdbool.h>

#include "base/buf.h"
#include "wire/facts.h"
#include "wire/json_text.h"
#include "wire/logarray.h"
#include "wire/progress.h"

struct metadata;

struct metadata *metadata_create(const char *progress_key, const char *log_key,
                                 enum progress_scale scale);
void metadata_destroy(struct metadata *metadata);

/* Reads the object's text (data NULL: the run has none) into the facts'
 * progress, step, metadata and log_unavailable; *change tells what became of
 * the log. completed: see progress_read(). False when it is not an object or
 * broken: the facts keep what was read up to there. */
bool metadata_read(struct metadata *metadata, struct slice text, bool completed,
                   struct run_facts *facts, struct logarray_change *change);

/* The text of the member "$$streams" as of the last read; data NULL: there was
 * none. Valid until the next one. */
struct slice metadata_streams(const struct metadata *metadata);

/* The log as of the last read. */
const struct logarray *metadata_log(const struct metadata *metadata);

#endif
