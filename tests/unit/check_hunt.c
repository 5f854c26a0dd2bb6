#include "config.h"

#include "view/hunt.h"

#include <string.h>

#include "base/buf.h"

#include "random.h"
#include "unit.h"

enum {
    LINES = 5000
};

/* Lines of any length, some of them errors; "rare" and "odd" stand in few. */
static struct run *some_run(uint64_t *state, size_t memory)
{
    struct run *run = run_create("run_1", memory);
    struct buf text = buf_make(0);
    for (uint64_t n = 0; n < LINES; n++) {
        buf_clear(&text);
        buf_fill(&text, 'x', chance(state, 60));
        buf_adds(&text, chance(state, 700) ? " common" : " rArE");
        buf_fill(&text, 'y', chance(state, 300));
        buf_adds(&text, chance(state, 500) ? "" : " odd9");
        struct log_entry entry = {.level = chance(state, 900) ? LEVEL_INFO
                                                              : LEVEL_ERROR,
                                  .message = text.data,
                                  .message_len = text.len};
        struct event event = {.type = EVENT_LOG};
        event.log.seq = n + 1;
        event.log.entry = &entry;
        run_apply(run, &event);
    }
    buf_free(&text);
    return run;
}

static const char *const wanted[] = {
    "rare", "common", "odd9", "o.d[0-9]", "^x* r", "rare|odd", "nowhere", NULL,
};

static bool is_wanted(const struct run *run, struct pattern *pattern,
                      uint64_t number)
{
    struct entry entry;
    if (!run_entry(run, number, &entry))
        return false;
    return pattern ? pattern_matches(pattern, &entry)
                   : entry.level == LEVEL_ERROR;
}

/* The nearest, by a look at each. */
static bool nearest(const struct run *run, const struct hunt *hunt,
                    uint64_t *found)
{
    for (int i = 0; i < 2; i++) {
        const struct hunt_span *span = &hunt->spans[i];
        for (uint64_t n = span->from; n < span->end; n++) {
            *found = span->down ? n : span->end - 1 - (n - span->from);
            if (is_wanted(run, hunt->pattern, *found))
                return true;
        }
    }
    return false;
}

static enum hunt_state in_slices(struct hunt hunt, const struct run *run,
                                 size_t slice, uint64_t *found, int *slices)
{
    struct filter filter = {.level = LEVEL_NONE};
    enum hunt_state state = HUNT_GOES_ON;
    for (*slices = 0; state == HUNT_GOES_ON; ++*slices)
        state = hunt_go_on(&hunt, run, &filter, slice, found);
    return state;
}

START_TEST(the_nearest_is_found_in_slices_of_any_size)
{
    static const size_t slices[] = {1, 10000, 300000, SIZE_MAX};
    uint64_t state = 77 + (uint64_t)_i;
    struct run *run = some_run(&state, 64 << 20);
    struct pattern *pattern = wanted[_i] ? pattern_create(wanted[_i]) : NULL;
    for (int round = 0; round < 40; round++) {
        uint64_t at = chance(&state, LINES), want = 0, found = 0;
        bool down = chance(&state, 2);
        struct hunt hunt = {.what = HUNT_FOR_NEXT,
                            .pattern = pattern,
                            .spans = {{at, LINES, down}, {0, at, !down}}};
        bool any = nearest(run, &hunt, &want);
        for (size_t i = 0; i < sizeof slices / sizeof *slices; i++) {
            int count;
            enum hunt_state end =
                in_slices(hunt, run, slices[i], &found, &count);
            ck_assert_int_eq(end, any ? HUNT_FOUND : HUNT_MISSED);
            if (any)
                ck_assert_uint_eq(found, want);
            if (slices[i] == SIZE_MAX)
                ck_assert_int_eq(count, 1);
        }
    }
    pattern_destroy(pattern);
    run_destroy(run);
}
END_TEST

START_TEST(a_slice_is_bounded)
{
    uint64_t state = 5, found;
    int slices;
    struct run *run = some_run(&state, 64 << 20);
    struct hunt hunt = {.what = HUNT_FOR_NEXT, .spans = {{0, LINES, true}}};
    /* some 200 bytes a line; those of expressions count sixteen times */
    hunt.pattern = pattern_create("nowhere");
    ck_assert_int_eq(in_slices(hunt, run, 200 * 1000, &found, &slices),
                     HUNT_MISSED);
    ck_assert_int_ge(slices, 3);
    ck_assert_int_le(slices, 10);
    pattern_destroy(hunt.pattern);
    hunt.pattern = pattern_create("[z]{3}");
    ck_assert_int_eq(in_slices(hunt, run, 200 * 1000, &found, &slices),
                     HUNT_MISSED);
    ck_assert_int_ge(slices, 40);
    ck_assert_int_le(slices, 120);
    pattern_destroy(hunt.pattern);
    run_destroy(run);
}
END_TEST

START_TEST(what_was_dropped_meanwhile_is_passed_over)
{
    struct filter filter = {.level = LEVEL_NONE};
    uint64_t state = 6, found;
    struct run *run = some_run(&state, 256 * 1024); /* the first are gone */
    uint64_t first = logstore_first(run_log(run));
    ck_assert_uint_gt(first, 0);
    struct pattern *pattern = pattern_create("common");
    struct hunt hunt = {.what = HUNT_FOR_NEXT,
                        .pattern = pattern,
                        .spans = {{0, first, true}, {0, LINES, true}}};
    ck_assert_int_eq(hunt_go_on(&hunt, run, &filter, SIZE_MAX, &found),
                     HUNT_FOUND);
    ck_assert_uint_ge(found, first);
    ck_assert_uint_le(found, first + 20);
    pattern_destroy(pattern);
    run_destroy(run);
}
END_TEST

UNIT_MAIN("hunt",
          tcase_add_loop_test(tc, the_nearest_is_found_in_slices_of_any_size, 0,
                              sizeof wanted / sizeof *wanted);
          tcase_add_test(tc, a_slice_is_bounded);
          tcase_add_test(tc, what_was_dropped_meanwhile_is_passed_over))
