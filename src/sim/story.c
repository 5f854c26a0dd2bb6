#include "config.h"

#include "sim/story.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "sim/js_json.h"
#include "sim/member.h"

/* Words a model says in a second, when the step does not tell. */
#define WORDS_PER_S 12

/* A token is no longer than this; languages without spaces have no words. */
#define TOKEN_BYTES 12

/* Letters of the arguments of a tool that come at a time. */
#define ARGUMENT_BYTES 9

struct story {
    json_t *out;
    json_t *first_at; /* "at_ms" for the next step; borrowed, or NULL */
    int64_t after_ms; /* for the next step */
    double words_per_s;
    double late_ms;    /* fractions of pauses not waited for yet */
    int blocks, calls; /* for ids: "r0", "t1", "call_2" */
    bool chat_begun;
};

static void say(struct story *story, json_t *part)
{
    json_t *step = json_object();
    if (story->first_at)
        json_object_set(step, "at_ms", story->first_at);
    else
        json_object_set_new(step, "after_ms", json_integer(story->after_ms));
    json_object_set_new(step, "part", part);
    json_array_append_new(story->out, step);
    story->first_at = NULL;
    story->after_ms = 0;
}

/* Whole milliseconds now, the fraction later. */
static void pause(struct story *story, double ms)
{
    story->late_ms += ms;
    story->after_ms += (int64_t)story->late_ms;
    story->late_ms -= (double)(int64_t)story->late_ms;
}

/* Words. */

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t';
}

/* Length of the next token: the spaces before a word, and the word. */
static size_t token_len(const char *text)
{
    size_t len = 0;
    while (is_space(text[len]))
        len++;
    size_t word = len;
    while (text[len] && !is_space(text[len]) && len - word < TOKEN_BYTES)
        len++;
    while (((unsigned char)text[len] & 0xc0) == 0x80)
        len++;
    return len;
}

/* Long words take longer, and the end of a sentence a breath. */
static double token_ms(const char *token, size_t len, double words_per_s)
{
    double weight = 0.5 + 0.085 * (double)len;
    if (len > 0 && strchr(".:?!", token[len - 1]))
        weight += 0.9;
    return 1000 / words_per_s * weight;
}

/* How a token becomes a part; token: a new reference, taken over. */
typedef json_t *make_part_fn(json_t *token, const void *context);

static void say_words(struct story *story, json_t *step, const char *text,
                      make_part_fn *make, const void *context)
{
    json_t *rate = json_object_get(step, "words_per_s");
    double words_per_s = json_number_value(rate);
    if (words_per_s <= 0)
        words_per_s = story->words_per_s;
    while (*text) {
        size_t len = token_len(text);
        say(story, make(json_stringn(text, len), context));
        pause(story, token_ms(text, len, words_per_s));
        text += len;
    }
}

/* A copy of a template with each "{}" in its texts filled in. */
static json_t *fill(json_t *value, const char *token)
{
    const char *name;
    json_t *member;
    size_t i;
    if (json_is_object(value)) {
        json_t *copy = json_object();
        json_object_foreach(value, name, member)
        {
            json_object_set_new(copy, name, fill(member, token));
        }
        return copy;
    }
    if (json_is_array(value)) {
        json_t *copy = json_array();
        json_array_foreach(value, i, member)
        {
            json_array_append_new(copy, fill(member, token));
        }
        return copy;
    }
    const char *text = json_string_value(value);
    const char *hole = text ? strstr(text, "{}") : NULL;
    return hole ? json_sprintf("%.*s%s%s", (int)(hole - text), text, token,
                               hole + 2)
                : json_incref(value);
}

static json_t *word_part(json_t *token, const void *context)
{
    json_t *const *form = context;
    json_t *part =
        *form ? fill(*form, json_string_value(token)) : json_incref(token);
    json_decref(token);
    return part;
}

/* Blocks of AI SDK chunks: TYPE-start, TYPE-delta …, TYPE-end. */

struct block {
    const char *type;
    char id[24];
};

static json_t *block_part(const struct block *block, const char *what)
{
    return json_pack("{s:o, s:s}", "type",
                     json_sprintf("%s-%s", block->type, what), "id", block->id);
}

static json_t *delta_part(json_t *token, const void *context)
{
    json_t *part = block_part(context, "delta");
    json_object_set_new(part, "delta", token);
    return part;
}

static void say_block(struct story *story, json_t *step, const char *type,
                      const char *text)
{
    struct block block = {.type = type};
    snprintf(block.id, sizeof block.id, "%c%d", *type, story->blocks++);
    say(story, block_part(&block, "start"));
    say_words(story, step, text, delta_part, &block);
    say(story, block_part(&block, "end"));
}

