#include "config.h"

#include "wire/decoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"

#include "unit.h"

/* What the decoder told, as text: "run WORD;" for facts, "SEQ:MESSAGE;" for an
 * entry, "-WITHDRAWN/KEPT;" for a rewrite. */
struct fixture {
    struct decoder *decoder;
    struct row *row;
    struct buf told;
    uint64_t last_seq;
};

static void take_event(void *context, const struct event *event)
{
    struct fixture *f = context;
    ck_assert_str_eq(event->run, "run_1");
    ck_assert_int_eq(event->time_ms, 7000);
    if (event->type == EVENT_RUN) {
        buf_addf(&f->told, "run %s;", status_word(event->facts->status));
    } else if (event->type == EVENT_LOG) {
        ck_assert_uint_eq(event->log.seq, ++f->last_seq);
        buf_addf(&f->told, "%d:%s;", (int)event->log.seq,
                 event->log.entry->message);
    } else if (event->type == EVENT_REWRITE) {
        buf_addf(&f->told, "-%d/%d;", (int)event->rewrite.withdrawn,
                 (int)event->rewrite.kept);
    } else if (event->type == EVENT_GAP) {
        buf_adds(&f->told, "gap;");
    }
}

static struct fixture fixture_make(void)
{
    struct fixture f = {.row = row_create("k", 1)};
    return f;
}

/* The decoder is made late, because it keeps the fixture's address. */
static void start(struct fixture *f)
{
    struct decoder_options options = {
        .run = "run_1", .progress_key = "progress", .log_key = "logs"};
    f->decoder = decoder_create(&options, take_event, f);
}

static void finish(struct fixture *f)
{
    decoder_destroy(f->decoder);
    row_destroy(f->row);
    buf_free(&f->told);
}

static void assert_told(struct fixture *f, const char *want)
{
    ck_assert_str_eq(buf_str(&f->told), want);
    buf_clear(&f->told);
}

static const struct run_facts *facts_of(const struct fixture *f)
{
    return decoder_facts(f->decoder);
}

/* Columns as they stand in a row's value, without its braces. */
static void feed_row(struct fixture *f, const char *columns)
{
    struct buf value = buf_make(0);
    buf_addf(&value, "{%s}", columns);
    ck_assert_ptr_nonnull(row_read(f->row, value.data, value.data + value.len));
    decoder_take_row(f->decoder, f->row, 7000);
    buf_free(&value);
}

/* A row of that version (seconds of a minute), executing, with metadata. */
static void feed_metadata(struct fixture *f, int second, const char *metadata)
{
    struct buf columns = buf_make(0);
    buf_addf(&columns,
             "\"updatedAt\":\"2026-01-02T03:04:%02d.000\",\"status\":"
             "\"EXECUTING\",\"metadata\":\"",
             second);
    for (const char *c = metadata; *c; c++) {
        if (*c == '"' || *c == '\\')
            buf_addc(&columns, '\\');
        buf_addc(&columns, *c);
    }
    buf_addc(&columns, '"');
    feed_row(f, buf_str(&columns));
    buf_free(&columns);
}

static void feed_rest(struct fixture *f, const char *json)
{
    struct error err = {ERROR_NONE, ""};
    ck_assert_msg(decoder_take_rest(f->decoder, json, strlen(json), 7000, &err),
                  "%s", err.message);
}

static void feed_poll(struct fixture *f, const char *json)
{
    struct error err = {ERROR_NONE, ""};
    ck_assert_msg(decoder_take_poll(f->decoder, json, strlen(json), 7000, &err),
                  "%s", err.message);
}

struct update {
    const char *metadata;
    const char *told;
    bool log_unavailable;
};

