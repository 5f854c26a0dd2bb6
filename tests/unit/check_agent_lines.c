#include "config.h"

#include "wire/agent_lines.h"

#include <string.h>

#include "unit.h"

/* What comes out: "SEQ:LINE;" for an entry, "-WITHDRAWN<KEPT;" for a rewrite,
 * with "+" for one of a line that grew. */
static void take_event(void *context, const struct event *event)
{
    struct buf *told = context;
    ck_assert_str_eq(event->run, "agent_1");
    ck_assert_int_eq(event->time_ms, 7000);
    if (event->type == EVENT_LOG) {
        ck_assert(event->log.entry->time_is_arrival);
        buf_addf(told, "%d:%.*s;", (int)event->log.seq,
                 (int)event->log.entry->message_len, event->log.entry->message);
    } else {
        ck_assert_int_eq(event->type, EVENT_REWRITE);
        buf_addf(told, "-%d<%d%s;", (int)event->rewrite.withdrawn,
                 (int)event->rewrite.kept, event->rewrite.grew ? "+" : "");
    }
}

/* Texts as they come, as JSON has them; NULL: it was quiet. */
static const struct {
    const char *name;
    const char *texts[6];
    size_t count;
    const char *want;
} cases[] = {
    {"nothing", {"", NULL}, 2, ""},
    {"a line is told when another follows",
     {"a", "a\\nb", "a\\nb\\n"},
     3,
     "1:a;2:b;"},
    {"the last one is told when it is quiet, once",
     {"a\\nb", NULL, NULL, "a\\nb\\nc"},
     4,
     "1:a;2:b;"},
    {"a text that ends in a line feed ends there", {"a\\n", NULL}, 2, "1:a;"},
    {"an empty line inside is one", {"a\\n\\nb", NULL}, 2, "1:a;2:;3:b;"},
    {"a line that was told and grew is told again",
     {"a\\nb", NULL, "a\\nbc", NULL},
     4,
     "1:a;2:b;-1<1+;3:bc;"},
    {"one that was not told grows unseen", {"a", "ab", NULL}, 3, "1:ab;"},
    {"one that another follows is not told twice",
     {"a", NULL, "a\\nb", NULL},
     4,
     "1:a;2:b;"},
    {"what has changed is withdrawn",
     {"a\\nb\\nc\\n", "a\\nx\\nc\\n"},
     2,
     "1:a;2:b;3:c;-2<1;4:x;5:c;"},
    {"all is gone", {"a\\nb\\n", "", "c\\n"}, 3, "1:a;2:b;-2<0;3:c;"},
    {"a shorter text ends in a line that was whole, and grows again",
     {"a\\nb\\n", "a\\nb", "a\\nbc\\n"},
     3,
     "1:a;2:b;-1<1+;3:bc;"},
    {"one that lost a line does so too",
     {"a\\nb\\nc\\n", "a\\nb", "a\\nbc\\n"},
     3,
     "1:a;2:b;3:c;-1<2;-1<1+;4:bc;"},
};

START_TEST(lines_are_told_once)
{
    struct buf told = buf_make(0), json = buf_make(0);
    struct agentlog *log = agentlog_create(1024);
    struct agent_lines *lines =
        agent_lines_create(log, "agent_1", take_event, &told);
    for (size_t i = 0; i < cases[_i].count; i++) {
        struct agentlog_frame frame;
        struct error err = {0};
        if (!cases[_i].texts[i]) {
            agent_lines_tell_last(lines, 7000);
            continue;
        }
        buf_clear(&json);
        buf_addf(&json, "{\"logs\":\"%s\",\"status\":\"running\"}",
                 cases[_i].texts[i]);
        ck_assert_msg(
            agentlog_take(log, buf_str(&json), json.len, &frame, &err), "%s",
            err.message);
        agent_lines_take(lines, &frame, 7000);
    }
    ck_assert_msg(strcmp(buf_str(&told), cases[_i].want) == 0, "%s: %s",
                  cases[_i].name, buf_str(&told));
    agent_lines_destroy(lines);
    agentlog_destroy(log);
    buf_free(&told);
    buf_free(&json);
}
END_TEST

UNIT_MAIN("agent_lines", tcase_add_loop_test(tc, lines_are_told_once, 0,
                                             sizeof cases / sizeof *cases))
