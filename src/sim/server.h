/* Puts answers on sockets: HTTP/1.1 on 127.0.0.1, a thread per connection
 * (libmicrohttpd's), one lock around whatever answers. */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "base/error.h"
#include "sim/answer.h"

struct server;

struct server_settings {
    unsigned port; /* 0: any free one */
    double speed;  /* of the simulated clock; 0 counts as 1 */
    bool gzip;     /* compress (without making smaller) where asked for */
};

/* Listens and answers until server_stop(). self is borrowed; it is only
 * called by one thread at a time. NULL with *err set when the port is taken. */
struct server *server_start(const struct server_settings *settings,
                            const struct answer_ops *ops, void *self,
                            struct error *err);

unsigned server_port(const struct server *server);

/* Breaks every connection off and waits for the threads. NULL is fine. */
void server_stop(struct server *server);

#endif
