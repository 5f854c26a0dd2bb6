/* What the flow tests ask of a file of JSON lines that runtail wrote.
 *
 *   json_lines check FILE           it keeps to docs/json-output.md
 *   json_lines log FILE             its entries, for comparison with another
 *                                   run of the same script: time since the
 *                                   run was created, level, message, data
 *   json_lines get FILE TYPE KEY    the value in the last line of that type
 *   json_lines entries FILE EXPECTED
 *   json_lines parts FILE EXPECTED
 *                                   its entries, or the parts of streams, are
 *                                   those of a recording's NAME.expected.json
 *   json_lines compare FILE EXPECTED
 *                                   it ends in the state that is described in
 *                                   a recording's NAME.expected.json
 *
 * Exit status 1 and one sentence on standard error when it does not hold. */
#include "config.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/instant.h"

static const char *file_name;

__attribute__((format(printf, 1, 2), noreturn)) static void
fail(const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "%s: ", file_name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

static const char *text_of(json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text ? text : "";
}

static bool is_type(json_t *line, const char *type)
{
    return strcmp(text_of(line, "type"), type) == 0;
}

/* No byte that a terminal obeys: C0 other than the line's end, DEL, C1. */
static void check_bytes(const char *line, size_t len, size_t number)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)line[i];
        bool c1 = byte == 0xc2 && (unsigned char)line[i + 1] >= 0x80 &&
                  (unsigned char)line[i + 1] < 0xa0;
        if (byte < 0x20 || byte == 0x7f || c1)
            fail("line %zu has a control character", number);
    }
}

static json_t *read_line(const char *line, size_t len, size_t number)
{
    static const char start[] = "{\"type\":\"";
    json_error_t broken;
    check_bytes(line, len, number);
    if (len < strlen(start) || memcmp(line, start, strlen(start)) != 0)
        fail("line %zu does not begin with its type", number);
    json_t *object = json_loadb(line, len, JSON_ALLOW_NUL, &broken);
    if (!json_is_object(object))
        fail("line %zu is no JSON: %s", number, broken.text);
    return object;
}

static void read_all(const char *name, struct buf *out)
{
    char bytes[4096];
    size_t len;
    FILE *in = fopen(name, "re");
    if (!in)
        fail("cannot be read");
    while ((len = fread(bytes, 1, sizeof bytes, in)) > 0)
        buf_add(out, bytes, len);
    fclose(in);
}

/* All lines, as an array. */
static json_t *read_lines(const char *name)
{
    struct buf all = buf_make(0);
    json_t *lines = json_array();
    read_all(name, &all);
    const char *line = buf_str(&all), *end = line + all.len;
    while (line < end) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop)
            fail("the last line has no end");
        json_array_append_new(lines, read_line(line, (size_t)(stop - line),
                                               json_array_size(lines) + 1));
        line = stop + 1;
    }
    buf_free(&all);
    return lines;
}

static json_t *last_of(json_t *lines, const char *type)
{
    for (size_t i = json_array_size(lines); i-- > 0;)
        if (is_type(json_array_get(lines, i), type))
            return json_array_get(lines, i);
    return NULL;
}

static size_t count_of(json_t *lines, const char *type)
{
    size_t i, count = 0;
    json_t *line;
    json_array_foreach(lines, i, line) count += is_type(line, type);
    return count;
}

/* The entries that still stand at the end. */
static json_t *standing_log(json_t *lines)
{
    size_t i;
    json_t *line, *log = json_array();
    json_array_foreach(lines, i, line)
    {
        json_int_t kept = json_integer_value(json_object_get(line, "kept"));
        if (is_type(line, "log"))
            json_array_append(log, line);
        else if (is_type(line, "rewrite"))
            while (json_array_size(log) > (size_t)kept)
                json_array_remove(log, json_array_size(log) - 1);
    }
    return log;
}

static void check(json_t *lines)
{
    size_t i, size = json_array_size(lines);
    json_int_t seq = 0;
    json_t *line, *before = NULL, *end = json_array_get(lines, size - 1);
    if (!is_type(json_array_get(lines, 0), "hello"))
        fail("the first line is no hello");
    if (!is_type(end, "end") || count_of(lines, "end") != 1)
        fail("the last line is no end, or not the only one");
    json_array_foreach(lines, i, line)
    {
        if ((is_type(line, "log") || is_type(line, "event")) &&
            json_integer_value(json_object_get(line, "seq")) != ++seq)
            fail("line %zu: the sequence has a hole or a repeat", i + 1);
        if (is_type(line, "run")) {
            if (before && json_equal(before, line))
                fail("line %zu: a run line without news", i + 1);
            before = line;
        }
    }
    if (json_integer_value(json_object_get(end, "entries")) != seq)
        fail("the end counts other entries than there were");
}

