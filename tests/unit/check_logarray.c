#include "config.h"

#include "wire/logarray.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "unit.h"

static json_t *element_at(const struct logarray *array, size_t index)
{
    struct slice text = logarray_element(array, index);
    return json_loadb(text.data, text.len, JSON_DECODE_ANY, NULL);
}

static void assert_elements(const struct logarray *array, json_t *want)
{
    ck_assert_uint_eq(logarray_count(array), json_array_size(want));
    for (size_t i = 0; i < json_array_size(want); i++) {
        json_t *element = element_at(array, i);
        ck_assert(json_equal(element, json_array_get(want, i)));
        json_decref(element);
    }
}

/* What the change must be, by comparing every element with every other. */
static struct logarray_change change_between(json_t *old, json_t *fresh)
{
    size_t old_count = json_array_size(old), count = json_array_size(fresh);
    size_t same = 0;
    while (same < old_count && same < count &&
           json_equal(json_array_get(old, same), json_array_get(fresh, same)))
        same++;
    for (size_t slid = 1; same < old_count && same < count && slid < old_count;
         slid++) {
        size_t kept = 0;
        while (kept < old_count - slid && kept < count &&
               json_equal(json_array_get(old, slid + kept),
                          json_array_get(fresh, kept)))
            kept++;
        if (kept == old_count - slid)
            return (struct logarray_change){
                .kept = kept, .slid = slid, .fresh = count - kept};
    }
    return (struct logarray_change){
        .kept = same, .withdrawn = old_count - same, .fresh = count - same};
}

static void assert_change(const struct logarray_change *got,
                          const struct logarray_change *want)
{
    ck_assert_uint_eq(got->kept, want->kept);
    ck_assert_uint_eq(got->withdrawn, want->withdrawn);
    ck_assert_uint_eq(got->slid, want->slid);
    ck_assert_uint_eq(got->fresh, want->fresh);
}

/* Reads text with something behind it; its end must be found. */
static struct logarray_change read_text(struct logarray *array,
                                        const char *text)
{
    struct logarray_change change;
    struct buf whole = buf_make(0);
    buf_adds(&whole, text);
    buf_adds(&whole, ",\"status\":\"[x]\"}");
    const char *stop =
        logarray_update(array, whole.data, whole.data + whole.len, &change);
    ck_assert_ptr_eq(stop, whole.data + strlen(text));
    buf_free(&whole);
    return change;
}

static json_t *random_element(uint64_t *state)
{
    size_t number = chance(state, 1000);
    switch (chance(state, 8)) {
    case 0:
        return json_string("tick");
    case 1:
        return json_sprintf("row %zu, [of] {many} \"quoted\\\"", number % 5);
    case 2:
        return json_integer((json_int_t)number % 3);
    case 3:
        return json_pack("[[i], {s:n}]", (int)number, "a]");
    case 4:
        return json_null();
    case 5:
        return json_pack("{s:s, s:s}", "level", "info", "message",
                         "\xC3\xA9 / A");
    default:
        return json_pack("{s:s, s:s, s:I}", "level", "info", "message",
                         "something happened", "timestamp", (json_int_t)number);
    }
}

static void append(json_t *array, uint64_t *state, size_t count)
{
    while (count--)
        json_array_append_new(array, random_element(state));
}

static void drop_front(json_t *array, size_t count)
{
    while (count-- && json_array_size(array))
        json_array_remove(array, 0);
}

static void edit(json_t *array, uint64_t *state)
{
    size_t count = json_array_size(array);
    size_t at = chance(state, count + 1);
    switch (chance(state, 9)) {
    case 0:
        break;
    case 1: /* cut */
        while (json_array_size(array) > at)
            json_array_remove(array, at);
        break;
    case 2: /* slide */
    case 3:
        drop_front(array, 1 + chance(state, 4));
        append(array, state, chance(state, 6));
        break;
    case 4: /* rewritten inside */
        if (at < count)
            json_array_set_new(array, at, random_element(state));
        append(array, state, chance(state, 2));
        break;
    case 5: /* all anew */
        if (chance(state, 4) == 0)
            json_array_clear(array);
        append(array, state, chance(state, 4));
        break;
    default:
        append(array, state, 1 + chance(state, 5));
    }
    if (json_array_size(array) > 60)
        drop_front(array, 40);
}

