#include "config.h"

#include "wire/packet.h"

#include <string.h>

#include "wire/json_text.h"
#include "wire/json_valid.h"

/* Copies JSON without the white space between its tokens. */
static void add_compact(struct buf *out, struct slice json)
{
    bool in_string = false;
    for (size_t i = 0; i < json.len; i++) {
        char c = json.data[i];
        if (!in_string && (c == ' ' || c == '\n' || c == '\r' || c == '\t'))
            continue;
        buf_addc(out, c);
        if (in_string && c == '\\' && i + 1 < json.len)
            buf_addc(out, json.data[++i]);
        else if (c == '"')
            in_string = !in_string;
    }
}

/* The member "json" of a superjson envelope; the whole when it has none. */
static struct slice projection(struct slice envelope)
{
    struct json_walk walk;
    struct slice key, value;
    if (json_walk_start(&walk, envelope) && walk.close == '}')
        while (json_walk_next(&walk, &key, &value))
            if (slice_is(key, "json"))
                return value;
    return envelope;
}

void packet_decode(struct buf *out, const char *data, size_t len,
                   const char *type, bool *stored)
{
    bool is_super = type && strcmp(type, "application/super+json") == 0;
    bool is_json = !type || is_super || strcmp(type, "application/json") == 0;
    *stored = type && strcmp(type, "application/store") == 0;
    const char *end = data + len;
    const char *start = json_skip_space(data, end);
    struct slice value = {start, (size_t)(end - start)};
    if (!is_json || !json_valid(data, len))
        buf_add(out, data, len);
    else
        add_compact(out, is_super ? projection(value) : value);
}
