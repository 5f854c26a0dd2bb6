#include "config.h"

#include "wire/chunk.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#include "unit.h"

static const char *const kinds[] = {
    [CHUNK_PLAIN] = "plain",
    [CHUNK_LINE] = "line",
    [CHUNK_BLOCK_START] = "start",
    [CHUNK_BLOCK_DELTA] = "delta",
    [CHUNK_BLOCK_END] = "end",
    [CHUNK_TOOL_START] = "tool-start",
    [CHUNK_TOOL_DELTA] = "tool-delta",
    [CHUNK_TOOL_ARGUMENTS] = "tool-arguments",
    [CHUNK_TOOL_RESULT] = "tool-result",
    [CHUNK_TOOL_ERROR] = "tool-error",
    [CHUNK_TOOL_DENIED] = "tool-denied",
    [CHUNK_TOOL_APPROVAL] = "tool-approval",
    [CHUNK_TOOL_END] = "tool-end",
    [CHUNK_MESSAGE_START] = "message-start",
    [CHUNK_MESSAGE_FINISH] = "finish",
    [CHUNK_MESSAGE_ABORT] = "abort",
    [CHUNK_STEP_START] = "step-start",
    [CHUNK_STEP_FINISH] = "step-finish",
    [CHUNK_ERROR] = "error",
    [CHUNK_SOURCE] = "source",
    [CHUNK_FILE] = "file",
    [CHUNK_DATA] = "data",
    [CHUNK_NOTE] = "note",
    [CHUNK_LOG] = "log",
    [CHUNK_JSON] = "json",
    [CHUNK_UNKNOWN] = "unknown",
};

static bool has_block(const struct chunk_move *move)
{
    return move->kind == CHUNK_BLOCK_START || move->kind == CHUNK_BLOCK_DELTA ||
           move->kind == CHUNK_BLOCK_END;
}

static void add(struct buf *out, const char *name, struct slice value)
{
    if (!value.data)
        return;
    buf_addf(out, " %s=", name);
    buf_add(out, value.data, value.len);
}

static void add_entry(struct buf *out, const struct log_entry *entry)
{
    buf_addf(out, " %s \"", entry->level_word ? entry->level_word : "-");
    buf_add(out, entry->message, entry->message_len);
    buf_addc(out, '"');
    add(out, "data", (struct slice){entry->data, entry->data_len});
    if (!entry->time_is_arrival)
        buf_addf(out, " at %lld", (long long)entry->time_ms);
}

/* "delta reasoning id=r0 text=Hm", one after another, cut by "; ". */
static void add_move(void *context, const struct chunk_move *move)
{
    static const char *const blocks[] = {"text", "reasoning", "refusal"};
    struct buf *out = context;
    buf_addf(out, "%s%s", out->len ? "; " : "", kinds[move->kind]);
    if (has_block(move))
        buf_addf(out, " %s", blocks[move->block]);
    if (move->choice >= 0)
        buf_addf(out, " #%d", move->choice);
    if (move->in_order)
        buf_adds(out, " then");
    add(out, "id", move->id);
    add(out, "name", move->name);
    add(out, "text", move->text);
    add(out, "json", move->json);
    if (move->log)
        add_entry(out, move->log);
    if (move->preliminary)
        buf_adds(out, " preliminary");
    if (move->transient)
        buf_adds(out, " transient");
}

static void decode(struct buf *out, const char *chunk, size_t len, bool is_json)
{
    struct chunk_decoder *decoder = chunk_decoder_create();
    struct stream_part part = {.stream = "s",
                               .time_ms = 7,
                               .time_is_arrival = true,
                               .is_json = is_json,
                               .chunk = chunk,
                               .chunk_len = len};
    chunk_decode(decoder, &part, add_move, out);
    chunk_decoder_destroy(decoder);
}

static void assert_moves(const char *chunk, bool is_json, const char *want)
{
    struct buf got = buf_make(0);
    decode(&got, chunk, strlen(chunk), is_json);
    ck_assert_str_eq(buf_str(&got), want);
    buf_free(&got);
}

struct example {
    const char *chunk, *want;
};

static const struct example plain[] = {
    {"\"Hel\"", "plain text=Hel"},
    {" \"a\\nb\" ", "plain text=a\nb"},
    {"\"\"", ""},
    {"\"{\"", "plain text={"},
    {"\"{}\"", "plain text={}"},
    {"\"[1]\"", "plain text=[1]"},
    {"\"{\\\"type\\\":\\\"text-delta\\\",\\\"delta\\\":\\\"!\\\"}\"",
     "delta text #0 text=!"},
    {"\"{\\\"page\\\": 3}\"", "json json={\"page\":3}"},
    {"\"\\\"twice\\\"\"", "plain text=\"twice\""},
    {"12", "json json=12"},
    {"-1.50e3", "json json=-1.50e3"},
    {"true", "json json=true"},
    {"null", "json json=null"},
    {"[1, {\"a\" : 2}]", "json json=[1,{\"a\":2}]"},
    {"{}", "json json={}"},
    {"{\"page\":3,\"note\":\"a  b\"}",
     "json json={\"page\":3,\"note\":\"a  b\"}"},
    {"{\"type\":3}", "json json={\"type\":3}"},
    {"{\"type\":null}", "json json={\"type\":null}"},
};

