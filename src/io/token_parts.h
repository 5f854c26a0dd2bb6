/* The parts of a token, for the files that make it up: token.c (which one is at
 * hand, who waits for it, where to get another), token_ask.c (asking a server
 * for it). Others use io/token.h. */
#ifndef IO_TOKEN_PARTS_H
#define IO_TOKEN_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "io/secret_command.h"
#include "io/token.h"

/* How a secret key is turned into a token; newest first. */
enum mint_way {
    MINT_PUBLIC_TOKENS,
    MINT_JWT,
    MINT_CLAIMS, /* the server tells the claims, the key signs them here */
    MINT_NONE    /* the server knows none of them: the key itself is used */
};

/* Somebody who waits for a token. */
struct asker {
    token_fn *fn;
    void *context;
    unsigned round; /* that it asked in */
    struct asker *next;
};

struct token {
    struct http *http;
    struct loop *loop;
    char *run, *api_url, *token_url, *file, *command, *played_origin;
    char *api_key, *access_token, *secret_key; /* secrets */
    char *value;                               /* the token at hand */
    int64_t expires_ms, got_steady_ms, clock_offset_ms, retry_after_ms;
    bool refused, accepted, fetching;
    struct error refusal;  /* of the token at hand, when it was refused */
    int refusals;          /* in a row, of tokens that were never good */
    int64_t renewed_at_ms; /* steady, when a refusal last led to another */
    bool renewed;          /* … and whether one ever did */
    enum mint_way way;
    unsigned number;
    unsigned round; /* answers so far */
    int wish;       /* the number of the one that is fetched for */
    struct http_call *call;
    struct secret_command *asked; /* for a token; NULL: none is running */
    struct asker *askers;         /* the first one asked first */
};

/* token.c */

/* Makes a text the token at hand and hands it to who asked. */
void token_adopt(struct token *token, const char *text);

/* The same for one that nobody makes anew: a file that did not change, say. The
 * one that was just refused is not tried again, the refusal stands. */
void token_adopt_given(struct token *token, const char *text);

/* Tells who asked that there is none. */
void token_fail(struct token *token, const struct error *err);

/* Fit for a header: printable ASCII without spaces. */
bool token_is_usable(const char *text);

/* The server's wall clock, as far as its difference is known. */
int64_t token_server_now_ms(const struct token *token);

/* token_ask.c; either ends in token_adopt() or token_fail(). */

/* Asks the API's own endpoint. key: to it; NULL: none is needed. */
void token_ask_endpoint(struct token *token, const char *key);

/* Has a token made out of the secret key, in the newest way that the server
 * knows. */
void token_mint(struct token *token);

#endif
