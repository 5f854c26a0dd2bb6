/* Events of OpenAI's Responses API. A response is a list of items: thoughts,
 * messages, calls. A part of an item is a block, named by both. */
#include "config.h"

#include "wire/chunk_parts.h"

#include <string.h>

static bool ends_with(struct slice text, const char *tail)
{
    size_t len = strlen(tail);
    return text.len >= len &&
           memcmp(text.data + text.len - len, tail, len) == 0;
}

static bool has(struct slice text, const char *part)
{
    return text.data && strstr(text.data, part) != NULL;
}

/* "item/2", "item/s2": the part of a message, of a thought's summary. item: a
 * string, number: JSON. */
static struct slice part_id(struct chunk_decoder *decoder, struct slice item,
                            bool is_summary, struct slice number)
{
    struct slice id = chunk_text(&decoder->id, item);
    if (!id.data)
        buf_clear(&decoder->id);
    buf_adds(&decoder->id, is_summary ? "/s" : "/");
    if (number.len && number.len < 8)
        buf_add(&decoder->id, number.data, number.len);
    else
        buf_addc(&decoder->id, '0');
    return (struct slice){buf_str(&decoder->id), decoder->id.len};
}

static void emit_block(struct chunk_decoder *decoder, enum chunk_kind kind,
                       enum chunk_block block, struct slice id,
                       struct slice whole)
{
    struct chunk_move move = chunk_move_make(kind);
    move.block = block;
    move.id = id;
    move.text = chunk_text(&decoder->text, whole);
    chunk_emit(decoder, &move);
}

/* The kind of block that "response.KIND.delta" and the like are about. */
static bool block_of(struct slice type, enum chunk_block *block)
{
    static const struct {
        const char *word;
        enum chunk_block block;
    } words[] = {
        {".output_text.", BLOCK_TEXT},
        {".refusal.", BLOCK_REFUSAL},
        {".reasoning_text.", BLOCK_REASONING},
        {".reasoning_summary_text.", BLOCK_REASONING},
        {".reasoning_summary_part.", BLOCK_REASONING},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        *block = words[i].block;
        if (has(type, words[i].word))
            return true;
    }
    return false;
}

/* The kind of block that a part's own type says it is. */
static enum chunk_block block_of_part(struct slice part)
{
    struct slice type = chunk_member(part, "type");
    if (slice_is(type, "\"refusal\""))
        return BLOCK_REFUSAL;
    return slice_is(type, "\"reasoning_text\"") ||
                   slice_is(type, "\"summary_text\"")
               ? BLOCK_REASONING
               : BLOCK_TEXT;
}

static bool read_block(struct chunk_decoder *decoder, struct slice type,
                       struct slice chunk)
{
    static const char *const wholes[] = {"text", "refusal", NULL};
    enum chunk_block block;
    struct slice part = chunk_member(chunk, "part");
    if (has(type, ".content_part."))
        block = block_of_part(part);
    else if (!block_of(type, &block))
        return false;
    bool is_summary = has(type, ".reasoning_summary_");
    struct slice id = part_id(
        decoder, chunk_member(chunk, "item_id"), is_summary,
        chunk_member(chunk, is_summary ? "summary_index" : "content_index"));
    if (ends_with(type, ".added")) {
        emit_block(decoder, CHUNK_BLOCK_START, block, id, (struct slice){0});
    } else if (ends_with(type, ".done")) {
        emit_block(decoder, CHUNK_BLOCK_END, block, id,
                   chunk_first_member(part.data ? part : chunk, wholes));
    } else if (ends_with(type, ".delta")) {
        struct slice text = chunk_delta(decoder, chunk_member(chunk, "delta"));
        chunk_emit_ordered(decoder, block, id, text);
        return text.data != NULL;
    } else {
        return false;
    }
    return true;
}