START_TEST(random_edits_are_told_as_a_full_comparison_tells_them)
{
    enum {
        ROUNDS = 1000
    };
    uint64_t state = (uint64_t)_i * 104729 + 3;
    struct logarray *array = logarray_create();
    json_t *old = json_array(), *fresh = json_array();
    for (int round = 0; round < ROUNDS; round++) {
        edit(fresh, &state);
        char *text = json_dumps(fresh, JSON_COMPACT);
        struct logarray_change got = read_text(array, text);
        struct logarray_change want = change_between(old, fresh);
        assert_change(&got, &want);
        assert_elements(array, fresh);
        json_decref(old);
        old = json_deep_copy(fresh);
        free(text);
    }
    json_decref(old);
    json_decref(fresh);
    logarray_destroy(array);
}
END_TEST

/* The same array in spaced, ASCII or sorted spelling, at random. */
START_TEST(other_spellings_are_no_news)
{
    static const size_t flags[] = {JSON_COMPACT, JSON_INDENT(2),
                                   JSON_ENSURE_ASCII | JSON_COMPACT,
                                   JSON_ESCAPE_SLASH | JSON_SORT_KEYS};
    uint64_t state = (uint64_t)_i + 11;
    struct logarray *array = logarray_create();
    json_t *whole = json_array();
    for (int round = 0; round < 300; round++) {
        size_t before = json_array_size(whole);
        append(whole, &state, chance(&state, 3));
        char *text = json_dumps(whole, flags[chance(&state, 4)]);
        struct logarray_change change = read_text(array, text);
        ck_assert_uint_eq(change.kept, before);
        ck_assert_uint_eq(change.withdrawn, 0);
        ck_assert_uint_eq(change.slid, 0);
        assert_elements(array, whole);
        free(text);
    }
    json_decref(whole);
    logarray_destroy(array);
}
END_TEST

struct step {
    const char *text;
    struct logarray_change change;
};

/* Each list of steps is one array's story. */
static const struct step stories[][5] = {
    {{"[]", {0}},
     {"[\"a\"]", {.fresh = 1}},
     {"[\"a\",\"a\",\"a\"]", {.kept = 1, .fresh = 2}},
     {"[\"a\",\"a\"]", {.kept = 2, .withdrawn = 1}},
     {"[]", {.withdrawn = 2}}},
    {{"[1,2,3]", {.fresh = 3}},
     {"[2,3,4]", {.kept = 2, .slid = 1, .fresh = 1}},
     {"[4]", {.kept = 1, .slid = 2}},
     {"[44]", {.withdrawn = 1, .fresh = 1}},
     {"[44 , 5 ]", {.kept = 1, .fresh = 1}}},
    {{"\"one text\"", {.fresh = 1}},
     {"\"one text\"", {.kept = 1}},
     {"\"other\"", {.withdrawn = 1, .fresh = 1}},
     {"[\"other\",{}]", {.kept = 1, .fresh = 1}},
     {"{\"a\":[1]}", {.withdrawn = 2, .fresh = 1}}},
    {{"[\"t\",\"t\",\"t\",\"x\"]", {.fresh = 4}},
     {"[\"t\",\"t\",\"x\",\"y\"]", {.kept = 3, .slid = 1, .fresh = 1}},
     {"[\"t\",\"\\u0074\",\"x\",\"z\"]",
      {.kept = 3, .withdrawn = 1, .fresh = 1}},
     {"[\"t\",\"t\",\"x\",\"z\"]", {.kept = 4}},
     {"[\"x\",\"z\",\"x\",\"z\"]", {.kept = 2, .slid = 2, .fresh = 2}}},
    {{"[1.5,true,null]", {.fresh = 3}},
     {"[ 1.5 , true , null ]", {.kept = 3}},
     {"[true,null,false]", {.kept = 2, .slid = 1, .fresh = 1}},
     {"[\"\\u0066\",1]", {.withdrawn = 3, .fresh = 2}},
     {"[1,\"f\"]", {.kept = 1, .slid = 1, .fresh = 1}}},
};

