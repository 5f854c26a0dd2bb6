/* What of a chunk is fit to be shown: pictures, sounds and the like come as
 * data: URLs, base64 or lists of bytes, of which only the size is of use. */
#include "config.h"

#include "wire/chunk_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "text/utf8.h"

enum {
    MAX_MEDIA_TYPE = 64,
    MAX_URL_HEAD = 256, /* of a data: URL, before the comma */
    MIN_BASE64 = 512,   /* shorter ones may be keys, hashes or words */
    MIN_BINARY = 8,
    MIN_BYTES = 16 /* of a list of bytes */
};

void chunk_add_size(struct buf *out, size_t bytes)
{
    static const char *const units[] = {"KiB", "MiB", "GiB"};
    if (bytes < 1024) {
        buf_addf(out, "%zu byte%s", bytes, bytes == 1 ? "" : "s");
        return;
    }
    double size = (double)bytes / 1024;
    size_t unit = 0;
    while (size >= 1024 && unit + 1 < sizeof units / sizeof *units) {
        size /= 1024;
        unit++;
    }
    buf_addf(out, "%.1f %s", size, units[unit]);
}

static void add_hidden(struct buf *out, const char *what, size_t what_len,
                       size_t bytes)
{
    buf_addc(out, '(');
    buf_add(out, what, what_len);
    buf_adds(out, ", ");
    chunk_add_size(out, bytes);
    buf_addc(out, ')');
}

/* "data:image/png;base64,…" */
static bool hide_data_url(struct buf *out, const char *text, size_t len)
{
    static const char scheme[] = "data:";
    const size_t start = sizeof scheme - 1;
    size_t at = start, type_end = 0;
    if (len <= start || strncasecmp(text, scheme, start) != 0)
        return false;
    for (; at < len && at < MAX_URL_HEAD && text[at] != ','; at++) {
        if ((unsigned char)text[at] <= ' ')
            return false;
        if (text[at] == ';' && !type_end)
            type_end = at;
    }
    if (at == len || text[at] != ',')
        return false;
    if (!type_end)
        type_end = at;
    size_t type_len = type_end - start;
    if (type_len > 0 && type_len <= MAX_MEDIA_TYPE)
        add_hidden(out, text + start, type_len, len - at - 1);
    else
        add_hidden(out, "data", strlen("data"), len - at - 1);
    return true;
}

static bool is_base64(const char *text, size_t len)
{
    bool upper = false, lower = false, digit = false;
    if (len < MIN_BASE64)
        return false;
    while (len && text[len - 1] == '=')
        len--;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 'A' && c <= 'Z')
            upper = true;
        else if (c >= 'a' && c <= 'z')
            lower = true;
        else if (c >= '0' && c <= '9')
            digit = true;
        else if (!strchr("+/-_", c) || !c)
            return false;
    }
    return upper && lower && digit;
}

static bool is_odd(uint32_t code)
{
    return code == UTF8_REPLACEMENT ||
           (code < 0x20 && (!code || !strchr("\t\n\v\f\r\b\033", (int)code)));
}

/* More than one in ten is a control or no character at all. */
static bool is_binary(const char *text, size_t len)
{
    size_t odd = 0, all = 0;
    uint32_t code;
    if (len < MIN_BINARY)
        return false;
    for (size_t at = 0; at < len; all++) {
        at += utf8_decode(text + at, len - at, &code);
        odd += is_odd(code);
    }
    return odd * 10 > all;
}

bool chunk_hide(struct buf *out, const char *text, size_t len)
{
    static const char binary[] = "binary data";
    if (hide_data_url(out, text, len))
        return true;
    if (!is_base64(text, len) && !is_binary(text, len))
        return false;
    add_hidden(out, binary, sizeof binary - 1, len);
    return true;
}

/* May it have to be hidden? inside: still escaped. What is not worth undoing
 * the escapes for is passed by. */
static bool is_suspect(struct slice inside)
{
    if (inside.len < MIN_BINARY)
        return false;
    return strncasecmp(inside.data, "data:", 5) == 0 ||
           inside.len >= MIN_BASE64 ||
           memchr(inside.data, '\\', inside.len) != NULL ||
           memchr(inside.data, 0xEF, inside.len) != NULL;
}

