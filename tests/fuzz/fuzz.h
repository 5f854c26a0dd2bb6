/* What the fuzz targets share. A target reads one input as a parser would get
 * it, and ends the program where the parser breaks a promise. libFuzzer calls
 * it, or main.c, which goes over the corpus. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "wire/json_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program when a promise was broken. */
#define FUZZ_CHECK(promise)                                                    \
    do {                                                                       \
        if (!(promise))                                                        \
            fuzz_broken(__FILE__, __LINE__, #promise);                         \
    } while (0)

_Noreturn void fuzz_broken(const char *file, int line, const char *promise);

/* A copy in memory that ends where the bytes end, so that a read past them is
 * seen by the sanitizer. Free with free(). */
char *fuzz_copy(const char *bytes, size_t len);

/* The same with a zero behind it; the text ends at its first NUL. */
char *fuzz_text(const char *bytes, size_t len);

/* Takes the next line off the input, without its LF. False at the end. */
bool fuzz_line(struct slice *input, struct slice *line);

/* Takes the first byte off; 0 when there is none. */
unsigned fuzz_byte(struct slice *input);

/* Where to cut follows from the bytes: another input is cut at other places. */
uint64_t fuzz_seed(struct slice input);

/* Length of the next piece, 1…left: short and long ones. left > 0. */
size_t fuzz_piece(uint64_t *seed, size_t left);

bool fuzz_same(struct slice a, struct slice b);
struct slice fuzz_slice(const struct buf *buf);

/* The text may go to a terminal: well-formed, no control, nothing that
 * reorders it or breaks its line. lines: LF is allowed. */
void fuzz_check_safe(struct slice text, bool ascii, bool lines);

#endif
