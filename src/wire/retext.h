/* A JSON string that is sent whole again and again while little of it changes
 * (a row's metadata column, an agent's log): each version is compared with the
 * one before while still escaped, and only what differs is decoded. Parts that
 * moved (a window that slid) are found again and copied.
 *
 * Cost of an update: one memcmp over what is the same, one decode over what is
 * new. */
#ifndef WIRE_RETEXT_H
#define WIRE_RETEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/json_text.h"

struct retext;

struct retext *retext_create(void);
void retext_destroy(struct retext *text);

/* Reads the string whose opening quote stands right before p. Returns its
 * closing quote, or NULL when the string is cut off or holds a bad escape;
 * then the version before still stands. *changed: the content may differ. */
const char *retext_read(struct retext *text, const char *p, const char *end,
                        bool *changed);

/* The decoded content: well-formed UTF-8 but for bytes that came ill-formed
 * (they are kept; what is shown passes text/escape.h). Until the next read. */
struct slice retext_plain(const struct retext *text);

/* Bytes decoded since creation, as opposed to compared or copied: the measure
 * that tests hold against the bytes that were new. */
uint64_t retext_decoded(const struct retext *text);

#endif