static json_int_t ms_of(json_t *line, const char *name)
{
    int64_t ms = 0;
    const char *text = text_of(line, name);
    if (!instant_parse_rfc3339(text, strlen(text), &ms))
        fail("\"%s\" is no time", text);
    return ms;
}

static void print_compact(json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS |
                                       JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    printf(" %s", text);
    free(text);
}

static void print_log(json_t *lines)
{
    size_t i;
    json_t *line, *run = last_of(lines, "run");
    json_array_foreach(lines, i, line)
    {
        if (is_type(line, "rewrite"))
            printf("rewrite %lld\n", (long long)json_integer_value(
                                         json_object_get(line, "kept")));
        if (!is_type(line, "log"))
            continue;
        if (json_object_get(line, "arrival"))
            printf("-");
        else
            printf("%lld",
                   (long long)(ms_of(line, "time") - ms_of(run, "createdAt")));
        printf(" %s", text_of(line, "level"));
        print_compact(json_object_get(line, "message"));
        if (json_object_get(line, "data"))
            print_compact(json_object_get(line, "data"));
        putchar('\n');
    }
}

static void get(json_t *lines, const char *type, const char *key)
{
    json_t *value = json_object_get(last_of(lines, type), key);
    if (!value)
        fail("no %s line says %s", type, key);
    if (json_is_string(value)) {
        puts(json_string_value(value));
        return;
    }
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    puts(text);
    free(text);
}

/* Comparison with a described state. */

/* NULL: absent. */
static void same_value(const char *what, json_t *got, json_t *want)
{
    if (got != want && !json_equal(got, want))
        fail("%s is %s instead of %s", what,
             got ? json_dumps(got, JSON_ENCODE_ANY) : "absent",
             want ? json_dumps(want, JSON_ENCODE_ANY) : "absent");
}

static json_t *get_or_none(json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    return json_is_null(value) ? NULL : value;
}

static void same_entry(size_t i, json_t *got, json_t *want)
{
    char what[80], time[INSTANT_TEXT_SIZE];
    json_t *stamp = get_or_none(want, "timestamp_ms");
    snprintf(what, sizeof what, "entry %zu, message", i + 1);
    same_value(what, json_object_get(got, "message"),
               json_object_get(want, "message"));
    snprintf(what, sizeof what, "entry %zu, level", i + 1);
    same_value(what, json_object_get(got, "level"), get_or_none(want, "level"));
    snprintf(what, sizeof what, "entry %zu, data", i + 1);
    same_value(what, json_object_get(got, "data"),
               json_object_get(want, "data"));
    if (!stamp) {
        if (!json_is_true(json_object_get(got, "arrival")))
            fail("entry %zu has a time that was never written", i + 1);
        return;
    }
    instant_format_utc((int64_t)json_number_value(stamp), time);
    if (strcmp(text_of(got, "time"), time) != 0)
        fail("entry %zu is of %s, not of %s", i + 1, text_of(got, "time"),
             time);
}

static void same_log(json_t *lines, json_t *want)
{
    json_t *log = standing_log(lines);
    size_t i;
    json_t *entry;
    if (json_array_size(log) != json_array_size(want))
        fail("%zu entries instead of %zu", json_array_size(log),
             json_array_size(want));
    json_array_foreach(want, i, entry)
        same_entry(i, json_array_get(log, i), entry);
    json_decref(log);
}

/* Metadata counts to 1 or to 100. */
static void same_progress(json_t *run, json_t *want)
{
    json_t *got = json_object_get(run, "progress");
    if (!json_is_number(want)) {
        same_value("the progress", got, NULL);
        return;
    }
    double ratio = json_number_value(want);
    if (ratio > 1)
        ratio /= 100;
    if (!got || fabs(json_number_value(got) - ratio) > 1e-9)
        fail("the progress is not %g", ratio);
}

