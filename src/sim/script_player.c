/* Rows are made by a player that applies steps one after the other and
 * remembers where it is; asked for an earlier state it starts over. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/mem.h"
#include "sim/js_json.h"
#include "sim/member.h"
#include "sim/script_parts.h"

/* What one second of a small machine costs, in cents. */
#define CENTS_PER_MS 0.00000338

/* A worker sends its entries together; they were written a little before. */
#define ENTRY_SPACING_MS 37
#define ENTRY_LAG_MS     3

void script_player_clear(struct player *player)
{
    free(player->status);
    json_decref(player->metadata);
    buf_free(&player->metadata_text);
    buf_free(&player->output_text);
    buf_free(&player->error_text);
    *player = (struct player){0};
}

static json_t *stamp(const char *form, int64_t instant_ms)
{
    if (strcmp(form, "@ms") == 0)
        return json_integer(instant_ms);
    if (strcmp(form, "@s") == 0)
        return json_real((double)instant_ms / 1000);
    if (strcmp(form, "@us") == 0)
        return json_integer(instant_ms * 1000);
    if (strcmp(form, "@iso") == 0) {
        char text[INSTANT_TEXT_SIZE];
        instant_format_utc(instant_ms, text);
        return json_string(text);
    }
    return NULL;
}

/* ["level", "message", data] → the usual object; an object keeps its members,
 * with time marks filled in; anything else is taken as it is. */
static json_t *make_entry(json_t *source, int64_t instant_ms)
{
    if (json_is_array(source)) {
        json_t *entry = json_object();
        json_object_set(entry, "level", json_array_get(source, 0));
        json_object_set(entry, "message", json_array_get(source, 1));
        json_object_set_new(entry, "timestamp", json_integer(instant_ms));
        if (json_array_size(source) > 2)
            json_object_set(entry, "data", json_array_get(source, 2));
        return entry;
    }
    if (!json_is_object(source))
        return json_incref(source);
    json_t *entry = json_copy(source);
    static const char *const names[] = {"timestamp", "ts", "time"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *form = json_string_value(json_object_get(entry, names[i]));
        json_t *time = form ? stamp(form, instant_ms) : NULL;
        if (time)
            json_object_set_new(entry, names[i], time);
    }
    return entry;
}

static void want_object(json_t **value)
{
    if (json_is_object(*value))
        return;
    json_decref(*value);
    *value = json_object();
}

/* The log, made when there is none yet. */
static json_t *want_log(struct player *player)
{
    want_object(&player->metadata);
    json_t *log = json_object_get(player->metadata, "logs");
    if (!json_is_array(log)) {
        log = json_array();
        json_object_set_new(player->metadata, "logs", log);
    }
    return log;
}

static void append_entries(struct player *player, json_t *entries,
                           int64_t now_ms, int64_t not_before_ms)
{
    json_t *log = want_log(player);
    size_t count = json_array_size(entries);
    size_t i;
    json_t *source;
    json_array_foreach(entries, i, source)
    {
        int64_t at_ms =
            now_ms - ENTRY_LAG_MS - (int64_t)(count - 1 - i) * ENTRY_SPACING_MS;
        if (at_ms < not_before_ms)
            at_ms = not_before_ms;
        json_array_append_new(log, make_entry(source, at_ms));
    }
}

static void drop_first(json_t *log, size_t count)
{
    size_t size = json_array_size(log);
    json_t *rest = json_array();
    for (size_t i = count; i < size; i++)
        json_array_append(rest, json_array_get(log, i));
    json_array_clear(log);
    json_array_extend(log, rest);
    json_decref(rest);
}

/* What careful producers do: only the newest entries, within a number or
 * within the bytes that metadata may take. */
static void keep_newest(struct script *script)
{
    json_t *log = json_object_get(script->player.metadata, "logs");
    size_t size = json_array_size(log);
    int64_t keep = member_int(script->root, "log_keep", 0);
    if (keep > 0 && size > (size_t)keep)
        drop_first(log, size - (size_t)keep);
    int64_t most = member_int(script->root, "log_max_bytes", 0);
    if (most <= 0)
        return;
    struct buf text = buf_make(0);
    js_add_value(&text, script->player.metadata);
    int64_t over = (int64_t)text.len - most;
    size_t drop = 0;
    for (; over > 0 && drop < json_array_size(log); drop++) {
        buf_clear(&text);
        js_add_value(&text, json_array_get(log, drop));
        over -= (int64_t)text.len + 1;
    }
    if (drop > 0)
        drop_first(log, drop);
    buf_free(&text);
}

