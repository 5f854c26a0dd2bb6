/* Is the simulator honest? What it writes is compared, byte for byte, with
 * what the real servers wrote about the same values. */
#include "config.h"

#include "unit.h"

#include "recordings.h"

#include "base/instant.h"
#include "base/mem.h"
#include "sim/js_json.h"
#include "sim/routes.h"
#include "sim/run_json.h"
#include "sim/run_row_json.h"
#include "sim/shape_log.h"
#include "sim_ask.h"
#include "sim_recorded.h"

#define KEY_HEADER "authorization: Bearer " WORLD_SECRET_KEY
#define VERSIONS                                                               \
    "\nx-trigger-electric-version: 1.0.0-beta.1"                               \
    "\nx-trigger-api-version: 2025-07-16"

static const char scenario[] =
    "{\"about\":\"test\",\"run\":{\"task\":\"t\",\"ttl\":\"10m\","
    "\"tags\":[\"user:1\"],\"payload\":{\"topic\":\"lab\"},"
    "\"payload_type\":\"application/json\",\"metadata\":{},\"number\":7},"
    "\"steps\":[{\"status\":\"PENDING\"},"
    "{\"after_ms\":1000,\"status\":\"DEQUEUED\"}]}";

/* Rows. */

static int64_t moment_of(json_t *value, const char *name)
{
    json_t *text = json_object_get(value, name);
    int64_t ms = INSTANT_NONE;
    if (json_is_string(text))
        ck_assert(instant_parse_database(json_string_value(text),
                                         json_string_length(text), &ms));
    return ms;
}

static const char *column_of(json_t *value, const char *name)
{
    return json_string_value(json_object_get(value, name));
}

struct texts {
    const char *items[16];
    size_t count;
};

/* Always-quoted elements, as the native back end writes them. */
static void read_array(json_t *value, const char *name, struct texts *out)
{
    const char *p = column_of(value, name);
    while (p && (p = strchr(p, '"'))) {
        struct buf item = buf_make(0);
        for (p++; *p != '"'; p++) {
            p += *p == '\\';
            buf_addc(&item, *p);
        }
        buf_addc(&item, '\0');
        out->items[out->count++] = buf_take(&item);
        p++;
    }
}

static struct run_row read_row(json_t *value, struct texts *tags,
                               struct texts *streams)
{
    read_array(value, "runTags", tags);
    read_array(value, "realtimeStreams", streams);
    return (struct run_row){
        .id = column_of(value, "id"),
        .friendly_id = column_of(value, "friendlyId"),
        .task = column_of(value, "taskIdentifier"),
        .created_ms = moment_of(value, "createdAt"),
        .updated_ms = moment_of(value, "updatedAt"),
        .started_ms = moment_of(value, "startedAt"),
        .delay_until_ms = moment_of(value, "delayUntil"),
        .queued_ms = moment_of(value, "queuedAt"),
        .expired_ms = moment_of(value, "expiredAt"),
        .completed_ms = moment_of(value, "completedAt"),
        .number = atoi(column_of(value, "number")),
        .test = strcmp(column_of(value, "isTest"), "t") == 0,
        .status = column_of(value, "status"),
        .usage_ms = atoll(column_of(value, "usageDurationMs")),
        .cost_cents = strtod(column_of(value, "costInCents"), NULL),
        .base_cost_cents = strtod(column_of(value, "baseCostInCents"), NULL),
        .ttl = column_of(value, "ttl"),
        .payload = column_of(value, "payload"),
        .payload_type = column_of(value, "payloadType"),
        .metadata = column_of(value, "metadata"),
        .metadata_type = column_of(value, "metadataType"),
        .output = column_of(value, "output"),
        .output_type = column_of(value, "outputType"),
        .tags = tags->items,
        .tag_count = tags->count,
        .error = column_of(value, "error"),
        .streams = streams->items,
        .stream_count = streams->count,
    };
}

static void free_texts(struct texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        void *item = (void *)(uintptr_t)texts->items[i];
        free(item);
    }
}

/* JSON inside a column is spelled by the same rules as ours. */
static void check_json_column(json_t *value, const char *name)
{
    json_t *text = json_object_get(value, name);
    json_t *inner =
        text ? json_loadb(json_string_value(text), json_string_length(text),
                          JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL)
             : NULL;
    if (!inner)
        return;
    struct buf out = buf_make(0);
    js_add_value(&out, inner);
    ck_assert_str_eq(buf_str(&out), json_string_value(text));
    buf_free(&out);
    json_decref(inner);
}

