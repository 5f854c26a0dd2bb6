/* What readers of an agent's log, and of other event streams, hear from the
 * simulator, and when. */
#include "config.h"

#include "unit.h"

#include "sim_listen.h"

#define TOKEN  "authorization: Bearer " WORLD_AGENT_TOKEN
#define STREAM "GET /api/agents/a1/logs/stream"
#define FRAME(logs, more)                                                      \
    "data: {\"logs\":\"" logs "\",\"status\":" more "}\n\n"
#define RUNNING   "\"running\""
#define COMPLETED "\"completed\""
#define FINAL     "\"completed\",\"final\":true"

static struct world *world;

static void open_agent(const char *more, const char *steps, double speed,
                       const char *fault)
{
    struct buf json = buf_make(0);
    buf_addf(&json, "{\"agent\":{\"id\":\"a1\"%s,\"steps\":%s}}", more, steps);
    world = listen_world(buf_str(&json), speed, fault);
    buf_free(&json);
}

static void hears(const char *line, const char *headers, int64_t from_ms,
                  int64_t to_ms, const char *want, enum stream_step last)
{
    assert_heard(listen_at(world, line, headers, from_ms, to_ms), want, last);
}

/* Whole logs: each look is a step, and nothing waits. */
static const struct {
    const char *more, *steps, *want;
    enum stream_step last;
} logs[] = {
    /* growth by a part of a line, by lines, and the end */
    {"",
     "[{\"append\":\"Instal\"},{\"append\":\"ling\"},{\"lines\":[\"a\",\"b\"],"
     "\"status\":\"completed\"}]",
     FRAME("Instal", RUNNING) FRAME("Installing", RUNNING) FRAME(
         "Installing\\na\\nb", COMPLETED) FRAME("Installing\\na\\nb", FINAL),
     STREAM_END},
    /* shrinks, is replaced, is null */
    {"",
     "[{\"text\":\"abcdef\"},{\"truncate\":3},{\"text\":\"x\"},{\"text\":null}"
     "]",
     FRAME("abcdef", RUNNING) FRAME("abc", RUNNING) FRAME("x", RUNNING)
         FRAME("", RUNNING),
     STREAM_WAIT},
    /* only what is new is told */
    {"", "[{\"line\":\"a\"},{\"append\":\"\"},{\"line\":\"b\"}]",
     FRAME("a", RUNNING) FRAME("a\\nb", RUNNING), STREAM_WAIT},
    /* final twice, or missing */
    {",\"finals\":2", "[{\"line\":\"a\",\"status\":\"completed\"}]",
     FRAME("a", COMPLETED) FRAME("a", FINAL) FRAME("a", FINAL), STREAM_END},
    {",\"finals\":0", "[{\"line\":\"a\",\"status\":\"completed\"}]",
     FRAME("a", COMPLETED), STREAM_END},
    /* a status the server does not know ends nothing */
    {"", "[{\"line\":\"a\",\"status\":\"thinking\"}]",
     FRAME("a", "\"thinking\""), STREAM_WAIT},
    /* members beside, frames of their own */
    {"", "[{\"line\":\"a\",\"extra\":{\"n\":1}},{\"frame\":\"{oops\"}]",
     FRAME("a", "\"running\",\"n\":1") "data: {oops\n\n", STREAM_WAIT},
    /* a list of lines */
    {",\"as_array\":true", "[{\"lines\":[\"a\",\"b\"]}]",
     "data: {\"logs\":[\"a\",\"b\"],\"status\":\"running\"}\n\n", STREAM_WAIT},
    {",\"line_end\":\"\\r\\n\",\"piece\":3", "[{\"line\":\"é\"}]",
     "data: {\"logs\":\"é\",\"status\":\"running\"}\r\n\r\n", STREAM_WAIT},
    /* breaks */
    {"", "[{\"line\":\"a\"},{\"eof\":true}]", FRAME("a", RUNNING), STREAM_END},
    {"", "[{\"line\":\"a\"},{\"cut\":true}]", FRAME("a", RUNNING),
     STREAM_BREAK},
    {"", "[{\"line\":\"a\"},{\"reset\":true}]", FRAME("a", RUNNING),
     STREAM_RESET},
};

START_TEST(each_frame_is_the_whole_log)
{
    open_agent(logs[_i].more, logs[_i].steps, 0, NULL);
    hears(STREAM, TOKEN, 0, 0, logs[_i].want, logs[_i].last);
    world_destroy(world);
}
END_TEST

