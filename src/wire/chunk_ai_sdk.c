/* UI message chunks and full-stream parts of the AI SDK. Versions differ in
 * the names of members, not in their meaning, so all names are looked for. */
#include "config.h"

#include "wire/chunk_parts.h"

#include <string.h>

/* What a chunk of a type is: a move, read by what its kind takes. */
struct known {
    const char *type;
    enum chunk_kind kind;
    enum chunk_block block;
};

static const struct known table[] = {
    {"abort", CHUNK_MESSAGE_ABORT, 0},
    {"error", CHUNK_ERROR, 0},
    {"file", CHUNK_FILE, 0},
    {"finish", CHUNK_MESSAGE_FINISH, 0},
    {"finish-step", CHUNK_STEP_FINISH, 0},
    {"message-metadata", CHUNK_NOTE, 0},
    {"reasoning", CHUNK_BLOCK_DELTA, BLOCK_REASONING},
    {"reasoning-delta", CHUNK_BLOCK_DELTA, BLOCK_REASONING},
    {"reasoning-end", CHUNK_BLOCK_END, BLOCK_REASONING},
    {"reasoning-start", CHUNK_BLOCK_START, BLOCK_REASONING},
    {"source", CHUNK_SOURCE, 0},
    {"source-document", CHUNK_SOURCE, 0},
    {"source-url", CHUNK_SOURCE, 0},
    {"start", CHUNK_MESSAGE_START, 0},
    {"start-step", CHUNK_STEP_START, 0},
    {"step-finish", CHUNK_STEP_FINISH, 0},
    {"step-start", CHUNK_STEP_START, 0},
    {"text", CHUNK_BLOCK_DELTA, BLOCK_TEXT},
    {"text-delta", CHUNK_BLOCK_DELTA, BLOCK_TEXT},
    {"text-end", CHUNK_BLOCK_END, BLOCK_TEXT},
    {"text-start", CHUNK_BLOCK_START, BLOCK_TEXT},
    {"tool-approval-request", CHUNK_TOOL_APPROVAL, 0},
    {"tool-call", CHUNK_TOOL_ARGUMENTS, 0},
    {"tool-call-delta", CHUNK_TOOL_DELTA, 0},
    {"tool-call-streaming-start", CHUNK_TOOL_START, 0},
    {"tool-error", CHUNK_TOOL_ERROR, 0},
    {"tool-input-available", CHUNK_TOOL_ARGUMENTS, 0},
    {"tool-input-delta", CHUNK_TOOL_DELTA, 0},
    {"tool-input-error", CHUNK_TOOL_ERROR, 0},
    {"tool-input-start", CHUNK_TOOL_START, 0},
    {"tool-output-available", CHUNK_TOOL_RESULT, 0},
    {"tool-output-denied", CHUNK_TOOL_DENIED, 0},
    {"tool-output-error", CHUNK_TOOL_ERROR, 0},
    {"tool-result", CHUNK_TOOL_RESULT, 0},
};

static const struct known *find(struct slice type)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (slice_is(type, table[i].type))
            return &table[i];
    return NULL;
}

/* The first of the members that is a string. */
static struct slice first_string(struct slice chunk, const char *const *keys)
{
    for (; *keys; keys++) {
        struct slice value = chunk_member(chunk, *keys);
        if (chunk_is_string(value))
            return value;
    }
    return (struct slice){0};
}

static struct slice delta_of(struct chunk_decoder *decoder, struct slice chunk)
{
    static const char *const keys[] = {
        "delta", "text", "textDelta", "inputTextDelta", "argsTextDelta", NULL};
    return chunk_delta(decoder, first_string(chunk, keys));
}

/* A number does for an id too, as it stands. */
static struct slice id_of(struct chunk_decoder *decoder, struct slice value)
{
    bool is_number = value.len && value.data[0] >= '0' && value.data[0] <= '9';
    return is_number ? value : chunk_text(&decoder->id, value);
}

static bool read_block(struct chunk_decoder *decoder, const struct known *known,
                       struct slice chunk)
{
    struct slice id = id_of(decoder, chunk_member(chunk, "id"));
    if (known->kind != CHUNK_BLOCK_DELTA) {
        struct chunk_move move = chunk_move_make(known->kind);
        move.block = known->block;
        move.id = id;
        chunk_emit(decoder, &move);
        return true;
    }
    struct slice text = delta_of(decoder, chunk);
    if (text.data)
        chunk_emit_delta(decoder, known->block, id, id.data ? -1 : 0, text);
    return text.data != NULL;
}

static void read_result(struct chunk_decoder *decoder, struct chunk_move *move,
                        struct slice chunk)
{
    static const char *const results[] = {"output", "result", NULL};
    struct slice result = chunk_first_member(chunk, results);
    if (chunk_is_true(chunk_member(chunk, "isError"))) {
        move->kind = CHUNK_TOOL_ERROR;
        chunk_emit_error(decoder, move, result.data ? result : chunk);
        return;
    }
    move->preliminary = chunk_is_true(chunk_member(chunk, "preliminary"));
    move->json = chunk_json(&decoder->json, result);
    chunk_emit(decoder, move);
}

/* Arguments that could not be read as JSON come as the text they are. */
static void read_arguments(struct chunk_decoder *decoder,
                           struct chunk_move *move, struct slice chunk)
{
    static const char *const inputs[] = {"input", "args", NULL};
    struct slice input = chunk_first_member(chunk, inputs);
    if (chunk_is_string(input))
        move->text = chunk_shown(&decoder->text, input);
    else
        move->json = chunk_json(&decoder->json, input);
    chunk_emit(decoder, move);
}

