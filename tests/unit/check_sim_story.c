/* Texts that come word by word, tools that are called: what a scenario's
 * stream says in short. */
#include "config.h"

#include "unit.h"

#include <string.h>

#include "base/buf.h"
#include "sim/js_json.h"
#include "sim/story.h"
#include "sim/timeline.h"

/* The parts of a story, a line each. */
static struct buf parts_of(const char *steps)
{
    struct error err = {0};
    struct buf out = buf_make(0);
    json_t *source = json_loads(steps, 0, NULL);
    json_t *plain = story_expand(source, 0, &err);
    ck_assert_msg(plain != NULL, "%s", err.message);
    size_t i;
    json_t *step;
    json_array_foreach(plain, i, step)
    {
        js_add_value(&out, json_object_get(step, "part"));
        buf_addc(&out, '\n');
    }
    json_decref(plain);
    json_decref(source);
    return out;
}

static const struct {
    const char *steps, *want;
} stories[] = {
    {"[{\"words\":\"two words\\n\"}]", "\"two\"\n\" words\"\n\"\\n\"\n"},
    {"[{\"words\":\"a b\",\"as\":{\"t\":\"[{}]\",\"n\":[1,\"{}\"]}}]",
     "{\"t\":\"[a]\",\"n\":[1,\"a\"]}\n{\"t\":\"[ b]\",\"n\":[1,\" b\"]}\n"},
    {"[{\"words\":\"日本語日本語\"}]", "\"日本語日\"\n\"本語\"\n"},
    {"[{\"reasoning\":\"hm\"},{\"text\":\"ok\"}]",
     "{\"type\":\"reasoning-start\",\"id\":\"r0\"}\n"
     "{\"type\":\"reasoning-delta\",\"id\":\"r0\",\"delta\":\"hm\"}\n"
     "{\"type\":\"reasoning-end\",\"id\":\"r0\"}\n"
     "{\"type\":\"text-start\",\"id\":\"t1\"}\n"
     "{\"type\":\"text-delta\",\"id\":\"t1\",\"delta\":\"ok\"}\n"
     "{\"type\":\"text-end\",\"id\":\"t1\"}\n"},
    {"[{\"tool\":\"f\",\"input\":{\"a\":\"ééééé\"},\"output\":[1]}]",
     "{\"type\":\"tool-input-start\",\"toolCallId\":\"call_0\",\"toolName\":"
     "\"f\"}\n"
     "{\"type\":\"tool-input-delta\",\"toolCallId\":\"call_0\","
     "\"inputTextDelta\":\"{\\\"a\\\":\\\"éé\"}\n"
     "{\"type\":\"tool-input-delta\",\"toolCallId\":\"call_0\","
     "\"inputTextDelta\":\"ééé\\\"}\"}\n"
     "{\"type\":\"tool-input-available\",\"toolCallId\":\"call_0\","
     "\"toolName\":\"f\",\"input\":{\"a\":\"ééééé\"}}\n"
     "{\"type\":\"tool-output-available\",\"toolCallId\":\"call_0\","
     "\"output\":[1]}\n"},
    {"[{\"tool\":\"f\",\"id\":\"x\",\"input\":1,\"error\":\"no\"}]",
     "{\"type\":\"tool-input-start\",\"toolCallId\":\"x\",\"toolName\":\"f\"}\n"
     "{\"type\":\"tool-input-delta\",\"toolCallId\":\"x\",\"inputTextDelta\":"
     "\"1\"}\n"
     "{\"type\":\"tool-input-available\",\"toolCallId\":\"x\",\"toolName\":"
     "\"f\",\"input\":1}\n"
     "{\"type\":\"tool-output-error\",\"toolCallId\":\"x\",\"errorText\":"
     "\"no\"}\n"},
};

START_TEST(a_story_is_told_part_by_part)
{
    struct buf parts = parts_of(stories[_i].steps);
    ck_assert_str_eq(buf_str(&parts), stories[_i].want);
    buf_free(&parts);
}
END_TEST

