/* wire/sse_facts: what events say in a known form. */
#include "config.h"

#include <string.h>

#include "wire/sse_facts.h"

#include "random.h"
#include "unit.h"

static struct sse_event event_of(const char *data)
{
    return (struct sse_event){
        .event = "message", .data = data, .data_len = strlen(data), .id = ""};
}

static struct sse_facts *create(void)
{
    return sse_facts_create("progress", "logs", SCALE_AUTO);
}

static const struct {
    const char *data;
    bool said;
    bool is_read;
    const char *entry; /* "level message data"; "": none */
    const char *run;   /* "STATUS percent step" afterwards */
} cases[] = {
    {"plain text: \"status\":", false, false, "", "UNKNOWN -1 -"},
    {"", false, false, "", "UNKNOWN -1 -"},
    {"{}", false, false, "", "UNKNOWN -1 -"},
    {"[\"status\"]", false, false, "", "UNKNOWN -1 -"},
    {"{\"price\":1}", false, false, "", "UNKNOWN -1 -"},
    {"{\"a\":{\"status\":\"done\"}}", true, false, "", "UNKNOWN -1 -"},
    {"{\"status\":\"running\"", false, false, "", "UNKNOWN -1 -"},
    {"{\"status\":\"running\"}", true, true, "", "EXECUTING -1 -"},
    {"{ \"status\" : \"COMPLETED\" }", true, true, "", "COMPLETED -1 -"},
    {"{\"status\":\"Failed\",\"x\":1}", true, false, "", "FAILED -1 -"},
    {"{\"status\":\"Parse page 3\"}", true, true, "",
     "UNKNOWN -1 Parse page 3"},
    {"{\"status\":7}", true, false, "", "UNKNOWN -1 -"},
    {"{\"status\":\"\"}", true, false, "", "UNKNOWN -1 -"},
    {"{\"progress\":0.25}", true, true, "", "UNKNOWN 25 -"},
    {"{\"progress\":\"42%\"}", true, true, "", "UNKNOWN 42 -"},
    {"{\"progress\":{\"current\":1,\"total\":2}}", true, true, "",
     "UNKNOWN 50 -"},
    {"{\"message\":\"hello\"}", true, true, "- hello -", "UNKNOWN -1 -"},
    {"{\"level\":\"warn\",\"message\":\"a\\nb\",\"n\":[1]}", true, true,
     "warn a\nb {\"n\":[1]}", "UNKNOWN -1 -"},
    {"{\"level\":\"warn\",\"message\":\"a\",\"data\":{\"n\":1}}", true, true,
     "warn a {\"n\":1}", "UNKNOWN -1 -"},
    {"{\"message\":{\"text\":1}}", true, false, "", "UNKNOWN -1 -"},
    {"{\"logs\":[{\"message\":\"x\",\"level\":\"error\"}]}", true, true,
     "error x -", "UNKNOWN -1 -"},
    {"{\"logs\":\"whole text\"}", true, false, "", "UNKNOWN -1 -"},
    {"{\"logs\":[],\"progress\":50,\"status\":\"queued\"}", true, true, "",
     "QUEUED 50 -"},
    {"\x01\xFF\xFE\xFD", true, true, "- binary data, 4 bytes -",
     "UNKNOWN -1 -"},
    {"\xFF", true, true, "- binary data, 1 byte -", "UNKNOWN -1 -"},
    {"\x9B"
     "2Jafter",
     false, false, "", "UNKNOWN -1 -"},
    {"\xC0\x80\xE0\x80\x80"
     "after",
     false, false, "", "UNKNOWN -1 -"},
    {"\xC3\xA9t\xC3\xA9 \xE6\x97\xA5", false, false, "", "UNKNOWN -1 -"},
    {"\tindented", false, false, "", "UNKNOWN -1 -"},
};

static void expect_entry(const struct sse_reading *reading, const char *want)
{
    struct buf text = buf_make(0);
    ck_assert_uint_eq(reading->count, *want != '\0');
    if (reading->count) {
        const struct log_entry *entry = &reading->entries[0];
        buf_addf(&text, "%s %.*s %.*s",
                 entry->level_word ? entry->level_word : "-",
                 (int)entry->message_len, entry->message,
                 entry->data ? (int)entry->data_len : 1,
                 entry->data ? entry->data : "-");
    }
    ck_assert_str_eq(buf_str(&text), want);
    buf_free(&text);
}

