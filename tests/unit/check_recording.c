#include "config.h"

#include "wire/recording.h"

#include <string.h>

#include "wire/mask.h"

#include "unit.h"

/* Masking. A token is made here, so that none stands in this file. */

static void add_token(struct buf *out)
{
    buf_adds(out, "eyJ");
    buf_fill(out, 'a', 20);
    buf_adds(out, ".eyJ");
    buf_fill(out, 'b', 30);
    buf_adds(out, ".");
    buf_fill(out, 'c', 43);
}

static struct mask *make_mask(void)
{
    struct mask *mask = mask_create();
    mask_add(mask, "s3cret/of-mine");
    mask_add(mask, "s3cret/of-mine-too");
    mask_add(mask, "abc"); /* too short to be one */
    return mask;
}

/* What the mask makes of text cut in two at a place. */
static void mask_cut(const char *text, size_t len, size_t cut, struct buf *out)
{
    struct mask *mask = make_mask();
    struct mask_stream stream = {0};
    buf_clear(out);
    mask_feed(mask, &stream, text, cut, out);
    mask_feed(mask, &stream, text + cut, len - cut, out);
    mask_finish(mask, &stream, out);
    mask_destroy(mask);
}

static const struct {
    const char *text; /* T: a token */
    const char *want; /* T: as many asterisks */
} masked[] = {
    {"", ""},
    {"nothing to hide", "nothing to hide"},
    {"x s3cret/of-mine y", "x ************** y"},
    {"s3cret/of-mines3cret/of-mine", "****************************"},
    {"s3cret/of-mine-too", "******************"},
    {"s3cret/of-mine-to", "**************-to"},
    {"s3cret/of-min", "s3cret/of-min"},
    {"s3cs3cret/of-mine", "s3c**************"},
    {"{\"key\":\"s3cret\\/of-mine\"}", "{\"key\":\"***************\"}"},
    {"?key=s3cret%2Fof-mine&", "?key=****************&"},
    {"abc", "abc"},
    {"T", "T"},
    {"{\"token\":\"T\"}", "{\"token\":\"T\"}"},
    {"line\\nT.", "line\\nT*"},
    {"xT yT", "xT yT"},
    {"e", "e"},
    {"eyJ", "eyJ"},
    {"eyJhbGciOi", "eyJhbGciOi"},
    {"eyJhbGciOi.x", "eyJhbGciOi.x"},
    {"eyJ.aaaaaaaaaaaa", "eyJ.aaaaaaaaaaaa"},
    {"eyJhbGciOi-eyJhbGciOi x.y", "eyJhbGciOi-eyJhbGciOi x.y"},
    {"hey. eyJ. eyes.", "hey. eyJ. eyes."},
};

static void spell(const char *from, bool hidden, struct buf *out)
{
    struct buf token = buf_make(0);
    add_token(&token);
    for (; *from; from++)
        if (*from != 'T')
            buf_addc(out, *from);
        else if (hidden)
            buf_fill(out, '*', token.len);
        else
            buf_add(out, token.data, token.len);
    buf_free(&token);
}

START_TEST(secrets_are_masked_wherever_the_text_is_cut)
{
    struct buf text = buf_make(0), want = buf_make(0), got = buf_make(0);
    spell(masked[_i].text, false, &text);
    spell(masked[_i].want, true, &want);
    for (size_t cut = 0; cut <= text.len; cut++) {
        mask_cut(buf_str(&text), text.len, cut, &got);
        ck_assert_str_eq(buf_str(&got), buf_str(&want));
        ck_assert_uint_eq(got.len, text.len);
    }
    buf_free(&text);
    buf_free(&want);
    buf_free(&got);
}
END_TEST

START_TEST(secrets_are_masked_byte_by_byte)
{
    struct buf text = buf_make(0), want = buf_make(0), got = buf_make(0);
    struct mask *mask = make_mask();
    struct mask_stream stream = {0};
    spell(masked[_i].text, false, &text);
    spell(masked[_i].want, true, &want);
    for (size_t i = 0; i < text.len; i++)
        mask_feed(mask, &stream, text.data + i, 1, &got);
    mask_finish(mask, &stream, &got);
    ck_assert_str_eq(buf_str(&got), buf_str(&want));
    mask_destroy(mask);
    buf_free(&text);
    buf_free(&want);
    buf_free(&got);
}
END_TEST

/* Long runs that look like the beginning of a token take no long time, and
 * come through whole. */
