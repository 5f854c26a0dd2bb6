#include "config.h"

#include "model/thought.h"

#include <string.h>

#include "base/buf.h"

#include "unit.h"

/* What was told, a line each:
 *   +0 s "Thinking"     a step of stream s begins
 *   =0 "f {}"           it has another title
 *   0~ a line [warn] {} a line of it, its level, its detail; & : joins
 *   x3                  line 3 is withdrawn
 *   -0 done @5          it ended */
struct told {
    struct buf log;
    uint32_t steps;
    uint64_t lines;
    int64_t now_ms;
    bool with_times;
    struct thought *thought;
};

static struct told told;

static uint32_t note_begin(void *context, enum step_kind kind,
                           const char *stream, const char *title, int64_t at_ms)
{
    static const char *const kinds[] = {"task", "stream", "text", "reasoning",
                                        "tool"};
    struct told *to = context;
    buf_addf(&to->log, "+%u %s %s \"%s\"", (unsigned)to->steps, stream,
             kinds[kind], title);
    if (to->with_times)
        buf_addf(&to->log, " @%d", (int)at_ms);
    buf_addc(&to->log, '\n');
    return to->steps++;
}

static void note_retitle(void *context, uint32_t step, const char *title)
{
    struct told *to = context;
    buf_addf(&to->log, "=%u \"%s\"\n", (unsigned)step, title);
}

static void add_text(struct buf *out, const char *text, size_t len)
{
    if (len <= 100)
        buf_add(out, text, len);
    else
        buf_addf(out, "%.10s… %zu bytes", text, len);
}

static uint64_t note_add(void *context, const struct entry *entry)
{
    static const char *const levels[] = {"",        " [trace]", " [debug]",
                                         " [info]", " [warn]",  " [error]"};
    static const char kinds[] = {
        [ENTRY_LOG] = ':',    [ENTRY_STEP] = '?', [ENTRY_STATUS] = '?',
        [ENTRY_MARKER] = '?', [ENTRY_TEXT] = '|', [ENTRY_REASONING] = '~',
        [ENTRY_TOOL] = '>'};
    struct told *to = context;
    buf_addf(&to->log, "%u%c%s ", (unsigned)entry->step, kinds[entry->kind],
             entry->joins ? "&" : "");
    add_text(&to->log, entry->text, entry->text_len);
    buf_adds(&to->log, levels[entry->level]);
    if (entry->detail) {
        buf_addc(&to->log, ' ');
        add_text(&to->log, entry->detail, entry->detail_len);
    }
    if (to->with_times)
        buf_addf(&to->log, " @%d", (int)entry->time_ms);
    buf_addc(&to->log, '\n');
    return to->lines++;
}

static void note_withdraw(void *context, uint64_t number)
{
    struct told *to = context;
    buf_addf(&to->log, "x%u\n", (unsigned)number);
}

static void note_end(void *context, uint32_t step, enum step_state state,
                     int64_t at_ms)
{
    static const char *const states[] = {"active", "done", "failed", "stopped"};
    struct told *to = context;
    buf_addf(&to->log, "-%u %s", (unsigned)step, states[state]);
    if (to->with_times)
        buf_addf(&to->log, " @%d", (int)at_ms);
    buf_addc(&to->log, '\n');
}

static void start(void)
{
    static const struct thought_ops ops = {note_begin, note_retitle, note_add,
                                           note_withdraw, note_end};
    told = (struct told){0};
    told.thought = thought_create(&ops, &told);
}

static void finish(void)
{
    thought_destroy(told.thought);
    buf_free(&told.log);
}

static bool tell_bytes(const char *stream, const char *chunk, size_t len)
{
    struct stream_part part = {.stream = stream,
                               .time_ms = ++told.now_ms,
                               .is_json = true,
                               .chunk = chunk,
                               .chunk_len = len};
    return thought_take(told.thought, &part);
}

static bool tell(const char *stream, const char *chunk)
{
    return tell_bytes(stream, chunk, strlen(chunk));
}

/* Compares what was told since the last time. */
static void assert_told(const char *want)
{
    ck_assert_str_eq(buf_str(&told.log), want);
    buf_clear(&told.log);
}

