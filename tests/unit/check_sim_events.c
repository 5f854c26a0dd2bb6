/* Event streams of no product in particular, as the simulator sends them. */
#include "config.h"

#include "unit.h"

#include "sim_listen.h"

static struct world *world;

static void open_feed(const char *feed, double speed, const char *fault)
{
    struct buf json = buf_make(0);
    buf_addf(&json, "{\"events\":{\"e\":%s}}", feed);
    world = listen_world(buf_str(&json), speed, fault);
    buf_free(&json);
}

static void hears(const char *headers, const char *want, enum stream_step last)
{
    assert_heard(listen_at(world, "GET /events/e", headers, 0, 60000), want,
                 last);
}

static const struct {
    const char *feed, *want;
    enum stream_step last;
} feeds[] = {
    {"{\"steps\":[{\"id\":1,\"event\":\"x\",\"retry\":500,\"data\":\"a\"}]}",
     "id: 1\nevent: x\nretry: 500\ndata: a\n\n", STREAM_END},
    {"{\"steps\":[{\"data\":\"a\\nb\\n\"}]}", "data: a\ndata: b\ndata: \n\n",
     STREAM_END},
    {"{\"steps\":[{\"data\":{\"status\":\"running\",\"progress\":0.5}}]}",
     "data: {\"status\":\"running\",\"progress\":0.5}\n\n", STREAM_END},
    {"{\"steps\":[{\"comment\":\"hi\"},{\"data\":\"\"}]}", ": hi\n\ndata: \n\n",
     STREAM_END},
    {"{\"line_end\":\"\\r\",\"bom\":true,\"steps\":[{\"data\":\"a\"}]}",
     "\xEF\xBB\xBF"
     "data: a\r\r",
     STREAM_END},
    {"{\"line_end\":\"\\r\\n\",\"piece\":2,\"steps\":[{\"data\":\"é\"}]}",
     "data: é\r\n\r\n", STREAM_END},
    {"{\"steps\":[{\"raw\":\"data:a\\r\\rdata: b\\r\\n\\r\\n\"}]}",
     "data:a\r\rdata: b\r\n\r\n", STREAM_END},
    {"{\"hold\":true,\"steps\":[{\"data\":\"a\"}]}", "data: a\n\n",
     STREAM_WAIT},
    {"{\"steps\":[{\"data\":\"a\"},{\"cut\":true},{\"data\":\"b\"}]}",
     "data: a\n\n", STREAM_BREAK},
    {"{\"steps\":[{\"data\":\"a\"},{\"reset\":true}]}", "data: a\n\n",
     STREAM_RESET},
    {"{\"steps\":[{\"data\":\"a\"},{\"end\":true},{\"data\":\"b\"}]}",
     "data: a\n\n", STREAM_END},
    {"{\"steps\":[{\"data\":\"a\"},{\"silence\":true},{\"data\":\"b\"}]}",
     "data: a\n\n", STREAM_WAIT},
    {"{\"status\":204}", "204 ", STREAM_END},
    {"{\"body\":\"<html>\",\"content_type\":\"text/html\"}", "200 <html>",
     STREAM_END},
    {"{\"token\":\"secret\",\"steps\":[]}", "401 {\"error\":\"Unauthorized\"}",
     STREAM_END},
};

START_TEST(events_are_written_as_the_scenario_has_them)
{
    open_feed(feeds[_i].feed, 0, NULL);
    hears(NULL, feeds[_i].want, feeds[_i].last);
    world_destroy(world);
}
END_TEST

START_TEST(a_redirect_says_where_to)
{
    open_feed("{\"redirect\":\"/events/other\",\"status\":308}", 0, NULL);
    struct answer answer = ask(world, "GET /events/e", NULL, NULL, 0, NULL);
    ck_assert_uint_eq(answer.status, 308);
    ck_assert_str_eq(fields_get(&answer.headers, "location"), "/events/other");
    answer_free(&answer);
    world_destroy(world);
}
END_TEST

START_TEST(a_reader_goes_on_behind_the_last_id)
{
    open_feed("{\"steps\":[{\"id\":\"1\",\"data\":\"a\"},{\"data\":\"b\"},"
              "{\"id\":\"2\",\"data\":\"c\"}]}",
              0, NULL);
    hears("last-event-id: 1", "data: b\n\nid: 2\ndata: c\n\n", STREAM_END);
    hears("last-event-id: 1", "data: b\n\nid: 2\ndata: c\n\n", STREAM_END);
    hears("last-event-id: unknown",
          "id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\n", STREAM_END);
    hears("last-event-id: 2", "204 ", STREAM_END);
    world_destroy(world);
}
END_TEST

START_TEST(without_ids_a_second_time_is_refused)
{
    open_feed("{\"steps\":[{\"data\":\"a\"}]}", 0, NULL);
    hears(NULL, "data: a\n\n", STREAM_END);
    hears(NULL, "204 ", STREAM_END);
    world_destroy(world);
}
END_TEST

START_TEST(events_come_in_their_time)
{
    open_feed("{\"steps\":[{\"data\":\"a\"},{\"after_ms\":2000,\"data\":"
              "\"b\"}]}",
              2, NULL);
    struct heard heard = listen_at(world, "GET /events/e", NULL, 0, 60000);
    ck_assert_str_eq(buf_str(&heard.text), "data: a\n\ndata: b\n\n");
    ck_assert_int_eq(heard.last, STREAM_END);
    buf_free(&heard.text);
    world_destroy(world);
}
END_TEST

static const struct {
    const char *name, *want;
    enum stream_step last;
} faults[] = {
    {"sse-500", "500 {\"error\":\"Internal Server Error\"}", STREAM_END},
    {"sse-204", "204 ", STREAM_END},
    {"sse-html",
     "200 <!doctype html><html><head><title>Sign in</title></head><body>"
     "<h1>Sign in to continue</h1></body></html>",
     STREAM_END},
    {"sse-reset", "", STREAM_RESET},
    {"sse-cut", "data:", STREAM_BREAK},
    {"sse-silence", "", STREAM_WAIT},
};

START_TEST(faults_do_what_they_are_called)
{
    open_feed("{\"steps\":[{\"data\":\"a\"}]}", 0, faults[_i].name);
    hears(NULL, faults[_i].want, faults[_i].last);
    world_destroy(world);
}
END_TEST

UNIT_MAIN("sim_events",
          tcase_add_loop_test(tc, events_are_written_as_the_scenario_has_them,
                              0, sizeof feeds / sizeof *feeds);
          tcase_add_test(tc, a_redirect_says_where_to);
          tcase_add_test(tc, a_reader_goes_on_behind_the_last_id);
          tcase_add_test(tc, without_ids_a_second_time_is_refused);
          tcase_add_test(tc, events_come_in_their_time);
          tcase_add_loop_test(tc, faults_do_what_they_are_called, 0,
                              sizeof faults / sizeof *faults))
