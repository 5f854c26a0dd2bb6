#include "config.h"

#include "sim/fault.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

static const struct fault_kind *find(const char *name, size_t len)
{
    for (size_t i = 0; i < fault_kind_count(); i++) {
        const struct fault_kind *kind = fault_kind(i);
        if (strlen(kind->name) == len && memcmp(kind->name, name, len) == 0)
            return kind;
    }
    return NULL;
}

static bool add(struct fault_list *list, struct fault fault)
{
    if (fault.left == 0)
        fault.left = fault.kind->lasting ? -1 : 1;
    list->items = mem_resize(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = fault;
    return true;
}

/* Digits alone; *end is left behind them. False when there are none. */
static bool read_count(const char *text, size_t *count, const char **end)
{
    size_t digits = strspn(text, "0123456789");
    *count = (size_t)strtoul(text, NULL, 10);
    *end = text + digits;
    return digits > 0 && digits < 10;
}

/* ":NUMBER", "@STATE", "@STATExTIMES", in this order; each may be absent. */
static bool read_when(const char *text, struct fault *fault)
{
    size_t times;
    if (*text == ':' && (fault->kind->effect != FAULT_SPOIL ||
                         !read_count(text + 1, &fault->number, &text)))
        return false;
    if (*text == '@' && !read_count(text + 1, &fault->at, &text))
        return false;
    if (*text == 'x') {
        if (!read_count(text + 1, &times, &text) || times == 0)
            return false;
        fault->left = (int)times;
    }
    return *text == '\0';
}

/* "ROUTE/"; *text is left behind it. */
static bool read_route(const char **text, struct fault *fault)
{
    static const char *const words[] = {"any/",    "feed/",   "api/",
                                        "poll/",   "stream/", "agent/",
                                        "events/", "token/"};
    if (!strchr(*text, '/'))
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t len = strlen(words[i]);
        if (strncmp(*text, words[i], len) == 0) {
            fault->route = (enum fault_route)i;
            *text += len;
            return true;
        }
    }
    return false;
}

static bool add_one(struct fault_list *list, const char *text, int left,
                    size_t at, struct error *err)
{
    struct fault fault = {.left = left, .at = at};
    const char *name = text;
    bool routed = read_route(&name, &fault);
    size_t len = strcspn(name, ":@");
    fault.kind = find(name, len);
    if (!fault.kind)
        return error_set(
            err, ERROR_USAGE,
            "no fault is named \"%.*s\"; runtail demo --list names "
            "those there are",
            (int)(name + len - text), text);
    if (fault.kind->effect == FAULT_SPOIL)
        fault.number = spoil_default((enum spoil)fault.kind->status);
    if (routed && (name == text || fault.kind->place == FAULT_WIRE) &&
        read_when(name + len, &fault))
        return add(list, fault);
    return error_set(err, ERROR_USAGE,
                     "a fault is KIND, KIND@STATE or KIND@STATExTIMES, some "
                     "are ROUTE/KIND:NUMBER; not \"%s\"",
                     text);
}

bool fault_add(struct fault_list *list, const char *text, struct error *err)
{
    bool good = true;
    do {
        size_t len = strcspn(text, ",");
        char *one = mem_strndup(text, len);
        good = add_one(list, one, 0, 0, err);
        free(one);
        text += len;
    } while (good && *text++ == ',');
    return good;
}

bool fault_add_json(struct fault_list *list, json_t *faults, struct error *err)
{
    size_t i;
    json_t *item;
    json_array_foreach(faults, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "kind"));
        if (!name)
            return error_set(err, ERROR_USAGE,
                             "fault %zu of the scenario has no \"kind\"",
                             i + 1);
        if (!add_one(list, name,
                     (int)json_integer_value(json_object_get(item, "times")),
                     (size_t)json_integer_value(json_object_get(item, "at")),
                     err))
            return false;
    }
    return true;
}

void fault_list_free(struct fault_list *list)
{
    free(list->items);
    *list = (struct fault_list){0};
}