START_TEST(plain_values_are_text_or_json)
{
    assert_moves(plain[_i].chunk, true, plain[_i].want);
}
END_TEST

static const struct example no_json[] = {
    {"just a line", "line text=just a line"},
    {"{\"type\":\"text-del", "line text={\"type\":\"text-del"},
    {"  two  ", "line text=  two  "},
    {"<html>", "line text=<html>"},
    {"", ""},
};

START_TEST(what_is_no_json_is_a_line)
{
    assert_moves(no_json[_i].chunk, false, no_json[_i].want);
}
END_TEST

static const struct example ui[] = {
    {"{\"type\":\"start\",\"messageId\":\"m1\"}", "message-start"},
    {"{\"type\":\"start\",\"messageMetadata\":{\"model\":\"m\"}}",
     "note name=metadata json={\"model\":\"m\"}; message-start"},
    {"{\"type\":\"start-step\"}", "step-start"},
    {"{\"type\":\"finish-step\"}", "step-finish"},
    {"{\"type\":\"finish\"}", "finish"},
    {"{\"type\":\"finish\",\"finishReason\":\"length\"}", "finish text=length"},
    {"{\"type\":\"finish\",\"messageMetadata\":{\"n\":1}}",
     "finish; note name=metadata json={\"n\":1}"},
    {"{\"type\":\"abort\"}", "abort"},
    {"{\"type\":\"abort\",\"reason\":\"user\"}", "abort text=user"},
    {"{\"type\":\"message-metadata\",\"messageMetadata\":{\"a\":1}}",
     "note name=metadata json={\"a\":1}"},
    {"{\"type\":\"error\",\"errorText\":\"no\"}", "error text=no"},
    {"{\"type\":\"text-start\",\"id\":\"t0\"}", "start text id=t0"},
    {"{\"type\":\"text-delta\",\"id\":\"t0\",\"delta\":\"It \\u00e9\"}",
     "delta text id=t0 text=It é"},
    {"{\"type\":\"text-delta\",\"id\":\"t0\",\"delta\":\"\"}", ""},
    {"{\"type\":\"text-end\",\"id\":\"t0\"}", "end text id=t0"},
    {"{\"type\":\"reasoning-start\",\"id\":\"r0\",\"providerMetadata\":{}}",
     "start reasoning id=r0"},
    {"{\"type\":\"reasoning-delta\",\"id\":\"r0\",\"delta\":\"Hm\"}",
     "delta reasoning id=r0 text=Hm"},
    {"{\"type\":\"reasoning-end\",\"id\":\"r0\"}", "end reasoning id=r0"},
    {"{\"type\":\"tool-input-start\",\"toolCallId\":\"c1\",\"toolName\":\"f\"}",
     "tool-start id=c1 name=f"},
    {"{\"type\":\"tool-input-delta\",\"toolCallId\":\"c1\","
     "\"inputTextDelta\":\"{\\\"no\\\":\"}",
     "tool-delta id=c1 text={\"no\":"},
    {"{\"type\":\"tool-input-available\",\"toolCallId\":\"c1\","
     "\"toolName\":\"f\",\"input\":{\"no\": 88}}",
     "tool-arguments id=c1 name=f json={\"no\":88}"},
    {"{\"type\":\"tool-input-error\",\"toolCallId\":\"c1\",\"toolName\":\"f\","
     "\"input\":{\"no\":\"x\"},\"errorText\":\"bad\"}",
     "tool-arguments id=c1 name=f json={\"no\":\"x\"}; "
     "tool-error id=c1 name=f text=bad"},
    {"{\"type\":\"tool-approval-request\",\"approvalId\":\"a\","
     "\"toolCallId\":\"c1\"}",
     "tool-approval id=c1"},
    {"{\"type\":\"tool-output-available\",\"toolCallId\":\"c1\","
     "\"output\":{\"total\":\"19.90\"}}",
     "tool-result id=c1 json={\"total\":\"19.90\"}"},
    {"{\"type\":\"tool-output-available\",\"toolCallId\":\"c1\","
     "\"output\":[],\"preliminary\":true}",
     "tool-result id=c1 json=[] preliminary"},
    {"{\"type\":\"tool-output-available\",\"toolCallId\":\"c1\"}",
     "tool-result id=c1"},
    {"{\"type\":\"tool-output-error\",\"toolCallId\":\"c1\","
     "\"errorText\":\"404\"}",
     "tool-error id=c1 text=404"},
    {"{\"type\":\"tool-output-denied\",\"toolCallId\":\"c1\"}",
     "tool-denied id=c1"},
    {"{\"type\":\"source-url\",\"sourceId\":\"s\",\"url\":\"https://e.x/\"}",
     "source text=https://e.x/ "
     "json={\"type\":\"source-url\",\"sourceId\":\"s\",\"url\":\"https://e.x/"
     "\"}"},
    {"{\"type\":\"source-document\",\"mediaType\":\"application/pdf\","
     "\"title\":\"T\",\"filename\":\"t.pdf\"}",
     "source text=T, t.pdf, application/pdf "
     "json={\"type\":\"source-document\",\"mediaType\":\"application/pdf\","
     "\"title\":\"T\",\"filename\":\"t.pdf\"}"},
    {"{\"type\":\"file\",\"url\":\"data:image/png;base64,AAAA\","
     "\"mediaType\":\"image/png\"}",
     "file text=image/png, (image/png, 4 bytes) json={\"type\":\"file\","
     "\"url\":\"(image/png, 4 bytes)\",\"mediaType\":\"image/png\"}"},
    {"{\"type\":\"data-weather\",\"id\":\"w\",\"data\":{\"c\":4}}",
     "data id=w name=weather json={\"c\":4}"},
    {"{\"type\":\"data-note\",\"data\":\"x\",\"transient\":true}",
     "data name=note json=\"x\" transient"},
};

