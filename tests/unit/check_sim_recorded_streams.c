/* Are the simulator's streams honest? Scenarios are made of what was recorded,
 * and what the simulator then sends is compared with it, byte for byte. */
#include "config.h"

#include "unit.h"

#include "sim_listen.h"
#include "sim_recorded.h"

#define KEY "authorization: Bearer " WORLD_SECRET_KEY

static struct world *world;
static json_t *recording;

static json_t *exchange_of(size_t index)
{
    return json_array_get(json_object_get(recording, "exchanges"), index);
}

/* The first exchange with a stream. */
static size_t find_stream(void)
{
    size_t i = 0;
    while (!strstr(text_of(json_object_get(exchange_of(i), "request"), "path"),
                   "/streams/"))
        i++;
    return i;
}

static int64_t ms_of(json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

/* Starts the world at ASK_START_MS. */
static void open_world(json_t *scenario)
{
    char *text = json_dumps(scenario, 0);
    world = ask_world(text, false, NULL);
    world_start(world, ASK_START_MS);
    free(text);
    json_decref(scenario);
}

static void close_world(void)
{
    world_destroy(world);
    json_decref(recording);
}

static json_t *run_scenario(const char *key, int version, json_t *steps)
{
    return json_pack("{s:{s:s}, s:[{s:s}], s:{s:{s:i, s:i, s:o}}}", "run",
                     "task", "t", "steps", "status", "EXECUTING", "streams",
                     key, "version", version, "open_ms", 0, "steps", steps);
}

/* What a request at now_ms, an instant, hears until to_ms. */
static struct heard hear(const char *key, const char *headers, int64_t now_ms,
                         int64_t to_ms, json_t *response)
{
    struct buf line = buf_make(0);
    buf_addf(&line, "GET /realtime/v1/streams/%s/%s", world->run_id, key);
    struct answer answer =
        ask(world, buf_str(&line), headers, NULL, now_ms - ASK_START_MS, NULL);
    ck_assert_uint_eq(answer.status, 200);
    check_headers(&answer, response);
    struct heard heard =
        listen_to(&answer, now_ms - ASK_START_MS, to_ms - ASK_START_MS);
    answer_free(&answer);
    buf_free(&line);
    return heard;
}

/* The first version. */

/* "id: MS-N\ndata: LINE": entries of the store, several lines to one id. */
static json_t *entries_of(json_t *response, int64_t *first_ms)
{
    json_t *steps = json_array();
    json_t *chunks = json_object_get(response, "chunks");
    for (size_t i = 0; i < json_array_size(chunks); i++) {
        const char *text = text_of(json_array_get(chunks, i), "utf8");
        const char *data = strstr(text, "data: ");
        if (strncmp(text, "id: ", 4) != 0)
            continue;
        int64_t ms = strtoll(text + 4, NULL, 10);
        json_t *last = json_array_get(steps, json_array_size(steps) - 1);
        bool same = last && ms_of(last, "at_ms") == ms - ASK_START_MS;
        json_t *raw = json_sprintf("%s%.*s\n", same ? text_of(last, "raw") : "",
                                   (int)strcspn(data + 6, "\n"), data + 6);
        *first_ms = *first_ms ? *first_ms : ms;
        if (same)
            json_object_set_new(last, "raw", raw);
        else
            json_array_append_new(steps,
                                  json_pack("{s:I, s:o}", "at_ms",
                                            ms - ASK_START_MS, "raw", raw));
    }
    return steps;
}

static const struct {
    const char *name;
    const char *headers;
} firsts[] = {{"stream-v1-text", KEY},
              {"stream-v1-openai-chunks", KEY "\ntimeout-seconds: 6"}};

START_TEST(first_version_is_sent_as_recorded)
{
    recording = recording_load(firsts[_i].name, ".json");
    json_t *response = json_object_get(exchange_of(find_stream()), "response");
    json_t *chunks = json_object_get(response, "chunks");
    int64_t first_ms = 0;
    open_world(run_scenario("key", 1, entries_of(response, &first_ms)));
    int64_t opened_ms = first_ms - ms_of(json_array_get(chunks, 0), "at_ms");
    json_t *end = json_object_get(response, "end");
    struct heard heard = hear("key", firsts[_i].headers, opened_ms,
                              opened_ms + ms_of(end, "at_ms"), response);
    struct buf body = buf_make(0);
    recorded_body(&body, response);
    ck_assert_str_eq(buf_str(&heard.text), buf_str(&body));
    bool complete = strcmp(text_of(end, "how"), "complete") == 0;
    ck_assert_int_eq(heard.last, complete ? STREAM_END : STREAM_WAIT);
    buf_free(&heard.text);
    buf_free(&body);
    close_world();
}
END_TEST

/* The second version. */

/* Records in the order of their numbers, those of one moment together. */
static void add_records(json_t *steps, json_t *records)
{
    size_t i;
    json_t *record;
    json_array_foreach(records, i, record)
    {
        json_t *last = json_array_get(steps, json_array_size(steps) - 1);
        int64_t at_ms = ms_of(record, "timestamp") - ASK_START_MS;
        if (!json_object_get(last, "records") ||
            ms_of(last, "at_ms") != at_ms) {
            last = json_pack("{s:I, s:[]}", "at_ms", at_ms, "records");
            json_array_append_new(steps, last);
        }
        json_array_append(json_object_get(last, "records"), record);
    }
}

static json_t *data_of(const char *event)
{
    const char *data = strstr(event, "data: ");
    return json_loads(data + 6, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
}

/* The moment of the first ping: when the reader was at the tail. */
static int64_t opened_at(json_t *response)
{
    struct buf body = buf_make(0);
    recorded_body(&body, response);
    json_t *data = data_of(strstr(buf_str(&body), "event: ping"));
    int64_t ms = ms_of(data, "timestamp");
    json_decref(data);
    buf_free(&body);
    return ms;
}

static void add_batches(json_t *steps, json_t *response)
{
    json_t *chunks = json_object_get(response, "chunks");
    int64_t opened_ms = opened_at(response) - ms_of(response, "headers_at_ms");
    for (size_t i = 0; i < json_array_size(chunks); i++) {
        json_t *chunk = json_array_get(chunks, i);
        const char *event = text_of(chunk, "utf8");
        if (strncmp(event, "data: [DONE]", 12) == 0)
            continue;
        json_t *data = data_of(event);
        if (strncmp(event, "event: error", 12) == 0)
            json_array_append_new(
                steps,
                json_pack("{s:I, s:O}", "at_ms",
                          opened_ms + ms_of(chunk, "at_ms") - ASK_START_MS,
                          "error", data));
        else
            add_records(steps, json_object_get(data, "records"));
        json_decref(data);
    }
}

START_TEST(second_version_is_sent_as_recorded)
{
    recording = recording_load("stream-v2-batch", ".json");
    json_t *steps = json_array();
    for (size_t i = 0; i < 2; i++)
        add_batches(steps, json_object_get(exchange_of(i), "response"));
    open_world(run_scenario("key", 2, steps));
    for (size_t i = 0; i < 2; i++) {
        json_t *response = json_object_get(exchange_of(i), "response");
        struct heard heard =
            hear("key",
                 i == 0 ? KEY "\ntimeout-seconds: 5"
                        : KEY "\ntimeout-seconds: 5\nlast-event-id: 10",
                 opened_at(response), opened_at(response) + 10000, response);
        struct buf body = buf_make(0);
        recorded_body(&body, response);
        ck_assert_str_eq(buf_str(&heard.text), buf_str(&body));
        ck_assert_int_eq(heard.last, STREAM_END);
        buf_free(&heard.text);
        buf_free(&body);
    }
    close_world();
}
END_TEST

/* Agents. */

static json_t *agent_steps(json_t *response, bool *as_array)
{
    json_t *steps = json_array();
    json_t *chunks = json_object_get(response, "chunks");
    for (size_t i = 0; i < json_array_size(chunks); i++) {
        json_t *chunk = json_array_get(chunks, i);
        json_t *frame = data_of(text_of(chunk, "utf8"));
        json_t *logs = json_object_get(frame, "logs");
        int64_t at_ms = ms_of(chunk, "at_ms") - 500;
        json_t *step = json_pack("{s:I, s:O}", "at_ms", at_ms > 0 ? at_ms : 0,
                                 "status", json_object_get(frame, "status"));
        *as_array = json_is_array(logs);
        if (*as_array)
            json_object_set_new(step, "text", json_string(""));
        json_object_set(step, *as_array ? "lines" : "text", logs);
        if (!json_object_get(frame, "final"))
            json_array_append(steps, step);
        json_decref(step);
        json_decref(frame);
    }
    return steps;
}

static const char *const agents[] = {"sentra-growing", "sentra-legacy-array"};

START_TEST(agents_are_sent_as_recorded)
{
    bool as_array = false;
    recording = recording_load(agents[_i], ".json");
    json_t *response = json_object_get(exchange_of(0), "response");
    json_t *steps = agent_steps(response, &as_array);
    open_world(json_pack("{s:{s:s, s:b, s:o}}", "agent", "id", agents[_i],
                         "as_array", as_array, "steps", steps));
    struct buf line = buf_make(0);
    buf_addf(&line, "GET /api/agents/%s/logs/stream?token=" WORLD_AGENT_TOKEN,
             agents[_i]);
    struct answer answer = ask(world, buf_str(&line), NULL, NULL, 0, NULL);
    check_headers(&answer, response);
    struct heard heard = listen_to(&answer, 0, 60000);
    struct buf body = buf_make(0);
    recorded_body(&body, response);
    ck_assert_str_eq(buf_str(&heard.text), buf_str(&body));
    ck_assert_int_eq(heard.last, STREAM_END);
    answer_free(&answer);
    buf_free(&heard.text);
    buf_free(&line);
    buf_free(&body);
    close_world();
}
END_TEST

/* Refusals. %s in a line is the world's run. */
static const struct {
    size_t index; /* in errors-catalog */
    const char *line, *headers;
} refusals[] = {
    {10, "GET /realtime/v1/streams/run_missing/x", KEY},
    {11, "GET /realtime/v1/streams/%s/x", KEY "\ntimeout-seconds: 900"},
    {25, "GET /api/agents/none/logs/stream", NULL},
    {26, "GET /api/agents/none/logs/stream?token=" WORLD_AGENT_TOKEN, NULL},
};

START_TEST(refusals_are_sent_as_recorded)
{
    recording = recording_load("errors-catalog", ".json");
    json_t *response =
        json_object_get(exchange_of(refusals[_i].index), "response");
    open_world(run_scenario("key", 1, json_array()));
    struct buf line = buf_make(0);
    const char *hole = strstr(refusals[_i].line, "%s");
    buf_addf(&line, "%.*s%s%s", (int)strcspn(refusals[_i].line, "%"),
             refusals[_i].line, hole ? world->run_id : "",
             hole ? hole + 2 : "");
    struct answer answer =
        ask(world, buf_str(&line), refusals[_i].headers, NULL, 0, NULL);
    struct buf body = buf_make(0);
    recorded_body(&body, response);
    ck_assert_int_eq(answer.status, ms_of(response, "status"));
    ck_assert_str_eq(buf_str(&answer.body), buf_str(&body));
    check_headers(&answer, response);
    answer_free(&answer);
    buf_free(&line);
    buf_free(&body);
    close_world();
}
END_TEST

static void skip_without_recordings(void)
{
    json_decref(recording_load("stream-v1-text", ".json"));
}

UNIT_MAIN("sim_recorded_streams", skip_without_recordings();
          tcase_add_loop_test(tc, first_version_is_sent_as_recorded, 0,
                              sizeof firsts / sizeof *firsts);
          tcase_add_test(tc, second_version_is_sent_as_recorded);
          tcase_add_loop_test(tc, agents_are_sent_as_recorded, 0,
                              sizeof agents / sizeof *agents);
          tcase_add_loop_test(tc, refusals_are_sent_as_recorded, 0,
                              sizeof refusals / sizeof *refusals))
