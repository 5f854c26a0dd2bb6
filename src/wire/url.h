/* Addresses: building request targets, comparing origins, reading run ids out
 * of what people paste. */
#ifndef WIRE_URL_H
#define WIRE_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends text percent-encoded: everything but unreserved characters. */
void url_encode(struct buf *out, const char *text);

/* "scheme://host[:port]" of an http(s) URL, lower case, default port left
 * out. False when it is no such URL. */
bool url_origin(const char *url, struct buf *out);

/* True when both URLs have the same origin. */
bool url_same_origin(const char *a, const char *b);

/* Reads the id out of what was given: an id as it is, or a dashboard URL
 * (…/runs/run_…, …?run=run_…). Returns an owned text, NULL when there is no
 * usable id (empty, a slash, a control byte). */
char *url_run_id(const char *given);

/* The URL without user, password, query and fragment, for messages. Control
 * bytes are left out. */
void url_for_display(struct buf *out, const char *url);

/* Replaces "{runId}" in pattern by the encoded id; where there is none, adds
 * it as the query parameter runId. */
void url_with_run(struct buf *out, const char *pattern, const char *run);

#endif
