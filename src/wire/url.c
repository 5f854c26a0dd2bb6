#include "config.h"

#include "wire/url.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

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

bool url_origin(const char *url, struct buf *out)
{
    bool secure;
    const char *host = skip_scheme(url, &secure);
    if (!host)
        return false;
    size_t len = strcspn(host, "/?#\\");
    const char *at = memrchr(host, '@', len);
    if (at) {
        len -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    const char *port = secure ? ":443" : ":80";
    size_t port_len = strlen(port);
    if (len > port_len && strncmp(host + len - port_len, port, port_len) == 0)
        len -= port_len;
    if (!len)
        return false;
    buf_adds(out, secure ? "https://" : "http://");
    for (size_t i = 0; i < len; i++)
        buf_addc(out, (char)tolower((unsigned char)host[i]));
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

/* The id behind "/runs/" or "run=" in a URL, else the last "run_…" word. */
static const char *find_id(const char *url)
{
    const char *found = strstr(url, "run_");
    for (const char *next = found; next; next = strstr(next + 1, "run_"))
        if (next == url || strchr("/=?&,", next[-1]))
            found = next;
    return found;
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
    if (skip_scheme(given, &secure)) {
        id = find_id(given);
        len = id ? strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                              "uvwxyz0123456789_")
                 : 0;
    }
    for (size_t i = 0; i < len; i++)
        if (id[i] == '/' || (unsigned char)id[i] < 0x20 || id[i] == 0x7f)
            return NULL;
    return len ? mem_strndup(id, len) : NULL;
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
    for (size_t i = 0; i < strcspn(rest, "?#"); i++)
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
