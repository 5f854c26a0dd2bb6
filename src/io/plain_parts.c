#include "config.h"

#include "io/plain_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/mem.h"
#include "io/plain_line.h"
#include "model/thought.h"
#include "text/escape.h"
#include "wire/entry.h"

enum {
    STEPS = 1024 /* that are remembered: far more than can be open */
};

/* What a line says of its step, and a step of its end. */
struct plain_step {
    uint32_t number;
    enum step_kind kind;
    const char *stream; /* belongs to the thought */
    int64_t started_ms;
    char *title;      /* of a call that was not told yet; NULL: none */
    bool told;        /* a line of it was … */
    bool passed_over; /* … or none of those there were */
    char *tool;       /* whose call it was; NULL until that was told */
};

struct plain_parts {
    struct sink *sink;
    const struct sink_options *options;
    struct thought *thought;
    struct plain_step steps[STEPS]; /* a ring */
    uint32_t next;
    const char *stream; /* that the last line was of; NULL: none yet */
    int64_t now_ms;     /* of the part that is told */
    bool cut;           /* nothing that ends now ends by itself */
};

static void forget_step(struct plain_step *step)
{
    free(step->title);
    free(step->tool);
    *step = (struct plain_step){0};
}

static struct plain_step *step_of(struct plain_parts *parts, uint32_t number)
{
    struct plain_step *step = &parts->steps[number % STEPS];
    return step->stream && step->number == number ? step : NULL;
}

static void add_safe(struct plain_parts *parts, const char *text, size_t len)
{
    escape_text(&parts->sink->out, text, len, parts->options->escape);
}

/* Says which stream the next line is of, where that changes. */
static void name_stream(struct plain_parts *parts, const char *stream)
{
    if (parts->stream && strcmp(parts->stream, stream) == 0)
        return;
    parts->stream = stream;
    buf_adds(&parts->sink->out, "-- stream ");
    add_safe(parts, stream, strlen(stream));
    buf_addc(&parts->sink->out, '\n');
}

static bool is_wanted(const struct plain_parts *parts,
                      const struct entry *entry)
{
    struct log_entry line = {.time_ms = entry->time_ms,
                             .level = entry->level,
                             .message = entry->text,
                             .message_len = entry->text_len};
    return sink_wants(parts->options, &line);
}

static const char *word_of(const struct entry *entry)
{
    if (entry->kind == ENTRY_REASONING)
        return "~";
    if (entry->kind != ENTRY_TOOL)
        return entry->level_word ? entry->level_word : level_word(entry->level);
    if (entry->level == LEVEL_ERROR)
        return "error";
    return entry->level == LEVEL_NONE ? "result" : "tool";
}

/* Is the detail more than what the text says already? */
static bool has_data(const struct entry *entry)
{
    static const char cut[] = "…";
    const size_t len = sizeof cut - 1;
    if (!entry->detail || entry->kind != ENTRY_LOG)
        return false;
    if (entry->text_len >= len &&
        memcmp(entry->text + entry->text_len - len, cut, len) == 0)
        return false;
    return entry->text_len < entry->detail_len ||
           memcmp(entry->text + entry->text_len - entry->detail_len,
                  entry->detail, entry->detail_len) != 0;
}

/* Of calls side by side it would be unknown whose result a line is. */
static void name_tool(struct plain_parts *parts, const struct plain_step *step,
                      const struct entry *entry)
{
    if (entry->kind != ENTRY_TOOL || !step->tool || !*step->tool)
        return;
    add_safe(parts, step->tool, strlen(step->tool));
    buf_adds(&parts->sink->out, ": ");
}

static void write_line(struct plain_parts *parts, const struct entry *entry,
                       struct plain_step *step, const char *word)
{
    struct buf *out = &parts->sink->out;
    size_t start = out->len;
    if (!is_wanted(parts, entry)) {
        step->passed_over = !step->told;
        return;
    }
    step->told = true;
    step->passed_over = false;
    name_stream(parts, step->stream);
    plain_add_time(out, parts->options, entry->time_ms);
    plain_add_level(out, parts->options, entry->level, word);
    name_tool(parts, step, entry);
    add_safe(parts, entry->text, entry->text_len);
    if (has_data(entry))
        plain_add_data(out, parts->options, entry->detail, entry->detail_len);
    buf_addc(out, '\n');
    sink_hold(parts->sink, start);
}

