#include "config.h"

#include "wire/wire_error.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "text/utf8.h"
#include "wire/json_load.h"

enum {
    MAX_REASON = 200
};

static void clear(struct run_error *error)
{
    free(error->type);
    free(error->name);
    free(error->message);
    free(error->code);
    free(error->stack);
    *error = (struct run_error){0};
}

/* A member as text, NUL made visible; NULL when it is absent. */
static char *member_text(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value))
        return NULL;
    if (!json_is_string(value))
        return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    return facts_text(json_string_value(value), json_string_length(value));
}

void wire_error_read(struct run_facts *facts, const char *text, size_t len)
{
    struct run_error *error = &facts->error;
    clear(error);
    facts->has_error = text != NULL;
    if (!text)
        return;
    json_t *object = json_load_text((struct slice){text, len},
                                    JSON_ALLOW_NUL | JSON_DECODE_ANY);
    if (json_is_null(object)) {
        facts->has_error = false;
    } else if (json_is_object(object)) {
        error->type = member_text(object, "type");
        error->name = member_text(object, "name");
        error->message = member_text(object, "message");
        error->code = member_text(object, "code");
        error->stack = member_text(object, "stackTrace");
        if (!error->message)
            error->message = member_text(object, "raw");
    } else if (json_is_string(object)) {
        error->message =
            facts_text(json_string_value(object), json_string_length(object));
    } else {
        error->message = facts_text(text, len);
    }
    json_decref(object);
}

static json_t *first_string(json_t *object)
{
    static const char *const keys[] = {"error", "message", "detail", "title"};
    if (json_is_string(object))
        return object;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *value = json_object_get(object, keys[i]);
        if (json_is_object(value))
            value = json_object_get(value, "message");
        if (json_is_string(value) && json_string_length(value))
            return value;
    }
    return NULL;
}

/* One line, white space folded, cut at a character's edge. */
static bool add_line(struct buf *out, const char *text, size_t len)
{
    size_t start = out->len;
    bool space = false;
    while (len) {
        uint32_t code;
        size_t used = utf8_decode(text, len, &code);
        if (code <= ' ' || code == 0x7f) {
            space = out->len > start;
        } else {
            char bytes[UTF8_MAX_BYTES];
            size_t size = utf8_encode(code, bytes);
            if (out->len - start + space + size > MAX_REASON)
                break;
            if (space)
                buf_addc(out, ' ');
            buf_add(out, bytes, size);
            space = false;
        }
        text += used;
        len -= used;
    }
    return out->len > start;
}

/* The first line that holds anything, if the body is text at all. */
static bool add_first_line(struct buf *out, const char *body, size_t len)
{
    if (memchr(body, '\0', len) || !utf8_valid(body, len))
        return false;
    while (len) {
        const char *stop = memchr(body, '\n', len);
        size_t line = stop ? (size_t)(stop - body) : len;
        if (add_line(out, body, line))
            return true;
        body += line + (stop != NULL);
        len -= line + (stop != NULL);
    }
    return false;
}

bool wire_error_is_page(const char *body, size_t len)
{
    while (len && isspace((unsigned char)*body)) {
        body++;
        len--;
    }
    return len && *body == '<';
}

static bool add_title(struct buf *out, const char *body, size_t len)
{
    static const char tag[] = "<title";
    const char *end = body + len;
    for (const char *p = body; (size_t)(end - p) > sizeof tag; p++) {
        if (strncasecmp(p, tag, sizeof tag - 1) != 0)
            continue;
        const char *start = memchr(p, '>', (size_t)(end - p));
        const char *stop =
            start ? memchr(start, '<', (size_t)(end - start)) : NULL;
        return stop && add_line(out, start + 1, (size_t)(stop - start - 1));
    }
    return false;
}

bool wire_error_reason(struct buf *out, const char *body, size_t len)
{
    struct buf store = buf_make(0);
    json_t *object = json_load_text(json_body_text(&store, body, len),
                                    JSON_ALLOW_NUL | JSON_DECODE_ANY);
    buf_free(&store);
    json_t *text = first_string(object);
    bool added = false;
    if (text)
        added =
            add_line(out, json_string_value(text), json_string_length(text));
    else if (!object && wire_error_is_page(body, len))
        added = add_title(out, body, len);
    else if (!object && len)
        added = add_first_line(out, body, len);
    json_decref(object);
    return added;
}
