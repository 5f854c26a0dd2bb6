#include "config.h"

#include "io/stream_calls.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/escape.h"
#include "wire/json_valid.h"

enum {
    MOST_CALLS = 64,             /* at a time */
    MOST_ARGUMENTS = 1024 * 1024 /* bytes of one in pieces */
};

struct call {
    struct buf id, name, number; /* number: its id, where id is its place */
    struct buf arguments;        /* as far as they came in pieces */
    bool told;
};

struct stream_calls {
    struct call calls[MOST_CALLS];
    size_t count;
};

static void add_member(struct buf *line, const char *name,
                       const struct buf *text)
{
    buf_addf(line, "%s\"%s\":\"", line->data[line->len - 1] == '{' ? "" : ",",
             name);
    escape_json(line, buf_str(text), text->len);
    buf_addc(line, '"');
}

static void add_arguments(struct buf *line, const struct buf *arguments)
{
    if (!json_valid(buf_str(arguments), arguments->len)) {
        add_member(line, "arguments", arguments);
        return;
    }
    buf_adds(line, ",\"arguments\":");
    escape_raw_json(line, buf_str(arguments), arguments->len);
}

static void tell(struct call *call, struct buf *lines)
{
    struct buf line = buf_make(0);
    if (call->told || !call->arguments.len)
        return;
    call->told = true;
    buf_addc(&line, '{');
    add_member(&line, "tool", &call->name);
    add_member(&line, "id", call->number.len ? &call->number : &call->id);
    add_arguments(&line, &call->arguments);
    buf_adds(&line, "}\n");
    buf_add(lines, buf_str(&line), line.len);
    buf_free(&line);
}

static void forget(struct call *call)
{
    buf_free(&call->id);
    buf_free(&call->name);
    buf_free(&call->number);
    buf_free(&call->arguments);
}

static void set(struct buf *to, struct slice text)
{
    if (!text.len)
        return;
    buf_clear(to);
    buf_add(to, text.data, text.len);
}

static struct call *find(struct stream_calls *calls, struct slice id)
{
    for (size_t i = 0; i < calls->count; i++) {
        const struct buf *known = &calls->calls[i].id;
        if (known->len == id.len &&
            (!id.len || memcmp(known->data, id.data, id.len) == 0))
            return &calls->calls[i];
    }
    return NULL;
}

/* Of too many the first is told as far as it came. */
static struct call *find_or_add(struct stream_calls *calls, struct slice id,
                                struct buf *lines)
{
    struct call *call = find(calls, id);
    if (call)
        return call;
    if (calls->count == MOST_CALLS) {
        tell(&calls->calls[0], lines);
        forget(&calls->calls[0]);
        memmove(calls->calls, calls->calls + 1,
                (MOST_CALLS - 1) * sizeof *calls->calls);
        calls->count--;
    }
    call = &calls->calls[calls->count++];
    *call = (struct call){.id = buf_make(0),
                          .name = buf_make(0),
                          .number = buf_make(0),
                          .arguments = buf_make(MOST_ARGUMENTS)};
    set(&call->id, id);
    return call;
}

static bool take_whole(struct call *call)
{
    bool first = !call->told;
    call->told = true;
    return first;
}

static void tell_one(struct stream_calls *calls, struct slice id,
                     struct buf *lines)
{
    struct call *call = find(calls, id);
    if (call)
        tell(call, lines);
}

void stream_calls_end(struct stream_calls *calls, struct buf *lines)
{
    for (size_t i = 0; i < calls->count; i++) {
        tell(&calls->calls[i], lines);
        forget(&calls->calls[i]);
    }
    calls->count = 0;
}

/* The pieces of a call, or all of its arguments. */
static bool take_arguments(struct stream_calls *calls,
                           const struct chunk_move *move, struct buf *lines)
{
    struct call *call = find_or_add(calls, move->id, lines);
    set(&call->name, move->name);
    if (move->kind == CHUNK_TOOL_START)
        set(&call->number, move->text);
    else if (move->kind == CHUNK_TOOL_DELTA && !call->told)
        buf_add(&call->arguments, move->text.data, move->text.len);
    return move->kind == CHUNK_TOOL_ARGUMENTS && take_whole(call);
}

bool stream_calls_take(struct stream_calls *calls,
                       const struct chunk_move *move, struct buf *lines)
{
    switch (move->kind) {
    case CHUNK_TOOL_START:
    case CHUNK_TOOL_DELTA:
    case CHUNK_TOOL_ARGUMENTS:
        return take_arguments(calls, move, lines);
    case CHUNK_TOOL_RESULT:
    case CHUNK_TOOL_ERROR:
    case CHUNK_TOOL_DENIED:
    case CHUNK_TOOL_APPROVAL:
        tell_one(calls, move->id, lines);
        return !move->preliminary;
    case CHUNK_MESSAGE_ABORT:
        stream_calls_end(calls, lines);
        return true;
    case CHUNK_MESSAGE_START:
    case CHUNK_MESSAGE_FINISH:
    case CHUNK_STEP_START:
    case CHUNK_STEP_FINISH:
        stream_calls_end(calls, lines);
        return false;
    case CHUNK_PLAIN:
    case CHUNK_LINE:
    case CHUNK_BLOCK_START:
    case CHUNK_BLOCK_DELTA:
    case CHUNK_BLOCK_END:
    case CHUNK_TOOL_END:
    case CHUNK_NOTE:
        return false;
    case CHUNK_ERROR:
    case CHUNK_SOURCE:
    case CHUNK_FILE:
    case CHUNK_DATA:
    case CHUNK_LOG:
    case CHUNK_JSON:
    case CHUNK_UNKNOWN:
        break;
    }
    return true;
}

struct stream_calls *stream_calls_create(void)
{
    return mem_zalloc(1, sizeof(struct stream_calls));
}

void stream_calls_destroy(struct stream_calls *calls)
{
    if (!calls)
        return;
    for (size_t i = 0; i < calls->count; i++)
        forget(&calls->calls[i]);
    free(calls);
}