START_TEST(chat_chunks_say_who_speaks_once_and_why_they_end)
{
    struct buf parts = parts_of("[{\"chat\":\"a\",\"finish\":null},"
                                "{\"chat\":\"b\",\"finish\":\"length\"}]");
    const char *role = strstr(buf_str(&parts), "\"role\":\"assistant\"");
    ck_assert_ptr_nonnull(role);
    ck_assert_ptr_null(strstr(role + 2, "\"role\""));
    const char *end = strstr(role, "\"finish_reason\":\"length\"");
    ck_assert_ptr_nonnull(end);
    ck_assert_ptr_nonnull(strstr(role, "{\"content\":\"b\"}"));
    ck_assert_ptr_eq(strchr(end, '\n'), buf_str(&parts) + parts.len - 1);
    buf_free(&parts);
}
END_TEST

/* When the last part of a text comes, ms. */
static int64_t length_of(const char *steps, double words_per_s)
{
    struct error err = {0};
    struct timeline timeline;
    json_t *source = json_loads(steps, 0, NULL);
    json_t *plain = story_expand(source, words_per_s, &err);
    ck_assert(timeline_read(&timeline, plain, "a test", &err));
    int64_t ms = timeline.items[timeline.count - 1].at_ms;
    timeline_free(&timeline);
    json_decref(source);
    return ms;
}

START_TEST(words_come_at_the_pace_of_the_step_or_of_the_stream)
{
    static const char text[] = "[{\"words\":\"one two three four five six\"}]";
    static const char own[] = "[{\"words\":\"one two three four five six\","
                              "\"words_per_s\":10}]";
    int64_t usual = length_of(text, 10);
    ck_assert_int_ge(usual, 350);
    ck_assert_int_le(usual, 650);
    ck_assert_int_eq(length_of(own, 1), usual);
    ck_assert_int_ge(length_of(text, 1), 9 * usual);
}
END_TEST

START_TEST(steps_are_placed_from_the_start_or_from_the_one_before)
{
    struct error err = {0};
    struct timeline timeline;
    json_t *steps = json_loads("[{\"after_ms\":5},{\"at_ms\":20},{},"
                               "{\"after_ms\":1}]",
                               0, NULL);
    ck_assert(timeline_read(&timeline, steps, "a test", &err));
    ck_assert_int_eq(timeline.items[0].at_ms, 5);
    ck_assert_int_eq(timeline.items[2].at_ms, 20);
    ck_assert_int_eq(timeline.items[3].at_ms, 21);
    ck_assert_uint_eq(timeline_due(&timeline, 4), 0);
    ck_assert_uint_eq(timeline_due(&timeline, 20), 3);
    ck_assert_uint_eq(timeline_due(&timeline, INT64_MAX), 4);
    timeline_free(&timeline);
}
END_TEST

static const char *const bad[] = {"[{\"at_ms\":5},{\"at_ms\":4}]",
                                  "[{\"after_ms\":-1}]", "[7]"};

START_TEST(a_step_before_the_one_before_is_refused)
{
    struct error err = {0};
    struct timeline timeline;
    ck_assert(!timeline_read(&timeline, json_loads(bad[_i], 0, NULL), "a test",
                             &err));
    ck_assert_ptr_nonnull(strstr(err.message, "a test"));
    timeline_free(&timeline);
}
END_TEST

UNIT_MAIN(
    "sim_story", tcase_add_loop_test(tc, a_story_is_told_part_by_part, 0,
                                     sizeof stories / sizeof *stories);
    tcase_add_test(tc, chat_chunks_say_who_speaks_once_and_why_they_end);
    tcase_add_test(tc, words_come_at_the_pace_of_the_step_or_of_the_stream);
    tcase_add_test(tc, steps_are_placed_from_the_start_or_from_the_one_before);
    tcase_add_loop_test(tc, a_step_before_the_one_before_is_refused, 0,
                        sizeof bad / sizeof *bad))
