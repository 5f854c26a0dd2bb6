/* The token a run is followed with: where it comes from, how long it lasts,
 * when to get a new one. Secrets live in its memory only, and are
 * wiped when they are replaced. */
#ifndef IO_TOKEN_H
#define IO_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "io/http.h"

/* What was configured; NULL where it was not. Order of preference: as here. */
struct token_options {
    const char *api_url;       /* the server that the token is for */
    const char *token_url;     /* an API's own endpoint … */
    const char *api_key;       /* … and the key to it */
    const char *access_token;  /* a public token as it is */
    const char *secret_key;    /* mints public tokens */
    const char *file;          /* holds a token or key */
    const char *command;       /* prints a token or key */
    const char *played_origin; /* as token_origin() was, when a recording is
                                * played; no token is needed then */
};

struct token;

struct token *token_create(struct http *http, struct loop *loop,
                           const struct token_options *options,
                           const char *run);
void token_destroy(struct token *token);

/* Called once for each token_get(): with a token, or with why there is none
 * (kind ERROR_CONNECTION: worth another try). It may ask again, and may give up
 * for others. */
typedef void token_fn(void *context, const char *token,
                      const struct error *err);

/* Hands over a token that is good for a while: the one at hand, or a new one
 * when that expires within a minute. May call back before it returns. Several
 * may wait for the same one; each context asks once at a time. */
void token_get(struct token *token, token_fn *fn, void *context);

/* Which token is at hand: 0 none yet, another number for each new one. Who was
 * refused with an older one just asks again. */
unsigned token_number(const struct token *token);

/* The server took the token at hand: it was good at least once. */
void token_accepted(struct token *token);

/* The server refused the token: the next token_get() gets a new one, or tells
 * why (NULL: in words of its own) where a file or command gives the same again.
 * Returns ms to let pass before that, since new ones are not asked for in quick
 * succession; -1 when there can be no other: given directly, or two in a row
 * were refused that were never good. */
int64_t token_refused(struct token *token, const struct error *why);

/* Server's clock minus ours; expiry is judged by it. */
void token_set_clock_offset(struct token *token, int64_t offset_ms);

/* Retry-After of the answer that gave no token, ms; -1: it had none. */
int64_t token_retry_after_ms(const struct token *token);

/* No callback comes to that context after this; what nobody waits for any more
 * is not fetched. */
void token_cancel(struct token *token, const void *context);

/* Where the token comes from, for people: "the token endpoint https://…". */
const char *token_origin(const struct token *token);

/* When the token at hand ends; INSTANT_NONE: not known. */
int64_t token_expires_ms(const struct token *token);

/* True when it has ended by now, as far as that is known. */
bool token_has_expired(const struct token *token);

/* Reads a token or key from a file, or where file is NULL from what a command
 * prints, without the white space around it. Owned secret: wipe it. NULL with
 * *err. */
char *token_read(const char *file, const char *command, struct error *err);

#endif
