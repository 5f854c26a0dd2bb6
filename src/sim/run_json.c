#include "config.h"

#include "sim/run_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/mem.h"
#include "sim/js_json.h"

static const struct {
    const char *raw, *new_word, *old_word;
} words[] = {
    {"DELAYED", "DELAYED", "DELAYED"},
    {"PENDING", "QUEUED", "QUEUED"},
    {"PENDING_VERSION", "PENDING_VERSION", "PENDING_VERSION"},
    {"WAITING_FOR_DEPLOY", "PENDING_VERSION", "WAITING_FOR_DEPLOY"},
    {"DEQUEUED", "DEQUEUED", "EXECUTING"},
    {"EXECUTING", "EXECUTING", "EXECUTING"},
    {"RETRYING_AFTER_FAILURE", "EXECUTING", "REATTEMPTING"},
    {"WAITING_TO_RESUME", "WAITING", "FROZEN"},
    {"PAUSED", "WAITING", "FROZEN"},
    {"CANCELED", "CANCELED", "CANCELED"},
    {"INTERRUPTED", "FAILED", "INTERRUPTED"},
    {"COMPLETED_SUCCESSFULLY", "COMPLETED", "COMPLETED"},
    {"COMPLETED_WITH_ERRORS", "FAILED", "FAILED"},
    {"SYSTEM_FAILURE", "SYSTEM_FAILURE", "SYSTEM_FAILURE"},
    {"CRASHED", "CRASHED", "CRASHED"},
    {"EXPIRED", "EXPIRED", "EXPIRED"},
    {"TIMED_OUT", "TIMED_OUT", "TIMED_OUT"},
};

static const char *status_word(const char *raw, bool new_words)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].raw, raw) == 0)
            return new_words ? words[i].new_word : words[i].old_word;
    return raw;
}

static bool one_of(const char *word, const char *list)
{
    const char *hit = strstr(list, word);
    size_t len = strlen(word);
    return hit && hit[-1] == ' ' && hit[len] == ' ';
}

static void add_flag(struct buf *out, const char *name, bool value)
{
    buf_addf(out, ",\"%s\":%s", name, value ? "true" : "false");
}

/* The server's own booleans, which disagree in places with its words. */
static void add_flags(struct buf *out, const char *word)
{
    add_flag(out, "isQueued",
             one_of(word, " QUEUED WAITING_FOR_DEPLOY DELAYED "
                          "PENDING_VERSION "));
    add_flag(out, "isExecuting",
             one_of(word, " EXECUTING REATTEMPTING FROZEN DEQUEUED "));
    add_flag(out, "isCompleted",
             one_of(word, " COMPLETED CANCELED FAILED CRASHED INTERRUPTED "
                          "SYSTEM_FAILURE "));
    add_flag(out, "isFailed",
             one_of(word, " CANCELED FAILED CRASHED INTERRUPTED "
                          "SYSTEM_FAILURE "));
    add_flag(out, "isSuccess", one_of(word, " COMPLETED "));
    add_flag(out, "isCancelled", one_of(word, " CANCELED "));
    add_flag(out, "isWaiting", one_of(word, " WAITING "));
}

static void add_instant(struct buf *out, const char *name, int64_t instant_ms)
{
    if (instant_ms == INSTANT_NONE)
        return;
    char text[INSTANT_TEXT_SIZE];
    instant_format_utc(instant_ms, text);
    buf_addf(out, ",\"%s\":\"%s\"", name, text);
}

static void add_text(struct buf *out, const char *name, const char *text)
{
    if (!text)
        return;
    buf_addf(out, ",\"%s\":", name);
    js_add_string(out, text, strlen(text));
}