static void assert_open(const char *want)
{
    struct buf got = buf_make(0);
    struct entry entry;
    size_t count = thought_open_count(told.thought);
    for (size_t i = 0; i < count; i++) {
        ck_assert(thought_open(told.thought, i, &entry));
        ck_assert(entry.open);
        buf_addf(&got, "%u:", (unsigned)entry.step);
        buf_add(&got, entry.text, entry.text_len);
        buf_addc(&got, '\n');
    }
    ck_assert(!thought_open(told.thought, count, &entry));
    ck_assert_str_eq(buf_str(&got), want);
    buf_free(&got);
}

/* A whole stream at once: chunks, one a line, and what is told of them. */
struct example {
    const char *chunks, *want;
};

static void tell_all(const char *chunks)
{
    while (*chunks) {
        size_t len = strcspn(chunks, "\n");
        tell_bytes("s", chunks, len);
        chunks += len + (chunks[len] == '\n');
    }
}

static const struct example examples[] = {
    /* Plain strings are the stream's own text. */
    {"\"Hel\"\n\"lo\\nwor\"\n\"ld\"",
     "+0 s stream \"s\"\n0| Hello\n0| world\n-0 done\n"},
    {"\"a\\n\\nb\\r\\n\"", "+0 s stream \"s\"\n0| a\n0| \n0| b\n-0 done\n"},
    /* Code points that were cut in two. */
    {"\"a\\ud83c\"\n\"\\udf89b\"\n\"\\ud83c\"\n\"\\ud83c\\udf89\"\n\"\\udf89\"",
     "+0 s stream \"s\"\n0| a🎉b�🎉�\n-0 done\n"},
    {"{\"type\":\"text-delta\",\"id\":\"a\",\"delta\":\"\\uD83C\"}\n"
     "{\"type\":\"text-delta\",\"id\":\"b\",\"delta\":\"\\uDF89\"}\n"
     "{\"type\":\"text-delta\",\"id\":\"a\",\"delta\":\"\\uDF89\"}\n"
     "{\"type\":\"text-delta\",\"id\":\"a\",\"delta\":\"\\\\ud83c\"}\n"
     "{\"type\":\"text-delta\",\"id\":\"a\",\"delta\":\"\\udf89\"}",
     "+0 s text \"Answer\"\n+1 s text \"Answer\"\n0| 🎉\\ud83c�\n-0 done\n"
     "1| �\n-1 done\n"},
    /* A whole message of the AI SDK. */
    {"{\"type\":\"start\",\"messageId\":\"m1\"}\n"
     "{\"type\":\"start-step\"}\n"
     "{\"type\":\"reasoning-start\",\"id\":\"r0\"}\n"
     "{\"type\":\"reasoning-delta\",\"id\":\"r0\",\"delta\":\"Need \"}\n"
     "{\"type\":\"reasoning-delta\",\"id\":\"r0\",\"delta\":\"it.\\nNow\"}\n"
     "{\"type\":\"reasoning-end\",\"id\":\"r0\"}\n"
     "{\"type\":\"tool-input-start\",\"toolCallId\":\"c1\",\"toolName\":\"f\"}"
     "\n"
     "{\"type\":\"tool-input-delta\",\"toolCallId\":\"c1\","
     "\"inputTextDelta\":\"{\\\"no\\\":\"}\n"
     "{\"type\":\"tool-input-available\",\"toolCallId\":\"c1\","
     "\"toolName\":\"f\",\"input\":{\"no\": 88}}\n"
     "{\"type\":\"tool-output-available\",\"toolCallId\":\"c1\","
     "\"output\":{\"total\":\"19.90\"}}\n"
     "{\"type\":\"finish-step\"}\n"
     "{\"type\":\"start-step\"}\n"
     "{\"type\":\"text-start\",\"id\":\"t0\"}\n"
     "{\"type\":\"text-delta\",\"id\":\"t0\",\"delta\":\"It is 19.90.\"}\n"
     "{\"type\":\"text-end\",\"id\":\"t0\"}\n"
     "{\"type\":\"finish-step\"}\n"
     "{\"type\":\"finish\",\"finishReason\":\"stop\"}",
     "+0 s reasoning \"Thinking\"\n0~ Need it.\n0~ Now\n-0 done\n"
     "+1 s tool \"f\"\n=1 \"f {\"no\":88}\"\n"
     "1> {\"total\":\"19.90\"} {\"total\":\"19.90\"}\n-1 done\n"
     "+2 s text \"Answer\"\n2| It is 19.90.\n-2 done\n"},
    /* Starts and ends that are missing or come twice. */
    {"{\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"a\"}\n"
     "{\"type\":\"text-end\",\"id\":\"t\"}\n"
     "{\"type\":\"text-end\",\"id\":\"t\"}\n"
     "{\"type\":\"text-end\",\"id\":\"other\"}",
     "+0 s text \"Answer\"\n0| a\n-0 done\n"},
    {"{\"type\":\"text-start\",\"id\":\"t\"}\n"
     "{\"type\":\"text-start\",\"id\":\"t\"}\n"
     "{\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"a\"}\n"
     "{\"type\":\"text-start\",\"id\":\"t\"}\n"
     "{\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"b\"}",
     "+0 s text \"Answer\"\n0| a\n-0 done\n+1 s text \"Answer\"\n1| b\n"
     "-1 done\n"},
    {"{\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"a\"}\n"
     "{\"type\":\"finish-step\"}\n"
     "{\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"b\"}\n"
     "{\"type\":\"finish\"}",
     "+0 s text \"Answer\"\n0| a\n-0 done\n+1 s text \"Answer\"\n1| b\n"
     "-1 done\n"},
    /* Blocks of different ids interleave. */
    {"{\"type\":\"text-delta\",\"id\":\"a\",\"delta\":\"1\"}\n"
     "{\"type\":\"reasoning-delta\",\"id\":\"b\",\"delta\":\"x\"}\n"
     "{\"type\":\"text-delta\",\"id\":\"a\",\"delta\":\"2\\n3\"}\n"
     "{\"type\":\"reasoning-end\",\"id\":\"b\"}\n"
     "{\"type\":\"text-end\",\"id\":\"a\"}",
     "+0 s text \"Answer\"\n+1 s reasoning \"Thinking\"\n0| 12\n1~ x\n"
     "-1 done\n0| 3\n-0 done\n"},
    /* Full-stream parts of version 4 have neither ids nor starts. */
    {"{\"type\":\"reasoning\",\"textDelta\":\"Hm\"}\n"
     "{\"type\":\"text-delta\",\"textDelta\":\"So\"}\n"
     "{\"type\":\"tool-call\",\"toolCallId\":\"c\",\"toolName\":\"f\","
     "\"args\":{}}\n"
     "{\"type\":\"tool-result\",\"toolCallId\":\"c\",\"toolName\":\"f\","
     "\"result\":\"ok\"}",
     "+0 s reasoning \"Thinking\"\n+1 s text \"Answer\"\n0~ Hm\n-0 done\n"
     "1| So\n-1 done\n+2 s tool \"f\"\n=2 \"f\"\n2> \"ok\"\n-2 done\n"},
    /* Chat completion chunks. */
    {"{\"choices\":[{\"index\":0,\"delta\":{\"reasoning\":\"Hm\"}}]}\n"
     "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"A\"}}]}\n"
     "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"B\"}}]}\n"
     "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},"
     "\"finish_reason\":\"stop\"}]}\n"
     "{\"choices\":[{\"index\":1,\"delta\":{},\"finish_reason\":\"length\"}]}\n"
     "{\"choices\":[],\"usage\":{\"n\":1}}",
     "+0 s reasoning \"Thinking\"\n+1 s text \"Answer\"\n0~ Hm\n-0 done\n"
     "+2 s text \"Answer\"\n1| Aa\n-1 done\n2| B\n-2 done\n2: finished: length "
     "[warn]\n"
     "2: usage {\"n\":1} [debug] {\"n\":1}\n"},
    {"{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\","
     "\"function\":{\"name\":\"f\",\"arguments\":\"\"}}]}}]}\n"
     "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,"
     "\"function\":{\"arguments\":\"{ \\\"a\\\"\"}}]}}]}\n"
     "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,"
     "\"function\":{\"arguments\":\": 1}\"}}]}}]}\n"
     "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"c2\","
     "\"function\":{\"name\":\"g\",\"arguments\":\"{}\"}}]}}]}\n"
     "{\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}",
     "+0 s tool \"f\"\n+1 s tool \"g\"\n=0 \"f {\"a\":1}\"\n-0 done\n"
     "=1 \"g\"\n-1 done\n"},
    /* Calls that all have the same place are told apart by their own ids. */
    {"{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\","
     "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}\n"
     "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c2\","
     "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]}}]}",
     "+0 s tool \"f\"\n=0 \"f\"\n-0 done\n+1 s tool \"f\"\n=1 \"f\"\n"
     "-1 done\n"},
    /* Responses. */
    {"{\"type\":\"response.created\"}\n"
     "{\"type\":\"response.output_item.added\",\"item\":{\"id\":\"rs\","
     "\"type\":\"reasoning\"}}\n"
     "{\"type\":\"response.reasoning_summary_part.added\",\"item_id\":\"rs\","
     "\"summary_index\":0,\"part\":{}}\n"
     "{\"type\":\"response.reasoning_summary_text.delta\",\"item_id\":\"rs\","
     "\"summary_index\":0,\"delta\":\"Hm\"}\n"
     "{\"type\":\"response.reasoning_summary_text.done\",\"item_id\":\"rs\","
     "\"summary_index\":0,\"text\":\"Hm\"}\n"
     "{\"type\":\"response.output_item.done\",\"item\":{\"id\":\"rs\","
     "\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\","
     "\"text\":\"Hm\"}]}}\n"
     "{\"type\":\"response.output_item.added\",\"item\":{\"id\":\"fc\","
     "\"type\":\"function_call\",\"name\":\"f\",\"arguments\":\"\"}}\n"
     "{\"type\":\"response.function_call_arguments.delta\","
     "\"item_id\":\"fc\",\"delta\":\"{\\\"a\"}\n"
     "{\"type\":\"response.function_call_arguments.done\","
     "\"item_id\":\"fc\",\"arguments\":\"{\\\"a\\\": 1}\"}\n"
     "{\"type\":\"response.output_item.done\",\"item\":{\"id\":\"fc\","
     "\"type\":\"function_call\",\"name\":\"f\","
     "\"arguments\":\"{\\\"a\\\": 1}\"}}\n"
     "{\"type\":\"response.output_text.delta\",\"item_id\":\"m\","
     "\"content_index\":0,\"delta\":\"It\"}\n"
     "{\"type\":\"response.output_text.done\",\"item_id\":\"m\","
     "\"content_index\":0,\"text\":\"It\"}\n"
     "{\"type\":\"response.output_item.done\",\"item\":{\"id\":\"m\","
     "\"type\":\"message\",\"content\":[{\"type\":\"output_text\","
     "\"text\":\"It\"}]}}\n"
     "{\"type\":\"response.completed\",\"response\":{}}",
     "+0 s reasoning \"Thinking\"\n0~ Hm\n-0 done\n+1 s tool \"f\"\n"
     "=1 \"f {\"a\":1}\"\n-1 done\n+2 s text \"Answer\"\n2| It\n-2 done\n"},
    /* Only deltas, as some tasks pass on. */
    {"{\"type\":\"response.reasoning_text.delta\",\"item_id\":\"r\","
     "\"delta\":\"Hm\"}\n"
     "{\"type\":\"response.function_call_arguments.delta\","
     "\"item_id\":\"f\",\"delta\":\"{}\"}\n"
     "{\"type\":\"response.output_text.delta\",\"item_id\":\"m\","
     "\"delta\":\"It\"}\n"
     "{\"type\":\"response.output_text.delta\",\"item_id\":\"m\","
     "\"delta\":\" is\"}\n"
     "{\"type\":\"response.output_text.delta\",\"item_id\":\"n\","
     "\"delta\":\"so\"}",
     "+0 s reasoning \"Thinking\"\n0~ Hm\n-0 done\n+1 s tool \"tool\"\n"
     "=1 \"tool\"\n-1 done\n+2 s text \"Answer\"\n2| It is\n-2 done\n"
     "+3 s text \"Answer\"\n3| so\n-3 done\n"},
    /* Two at a time, each with its start. */
    {"{\"type\":\"response.output_item.added\",\"item\":{\"id\":\"r\","
     "\"type\":\"reasoning\"}}\n"
     "{\"type\":\"response.content_part.added\",\"item_id\":\"m\","
     "\"part\":{\"type\":\"output_text\"}}\n"
     "{\"type\":\"response.reasoning_summary_text.delta\","
     "\"item_id\":\"r\",\"delta\":\"H\"}\n"
     "{\"type\":\"response.output_text.delta\",\"item_id\":\"m\","
     "\"delta\":\"It\"}\n"
     "{\"type\":\"response.reasoning_summary_text.delta\","
     "\"item_id\":\"r\",\"delta\":\"m\"}",
     "+0 s reasoning \"Thinking\"\n+1 s text \"Answer\"\n0~ Hm\n-0 done\n"
     "1| It\n-1 done\n"},
    /* What was told whole only. */
    {"{\"type\":\"response.output_item.done\",\"item\":{\"id\":\"m\","
     "\"type\":\"message\",\"content\":[{\"type\":\"output_text\","
     "\"text\":\"It\"}]}}",
     "+0 s text \"Answer\"\n0| It\n-0 done\n"},
    /* How calls end. */
    {"{\"type\":\"tool-output-error\",\"toolCallId\":\"c\","
     "\"errorText\":\"no\"}",
     "+0 s tool \"tool\"\n0> no [error]\n-0 failed\n"},
    {"{\"type\":\"tool-input-start\",\"toolCallId\":\"c\",\"toolName\":\"f\"}\n"
     "{\"type\":\"tool-approval-request\",\"toolCallId\":\"c\"}\n"
     "{\"type\":\"finish\",\"finishReason\":\"tool-calls\"}\n"
     "{\"type\":\"tool-output-denied\",\"toolCallId\":\"c\"}",
     "+0 s tool \"f\"\n0> waits for approval [warn]\n0> denied [warn]\n"
     "-0 stopped\n"},
    {"{\"type\":\"tool-input-available\",\"toolCallId\":\"c\","
     "\"toolName\":\"f\",\"input\":[]}\n"
     "{\"type\":\"tool-output-available\",\"toolCallId\":\"c\","
     "\"output\":1,\"preliminary\":true}\n"
     "{\"type\":\"tool-output-available\",\"toolCallId\":\"c\","
     "\"output\":2,\"preliminary\":true}\n"
     "{\"type\":\"tool-output-available\",\"toolCallId\":\"c\",\"output\":3}",
     "+0 s tool \"f\"\n=0 \"f []\"\n0> 1\nx0\n0> 2\nx1\n0> 3\n-0 done\n"},
    {"{\"type\":\"tool-input-available\",\"toolCallId\":\"c\","
     "\"toolName\":\"f\",\"input\":{}}\n"
     "{\"type\":\"finish\"}\n"
     "{\"type\":\"tool-output-available\",\"toolCallId\":\"c\",\"output\":3}",
     "+0 s tool \"f\"\n=0 \"f\"\n-0 done\n0> 3\n-0 done\n"},
    {"{\"type\":\"tool-input-error\",\"toolCallId\":\"c\",\"toolName\":\"f\","
     "\"input\":\"{x\\ny\",\"errorText\":\"bad\"}",
     "+0 s tool \"f\"\n=0 \"f {x y\"\n0> bad [error]\n-0 failed\n"},
    /* An end out of the order, and errors, are seen. */
    {"{\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"a\"}\n"
     "{\"type\":\"abort\",\"reason\":\"user\"}",
     "+0 s text \"Answer\"\n0| a\n-0 stopped\n0: aborted: user [warn]\n"},
    {"{\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"a\"}\n"
     "{\"type\":\"error\",\"errorText\":\"gone\"}\n"
     "{\"type\":\"finish\",\"finishReason\":\"error\"}",
     "+0 s text \"Answer\"\n0| a\n0: gone [error]\n-0 failed\n"},
    {"{\"type\":\"error\",\"error\":{\"message\":\"gone\"}}",
     "+0 s stream \"s\"\n0: gone [error] {\"message\":\"gone\"}\n-0 failed\n"},
    {"{\"type\":\"finish\",\"finishReason\":\"error\"}",
     "+0 s stream \"s\"\n-0 failed\n0: finished: error [warn]\n"},
    /* Lines that are no block. */
    {"{\"type\":\"data-w\",\"id\":\"1\",\"data\":{\"c\":4}}\n"
     "{\"type\":\"data-w\",\"id\":\"2\",\"data\":5}\n"
     "{\"type\":\"data-w\",\"id\":\"1\",\"data\":6}\n"
     "{\"type\":\"data-w\",\"data\":7}\n"
     "{\"type\":\"data-w\",\"data\":8}\n"
     "{\"type\":\"data-n\",\"data\":1,\"transient\":true}\n"
     "{\"type\":\"data-n\",\"data\":2,\"transient\":true}",
     "+0 s stream \"s\"\n0: w {\"c\":4} {\"c\":4}\n0: w 5\nx0\n0: w 6\n"
     "0: w 7\n0: w 8\n0: n 1\nx5\n0: n 2\n-0 done\n"},
    {"{\"type\":\"brand-new\",\"a\":1}\n7\n[1]\n"
     "{\"level\":\"warn\",\"message\":\"m\"}",
     "+0 s stream \"s\"\n0: brand-new {\"type\":\"brand-new\",\"a\":1} [debug] "
     "{\"type\":\"brand-new\",\"a\":1}\n0: 7\n0: [1] [1]\n0: m [warn]\n"
     "-0 done\n"},
    {"{\"type\":\"source-url\",\"url\":\"u\"}\n"
     "{\"type\":\"file\",\"mediaType\":\"image/png\"}",
     "+0 s stream \"s\"\n"
     "0| source: u {\"type\":\"source-url\",\"url\":\"u\"}\n"
     "0| file: image/png {\"type\":\"file\",\"mediaType\":\"image/png\"}\n"
     "-0 done\n"},
    /* They belong to the block that is open, and cut no line of it. */
    {"{\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"a\"}\n"
     "{\"type\":\"source-url\",\"url\":\"u\"}\n"
     "{\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"b\"}",
     "+0 s text \"Answer\"\n"
     "0| source: u {\"type\":\"source-url\",\"url\":\"u\"}\n0| ab\n-0 done\n"},
    {"\"a\"\n{\"type\":\"text-delta\",\"delta\":\"b\"}\n\"c\"",
     "+0 s stream \"s\"\n0| abc\n-0 done\n"},
    {"{\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"a\"}\n\"b\"",
     "+0 s text \"Answer\"\n0| ab\n-0 done\n"},
    {"\"a\"\n{\"type\":\"reasoning-start\",\"id\":\"r\"}\n\"b\"",
     "+0 s stream \"s\"\n0| a\n-0 done\n+1 s reasoning \"Thinking\"\n"
     "+2 s stream \"s\"\n-1 done\n2| b\n-2 done\n"},
};

