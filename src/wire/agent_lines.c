#include "config.h"

#include "wire/agent_lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct agent_lines {
    const struct agentlog *log;
    const char *run;
    event_fn *emit;
    void *context;
    uint64_t seq;
    size_t count;       /* in the text */
    size_t told;        /* of them, and standing */
    struct buf partial; /* the last one's text, when it was told unfinished */
    bool partial_told;
    struct buf line; /* the one that was read last */
};

struct agent_lines *agent_lines_create(const struct agentlog *log,
                                       const char *run, event_fn *emit,
                                       void *context)
{
    struct agent_lines *lines = mem_zalloc(1, sizeof *lines);
    lines->log = log;
    lines->run = run;
    lines->emit = emit;
    lines->context = context;
    return lines;
}

void agent_lines_destroy(struct agent_lines *lines)
{
    if (!lines)
        return;
    buf_free(&lines->partial);
    buf_free(&lines->line);
    free(lines);
}

static const struct buf *read_line(struct agent_lines *lines, size_t index)
{
    buf_clear(&lines->line);
    agentlog_line(lines->log, index, &lines->line);
    return &lines->line;
}

static void tell(struct agent_lines *lines, struct event *event, int64_t now_ms)
{
    event->time_ms = now_ms;
    event->run = lines->run;
    lines->emit(lines->context, event);
}

static void tell_line(struct agent_lines *lines, size_t index, int64_t now_ms)
{
    const struct buf *line = read_line(lines, index);
    struct log_entry entry = {.time_ms = now_ms,
                              .time_is_arrival = true,
                              .message = buf_str(line),
                              .message_len = line->len};
    struct event event = {.type = EVENT_LOG};
    event.log.seq = ++lines->seq;
    event.log.entry = &entry;
    tell(lines, &event, now_ms);
}

static void tell_lines(struct agent_lines *lines, size_t end, int64_t now_ms)
{
    if (lines->told < end)
        lines->partial_told = false;
    for (; lines->told < end; lines->told++)
        tell_line(lines, lines->told, now_ms);
}

/* The last line that was told may still grow. */
static void note_partial(struct agent_lines *lines)
{
    const struct buf *line = read_line(lines, lines->told - 1);
    lines->partial_told = true;
    buf_clear(&lines->partial);
    buf_add(&lines->partial, buf_str(line), line->len);
}

/* Is the line that was told unfinished still the same? */
static bool partial_stands(struct agent_lines *lines, size_t index)
{
    const struct buf *line = read_line(lines, index);
    return line->len == lines->partial.len &&
           memcmp(buf_str(line), buf_str(&lines->partial), line->len) == 0;
}

/* After a text that changed behind its first `kept` lines. What stands may now
 * end in a line that was whole, and may grow again. */
static void withdraw(struct agent_lines *lines, size_t kept, int64_t now_ms)
{
    bool partial_next = lines->partial_told && lines->told == kept + 1;
    if (partial_next && lines->count > kept && partial_stands(lines, kept))
        return;
    if (lines->told > kept) {
        struct event event = {.type = EVENT_REWRITE};
        event.rewrite.kept = kept;
        event.rewrite.withdrawn = lines->told - kept;
        event.rewrite.grew = partial_next;
        tell(lines, &event, now_ms);
        lines->told = kept;
        lines->partial_told = false;
    }
    if (kept && lines->told == kept && kept == lines->count)
        note_partial(lines);
}

void agent_lines_take(struct agent_lines *lines,
                      const struct agentlog_frame *frame, int64_t now_ms)
{
    lines->count = frame->lines;
    if (frame->text_changed)
        withdraw(lines, frame->kept, now_ms);
    if (lines->count)
        tell_lines(lines, lines->count - 1, now_ms);
}

/* A text that ends in a line feed has no further line behind it. */
void agent_lines_tell_last(struct agent_lines *lines, int64_t now_ms)
{
    size_t end = lines->count;
    if (end && !read_line(lines, end - 1)->len)
        end--;
    if (lines->told >= end)
        return;
    tell_lines(lines, end, now_ms);
    note_partial(lines);
}