START_TEST(what_only_begins_like_a_token_is_left_alone)
{
    struct buf text = buf_make(0), got = buf_make(0);
    struct mask *mask = mask_create();
    struct mask_stream stream = {0};
    for (int i = 0; i < 300 * 1000; i++)
        buf_adds(&text, "eyJ");
    buf_adds(&text, "!");
    for (size_t at = 0; at < text.len; at += 5000)
        mask_feed(mask, &stream, text.data + at,
                  text.len - at < 5000 ? text.len - at : 5000, &got);
    mask_finish(mask, &stream, &got);
    ck_assert_uint_eq(got.len, text.len);
    ck_assert_int_eq(memcmp(got.data, text.data, got.len), 0);
    mask_destroy(mask);
    buf_free(&text);
    buf_free(&got);
}
END_TEST

static const struct {
    const char *header, *text, *want;
} headers[] = {
    {"Authorization: Bearer op4que", "op4que", "******"},
    {"Authorization: op4que", "=op4que=", "=******="},
    {"x-api-key: pr1vate", "pr1vate", "*******"},
    {"Cookie: a=b; sid=op4que-1; t=op4que-2", "op4que-2 op4que-1",
     "******** ********"},
    {"X-Team: blue", "blue", "blue"},
    {"X-Something: op4que-value", "op4que-value", "************"},
    {"Last-Event-ID: 1234567890", "1234567890", "1234567890"},
    {"Accept-Language: en-GB,en;q=0.5", "en-GB,en;q=0.5", "en-GB,en;q=0.5"},
    {"No-Value;", "No-Value;", "No-Value;"},
};

START_TEST(values_of_headers_are_secrets)
{
    struct mask *mask = mask_create();
    struct buf got = buf_make(0);
    mask_add_header(mask, headers[_i].header);
    mask_text(mask, headers[_i].text, strlen(headers[_i].text), &got);
    ck_assert_str_eq(buf_str(&got), headers[_i].want);
    mask_destroy(mask);
    buf_free(&got);
}
END_TEST

static const struct {
    const char *url, *want;
} urls[] = {
    {"https://a.example/x?offset=-1&live=true",
     "https://a.example/x?offset=-1&live=true"},
    {"https://me:op4que@a.example/x#part", "https://a.example/x"},
    {"https://a.example/x?token=op4que&b=1",
     "https://a.example/x?token=***&b=1"},
    {"https://a.example/x?access_token=op4que", //
     "https://a.example/x?access_token=***"},
    {"https://a.example/?API_KEY=op4que&sig=op4que",
     "https://a.example/?API_KEY=***&sig=***"},
    {"https://a.example/x?apikey", "https://a.example/x?apikey"},
    {"https://a.example/s3cret%2Fof-mine/x",
     "https://a.example/****************/x"},
    {"-", "-"},
};

START_TEST(addresses_lose_their_secrets)
{
    struct mask *mask = make_mask();
    struct buf got = buf_make(0);
    mask_url(mask, urls[_i].url, &got);
    ck_assert_str_eq(buf_str(&got), urls[_i].want);
    mask_destroy(mask);
    buf_free(&got);
}
END_TEST

static const struct {
    const char *url, *text, *want;
} known[] = {
    {"https://me:op4que@a.example/x", "me op4que", "me ******"},
    {"https://me:op%2Fque@a.example/x", "op/que op%2Fque", "****** ********"},
    {"https://a.example/x?a=1234&token=op4que&b=5678", "1234 op4que 5678",
     "1234 ****** 5678"},
    {"https://a.example/x?key=op%2fque#key=part", "op/que part", "****** part"},
    {"https://a.example/x?key=op%2", "op%2", "****"},
    {"https://a.example/x@y:z?", "y:z/", "y:z/"},
    {"run_1234", "run_1234", "run_1234"},
};

START_TEST(secrets_in_addresses_are_known)
{
    struct mask *mask = mask_create();
    struct buf got = buf_make(0);
    mask_add_url(mask, known[_i].url);
    mask_text(mask, known[_i].text, strlen(known[_i].text), &got);
    ck_assert_str_eq(buf_str(&got), known[_i].want);
    mask_destroy(mask);
    buf_free(&got);
}
END_TEST

/* Lines. */

/* Writes the line, reads it again; *text: as it was written. */
static struct recording_line again(struct recording_line *line,
                                   struct buf *text)
{
    struct recording_line read;
    recording_add(text, line);
    ck_assert_int_eq(text->data[text->len - 1], '\n');
    ck_assert_ptr_eq(memchr(text->data, '\n', text->len - 1), NULL);
    ck_assert(recording_read(&read, text->data, text->len - 1));
    ck_assert_int_eq(read.type, line->type);
    ck_assert_int_eq(read.t_ms, line->t_ms);
    ck_assert_uint_eq(read.exchange, line->exchange);
    recording_free(line);
    return read;
}

