#include "config.h"

#include "wire/sse.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#include "random.h"
#include "unit.h"

/* The name and "|"; a NUL in it is told as "^@". */
static void add_name(struct buf *out, const struct sse_event *event)
{
    for (size_t i = 0; i < event->event_len; i++)
        buf_adds(out, event->event[i] ? (char[]){event->event[i], 0} : "^@");
    buf_addc(out, '|');
}

/* Appends the events of a chunk as "type|data|id;". */
static void read_chunk(struct buf *out, struct sse *sse, const char *bytes,
                       size_t len)
{
    struct sse_event event;
    struct error err = {ERROR_NONE, ""};
    char *copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    sse_feed(sse, copy, len);
    while (sse_next(sse, &event, &err)) {
        add_name(out, &event);
        buf_add(out, event.data, event.data_len);
        buf_addf(out, "|%s;", event.id);
    }
    ck_assert_int_eq(err.kind, ERROR_NONE);
    free(copy);
}

#define VECTOR(bytes, ...)                                                     \
    {                                                                          \
        bytes, sizeof bytes - 1, __VA_ARGS__                                   \
    }

static const struct {
    const char *bytes;
    size_t len;
    const char *events;
    const char *last_id;
    int64_t retry_ms;
} vectors[] = {
    VECTOR("data: a\n\n", "message|a|;", "", -1),
    VECTOR("data:a\n\ndata: b\n\n", "message|a|;message|b|;", "", -1),
    VECTOR("data:  a\n\n", "message| a|;", "", -1),
    VECTOR("data\n\n", "message||;", "", -1),
    VECTOR("data\ndata\n\n", "message|\n|;", "", -1),
    VECTOR("data: a\ndata: b\n\n", "message|a\nb|;", "", -1),
    VECTOR("data: a\r\n\r\ndata: b\r\rdata: c\n\n",
           "message|a|;message|b|;message|c|;", "", -1),
    VECTOR("\xEF\xBB\xBF"
           "data: a\n\n",
           "message|a|;", "", -1),
    VECTOR("\xEF\xBB"
           "data: a\n\n",
           "", "", -1),
    VECTOR("\xEF\xBB\xBF\xEF\xBB\xBF"
           "data: a\n\n",
           "", "", -1),
    VECTOR("data: a\n\n\xEF\xBB\xBF"
           "data: b\n\n",
           "message|a|;", "", -1),
    VECTOR(": hi\n\ndata: a\n\n", "message|a|;", "", -1),
    VECTOR("event: x\ndata: 1\n\ndata: 2\n\n", "x|1|;message|2|;", "", -1),
    VECTOR("event: x\n\ndata: 2\n\n", "message|2|;", "", -1),
    VECTOR("id: 7\ndata: 1\n\ndata: 2\n\nid\ndata: 3\n\n",
           "message|1|7;message|2|7;message|3|;", "", -1),
    VECTOR("id: 7\n\ndata: 1\n\n", "message|1|7;", "7", -1),
    VECTOR("id: a\0b\ndata: 1\n\n", "message|1|;", "", -1),
    VECTOR("event: a\0b\ndata: 1\n\n", "a^@b|1|;", "", -1),
    VECTOR("event: message\0\r\ndata: 1\n\n", "message^@|1|;", "", -1),
    VECTOR("retry: 1500\n\n", "", "", 1500),
    VECTOR("retry: 007\n", "", "", 7),
    VECTOR("retry: 15s\nretry: -1\nretry:\nretry: +5\n\n", "", "", -1),
    VECTOR("data: a\n\ndata: b\n", "message|a|;", "", -1),
    VECTOR("data: a\n", "", "", -1),
    VECTOR("Data: a\ndata : b\nxdata: c\n\n", "", "", -1),
    VECTOR("data: {\"x\":\"a:b\"}\n\n", "message|{\"x\":\"a:b\"}|;", "", -1),
    VECTOR("data: \xC3\xA9\xE6\x97\xA5\n\n", "message|\xC3\xA9\xE6\x97\xA5|;",
           "", -1),
    VECTOR("data:\ta\n\n", "message|\ta|;", "", -1),
    VECTOR("\n\n\ndata: a\n\n", "message|a|;", "", -1),
    VECTOR("data: a\r\n\r\n", "message|a|;", "", -1),
    VECTOR("event: batch\nid: 1,2,143\ndata: {\"records\":[]}\n\n",
           "batch|{\"records\":[]}|1,2,143;", "1,2,143", -1),
    VECTOR("id: 1\ndata: a\n\nid: 2\ndata: b", "message|a|1;", "1", -1),
};

