#include "config.h"

#include "wire/retext.h"

#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "unit.h"

/* The plain way: the whole string undone each time. False when it is cut off
 * or holds a bad escape. */
static bool decode_whole(struct buf *out, const char *p, const char *end)
{
    const char *close = json_string_end(p, end);
    if (!close)
        return false;
    while (p < close) {
        size_t used = 1;
        if (*p == '\\')
            used = json_unescape_one(out, p, close);
        else
            buf_addc(out, *p);
        if (!used)
            return false;
        p += used;
    }
    return true;
}

static void assert_plain(const struct retext *text, const struct buf *want)
{
    struct slice plain = retext_plain(text);
    ck_assert_uint_eq(plain.len, want->len);
    ck_assert_mem_eq(plain.data, buf_str(want), want->len);
}

/* Reads the content as a string with text behind it; updates *last to what the
 * content must be now. */
static void read_and_compare(struct retext *text, const struct buf *content,
                             struct buf *last)
{
    struct buf body = buf_make(0), want = buf_make(0);
    bool changed = false;
    buf_add(&body, buf_str(content), content->len);
    buf_adds(&body, "\",\"metadataType\":\"application/json\"}");
    const char *end = body.data + body.len;
    bool good = decode_whole(&want, body.data, end);

    const char *close = retext_read(text, body.data, end, &changed);

    ck_assert_int_eq(close != NULL, good);
    if (good) {
        ck_assert_ptr_eq(close, json_string_end(body.data, end));
        bool differs = want.len != last->len ||
                       memcmp(buf_str(&want), buf_str(last), want.len) != 0;
        ck_assert(changed || !differs);
        buf_clear(last);
        buf_add(last, buf_str(&want), want.len);
    } else {
        ck_assert(!changed);
    }
    assert_plain(text, last);
    buf_free(&want);
    buf_free(&body);
}

static const char *const pieces[] = {
    "a",
    "b",
    "lorem ipsum ",
    ",",
    ",,",
    "\\\"",
    "\\\\",
    "\\n",
    "\\/",
    "/",
    "A",
    "\\u0041",
    "\\u0000",
    "\\u00e9",
    "\xC3\xA9",
    "\\ud83d\\ude00",
    "\\ud83d",
    "\\ude00",
    "\xF0\x9F\x98\x80",
    "\xFF",
    "\xC3",
    "\xE2\x82",
    "{\\\"level\\\":\\\"info\\\",",
    "\\\"message\\\":\\\"row 17\\\",",
    "0123456789",
    "\\uD83D\\uDE00",
    "},{",
    "\\\"timestamp\\\":1767323041250}",
    "\\b\\f\\r\\t",
};

static void add_pieces(struct buf *out, uint64_t *state, size_t count)
{
    while (count--)
        buf_adds(out, pieces[chance(state, sizeof pieces / sizeof *pieces)]);
}

/* Replaces `cut` bytes at `at` by `with`. */
static void splice(struct buf *content, size_t at, size_t cut,
                   const struct buf *with)
{
    struct buf made = buf_make(0);
    buf_add(&made, buf_str(content), at);
    buf_add(&made, buf_str(with), with->len);
    buf_add(&made, buf_str(content) + at + cut, content->len - at - cut);
    buf_free(content);
    *content = made;
}

/* Puts another spelling where the first one stands, if it does. */
static void respell(struct buf *content, uint64_t *state)
{
    static const char *const spellings[][2] = {
        {"A", "\\u0041"},
        {"/", "\\/"},
        {"\\u00e9", "\xC3\xA9"},
        {"\\ud83d\\ude00", "\xF0\x9F\x98\x80"},
        {"\\ud83d\\ude00", "\\uD83D\\uDE00"},
        {"\\ud83d\\ude00", "\\ud83d\\ude01"},
        {"\\ud83d\\ude00", "\\ud83d\\ue000"},
        {"\\ud83d\\ude00", "\\ud83dx"},
        {"\\n", "\\u000a"},
    };
    size_t which = chance(state, sizeof spellings / sizeof *spellings);
    size_t way = chance(state, 2);
    const char *from = spellings[which][way], *to = spellings[which][!way];
    size_t start = chance(state, content->len + 1);
    char *found = memmem(buf_str(content) + start, content->len - start, from,
                         strlen(from));
    if (!found)
        return;
    struct buf with = buf_make(0);
    buf_adds(&with, to);
    splice(content, (size_t)(found - content->data), strlen(from), &with);
    buf_free(&with);
}

