#include "config.h"

#include "tests/screen/emulator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/mem.h"
#include "text/utf8.h"

static struct screen_cell *cell_at(const struct emulator *term, int x, int y)
{
    return term->cells + (size_t)y * (size_t)term->width + (size_t)x;
}

const struct screen_cell *emulator_cell(const struct emulator *term, int x,
                                        int y)
{
    return cell_at(term, x, y);
}

/* Erased cells keep the pen here, as the strictest terminals do: who erases has
 * to put it away. */
static void erase(struct emulator *term, int x, int y, int end)
{
    for (; x < end && x < term->width; x++) {
        struct screen_cell *cell = cell_at(term, x, y);
        *cell = (struct screen_cell){.text = " ", .pen = term->pen};
    }
}

static void erase_rows(struct emulator *term, int y, int end)
{
    for (; y < end; y++)
        erase(term, 0, y, term->width);
}

void emulator_start(struct emulator *term, int width, int height)
{
    *term = (struct emulator){.wraps = true,
                              .wraps_late = true,
                              .cursor_visible = true,
                              .judge = JUDGE_AS_WCWIDTH};
    emulator_resize(term, width, height);
}

void emulator_stop(struct emulator *term)
{
    free(term->cells);
}

void emulator_resize(struct emulator *term, int width, int height)
{
    struct emulator before = *term;
    struct pen pen = term->pen;
    term->width = width;
    term->height = height;
    term->cells =
        mem_zalloc((size_t)width * (size_t)height, sizeof *term->cells);
    term->pen = (struct pen){0};
    erase_rows(term, 0, height);
    term->pen = pen;
    for (int y = 0; y < height && y < before.height; y++)
        for (int x = 0; x < width && x < before.width; x++)
            *cell_at(term, x, y) = *cell_at(&before, x, y);
    free(before.cells);
    term->last = NULL;
    term->top = 0;
    term->bottom = height - 1;
    term->left = 0;
    term->x = term->x < width ? term->x : width - 1;
    term->y = term->y < height ? term->y : height - 1;
    term->wrap_waits = false;
}

/* ---- moving ---- */

static void move(struct emulator *term, int x, int y)
{
    term->wrap_waits = false;
    term->last = NULL;
    term->x = x < 0 ? 0 : x < term->width ? x : term->width - 1;
    term->y = y < 0 ? 0 : y < term->height ? y : term->height - 1;
}

/* A wide sign across the margin is torn: a terminal may show anything there. */
static void tear_wide(struct emulator *term, int y)
{
    struct screen_cell *cell = cell_at(term, term->left, y);
    if (!term->left || cell->text[0])
        return;
    snprintf(cell[-1].text, sizeof cell->text, "<");
    snprintf(cell->text, sizeof cell->text, ">");
}

static void scroll(struct emulator *term, bool up)
{
    size_t size = (size_t)(term->width - term->left) * sizeof *term->cells;
    int rows = term->bottom - term->top, first = up ? term->top : term->bottom;
    int step = up ? 1 : -1;
    term->last = NULL;
    for (int i = 0; i <= rows; i++)
        tear_wide(term, term->top + i);
    for (int i = 0, y = first; i < rows; i++, y += step)
        memcpy(cell_at(term, term->left, y),
               cell_at(term, term->left, y + step), size);
    erase(term, term->left, up ? term->bottom : term->top, term->width);
}

static bool is_inside(const struct emulator *term)
{
    return term->x >= term->left;
}

static void feed(struct emulator *term)
{
    term->wrap_waits = false;
    if (term->y == term->bottom && is_inside(term))
        scroll(term, true);
    else if (term->y == term->bottom)
        return;
    else if (term->y + 1 < term->height)
        term->y++;
}

static void feed_back(struct emulator *term)
{
    term->wrap_waits = false;
    if (term->y == term->top && is_inside(term))
        scroll(term, false);
    else if (term->y == term->top)
        return;
    else if (term->y > 0)
        term->y--;
}

