#include "config.h"

#include <stdio.h>
#include <string.h>

#include "model/logstore.h"
#include "text/find.h"
#include "view/filter.h"
#include "view/scan.h"

#include "random.h"
#include "unit.h"

enum {
    ROUNDS = 20000,
    TEXT_MAX = 90
};

static char small(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + 32) : byte;
}

static const char *slow_find(const char *bytes, size_t len, bool any_case,
                             const char *text, size_t text_len)
{
    for (size_t at = 0; at + len <= text_len; at++) {
        size_t same = 0;
        while (same < len && (any_case ? small(text[at + same])
                                       : text[at + same]) == bytes[same])
            same++;
        if (same == len)
            return text + at;
    }
    return NULL;
}

static size_t make_text(uint64_t *state, const char *letters, char *out,
                        size_t most)
{
    size_t len = chance(state, most);
    for (size_t i = 0; i < len; i++)
        out[i] = letters[chance(state, strlen(letters))];
    return len;
}

START_TEST(finds_what_a_plain_loop_finds)
{
    uint64_t state = 3;
    char text[TEXT_MAX], bytes[8];
    for (int round = 0; round < ROUNDS; round++) {
        bool any_case = chance(&state, 2);
        size_t text_len = make_text(&state, "aAbB0 [{@`", text, TEXT_MAX);
        size_t len = make_text(&state, any_case ? "ab0 [{@`" : "aAbB0 [", bytes,
                               sizeof bytes);
        if (!len)
            continue;
        struct finder finder = finder_make(bytes, len, any_case);
        ck_assert_ptr_eq(finder_find(&finder, text, text_len),
                         slow_find(bytes, len, any_case, text, text_len));
    }
}
END_TEST

START_TEST(either_case_is_that_of_letters_only)
{
    struct finder finder = finder_make("a[z", 3, true);
    ck_assert_ptr_nonnull(finder_find(&finder, "xxA[Z", 5));
    ck_assert_ptr_null(finder_find(&finder, "xxA{Z", 5));
    ck_assert_ptr_null(finder_find(&finder, "", 0));
}
END_TEST

/* ---- scans of a log ---- */

static const char *const PATTERNS[] = {
    "page 7",       "PAGE",         "page",
    "7$",           "^page",        "p.ge 1",
    "pages?",       "x*y",          "(a|page)",
    "e 1{1}",       "[0-9]9",       "no such",
    "é 3",          "a+b",          "age 1?2",
    "page 1|aab 2", "(Page|é) 7",   "[[:alpha:]]age 3[]5]",
    "a|",           "é|b 3",        "pag(e|(x[)]))",
    "\\w+ 39",      "page (1|2)?3", "aab|page|é 1|x|y|z|u|v|w|p",
    "error",        "page 12.",     "\\.",
};

static void fill(struct logstore *log, size_t count)
{
    uint64_t state = 9;
    for (size_t i = 0; i < count; i++) {
        char text[64], detail[64];
        size_t kind = chance(&state, 9);
        int len = snprintf(text, sizeof text, "%s %zu",
                           kind == 0   ? "Page"
                           : kind == 1 ? "é"
                           : kind == 2 ? "aab"
                                       : "page",
                           chance(&state, 400));
        int detail_len =
            snprintf(detail, sizeof detail, "{\"error\":%zu.5}", i);
        struct entry entry = {
            .seq = i + 1,
            .time_ms = (int64_t)i * 1000,
            .level = (enum log_level)chance(&state, 6),
            .text = text,
            .text_len = (size_t)len,
            .detail = kind == 5 ? detail : NULL,
            .detail_len = kind == 5 ? (size_t)detail_len : 0,
            .step = NO_STEP,
        };
        logstore_append(log, &entry);
    }
}