START_TEST(ui_message_chunks)
{
    assert_moves(ui[_i].chunk, true, ui[_i].want);
}
END_TEST

static const struct example full[] = {
    {"{\"type\":\"text-delta\",\"textDelta\":\"a\"}", "delta text #0 text=a"},
    {"{\"type\":\"text-delta\",\"id\":\"0\",\"text\":\"a\"}",
     "delta text id=0 text=a"},
    {"{\"type\":\"reasoning\",\"textDelta\":\"a\"}",
     "delta reasoning #0 text=a"},
    {"{\"type\":\"reasoning-delta\",\"id\":\"0\",\"text\":\"a\"}",
     "delta reasoning id=0 text=a"},
    {"{\"type\":\"tool-call\",\"toolCallId\":\"c\",\"toolName\":\"f\","
     "\"args\":{\"a\":1}}",
     "tool-arguments id=c name=f json={\"a\":1}"},
    {"{\"type\":\"tool-call\",\"toolCallId\":\"c\",\"toolName\":\"f\","
     "\"input\":\"{oops\"}",
     "tool-arguments id=c name=f text={oops"},
    {"{\"type\":\"tool-call-streaming-start\",\"toolCallId\":\"c\","
     "\"toolName\":\"f\"}",
     "tool-start id=c name=f"},
    {"{\"type\":\"tool-call-delta\",\"toolCallId\":\"c\",\"toolName\":\"f\","
     "\"argsTextDelta\":\"{\"}",
     "tool-delta id=c name=f text={"},
    {"{\"type\":\"tool-input-start\",\"id\":\"c\",\"toolName\":\"f\"}",
     "tool-start id=c name=f"},
    {"{\"type\":\"tool-input-delta\",\"id\":\"c\",\"delta\":\"{\"}",
     "tool-delta id=c text={"},
    {"{\"type\":\"tool-result\",\"toolCallId\":\"c\",\"toolName\":\"f\","
     "\"args\":{},\"result\":7}",
     "tool-result id=c name=f json=7"},
    {"{\"type\":\"tool-result\",\"toolCallId\":\"c\",\"toolName\":\"f\","
     "\"input\":{},\"output\":\"ok\"}",
     "tool-result id=c name=f json=\"ok\""},
    {"{\"type\":\"tool-result\",\"toolCallId\":\"c\",\"result\":\"bad\","
     "\"isError\":true}",
     "tool-error id=c text=bad"},
    {"{\"type\":\"tool-error\",\"toolCallId\":\"c\",\"toolName\":\"f\","
     "\"error\":{\"message\":\"no\",\"code\":3}}",
     "tool-error id=c name=f text=no json={\"message\":\"no\",\"code\":3}"},
    {"{\"type\":\"tool-approval-request\",\"approvalId\":\"a\","
     "\"toolCall\":{\"toolCallId\":\"c\",\"toolName\":\"f\"}}",
     "tool-approval id=c name=f"},
    {"{\"type\":\"step-start\"}", "step-start"},
    {"{\"type\":\"step-finish\",\"finishReason\":\"stop\"}", "step-finish"},
    {"{\"type\":\"finish\",\"finishReason\":\"stop\","
     "\"totalUsage\":{\"totalTokens\":9}}",
     "finish text=stop; note name=usage json={\"totalTokens\":9}"},
    {"{\"type\":\"finish\",\"finishReason\":"
     "{\"unified\":\"length\",\"raw\":\"max\"}}",
     "finish text=length"},
    {"{\"type\":\"error\",\"error\":{\"name\":\"E\",\"message\":\"bad\"}}",
     "error text=bad json={\"name\":\"E\",\"message\":\"bad\"}"},
    {"{\"type\":\"error\",\"error\":7}", "error text=7"},
    {"{\"type\":\"error\"}", "error text={\"type\":\"error\"} "
                             "json={\"type\":\"error\"}"},
    {"{\"type\":\"source\",\"sourceType\":\"url\",\"url\":\"u\","
     "\"title\":\"T\"}",
     "source text=T, u json={\"type\":\"source\",\"sourceType\":\"url\","
     "\"url\":\"u\",\"title\":\"T\"}"},
    {"{\"type\":\"source\",\"source\":{\"url\":\"u\"}}",
     "source text=u json={\"url\":\"u\"}"},
    {"{\"type\":\"file\",\"file\":{\"mediaType\":\"image/png\"}}",
     "file text=image/png json={\"mediaType\":\"image/png\"}"},
};