START_TEST(streams_become_steps_and_lines)
{
    start();
    tell_all(examples[_i].chunks);
    thought_end(told.thought, STEP_DONE, 99);
    assert_told(examples[_i].want);
    finish();
}
END_TEST

START_TEST(streams_do_not_mix)
{
    start();
    tell("a", "{\"type\":\"text-delta\",\"id\":\"1\",\"delta\":\"x\"}");
    tell("b", "{\"type\":\"text-delta\",\"id\":\"1\",\"delta\":\"y\"}");
    tell("a", "{\"type\":\"text-delta\",\"id\":\"1\",\"delta\":\"z\\n\"}");
    tell("b", "{\"type\":\"finish\"}");
    assert_told("+0 a text \"Answer\"\n+1 b text \"Answer\"\n0| xz\n1| y\n"
                "-1 done\n");
    ck_assert_uint_eq(thought_stream_count(told.thought), 2);
    finish();
}
END_TEST

START_TEST(unfinished_lines_can_be_seen)
{
    start();
    tell("a", "{\"type\":\"text-delta\",\"id\":\"1\",\"delta\":\"one\\ntw\"}");
    tell("b", "\"thr\"");
    assert_open("0:tw\n1:thr\n");
    tell("b", "\"ee\"");
    assert_open("0:tw\n1:three\n");
    tell("a", "{\"type\":\"text-end\",\"id\":\"1\"}");
    assert_open("1:three\n");
    tell("a", "{\"type\":\"tool-input-delta\",\"toolCallId\":\"c\","
              "\"inputTextDelta\":\"{\\\"n\"}");
    assert_open("1:three\n2:{\"n\n");
    thought_end(told.thought, STEP_DONE, 99);
    assert_open("");
    finish();
}
END_TEST

