/* Growable bytes with a stated maximum. Plain value: the fields may be read. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data;  /* always zero-terminated once anything was added, else NULL */
    size_t len;  /* bytes in use, without the terminating zero */
    size_t size; /* bytes allocated */
    size_t max;  /* most bytes len may reach; 0: no limit of its own */
};

/* An empty buffer that refuses to hold more than max bytes (0: unlimited). */
struct buf buf_make(size_t max);

/* Gives the memory back; the buffer is empty and usable again. */
void buf_free(struct buf *buf);

/* The same for secrets, which are wiped first. What a buffer held before it
 * grew is not: it may have moved. */
void buf_forget(struct buf *buf);

/* Empties, keeps the memory. */
void buf_clear(struct buf *buf);

/* The append functions return false, and add nothing, when max would be
 * passed. bytes may hold NULs. */
bool buf_add(struct buf *buf, const void *bytes, size_t len);
bool buf_adds(struct buf *buf, const char *text);
bool buf_addc(struct buf *buf, char byte);
bool buf_fill(struct buf *buf, char byte, size_t count);
bool buf_addf(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool buf_vaddf(struct buf *buf, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Appends a decimal number; for places too hot for a format. */
bool buf_add_integer(struct buf *buf, int64_t value);

/* Room for extra more bytes without moving again; false past max. */
bool buf_reserve(struct buf *buf, size_t extra);

/* The same, but grows by little more than that instead of by half: for large
 * texts that grow slowly. */
bool buf_reserve_exact(struct buf *buf, size_t extra);

/* Shortens to len bytes. */
void buf_truncate(struct buf *buf, size_t len);

/* The content as a C string, never NULL; valid until the next change. */
const char *buf_str(const struct buf *buf);

/* Returns the content, zero-terminated, and leaves the buffer empty. */
char *buf_take(struct buf *buf);

#endif
