/* What readers of a run's streams hear from the simulator, and when. */
#include "config.h"

#include "unit.h"

#include "sim_listen.h"

#define KEY "authorization: Bearer " WORLD_SECRET_KEY

static struct world *world;

/* A world whose run has this "streams" member; it starts at once. */
static void open_world(const char *streams, double speed, const char *fault)
{
    struct buf json = buf_make(0);
    buf_addf(&json,
             "{\"run\":{\"task\":\"t\"},\"steps\":[{\"status\":\"EXECUTING\"},"
             "{\"after_ms\":9000}],\"streams\":%s}",
             streams);
    world = listen_world(buf_str(&json), speed, fault);
    buf_free(&json);
}

/* Hears stream "k" with the header lines given beside the key. */
static struct heard hear(const char *headers, int64_t from_ms, int64_t to_ms)
{
    struct buf line = buf_make(0);
    struct buf all = buf_make(0);
    buf_addf(&line, "GET /realtime/v1/streams/%s/k", world->run_id);
    buf_addf(&all, KEY "%s%s", headers ? "\n" : "", headers ? headers : "");
    struct heard heard =
        listen_at(world, buf_str(&line), buf_str(&all), from_ms, to_ms);
    buf_free(&line);
    buf_free(&all);
    return heard;
}

static void hears(const char *headers, int64_t from_ms, int64_t to_ms,
                  const char *want, enum stream_step last)
{
    assert_heard(hear(headers, from_ms, to_ms), want, last);
}

/* Whole streams, with a clock that stands still: all is there at once. */
static const struct {
    const char *name, *steps, *headers, *want;
} wholes[] = {
    {"several parts of an entry share an id",
     "[{\"parts\":[\"a\",{\"b\":1}]},{\"part\":null}]", NULL,
     "id: 1795176000000-0\ndata: \"a\"\n\n"
     "id: 1795176000000-0\ndata: {\"b\":1}\n\n"
     "id: 1795176000000-1\ndata: null\n\n"},
    {"a line in two entries has the id of the second",
     "[{\"raw\":\"{\\\"a\\\":\"},{\"after_ms\":5,\"raw\":\"1}\\n\"}]", NULL,
     "id: 1795176000005-0\ndata: {\"a\":1}\n\n"},
    {"what is no JSON is sent as it is; blank lines are not",
     "[{\"raw\":\"\\n  \\nno json\\n\\n\"}]", NULL,
     "id: 1795176000000-0\ndata: no json\n\n"},
    {"an unfinished line is sent trimmed at the end", "[{\"raw\":\"  rest \"}]",
     NULL, "id: 1795176000000-0\ndata: rest\n\n"},
    {"an old writer's mark of the end is skipped",
     "[{\"part\":1},{\"raw\":\"<<CLOSE_STREAM>>\"}]", NULL,
     "id: 1795176000000-0\ndata: 1\n\n"},
    {"a reader goes on behind an id",
     "[{\"part\":1},{\"part\":2},{\"after_ms\":1,\"part\":3}]",
     "last-event-id: 1795176000000-0",
     "id: 1795176000000-1\ndata: 2\n\nid: 1795176000001-0\ndata: 3\n\n"},
    {"an id without its second number means the first of them",
     "[{\"part\":1},{\"part\":2}]", "last-event-id: 1795176000000",
     "id: 1795176000000-1\ndata: 2\n\n"},
    {"an id beyond the end is no error", "[{\"part\":1}]",
     "last-event-id: 1899999999999-7", ""},
    {"a fragment is what a resumed reader gets of a line in two entries",
     "[{\"raw\":\"{\\\"a\\\":\"},{\"after_ms\":5,\"raw\":\"1}\\n\"}]",
     "last-event-id: 1795176000000-0", "id: 1795176000005-0\ndata: 1}\n\n"},
};

START_TEST(v1_streams_are_lines_with_ids)
{
    struct buf streams = buf_make(0);
    buf_addf(&streams, "{\"k\":{\"steps\":%s}}", wholes[_i].steps);
    open_world(buf_str(&streams), 0, NULL);
    struct heard heard = hear(wholes[_i].headers, 0, 0);
    ck_assert_msg(strcmp(buf_str(&heard.text), wholes[_i].want) == 0, "%s: %s",
                  wholes[_i].name, buf_str(&heard.text));
    ck_assert_int_eq(heard.last, STREAM_END);
    buf_free(&heard.text);
    buf_free(&streams);
    world_destroy(world);
}
END_TEST

#define RECORD(seq, body)                                                      \
    "{\"seq_num\":" seq ",\"timestamp\":1795176000000,\"body\":" body "}"