START_TEST(times_are_those_of_what_completes_a_line)
{
    start();
    told.with_times = true;
    tell("s", "{\"type\":\"reasoning-start\",\"id\":\"1\"}");
    tell("s", "{\"type\":\"reasoning-delta\",\"id\":\"1\",\"delta\":\"a\"}");
    tell("s",
         "{\"type\":\"reasoning-delta\",\"id\":\"1\",\"delta\":\"b\\nc\"}");
    tell("s", "{\"type\":\"reasoning-end\",\"id\":\"1\"}");
    tell("s", "\"d\"");
    thought_end(told.thought, STEP_STOPPED, 9);
    assert_told(
        "+0 s reasoning \"Thinking\" @1\n0~ ab @3\n0~ c @3\n-0 done @4\n"
        "+1 s stream \"s\" @5\n1| d @5\n-1 stopped @9\n");
    finish();
}
END_TEST

START_TEST(parts_after_the_end_go_on_in_their_block)
{
    start();
    tell("s", "{\"type\":\"text-delta\",\"id\":\"1\",\"delta\":\"a\"}");
    thought_stop(told.thought, STEP_FAILED, 9);
    tell("s", "{\"type\":\"text-delta\",\"id\":\"1\",\"delta\":\"b\"}");
    thought_stop(told.thought, STEP_FAILED, 9);
    thought_end(told.thought, STEP_FAILED, 10);
    assert_told("+0 s text \"Answer\"\n-0 failed\n0| ab\n");
    thought_end(told.thought, STEP_FAILED, 10);
    assert_told("");
    finish();
}
END_TEST

