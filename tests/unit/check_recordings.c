/* Recorded answers go through shape and decoder; what comes out is held
 * against what the recording says a viewer must end with. */
#include "config.h"

#include <math.h>
#include <strings.h>

#include "base/mem.h"
#include "wire/decoder.h"
#include "wire/entry.h"
#include "wire/shape.h"
#include "wire/sse.h"

#include "recordings.h"
#include "unit.h"

enum {
    MAX_RUNS = 8,
    ARRIVAL_MS = 5000
};

/* One run as the events told it. */
struct follower {
    char *id;
    struct decoder *decoder;
    json_t *log; /* standing entries */
    uint64_t last_seq;
};

struct replay {
    struct shape *shape;
    struct sse *sse;
    struct follower runs[MAX_RUNS];
    size_t run_count;
};

static const char *const names[] = {
    "batch-five-runs",     "connection-cut-mid-body",
    "live-sse-shape",      "long-poll-empty-timeout",
    "run-canceled",        "run-expired",
    "run-failed",          "run-many-logs",
    "run-odd-metadata",    "run-success",
    "run-timed-out",       "run-waiting",
    "server-errors-retry", "shape-409-must-refetch",
    "tags-three-runs",     "token-expired-midway",
};

static json_t *entry_as_json(const struct log_entry *entry)
{
    json_t *item =
        json_pack("{s:s?, s:o}", "level", entry->level_word, "message",
                  json_stringn(entry->message, entry->message_len));
    if (entry->time_is_arrival)
        ck_assert_int_eq(entry->time_ms, ARRIVAL_MS);
    json_object_set_new(item, "timestamp_ms",
                        entry->time_is_arrival ? json_null()
                                               : json_integer(entry->time_ms));
    if (entry->data)
        json_object_set_new(item, "data",
                            json_loadb(entry->data, entry->data_len,
                                       JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL));
    return item;
}

static void take_event(void *context, const struct event *event)
{
    struct follower *run = context;
    size_t standing = json_array_size(run->log);
    ck_assert_str_eq(event->run, run->id);
    if (event->type == EVENT_LOG) {
        ck_assert_uint_eq(event->log.seq, ++run->last_seq);
        json_array_append_new(run->log, entry_as_json(event->log.entry));
    } else if (event->type == EVENT_REWRITE) {
        ck_assert_uint_le(event->rewrite.withdrawn, standing);
        for (uint64_t i = 0; i < event->rewrite.withdrawn; i++)
            json_array_remove(run->log, --standing);
    }
}

static struct follower *follower_of(struct replay *replay, const char *id)
{
    for (size_t i = 0; i < replay->run_count; i++)
        if (strcmp(replay->runs[i].id, id) == 0)
            return &replay->runs[i];
    ck_assert_uint_lt(replay->run_count, MAX_RUNS);
    struct follower *run = &replay->runs[replay->run_count++];
    struct decoder_options options = {
        .run = id, .progress_key = "progress", .log_key = "logs"};
    run->id = mem_strdup(id);
    run->log = json_array();
    run->decoder = decoder_create(&options, take_event, run);
    return run;
}

static void take_row(void *context, struct row *row)
{
    struct buf id = buf_make(0);
    ck_assert(row_text(row, COLUMN_ID, &id));
    struct follower *run = follower_of(context, buf_str(&id));
    decoder_take_row(run->decoder, row, ARRIVAL_MS);
    buf_free(&id);
}

static struct shape_headers headers_of(json_t *response)
{
    struct shape_headers headers = {
        .handle = recorded_header(response, "electric-handle"),
        .offset = recorded_header(response, "electric-offset"),
        .cursor = recorded_header(response, "electric-cursor"),
        .schema = recorded_header(response, "electric-schema"),
    };
    return headers;
}

static void take_stream(struct replay *replay, json_t *response)
{
    struct shape_headers headers = headers_of(response);
    struct error err = {ERROR_NONE, ""};
    ck_assert(shape_take_headers(replay->shape, &headers, &err));
    json_t *chunks = json_object_get(response, "chunks");
    sse_restart(replay->sse);
    for (size_t i = 0; i < json_array_size(chunks); i++) {
        struct buf bytes = buf_make(0);
        struct sse_event event;
        add_chunk(&bytes, json_array_get(chunks, i));
        sse_feed(replay->sse, buf_str(&bytes), bytes.len);
        while (sse_next(replay->sse, &event, &err))
            ck_assert_msg(shape_take_message(replay->shape, event.data,
                                             event.data_len, take_row, replay,
                                             &err),
                          "%s", err.message);
        buf_free(&bytes);
    }
}

