#include "config.h"

#include "wire/packet.h"

#include <string.h>

#include "wire/json_text.h"
#include "wire/json_valid.h"

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
        json_compact(out, is_super ? projection(value) : value);
}
