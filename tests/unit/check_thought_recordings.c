/* Recorded streams go through the model: its lines, joined again, are the text
 * that the official client saw. */
#include "config.h"

#include <strings.h>

#include "model/run.h"
#include "wire/stream.h"

#include "recordings.h"
#include "unit.h"

static const char *const names[] = {"stream-v1-openai-chunks", "stream-v1-text",
                                    "stream-v2-batch"};

static void tell_parts(struct run *run, struct stream *stream)
{
    struct stream_part part;
    struct error err = {0};
    while (stream_next_part(stream, &part, &err)) {
        struct event event = {.type = EVENT_PART, .time_ms = part.time_ms};
        event.part.seq = run_parts(run) + 1;
        event.part.part = &part;
        run_apply(run, &event);
    }
}

static void follow(struct run *run, json_t *recording, const char *key)
{
    struct stream *stream = stream_create(key, 1 << 20);
    json_t *exchange;
    size_t i;
    json_array_foreach(json_object_get(recording, "exchanges"), i, exchange)
    {
        json_t *response = json_object_get(exchange, "response");
        const char *path =
            text_of(json_object_get(exchange, "request"), "path");
        struct buf body = buf_make(0);
        if (!strstr(path, "/streams/"))
            continue;
        recorded_body(&body, response);
        ck_assert(
            stream_open(stream, recorded_header(response, "x-stream-version")));
        stream_feed(stream, buf_str(&body), body.len, 0);
        tell_parts(run, stream);
        buf_free(&body);
    }
    stream_destroy(stream);
}

/* What the parts are as one text. */
static void join_wanted(struct buf *out, json_t *parts)
{
    json_t *part;
    size_t i;
    json_array_foreach(parts, i, part)
    {
        buf_add(out, json_string_value(part), json_string_length(part));
    }
}

static void join_lines(struct buf *out, const struct run *run)
{
    struct entry entry;
    bool first = true;
    for (uint64_t n = 0; n < run_end(run); n++) {
        ck_assert(run_entry(run, n, &entry));
        if (entry.kind != ENTRY_TEXT)
            continue;
        if (!first && !entry.joins)
            buf_addc(out, '\n');
        buf_add(out, entry.text, entry.text_len);
        first = false;
    }
}

START_TEST(lines_of_recorded_streams_are_their_text)
{
    json_t *recording = recording_load(names[_i], ".json");
    json_t *expected = recording_load(names[_i], ".expected.json");
    json_t *streams = json_object_get(expected, "streams");
    const char *key = json_object_iter_key(json_object_iter(streams));
    struct run *run = run_create("run_1", 1 << 20);
    struct buf want = buf_make(0), open = buf_make(0), got = buf_make(0);
    follow(run, recording, key);
    join_lines(&open, run);
    struct event end = {.type = EVENT_END, .time_ms = INT64_MAX};
    end.end.complete = true;
    run_apply(run, &end);
    join_lines(&got, run);
    join_wanted(&want, json_object_get(streams, key));
    ck_assert_str_eq(buf_str(&open), buf_str(&want));
    ck_assert_str_eq(buf_str(&got), buf_str(&want));
    ck_assert_uint_eq(run_steps_in(run, STEP_ACTIVE), 0);
    buf_free(&want);
    buf_free(&open);
    buf_free(&got);
    run_destroy(run);
    json_decref(recording);
    json_decref(expected);
}
END_TEST

UNIT_MAIN("thought_recordings", json_decref(recording_load(names[0], ".json"));
          tcase_add_loop_test(tc, lines_of_recorded_streams_are_their_text, 0,
                              (int)(sizeof names / sizeof *names));)
