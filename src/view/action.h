/* What keys do, as one table (actions.def). */
#ifndef VIEW_ACTION_H
#define VIEW_ACTION_H

#include <stddef.h>
#include <stdint.h>

enum action {
    ACTION_NONE, /* the key means nothing */
    ACTION_MORE, /* the key begins a pair of keys: ask again with the next */
#define ACTION(name, keys, help, group) ACTION_##name,
#include "view/actions.def"
#undef ACTION
    ACTION_COUNT
};

enum action_group {
    ACTION_GROUP_MOVE,
    ACTION_GROUP_FIND,
    ACTION_GROUP_SHOW,
    ACTION_GROUP_OTHER,
    ACTION_GROUP_COUNT
};

struct action_info {
    enum action action;
    const char *name; /* "line-down" written LINE_DOWN */
    const char *keys; /* separated by spaces */
    const char *help;
    enum action_group group;
};

/* Rows of the table in order; NULL past the last. */
const struct action_info *action_table(size_t index);

/* The row of an action; NULL for ACTION_NONE and ACTION_MORE. */
const struct action_info *action_info(enum action action);

/* "moving", "finding", … */
const char *action_group_title(enum action_group group);

/* What the key does after the key `before` (0: none). ACTION_MORE when it is
 * the first of a pair; give it as `before` with the next key. */
enum action action_of_key(uint32_t before, uint32_t key);

#endif
