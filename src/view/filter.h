/* Which lines are shown or found: a pattern (text or regular expression) and a
 * level. Pure: works on bytes, knows no store. */
#ifndef VIEW_FILTER_H
#define VIEW_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "model/logstore.h"
#include "text/find.h"

/* What to look for. A pattern matches where its text stands as it is, or, if
 * it holds special characters and is a valid POSIX extended regular
 * expression, where that matches. Small letters alone match both cases. */
struct pattern;

/* text: not empty. */
struct pattern *pattern_create(const char *text);
void pattern_destroy(struct pattern *pattern);
const char *pattern_text(const struct pattern *pattern);

/* True when every match of `narrow` is sure to begin with one of `wide`. */
bool pattern_narrows(const struct pattern *narrow, const struct pattern *wide);

/* The first match at or after byte `from`; false when there is none. An empty
 * match of an expression is none. */
bool pattern_find(struct pattern *pattern, const char *text, size_t len,
                  size_t from, size_t *start, size_t *match_len);

/* True when message or data of the entry match. */
bool pattern_matches(struct pattern *pattern, const struct entry *entry);

/* Texts of which one at least stands in every match, to look for them first.
 * Returns how many; 0: none are known. Borrowed from the pattern. */
size_t pattern_finders(const struct pattern *pattern,
                       const struct finder **finders);

/* What the log pane lets through. Plain value; patterns are owned by it. */
struct filter {
    struct pattern *include; /* NULL: all */
    struct pattern *exclude; /* NULL: none */
    enum log_level level;    /* least level; LEVEL_NONE: all */
};

void filter_free(struct filter *filter);
bool filter_is_on(const struct filter *filter);

/* Lines without a level count as info. Only log lines have levels: others
 * pass a level only when it is LEVEL_NONE. */
bool filter_passes(const struct filter *filter, const struct entry *entry);

#endif