/* The parts of an item that is complete. */
static void end_parts(struct chunk_decoder *decoder, struct slice item,
                      bool is_summary)
{
    static const char *const wholes[] = {"text", "refusal", NULL};
    struct json_walk walk;
    struct slice key, part;
    struct slice list = chunk_member(item, is_summary ? "summary" : "content");
    if (!json_walk_start(&walk, list) || walk.close != ']')
        return;
    for (int i = 0; json_walk_next(&walk, &key, &part); i++) {
        buf_clear(&decoder->all);
        buf_add_integer(&decoder->all, i);
        struct slice number = {buf_str(&decoder->all), decoder->all.len};
        struct slice id =
            part_id(decoder, chunk_member(item, "id"), is_summary, number);
        emit_block(decoder, CHUNK_BLOCK_END, block_of_part(part), id,
                   chunk_first_member(part, wholes));
    }
}

static void read_thought(struct chunk_decoder *decoder, struct slice item,
                         bool done)
{
    struct slice id =
        part_id(decoder, chunk_member(item, "id"), true, (struct slice){0});
    if (!done) {
        emit_block(decoder, CHUNK_BLOCK_START, BLOCK_REASONING, id,
                   (struct slice){0});
        return;
    }
    end_parts(decoder, item, true);
    end_parts(decoder, item, false);
    id = part_id(decoder, chunk_member(item, "id"), true, (struct slice){0});
    emit_block(decoder, CHUNK_BLOCK_END, BLOCK_REASONING, id,
               (struct slice){0});
}

/* Calls of what the provider has have no name but their type's. */
static struct slice call_name(struct chunk_decoder *decoder, struct slice item)
{
    struct slice name = chunk_text(&decoder->name, chunk_member(item, "name"));
    if (name.len)
        return name;
    name = chunk_text(&decoder->name, chunk_member(item, "type"));
    if (ends_with(name, "_call"))
        name.len -= strlen("_call");
    return name;
}

/* Arguments are JSON as a text, or JSON, or a program. */
static void emit_arguments(struct chunk_decoder *decoder,
                           struct chunk_move *move, struct slice arguments)
{
    if (!arguments.data)
        return;
    move->kind = CHUNK_TOOL_ARGUMENTS;
    if (chunk_is_string(arguments))
        move->text = chunk_shown(&decoder->text, arguments);
    else
        move->json = chunk_json(&decoder->json, arguments);
    if (!move->text.data || move->text.len)
        chunk_emit(decoder, move);
    move->text = move->json = (struct slice){0};
}

static void end_call(struct chunk_decoder *decoder, struct chunk_move *move,
                     struct slice item)
{
    static const char *const results[] = {"output", "outputs", "results",
                                          "result", NULL};
    struct slice error = chunk_member(item, "error");
    struct slice result = chunk_first_member(item, results);
    if (error.data || slice_is(chunk_member(item, "status"), "\"failed\"")) {
        move->kind = CHUNK_TOOL_ERROR;
        chunk_emit_error(decoder, move, error.data ? error : item);
    } else if (result.data) {
        move->kind = CHUNK_TOOL_RESULT;
        move->json = chunk_json(&decoder->json, result);
        chunk_emit(decoder, move);
    } else {
        move->kind = CHUNK_TOOL_END;
        chunk_emit(decoder, move);
    }
}

static void read_call(struct chunk_decoder *decoder, struct slice item,
                      bool done)
{
    static const char *const arguments[] = {"arguments", "input",   "action",
                                            "code",      "queries", NULL};
    struct chunk_move move = chunk_move_make(CHUNK_TOOL_START);
    move.id = chunk_text(&decoder->id, chunk_member(item, "id"));
    move.name = call_name(decoder, item);
    if (!done) {
        chunk_emit(decoder, &move);
        return;
    }
    emit_arguments(decoder, &move, chunk_first_member(item, arguments));
    end_call(decoder, &move, item);
}

static bool read_item(struct chunk_decoder *decoder, struct slice type,
                      struct slice chunk)
{
    bool done = ends_with(type, ".done");
    struct slice item = chunk_member(chunk, "item");
    struct buf kept = buf_make(0);
    struct slice kind = chunk_text(&kept, chunk_member(item, "type"));
    if (slice_is(kind, "reasoning"))
        read_thought(decoder, item, done);
    else if (slice_is(kind, "message") && done)
        end_parts(decoder, item, false);
    else if (kind.data && ends_with(kind, "_call"))
        read_call(decoder, item, done);
    else if (kind.data && !slice_is(kind, "message") && done)
        chunk_emit_note(decoder, buf_str(&kept), item);
    buf_free(&kept);
    return kind.data != NULL;
}

