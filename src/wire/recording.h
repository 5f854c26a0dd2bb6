/* The format of recordings, docs/recording.md: JSON lines, the first of which
 * says what was followed, and each other one thing that came. Pure: what a
 * line is made of, written and read. */
#ifndef WIRE_RECORDING_H
#define WIRE_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"

enum {
    RECORDING_VERSION = 1,
    RECORDING_STREAMS = 32 /* keys of streams that the first line may name */
};

/* The first line: what was followed, and how. Texts are NULL where they do not
 * apply. */
struct recording_start {
    int64_t started_ms;  /* wall clock */
    uint32_t seed;       /* of the chance in delays */
    const char *program; /* "runtail 0.1.0" */
    const char *command; /* "watch", "agent", … */
    const char *target;  /* run, agent, URL without secrets, or "-" */
    const char *api_url, *poll_url, *progress_key, *log_key;
    const char *token_origin;
    const char *streams[RECORDING_STREAMS + 1]; /* keys; NULL at the end */
    int scale;                                  /* enum progress_scale */
    int max_retries;                            /* -1: unlimited */
    int64_t idle_ms;                            /* 0: the source's own */
    bool screen; /* on a screen more is asked for */
    bool no_follow, poll_only, poll_key;
    bool no_streams, streams_latest;
    bool login, login_token; /* an agent's server; with a token at first */
    json_t *root; /* owns the texts of what was read; NULL otherwise */
};

/* Appends the line. */
void recording_add_start(struct buf *out, const struct recording_start *start);

/* Reads it. False with *err (ERROR_USAGE) when it is none, or of a version
 * that is newer than this program. It is to be freed in either case. */
bool recording_read_start(struct recording_start *start, const char *line,
                          size_t len, struct error *err);
void recording_free_start(struct recording_start *start);

enum recording_type {
    RECORDING_REQUEST,  /* exchange, method, url, headers */
    RECORDING_HEAD,     /* exchange, status, headers */
    RECORDING_BODY,     /* exchange, bytes */
    RECORDING_REDIRECT, /* exchange, url: the request goes on there */
    RECORDING_DONE,     /* exchange, how, reason */
    RECORDING_INPUT,    /* bytes of standard input, none at its end; reason */
    RECORDING_TOKEN,    /* number, how, reason, expires_ms, retry_after_ms */
    RECORDING_WAKE,     /* the program was woken */
    RECORDING_CLOSE,    /* how, number of the signal */
    RECORDING_UNKNOWN   /* a later program's */
};

/* One line. Texts that do not apply are NULL. */
struct recording_line {
    enum recording_type type;
    int64_t t_ms;      /* since the start */
    uint64_t exchange; /* 1…: requests in order */
    int number;        /* of tokens asked for, 1…; of a signal */
    long status;
    int64_t expires_ms;     /* INSTANT_NONE: not known */
    int64_t retry_after_ms; /* -1: none */
    const char *method, *url;
    const char *how;    /* "complete", or what went wrong */
    const char *reason; /* … in words */
    struct buf head;    /* "name: value\0" after another */
    struct buf bytes;
    json_t *root; /* owns the texts of what was read; NULL otherwise */
};

/* A line of that type with nothing in it. */
struct recording_line recording_line(enum recording_type type, int64_t t_ms);

/* Appends the line, with its end. */
void recording_add(struct buf *out, const struct recording_line *line);

/* Reads a line without its end; false when it makes no sense. The line is to
 * be freed in either case. */
bool recording_read(struct recording_line *line, const char *text, size_t len);
void recording_free(struct recording_line *line);

#endif