/* Each list is one run's log from update to update. */
static const struct update stories[][6] = {
    /* growth, nothing new, growth by several */
    {{"{\"logs\":[\"a\"]}", "run EXECUTING;1:a;", false},
     {"{\"logs\":[\"a\"]}", "", false},
     {"{\"logs\":[\"a\",\"b\",\"b\"]}", "2:b;3:b;", false},
     {"{\"logs\":[\"a\",\"b\",\"b\"],\"progress\":0.5}", "run EXECUTING;",
      false},
     {"{\"progress\":0.5,\"logs\":[\"a\",\"b\",\"b\",\"c\"]}", "4:c;", false},
     {"{\"progress\":0.5,\"logs\":[\"a\",\"b\",\"b\",\"c\"]}", "", false}},
    /* cut, written anew, all gone */
    {{"{\"logs\":[\"a\",\"b\",\"c\"]}", "run EXECUTING;1:a;2:b;3:c;", false},
     {"{\"logs\":[\"a\",\"b\"]}", "-1/2;", false},
     {"{\"logs\":[\"a\",\"x\",\"y\"]}", "-1/1;4:x;5:y;", false},
     {"{\"logs\":[\"p\",\"q\"]}", "-3/0;6:p;7:q;", false},
     {"{\"logs\":[]}", "-2/0;", false},
     {"{\"logs\":[\"p\"]}", "8:p;", false}},
    /* a window of three entries that slides */
    {{"{\"logs\":[\"a\",\"b\",\"c\"]}", "run EXECUTING;1:a;2:b;3:c;", false},
     {"{\"logs\":[\"b\",\"c\",\"d\"]}", "4:d;", false},
     {"{\"logs\":[\"d\",\"e\",\"f\"]}", "5:e;6:f;", false},
     {"{\"logs\":[\"f\"]}", "", false},
     {"{\"logs\":[\"\\u0066\",\"g\"]}", "7:g;", false},
     {"{\"logs\":[\"f\",\"h\"]}", "-1/1;8:h;", false}},
    /* a window that slides too far: once it is known for one */
    {{"{\"logs\":[\"a\",\"b\"]}", "run EXECUTING;1:a;2:b;", false},
     {"{\"logs\":[\"d\",\"e\"]}", "-2/0;3:d;4:e;", false},
     {"{\"logs\":[\"e\",\"f\"]}", "5:f;", false},
     {"{\"logs\":[\"h\",\"i\"]}", "gap;6:h;7:i;", false},
     {"{\"logs\":[\"x\"]}", "-2/0;8:x;", false},
     {"{\"logs\":[\"x\",\"y\"]}", "9:y;", false}},
    /* the log goes and comes back */
    {{"{\"logs\":[\"a\"]}", "run EXECUTING;1:a;", false},
     {"{\"logs\":null}", "run EXECUTING;", true},
     {"{}", "", true},
     {"{\"logs\":[\"a\",\"b\"]}", "run EXECUTING;2:b;", false},
     {"null", "run EXECUTING;", true},
     {"{\"logs\":[\"a\",\"b\",\"c\"]}", "run EXECUTING;3:c;", false}},
    /* values that are no array; keys spelled differently */
    {{"{\"logs\":\"one\"}", "run EXECUTING;1:one;", false},
     {"{\"logs\":\"one\"}", "", false},
     {"{\"logs\":[\"one\",\"two\"]}", "2:two;", false},
     {"{\"l\\u006fgs\":[\"one\",\"two\",3]}", "3:3;", false},
     {"{\"logs\":{\"message\":\"obj\"}}", "-3/0;4:obj;", false},
     {"{\"logs\":[{\"message\":\"obj\"},null]}", "5:null;", false}},
    /* metadata that is no object, or broken */
    {{"{\"logs\":[\"a\"]}", "run EXECUTING;1:a;", false},
     {"[1]", "run EXECUTING;", true},
     {"{\"logs\":[\"a\",\"b\"", "", true},
     {"", "", true},
     {"{\"logs\":[\"a\",\"b\"]}", "run EXECUTING;2:b;", false},
     {"{\"a\":1,\"logs\":[\"a\",\"b\",\"c\"],}", "run EXECUTING;3:c;", false}},
};

START_TEST(log_is_told_once_and_in_order)
{
    struct fixture f = fixture_make();
    start(&f);
    for (size_t i = 0; i < 6; i++) {
        feed_metadata(&f, 10, stories[_i][i].metadata);
        assert_told(&f, stories[_i][i].told);
        ck_assert_int_eq(facts_of(&f)->log_unavailable,
                         stories[_i][i].log_unavailable);
    }
    ck_assert_uint_eq(decoder_entries(f.decoder), f.last_seq);
    finish(&f);
}
END_TEST

