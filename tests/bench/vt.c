/* The parser has one state for each kind of sequence (after Paul Williams'
 * description of DEC terminals); the screen is an array of pointers to rows, so
 * that scrolling moves pointers. */
#include "config.h"

#include "vt.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/width.h"

enum state {
    GROUND,
    ESCAPE,
    ESCAPE_CHARSET, /* ESC ( and the like: one byte more */
    CONTROL,        /* CSI */
    STRING,         /* OSC, DCS, PM, APC, SOS */
    STRING_ESCAPE   /* ESC in a string */
};

enum {
    MAX_NUMBERS = 16,
    TAB = 8
};

struct row {
    uint32_t *cells; /* 0: the right half of a wide one */
    bool changed;
    long newest;
};

struct cursor {
    int x, y;
    bool wraps; /* the last column was written: the next character wraps */
};

struct vt {
    int width, height;
    struct row **rows;   /* of the screen that is shown … */
    struct row **hidden; /* … and of the other one */
    bool alternate;
    struct cursor at, saved, saved_main;
    int top, bottom; /* scroll region, both included … */
    int left;        /* … and the first column that moves */
    bool insert, no_wrap, margins, asked;
    uint32_t last; /* character, for REP */
    enum state state;
    char private_mark;
    int numbers[MAX_NUMBERS], count;
    uint32_t code; /* UTF-8 under way */
    int more;
    unsigned long unknown;
};

static void blank(struct row *row, int from, int to)
{
    for (int x = from; x < to; x++)
        row->cells[x] = ' ';
    row->changed = true;
}

static struct row **make_rows(int width, int height)
{
    struct row **rows = mem_zalloc((size_t)height, sizeof(struct row *));
    for (int y = 0; y < height; y++) {
        rows[y] = mem_zalloc(1, sizeof *rows[y]);
        rows[y]->cells = mem_zalloc((size_t)width, sizeof(uint32_t));
        blank(rows[y], 0, width);
    }
    return rows;
}

static void free_rows(struct row **rows, int height)
{
    for (int y = 0; y < height; y++) {
        free(rows[y]->cells);
        free(rows[y]);
    }
    free(rows);
}

struct vt *vt_create(int width, int height)
{
    struct vt *vt = mem_zalloc(1, sizeof *vt);
    vt->width = width;
    vt->height = height;
    vt->rows = make_rows(width, height);
    vt->hidden = make_rows(width, height);
    vt->bottom = height - 1;
    return vt;
}

void vt_destroy(struct vt *vt)
{
    if (!vt)
        return;
    free_rows(vt->rows, vt->height);
    free_rows(vt->hidden, vt->height);
    free(vt);
}

static struct row **resize_rows(struct row **old, const struct vt *vt,
                                int width, int height)
{
    struct row **rows = make_rows(width, height);
    for (int y = 0; y < height && y < vt->height; y++)
        memcpy(rows[y]->cells, old[y]->cells,
               (size_t)(width < vt->width ? width : vt->width) *
                   sizeof(uint32_t));
    free_rows(old, vt->height);
    return rows;
}

void vt_resize(struct vt *vt, int width, int height)
{
    vt->rows = resize_rows(vt->rows, vt, width, height);
    vt->hidden = resize_rows(vt->hidden, vt, width, height);
    vt->width = width;
    vt->height = height;
    vt->top = 0;
    vt->bottom = height - 1;
    vt->left = 0;
    if (vt->at.x >= width)
        vt->at.x = width - 1;
    if (vt->at.y >= height)
        vt->at.y = height - 1;
}

int vt_height(const struct vt *vt)
{
    return vt->height;
}

unsigned long vt_unknown(const struct vt *vt)
{
    return vt->unknown;
}

/* Moving and scrolling. */

static int within(int value, int least, int most)
{
    return value < least ? least : value > most ? most : value;
}

static void move_to(struct vt *vt, int x, int y)
{
    vt->at.x = within(x, 0, vt->width - 1);
    vt->at.y = within(y, 0, vt->height - 1);
    vt->at.wraps = false;
}