START_TEST(the_database_is_looked_at_once_a_second)
{
    open_agent("",
               "[{\"line\":\"a\"},{\"at_ms\":300,\"line\":\"b\"},"
               "{\"at_ms\":600,\"line\":\"c\"},{\"at_ms\":900000,\"line\":"
               "\"d\",\"status\":\"completed\"}]",
               1, NULL);
    struct heard heard = listen_at(world, STREAM, TOKEN, 100, 5000);
    ck_assert_str_eq(buf_str(&heard.text),
                     FRAME("a", RUNNING) FRAME("a\\nb\\nc", RUNNING));
    ck_assert_int_eq(heard.at_ms, 1101);
    buf_free(&heard.text);
    heard = listen_at(world, STREAM, TOKEN, 5000, 1000000);
    ck_assert_str_eq(buf_str(&heard.text),
                     FRAME("a\\nb\\nc", RUNNING)
                         FRAME("a\\nb\\nc\\nd", COMPLETED)
                             FRAME("a\\nb\\nc\\nd", FINAL));
    ck_assert_int_eq(heard.at_ms, 900001);
    buf_free(&heard.text);
    world_destroy(world);
}
END_TEST

START_TEST(a_finished_agent_is_told_once_and_said_to_be_final_a_second_later)
{
    open_agent("", "[{\"line\":\"a\",\"status\":\"completed\"}]", 1, NULL);
    struct heard heard = listen_at(world, STREAM, TOKEN, 500, 60000);
    ck_assert_str_eq(buf_str(&heard.text),
                     FRAME("a", COMPLETED) FRAME("a", FINAL));
    ck_assert_int_eq(heard.last, STREAM_END);
    ck_assert_int_eq(heard.at_ms, 1501);
    buf_free(&heard.text);
    world_destroy(world);
}
END_TEST

START_TEST(a_break_hits_one_connection_and_not_the_next)
{
    open_agent("",
               "[{\"line\":\"a\"},{\"eof\":true},{\"line\":\"b\",\"status\":"
               "\"completed\"}]",
               0, NULL);
    hears(STREAM, TOKEN, 0, 0, FRAME("a", RUNNING), STREAM_END);
    hears(STREAM, TOKEN, 0, 0,
          FRAME("a", RUNNING) FRAME("a\\nb", COMPLETED) FRAME("a\\nb", FINAL),
          STREAM_END);
    world_destroy(world);
}
END_TEST

START_TEST(a_deleted_agent_is_not_found_any_more)
{
    open_agent("", "[{\"line\":\"a\"},{\"gone\":true}]", 0, NULL);
    hears(STREAM, TOKEN, 0, 0, FRAME("a", RUNNING), STREAM_END);
    hears(STREAM, TOKEN, 0, 0, "404 {\"error\":\"Agent not found\"}",
          STREAM_END);
    world_destroy(world);
}
END_TEST

START_TEST(the_polling_sibling_tells_the_same)
{
    open_agent("",
               "[{\"line\":\"a\"},{\"line\":\"b\",\"status\":\"failed\","
               "\"error\":\"why\"}]",
               0, NULL);
    hears("GET /api/agents/a1/logs", TOKEN, 0, 0,
          "200 {\"logs\":\"a\",\"status\":\"running\",\"error\":null}",
          STREAM_END);
    for (int i = 0; i < 2; i++)
        hears("GET /api/agents/a1/logs", TOKEN, 0, 0,
              "200 {\"logs\":\"a\\nb\",\"status\":\"failed\",\"error\":"
              "\"why\"}",
              STREAM_END);
    world_destroy(world);
}
END_TEST

/* Who is let in. */

static const struct {
    const char *line, *headers, *want;
} doors[] = {
    {STREAM, NULL, "401 {\"error\":\"Not authenticated\"}"},
    {STREAM "?token=nonsense", NULL, "401 {\"error\":\"Invalid token\"}"},
    {STREAM "?token=" WORLD_AGENT_TOKEN, NULL, "data: "},
    {STREAM "?token=nonsense", TOKEN, "data: "},
    {STREAM "?token=" WORLD_AGENT_TOKEN, "authorization: Bearer nonsense",
     "401 {\"error\":\"Invalid token\"}"},
    {STREAM, "authorization: Whatever " WORLD_AGENT_TOKEN, "data: "},
    {STREAM "?token=" WORLD_AGENT_TOKEN, "authorization: one-word", "data: "},
    {"GET /api/agents/other/logs/stream", TOKEN,
     "404 {\"error\":\"Agent not found\"}"},
    {"GET /api/agents/a1/elsewhere", TOKEN,
     "404 {\"error\":\"Route not found\"}"},
};

START_TEST(the_header_goes_before_the_query)
{
    open_agent("", "[{\"line\":\"a\"}]", 0, NULL);
    struct heard heard =
        listen_at(world, doors[_i].line, doors[_i].headers, 0, 0);
    ck_assert_int_eq(
        strncmp(buf_str(&heard.text), doors[_i].want, strlen(doors[_i].want)),
        0);
    buf_free(&heard.text);
    world_destroy(world);
}
END_TEST

START_TEST(the_limit_comes_before_the_token)
{
    open_agent(",\"limit\":1", "[{\"line\":\"a\"}]", 0, NULL);
    hears(STREAM, NULL, 0, 0, "401 {\"error\":\"Not authenticated\"}",
          STREAM_END);
    hears(STREAM, NULL, 0, 0,
          "429 Too many requests from this IP, please try again later",
          STREAM_END);
    world_destroy(world);
}
END_TEST

