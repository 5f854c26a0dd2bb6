/* JSON read where it lies: finding values and undoing escapes without building
 * a tree. For the few places where most of a text was seen before; everything
 * else is decoded with jansson. Lenient: it finds ends, it does not validate.
 */
#ifndef WIRE_JSON_TEXT_H
#define WIRE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* A piece of a text that somebody else owns. data NULL: absent. */
struct slice {
    const char *data;
    size_t len;
};

/* Is it there, and the same as the text? */
bool slice_is(struct slice slice, const char *text);

/* First byte at or after p that is not JSON white space; end if none. */
const char *json_skip_space(const char *p, const char *end);

/* p stands after an opening quote: the closing one, or NULL when cut off. */
const char *json_string_end(const char *p, const char *end);

/* p stands at a value's first byte: one past its last, or NULL when it is cut
 * off or no value. Depth is bounded only by the input's length, without
 * recursion. */
const char *json_value_end(const char *p, const char *end);

/* p stands at a member: the first byte of its value, or NULL when there is no
 * name with a colon behind it. *name: between its quotes, as it is spelled. */
const char *json_member(const char *p, const char *end, struct slice *name);

/* p stands behind an element or member: the next one's first byte, or the
 * closing bracket; NULL when neither a comma nor that follows, when the comma
 * dangles, or when the text is cut off. */
const char *json_next_item(const char *p, const char *end, char close);

/* Appends the string between the quotes with its escapes undone, as UTF-8:
 * ill-formed parts and lone surrogates become U+FFFD, NUL stays NUL. False on
 * an escape that JSON does not know. */
bool json_unescape(struct buf *out, const char *p, size_t len);

/* Undoes one escape (p at the backslash); returns the bytes used, 0 when it is
 * cut off or unknown. */
size_t json_unescape_one(struct buf *out, const char *p, const char *end);

/* Appends a JSON text without the white space between its tokens. */
void json_compact(struct buf *out, struct slice json);

/* True when what stands between a string's quotes reads as text, however it is
 * spelled. */
bool json_string_is(struct slice inside, const char *text);

/* Walks the members of an object or the elements of an array. */
struct json_walk {
    const char *p, *end;
    char close;  /* '}' or ']' */
    bool broken; /* the text made no sense from here on */
};

/* value: the object's or array's text, first byte to last. False when it is
 * neither. */
bool json_walk_start(struct json_walk *walk, struct slice value);

/* Takes the next one. key: still escaped, without quotes (absent in arrays);
 * value: with quotes. False at the end or when broken. */
bool json_walk_next(struct json_walk *walk, struct slice *key,
                    struct slice *value);

/* The same in two steps, for values whose end is found in another way: goes to
 * the next member (walk->p stands at its value) … */
bool json_walk_key(struct json_walk *walk, struct slice *key);

/* … and goes on behind the value, which ends at stop (NULL: it is broken).
 * False when the text is broken. */
bool json_walk_pass(struct json_walk *walk, const char *stop);

#endif