static const struct {
    const char *bytes;
    size_t len;
    const char *stored; /* in the line */
} bodies[] = {
    {"plain", 5, "\"utf8\":\"plain\""},
    {"a\nb\r\n", 5, "\"utf8\":\"a\\nb\\r\\n\""},
    {"\x1b[31m\"\\", 7, "\"utf8\":\"\\u001B[31m\\\"\\\\\""},
    {"a\0b", 3, "\"utf8\":\"a\\u0000b\""},
    {"\xc3\xa4", 2, "\"utf8\":\"\xc3\xa4\""},
    {"\xc3", 1, "\"base64\":\"ww==\""},
    {"\xff\xfe", 2, "\"base64\":\"//4=\""},
    {"\xff\0\xfe", 3, "\"base64\":\"/wD+\""},
};

START_TEST(bytes_come_back_as_they_were)
{
    struct recording_line line = recording_line(RECORDING_BODY, 17);
    struct buf text = buf_make(0);
    line.exchange = 3;
    buf_add(&line.bytes, bodies[_i].bytes, bodies[_i].len);
    struct recording_line read = again(&line, &text);
    ck_assert_ptr_ne(strstr(buf_str(&text), bodies[_i].stored), NULL);
    ck_assert_uint_eq(read.bytes.len, bodies[_i].len);
    ck_assert_int_eq(memcmp(read.bytes.data, bodies[_i].bytes, bodies[_i].len),
                     0);
    recording_free(&read);
    buf_free(&text);
}
END_TEST

START_TEST(headers_come_back_in_order_and_repeated)
{
    static const char head[] = "set: 1\0set: 2\0empty: \0odd: \xe4";
    static const char want[] = "set: 1\0set: 2\0empty: \0odd: \xc3\xa4";
    struct recording_line line = recording_line(RECORDING_HEAD, 0);
    struct buf text = buf_make(0);
    line.exchange = 1;
    line.status = 204;
    buf_add(&line.head, head, sizeof head);
    struct recording_line read = again(&line, &text);
    ck_assert_int_eq(read.status, 204);
    ck_assert_uint_eq(read.head.len, sizeof want);
    ck_assert_int_eq(memcmp(read.head.data, want, sizeof want), 0);
    recording_free(&read);
    buf_free(&text);
}
END_TEST

START_TEST(the_rest_of_a_line_comes_back)
{
    struct recording_line line = recording_line(RECORDING_TOKEN, 5);
    struct buf text = buf_make(0);
    line.number = 2;
    line.how = "auth";
    line.reason = "refused";
    line.expires_ms = 1767323041000;
    line.retry_after_ms = 1500;
    struct recording_line read = again(&line, &text);
    ck_assert_int_eq(read.number, 2);
    ck_assert_str_eq(read.how, "auth");
    ck_assert_str_eq(read.reason, "refused");
    ck_assert_int_eq(read.expires_ms, 1767323041000);
    ck_assert_int_eq(read.retry_after_ms, 1500);
    ck_assert_ptr_eq(read.url, NULL);
    recording_free(&read);
    buf_free(&text);
}
END_TEST

static const char *const nonsense[] = {
    "",
    "{",
    "[]",
    "7",
    "{}",
    "{\"t\":1}",
    "{\"t\":-1,\"type\":\"body\"}",
    "{\"t\":\"1\",\"type\":\"body\"}",
    "{\"t\":1,\"type\":7}",
    "{\"t\":1,\"type\":\"body\",\"utf8\":\"cut of",
    "{\"t\":1,\"type\":\"body\",\"base64\":\"??\"}",
};

START_TEST(nonsense_is_no_line)
{
    struct recording_line line;
    ck_assert(!recording_read(&line, nonsense[_i], strlen(nonsense[_i])));
    recording_free(&line);
}
END_TEST

START_TEST(a_line_of_a_later_program_is_known_as_such)
{
    static const char text[] =
        "{\"t\":1,\"type\":\"thought\",\"exchange\":\"x\",\"more\":{}}";
    struct recording_line line;
    ck_assert(recording_read(&line, text, strlen(text)));
    ck_assert_int_eq(line.type, RECORDING_UNKNOWN);
    ck_assert_uint_eq(line.exchange, 0);
    recording_free(&line);
}
END_TEST