START_TEST(stream_is_read_the_same_wherever_it_is_cut)
{
    const char *bytes = vectors[_i].bytes;
    size_t len = vectors[_i].len;
    for (size_t cut = 0; cut <= len; cut++) {
        struct buf got = buf_make(0);
        struct sse *sse = sse_create(1000);
        read_chunk(&got, sse, bytes, cut);
        read_chunk(&got, sse, bytes + cut, len - cut);
        ck_assert_str_eq(buf_str(&got), vectors[_i].events);
        ck_assert_str_eq(sse_last_event_id(sse), vectors[_i].last_id);
        ck_assert_int_eq(sse_retry_ms(sse), vectors[_i].retry_ms);
        sse_destroy(sse);
        buf_free(&got);
    }
}
END_TEST

START_TEST(stream_is_read_the_same_byte_by_byte)
{
    struct buf got = buf_make(0);
    struct sse *sse = sse_create(1000);
    for (size_t i = 0; i < vectors[_i].len; i++) {
        read_chunk(&got, sse, vectors[_i].bytes + i, 1);
        read_chunk(&got, sse, "", 0);
    }
    ck_assert_str_eq(buf_str(&got), vectors[_i].events);
    sse_destroy(sse);
    buf_free(&got);
}
END_TEST

/* A stream made of lines by chance. */
static void add_lines(struct buf *out, uint64_t *state)
{
    static const char *const lines[] = {
        "data: a",         "data:b",   "data",      "data:",
        "data: {\"c\":1}", "id: 7",    "id:",       "id",
        "id: 1,2,3",       "event: x", "event:y z", "event:",
        "event: message",  ": hi",     "retry: 10", "dat: a",
        "idata: b",        "",         "",          "",
    };
    enum {
        COUNT = sizeof lines / sizeof *lines
    };
    bool has_cr = chance(state, 4) == 0;
    for (size_t i = chance(state, 30); i > 0; i--) {
        buf_adds(out, lines[chance(state, COUNT)]);
        if (chance(state, 40) == 0)
            buf_addc(out, '\0');
        buf_adds(out, has_cr && chance(state, 3) == 0   ? "\r"
                      : has_cr && chance(state, 3) == 0 ? "\r\n"
                                                        : "\n");
    }
}

/* Events as most streams have them, and now and then a byte that is not. */
static void add_usual_events(struct buf *out, uint64_t *state)
{
    static const char odd[] = "\r\n\0\t: \x0E\x80\xFF";
    bool spoiled = chance(state, 2) == 0;
    for (size_t i = chance(state, 40); i > 0; i--) {
        if (chance(state, 5))
            buf_addf(out, "id:%s%.*s\n", chance(state, 9) ? " " : "",
                     (int)chance(state, 9), "72057594");
        buf_adds(out, chance(state, 9) ? "data: " : "data:");
        buf_fill(out, 'x', chance(state, 60));
        buf_adds(out, "\n\n");
        if (spoiled && chance(state, 4) == 0)
            out->data[out->len - 1 - chance(state, 20) % out->len] =
                odd[chance(state, sizeof odd - 1)];
    }
}

START_TEST(streams_of_any_lines_are_read_the_same_however_they_are_cut)
{
    uint64_t state = 20260304;
    for (int round = 0; round < 3000; round++) {
        struct buf bytes = buf_make(0), want = buf_make(0), got = buf_make(0);
        struct sse *single = sse_create(1000), *cut = sse_create(1000);
        add_lines(&bytes, &state);
        for (size_t i = 0; i < bytes.len; i++)
            read_chunk(&want, single, bytes.data + i, 1);
        for (size_t at = 0, len; at < bytes.len; at += len) {
            len = 1 + chance(&state, round % 2 ? 20 : 400);
            len = len < bytes.len - at ? len : bytes.len - at;
            read_chunk(&got, cut, bytes.data + at, len);
        }
        ck_assert_uint_eq(got.len, want.len);
        ck_assert_mem_eq(buf_str(&got), buf_str(&want), want.len);
        ck_assert_str_eq(sse_last_event_id(cut), sse_last_event_id(single));
        ck_assert_uint_eq(sse_comments(cut), sse_comments(single));
        sse_destroy(single);
        sse_destroy(cut);
        buf_free(&bytes);
        buf_free(&want);
        buf_free(&got);
    }
}
END_TEST

/* The same as "type|data|+;", with a "-" where there is no id, in bulk where
 * that is possible, and how many events that was for. */
