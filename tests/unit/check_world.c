/* The simulated platform's answers, without sockets and without waiting. */
#include "config.h"

#include "unit.h"

#include <stdio.h>

#include "sim_ask.h"

#define KEY      "authorization: Bearer " WORLD_SECRET_KEY
#define API_KEY  "x-api-key: " WORLD_API_KEY
#define ELECTRIC "\nx-trigger-electric-version: 1"
#define CURRENT  "\nx-trigger-api-version: 2025-07-16"

static const char scenario[] =
    "{\"run\":{\"task\":\"t\",\"payload\":\"p\"},\"steps\":["
    "{\"status\":\"PENDING\"},"
    "{\"after_ms\":1000,\"status\":\"DEQUEUED\"},"
    "{\"after_ms\":1000,\"status\":\"EXECUTING\",\"attempt\":1},"
    "{\"after_ms\":1000,\"status\":\"EXECUTING\",\"attempt\":2,"
    "\"progress\":0.5},"
    "{\"after_ms\":60000,\"status\":\"COMPLETED_WITH_ERRORS\",\"error\":"
    "{\"type\":\"STRING_ERROR\",\"raw\":\"no\"}}]}";

static struct world *world;
static struct answer answer;
static int64_t until_ms;

static void open_world(bool electric, const char *fault)
{
    world = ask_world(scenario, electric, fault);
}

static void close_world(void)
{
    answer_free(&answer);
    world_destroy(world);
}

/* "RUN" in the line stands for the run. */
static void request(const char *line, const char *headers, const char *body,
                    int64_t after_ms)
{
    struct buf text = buf_make(0);
    const char *hole = strstr(line, "RUN");
    buf_add(&text, line, hole ? (size_t)(hole - line) : strlen(line));
    if (hole)
        buf_addf(&text, "%s%s", world->run_id, hole + 3);
    answer_free(&answer);
    answer = ask(world, buf_str(&text), headers, body, after_ms, &until_ms);
    buf_free(&text);
}

static bool body_has(const char *text)
{
    return strstr(buf_str(&answer.body), text) != NULL;
}

/* Follows the feed from the last answer's position. */
static void poll_feed(int64_t after_ms)
{
    struct buf line = buf_make(0);
    buf_addf(&line,
             "GET /realtime/v1/runs/RUN?live=true&cursor=&offset=%s&handle=%s",
             fields_get(&answer.headers, "electric-offset"),
             fields_get(&answer.headers, "electric-handle"));
    request(buf_str(&line), KEY ELECTRIC CURRENT, NULL, after_ms);
    buf_free(&line);
}

/* A request for the feed that a test asks with itself. */
static struct request feed_request(const char *headers)
{
    struct buf line = buf_make(0);
    buf_addf(&line, "GET /realtime/v1/runs/%s", world->run_id);
    struct request made = ask_request(buf_str(&line), headers);
    buf_free(&line);
    return made;
}

START_TEST(a_live_request_is_held_until_the_next_state)
{
    open_world(false, NULL);
    request("GET /realtime/v1/runs/RUN?offset=-1", KEY ELECTRIC CURRENT, NULL,
            0);
    ck_assert_uint_eq(answer.status, 200);
    poll_feed(400);
    ck_assert_uint_eq(answer.status, 0);
    ck_assert_int_ge(until_ms, 1000);
    ck_assert_int_le(until_ms, 1002);
    close_world();
}
END_TEST

