#include "config.h"

#include "text/wrap.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "text/width.h"

#include "unit.h"

/* The rows, each followed by a bar. */
static struct buf rows_of(const char *line, size_t columns)
{
    struct buf rows = buf_make(0);
    size_t len = strlen(line);
    size_t at = 0;
    do {
        struct wrap_row row;
        at = wrap_next(line, len, at, columns, &row);
        buf_add(&rows, line + row.start, row.len);
        buf_addc(&rows, '|');
    } while (at < len);
    return rows;
}

static const struct {
    const char *line;
    size_t columns;
    const char *rows;
} lines[] = {
    {"", 5, "|"},
    {"abc", 5, "abc|"},
    {"abcde", 5, "abcde|"},
    {"abcdef", 5, "abcde|f|"},
    {"ab cd", 4, "ab|cd|"},
    {"abcd efg", 4, "abcd|efg|"},
    {"abcd ", 4, "abcd|"},
    {"abcd  e", 4, "abcd| e|"},
    {"a bcdefgh", 6, "a bcde|fgh|"}, /* the space would lose too much */
    {"abc defgh", 6, "abc|defgh|"},  /* half of the row is kept */
    {"one two three", 8, "one two|three|"},
    {"    abcdefgh", 8, "    abcd|efgh|"},
    {"a b c", 1, "a|b|c|"},
    {"\u4E00\u4E8C\u4E09", 5, "\u4E00\u4E8C|\u4E09|"},
    {"\u4E00\u4E8C", 1, "\u4E00|\u4E8C|"}, /* too wide: a row of its own */
    {"a\u4E00", 2, "a|\u4E00|"},
    {"e\u0301e\u0301", 1, "e\u0301|e\u0301|"},
    {"abc \u0301def", 4, "abc \u0301|def|"}, /* no bare space */
    {"ab\U0001F469\u200D\U0001F4BBcd", 4, "ab|\U0001F469\u200D\U0001F4BB|cd|"},
    {"x\U0001F469\u200D\U0001F4BB y", 3, "x|\U0001F469\u200D\U0001F4BB|y|"},
    {"abc", 0, "a|b|c|"},
};

enum {
    LINES = sizeof lines / sizeof lines[0]
};

START_TEST(a_line_is_cut_into_rows)
{
    struct buf rows = rows_of(lines[_i].line, lines[_i].columns);
    ck_assert_str_eq(buf_str(&rows), lines[_i].rows);
    buf_free(&rows);
}
END_TEST

static bool is_cluster_start(const char *line, size_t len, size_t offset)
{
    size_t at = 0;
    while (at < offset) {
        int columns;
        at += width_cluster(line + at, len - at, &columns);
    }
    return at == offset;
}

static void assert_row(const char *line, size_t len, size_t columns,
                       const struct wrap_row *row, size_t next)
{
    size_t end = row->start + row->len;
    ck_assert_uint_le(end, next);
    ck_assert(is_cluster_start(line, len, end));
    ck_assert(is_cluster_start(line, len, next));
    if (next > end)
        ck_assert(next == end + 1 && line[end] == ' ');
    int first = 0;
    size_t used = 0;
    if (row->len)
        used = width_cluster(line + row->start, row->len, &first);
    ck_assert(row->columns <= columns || used == row->len);
    size_t fitted;
    ck_assert_uint_eq(width_fit(line + row->start, row->len, 1000, &fitted),
                      row->len);
    ck_assert_uint_eq(fitted, row->columns);
}

START_TEST(rows_are_whole_and_fit)
{
    static const char *const texts[] = {
        "The quick brown fox jumps over the lazy dog",
        "\u65E5\u672C\u8A9E abc \u65E5\u672C e\u0301\u0302 x\u0301y z",
        "\U0001F468\u200D\U0001F469\u200D\U0001F467 \U0001F1E9\U0001F1EA",
        "  \u0301 \u1112\u1161\u11AB  \uFF76\uFF9E",
    };
    size_t columns = (size_t)_i;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        size_t len = strlen(texts[i]);
        for (size_t at = 0; at < len;) {
            struct wrap_row row;
            size_t next = wrap_next(texts[i], len, at, columns, &row);
            ck_assert_uint_eq(row.start, at);
            ck_assert_uint_gt(next, at);
            assert_row(texts[i], len, columns, &row, next);
            at = next;
        }
    }
}
END_TEST

UNIT_MAIN("wrap", tcase_add_loop_test(tc, a_line_is_cut_into_rows, 0, LINES);
          tcase_add_loop_test(tc, rows_are_whole_and_fit, 1, 11))
