#include "config.h"

#include "wire/rest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/mem.h"
#include "wire/pgarray.h"

static bool refuse(json_t *root, struct error *err)
{
    json_decref(root);
    return error_set(err, ERROR_PROTOCOL,
                     "the answer is not a run (broken JSON, or another kind "
                     "of object)");
}

static bool take_object(struct rest_run *run, json_t *object, json_t *root)
{
    run->object = json_incref(object);
    json_t *metadata = json_object_get(object, "metadata");
    run->metadata = json_is_object(metadata)
                        ? json_dumps(metadata, JSON_COMPACT |
                                                   JSON_REAL_PRECISION(15))
                        : NULL;
    json_decref(root);
    return true;
}

static json_t *load(const char *json, size_t len)
{
    json_t *root = json_loadb(json, len, JSON_ALLOW_NUL, NULL);
    if (!root) /* numbers beyond 64 bits are legal where they come from */
        root = json_loadb(json, len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL,
                          NULL);
    return root;
}

bool rest_run_parse(struct rest_run *run, const char *json, size_t len,
                    struct error *err)
{
    *run = (struct rest_run){0};
    json_t *root = load(json, len);
    if (!json_is_string(json_object_get(root, "status")) ||
        !json_is_string(json_object_get(root, "id")))
        return refuse(root, err);
    return take_object(run, root, root);
}

bool rest_run_parse_poll(struct rest_run *run, const char *json, size_t len,
                         struct error *err)
{
    *run = (struct rest_run){0};
    json_t *root = load(json, len);
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
    return take_object(run, object, root);
}

void rest_run_free(struct rest_run *run)
{
    json_decref(run->object);
    free(run->metadata);
    *run = (struct rest_run){0};
}

static char *text_of(json_t *value)
{
    char *text = mem_strndup(json_string_value(value),
                             json_string_length(value));
    for (size_t i = 0; i < json_string_length(value); i++)
        if (!text[i])
            text[i] = ' ';
    return text;
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
    json_array_foreach(tags, i, tag)
        if (json_is_string(tag))
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

/* A value as compact JSON, or a string as it is. */
static void take_value(json_t *object, const char *key, char **text)
{
    json_t *value = json_object_get(object, key);
    if (!value)
        return;
    free(*text);
    *text = json_is_string(value)
                ? text_of(value)
                : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY |
                                        JSON_REAL_PRECISION(15));
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
    facts->status = status_from_word(json_string_value(status),
                                     json_string_length(status));
    take_text(object, "status", &facts->status_text);
    take_text(object, "taskIdentifier", &facts->task);
    take_text(object, "ttl", &facts->ttl);
    take_instants(object, facts);
    take_tags(object, facts);
    take_error(object, facts);
    take_cost(object, facts);
    take_value(object, "payload", &facts->payload);
    take_value(object, "output", &facts->output);
    take_value(object, "data", &facts->output);
    json_t *test = json_object_get(object, "isTest");
    if (json_is_boolean(test))
        facts->is_test = json_is_true(test);
    rest_run_details(run, facts);
}
