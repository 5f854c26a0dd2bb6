/* The text is looked at byte by byte where a secret or a token may begin, and
 * passed over in runs elsewhere. What begins one and is cut off by the end of
 * the piece is held; nothing else is. */
#include "config.h"

#include "wire/mask.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "wire/json_text.h"
#include "wire/url.h"

enum {
    SHORTEST_VALUE = 8,         /* of headers that are not known as secret */
    MAX_TOKEN_HEAD = 16 * 1024, /* longer is no token's header */
    LEAST_TOKEN_HEAD = 8,
    LEAST_TOKEN_BODY = 5
};

struct mask {
    char **secrets;
    size_t count;
    bool begins[256]; /* a secret or a token may begin with this byte */
};

struct mask *mask_create(void)
{
    struct mask *mask = mem_zalloc(1, sizeof *mask);
    mask->begins['e'] = true;
    return mask;
}

void mask_destroy(struct mask *mask)
{
    if (!mask)
        return;
    for (size_t i = 0; i < mask->count; i++) {
        mem_forget(&mask->secrets[i]);
    }
    free(mask->secrets);
    free(mask);
}

static void add_spelling(struct mask *mask, const char *secret)
{
    if (strlen(secret) < MASK_SHORTEST)
        return;
    for (size_t i = 0; i < mask->count; i++)
        if (strcmp(mask->secrets[i], secret) == 0)
            return;
    mask->secrets =
        mem_resize(mask->secrets, mask->count + 1, sizeof *mask->secrets);
    mask->secrets[mask->count++] = mem_strdup(secret);
    mask->begins[(unsigned char)*secret] = true;
}

/* With the escapes that JSON needs, and with the one it allows for a slash. */
static void escape_json(struct buf *out, const char *text, bool slashes)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\' || (slashes && *text == '/'))
            buf_addc(out, '\\');
        buf_addc(out, *text);
    }
}

void mask_add(struct mask *mask, const char *secret)
{
    struct buf spelled = buf_make(0);
    if (!secret)
        return;
    add_spelling(mask, secret);
    url_encode(&spelled, secret);
    add_spelling(mask, buf_str(&spelled));
    for (int slashes = 0; slashes < 2; slashes++) {
        buf_clear(&spelled);
        escape_json(&spelled, secret, slashes);
        add_spelling(mask, buf_str(&spelled));
    }
    buf_forget(&spelled);
}

bool mask_is_secret_name(const char *name, size_t len)
{
    static const char *const words[] = {
        "auth",      "cookie",  "token",      "secret", "password",
        "passwd",    "session", "credential", "apikey", "jwt",
        "signature", "api-key", "api_key"};
    static const char *const names[] = {"key", "sig", "code", "pass", "pwd"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (len == strlen(names[i]) && strncasecmp(name, names[i], len) == 0)
            return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t word = strlen(words[i]);
        for (size_t at = 0; at + word <= len; at++)
            if (strncasecmp(name + at, words[i], word) == 0)
                return true;
    }
    return false;
}

/* "a=1; b=2": each value. */
static void add_cookies(struct mask *mask, const char *value)
{
    while (*value) {
        size_t len = strcspn(value, ";");
        const char *equals = memchr(value, '=', len);
        if (equals) {
            size_t skip = (size_t)(equals + 1 - value);
            char *one = mem_strndup(value + skip, len - skip);
            mask_add(mask, one);
            mem_forget(&one);
        }
        value += len + (value[len] == ';');
    }
}