static void expect_run(const struct run_facts *run, const char *want)
{
    struct buf text = buf_make(0);
    bool known = run->progress.kind == PROGRESS_RATIO;
    buf_addf(&text, "%s %d %s", status_word(run->status),
             known ? progress_percent(&run->progress) : -1,
             run->step ? run->step : "-");
    ck_assert_str_eq(buf_str(&text), want);
    buf_free(&text);
}

START_TEST(event_says_what_has_a_known_form)
{
    struct sse_facts *facts = create();
    struct sse_event event = event_of(cases[_i].data);
    struct sse_reading reading = {0};
    ck_assert(sse_facts_read(facts, &event, 1, &reading) == cases[_i].said);
    ck_assert(reading.is_read == cases[_i].is_read);
    expect_entry(&reading, cases[_i].entry);
    expect_run(sse_facts_run(facts), cases[_i].run);
    sse_facts_destroy(facts);
}
END_TEST

START_TEST(log_tells_what_is_new_in_it)
{
    static const char *const data[] = {
        "{\"logs\":[\"a\",\"b\"]}",
        "{\"logs\":[\"a\",\"b\"]}",
        "{\"logs\":[\"a\",\"b\",\"c\"]}",
        "{\"logs\":[\"b\",\"c\",\"d\",\"e\"],\"message\":\"f\"}",
    };
    static const char *const want[] = {"ab", "", "c", "def"};
    struct sse_facts *facts = create();
    for (size_t i = 0; i < 4; i++) {
        struct buf text = buf_make(0);
        struct sse_event event = event_of(data[i]);
        struct sse_reading reading;
        ck_assert(sse_facts_read(facts, &event, 1, &reading));
        for (size_t n = 0; n < reading.count; n++)
            buf_add(&text, reading.entries[n].message,
                    reading.entries[n].message_len);
        ck_assert_str_eq(buf_str(&text), want[i]);
        buf_free(&text);
    }
    sse_facts_destroy(facts);
}
END_TEST

/* Lines that differ in their message are read by comparing; these do not. */
START_TEST(lines_of_one_shape_are_read_alike)
{
    static const struct {
        const char *data, *entry;
    } lines[] = {
        {"{\"level\":\"info\",\"message\":\"one\"}", "info one -"},
        {"{\"level\":\"info\",\"message\":\"two and more\"}",
         "info two and more -"},
        {"{\"level\":\"warn\",\"message\":\"three\"}", "warn three -"},
        {"{\"level\":\"info\",\"message\":\"a \\\"quote\\\"\"}",
         "info a \"quote\" -"},
        {"{\"level\":\"info\",\"message\":\"x\",\"message\":\"y\"}",
         "info y -"},
        {"{\"level\":\"info\",\"message\":\"x\",\"level\":\"warn\"}",
         "warn x -"},
        {"{\"level\":\"info\",\"message\":\"tab\\t\"}", "info tab\t -"},
        {"{\"level\":\"warn\",\"message\":\"four\"}", "warn four -"},
        {"{\"level\":\"info\",\"message\":\"five\"}", "info five -"},
    };
    struct sse_facts *facts = create();
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct sse_event event = event_of(lines[i].data);
        struct sse_reading reading;
        ck_assert(sse_facts_read(facts, &event, (int64_t)i, &reading));
        ck_assert(reading.is_read && !reading.changed);
        expect_entry(&reading, lines[i].entry);
        ck_assert_int_eq(reading.entries[0].time_ms, (int64_t)i);
    }
    sse_facts_destroy(facts);
}
END_TEST

static void add_fields(struct buf *out, const struct log_entry *entry)
{
    buf_addf(out, "%d %s %lld %d %s ", (int)entry->level,
             entry->level_word ? entry->level_word : "-",
             (long long)entry->time_ms, entry->time_is_arrival,
             entry->data ? "data" : "-");
    if (entry->data)
        buf_add(out, entry->data, entry->data_len);
}

/* What sse_facts_read() says of it. */
static void add_single(struct buf *out, struct sse_facts *facts,
                       struct slice data, int64_t now_ms)
{
    struct sse_event event = {.event = SSE_MESSAGE,
                              .data = data.data,
                              .data_len = data.len,
                              .id = ""};
    struct sse_reading reading = {0};
    bool read = sse_facts_read(facts, &event, now_ms, &reading);
    buf_addf(out, "%d %d %d:", read && reading.is_read, reading.changed,
             (int)reading.count);
    for (size_t i = 0; i < reading.count; i++) {
        add_fields(out, &reading.entries[i]);
        buf_add(out, reading.entries[i].message,
                reading.entries[i].message_len);
    }
    buf_addc(out, '\n');
}

