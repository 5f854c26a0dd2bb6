#include "config.h"

#include "wire/stream_keys.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "wire/pgarray.h"

void stream_keys_free(struct stream_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        free(keys->keys[i]);
    free(keys->keys);
    *keys = (struct stream_keys){0};
}

static void add(struct stream_keys *keys, const char *key)
{
    if (!*key || keys->count == STREAM_KEYS_MAX)
        return;
    keys->keys = mem_resize(keys->keys, keys->count + 1, sizeof *keys->keys);
    keys->keys[keys->count++] = mem_strdup(key);
}

/* jansson refuses a NUL in a string, as no address can hold one. */
static bool read_metadata(struct stream_keys *keys, struct slice text)
{
    json_t *root = text.data ? json_loadb(text.data, text.len, 0, NULL) : NULL;
    bool good = json_array_size(root) > 0;
    size_t count = json_array_size(root);
    for (size_t i = 0; i < count; i++)
        good = good && json_is_string(json_array_get(root, i));
    for (size_t i = 0; good && i < count; i++)
        add(keys, json_string_value(json_array_get(root, i)));
    json_decref(root);
    return good;
}

void stream_keys_read(struct stream_keys *keys, struct slice metadata,
                      const char *column)
{
    char **items = NULL;
    size_t count = 0;
    stream_keys_free(keys);
    if (read_metadata(keys, metadata) || !column ||
        !pgarray_parse(column, strlen(column), &items, &count))
        return;
    for (size_t i = 0; i < count; i++)
        add(keys, items[i]);
    pgarray_free(items, count);
}
