/* A server that does what a script says, request by request, on two ports of
 * 127.0.0.1: what it takes to try a client of event streams. A script is an
 * array of steps, in the order of requests:
 *
 *   request   its number, from 1, or "each" for every one from here on
 *   expect    method, path, headers, headers_absent, json (the body): what must
 *             have been asked
 *   respond   status, headers (pairs), body or body_base64 (pieces), then:
 *             close, reset, hold, refuse or close_before_headers;
 *             delay_before_headers_ms, delay_between_pieces_ms
 *
 * {host} and {server2} in values stand for the two ports. A request that the
 * script does not foresee is counted and left without an answer. */
#ifndef FLOW_SCRIPT_SERVER_H
#define FLOW_SCRIPT_SERVER_H

#include <poll.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"

enum {
    SCRIPT_MAX_CONNECTIONS = 64,
    SCRIPT_MAX_FDS = SCRIPT_MAX_CONNECTIONS + 2
};

struct script_server;

/* steps: borrowed. */
struct script_server *script_server_create(const json_t *steps);
void script_server_destroy(struct script_server *server);

/* Appends text with the two names filled in. */
void script_server_fill(const struct script_server *server, struct buf *out,
                        const char *text);

/* What to wait for: returns how many entries of fds it set; *wait_ms becomes
 * less where something is due earlier. */
nfds_t script_server_wait(struct script_server *server, struct pollfd *fds,
                          int64_t now_ms, int64_t *wait_ms);

/* Does what is due. fds: as they came back from poll(). */
void script_server_turn(struct script_server *server, const struct pollfd *fds,
                        nfds_t count, int64_t now_ms);

/* Requests so far; those of steps that asked for credentials the client had
 * sent unasked are left out. */
unsigned script_server_requests(const struct script_server *server);

/* Least time from the end of an answer to the request after it, ms; -1: there
 * was none. */
int64_t script_server_least_wait_ms(const struct script_server *server);

/* What requests had that they must not have, or lacked; "" for nothing. */
const char *script_server_complaints(const struct script_server *server);

#endif