/* Matches by scanning, from one end to the other. */
static size_t scanned(const struct logstore *log, const struct sought *sought,
                      struct pattern *pattern, bool down, uint64_t from,
                      uint64_t end, uint64_t *out)
{
    struct scan scan;
    struct entry entry;
    size_t count = 0;
    while (from < end) {
        scan_entries(log, sought, from, end, down, &scan);
        ck_assert(scan.from < scan.to && scan.from >= from && scan.to <= end);
        for (size_t i = 0; i < scan.count; i++) {
            uint64_t number = scan.numbers[down ? i : scan.count - 1 - i];
            ck_assert(number >= scan.from && number < scan.to);
            ck_assert(logstore_get(log, number, &entry));
            if (pattern_matches(pattern, &entry))
                out[count++] = number;
        }
        if (down)
            from = scan.to;
        else
            end = scan.from;
    }
    return count;
}

START_TEST(scan_misses_no_match)
{
    enum {
        COUNT = 5000
    };
    static uint64_t down[COUNT], up[COUNT];
    struct logstore *log = logstore_create(64 << 20);
    fill(log, COUNT);
    struct pattern *pattern = pattern_create(PATTERNS[_i]);
    struct sought sought = {.pattern = pattern};
    size_t count = scanned(log, &sought, pattern, true, 3, COUNT - 3, down);
    ck_assert_uint_eq(scanned(log, &sought, pattern, false, 3, COUNT - 3, up),
                      count);
    size_t at = 0;
    for (uint64_t number = 3; number < COUNT - 3; number++) {
        struct entry entry;
        ck_assert(logstore_get(log, number, &entry));
        if (!pattern_matches(pattern, &entry))
            continue;
        ck_assert_uint_lt(at, count);
        ck_assert_uint_eq(down[at], number);
        ck_assert_uint_eq(up[count - 1 - at], number);
        at++;
    }
    ck_assert_uint_eq(at, count);
    pattern_destroy(pattern);
    logstore_destroy(log);
}
END_TEST

START_TEST(scan_for_a_level_misses_none)
{
    enum {
        COUNT = 3000
    };
    struct logstore *log = logstore_create(64 << 20);
    fill(log, COUNT);
    struct sought sought = {.level = LEVEL_WARN};
    struct scan scan;
    uint64_t from = 0;
    while (from < COUNT) {
        scan_entries(log, &sought, from, COUNT, true, &scan);
        size_t at = 0;
        for (; from < scan.to; from++) {
            struct entry entry;
            ck_assert(logstore_get(log, from, &entry));
            if (entry.level >= LEVEL_WARN) {
                ck_assert_uint_lt(at, scan.count);
                ck_assert_uint_eq(scan.numbers[at++], from);
            }
        }
    }
    logstore_destroy(log);
}
END_TEST

/* What the one matches begins where the other does. */
static const struct {
    const char *narrow, *wide;
    bool narrows;
} NARROWS[] = {
    {"warn", "war", true},    {"warn", "warn", true},   {"war", "warn", false},
    {"warN", "war", true},    {"Warn", "war", false},   {"xwar", "war", false},
    {"wa.n", "wa", false},    {"wa.nx", "wa.n", false}, {"wa[", "wa", true},
    {"w\303\251", "w", true},
};

START_TEST(text_that_goes_on_narrows)
{
    struct pattern *narrow = pattern_create(NARROWS[_i].narrow);
    struct pattern *wide = pattern_create(NARROWS[_i].wide);
    ck_assert_int_eq(pattern_narrows(narrow, wide), NARROWS[_i].narrows);
    pattern_destroy(narrow);
    pattern_destroy(wide);
}
END_TEST

UNIT_MAIN("find", tcase_add_test(tc, finds_what_a_plain_loop_finds);
          tcase_add_test(tc, either_case_is_that_of_letters_only);
          tcase_add_loop_test(tc, scan_misses_no_match, 0,
                              (int)(sizeof PATTERNS / sizeof *PATTERNS));
          tcase_add_test(tc, scan_for_a_level_misses_none);
          tcase_add_loop_test(tc, text_that_goes_on_narrows, 0,
                              sizeof NARROWS / sizeof *NARROWS))
