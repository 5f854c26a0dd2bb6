#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"
#include "view/action.h"
#include "view/keys.h"

static const struct {
    uint32_t key;
    const char *name;
} names[] = {
    {'j', "j"},
    {'"', "\""},
    {' ', "SPC"},
    {KEYCODE_CTRL('f'), "^F"},
    {KEYCODE_TAB, "TAB"},
    {KEYCODE_ENTER, "ENTER"},
    {KEYCODE_ESCAPE, "ESC"},
    {KEYCODE_PAGE_DOWN, "PgDn"},
    {KEYCODE_BACKTAB, "S-TAB"},
    {KEYCODE_F1, "F1"},
    {KEYCODE_F12, "F12"},
    {0xe9, "é"},
    {0x1f600, "😀"},
};

START_TEST(keys_have_the_names_that_people_write)
{
    char name[16];
    size_t len = keycode_name(names[_i].key, name, sizeof name);
    ck_assert_str_eq(name, names[_i].name);
    ck_assert_uint_eq(len, strlen(name));
}
END_TEST

START_TEST(every_key_of_the_table_does_its_action)
{
    const struct action_info *info = action_table((size_t)_i);
    for (const char *at = info->keys; *at;) {
        size_t len = strcspn(at, " ");
        char name[16], known[16];
        snprintf(name, sizeof name, "%.*s", (int)len, at);
        bool pair = !strcmp(name, "za");
        bool found = pair && action_of_key('z', 'a') == info->action;
        for (uint32_t key = 0; !found && key <= KEYCODE_NONE; key++)
            found = keycode_name(key, known, sizeof known) &&
                    !strcmp(known, name) &&
                    action_of_key(0, key) == info->action;
        ck_assert_msg(found, "%s does not do %s", name, info->name);
        at += len + strspn(at + len, " ");
    }
}
END_TEST

START_TEST(the_first_key_of_a_pair_asks_for_more)
{
    ck_assert_int_eq(action_of_key(0, 'z'), ACTION_MORE);
    ck_assert_int_eq(action_of_key('z', 'a'), ACTION_FOLD);
    ck_assert_int_eq(action_of_key('z', 'j'), ACTION_LINE_DOWN);
    ck_assert_int_eq(action_of_key('z', '~'), ACTION_NONE);
}
END_TEST

START_TEST(a_key_without_meaning_does_nothing)
{
    ck_assert_int_eq(action_of_key(0, '~'), ACTION_NONE);
    ck_assert_int_eq(action_of_key(0, KEYCODE_NONE), ACTION_NONE);
    ck_assert_int_eq(action_of_key(0, 0x1f600), ACTION_NONE);
}
END_TEST

START_TEST(no_key_stands_twice_in_the_table)
{
    const struct action_info *info;
    char seen[1024] = " ";
    for (size_t i = 0; (info = action_table(i)) != NULL; i++) {
        for (const char *at = info->keys; *at;) {
            size_t len = strcspn(at, " ");
            char word[20];
            snprintf(word, sizeof word, " %.*s ", (int)len, at);
            ck_assert_msg(!strstr(seen, word), "%s stands twice", word);
            strcat(seen, word + 1);
            at += len + strspn(at + len, " ");
        }
    }
}
END_TEST

START_TEST(every_action_has_help_and_a_group)
{
    const struct action_info *info = action_table((size_t)_i);
    ck_assert(*info->help);
    ck_assert(*info->keys);
    ck_assert(*action_group_title(info->group));
    ck_assert_ptr_eq(action_info(info->action), info);
}
END_TEST

UNIT_MAIN("keys", int actions = ACTION_COUNT - ACTION_MORE - 1;
          tcase_add_loop_test(tc, keys_have_the_names_that_people_write, 0,
                              sizeof names / sizeof names[0]);
          tcase_add_loop_test(tc, every_key_of_the_table_does_its_action, 0,
                              actions);
          tcase_add_test(tc, the_first_key_of_a_pair_asks_for_more);
          tcase_add_test(tc, a_key_without_meaning_does_nothing);
          tcase_add_test(tc, no_key_stands_twice_in_the_table);
          tcase_add_loop_test(tc, every_action_has_help_and_a_group, 0,
                              actions);)