START_TEST(a_live_request_ends_empty_after_the_hold)
{
    open_world(true, NULL);
    request("GET /realtime/v1/runs/RUN?offset=-1", KEY ELECTRIC CURRENT, NULL,
            3000);
    struct request held = feed_request(KEY ELECTRIC CURRENT);
    fields_add(&held.query, "live", "true");
    fields_add(&held.query, "offset", "0_inf");
    fields_add(&held.query, "handle",
               fields_get(&answer.headers, "electric-handle"));
    held.arrived_ms = 10000;
    held.arrived_now_ms = ASK_START_MS + 3000;
    struct moment moment = {.real_ms = 10000, .now_ms = ASK_START_MS + 3000};
    answer_free(&answer);
    ck_assert_int_eq(
        world_answer_ops.answer(world, &held, &moment, &answer, &until_ms),
        ANSWER_WAIT);
    ck_assert_int_ge(until_ms, 10999);
    ck_assert_int_le(until_ms, 30000);
    moment.real_ms = 30000; /* the clock of the run stands still */
    ck_assert_int_eq(
        world_answer_ops.answer(world, &held, &moment, &answer, &until_ms),
        ANSWER_READY);
    ck_assert(body_has("up-to-date"));
    ck_assert(!body_has("operation"));
    ask_free(&held);
    close_world();
}
END_TEST

START_TEST(a_token_that_expires_while_held_is_good_to_the_end)
{
    open_world(false, NULL);
    int64_t now_s = ASK_START_MS / 1000;
    char *token = ask_token("read:runs", WORLD_SECRET_KEY, now_s + 1);
    struct buf headers = buf_make(0);
    buf_addf(&headers, "authorization: Bearer %s" ELECTRIC, token);
    struct request held = feed_request(buf_str(&headers));
    fields_add(&held.query, "offset", "-1");
    held.arrived_now_ms = ASK_START_MS;
    struct moment late = {.real_ms = 5000, .now_ms = ASK_START_MS + 5000};
    world_answer_ops.answer(world, &held, &late, &answer, &until_ms);
    ck_assert_uint_eq(answer.status, 200);
    answer_free(&answer);
    held.arrived_now_ms = late.now_ms;
    world_answer_ops.answer(world, &held, &late, &answer, &until_ms);
    ck_assert_uint_eq(answer.status, 401);
    free(token);
    buf_free(&headers);
    ask_free(&held);
    close_world();
}
END_TEST

START_TEST(an_older_client_is_not_told_of_dequeued)
{
    open_world(false, NULL);
    request("GET /realtime/v1/runs/RUN?offset=-1", KEY ELECTRIC CURRENT, NULL,
            0);
    request("GET /realtime/v1/runs/RUN?offset=-1", KEY ELECTRIC CURRENT, NULL,
            1000);
    ck_assert(body_has("\"status\":\"DEQUEUED\""));
    request("GET /realtime/v1/runs/RUN?offset=-1", KEY ELECTRIC, NULL, 1000);
    ck_assert(body_has("\"status\":\"EXECUTING\""));
    close_world();
}
END_TEST

START_TEST(skipped_columns_are_absent_everywhere)
{
    open_world(false, NULL);
    request("GET /realtime/v1/runs/RUN?offset=-1&skipColumns=payload,output",
            KEY ELECTRIC, NULL, 0);
    ck_assert(!body_has("\"payload\":"));
    ck_assert(body_has("\"payloadType\":"));
    ck_assert_ptr_null(
        strstr(fields_get(&answer.headers, "electric-schema"), "\"payload\":"));
    close_world();
}
END_TEST

START_TEST(retrieve_speaks_both_vocabularies_and_counts_attempts)
{
    open_world(false, NULL);
    request("GET /api/v3/runs/RUN", KEY CURRENT, NULL, 0);
    ck_assert(body_has("\"status\":\"QUEUED\""));
    ck_assert(body_has("\"attemptCount\":0"));
    request("GET /api/v3/runs/RUN", KEY CURRENT, NULL, 1000);
    ck_assert(body_has("\"status\":\"DEQUEUED\""));
    request("GET /api/v3/runs/RUN", KEY, NULL, 1000);
    ck_assert(body_has("\"status\":\"EXECUTING\""));
    request("GET /api/v3/runs/RUN", KEY CURRENT, NULL, 63000);
    ck_assert(body_has("\"status\":\"FAILED\""));
    ck_assert(body_has("\"error\":{\"message\":\"no\"}"));
    ck_assert(body_has("\"attemptCount\":2"));
    ck_assert_str_eq(fields_get(&answer.headers, "x-ratelimit-limit"), "750");
    close_world();
}
END_TEST

