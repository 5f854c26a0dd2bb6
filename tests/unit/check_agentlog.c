/* wire/agentlog: whole texts in, changed lines out. */
#include "config.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/agentlog.h"

#include "random.h"
#include "unit.h"

enum {
    MAX_TEXT = 1024 * 1024
};

/* The lines as a viewer would hold them that only follows the changes. */
struct viewer {
    char *lines[4096];
    size_t count;
};

static void viewer_clear(struct viewer *viewer, size_t from)
{
    for (size_t i = from; i < viewer->count; i++)
        free(viewer->lines[i]);
    if (from < viewer->count)
        viewer->count = from;
}

static void viewer_take(struct viewer *viewer, const struct agentlog *log,
                        const struct agentlog_frame *frame)
{
    struct buf line = buf_make(0);
    if (frame->text_changed)
        viewer_clear(viewer, frame->kept);
    for (size_t i = viewer->count; i < frame->lines; i++) {
        buf_clear(&line);
        agentlog_line(log, i, &line);
        viewer->lines[viewer->count++] = mem_strdup(buf_str(&line));
    }
    buf_free(&line);
}

static void viewer_expect(const struct viewer *viewer, const char *text)
{
    size_t count = 0;
    for (const char *p = text; *text && p; count++) {
        size_t len = strcspn(p, "\n");
        ck_assert_uint_lt(count, viewer->count);
        ck_assert_uint_eq(strlen(viewer->lines[count]), len);
        ck_assert_int_eq(memcmp(viewer->lines[count], p, len), 0);
        p = p[len] ? p + len + 1 : NULL;
    }
    ck_assert_uint_eq(viewer->count, count);
}

/* Feeds all bytes in pieces of `piece`; the viewer follows. Returns frames. */
static int feed(struct agentlog *log, struct viewer *viewer, const char *bytes,
                size_t len, size_t piece, struct agentlog_frame *last)
{
    int frames = 0;
    for (size_t at = 0; at < len; at += piece) {
        struct error err = {0};
        size_t n = len - at < piece ? len - at : piece;
        agentlog_feed(log, bytes + at, n);
        while (agentlog_next(log, last, &err)) {
            viewer_take(viewer, log, last);
            frames++;
        }
        ck_assert_str_eq(err.message, "");
    }
    return frames;
}

static const struct {
    const char *stream;
    const char *text; /* at the end */
    int frames;
} streams[] = {
    {"data: {\"logs\":\"a\",\"status\":\"running\"}\n\n", "a", 1},
    {"data: {\"logs\":\"\",\"status\":\"running\"}\n\n", "", 1},
    {"data: {\"logs\":\"a\"}\n\ndata: {\"logs\":\"a\\nb\"}\n\n", "a\nb", 2},
    {"data: {\"logs\":\"ab\"}\n\ndata: {\"logs\":\"a\"}\n\n", "a", 2},
    {"data: {\"logs\":\"a\\nb\"}\n\ndata: {\"logs\":\"\"}\n\n", "", 2},
    {"data: {\"logs\":\"a\\nb\"}\n\ndata: {\"logs\":\"a\\nc\\nd\"}\n\n",
     "a\nc\nd", 2},
    {"data: {\"logs\":\"x\\\\\"}\n\ndata: {\"logs\":\"x\\\\\\\"y\"}\n\n",
     "x\\\"y", 2},
    {"data: {\"logs\":\"x\\\\\"}\n\ndata: {\"logs\":\"x\\n\"}\n\n", "x\n", 2},
    {"data:{\"status\":\"running\",\"logs\":\"a\"}\r\n\r\n", "a", 1},
    {"data: {\"logs\":[\"a\",\"b\"]}\n\n", "a\nb", 1},
    {"data: {\"logs\":null}\n\n", "", 1},
    {"data: {\"logs\":\"a\"}\n\ndata: {\"status\":\"completed\"}\n\n", "a", 2},
    {"data: {\"logs\":\ndata: \"a\"}\n\n", "a", 1},
    {"data: {\"logs\":\"a\",\ndata: \"status\":\"x\"}\n\n", "a", 1},
    {": ping\n\nevent: log\nid: 7\ndata: {\"logs\":\"a\"}\n\n", "a", 1},
    {"data: {\"logs\":\"a\"}\n\ndata: {\"logs\":\"a\\nlost", "a", 1},
    {"data: {\"logs\":\"a\"}\n\ndata: {\"logs\":\"b\"}\n", "a", 1},
    {"\xEF\xBB\xBF"
     "data: {\"logs\":\"a\"}\n\n",
     "a", 1},
    {"data: {\"logs\":\"\xC3\xA9\"}\n\ndata: {\"logs\":\"\xC3\xA8!\"}\n\n",
     "\xC3\xA8!", 2},
    {"data: {\"logs\":\"\\u00e9\"}\n\ndata: {\"logs\":\"\\u00e8!\"}\n\n",
     "\xC3\xA8!", 2},
    {"data: {\"logs\":\"\\\\u00\"}\n\ndata: {\"logs\":\"\\\\u0!\"}\n\n",
     "\\u0!", 2},
    {"data: {\"logs\":\"a\xFF\"}\n\ndata: {\"logs\":\"a\xFF\xFE\"}\n\n",
     "a\xEF\xBF\xBD\xEF\xBF\xBD", 2},
    {"data: {\"logs\":[\"a\",1,null,[\"b\\\"\"]]}\n\n",
     "a\n1\nnull\n[\"b\\\"\"]", 1},
    {"data: {\"logs\":\"a\",\"logs\":\"b\"}\n\n", "b", 1},
    {"data: {\"logs\":\"a\"}\r\rdata: {\"logs\":\"a\\nb\"}\r\r", "a\nb", 2},
};

