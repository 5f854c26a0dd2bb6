#include "config.h"

#include "sim/spoil.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/spot.h"

#include "unit.h"

/* Spots, wherever the bytes are cut before. */

static const struct {
    enum spot_place place;
    size_t number;
    enum spot_part part;
    const char *bytes;
    int at; /* -1: none */
} spots[] = {
    {SPOT_BYTE, 0, PART_HEAD, "HTTP", 0},
    {SPOT_BYTE, 3, PART_BODY, "body", 3},
    {SPOT_BYTE, 4, PART_BODY, "body", -1},
    {SPOT_HEADER, 0, PART_HEAD, "HTTP/1.1 200 OK\r\nA: b\r\n", 1},
    {SPOT_HEADER, 1, PART_HEAD, "HTTP/1.1 200 OK\r\nA: b\r\n", 18},
    {SPOT_HEADER, 2, PART_HEAD, "HTTP/1.1 200 OK\r\nA: b\r\n", -1},
    {SPOT_HEADER, 0, PART_BODY, "text", -1},
    {SPOT_CHARACTER, 0, PART_BODY, "a\xc3\xa4\xe2\x82\xac", 2},
    {SPOT_CHARACTER, 1, PART_BODY, "a\xc3\xa4\xe2\x82\xac", 4},
    {SPOT_CHARACTER, 2, PART_BODY, "a\xc3\xa4\xe2\x82\xac", -1},
    {SPOT_STRING, 0, PART_BODY, "[\"a\",\"b\"]", 2},
    {SPOT_STRING, 1, PART_BODY, "[\"a\",\"b\"]", 6},
    {SPOT_STRING, 1, PART_BODY, "[\"\\\"a\",\"b\"]", 8},
    {SPOT_STRING, 2, PART_BODY, "[\"a\",\"b\"]", -1},
    {SPOT_CHUNK_SIZE, 0, PART_FRAME, "1f\r\n", 1},
    {SPOT_CHUNK_SIZE, 0, PART_FRAME, "\r\n1f\r\n", 3},
    {SPOT_CHUNK_SIZE, 1, PART_FRAME, "\r\n1f\r\n", -1},
};

START_TEST(a_spot_is_the_same_wherever_bytes_are_cut)
{
    size_t len = strlen(spots[_i].bytes);
    /* a chunk's size comes in one piece */
    bool whole = spots[_i].place == SPOT_CHUNK_SIZE;
    for (size_t cut = whole ? len : 0; cut <= len; cut++) {
        struct spot spot = spot_make(spots[_i].place, spots[_i].number);
        size_t at = 0;
        int found = -1;
        if (spot_find(&spot, spots[_i].part, spots[_i].bytes, cut, &at))
            found = (int)at;
        else if (spot_find(&spot, spots[_i].part, spots[_i].bytes + cut,
                           len - cut, &at))
            found = (int)(cut + at);
        ck_assert_int_eq(found, spots[_i].at);
    }
}
END_TEST

/* Answers, as they come out of a socket. */

static struct {
    int ours;
    const char *body;
    size_t sent;
    int waits, resets;
    bool waits_for_ever;
} line;

static ssize_t read_body(void *self, char *out, size_t max)
{
    size_t len = strlen(line.body) - line.sent;
    (void)self;
    ck_assert_uint_le(len, max);
    memcpy(out, line.body + line.sent, len);
    line.sent += len;
    return (ssize_t)len;
}

static bool wait_some(void *self, int64_t ms)
{
    (void)self;
    line.waits++;
    line.waits_for_ever = ms < 0;
    return ms >= 0;
}

static bool is_ready(void *self)
{
    (void)self;
    return false;
}

static void count_reset(void *self)
{
    (void)self;
    line.resets++;
}

static const struct spoil_ops ops = {read_body, wait_some, is_ready,
                                     count_reset};

#define HEAD                                                                   \
    "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nX-A: b\r\n"
#define CLOSE   "Connection: close\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define CHUNKS  "6\r\n[\"\xc3\xa4\"]\r\n0\r\n\r\n"
#define NUMBER  SIZE_MAX /* the kind's own */