static void move_row(struct vt *vt, int to, int from)
{
    size_t count = (size_t)(vt->width - vt->left);
    memmove(vt->rows[to]->cells + vt->left, vt->rows[from]->cells + vt->left,
            count * sizeof *vt->rows[to]->cells);
    vt->rows[to]->changed = true;
}

/* Rows of [top, bottom] go up; blank ones come in at the bottom. */
static void scroll_up(struct vt *vt, int top, int bottom, int count)
{
    count = within(count, 0, bottom - top + 1);
    for (int i = 0; i < count; i++) {
        struct row *row = vt->rows[top];
        for (int y = top; vt->left && y < bottom; y++)
            move_row(vt, y, y + 1);
        if (!vt->left)
            memmove(vt->rows + top, vt->rows + top + 1,
                    (size_t)(bottom - top) * sizeof *vt->rows);
        vt->rows[bottom] = vt->left ? vt->rows[bottom] : row;
        blank(vt->rows[bottom], vt->left, vt->width);
    }
}

static void scroll_down(struct vt *vt, int top, int bottom, int count)
{
    count = within(count, 0, bottom - top + 1);
    for (int i = 0; i < count; i++) {
        struct row *row = vt->rows[bottom];
        for (int y = bottom; vt->left && y > top; y--)
            move_row(vt, y, y - 1);
        if (!vt->left)
            memmove(vt->rows + top + 1, vt->rows + top,
                    (size_t)(bottom - top) * sizeof *vt->rows);
        vt->rows[top] = vt->left ? vt->rows[top] : row;
        blank(vt->rows[top], vt->left, vt->width);
    }
}

/* Outside of the margins nothing scrolls. */
static void index_down(struct vt *vt)
{
    vt->at.wraps = false;
    if (vt->at.y == vt->bottom && vt->at.x >= vt->left)
        scroll_up(vt, vt->top, vt->bottom, 1);
    else if (vt->at.y != vt->bottom && vt->at.y < vt->height - 1)
        vt->at.y++;
}

static void index_up(struct vt *vt)
{
    vt->at.wraps = false;
    if (vt->at.y == vt->top && vt->at.x >= vt->left)
        scroll_down(vt, vt->top, vt->bottom, 1);
    else if (vt->at.y != vt->top && vt->at.y > 0)
        vt->at.y--;
}

/* Characters. */

static void insert_cells(struct vt *vt, int count)
{
    struct row *row = vt->rows[vt->at.y];
    int room = vt->width - vt->at.x;
    count = within(count, 0, room);
    memmove(row->cells + vt->at.x + count, row->cells + vt->at.x,
            (size_t)(room - count) * sizeof *row->cells);
    blank(row, vt->at.x, vt->at.x + count);
}

static void delete_cells(struct vt *vt, int count)
{
    struct row *row = vt->rows[vt->at.y];
    int room = vt->width - vt->at.x;
    count = within(count, 0, room);
    memmove(row->cells + vt->at.x, row->cells + vt->at.x + count,
            (size_t)(room - count) * sizeof *row->cells);
    blank(row, vt->width - count, vt->width);
}

static void put_code(struct vt *vt, uint32_t code)
{
    int columns = code < 0x7f ? 1 : width_of_code(code);
    if (!columns)
        return;
    if (vt->at.wraps || vt->at.x + columns > vt->width) {
        if (!vt->no_wrap) {
            vt->at.x = 0;
            index_down(vt);
        } else {
            vt->at.x = vt->width - columns;
        }
    }
    if (vt->insert)
        insert_cells(vt, columns);
    struct row *row = vt->rows[vt->at.y];
    row->cells[vt->at.x] = code;
    if (columns == 2)
        row->cells[vt->at.x + 1] = 0;
    row->changed = true;
    vt->last = code;
    vt->at.x += columns;
    vt->at.wraps = vt->at.x == vt->width && !vt->no_wrap;
    if (vt->at.x == vt->width)
        vt->at.x--;
}

static void put_byte(struct vt *vt, unsigned char byte)
{
    if (byte < 0x80) {
        vt->more = 0;
        put_code(vt, byte);
    } else if (byte < 0xc0 && vt->more) {
        vt->code = vt->code << 6 | (byte & 0x3fu);
        if (--vt->more == 0)
            put_code(vt, vt->code);
    } else if (byte >= 0xc0) {
        vt->more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
        vt->code = byte & (0x3fu >> vt->more);
    }
}

