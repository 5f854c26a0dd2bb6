/* What io/player does to a call in curl's place. After http_play_done(), and
 * wherever the call's owner has broken it off, the call is gone. */
#ifndef IO_HTTP_PLAY_H
#define IO_HTTP_PLAY_H

#include "base/buf.h"
#include "io/http.h"

/* head: "name: value\0" after another, names in lower case. */
void http_play_head(struct http_call *call, long status,
                    const struct buf *head);
void http_play_body(struct http_call *call, const char *bytes, size_t len);

/* The answer so far was a redirect, another one follows. */
void http_play_redirect(struct http_call *call);

/* how: as recorder_done() was told. reason: NULL is fine. */
void http_play_done(struct http_call *call, const char *how,
                    const char *reason);

#endif