static void add_member(struct buf *out, const char *name, json_t *value)
{
    if (!value)
        return;
    buf_addf(out, ",\"%s\":", name);
    js_add_value(out, value);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_tags(struct buf *out, const struct run_row *row)
{
    const char **tags = mem_zalloc(row->tag_count + 1, sizeof *tags);
    for (size_t i = 0; i < row->tag_count; i++)
        tags[i] = row->tags[i];
    qsort(tags, row->tag_count, sizeof *tags, by_bytes);
    buf_adds(out, ",\"tags\":[");
    for (size_t i = 0; i < row->tag_count; i++) {
        if (i > 0)
            buf_addc(out, ',');
        js_add_string(out, tags[i], strlen(tags[i]));
    }
    buf_addc(out, ']');
    free(tags);
}

static const char *error_text(json_t *error, const char *name)
{
    return json_string_value(json_object_get(error, name));
}

/* The message, as the server makes it from the stored error. */
static void add_message(struct buf *out, json_t *error)
{
    const char *type = error_text(error, "type");
    const char *message = error_text(error, "message");
    if (!message)
        message = error_text(error, "raw");
    if (type && strcmp(type, "INTERNAL_ERROR") == 0)
        buf_addf(out, "trigger.dev internal error (%s)",
                 error_text(error, "code"));
    else
        buf_adds(out, message ? message : "");
}

static void add_error(struct buf *out, json_t *error)
{
    if (!error)
        return;
    const char *type = error_text(error, "type");
    struct buf message = buf_make(0);
    add_message(&message, error);
    buf_adds(out, ",\"error\":{\"message\":");
    js_add_string(out, buf_str(&message), message.len);
    if (type && strcmp(type, "BUILT_IN_ERROR") == 0) {
        add_text(out, "name", error_text(error, "name"));
        add_text(out, "stackTrace", error_text(error, "stackTrace"));
    }
    buf_addc(out, '}');
    buf_free(&message);
}

static void add_number(struct buf *out, const char *name, double number)
{
    buf_addf(out, ",\"%s\":", name);
    js_add_number(out, number);
}

void run_json_add(struct buf *out, const struct run_json *run, bool new_words)
{
    const struct run_row *row = run->row;
    const char *word = status_word(row->status, new_words);
    buf_adds(out, "{\"id\":");
    js_add_string(out, row->friendly_id, strlen(row->friendly_id));
    add_text(out, "taskIdentifier", row->task);
    add_text(out, "status", word);
    add_instant(out, "createdAt", row->created_ms);
    add_instant(out, "startedAt", row->started_ms);
    add_instant(out, "updatedAt", row->updated_ms);
    add_instant(out, "finishedAt", row->completed_ms);
    add_instant(out, "delayedUntil", row->delay_until_ms);
    add_instant(out, "expiredAt", row->expired_ms);
    add_text(out, "ttl", row->ttl);
    add_number(out, "costInCents", row->cost_cents);
    add_number(out, "baseCostInCents", row->base_cost_cents);
    add_number(out, "durationMs", (double)row->usage_ms);
    add_flag(out, "isTest", row->test);
    add_number(out, "depth", 0);
    add_tags(out, row);
    add_flags(out, word);
    add_text(out, "triggerFunction", "trigger");
    add_member(out, "metadata", run->metadata);
    add_text(out, "region", "us-east-1");
    add_member(out, "payload", run->payload);
    if (strcmp(word, "COMPLETED") == 0)
        add_member(out, "output", run->output);
    add_error(out, run->error);
    add_number(out, "attemptCount", run->attempts);
    buf_adds(out, ",\"attempts\":[],\"relatedRuns\":{\"children\":[]}}");
}

static void add_outcome(struct buf *out, const struct run_json *run)
{
    const struct run_row *row = run->row;
    if (strcmp(row->status, "COMPLETED_SUCCESSFULLY") == 0) {
        buf_adds(out, "\"status\":\"complete\"");
        add_member(out, "data", run->output);
        return;
    }
    if (row->completed_ms == INSTANT_NONE) {
        buf_adds(out, "\"status\":\"pending\"");
        return;
    }
    struct buf message = buf_make(0);
    if (run->error)
        add_message(&message, run->error);
    else
        buf_adds(&message, strcmp(row->status, "CANCELED") == 0
                               ? "Canceled by user"
                               : "Task run failed");
    buf_adds(out, "\"status\":\"failed\"");
    add_text(out, "error", buf_str(&message));
    buf_free(&message);
}

void run_json_add_simple(struct buf *out, const struct run_json *run,
                         bool with_fields)
{
    const struct run_row *row = run->row;
    add_outcome(out, run);
    if (!with_fields)
        return;
    add_member(out, "metadata", run->metadata);
    add_text(out, "taskIdentifier", row->task);
    add_instant(out, "createdAt", row->created_ms);
    add_instant(out, "startedAt", row->started_ms);
    add_instant(out, "finishedAt", row->completed_ms);
    add_number(out, "durationMs", (double)row->usage_ms);
}
