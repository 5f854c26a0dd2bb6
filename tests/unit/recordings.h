/* Recordings of $RUNTAIL_SHARED/wire/recordings, read at run time. Where they
 * are not there, the test program is skipped. */
#ifndef TESTS_RECORDINGS_H
#define TESTS_RECORDINGS_H

#include "conformance.h"

/* NAME.json or NAME.expected.json; owned. Ends the program where it is not. */
static inline json_t *recording_load(const char *name, const char *suffix)
{
    const char *shared = getenv("RUNTAIL_SHARED");
    struct buf path = buf_make(0);
    buf_addf(&path, "%s/wire/recordings/%s%s", shared ? shared : "../shared",
             name, suffix);
    json_t *file = json_load_file(buf_str(&path), JSON_ALLOW_NUL, NULL);
    if (!file) {
        printf("skipped: no %s\n", buf_str(&path));
        exit(EXIT_SKIPPED);
    }
    buf_free(&path);
    return file;
}

/* A header by its name, whatever its case; NULL: absent. */
static inline const char *recorded_header(json_t *response, const char *name)
{
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(response, "headers"), key, value)
    {
        if (strcasecmp(key, name) == 0)
            return json_string_value(value);
    }
    return NULL;
}

static inline void add_chunk(struct buf *out, json_t *chunk)
{
    json_t *text = json_object_get(chunk, "utf8");
    if (text)
        buf_add(out, json_string_value(text), json_string_length(text));
    else
        add_base64(out, text_of(chunk, "base64"));
}

/* Appends the whole body. */
static inline void recorded_body(struct buf *out, json_t *response)
{
    json_t *chunks = json_object_get(response, "chunks");
    for (size_t i = 0; i < json_array_size(chunks); i++)
        add_chunk(out, json_array_get(chunks, i));
}

#endif
