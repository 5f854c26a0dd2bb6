/* A recording as a file: where its lines are, whose they are, and which
 * exchange answers a request. Lines are read when they are wanted; only their
 * places are kept. */
#ifndef IO_PLAYER_FILE_H
#define IO_PLAYER_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "wire/recording.h"

#define PLAYER_NONE SIZE_MAX

struct player_file;

/* "-": standard input, to its end. NULL with *err. */
struct player_file *player_file_open(const char *name, struct error *err);
void player_file_close(struct player_file *file);

/* Its first line; valid as long as the file. */
const struct recording_start *player_file_start(const struct player_file *file);

/* The place of a line; lines that make no sense have none. */
struct player_line {
    int64_t t_ms; /* since the start; never less than the line's before */
    enum recording_type type;
    size_t number;   /* in the file, 1… */
    size_t exchange; /* index of its exchange; PLAYER_NONE */
    size_t next;     /* the exchange's next line; PLAYER_NONE */
    int64_t offset;  /* in the file */
    size_t len;      /* without its end */
};

/* The lines that make sense, in order: 0 … count - 1. */
size_t player_file_count(const struct player_file *file);
const struct player_line *player_file_at(const struct player_file *file,
                                         size_t index);

/* How many lines made no sense, and the first one's number. */
size_t player_file_broken(const struct player_file *file);
size_t player_file_first_broken(const struct player_file *file);

/* Reads the line again; false when that cannot be done any more. To be freed in
 * either case. */
bool player_file_read(const struct player_file *file, size_t index,
                      struct recording_line *line);

struct player_exchange {
    uint64_t number;
    char *method, *url;
    size_t next;        /* the next line to deliver; PLAYER_NONE: none */
    size_t first, last; /* of its lines */
    bool taken;
};

/* The exchange of a line, NULL when it has none. */
struct player_exchange *player_file_exchange(const struct player_file *file,
                                             size_t index);

/* The first exchange not taken yet that was asked for in this way; one whose
 * query differs only when no other is left. NULL: there is none. */
struct player_exchange *player_file_take(struct player_file *file,
                                         const char *method, const char *url);

/* No exchange is taken, and nothing of them delivered. */
void player_file_rewind(struct player_file *file);

/* The line that tells of the number-th token; PLAYER_NONE. */
size_t player_file_token(const struct player_file *file, int number);

#endif