START_TEST(text_is_the_same_wherever_the_stream_is_cut)
{
    const char *stream = streams[_i].stream;
    for (size_t piece = 1; piece <= strlen(stream); piece++) {
        struct agentlog *log = agentlog_create(MAX_TEXT);
        struct viewer viewer = {.count = 0};
        struct agentlog_frame last = {0};
        int frames = feed(log, &viewer, stream, strlen(stream), piece, &last);
        ck_assert_int_eq(frames, streams[_i].frames);
        viewer_expect(&viewer, streams[_i].text);
        viewer_clear(&viewer, 0);
        agentlog_destroy(log);
    }
}
END_TEST

START_TEST(members_behind_the_logs_are_told)
{
    static const char stream[] =
        "data: {\"logs\":\"a\",\"status\":\"failed\",\"error\":\"no disk\","
        "\"final\":true,\"more\":[1,2]}\n\n";
    struct agentlog *log = agentlog_create(MAX_TEXT);
    struct viewer viewer = {.count = 0};
    struct agentlog_frame last;
    feed(log, &viewer, stream, strlen(stream), 9, &last);
    ck_assert(slice_is(last.status, "failed"));
    ck_assert(slice_is(last.error, "no disk"));
    ck_assert(last.final);
    viewer_clear(&viewer, 0);
    agentlog_destroy(log);
}
END_TEST

static const char *const broken[] = {
    "data: {\"logs\":\"a\\nb\n\n",
    "data: {\"logs\":\"a\\nb\"\n\n",
    "data: {\"logs\":\"a\\nb\"} more\n\n",
    "data: {\"logs\":\"a\\nb\",}\n\n",
    "data: {\"logs\":\"a\\nb\\q\"}\n\n",
    "data: {\"logs\":\"a\\u00\"}\n\n",
    "data: {\"logs\":\"a\tb\"}\n\n",
    "data: {\"logs\":\"a\ndata: b\"}\n\n",
    "data: {\"logs\":\ndata: \"a\ndata: b\"}\n\n",
    "data: {\"logs\":\"a\\\ndata: nb\"}\n\n",
    "data: {\"logs\":\"a\n\n",
    "data: [\"a\"]\n\n",
    "data: a\n\n",
    "data: <html>\n\n",
    "data\n\n",
};

START_TEST(broken_frame_spoils_itself_alone)
{
    static const char before[] = "data: {\"logs\":\"a\"}\n\n";
    static const char after[] = "data: {\"logs\":\"a\\nc\"}\n\n";
    for (int first = 0; first < 2; first++) {
        struct agentlog *log = agentlog_create(MAX_TEXT);
        struct viewer viewer = {.count = 0};
        struct agentlog_frame last;
        struct error err = {0};
        if (!first)
            feed(log, &viewer, before, strlen(before), 100, &last);
        agentlog_feed(log, broken[_i], strlen(broken[_i]));
        ck_assert(!agentlog_next(log, &last, &err));
        ck_assert_int_eq(err.kind, ERROR_PROTOCOL);
        ck_assert_int_eq(feed(log, &viewer, after, strlen(after), 100, &last),
                         1);
        viewer_expect(&viewer, "a\nc");
        viewer_clear(&viewer, 0);
        agentlog_destroy(log);
    }
}
END_TEST