static void wrap(struct emulator *term)
{
    term->wrapped++;
    term->x = 0;
    feed(term);
}

/* ---- signs ---- */

static int width_of(const struct emulator *term, uint32_t code)
{
    int width = code == 0x200d || (code >= 0xfe00 && code <= 0xfe0f)
                    ? 0
                    : wcwidth((wchar_t)code);
    bool symbol = (code >= 0x2190 && code < 0x2c00) || code >= 0x1f000;
    bool ambiguous = symbol || (code >= 0xa1 && code < 0x450);
    if (width == 1 && term->judge == JUDGE_WIDE && ambiguous)
        return 2;
    if (width == 2 && term->judge == JUDGE_NARROW && symbol)
        return 1;
    return width;
}

static void combine(struct emulator *term, const char *text)
{
    if (!term->last)
        return;
    struct screen_cell *cell = term->last;
    size_t len = strlen(cell->text);
    snprintf(cell->text + len, sizeof cell->text - len, "%s", text);
}

/* The other half of a wide sign does not outlive this one. */
static void break_wide(struct emulator *term, int x)
{
    struct screen_cell *cell = cell_at(term, x, term->y);
    if (!cell->text[0] && x > 0)
        snprintf(cell[-1].text, sizeof cell->text, " ");
    if (x + 1 < term->width && !cell[1].text[0])
        snprintf(cell[1].text, sizeof cell->text, " ");
}

static void put(struct emulator *term, const char *text, uint32_t code)
{
    int width = width_of(term, code);
    if (width <= 0) {
        combine(term, text);
        return;
    }
    if (term->wrap_waits)
        wrap(term);
    if (term->x + width > term->width) {
        if (term->wraps)
            wrap(term);
        else
            term->x = term->width - width;
    }
    for (int i = 0; i < width; i++) {
        struct screen_cell *cell = cell_at(term, term->x + i, term->y);
        break_wide(term, term->x + i);
        snprintf(cell->text, sizeof cell->text, "%s", i ? "" : text);
        cell->pen = term->pen;
    }
    term->last = cell_at(term, term->x, term->y);
    term->wrap_waits = false;
    term->x += width;
    if (term->x < term->width)
        return;
    term->x = term->width - 1;
    if (term->wraps && term->wraps_late)
        term->wrap_waits = true;
    else if (term->wraps)
        wrap(term);
}

/* ---- sequences ---- */

static int number(const char **at, int missing)
{
    char *end;
    long value = strtol(*at, &end, 10);
    bool given = end > *at;
    *at = *end == ';' ? end + 1 : end;
    return given && value ? (int)value : missing;
}

static void set_pen(struct emulator *term, const char *at)
{
    do {
        int code = number(&at, 0);
        if (!code)
            term->pen = (struct pen){0};
        else if (code == 1 || code == 2 || code == 7)
            term->pen.attributes |= 1u << code;
        else if (code >= 30 && code <= 37)
            term->pen.color = code;
        else if (code == 38 && number(&at, 0) == 5)
            term->pen.color = 30 + number(&at, 0);
        else if (code == 39)
            term->pen.color = 0;
        else if (code != 10 && code != 49) /* font; ground */
            term->unknown++;
    } while (*at >= '0' && *at <= '9');
}

static void set_mode(struct emulator *term, const char *at, bool on)
{
    if (*at != '?') /* tmux: how the cursor looks */
        return;
    switch (atoi(at + 1)) {
    case 7:
        term->wraps = on;
        break;
    case 69:
        term->unknown += !term->has_margins;
        term->margins = on;
        term->left = 0;
        break;
    case 25:
        term->cursor_visible = on;
        break;
    case 1049:
        term->other_screen = on;
        break;
    case 1:
    case 12:
        break;
    default:
        term->unknown++;
    }
}

