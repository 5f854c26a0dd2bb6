#include "config.h"

#include "wire/url.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "wire/json_text.h"

void url_encode(struct buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if ((isalnum(byte) && byte < 0x80) || strchr("-._~", byte))
            buf_addc(out, (char)byte);
        else
            buf_addf(out, "%%%02X", byte);
    }
}

static const char *skip_scheme(const char *url, bool *secure)
{
    *secure = strncasecmp(url, "https://", 8) == 0;
    if (*secure)
        return url + 8;
    return strncasecmp(url, "http://", 7) == 0 ? url + 7 : NULL;
}

/* What lies between the scheme and the path. False for what programs read in
 * different ways (a backslash, white space): the host that is compared must be
 * the one that is called. */
static bool read_authority(const char *p, struct slice *authority)
{
    *authority = (struct slice){p, strcspn(p, "/?#")};
    for (size_t i = 0; i < authority->len; i++) {
        unsigned char byte = (unsigned char)p[i];
        if (byte <= ' ' || byte == 0x7f || byte == '\\')
            return false;
    }
    const char *at = memrchr(p, '@', authority->len);
    if (at)
        *authority =
            (struct slice){at + 1, authority->len - (size_t)(at + 1 - p)};
    return true;
}

/* The port's number; the scheme's own where there is none; -1 for nonsense. */
static long read_port(struct slice *host, bool secure)
{
    const char *end = host->data + host->len;
    const char *from = host->data;
    if (host->len && *from == '[') {
        from = memchr(from, ']', host->len);
        if (!from)
            return -1;
        if (++from < end && *from != ':')
            return -1;
    }
    const char *colon = memchr(from, ':', (size_t)(end - from));
    long port = 0;
    for (const char *p = colon ? colon + 1 : end; p < end; p++) {
        if (!isdigit((unsigned char)*p) || port > 65535)
            return -1;
        port = port * 10 + (*p - '0');
    }
    if (colon)
        host->len = (size_t)(colon - host->data);
    bool given = colon && colon + 1 < end;
    return given ? port : secure ? 443 : 80;
}

bool url_origin(const char *url, struct buf *out)
{
    bool secure;
    struct slice host;
    const char *rest = skip_scheme(url, &secure);
    if (!rest || !read_authority(rest, &host))
        return false;
    long port = read_port(&host, secure);
    if (port < 1 || port > 65535 || !host.len)
        return false;
    buf_adds(out, secure ? "https://" : "http://");
    for (size_t i = 0; i < host.len; i++) {
        char c = host.data[i];
        buf_addc(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
    if (port != (secure ? 443 : 80))
        buf_addf(out, ":%ld", port);
    return true;
}

bool url_same_origin(const char *a, const char *b)
{
    struct buf first = buf_make(0), second = buf_make(0);
    bool same = url_origin(a, &first) && url_origin(b, &second) &&
                strcmp(buf_str(&first), buf_str(&second)) == 0;
    buf_free(&first);
    buf_free(&second);
    return same;
}

static const char id_bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                               "uvwxyz0123456789_";

/* The id behind a mark such as "/runs/", if one follows. */
static const char *id_behind(const char *url, const char *mark)
{
    for (const char *p = strstr(url, mark); p; p = strstr(p + 1, mark))
        if (strspn(p + strlen(mark), id_bytes))
            return p + strlen(mark);
    return NULL;
}

/* The id behind "/runs/" or "run=" in a URL's path and query, else the last
 * "run_…" word. */
static const char *find_id(const char *url)
{
    static const char *const marks[] = {"/runs/run_",
                                        "?run=", "&run=", "?runId=", "&runId="};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const char *id = id_behind(url, marks[i]);
        if (id)
            return i == 0 ? id - strlen("run_") : id;
    }
    const char *found = NULL;
    for (const char *p = strstr(url, "run_"); p; p = strstr(p + 1, "run_"))
        if (p > url && strchr("/=?&,", p[-1]))
            found = p;
    return found;
}

static bool is_usable_id(const char *id, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (id[i] == '/' || (unsigned char)id[i] < 0x20 || id[i] == 0x7f)
            return false;
    bool dots = len <= 2 && strspn(id, ".") >= len;
    return len && !dots; /* "." and ".." would change the path */
}

char *url_run_id(const char *given)
{
    bool secure;
    while (isspace((unsigned char)*given))
        given++;
    size_t len = strlen(given);
    while (len && isspace((unsigned char)given[len - 1]))
        len--;
    const char *id = given;
    const char *rest = skip_scheme(given, &secure);
    if (rest) {
        id = find_id(rest + strcspn(rest, "/?#"));
        len = id ? strspn(id, id_bytes) : 0;
    }
    return id && is_usable_id(id, len) ? mem_strndup(id, len) : NULL;
}

void url_for_display(struct buf *out, const char *url)
{
    bool secure;
    const char *rest = skip_scheme(url, &secure);
    if (rest) {
        buf_adds(out, secure ? "https://" : "http://");
        size_t authority = strcspn(rest, "/?#");
        const char *at = memrchr(rest, '@', authority);
        if (at)
            rest = at + 1;
    } else {
        rest = url;
    }
    size_t len = strcspn(rest, "?#");
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)rest[i] >= 0x20 && rest[i] != 0x7f)
            buf_addc(out, rest[i]);
}

void url_with_run(struct buf *out, const char *pattern, const char *run)
{
    static const char slot[] = "{runId}";
    const char *found = strstr(pattern, slot);
    if (!found) {
        buf_adds(out, pattern);
        buf_adds(out, strchr(pattern, '?') ? "&runId=" : "?runId=");
        url_encode(out, run);
        return;
    }
    buf_add(out, pattern, (size_t)(found - pattern));
    url_encode(out, run);
    buf_adds(out, found + strlen(slot));
}
