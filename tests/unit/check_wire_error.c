#include "config.h"

#include "wire/wire_error.h"

#include <string.h>

#include "unit.h"

static const struct {
    const char *column; /* NULL: null */
    bool has_error;
    const char *type, *name, *message, *code, *stack;
} columns[] = {
    {NULL, false, NULL, NULL, NULL, NULL, NULL},
    {"null", false, NULL, NULL, NULL, NULL, NULL},
    {"{\"type\":\"BUILT_IN_ERROR\",\"name\":\"TypeError\",\"message\":\"no\","
     "\"stackTrace\":\"TypeError: no\\n  at x\"}",
     true, "BUILT_IN_ERROR", "TypeError", "no", NULL, "TypeError: no\n  at x"},
    {"{\"type\": \"STRING_ERROR\", \"raw\": \"broke\"}", true, "STRING_ERROR",
     NULL, "broke", NULL, NULL},
    {"{\"type\":\"CUSTOM_ERROR\",\"raw\":\"{\\\"a\\\":1}\"}", true,
     "CUSTOM_ERROR", NULL, "{\"a\":1}", NULL, NULL},
    {"{\"type\":\"INTERNAL_ERROR\",\"code\":\"TASK_PROCESS_OOM_KILLED\"}", true,
     "INTERNAL_ERROR", NULL, NULL, "TASK_PROCESS_OOM_KILLED", NULL},
    {"{\"type\":\"INTERNAL_ERROR\",\"code\":\"X\",\"message\":\"m\","
     "\"stackTrace\":null}",
     true, "INTERNAL_ERROR", NULL, "m", "X", NULL},
    {"{\"type\":7,\"message\":{\"a\":[1]}}", true, "7", NULL, "{\"a\":[1]}",
     NULL, NULL},
    {"{\"message\":\"a\\u0000b\"}", true, NULL, NULL,
     "a\xEF\xBF\xBD"
     "b",
     NULL, NULL},
    {"\"just text\"", true, NULL, NULL, "just text", NULL, NULL},
    {"{}", true, NULL, NULL, NULL, NULL, NULL},
    {"not json", true, NULL, NULL, "not json", NULL, NULL},
    {"[1]", true, NULL, NULL, "[1]", NULL, NULL},
    {"", true, NULL, NULL, "", NULL, NULL},
};

START_TEST(error_column_is_read)
{
    struct run_facts facts;
    const char *text = columns[_i].column;
    facts_init(&facts);
    wire_error_read(&facts, "{\"type\":\"OLD\",\"name\":\"Old\"}", 27);
    wire_error_read(&facts, text, text ? strlen(text) : 0);
    ck_assert_int_eq(facts.has_error, columns[_i].has_error);
    ck_assert_pstr_eq(facts.error.type, columns[_i].type);
    ck_assert_pstr_eq(facts.error.name, columns[_i].name);
    ck_assert_pstr_eq(facts.error.message, columns[_i].message);
    ck_assert_pstr_eq(facts.error.code, columns[_i].code);
    ck_assert_pstr_eq(facts.error.stack, columns[_i].stack);
    facts_free(&facts);
}
END_TEST

static const struct {
    const char *body;
    const char *reason; /* NULL: none */
} bodies[] = {
    {"{\"error\":\"Not found\"}", "Not found"},
    {"{\"status\":\"error\",\"message\":\"Unauthorized\"}", "Unauthorized"},
    {"{\"error\":401,\"message\":\"no key\"}", "no key"},
    {"{\"error\":{\"message\":\"deep\",\"code\":1}}", "deep"},
    {"{\"error\":\"Unauthorized\",\"code\":\"unauthorized\",\"param\":\"x\"}",
     "Unauthorized"},
    {"{\"type\":\"about:blank\",\"title\":\"Gone\",\"detail\":\"It left\"}",
     "It left"},
    {"{\"title\":\"Gone\"}", "Gone"},
    {"{\"error\":\"\",\"message\":\"second\"}", "second"},
    {"{\"error\":\" two\\n lines\\t\"}", "two lines"},
    {"{\"error\":\"a\\u0000b\"}", "a b"},
    {"\"a string\"", "a string"},
    {"{}", NULL},
    {"[]", NULL},
    {"[{\"headers\":{\"control\":\"must-refetch\"}}]", NULL},
    {"null", NULL},
    {"7", NULL},
    {"<html><head><title>502 Bad\n Gateway</title></head></html>",
     "502 Bad Gateway"},
    {"\n <!DOCTYPE html><HTML><TITLE lang=\"en\">Oops</TITLE>", "Oops"},
    {"<html><body>no title</body></html>", NULL},
    {"<title>never ends", NULL},
    {"<title", NULL},
    {"<", NULL},
    {"Network error occurred", "Network error occurred"},
    {"\r\n\n first line \r\nsecond line", "first line"},
    {"{\"cut\":", "{\"cut\":"},
    {"\xFF\xFE binary", NULL},
    {"", NULL},
    {" \n ", NULL},
};

START_TEST(reason_is_found)
{
    struct buf out = buf_make(0);
    buf_adds(&out, "why: ");
    bool told =
        wire_error_reason(&out, bodies[_i].body, strlen(bodies[_i].body));
    ck_assert_msg(told == (bodies[_i].reason != NULL), "%s", bodies[_i].body);
    ck_assert_str_eq(out.data + 5, told ? bodies[_i].reason : "");
    buf_free(&out);
}
END_TEST

START_TEST(binary_body_gives_no_reason)
{
    struct buf out = buf_make(0);
    ck_assert(!wire_error_reason(&out, "\x1f\x8b\x08\0\0\0text", 10));
    ck_assert(!wire_error_reason(&out, NULL, 0));
    ck_assert_uint_eq(out.len, 0);
    buf_free(&out);
}
END_TEST

START_TEST(long_reason_is_cut_between_characters)
{
    for (size_t lead = 0; lead < 4; lead++) {
        struct buf body = buf_make(0), out = buf_make(0);
        buf_fill(&body, 'x', lead);
        for (int i = 0; i < 100; i++)
            buf_adds(&body, "\xE6\x97\xA5");
        ck_assert(wire_error_reason(&out, body.data, body.len));
        ck_assert_uint_le(out.len, 200);
        ck_assert_uint_ge(out.len, 197);
        ck_assert_uint_eq((out.len - lead) % 3, 0);
        buf_free(&body);
        buf_free(&out);
    }
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

UNIT_MAIN("wire_error",
          tcase_add_loop_test(tc, error_column_is_read, 0, COUNT(columns));
          tcase_add_loop_test(tc, reason_is_found, 0, COUNT(bodies));
          tcase_add_test(tc, binary_body_gives_no_reason);
          tcase_add_test(tc, long_reason_is_cut_between_characters))