static void edit(struct buf *content, uint64_t *state)
{
    struct buf with = buf_make(0);
    size_t len = content->len;
    size_t at = chance(state, len + 1);
    size_t cut = chance(state, 40);
    cut = cut < len - at ? cut : len - at;
    add_pieces(&with, state, chance(state, 12));
    switch (chance(state, 10)) {
    case 0: /* nothing new */
        break;
    case 1:
    case 2: /* growth */
        splice(content, len, 0, &with);
        break;
    case 3: /* something in front */
        splice(content, 0, 0, &with);
        break;
    case 4: /* a window that slides */
        splice(content, 0, at, &with);
        buf_clear(&with);
        add_pieces(&with, state, 20);
        splice(content, content->len, 0, &with);
        break;
    case 5:
    case 6: /* an edit inside, maybe within an escape */
        splice(content, at, cut, &with);
        break;
    case 7: /* shorter */
        buf_truncate(content, at);
        break;
    case 8:
        respell(content, state);
        break;
    default: /* much at once, or all gone */
        if (chance(state, 4) == 0)
            buf_clear(content);
        buf_clear(&with);
        add_pieces(&with, state, 400);
        splice(content, content->len, 0, &with);
    }
    buf_free(&with);
}

START_TEST(random_edits_end_like_a_full_decode)
{
    enum {
        ROUNDS = 1500
    };
    uint64_t state = (uint64_t)_i * 7919 + 1;
    struct retext *text = retext_create();
    struct buf content = buf_make(0), last = buf_make(0);
    for (int round = 0; round < ROUNDS; round++) {
        struct buf before = buf_make(0);
        buf_add(&before, buf_str(&content), content.len);
        edit(&content, &state);
        read_and_compare(text, &content, &last);
        /* What an edit broke would stay broken for ever. */
        struct buf whole = buf_make(0);
        buf_add(&whole, buf_str(&content), content.len);
        buf_addc(&whole, '"');
        struct buf ignored = buf_make(0);
        if (!decode_whole(&ignored, whole.data, whole.data + whole.len) ||
            content.len > 40000) {
            buf_clear(&content);
            if (before.len <= 40000)
                buf_add(&content, buf_str(&before), before.len);
        }
        buf_free(&ignored);
        buf_free(&whole);
        buf_free(&before);
    }
    buf_free(&content);
    buf_free(&last);
    retext_destroy(text);
}
END_TEST

static const char *const long_texts[] = {
    "one, \\u00e9 two",
    "{\\\"progress\\\":0.25,\\\"logs\\\":[\\\"first entry of the "
    "log\\\",\\\"second "
    "entry, \\ud83d\\ude00\\\",\\\"third "
    "entry\\\"],\\\"status\\\":\\\"working\\\"}",
    "{\\\"progress\\\":0.50,\\\"logs\\\":[\\\"second entry, "
    "\\ud83d\\ude00\\\",\\\""
    "third entry\\\",\\\"fourth \\\\\\\\ "
    "entry\\\"],\\\"status\\\":\\\"working\\\"}",
};

