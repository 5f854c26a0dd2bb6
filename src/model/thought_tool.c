/* Calls of tools: the title is the tool's name and, once they are known, its
 * arguments; the lines are what came back. */
#include "config.h"

#include "model/thought_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/utf8.h"
#include "wire/json_text.h"
#include "wire/json_valid.h"

enum {
    MAX_TITLE = 120,            /* bytes of arguments in it */
    MAX_ARGUMENTS = 256 * 1024, /* bytes that additions may make up */
    MAX_NAME = 200
};

static struct slice no_text(void)
{
    return (struct slice){0};
}

/* A name of some length; NULL for none. */
static char *cut_name(struct slice name)
{
    size_t len = name.len < MAX_NAME ? name.len : MAX_NAME;
    if (!len)
        return NULL;
    if (len < name.len)
        len -= utf8_incomplete_tail(name.data, len);
    return mem_strndup(name.data, len);
}

static void learn_name(struct block *block, struct slice name)
{
    if (!block->name)
        block->name = cut_name(name);
}

static const char *name_of(const struct block *block)
{
    return block->name ? block->name : "tool";
}

static struct block *begin_call(struct thought *thought,
                                const struct chunk_move *move)
{
    char *name = cut_name(move->name);
    thought_end_implied(thought, move->choice, NULL);
    struct block *block =
        thought_begin(thought, CLASS_TOOL, move, name ? name : "tool");
    block->name = name;
    if (move->kind == CHUNK_TOOL_START && move->text.len) {
        struct slice call = thought_short_id(thought, move->text);
        block->call = mem_strndup(call.data, call.len);
    }
    return block;
}

static struct block *call_of(struct thought *thought,
                             const struct chunk_move *move, bool ended_too)
{
    struct block *block =
        thought_find(thought, CLASS_TOOL, move->id, ended_too);
    if (!block)
        return begin_call(thought, move);
    learn_name(block, move->name);
    return block;
}

/* What came back, on one line; all of it is the line's detail where that does
 * not hold it, or hides how it is built. */
static uint64_t add_result(struct thought *thought, struct block *block,
                           struct slice json)
{
    buf_clear(&thought->scratch);
    bool is_cut = thought_add_json(thought, json, THOUGHT_MAX_JSON);
    bool is_tree = json.len && (json.data[0] == '{' || json.data[0] == '[');
    return thought_add_line(thought, block->step, ENTRY_TOOL, LEVEL_NONE,
                            thought_words(thought),
                            is_cut || is_tree ? json : no_text());
}

/* What the title has no room for, at a level that few look at. */
static void add_arguments(struct thought *thought, struct block *block,
                          struct slice arguments, bool is_json)
{
    buf_clear(&thought->scratch);
    buf_adds(&thought->scratch, "arguments ");
    thought_add_json(thought, arguments, THOUGHT_MAX_JSON);
    thought_add_line(thought, block->step, ENTRY_TOOL, LEVEL_DEBUG,
                     thought_words(thought), is_json ? arguments : no_text());
}

/* The arguments as one line of text; JSON where they are that. */
static void set_arguments(struct thought *thought, struct block *block,
                          struct slice arguments)
{
    struct buf compact = buf_make(0);
    bool is_json = json_valid(arguments.data, arguments.len);
    if (is_json)
        arguments = chunk_json(&compact, arguments);
    buf_clear(&thought->scratch);
    buf_adds(&thought->scratch, name_of(block));
    size_t name_len = thought->scratch.len;
    bool is_cut = false;
    if (arguments.len && !slice_is(arguments, "{}")) {
        buf_addc(&thought->scratch, ' ');
        is_cut = thought_add_json(thought, arguments, MAX_TITLE);
    }
    for (size_t i = name_len; i < thought->scratch.len; i++)
        if (thought->scratch.data[i] == '\n')
            thought->scratch.data[i] = ' ';
    thought->ops.retitle(thought->context, block->step,
                         buf_str(&thought->scratch));
    thought->told = true;
    if (is_cut)
        add_arguments(thought, block, arguments, is_json);
    block->has_arguments = true;
    buf_clear(&block->line);
    buf_free(&compact);
}

void thought_settle_call(struct thought *thought, struct block *block)
{
    struct buf arguments = block->line;
    if (!arguments.len)
        return;
    block->line = buf_make(0);
    if (!block->has_arguments)
        set_arguments(thought, block,
                      (struct slice){arguments.data, arguments.len});
    buf_free(&arguments);
}