/* "response.web_search_call.searching", "response.mcp_call_arguments.delta" */
static bool read_call_event(struct chunk_decoder *decoder, struct slice type,
                            struct slice chunk)
{
    static const char *const silent[] = {".in_progress",  ".searching",
                                         ".completed",    ".generating",
                                         ".interpreting", NULL};
    static const char *const wholes[] = {"arguments", "input", "code", NULL};
    struct chunk_move move = chunk_move_make(CHUNK_TOOL_DELTA);
    move.id = chunk_text(&decoder->id, chunk_member(chunk, "item_id"));
    move.in_order = true;
    if (!has(type, "_call"))
        return false;
    for (int i = 0; silent[i]; i++)
        if (ends_with(type, silent[i]))
            return true;
    if (ends_with(type, ".delta")) {
        move.text = chunk_text(&decoder->text, chunk_member(chunk, "delta"));
        if (move.text.len)
            chunk_emit(decoder, &move);
        return move.text.data != NULL;
    }
    if (ends_with(type, ".done")) {
        struct slice whole = chunk_first_member(chunk, wholes);
        emit_arguments(decoder, &move, whole);
        return whole.data != NULL;
    }
    if (!ends_with(type, ".failed"))
        return false;
    move.kind = CHUNK_TOOL_ERROR;
    chunk_emit_error(decoder, &move, chunk);
    return true;
}

static void read_end(struct chunk_decoder *decoder, struct slice chunk,
                     const char *reason)
{
    struct slice response = chunk_member(chunk, "response");
    struct slice error = chunk_member(response, "error");
    struct slice why =
        chunk_member(chunk_member(response, "incomplete_details"), "reason");
    struct chunk_move move = chunk_move_make(CHUNK_ERROR);
    if (error.data)
        chunk_emit_error(decoder, &move, error);
    move = chunk_move_make(CHUNK_MESSAGE_FINISH);
    move.text = chunk_text(&decoder->text, why);
    if (!move.text.data)
        move.text = (struct slice){reason, strlen(reason)};
    chunk_emit(decoder, &move);
    chunk_emit_note(decoder, "usage", chunk_member(response, "usage"));
}

/* What happens to the response as a whole. */
static bool read_response(struct chunk_decoder *decoder, struct slice type,
                          struct slice chunk)
{
    struct chunk_move move = chunk_move_make(CHUNK_MESSAGE_START);
    if (slice_is(type, "response.created"))
        chunk_emit(decoder, &move);
    else if (slice_is(type, "response.completed"))
        read_end(decoder, chunk, "stop");
    else if (slice_is(type, "response.incomplete"))
        read_end(decoder, chunk, "incomplete");
    else if (slice_is(type, "response.failed"))
        read_end(decoder, chunk, "failed");
    else if (slice_is(type, "response.cancelled"))
        read_end(decoder, chunk, "cancelled");
    else if (slice_is(type, "response.output_text.annotation.added"))
        chunk_emit_source(decoder, CHUNK_SOURCE,
                          chunk_member(chunk, "annotation"));
    else
        return slice_is(type, "response.in_progress") ||
               slice_is(type, "response.queued");
    return true;
}

bool chunk_responses(struct chunk_decoder *decoder, struct slice type,
                     struct slice chunk)
{
    static const char prefix[] = "response.";
    const size_t len = sizeof prefix - 1;
    if (type.len <= len || memcmp(type.data, prefix, len) != 0)
        return false;
    if (slice_is(type, "response.output_item.added") ||
        slice_is(type, "response.output_item.done"))
        return read_item(decoder, type, chunk);
    return read_response(decoder, type, chunk) ||
           read_call_event(decoder, type, chunk) ||
           read_block(decoder, type, chunk);
}