START_TEST(cut_string_leaves_the_version_before)
{
    const char *old = long_texts[_i / 3], *next = long_texts[_i % 3];
    struct retext *text = retext_create();
    struct buf first = buf_make(0), second = buf_make(0), want = buf_make(0);
    bool changed;
    buf_addf(&first, "%s\"", old);
    buf_addf(&second, "%s\"", next);
    ck_assert(decode_whole(&want, first.data, first.data + first.len));
    retext_read(text, first.data, first.data + first.len, &changed);
    for (size_t cut = 0; cut < second.len; cut++) {
        char *part = malloc(cut ? cut : 1);
        memcpy(part, second.data, cut);
        ck_assert_ptr_null(retext_read(text, part, part + cut, &changed));
        ck_assert(!changed);
        assert_plain(text, &want);
        free(part);
    }
    ck_assert_ptr_nonnull(
        retext_read(text, second.data, second.data + second.len, &changed));
    ck_assert_int_eq(changed, strcmp(old, next) != 0);
    buf_free(&first);
    buf_free(&second);
    buf_free(&want);
    retext_destroy(text);
}
END_TEST

START_TEST(text_read_again_has_not_changed)
{
    static const char content[] = "some text, and more\"";
    const char *end = content + sizeof content - 1;
    struct retext *text = retext_create();
    struct buf none = buf_make(0);
    bool changed;
    assert_plain(text, &none);
    ck_assert_ptr_nonnull(retext_read(text, content, end, &changed));
    ck_assert(changed);
    ck_assert_uint_eq(retext_plain(text).len, sizeof content - 2);
    ck_assert_ptr_nonnull(retext_read(text, content, end, &changed));
    ck_assert(!changed);
    retext_destroy(text);
}
END_TEST

/* Metadata as tasks write it, escaped once: progress, a log, a step. */
static void add_metadata(struct buf *out, int progress, int first, int count)
{
    buf_clear(out);
    buf_addf(out, "{\\\"progress\\\":0.%d,\\\"logs\\\":[", progress);
    for (int i = first; i < first + count; i++)
        buf_addf(out,
                 "%s{\\\"level\\\":\\\"info\\\",\\\"message\\\":\\\"Processed "
                 "item %d of many\\\",\\\"timestamp\\\":17673230%05d}",
                 i > first ? "," : "", i, i);
    buf_adds(out, "],\\\"status\\\":\\\"working\\\"}\"");
}

struct cost {
    const char *name;
    int progress_step; /* what it is raised by with each update */
    int slide;         /* entries that leave with each update */
    uint64_t most;     /* bytes that an update may decode */
};

static const struct cost costs[] = {
    {"growth", 0, 0, 700},
    {"growth behind a changed progress", 1, 0, 1300},
    {"slide", 0, 1, 1400},
    {"slide behind a changed progress", 1, 1, 1700},
    {"slide by many", 1, 25, 4000},
};

/* Most bytes decoded by one of 50 updates of a log of `count` entries. */
static uint64_t most_decoded(const struct cost *cost, int count)
{
    struct retext *text = retext_create();
    struct buf content = buf_make(0);
    bool changed;
    uint64_t most = 0;
    for (int i = 0; i <= 50; i++) {
        int first = i * cost->slide;
        int len = cost->slide ? count : count + i;
        add_metadata(&content, 100 + i * cost->progress_step, first, len);
        uint64_t before = retext_decoded(text);
        ck_assert_ptr_nonnull(retext_read(
            text, content.data, content.data + content.len, &changed));
        uint64_t decoded = retext_decoded(text) - before;
        if (i > 0 && decoded > most)
            most = decoded;
    }
    buf_free(&content);
    retext_destroy(text);
    return most;
}

START_TEST(update_decodes_what_is_new_whatever_the_size)
{
    const struct cost *cost = &costs[_i];
    for (int count = 100; count <= 6400; count *= 4) {
        uint64_t most = most_decoded(cost, count);
        ck_assert_msg(most <= cost->most, "%s, %d entries: %llu bytes decoded",
                      cost->name, count, (unsigned long long)most);
    }
}
END_TEST

UNIT_MAIN("retext",
          tcase_add_loop_test(tc, random_edits_end_like_a_full_decode, 0, 10);
          tcase_add_loop_test(tc, cut_string_leaves_the_version_before, 0, 9);
          tcase_add_test(tc, text_read_again_has_not_changed);
          tcase_add_loop_test(tc, update_decodes_what_is_new_whatever_the_size,
                              0, sizeof costs / sizeof *costs))