START_TEST(all_columns_become_facts)
{
    struct fixture f = fixture_make();
    start(&f);
    ck_assert(!decoder_has_facts(f.decoder));
    feed_row(&f,
             "\"taskIdentifier\":\"report\",\"createdAt\":\"2026-01-02 "
             "03:04:00\",\"queuedAt\":\"2026-01-02 03:04:00.5\",\"startedAt\":"
             "\"2026-01-02T03:04:01.250\",\"delayUntil\":\"2026-01-02T03:04:"
             "00.125\",\"expiredAt\":null,\"isTest\":\"t\",\"status\":"
             "\"PAUSED\",\"usageDurationMs\":\"1200\",\"costInCents\":\"0.5\","
             "\"baseCostInCents\":\"2.5e-3\",\"ttl\":\"10m\",\"payload\":"
             "\"{\\\"json\\\":{\\\"to\\\": [1, 2]}}\",\"payloadType\":"
             "\"application/super+json\",\"output\":\"packets/x.json\","
             "\"outputType\":\"application/store\",\"runTags\":\"{a,\\\"b "
             "c\\\",NULL}\"");
    const struct run_facts *facts = facts_of(&f);
    assert_told(&f, "run WAITING;");
    ck_assert(decoder_has_facts(f.decoder));
    ck_assert_str_eq(facts->id, "run_1");
    ck_assert_str_eq(facts->task, "report");
    ck_assert_str_eq(facts->status_text, "PAUSED");
    ck_assert_int_eq(facts->created_ms, 1767323040000);
    ck_assert_int_eq(facts->queued_ms, 1767323040500);
    ck_assert_int_eq(facts->started_ms, 1767323041250);
    ck_assert_int_eq(facts->delayed_until_ms, 1767323040125);
    ck_assert_int_eq(facts->expired_ms, INSTANT_NONE);
    ck_assert(facts->is_test && !facts->finished && !facts->has_error);
    ck_assert_int_eq(facts->usage_ms, 1200);
    ck_assert_double_eq_tol(facts_total_cents(facts), 0.5025, 1e-12);
    ck_assert_str_eq(facts->ttl, "10m");
    ck_assert_str_eq(facts->payload, "{\"to\":[1,2]}");
    ck_assert_str_eq(facts->output, "packets/x.json");
    ck_assert(facts->output_stored && !facts->payload_stored);
    ck_assert_uint_eq(facts->tag_count, 2);
    ck_assert_str_eq(facts->tags[1], "b c");
    finish(&f);
}
END_TEST

START_TEST(later_rows_change_only_what_they_name)
{
    struct fixture f = fixture_make();
    start(&f);
    feed_row(&f, "\"taskIdentifier\":\"report\",\"status\":\"EXECUTING\","
                 "\"output\":null,\"outputType\":\"application/json\",\"error\""
                 ":null,\"costInCents\":\"1\",\"runTags\":\"{a}\"");
    assert_told(&f, "run EXECUTING;");
    feed_row(&f, "\"id\":\"c1\",\"updatedAt\":\"2026-01-02 03:05:05\"");
    assert_told(&f, "");
    feed_row(&f, "\"output\":\"done\",\"outputType\":\"text/plain\",\"status\":"
                 "\"COMPLETED_SUCCESSFULLY\",\"completedAt\":\"2026-01-02 "
                 "03:05:05.5\"");
    assert_told(&f, "run COMPLETED;");
    ck_assert_str_eq(facts_of(&f)->output, "done");
    ck_assert_str_eq(facts_of(&f)->task, "report");
    ck_assert_uint_eq(facts_of(&f)->tag_count, 1);
    ck_assert(facts_of(&f)->finished);
    feed_row(&f, "\"runTags\":null,\"costInCents\":\"x\",\"isTest\":\"false\","
                 "\"startedAt\":\"yesterday\",\"usageDurationMs\":\"1e300\"");
    ck_assert_uint_eq(facts_of(&f)->tag_count, 0);
    ck_assert(isnan(facts_of(&f)->cost_cents));
    ck_assert_int_eq(facts_of(&f)->usage_ms, -1);
    ck_assert_int_eq(facts_of(&f)->started_ms, INSTANT_NONE);
    finish(&f);
}
END_TEST