static void set_members(struct player *player, json_t *members)
{
    if (!members)
        return;
    want_object(&player->metadata);
    const char *name;
    json_t *value;
    json_object_foreach(members, name, value)
    {
        json_object_set_new(player->metadata, name, json_deep_copy(value));
    }
}

static void rewrite_log(struct script *script, json_t *step, int64_t now_ms)
{
    struct player *player = &script->player;
    json_t *replacement = json_object_get(step, "log_replace");
    if (replacement) {
        json_array_clear(want_log(player));
        append_entries(player, replacement, now_ms, player->start_ms);
    }
    json_t *truncate = json_object_get(step, "log_truncate");
    if (truncate) {
        json_t *log = want_log(player);
        size_t left = (size_t)json_integer_value(truncate);
        while (json_array_size(log) > left)
            json_array_remove(log, json_array_size(log) - 1);
    }
}

static void apply_metadata(struct script *script, json_t *step, int64_t now_ms,
                           int64_t before_ms)
{
    struct player *player = &script->player;
    static const struct {
        const char *member, *key;
    } shorthands[] = {{"progress", "progress"}, {"step", "status"}};
    for (size_t i = 0; i < sizeof shorthands / sizeof *shorthands; i++) {
        json_t *value = json_object_get(step, shorthands[i].member);
        if (value) {
            want_object(&player->metadata);
            json_object_set(player->metadata, shorthands[i].key, value);
        }
    }
    rewrite_log(script, step, now_ms);
    json_t *log = json_object_get(step, "log");
    if (log) {
        append_entries(player, log, now_ms, before_ms);
        keep_newest(script);
    }
    set_members(player, json_object_get(step, "set"));
    size_t i;
    json_t *name;
    json_array_foreach(json_object_get(step, "unset"), i, name)
    {
        json_object_del(player->metadata, json_string_value(name));
    }
}

static bool is_terminal(const char *status)
{
    static const char *const words[] = {
        "CANCELED",       "INTERRUPTED", "COMPLETED_SUCCESSFULLY",
        "SYSTEM_FAILURE", "CRASHED",     "COMPLETED_WITH_ERRORS",
        "EXPIRED",        "TIMED_OUT"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], status) == 0)
            return true;
    return false;
}

/* The columns that follow from a status, as the engine sets them. */
static void apply_status(struct script *script, json_t *step, int64_t now_ms)
{
    struct player *player = &script->player;
    struct run_row *row = &player->row;
    const char *status = member_text(step, "status", NULL);
    if (status) {
        free(player->status);
        player->status = mem_strdup(status);
        row->status = player->status;
    }
    status = row->status;
    if (strcmp(status, "DELAYED") == 0)
        row->delay_until_ms = now_ms + member_int(step, "delay_ms", 0);
    if (strcmp(status, "PENDING") == 0 && row->queued_ms == INSTANT_NONE)
        row->queued_ms = now_ms;
    bool runs = strcmp(status, "EXECUTING") == 0;
    if ((runs || strcmp(status, "DEQUEUED") == 0) &&
        row->started_ms == INSTANT_NONE)
        row->started_ms = now_ms;
    if (strcmp(status, "EXPIRED") == 0)
        row->expired_ms = now_ms;
    if (is_terminal(status) && row->completed_ms == INSTANT_NONE &&
        !json_is_false(json_object_get(step, "completed")))
        row->completed_ms = now_ms;
}

/* Compute time counts while code runs; waiting is free. */
static void apply_usage(struct player *player, int64_t now_ms)
{
    if (player->executing_since_ms >= 0)
        player->row.usage_ms += now_ms - player->executing_since_ms;
    bool runs = strcmp(player->row.status, "EXECUTING") == 0;
    player->executing_since_ms = runs ? now_ms : -1;
    if (player->row.completed_ms == INSTANT_NONE || player->row.usage_ms == 0)
        return;
    double cents = (double)player->row.usage_ms * CENTS_PER_MS;
    player->row.cost_cents = round(cents * 1e6) / 1e6;
    player->row.base_cost_cents = 0.0025;
}