static const struct {
    const char *before, *after; /* the logs, escaped */
    size_t kept, lines;
} changes[] = {
    {"a\\nb\\nc", "a\\nb", 2, 2},
    {"a\\nb\\nc", "a\\nb\\n", 2, 3},
    {"a\\nb\\nc", "a", 1, 1},
    {"a\\nbb", "a\\nb", 1, 2},
    {"a\\nb", "", 0, 0},
    {"a\\\\nb", "a\\\\", 0, 1},
    {"a\\\\\\nb", "a\\\\", 1, 1},
    {"a\\nb", "a\\nb\\nc", 1, 3},
    {"a\\nb\\nc", "a\\nx\\nc", 1, 3},
    {"a\\nb", "x", 0, 1},
};

START_TEST(lines_before_the_first_difference_are_kept)
{
    struct agentlog *log = agentlog_create(MAX_TEXT);
    struct viewer viewer = {.count = 0};
    struct agentlog_frame last;
    struct buf stream = buf_make(0);
    buf_addf(&stream, "data: {\"logs\":\"%s\"}\n\ndata: {\"logs\":\"%s\"}\n\n",
             changes[_i].before, changes[_i].after);
    feed(log, &viewer, stream.data, stream.len, 5, &last);
    ck_assert_uint_eq(last.kept, changes[_i].kept);
    ck_assert_uint_eq(last.lines, changes[_i].lines);
    viewer_clear(&viewer, 0);
    buf_free(&stream);
    agentlog_destroy(log);
}
END_TEST

START_TEST(frame_beyond_the_maximum_is_refused)
{
    struct agentlog *log = agentlog_create(100);
    struct agentlog_frame last;
    struct error err = {0};
    char bytes[300];
    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, "data: {\"logs\":\"", 15);
    agentlog_feed(log, bytes, sizeof bytes);
    ck_assert(!agentlog_next(log, &last, &err));
    ck_assert_int_eq(err.kind, ERROR_PROTOCOL);
    agentlog_destroy(log);
}
END_TEST

/* A reconnect starts with a snapshot: what was cut off leaves no trace. */
START_TEST(what_follows_a_frame_beyond_the_maximum_is_not_taken)
{
    static const char good[] = "\n\ndata: {\"logs\":\"a\"}\n\n";
    struct agentlog_frame frame;
    struct error err = {ERROR_NONE, ""};
    struct agentlog *log = agentlog_create(64);
    struct buf stream = buf_make(0);
    buf_adds(&stream, "data: {\"logs\":\"");
    buf_fill(&stream, 'x', 100);
    agentlog_feed(log, stream.data, stream.len);
    ck_assert(!agentlog_is_too_large(log));
    ck_assert(!agentlog_next(log, &frame, &err));
    ck_assert_int_eq(err.kind, ERROR_PROTOCOL);
    ck_assert(agentlog_is_too_large(log));
    error_clear(&err);
    agentlog_feed(log, good, strlen(good));
    ck_assert(!agentlog_next(log, &frame, &err));
    ck_assert_int_eq(err.kind, ERROR_NONE);
    agentlog_restart(log);
    agentlog_feed(log, good, strlen(good));
    ck_assert(agentlog_next(log, &frame, &err));
    ck_assert_uint_eq(frame.lines, 1);
    buf_free(&stream);
    agentlog_destroy(log);
}
END_TEST

START_TEST(new_connection_keeps_the_text)
{
    static const char first[] =
        "data: {\"logs\":\"a\\nb\"}\n\ndata: {\"logs\":\"a";
    static const char again[] = "data: {\"logs\":\"a\\nb\\nc\"}\n\n";
    struct agentlog *log = agentlog_create(MAX_TEXT);
    struct viewer viewer = {.count = 0};
    struct agentlog_frame last;
    feed(log, &viewer, first, strlen(first), 7, &last);
    agentlog_restart(log);
    feed(log, &viewer, again, strlen(again), 5, &last);
    ck_assert_uint_ge(last.kept, 1);
    viewer_expect(&viewer, "a\nb\nc");
    viewer_clear(&viewer, 0);
    agentlog_destroy(log);
}
END_TEST

static void random_edit(uint64_t *random, char *text, size_t size)
{
    static const char *const pieces[] = {"a",      "\n",       "\\", "\"",
                                         "line\n", "\xC3\xA9", "\t", "end"};
    size_t len = strlen(text);
    size_t at = chance(random, 4) ? len : chance(random, len + 1);
    if (chance(random, 6) == 0)
        text[at] = '\0';
    len = strlen(text);
    for (size_t i = chance(random, 6); i; i--) {
        const char *piece = pieces[chance(random, 8)];
        if (strlen(text) + strlen(piece) + 1 < size)
            strcat(text, piece);
    }
}

