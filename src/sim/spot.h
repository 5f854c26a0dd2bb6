/* Finds the spot where an answer is to be spoiled, while its bytes pass. Pure.
 */
#ifndef SIM_SPOT_H
#define SIM_SPOT_H

#include <stdbool.h>
#include <stddef.h>

/* What a spot is within. */
enum spot_place {
    SPOT_BYTE,       /* nothing: any byte of the answer, its head included */
    SPOT_HEADER,     /* a line of the head; number 0 is the status line */
    SPOT_CHUNK_SIZE, /* the line before a chunk */
    SPOT_CHARACTER,  /* a character of several bytes, in the body */
    SPOT_STRING      /* a JSON string, in the body */
};

/* What the bytes of an answer are. */
enum spot_part {
    PART_HEAD,
    PART_FRAME, /* line ends and sizes around chunks; one chunk's at a time */
    PART_BODY
};

struct spot {
    enum spot_place place;
    size_t left; /* of what it is the number of: it is found when none is */
    bool at_line, in_string, escaped;
};

/* number: of the byte, line, chunk, character or string, from 0. */
struct spot spot_make(enum spot_place place, size_t number);

/* Looks through the next bytes. True: *at of them come before the spot. */
bool spot_find(struct spot *spot, enum spot_part part, const char *bytes,
               size_t len, size_t *at);

#endif
