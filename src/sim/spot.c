#include "config.h"

#include "sim/spot.h"

#include <ctype.h>

struct spot spot_make(enum spot_place place, size_t number)
{
    return (struct spot){.place = place, .left = number, .at_line = true};
}

static bool counted(struct spot *spot)
{
    return spot->left-- == 0;
}

static bool find_byte(struct spot *spot, size_t len, size_t *at)
{
    *at = spot->left;
    if (spot->left < len)
        return true;
    spot->left -= len;
    return false;
}

/* Behind a line's first character. */
static bool is_within_line(struct spot *spot, char byte)
{
    bool second = spot->at_line;
    spot->at_line = byte == '\n';
    return second && counted(spot);
}

/* Bytes within a string; a quote behind a backslash is one of them. */
static bool is_within_string(struct spot *spot, char byte)
{
    bool was_in = spot->in_string;
    if (spot->escaped)
        spot->escaped = false;
    else if (byte == '\\')
        spot->escaped = was_in;
    else if (byte == '"')
        spot->in_string = !was_in;
    return !was_in && spot->in_string && counted(spot);
}

static bool is_within_character(struct spot *spot, char byte)
{
    return ((unsigned char)byte & 0xc0) == 0xc0 && counted(spot);
}

static bool find_in_head(struct spot *spot, const char *bytes, size_t len,
                         size_t *at)
{
    for (size_t i = 0; i < len; i++) {
        if (is_within_line(spot, bytes[i])) {
            *at = i + 1;
            return true;
        }
    }
    return false;
}

static bool find_in_body(struct spot *spot, const char *bytes, size_t len,
                         size_t *at)
{
    bool characters = spot->place == SPOT_CHARACTER;
    for (size_t i = 0; i < len; i++) {
        if (characters ? is_within_character(spot, bytes[i])
                       : is_within_string(spot, bytes[i])) {
            *at = i + 1;
            return true;
        }
    }
    return false;
}

/* Behind a size's first digit; what comes before it ends the last chunk. */
static bool find_in_frame(struct spot *spot, const char *bytes, size_t len,
                          size_t *at)
{
    for (size_t i = 0; i < len; i++) {
        if (isxdigit((unsigned char)bytes[i])) {
            *at = i + 1;
            return counted(spot);
        }
    }
    return false;
}

bool spot_find(struct spot *spot, enum spot_part part, const char *bytes,
               size_t len, size_t *at)
{
    switch (spot->place) {
    case SPOT_BYTE:
        return find_byte(spot, len, at);
    case SPOT_HEADER:
        return part == PART_HEAD && find_in_head(spot, bytes, len, at);
    case SPOT_CHUNK_SIZE:
        return part == PART_FRAME && find_in_frame(spot, bytes, len, at);
    case SPOT_CHARACTER:
    case SPOT_STRING:
        return part == PART_BODY && find_in_body(spot, bytes, len, at);
    }
    return false;
}
