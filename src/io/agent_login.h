/* Getting into an agent's server: its access token lasts an hour, and is had
 * by an e-mail address and a password, or by a refresh token that is good
 * once. What is known stands in a JSON object, such as the server's answer to a
 * login: any of token, refreshToken, and email with password. Nothing is
 * written back; secrets live in this file's memory, and are wiped. */
#ifndef IO_AGENT_LOGIN_H
#define IO_AGENT_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "io/http.h"
#include "io/stream_link.h"

struct agent_login;

/* api_url: without a slash at the end; borrowed. NULL with *err when text is
 * no such object. */
struct agent_login *agent_login_create(struct http *http, const char *api_url,
                                       const char *text, struct error *err);
void agent_login_destroy(struct agent_login *login);

/* True when text looks like such an object, rather than like a token. */
bool agent_login_is(const char *text);

/* True when such an object holds a token. */
bool agent_login_has_token(const char *text);

/* The token at hand; NULL: none. */
const char *agent_login_token(const struct agent_login *login);

/* Called once for each agent_login_renew() that began: STREAM_ON, there is a
 * token; STREAM_RETRY, it failed in a way that may pass, after server_ms at
 * least (-1: nothing asked); STREAM_FAIL, the credentials are no good. */
typedef void agent_login_fn(void *context, enum stream_next next,
                            const struct error *err, int64_t server_ms);

/* Forgets the token at hand and asks for another. False: there is nothing to
 * ask with. */
bool agent_login_renew(struct agent_login *login, agent_login_fn *fn,
                       void *context);

#endif
