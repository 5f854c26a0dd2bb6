#include "config.h"

#include "view/view_line.h"

#include <string.h>

#include "text/escape.h"
#include "text/pretty.h"
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

/* Of a long text, so many bytes at most, cut between characters. */
static size_t cut_len(const char *text, size_t len, size_t most)
{
    return len <= most ? len : most - utf8_incomplete_tail(text, most);
}

static void add_label(struct line_text *line, struct slice label,
                      unsigned escape)
{
    enum {
        LABEL_MAX = 24
    };
    if (!label.len)
        return;
    buf_addc(&line->safe, '[');
    escape_text(&line->safe, label.data,
                cut_len(label.data, label.len, LABEL_MAX), escape);
    buf_adds(&line->safe, "] ");
}

static void add_word(struct line_text *line, const struct entry *entry,
                     unsigned escape)
{
    enum {
        WORD_MAX = 24
    };
    size_t start = line->safe.len;
    line->word_style = LEVELS[entry->level].style;
    if (entry->level_word)
        escape_text(&line->safe, entry->level_word,
                    strnlen(entry->level_word, WORD_MAX), escape);
    else
        buf_adds(&line->safe, LEVELS[entry->level].word);
    if (line->safe.len > start)
        buf_addc(&line->safe, ' ');
    else if (start)
        line->word_style = STYLE_DIM;
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

/* Text and data row by row, or in one. */
static void add_text(struct line_text *line, const char *text, size_t len,
                     const struct line_dress *dress, bool pretty)
{
    size_t shown = cut_len(text, len, LINE_SHOWN_MAX);
    unsigned flags = dress->escape | ESCAPE_LINES;
    if (pretty) {
        struct buf rows = buf_make(0);
        pretty_json(&rows, text, shown);
        escape_text(&line->safe, buf_str(&rows), rows.len, flags);
        buf_free(&rows);
    } else {
        escape_text(&line->safe, text, shown, flags);
    }
    line->text_end = line->safe.len;
    add_rest(line, shown, len);
}

static bool has_detail(const struct entry *entry)
{
    return entry->detail && entry->detail_len;
}

static void add_detail(struct line_text *line, const struct entry *entry,
                       const struct line_dress *dress)
{
    size_t text_end = line->text_end;
    if (!has_detail(entry) || (dress->terse && !dress->unfolded))
        return;
    if (line->safe.len > line->word_end)
        buf_adds(&line->safe, dress->unfolded ? "\n" : "  ");
    add_text(line, entry->detail, entry->detail_len, dress, dress->unfolded);
    line->text_end = text_end;
}

static bool is_data(const struct entry *entry)
{
    return entry->kind != ENTRY_STEP &&
           pretty_is_worth(entry->text, entry->text_len);
}

bool line_unfolds(const struct entry *entry)
{
    return has_detail(entry) || is_data(entry);
}

static enum style text_style(const struct entry *entry)
{
    switch (entry->kind) {
    case ENTRY_STATUS:
    case ENTRY_MARKER:
        return STYLE_NOTICE;
    case ENTRY_REASONING:
        return STYLE_REASONING;
    case ENTRY_TOOL:
        return STYLE_DATA;
    case ENTRY_LOG:
    case ENTRY_STEP:
    case ENTRY_TEXT:
        break;
    }
    return STYLE_TEXT;
}

/* The text, but where it is data that comes laid out with the detail. */
static void add_message(struct line_text *line, const struct entry *entry,
                        const struct line_dress *dress)
{
    bool data = is_data(entry);
    size_t len = entry->open ? entry->text_len
                             : without_end(entry->text, entry->text_len);
    line->cut =
        data && !dress->unfolded && (dress->terse || !has_detail(entry));
    line->text_end = line->safe.len;
    if (!data || !dress->unfolded || !has_detail(entry))
        add_text(line, entry->text, len, dress, data && dress->unfolded);
}

void line_compose(struct line_text *line, const struct entry *entry,
                  const struct line_dress *dress)
{
    enum {
        WORDS_SIZE = 64 /* what stands before and behind most texts */
    };
    buf_clear(&line->safe);
    if (entry->text_len < LINE_SHOWN_MAX)
        buf_reserve(&line->safe, entry->text_len + WORDS_SIZE);
    line->style = text_style(entry);
    add_label(line, dress->label, dress->escape);
    if (line->style == STYLE_NOTICE) {
        line->word_style = STYLE_NOTICE;
        buf_adds(&line->safe, "-- ");
    } else if (entry->kind != ENTRY_STEP) {
        add_word(line, entry, dress->escape);
    }
    line->word_end = line->safe.len;
    add_message(line, entry, dress);
    add_detail(line, entry, dress);
    if (entry->open)
        buf_addc(&line->safe, '_');
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
    if (line->cut)
        return 1;
    while (line_next_row(line, &at, columns, &start, &len))
        rows++;
    return rows;
}