#define A     RECORD("0", "\"{\\\"data\\\":1,\\\"id\\\":\\\"a\\\"}\"")
#define B     RECORD("1", "\"{\\\"data\\\":2,\\\"id\\\":\\\"b\\\"}\"")
#define C     RECORD("2", "\"raw\"")
#define BATCH "event: batch\nid: "
#define OPEN  "\ndata: {\"records\":["
#define SHUT  "]}\n\n"
#define PING  "event: ping\ndata: {\"timestamp\":1795176000000}\n\n"
#define DONE  "data: [DONE]\n\n"
#define THREE "[{\"parts\":[1,2],\"ids\":[\"a\",\"b\"]},{\"raw\":\"raw\"}]"

static const struct {
    const char *name, *steps, *more, *headers, *want;
} batches[] = {
    {"all there is comes in one batch", THREE, "", NULL,
     BATCH "2,3,65" OPEN A "," B "," C SHUT PING DONE},
    {"a reader goes on behind a number", THREE, "", "last-event-id: 0",
     BATCH "2,2,38" OPEN B "," C SHUT PING DONE},
    {"an id that is no number restarts from the first", THREE, "",
     "last-event-id: 0,1,106",
     BATCH "2,3,65" OPEN A "," B "," C SHUT PING DONE},
    {"a number beyond the tail is clamped", THREE, "", "last-event-id: 900",
     PING DONE},
    {"only the newest are kept", THREE, ",\"keep\":1", NULL,
     BATCH "2,1,11" OPEN C SHUT PING DONE},
    {"a stream of nothing", "[]", ",\"open_ms\":0", NULL, PING DONE},
    {"commands and empty bodies",
     "[{\"records\":[{\"headers\":[[\"\",\"trim\"]],\"body\":"
     "\"\\u0000\\u0002\"},"
     "{}]}]",
     "", NULL,
     BATCH "1,2,24" OPEN
           "{\"seq_num\":0,\"timestamp\":1795176000000,\"headers\":[[\"\","
           "\"trim\"]],\"body\":\"\\u0000\\u0002\"},{\"seq_num\":1,"
           "\"timestamp\":1795176000000}" SHUT PING DONE},
};

START_TEST(v2_streams_are_batches_of_records)
{
    struct buf streams = buf_make(0);
    buf_addf(&streams, "{\"k\":{\"version\":2,\"steps\":%s%s}}",
             batches[_i].steps, batches[_i].more);
    open_world(buf_str(&streams), 0, NULL);
    struct heard heard = hear(batches[_i].headers, 0, 0);
    ck_assert_msg(strcmp(buf_str(&heard.text), batches[_i].want) == 0, "%s: %s",
                  batches[_i].name, buf_str(&heard.text));
    buf_free(&heard.text);
    buf_free(&streams);
    world_destroy(world);
}
END_TEST

START_TEST(a_batch_holds_a_thousand_records_at_most)
{
    open_world("{\"k\":{\"version\":2,\"steps\":[{\"repeat\":2500,\"steps\":"
               "[{\"part\":\"{i}\"}]}]}}",
               0, NULL);
    struct heard heard = hear(NULL, 0, 0);
    ck_assert_ptr_nonnull(strstr(buf_str(&heard.text), "id: 999,1000,"));
    ck_assert_ptr_nonnull(strstr(buf_str(&heard.text), "id: 1999,2000,"));
    ck_assert_ptr_nonnull(strstr(buf_str(&heard.text), "id: 2499,2500,"));
    buf_free(&heard.text);
    world_destroy(world);
}
END_TEST

/* Time. */

START_TEST(silence_has_pings_and_an_end)
{
    open_world("{\"k\":{\"steps\":[{\"part\":1}]}}", 1, NULL);
    struct heard heard = hear("timeout-seconds: 22", 0, 60000);
    ck_assert_str_eq(buf_str(&heard.text), "id: 1795176000000-0\ndata: 1\n\n"
                                           ": ping\n\n: ping\n\n");
    ck_assert_int_eq(heard.last, STREAM_END);
    ck_assert_int_eq(heard.at_ms, 25000);
    buf_free(&heard.text);
    world_destroy(world);
}
END_TEST

static const struct {
    const char *header;
    int64_t end_ms; /* 0: refused with 400 */
} timeouts[] = {
    {NULL, 60000},
    {"timeout-seconds: 7", 10000},
    {"timeout-seconds: 0", 60000},
    {"timeout-seconds: soon", 60000},
    {"timeout-seconds: 12s", 15000},
    {"timeout-seconds: 600", 600000},
    {"timeout-seconds: 601", 0},
    {"timeout-seconds: -1", 0},
};

START_TEST(the_reader_says_how_long_silence_may_be)
{
    open_world("{\"k\":{\"open_ms\":0,\"steps\":[]}}", 1, NULL);
    struct heard heard = hear(timeouts[_i].header, 0, 700000);
    ck_assert_int_eq(heard.at_ms, timeouts[_i].end_ms);
    if (!timeouts[_i].end_ms)
        ck_assert_int_eq(strncmp(buf_str(&heard.text), "400 Timeout", 11), 0);
    buf_free(&heard.text);
    world_destroy(world);
}
END_TEST