static const struct {
    const char *shape, *during, *after;
} shapes[] = {
    {"pending", "{\"status\":\"pending\"}",
     "{\"status\":\"failed\",\"error\":\"no\"}"},
    {"fields", "{\"status\":\"pending\",\"taskIdentifier\":\"t\"",
     "{\"status\":\"failed\",\"error\":\"no\",\"metadata\":{"},
    {"runs", "{\"status\":\"success\",\"runs\":[{\"id\":\"run_",
     "\"status\":\"failed\",\"error\":\"no\""},
    {"raw", "{\"status\":\"success\",\"runs\":[{\"id\":\"run_",
     "\"status\":\"FAILED\""},
};

START_TEST(the_polling_endpoint_has_every_shape_it_ever_had)
{
    struct error err = {0};
    struct world_settings settings = {.scenario = scenario,
                                      .scenario_len = sizeof scenario - 1,
                                      .speed = 1,
                                      .hold_s = -1,
                                      .poll_shape = shapes[_i].shape};
    world = world_create(&settings, &err);
    request("GET /api/tasks/runs?runId=RUN", API_KEY, NULL, 0);
    ck_assert_msg(body_has(shapes[_i].during), "%s", buf_str(&answer.body));
    request("GET /api/tasks/runs?runId=RUN", API_KEY, NULL, 63000);
    ck_assert_msg(body_has(shapes[_i].after), "%s", buf_str(&answer.body));
    close_world();
}
END_TEST

static const struct {
    const char *headers;
    unsigned status;
    const char *text;
} keys[] = {
    {API_KEY, 200, "\"token\":\""},
    {"authorization: Bearer " WORLD_API_KEY, 200, "\"token\":\""},
    {API_KEY "\nauthorization: Bearer " WORLD_API_KEY, 401, "Exactly one of"},
    {"authorization: Basic x", 401, "Bearer token required"},
    {"x-api-key: wrong", 401, "\"message\":\"Unauthorized\""},
    {"authorization: Bearer wrong", 401, "\"message\":\"Unauthorized\""},
};

START_TEST(the_token_endpoint_wants_one_key)
{
    open_world(false, NULL);
    request("GET /api/tasks/runs/token?runId=RUN", keys[_i].headers, NULL, 0);
    ck_assert_uint_eq(answer.status, keys[_i].status);
    ck_assert(body_has(keys[_i].text));
    ck_assert(!world->started);
    close_world();
}
END_TEST

static const struct {
    const char *line, *body;
    unsigned status;
    const char *text;
} mints[] = {
    {"POST /api/v1/auth/public-tokens", "{\"scopes\":[\"read:runs\"]}", 200,
     "\"token\":"},
    {"POST /api/v1/auth/public-tokens", "nonsense", 400,
     "{\"error\":\"Invalid request body\"}"},
    {"POST /api/v1/auth/public-tokens",
     "{\"scopes\":[\"read:runs\"],\"expirationTime\":\"1 month\"}", 400,
     "Invalid expiration time"},
    {"POST /api/v1/auth/public-tokens",
     "{\"scopes\":[\"read:runs\"],\"expirationTime\":\"-1h\"}", 400,
     "must be in the future"},
    {"POST /api/v1/auth/public-tokens",
     "{\"scopes\":[\"read:runs\"],\"expirationTime\":7}", 400,
     "must be in the future"},
    {"POST /api/v1/auth/jwt", "", 200, "\"token\":"},
    {"POST /api/v1/auth/jwt", "{\"claims\":{\"scopes\":[\"read:runs\"]}}", 200,
     "\"token\":"},
    {"POST /api/v1/auth/jwt/claims", "", 200, "\"pub\":true"},
    {"GET /api/v1/auth/jwt/claims", "", 405, "Method not allowed"},
    {"GET /nowhere", "", 404, "Not found"},
};

