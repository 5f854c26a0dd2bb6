/* The network side of a command, made from options and settings. */
#ifndef APP_CLIENT_H
#define APP_CLIENT_H

#include "app/options.h"
#include "app/settings.h"
#include "io/http.h"
#include "io/loop.h"
#include "io/token.h"

/* Whether the file of --cacert, where it is given, is there and may hold
 * certificates. False with *err, of kind ERROR_USAGE. */
bool client_check_authorities(const struct options *options, struct error *err);

/* Borrows options and loop. */
struct http *client_http(const struct options *options, struct loop *loop);

/* The token that `run` is followed with. Borrows http and loop. */
struct token *client_token(const struct settings *settings, struct http *http,
                           struct loop *loop, const char *run);

#endif
