#include "config.h"

#include "wire/stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#include "unit.h"

enum {
    NOW_MS = 7,
    MAX_EVENT = 100000,
    MAX_CONNECTIONS = 3
};

/* Appends a part as "J" (JSON) or "T" (any text), the chunk, then "#id" and
 * "@time" where they are known, and ";". */
static void tell_part(struct buf *out, const struct stream_part *part)
{
    ck_assert_str_eq(part->stream, "key");
    buf_adds(out, part->is_json ? "J" : "T");
    for (size_t i = 0; i < part->chunk_len; i++)
        if (part->chunk[i])
            buf_addc(out, part->chunk[i]);
        else
            buf_adds(out, "<0>");
    if (part->id)
        buf_addf(out, "#%s", part->id);
    if (part->time_is_arrival)
        ck_assert_int_eq(part->time_ms, NOW_MS);
    else
        buf_addf(out, "@%lld", (long long)part->time_ms);
    buf_addc(out, ';');
}

static bool take_bytes(struct buf *out, struct stream *stream,
                       const char *bytes, size_t len)
{
    struct stream_part part;
    struct error err = {0};
    char *copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    stream_feed(stream, copy, len, NOW_MS);
    while (stream_next_part(stream, &part, &err))
        tell_part(out, &part);
    free(copy);
    if (err.kind != ERROR_NONE)
        buf_addf(out, "!%s;", err.message);
    return err.kind == ERROR_NONE;
}

struct connection_case {
    const char *version; /* NULL: v1 */
    const char *bytes;   /* NULL: there is no such connection */
    size_t len;
};

/* One connection, cut into two at `cut`, then byte by byte from `cut` on when
 * by_byte. */
static void take_connection(struct buf *out, struct stream *stream,
                            const struct connection_case *from, size_t cut,
                            bool by_byte)
{
    size_t at = cut < from->len ? cut : from->len;
    if (!stream_open(stream, from->version)) {
        buf_adds(out, "(of no use)");
        return;
    }
    bool good = take_bytes(out, stream, from->bytes, at);
    size_t step = by_byte ? 1 : from->len - at;
    for (; good && at < from->len; at += step)
        good = take_bytes(out, stream, from->bytes + at, step);
}

/* Behind each connection: "[position]", then c, d, l for caught up, done and
 * a part lost. */
static void tell_position(struct buf *out, struct stream *stream)
{
    buf_addc(out, '[');
    stream_resume(stream, out);
    buf_addc(out, ']');
    if (stream_is_caught_up(stream))
        buf_addc(out, 'c');
    if (stream_is_done(stream))
        buf_addc(out, 'd');
    if (stream_lost_a_part(stream))
        buf_addc(out, 'l');
}

#define BYTES(text) text, sizeof text - 1
#define V1(text)                                                               \
    {                                                                          \
        NULL, BYTES(text)                                                      \
    }
#define V2(text)                                                               \
    {                                                                          \
        "v2", BYTES(text)                                                      \
    }

/* A batch of the given records; one record with a body. */
#define BATCH(records) "event: batch\ndata: {\"records\":[" records "]}\n\n"
#define AT(seq, body)                                                          \
    "{\"seq_num\":" #seq ",\"timestamp\":1767323045678,\"body\":\"" body "\"}"
#define NO_TIME(seq, body) "{\"seq_num\":" #seq ",\"body\":\"" body "\"}"
#define DATA(seq, data, id)                                                    \
    NO_TIME(seq, "{\\\"data\\\":" data ",\\\"id\\\":\\\"" id "\\\"}")