START_TEST(story_is_told_right)
{
    struct logarray *array = logarray_create();
    for (size_t i = 0; i < 5; i++) {
        const struct step *step = &stories[_i][i];
        struct logarray_change got = read_text(array, step->text);
        assert_change(&got, &step->change);
    }
    logarray_destroy(array);
}
END_TEST

static const char *const broken[] = {
    "",         "[",         "[1,2,3",         "[1,2,3,", "[1,2,3,]",
    "[1,2 3]",  "[1,2,3 4]", "[1,2,3,4 5]",    "[1,,2]",  "[1,2,3,4,]",
    "[1,2,[4]", "[1,2,\"3]", "[1,2,{\"a\":1]", "[1,2,3}", "[9 8]",
    "[2,3,]",   "[2,3 4]",   "{\"a\":[}",      "\"cut",
};

START_TEST(broken_text_changes_nothing)
{
    struct logarray *array = logarray_create();
    struct logarray_change change;
    const char *text = broken[_i];
    read_text(array, "[1,2,3]");
    ck_assert_msg(!logarray_update(array, text, text + strlen(text), &change),
                  "%s", text);
    ck_assert_uint_eq(logarray_count(array), 3);
    change = read_text(array, "[1,2,3,4]");
    struct logarray_change want = {.kept = 3, .fresh = 1};
    assert_change(&change, &want);
    logarray_destroy(array);
}
END_TEST

static void add_window(struct buf *out, int first, int count)
{
    buf_clear(out);
    for (int i = first; i < first + count; i++)
        buf_addf(out,
                 "%s{\"level\":\"info\",\"message\":\"row %d\","
                 "\"timestamp\":%d}",
                 i > first ? "," : "[", i, i * 10);
    buf_addc(out, ']');
}

/* slide: entries that leave with each update. */
static uint64_t most_walked(int count, int slide)
{
    struct logarray *array = logarray_create();
    struct buf text = buf_make(0);
    uint64_t most = 0;
    for (int i = 0; i <= 50; i++) {
        uint64_t before = logarray_walked(array);
        add_window(&text, i * slide, slide ? count : count + i);
        read_text(array, buf_str(&text));
        uint64_t walked = logarray_walked(array) - before;
        if (i > 0 && walked > most)
            most = walked;
    }
    buf_free(&text);
    logarray_destroy(array);
    return most;
}

START_TEST(update_walks_new_elements_only_whatever_the_length)
{
    for (int count = 10; count <= 10240; count *= 4) {
        ck_assert_uint_eq(most_walked(count, 0), 1);
        ck_assert_uint_eq(most_walked(count, 1), 1);
        ck_assert_uint_eq(most_walked(count, 5), 5);
    }
}
END_TEST

UNIT_MAIN("logarray",
          tcase_add_loop_test(
              tc, random_edits_are_told_as_a_full_comparison_tells_them, 0, 6);
          tcase_add_loop_test(tc, other_spellings_are_no_news, 0, 6);
          tcase_add_loop_test(tc, story_is_told_right, 0,
                              sizeof stories / sizeof *stories);
          tcase_add_loop_test(tc, broken_text_changes_nothing, 0,
                              sizeof broken / sizeof *broken);
          tcase_add_test(tc,
                         update_walks_new_elements_only_whatever_the_length))