bool fault_is_within_character(const struct fault *fault)
{
    enum spoil spoil = (enum spoil)fault->kind->status;
    return fault->kind->effect == FAULT_SPOIL &&
           (spoil == SPOIL_CLOSE_CHARACTER || spoil == SPOIL_RESET_CHARACTER ||
            spoil == SPOIL_SILENCE_CHARACTER);
}

/* The first that is due, counted as happened. */
static const struct fault *take(struct fault_list *list, enum fault_place place,
                                enum fault_route route, size_t state,
                                bool has_text)
{
    for (size_t i = 0; i < list->count; i++) {
        struct fault *fault = &list->items[i];
        bool there = fault->route == route ||
                     (fault->route == ROUTE_ANY && route != ROUTE_TOKEN);
        if (fault->kind->place != place || !there || fault->left == 0 ||
            state < fault->at ||
            (!has_text && fault_is_within_character(fault)))
            continue;
        if (fault->left > 0)
            fault->left--;
        return fault;
    }
    return NULL;
}

const struct fault_kind *fault_take(struct fault_list *list,
                                    enum fault_place place, size_t state)
{
    const struct fault *fault = take(list, place, ROUTE_ANY, state, true);
    return fault ? fault->kind : NULL;
}

const struct fault *fault_take_wire(struct fault_list *list,
                                    enum fault_route route, size_t state,
                                    bool has_text)
{
    return take(list, FAULT_WIRE, route, state, has_text);
}

static void strip_headers(struct answer *answer)
{
    struct fields kept = {0};
    for (size_t i = 0; i < answer->headers.count; i++) {
        struct field *field = &answer->headers.items[i];
        if (strncasecmp(field->name, "electric-", 9) != 0)
            fields_add(&kept, field->name, field->value);
    }
    fields_free(&answer->headers);
    answer->headers = kept;
}

static void replace(const struct fault_kind *kind, struct answer *answer)
{
    answer_free(answer);
    answer->status = kind->status;
    answer->chunked = kind->status != 204;
    fields_add(&answer->headers, "content-type",
               kind->type ? kind->type : "application/json; charset=utf-8");
    if (kind->retry_after)
        fields_add(&answer->headers, "retry-after", kind->retry_after);
    buf_adds(&answer->body, kind->body);
}

static void end_with(struct answer *answer, enum answer_end end)
{
    answer_free(answer);
    answer->end = end;
}

void fault_apply(const struct fault_kind *kind, struct answer *answer)
{
    switch (kind->effect) {
    case FAULT_ANSWER:
        replace(kind, answer);
        break;
    case FAULT_NO_HEADERS:
        strip_headers(answer);
        break;
    case FAULT_EMPTY:
        buf_clear(&answer->body);
        break;
    case FAULT_CUT:
        answer->end = ANSWER_CUT;
        answer->cut_at = answer->body.len / 2;
        break;
    case FAULT_BROKEN_JSON:
        buf_truncate(&answer->body, answer->body.len / 2);
        break;
    case FAULT_CLOSE:
        end_with(answer, ANSWER_CLOSE);
        break;
    case FAULT_RESET:
        end_with(answer, ANSWER_RESET);
        break;
    case FAULT_HANG:
        end_with(answer, ANSWER_HANG);
        break;
    case FAULT_REFETCH:
    case FAULT_REFETCH_OLD:
    case FAULT_TOKEN_EXPIRED:
    case FAULT_TOKEN_OTHER_RUN:
    case FAULT_RATE_LIMIT:
    case FAULT_EOF:
    case FAULT_SILENCE:
    case FAULT_LAST:
    case FAULT_SPOIL:
    case FAULT_AGAIN:
    case FAULT_RENEW:
    case FAULT_NO_HOST:
    case FAULT_REFUSE:
    case FAULT_TLS:
        break; /* made where the shape, the key, the time or the stream is
                * known */
    }
}