static void tell_plain(const char *text, size_t len)
{
    struct buf chunk = buf_make(0);
    buf_addc(&chunk, '"');
    buf_add(&chunk, text, len);
    buf_addc(&chunk, '"');
    tell_bytes("s", chunk.data, chunk.len);
    buf_free(&chunk);
}

START_TEST(long_lines_are_told_in_pieces)
{
    struct buf text = buf_make(0);
    start();
    buf_fill(&text, 'x', THOUGHT_MAX_LINE - 10);
    buf_addc(&text, ' ');
    buf_fill(&text, 'y', THOUGHT_MAX_LINE);
    tell_plain(text.data, text.len);
    assert_told("+0 s stream \"s\"\n0| xxxxxxxxxx… 16375 bytes\n");
    tell("s", "\"z\\nnext\\n\"");
    assert_told("0|& yyyyyyyyyy… 16384 bytes\n0|& z\n0| next\n");
    buf_free(&text);
    finish();
}
END_TEST

START_TEST(long_lines_are_not_cut_inside_a_character)
{
    start();
    for (size_t i = 0; i < THOUGHT_MAX_LINE; i++)
        tell_plain("\xE2\x82\xAC", 3);
    thought_end(told.thought, STEP_DONE, 99);
    assert_told(
        "+0 s stream \"s\"\n0| €€€\xE2… 16383 bytes\n"
        "0|& €€€\xE2… 16383 bytes\n0|& €€€\xE2… 16383 bytes\n0|& €\n-0 done\n");
    finish();
}
END_TEST