/* Chat completion chunks. */

static json_t *chat_part(json_t *delta, const char *finish)
{
    return json_pack("{s:s, s:s, s:i, s:s, s:[{s:i, s:o, s:o}]}", "id",
                     "chatcmpl-demo", "object", "chat.completion.chunk",
                     "created", 1795176000, "model", "demo-model", "choices",
                     "index", 0, "delta", delta, "finish_reason",
                     finish ? json_string(finish) : json_null());
}

static json_t *chat_delta(json_t *token, const void *context)
{
    json_t *delta = json_object();
    json_object_set_new(delta, context, token);
    return chat_part(delta, NULL);
}

static void say_chat(struct story *story, json_t *step, const char *text)
{
    json_t *finish = json_object_get(step, "finish");
    if (!story->chat_begun)
        say(story, chat_part(json_pack("{s:s, s:s}", "role", "assistant",
                                       "content", ""),
                             NULL));
    story->chat_begun = true;
    say_words(story, step, text, chat_delta,
              member_text(step, "delta", "content"));
    if (!json_is_null(finish))
        say(story,
            chat_part(json_object(), member_text(step, "finish", "stop")));
}

/* Tools. */

static json_t *tool_part(const char *type, const char *call)
{
    return json_pack("{s:s, s:s}", "type", type, "toolCallId", call);
}

static void say_arguments(struct story *story, const char *call, json_t *input)
{
    struct buf text = buf_make(0);
    js_add_value(&text, input);
    const char *p = buf_str(&text);
    while (*p) {
        size_t len = strnlen(p, ARGUMENT_BYTES);
        while (((unsigned char)p[len] & 0xc0) == 0x80)
            len++;
        json_t *part = tool_part("tool-input-delta", call);
        json_object_set_new(part, "inputTextDelta", json_stringn(p, len));
        say(story, part);
        pause(story, 50);
        p += len;
    }
    buf_free(&text);
}

static void say_tool(struct story *story, json_t *step, const char *tool)
{
    char made[32];
    snprintf(made, sizeof made, "call_%d", story->calls++);
    const char *call = member_text(step, "id", made);
    json_t *input = json_object_get(step, "input");
    json_t *error = json_object_get(step, "error");
    json_t *part = tool_part("tool-input-start", call);
    json_object_set_new(part, "toolName", json_string(tool));
    say(story, part);
    pause(story, 120);
    say_arguments(story, call, input);
    part = tool_part("tool-input-available", call);
    json_object_set_new(part, "toolName", json_string(tool));
    json_object_set(part, "input", input ? input : json_null());
    say(story, part);
    pause(story, (double)member_int(step, "takes_ms", 800));
    part =
        tool_part(error ? "tool-output-error" : "tool-output-available", call);
    if (error)
        json_object_set(part, "errorText", error);
    else
        json_object_set(part, "output", json_object_get(step, "output"));
    say(story, part);
}

/* False when the step is a plain one. */
static bool say_step(struct story *story, json_t *step)
{
    const char *words = member_text(step, "words", NULL);
    const char *reasoning = member_text(step, "reasoning", NULL);
    const char *text = member_text(step, "text", NULL);
    const char *chat = member_text(step, "chat", NULL);
    const char *tool = member_text(step, "tool", NULL);
    if (words) {
        json_t *form = json_object_get(step, "as");
        say_words(story, step, words, word_part, &form);
    } else if (reasoning) {
        say_block(story, step, "reasoning", reasoning);
    } else if (text) {
        say_block(story, step, "text", text);
    } else if (chat) {
        say_chat(story, step, chat);
    } else if (tool) {
        say_tool(story, step, tool);
    }
    return words || reasoning || text || chat || tool;
}

json_t *story_expand(json_t *steps, double words_per_s, struct error *err)
{
    struct story story = {.out = json_array(),
                          .words_per_s =
                              words_per_s > 0 ? words_per_s : WORDS_PER_S};
    size_t i;
    json_t *step;
    json_array_foreach(steps, i, step)
    {
        if (!json_is_object(step)) {
            error_set(err, ERROR_USAGE,
                      "step %zu of a stream of the scenario is no object",
                      i + 1);
            json_decref(story.out);
            return NULL;
        }
        story.first_at = json_object_get(step, "at_ms");
        story.after_ms += member_int(step, "after_ms", 0);
        if (say_step(&story, step))
            continue;
        json_t *plain = json_copy(step);
        if (!story.first_at)
            json_object_set_new(plain, "after_ms",
                                json_integer(story.after_ms));
        json_array_append_new(story.out, plain);
        story.after_ms = 0;
    }
    return story.out;
}
