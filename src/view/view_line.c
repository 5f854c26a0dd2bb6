#include "config.h"

#include "view/view_line.h"

#include <string.h>

#include "text/escape.h"
#include "text/utf8.h"
#include "text/wrap.h"

static const struct {
    const char *word;
    enum style style;
} LEVELS[] = {
    [LEVEL_NONE] = {"", STYLE_TEXT},
    [LEVEL_TRACE] = {"trace", STYLE_DEBUG},
    [LEVEL_DEBUG] = {"debug", STYLE_DEBUG},
    [LEVEL_INFO] = {"", STYLE_INFO},
    [LEVEL_WARN] = {"warn", STYLE_WARN},
    [LEVEL_ERROR] = {"error", STYLE_ERROR},
};

static void add_word(struct line_text *line, const struct entry *entry,
                     unsigned escape)
{
    enum {
        WORD_MAX = 24
    };
    line->word_style = LEVELS[entry->level].style;
    if (entry->level_word)
        escape_text(&line->safe, entry->level_word,
                    strnlen(entry->level_word, WORD_MAX), escape);
    else
        buf_adds(&line->safe, LEVELS[entry->level].word);
    if (line->safe.len)
        buf_addc(&line->safe, ' ');
}

/* Bytes to show of a long text, cut between characters. */
static size_t shown_len(const char *text, size_t len)
{
    if (len <= LINE_SHOWN_MAX)
        return len;
    return LINE_SHOWN_MAX - utf8_incomplete_tail(text, LINE_SHOWN_MAX);
}

static size_t without_end(const char *text, size_t len)
{
    while (len && strchr("\r\n \t", text[len - 1]) && text[len - 1])
        len--;
    return len;
}

static void add_rest(struct line_text *line, size_t shown, size_t len)
{
    if (shown < len)
        buf_addf(&line->safe, " [and %zu bytes more]", len - shown);
}

void line_compose(struct line_text *line, const struct entry *entry,
                  unsigned escape)
{
    buf_clear(&line->safe);
    line->style = STYLE_TEXT;
    if (entry->kind == ENTRY_LOG) {
        add_word(line, entry, escape);
    } else if (entry->kind != ENTRY_STEP) {
        line->style = line->word_style = STYLE_NOTICE;
        buf_adds(&line->safe, "-- ");
    }
    line->word_end = line->safe.len;

    size_t len = without_end(entry->text, entry->text_len);
    size_t shown = shown_len(entry->text, len);
    escape_text(&line->safe, entry->text, shown, escape | ESCAPE_LINES);
    line->text_end = line->safe.len;
    add_rest(line, shown, len);

    if (entry->detail && entry->detail_len) {
        if (entry->text_len)
            buf_adds(&line->safe, "  ");
        shown = shown_len(entry->detail, entry->detail_len);
        escape_text(&line->safe, entry->detail, shown, escape);
        add_rest(line, shown, entry->detail_len);
    }
}

void line_free(struct line_text *line)
{
    buf_free(&line->safe);
}

bool line_next_row(const struct line_text *line, size_t *at, size_t columns,
                   size_t *start, size_t *len)
{
    if (*at > line->safe.len)
        return false;
    const char *text = buf_str(&line->safe) + *at;
    size_t left = line->safe.len - *at;
    const char *newline = left ? memchr(text, '\n', left) : NULL;
    size_t whole = newline ? (size_t)(newline - text) : left;
    struct wrap_row row = {.start = 0, .len = whole};
    /* No character takes more columns than bytes. */
    bool fits = !columns || whole <= columns;
    size_t next = fits ? whole : wrap_next(text, whole, 0, columns, &row);
    *start = *at + row.start;
    *len = row.len;
    *at += next < whole ? next : whole + 1;
    return true;
}

unsigned line_rows(const struct line_text *line, size_t columns)
{
    unsigned rows = 0;
    size_t at = 0, start, len;
    while (line_next_row(line, &at, columns, &start, &len))
        rows++;
    return rows;
}