START_TEST(long_json_is_cut_and_stands_whole_in_the_detail)
{
    struct buf chunk = buf_make(0);
    start();
    buf_adds(&chunk, "{\"type\":\"tool-call\",\"toolCallId\":\"c\","
                     "\"toolName\":\"f\",\"input\":{\"a\":\"");
    buf_fill(&chunk, 'x', 2000);
    buf_adds(&chunk, "\"}}");
    tell_bytes("s", chunk.data, chunk.len);
    const char *log = buf_str(&told.log);
    ck_assert_ptr_nonnull(strstr(log, "+0 s tool \"f\"\n=0 \"f {\"a\":\"xx"));
    ck_assert_ptr_nonnull(strstr(log, "x…\"\n0> arguments … 1037 bytes [debug] "
                                      "{\"a\":\"xxxx… 2008 bytes\n"));
    buf_free(&chunk);
    finish();
}
END_TEST

START_TEST(blocks_without_end_are_bounded)
{
    struct buf chunk = buf_make(0);
    start();
    for (int i = 0; i < 3 * THOUGHT_MAX_BLOCKS; i++) {
        buf_clear(&chunk);
        buf_addf(&chunk,
                 "{\"type\":\"text-delta\",\"id\":\"%d\",\"delta\":\"x\"}", i);
        tell_bytes("s", chunk.data, chunk.len);
    }
    ck_assert_uint_eq(thought_open_count(told.thought), THOUGHT_MAX_BLOCKS);
    ck_assert_uint_eq(told.steps, 3 * THOUGHT_MAX_BLOCKS);
    ck_assert_uint_eq(told.lines, 2 * THOUGHT_MAX_BLOCKS);
    for (int i = 0; i < 1000; i++) {
        buf_clear(&chunk);
        buf_addf(&chunk, "{\"type\":\"data-x\",\"id\":\"%d\",\"data\":1}", i);
        tell_bytes("s", chunk.data, chunk.len);
    }
    buf_free(&chunk);
    finish();
}
END_TEST

