/* The simulator through real sockets. Every script here runs in lockstep, or
 * is asked about before anything would have to wait. */
#include "config.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>
#include <jansson.h>

#include "base/buf.h"
#include "sim/sim.h"

/* What came back. */
struct reply {
    CURLcode code;
    long status;
    struct buf head;
    struct buf body;
};

static struct sim *sim;
static struct reply reply;

static size_t take(char *bytes, size_t size, size_t count, void *self)
{
    buf_add(self, bytes, size * count);
    return size * count;
}

static void forget_reply(void)
{
    buf_free(&reply.head);
    buf_free(&reply.body);
    reply = (struct reply){0};
}

/* GETs a path with a header line, or POSTs when there is a body. */
static void fetch(const char *path, const char *header, const char *post)
{
    struct buf url = buf_make(0);
    buf_addf(&url, "%s%s", sim_url(sim), path);
    forget_reply();
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, header);
    curl_easy_setopt(curl, CURLOPT_URL, buf_str(&url));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply.body);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &reply.head);
    if (post)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, post);
    reply.code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    buf_free(&url);
}

static void start(struct sim_options options)
{
    struct error err = {0};
    sim = sim_start(&options, &err);
    ck_assert_msg(sim != NULL, "%s", err.message);
}

static struct sim_options lockstep(const char *scenario)
{
    struct sim_options options = sim_options_default();
    options.scenario = scenario;
    options.speed = 0;
    return options;
}

static void stop(void)
{
    forget_reply();
    sim_stop(sim);
}

/* The value of a reply header, up to the end of its line; "" when absent. */
static const char *header_of(const char *name, char *out, size_t size)
{
    struct buf wanted = buf_make(0);
    buf_addf(&wanted, "\r\n%s: ", name);
    const char *hit = strstr(buf_str(&reply.head), buf_str(&wanted));
    const char *value = hit ? hit + wanted.len : "";
    snprintf(out, size, "%.*s", (int)strcspn(value, "\r"), value);
    buf_free(&wanted);
    return out;
}

static char bearer[600];

/* A token from the token endpoint, as a header line. */
static void get_token(void)
{
    struct buf path = buf_make(0);
    struct buf key = buf_make(0);
    buf_addf(&path, "/api/tasks/runs/token?runId=%s", sim_run_id(sim));
    buf_addf(&key, "x-api-key: %s", sim_api_key(sim));
    fetch(buf_str(&path), buf_str(&key), NULL);
    ck_assert_int_eq(reply.status, 200);
    json_t *body = json_loads(buf_str(&reply.body), 0, NULL);
    snprintf(bearer, sizeof bearer, "authorization: Bearer %s",
             json_string_value(json_object_get(body, "token")));
    json_decref(body);
    buf_free(&path);
    buf_free(&key);
}

static void fetch_feed(const char *query)
{
    struct buf path = buf_make(0);
    buf_addf(&path, "/realtime/v1/runs/%s?%s", sim_run_id(sim), query);
    fetch(buf_str(&path), bearer, NULL);
    buf_free(&path);
}

/* Follows from the position of the last reply. */
static void follow(bool live)
{
    char offset[80];
    char handle[80];
    char query[300];
    /* No version header was sent: the old names answer. */
    header_of("electric-chunk-last-offset", offset, sizeof offset);
    header_of("electric-shape-id", handle, sizeof handle);
    snprintf(query, sizeof query, "offset=%s&shape_id=%s%s", offset, handle,
             live ? "&live=true&cursor=" : "");
    fetch_feed(query);
}

static bool said(const char *text)
{
    return strstr(buf_str(&reply.body), text) != NULL;
}

static const char *const backends[] = {"native", "electric"};

START_TEST(every_scenario_can_be_followed_to_its_end)
{
    for (size_t i = 0; i < sim_scenario_count(); i++) {
        struct sim_options options = lockstep(sim_scenario_name(i));
        if (sim_scenario_source(i) != SIM_RUN)
            continue;
        options.backend = backends[_i];
        start(options);
        get_token();
        fetch_feed("offset=-1");
        int looks = 0;
        while (!said("\"completedAt\":\"")) {
            ck_assert_int_eq(reply.code, CURLE_OK);
            ck_assert_int_eq(reply.status, 200);
            ck_assert_int_lt(++looks, 200);
            follow(said("up-to-date"));
        }
        stop();
    }
}
END_TEST

START_TEST(a_body_can_come_compressed)
{
    struct sim_options options = lockstep("quick");
    options.gzip = true;
    start(options);
    get_token();
    fetch_feed("offset=-1");
    ck_assert_int_eq(reply.code, CURLE_OK);
    ck_assert_ptr_nonnull(strstr(buf_str(&reply.head), "gzip"));
    ck_assert(said("\"status\":\"PENDING\""));
    stop();
}
END_TEST