START_TEST(unknown_status_word_is_kept)
{
    struct fixture f = fixture_make();
    start(&f);
    feed_row(&f, "\"status\":\"HIBERNATING\"");
    assert_told(&f, "run UNKNOWN;");
    ck_assert_str_eq(facts_of(&f)->status_text, "HIBERNATING");
    ck_assert(!facts_of(&f)->finished);
    feed_row(&f, "\"completedAt\":\"2026-01-02 03:05:05.5\"");
    ck_assert(facts_of(&f)->finished);
    finish(&f);
}
END_TEST

START_TEST(nul_in_a_column_becomes_visible)
{
    struct fixture f = fixture_make();
    start(&f);
    feed_row(&f, "\"taskIdentifier\":\"a\\u0000b\",\"error\":\"{\\\"type\\\":"
                 "\\\"STRING_ERROR\\\",\\\"raw\\\":\\\"x\\\\u0000y\\\"}\","
                 "\"metadata\":\"{\\\"status\\\":\\\"p\\\\u0000q\\\"}\"");
    ck_assert_str_eq(facts_of(&f)->task, "a\xEF\xBF\xBD"
                                         "b");
    ck_assert_str_eq(facts_of(&f)->error.message, "x\xEF\xBF\xBDy");
    ck_assert_str_eq(facts_of(&f)->step, "p\xEF\xBF\xBDq");
    finish(&f);
}
END_TEST

START_TEST(at_the_end_entries_come_before_the_facts)
{
    struct fixture f = fixture_make();
    start(&f);
    feed_metadata(&f, 10, "{\"logs\":[\"a\"]}");
    assert_told(&f, "run EXECUTING;1:a;");
    feed_row(&f, "\"status\":\"CRASHED\",\"metadata\":\"{\\\"logs\\\":[\\\"a"
                 "\\\",\\\"b\\\"]}\"");
    assert_told(&f, "2:b;run CRASHED;");
    finish(&f);
}
END_TEST

START_TEST(time_spent_waiting_is_added_up)
{
    struct fixture f = fixture_make();
    start(&f);
    feed_row(&f, "\"status\":\"EXECUTING\",\"updatedAt\":\"2026-01-02 "
                 "03:00:00\"");
    ck_assert_int_eq(facts_of(&f)->waited_ms, -1);
    feed_row(&f, "\"status\":\"WAITING_TO_RESUME\",\"updatedAt\":\"2026-01-02 "
                 "03:00:10\"");
    feed_row(&f, "\"updatedAt\":\"2026-01-02 03:00:20\"");
    feed_row(&f, "\"status\":\"EXECUTING\",\"updatedAt\":\"2026-01-02 "
                 "03:00:40\"");
    ck_assert_int_eq(facts_of(&f)->waited_ms, 30000);
    feed_row(&f, "\"status\":\"PAUSED\",\"updatedAt\":\"2026-01-02 03:01:00\"");
    feed_row(&f, "\"status\":\"CANCELED\",\"updatedAt\":\"2026-01-02 "
                 "03:01:05\"");
    ck_assert_int_eq(facts_of(&f)->waited_ms, 35000);
    finish(&f);
}
END_TEST

#define REST(status, second, more)                                             \
    "{\"id\":\"run_1\",\"status\":\"" status                                   \
    "\",\"updatedAt\":\"2026-01-02T03:04:" second ".000Z\"" more "}"

