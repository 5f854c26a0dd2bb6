/* The error card: what failed first, then where, then the first sign of it in
 * the log. */
#include "config.h"

#include "view/view_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "text/escape.h"
#include "text/utf8.h"
#include "text/wrap.h"

enum {
    MESSAGE_ROWS = 3,
    FRAME_MAX = 512,       /* bytes of one stack frame */
    ERROR_SHOWN_MAX = 8192 /* bytes of message and stack that are drawn */
};

static bool is_set(const char *text)
{
    return text && *text;
}

static const char *error_name(const struct run_error *error)
{
    return is_set(error->name)   ? error->name
           : is_set(error->code) ? error->code
                                 : "";
}

/* "TypeError: message", the name not twice. */
static void title_text(const struct run_facts *facts, struct buf *out)
{
    const struct run_error *error = &facts->error;
    const char *name = facts->has_error ? error_name(error) : "";
    const char *message = facts->has_error ? error->message : NULL;
    if (*name && !(is_set(message) && strstr(message, name) == message)) {
        buf_adds(out, name);
        if (is_set(message))
            buf_adds(out, ": ");
    }
    if (is_set(message))
        buf_adds(out, message);
    if (!out->len)
        buf_addf(out, "%s; the server told no error",
                 status_word(facts->status));
}

/* The first line of a stack often repeats the message: where the frames
 * begin. */
static const char *first_frame(const char *stack)
{
    for (const char *line = stack; *line;) {
        const char *text = line + strspn(line, " \t");
        if (strncmp(text, "at ", 3) == 0)
            return line;
        size_t len = strcspn(line, "\n");
        line += len + (line[len] == '\n');
    }
    return "";
}

void view_error_text(const struct run_facts *facts, struct buf *out)
{
    title_text(facts, out);
    if (facts->has_error && is_set(facts->error.stack)) {
        buf_addc(out, '\n');
        buf_adds(out, first_frame(facts->error.stack));
    }
}

/* ---- the card as lines ---- */

struct card {
    struct buf text; /* safe lines, each ended by LF */
    enum style styles[24];
    int count;
};

static void card_add(struct card *card, enum style style, const char *text,
                     size_t len)
{
    if (card->count >= (int)(sizeof card->styles / sizeof card->styles[0]))
        return;
    card->styles[card->count++] = style;
    buf_add(&card->text, text, len);
    buf_addc(&card->text, '\n');
}

static void add_title(const struct canvas *canvas, struct card *card, int most)
{
    struct buf plain = buf_make(0), safe = buf_make(0);
    size_t columns = (size_t)canvas->layout->width - 2;
    title_text(canvas->facts, &plain);
    if (plain.len > ERROR_SHOWN_MAX)
        buf_truncate(&plain,
                     ERROR_SHOWN_MAX -
                         utf8_incomplete_tail(plain.data, ERROR_SHOWN_MAX));
    escape_text(&safe, buf_str(&plain), plain.len,
                canvas->layout->escape | ESCAPE_LINES);
    const char *line = buf_str(&safe);
    int rows = 0;
    while (*line && rows < most) {
        size_t len = strcspn(line, "\n"), at = 0;
        while (at < len && rows < most) {
            struct wrap_row row;
            const char *rest = line + at;
            at += wrap_next(rest, len - at, 0, columns, &row);
            card_add(card, rows ? STYLE_ERROR : STYLE_FAILED, rest + row.start,
                     row.len);
            rows++;
        }
        line += len + (line[len] == '\n');
    }
    buf_free(&safe);
    buf_free(&plain);
}

/* "at name (dir/file.ts:212:31)" as "file.ts:212 name", where room is short. */
static void brief_frame(struct buf *out, const char *text, size_t len)
{
    size_t from = strlen("at ");
    const char *open = memchr(text, '(', len);
    if (!open || open <= text + from + 1 || text[len - 1] != ')') {
        buf_add(out, text, len);
        return;
    }
    const char *place = open + 1, *end = text + len - 1;
    for (const char *p = place; p < end; p++)
        if (*p == '/')
            place = p + 1;
    const char *colon = end;
    while (colon > place && *colon != ':')
        colon--;
    buf_add(out, place, (size_t)((colon > place ? colon : end) - place));
    buf_addc(out, ' ');
    buf_add(out, text + from, (size_t)(open - 1 - text) - from);
}

