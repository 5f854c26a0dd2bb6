#include "config.h"

#include "view/action.h"

#include <stdbool.h>
#include <string.h>

#include "view/keys.h"

static const struct action_info TABLE[] = {
#define ACTION(name, keys, help, group)                                        \
    {ACTION_##name, #name, keys, help, ACTION_GROUP_##group},
#include "view/actions.def"
#undef ACTION
};

enum {
    TABLE_COUNT = sizeof TABLE / sizeof TABLE[0]
};

static const char *const GROUP_TITLES[ACTION_GROUP_COUNT] = {
    [ACTION_GROUP_MOVE] = "moving",
    [ACTION_GROUP_FIND] = "finding",
    [ACTION_GROUP_SHOW] = "showing",
    [ACTION_GROUP_OTHER] = "other",
};

const struct action_info *action_table(size_t index)
{
    return index < TABLE_COUNT ? &TABLE[index] : NULL;
}

const struct action_info *action_info(enum action action)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (TABLE[i].action == action)
            return &TABLE[i];
    return NULL;
}

const char *action_group_title(enum action_group group)
{
    return GROUP_TITLES[group];
}

/* Length of the first name in a list of keys, without the space after it. */
static size_t name_len(const char *names)
{
    return strcspn(names, " ");
}

static bool is_name(const char *names, size_t len, const char *name)
{
    return strlen(name) == len && memcmp(names, name, len) == 0;
}

/* Two printable ASCII characters: pressed one after the other. A key's own
 * name is never of that form but for F1…F9 and ^A, which are told apart by
 * being names. */
static bool is_pair(const char *names, size_t len)
{
    return len == 2 && names[0] >= 'a' && names[0] <= 'z' && names[1] >= 'a' &&
           names[1] <= 'z';
}

static enum action match_keys(const struct action_info *info, const char *first,
                              const char *second)
{
    const char *names = info->keys;
    while (*names) {
        size_t len = name_len(names);
        if (is_pair(names, len)) {
            if (second[0] && is_name(names, 1, first) &&
                is_name(names + 1, 1, second))
                return info->action;
            if (!second[0] && is_name(names, 1, first))
                return ACTION_MORE;
        } else if (!second[0] && is_name(names, len, first)) {
            return info->action;
        }
        names += len + strspn(names + len, " ");
    }
    return ACTION_NONE;
}

enum action action_of_key(uint32_t before, uint32_t key)
{
    char first[16], second[16] = "";
    keycode_name(before ? before : key, first, sizeof first);
    if (before)
        keycode_name(key, second, sizeof second);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        enum action action = match_keys(&TABLE[i], first, second);
        if (action != ACTION_NONE)
            return action;
    }
    /* The second key of no pair stands for itself. */
    return before ? action_of_key(0, key) : ACTION_NONE;
}
