#include "config.h"

#include "sim/js_json.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* How the two writers differ. */
struct spelling {
    const char *colon;
    const char *comma;
    bool sorted;
};

static const struct spelling javascript = {":", ",", false};
static const struct spelling jsonb = {": ", ", ", true};

static const char *short_escape(unsigned char byte)
{
    switch (byte) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

void js_add_string(struct buf *out, const char *text, size_t len)
{
    buf_addc(out, '"');
    size_t plain = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        const char *escape = short_escape(byte);
        if (!escape && byte >= 0x20)
            continue;
        buf_add(out, text + plain, i - plain);
        plain = i + 1;
        if (escape)
            buf_adds(out, escape);
        else
            buf_addf(out, "\\u%04x", byte);
    }
    buf_add(out, text + plain, len - plain);
    buf_addc(out, '"');
}

/* The fewest digits that read back as the same number, as "d.ddde±x". */
static void shortest(double number, char *out, size_t size)
{
    for (int digits = 0; digits <= 16; digits++) {
        snprintf(out, size, "%.*e", digits, number);
        if (strtod(out, NULL) == number)
            return;
    }
}

/* ECMA-262, Number::toString: plain digits for 1e-7 < |n| < 1e21. */
void js_add_number(struct buf *out, double number)
{
    if (!isfinite(number)) {
        buf_adds(out, "null");
        return;
    }
    if (number < 0)
        buf_addc(out, '-');
    char text[40];
    shortest(fabs(number), text, sizeof text);
    char digits[24] = "0";
    size_t count = 0;
    const char *p = text;
    for (; *p && *p != 'e'; p++)
        if (*p != '.')
            digits[count++] = *p;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    long point = strtol(p + 1, NULL, 10) + 1; /* digits before the point */
    if (point > 0 && point <= 21) {
        for (long i = 0; i < point; i++)
            buf_addc(out, (size_t)i < count ? digits[i] : '0');
        if ((size_t)point < count) {
            buf_addc(out, '.');
            buf_add(out, digits + point, count - (size_t)point);
        }
    } else if (point > -6 && point <= 0) {
        buf_adds(out, "0.");
        buf_fill(out, '0', (size_t)-point);
        buf_add(out, digits, count);
    } else {
        buf_addc(out, digits[0]);
        if (count > 1) {
            buf_addc(out, '.');
            buf_add(out, digits + 1, count - 1);
        }
        buf_addf(out, "e%+ld", point - 1);
    }
}

static void add_value(struct buf *out, json_t *value,
                      const struct spelling *how);

static void add_array(struct buf *out, json_t *array,
                      const struct spelling *how)
{
    buf_addc(out, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0)
            buf_adds(out, how->comma);
        add_value(out, json_array_get(array, i), how);
    }
    buf_addc(out, ']');
}

static int by_length_then_bytes(const void *a, const void *b)
{
    const char *left = *(const char *const *)a;
    const char *right = *(const char *const *)b;
    size_t left_len = strlen(left);
    size_t right_len = strlen(right);
    if (left_len != right_len)
        return left_len < right_len ? -1 : 1;
    return strcmp(left, right);
}

static void add_object(struct buf *out, json_t *object,
                       const struct spelling *how)
{
    size_t count = json_object_size(object);
    const char **names = mem_zalloc(count + 1, sizeof *names);
    size_t used = 0;
    const char *name;
    json_t *member;
    json_object_foreach(object, name, member)
    {
        names[used++] = name;
    }
    if (how->sorted)
        qsort(names, used, sizeof *names, by_length_then_bytes);
    buf_addc(out, '{');
    for (size_t i = 0; i < used; i++) {
        if (i > 0)
            buf_adds(out, how->comma);
        js_add_string(out, names[i], strlen(names[i]));
        buf_adds(out, how->colon);
        add_value(out, json_object_get(object, names[i]), how);
    }
    buf_addc(out, '}');
    free(names);
}

static void add_value(struct buf *out, json_t *value,
                      const struct spelling *how)
{
    switch (value ? json_typeof(value) : JSON_NULL) {
    case JSON_OBJECT:
        add_object(out, value, how);
        break;
    case JSON_ARRAY:
        add_array(out, value, how);
        break;
    case JSON_STRING:
        js_add_string(out, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        buf_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        js_add_number(out, json_real_value(value));
        break;
    case JSON_TRUE:
        buf_adds(out, "true");
        break;
    case JSON_FALSE:
        buf_adds(out, "false");
        break;
    case JSON_NULL:
        buf_adds(out, "null");
        break;
    }
}

void js_add_value(struct buf *out, json_t *value)
{
    add_value(out, value, &javascript);
}

void js_add_jsonb(struct buf *out, json_t *value)
{
    add_value(out, value, &jsonb);
}