START_TEST(somebody_elses_agent_is_denied)
{
    open_agent(",\"owner\":\"user_other\"", "[{\"line\":\"a\"}]", 0, NULL);
    hears(STREAM, TOKEN, 0, 0, "403 {\"error\":\"Access denied\"}", STREAM_END);
    world_destroy(world);
}
END_TEST

/* A member of an answer's JSON; owned. */
static char *ask_for(const char *line, const char *body, const char *name,
                     unsigned status)
{
    struct answer answer = ask(world, line, NULL, body, 0, NULL);
    ck_assert_uint_eq(answer.status, status);
    json_t *json = json_loads(buf_str(&answer.body), 0, NULL);
    char *value = mem_strdup(json_string_value(json_object_get(json, name)));
    json_decref(json);
    answer_free(&answer);
    return value;
}

static const char login[] = "{\"email\":\"" WORLD_AGENT_EMAIL
                            "\",\"password\":\"" WORLD_AGENT_PASSWORD "\"}";

START_TEST(a_token_of_a_login_lasts_an_hour)
{
    open_agent("", "[{\"line\":\"a\",\"status\":\"completed\"}]", 1, NULL);
    char *token = ask_for("POST /api/auth/login", login, "token", 200);
    struct buf header = buf_make(0);
    buf_addf(&header, "authorization: Bearer %s", token);
    hears(STREAM, buf_str(&header), 3599000, 3700000,
          FRAME("a", COMPLETED) FRAME("a", FINAL), STREAM_END);
    hears(STREAM, buf_str(&header), 3600000, 3700000,
          "401 {\"error\":\"Invalid token\"}", STREAM_END);
    buf_free(&header);
    free(token);
    world_destroy(world);
}
END_TEST

START_TEST(a_refresh_token_is_good_once)
{
    open_agent("", "[]", 1, NULL);
    char *refresh = ask_for("POST /api/auth/login", login, "refreshToken", 200);
    struct buf body = buf_make(0);
    buf_addf(&body, "{\"refreshToken\":\"%s\"}", refresh);
    free(ask_for("POST /api/auth/refresh", buf_str(&body), "token", 200));
    free(ask_for("POST /api/auth/refresh", buf_str(&body), "error", 401));
    char *error = ask_for("POST /api/auth/refresh", "{}", "error", 400);
    ck_assert_str_eq(error, "refreshToken is required");
    free(error);
    free(ask_for("POST /api/auth/login", "{\"email\":\"x\",\"password\":\"\"}",
                 "error", 401));
    free(refresh);
    buf_free(&body);
    world_destroy(world);
}
END_TEST

static const struct {
    const char *name, *want;
    enum stream_step last;
} faults[] = {
    {"agent-401", "401 {\"error\":\"Invalid token\"}", STREAM_END},
    {"agent-429", "429 Too many requests", STREAM_END},
    {"agent-no-stream", "404 {\"error\":\"Route not found\"}", STREAM_END},
    {"agent-html", "200 <!doctype html>", STREAM_END},
    {"agent-eof", "", STREAM_END},
    {"agent-cut", "data: {\"log", STREAM_BREAK},
    {"agent-reset", "", STREAM_RESET},
    {"agent-silence", "", STREAM_WAIT},
};

START_TEST(faults_do_what_they_are_called)
{
    open_agent("", "[{\"line\":\"a\"}]", 0, faults[_i].name);
    struct heard heard = listen_at(world, STREAM, TOKEN, 0, 0);
    ck_assert_int_eq(
        strncmp(buf_str(&heard.text), faults[_i].want, strlen(faults[_i].want)),
        0);
    ck_assert_int_eq(heard.last, faults[_i].last);
    buf_free(&heard.text);
    world_destroy(world);
}
END_TEST

UNIT_MAIN(
    "sim_agent", tcase_add_loop_test(tc, each_frame_is_the_whole_log, 0,
                                     sizeof logs / sizeof *logs);
    tcase_add_test(tc, the_database_is_looked_at_once_a_second); tcase_add_test(
        tc, a_finished_agent_is_told_once_and_said_to_be_final_a_second_later);
    tcase_add_test(tc, a_break_hits_one_connection_and_not_the_next);
    tcase_add_test(tc, a_deleted_agent_is_not_found_any_more);
    tcase_add_test(tc, the_polling_sibling_tells_the_same);
    tcase_add_loop_test(tc, the_header_goes_before_the_query, 0,
                        sizeof doors / sizeof *doors);
    tcase_add_test(tc, the_limit_comes_before_the_token);
    tcase_add_test(tc, somebody_elses_agent_is_denied);
    tcase_add_test(tc, a_token_of_a_login_lasts_an_hour);
    tcase_add_test(tc, a_refresh_token_is_good_once);
    tcase_add_loop_test(tc, faults_do_what_they_are_called, 0,
                        sizeof faults / sizeof *faults))
