#include "config.h"

#include "sim/spoil.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "sim/spot.h"

/* Most of what is said to have no end. */
#define ENDLESS ((size_t)512 << 20)

/* What a kind does to the bytes, where that is a matter of when or how far. */
enum manner {
    MANNER_WHOLE,
    MANNER_CLOSE, /* ends at a spot … */
    MANNER_RESET,
    MANNER_SILENCE
};

struct kind {
    size_t number; /* where none is given */
    enum manner manner;
    enum spot_place place;
};

static const struct kind kinds[] = {
    [SPOIL_NONE] = {0},
    [SPOIL_CLOSE_AT] = {500, MANNER_CLOSE, SPOT_BYTE},
    [SPOIL_CLOSE_HEADER] = {2, MANNER_CLOSE, SPOT_HEADER},
    [SPOIL_CLOSE_CHUNK] = {0, MANNER_CLOSE, SPOT_CHUNK_SIZE},
    [SPOIL_CLOSE_CHARACTER] = {0, MANNER_CLOSE, SPOT_CHARACTER},
    [SPOIL_CLOSE_STRING] = {9, MANNER_CLOSE, SPOT_STRING},
    [SPOIL_RESET_AT] = {500, MANNER_RESET, SPOT_BYTE},
    [SPOIL_RESET_HEADER] = {2, MANNER_RESET, SPOT_HEADER},
    [SPOIL_RESET_CHUNK] = {0, MANNER_RESET, SPOT_CHUNK_SIZE},
    [SPOIL_RESET_CHARACTER] = {0, MANNER_RESET, SPOT_CHARACTER},
    [SPOIL_RESET_STRING] = {9, MANNER_RESET, SPOT_STRING},
    [SPOIL_SILENCE_AT] = {500, MANNER_SILENCE, SPOT_BYTE},
    [SPOIL_SILENCE_HEADER] = {2, MANNER_SILENCE, SPOT_HEADER},
    [SPOIL_SILENCE_CHUNK] = {0, MANNER_SILENCE, SPOT_CHUNK_SIZE},
    [SPOIL_SILENCE_CHARACTER] = {0, MANNER_SILENCE, SPOT_CHARACTER},
    [SPOIL_SILENCE_STRING] = {9, MANNER_SILENCE, SPOT_STRING},
    [SPOIL_SLOW] = {1, MANNER_WHOLE, SPOT_BYTE},
    [SPOIL_PIECES] = {1, MANNER_WHOLE, SPOT_BYTE},
    [SPOIL_BUFFERED] = {0},
    [SPOIL_BUFFERED_SOME] = {64, MANNER_WHOLE, SPOT_BYTE},
    [SPOIL_LENGTH_MORE] = {10, MANNER_WHOLE, SPOT_BYTE},
    [SPOIL_LENGTH_LESS] = {10, MANNER_WHOLE, SPOT_BYTE},
    [SPOIL_GZIP_BOMB] = {1024, MANNER_WHOLE, SPOT_BYTE},
    [SPOIL_DATE_AHEAD] = {3600, MANNER_WHOLE, SPOT_BYTE},
    [SPOIL_DATE_BEHIND] = {3600, MANNER_WHOLE, SPOT_BYTE},
    [SPOIL_REDIRECT_FILE] = {0},
};

size_t spoil_default(enum spoil kind)
{
    return kinds[kind].number;
}

/* An answer on its way out. */
struct pen {
    const struct spoiled *what;
    const struct spoil_ops *ops;
    void *self;
    int fd;
    enum manner manner;
    struct spot spot;
    struct buf held; /* what a proxy holds back */
};