static const struct {
    enum spoil kind;
    size_t number;
    bool chunked;
    const char *want;
    int resets;
    bool silent;
} answers[] = {
    {SPOIL_CLOSE_AT, 0, true, "", 0, false},
    {SPOIL_CLOSE_AT, 7, true, "HTTP/1.", 0, false},
    {SPOIL_RESET_AT, 7, true, "HTTP/1.", 1, false},
    {SPOIL_SILENCE_AT, 7, true, "HTTP/1.", 0, true},
    {SPOIL_CLOSE_AT, 9999, true, HEAD CHUNKED CLOSE "\r\n" CHUNKS, 0, false},
    {SPOIL_CLOSE_HEADER, NUMBER, true,
     "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nX", 0, false},
    {SPOIL_CLOSE_CHUNK, NUMBER, true, HEAD CHUNKED CLOSE "\r\n6", 0, false},
    {SPOIL_CLOSE_CHARACTER, NUMBER, true, HEAD CHUNKED CLOSE "\r\n6\r\n[\"\xc3",
     0, false},
    {SPOIL_CLOSE_STRING, 0, true, HEAD CHUNKED CLOSE "\r\n6\r\n[\"", 0, false},
    {SPOIL_PIECES, NUMBER, true, HEAD CHUNKED CLOSE "\r\n" CHUNKS, 0, false},
    {SPOIL_SLOW, NUMBER, true, HEAD CHUNKED CLOSE "\r\n" CHUNKS, 0, false},
    {SPOIL_BUFFERED, 0, true, HEAD CHUNKED CLOSE "\r\n" CHUNKS, 0, false},
    {SPOIL_TWICE, 0, true,
     HEAD CHUNKED "\r\n" CHUNKS HEAD CHUNKED "\r\n" CHUNKS, 0, false},
    {SPOIL_LENGTH_MORE, NUMBER, true,
     HEAD "Content-Length: 16\r\n" CLOSE "\r\n[\"\xc3\xa4\"]", 0, false},
    {SPOIL_LENGTH_LESS, 2, false,
     HEAD "Content-Length: 4\r\n" CLOSE "\r\n[\"\xc3\xa4\"]", 0, false},
    {SPOIL_NO_HEAD, 0, false, "[\"\xc3\xa4\"]", 0, false},
    {SPOIL_BAD_CHUNK, 0, true,
     HEAD CHUNKED CLOSE "\r\ng6\r\n[\"\xc3\xa4\"]\r\n0\r\n\r\n", 0, false},
    {SPOIL_GZIP_BROKEN, 0, true,
     HEAD "Content-Encoding: gzip\r\n" CHUNKED CLOSE "\r\n" CHUNKS, 0, false},
    {SPOIL_DATE_AHEAD, 61, false,
     "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:01:01 GMT\r\nX-A: b\r\n"
     "Content-Length: 6\r\n" CLOSE "\r\n[\"\xc3\xa4\"]",
     0, false},
    {SPOIL_REDIRECT_AWAY, 0, true,
     "HTTP/1.1 307 Temporary Redirect\r\nLocation: "
     "http://localhost:80/a?b=c\r\n"
     "Content-Length: 0\r\n" CLOSE "\r\n",
     0, false},
};

START_TEST(an_answer_is_spoiled_as_its_kind_says)
{
    struct field field = {(char[]){"X-A"}, (char[]){"b"}};
    struct fields headers = {&field, 1};
    char got[1000] = "";
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    memset(&line, 0, sizeof line);
    line.body = "[\"\xc3\xa4\"]";
    struct spoiled spoiled = {
        .kind = answers[_i].kind,
        .number = answers[_i].number == NUMBER ? spoil_default(answers[_i].kind)
                                               : answers[_i].number,
        .status = 200,
        .headers = &headers,
        .chunked = answers[_i].chunked,
        .length = strlen(line.body),
        .target = "/a?b=c",
        .port = 80,
    };
    spoil_send(&spoiled, pair[0], &ops, NULL);
    close(pair[0]);
    ssize_t len = recv(pair[1], got, sizeof got - 1, MSG_WAITALL);
    ck_assert_int_ge(len, 0);
    ck_assert_str_eq(got, answers[_i].want);
    ck_assert_int_eq(line.resets, answers[_i].resets);
    ck_assert_int_eq(line.waits_for_ever, answers[_i].silent);
    if (answers[_i].kind == SPOIL_SLOW)
        ck_assert_int_eq(line.waits, (int)strlen(answers[_i].want));
    close(pair[1]);
}
END_TEST

START_TEST(a_bomb_is_a_thousandth_of_what_it_says)
{
    struct buf bomb = buf_make(0);
    spoil_add_bomb(&bomb, 10);
    ck_assert_uint_ge(bomb.len, 60000);
    ck_assert_uint_le(bomb.len, 70000);
    ck_assert_int_eq(memcmp(buf_str(&bomb), "\x1f\x8b\x08", 3), 0);
    buf_free(&bomb);
}
END_TEST

#define EACH(test, table)                                                      \
    tcase_add_loop_test(tc, test, 0, sizeof table / sizeof *table)

UNIT_MAIN("spoil", EACH(a_spot_is_the_same_wherever_bytes_are_cut, spots);
          EACH(an_answer_is_spoiled_as_its_kind_says, answers);
          tcase_add_test(tc, a_bomb_is_a_thousandth_of_what_it_says);)
