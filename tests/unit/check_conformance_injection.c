#include "config.h"

#include "text/escape.h"

#include "text/utf8.h"
#include "text/width.h"

#include "conformance.h"
#include "unit.h"

static const char marker[] = "after";

static json_t *cases;

/* The case's text, as often as it is to be fed, with a word after it. */
static struct buf input_of(json_t *item)
{
    json_t *repeat = json_object_get(item, "repeat");
    json_int_t times = repeat ? json_integer_value(repeat) : 1;
    struct buf input = buf_make(0);
    for (json_int_t i = 0; i < times; i++)
        add_base64(&input, text_of(item, "base64"));
    buf_adds(&input, marker);
    return input;
}

static bool holds(const struct buf *text, const char *hex)
{
    struct buf pattern = buf_make(0);
    add_hex(&pattern, hex);
    bool found = false;
    for (size_t at = 0; !found && at + pattern.len <= text->len; at++)
        found = memcmp(text->data + at, pattern.data, pattern.len) == 0;
    buf_free(&pattern);
    return found;
}

static void assert_holds_none(json_t *item, const char *key,
                              const struct buf *output)
{
    json_t *patterns = json_object_get(item, key);
    for (size_t i = 0; i < json_array_size(patterns); i++) {
        const char *hex = json_string_value(json_array_get(patterns, i));
        ck_assert_msg(!holds(output, hex), "%s: %s %s in \"%s\"",
                      text_of(item, "name"), key, hex, buf_str(output));
    }
}

/* What holds for every text, whatever is in it. */
static void assert_quiet(json_t *item, const struct buf *output,
                         const char *allowed)
{
    const char *name = text_of(item, "name");
    ck_assert_msg(utf8_valid(output->data, output->len), "%s: UTF-8", name);
    for (size_t at = 0; at < output->len;) {
        uint32_t code;
        at += utf8_decode(output->data + at, output->len - at, &code);
        bool control = (code < 0x20 && !strchr(allowed, (int)code)) ||
                       (code >= 0x7F && code < 0xA0);
        bool bidi = (code >= 0x202A && code <= 0x202E) ||
                    (code >= 0x2066 && code <= 0x2069);
        ck_assert_msg(code && !control && !bidi, "%s: U+%04X in \"%s\"", name,
                      (unsigned)code, output->data);
    }
    ck_assert_msg(
        output->len >= strlen(marker) &&
            strcmp(output->data + output->len - strlen(marker), marker) == 0,
        "%s: the text after it is lost", name);
}

static void assert_safe(json_t *item, const struct buf *output,
                        const char *allowed)
{
    assert_quiet(item, output, allowed);
    assert_holds_none(item, "must_not_emit", output);
    assert_holds_none(item, "must_not_emit_plain", output);
    assert_holds_none(item, "should_not_emit", output);
}

/* What claims to be a sign or two takes no more room than that, but for what
 * is shown by its number. */
static void assert_narrow(json_t *item, const struct buf *output)
{
    json_t *most = strstr(output->data, "\\u{")
                       ? NULL
                       : json_object_get(item, "max_columns");
    size_t columns = width_of_text(output->data, output->len - strlen(marker));
    ck_assert_msg(!most || (json_int_t)columns <= json_integer_value(most),
                  "%s: %zu columns", text_of(item, "name"), columns);
}

static void check_shown(json_t *item)
{
    struct buf input = input_of(item);
    for (unsigned flags = 0; flags <= (ESCAPE_ASCII | ESCAPE_LINES); flags++) {
        struct buf output = buf_make(0);
        escape_text(&output, input.data, input.len, flags);
        assert_safe(item, &output, flags & ESCAPE_LINES ? "\n" : "");
        if (!(flags & ESCAPE_ASCII))
            assert_narrow(item, &output);
        bool same = input.len == output.len &&
                    memcmp(input.data, output.data, input.len) == 0;
        if (is_of_class(item, "harmless"))
            ck_assert_msg(same, "%s: changed", text_of(item, "name"));
        if (escape_is_safe(input.data, input.len, flags))
            ck_assert_msg(same, "%s: not safe", text_of(item, "name"));
        ck_assert(escape_is_safe(output.data, output.len, flags) ||
                  memchr(output.data, '\n', output.len));
        buf_free(&output);
    }
    buf_free(&input);
}

START_TEST(shown_text_acts_on_no_terminal)
{
    for_each_case(cases, check_shown);
}
END_TEST

/* As a reader takes it from a JSON line: ill-formed parts are replaced. */
static void assert_reads_back(json_t *item, const struct buf *line,
                              const struct buf *input)
{
    json_error_t error;
    json_t *read = json_loadb(line->data, line->len,
                              JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    ck_assert_msg(read != NULL, "%s: %s in %s", text_of(item, "name"),
                  error.text, line->data);
    struct buf want = buf_make(0);
    utf8_repair(&want, input->data, input->len);
    ck_assert_msg(json_string_length(read) == want.len &&
                      memcmp(json_string_value(read), want.data, want.len) == 0,
                  "%s: reads as something else: %s", text_of(item, "name"),
                  line->data);
    json_decref(read);
    buf_free(&want);
}

static void check_json_line(json_t *item)
{
    struct buf input = input_of(item);
    struct buf text = buf_make(0);
    escape_json(&text, input.data, input.len);
    assert_safe(item, &text, "");
    struct buf line = buf_make(0);
    buf_addf(&line, "\"%s\"", text.data);
    assert_reads_back(item, &line, &input);

    struct buf again = buf_make(0);
    escape_raw_json(&again, line.data, line.len);
    ck_assert_str_eq(again.data, line.data);
    buf_free(&again);
    buf_free(&line);
    buf_free(&text);
    buf_free(&input);
}

START_TEST(json_lines_act_on_no_terminal_and_lose_nothing)
{
    for_each_case(cases, check_json_line);
}
END_TEST

/* JSON text of somebody else, with as few escapes as there can be. */
static void check_raw_json(json_t *item)
{
    struct buf input = input_of(item);
    struct buf whole = buf_make(0);
    utf8_repair(&whole, input.data, input.len);
    json_t *text = json_stringn(whole.data, whole.len);
    char *raw = json_dumps(text, JSON_ENCODE_ANY);
    struct buf line = buf_make(0);

    escape_raw_json(&line, raw, strlen(raw));

    assert_reads_back(item, &line, &input);
    buf_truncate(&line, line.len - 1);
    assert_safe(item, &line, "");
    free(raw);
    json_decref(text);
    buf_free(&line);
    buf_free(&whole);
    buf_free(&input);
}

START_TEST(raw_json_acts_on_no_terminal_and_loses_nothing)
{
    for_each_case(cases, check_raw_json);
}
END_TEST

static void load(void)
{
    cases = conformance_load("terminal-injection");
}

UNIT_MAIN("conformance_injection", load();
          tcase_add_test(tc, shown_text_acts_on_no_terminal);
          tcase_add_test(tc, json_lines_act_on_no_terminal_and_lose_nothing);
          tcase_add_test(tc, raw_json_acts_on_no_terminal_and_loses_nothing);)