/* One row in an answer: the whole body; several: each row's value. */
static void check_message(json_t *message, size_t messages, const char *body)
{
    json_t *value = json_object_get(message, "value");
    const char *operation =
        text_of(json_object_get(message, "headers"), "operation");
    struct texts tags = {0};
    struct texts streams = {0};
    struct run_row row = read_row(value, &tags, &streams);
    struct buf out = buf_make(0);
    if (messages == 2) {
        shape_log_add_native(&out, &row, ROW_ALL, operation);
        ck_assert_str_eq(buf_str(&out), body);
    } else {
        run_row_add_value(&out, &row, ROW_ALL, ROW_NATIVE);
        ck_assert_ptr_nonnull(strstr(body, buf_str(&out)));
    }
    check_json_column(value, "metadata");
    check_json_column(value, "payload");
    check_json_column(value, "output");
    check_json_column(value, "error");
    buf_free(&out);
    free_texts(&tags);
    free_texts(&streams);
}

static int check_bodies(const char *name)
{
    int rows = 0;
    json_t *recording = recording_load(name, ".json");
    size_t i;
    json_t *exchange;
    json_array_foreach(json_object_get(recording, "exchanges"), i, exchange)
    {
        json_t *response = json_object_get(exchange, "response");
        struct buf body = buf_make(0);
        recorded_body(&body, response);
        json_t *messages = json_loads(buf_str(&body), 0, NULL);
        size_t j;
        json_t *message;
        json_array_foreach(messages, j, message)
        {
            if (!json_object_get(message, "value"))
                continue;
            check_message(message, json_array_size(messages), buf_str(&body));
            rows++;
        }
        json_decref(messages);
        buf_free(&body);
    }
    json_decref(recording);
    return rows;
}

static const char *const feeds[] = {"run-success",
                                    "run-failed",
                                    "run-canceled",
                                    "run-waiting",
                                    "run-expired",
                                    "run-timed-out",
                                    "run-many-logs",
                                    "run-odd-metadata",
                                    "tags-three-runs",
                                    "batch-five-runs",
                                    "token-expired-midway",
                                    "shape-409-must-refetch",
                                    "server-errors-retry",
                                    "long-poll-empty-timeout",
                                    "connection-cut-mid-body"};

START_TEST(rows_are_spelled_as_the_recorded_server_spells_them)
{
    ck_assert_int_gt(check_bodies(feeds[_i]), 0);
}
END_TEST

/* Headers: all names in order, and the values that do not depend on the run. */

static char *feed_line(const struct world *world, const char *query)
{
    struct buf line = buf_make(0);
    buf_addf(&line, "GET /realtime/v1/runs/%s?%s", world->run_id, query);
    return buf_take(&line);
}

START_TEST(feed_answers_carry_the_recorded_headers)
{
    json_t *recording = recording_load("run-success", ".json");
    struct world *world = ask_world(scenario, false, NULL);
    char *line = feed_line(world, "log=full&offset=-1");
    struct answer first = ask(world, line, KEY_HEADER VERSIONS, NULL, 0, NULL);
    check_headers(&first, response_of(recording, 0));
    free(line);
    struct buf query = buf_make(0);
    buf_addf(&query, "live=true&cursor=&handle=%s&offset=%s",
             fields_get(&first.headers, "electric-handle"),
             fields_get(&first.headers, "electric-offset"));
    line = feed_line(world, buf_str(&query));
    struct answer live =
        ask(world, line, KEY_HEADER VERSIONS, NULL, 1000, NULL);
    check_headers(&live, response_of(recording, 1));
    answer_free(&first);
    answer_free(&live);
    buf_free(&query);
    free(line);
    world_destroy(world);
    json_decref(recording);
}
END_TEST

START_TEST(an_event_stream_carries_the_recorded_headers)
{
    json_t *recording = recording_load("live-sse-shape", ".json");
    struct world *world = ask_world(scenario, true, NULL);
    char *line = feed_line(world, "offset=-1");
    struct answer first = ask(world, line, KEY_HEADER VERSIONS, NULL, 0, NULL);
    struct buf query = buf_make(0);
    buf_addf(&query,
             "live=true&live_sse=true&experimental_live_sse=true&cursor=&"
             "offset=0_inf&handle=%s",
             fields_get(&first.headers, "electric-handle"));
    free(line);
    line = feed_line(world, buf_str(&query));
    struct answer stream = ask(world, line, KEY_HEADER VERSIONS, NULL, 0, NULL);
    ck_assert_ptr_nonnull(stream.stream);
    check_headers(&stream, response_of(recording, 1));
    answer_free(&first);
    answer_free(&stream);
    buf_free(&query);
    free(line);
    world_destroy(world);
    json_decref(recording);
}
END_TEST

