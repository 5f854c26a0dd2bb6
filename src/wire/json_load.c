#include "config.h"

#include "wire/json_load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text/escape.h"
#include "text/utf8.h"
#include "wire/json_valid.h"

static const char mark[] = "\xEF\xBB\xBF";
static const char nul[] = "\\u0000";

struct slice json_body_text(struct buf *store, const char *bytes, size_t len)
{
    size_t mark_len = sizeof mark - 1;
    if (len >= mark_len && memcmp(bytes, mark, mark_len) == 0) {
        bytes += mark_len;
        len -= mark_len;
    }
    if (utf8_valid(bytes, len))
        return (struct slice){bytes, len};
    utf8_repair(store, bytes, len);
    return (struct slice){buf_str(store), store->len};
}

static void add_name(struct buf *out, const char *p, const char *end)
{
    while (p < end) {
        size_t used = *p == '\\' ? 2 : 1;
        if ((size_t)(end - p) >= sizeof nul - 1 &&
            memcmp(p, nul, sizeof nul - 1) == 0) {
            buf_adds(out, "\\ufffd");
            used = sizeof nul - 1;
        } else {
            buf_add(out, p, used);
        }
        p += used;
    }
}

/* p stands at the opening quote. One past the closing one; NULL: cut off. */
static const char *add_string(struct buf *out, const char *p, const char *end)
{
    const char *stop = json_string_end(p + 1, end);
    if (!stop)
        return NULL;
    const char *next = json_skip_space(stop + 1, end);
    if (next < end && *next == ':')
        add_name(out, p, stop + 1);
    else
        buf_add(out, p, (size_t)(stop + 1 - p));
    return stop + 1;
}

static const char *add_number(struct buf *out, const char *p, const char *end)
{
    size_t start = out->len, len = 0;
    while (p + len < end && p[len] && strchr("+-.0123456789Ee", p[len]))
        len++;
    buf_add(out, p, len);
    if (json_valid(p, len) && isinf(strtod(out->data + start, NULL))) {
        buf_truncate(out, start);
        buf_adds(out, *p == '-' ? "-1e308" : "1e308");
    }
    return p + len;
}

static bool opens(char byte)
{
    return byte == '[' || byte == '{';
}

static bool closes(char byte)
{
    return byte == ']' || byte == '}';
}

/* Appends the text in a form that is no more to jansson than the grammar is;
 * false when it is cut off. */
static bool tame(struct buf *out, struct slice text)
{
    const char *p = text.data, *end = text.data + text.len;
    size_t depth = 0;
    while (p && p < end) {
        if (*p == '"') {
            p = add_string(out, p, end);
        } else if (*p == '-' || (*p >= '0' && *p <= '9')) {
            p = add_number(out, p, end);
        } else if (opens(*p) && depth == JSON_LOAD_DEPTH) {
            buf_adds(out, "null");
            p = json_value_end(p, end);
        } else {
            depth += opens(*p);
            depth -= closes(*p) && depth > 0;
            buf_addc(out, *p++);
        }
    }
    return p != NULL;
}

static json_t *load(const char *json, size_t len, size_t flags)
{
    json_t *root = json_loadb(json, len, flags, NULL);
    if (!root)
        root = json_loadb(json, len, flags | JSON_DECODE_INT_AS_REAL, NULL);
    return root;
}

json_t *json_load_text(struct slice text, size_t flags)
{
    json_t *root = load(text.data, text.len, flags);
    struct buf tamed = buf_make(0), safe = buf_make(0);
    if (!root && tame(&tamed, text) && json_valid(tamed.data, tamed.len)) {
        escape_raw_json(&safe, tamed.data, tamed.len); /* surrogates */
        root = load(buf_str(&safe), safe.len, flags);
    }
    buf_free(&tamed);
    buf_free(&safe);
    return root;
}