static void read_tool_error(struct chunk_decoder *decoder,
                            struct chunk_move *move, struct slice chunk)
{
    static const char *const errors[] = {"errorText", "error", NULL};
    static const char *const inputs[] = {"input", "args", NULL};
    struct slice error = chunk_first_member(chunk, errors);
    struct slice input = chunk_first_member(chunk, inputs);
    if (input.data) {
        move->kind = CHUNK_TOOL_ARGUMENTS;
        read_arguments(decoder, move, chunk);
        move->kind = CHUNK_TOOL_ERROR;
        move->json = move->text = (struct slice){0};
    }
    chunk_emit_error(decoder, move, error.data ? error : chunk);
}

static bool read_tool(struct chunk_decoder *decoder, const struct known *known,
                      struct slice chunk)
{
    static const char *const ids[] = {"toolCallId", "id", NULL};
    struct chunk_move move = chunk_move_make(known->kind);
    struct slice call = chunk_member(chunk, "toolCall");
    if (!chunk_is_object(call))
        call = chunk;
    move.id = id_of(decoder, chunk_first_member(call, ids));
    move.name = chunk_text(&decoder->name, chunk_member(call, "toolName"));
    if (known->kind == CHUNK_TOOL_RESULT) {
        read_result(decoder, &move, chunk);
    } else if (known->kind == CHUNK_TOOL_ARGUMENTS) {
        read_arguments(decoder, &move, chunk);
    } else if (known->kind == CHUNK_TOOL_ERROR) {
        read_tool_error(decoder, &move, chunk);
    } else {
        if (known->kind == CHUNK_TOOL_DELTA)
            move.text = delta_of(decoder, chunk);
        if (known->kind == CHUNK_TOOL_DELTA && !move.text.data)
            return false;
        chunk_emit(decoder, &move);
    }
    return true;
}

/* Version 6 tells the reason as { unified, raw }. */
static void read_finish(struct chunk_decoder *decoder, struct slice chunk)
{
    static const char *const usages[] = {"totalUsage", "usage", NULL};
    struct chunk_move move = chunk_move_make(CHUNK_MESSAGE_FINISH);
    struct slice reason = chunk_member(chunk, "finishReason");
    if (chunk_is_object(reason))
        reason = chunk_member(reason, "unified");
    move.text = chunk_text(&decoder->text, reason);
    chunk_emit(decoder, &move);
    chunk_emit_note(decoder, "usage", chunk_first_member(chunk, usages));
    chunk_emit_note(decoder, "metadata",
                    chunk_member(chunk, "messageMetadata"));
}

static void read_error(struct chunk_decoder *decoder, struct slice chunk)
{
    static const char *const errors[] = {"errorText", "error", NULL};
    struct chunk_move move = chunk_move_make(CHUNK_ERROR);
    struct slice error = chunk_first_member(chunk, errors);
    chunk_emit_error(decoder, &move, error.data ? error : chunk);
}

/* Some versions wrap what they tell in a member of the type's name. */
static void read_source(struct chunk_decoder *decoder,
                        const struct known *known, struct slice chunk)
{
    struct slice inner = chunk_member(chunk, known->type);
    chunk_emit_source(decoder, known->kind,
                      chunk_is_object(inner) ? inner : chunk);
}

static bool read_message(struct chunk_decoder *decoder,
                         const struct known *known, struct slice chunk)
{
    struct chunk_move move = chunk_move_make(known->kind);
    if (known->kind == CHUNK_MESSAGE_FINISH) {
        read_finish(decoder, chunk);
    } else if (known->kind == CHUNK_ERROR) {
        read_error(decoder, chunk);
    } else if (known->kind == CHUNK_SOURCE || known->kind == CHUNK_FILE) {
        read_source(decoder, known, chunk);
    } else {
        chunk_emit_note(decoder, "metadata",
                        chunk_member(chunk, "messageMetadata"));
        if (known->kind == CHUNK_NOTE)
            return true;
        if (known->kind == CHUNK_MESSAGE_ABORT)
            move.text =
                chunk_shown(&decoder->text, chunk_member(chunk, "reason"));
        chunk_emit(decoder, &move);
    }
    return true;
}

static bool read_data(struct chunk_decoder *decoder, struct slice type,
                      struct slice chunk)
{
    static const char prefix[] = "data-";
    const size_t len = sizeof prefix - 1;
    struct chunk_move move = chunk_move_make(CHUNK_DATA);
    if (type.len <= len || memcmp(type.data, prefix, len) != 0)
        return false;
    move.name = (struct slice){type.data + len, type.len - len};
    move.id = id_of(decoder, chunk_member(chunk, "id"));
    move.json = chunk_json(&decoder->json, chunk_member(chunk, "data"));
    move.transient = chunk_is_true(chunk_member(chunk, "transient"));
    chunk_emit(decoder, &move);
    return true;
}

bool chunk_ai_sdk(struct chunk_decoder *decoder, struct slice type,
                  struct slice chunk)
{
    const struct known *known = find(type);
    if (!known)
        return read_data(decoder, type, chunk);
    switch (known->kind) {
    case CHUNK_BLOCK_START:
    case CHUNK_BLOCK_DELTA:
    case CHUNK_BLOCK_END:
        return read_block(decoder, known, chunk);
    case CHUNK_TOOL_START:
    case CHUNK_TOOL_DELTA:
    case CHUNK_TOOL_ARGUMENTS:
    case CHUNK_TOOL_RESULT:
    case CHUNK_TOOL_ERROR:
    case CHUNK_TOOL_DENIED:
    case CHUNK_TOOL_APPROVAL:
        return read_tool(decoder, known, chunk);
    default:
        return read_message(decoder, known, chunk);
    }
}