/* Controls. */

static void take_c0(struct vt *vt, char byte)
{
    switch (byte) {
    case '\b':
        move_to(vt, vt->at.x - 1, vt->at.y);
        break;
    case '\t':
        move_to(vt, (vt->at.x / TAB + 1) * TAB, vt->at.y);
        break;
    case '\n':
    case '\v':
    case '\f':
        index_down(vt);
        break;
    case '\r':
        move_to(vt, vt->at.x >= vt->left ? vt->left : 0, vt->at.y);
        break;
    default:
        break;
    }
}

static void restore(struct vt *vt)
{
    move_to(vt, vt->saved.x, vt->saved.y);
    vt->at.wraps = vt->saved.wraps;
}

static void reset(struct vt *vt)
{
    for (int y = 0; y < vt->height; y++)
        blank(vt->rows[y], 0, vt->width);
    vt->top = 0;
    vt->bottom = vt->height - 1;
    vt->left = 0;
    vt->insert = vt->no_wrap = vt->margins = false;
    move_to(vt, 0, 0);
}

static void show_alternate(struct vt *vt, bool alternate, bool with_cursor)
{
    if (vt->alternate == alternate)
        return;
    struct row **rows = vt->rows;
    vt->rows = vt->hidden;
    vt->hidden = rows;
    vt->alternate = alternate;
    for (int y = 0; y < vt->height; y++) {
        if (alternate)
            blank(vt->rows[y], 0, vt->width);
        vt->rows[y]->changed = true;
    }
    if (with_cursor && alternate)
        vt->saved_main = vt->at;
    else if (with_cursor)
        move_to(vt, vt->saved_main.x, vt->saved_main.y);
}

static void take_escape(struct vt *vt, char byte)
{
    vt->state = GROUND;
    switch (byte) {
    case '[':
        vt->state = CONTROL;
        vt->private_mark = '\0';
        vt->count = 0;
        memset(vt->numbers, 0, sizeof vt->numbers);
        break;
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_':
        vt->state = STRING;
        break;
    case '(':
    case ')':
    case '*':
    case '+':
    case '#':
    case ' ':
    case '%':
        vt->state = ESCAPE_CHARSET;
        break;
    case '7':
        vt->saved = vt->at;
        break;
    case '8':
        restore(vt);
        break;
    case 'D':
        index_down(vt);
        break;
    case 'E':
        move_to(vt, 0, vt->at.y);
        index_down(vt);
        break;
    case 'M':
        index_up(vt);
        break;
    case 'c':
        reset(vt);
        break;
    case '=':
    case '>':
    case '\\':
        break;
    default:
        vt->unknown++;
    }
}

/* Control sequences. A number left out, or zero, counts as one where a count
 * is meant. */

static int number(const struct vt *vt, int index)
{
    return vt->numbers[index] ? vt->numbers[index] : 1;
}

static void erase_display(struct vt *vt)
{
    int y = vt->at.y;
    switch (vt->numbers[0]) {
    case 0:
        blank(vt->rows[y], vt->at.x, vt->width);
        while (++y < vt->height)
            blank(vt->rows[y], 0, vt->width);
        break;
    case 1:
        blank(vt->rows[y], 0, vt->at.x + 1);
        while (--y >= 0)
            blank(vt->rows[y], 0, vt->width);
        break;
    case 2:
        for (y = 0; y < vt->height; y++)
            blank(vt->rows[y], 0, vt->width);
        break;
    default:
        break;
    }
}

static void erase_line(struct vt *vt)
{
    struct row *row = vt->rows[vt->at.y];
    int how = vt->numbers[0];
    blank(row, how == 0 ? vt->at.x : 0, how == 1 ? vt->at.x + 1 : vt->width);
}

static void set_region(struct vt *vt)
{
    int top = number(vt, 0) - 1;
    int bottom = vt->numbers[1] ? vt->numbers[1] - 1 : vt->height - 1;
    if (bottom >= vt->height)
        bottom = vt->height - 1;
    if (top >= bottom)
        return;
    vt->top = top;
    vt->bottom = bottom;
    move_to(vt, 0, 0);
}