START_TEST(a_header_with_a_line_break_is_left_out)
{
    static const char text[] = "{\"t\":1,\"type\":\"head\",\"headers\":[[\"a\","
                               "\"1\\r\\nb: 2\"],[\"c:\","
                               "\"3\"],[\"d\"],7,[\"e\",\"5\"]]}";
    struct recording_line line;
    ck_assert(recording_read(&line, text, strlen(text)));
    ck_assert_str_eq(buf_str(&line.head), "e: 5");
    recording_free(&line);
}
END_TEST

/* The first line. */

START_TEST(the_start_comes_back)
{
    struct recording_start start = {
        .started_ms = 1767323041007,
        .seed = 4000000000u,
        .program = "runtail 1",
        .command = "stream",
        .target = "run_1",
        .api_url = "https://a.example",
        .streams = {"one", "two"},
        .max_retries = 0,
        .screen = true,
    };
    struct recording_start read;
    struct error err = {0};
    struct buf text = buf_make(0);
    recording_add_start(&text, &start);
    ck_assert(recording_read_start(&read, text.data, text.len - 1, &err));
    ck_assert_int_eq(read.started_ms, start.started_ms);
    ck_assert_uint_eq(read.seed, start.seed);
    ck_assert_str_eq(read.command, "stream");
    ck_assert_str_eq(read.target, "run_1");
    ck_assert_str_eq(read.streams[1], "two");
    ck_assert_ptr_eq(read.streams[2], NULL);
    ck_assert_int_eq(read.max_retries, 0);
    ck_assert_ptr_eq(read.poll_url, NULL);
    ck_assert(read.screen && !read.no_follow);
    recording_free_start(&read);
    buf_free(&text);
}
END_TEST

#define BEGIN "{\"format\":\"runtail-recording\",\"version\":"
#define REST                                                                   \
    ",\"startedAt\":\"2026-01-02T03:04:05Z\",\"command\":\"watch\","           \
    "\"target\":\"run_1\"}"

static const struct {
    const char *line, *words;
} no_starts[] = {
    {"", "no recording"},
    {"# notes", "no recording"},
    {"{\"t\":1,\"type\":\"body\"}", "no recording"},
    {"{\"version\": 2, \"width\": 80}", "no recording"},
    {BEGIN "0" REST, "no recording"},
    {BEGIN "2" REST, "version 2"},
    {BEGIN "1}", "does not tell"},
    {"{\"format\": \"wire-recording/1\", \"exchanges\": [", "--convert"},
    {"{", "no recording"},
};

START_TEST(what_is_no_start_is_told_in_words)
{
    struct recording_start start;
    struct error err = {0};
    const char *line = no_starts[_i].line;
    ck_assert(!recording_read_start(&start, line, strlen(line), &err));
    ck_assert_int_eq(err.kind, ERROR_USAGE);
    ck_assert_ptr_ne(strstr(err.message, no_starts[_i].words), NULL);
    recording_free_start(&start);
}
END_TEST

START_TEST(members_of_a_later_program_are_passed_over)
{
    struct recording_start start;
    struct error err = {0};
    static const char line[] = BEGIN "1,\"new\":[1]" REST;
    ck_assert(recording_read_start(&start, line, strlen(line), &err));
    recording_free_start(&start);
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof *table)

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, secrets_are_masked_wherever_the_text_is_cut, 0,
                        COUNT(masked));
    tcase_add_loop_test(tc, secrets_are_masked_byte_by_byte, 0, COUNT(masked));
    tcase_add_test(tc, what_only_begins_like_a_token_is_left_alone);
    tcase_add_loop_test(tc, values_of_headers_are_secrets, 0, COUNT(headers));
    tcase_add_loop_test(tc, addresses_lose_their_secrets, 0, COUNT(urls));
    tcase_add_loop_test(tc, secrets_in_addresses_are_known, 0, COUNT(known));
    tcase_add_loop_test(tc, bytes_come_back_as_they_were, 0, COUNT(bodies));
    tcase_add_test(tc, headers_come_back_in_order_and_repeated);
    tcase_add_test(tc, the_rest_of_a_line_comes_back);
    tcase_add_loop_test(tc, nonsense_is_no_line, 0, COUNT(nonsense));
    tcase_add_test(tc, a_line_of_a_later_program_is_known_as_such);
    tcase_add_test(tc, a_header_with_a_line_break_is_left_out);
    tcase_add_test(tc, the_start_comes_back);
    tcase_add_loop_test(tc, what_is_no_start_is_told_in_words, 0,
                        COUNT(no_starts));
    tcase_add_test(tc, members_of_a_later_program_are_passed_over);
}

UNIT_MAIN("recording", add_tests(tc);)