START_TEST(an_id_that_is_none_breaks_the_connection_after_three_seconds)
{
    open_world("{\"k\":{\"steps\":[{\"part\":1}]}}", 1, NULL);
    struct heard heard = hear("last-event-id: 5,6,7", 0, 60000);
    ck_assert_str_eq(buf_str(&heard.text), "");
    ck_assert_int_eq(heard.last, STREAM_BREAK);
    ck_assert_int_eq(heard.at_ms, 3000);
    buf_free(&heard.text);
    world_destroy(world);
}
END_TEST

START_TEST(what_arrives_at_the_tail_tells_where_that_is)
{
    open_world("{\"k\":{\"version\":2,\"open_ms\":0,\"steps\":["
               "{\"at_ms\":100,\"raw\":\"x\"},{\"at_ms\":200,\"raw\":\"y\"}]}}",
               1, NULL);
    struct heard heard = hear("timeout-seconds: 2", 150, 60000);
    ck_assert_str_eq(
        buf_str(&heard.text),
        "event: batch\nid: 0,1,9\ndata: {\"records\":[{\"seq_num\":0,"
        "\"timestamp\":1795176000100,\"body\":\"x\"}]}\n\n"
        "event: ping\ndata: {\"timestamp\":1795176000150}\n\n"
        "event: batch\nid: 1,2,18\ndata: {\"records\":[{\"seq_num\":1,"
        "\"timestamp\":1795176000200,\"body\":\"y\"}],\"tail\":{\"seq_num\":2,"
        "\"timestamp\":1795176000200}}\n\ndata: [DONE]\n\n");
    ck_assert_int_eq(heard.at_ms, 2201);
    buf_free(&heard.text);
    world_destroy(world);
}
END_TEST

START_TEST(a_key_nobody_wrote_to_depends_on_the_version)
{
    open_world("{\"other\":{\"steps\":[{\"part\":1}]}}", 0, NULL);
    hears(NULL, 0, 0, "", STREAM_END);
    world_destroy(world);
    open_world("{\"other\":{\"version\":2,\"steps\":[{\"part\":1}]}}", 0, NULL);
    hears(NULL, 0, 0, "500 {\"error\":\"Internal Server Error\"}", STREAM_END);
    world_destroy(world);
    open_world("{\"k\":{\"version\":2,\"steps\":[{\"at_ms\":50,\"part\":1}]}}",
               1, NULL);
    hears(NULL, 0, 0, "500 {\"error\":\"Internal Server Error\"}", STREAM_END);
    world_destroy(world);
}
END_TEST

/* Who is let in. */

START_TEST(scopes_are_those_of_the_feed)
{
    static const struct {
        const char *scope;
        const char *want;
    } scopes[] = {{"read:runs", ""},
                  {"read:tasks:t", ""},
                  {"read:runs:run_other", "403"}};
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
        open_world("{\"k\":{\"open_ms\":0,\"steps\":[]}}", 0, NULL);
        char *token = ask_token(scopes[i].scope, WORLD_SECRET_KEY,
                                ASK_START_MS / 1000 + 60);
        struct buf line = buf_make(0);
        struct buf header = buf_make(0);
        buf_addf(&line, "GET /realtime/v1/streams/%s/k", world->run_id);
        buf_addf(&header, "authorization: Bearer %s", token);
        struct heard heard =
            listen_at(world, buf_str(&line), buf_str(&header), 0, 0);
        ck_assert_int_eq(strncmp(buf_str(&heard.text), scopes[i].want,
                                 strlen(scopes[i].want)),
                         0);
        ck_assert_int_eq(heard.text.len > 0, scopes[i].want[0] != '\0');
        buf_free(&heard.text);
        buf_free(&header);
        buf_free(&line);
        free(token);
        world_destroy(world);
    }
}
END_TEST

/* What befalls a connection. */

static const struct {
    const char *step;
    enum stream_step last;
    const char *v2; /* what is heard of it */
} happenings[] = {
    {"{\"cut\":true}", STREAM_BREAK, ""},
    {"{\"reset\":true}", STREAM_RESET, ""},
    {"{\"silence\":true}", STREAM_WAIT, ""},
    {"{\"end\":true}", STREAM_END, "data: [DONE]\n\n"},
    {"{\"error\":\"down\"}", STREAM_END, "event: error\ndata: down\n\n"},
};