START_TEST(rest_object_becomes_facts)
{
    struct fixture f = fixture_make();
    start(&f);
    feed_rest(
        &f,
        REST("FAILED", "05",
             ",\"taskIdentifier\":\"report\",\"createdAt\":\"2026-01-02T03:04:"
             "00.000Z\",\"startedAt\":\"2026-01-02T03:04:01.250Z\","
             "\"finishedAt\":\"2026-01-02T03:04:05.000Z\",\"ttl\":\"10m\","
             "\"costInCents\":0.0173,\"baseCostInCents\":0.0025,\"durationMs\":"
             "5120,\"isTest\":true,\"tags\":[\"a\",7,\"b\"],\"version\":"
             "\"20260102.1\",\"attemptCount\":3,\"payload\":{\"n\":0.1},"
             "\"output\":null,\"error\":{\"name\":\"TypeError\",\"message\":"
             "\"no\",\"stackTrace\":\"at x\"},\"metadata\":{\"progress\":30,"
             "\"logs\":[\"a\"],\"other\":1}"));
    const struct run_facts *facts = facts_of(&f);
    assert_told(&f, "run FAILED;1:a;");
    ck_assert_str_eq(facts->task, "report");
    ck_assert_int_eq(facts->started_ms, 1767323041250);
    ck_assert_int_eq(facts->completed_ms, 1767323045000);
    ck_assert_double_eq_tol(facts_total_cents(facts), 0.0198, 1e-12);
    ck_assert_int_eq(facts->usage_ms, 5120);
    ck_assert_int_eq(facts->attempt, 3);
    ck_assert_str_eq(facts->version, "20260102.1");
    ck_assert_str_eq(facts->payload, "{\"n\":0.1}");
    ck_assert_ptr_null(facts->output);
    ck_assert_str_eq(facts->error.name, "TypeError");
    ck_assert_str_eq(facts->error.stack, "at x");
    ck_assert_str_eq(facts->metadata, "{\"other\":1}");
    ck_assert_uint_eq(facts->tag_count, 2);
    ck_assert(facts->finished && facts->has_error && facts->is_test);
    finish(&f);
}
END_TEST

START_TEST(only_attempts_and_version_are_taken_from_details)
{
    static const char details[] =
        REST("QUEUED", "01",
             ",\"attemptCount\":2,\"version\":\"v1\",\"metadata\":"
             "{\"logs\":[\"x\"]}");
    struct fixture f = fixture_make();
    start(&f);
    feed_metadata(&f, 10, "{\"logs\":[\"a\"]}");
    assert_told(&f, "run EXECUTING;1:a;");
    decoder_take_details(f.decoder, details, sizeof details - 1, 7000);
    assert_told(&f, "run EXECUTING;");
    ck_assert_int_eq(facts_of(&f)->attempt, 2);
    ck_assert_str_eq(facts_of(&f)->version, "v1");
    decoder_take_details(f.decoder, "<html>", 6, 7000);
    decoder_take_details(f.decoder, "", 0, 7000);
    assert_told(&f, "");
    finish(&f);
}
END_TEST

struct poll {
    const char *body;
    const char *told;
    const char *output;  /* NULL: none */
    const char *message; /* of the error; NULL: none */
};

static const struct poll polls[] = {
    {"{\"status\":\"pending\"}", "run EXECUTING;", NULL, NULL},
    {"{\"status\":\"complete\",\"data\":{\"ok\": true}}", "run COMPLETED;",
     "{\"ok\":true}", NULL},
    {"{\"status\":\"complete\",\"data\":\"text\"}", "run COMPLETED;", "text",
     NULL},
    {"{\"status\":\"failed\",\"error\":\"broke\"}", "run FAILED;", NULL,
     "broke"},
    {"{\"status\":\"pending\",\"metadata\":{\"logs\":[\"a\"]},"
     "\"taskIdentifier\":\"t\",\"createdAt\":\"2026-01-02T03:04:00.000Z\"}",
     "run EXECUTING;1:a;", NULL, NULL},
    {"{\"status\":\"success\",\"runs\":[{\"id\":\"run_1\",\"status\":"
     "\"complete\",\"data\":3,\"metadata\":{\"logs\":[\"a\"]}}]}",
     "run COMPLETED;1:a;", "3", NULL},
    {"{\"status\":\"success\",\"runs\":[" REST(
         "EXECUTING", "05",
         ",\"metadata\":{\"currentStep\":\"Reading\",\"logs\":[\"a\"]},"
         "\"output\":null,\"error\":null") ",{\"status\":\"FAILED\"}]}",
     "run EXECUTING;1:a;", NULL, NULL},
    {"{\"runs\":[{\"status\":\"FROZEN\"}],\"status\":\"success\"}",
     "run WAITING;", NULL, NULL},
    {" {\"runs\" : [ {\"status\" : \"REATTEMPTING\" } ] } \n", "run EXECUTING;",
     NULL, NULL},
};

