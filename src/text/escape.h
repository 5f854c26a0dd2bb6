/* The one place where untrusted text becomes text that may reach a terminal.
 * After it: well-formed UTF-8; no C0, DEL or C1 control (as byte or as code
 * point), no bidi control, no invisible trick; nothing is silently lost:
 * what was there is shown in a visible form. All three functions that append
 * stop at the first piece that out has no room for. */
#ifndef TEXT_ESCAPE_H
#define TEXT_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum escape_flags {
    ESCAPE_ASCII = 1, /* output is pure ASCII: others become \u{1F600} … */
    ESCAPE_LINES = 2  /* LF stays LF (the caller splits lines); else visible */
};

/* Appends the safe form of text to out:
 * - Controls become ^X (ESC is ^[, LF without ESCAPE_LINES ^J), DEL ^?, C1
 *   and bidi controls and other hidden code points (line separators, fillers,
 *   tags, what is not assigned) \u{9B}. CR LF counts as LF.
 * - A tab becomes spaces up to the next multiple of 8 columns from the text's
 *   start (of its line).
 * - An ill-formed part becomes U+FFFD; with ESCAPE_ASCII \x{FF} for each byte.
 * - Joiners, variation selectors and tags stay where they do their work: in
 *   emoji, after ideographs, between letters of scripts that need them.
 * - At most 8 code points in a row that extend one grapheme cluster (combining
 *   marks) are kept, so that a flood of them takes no more columns than they
 *   do; with ESCAPE_ASCII "+N" tells how many more there were. */
void escape_text(struct buf *out, const char *text, size_t len, unsigned flags);

/* Appends text as the inside of a JSON string, ASCII-safe where it matters:
 * quotes, backslashes, C0, DEL, C1, bidi controls, U+2028/9, other hidden code
 * points, combining marks past the 8th in a row and ill-formed parts (as
 * \ufffd) are escaped, so that a JSON line is safe on a terminal. Joiners and
 * variation selectors are left: a reader gets the same text either way. */
void escape_json(struct buf *out, const char *text, size_t len);

/* Copies valid JSON text, dropping white space outside strings and escaping
 * inside strings what escape_json() would escape; an escaped half of a
 * surrogate pair, which is valid but no text, becomes \ufffd. What is not valid
 * comes out in any form, but as safe. */
void escape_raw_json(struct buf *out, const char *json, size_t len);

/* True when text needs no change by escape_text() (printable ASCII or safe
 * UTF-8, no tab, no LF). Fast on ASCII. */
bool escape_is_safe(const char *text, size_t len, unsigned flags);

#endif
