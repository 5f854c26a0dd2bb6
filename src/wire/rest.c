#include "config.h"

#include "wire/rest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/mem.h"
#include "wire/json_load.h"
#include "wire/pgarray.h"

static bool refuse(json_t *root, struct error *err)
{
    json_decref(root);
    return error_set(err, ERROR_PROTOCOL,
                     "the answer is not a run (broken JSON, or another kind "
                     "of object)");
}

static char *text_of(json_t *value)
{
    return facts_text(json_string_value(value), json_string_length(value));
}

static void take_text(json_t *object, const char *key, char **text)
{
    json_t *value = json_object_get(object, key);
    if (!json_is_string(value))
        return;
    free(*text);
    *text = text_of(value);
}

static void take_instant(json_t *object, const char *key, int64_t *instant)
{
    json_t *value = json_object_get(object, key);
    int64_t at;
    if (json_is_string(value) &&
        instant_parse_database(json_string_value(value),
                               json_string_length(value), &at))
        *instant = at;
}

/* A member's text where it lies; the last one counts, as for jansson. */
static struct slice raw_member(struct slice object, const char *name)
{
    struct json_walk walk;
    struct slice key, value, found = {0};
    if (json_walk_start(&walk, object))
        while (json_walk_next(&walk, &key, &value))
            if (slice_is(key, name))
                found = value;
    return found;
}

/* Texts are taken as they are written: jansson would spell numbers in another
 * way, and the log would not be recognised. */
static char *raw_text(struct slice value)
{
    struct buf raw = buf_make(0);
    if (!value.data || slice_is(value, "null"))
        return NULL;
    if (value.data[0] == '"')
        json_unescape(&raw, value.data + 1, value.len - 2);
    else
        json_compact(&raw, value);
    char *text = facts_text(buf_str(&raw), raw.len);
    buf_free(&raw);
    return text;
}

static void take_object(struct rest_run *run, json_t *object, struct slice raw)
{
    run->object = json_incref(object);
    if (json_is_object(json_object_get(object, "metadata")))
        run->metadata = raw_text(raw_member(raw, "metadata"));
    run->payload = raw_text(raw_member(raw, "payload"));
    run->output = raw_text(raw_member(raw, "output"));
    if (!run->output) /* the oldest polling bodies */
        run->output = raw_text(raw_member(raw, "data"));
    run->updated_ms = INSTANT_NONE;
    take_instant(object, "updatedAt", &run->updated_ms);
    json_t *status = json_object_get(object, "status");
    run->finished =
        status_is_terminal(status_from_word(json_string_value(status),
                                            json_string_length(status))) ||
        json_is_string(json_object_get(object, "finishedAt"));
}

static struct slice whole(struct slice text)
{
    const char *end = text.data + text.len;
    const char *start = json_skip_space(text.data, end);
    return (struct slice){start, (size_t)(end - start)};
}

static struct slice first_of(struct slice array)
{
    struct json_walk walk;
    struct slice key, value = {0};
    if (json_walk_start(&walk, array))
        json_walk_next(&walk, &key, &value);
    return value;
}

static bool read_run(struct rest_run *run, struct slice text, struct error *err)
{
    json_t *root = json_load_text(text, JSON_ALLOW_NUL);
    if (!json_is_string(json_object_get(root, "status")) ||
        !json_is_string(json_object_get(root, "id")))
        return refuse(root, err);
    take_object(run, root, whole(text));
    json_decref(root);
    return true;
}

bool rest_run_parse(struct rest_run *run, const char *json, size_t len,
                    struct error *err)
{
    struct buf store = buf_make(0);
    *run = (struct rest_run){0};
    bool read = read_run(run, json_body_text(&store, json, len), err);
    buf_free(&store);
    return read;
}

static bool read_poll(struct rest_run *run, struct slice text,
                      struct error *err)
{
    json_t *root = json_load_text(text, JSON_ALLOW_NUL);
    json_t *runs = json_object_get(root, "runs");
    if (json_is_array(runs) && json_array_size(runs) == 0) {
        json_decref(root);
        return error_set(err, ERROR_NOT_FOUND,
                         "the polling endpoint knows no such run");
    }
    json_t *object = json_is_array(runs) ? json_array_get(runs, 0) : root;
    json_t *status = json_object_get(object, "status");
    if (!json_is_string(status))
        return refuse(root, err);
    struct slice raw = whole(text);
    take_object(run, object,
                object == root ? raw : first_of(raw_member(raw, "runs")));
    json_decref(root);
    return true;
}