START_TEST(every_shape_of_polling_body_is_read)
{
    struct fixture f = fixture_make();
    start(&f);
    feed_poll(&f, polls[_i].body);
    assert_told(&f, polls[_i].told);
    ck_assert_pstr_eq(facts_of(&f)->output, polls[_i].output);
    ck_assert_pstr_eq(facts_of(&f)->error.message, polls[_i].message);
    feed_poll(&f, polls[_i].body);
    assert_told(&f, "");
    finish(&f);
}
END_TEST

static const struct {
    const char *body;
    enum error_kind kind;
} odd_polls[] = {
    {"", ERROR_PROTOCOL},
    {"<html></html>", ERROR_PROTOCOL},
    {"[]", ERROR_PROTOCOL},
    {"{}", ERROR_PROTOCOL},
    {"{\"status\":7}", ERROR_PROTOCOL},
    {"{\"status\":\"success\",\"runs\":[7]}", ERROR_PROTOCOL},
    {"{\"status\":\"pending\"", ERROR_PROTOCOL},
    {"{\"status\":\"pending\"} x", ERROR_PROTOCOL},
    {"{\"status\":\"success\",\"runs\":[]}", ERROR_NOT_FOUND},
};

START_TEST(body_that_is_no_run_is_refused)
{
    struct fixture f = fixture_make();
    struct error err = {ERROR_NONE, ""};
    const char *body = odd_polls[_i].body;
    start(&f);
    ck_assert(!decoder_take_poll(f.decoder, body, strlen(body), 7000, &err));
    ck_assert_int_eq(err.kind, odd_polls[_i].kind);
    error_clear(&err);
    ck_assert(!decoder_take_rest(f.decoder, body, strlen(body), 7000, &err));
    ck_assert_int_eq(err.kind, ERROR_PROTOCOL);
    assert_told(&f, "");
    ck_assert(!decoder_has_facts(f.decoder));
    finish(&f);
}
END_TEST

START_TEST(changing_the_source_neither_loses_nor_doubles)
{
    struct fixture f = fixture_make();
    start(&f);
    feed_metadata(&f, 10,
                  "{\"logs\":[\"a\",{\"t\":1.10,\"n\":12345678901.123"
                  "4567}]}");
    assert_told(&f, "run EXECUTING;1:a;2:{\"t\":1.10,\"n\":12345678901.123"
                    "4567};");
    feed_rest(&f, REST("EXECUTING", "10",
                       ",\"metadata\":{ \"logs\": [ \"a\", { \"t\": 1.10, "
                       "\"n\": 12345678901.1234567 } ] }"));
    assert_told(&f, "");
    feed_rest(&f, REST("EXECUTING", "12",
                       ",\"metadata\":{\"logs\":[\"a\",{\"t\":1.10,\"n\":"
                       "12345678901.1234567},\"b\"]}"));
    assert_told(&f, "3:b;");
    feed_metadata(&f, 14,
                  "{\"logs\":[\"a\",{\"t\":1.10,\"n\":12345678901.123"
                  "4567},\"b\",\"c\"]}");
    assert_told(&f, "4:c;");
    finish(&f);
}
END_TEST