START_TEST(random_edits_end_in_the_right_text)
{
    uint64_t random = (uint64_t)_i + 1;
    struct agentlog *log = agentlog_create(MAX_TEXT);
    struct viewer viewer = {.count = 0};
    static char text[4000];
    text[0] = '\0';
    for (int round = 0; round < 1000; round++) {
        struct agentlog_frame last;
        random_edit(&random, text, sizeof text);
        json_t *frame = json_pack("{s:s, s:s}", "logs", text, "status", "x");
        /* an edit may have cut a character: no frame then */
        char *json = frame ? json_dumps(frame, JSON_COMPACT) : NULL;
        if (json) {
            struct buf stream = buf_make(0);
            buf_addf(&stream, "data: %s\n\n", json);
            ck_assert_int_eq(feed(log, &viewer, stream.data, stream.len,
                                  1 + chance(&random, 200), &last),
                             1);
            viewer_expect(&viewer, text);
            buf_free(&stream);
        } else {
            text[0] = '\0';
        }
        free(json);
        json_decref(frame);
    }
    viewer_clear(&viewer, 0);
    agentlog_destroy(log);
}
END_TEST

/* What a frame costs follows what is new in it, not how long the text is. */
START_TEST(growth_copies_only_what_is_new)
{
    static const size_t sizes[] = {1000, 10000, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct agentlog *log = agentlog_create(MAX_TEXT);
        struct agentlog_frame last;
        struct error err = {0};
        struct buf stream = buf_make(0);
        uint64_t before = 0;
        for (int frame = 0; frame < 2; frame++) {
            before = agentlog_copied(log);
            buf_clear(&stream);
            buf_adds(&stream, "data: {\"logs\":\"");
            buf_fill(&stream, 'x', sizes[i]);
            buf_adds(&stream, frame ? "\\nnew\"}\n\n" : "\"}\n\n");
            agentlog_feed(log, stream.data, stream.len);
            ck_assert(agentlog_next(log, &last, &err));
        }
        ck_assert_uint_lt(agentlog_copied(log) - before, 100);
        buf_free(&stream);
        agentlog_destroy(log);
    }
}
END_TEST

START_TEST(what_a_large_frame_tells_outlasts_it)
{
    struct agentlog *log = agentlog_create((size_t)4 * MAX_TEXT);
    struct agentlog_frame frame;
    struct error err = {0};
    struct buf stream = buf_make(0);
    buf_adds(&stream, "data: {\"type\":\"logs\",\"logs\":\"");
    buf_fill(&stream, 'x', (size_t)2 * MAX_TEXT);
    buf_adds(&stream, "\",\"status\":\"running\"}\n\n");
    for (size_t at = 0; at < stream.len; at += MAX_TEXT) {
        size_t left = stream.len - at;
        agentlog_feed(log, stream.data + at, left < MAX_TEXT ? left : MAX_TEXT);
        bool whole = agentlog_next(log, &frame, &err);
        ck_assert_int_eq(whole, left <= MAX_TEXT);
    }
    ck_assert(slice_is(frame.status, "running"));
    ck_assert(!agentlog_next(log, &frame, &err));
    buf_free(&stream);
    agentlog_destroy(log);
}
END_TEST

enum {
    STREAM_COUNT = sizeof streams / sizeof *streams
};

UNIT_MAIN("agentlog",
          tcase_add_loop_test(tc, text_is_the_same_wherever_the_stream_is_cut,
                              0, STREAM_COUNT);
          tcase_add_test(tc, members_behind_the_logs_are_told);
          tcase_add_loop_test(tc, broken_frame_spoils_itself_alone, 0,
                              sizeof broken / sizeof *broken);
          tcase_add_loop_test(tc, lines_before_the_first_difference_are_kept, 0,
                              sizeof changes / sizeof *changes);
          tcase_add_test(tc, frame_beyond_the_maximum_is_refused);
          tcase_add_test(tc,
                         what_follows_a_frame_beyond_the_maximum_is_not_taken);
          tcase_add_test(tc, new_connection_keeps_the_text);
          tcase_add_loop_test(tc, random_edits_end_in_the_right_text, 0, 8);
          tcase_add_test(tc, growth_copies_only_what_is_new);
          tcase_add_test(tc, what_a_large_frame_tells_outlasts_it);)