static void set_left_margin(struct vt *vt)
{
    vt->left = within(number(vt, 0) - 1, 0, vt->width - 2);
    move_to(vt, 0, 0);
}

static void set_mode(struct vt *vt, bool on)
{
    for (int i = 0; i < vt->count; i++) {
        int mode = vt->numbers[i];
        if (!vt->private_mark && mode == 4)
            vt->insert = on;
        else if (vt->private_mark == '?' && mode == 7)
            vt->no_wrap = !on;
        else if (vt->private_mark == '?' && mode == 69)
            vt->margins = on, vt->left = 0;
        else if (vt->private_mark == '?' &&
                 (mode == 47 || mode == 1047 || mode == 1049))
            show_alternate(vt, on, mode == 1049);
    }
}

static bool edit_rows(struct vt *vt, char final)
{
    bool inside = vt->at.y >= vt->top && vt->at.y <= vt->bottom;
    int top = final == 'L' || final == 'M' ? vt->at.y : vt->top;
    if (final != 'L' && final != 'M' && final != 'S' && final != 'T')
        return false;
    if (!inside && top == vt->at.y)
        return true;
    if (final == 'L' || final == 'T')
        scroll_down(vt, top, vt->bottom, number(vt, 0));
    else
        scroll_up(vt, top, vt->bottom, number(vt, 0));
    return true;
}

static bool edit_cells(struct vt *vt, char final)
{
    int last = vt->at.x + number(vt, 0);
    switch (final) {
    case '@':
        insert_cells(vt, number(vt, 0));
        return true;
    case 'P':
        delete_cells(vt, number(vt, 0));
        return true;
    case 'X':
        blank(vt->rows[vt->at.y], vt->at.x,
              last < vt->width ? last : vt->width);
        return true;
    case 'J':
        erase_display(vt);
        return true;
    case 'K':
        erase_line(vt);
        return true;
    case 'b':
        for (int i = number(vt, 0); i > 0; i--)
            put_code(vt, vt->last);
        return true;
    default:
        return false;
    }
}

static bool move_cursor(struct vt *vt, char final)
{
    int n = number(vt, 0), x = vt->at.x, y = vt->at.y;
    switch (final) {
    case 'A':
        move_to(vt, x, within(y - n, y >= vt->top ? vt->top : 0, y));
        return true;
    case 'B':
    case 'e':
        move_to(
            vt, x,
            within(y + n, y, y <= vt->bottom ? vt->bottom : vt->height - 1));
        return true;
    case 'C':
    case 'a':
        move_to(vt, x + n, y);
        return true;
    case 'D':
        move_to(vt, x - n, y);
        return true;
    case 'E':
        move_to(vt, 0, y + n);
        return true;
    case 'F':
        move_to(vt, 0, y - n);
        return true;
    case 'G':
    case '`':
        move_to(vt, n - 1, y);
        return true;
    case 'H':
    case 'f':
        move_to(vt, number(vt, 1) - 1, n - 1);
        return true;
    case 'I':
        move_to(vt, (x / TAB + n) * TAB, y);
        return true;
    case 'Z':
        move_to(vt, ((x + TAB - 1) / TAB - n) * TAB, y);
        return true;
    case 'd':
        move_to(vt, x, n - 1);
        return true;
    default:
        return false;
    }
}

static void finish_control(struct vt *vt, char final)
{
    vt->state = GROUND;
    vt->count++;
    if (final == 'h' || final == 'l') {
        set_mode(vt, final == 'h');
        return;
    }
    vt->asked = vt->asked || (final == 'p' && vt->numbers[0] == 69);
    if (strchr("mnctqgp", final))
        return; /* colours, reports, titles, cursor's shape, tab stops */
    if (vt->private_mark) {
        vt->unknown += !strchr("us", final);
        return;
    }
    if (final == 'r')
        set_region(vt);
    else if (final == 's' && vt->margins)
        set_left_margin(vt);
    else if (final == 's')
        vt->saved = vt->at;
    else if (final == 'u')
        restore(vt);
    else if (!move_cursor(vt, final) && !edit_cells(vt, final) &&
             !edit_rows(vt, final))
        vt->unknown++;
}