static void take_body(struct replay *replay, json_t *response, bool cut)
{
    struct shape_headers headers = headers_of(response);
    struct error err = {ERROR_NONE, ""};
    struct buf body = buf_make(0), before = buf_make(0), after = buf_make(0);
    recorded_body(&body, response);
    shape_request(replay->shape, &before);
    bool good = shape_take_answer(replay->shape, &headers, buf_str(&body),
                                  body.len, take_row, replay, &err);
    shape_request(replay->shape, &after);
    ck_assert_msg(good == !cut, "%s", err.message);
    if (cut)
        ck_assert_str_eq(buf_str(&before), buf_str(&after));
    buf_free(&body);
    buf_free(&before);
    buf_free(&after);
}

static bool has_parameter(json_t *request, const char *name, const char *value)
{
    json_t *query = json_object_get(request, "query");
    for (size_t i = 0; i < json_array_size(query); i++) {
        json_t *pair = json_array_get(query, i);
        if (!strcmp(json_string_value(json_array_get(pair, 0)), name) &&
            !strcmp(json_string_value(json_array_get(pair, 1)), value))
            return true;
    }
    return false;
}

/* Our next request must be the recorded one, in whatever order its recorder
 * wrote the parameters. */
static void assert_asked_the_same(struct replay *replay, json_t *request)
{
    struct buf target = buf_make(0);
    shape_request(replay->shape, &target);
    char *query = strchr(target.data, '?');
    ck_assert_ptr_nonnull(query);
    size_t count = 0;
    char *rest;
    for (char *pair = strtok_r(query + 1, "&", &rest); pair;
         pair = strtok_r(NULL, "&", &rest), count++) {
        char *equals = strchr(pair, '=');
        *equals = '\0';
        ck_assert_msg(has_parameter(request, pair, equals + 1),
                      "%s=%s was not asked", pair, equals + 1);
    }
    size_t want = json_array_size(json_object_get(request, "query"));
    want -= has_parameter(request, "tags", "user:42");
    ck_assert_uint_eq(count, want);
    buf_free(&target);
}

static void open_shape(struct replay *replay, json_t *request)
{
    shape_destroy(replay->shape);
    replay->shape = shape_create(text_of(request, "path"), "");
}

static void take_exchange(struct replay *replay, json_t *exchange)
{
    json_t *request = json_object_get(exchange, "request");
    json_t *response = json_object_get(exchange, "response");
    json_t *status = json_object_get(response, "status");
    const char *type = recorded_header(response, "content-type");
    if (strncmp(text_of(request, "path"), "/realtime/", 10) != 0 ||
        json_is_null(status))
        return;
    bool first = has_parameter(request, "offset", "-1");
    bool again = has_parameter(request, "log", "full") && first;
    if (!replay->shape || (again && shape_is_live(replay->shape)))
        open_shape(replay, request);
    shape_set_sse(replay->shape, has_parameter(request, "live_sse", "true"));
    assert_asked_the_same(replay, request);
    if (json_integer_value(status) == 409)
        shape_restart(replay->shape,
                      recorded_header(response, "electric-handle"));
    else if (json_integer_value(status) == 200 &&
             strncmp(type, "text/event-stream", 17) == 0)
        take_stream(replay, response);
    else if (json_integer_value(status) == 200)
        take_body(
            replay, response,
            !strcmp(text_of(json_object_get(response, "end"), "how"), "cut"));
}

static void assert_json_equal(json_t *got, json_t *want, const char *what)
{
    char *a = json_dumps(got, JSON_ENCODE_ANY | JSON_SORT_KEYS);
    char *b = json_dumps(want, JSON_ENCODE_ANY | JSON_SORT_KEYS);
    ck_assert_msg(json_equal(got, want), "%s: got %s, want %s", what, a, b);
    free(a);
    free(b);
}

static void assert_log(json_t *got, json_t *want)
{
    ck_assert_uint_eq(json_array_size(got), json_array_size(want));
    for (size_t i = 0; i < json_array_size(want); i++) {
        json_t *item = json_array_get(want, i);
        json_t *time = json_object_get(item, "timestamp_ms");
        if (json_is_real(time)) /* fractions are cut */
            json_object_set_new(
                item, "timestamp_ms",
                json_integer((json_int_t)json_real_value(time)));
        assert_json_equal(json_array_get(got, i), item, "log entry");
    }
}