static void apply_result(struct player *player, json_t *step)
{
    json_t *output = json_object_get(step, "output");
    if (output) {
        player->output = output;
        buf_clear(&player->output_text);
        player->row.output_type =
            script_serialize(output, member_text(step, "output_type", NULL),
                             &player->output_text);
        player->row.output = buf_str(&player->output_text);
    }
    json_t *error = json_object_get(step, "error");
    if (error) {
        player->error = error;
        buf_clear(&player->error_text);
        js_add_value(&player->error_text, error);
        player->row.error = buf_str(&player->error_text);
    }
}

/* The keys of the streams opened by now, where the scenario lists them. */
static void apply_openings(struct script *script, int64_t at_ms)
{
    struct run_row *row = &script->player.row;
    json_t *keys = json_array();
    row->stream_count = script->stream_count;
    for (size_t i = 0; i < script->opening_count; i++) {
        const struct opening *opening = &script->openings[i];
        if (opening->at_ms > at_ms)
            break;
        if (opening->in_column)
            script->streams[row->stream_count++] = opening->key;
        if (opening->in_metadata)
            json_array_append_new(keys, json_string(opening->key));
    }
    if (json_array_size(keys) > 0) {
        want_object(&script->player.metadata);
        json_object_set(script->player.metadata, "$$streams", keys);
    }
    json_decref(keys);
}

static void apply(struct script *script, size_t state)
{
    struct player *player = &script->player;
    json_t *step = script->states[state].step;
    int64_t now_ms = player->start_ms + script->states[state].at_ms;
    int64_t before_ms =
        state > 0 ? player->start_ms + script->states[state - 1].at_ms : now_ms;
    apply_status(script, step, now_ms);
    apply_usage(player, now_ms);
    apply_metadata(script, step, now_ms, before_ms);
    apply_openings(script, script->states[state].at_ms);
    apply_result(player, step);
    player->row.updated_ms = now_ms;
    player->state = state;
}

static void start_player(struct script *script, int64_t start_ms)
{
    struct player *player = &script->player;
    json_t *run = json_object_get(script->root, "run");
    script_player_clear(player);
    *player = (struct player){
        .started = true,
        .start_ms = start_ms,
        .executing_since_ms = -1,
        .metadata = json_deep_copy(json_object_get(run, "metadata")),
        .row =
            {
                .id = strncmp(script->run_id, "run_", 4) == 0
                          ? script->run_id + 4
                          : script->run_id,
                .friendly_id = script->run_id,
                .task = member_text(run, "task", "task"),
                .created_ms = start_ms,
                .started_ms = INSTANT_NONE,
                .delay_until_ms = INSTANT_NONE,
                .queued_ms = INSTANT_NONE,
                .expired_ms = INSTANT_NONE,
                .completed_ms = INSTANT_NONE,
                .number = (int)member_int(run, "number", 1),
                .test = json_is_true(json_object_get(run, "test")),
                .status = "PENDING",
                .ttl = member_text(run, "ttl", NULL),
                .payload =
                    script->payload ? buf_str(&script->payload_text) : NULL,
                .payload_type = script->payload_type,
                .metadata_type = "application/json",
                .output_type = "application/json",
                .tags = script->tags,
                .tag_count = script->tag_count,
                .streams = script->streams,
                .stream_count = script->stream_count,
            },
    };
    apply(script, 0);
}

const struct run_row *script_row(struct script *script, size_t state,
                                 int64_t start_ms)
{
    struct player *player = &script->player;
    if (!player->started || state < player->state ||
        start_ms != player->start_ms)
        start_player(script, start_ms);
    while (player->state < state)
        apply(script, player->state + 1);
    buf_clear(&player->metadata_text);
    js_add_value(&player->metadata_text, player->metadata);
    player->row.metadata = buf_str(&player->metadata_text);
    return &player->row;
}