START_TEST(a_large_body_can_come_compressed)
{
    struct sim_options options = lockstep("many-logs");
    options.gzip = true;
    options.join_s = 3600;
    start(options);
    get_token();
    fetch_feed("offset=-1");
    ck_assert_int_eq(reply.code, CURLE_OK);
    ck_assert_uint_gt(reply.body.len, 262144);
    stop();
}
END_TEST

static const struct {
    const char *fault;
    CURLcode code;
} breaks[] = {
    {"cut", CURLE_PARTIAL_FILE},
    {"close", CURLE_GOT_NOTHING},
    {"reset", CURLE_RECV_ERROR},
};

START_TEST(a_connection_breaks_as_asked_and_the_next_is_good)
{
    struct sim_options options = lockstep("quick");
    options.fault = breaks[_i].fault;
    start(options);
    get_token();
    fetch_feed("offset=-1");
    /* How much of a cut body a client sees as what differs by its version. */
    if (breaks[_i].code == CURLE_PARTIAL_FILE)
        ck_assert_int_ne(reply.code, CURLE_OK);
    else
        ck_assert_int_eq(reply.code, breaks[_i].code);
    fetch_feed("offset=-1");
    ck_assert_int_eq(reply.code, CURLE_OK);
    ck_assert_int_eq(reply.status, 200);
    stop();
}
END_TEST

START_TEST(a_secret_key_mints_a_token_that_opens_the_run)
{
    start(lockstep("quick"));
    struct buf key = buf_make(0);
    struct buf body = buf_make(0);
    buf_addf(&key, "authorization: Bearer %s", sim_secret_key(sim));
    buf_addf(&body, "{\"scopes\":[\"read:runs:%s\"],\"expirationTime\":\"1h\"}",
             sim_run_id(sim));
    fetch("/api/v1/auth/public-tokens", buf_str(&key), buf_str(&body));
    ck_assert_int_eq(reply.status, 200);
    json_t *answer = json_loads(buf_str(&reply.body), 0, NULL);
    snprintf(bearer, sizeof bearer, "authorization: Bearer %s",
             json_string_value(json_object_get(answer, "token")));
    fetch_feed("offset=-1");
    ck_assert_int_eq(reply.status, 200);
    json_decref(answer);
    buf_free(&key);
    buf_free(&body);
    stop();
}
END_TEST

START_TEST(stopping_ends_a_held_request)
{
    /* The thread that holds must not keep sim_stop() waiting: the request
     * would be held for an hour. */
    struct sim_options options = lockstep("quick");
    options.hold_s = 3600;
    options.join_s = 3600;
    start(options);
    get_token();
    fetch_feed("offset=-1");
    char offset[80];
    header_of("electric-chunk-last-offset", offset, sizeof offset);
    struct buf url = buf_make(0);
    buf_addf(&url,
             "%s/realtime/v1/runs/%s?offset=%s&live=true&cursor=", sim_url(sim),
             sim_run_id(sim), offset);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, bearer);
    curl_easy_setopt(curl, CURLOPT_URL, buf_str(&url));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    CURLM *multi = curl_multi_init();
    curl_multi_add_handle(multi, curl);
    int running = 1;
    long sent = 0;
    while (running && sent == 0) {
        curl_multi_perform(multi, &running);
        curl_multi_poll(multi, NULL, 0, 10, NULL);
        curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
    }
    ck_assert(running);
    stop();
    while (running) {
        curl_multi_perform(multi, &running);
        curl_multi_poll(multi, NULL, 0, 10, NULL);
    }
    int left;
    CURLMsg *done = curl_multi_info_read(multi, &left);
    ck_assert_ptr_nonnull(done);
    ck_assert_int_ne(done->data.result, CURLE_OK);
    curl_multi_remove_handle(multi, curl);
    curl_multi_cleanup(multi);
    curl_easy_cleanup(curl);
    curl_slist_free_all(headers);
    buf_free(&url);
}
END_TEST

/* Recordings: a small one, made here. */

