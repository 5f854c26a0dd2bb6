/* Which entries of a run's log are lines on the screen: what filters, folded
 * steps, withdrawn entries and a pause leave. Answers "the next one" and "the
 * one before" at a cost that does not depend on the log's length: a folded
 * step is jumped over, a filter asks each entry once and remembers. */
#ifndef VIEW_LINES_H
#define VIEW_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/run.h"
#include "view/filter.h"

#define LINES_NO_STEP SIZE_MAX

struct lines;

struct lines *lines_create(void);
void lines_destroy(struct lines *lines);

/* The settings; change them through the functions below. */
const struct filter *lines_filter(const struct lines *lines);

/* near: an entry close to what is shown; the filter looks from there on.
 * Takes the patterns (NULL: none). */
void lines_set_patterns(struct lines *lines, struct pattern *include,
                        struct pattern *exclude, uint64_t near);
void lines_set_level(struct lines *lines, enum log_level level, uint64_t near);

/* Entries from `end` on do not exist for the reader until the next call;
 * UINT64_MAX: no limit. */
void lines_set_limit(struct lines *lines, uint64_t end);

/* One past the last entry that may be shown. */
uint64_t lines_end(const struct lines *lines, const struct run *run);

/* The first line at or after entry `from`; the first after `number`; the last
 * before it. `number` is a line or lines_end(). False: there is none, and *out
 * stays as it is. */
bool lines_from(struct lines *lines, const struct run *run, uint64_t from,
                uint64_t *out);
bool lines_next(struct lines *lines, const struct run *run, uint64_t number,
                uint64_t *out);
bool lines_prev(struct lines *lines, const struct run *run, uint64_t number,
                uint64_t *out);

/* The line that stands for any entry: itself, the header of the folded step it
 * is in, else the next line, else the last. False: nothing is shown, and *out
 * stays as it is. */
bool lines_nearest(struct lines *lines, const struct run *run, uint64_t number,
                   uint64_t *out);

/* Index of the step an entry lies in; LINES_NO_STEP: before the first. */
size_t lines_step_of(const struct run *run, uint64_t number);

/* Index of the last step that began at or before an entry, whose header is the
 * nearest above it; LINES_NO_STEP: none. */
size_t lines_step_before(const struct run *run, uint64_t number);

/* Folding. Finished steps fold by themselves up to the step given to
 * lines_fold_finished(); failed ones never do. */
bool lines_is_folded(const struct lines *lines, const struct run *run,
                     size_t step);
void lines_fold(struct lines *lines, size_t step, bool folded);
void lines_fold_all(struct lines *lines, const struct run *run, bool folded);
void lines_fold_finished(struct lines *lines, size_t below);

/* Steps that are open now stay so when they end, until lines_fold_finished()
 * is called again: nothing folds under the eyes of a reader. */
void lines_keep_open(struct lines *lines, const struct run *run);

/* Entries a filter has looked at since creation: for tests of its cost. */
uint64_t lines_looked(const struct lines *lines);

#endif
