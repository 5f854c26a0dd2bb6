#include "config.h"

#include "wire/entry.h"

#include <string.h>

#include "base/buf.h"

#include "unit.h"

enum {
    ARRIVAL_MS = 7000
};

static const struct {
    const char *json;
    enum log_level level;
    const char *word; /* NULL: none */
    const char *message;
    int64_t time_ms;  /* ARRIVAL_MS: it has none of its own */
    const char *data; /* NULL: none */
} cases[] = {
    {"{\"level\":\"info\",\"message\":\"Fetched\",\"timestamp\":1767323041250,"
     "\"data\":{\"rows\":12}}",
     LEVEL_INFO, "info", "Fetched", 1767323041250, "{\"rows\":12}"},
    {"\"a string\"", LEVEL_NONE, NULL, "a string", ARRIVAL_MS, NULL},
    {"\"\"", LEVEL_NONE, NULL, "", ARRIVAL_MS, NULL},
    {"{\"msg\":\"m\",\"ts\":1767323041,\"level\":\"WARNING\"}", LEVEL_WARN,
     "warning", "m", 1767323041000, NULL},
    {"{\"text\":\"t\",\"time\":\"2026-01-02T03:04:01.250Z\"}", LEVEL_NONE, NULL,
     "t", 1767323041250, NULL},
    {"{\"time\":1,\"text\":\"third\",\"ts\":2,\"msg\":\"second\",\"timestamp\":"
     "3,\"message\":\"first\"}",
     LEVEL_NONE, NULL, "first", 3000, NULL},
    {"{\"message\":null,\"msg\":\"m\",\"timestamp\":null,\"ts\":5}", LEVEL_NONE,
     NULL, "m", 5000, NULL},
    {"{\"message\":\"m\",\"timestamp\":\"soon\"}", LEVEL_NONE, NULL, "m",
     ARRIVAL_MS, NULL},
    {"{\"message\":\"m\",\"timestamp\":\"1767323041250\"}", LEVEL_NONE, NULL,
     "m", 1767323041250, NULL},
    {"{\"message\":\"m\",\"timestamp\":\"1767323041.25\"}", LEVEL_NONE, NULL,
     "m", 1767323041250, NULL},
    {"{\"message\":\"m\",\"timestamp\":\"0x10\"}", LEVEL_NONE, NULL, "m",
     ARRIVAL_MS, NULL},
    {"{\"message\":\"m\",\"timestamp\":\"2026-01-02 03:04:01,250\"}",
     LEVEL_NONE, NULL, "m", 1767323041250, NULL},
    {"{\"message\":\"m\",\"timestamp\":{}}", LEVEL_NONE, NULL, "m", ARRIVAL_MS,
     NULL},
    {"{\"message\":\"m\",\"timestamp\":1767323041250.75}", LEVEL_NONE, NULL,
     "m", 1767323041250, NULL},
    {"{\"message\":\"m\",\"timestamp\":1767323041250000000}", LEVEL_NONE, NULL,
     "m", 1767323041250, NULL},
    {"{\"message\":{\"a\": [1, 2]}}", LEVEL_NONE, NULL, "{\"a\":[1,2]}",
     ARRIVAL_MS, NULL},
    {"{\"message\":42}", LEVEL_NONE, NULL, "42", ARRIVAL_MS, NULL},
    {"{\"other\": 1, \"x\": \"y z\"}", LEVEL_NONE, NULL,
     "{\"other\":1,\"x\":\"y z\"}", ARRIVAL_MS, NULL},
    {"{\"level\":\"Fatal\",\"other\":1}", LEVEL_ERROR, "fatal",
     "{\"level\":\"Fatal\",\"other\":1}", ARRIVAL_MS, NULL},
    {"{\"level\":\"Notice\",\"message\":\"m\"}", LEVEL_NONE, "notice", "m",
     ARRIVAL_MS, NULL},
    {"{\"level\":30,\"message\":\"m\"}", LEVEL_NONE, NULL, "m", ARRIVAL_MS,
     NULL},
    {"{\"level\":\"\",\"message\":\"m\"}", LEVEL_NONE, NULL, "m", ARRIVAL_MS,
     NULL},
    {"{\"level\":\"ERR\\u0000OR\",\"message\":\"m\"}", LEVEL_NONE, "err", "m",
     ARRIVAL_MS, NULL},
    {"{\"level\":\"0123456789012345678901234567890\xC3\xA9\",\"message\":"
     "\"m\"}",
     LEVEL_NONE, "0123456789012345678901234567890", "m", ARRIVAL_MS, NULL},
    {"{\"message\":\"\\u0041\\n\\ud83d\",\"data\":\"text\"}", LEVEL_NONE, NULL,
     "A\n\xEF\xBF\xBD", ARRIVAL_MS, "\"text\""},
    {"{\"message\":\"m\",\"data\":null}", LEVEL_NONE, NULL, "m", ARRIVAL_MS,
     "null"},
    {"{\"message\":\"m\",\"data\":[ 1.10 , 12345678901234567890 ]}", LEVEL_NONE,
     NULL, "m", ARRIVAL_MS, "[1.10,12345678901234567890]"},
    {"{\"message\":\"m\",\"data\":nonsense}", LEVEL_NONE, NULL, "m", ARRIVAL_MS,
     "\"nonsense\""},
    {"[1, \"a b\"]", LEVEL_NONE, NULL, "[1,\"a b\"]", ARRIVAL_MS, NULL},
    {"7", LEVEL_NONE, NULL, "7", ARRIVAL_MS, NULL},
    {"null", LEVEL_NONE, NULL, "null", ARRIVAL_MS, NULL},
    {"{\"message\":\"cut", LEVEL_NONE, NULL, "{\"message\":\"cut", ARRIVAL_MS,
     NULL},
    {"\"bad \\q escape\"", LEVEL_NONE, NULL, "\"bad \\q escape\"", ARRIVAL_MS,
     NULL},
    {"\"\xFF\"", LEVEL_NONE, NULL, "\xEF\xBF\xBD", ARRIVAL_MS, NULL},
};