/* Headers that say what is wanted, and nothing of who wants it. */
static bool is_harmless(const char *header, size_t name_len)
{
    static const char *const names[] = {
        "accept",        "accept-language", "cache-control", "content-type",
        "last-event-id", "origin",          "referer",       "user-agent"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (name_len == strlen(names[i]) &&
            strncasecmp(header, names[i], name_len) == 0)
            return true;
    return false;
}

void mask_add_header(struct mask *mask, const char *header)
{
    const char *colon = strchr(header, ':');
    if (!colon || is_harmless(header, (size_t)(colon - header)))
        return;
    const char *value = colon + 1 + strspn(colon + 1, " \t");
    size_t name_len = (size_t)(colon - header);
    bool secret = mask_is_secret_name(header, name_len);
    if (!secret && strlen(value) < SHORTEST_VALUE)
        return;
    mask_add(mask, value);
    if (secret) {
        const char *space = strrchr(value, ' ');
        mask_add(mask, space ? space + 1 : NULL);
    }
    if (name_len == 6 && strncasecmp(header, "cookie", 6) == 0)
        add_cookies(mask, value);
}

static int hex_value(char c)
{
    static const char digits[] = "00112233445566778899aAbBcCdDeEfF";
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (int)(found - digits) / 2 : -1;
}

/* The text as it is, and with its percent signs undone. */
static void add_encoded(struct mask *mask, const char *text, size_t len)
{
    struct buf plain = buf_make(0);
    char *raw = mem_strndup(text, len);
    mask_add(mask, raw);
    for (const char *p = raw; *p; p++) {
        int high = *p == '%' ? hex_value(p[1]) : -1;
        int low = high >= 0 ? hex_value(p[2]) : -1;
        buf_addc(&plain, low >= 0 ? (char)(high << 4 | low) : *p);
        p += low >= 0 ? 2 : 0;
    }
    mask_add(mask, buf_str(&plain));
    mem_forget(&raw);
    buf_forget(&plain);
}

void mask_add_url(struct mask *mask, const char *url)
{
    const char *start = strstr(url, "://");
    start = start ? start + 3 : url;
    const char *at = memrchr(start, '@', strcspn(start, "/?#"));
    const char *colon = at ? memchr(start, ':', (size_t)(at - start)) : NULL;
    if (colon)
        add_encoded(mask, colon + 1, (size_t)(at - colon - 1));
    const char *p = start + strcspn(start, "?#");
    while (*p == '?' || *p == '&') {
        size_t len = strcspn(++p, "&#");
        const char *equals = memchr(p, '=', len);
        if (equals && mask_is_secret_name(p, (size_t)(equals - p)))
            add_encoded(mask, equals + 1, (size_t)(p + len - equals - 1));
        p += len;
    }
}

/* What stands at a place of the text. */
enum finding {
    FOUND_NOTHING,
    FOUND_PART, /* of one, up to the end of the text */
    FOUND_SECRET
};

static enum finding find_known(const struct mask *mask, const char *p,
                               size_t left, bool last, size_t *len)
{
    enum finding found = FOUND_NOTHING;
    *len = 0;
    for (size_t i = 0; i < mask->count; i++) {
        size_t size = strlen(mask->secrets[i]);
        size_t seen = size < left ? size : left;
        if ((last && seen < size) || memcmp(p, mask->secrets[i], seen) != 0)
            continue;
        if (seen < size)
            return FOUND_PART;
        found = FOUND_SECRET;
        if (size > *len)
            *len = size;
    }
    return found;
}

static bool is_token_byte(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

static size_t token_run(const char *p, size_t left)
{
    size_t len = 0;
    while (len < left && is_token_byte(p[len]))
        len++;
    return len;
}

/* A JSON web token: an object in base64url, a dot, more of it. *dull: bytes in
 * which none begins, where that was found out on the way. */
static enum finding find_token(const char *p, size_t left, bool last,
                               size_t *len, size_t *dull)
{
    static const char start[] = "eyJ";
    size_t seen = left < 3 ? left : 3;
    *dull = 1;
    if (memcmp(p, start, seen) != 0)
        return FOUND_NOTHING;
    size_t head = token_run(p, left);
    if (head > MAX_TOKEN_HEAD) {
        *dull = head - MAX_TOKEN_HEAD;
        return FOUND_NOTHING;
    }
    if (head == left)
        return last ? FOUND_NOTHING : FOUND_PART;
    if (p[head] != '.')
        *dull = head;
    if (p[head] != '.' || head < LEAST_TOKEN_HEAD)
        return FOUND_NOTHING;
    size_t body = token_run(p + head + 1, left - head - 1);
    *len = head + 1 + body;
    if (body >= LEAST_TOKEN_BODY)
        return FOUND_SECRET;
    return *len == left && !last ? FOUND_PART : FOUND_NOTHING;
}

/* Masks what goes on of a token; returns the bytes used. */
static size_t pass_token(struct mask_stream *stream, const char *p, size_t len,
                         struct buf *out)
{
    size_t used = 0;
    while (used < len && (is_token_byte(p[used]) || p[used] == '.'))
        used++;
    buf_fill(out, '*', used);
    stream->in_token = used == len;
    return used;
}

static size_t pass_plain(const struct mask *mask, const char *p, size_t len,
                         struct buf *out)
{
    size_t used = 0;
    while (used < len && !mask->begins[(unsigned char)p[used]])
        used++;
    buf_add(out, p, used);
    return used;
}

/* Appends what is safe; returns the bytes used. last: no more will come. */
static size_t scan(const struct mask *mask, struct mask_stream *stream,
                   const char *text, size_t len, bool last, struct buf *out)
{
    size_t at = 0, dull_end = 0, dull;
    while (at < len) {
        size_t size = 0;
        if (stream->in_token)
            at += pass_token(stream, text + at, len - at, out);
        at += pass_plain(mask, text + at, len - at, out);
        if (at == len)
            break;
        enum finding found = find_known(mask, text + at, len - at, last, &size);
        if (found == FOUND_NOTHING && at >= dull_end) {
            found = find_token(text + at, len - at, last, &size, &dull);
            dull_end = at + dull;
            stream->in_token = found == FOUND_SECRET;
        }
        if (found == FOUND_PART)
            return at;
        if (found == FOUND_SECRET)
            buf_fill(out, '*', size);
        else
            buf_addc(out, text[at]);
        at += found == FOUND_SECRET ? size : 1;
    }
    return at;
}

void mask_feed(const struct mask *mask, struct mask_stream *stream,
               const char *bytes, size_t len, struct buf *out)
{
    if (!stream->held.len) {
        size_t used = scan(mask, stream, bytes, len, false, out);
        buf_add(&stream->held, bytes + used, len - used);
        return;
    }
    struct buf held = stream->held;
    stream->held = buf_make(0);
    buf_add(&held, bytes, len);
    size_t used = scan(mask, stream, held.data, held.len, false, out);
    buf_add(&stream->held, held.data + used, held.len - used);
    buf_forget(&held);
}

void mask_finish(const struct mask *mask, struct mask_stream *stream,
                 struct buf *out)
{
    scan(mask, stream, buf_str(&stream->held), stream->held.len, true, out);
    buf_forget(&stream->held);
    stream->in_token = false;
}

void mask_text(const struct mask *mask, const char *text, size_t len,
               struct buf *out)
{
    struct mask_stream stream = {0};
    mask_feed(mask, &stream, text, len, out);
    mask_finish(mask, &stream, out);
}

/* "name=value&…", values of secret names masked. */
static void mask_query(const char *query, struct buf *out)
{
    while (*query) {
        size_t len = strcspn(query, "&");
        const char *equals = memchr(query, '=', len);
        size_t name = equals ? (size_t)(equals - query) : len;
        if (equals && mask_is_secret_name(query, name)) {
            buf_add(out, query, name + 1);
            buf_fill(out, '*', 3);
        } else {
            buf_add(out, query, len);
        }
        query += len;
        if (*query)
            buf_addc(out, *query++);
    }
}

void mask_url(const struct mask *mask, const char *url, struct buf *out)
{
    struct buf plain = buf_make(0);
    const char *query = strchr(url, '?');
    url_for_display(&plain, url);
    if (query) {
        char *parameters = mem_strndup(query + 1, strcspn(query + 1, "#"));
        buf_addc(&plain, '?');
        mask_query(parameters, &plain);
        mem_forget(&parameters);
    }
    mask_text(mask, buf_str(&plain), plain.len, out);
    buf_forget(&plain);
}
