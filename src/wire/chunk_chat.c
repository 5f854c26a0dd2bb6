/* Chat completion chunks of OpenAI, and of the many that speak like it: each
 * brings a little for some of the choices. Whole messages ("message" in place
 * of "delta") and bare completions ("text") read the same. */
#include "config.h"

#include "wire/chunk_parts.h"

#include <stdlib.h>
#include <string.h>

/* Calls and choices are told apart by numbers. */
static int index_of(struct slice object, int otherwise)
{
    struct slice value = chunk_member(object, "index");
    char digits[8];
    if (!value.len || value.len >= sizeof digits || value.data[0] < '0' ||
        value.data[0] > '9')
        return otherwise;
    memcpy(digits, value.data, value.len);
    digits[value.len] = '\0';
    return (int)strtol(digits, NULL, 10);
}

static struct slice place(struct buf *in, int choice, int call)
{
    buf_clear(in);
    if (call < 0)
        buf_addf(in, "%d", choice);
    else
        buf_addf(in, "%d/%d", choice, call);
    return (struct slice){buf_str(in), in->len};
}

static void read_delta(struct chunk_decoder *decoder, enum chunk_block block,
                       int choice, struct slice value)
{
    struct slice text = chunk_delta(decoder, value);
    struct slice id = place(&decoder->id, choice, -1);
    chunk_emit_delta(decoder, block, id, choice, text);
}

/* Content in parts: { type, text }, or { thinking } with text or parts. */
static void read_parts(struct chunk_decoder *decoder, enum chunk_block block,
                       int choice, struct slice list)
{
    struct json_walk walk;
    struct slice key, part;
    if (!json_walk_start(&walk, list) || walk.close != ']')
        return;
    while (json_walk_next(&walk, &key, &part)) {
        struct slice thought = chunk_member(part, "thinking");
        if (thought.len && thought.data[0] == '[' && block == BLOCK_TEXT)
            read_parts(decoder, BLOCK_REASONING, choice, thought);
        read_delta(decoder, BLOCK_REASONING, choice, thought);
        read_delta(decoder, block, choice, chunk_member(part, "text"));
    }
}

static void read_call(struct chunk_decoder *decoder, int choice, int number,
                      struct slice call, struct slice function)
{
    struct chunk_move move = chunk_move_make(CHUNK_TOOL_START);
    struct slice name = chunk_member(function, "name");
    struct slice arguments = chunk_member(function, "arguments");
    move.id = place(&decoder->id, choice, number);
    move.choice = choice;
    move.name = chunk_text(&decoder->name, name);
    if (move.name.len) {
        move.text = chunk_text(&decoder->text, chunk_member(call, "id"));
        chunk_emit(decoder, &move);
    }
    if (chunk_is_object(arguments)) {
        move.kind = CHUNK_TOOL_ARGUMENTS;
        move.text = (struct slice){0};
        move.json = chunk_json(&decoder->json, arguments);
        chunk_emit(decoder, &move);
        return;
    }
    move.kind = CHUNK_TOOL_DELTA;
    move.text = chunk_text(&decoder->text, arguments);
    if (move.text.len)
        chunk_emit(decoder, &move);
}

static void read_calls(struct chunk_decoder *decoder, int choice,
                       struct slice delta)
{
    struct json_walk walk;
    struct slice key, call, list = chunk_member(delta, "tool_calls");
    struct slice function = chunk_member(delta, "function_call");
    int number = 0;
    if (json_walk_start(&walk, list) && walk.close == ']')
        for (; json_walk_next(&walk, &key, &call); number++)
            read_call(decoder, choice, index_of(call, number), call,
                      chunk_member(call, "function"));
    if (function.data)
        read_call(decoder, choice, 0, function, function);
}

static void read_choice(struct chunk_decoder *decoder, struct slice choice,
                        int number)
{
    static const char *const deltas[] = {"delta", "message", NULL};
    static const char *const thoughts[] = {"reasoning_content", "reasoning",
                                           NULL};
    struct slice delta = chunk_first_member(choice, deltas);
    struct slice content = chunk_member(delta, "content");
    read_delta(decoder, BLOCK_REASONING, number,
               chunk_first_member(delta, thoughts));
    read_delta(decoder, BLOCK_TEXT, number, content);
    read_parts(decoder, BLOCK_TEXT, number, content);
    read_delta(decoder, BLOCK_TEXT, number, chunk_member(choice, "text"));
    read_delta(decoder, BLOCK_REFUSAL, number, chunk_member(delta, "refusal"));
    read_calls(decoder, number, delta);

    struct chunk_move finish = chunk_move_make(CHUNK_MESSAGE_FINISH);
    finish.choice = number;
    finish.text =
        chunk_text(&decoder->text, chunk_member(choice, "finish_reason"));
    if (finish.text.data)
        chunk_emit(decoder, &finish);
}

bool chunk_chat(struct chunk_decoder *decoder, struct slice chunk)
{
    struct json_walk walk;
    struct slice key, choice, choices = chunk_member(chunk, "choices");
    struct slice object = chunk_member(chunk, "object");
    struct slice error = chunk_member(chunk, "error");
    bool has_list = choices.len && choices.data[0] == '[';
    if (!has_list && !slice_is(object, "\"chat.completion.chunk\""))
        return false;
    if (error.data) {
        struct chunk_move move = chunk_move_make(CHUNK_ERROR);
        chunk_emit_error(decoder, &move, error);
    }
    if (has_list && json_walk_start(&walk, choices))
        for (int i = 0; json_walk_next(&walk, &key, &choice); i++)
            read_choice(decoder, choice, index_of(choice, i));
    chunk_emit_note(decoder, "usage", chunk_member(chunk, "usage"));
    return true;
}