START_TEST(a_must_refetch_is_the_recorded_one)
{
    json_t *recording = recording_load("shape-409-must-refetch", ".json");
    json_t *response = response_of(recording, 9);
    struct world *world = ask_world(scenario, false, "409");
    char *line = feed_line(world, "offset=-1");
    struct answer answer = ask(world, line, KEY_HEADER VERSIONS, NULL, 0, NULL);
    struct buf body = buf_make(0);
    recorded_body(&body, response);
    ck_assert_uint_eq(answer.status, 409);
    ck_assert_str_eq(buf_str(&answer.body), buf_str(&body));
    check_headers(&answer, response);
    buf_free(&body);
    answer_free(&answer);
    free(line);
    world_destroy(world);
    json_decref(recording);
}
END_TEST

/* The catalogue of errors. %s in a line is the world's run; credentials by
 * name, see credential(). */
static const struct {
    int index; /* in errors-catalog */
    const char *line;
    const char *credential;
    const char *body;
    const char *fault;
} failures[] = {
    {0, "GET /realtime/v1/runs/%s?offset=-1", "none", NULL, NULL},
    {1, "GET /realtime/v1/runs/%s?offset=-1", "expired", NULL, NULL},
    {2, "GET /realtime/v1/runs/%s?offset=-1", "forged", NULL, NULL},
    {3, "GET /realtime/v1/runs/%s?offset=-1", "garbage", NULL, NULL},
    {4, "GET /realtime/v1/runs/%s?offset=-1", "wrong key", NULL, NULL},
    {5, "GET /realtime/v1/runs/%s?offset=-1", "other run", NULL, NULL},
    {6, "GET /realtime/v1/runs/run_missing?offset=-1", "key", NULL, NULL},
    {12, "GET /api/v3/runs/%s", "none", NULL, NULL},
    {13, "GET /api/v3/runs/%s", "expired", NULL, NULL},
    {14, "GET /api/v3/runs/run_missing", "key", NULL, NULL},
    {15, "GET /api/v3/runs/%s", "other run", NULL, NULL},
    {20, "POST /api/v1/auth/public-tokens", "token",
     "{\"scopes\":[\"read:runs\"]}", NULL},
    {21, "POST /api/v1/auth/public-tokens", "key", "{}", NULL},
    {22, "POST /api/v1/auth/public-tokens", "key",
     "{\"scopes\":[\"read:runs\"],\"expirationTime\":\"60d\"}", NULL},
    {23, "GET /api/tasks/runs/token?runId=%s", "none", NULL, NULL},
    {24, "GET /api/tasks/runs/token", "product", NULL, NULL},
    {29, "GET /realtime/v1/runs/%s?offset=-1", "key", NULL, "429"},
};

/* The headers of a request with this kind of credential; owned. */
static char *credential(const char *kind, const struct world *world)
{
    int64_t now_s = ASK_START_MS / 1000;
    struct buf scope = buf_make(0);
    struct buf out = buf_make(0);
    buf_addf(&scope, "read:runs:%s",
             strcmp(kind, "other run") == 0 ? "run_other" : world->run_id);
    char *token = ask_token(
        buf_str(&scope),
        strcmp(kind, "forged") == 0 ? "another key" : WORLD_SECRET_KEY,
        strcmp(kind, "expired") == 0 ? now_s - 60 : now_s + 900);
    buf_adds(&out, "x-trigger-electric-version: 1.0.0-beta.1");
    if (strcmp(kind, "key") == 0)
        buf_adds(&out, "\n" KEY_HEADER);
    else if (strcmp(kind, "product") == 0)
        buf_adds(&out, "\nx-api-key: " WORLD_API_KEY);
    else if (strcmp(kind, "garbage") == 0)
        buf_adds(&out, "\nauthorization: Bearer nonsense");
    else if (strcmp(kind, "wrong key") == 0)
        buf_adds(&out, "\nauthorization: Bearer tr_dev_wrong");
    else if (strcmp(kind, "none") != 0)
        buf_addf(&out, "\nauthorization: Bearer %s", token);
    free(token);
    buf_free(&scope);
    return buf_take(&out);
}

