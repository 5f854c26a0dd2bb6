#include "config.h"

#include "sim/member.h"

const char *member_text(json_t *object, const char *name, const char *other)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : other;
}

int64_t member_int(json_t *object, const char *name, int64_t other)
{
    json_t *value = json_object_get(object, name);
    return json_is_number(value) ? (int64_t)json_number_value(value) : other;
}