static void take_control(struct vt *vt, char byte)
{
    if (byte >= '0' && byte <= '9') {
        int *last = &vt->numbers[vt->count];
        if (*last < 100000)
            *last = *last * 10 + (byte - '0');
    } else if (byte == ';' || byte == ':') {
        if (vt->count < MAX_NUMBERS - 1)
            vt->count++;
    } else if (byte >= '<' && byte <= '?') {
        vt->private_mark = byte;
    } else if (byte >= ' ' && byte <= '/') {
        vt->private_mark = byte;
    } else if (byte >= '@') {
        finish_control(vt, byte);
    } else {
        take_c0(vt, byte);
    }
}

static void take_string(struct vt *vt, char byte)
{
    if (byte == '\a' || (vt->state == STRING_ESCAPE && byte == '\\'))
        vt->state = GROUND;
    else
        vt->state = byte == '\033' ? STRING_ESCAPE : STRING;
}

static void take_byte(struct vt *vt, char byte)
{
    switch (vt->state) {
    case GROUND:
        if (byte == '\033')
            vt->state = ESCAPE;
        else if ((unsigned char)byte < ' ')
            take_c0(vt, byte);
        else if (byte != 0x7f)
            put_byte(vt, (unsigned char)byte);
        break;
    case ESCAPE:
        take_escape(vt, byte);
        break;
    case ESCAPE_CHARSET:
        vt->state = GROUND;
        break;
    case CONTROL:
        take_control(vt, byte);
        break;
    case STRING:
    case STRING_ESCAPE:
        take_string(vt, byte);
        break;
    }
}

void vt_feed(struct vt *vt, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        take_byte(vt, bytes[i]);
}

bool vt_asks_for_margins(struct vt *vt)
{
    bool asked = vt->asked;
    vt->asked = false;
    return asked;
}

/* Reading the screen. */

static void add_utf8(struct buf *out, uint32_t code)
{
    if (code < 0x80) {
        buf_addc(out, (char)code);
    } else if (code < 0x800) {
        buf_addc(out, (char)(0xc0 | code >> 6));
    } else if (code < 0x10000) {
        buf_addc(out, (char)(0xe0 | code >> 12));
        buf_addc(out, (char)(0x80 | (code >> 6 & 0x3f)));
    } else {
        buf_addc(out, (char)(0xf0 | code >> 18));
        buf_addc(out, (char)(0x80 | (code >> 12 & 0x3f)));
        buf_addc(out, (char)(0x80 | (code >> 6 & 0x3f)));
    }
    if (code >= 0x80)
        buf_addc(out, (char)(0x80 | (code & 0x3f)));
}

void vt_row(const struct vt *vt, int row, struct buf *out)
{
    const uint32_t *cells = vt->rows[row]->cells;
    int end = vt->width;
    while (end > 0 && cells[end - 1] == ' ')
        end--;
    for (int x = 0; x < end; x++)
        if (cells[x])
            add_utf8(out, cells[x]);
}

bool vt_shows(const struct vt *vt, const char *text)
{
    struct buf row = buf_make(0);
    bool found = false;
    for (int y = 0; y < vt->height && !found; y++) {
        buf_clear(&row);
        vt_row(vt, y, &row);
        found = strstr(buf_str(&row), text) != NULL;
    }
    buf_free(&row);
    return found;
}

static long number_at(const uint32_t *cells)
{
    long value = 0;
    for (int i = 1; i < 8; i++) {
        if (cells[i] < '0' || cells[i] > '9')
            return -1;
        value = value * 10 + (long)(cells[i] - '0');
    }
    return value;
}

static long newest_in(const struct vt *vt, const struct row *row)
{
    long newest = -1;
    for (int x = 0; x + 8 <= vt->width; x++) {
        long value = row->cells[x] == '#' ? number_at(row->cells + x) : -1;
        if (value > newest)
            newest = value;
    }
    return newest;
}

long vt_newest(struct vt *vt)
{
    long newest = -1;
    for (int y = 0; y < vt->height; y++) {
        struct row *row = vt->rows[y];
        if (row->changed)
            row->newest = newest_in(vt, row);
        row->changed = false;
        if (row->newest > newest)
            newest = row->newest;
    }
    return newest;
}