START_TEST(failures_are_answered_as_recorded)
{
    json_t *recording = recording_load("errors-catalog", ".json");
    json_t *response = response_of(recording, (size_t)failures[_i].index);
    struct world *world = ask_world(scenario, false, failures[_i].fault);
    struct buf line = buf_make(0);
    const char *hole = strstr(failures[_i].line, "%s");
    buf_add(&line, failures[_i].line,
            hole ? (size_t)(hole - failures[_i].line)
                 : strlen(failures[_i].line));
    if (hole)
        buf_addf(&line, "%s%s", world->run_id, hole + 2);
    char *headers = credential(failures[_i].credential, world);
    struct answer answer =
        ask(world, buf_str(&line), headers, failures[_i].body, 0, NULL);
    struct buf body = buf_make(0);
    recorded_body(&body, response);
    ck_assert_int_eq(answer.status,
                     json_integer_value(json_object_get(response, "status")));
    ck_assert_str_eq(buf_str(&answer.body), buf_str(&body));
    check_headers(&answer, response);
    answer_free(&answer);
    free(headers);
    buf_free(&line);
    buf_free(&body);
    world_destroy(world);
    json_decref(recording);
}
END_TEST

START_TEST(an_old_client_gets_the_old_header_names)
{
    json_t *recording = recording_load("errors-catalog", ".json");
    struct world *world = ask_world(scenario, false, NULL);
    char *line = feed_line(world, "offset=-1");
    struct answer answer = ask(world, line, KEY_HEADER, NULL, 0, NULL);
    json_t *response = response_of(recording, 27);
    ck_assert_uint_eq(answer.status, 200);
    /* The recorder sorts the renamed headers anew; compare as sets. */
    const char *name;
    json_t *value;
    size_t count = 0;
    json_object_foreach(json_object_get(response, "headers"), name, value)
    {
        if (is_left_out(name))
            continue;
        count++;
        ck_assert_msg(fields_get(&answer.headers, name) != NULL, "%s", name);
    }
    ck_assert_uint_eq(answer.headers.count, count);
    answer_free(&answer);
    free(line);
    world_destroy(world);
    json_decref(recording);
}
END_TEST

/* REST. */

static int64_t rest_moment(json_t *run, const char *name)
{
    json_t *text = json_object_get(run, name);
    int64_t ms = INSTANT_NONE;
    if (text)
        ck_assert(instant_parse_rfc3339(json_string_value(text),
                                        json_string_length(text), &ms));
    return ms;
}

START_TEST(retrieve_is_spelled_as_recorded)
{
    json_t *recording = recording_load("rest-api", ".json");
    struct buf body = buf_make(0);
    recorded_body(&body, response_of(recording, 0));
    json_t *run = json_loads(buf_str(&body), JSON_ALLOW_NUL, NULL);
    const char *tags[] = {"restdemo"};
    struct run_row row = {
        .friendly_id = text_of(run, "id"),
        .task = text_of(run, "taskIdentifier"),
        .created_ms = rest_moment(run, "createdAt"),
        .updated_ms = rest_moment(run, "updatedAt"),
        .started_ms = rest_moment(run, "startedAt"),
        .completed_ms = rest_moment(run, "finishedAt"),
        .delay_until_ms = INSTANT_NONE,
        .expired_ms = INSTANT_NONE,
        .status = "COMPLETED_SUCCESSFULLY",
        .usage_ms = json_integer_value(json_object_get(run, "durationMs")),
        .cost_cents = json_number_value(json_object_get(run, "costInCents")),
        .base_cost_cents =
            json_number_value(json_object_get(run, "baseCostInCents")),
        .ttl = text_of(run, "ttl"),
        .tags = tags,
        .tag_count = 1,
    };
    struct run_json shown = {.row = &row,
                             .metadata = json_object_get(run, "metadata"),
                             .payload = json_object_get(run, "payload"),
                             .output = json_object_get(run, "output"),
                             .attempts = 1};
    struct buf out = buf_make(0);
    run_json_add(&out, &shown, true);
    ck_assert_str_eq(buf_str(&out), buf_str(&body));
    buf_free(&out);
    buf_free(&body);
    json_decref(run);
    json_decref(recording);
}
END_TEST

