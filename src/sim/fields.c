#include "config.h"

#include "sim/fields.h"

#include <stdarg.h>
#include <stdlib.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"

void fields_add(struct fields *fields, const char *name, const char *value)
{
    fields->items =
        mem_resize(fields->items, fields->count + 1, sizeof *fields->items);
    struct field *field = &fields->items[fields->count++];
    field->name = mem_strdup(name);
    field->value = mem_strdup(value ? value : "");
}

void fields_addf(struct fields *fields, const char *name, const char *format,
                 ...)
{
    struct buf text = buf_make(0);
    va_list args;
    va_start(args, format);
    buf_vaddf(&text, format, args);
    va_end(args);
    fields_add(fields, name, buf_str(&text));
    buf_free(&text);
}

const char *fields_get(const struct fields *fields, const char *name)
{
    for (size_t i = 0; i < fields->count; i++)
        if (strcasecmp(fields->items[i].name, name) == 0)
            return fields->items[i].value;
    return NULL;
}

void fields_free(struct fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        free(fields->items[i].name);
        free(fields->items[i].value);
    }
    free(fields->items);
    *fields = (struct fields){0};
}