START_TEST(a_happening_hits_one_connection_and_not_the_next)
{
    for (int version = 1; version <= 2; version++) {
        struct buf streams = buf_make(0);
        buf_addf(&streams,
                 "{\"k\":{\"version\":%d,\"steps\":[{\"raw\":\"a\\n\"},%s,"
                 "{\"raw\":\"later\\n\"}]}}",
                 version, happenings[_i].step);
        open_world(buf_str(&streams), 0, NULL);
        struct heard first = hear(NULL, 0, 0);
        struct heard second = hear(NULL, 0, 0);
        bool error = strstr(happenings[_i].step, "error") != NULL;
        ck_assert_int_eq(first.last, version == 1 && error
                                         ? STREAM_BREAK
                                         : happenings[_i].last);
        ck_assert_ptr_null(strstr(buf_str(&first.text), "later"));
        if (version == 2)
            ck_assert_ptr_nonnull(
                strstr(buf_str(&first.text), happenings[_i].v2));
        ck_assert_int_eq(second.last, STREAM_END);
        ck_assert_ptr_nonnull(strstr(buf_str(&second.text), "later"));
        buf_free(&first.text);
        buf_free(&second.text);
        buf_free(&streams);
        world_destroy(world);
    }
}
END_TEST

static const struct {
    const char *name;
    const char *want;
    enum stream_step last;
} faults[] = {
    {"stream-401", "401 {\"error\":\"Public Access Token is invalid\"}",
     STREAM_END},
    {"stream-404", "404 {\"error\":\"Not found\"}", STREAM_END},
    {"stream-500", "500 {\"error\":\"Internal Server Error\"}", STREAM_END},
    {"stream-html", "200 <!doctype html>", STREAM_END},
    {"stream-empty", "200 ", STREAM_END},
    {"stream-cut", "id: 1795176000000-0\n", STREAM_BREAK},
    {"stream-reset", "", STREAM_RESET},
    {"stream-eof", "", STREAM_END},
    {"stream-silence", "", STREAM_WAIT},
    {"stream-error", "event: error\ndata: {", STREAM_END},
};

START_TEST(faults_do_what_they_are_called)
{
    open_world("{\"k\":{\"steps\":[{\"part\":\"some text\"}]}}", 0,
               faults[_i].name);
    struct heard heard = hear(NULL, 0, 0);
    ck_assert_int_eq(
        strncmp(buf_str(&heard.text), faults[_i].want, strlen(faults[_i].want)),
        0);
    ck_assert_int_eq(heard.last, faults[_i].last);
    buf_free(&heard.text);
    world_destroy(world);
}
END_TEST

START_TEST(a_fault_befalls_an_open_connection_when_its_state_is_reached)
{
    open_world("{\"k\":{\"steps\":[{\"part\":1}]}}", 1, "stream-eof@1");
    struct heard heard = hear(NULL, 0, 60000);
    ck_assert_int_eq(heard.last, STREAM_END);
    ck_assert_int_ge(heard.at_ms, 9000);
    ck_assert_int_le(heard.at_ms, 9002);
    buf_free(&heard.text);
    world_destroy(world);
}
END_TEST

START_TEST(events_are_written_in_pieces_with_other_line_ends)
{
    open_world("{\"k\":{\"line_end\":\"\\r\\n\",\"piece\":1,\"steps\":"
               "[{\"part\":\"é\"}]}}",
               0, NULL);
    hears(NULL, 0, 0, "id: 1795176000000-0\r\ndata: \"é\"\r\n\r\n", STREAM_END);
    world_destroy(world);
}
END_TEST

UNIT_MAIN("sim_streams", tcase_add_loop_test(tc, v1_streams_are_lines_with_ids,
                                             0, sizeof wholes / sizeof *wholes);
          tcase_add_loop_test(tc, v2_streams_are_batches_of_records, 0,
                              sizeof batches / sizeof *batches);
          tcase_add_test(tc, a_batch_holds_a_thousand_records_at_most);
          tcase_add_test(tc, silence_has_pings_and_an_end);
          tcase_add_loop_test(tc, the_reader_says_how_long_silence_may_be, 0,
                              sizeof timeouts / sizeof *timeouts);
          tcase_add_test(
              tc, an_id_that_is_none_breaks_the_connection_after_three_seconds);
          tcase_add_test(tc, what_arrives_at_the_tail_tells_where_that_is);
          tcase_add_test(tc, a_key_nobody_wrote_to_depends_on_the_version);
          tcase_add_test(tc, scopes_are_those_of_the_feed);
          tcase_add_loop_test(tc,
                              a_happening_hits_one_connection_and_not_the_next,
                              0, sizeof happenings / sizeof *happenings);
          tcase_add_loop_test(tc, faults_do_what_they_are_called, 0,
                              sizeof faults / sizeof *faults);
          tcase_add_test(
              tc, a_fault_befalls_an_open_connection_when_its_state_is_reached);
          tcase_add_test(tc, events_are_written_in_pieces_with_other_line_ends))