/* The SDK hides the message of an internal error behind its code. */
static void same_internal_error(json_t *got, json_t *want, json_t *expected)
{
    const char *code = text_of(got, "code");
    same_value("the error's message", json_object_get(got, "message"),
               json_object_get(expected, "error_wire_message"));
    if (!*code || !strstr(text_of(want, "message"), code))
        fail("the error's code is \"%s\", not that in \"%s\"", code,
             text_of(want, "message"));
}

static void same_error(json_t *end, json_t *expected)
{
    json_t *got = json_object_get(end, "error");
    json_t *want = get_or_none(expected, "error");
    json_t *type = json_object_get(expected, "error_wire_type");
    if (!want != !got)
        fail(got ? "an error that there was not" : "no error");
    if (type)
        same_value("the error's type", json_object_get(got, "type"), type);
    if (type && strcmp(json_string_value(type), "INTERNAL_ERROR") == 0) {
        same_internal_error(got, want, expected);
        return;
    }
    static const char *const names[] = {"name", "message", "stackTrace"};
    for (size_t i = 0; want && i < sizeof names / sizeof *names; i++)
        same_value(names[i], json_object_get(got, names[i]),
                   json_object_get(want, names[i]));
}

/* Output is told as text, which is JSON unless the output was text itself. */
static void same_output(json_t *end, json_t *want)
{
    json_t *got = json_object_get(end, "output");
    if (json_is_string(want) || !got || !want) {
        same_value("the output", got, want);
        return;
    }
    json_t *value = json_loads(json_string_value(got),
                               JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    same_value("the output", value, want);
    json_decref(value);
}

static void compare(json_t *lines, json_t *expected)
{
    json_t *run = last_of(lines, "run"), *end = last_of(lines, "end");
    json_t *tags = json_object_get(expected, "tags");
    json_t *finished = json_object_get(expected, "finished");
    same_value("the run", json_object_get(run, "run"),
               json_object_get(expected, "run_id"));
    same_value("the status", json_object_get(end, "status"),
               json_object_get(expected, "status"));
    same_value("complete", json_object_get(end, "complete"), finished);
    if (json_object_get(expected, "task"))
        same_value("the task", json_object_get(run, "task"),
                   json_object_get(expected, "task"));
    if (json_object_get(expected, "status_text"))
        same_value("the step", json_object_get(run, "step"),
                   json_object_get(expected, "status_text"));
    if (json_array_size(tags))
        same_value("the tags", json_object_get(run, "tags"), tags);
    same_progress(run, json_object_get(expected, "progress"));
    same_log(lines, json_object_get(expected, "log"));
    same_error(end, expected);
    same_output(end, get_or_none(expected, "output"));
}

/* The parts of a stream, in order; a record without a body is none. */
static void same_parts(json_t *lines, json_t *expected)
{
    const char *key;
    json_t *values, *value, *line;
    size_t i;
    json_object_foreach(json_object_get(expected, "stream_values"), key, values)
    {
        json_t *got = json_array(), *want = json_array();
        json_array_foreach(lines, i, line)
        {
            if (is_type(line, "part") &&
                strcmp(text_of(line, "stream"), key) == 0)
                json_array_append(got, json_object_get(line, "chunk"));
        }
        json_array_foreach(values, i, value)
        {
            if (!json_is_null(value))
                json_array_append(want, value);
        }
        same_value(key, got, want);
        json_decref(got);
        json_decref(want);
    }
}

static void compare_with(json_t *lines, const char *what, json_t *expected)
{
    if (strcmp(what, "entries") == 0)
        same_log(lines, json_object_get(expected, "log"));
    else if (strcmp(what, "parts") == 0)
        same_parts(lines, expected);
    else
        compare(lines, expected);
}

int main(int argc, char **argv)
{
    json_error_t broken;
    if (argc < 3) {
        fputs("usage: json_lines check|log|get|compare|entries|parts FILE …\n",
              stderr);
        return 2;
    }
    file_name = argv[2];
    json_t *lines = read_lines(argv[2]);
    if (strcmp(argv[1], "check") == 0) {
        check(lines);
    } else if (strcmp(argv[1], "log") == 0) {
        print_log(lines);
    } else if (strcmp(argv[1], "get") == 0 && argc == 5) {
        get(lines, argv[3], argv[4]);
    } else if (argc == 4) {
        json_t *expected = json_load_file(argv[3], JSON_ALLOW_NUL, &broken);
        if (!expected)
            fail("%s: %s", argv[3], broken.text);
        compare_with(lines, argv[1], expected);
        json_decref(expected);
    }
    json_decref(lines);
    return 0;
}
