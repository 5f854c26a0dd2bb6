/* What the firehose answers. Each connection has at most one answer under way:
 * pieces of memory, sent one after another, most of them computed at the start.
 * An answer without an end (a stream, a held request) knows what comes next
 * and when that is due. */
#ifndef SIM_FIREHOSE_SERVE_H
#define SIM_FIREHOSE_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "sim/firehose.h"
#include "sim/firehose_bytes.h"

enum {
    HOSE_CLIENTS = 64,
    HOSE_PIECES = 4,
    HOSE_REQUEST_SIZE = 16 * 1024
};

enum hose_task {
    HOSE_REQUEST, /* waits for one */
    HOSE_HELD,    /* live request without news */
    HOSE_EVENTS,
    HOSE_TEXT
};

struct hose_client {
    int fd;
    enum hose_task task;
    char request[HOSE_REQUEST_SIZE + 1];
    size_t request_len;
    char id[80];
    struct buf head, tail; /* pieces made for one answer */
    struct iovec pieces[HOSE_PIECES];
    int piece_count, piece_at;
    uint32_t next;    /* update the client has; chunk or frame to send */
    int64_t began_ns; /* of the pace */
    int64_t due_ns;   /* when to look again; 0: not */
    int64_t until_ns; /* end of a hold */
    bool gone;
};

struct hose_sent {
    uint32_t number;
    int64_t due_ns, sent_ns;
};

struct firehose {
    struct firehose_options options;
    int listener;
    struct hose_client *clients[HOSE_CLIENTS];
    struct hose_entries entries;
    struct hose_events events;
    struct hose_text text;
    struct buf schema, token;
    int64_t feed_began_ns; /* first live request; 0: none yet */
    struct hose_sent *log;
    size_t log_count, log_size;
};

/* The steady clock. */
int64_t hose_now_ns(void);

/* Adds the pieces of an answer to a request: its head, zero-terminated. */
void hose_serve(struct firehose *hose, struct hose_client *client,
                const char *request);

/* Adds the next pieces of an answer without an end, if any are due. */
void hose_go_on(struct firehose *hose, struct hose_client *client);

#endif
