#include "config.h"

#include "wire/media_type.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Up to the comma that ends a value; commas in quotes do not. */
static size_t value_len(const char *value)
{
    bool quoted = false;
    size_t i = 0;
    for (; value[i] && (quoted || value[i] != ','); i++) {
        if (value[i] == '"')
            quoted = !quoted;
        else if (quoted && value[i] == '\\' && value[i + 1])
            i++;
    }
    return i;
}

static size_t token_len(const char *text)
{
    return strspn(text, "!#$%&'*+-.^_`|~0123456789"
                        "abcdefghijklmnopqrstuvwxyz"
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

/* Length of "type/subtype" at the start of value, 0 when there is none. */
static size_t essence_len(const char *value)
{
    size_t type = token_len(value);
    if (!type || value[type] != '/')
        return 0;
    size_t subtype = token_len(value + type + 1);
    size_t len = type + 1 + subtype;
    const char *after = value + len + strspn(value + len, " \t");
    bool ends = *after == ';' || *after == ',' || !*after;
    bool any = len == 3 && strncmp(value, "*/*", 3) == 0;
    return subtype && ends && !any ? len : 0;
}

bool media_type_is(const char *values, const char *type)
{
    bool is = false;
    while (values && *values) {
        const char *value = values + strspn(values, " \t");
        size_t len = essence_len(value);
        if (len)
            is = strlen(type) == len && strncasecmp(value, type, len) == 0;
        values = value + value_len(value);
        values += *values == ',';
    }
    return is;
}