START_TEST(full_stream_parts)
{
    assert_moves(full[_i].chunk, true, full[_i].want);
}
END_TEST

#define CHAT(choices)                                                          \
    "{\"id\":\"cc1\",\"object\":\"chat.completion.chunk\",\"created\":1,"      \
    "\"choices\":[" choices "]}"

static const struct example chat[] = {
    {CHAT("{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"},"
          "\"finish_reason\":null}"),
     ""},
    {CHAT("{\"index\":0,\"delta\":{\"content\":\"Hel\"}}"),
     "delta text #0 id=0 text=Hel"},
    {CHAT("{\"index\":1,\"delta\":{\"content\":\"lo\"},"
          "\"finish_reason\":\"stop\"}"),
     "delta text #1 id=1 text=lo; finish #1 text=stop"},
    {CHAT("{\"delta\":{\"reasoning_content\":\"Hm\",\"content\":null}}"),
     "delta reasoning #0 id=0 text=Hm"},
    {CHAT("{\"delta\":{\"reasoning\":\"Hm\",\"content\":\"\"}}"),
     "delta reasoning #0 id=0 text=Hm"},
    {CHAT("{\"delta\":{\"refusal\":\"No\"}}"), "delta refusal #0 id=0 text=No"},
    {CHAT("{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
          "{\"type\":\"thinking\",\"thinking\":[{\"text\":\"b\"}]}]}}"),
     "delta text #0 id=0 text=a; delta reasoning #0 id=0 text=b"},
    {CHAT("{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"call_1\","
          "\"type\":\"function\",\"function\":{\"name\":\"f\","
          "\"arguments\":\"\"}}]}}"),
     "tool-start #0 id=0/0 name=f text=call_1"},
    {CHAT("{\"delta\":{\"tool_calls\":[{\"index\":1,\"function\":"
          "{\"arguments\":\"{\\\"a\"}},{\"index\":2,\"function\":"
          "{\"arguments\":\"1\"}}]}}"),
     "tool-delta #0 id=0/1 text={\"a; tool-delta #0 id=0/2 text=1"},
    {CHAT("{\"delta\":{\"function_call\":{\"name\":\"f\","
          "\"arguments\":\"{}\"}},\"finish_reason\":\"function_call\"}"),
     "tool-start #0 id=0/0 name=f; tool-delta #0 id=0/0 name=f text={}; "
     "finish #0 text=function_call"},
    {CHAT(""), ""},
    {"{\"choices\":[],\"usage\":{\"total_tokens\":21}}",
     "note name=usage json={\"total_tokens\":21}"},
    {"{\"choices\":[{\"text\":\"bare\"}]}", "delta text #0 id=0 text=bare"},
    {"{\"object\":\"chat.completion\",\"choices\":[{\"message\":"
     "{\"content\":\"whole\"}}]}",
     "delta text #0 id=0 text=whole"},
    {"{\"error\":{\"message\":\"late\",\"code\":502},\"choices\":["
     "{\"delta\":{},\"finish_reason\":\"error\"}]}",
     "error text=late json={\"message\":\"late\",\"code\":502}; "
     "finish #0 text=error"},
    {"{\"object\":\"chat.completion.chunk\"}", ""},
    {"{\"type\":\"mine\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}",
     "delta text #0 id=0 text=a"},
};

START_TEST(chat_completion_chunks)
{
    assert_moves(chat[_i].chunk, true, chat[_i].want);
}
END_TEST