static void add_alike(struct buf *out, struct sse_facts *facts,
                      struct slice *data, size_t count, int64_t now_ms)
{
    const struct log_entry *like;
    for (size_t at = 0, alike; at < count; at += alike) {
        alike =
            sse_facts_read_alike(facts, data + at, count - at, now_ms, &like);
        for (size_t i = at; i < at + alike; i++) {
            buf_adds(out, like ? "1 0 1:" : "0 0 0:");
            if (like) {
                add_fields(out, like);
                buf_add(out, data[i].data, data[i].len);
            }
            buf_addc(out, '\n');
        }
        if (!alike) {
            add_single(out, facts, data[at], now_ms);
            alike = 1;
        }
    }
}

START_TEST(events_in_bulk_say_what_each_of_them_says)
{
    static const char *const lines[] = {
        "{\"level\":\"info\",\"message\":\"one\"}",
        "{\"level\":\"info\",\"message\":\"two, of more bytes than one\"}",
        "{\"level\":\"info\",\"message\":\"\"}",
        "{\"level\":\"info\",\"message\":\"a \\\"quote\\\" in it\"}",
        "{\"level\":\"info\",\"message\":\"x\",\"message\":\"y\"}",
        "{\"level\":\"info\",\"message\":\"no JSON:\t\"}",
        "{\"level\":\"warn\",\"message\":\"three\"}",
        "{\"message\":\"four\",\"level\":\"odd\"}",
        "{\"message\":\"five\",\"data\":{\"n\":1}}",
        "{\"message\":\"six\",\"ts\":1772323200000}",
        "{\"message\":\"cut",
        "{\"price\":1}",
        "{\"a\":{\"status\":\"done\"}}",
        "{\"status\":\"running\",\"progress\":10}",
        "{\"logs\":[\"a\",\"b\"]}",
        "plain text",
        "another \"status\": of text",
        "\x01\xFF\xFE\xFD",
        "",
    };
    uint64_t state = 7;
    for (int round = 0; round < 2000; round++) {
        struct sse_facts *single = create(), *bulk = create();
        struct buf want = buf_make(0), got = buf_make(0);
        size_t kinds = 1 + chance(&state, sizeof lines / sizeof *lines);
        for (int64_t now_ms = 1; now_ms < 8; now_ms++) {
            struct slice data[20];
            size_t count = chance(&state, 20);
            for (size_t i = 0; i < count; i++) {
                const char *line = lines[chance(&state, kinds)];
                data[i] = (struct slice){line, strlen(line)};
                add_single(&want, single, data[i], now_ms);
            }
            add_alike(&got, bulk, data, count, now_ms);
            ck_assert_str_eq(buf_str(&got), buf_str(&want));
        }
        sse_facts_destroy(single);
        sse_facts_destroy(bulk);
        buf_free(&want);
        buf_free(&got);
    }
}
END_TEST

START_TEST(change_is_told_once)
{
    static const struct {
        const char *data;
        bool changed;
    } steps[] = {{"{\"status\":\"running\",\"progress\":10}", true},
                 {"{\"status\":\"running\",\"progress\":10}", false},
                 {"{\"progress\":11}", true},
                 {"{\"status\":\"completed\"}", true},
                 {"{\"message\":\"x\"}", false}};
    struct sse_facts *facts = create();
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct sse_event event = event_of(steps[i].data);
        struct sse_reading reading;
        ck_assert(sse_facts_read(facts, &event, 1, &reading));
        ck_assert(reading.changed == steps[i].changed);
    }
    ck_assert(!sse_facts_run(facts)->finished);
    ck_assert(sse_facts_finish(facts));
    ck_assert(sse_facts_run(facts)->finished);
    sse_facts_destroy(facts);
}
END_TEST

UNIT_MAIN("sse_facts", tcase_add_loop_test(tc, event_says_what_has_a_known_form,
                                           0, sizeof cases / sizeof *cases);
          tcase_add_test(tc, log_tells_what_is_new_in_it);
          tcase_add_test(tc, lines_of_one_shape_are_read_alike);
          tcase_add_test(tc, events_in_bulk_say_what_each_of_them_says);
          tcase_add_test(tc, change_is_told_once))
