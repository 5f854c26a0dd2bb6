#include "config.h"

#include "wire/seen.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static bool note(struct seen *seen, const char *name)
{
    return seen_note(seen, name, strlen(name));
}

START_TEST(name_is_new_once)
{
    struct seen *seen = seen_create(3);
    ck_assert(note(seen, "a"));
    ck_assert(note(seen, "b"));
    ck_assert(note(seen, ""));
    ck_assert(!note(seen, "a"));
    ck_assert(!note(seen, "b"));
    ck_assert(!note(seen, ""));
    seen_destroy(seen);
}
END_TEST

START_TEST(oldest_name_is_forgotten_first)
{
    struct seen *seen = seen_create(2);
    note(seen, "a");
    note(seen, "b");
    note(seen, "c");
    ck_assert(!note(seen, "b"));
    ck_assert(!note(seen, "c"));
    ck_assert(note(seen, "a"));
    ck_assert(note(seen, "b"));
    seen_destroy(seen);
}
END_TEST

START_TEST(bytes_decide_not_text)
{
    struct seen *seen = seen_create(4);
    ck_assert(seen_note(seen, "a\0b", 3));
    ck_assert(seen_note(seen, "a\0c", 3));
    ck_assert(seen_note(seen, "a", 1));
    ck_assert(!seen_note(seen, "a\0b", 3));
    seen_destroy(seen);
}
END_TEST

START_TEST(what_is_too_long_is_always_new)
{
    char name[257];
    struct seen *seen = seen_create(1);
    memset(name, 'x', sizeof name);
    ck_assert(seen_note(seen, name, sizeof name));
    ck_assert(seen_note(seen, name, sizeof name));
    ck_assert(seen_note(seen, name, sizeof name - 1));
    ck_assert(!seen_note(seen, name, sizeof name - 1));
    seen_destroy(seen);
}
END_TEST

/* Chains are left in any order: the last so many are known, and no others. */
START_TEST(window_slides_over_many_names)
{
    enum {
        MOST = 50,
        COUNT = 5000
    };
    struct seen *seen = seen_create(MOST);
    char name[20];
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "%d", i);
        ck_assert(note(seen, name));
        snprintf(name, sizeof name, "%d", i >= MOST ? i - MOST + 1 : 0);
        ck_assert(!note(seen, name));
    }
    seen_destroy(seen);
}
END_TEST

UNIT_MAIN("seen", tcase_add_test(tc, name_is_new_once);
          tcase_add_test(tc, oldest_name_is_forgotten_first);
          tcase_add_test(tc, bytes_decide_not_text);
          tcase_add_test(tc, what_is_too_long_is_always_new);
          tcase_add_test(tc, window_slides_over_many_names);)