/* A call is told once its arguments are known, or else with what follows. */
static void tell_call(struct plain_parts *parts, struct plain_step *step)
{
    if (!step || !step->title)
        return;
    struct entry entry = {.kind = ENTRY_TOOL,
                          .time_ms = parts->now_ms,
                          .text = step->title,
                          .text_len = strlen(step->title)};
    write_line(parts, &entry, step, "tool");
    step->tool = step->title;
    step->tool[strcspn(step->tool, " ")] = '\0';
    step->title = NULL;
}

static uint32_t begin_step(void *context, enum step_kind kind,
                           const char *stream, const char *title, int64_t at_ms)
{
    struct plain_parts *parts = context;
    struct plain_step *step = &parts->steps[parts->next % STEPS];
    forget_step(step);
    *step = (struct plain_step){
        .number = parts->next,
        .kind = kind,
        .stream = stream,
        .started_ms = at_ms,
        .title = kind == STEP_TOOL ? mem_strdup(title) : NULL,
    };
    return parts->next++;
}

static void retitle_step(void *context, uint32_t number, const char *title)
{
    struct plain_parts *parts = context;
    struct plain_step *step = step_of(parts, number);
    if (!step)
        return;
    free(step->title);
    free(step->tool);
    step->tool = NULL;
    step->title = mem_strdup(title);
    tell_call(parts, step);
}

static uint64_t add_line(void *context, const struct entry *entry)
{
    struct plain_parts *parts = context;
    struct plain_step *step = step_of(parts, entry->step);
    if (!step)
        return 0;
    tell_call(parts, step);
    write_line(parts, entry, step, word_of(entry));
    return 0;
}

/* What was written stays written. */
static void withdraw_line(void *context, uint64_t number)
{
    (void)context;
    (void)number;
}

static void end_step(void *context, uint32_t number, enum step_state state,
                     int64_t at_ms)
{
    struct plain_parts *parts = context;
    struct plain_step *step = step_of(parts, number);
    struct buf *out = &parts->sink->out;
    size_t start = out->len;
    char words[DURATION_TEXT_SIZE];
    (void)state;
    tell_call(parts, step);
    if (!step || step->kind != STEP_REASONING || step->passed_over ||
        parts->cut)
        return;
    duration_format_short(at_ms - step->started_ms, words);
    buf_adds(out, "-- stream ");
    add_safe(parts, step->stream, strlen(step->stream));
    buf_addf(out, ": thought for %s\n", words);
    parts->stream = step->stream;
    sink_hold(parts->sink, start);
}

struct plain_parts *plain_parts_create(struct sink *sink,
                                       const struct sink_options *options)
{
    static const struct thought_ops ops = {
        .begin = begin_step,
        .retitle = retitle_step,
        .add = add_line,
        .withdraw = withdraw_line,
        .end = end_step,
    };
    struct plain_parts *parts = mem_zalloc(1, sizeof *parts);
    parts->sink = sink;
    parts->options = options;
    parts->thought = thought_create(&ops, parts);
    return parts;
}

void plain_parts_destroy(struct plain_parts *parts)
{
    if (!parts)
        return;
    for (size_t i = 0; i < STEPS; i++)
        forget_step(&parts->steps[i]);
    thought_destroy(parts->thought);
    free(parts);
}

void plain_parts_take(struct plain_parts *parts, const struct stream_part *part)
{
    parts->now_ms = part->time_ms;
    thought_take(parts->thought, part);
}

void plain_parts_end(struct plain_parts *parts, bool cut, int64_t at_ms)
{
    parts->cut = cut;
    parts->now_ms = at_ms;
    thought_end(parts->thought, STEP_DONE, at_ms);
}