static const struct example responses[] = {
    {"{\"type\":\"response.created\",\"response\":{}}", "message-start"},
    {"{\"type\":\"response.in_progress\"}", ""},
    {"{\"type\":\"response.queued\"}", ""},
    {"{\"type\":\"response.completed\",\"response\":{\"usage\":{\"n\":1}}}",
     "finish text=stop; note name=usage json={\"n\":1}"},
    {"{\"type\":\"response.incomplete\",\"response\":"
     "{\"incomplete_details\":{\"reason\":\"max_output_tokens\"}}}",
     "finish text=max_output_tokens"},
    {"{\"type\":\"response.failed\",\"response\":"
     "{\"error\":{\"code\":\"server_error\",\"message\":\"oops\"}}}",
     "error text=oops json={\"code\":\"server_error\",\"message\":\"oops\"}; "
     "finish text=failed"},
    {"{\"type\":\"response.failed\"}", "finish text=failed"},
    {"{\"type\":\"error\",\"code\":\"c\",\"message\":\"m\"}",
     "error text=m json={\"type\":\"error\",\"code\":\"c\",\"message\":\"m\"}"},
    {"{\"type\":\"response.output_item.added\",\"output_index\":0,"
     "\"item\":{\"id\":\"rs_1\",\"type\":\"reasoning\",\"summary\":[]}}",
     "start reasoning id=rs_1/s0"},
    {"{\"type\":\"response.reasoning_summary_part.added\",\"item_id\":\"rs_1\","
     "\"summary_index\":1,\"part\":{\"type\":\"summary_text\",\"text\":\"\"}}",
     "start reasoning id=rs_1/s1"},
    {"{\"type\":\"response.reasoning_summary_text.delta\","
     "\"item_id\":\"rs_1\",\"summary_index\":1,\"delta\":\"Hm\"}",
     "delta reasoning then id=rs_1/s1 text=Hm"},
    {"{\"type\":\"response.reasoning_summary_text.done\","
     "\"item_id\":\"rs_1\",\"summary_index\":1,\"text\":\"Hm\"}",
     "end reasoning id=rs_1/s1 text=Hm"},
    {"{\"type\":\"response.reasoning_summary_part.done\","
     "\"item_id\":\"rs_1\",\"summary_index\":1,"
     "\"part\":{\"type\":\"summary_text\",\"text\":\"Hm\"}}",
     "end reasoning id=rs_1/s1 text=Hm"},
    {"{\"type\":\"response.reasoning_text.delta\",\"item_id\":\"rs_1\","
     "\"content_index\":0,\"delta\":\"Hm\"}",
     "delta reasoning then id=rs_1/0 text=Hm"},
    {"{\"type\":\"response.output_item.done\",\"item\":{\"id\":\"rs_1\","
     "\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\","
     "\"text\":\"a\"},{\"type\":\"summary_text\",\"text\":\"b\"}]}}",
     "end reasoning id=rs_1/s0 text=a; end reasoning id=rs_1/s1 text=b; "
     "end reasoning id=rs_1/s0"},
    {"{\"type\":\"response.output_item.added\",\"item\":{\"id\":\"m\","
     "\"type\":\"message\",\"content\":[]}}",
     ""},
    {"{\"type\":\"response.content_part.added\",\"item_id\":\"m\","
     "\"content_index\":0,\"part\":{\"type\":\"output_text\",\"text\":\"\"}}",
     "start text id=m/0"},
    {"{\"type\":\"response.content_part.done\",\"item_id\":\"m\","
     "\"content_index\":0,\"part\":{\"type\":\"refusal\","
     "\"refusal\":\"No\"}}",
     "end refusal id=m/0 text=No"},
    {"{\"type\":\"response.output_text.delta\",\"item_id\":\"m\","
     "\"output_index\":1,\"content_index\":0,\"delta\":\"It\"}",
     "delta text then id=m/0 text=It"},
    {"{\"type\":\"response.output_text.done\",\"item_id\":\"m\","
     "\"content_index\":0,\"text\":\"It is\"}",
     "end text id=m/0 text=It is"},
    {"{\"type\":\"response.output_text.delta\",\"delta\":\"bare\"}",
     "delta text then id=/0 text=bare"},
    {"{\"type\":\"response.refusal.delta\",\"item_id\":\"m\","
     "\"content_index\":0,\"delta\":\"No\"}",
     "delta refusal then id=m/0 text=No"},
    {"{\"type\":\"response.output_text.annotation.added\",\"item_id\":\"m\","
     "\"annotation\":{\"type\":\"url_citation\",\"url\":\"u\"}}",
     "source text=u json={\"type\":\"url_citation\",\"url\":\"u\"}"},
    {"{\"type\":\"response.output_item.done\",\"item\":{\"id\":\"m\","
     "\"type\":\"message\",\"content\":[{\"type\":\"output_text\","
     "\"text\":\"It is\"}]}}",
     "end text id=m/0 text=It is"},
    {"{\"type\":\"response.output_item.added\",\"item\":{\"id\":\"fc\","
     "\"type\":\"function_call\",\"name\":\"f\",\"arguments\":\"\"}}",
     "tool-start id=fc name=f"},
    {"{\"type\":\"response.function_call_arguments.delta\","
     "\"item_id\":\"fc\",\"delta\":\"{\\\"a\"}",
     "tool-delta then id=fc text={\"a"},
    {"{\"type\":\"response.function_call_arguments.done\","
     "\"item_id\":\"fc\",\"arguments\":\"{\\\"a\\\":1}\"}",
     "tool-arguments then id=fc text={\"a\":1}"},
    {"{\"type\":\"response.output_item.done\",\"item\":{\"id\":\"fc\","
     "\"type\":\"function_call\",\"name\":\"f\",\"arguments\":\"{}\"}}",
     "tool-arguments id=fc name=f text={}; tool-end id=fc name=f"},
    {"{\"type\":\"response.output_item.added\",\"item\":{\"id\":\"ws\","
     "\"type\":\"web_search_call\",\"status\":\"in_progress\"}}",
     "tool-start id=ws name=web_search"},
    {"{\"type\":\"response.web_search_call.searching\",\"item_id\":\"ws\"}",
     ""},
    {"{\"type\":\"response.mcp_call.failed\",\"item_id\":\"mc\"}",
     "tool-error then id=mc text={\"type\":\"response.mcp_call.failed\","
     "\"item_id\":\"mc\"} json={\"type\":\"response.mcp_call.failed\","
     "\"item_id\":\"mc\"}"},
    {"{\"type\":\"response.output_item.done\",\"item\":{\"id\":\"ws\","
     "\"type\":\"web_search_call\",\"action\":{\"query\":\"q\"}}}",
     "tool-arguments id=ws name=web_search json={\"query\":\"q\"}; "
     "tool-end id=ws name=web_search"},
    {"{\"type\":\"response.output_item.done\",\"item\":{\"id\":\"mc\","
     "\"type\":\"mcp_call\",\"name\":\"f\",\"arguments\":\"{}\","
     "\"output\":\"ok\"}}",
     "tool-arguments id=mc name=f text={}; tool-result id=mc name=f "
     "json=\"ok\""},
    {"{\"type\":\"response.output_item.done\",\"item\":{\"id\":\"mc\","
     "\"type\":\"mcp_call\",\"name\":\"f\",\"error\":\"gone\"}}",
     "tool-error id=mc name=f text=gone"},
    {"{\"type\":\"response.output_item.done\",\"item\":{\"id\":\"ml\","
     "\"type\":\"mcp_list_tools\"}}",
     "note name=mcp_list_tools "
     "json={\"id\":\"ml\",\"type\":\"mcp_list_tools\"}"},
    {"{\"type\":\"response.brand_new\",\"a\":1}",
     "unknown name=response.brand_new "
     "json={\"type\":\"response.brand_new\",\"a\":1}"},
};