static void add_frames(const struct canvas *canvas, struct card *card, int most)
{
    const char *stack = canvas->facts->error.stack;
    bool narrow = canvas->layout->size == VIEW_NARROW;
    if (!canvas->facts->has_error || !is_set(stack))
        return;
    const char *line = first_frame(stack);
    for (int i = 0; i < most && *line; i++) {
        struct buf safe = buf_make(0);
        const char *text = line + strspn(line, " \t");
        size_t len = strcspn(text, "\n");
        struct buf plain = buf_make(0);
        size_t shown = len < FRAME_MAX ? len : FRAME_MAX;
        if (narrow && shown == len && len)
            brief_frame(&plain, text, len);
        else
            buf_add(&plain, text, shown);
        buf_adds(&safe, narrow ? " " : "  ");
        row_safe(&safe, buf_str(&plain), plain.len, canvas->layout->escape);
        card_add(card, STYLE_TEXT, buf_str(&safe), safe.len);
        buf_free(&plain);
        buf_free(&safe);
        line = text + len + (text[len] == '\n');
    }
}

/* Where to look first: the first warning or error of the log. */
static bool first_sign_text(const struct canvas *canvas, char *out, size_t size)
{
    uint64_t number;
    struct entry entry;
    if (!run_first_sign(canvas->run, &number) ||
        !run_entry(canvas->run, number, &entry) || entry.level < LEVEL_WARN ||
        !entry.seq)
        return false;
    int len = snprintf(out, size, "first sign: line %llu (%s",
                       (unsigned long long)entry.seq,
                       entry.level == LEVEL_WARN ? "warn" : "error");
    int64_t completed_ms = canvas->facts->completed_ms, earlier = 0;
    if (completed_ms != INSTANT_NONE && entry.time_ms != INSTANT_NONE &&
        !entry.time_is_arrival)
        earlier = completed_ms - entry.time_ms;
    if (earlier >= 1000)
        len += snprintf(out + len, size - (size_t)len, ", %lld s earlier",
                        (long long)(earlier / 1000));
    snprintf(out + len, size - (size_t)len, ")");
    return true;
}

static void make_card(const struct canvas *canvas, struct card *card, int most)
{
    char sign[96];
    bool has_sign = first_sign_text(canvas, sign, sizeof sign);
    bool narrow = canvas->layout->size == VIEW_NARROW;
    int frames = narrow ? 1 : canvas->layout->size == VIEW_WIDE ? 6 : 3;
    int left = most - (has_sign ? 1 : 0);
    add_title(canvas, card, left < MESSAGE_ROWS ? left : MESSAGE_ROWS);
    left -= card->count;
    add_frames(canvas, card, left < frames ? left : frames);
    if (has_sign && most > 0)
        card_add(card, STYLE_NOTICE, sign, strlen(sign));
}

static bool has_card(const struct canvas *canvas)
{
    const struct run_facts *facts = canvas->facts;
    return canvas->layout->size != VIEW_TINY &&
           (status_is_failure(facts->status) ||
            (facts->finished && facts->has_error &&
             facts->status != STATUS_COMPLETED));
}

int view_error_rows(const struct canvas *canvas, int most)
{
    bool ruled = canvas->layout->size != VIEW_NARROW;
    struct card card = {0};
    if (!has_card(canvas) || most < 2)
        return 0;
    make_card(canvas, &card, most - (ruled ? 1 : 0));
    buf_free(&card.text);
    return card.count + (ruled ? 1 : 0);
}

static void draw_rule(const struct canvas *canvas, int y)
{
    const struct run_facts *facts = canvas->facts;
    struct row row = row_make(canvas->layout->escape);
    row_add(&row, ROW_KEEP, STYLE_ERROR, "error");
    if (facts->attempt > 0 && facts->max_attempts > 0) {
        row_add(&row, 1, STYLE_DIM, "attempt %d of %d", facts->attempt,
                facts->max_attempts);
        row_to_right(&row);
    }
    row_draw_rule(&row, canvas->frame, 0, y, canvas->layout->width,
                  canvas->glyphs->dash);
}

void view_error_draw(const struct canvas *canvas, int y, int rows)
{
    bool narrow = canvas->layout->size == VIEW_NARROW;
    struct card card = {0};
    if (rows <= 0)
        return;
    if (!narrow) {
        draw_rule(canvas, y++);
        rows--;
    }
    make_card(canvas, &card, rows);
    const char *line = buf_str(&card.text);
    for (int i = 0; i < card.count; i++) {
        size_t len = strcspn(line, "\n");
        frame_put_cut(canvas->frame, narrow ? 0 : 1, y + i,
                      canvas->layout->width, card.styles[i], line, len);
        line += len + 1;
    }
    buf_free(&card.text);
}