static const struct {
    struct connection_case connections[MAX_CONNECTIONS];
    const char *told;
} cases[] = {
    /* The first generation. */
    {{V1("id: 1767323045678-0\ndata: {\"a\": [1.50, 2e+1]}\n\n"
         "id: 1767323045700-0\ndata: \"text\"\n\n: ping\n\n")},
     "J{\"a\":[1.50,2e+1]}#1767323045678-0@1767323045678;"
     "J\"text\"#1767323045700-0@1767323045700;[1767323045700-0]"},
    {{V1("id: 5-0\ndata: 1\n\nid: 5-0\ndata: 1\n\nid: 5-0\ndata: 2\n\n"),
      V1("id: 6-0\ndata: 1\n\n")},
     "J1#5-0;J1#5-0;J2#5-0;[5-0]J1#6-0;[6-0]"},
    {{V1("data: not json\n\ndata:  padded\n\ndata:\n\ndata: {\"cut\":\n\n")},
     "Tnot json;T padded;T;T{\"cut\":;[]"},
    {{V1("id: 1-1\ndata: 18446744073709551616\n\ndata: null\n\ndata: false\n\n"
         "data: [DONE]\n\n")},
     "J18446744073709551616#1-1;Jnull#1-1;Jfalse#1-1;T[DONE]#1-1;[1-1]"},
    {{V1("id: 1-1\r\ndata: \"\xE6\x97\xA5\"\r\n\r\nid: 2-0\rdata: a\xFFz\r\r")},
     "J\"\xE6\x97\xA5\"#1-1;Ta\xEF\xBF\xBDz#2-0;[2-0]"},
    {{V1("data: \"a\xFFz\"\n\n")}, "J\"a\xEF\xBF\xBDz\";[]"},
    {{V1("data: \"{\\\"type\\\":\\\"x\\\"}\"\n\n")},
     "J\"{\\\"type\\\":\\\"x\\\"}\";[]"},
    {{V1("event: other\nid: 3-0\ndata: 1\n\nid: 4-0\n\nid: 5-0\ndata: unfin")},
     "J1#3-0;[4-0]"},
    /* a server that begins before what it was asked for, or knows no ids */
    {{V1("id: 5-0\ndata: 1\n\nid: 5-1\ndata: 2\n\nid: 5-1\ndata: 2\n\n"),
      V1("id: 5-0\ndata: 1\n\nid: 5-1\ndata: 2\n\n"),
      V1("id: 5-0\ndata: 1\n\nid: 5-1\ndata: 2\n\nid: 5-1\ndata: 2\n\n"
         "id: 5-1\ndata: 3\n\nid: 10-0\ndata: 4\n\n")},
     "J1#5-0;J2#5-1;J2#5-1;[5-1][5-1]J3#5-1;J4#10-0;[10-0]"},
    {{V1("id: 9\ndata: 1\n\n"), V1("id: 9\ndata: 1\n\nid: 10\ndata: 2\n\n")},
     "J1#9;[9]J2#10;[10]"},
    {{V1("id: b\ndata: 1\n\n"), V1("id: a\ndata: 2\n\nid: 1-x\ndata: 3\n\n")},
     "J1#b;[b]J2#a;J3#1-x;[1-x]"},
    {{V1("id: 5-0\ndata: 1\n\n"), V1("data: 2\n\nid: 6-0\ndata: 3\n\n")},
     "J1#5-0;[5-0]J2;J3#6-0;[6-0]"},
    /* after a resume, the rest of a line that began in the entry before */
    {{V1("id: 1-0\ndata: {\"a\":1}\n\n"),
      V1("id: 2-0\ndata: \"b\":2}\n\nid: 3-0\ndata: x\n\n")},
     "J{\"a\":1}#1-0;[1-0]Tx#3-0;[3-0]l"},
    {{V1("id: 1-0\ndata: {\"a\":1}\n\n"), V1("id: 2-0\ndata: {}\n\n"),
      V1("id: 3-0\ndata: 1}\n\n")},
     "J{\"a\":1}#1-0;[1-0]J{}#2-0;[2-0][3-0]l"},
    {{V1("id: 1-0\ndata: Hel\n\nid: 2-0\ndata: 5\n\n"),
      V1("id: 3-0\ndata: lo\n\n")},
     "THel#1-0;J5#2-0;[2-0]Tlo#3-0;[3-0]"},
    {{V1(""), V1("id: 1-0\ndata: lo\n\n")}, "[]Tlo#1-0;[1-0]"},

    /* The second generation. */
    {{V2("event: batch\nid: 1,2,143\ndata: {\"records\":[" AT(
         0,
         "{\\\"data\\\":\\\"Hel\\\",\\\"id\\\":\\\"k3V9xQ1\\\"}") ","
                                                                  "{\"seq_"
                                                                  "num\":1,"
                                                                  "\"timestamp"
                                                                  "\":"
                                                                  "176732304579"
                                                                  "0,"
                                                                  "\"headers\":"
                                                                  "[[\"\","
                                                                  "\"fence\"]],"
                                                                  "\"body\":"
                                                                  "\"token-1\"}"
                                                                  "]}\n\n"
                                                                  "event: "
                                                                  "ping\ndata: "
                                                                  "{\"timestamp"
                                                                  "\":"
                                                                  "176732304580"
                                                                  "1}\n\n"
                                                                  "data: "
                                                                  "[DONE]"
                                                                  "\n\n")},
     "J\"Hel\"#k3V9xQ1@1767323045678;[1]cd"},
    {{V2("event: batch\ndata: {\"records\":[{\"seq_num\":6,\"headers\":"
         "[[\"\",\"trim\"]],\"body\":\"\\u0000\\u0000\\u0002\"}," DATA(
             7, "1", "a") ",{\"seq_num\":8,\"headers\":"
                          "[[\"trigger-control\",\"turn-complete\"]]}]}\n\n")},
     "J1#a;[8]"},
    {{V2(BATCH(
         DATA(3, "\\\" the\\\"", "r3") "," DATA(4, "\\\" the\\\"", "r3")))},
     "J\" the\"#r3;[4]"},
    {{V2(BATCH(DATA(
          3, "1",
          "a")) "event: error\ndata: "
                "{\"code\":\"unavailable\",\"message\":\"interrupted\"}\n\n"),
      V2(BATCH(DATA(3, "1", "a") "," DATA(4, "2", "b")))},
     "J1#a;!the server could not go on reading the stream: interrupted;[3]"
     "J2#b;[4]"},
    {{V2("event: error\ndata: read session ended\n\n")},
     "!the server could not go on reading the stream: read session ended;[]"},
    /* one that starts anew, without ids to know parts by */
    {{V2(BATCH(NO_TIME(0, "a") "," NO_TIME(1, "b"))),
      V2(BATCH(NO_TIME(0, "a") "," NO_TIME(1, "b") "," NO_TIME(2, "c")))},
     "Ta;Tb;[1]Tc;[2]"},
    /* bodies that are no envelope */
    {{V2(BATCH(NO_TIME(0, "plain \\u001b[31m\\u0000") "," NO_TIME(
         1,
         "{\\\"t"
         "ext\\"
         "\": "
         "1}") "," NO_TIME(2,
                           "[1,2]") "," NO_TIME(3,
                                                "") ",{\"seq_num\":4}"
                                                    "," NO_TIME(
                                                        5,
                                                        "{\\\"data\\"
                                                        "\""
                                                        ":") "," NO_TIME(6,
                                                                         "7")))},
     "Tplain \033[31m<0>;J{\"text\":1};J[1,2];T{\"data\":;J7;[6]"},
    {{V2(BATCH(NO_TIME(0, "{\\\"data\\\":null}") "," NO_TIME(
         1,
         "{\\\"data\\\":"
         "1,"
         "\\\"data\\\":"
         "2,\\\"id\\\":"
         "12}") "," NO_TIME(2,
                            "{\\\"data\\\":3,\\\"id\\\":12}") "," NO_TIME(3,
                                                                          "{\\"
                                                                          "\"d"
                                                                          "\\\\"
                                                                          "u006"
                                                                          "1ta"
                                                                          "\\\""
                                                                          ":"
                                                                          "4,"
                                                                          "\\\""
                                                                          "id\\"
                                                                          "\":"
                                                                          "null"
                                                                          "}")))},
     "Jnull;J2#12;J4;[3]"},
    /* JSON that was put into a string */
    {{V2(BATCH(
         NO_TIME(0, "{\\\"data\\\":\\\" {\\\\\\\"type\\\\\\\": 5} "
                    "\\\"}") "," NO_TIME(1, "{\\\"data\\\":\\\"[1, 2]\\\"}")))},
     "J{\"type\":5};J[1,2];[1]"},
    {{V2(BATCH(NO_TIME(0, "{\\\"data\\\":\\\"{}\\\"}") "," NO_TIME(
         1,
         "{\\\"data\\\":"
         "\\\"[]\\\"}") "," NO_TIME(2,
                                    "{\\\"data\\\":\\\"{\\\"}") "," NO_TIME(3,
                                                                            "{"
                                                                            "\\"
                                                                            "\""
                                                                            "da"
                                                                            "ta"
                                                                            "\\"
                                                                            "\""
                                                                            ":"
                                                                            "\\"
                                                                            "\""
                                                                            "12"
                                                                            "\\"
                                                                            "\""
                                                                            "}") "," NO_TIME(4,
                                                                                             "{\\\"data\\\":\\\"[1] note\\\"}")))},
     "J\"{}\";J\"[]\";J\"{\";J\"12\";J\"[1] note\";[4]"},
    /* one record that is broken, a batch that is, data that is none */
    {{V2(BATCH(
         DATA(0, "1", "a") ",{\"seq_num\":1,\"body\":}," DATA(2, "3", "c")))},
     "J1#a;T{\"seq_num\":1,\"body\":};J3#c;[2]"},
    {{V2("event: batch\ndata: {\"records\":[" DATA(
         0, "1", "a") ",{\"seq_num\":1,\"bo\n\n" BATCH(DATA(2, "3", "c")))},
     "J1#a;T{\"seq_num\":1,\"bo;J3#c;[2]"},
    {{V2("event: batch\ndata: <html>\n\nevent: batch\ndata: {\"x\":1}\n\n"
         "event: batch\ndata: {\"records\":5}\n\n"
         "event: batch\ndata: {\"records\":[]}\n\n")},
     "T<html>;[]"},
    {{V2(BATCH("{\"seq_num\":\"x\",\"body\":\"{\\\"data\\\":1}\"},5,null,"
               "{\"seq_num\":-1,\"body\":\"{\\\"data\\\":2}\"},"
               "{\"seq_num\":9007199254740992,\"timestamp\":1.5,"
               "\"body\":\"{\\\"data\\\":3}\"}"))},
     "J1;J2;J3;[9007199254740992]"},
    {{V2("event: batch\ndata: {\"records\":[" NO_TIME(
         0, "{\\\"data\\\":\\\"a\xFFz\\\"}") "]}\n\n")},
     "J\"a\xEF\xBF\xBDz\";[0]"},
    /* events that nobody knows, and the tail */
    {{V2("event: novel\ndata: 1\n\ndata: 2\n\nid: 9\ndata: [DONE] \n\n")},
     "[]"},
    {{V2("event: batch\ndata: {\"tail\":{\"seq_num\":3,\"timestamp\":1},"
         "\"records\":[" DATA(2, "1", "a") "]}\n\n")},
     "J1#a;[2]c"},
    {{V2("event: batch\ndata: {\"tail\":{\"seq_num\":9},\"records\":[" DATA(
         2, "1", "a") "]}\n\n")},
     "J1#a;[2]"},
    {{V2("event: batch\r\ndata: {\"records\":[\r\ndata: " DATA(
         0, "\\\"\xE6\x97\xA5\xF0\x9F\x8E\x89\\\"", "a") "]}\r\n\r\n")},
     "J\"\xE6\x97\xA5\xF0\x9F\x8E\x89\"#a;[0]"},

    /* Positions of one generation mean nothing to the other. */
    {{V1("id: 1767323045678-0\ndata: 1\n\n"), V2(""),
      V2(BATCH(DATA(0, "2", "a")))},
     "J1#1767323045678-0@1767323045678;[1767323045678-0](of no use)[]J2#a;[0]"},
    {{V2("id: 4,5,6\n" BATCH(DATA(4, "1", "a"))), V1(""),
      V1("id: 7-0\ndata: 2\n\n")},
     "J1#a;[4](of no use)[]J2#7-0;[7-0]"},
    {{V1("id: 5-0\ndata: 1\n\n"), V2(""), V1("data: 2\n\n")},
     "J1#5-0;[5-0](of no use)[]J2;[]"},
    {{V2("event: ping\ndata: {}\n\n"), V1("id: 7-0\ndata: 2\n\n")},
     "[]cJ2#7-0;[7-0]"},
    {{{"V2", BYTES("data: [DONE]\n\n")}, {"v3", BYTES("data: 1\n\n")}},
     "[]dJ1;[]"},
};

