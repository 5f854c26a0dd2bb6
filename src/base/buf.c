#include "config.h"

#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    FIRST_SIZE = 64
};

struct buf buf_make(size_t max)
{
    return (struct buf){.max = max};
}

void buf_free(struct buf *buf)
{
    free(buf->data);
    *buf = buf_make(buf->max);
}

void buf_forget(struct buf *buf)
{
    mem_wipe(buf->data, buf->size);
    buf_free(buf);
}

void buf_clear(struct buf *buf)
{
    buf_truncate(buf, 0);
}

bool buf_reserve(struct buf *buf, size_t extra)
{
    if (buf->max && (extra > buf->max || buf->len > buf->max - extra))
        return false;
    if (buf->size - buf->len > extra)
        return true;
    size_t size = buf->size ? buf->size : FIRST_SIZE;
    while (size - buf->len <= extra)
        size += size / 2;
    buf->data = mem_resize(buf->data, size, 1);
    buf->size = size;
    return true;
}

bool buf_reserve_exact(struct buf *buf, size_t extra)
{
    enum {
        SPARE = 256 * 1024
    };
    if (buf->max && (extra > buf->max || buf->len > buf->max - extra))
        return false;
    if (buf->size - buf->len > extra)
        return true;
    buf->size = buf->len + extra + SPARE;
    buf->data = mem_resize(buf->data, buf->size, 1);
    return true;
}

bool buf_add(struct buf *buf, const void *bytes, size_t len)
{
    if (!buf_reserve(buf, len))
        return false;
    if (len)
        memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
    return true;
}

bool buf_adds(struct buf *buf, const char *text)
{
    return buf_add(buf, text, strlen(text));
}

bool buf_addc(struct buf *buf, char byte)
{
    return buf_add(buf, &byte, 1);
}

bool buf_fill(struct buf *buf, char byte, size_t count)
{
    if (!buf_reserve(buf, count))
        return false;
    memset(buf->data + buf->len, byte, count);
    buf->len += count;
    buf->data[buf->len] = '\0';
    return true;
}

bool buf_add_integer(struct buf *buf, int64_t value)
{
    char digits[24], *p = digits + sizeof digits;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        *--p = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        *--p = '-';
    return buf_add(buf, p, (size_t)(digits + sizeof digits - p));
}

bool buf_vaddf(struct buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len < 0 || !buf_reserve(buf, (size_t)len))
        return false;
    vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
    buf->len += (size_t)len;
    return true;
}

bool buf_addf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool added = buf_vaddf(buf, format, args);
    va_end(args);
    return added;
}

void buf_truncate(struct buf *buf, size_t len)
{
    if (len < buf->len)
        buf->len = len;
    if (buf->data)
        buf->data[buf->len] = '\0';
}

const char *buf_str(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
    char *data = buf->data ? buf->data : mem_strdup("");
    *buf = buf_make(buf->max);
    return data;
}
