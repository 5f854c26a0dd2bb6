/* Answers written byte by byte instead of by the HTTP library, so that each
 * byte can be wrong, late or missing. */
#ifndef SIM_SPOIL_H
#define SIM_SPOIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "sim/fields.h"

/* N is the number that was given, or else the one in brackets. */
enum spoil {
    SPOIL_NONE,

    /* The answer stops behind N bytes (500), or in the N-th line of the head
     * (2), chunk size (0), character of several bytes (0), JSON string (9). */
    SPOIL_CLOSE_AT,
    SPOIL_CLOSE_HEADER,
    SPOIL_CLOSE_CHUNK,
    SPOIL_CLOSE_CHARACTER,
    SPOIL_CLOSE_STRING,
    SPOIL_RESET_AT,
    SPOIL_RESET_HEADER,
    SPOIL_RESET_CHUNK,
    SPOIL_RESET_CHARACTER,
    SPOIL_RESET_STRING,
    SPOIL_SILENCE_AT,
    SPOIL_SILENCE_HEADER,
    SPOIL_SILENCE_CHUNK,
    SPOIL_SILENCE_CHARACTER,
    SPOIL_SILENCE_STRING,

    /* How the bytes come. */
    SPOIL_SLOW,          /* N a second (1) */
    SPOIL_PIECES,        /* N at a time (1) */
    SPOIL_BUFFERED,      /* none before the end */
    SPOIL_BUFFERED_SOME, /* N KiB at a time (64) */
    SPOIL_TWICE,         /* the whole answer again behind it */

    /* What they are. */
    SPOIL_LENGTH_MORE,   /* Content-Length: N (10) more than there is */
    SPOIL_LENGTH_LESS,   /* … less */
    SPOIL_GARBAGE,       /* no HTTP at all */
    SPOIL_NO_HEAD,       /* the body alone */
    SPOIL_BAD_CHUNK,     /* a chunk's size is no number */
    SPOIL_INTERIM,       /* interim answers before it */
    SPOIL_LONG_HEADER,   /* a header without an end */
    SPOIL_MANY_HEADERS,  /* headers without an end */
    SPOIL_LONG_LINE,     /* a line of the body without an end */
    SPOIL_GZIP_BOMB,     /* N MiB (1024) of blanks, compressed */
    SPOIL_GZIP_BROKEN,   /* said to be compressed, and is not */
    SPOIL_DATE_AHEAD,    /* the clock is N seconds (3600) fast */
    SPOIL_DATE_BEHIND,   /* … slow */
    SPOIL_REDIRECT_LOOP, /* to itself */
    SPOIL_REDIRECT_AWAY, /* to another name of the same server */
    SPOIL_REDIRECT_FILE  /* to a file: URL */
};

/* The number that counts where none was given. */
size_t spoil_default(enum spoil kind);

/* What is needed of the connection. */
struct spoil_ops {
    /* The next bytes of the body; 0: its end, < 0: it breaks off here. */
    ssize_t (*read)(void *self, char *out, size_t max);

    /* Sleeps, ms < 0: for ever. False when the client has left or the server
     * stops. */
    bool (*wait)(void *self, int64_t ms);

    /* Waits until the socket takes more; false as above. */
    bool (*ready)(void *self);

    /* Breaks the connection off with a TCP reset. */
    void (*reset)(void *self);
};

struct spoiled {
    enum spoil kind;
    size_t number; /* N */
    unsigned status;
    const struct fields *headers;
    bool chunked; /* else length is the body's */
    size_t length;
    int64_t now_ms;     /* for the Date header */
    const char *target; /* of the request */
    unsigned port;      /* of the server */
};

/* Writes an answer, spoiled, to a socket. The connection is to be closed
 * afterwards. self: that of the ops. */
void spoil_send(const struct spoiled *spoiled, int fd,
                const struct spoil_ops *ops, void *self);

/* Appends a Date header's value (IMF-fixdate; RFC 9110, 5.6.7). */
void spoil_add_date(struct buf *out, int64_t now_ms);

/* Appends so many MiB of blanks in the gzip format, a thousandth in size; the
 * checksum at the end is not theirs. */
void spoil_add_bomb(struct buf *out, size_t mib);

#endif
