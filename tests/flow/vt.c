#include "config.h"

#include "vt.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/utf8.h"
#include "text/width.h"

enum {
    MAX_PARAMETERS = 16,
    MAX_SEQUENCE = 256
};

enum {
    CELL_BLANK = 0,
    CELL_TAIL = 0xffffffff
}; /* right half of a wide one */

enum state {
    GROUND,
    ESCAPE,
    CSI,
    STRING,
    STRING_ESCAPE,
    CHARSET
};

struct vt {
    int width, height;
    uint32_t *cells[2]; /* main, alternate: code points */
    int x, y, saved_x[2], saved_y[2];
    int top, bottom; /* scrolling region, rows … */
    int left;        /* … and its first column */
    enum state state;
    char sequence[MAX_SEQUENCE]; /* of the escape sequence so far */
    size_t sequence_len;
    char text[8]; /* of the character so far */
    size_t text_len, text_want;
    uint32_t last;                                         /* for REP */
    bool look, no_wrap, pasting, holding, drawing, keypad; /* now */
    struct vt_facts facts;
};

static uint32_t *cell(const struct vt *vt, int x, int y)
{
    return &vt->cells[vt->facts.alternate]
                     [(size_t)y * (size_t)vt->width + (size_t)x];
}

struct vt *vt_create(int width, int height)
{
    struct vt *vt = mem_zalloc(1, sizeof *vt);
    vt_resize(vt, width, height);
    return vt;
}

void vt_destroy(struct vt *vt)
{
    free(vt->cells[0]);
    free(vt->cells[1]);
    free(vt);
}

void vt_resize(struct vt *vt, int width, int height)
{
    for (int which = 0; which < 2; which++) {
        uint32_t *fresh =
            mem_zalloc((size_t)width * (size_t)height, sizeof *fresh);
        for (int y = 0; y < height && y < vt->height; y++)
            for (int x = 0; x < width && x < vt->width; x++)
                fresh[y * width + x] = vt->cells[which][y * vt->width + x];
        free(vt->cells[which]);
        vt->cells[which] = fresh;
    }
    vt->width = width;
    vt->height = height;
    vt->top = 0;
    vt->bottom = height - 1;
    vt->left = 0;
    vt->x = vt->x < width ? vt->x : width - 1;
    vt->y = vt->y < height ? vt->y : height - 1;
}

void vt_erase(struct vt *vt)
{
    size_t size = (size_t)vt->width * (size_t)vt->height;
    memset(vt->cells[0], 0, size * sizeof *vt->cells[0]);
    memset(vt->cells[1], 0, size * sizeof *vt->cells[1]);
}

const struct vt_facts *vt_facts(const struct vt *vt)
{
    return &vt->facts;
}

const char *vt_answer(struct vt *vt)
{
    if (!vt->facts.asked || vt->facts.answered)
        return NULL;
    vt->facts.answered = true;
    return "\033[?69;2$y";
}

static void blank(struct vt *vt, int y, int from, int end)
{
    for (int x = from; x < end && x < vt->width; x++)
        *cell(vt, x, y) = CELL_BLANK;
}

/* Moves rows of the region from `first` on: up for n > 0, else down. */
static void scroll(struct vt *vt, int first, int n)
{
    size_t size = (size_t)(vt->width - vt->left) * sizeof(uint32_t);
    int rows = vt->bottom - first + 1, by = abs(n) < rows ? abs(n) : rows;
    for (int i = 0; i < rows - by; i++) {
        int to = n > 0 ? first + i : vt->bottom - i;
        memmove(cell(vt, vt->left, to),
                cell(vt, vt->left, n > 0 ? to + by : to - by), size);
    }
    for (int i = 0; i < by; i++)
        blank(vt, n > 0 ? vt->bottom - i : first + i, vt->left, vt->width);
}

static void line_feed(struct vt *vt)
{
    if (vt->y == vt->bottom && vt->x >= vt->left)
        scroll(vt, vt->top, 1);
    else if (vt->y == vt->bottom)
        return;
    else if (vt->y < vt->height - 1)
        vt->y++;
}

static void reverse_line_feed(struct vt *vt)
{
    if (vt->y == vt->top && vt->x >= vt->left)
        scroll(vt, vt->top, -1);
    else if (vt->y == vt->top)
        return;
    else if (vt->y > 0)
        vt->y--;
}