/* False when nothing more can or may be sent; so do all that write. */
static bool send_all(struct pen *pen, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(pen->fd, bytes, len, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            len -= (size_t)sent;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!pen->ops->ready(pen->self))
                return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static bool send_slowly(struct pen *pen, const char *bytes, size_t len,
                        size_t piece, int64_t pause_ms)
{
    while (len > 0) {
        size_t some = len < piece ? len : piece;
        if (!send_all(pen, bytes, some) ||
            (pause_ms && !pen->ops->wait(pen->self, pause_ms)))
            return false;
        bytes += some;
        len -= some;
    }
    return true;
}

static bool flush(struct pen *pen)
{
    bool good = send_all(pen, buf_str(&pen->held), pen->held.len);
    buf_clear(&pen->held);
    return good;
}

static bool hold(struct pen *pen, const char *bytes, size_t len, size_t most)
{
    buf_add(&pen->held, bytes, len);
    return pen->held.len < most || flush(pen);
}

static bool deliver(struct pen *pen, const char *bytes, size_t len)
{
    size_t number = pen->what->number ? pen->what->number : 1;
    switch (pen->what->kind) {
    case SPOIL_SLOW:
        return number < 10
                   ? send_slowly(pen, bytes, len, 1, 1000 / (int64_t)number)
                   : send_slowly(pen, bytes, len, number / 10, 100);
    case SPOIL_PIECES:
        return send_slowly(pen, bytes, len, number, 0);
    case SPOIL_BUFFERED:
    case SPOIL_TWICE:
        return hold(pen, bytes, len, SIZE_MAX);
    case SPOIL_BUFFERED_SOME:
        return hold(pen, bytes, len, number * 1024);
    default: /* of the others, all at once */
        return send_all(pen, bytes, len);
    }
}

static bool put(struct pen *pen, enum spot_part part, const char *bytes,
                size_t len)
{
    size_t at;
    if (pen->manner == MANNER_WHOLE ||
        !spot_find(&pen->spot, part, bytes, len, &at))
        return deliver(pen, bytes, len);
    if (!send_all(pen, bytes, at))
        return false;
    if (pen->manner == MANNER_RESET)
        pen->ops->reset(pen->self);
    if (pen->manner == MANNER_SILENCE)
        pen->ops->wait(pen->self, -1);
    return false;
}

/* Head. */

void spoil_add_date(struct buf *out, int64_t now_ms)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    buf_addf(out, "%.3s, %02d %.3s %d %02d:%02d:%02d GMT",
             days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
             tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void add_length(struct buf *head, const struct spoiled *what)
{
    size_t length = what->length;
    if (what->kind == SPOIL_LENGTH_MORE)
        length += what->number;
    else if (what->kind == SPOIL_LENGTH_LESS)
        length -= length < what->number ? length : what->number;
    buf_addf(head, "Content-Length: %zu\r\n", length);
}

/* How the body's end is told. */
static bool is_chunked(const struct spoiled *what)
{
    return what->chunked && what->status != 204 &&
           what->kind != SPOIL_LENGTH_MORE && what->kind != SPOIL_LENGTH_LESS;
}

static void add_head(struct buf *head, const struct spoiled *what)
{
    int64_t off_ms = (int64_t)what->number * 1000;
    buf_addf(head, "HTTP/1.1 %u %s\r\nDate: ", what->status,
             what->status < 300 ? "OK" : "No");
    spoil_add_date(head,
                   what->now_ms + (what->kind == SPOIL_DATE_AHEAD    ? off_ms
                                   : what->kind == SPOIL_DATE_BEHIND ? -off_ms
                                                                     : 0));
    buf_adds(head, "\r\n");
    for (size_t i = 0; i < what->headers->count; i++)
        buf_addf(head, "%s: %s\r\n", what->headers->items[i].name,
                 what->headers->items[i].value);
    if (what->kind == SPOIL_GZIP_BOMB || what->kind == SPOIL_GZIP_BROKEN)
        buf_adds(head, "Content-Encoding: gzip\r\n");
    if (is_chunked(what))
        buf_adds(head, "Transfer-Encoding: chunked\r\n");
    else if (what->kind != SPOIL_GZIP_BOMB && what->status != 204)
        add_length(head, what);
    if (what->kind != SPOIL_TWICE)
        buf_adds(head, "Connection: close\r\n");
}

/* Body. */

static bool put_piece(struct pen *pen, const char *bytes, size_t len,
                      const char **between)
{
    char size[40];
    if (is_chunked(pen->what)) {
        const char *bad = pen->what->kind == SPOIL_BAD_CHUNK ? "g" : "";
        snprintf(size, sizeof size, "%s%s%zx\r\n", *between, bad, len);
        *between = "\r\n";
        if (!put(pen, PART_FRAME, size, strlen(size)))
            return false;
    }
    return put(pen, PART_BODY, bytes, len);
}

/* The body, and flushes what is held. */
static bool put_body(struct pen *pen)
{
    char piece[16384];
    const char *between = "";
    ssize_t len;
    while ((len = pen->ops->read(pen->self, piece, sizeof piece)) > 0)
        if (!put_piece(pen, piece, (size_t)len, &between))
            return false;
    if (len == 0 && is_chunked(pen->what) &&
        !(put(pen, PART_FRAME, between, strlen(between)) &&
          put(pen, PART_FRAME, "0\r\n\r\n", 5)))
        return false;
    if (pen->what->kind == SPOIL_TWICE &&
        !send_all(pen, buf_str(&pen->held), pen->held.len))
        return false;
    return flush(pen);
}

static void put_bomb(struct pen *pen)
{
    struct buf bomb = buf_make(0);
    const char *between = "";
    spoil_add_bomb(&bomb, pen->what->number);
    if (put_piece(pen, buf_str(&bomb), bomb.len, &between) &&
        is_chunked(pen->what))
        put(pen, PART_FRAME, "\r\n0\r\n\r\n", 7);
    buf_free(&bomb);
}

/* One text time and again. */
static void put_endless(struct pen *pen, enum spot_part part, const char *text)
{
    struct buf block = buf_make(0);
    const char *between = "";
    while (block.len < 16384)
        buf_adds(&block, text);
    for (size_t sent = 0; sent < ENDLESS; sent += block.len)
        if (part == PART_BODY ? !put_piece(pen, block.data, block.len, &between)
                              : !put(pen, part, block.data, block.len))
            break;
    buf_free(&block);
}

static void put_redirect(struct pen *pen)
{
    const struct spoiled *what = pen->what;
    struct buf head = buf_make(0);
    buf_adds(&head, "HTTP/1.1 307 Temporary Redirect\r\nLocation: ");
    if (what->kind == SPOIL_REDIRECT_LOOP)
        buf_adds(&head, what->target);
    else if (what->kind == SPOIL_REDIRECT_AWAY)
        buf_addf(&head, "http://localhost:%u%s", what->port, what->target);
    else
        buf_adds(&head, "file:///etc/passwd");
    buf_adds(&head, "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    put(pen, PART_HEAD, head.data, head.len);
    buf_free(&head);
}

static void put_answer(struct pen *pen)
{
    enum spoil kind = pen->what->kind;
    struct buf head = buf_make(0);
    bool ended = kind != SPOIL_LONG_HEADER && kind != SPOIL_MANY_HEADERS;
    if (kind == SPOIL_INTERIM)
        buf_adds(&head, "HTTP/1.1 100 Continue\r\n\r\n"
                        "HTTP/1.1 103 Early Hints\r\n"
                        "electric-handle: not-this-one\r\n\r\n");
    add_head(&head, pen->what);
    buf_adds(&head, ended ? "\r\n" : "X-Filler: ");
    if (kind == SPOIL_NO_HEAD || put(pen, PART_HEAD, head.data, head.len)) {
        if (kind == SPOIL_LONG_HEADER)
            put_endless(pen, PART_HEAD, "fill");
        else if (kind == SPOIL_MANY_HEADERS)
            put_endless(pen, PART_HEAD, "more\r\nX-Filler: ");
        else if (kind == SPOIL_LONG_LINE)
            put_endless(pen, PART_BODY, "[\"data: ");
        else if (kind == SPOIL_GZIP_BOMB)
            put_bomb(pen);
        else
            put_body(pen);
    }
    buf_free(&head);
}

void spoil_send(const struct spoiled *spoiled, int fd,
                const struct spoil_ops *ops, void *self)
{
    static const char garbage[] = "\x16\x03\x01\x02 nothing to be read\r\n\n";
    struct pen pen = {
        .what = spoiled,
        .ops = ops,
        .self = self,
        .fd = fd,
        .manner = kinds[spoiled->kind].manner,
        .spot = spot_make(kinds[spoiled->kind].place, spoiled->number),
        .held = buf_make(0),
    };
    if (spoiled->kind == SPOIL_GARBAGE)
        put(&pen, PART_HEAD, garbage, sizeof garbage - 1);
    else if (spoiled->kind >= SPOIL_REDIRECT_LOOP)
        put_redirect(&pen);
    else
        put_answer(&pen);
    buf_free(&pen.held);
}

/* Bomb: one block (RFC 1951, 3.2.6) of a blank and its repetition. */

struct bits {
    struct buf *out;
    uint32_t held;
    unsigned count;
};

/* Least significant bit first. */
static void add_bits(struct bits *bits, uint32_t value, unsigned count)
{
    bits->held |= value << bits->count;
    for (bits->count += count; bits->count >= 8; bits->count -= 8) {
        buf_addc(bits->out, (char)(bits->held & 0xff));
        bits->held >>= 8;
    }
}

void spoil_add_bomb(struct buf *out, size_t mib)
{
    enum {
        RUN = 258 /* bytes of the longest repetition */
    };
    static const char head[] = "\x1f\x8b\x08\0\0\0\0\0\0\xff";
    struct bits bits = {.out = out};
    buf_add(out, head, sizeof head - 1);
    add_bits(&bits, 3, 3);    /* the last block, with fixed codes */
    add_bits(&bits, 0x0a, 8); /* ' ' */
    for (size_t n = 0; n < (mib << 20) / RUN; n++)
        add_bits(&bits, 0xa3, 13); /* 258 bytes from 1 byte back */
    add_bits(&bits, 0, 7 + 7);     /* the end, and the byte filled up */
    buf_add(out, "\0\0\0\0\0\0\0\0", 8);
}
