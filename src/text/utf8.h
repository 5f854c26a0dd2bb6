/* UTF-8 as it comes from strangers: every ill-formed part reads as U+FFFD, by
 * the "maximal subpart" practice of the WHATWG Encoding standard. */
#ifndef TEXT_UTF8_H
#define TEXT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define UTF8_REPLACEMENT 0xFFFDu
#define UTF8_MAX_BYTES   4

/* Reads one code point from the len > 0 bytes at text. Returns the bytes used
 * (1…4); *code is U+FFFD for an ill-formed part. */
size_t utf8_decode(const char *text, size_t len, uint32_t *code);

/* The same; *good tells a U+FFFD that was sent from an ill-formed part. */
size_t utf8_read(const char *text, size_t len, uint32_t *code, bool *good);

/* Writes a scalar value (anything else becomes U+FFFD); returns 1…4. */
size_t utf8_encode(uint32_t code, char out[UTF8_MAX_BYTES]);

/* Number of bytes below 0x80 that text begins with. */
size_t utf8_ascii_run(const char *text, size_t len);

/* True when the bytes are well-formed throughout. Fast on ASCII. */
bool utf8_valid(const char *text, size_t len);

/* Appends text to out with each ill-formed part replaced by U+FFFD. Stops
 * where out is full. */
void utf8_repair(struct buf *out, const char *text, size_t len);

/* Bytes at the end of text (0…3) that begin a sequence a later chunk may
 * complete. */
size_t utf8_incomplete_tail(const char *text, size_t len);

#endif