START_TEST(minting_answers_as_the_platform)
{
    open_world(false, NULL);
    request(mints[_i].line, KEY, mints[_i].body, 0);
    ck_assert_uint_eq(answer.status, mints[_i].status);
    ck_assert(body_has(mints[_i].text));
    close_world();
}
END_TEST

/* What a fault does to the first answer of the feed. */
static const struct {
    const char *fault;
    unsigned status;
    enum answer_end end;
    const char *text;
} faults[] = {
    {"401", 401, ANSWER_COMPLETE, "Public Access Token is invalid"},
    {"404", 404, ANSWER_COMPLETE, "Not found"},
    {"409", 409, ANSWER_COMPLETE, "must-refetch"},
    {"409-no-handle", 409, ANSWER_COMPLETE, "must-refetch"},
    {"429-retry-after", 429, ANSWER_COMPLETE, "Too many"},
    {"502", 502, ANSWER_COMPLETE, "<html>"},
    {"empty", 200, ANSWER_COMPLETE, ""},
    {"cut", 200, ANSWER_CUT, ""},
    {"close", 0, ANSWER_CLOSE, ""},
    {"reset", 0, ANSWER_RESET, ""},
    {"hang", 0, ANSWER_HANG, ""},
    {"no-headers", 200, ANSWER_COMPLETE, "up-to-date"},
};

START_TEST(faults_do_what_they_are_called)
{
    open_world(false, faults[_i].fault);
    request("GET /realtime/v1/runs/RUN?offset=-1", KEY ELECTRIC, NULL, 0);
    ck_assert_uint_eq(answer.status, faults[_i].status);
    ck_assert_int_eq(answer.end, faults[_i].end);
    ck_assert(body_has(faults[_i].text));
    close_world();
}
END_TEST

static const struct {
    const char *fault;
    enum spoil feed, api;
    size_t number;
} routes[] = {
    {"pieces:7", SPOIL_PIECES, SPOIL_PIECES, 7},
    {"pieces", SPOIL_PIECES, SPOIL_PIECES, 1},
    {"close-at", SPOIL_CLOSE_AT, SPOIL_NONE, 500}, /* once */
    {"feed/pieces:7", SPOIL_PIECES, SPOIL_NONE, 7},
    {"api/pieces:7", SPOIL_NONE, SPOIL_PIECES, 0},
    {"token/pieces:7", SPOIL_NONE, SPOIL_NONE, 0},
    {"api/pieces,feed/slow:3", SPOIL_SLOW, SPOIL_PIECES, 3},
};

START_TEST(a_fault_on_the_wire_keeps_to_its_route)
{
    open_world(false, routes[_i].fault);
    request("GET /realtime/v1/runs/RUN?offset=-1", KEY ELECTRIC, NULL, 0);
    ck_assert_int_eq(answer.spoil, routes[_i].feed);
    ck_assert_uint_eq(answer.spoil_number, routes[_i].number);
    request("GET /api/v3/runs/RUN", KEY, NULL, 0);
    ck_assert_int_eq(answer.spoil, routes[_i].api);
    close_world();
}
END_TEST

START_TEST(a_cache_gives_the_answer_before_once_more)
{
    open_world(false, "again@1");
    request("GET /realtime/v1/runs/RUN?offset=-1", KEY ELECTRIC, NULL, 0);
    char *before = mem_strdup(buf_str(&answer.body));
    request("GET /realtime/v1/runs/RUN?offset=-1", KEY ELECTRIC, NULL, 2000);
    ck_assert_str_eq(buf_str(&answer.body), before);
    request("GET /realtime/v1/runs/RUN?offset=-1", KEY ELECTRIC, NULL, 2000);
    ck_assert_str_ne(buf_str(&answer.body), before);
    free(before);
    close_world();
}
END_TEST