static void take_start(struct thought *thought, const struct chunk_move *move)
{
    struct block *block = thought_find(thought, CLASS_TOOL, move->id, false);
    struct slice call = thought_short_id(thought, move->text);
    bool is_other = block && block->call && call.len &&
                    (strlen(block->call) != call.len ||
                     memcmp(block->call, call.data, call.len) != 0);
    if (is_other)
        thought_end_block(thought, block, STEP_DONE);
    if (!block || is_other)
        begin_call(thought, move);
    else
        learn_name(block, move->name);
}

static void take_delta(struct thought *thought, const struct chunk_move *move)
{
    struct block *block = call_of(thought, move, false);
    size_t room = MAX_ARGUMENTS - block->line.len;
    if (block->has_arguments || !move->text.len)
        return;
    buf_add(&block->line, move->text.data,
            move->text.len < room ? move->text.len : room);
    block->line_ms = thought->at.ms;
    block->line_is_arrival = thought->at.is_arrival;
    thought->told = true;
}

static void take_arguments(struct thought *thought,
                           const struct chunk_move *move)
{
    struct block *block = call_of(thought, move, false);
    struct slice arguments = move->json.data ? move->json : move->text;
    if (!block->has_arguments)
        set_arguments(thought, block, arguments);
}

/* What came before was not final, or what was said about it. */
static void replace_preliminary(struct thought *thought, struct block *block)
{
    if (block->preliminary != NO_LINE)
        thought->ops.withdraw(thought->context, block->preliminary);
    block->preliminary = NO_LINE;
}

/* A call that has ended without a result ends again when it comes. */
static void end_call(struct thought *thought, struct block *block,
                     enum step_state state)
{
    bool again = !block->open && !block->has_result;
    block->awaits_approval = false;
    thought_end_block(thought, block, state);
    if (again)
        thought->ops.end(thought->context, block->step, state, thought->at.ms);
    block->has_result = true;
}

static void take_result(struct thought *thought, const struct chunk_move *move)
{
    struct block *block = call_of(thought, move, true);
    replace_preliminary(thought, block);
    thought_settle_call(thought, block);
    uint64_t number = NO_LINE;
    if (move->json.data)
        number = add_result(thought, block, move->json);
    if (move->preliminary)
        block->preliminary = number;
    else
        end_call(thought, block, STEP_DONE);
}

static void take_error(struct thought *thought, const struct chunk_move *move)
{
    struct block *block = call_of(thought, move, true);
    replace_preliminary(thought, block);
    thought_settle_call(thought, block);
    buf_clear(&thought->scratch);
    thought_add_json(thought, move->text, THOUGHT_MAX_LINE);
    thought_add_line(thought, block->step, ENTRY_TOOL, LEVEL_ERROR,
                     thought_words(thought), move->json);
    end_call(thought, block, STEP_FAILED);
}

static void take_word(struct thought *thought, struct block *block,
                      const char *word)
{
    thought_settle_call(thought, block);
    thought_add_line(thought, block->step, ENTRY_TOOL, LEVEL_WARN,
                     (struct slice){word, strlen(word)}, no_text());
}

void thought_take_tool(struct thought *thought, const struct chunk_move *move)
{
    struct block *block;
    switch (move->kind) {
    case CHUNK_TOOL_START:
        take_start(thought, move);
        break;
    case CHUNK_TOOL_DELTA:
        take_delta(thought, move);
        break;
    case CHUNK_TOOL_ARGUMENTS:
        take_arguments(thought, move);
        break;
    case CHUNK_TOOL_RESULT:
        take_result(thought, move);
        break;
    case CHUNK_TOOL_ERROR:
        take_error(thought, move);
        break;
    case CHUNK_TOOL_DENIED:
        block = call_of(thought, move, true);
        take_word(thought, block, "denied");
        end_call(thought, block, STEP_STOPPED);
        break;
    case CHUNK_TOOL_APPROVAL:
        block = call_of(thought, move, true);
        take_word(thought, block, "waits for approval");
        block->awaits_approval = true;
        break;
    default: /* CHUNK_TOOL_END */
        block = thought_find(thought, CLASS_TOOL, move->id, false);
        if (block)
            thought_end_block(thought, block, STEP_DONE);
    }
}
