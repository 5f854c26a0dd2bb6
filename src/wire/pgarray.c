#include "config.h"

#include "wire/pgarray.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
    MAX_ITEMS = 10000
};

/* An element behind *p, up to the comma or brace that ends it. */
static bool read_quoted(const char **p, const char *end, struct buf *item)
{
    for ((*p)++; *p < end; (*p)++) {
        if (**p == '"') {
            (*p)++;
            return true;
        }
        if (**p == '\\' && ++*p == end)
            return false;
        buf_addc(item, **p);
    }
    return false;
}

static bool read_bare(const char **p, const char *end, struct buf *item)
{
    const char *start = *p;
    while (*p < end && **p != ',' && **p != '}')
        (*p)++;
    buf_add(item, start, (size_t)(*p - start));
    return *p > start;
}

void pgarray_free(char **items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(items[i]);
    free(items);
}

static bool read_items(const char *p, const char *end, char **items,
                       size_t *count)
{
    struct buf item = buf_make(0);
    bool more = true;
    while (more && *count < MAX_ITEMS) {
        buf_clear(&item);
        bool quoted = p < end && *p == '"';
        more = quoted ? read_quoted(&p, end, &item) : read_bare(&p, end, &item);
        if (!more || p >= end)
            break;
        if (quoted || strcmp(buf_str(&item), "NULL") != 0)
            items[(*count)++] = mem_strdup(buf_str(&item));
        more = *p++ == ',';
        if (!more) {
            buf_free(&item);
            return p == end;
        }
    }
    buf_free(&item);
    return false;
}

bool pgarray_parse(const char *text, size_t len, char ***items, size_t *count)
{
    *items = NULL;
    *count = 0;
    if (len < 2 || text[0] != '{' || text[len - 1] != '}')
        return false;
    if (len == 2)
        return true;
    size_t commas = 1;
    for (size_t i = 0; i < len; i++)
        commas += text[i] == ',';
    *items =
        mem_zalloc(commas < MAX_ITEMS ? commas : MAX_ITEMS, sizeof **items);
    if (read_items(text + 1, text + len, *items, count))
        return true;
    pgarray_free(*items, *count);
    *items = NULL;
    *count = 0;
    return false;
}