static void check_case(size_t index, size_t cut, bool by_byte)
{
    struct buf told = buf_make(0);
    struct stream *stream = stream_create("key", MAX_EVENT);
    for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
        const struct connection_case *from = &cases[index].connections[i];
        if (!from->bytes)
            break;
        take_connection(&told, stream, from, cut, by_byte);
        tell_position(&told, stream);
    }
    ck_assert_str_eq(buf_str(&told), cases[index].told);
    stream_destroy(stream);
    buf_free(&told);
}

START_TEST(parts_are_the_same_wherever_the_bytes_are_cut)
{
    size_t index = (size_t)_i, longest = 0;
    for (size_t i = 0; i < MAX_CONNECTIONS; i++)
        if (cases[index].connections[i].len > longest)
            longest = cases[index].connections[i].len;
    for (size_t cut = 0; cut <= longest; cut++)
        check_case(index, cut, false);
    check_case(index, 0, true);
}
END_TEST

START_TEST(repeats_are_known_for_5000_parts)
{
    struct buf told = buf_make(0), batch = buf_make(0);
    struct stream *stream = stream_create("key", 1 << 24);
    stream_open(stream, "v2");
    buf_adds(&batch, "event: batch\ndata: {\"records\":[");
    for (int i = 0; i < 5001; i++)
        buf_addf(&batch,
                 "%s{\"seq_num\":%d,\"body\":\"{\\\"data\\\":0,"
                 "\\\"id\\\":\\\"p%d\\\"}\"}",
                 i ? "," : "", i, i);
    buf_adds(&batch, "]}\n\n");
    ck_assert(take_bytes(&told, stream, batch.data, batch.len));
    buf_clear(&told);
    take_bytes(&told, stream,
               BYTES(BATCH(DATA(5001, "1", "p1") "," DATA(5002, "2", "p0"))));
    ck_assert_str_eq(buf_str(&told), "J2#p0;");
    stream_destroy(stream);
    buf_free(&told);
    buf_free(&batch);
}
END_TEST

START_TEST(event_that_is_too_large_breaks_the_connection)
{
    struct buf told = buf_make(0);
    struct stream *stream = stream_create("key", 20);
    stream_open(stream, NULL);
    ck_assert(take_bytes(&told, stream, BYTES("id: 1-0\ndata: 1\n\n")));
    ck_assert(!take_bytes(&told, stream,
                          BYTES("data: \"0123456789012345678901234\"\n\n")));
    stream_open(stream, NULL);
    ck_assert(take_bytes(&told, stream, BYTES("id: 2-0\ndata: 2\n\n")));
    ck_assert_ptr_nonnull(strstr(buf_str(&told), "J1#1-0;!"));
    ck_assert_ptr_nonnull(strstr(buf_str(&told), ";J2#2-0;"));
    stream_destroy(stream);
    buf_free(&told);
}
END_TEST

UNIT_MAIN("stream",
          tcase_add_loop_test(tc, parts_are_the_same_wherever_the_bytes_are_cut,
                              0, (int)(sizeof cases / sizeof *cases));
          tcase_add_test(tc, repeats_are_known_for_5000_parts);
          tcase_add_test(tc, event_that_is_too_large_breaks_the_connection);)
