/* Failed requests put into words: what failed, with which run and where, why,
 * and what to do next. */
#ifndef IO_FAILURE_H
#define IO_FAILURE_H

#include "base/error.h"
#include "io/http.h"
#include "io/token.h"

/* An answer with a status that is not 2xx. token: that the request was made
 * with; NULL: it was made with the API key. */
void failure_of_status(struct error *err, const char *run, const char *url,
                       const struct http_result *result,
                       const struct token *token);

/* No complete answer. */
void failure_of_transfer(struct error *err, const char *run, const char *url,
                         const struct http_result *result);

/* A request for a token that gave none. what: who was asked; url: where; key:
 * which one it was asked with, and what to do about it. */
void failure_of_token(struct error *err, const char *what, const char *run,
                      const char *url, const char *key,
                      const struct http_result *result);

#endif
