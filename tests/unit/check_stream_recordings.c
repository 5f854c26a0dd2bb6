/* Recorded streams, connection by connection; the parts are held against what
 * the official client made of them. */
#include "config.h"

#include <strings.h>

#include "wire/stream.h"

#include "recordings.h"
#include "unit.h"

static const char *const names[] = {"stream-v1-openai-chunks", "stream-v1-text",
                                    "stream-v2-batch"};

static json_t *value_of(const struct stream_part *part)
{
    json_t *value = part->is_json ? json_loadb(part->chunk, part->chunk_len,
                                               JSON_DECODE_ANY, NULL)
                                  : NULL;
    return value ? value : json_stringn(part->chunk, part->chunk_len);
}

static void take(json_t *parts, struct stream *stream, const char *bytes,
                 size_t len)
{
    struct stream_part part;
    struct error err = {0};
    stream_feed(stream, bytes, len, 0);
    while (stream_next_part(stream, &part, &err)) {
        ck_assert(!part.time_is_arrival);
        json_array_append_new(parts, value_of(&part));
    }
}

/* The key that a stream's path ends with; NULL: it is no such path. */
static const char *key_of(json_t *request)
{
    const char *path = text_of(request, "path");
    bool is_stream = strncmp(path, "/realtime/v1/streams/", 21) == 0;
    return is_stream ? strrchr(path, '/') + 1 : NULL;
}

/* Asks like the recorder did: the positions have to be the same. */
static void check_position(struct stream *stream, json_t *request)
{
    struct buf position = buf_make(0);
    const char *asked =
        text_of(json_object_get(request, "headers"), "last-event-id");
    stream_resume(stream, &position);
    ck_assert_str_eq(buf_str(&position), asked);
    buf_free(&position);
}

static json_t *read_streams(json_t *recording, size_t step)
{
    json_t *streams = json_object(), *exchange;
    struct stream *stream = NULL;
    size_t i;
    json_array_foreach(json_object_get(recording, "exchanges"), i, exchange)
    {
        json_t *request = json_object_get(exchange, "request");
        json_t *response = json_object_get(exchange, "response");
        const char *key = key_of(request);
        struct buf body = buf_make(0);
        if (!key)
            continue;
        if (!stream)
            stream = stream_create(key, 1 << 20);
        if (!json_object_get(streams, key))
            json_object_set_new(streams, key, json_array());
        check_position(stream, request);
        ck_assert(
            stream_open(stream, recorded_header(response, "x-stream-version")));
        recorded_body(&body, response);
        for (size_t at = 0; at < body.len; at += step)
            take(json_object_get(streams, key), stream, body.data + at,
                 body.len - at < step ? body.len - at : step);
        buf_free(&body);
    }
    stream_destroy(stream);
    return streams;
}

/* What a client is to see: values, where they are written down (null stands
 * for a record that is no part), else texts. */
static json_t *wanted(json_t *expected)
{
    json_t *streams = json_object_get(expected, "stream_values");
    if (!streams)
        streams = json_object_get(expected, "streams");
    json_t *all = json_deep_copy(streams), *parts;
    const char *key;
    json_object_foreach(all, key, parts)
    {
        for (size_t i = json_array_size(parts); i > 0; i--)
            if (json_is_null(json_array_get(parts, i - 1)))
                json_array_remove(parts, i - 1);
    }
    return all;
}

START_TEST(recorded_stream_ends_in_its_parts)
{
    static const size_t steps[] = {1, 7, 1 << 20};
    json_t *recording = recording_load(names[_i], ".json");
    json_t *expected = recording_load(names[_i], ".expected.json");
    json_t *want = wanted(expected);
    ck_assert_uint_gt(json_object_size(want), 0);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        json_t *got = read_streams(recording, steps[i]);
        char *told = json_dumps(got, JSON_SORT_KEYS);
        char *asked = json_dumps(want, JSON_SORT_KEYS);
        ck_assert_str_eq(told, asked);
        free(told);
        free(asked);
        json_decref(got);
    }
    json_decref(want);
    json_decref(recording);
    json_decref(expected);
}
END_TEST

UNIT_MAIN("stream_recordings", json_decref(recording_load(names[0], ".json"));
          tcase_add_loop_test(tc, recorded_stream_ends_in_its_parts, 0,
                              (int)(sizeof names / sizeof *names));)
