#include "config.h"

#include "text/pretty.h"

#include <string.h>

enum {
    INDENT = 2,
    DEEPEST = 32 /* levels that are still indented further */
};

static void new_row(struct buf *out, size_t depth)
{
    buf_addc(out, '\n');
    buf_fill(out, ' ', INDENT * (depth < DEEPEST ? depth : DEEPEST));
}

/* Bytes of the string that begins at text, with its quotes. */
static size_t string_len(const char *text, size_t len)
{
    size_t at = 1;
    while (at < len && text[at] != '"')
        at += text[at] == '\\' && at + 1 < len ? 2 : 1;
    return at < len ? at + 1 : len;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Bytes of an empty object or array that begins at text; 0: it is not empty. */
static size_t empty_len(const char *text, size_t len)
{
    char end = text[0] == '{' ? '}' : ']';
    size_t at = 1;
    while (at < len && is_space(text[at]))
        at++;
    return at < len && text[at] == end ? at + 1 : 0;
}

/* Takes a bracket, and what is inside when it is empty. Returns its bytes. */
static size_t open_level(struct buf *out, const char *text, size_t len,
                         size_t *depth)
{
    size_t empty = empty_len(text, len);
    buf_addc(out, text[0]);
    if (empty)
        buf_addc(out, text[empty - 1]);
    else
        new_row(out, ++*depth);
    return empty ? empty : 1;
}

void pretty_json(struct buf *out, const char *json, size_t len)
{
    size_t depth = 0, used;
    for (size_t at = 0; at < len; at += used) {
        char byte = json[at];
        used = 1;
        if (byte == '"') {
            used = string_len(json + at, len - at);
            buf_add(out, json + at, used);
        } else if (byte == '{' || byte == '[') {
            used = open_level(out, json + at, len - at, &depth);
        } else if (byte == '}' || byte == ']') {
            depth -= depth > 0;
            new_row(out, depth);
            buf_addc(out, byte);
        } else if (byte == ',') {
            buf_addc(out, byte);
            new_row(out, depth);
        } else if (byte == ':') {
            buf_adds(out, ": ");
        } else if (!is_space(byte)) {
            buf_addc(out, byte);
        }
    }
}

bool pretty_is_worth(const char *text, size_t len)
{
    while (len && is_space(text[len - 1]))
        len--;
    while (len && is_space(text[0]))
        text++, len--;
    if (len < 3)
        return false;
    return (text[0] == '{' && text[len - 1] == '}') ||
           (text[0] == '[' && text[len - 1] == ']');
}