static const char recording[] =
    "{\"format\":\"wire-recording/1\",\"exchanges\":["
    "{\"request\":{\"at_ms\":5,\"method\":\"GET\",\"path\":"
    "\"/realtime/v1/runs/run_r1\",\"query\":[],\"headers\":{}},"
    "\"response\":{\"status\":200,\"headers_at_ms\":0,\"headers\":{"
    "\"electric-offset\":\"1795176000000_1\",\"x-mark\":\"one\"},"
    "\"chunks\":[{\"at_ms\":0,\"utf8\":\"first \"},"
    "{\"at_ms\":1,\"base64\":\"4oKs\"}],"
    "\"end\":{\"at_ms\":1,\"how\":\"complete\"}}},"
    "{\"request\":{\"at_ms\":8,\"method\":\"GET\",\"path\":"
    "\"/realtime/v1/runs/run_r1\",\"query\":[],\"headers\":{}},"
    "\"response\":{\"status\":null,\"headers\":{},\"chunks\":[],"
    "\"end\":{\"at_ms\":1,\"how\":\"client-closed\"}}},"
    "{\"request\":{\"at_ms\":9,\"method\":\"GET\",\"path\":"
    "\"/realtime/v1/runs/run_r1\",\"query\":[],\"headers\":{}},"
    "\"response\":{\"status\":200,\"headers_at_ms\":0,\"headers\":{},"
    "\"chunks\":[{\"at_ms\":0,\"utf8\":\"cut\"}],"
    "\"end\":{\"at_ms\":1,\"how\":\"cut\"}}},"
    "{\"request\":{\"at_ms\":9,\"method\":\"GET\",\"path\":"
    "\"/realtime/v1/runs/run_r1\",\"query\":[],\"headers\":{}},"
    "\"response\":{\"status\":503,\"headers_at_ms\":0,\"headers\":{},"
    "\"chunks\":[],\"end\":{\"at_ms\":1,\"how\":\"complete\"}}}]}";

/* Writes text into a file of its own and returns its name. */
static char *write_file(const char *text)
{
    static char name[] = "check_sim.XXXXXX";
    strcpy(name + strlen(name) - 6, "XXXXXX");
    int fd = mkstemp(name);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return name;
}

START_TEST(a_recording_answers_in_its_order_and_its_time)
{
    char mark[80];
    struct sim_options options = lockstep("quick");
    options.replay = write_file(recording);
    start(options);
    ck_assert_str_eq(sim_run_id(sim), "run_r1");
    fetch_feed("offset=-1");
    ck_assert_str_eq(buf_str(&reply.body), "first \xe2\x82\xac");
    ck_assert_str_eq(header_of("x-mark", mark, sizeof mark), "one");
    ck_assert_str_eq(header_of("Date", mark, sizeof mark),
                     "Fri, 20 Nov 2026 12:00:00 GMT");
    fetch_feed("offset=-1"); /* what the recorder gave up is not played */
    ck_assert_int_ne(reply.code, CURLE_OK);
    ck_assert_str_eq(buf_str(&reply.body), "cut");
    fetch_feed("offset=-1");
    ck_assert_int_eq(reply.status, 503);
    fetch_feed("offset=-1"); /* the last one again */
    ck_assert_int_eq(reply.status, 503);
    fetch("/api/v3/runs/run_r1", "accept: */*", NULL);
    ck_assert_int_eq(reply.status, 404);
    unlink(options.replay);
    stop();
}
END_TEST

START_TEST(what_cannot_start_says_why)
{
    struct sim_options options = lockstep("no-such-scenario");
    struct error err = {0};
    ck_assert_ptr_null(sim_start(&options, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "no-such-scenario"));
    error_clear(&err);
    options = lockstep("./missing.json");
    ck_assert_ptr_null(sim_start(&options, &err));
    ck_assert_ptr_nonnull(strstr(err.message, "./missing.json"));
    error_clear(&err);
    options = lockstep("quick");
    options.backend = "other";
    ck_assert_ptr_null(sim_start(&options, &err));
    ck_assert_int_eq(err.kind, ERROR_USAGE);
    error_clear(&err);
    options = lockstep("quick");
    options.port = 65536;
    ck_assert_ptr_null(sim_start(&options, &err));
    ck_assert_int_eq(err.kind, ERROR_USAGE);
    error_clear(&err);
    start(lockstep("quick"));
    options = lockstep("quick");
    options.port = (unsigned)atoi(strrchr(sim_url(sim), ':') + 1);
    ck_assert_ptr_null(sim_start(&options, &err));
    ck_assert_int_eq(err.kind, ERROR_SYSTEM);
    stop();
}
END_TEST

UNIT_MAIN("sim", curl_global_init(CURL_GLOBAL_DEFAULT);
          tcase_add_loop_test(tc, every_scenario_can_be_followed_to_its_end, 0,
                              2);
          tcase_add_test(tc, a_body_can_come_compressed);
          tcase_add_test(tc, a_large_body_can_come_compressed);
          tcase_add_loop_test(tc,
                              a_connection_breaks_as_asked_and_the_next_is_good,
                              0, sizeof breaks / sizeof *breaks);
          tcase_add_test(tc, a_secret_key_mints_a_token_that_opens_the_run);
          tcase_add_test(tc, stopping_ends_a_held_request);
          tcase_add_test(tc, a_recording_answers_in_its_order_and_its_time);
          tcase_add_test(tc, what_cannot_start_says_why))