START_TEST(a_fault_waits_for_its_state_and_happens_so_often)
{
    open_world(false, "500@2x2,404@9");
    static const struct {
        int64_t after_ms;
        unsigned status;
    } looks[] = {{0, 200}, {1000, 200}, {2000, 500}, {2000, 500}, {2000, 200}};
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
        request("GET /realtime/v1/runs/RUN?offset=-1", KEY ELECTRIC, NULL,
                looks[i].after_ms);
        ck_assert_uint_eq(answer.status, looks[i].status);
    }
    close_world();
}
END_TEST

START_TEST(an_empty_answer_leaves_the_client_where_it_was)
{
    open_world(true, "empty@1");
    request("GET /realtime/v1/runs/RUN?offset=-1", KEY ELECTRIC, NULL, 0);
    poll_feed(1000);
    ck_assert_str_eq(buf_str(&answer.body), "");
    ck_assert_str_eq(fields_get(&answer.headers, "electric-offset"), "0_inf");
    poll_feed(1000);
    ck_assert(body_has("\"status\":\"DEQUEUED\""));
    close_world();
}
END_TEST

START_TEST(a_must_refetch_names_the_handle_to_go_on_with)
{
    open_world(false, "409@1");
    request("GET /realtime/v1/runs/RUN?offset=-1", KEY ELECTRIC, NULL, 0);
    char old[80];
    snprintf(old, sizeof old, "%s",
             fields_get(&answer.headers, "electric-handle"));
    poll_feed(1000);
    ck_assert_uint_eq(answer.status, 409);
    ck_assert_str_ne(fields_get(&answer.headers, "electric-handle"), old);
    close_world();
}
END_TEST

static const struct {
    const char *fault;
    unsigned status; /* of the feed, with the token that was given */
} tokens[] = {{"token-expired", 401}, {"token-other-run", 403}};

START_TEST(bad_tokens_can_be_handed_out)
{
    open_world(false, tokens[_i].fault);
    request("GET /api/tasks/runs/token?runId=RUN", API_KEY, NULL, 0);
    json_t *body = json_loads(buf_str(&answer.body), 0, NULL);
    struct buf headers = buf_make(0);
    buf_addf(&headers, "authorization: Bearer %s",
             json_string_value(json_object_get(body, "token")));
    request("GET /realtime/v1/runs/RUN?offset=-1", buf_str(&headers), NULL, 0);
    ck_assert_uint_eq(answer.status, tokens[_i].status);
    buf_free(&headers);
    json_decref(body);
    close_world();
}
END_TEST

START_TEST(lockstep_goes_one_state_a_live_request)
{
    open_world(false, NULL);
    world->speed = 0;
    request("GET /realtime/v1/runs/RUN?offset=-1", KEY ELECTRIC CURRENT, NULL,
            0);
    ck_assert(body_has("PENDING"));
    static const char *const words[] = {"DEQUEUED", "EXECUTING", "EXECUTING",
                                        "COMPLETED_WITH_ERRORS"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        poll_feed(0);
        ck_assert_uint_eq(answer.status, 200);
        ck_assert(body_has(words[i]));
    }
    poll_feed(0);
    ck_assert_uint_eq(answer.status, 0); /* held: nothing more to come */
    close_world();
}
END_TEST

START_TEST(lockstep_follows_polling_after_a_feed_was_left)
{
    open_world(false, NULL);
    world->speed = 0;
    request("GET /realtime/v1/runs/RUN?offset=-1", KEY ELECTRIC, NULL, 0);
    world->live_left = 3;
    for (int i = 0; i < 3; i++) {
        request("GET /api/v3/runs/RUN", KEY, NULL, 0);
        ck_assert_uint_eq(world->lockstep_state, 0);
    }
    request("GET /api/v3/runs/RUN", KEY, NULL, 0);
    ck_assert_uint_eq(world->lockstep_state, 1);
    close_world();
}
END_TEST