static size_t read_in_bulk(struct buf *out, struct sse *sse, const char *bytes,
                           size_t len, size_t most)
{
    enum {
        MOST = 8
    };
    struct slice data[MOST];
    struct sse_event event;
    struct error err = {ERROR_NONE, ""};
    size_t count, all = 0;
    char *copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    sse_feed(sse, copy, len);
    do {
        while ((count = sse_take_plain(sse, data, most < MOST ? most : MOST)))
            for (size_t i = 0; i < count; i++, all++) {
                buf_adds(out, "message|");
                buf_add(out, data[i].data, data[i].len);
                buf_adds(out, *sse_last_event_id(sse) ? "|+;" : "|-;");
            }
        if (!sse_next(sse, &event, &err))
            break;
        add_name(out, &event);
        buf_add(out, event.data, event.data_len);
        buf_adds(out, event.id_len ? "|+;" : "|-;");
    } while (true);
    ck_assert_int_eq(err.kind, ERROR_NONE);
    free(copy);
    return all;
}

/* Byte by byte nothing is ever whole. */
START_TEST(events_in_bulk_are_those_that_come_one_by_one)
{
    uint64_t state = 20260305;
    for (int round = 0; round < 6000; round++) {
        struct buf bytes = buf_make(0), want = buf_make(0), got = buf_make(0);
        struct sse *single = sse_create(1000), *bulk = sse_create(1000);
        size_t most = 1 + chance(&state, 9);
        if (round % 2)
            add_lines(&bytes, &state);
        else
            add_usual_events(&bytes, &state);
        for (size_t i = 0; i < bytes.len; i++)
            read_in_bulk(&want, single, bytes.data + i, 1, 1);
        for (size_t at = 0, len; at < bytes.len; at += len) {
            len = 1 + chance(&state, round % 3 ? 4000 : 100);
            len = len < bytes.len - at ? len : bytes.len - at;
            read_in_bulk(&got, bulk, bytes.data + at, len, most);
            if (chance(&state, 4) == 0)
                read_in_bulk(&got, bulk, "", 0, most);
        }
        ck_assert_uint_eq(got.len, want.len);
        ck_assert_mem_eq(buf_str(&got), buf_str(&want), want.len);
        ck_assert_str_eq(sse_last_event_id(bulk), sse_last_event_id(single));
        ck_assert_uint_eq(sse_comments(bulk), sse_comments(single));
        ck_assert_int_eq(sse_retry_ms(bulk), sse_retry_ms(single));
        sse_destroy(single);
        sse_destroy(bulk);
        buf_free(&bytes);
        buf_free(&want);
        buf_free(&got);
    }
}
END_TEST

START_TEST(usual_events_come_in_bulk)
{
    static const char bytes[] = "id: 1\ndata: a\n\nid: 22\ndata:\tb\n\n"
                                "data: c\n\nid\ndata: d\n\ndata: e\n\n";
    struct buf got = buf_make(0);
    struct sse *sse = sse_create(1000);
    ck_assert_uint_eq(read_in_bulk(&got, sse, bytes, sizeof bytes - 1, 8), 4);
    ck_assert_str_eq(buf_str(&got), "message|a|+;message|\tb|+;message|c|+;"
                                    "message|d|-;message|e|-;");
    ck_assert_uint_eq(sse_copied(sse), strlen("d"));
    sse_destroy(sse);
    buf_free(&got);
}
END_TEST

START_TEST(event_past_the_limit_is_none_of_the_bulk)
{
    static const char bytes[] = "data: 0123\n\ndata: 01234\n\n";
    struct sse *sse = sse_create(10);
    struct slice data[8];
    struct sse_event event;
    struct error err = {ERROR_NONE, ""};
    sse_feed(sse, bytes, sizeof bytes - 1);
    ck_assert_uint_eq(sse_take_plain(sse, data, 8), 0);
    ck_assert(sse_next(sse, &event, &err)); /* as line ends are not counted */
    ck_assert_uint_eq(sse_take_plain(sse, data, 8), 0);
    ck_assert(!sse_next(sse, &event, &err));
    ck_assert_int_eq(err.kind, ERROR_PROTOCOL);
    ck_assert_uint_eq(sse_take_plain(sse, data, 8), 0);
    sse_destroy(sse);
}
END_TEST

START_TEST(event_that_lies_whole_in_the_chunk_is_not_copied)
{
    static const char bytes[] = "id: 1\nevent: x\ndata: 0123456789\n\n"
                                "data: 0123456789\n\ndata: 0123";
    struct buf got = buf_make(0);
    struct sse *sse = sse_create(1000);
    read_chunk(&got, sse, bytes, sizeof bytes - 1);
    ck_assert_str_eq(buf_str(&got), "x|0123456789|1;message|0123456789|1;");
    ck_assert_uint_eq(sse_copied(sse), strlen("data: 0123"));
    sse_destroy(sse);
    buf_free(&got);
}
END_TEST