static void assert_text(const char *got, json_t *want, const char *key)
{
    json_t *text = json_object_get(want, key);
    if (text)
        ck_assert_pstr_eq(got, json_string_value(text));
}

static void assert_error(const struct run_facts *facts, json_t *want)
{
    struct buf message = buf_make(0);
    ck_assert_int_eq(facts->has_error, want != NULL);
    if (!want)
        return;
    if (facts->error.code)
        buf_addf(&message, "trigger.dev internal error (%s)",
                 facts->error.code);
    else
        buf_adds(&message, facts->error.message);
    assert_text(buf_str(&message), want, "message");
    assert_text(facts->error.name, want, "name");
    assert_text(facts->error.stack, want, "stackTrace");
    buf_free(&message);
}

/* The recordings' own progress is the task's number; more than 1 is taken for
 * percents. */
static void assert_progress(const struct run_facts *facts, json_t *want)
{
    double number = json_number_value(want);
    if (json_is_null(want)) {
        ck_assert_int_eq(facts->progress.kind, PROGRESS_NONE);
        return;
    }
    ck_assert_int_eq(facts->progress.kind, PROGRESS_RATIO);
    ck_assert_double_eq_tol(facts->progress.ratio,
                            number > 1 ? number / 100 : number, 1e-9);
}

static void assert_tags(const struct run_facts *facts, json_t *want)
{
    if (!want)
        return;
    ck_assert_uint_eq(facts->tag_count, json_array_size(want));
    for (size_t i = 0; i < facts->tag_count; i++)
        ck_assert_str_eq(facts->tags[i],
                         json_string_value(json_array_get(want, i)));
}

static void assert_run(struct follower *run, json_t *want)
{
    const struct run_facts *facts = decoder_facts(run->decoder);
    ck_assert_str_eq(status_word(facts->status), text_of(want, "status"));
    ck_assert_int_eq(facts->finished,
                     json_is_true(json_object_get(want, "finished")));
    ck_assert_uint_eq(decoder_entries(run->decoder), run->last_seq);
    assert_log(run->log, json_object_get(want, "log"));
    assert_progress(facts, json_object_get(want, "progress"));
    assert_text(facts->task, want, "task");
    assert_text(facts->step, want, "status_text");
    assert_text(facts->step, want, "current_step");
    assert_text(facts->error.type, want, "error_wire_type");
    assert_text(facts->error.message, want, "error_wire_message");
    assert_error(facts, json_object_get(want, "error"));
    assert_tags(facts, json_object_get(want, "tags"));
    if (json_object_get(want, "output")) {
        json_t *output =
            json_loads(facts->output, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_json_equal(output, json_object_get(want, "output"), "output");
        json_decref(output);
    }
}

static void assert_runs(struct replay *replay, json_t *want)
{
    json_t *runs = json_object_get(want, "runs");
    const char *id;
    json_t *run;
    if (!runs) {
        ck_assert_uint_eq(replay->run_count, 1);
        assert_run(&replay->runs[0], want);
        return;
    }
    ck_assert_uint_eq(replay->run_count, json_object_size(runs));
    json_object_foreach(runs, id, run) assert_run(follower_of(replay, id), run);
}

static void replay_free(struct replay *replay)
{
    for (size_t i = 0; i < replay->run_count; i++) {
        decoder_destroy(replay->runs[i].decoder);
        json_decref(replay->runs[i].log);
        free(replay->runs[i].id);
    }
    shape_destroy(replay->shape);
    sse_destroy(replay->sse);
}

START_TEST(recording_ends_in_its_expected_state)
{
    json_t *recording = recording_load(names[_i], ".json");
    json_t *want = recording_load(names[_i], ".expected.json");
    json_t *exchanges = json_object_get(recording, "exchanges");
    struct replay replay = {.sse = sse_create(1 << 20)};

    for (size_t i = 0; i < json_array_size(exchanges); i++)
        take_exchange(&replay, json_array_get(exchanges, i));

    assert_runs(&replay, want);
    replay_free(&replay);
    json_decref(recording);
    json_decref(want);
}
END_TEST

UNIT_MAIN("recordings", json_decref(recording_load(names[0], ".json"));
          tcase_add_loop_test(tc, recording_ends_in_its_expected_state, 0,
                              sizeof names / sizeof *names))