static struct entry_store store;

static void decode(struct log_entry *entry, const char *json)
{
    struct slice text = {json, strlen(json)};
    entry_decode(entry, &store, text, ARRIVAL_MS);
}

START_TEST(entry_is_read)
{
    struct log_entry entry;
    decode(&entry, "{\"level\":\"debug\",\"message\":\"before\",\"data\":1}");
    decode(&entry, cases[_i].json);
    ck_assert_int_eq(entry.level, cases[_i].level);
    ck_assert_pstr_eq(entry.level_word, cases[_i].word);
    ck_assert_str_eq(entry.message, cases[_i].message);
    ck_assert_uint_eq(entry.message_len, strlen(cases[_i].message));
    ck_assert_int_eq(entry.time_ms, cases[_i].time_ms);
    ck_assert_int_eq(entry.time_is_arrival, cases[_i].time_ms == ARRIVAL_MS);
    ck_assert_pstr_eq(entry.data, cases[_i].data);
    entry_store_free(&store);
}
END_TEST

START_TEST(nul_in_a_message_is_kept)
{
    struct log_entry entry;
    decode(&entry, "{\"message\":\"a\\u0000b\"}");
    ck_assert_uint_eq(entry.message_len, 3);
    ck_assert_mem_eq(entry.message, "a\0b", 4);
    entry_store_free(&store);
}
END_TEST

START_TEST(levels_and_words_answer_each_other)
{
    for (int i = LEVEL_TRACE; i <= LEVEL_ERROR; i++)
        ck_assert_int_eq(level_from_word(level_word((enum log_level)i)), i);
    ck_assert_ptr_null(level_word(LEVEL_NONE));
    ck_assert_int_eq(level_from_word("LOG"), LEVEL_INFO);
    ck_assert_int_eq(level_from_word("verbose"), LEVEL_DEBUG);
    ck_assert_int_eq(level_from_word("informative"), LEVEL_NONE);
    ck_assert_int_eq(level_from_word(""), LEVEL_NONE);
}
END_TEST

UNIT_MAIN("entry", tcase_add_loop_test(tc, entry_is_read, 0,
                                       sizeof cases / sizeof *cases);
          tcase_add_test(tc, nul_in_a_message_is_kept);
          tcase_add_test(tc, levels_and_words_answer_each_other))