START_TEST(event_is_complete_at_the_lone_carriage_return)
{
    struct buf got = buf_make(0);
    struct sse *sse = sse_create(1000);
    read_chunk(&got, sse, "data: a\r", 8);
    ck_assert_str_eq(buf_str(&got), "");
    read_chunk(&got, sse, "\r", 1);
    ck_assert_str_eq(buf_str(&got), "message|a|;");
    read_chunk(&got, sse, "\n", 1);
    read_chunk(&got, sse, "data: b\n\n", 9);
    ck_assert_str_eq(buf_str(&got), "message|a|;message|b|;");
    sse_destroy(sse);
    buf_free(&got);
}
END_TEST

START_TEST(comments_are_counted)
{
    struct buf got = buf_make(0);
    struct sse *sse = sse_create(1000);
    ck_assert_uint_eq(sse_comments(sse), 0);
    read_chunk(&got, sse, ": keep-alive\n\n:\ndata: :\n\n", 26);
    ck_assert_uint_eq(sse_comments(sse), 2);
    sse_destroy(sse);
    buf_free(&got);
}
END_TEST

START_TEST(new_connection_forgets_the_unfinished_event_and_keeps_the_id)
{
    struct buf got = buf_make(0);
    struct sse *sse = sse_create(1000);
    read_chunk(&got, sse, "id: 4\ndata: a\n\nid: 5\nevent: x\ndata: lost\nda",
               43);
    sse_restart(sse);
    ck_assert_str_eq(sse_last_event_id(sse), "4");
    read_chunk(&got, sse,
               "\xEF\xBB\xBF"
               "data: b\n\n",
               12);
    ck_assert_str_eq(buf_str(&got), "message|a|4;message|b|4;");
    sse_destroy(sse);
    buf_free(&got);
}
END_TEST

static const char *const large[] = {
    "data: 0123456789",
    "data: 01\ndata: 23\ndata: 45\n\n",
    "id: 0123456789\n\n",
    "event: 0123456789\n",
};

START_TEST(event_past_the_limit_is_refused)
{
    const char *bytes = large[_i];
    struct sse *sse = sse_create(10);
    struct sse_event event;
    struct error err = {ERROR_NONE, ""};
    for (size_t i = 0; i < strlen(bytes) && !err.kind; i++) {
        sse_feed(sse, bytes + i, 1);
        ck_assert(!sse_next(sse, &event, &err));
    }
    ck_assert_int_eq(err.kind, ERROR_PROTOCOL);
    error_clear(&err);
    sse_feed(sse, "\n\ndata: a\n\n", 11);
    ck_assert(!sse_next(sse, &event, &err));
    sse_restart(sse);
    sse_feed(sse, "data: a\n\n", 9);
    ck_assert(sse_next(sse, &event, &err));
    sse_destroy(sse);
}
END_TEST

static const char *const ignored[] = {
    ": 0123456789 of any length",
    "dat: 0123456789 of any length",
    "eventx: 0123456789 of any length",
    "0123456789 of any length",
};

START_TEST(what_is_ignored_takes_no_room)
{
    static const char rest[] = "\ndata: a\n\n";
    struct sse *sse = sse_create(10);
    struct sse_event event;
    struct error err = {ERROR_NONE, ""};
    for (const char *p = ignored[_i]; *p; p++) {
        sse_feed(sse, p, 1);
        ck_assert(!sse_next(sse, &event, &err));
    }
    sse_feed(sse, rest, strlen(rest));
    ck_assert(sse_next(sse, &event, &err));
    ck_assert_int_eq(err.kind, ERROR_NONE);
    ck_assert_uint_eq(event.data_len, 1);
    ck_assert_uint_eq(sse_comments(sse), _i == 0);
    sse_destroy(sse);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

UNIT_MAIN(
    "sse", tcase_add_loop_test(tc, stream_is_read_the_same_wherever_it_is_cut,
                               0, COUNT(vectors));
    tcase_add_loop_test(tc, stream_is_read_the_same_byte_by_byte, 0,
                        COUNT(vectors));
    tcase_add_test(tc,
                   streams_of_any_lines_are_read_the_same_however_they_are_cut);
    tcase_add_test(tc, events_in_bulk_are_those_that_come_one_by_one);
    tcase_add_test(tc, usual_events_come_in_bulk);
    tcase_add_test(tc, event_past_the_limit_is_none_of_the_bulk);
    tcase_add_test(tc, event_that_lies_whole_in_the_chunk_is_not_copied);
    tcase_add_test(tc, event_is_complete_at_the_lone_carriage_return);
    tcase_add_test(tc, comments_are_counted); tcase_add_test(
        tc, new_connection_forgets_the_unfinished_event_and_keeps_the_id);
    tcase_add_loop_test(tc, event_past_the_limit_is_refused, 0, COUNT(large));
    tcase_add_loop_test(tc, what_is_ignored_takes_no_room, 0, COUNT(ignored)))