static void put(struct vt *vt, uint32_t code_point, int columns)
{
    if (columns <= 0)
        return; /* combines with what is there */
    if (vt->x + columns > vt->width) {
        vt->x = 0;
        line_feed(vt);
    }
    *cell(vt, vt->x, vt->y) = code_point;
    if (columns == 2)
        *cell(vt, vt->x + 1, vt->y) = CELL_TAIL;
    vt->x += columns; /* at the width: wraps before the next character */
    vt->last = code_point;
}

static void put_text(struct vt *vt)
{
    uint32_t code_point = 0;
    utf8_decode(vt->text, vt->text_len, &code_point);
    put(vt, code_point, width_of_code(code_point));
    vt->text_len = 0;
}

static void note_unknown(struct vt *vt)
{
    vt->facts.unknown++;
    snprintf(vt->facts.last_unknown, sizeof vt->facts.last_unknown, "ESC %.*s",
             (int)vt->sequence_len, vt->sequence);
}

/* Control sequences. */

static int clamp(int value, int least, int most)
{
    return value < least ? least : value > most ? most : value;
}

static void go(struct vt *vt, int x, int y)
{
    vt->x = clamp(x, 0, vt->width - 1);
    vt->y = clamp(y, 0, vt->height - 1);
}

static void erase_in_display(struct vt *vt, int how)
{
    int first = how == 0 ? vt->y + 1 : 0;
    int end = how == 1 ? vt->y : vt->height;
    for (int y = first; y < end; y++)
        blank(vt, y, 0, vt->width);
    if (how == 0)
        blank(vt, vt->y, vt->x, vt->width);
    if (how == 1)
        blank(vt, vt->y, 0, vt->x + 1);
}

static void erase_in_line(struct vt *vt, int how)
{
    blank(vt, vt->y, how == 0 ? vt->x : 0, how == 1 ? vt->x + 1 : vt->width);
}

static void shift_line(struct vt *vt, int n)
{
    uint32_t *row = cell(vt, 0, vt->y);
    int by = clamp(abs(n), 0, vt->width - vt->x);
    size_t rest = (size_t)(vt->width - vt->x - by) * sizeof *row;
    if (n > 0) {
        memmove(row + vt->x + by, row + vt->x, rest);
        blank(vt, vt->y, vt->x, vt->x + by);
    } else {
        memmove(row + vt->x, row + vt->x + by, rest);
        blank(vt, vt->y, vt->width - by, vt->width);
    }
}

static void set_style(struct vt *vt, const int *p, int count)
{
    for (int i = 0; i < count; i++) {
        vt->look = p[i] != 0 && (vt->look || (p[i] != 39 && p[i] != 49));
        vt->facts.styled |= p[i] != 0 && p[i] != 39 && p[i] != 49;
        vt->facts.colored |= (p[i] >= 30 && p[i] <= 38) ||
                             (p[i] >= 40 && p[i] <= 48) || p[i] >= 90;
    }
}

static void set_alternate(struct vt *vt, bool on)
{
    if (on == vt->facts.alternate)
        return;
    vt->saved_x[vt->facts.alternate] = vt->x;
    vt->saved_y[vt->facts.alternate] = vt->y;
    vt->facts.alternate = on;
    vt->facts.entered |= on;
    if (on)
        erase_in_display(vt, 2);
    else
        go(vt, vt->saved_x[0], vt->saved_y[0]);
}

/* Who was not told that there are margins may not use them. */
static void set_margins(struct vt *vt, bool on)
{
    if (!vt->facts.answered)
        note_unknown(vt);
    vt->facts.margins = on;
    vt->facts.had_margins |= on;
    vt->left = 0;
}

static void set_left_margin(struct vt *vt, int left)
{
    if (!vt->facts.margins)
        note_unknown(vt);
    vt->left = clamp(left ? left - 1 : 0, 0, vt->width - 2);
    go(vt, 0, 0);
}