START_TEST(lockstep_follows_polling_where_nobody_is_live)
{
    open_world(false, NULL);
    world->speed = 0;
    static const char *const words[] = {"QUEUED",    "DEQUEUED", "EXECUTING",
                                        "EXECUTING", "FAILED",   "FAILED"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        request("GET /api/v3/runs/RUN", KEY CURRENT, NULL, 0);
        ck_assert(body_has(words[i]));
    }
    close_world();
}
END_TEST

static const char *const bad_faults[] = {
    "nonsense", "500@",     "500@x",          "500@1x",  "500@1y2",
    "500:3",    "feed/500", "nowhere/pieces", "pieces:", "pieces:1:2"};

START_TEST(an_unknown_fault_is_refused)
{
    struct error err = {0};
    struct world_settings settings = {.scenario = scenario,
                                      .scenario_len = sizeof scenario - 1,
                                      .speed = 1,
                                      .hold_s = -1,
                                      .fault = bad_faults[_i]};
    ck_assert_ptr_null(world_create(&settings, &err));
    ck_assert_int_eq(err.kind, ERROR_USAGE);
}
END_TEST

START_TEST(the_seed_decides_the_run)
{
    char ids[3][40];
    static const int64_t seeds[] = {1, 1, 2};
    for (size_t i = 0; i < 3; i++) {
        struct world_settings settings = {.scenario = scenario,
                                          .scenario_len = sizeof scenario - 1,
                                          .speed = 1,
                                          .hold_s = -1,
                                          .seed = seeds[i]};
        world = world_create(&settings, NULL);
        snprintf(ids[i], sizeof ids[i], "%s", world->run_id);
        world_destroy(world);
    }
    ck_assert_str_eq(ids[0], ids[1]);
    ck_assert_str_ne(ids[0], ids[2]);
    ck_assert_int_eq(strncmp(ids[0], "run_c", 5), 0);
}
END_TEST

#define EACH(test, cases)                                                      \
    tcase_add_loop_test(tc, test, 0, sizeof cases / sizeof *cases)

UNIT_MAIN(
    "world", tcase_add_test(tc, a_live_request_is_held_until_the_next_state);
    tcase_add_test(tc, a_live_request_ends_empty_after_the_hold);
    tcase_add_test(tc, a_token_that_expires_while_held_is_good_to_the_end);
    tcase_add_test(tc, an_older_client_is_not_told_of_dequeued);
    tcase_add_test(tc, skipped_columns_are_absent_everywhere);
    tcase_add_test(tc, retrieve_speaks_both_vocabularies_and_counts_attempts);
    EACH(the_polling_endpoint_has_every_shape_it_ever_had, shapes);
    EACH(the_token_endpoint_wants_one_key, keys);
    EACH(minting_answers_as_the_platform, mints);
    EACH(faults_do_what_they_are_called, faults);
    EACH(a_fault_on_the_wire_keeps_to_its_route, routes);
    tcase_add_test(tc, a_cache_gives_the_answer_before_once_more);
    tcase_add_test(tc, a_fault_waits_for_its_state_and_happens_so_often);
    tcase_add_test(tc, an_empty_answer_leaves_the_client_where_it_was);
    tcase_add_test(tc, a_must_refetch_names_the_handle_to_go_on_with);
    EACH(bad_tokens_can_be_handed_out, tokens);
    tcase_add_test(tc, lockstep_goes_one_state_a_live_request);
    tcase_add_test(tc, lockstep_follows_polling_after_a_feed_was_left);
    tcase_add_test(tc, lockstep_follows_polling_where_nobody_is_live);
    EACH(an_unknown_fault_is_refused, bad_faults);
    tcase_add_test(tc, the_seed_decides_the_run))
