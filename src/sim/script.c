/* A scenario unfolds once into an array of states: when, which step. */
#include "config.h"

#include "sim/script.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/js_json.h"
#include "sim/member.h"
#include "sim/script_expand.h"
#include "sim/script_parts.h"

/* Reading. */

static const char **texts_of(json_t *array, size_t *count)
{
    const char **texts = mem_zalloc(json_array_size(array) + 1, sizeof *texts);
    size_t i;
    json_t *item;
    *count = 0;
    json_array_foreach(array, i, item)
    {
        if (json_is_string(item))
            texts[(*count)++] = json_string_value(item);
    }
    return texts;
}

/* What a worker's serializer does with a value. */
static const char *serialize(json_t *value, struct buf *out)
{
    if (json_is_string(value)) {
        buf_add(out, json_string_value(value), json_string_length(value));
        return "text/plain";
    }
    if (!value)
        return "application/json";
    buf_adds(out, "{\"json\":");
    js_add_value(out, value);
    buf_addc(out, '}');
    return "application/super+json";
}

const char *script_serialize(json_t *value, const char *type, struct buf *out)
{
    if (!type)
        return serialize(value, out);
    if (json_is_string(value))
        buf_adds(out, json_string_value(value));
    else
        js_add_value(out, value);
    return type;
}

static bool read_states(struct script *script, struct error *err)
{
    script->count = json_array_size(script->steps);
    script->states = mem_zalloc(script->count + 1, sizeof *script->states);
    int64_t at_ms = 0;
    int attempt = 0;
    size_t i;
    json_t *step;
    json_array_foreach(script->steps, i, step)
    {
        int64_t before_ms = at_ms;
        at_ms =
            member_int(step, "at_ms", at_ms + member_int(step, "after_ms", 0));
        if (at_ms < before_ms || (i > 0 && at_ms == before_ms))
            return error_set(err, ERROR_USAGE,
                             "step %zu of the scenario needs an \"after_ms\" "
                             "above 0, or a later \"at_ms\"",
                             i + 1);
        attempt = (int)member_int(step, "attempt", attempt);
        script->states[i] = (struct state){at_ms, step, attempt};
    }
    if (script->count == 0)
        return error_set(err, ERROR_USAGE, "the scenario has no \"steps\"");
    return true;
}

/* A scenario about something else has a run that waits for ever. */
static bool is_about_run(json_t *root)
{
    return json_object_get(root, "run") || json_object_get(root, "steps") ||
           (!json_object_get(root, "agent") &&
            !json_object_get(root, "events"));
}

static bool read_scenario(struct script *script, struct error *err)
{
    json_t *run = json_object_get(script->root, "run");
    json_t *steps = json_object_get(script->root, "steps");
    bool about_run = is_about_run(script->root);
    if (about_run && (!json_is_object(run) || !json_is_array(steps)))
        return error_set(err, ERROR_USAGE,
                         "the scenario needs an object \"run\" and an array "
                         "\"steps\"");
    script->steps = about_run ? script_expand(steps, err) : json_pack("[{}]");
    if (!script->steps || !read_states(script, err))
        return false;
    script->payload = json_object_get(run, "payload");
    script->payload_type = script_serialize(
        script->payload, member_text(run, "payload_type", NULL),
        &script->payload_text);
    script->tags = texts_of(json_object_get(run, "tags"), &script->tag_count);
    script->streams =
        texts_of(json_object_get(run, "streams"), &script->stream_count);
    return true;
}

struct script *script_parse(const char *json, size_t len, const char *run_id,
                            struct error *err)
{
    json_error_t where;
    json_t *root = json_loadb(json, len, JSON_ALLOW_NUL, &where);
    if (!root) {
        error_set(err, ERROR_USAGE, "the scenario is not JSON: line %d: %s",
                  where.line, where.text);
        return NULL;
    }
    struct script *script = mem_zalloc(1, sizeof *script);
    script->root = root;
    script->nothing = json_object();
    script->run_id = mem_strdup(run_id);
    if (!read_scenario(script, err)) {
        script_destroy(script);
        return NULL;
    }
    return script;
}

void script_destroy(struct script *script)
{
    if (!script)
        return;
    script_player_clear(&script->player);
    buf_free(&script->payload_text);
    free(script->tags);
    free(script->streams);
    free(script->states);
    free(script->run_id);
    free(script->openings);
    json_decref(script->nothing);
    json_decref(script->steps);
    json_decref(script->root);
    free(script);
}

/* Streams. */

/* Makes room for a state at a moment that has none yet. */
static void add_state(struct script *script, int64_t at_ms)
{
    size_t at = script_state_at(script, at_ms);
    if (script->states[at].at_ms >= at_ms)
        return;
    script->states =
        mem_resize(script->states, script->count + 1, sizeof *script->states);
    memmove(script->states + at + 2, script->states + at + 1,
            (script->count - at - 1) * sizeof *script->states);
    script->states[at + 1] =
        (struct state){at_ms, script->nothing, script->states[at].attempt};
    script->count++;
}

void script_open_stream(struct script *script, const char *key, int64_t at_ms,
                        bool in_column, bool in_metadata)
{
    size_t count = script->opening_count;
    size_t i = count;
    if (at_ms < script->states[0].at_ms)
        at_ms = script->states[0].at_ms;
    if (in_column || in_metadata)
        add_state(script, at_ms);
    script->openings =
        mem_resize(script->openings, count + 1, sizeof *script->openings);
    for (; i > 0 && script->openings[i - 1].at_ms > at_ms; i--)
        script->openings[i] = script->openings[i - 1];
    script->openings[i] = (struct opening){key, at_ms, in_column, in_metadata};
    script->opening_count++;
    script->streams =
        mem_resize(script->streams, script->stream_count + count + 1,
                   sizeof *script->streams);
}

/* Asking. */

const char *script_about(const struct script *script)
{
    return member_text(script->root, "about", "");
}

size_t script_count(const struct script *script)
{
    return script->count;
}

int64_t script_at_ms(const struct script *script, size_t state)
{
    return script->states[state].at_ms;
}

/* How many states begin at or before ms. */
static size_t begun(const struct script *script, int64_t ms)
{
    size_t low = 0;
    size_t high = script->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (script->states[middle].at_ms <= ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t script_state_at(const struct script *script, int64_t ms)
{
    size_t count = begun(script, ms);
    return count > 0 ? count - 1 : 0;
}

size_t script_state_of(const struct script *script, int64_t ms)
{
    size_t count = begun(script, ms);
    if (count > 0 && script->states[count - 1].at_ms == ms)
        return count - 1;
    return script->count;
}

int script_attempt(const struct script *script, size_t state)
{
    return script->states[state].attempt;
}

json_t *script_metadata(const struct script *script)
{
    json_t *metadata = script->player.metadata;
    return json_is_object(metadata) ? metadata : NULL;
}

json_t *script_payload(const struct script *script)
{
    return script->payload;
}

json_t *script_output(const struct script *script)
{
    return script->player.output;
}

json_t *script_error(const struct script *script)
{
    return script->player.error;
}

json_t *script_member(const struct script *script, const char *name)
{
    return json_object_get(script->root, name);
}

json_t *script_scenario(const struct script *script)
{
    return script->root;
}
