/* Keeps secrets out of what is written down: every secret that is known, and
 * whatever looks like a JSON web token, is replaced by as many asterisks, so
 * that lengths and JSON stay what they were. Bytes come in pieces cut
 * anywhere; what may be the beginning of a secret waits for the next piece. */
#ifndef WIRE_MASK_H
#define WIRE_MASK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
    MASK_SHORTEST = 4 /* bytes; anything shorter is found everywhere */
};

struct mask; /* the secrets */

struct mask *mask_create(void);
void mask_destroy(struct mask *mask); /* wipes them */

/* Also as it is spelled in a URL and in JSON. NULL and what is too short is
 * passed over. */
void mask_add(struct mask *mask, const char *secret);

/* The secrets in a header line, "Name: value": the value, its credentials
 * behind a scheme, and the values of cookies. A value that names no secret by
 * its header's name counts from eight bytes on. */
void mask_add_header(struct mask *mask, const char *header);

/* The secrets in an address: the password, and the values of parameters whose
 * names tell of one, as they stand there and decoded. */
void mask_add_url(struct mask *mask, const char *url);

/* True when the name of a header or parameter says that its value is secret. */
bool mask_is_secret_name(const char *name, size_t len);

/* One text that comes in pieces; zero it before its first use. */
struct mask_stream {
    struct buf held; /* may become a secret */
    bool in_token;   /* a JSON web token goes on */
};

/* Appends what is safe to write of the bytes held and given. */
void mask_feed(const struct mask *mask, struct mask_stream *stream,
               const char *bytes, size_t len, struct buf *out);

/* There is no more: appends what was held. Frees the stream's memory. */
void mask_finish(const struct mask *mask, struct mask_stream *stream,
                 struct buf *out);

/* A whole text at once. */
void mask_text(const struct mask *mask, const char *text, size_t len,
               struct buf *out);

/* A URL: without user and password, the values of secret parameters
 * masked; and the rest as a text. */
void mask_url(const struct mask *mask, const char *url, struct buf *out);

#endif
