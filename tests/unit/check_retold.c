/* Streams without ids that are asked for anew: what was told is known again,
 * anything else is handed on as it came. */
#include "config.h"

#include "wire/retold.h"

#include <string.h>

#include "base/buf.h"
#include "unit.h"

enum {
    MAX_HELD = 1000
};

/* One letter is one event; capital letters have another name as well. */
static struct sse_event event_of(const char *letter)
{
    const char *name = *letter < 'a' ? "capital" : SSE_MESSAGE;
    return (struct sse_event){
        .event = name,
        .event_len = strlen(name),
        .data = letter,
        .data_len = 1,
        .id = "",
    };
}

static void tell(struct retold *retold, const struct sse_event *event,
                 struct buf *out)
{
    buf_add(out, event->data, event->data_len);
    retold_note(retold, event);
}

static void tell_held(struct retold *retold, struct buf *out)
{
    struct sse_event event;
    buf_addc(out, '!');
    while (retold_next(retold, &event)) {
        bool capital = *event.data < 'a';
        ck_assert_str_eq(event.event, capital ? "capital" : SSE_MESSAGE);
        tell(retold, &event, out);
    }
}

/* The answer as it is told: "!" stands where it was found to be another. One
 * that begins with "|" is not compared. */
static void answer(struct retold *retold, const char *letters, struct buf *out)
{
    if (*letters == '|')
        retold_begin_anew(retold), letters++;
    else
        retold_begin(retold);
    for (; *letters; letters++) {
        struct sse_event event = event_of(letters);
        if (!retold_is_comparing(retold))
            tell(retold, &event, out);
        else if (!retold_take(retold, &event))
            tell_held(retold, out);
    }
    if (retold_is_comparing(retold) && !retold_stop(retold))
        tell_held(retold, out);
    buf_addc(out, '/');
}

static const struct {
    const char *answers[4];
    const char *want;
} cases[] = {
    {{"abc", "abc"}, "abc//"},
    {{"abc", "abcde", "abcdef"}, "abc/de/f/"},
    {{"abc", ""}, "abc//"},
    {{"abc", "d"}, "abc/!d/"},
    {{"abc", "ab"}, "abc/!ab/"},
    {{"abc", "abd"}, "abc/!abd/"},
    {{"abc", "xbcde"}, "abc/!xbcde/"},
    {{"", "abc", "abcd"}, "/abc/d/"},
    {{"abc", "Abc"}, "abc/!Abc/"},
    {{"abC", "abCd"}, "abC/d/"},
    {{"aaa", "aaaa"}, "aaa/a/"},
    {{"abc", "xy", "xyz", "xyzw"}, "abc/!xy/z/w/"},
    {{"|abc", "|abcd", "abcde"}, "abc/abcd/e/"},
    {{"|abc", "|", "abcd"}, "abc//d/"},
    {{"|abc", "|d", "de", "de"}, "abc/d/e//"},
};

START_TEST(what_was_told_is_told_once)
{
    struct retold *retold = retold_create(MAX_HELD);
    struct buf out = buf_make(0);
    for (size_t i = 0; i < 4 && cases[_i].answers[i]; i++)
        answer(retold, cases[_i].answers[i], &out);
    ck_assert_str_eq(buf_str(&out), cases[_i].want);
    buf_free(&out);
    retold_destroy(retold);
}
END_TEST

START_TEST(what_is_too_much_to_be_held_is_not_compared)
{
    struct retold *retold = retold_create(MAX_HELD);
    struct sse_event event = event_of("a");
    for (size_t i = 0; i < MAX_HELD && retold_may_compare(retold); i++)
        retold_note(retold, &event);
    ck_assert(!retold_may_compare(retold));
    retold_begin(retold);
    ck_assert(!retold_is_comparing(retold));
    retold_destroy(retold);
}
END_TEST

enum {
    CASES = sizeof cases / sizeof *cases
};

UNIT_MAIN("retold",
          tcase_add_loop_test(tc, what_was_told_is_told_once, 0, CASES);
          tcase_add_test(tc, what_is_too_much_to_be_held_is_not_compared))