/* p after an opening quote; returns where to go on. */
static const char *add_string(struct buf *out, const char *p, const char *end)
{
    const char *quote = json_string_end(p, end);
    struct slice inside = {p, (size_t)((quote ? quote : end) - p)};
    struct buf plain = buf_make(0);
    buf_addc(out, '"');
    bool hidden = is_suspect(inside) &&
                  json_unescape(&plain, inside.data, inside.len) &&
                  chunk_hide(out, buf_str(&plain), plain.len);
    if (!hidden)
        buf_add(out, inside.data, inside.len);
    buf_addc(out, '"');
    buf_free(&plain);
    return quote ? quote + 1 : end;
}

/* Passes the text and the white space behind it; NULL when it is not there. */
static const char *pass(const char *p, const char *end, const char *text)
{
    size_t len = strlen(text);
    if (!p || (size_t)(end - p) < len || memcmp(p, text, len) != 0)
        return NULL;
    return json_skip_space(p + len, end);
}

/* At a list's first number: behind the last one, *count is set. */
static const char *pass_bytes(const char *p, const char *end, size_t *count)
{
    *count = 0;
    while (p && p < end && isdigit((unsigned char)*p)) {
        while (p < end && isdigit((unsigned char)*p))
            p++;
        ++*count;
        const char *next = pass(json_skip_space(p, end), end, ",");
        if (!next)
            break;
        p = next;
    }
    return p;
}

/* At the brace of what a Buffer becomes as JSON: behind it, *count is set.
 * NULL when it is something else. */
static const char *pass_buffer(const char *p, const char *end, size_t *count)
{
    static const char *const tokens[] = {"{", "\"type\"", ":", "\"Buffer\"",
                                         ",", "\"data\"", ":", "["};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++)
        p = pass(p, end, tokens[i]);
    if (!p)
        return NULL;
    p = json_skip_space(pass_bytes(p, end, count), end);
    return pass(pass(p, end, "]"), end, "}");
}

/* The same for an array of bytes: {"0":137,"1":80,…}. */
static const char *pass_byte_array(const char *p, const char *end,
                                   size_t *count)
{
    char key[32];
    *count = 0;
    p = pass(p, end, "{");
    while (p && p < end && *p == '"') {
        snprintf(key, sizeof key, "\"%zu\"", *count);
        p = pass(pass(p, end, key), end, ":");
        if (!p || p == end || !isdigit((unsigned char)*p))
            return NULL;
        while (p < end && isdigit((unsigned char)*p))
            p++;
        ++*count;
        p = json_skip_space(p, end);
        if (p < end && *p == ',')
            p = json_skip_space(p + 1, end);
    }
    return *count >= MIN_BYTES ? pass(p, end, "}") : NULL;
}

/* At a brace: a list of bytes as its size. NULL when it is none. */
static const char *add_bytes(struct buf *out, const char *p, const char *end)
{
    static const char binary[] = "binary data";
    size_t count;
    const char *stop = pass_buffer(p, end, &count);
    if (!stop)
        stop = pass_byte_array(p, end, &count);
    if (!stop)
        return NULL;
    buf_addc(out, '"');
    add_hidden(out, binary, sizeof binary - 1, count);
    buf_addc(out, '"');
    return stop;
}

struct slice chunk_json(struct buf *in, struct slice value)
{
    if (!value.data)
        return (struct slice){0};
    const char *p = value.data, *end = value.data + value.len;
    buf_clear(in);
    while ((p = json_skip_space(p, end)) < end) {
        const char *start = p;
        if (*p == '"') {
            p = add_string(in, p + 1, end);
            continue;
        }
        if (*p == '{' && (p = add_bytes(in, start, end)))
            continue;
        p = start + 1;
        while (p < end && !strchr("\" \n\r\t{", *p))
            p++;
        buf_add(in, start, (size_t)(p - start));
    }
    return (struct slice){buf_str(in), in->len};
}

struct slice chunk_shown(struct buf *in, struct slice value)
{
    if (!chunk_is_string(value))
        return chunk_json(in, value);
    struct slice text = chunk_text(in, value);
    struct buf hidden = buf_make(0);
    if (text.data && chunk_hide(&hidden, text.data, text.len)) {
        buf_clear(in);
        buf_add(in, hidden.data, hidden.len);
        text = (struct slice){buf_str(in), in->len};
    }
    buf_free(&hidden);
    return text;
}