static void set_mode(struct vt *vt, int mode, bool on)
{
    switch (mode) {
    case 69:
        set_margins(vt, on);
        break;
    case 1:
        vt->facts.application = on;
        break;
    case 25:
        vt->facts.cursor_hidden = !on;
        break;
    case 1049:
        set_alternate(vt, on);
        break;
    case 7:
        vt->no_wrap = !on;
        break;
    case 2004:
        vt->pasting = on;
        break;
    case 2026:
        vt->holding = on;
        break;
    case 12:   /* blinking */
    case 1034: /* meta keys */
        break;
    default:
        note_unknown(vt);
    }
}

static void obey_private(struct vt *vt, const int *p, int count, char final)
{
    if (final == 'p' && p[0] == 69) {
        vt->facts.asked = true;
        return;
    }
    if (final != 'h' && final != 'l') {
        note_unknown(vt);
        return;
    }
    for (int i = 0; i < count; i++)
        set_mode(vt, p[i], final == 'h');
}

/* Sequences that move and erase; false: it is none of them. */
static bool obey_motion(struct vt *vt, char final, int n, int second)
{
    int many = n ? n : 1;
    switch (final) {
    case 'A':
        go(vt, vt->x, vt->y - many);
        return true;
    case 'B':
        go(vt, vt->x, vt->y + many);
        return true;
    case 'C':
        go(vt, vt->x + many, vt->y);
        return true;
    case 'D':
        go(vt, (vt->x < vt->width ? vt->x : vt->width - 1) - many, vt->y);
        return true;
    case 'G':
        go(vt, many - 1, vt->y);
        return true;
    case 'd':
        go(vt, vt->x, many - 1);
        return true;
    case 'H':
    case 'f':
        go(vt, second ? second - 1 : 0, many - 1);
        return true;
    default:
        return false;
    }
}

static bool obey_change(struct vt *vt, char final, int n)
{
    int many = n ? n : 1;
    switch (final) {
    case 'J':
        erase_in_display(vt, n);
        return true;
    case 'K':
        erase_in_line(vt, n);
        return true;
    case 'X':
        blank(vt, vt->y, vt->x, vt->x + many);
        return true;
    case '@':
    case 'P':
        shift_line(vt, final == '@' ? many : -many);
        return true;
    case 'L':
    case 'M':
        scroll(vt, vt->y, final == 'M' ? many : -many);
        return true;
    case 'S':
    case 'T':
        scroll(vt, vt->top, final == 'S' ? many : -many);
        return true;
    case 'b':
        while (many-- > 0)
            put(vt, vt->last, 1);
        return true;
    default:
        return false;
    }
}

static void set_region(struct vt *vt, int top, int bottom)
{
    vt->top = clamp(top ? top - 1 : 0, 0, vt->height - 1);
    vt->bottom =
        clamp(bottom ? bottom - 1 : vt->height - 1, vt->top, vt->height - 1);
    go(vt, 0, 0);
}

static int read_parameters(const char *text, int *p)
{
    int count = 0;
    while (count < MAX_PARAMETERS) {
        char *end;
        p[count++] = (int)strtol(text, &end, 10);
        if (*end != ';' && *end != ':')
            break;
        text = end + 1;
    }
    return count;
}

static void obey_csi(struct vt *vt)
{
    int p[MAX_PARAMETERS] = {0};
    char final = vt->sequence[vt->sequence_len - 1];
    bool private = vt->sequence[1] == '?';
    vt->sequence[vt->sequence_len] = '\0';
    int count = read_parameters(vt->sequence + 1 + private, p);
    if (private)
        obey_private(vt, p, count, final);
    else if (final == 'm')
        set_style(vt, p, count);
    else if (final == 's')
        set_left_margin(vt, p[0]);
    else if (final == 'r')
        set_region(vt, p[0], count > 1 ? p[1] : 0);
    else if (!obey_motion(vt, final, p[0], p[1]) &&
             !obey_change(vt, final, p[0]) && final != 'l' && final != 'h' &&
             final != 't')
        note_unknown(vt);
}

/* The byte after ESC. */
static enum state obey_escape(struct vt *vt, char byte)
{
    switch (byte) {
    case '[':
        return CSI;
    case ']':
    case 'P':
        return STRING;
    case '(':
    case ')':
        return CHARSET;
    case 'M':
        reverse_line_feed(vt);
        return GROUND;
    case '7':
        vt->saved_x[vt->facts.alternate] = vt->x;
        vt->saved_y[vt->facts.alternate] = vt->y;
        return GROUND;
    case '8':
        go(vt, vt->saved_x[vt->facts.alternate],
           vt->saved_y[vt->facts.alternate]);
        return GROUND;
    case '=':
    case '>':
        vt->keypad = byte == '=';
        return GROUND;
    case '\\':
        return GROUND;
    default:
        note_unknown(vt);
        return GROUND;
    }
}

