#include "config.h"

#include "view/row.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text/escape.h"
#include "text/width.h"

enum {
    REMOTE_MOST = 4096
}; /* bytes of others' text that a row looks at */

struct row row_make(unsigned escape)
{
    return (struct row){.escape = escape};
}

static struct field *new_field(struct row *row, int rank, enum style style)
{
    int at = row->count < ROW_FIELDS ? row->count++ : ROW_FIELDS - 1;
    row->fields[at] = (struct field){.style = style, .rank = rank};
    return &row->fields[at];
}

struct field *row_add(struct row *row, int rank, enum style style,
                      const char *format, ...)
{
    struct field *field = new_field(row, rank, style);
    va_list args;
    va_start(args, format);
    vsnprintf(field->text, sizeof field->text, format, args);
    va_end(args);
    field->gone = !field->text[0];
    return field;
}

void row_safe(struct buf *out, const char *text, size_t len, unsigned escape)
{
    size_t from = out->len;
    escape_text(out, text, len, escape | ESCAPE_LINES);
    for (size_t i = from; i < out->len; i++)
        if (out->data[i] == '\n')
            out->data[i] = ' ';
}

struct field *row_add_remote(struct row *row, int rank, enum style style,
                             const char *text, int columns)
{
    struct field *field = new_field(row, rank, style);
    struct buf safe = buf_make(0);
    size_t len = text ? strnlen(text, REMOTE_MOST) : 0;
    row_safe(&safe, text ? text : "", len, row->escape);
    size_t used;
    size_t fit = width_fit(buf_str(&safe), safe.len,
                           columns > 0 ? (size_t)columns : 0, &used);
    while (fit >= sizeof field->text)
        fit = width_fit(buf_str(&safe), safe.len, --used, &used);
    memcpy(field->text, buf_str(&safe), fit);
    field->text[fit] = '\0';
    field->gone = !fit;
    buf_free(&safe);
    return field;
}

void row_to_right(struct row *row)
{
    if (row->count)
        row->fields[row->count - 1].right = true;
}

static int field_columns(const struct field *field)
{
    return (int)width_of_text(field->text, strlen(field->text));
}

static int row_columns(const struct row *row, int gap)
{
    int columns = 0;
    for (int i = 0; i < row->count; i++)
        if (!row->fields[i].gone)
            columns += field_columns(&row->fields[i]) + (columns ? gap : 0);
    return columns;
}

/* Cuts a field so that the row fits: "approve-inv..". False: it would not be
 * worth reading. */
static bool cut_field(struct field *field, int over)
{
    enum {
        LEAST = 6
    };
    int columns = field_columns(field) - over - 2;
    size_t used;
    if (!field->cut || columns < LEAST - 2)
        return false;
    size_t fit =
        width_fit(field->text, strlen(field->text), (size_t)columns, &used);
    memcpy(field->text + fit, "..", 3);
    return true;
}

static void make_fit(struct row *row, int columns, int gap)
{
    for (int rank = ROW_RANK_MAX; rank > 0; rank--) {
        for (int i = 0; i < row->count; i++) {
            struct field *field = &row->fields[i];
            if (field->rank != rank || row_columns(row, gap) <= columns)
                continue;
            if (cut_field(field, row_columns(row, gap) - columns))
                return;
            if (field->brief[0])
                memcpy(field->text, field->brief, sizeof field->brief);
            else
                field->gone = true;
        }
    }
    /* What became brief may have to go after all. */
    for (int i = row->count - 1; i >= 0; i--)
        if (row->fields[i].rank && row->fields[i].brief[0] &&
            row_columns(row, gap) > columns)
            row->fields[i].gone = true;
    for (int i = row->count - 1; i >= 0; i--) {
        int over = row_columns(row, gap) - columns;
        if (!row->fields[i].gone && over > 0)
            cut_field(&row->fields[i], over);
    }
}

static int draw_left(const struct row *row, struct frame *frame, int x, int y,
                     int columns, int gap)
{
    int at = 0;
    for (int i = 0; i < row->count; i++) {
        const struct field *field = &row->fields[i];
        if (field->gone || field->right)
            continue;
        at += at ? gap : 0;
        at += frame_puts(frame, x + at, y, columns - at, field->style,
                         field->text);
    }
    return at;
}

static int right_columns(const struct row *row, int gap)
{
    int columns = 0;
    for (int i = 0; i < row->count; i++)
        if (!row->fields[i].gone && row->fields[i].right)
            columns += field_columns(&row->fields[i]) + (columns ? gap : 0);
    return columns;
}

static void draw_right(const struct row *row, struct frame *frame, int x, int y,
                       int gap)
{
    for (int i = 0; i < row->count; i++) {
        const struct field *field = &row->fields[i];
        if (field->gone || !field->right)
            continue;
        int columns = field_columns(field);
        frame_puts(frame, x, y, columns, field->style, field->text);
        x += columns + gap;
    }
}

int row_draw(struct row *row, struct frame *frame, int x, int y, int columns,
             int gap)
{
    make_fit(row, columns, gap);
    int right = right_columns(row, gap);
    int room = columns - (right ? right + gap : 0);
    int left = draw_left(row, frame, x, y, room, gap);
    draw_right(row, frame, x + columns - right, y, gap);
    return left;
}

void row_draw_rule(struct row *row, struct frame *frame, int x, int y,
                   int columns, const char *dash)
{
    for (int i = 0; i < columns; i++)
        frame_puts(frame, x + i, y, 1, STYLE_DIM, dash);
    make_fit(row, columns - 6, 2);
    int left = draw_left(row, frame, x + 2, y, columns - 3, 2);
    if (left > 0) {
        frame_puts(frame, x + 1, y, 1, STYLE_DIM, " ");
        frame_puts(frame, x + 2 + left, y, 1, STYLE_DIM, " ");
    }
    int right = right_columns(row, 2);
    if (right > 0) {
        int at = x + columns - 2 - right;
        frame_puts(frame, at - 1, y, right + 2, STYLE_DIM, " ");
        draw_right(row, frame, at, y, 2);
        frame_puts(frame, at + right, y, 1, STYLE_DIM, " ");
    }
}