START_TEST(responses_events)
{
    assert_moves(responses[_i].chunk, true, responses[_i].want);
}
END_TEST

static const struct example logs[] = {
    {"{\"level\":\"warn\",\"message\":\"m\"}", "log warn \"m\""},
    {"{\"level\":\"WARNING\",\"msg\":\"m\",\"time\":1767323045678}",
     "log warning \"m\" at 1767323045678"},
    {"{\"message\":\"m\",\"data\":{\"n\": 1}}", "log - \"m\" data={\"n\":1}"},
    {"{\"level\":\"info\",\"message\":\"m\",\"user\":7}",
     "log info \"m\" data={\"level\":\"info\",\"message\":\"m\",\"user\":7}"},
    {"{\"message\":{\"a\":1}}", "log - \"{\"a\":1}\""},
    {"{\"message\":\"data:image/png;base64,AAAA\"}",
     "log - \"(image/png, 4 bytes)\""},
    {"{\"level\":3}", "json json={\"level\":3}"},
    {"{\"level\":\"info\"}", "json json={\"level\":\"info\"}"},
    {"{\"message\":null}", "json json={\"message\":null}"},
};

START_TEST(log_entries)
{
    assert_moves(logs[_i].chunk, true, logs[_i].want);
}
END_TEST

static const struct example odd[] = {
    {"{\"type\":\"text-delta\"}",
     "unknown name=text-delta json={\"type\":\"text-delta\"}"},
    {"{\"type\":\"text-delta\",\"delta\":5}",
     "unknown name=text-delta json={\"type\":\"text-delta\",\"delta\":5}"},
    {"{\"type\":\"text-delta\",\"id\":7,\"delta\":\"a\"}",
     "delta text id=7 text=a"},
    {"{\"type\":\"text-delta\",\"id\":{},\"delta\":\"a\"}",
     "delta text #0 text=a"},
    {"{\"type\":\"text-delta\",\"delta\":[],\"text\":\"a\"}",
     "delta text #0 text=a"},
    {"{\"type\":\"text-end\",\"id\":[1]}", "end text"},
    {"{\"type\":\"tool-input-start\",\"toolCallId\":[],\"toolName\":{}}",
     "tool-start"},
    {"{\"type\":\"tool-input-delta\",\"toolCallId\":\"c\"}",
     "unknown name=tool-input-delta "
     "json={\"type\":\"tool-input-delta\",\"toolCallId\":\"c\"}"},
    {"{\"type\":\"tool-output-error\",\"toolCallId\":\"c\",\"errorText\":[1]}",
     "tool-error id=c text=[1]"},
    {"{\"type\":\"finish\",\"finishReason\":3}", "finish"},
    {"{\"type\":\"abort\",\"reason\":{\"a\":1}}", "abort text={\"a\":1}"},
    {"{\"type\":\"source-url\",\"url\":4}",
     "source text=4 json={\"type\":\"source-url\",\"url\":4}"},
    {"{\"type\":\"data-\"}", "unknown name=data- json={\"type\":\"data-\"}"},
    {"{\"type\":\"data-x\"}", "data name=x"},
    {"{\"type\":\"\"}", "unknown name= json={\"type\":\"\"}"},
    {"{\"type\":\"brand-new\",\"message\":\"m\"}",
     "unknown name=brand-new json={\"type\":\"brand-new\",\"message\":\"m\"}"},
    {"{\"choices\":3}", "json json={\"choices\":3}"},
    {"{\"choices\":{}}", "json json={\"choices\":{}}"},
    {"{\"choices\":[3,null,\"a\",[],{}]}", ""},
    {"{\"choices\":[{\"index\":-1,\"delta\":{\"content\":\"a\"}}]}",
     "delta text #0 id=0 text=a"},
    {"{\"choices\":[{\"index\":99999999999,\"delta\":{\"content\":\"a\"}}]}",
     "delta text #0 id=0 text=a"},
    {"{\"choices\":[{\"delta\":\"a\",\"finish_reason\":1}]}", ""},
    {"{\"choices\":[{\"delta\":{\"content\":{},\"tool_calls\":[1,{}]}}]}", ""},
    {"{\"type\":\"response.output_item.added\",\"item\":4}",
     "unknown name=response.output_item.added "
     "json={\"type\":\"response.output_item.added\",\"item\":4}"},
    {"{\"type\":\"response.output_text.delta\",\"delta\":4}",
     "unknown name=response.output_text.delta "
     "json={\"type\":\"response.output_text.delta\",\"delta\":4}"},
    {"{\"type\":\"response.\"}",
     "unknown name=response. json={\"type\":\"response.\"}"},
    {"{\"t\\u0079pe\":\"te\\u0078t-delta\",\"delta\":\"a\"}",
     "delta text #0 text=a"},
};