bool rest_run_parse_poll(struct rest_run *run, const char *json, size_t len,
                         struct error *err)
{
    struct buf store = buf_make(0);
    *run = (struct rest_run){0};
    bool read = read_poll(run, json_body_text(&store, json, len), err);
    buf_free(&store);
    return read;
}

void rest_run_free(struct rest_run *run)
{
    json_decref(run->object);
    free(run->metadata);
    free(run->payload);
    free(run->output);
    *run = (struct rest_run){0};
}

static void take_tags(json_t *object, struct run_facts *facts)
{
    json_t *tags = json_object_get(object, "tags");
    json_t *tag;
    size_t i;
    if (!json_is_array(tags))
        return;
    pgarray_free(facts->tags, facts->tag_count);
    facts->tags = mem_zalloc(json_array_size(tags), sizeof *facts->tags);
    facts->tag_count = 0;
    json_array_foreach(tags, i, tag) if (json_is_string(tag))
        facts->tags[facts->tag_count++] = text_of(tag);
}

static void take_error(json_t *object, struct run_facts *facts)
{
    json_t *error = json_object_get(object, "error");
    if (json_is_string(error)) {
        free(facts->error.message);
        facts->error.message = text_of(error);
        facts->has_error = true;
    } else if (json_is_object(error)) {
        take_text(error, "name", &facts->error.name);
        take_text(error, "message", &facts->error.message);
        take_text(error, "stackTrace", &facts->error.stack);
        facts->has_error = true;
    }
}

static void replace(char **text, const char *with)
{
    if (!with)
        return;
    free(*text);
    *text = mem_strdup(with);
}

static void take_cost(json_t *object, struct run_facts *facts)
{
    json_t *cost = json_object_get(object, "costInCents");
    json_t *base = json_object_get(object, "baseCostInCents");
    if (json_is_number(cost))
        facts->cost_cents = json_number_value(cost);
    if (json_is_number(base))
        facts->base_cost_cents = json_number_value(base);
}

void rest_run_details(const struct rest_run *run, struct run_facts *facts)
{
    json_t *attempts = json_object_get(run->object, "attemptCount");
    if (json_is_number(attempts) && json_number_value(attempts) >= 1 &&
        json_number_value(attempts) < 10000)
        facts->attempt = (int)json_number_value(attempts);
    take_text(run->object, "version", &facts->version);
}

static void take_instants(json_t *object, struct run_facts *facts)
{
    take_instant(object, "createdAt", &facts->created_ms);
    take_instant(object, "updatedAt", &facts->updated_ms);
    take_instant(object, "startedAt", &facts->started_ms);
    take_instant(object, "finishedAt", &facts->completed_ms);
    take_instant(object, "expiredAt", &facts->expired_ms);
    take_instant(object, "delayedUntil", &facts->delayed_until_ms);
}

void rest_run_facts(const struct rest_run *run, struct run_facts *facts)
{
    json_t *object = run->object;
    json_t *status = json_object_get(object, "status");
    facts->status =
        status_from_word(json_string_value(status), json_string_length(status));
    take_text(object, "status", &facts->status_text);
    take_text(object, "taskIdentifier", &facts->task);
    take_text(object, "ttl", &facts->ttl);
    take_instants(object, facts);
    take_tags(object, facts);
    take_error(object, facts);
    take_cost(object, facts);
    json_t *usage = json_object_get(object, "durationMs");
    if (json_number_value(usage) > 0 && json_number_value(usage) < 1e15)
        facts->usage_ms = (int64_t)json_number_value(usage);
    replace(&facts->payload, run->payload);
    replace(&facts->output, run->output);
    json_t *test = json_object_get(object, "isTest");
    if (json_is_boolean(test))
        facts->is_test = json_is_true(test);
    rest_run_details(run, facts);
}
