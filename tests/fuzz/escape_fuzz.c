/* Untrusted text: what is made of it is safe, whole and fits its rows. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "text/escape.h"
#include "text/find.h"
#include "text/utf8.h"
#include "text/width.h"
#include "text/wrap.h"
#include "wire/json_valid.h"

#include "fuzz.h"

static void check_rows(struct slice line, size_t columns)
{
    struct wrap_row row;
    size_t at = 0, shown = 0;
    do {
        size_t next = wrap_next(line.data, line.len, at, columns, &row);
        FUZZ_CHECK(next > at || next == line.len);
        FUZZ_CHECK(row.start >= at && row.start + row.len <= next);
        int one;
        FUZZ_CHECK(row.columns <= columns ||
                   width_cluster(line.data + row.start, row.len, &one) ==
                       row.len);
        for (size_t i = row.start + row.len; i < next; i++)
            FUZZ_CHECK(line.data[i] == ' ');
        shown += row.len;
        at = next;
    } while (at < line.len);
    FUZZ_CHECK(shown <= line.len);
}

static void check_widths(struct slice line, size_t columns)
{
    size_t used = 0;
    size_t fits = width_fit(line.data, line.len, columns, &used);
    FUZZ_CHECK(fits <= line.len && used <= columns);
    FUZZ_CHECK(width_of_text(line.data, line.len) <= 2 * line.len);
    for (size_t at = 0, len; at < line.len; at += len) {
        int cell, cluster;
        size_t cell_len = width_cell(line.data + at, line.len - at, &cell);
        FUZZ_CHECK(cell_len > 0 && cell_len <= line.len - at);
        FUZZ_CHECK(cell >= 0 && cell <= 2);
        len = width_cluster(line.data + at, line.len - at, &cluster);
        FUZZ_CHECK(len > 0 && len <= line.len - at && cluster >= 0);
    }
}

static void check_text(struct slice input, unsigned flags, size_t columns)
{
    bool ascii = flags & ESCAPE_ASCII, lines = flags & ESCAPE_LINES;
    struct buf out = buf_make(0);
    escape_text(&out, input.data, input.len, flags);
    fuzz_check_safe(fuzz_slice(&out), ascii, lines);
    struct slice rest = fuzz_slice(&out), line;
    while (fuzz_line(&rest, &line)) {
        FUZZ_CHECK(escape_is_safe(line.data, line.len, flags));
        check_widths(line, columns);
        check_rows(line, columns);
    }
    if (escape_is_safe(input.data, input.len, flags))
        FUZZ_CHECK(fuzz_same(fuzz_slice(&out), input));
    buf_free(&out);
}

/* Nothing is written past what the buffer may hold, and what is, is safe. */
static void check_limit(struct slice input, unsigned flags, size_t max)
{
    struct buf out = buf_make(max);
    escape_text(&out, input.data, input.len, flags);
    FUZZ_CHECK(out.len <= max);
    fuzz_check_safe(fuzz_slice(&out), flags & ESCAPE_ASCII,
                    flags & ESCAPE_LINES);
    buf_free(&out);
}

static void check_utf8(struct slice input, struct buf *repaired)
{
    utf8_repair(repaired, input.data, input.len);
    FUZZ_CHECK(utf8_valid(buf_str(repaired), repaired->len));
    bool valid = utf8_valid(input.data, input.len);
    FUZZ_CHECK(valid == fuzz_same(fuzz_slice(repaired), input));
    size_t tail = utf8_incomplete_tail(input.data, input.len);
    FUZZ_CHECK(tail <= 3 && tail <= input.len);
    FUZZ_CHECK(!valid || tail == 0);
    FUZZ_CHECK(utf8_ascii_run(input.data, input.len) <= input.len);
}

/* The JSON string stands for the same text, repaired. */
static void check_json(struct slice input, const struct buf *repaired)
{
    struct buf out = buf_make(0), back = buf_make(0);
    buf_addc(&out, '"');
    escape_json(&out, input.data, input.len);
    buf_addc(&out, '"');
    fuzz_check_safe(fuzz_slice(&out), false, false);
    FUZZ_CHECK(json_valid(out.data, out.len));
    FUZZ_CHECK(json_unescape(&back, out.data + 1, out.len - 2));
    FUZZ_CHECK(fuzz_same(fuzz_slice(&back), fuzz_slice(repaired)));
    buf_clear(&out);
    escape_raw_json(&out, input.data, input.len);
    fuzz_check_safe(fuzz_slice(&out), false, false);
    if (json_valid(input.data, input.len))
        FUZZ_CHECK(json_valid(out.data, out.len));
    buf_free(&out);
    buf_free(&back);
}

static void check_find(struct slice input, size_t word_len)
{
    if (!word_len || word_len > input.len)
        return;
    struct slice rest = {input.data + word_len, input.len - word_len};
    struct finder finder = finder_make(input.data, word_len, false);
    const char *found = finder_find(&finder, rest.data, rest.len);
    FUZZ_CHECK(found == memmem(rest.data, rest.len, input.data, word_len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {(const char *)data, size};
    uint64_t seed = fuzz_seed(input);
    struct buf repaired = buf_make(0);
    size_t columns = 1 + (size_t)(seed >> 40) % 90;
    for (unsigned flags = 0; flags < 4; flags++) {
        check_text(input, flags, columns);
        check_limit(input, flags, 1 + (size_t)(seed >> 20) % 64);
    }
    check_utf8(input, &repaired);
    check_json(input, &repaired);
    check_find(input, (size_t)(seed >> 10) % 6);
    buf_free(&repaired);
    return 0;
}