/* Only a sum of what a long id ends with is kept. */
START_TEST(long_ids_are_told_apart_by_their_ends)
{
    static const char ends[] = "aabba";
    enum {
        LONG = 100000
    };
    struct buf chunk = buf_make(0);
    start();
    for (size_t i = 0; i < sizeof ends - 1; i++) {
        buf_clear(&chunk);
        buf_adds(&chunk, "{\"type\":\"text-delta\",\"delta\":\"x\",\"id\":\"");
        buf_fill(&chunk, 'i', LONG);
        buf_addf(&chunk, "%c\"}", ends[i]);
        tell_bytes("s", chunk.data, chunk.len);
    }
    ck_assert_uint_eq(told.steps, 2);
    ck_assert_uint_eq(thought_open_count(told.thought), 2);
    buf_free(&chunk);
    finish();
}
END_TEST

START_TEST(calls_without_end_make_way_for_others)
{
    struct buf chunk = buf_make(0);
    start();
    for (int i = 0; i <= THOUGHT_MAX_BLOCKS; i++) {
        buf_clear(&chunk);
        buf_addf(&chunk,
                 "{\"type\":\"tool-input-delta\",\"toolCallId\":\"%d\","
                 "\"toolName\":\"f%d\",\"inputTextDelta\":\"[%d]\"}",
                 i, i, i);
        buf_clear(&told.log);
        tell_bytes("s", chunk.data, chunk.len);
    }
    assert_told("=0 \"f0 [0]\"\n-0 done\n+256 s tool \"f256\"\n");
    buf_free(&chunk);
    finish();
}
END_TEST