static const struct {
    size_t index; /* in rest-api */
    const char *status;
    const char *output;
} polls[] = {
    {12, "EXECUTING", NULL},
    {13, "COMPLETED_SUCCESSFULLY", "{\"ok\":true,\"rows\":1110}"},
    {14, "CANCELED", NULL},
};

START_TEST(the_oldest_polling_bodies_are_the_recorded_ones)
{
    json_t *recording = recording_load("rest-api", ".json");
    struct buf body = buf_make(0);
    recorded_body(&body, response_of(recording, polls[_i].index));
    bool ended = strcmp(polls[_i].status, "EXECUTING") != 0;
    struct run_row row = {.status = polls[_i].status,
                          .completed_ms = ended ? 1 : INSTANT_NONE};
    json_t *output =
        polls[_i].output ? json_loads(polls[_i].output, 0, NULL) : NULL;
    struct run_json shown = {.row = &row, .output = output};
    struct buf out = buf_make(0);
    buf_addc(&out, '{');
    run_json_add_simple(&out, &shown, false);
    buf_addc(&out, '}');
    ck_assert_str_eq(buf_str(&out), buf_str(&body));
    json_decref(output);
    buf_free(&out);
    buf_free(&body);
    json_decref(recording);
}
END_TEST

/* Recorded tokens have no signature, but all of their claims. */
START_TEST(tokens_hold_the_recorded_claims)
{
    json_t *recording = recording_load("rest-api", ".json");
    struct buf body = buf_make(0);
    recorded_body(&body, response_of(recording, 9));
    json_t *answer = json_loads(buf_str(&body), 0, NULL);
    const char *token = text_of(answer, "token");
    json_t *payload = pubtoken_read(token);
    ck_assert_ptr_nonnull(payload);
    struct pubtoken_claims claims = {
        .subject = text_of(payload, "sub"),
        .scopes = json_object_get(payload, "scopes"),
        .issued_s = json_integer_value(json_object_get(payload, "iat")),
        .expires_s = json_integer_value(json_object_get(payload, "exp")),
    };
    struct buf text = buf_make(0);
    struct buf ours = buf_make(0);
    pubtoken_add_payload(&text, &claims);
    pubtoken_sign(&ours, buf_str(&text), text.len, "key");
    size_t signed_len = (size_t)(strrchr(token, '.') - token);
    ck_assert_int_eq(strncmp(buf_str(&ours), token, signed_len + 1), 0);
    buf_free(&text);
    buf_free(&ours);
    buf_free(&body);
    json_decref(payload);
    json_decref(answer);
    json_decref(recording);
}
END_TEST

START_TEST(over_the_limit_is_answered_as_recorded)
{
    json_t *recording = recording_load("errors-catalog", ".json");
    json_t *response = response_of(recording, 28);
    struct world *world = ask_world(scenario, false, NULL);
    struct answer answer = {0};
    struct buf body = buf_make(0);
    recorded_body(&body, response);
    routes_over_limit(&answer, 1795204627838, 1795204680000);
    routes_add_app_headers(world, &answer, 0, 0);
    ck_assert_str_eq(buf_str(&answer.body), buf_str(&body));
    check_headers(&answer, response);
    answer_free(&answer);
    buf_free(&body);
    world_destroy(world);
    json_decref(recording);
}
END_TEST

static void skip_without_recordings(void)
{
    json_decref(recording_load("run-success", ".json"));
}

UNIT_MAIN(
    "sim_recordings", skip_without_recordings();
    tcase_add_loop_test(tc, rows_are_spelled_as_the_recorded_server_spells_them,
                        0, sizeof feeds / sizeof *feeds);
    tcase_add_test(tc, feed_answers_carry_the_recorded_headers);
    tcase_add_test(tc, an_event_stream_carries_the_recorded_headers);
    tcase_add_test(tc, a_must_refetch_is_the_recorded_one);
    tcase_add_loop_test(tc, failures_are_answered_as_recorded, 0,
                        sizeof failures / sizeof *failures);
    tcase_add_test(tc, over_the_limit_is_answered_as_recorded);
    tcase_add_test(tc, an_old_client_gets_the_old_header_names);
    tcase_add_test(tc, retrieve_is_spelled_as_recorded);
    tcase_add_loop_test(tc, the_oldest_polling_bodies_are_the_recorded_ones, 0,
                        sizeof polls / sizeof *polls);
    tcase_add_test(tc, tokens_hold_the_recorded_claims))