START_TEST(wrong_types_of_fields_are_shown_or_passed_by)
{
    assert_moves(odd[_i].chunk, true, odd[_i].want);
}
END_TEST

static const struct example binary[] = {
    {"\"data:image/png;base64,iVBORw0KGgo=\"",
     "line text=(image/png, 12 bytes)"},
    {"\"DATA:,x\"", "line text=(data, 1 byte)"},
    {"\"data: [DONE]\"", "plain text=data: [DONE]"},
    {"\"data:no comma\"", "plain text=data:no comma"},
    {"\"\\u0000\\u0001\\u0002abcdefg\"", "line text=(binary data, 10 bytes)"},
    {"\"\\u001b[31mred\\u001b[0m\"", "plain text=\033[31mred\033[0m"},
    {"{\"type\":\"Buffer\",\"data\":[1,2,255]}",
     "line text=(binary data, 3 bytes)"},
    {"{\"a\":{\"type\":\"Buffer\",\"data\":[]}}",
     "json json={\"a\":\"(binary data, 0 bytes)\"}"},
    {"{\"0\":1,\"1\":2,\"2\":3,\"3\":4,\"4\":5,\"5\":6,\"6\":7,\"7\":8,"
     "\"8\":9,\"9\":1,\"10\":2,\"11\":3,\"12\":4,\"13\":5,\"14\":6,\"15\":7}",
     "line text=(binary data, 16 bytes)"},
    {"{\"0\":1,\"1\":2}", "json json={\"0\":1,\"1\":2}"},
    {"{\"img\":\"data:image/jpeg;base64,AAAA\",\"n\":1}",
     "json json={\"img\":\"(image/jpeg, 4 bytes)\",\"n\":1}"},
    {"{\"type\":\"tool-output-available\",\"toolCallId\":\"c\","
     "\"output\":\"data:image/png;base64,AA\"}",
     "tool-result id=c json=\"(image/png, 2 bytes)\""},
};

