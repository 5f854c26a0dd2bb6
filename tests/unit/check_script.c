#include "config.h"

#include "unit.h"

#include <string.h>

#include "base/buf.h"
#include "base/instant.h"
#include "sim/scenarios.h"
#include "sim/script.h"

#define START_MS 1795176000000

#define RUN(members) "{\"run\":{\"task\":\"t\"" members "},\"steps\":["
#define BEGIN        "{\"status\":\"PENDING\"},"

static struct script *parse(const char *json)
{
    struct error err = {0};
    struct script *script = script_parse(json, strlen(json), "run_x1", &err);
    ck_assert_msg(script != NULL, "%s", err.message);
    return script;
}

/* Metadata of a state, with the script's start at 0 for short times. */
static const char *metadata_of(struct script *script, size_t state)
{
    return script_row(script, state, 0)->metadata;
}

START_TEST(time_tells_the_state)
{
    struct script *script =
        parse(RUN("") BEGIN "{\"after_ms\":10},{\"after_ms\":5}]}");
    static const struct {
        int64_t ms;
        size_t state;
    } cases[] = {{-5, 0}, {0, 0}, {9, 0}, {10, 1}, {14, 1}, {15, 2}, {900, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_uint_eq(script_state_at(script, cases[i].ms), cases[i].state);
    ck_assert_uint_eq(script_state_of(script, 10), 1);
    ck_assert_uint_eq(script_state_of(script, 11), script_count(script));
    script_destroy(script);
}
END_TEST

START_TEST(moments_follow_from_the_status)
{
    struct script *script =
        parse(RUN("") "{\"status\":\"DELAYED\",\"delay_ms\":7},"
                      "{\"after_ms\":7,\"status\":\"PENDING\"},"
                      "{\"after_ms\":3,\"status\":\"DEQUEUED\"},"
                      "{\"after_ms\":2,\"status\":\"EXECUTING\"},"
                      "{\"after_ms\":8,\"status\":\"WAITING_TO_RESUME\"},"
                      "{\"after_ms\":50,\"status\":\"EXECUTING\"},"
                      "{\"after_ms\":4,\"status\":\"COMPLETED_SUCCESSFULLY\"}"
                      "]}");
    const struct run_row *row = script_row(script, 0, START_MS);
    ck_assert_int_eq(row->delay_until_ms, START_MS + 7);
    ck_assert_int_eq(row->queued_ms, INSTANT_NONE);
    row = script_row(script, 3, START_MS);
    ck_assert_int_eq(row->queued_ms, START_MS + 7);
    ck_assert_int_eq(row->started_ms, START_MS + 10);
    ck_assert_int_eq(row->completed_ms, INSTANT_NONE);
    row = script_row(script, 6, START_MS);
    ck_assert_int_eq(row->started_ms, START_MS + 10);
    ck_assert_int_eq(row->completed_ms, START_MS + 74);
    ck_assert_int_eq(row->usage_ms, 12); /* waiting costs nothing */
    ck_assert_str_eq(row->id, "x1");
    script_destroy(script);
}
END_TEST

START_TEST(an_expired_run_has_ended_without_starting)
{
    struct script *script =
        parse(RUN("") BEGIN "{\"after_ms\":5,\"status\":\"EXPIRED\"}]}");
    const struct run_row *row = script_row(script, 1, START_MS);
    ck_assert_int_eq(row->expired_ms, START_MS + 5);
    ck_assert_int_eq(row->completed_ms, START_MS + 5);
    ck_assert_int_eq(row->started_ms, INSTANT_NONE);
    ck_assert_str_eq(row->metadata, "null");
    ck_assert_ptr_null(script_metadata(script));
    script_destroy(script);
}
END_TEST

/* One step after the first, and the metadata it leads to. */
static const struct {
    const char *name, *step, *metadata;
} steps[] = {
    {"progress and step", "\"progress\":0.5,\"step\":\"Reading\"",
     "{\"progress\":0.5,\"status\":\"Reading\"}"},
    {"entries are a little older than the row, and apart",
     "\"log\":[[\"info\",\"a\"],[\"warn\",\"b\",{\"k\":1}]]",
     "{\"logs\":[{\"level\":\"info\",\"message\":\"a\",\"timestamp\":960},"
     "{\"level\":\"warn\",\"message\":\"b\",\"timestamp\":997,"
     "\"data\":{\"k\":1}}]}"},
    {"strings and other values stay", "\"log\":[\"plain\",42,null]",
     "{\"logs\":[\"plain\",42,null]}"},
    {"time marks",
     "\"log\":[{\"message\":\"m\",\"timestamp\":\"@s\"},"
     "{\"message\":\"m\",\"ts\":\"@iso\"},"
     "{\"message\":\"m\",\"time\":\"then\"}]",
     "{\"logs\":[{\"message\":\"m\",\"timestamp\":0.923},"
     "{\"message\":\"m\",\"ts\":\"1970-01-01T00:00:00.960Z\"},"
     "{\"message\":\"m\",\"time\":\"then\"}]}"},
    {"any key", "\"set\":{\"logs\":null,\"$$streams\":[\"a\"]}",
     "{\"logs\":null,\"$$streams\":[\"a\"]}"},
};

START_TEST(a_step_changes_the_metadata)
{
    struct buf json = buf_make(0);
    buf_addf(&json, RUN("") BEGIN "{\"after_ms\":1000,%s}]}", steps[_i].step);
    struct script *script = parse(buf_str(&json));
    ck_assert_str_eq(metadata_of(script, 1), steps[_i].metadata);
    script_destroy(script);
    buf_free(&json);
}
END_TEST

START_TEST(the_log_is_replaced_truncated_and_removed)
{
    struct script *script =
        parse(RUN("") BEGIN "{\"after_ms\":1,\"log\":[\"a\",\"b\",\"c\"]},"
                            "{\"after_ms\":1,\"log_truncate\":1},"
                            "{\"after_ms\":1,\"log_replace\":[\"x\",\"y\"]},"
                            "{\"after_ms\":1,\"unset\":[\"logs\"]}]}");
    ck_assert_str_eq(metadata_of(script, 1), "{\"logs\":[\"a\",\"b\",\"c\"]}");
    ck_assert_str_eq(metadata_of(script, 2), "{\"logs\":[\"a\"]}");
    ck_assert_str_eq(metadata_of(script, 3), "{\"logs\":[\"x\",\"y\"]}");
    ck_assert_str_eq(metadata_of(script, 4), "{}");
    /* Back to an earlier state. */
    ck_assert_str_eq(metadata_of(script, 2), "{\"logs\":[\"a\"]}");
    script_destroy(script);
}
END_TEST

START_TEST(only_the_newest_entries_are_kept)
{
    struct script *script =
        parse("{\"log_keep\":2,\"run\":{\"task\":\"t\"},\"steps\":[" BEGIN
              "{\"after_ms\":1,\"log\":[\"a\",\"b\",\"c\"]},"
              "{\"after_ms\":1,\"log\":[\"d\"]}]}");
    ck_assert_str_eq(metadata_of(script, 1), "{\"logs\":[\"b\",\"c\"]}");
    ck_assert_str_eq(metadata_of(script, 2), "{\"logs\":[\"c\",\"d\"]}");
    script_destroy(script);
}
END_TEST

START_TEST(metadata_stays_within_its_bytes)
{
    struct script *script =
        parse("{\"log_max_bytes\":30,\"run\":{\"task\":\"t\"},\"steps\":[" BEGIN
              "{\"repeat\":9,\"steps\":[{\"after_ms\":1,"
              "\"log\":[\"entry {i}\"]}]}]}");
    ck_assert_str_eq(metadata_of(script, 9),
                     "{\"logs\":[\"entry 8\",\"entry 9\"]}");
    for (size_t i = 0; i < script_count(script); i++)
        ck_assert_uint_le(strlen(metadata_of(script, i)), 30);
    script_destroy(script);
}
END_TEST

START_TEST(repetitions_count_and_move)
{
    struct script *script =
        parse(RUN("") BEGIN "{\"repeat\":4,\"steps\":[{\"after_ms\":10,"
                            "\"range\":{\"progress\":[0,1]},"
                            "\"log\":[\"{i}/{n} {i+10} {i*3} {i%3} {x} {i\"],"
                            "\"set\":{\"number\":\"#{i*7}\"}}]}]}");
    ck_assert_uint_eq(script_count(script), 5);
    ck_assert_int_eq(script_at_ms(script, 4), 40);
    ck_assert_str_eq(metadata_of(script, 1),
                     "{\"progress\":0.25,\"logs\":[\"1/4 11 3 1 {x} {i\"],"
                     "\"number\":7}");
    ck_assert_ptr_nonnull(strstr(metadata_of(script, 4), "\"progress\":1,"));
    ck_assert_ptr_nonnull(strstr(metadata_of(script, 4), "\"4/4 14 12 1"));
    script_destroy(script);
}
END_TEST

START_TEST(cycles_go_round)
{
    struct script *script =
        parse(RUN("") BEGIN "{\"repeat\":2,\"steps\":[{\"after_ms\":1,"
                            "\"cycle\":{\"count\":3,\"log\":[\"a{k}\","
                            "\"b{k}\"]}}]}]}");
    ck_assert_str_eq(metadata_of(script, 2),
                     "{\"logs\":[\"a1\",\"b2\",\"a3\",\"b4\",\"a5\",\"b6\"]}");
    script_destroy(script);
}
END_TEST

static const struct {
    const char *output, *text, *type;
} outputs[] = {
    {"\"plain\"", "plain", "text/plain"},
    {"{\"a\":1}", "{\"json\":{\"a\":1}}", "application/super+json"},
    {"7", "{\"json\":7}", "application/super+json"},
    {"{\"a\":1},\"output_type\":\"application/json\"", "{\"a\":1}",
     "application/json"},
    {"\"packets/x\",\"output_type\":\"application/store\"", "packets/x",
     "application/store"},
};

START_TEST(output_is_serialized_as_by_a_worker)
{
    struct buf json = buf_make(0);
    buf_addf(&json, RUN("") BEGIN "{\"after_ms\":1,\"output\":%s}]}",
             outputs[_i].output);
    struct script *script = parse(buf_str(&json));
    const struct run_row *row = script_row(script, 1, 0);
    ck_assert_str_eq(row->output, outputs[_i].text);
    ck_assert_str_eq(row->output_type, outputs[_i].type);
    script_destroy(script);
    buf_free(&json);
}
END_TEST

static const char *const broken[] = {
    "",
    "[]",
    "{}",
    "{\"run\":{},\"steps\":[]}",
    "{\"run\":{},\"steps\":[1]}",
    "{\"run\":{},\"steps\":[{},{\"status\":\"EXECUTING\"}]}",
    "{\"run\":{},\"steps\":[{\"repeat\":0,\"steps\":[{}]}]}",
    "{\"run\":{},\"steps\":[{\"repeat\":3}]}",
    "{\"run\":{},\"steps\":[{\"repeat\":300000,\"steps\":[{\"after_ms\":1}]}]}",
};

START_TEST(a_broken_scenario_is_refused_with_a_sentence)
{
    struct error err = {0};
    ck_assert_ptr_null(
        script_parse(broken[_i], strlen(broken[_i]), "run_x", &err));
    ck_assert_int_eq(err.kind, ERROR_USAGE);
    ck_assert_uint_gt(strlen(err.message), 10);
}
END_TEST

START_TEST(an_opened_stream_is_listed_from_then_on)
{
    static const char json[] =
        "{\"run\":{\"task\":\"t\",\"streams\":[\"early\"]},\"steps\":["
        "{\"status\":\"PENDING\"},{\"at_ms\":1000,\"status\":\"EXECUTING\"}]}";
    struct error err = {0};
    struct script *script = script_parse(json, strlen(json), "run_x", &err);
    ck_assert_msg(script != NULL, "%s", err.message);
    script_open_stream(script, "late", 1500, true, true);
    script_open_stream(script, "hidden", 1700, false, false);
    script_open_stream(script, "first", 400, true, false);
    ck_assert_uint_eq(script_count(script), 4);
    ck_assert_int_eq(script_at_ms(script, 1), 400);
    ck_assert_int_eq(script_at_ms(script, 3), 1500);
    const struct run_row *row = script_row(script, 2, START_MS);
    ck_assert_uint_eq(row->stream_count, 2);
    ck_assert_str_eq(row->streams[0], "early");
    ck_assert_str_eq(row->streams[1], "first");
    ck_assert_str_eq(row->metadata, "null");
    row = script_row(script, 3, START_MS);
    ck_assert_uint_eq(row->stream_count, 3);
    ck_assert_str_eq(row->streams[2], "late");
    ck_assert_str_eq(row->status, "EXECUTING");
    ck_assert_str_eq(row->metadata, "{\"$$streams\":[\"late\"]}");
    ck_assert_uint_eq(script_row(script, 0, START_MS)->stream_count, 1);
    script_destroy(script);
}
END_TEST

START_TEST(every_scenario_built_in_ends)
{
    for (size_t i = 0; i < scenario_file_count; i++) {
        struct script *script =
            script_parse(scenario_files[i].json, scenario_files[i].len, "run_x",
                         &(struct error){0});
        ck_assert_msg(script != NULL, "%s", scenario_files[i].name);
        ck_assert_str_eq(script_about(script), scenario_files[i].about);
        const struct run_row *row =
            script_row(script, script_count(script) - 1, START_MS);
        bool about_run = strcmp(scenario_files[i].source, "run") == 0;
        ck_assert_msg(!about_run || row->completed_ms != INSTANT_NONE, "%s",
                      scenario_files[i].name);
        ck_assert_uint_le(strlen(row->metadata), 262144);
        script_destroy(script);
    }
}
END_TEST

UNIT_MAIN("script", tcase_add_test(tc, time_tells_the_state);
          tcase_add_test(tc, moments_follow_from_the_status);
          tcase_add_test(tc, an_expired_run_has_ended_without_starting);
          tcase_add_loop_test(tc, a_step_changes_the_metadata, 0,
                              sizeof steps / sizeof *steps);
          tcase_add_test(tc, the_log_is_replaced_truncated_and_removed);
          tcase_add_test(tc, only_the_newest_entries_are_kept);
          tcase_add_test(tc, metadata_stays_within_its_bytes);
          tcase_add_test(tc, repetitions_count_and_move);
          tcase_add_test(tc, cycles_go_round);
          tcase_add_loop_test(tc, output_is_serialized_as_by_a_worker, 0,
                              sizeof outputs / sizeof *outputs);
          tcase_add_loop_test(tc, a_broken_scenario_is_refused_with_a_sentence,
                              0, sizeof broken / sizeof *broken);
          tcase_add_test(tc, an_opened_stream_is_listed_from_then_on);
          tcase_add_test(tc, every_scenario_built_in_ends))