/* Only the clipboard may be spoken to, and colours be put back. */
static void obey_string(struct vt *vt)
{
    if (memcmp(vt->sequence, "]52;", 4) != 0 &&
        memcmp(vt->sequence, "]104", 4) != 0)
        note_unknown(vt);
}

static void obey_control(struct vt *vt, char byte)
{
    switch (byte) {
    case '\033':
        vt->state = ESCAPE;
        vt->sequence_len = 0;
        break;
    case '\r':
        vt->x = vt->x >= vt->left ? vt->left : 0;
        break;
    case '\n':
        line_feed(vt);
        break;
    case '\b':
        vt->x = clamp(vt->x - 1, 0, vt->width - 1);
        break;
    case '\t':
        vt->x = clamp((vt->x | 7) + 1, 0, vt->width - 1);
        break;
    case '\a':
    case '\016':
    case '\017':
    case '\0':
        break;
    default:
        vt->sequence[0] = byte;
        vt->sequence_len = 1;
        note_unknown(vt);
    }
}

static void take_text(struct vt *vt, unsigned char byte)
{
    vt->facts.not_ascii |= byte >= 0x80;
    if (!vt->text_len)
        vt->text_want = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    vt->text[vt->text_len++] = (char)byte;
    if (vt->text_len >= vt->text_want)
        put_text(vt);
}

static void take(struct vt *vt, char byte)
{
    bool final = byte >= 0x40 && byte <= 0x7e;
    if (vt->state != GROUND && vt->sequence_len < MAX_SEQUENCE - 1)
        vt->sequence[vt->sequence_len++] = byte;
    switch (vt->state) {
    case GROUND:
        if ((unsigned char)byte < 0x20 || byte == 0x7f)
            obey_control(vt, byte);
        else
            take_text(vt, (unsigned char)byte);
        break;
    case ESCAPE:
        vt->state = obey_escape(vt, byte);
        break;
    case CSI:
        if (final) {
            vt->state = GROUND;
            obey_csi(vt);
        }
        break;
    case STRING:
    case STRING_ESCAPE:
        if (byte == '\a' || (vt->state == STRING_ESCAPE && byte == '\\')) {
            vt->state = GROUND;
            obey_string(vt);
        } else {
            vt->state = byte == '\033' ? STRING_ESCAPE : STRING;
        }
        break;
    case CHARSET:
        vt->state = GROUND;
        vt->drawing = byte != 'B';
        break;
    }
}

void vt_feed(struct vt *vt, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        take(vt, bytes[i]);
}

const char *vt_left_over(const struct vt *vt)
{
    const struct {
        bool holds;
        const char *words;
    } all[] = {
        {vt->facts.alternate, "the alternate screen"},
        {vt->facts.cursor_hidden, "a hidden cursor"},
        {vt->facts.application, "cursor keys of applications"},
        {vt->keypad, "a keypad of applications"},
        {vt->top != 0 || vt->bottom != vt->height - 1, "rows that scroll"},
        {vt->left != 0 || vt->facts.margins, "left and right margins"},
        {vt->look, "a colour or attribute"},
        {vt->no_wrap, "rows that do not wrap"},
        {vt->pasting, "brackets around what is pasted"},
        {vt->holding, "output that is held back"},
        {vt->drawing, "signs in place of letters"},
        {vt->state != GROUND, "an unfinished sequence"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].holds)
            return all[i].words;
    return NULL;
}

void vt_text(const struct vt *vt, struct buf *out)
{
    for (int y = 0; y < vt->height; y++) {
        int end = vt->width;
        while (end && *cell(vt, end - 1, y) == CELL_BLANK)
            end--;
        for (int x = 0; x < end; x++) {
            char text[8];
            uint32_t code_point = *cell(vt, x, y);
            if (code_point == CELL_TAIL)
                continue;
            size_t len = utf8_encode(code_point ? code_point : ' ', text);
            buf_add(out, text, len);
        }
        buf_addc(out, '\n');
    }
}