START_TEST(source_that_lags_behind_takes_nothing_back)
{
    struct fixture f = fixture_make();
    start(&f);
    feed_metadata(&f, 10, "{\"logs\":[\"a\",\"b\"]}");
    assert_told(&f, "run EXECUTING;1:a;2:b;");
    feed_rest(&f, REST("QUEUED", "09", ",\"metadata\":{\"logs\":[\"a\"]}"));
    assert_told(&f, "");
    feed_rest(&f, REST("EXECUTING", "20",
                       ",\"metadata\":{\"logs\":[\"a\",\"b\",\"c\"]}"));
    assert_told(&f, "3:c;");
    feed_metadata(&f, 15, "{\"progress\":0.5,\"logs\":[\"a\",\"b\"]}");
    assert_told(&f, "");
    /* What the late row held is not lost. */
    feed_row(&f, "\"updatedAt\":\"2026-01-02T03:04:21.000\"");
    assert_told(&f, "run EXECUTING;-1/2;");
    finish(&f);
}
END_TEST

START_TEST(the_end_is_believed_though_its_clock_is_behind)
{
    struct fixture f = fixture_make();
    start(&f);
    feed_rest(&f, REST("EXECUTING", "20", ""));
    feed_rest(&f, REST("COMPLETED", "19", ""));
    assert_told(&f, "run EXECUTING;run COMPLETED;");
    feed_rest(&f, REST("EXECUTING", "18", ""));
    assert_told(&f, "");
    finish(&f);

    f = fixture_make();
    start(&f);
    feed_rest(&f, REST("EXECUTING", "20", ""));
    assert_told(&f, "run EXECUTING;");
    feed_row(&f, "\"status\":\"CANCELED\",\"updatedAt\":\"2026-01-02T03:04:"
                 "19.000\"");
    assert_told(&f, "run CANCELED;");
    finish(&f);
}
END_TEST

static void assert_streams(const struct fixture *f, const char *want)
{
    const struct stream_keys *keys = decoder_streams(f->decoder);
    struct buf told = buf_make(0);
    for (size_t i = 0; i < keys->count; i++)
        buf_addf(&told, "%s;", keys->keys[i]);
    ck_assert_str_eq(buf_str(&told), want);
    buf_free(&told);
}

START_TEST(streams_are_named_by_column_or_metadata)
{
    struct fixture f = fixture_make();
    start(&f);
    assert_streams(&f, "");
    feed_row(&f, "\"status\":\"EXECUTING\",\"realtimeStreams\":\"{}\"");
    assert_streams(&f, "");
    feed_row(&f, "\"realtimeStreams\":\"{\\\"out put\\\",b}\"");
    assert_streams(&f, "out put;b;");
    feed_metadata(&f, 10, "{\"$$streams\":[],\"logs\":[]}");
    assert_streams(&f, "out put;b;");
    feed_metadata(&f, 11, "{\"logs\":[],\"$$streams\":[\"m\"]}");
    assert_streams(&f, "m;");
    feed_rest(&f, REST("EXECUTING", "20",
                       ",\"metadata\":{\"$$streams\":[\"x\",\"m\"]}"));
    assert_streams(&f, "x;m;");
    finish(&f);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

UNIT_MAIN("decoder", tcase_add_loop_test(tc, log_is_told_once_and_in_order, 0,
                                         COUNT(stories));
          tcase_add_test(tc, all_columns_become_facts);
          tcase_add_test(tc, later_rows_change_only_what_they_name);
          tcase_add_test(tc, unknown_status_word_is_kept);
          tcase_add_test(tc, nul_in_a_column_becomes_visible);
          tcase_add_test(tc, at_the_end_entries_come_before_the_facts);
          tcase_add_test(tc, time_spent_waiting_is_added_up);
          tcase_add_test(tc, rest_object_becomes_facts);
          tcase_add_test(tc, only_attempts_and_version_are_taken_from_details);
          tcase_add_loop_test(tc, every_shape_of_polling_body_is_read, 0,
                              COUNT(polls));
          tcase_add_loop_test(tc, body_that_is_no_run_is_refused, 0,
                              COUNT(odd_polls));
          tcase_add_test(tc, changing_the_source_neither_loses_nor_doubles);
          tcase_add_test(tc, source_that_lags_behind_takes_nothing_back);
          tcase_add_test(tc, the_end_is_believed_though_its_clock_is_behind);
          tcase_add_test(tc, streams_are_named_by_column_or_metadata))
