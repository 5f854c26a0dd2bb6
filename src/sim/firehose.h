/* A server for measurements: what it sends is computed before the first
 * request, so that it is never what limits a client. One thread, plain sockets
 * on 127.0.0.1, no scenario. It serves
 *
 *   GET  /realtime/v1/runs/ID              a run whose metadata grows, then
 *                                          slides
 *   GET  /realtime/v1/streams/ID/KEY       server-sent events
 *   GET  /api/agents/ID/logs/stream        snapshots of a text that grows
 *   GET  /api/v3/runs/ID                   the run, as it is retrieved
 *   GET  /api/tasks/runs/token,
 *   POST /api/v1/auth/public-tokens        a token
 *
 * Every line of text carries its number as '#' and seven digits. */
#ifndef SIM_FIREHOSE_H
#define SIM_FIREHOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rates are per second; 0: as fast as the client takes them. */
struct firehose_options {
    double port;           /* 0: any free one */
    double hold_s;         /* live requests without news are held so long */
    const char *log;       /* file for when each line was sent; NULL: none.
                            * "NUMBER DUE_NS SENT_NS", steady clock */
    double updates;        /* of the run, one entry each */
    double metadata_bytes; /* at most: then the oldest entries go */
    double entry_bytes;
    double update_rate;
    double events;      /* of the stream */
    double event_bytes; /* of an event's data */
    double per_chunk;   /* events that share an HTTP chunk */
    double at_once;     /* events sent before the rate begins */
    double event_rate;
    bool keep_open;    /* the stream does not end */
    double frames;     /* snapshots, one line more each */
    double text_bytes; /* of the last one */
    double line_bytes;
    double frame_rate;
};

/* Reads options as they stand on a command line behind "--firehose" (argv[0]
 * is skipped), serves until SIGTERM or SIGINT, and returns an exit status. */
int firehose_main(int argc, char **argv);

#endif