START_TEST(parts_that_say_nothing_tell_so)
{
    start();
    ck_assert(!tell("s", "{\"choices\":[]}"));
    ck_assert(!tell("s", "\"\""));
    ck_assert(!tell("s", "{\"type\":\"start-step\"}"));
    ck_assert(tell("s", "\"a\""));
    ck_assert(tell("s", "{\"type\":\"text-start\"}"));
    finish();
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof *(table))

UNIT_MAIN("thought", {
    tcase_add_loop_test(tc, streams_become_steps_and_lines, 0, COUNT(examples));
    tcase_add_test(tc, streams_do_not_mix);
    tcase_add_test(tc, unfinished_lines_can_be_seen);
    tcase_add_test(tc, times_are_those_of_what_completes_a_line);
    tcase_add_test(tc, parts_after_the_end_go_on_in_their_block);
    tcase_add_test(tc, long_lines_are_told_in_pieces);
    tcase_add_test(tc, long_lines_are_not_cut_inside_a_character);
    tcase_add_test(tc, long_json_is_cut_and_stands_whole_in_the_detail);
    tcase_add_test(tc, blocks_without_end_are_bounded);
    tcase_add_test(tc, calls_without_end_make_way_for_others);
    tcase_add_test(tc, long_ids_are_told_apart_by_their_ends);
    tcase_add_test(tc, parts_that_say_nothing_tell_so);
})