static void set_region(struct emulator *term, int top, int bottom)
{
    if (top >= bottom || bottom > term->height)
        return;
    term->top = top - 1;
    term->bottom = bottom - 1;
    move(term, 0, 0);
}

static void set_margins(struct emulator *term, int left, int right)
{
    if (!term->margins || left >= right || right != term->width) {
        term->unknown++;
        return;
    }
    term->left = left - 1;
    move(term, 0, 0);
}

static void erase_screen(struct emulator *term, int what)
{
    if (what != 2)
        erase(term, term->x, term->y, term->width);
    erase_rows(term, what == 2 ? 0 : term->y + 1, term->height);
}

static void control(struct emulator *term, char final, const char *args)
{
    const char *at = args;
    int first = number(&at, 1), second = number(&at, 1);
    int x = term->x, y = term->y;
    switch (final) {
    case 'H':
        move(term, second - 1, first - 1);
        break;
    case 'G':
        move(term, first - 1, y);
        break;
    case 'C':
        move(term, x + first, y);
        break;
    case 'J':
        erase_screen(term, atoi(args));
        break;
    case 'K':
        erase(term, x, y, term->width);
        break;
    case 'X':
        erase(term, x, y, x + first);
        break;
    case 'r':
        set_region(term, first, second > 1 ? second : term->height);
        break;
    case 's':
        set_margins(term, first, second);
        break;
    case 'm':
        set_pen(term, args);
        break;
    case 'h':
    case 'l':
        set_mode(term, args, final == 'h');
        break;
    case 'c': /* how the cursor looks */
    case 't': /* the window's title */
        break;
    default:
        term->unknown++;
    }
}

/* Takes what was begun when it is whole. */
static void end_sequence(struct emulator *term)
{
    char *text = term->sequence;
    char last = text[term->sequence_len - 1];
    if (term->sequence_len < 2 ||
        (text[1] == '[' && (term->sequence_len < 3 || last < '@')) ||
        (text[1] == '(' && term->sequence_len < 3))
        return;
    text[term->sequence_len] = '\0';
    if (text[1] == '[') {
        text[term->sequence_len - 1] = '\0';
        control(term, last, text + 2);
    } else if (text[1] == '7') {
        term->saved_x = term->x;
        term->saved_y = term->y;
        term->saved_pen = term->pen;
    } else if (text[1] == '8') {
        move(term, term->saved_x, term->saved_y);
        term->pen = term->saved_pen;
    } else if (text[1] == 'D') {
        feed(term);
    } else if (text[1] == 'M') {
        feed_back(term);
    } else if (text[1] == 'c') {
        erase_rows(term, 0, term->height);
        move(term, 0, 0);
    } else if (text[1] != '(' && text[1] != '>' && text[1] != '=') {
        term->unknown++;
    }
    term->sequence_len = 0;
}

static void take_sign(struct emulator *term, char byte)
{
    uint32_t code;
    term->sign[term->sign_len++] = byte;
    if (utf8_incomplete_tail(term->sign, term->sign_len))
        return;
    term->sign[term->sign_len] = '\0';
    utf8_decode(term->sign, term->sign_len, &code);
    put(term, term->sign, code);
    term->sign_len = 0;
}

static void take(struct emulator *term, char byte)
{
    if (byte == '\033')
        term->sequence_len = 0;
    if (term->sequence_len || byte == '\033') {
        if (term->sequence_len + 1 >= sizeof term->sequence)
            term->sequence_len = 0;
        term->sequence[term->sequence_len++] = byte;
        end_sequence(term);
    } else if (byte == '\r') {
        move(term, is_inside(term) ? term->left : 0, term->y);
    } else if (byte == '\n') {
        feed(term);
    } else if (byte == '\b') {
        if (term->x != term->left)
            move(term, term->x - 1, term->y);
    } else if ((unsigned char)byte < 0x20) {
        term->unknown++;
    } else {
        take_sign(term, byte);
    }
}

void emulator_write(struct emulator *term, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        take(term, bytes[i]);
}
