/* What the headers of an answer say. */
#include "config.h"

#include "io/http_call.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"

/* The first header of that name at *at or behind it; moves *at on. */
static const char *next_header(const struct http_call *call, const char **at,
                               const char *name)
{
    const char *end = buf_str(&call->head) + call->head.len;
    size_t len = strlen(name);
    while (*at < end) {
        const char *header = *at;
        *at += strlen(header) + 1;
        if (strncmp(header, name, len) == 0 && header[len] == ':')
            return header + len + 2;
    }
    return NULL;
}

const char *http_header(const struct http_call *call, const char *name)
{
    const char *found = NULL, *value, *at = buf_str(&call->head);
    while ((value = next_header(call, &at, name)))
        found = value;
    return found;
}

bool http_headers(const struct http_call *call, const char *name,
                  struct buf *out)
{
    const char *value, *at = buf_str(&call->head);
    bool any = false;
    for (; (value = next_header(call, &at, name)); any = true) {
        if (any)
            buf_adds(out, ", ");
        buf_adds(out, value);
    }
    return any;
}

/* How long ago a cache got the answer, by its Age header. */
static int64_t age_ms(const struct http_call *call)
{
    enum {
        LONGEST_S = 366 * 24 * 3600
    };
    const char *age = http_header(call, "age");
    int64_t seconds = 0;
    for (; age && isdigit((unsigned char)*age) && seconds < LONGEST_S; age++)
        seconds = seconds * 10 + (*age - '0');
    return seconds * 1000;
}

/* An answer may be held long after its first headers were sent: what counts
 * is when those came. */
bool http_clock_offset(const struct http_call *call, int64_t *offset_ms)
{
    enum {
        RESOLUTION_MS = 2000
    };
    const char *date = http_header(call, "date");
    int64_t server_ms;
    if (!date || !instant_parse_http_date(date, &server_ms))
        return false;
    int64_t offset = server_ms + age_ms(call) + 500 - call->date_wall_ms;
    *offset_ms = llabs(offset) > RESOLUTION_MS ? offset : 0;
    return true;
}

int64_t http_retry_after_ms(const struct http_call *call)
{
    enum {
        MOST_S = 1000 * 1000 /* nobody waits as long */
    };
    const char *value = http_header(call, "retry-after");
    int64_t at;
    char *end;
    if (!value)
        return -1;
    double seconds = strtod(value, &end);
    if (isdigit((unsigned char)*value) && !*end)
        return (int64_t)((seconds < MOST_S ? seconds : MOST_S) * 1000);
    if (instant_parse_http_date(value, &at)) {
        int64_t wait = at - loop_wall_ms(call->http->loop);
        return wait > 0 ? wait : 0;
    }
    return -1;
}
