#include "config.h"

#include "wire/wire_error.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/utf8.h"

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
    json_t *object =
        json_loadb(text, len, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
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

static const char *first_string(json_t *object)
{
    static const char *const keys[] = {"error", "message", "detail", "title"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *value = json_object_get(object, keys[i]);
        if (json_is_object(value))
            value = json_object_get(value, "message");
        if (json_is_string(value) && json_string_length(value))
            return json_string_value(value);
    }
    return NULL;
}

/* One line, white space folded, cut at a character's edge. */
static bool add_line(struct buf *out, const char *text, size_t len)
{
    size_t start = out->len;
    bool space = false;
    while (len && out->len - start < MAX_REASON) {
        uint32_t code;
        size_t used = utf8_decode(text, len, &code);
        if (code <= ' ' || code == 0x7f) {
            space = out->len > start;
        } else {
            char bytes[UTF8_MAX_BYTES];
            if (space)
                buf_addc(out, ' ');
            buf_add(out, bytes, utf8_encode(code, bytes));
            space = false;
        }
        text += used;
        len -= used;
    }
    return out->len > start;
}

static bool is_html(const char *body, size_t len)
{
    while (len && isspace((unsigned char)*body)) {
        body++;
        len--;
    }
    return len && *body == '<';
}

static bool add_title(struct buf *out, const char *body, size_t len)
{
    const char *title = memmem(body, len, "<title>", 7);
    if (!title)
        return false;
    title += 7;
    const char *stop = memchr(title, '<', (size_t)(body + len - title));
    return stop && add_line(out, title, (size_t)(stop - title));
}

bool wire_error_reason(struct buf *out, const char *body, size_t len)
{
    json_t *object = json_loadb(body, len, 0, NULL);
    const char *text = first_string(object);
    bool added;
    if (object)
        added = text && add_line(out, text, strlen(text));
    else if (is_html(body, len))
        added = add_title(out, body, len);
    else
        added = add_line(out, body, len);
    json_decref(object);
    return added;
}