START_TEST(binary_data_is_a_size)
{
    assert_moves(binary[_i].chunk, true, binary[_i].want);
}
END_TEST

START_TEST(long_base64_is_a_size_and_long_words_are_not)
{
    struct buf chunk = buf_make(0), got = buf_make(0);
    buf_adds(&chunk, "{\"b\":\"");
    for (int i = 0; i < 256; i++)
        buf_adds(&chunk, i < 255 ? "aB3+" : "aB==");
    buf_adds(&chunk, "\",\"w\":\"");
    buf_fill(&chunk, 'a', 1024);
    buf_adds(&chunk, "\"}");
    decode(&got, chunk.data, chunk.len, true);
    ck_assert_ptr_nonnull(strstr(
        buf_str(&got), "{\"b\":\"(binary data, 1.0 KiB)\",\"w\":\"aaaa"));
    buf_free(&chunk);
    buf_free(&got);
}
END_TEST

START_TEST(huge_chunks_are_a_size)
{
    struct buf chunk = buf_make(0), got = buf_make(0);
    buf_addc(&chunk, '"');
    buf_fill(&chunk, 'x', CHUNK_MAX);
    buf_addc(&chunk, '"');
    decode(&got, chunk.data, chunk.len, true);
    ck_assert_str_eq(buf_str(&got), "line text=(a part of 8.0 MiB)");
    buf_clear(&got);
    decode(&got, chunk.data, chunk.len, false);
    ck_assert_str_eq(buf_str(&got), "line text=(a part of 8.0 MiB)");
    buf_free(&chunk);
    buf_free(&got);
}
END_TEST

START_TEST(texts_keep_every_code_point)
{
    struct buf got = buf_make(0);
    static const char chunk[] = "\"a\\u0000b\\ud83d\"";
    decode(&got, chunk, sizeof chunk - 1, true);
    ck_assert_uint_eq(got.len, strlen("plain text=") + 6);
    ck_assert_mem_eq(got.data, "plain text=a\0b\xEF\xBF\xBD", got.len);
    buf_free(&got);
}
END_TEST

/* What is cut off, and called JSON, is read to where it ends: what stands
 * behind that makes no difference. */
static void assert_is_read_to_its_end(const char *chunk, size_t len)
{
    struct buf want = buf_make(0), got = buf_make(0);
    char *copy = malloc(len ? len : 1);
    memcpy(copy, chunk, len);
    decode(&want, copy, len, true);
    decode(&got, chunk, len, true);
    ck_assert_str_eq(buf_str(&got), buf_str(&want));
    free(copy);
    buf_free(&want);
    buf_free(&got);
}

START_TEST(cut_chunks_do_no_harm)
{
    const struct example *tables[] = {ui, full, chat, responses, odd, binary};
    const size_t counts[] = {
        sizeof ui / sizeof *ui,     sizeof full / sizeof *full,
        sizeof chat / sizeof *chat, sizeof responses / sizeof *responses,
        sizeof odd / sizeof *odd,   sizeof binary / sizeof *binary,
    };
    for (size_t t = 0; t < sizeof counts / sizeof *counts; t++) {
        for (size_t i = 0; i < counts[t]; i++) {
            const char *chunk = tables[t][i].chunk;
            for (size_t len = 0; len < strlen(chunk); len++)
                assert_is_read_to_its_end(chunk, len);
        }
    }
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof *(table))

UNIT_MAIN("chunk", {
    tcase_add_loop_test(tc, plain_values_are_text_or_json, 0, COUNT(plain));
    tcase_add_loop_test(tc, what_is_no_json_is_a_line, 0, COUNT(no_json));
    tcase_add_loop_test(tc, ui_message_chunks, 0, COUNT(ui));
    tcase_add_loop_test(tc, full_stream_parts, 0, COUNT(full));
    tcase_add_loop_test(tc, chat_completion_chunks, 0, COUNT(chat));
    tcase_add_loop_test(tc, responses_events, 0, COUNT(responses));
    tcase_add_loop_test(tc, log_entries, 0, COUNT(logs));
    tcase_add_loop_test(tc, wrong_types_of_fields_are_shown_or_passed_by, 0,
                        COUNT(odd));
    tcase_add_loop_test(tc, binary_data_is_a_size, 0, COUNT(binary));
    tcase_add_test(tc, long_base64_is_a_size_and_long_words_are_not);
    tcase_add_test(tc, huge_chunks_are_a_size);
    tcase_add_test(tc, texts_keep_every_code_point);
    tcase_add_test(tc, cut_chunks_do_no_harm);
})
