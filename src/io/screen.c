/* Curses compares what it is given with what the terminal shows and writes the
 * difference; with idlok() it finds rows that moved and scrolls them. Before
 * that, whole frames are compared here, so that curses is told changed cells
 * only.
 *
 * Widths: the frame's cells were measured by text/width.h, curses measures by
 * wcwidth(). Where they differ a replacement of the frame's width is shown, so
 * that a row never shifts. */
#include "config.h"

#include "io/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define NCURSES_NOMACROS 1
#include <curses.h>

#include "base/buf.h"
#include "base/mem.h"
#include "view/keys.h"

enum {
    ESC_DELAY_MS = 25,
    COPY_MAX = 64 * 1024,
    RESTORE_SIZE = 256
};

/* Colours by their ANSI numbers on the terminal's own background; -1: its own
 * foreground. Readable on light and dark: no blue on black, no bright ones. */
static const struct {
    attr_t attributes;
    short color;
} STYLES[STYLE_COUNT] = {
    [STYLE_TEXT] = {A_NORMAL, -1},
    [STYLE_DIM] = {A_DIM, -1},
    [STYLE_STRONG] = {A_BOLD, -1},
    [STYLE_QUEUED] = {A_BOLD, COLOR_CYAN},
    [STYLE_RUNNING] = {A_BOLD, COLOR_GREEN},
    [STYLE_WAITING] = {A_BOLD, COLOR_MAGENTA},
    [STYLE_DONE] = {A_NORMAL, COLOR_GREEN},
    [STYLE_FAILED] = {A_BOLD, COLOR_RED},
    [STYLE_CANCELED] = {A_BOLD, COLOR_YELLOW},
    [STYLE_BAR] = {A_NORMAL, COLOR_GREEN},
    [STYLE_BAR_REST] = {A_DIM, -1},
    [STYLE_INFO] = {A_NORMAL, -1},
    [STYLE_WARN] = {A_NORMAL, COLOR_YELLOW},
    [STYLE_ERROR] = {A_NORMAL, COLOR_RED},
    [STYLE_DEBUG] = {A_DIM, -1},
    [STYLE_STEP] = {A_BOLD, -1},
    [STYLE_REASONING] = {A_NORMAL, COLOR_CYAN},
    [STYLE_DATA] = {A_DIM, -1},
    [STYLE_MATCH] = {A_REVERSE, -1},
    [STYLE_CURSOR] = {A_REVERSE, -1},
    [STYLE_NOTICE] = {A_DIM, -1},
    [STYLE_KEY] = {A_NORMAL, -1},
    [STYLE_SHIMMER] = {A_NORMAL, -1},
};

static struct {
    SCREEN *terminal;
    FILE *in, *out;
    bool own_files; /* /dev/tty, to be closed */
    bool colors, utf8;
    struct cell *shown; /* what curses was told last; NULL: nothing */
    int width, height;
    bool cursor_shown;
} screen;

/* For screen_emergency_restore(): all it needs, ready before any signal. */
static struct {
    volatile sig_atomic_t ready;
    int fd;
    struct termios modes;
    char bytes[RESTORE_SIZE];
    size_t len;
} restore;

/* ---- emergency ---- */

/* Appends a capability without its padding ("$<5>"). */
static void add_capability(const char *name)
{
    const char *text = tigetstr(name);
    if (!text || text == (char *)-1)
        return;
    while (*text && restore.len < RESTORE_SIZE) {
        const char *pad = strncmp(text, "$<", 2) ? NULL : strchr(text, '>');
        if (pad) {
            text = pad + 1;
            continue;
        }
        restore.bytes[restore.len++] = *text++;
    }
}

static void prepare_restore(int fd, const struct termios *modes)
{
    static const char *const NAMES[] = {"op", "sgr0", "cnorm", "rmkx", "rmcup"};
    restore.len = 0;
    restore.fd = fd;
    restore.modes = *modes;
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        add_capability(NAMES[i]);
    restore.ready = 1;
}

void screen_emergency_restore(void)
{
    int saved = errno;
    if (!restore.ready)
        return;
    restore.ready = 0;
    ssize_t written = write(restore.fd, restore.bytes, restore.len);
    (void)written; /* nothing is left to be done about it */
    tcsetattr(restore.fd, TCSANOW, &restore.modes);
    errno = saved;
}

/* ---- opening and closing ---- */

static bool open_files(struct error *err)
{
    screen.own_files = false;
    if (isatty(STDOUT_FILENO) && isatty(STDIN_FILENO)) {
        screen.in = stdin;
        screen.out = stdout;
        return true;
    }
    screen.in = fopen("/dev/tty", "re");
    screen.out = fopen("/dev/tty", "we");
    screen.own_files = true;
    if (screen.in && screen.out)
        return true;
    return error_set(err, ERROR_USAGE,
                     "there is no terminal for the screen; use --plain");
}

static void close_files(void)
{
    if (screen.own_files && screen.in)
        fclose(screen.in);
    if (screen.own_files && screen.out)
        fclose(screen.out);
    screen.in = screen.out = NULL;
}

static void set_colors(enum screen_color color)
{
    screen.colors = color != SCREEN_COLOR_NEVER && has_colors();
    if (!screen.colors)
        return;
    start_color();
    use_default_colors();
    for (short pair = 1; pair <= COLOR_WHITE; pair++)
        init_pair(pair, pair, -1);
}

static void set_modes(void)
{
    set_escdelay(ESC_DELAY_MS);
    typeahead(-1); /* a frame is one write, not one for each look at the keys */
    raw();
    noecho();
    nonl();
    nodelay(stdscr, TRUE);
    keypad(stdscr, TRUE);
    intrflush(stdscr, FALSE);
    idlok(stdscr, TRUE);
    leaveok(stdscr, TRUE);
    curs_set(0);
    screen.cursor_shown = false;
}

bool screen_open(enum screen_color color, struct error *err)
{
    struct termios modes;
    const char *term = getenv("TERM");
    if (screen.terminal)
        return true;
    if (!open_files(err))
        goto fail;
    if (tcgetattr(fileno(screen.out), &modes) != 0) {
        error_set(err, ERROR_SYSTEM, "cannot read the terminal's modes: %s",
                  strerror(errno));
        goto fail;
    }
    screen.terminal = newterm(NULL, screen.out, screen.in);
    if (!screen.terminal) {
        error_set(err, ERROR_USAGE,
                  "the terminal \"%.60s\" (TERM) is not known here; set "
                  "another TERM or use --plain",
                  term ? term : "");
        goto fail;
    }
    screen.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    prepare_restore(fileno(screen.out), &modes);
    set_colors(color);
    set_modes();
    return true;
fail:
    close_files();
    return false;
}

static void forget(void)
{
    free(screen.shown);
    screen.shown = NULL;
}

void screen_close(void)
{
    if (!screen.terminal)
        return;
    curs_set(1);
    endwin();
    restore.ready = 0;
    delscreen(screen.terminal);
    screen.terminal = NULL;
    forget();
    close_files();
}

bool screen_is_utf8(void)
{
    return screen.utf8;
}

int screen_width(void)
{
    return COLS;
}

int screen_height(void)
{
    return LINES;
}

int screen_fd(void)
{
    return screen.in ? fileno(screen.in) : -1;
}

/* ---- showing ---- */

/* The cell's text as curses takes it: one spacing character and what combines
 * with it. Returns how many; 0: it cannot be shown in `columns`. */
static size_t wide_text(const struct cell *cell, wchar_t text[CCHARW_MAX + 1])
{
    const char *from = cell->text;
    mbstate_t state = {0};
    size_t count = mbsrtowcs(text, &from, CCHARW_MAX, &state);
    if (count == (size_t)-1 || count == 0)
        return 0;
    text[count] = L'\0';
    int width = wcwidth(text[0]);
    if (width != cell->columns && !(width == 1 && cell->columns == 2))
        return 0;
    for (size_t i = 1; i < count; i++)
        if (wcwidth(text[i]) != 0)
            count = i;
    text[count] = L'\0';
    return count;
}

static void put_cell(int x, int y, const struct cell *cell)
{
    attr_t attributes = STYLES[cell->style].attributes;
    short pair = STYLES[cell->style].color;
    wchar_t text[CCHARW_MAX + 1];
    cchar_t out;
    if (!screen.colors || pair < 0)
        pair = 0;
    if (!wide_text(cell, text))
        wcscpy(text, screen.utf8 ? L"\xfffd" : L"?");
    if (setcchar(&out, text, attributes, pair, NULL) == ERR)
        return;
    mvadd_wch(y, x, &out);
    if (cell->columns == 2 && wcwidth(text[0]) == 1) {
        setcchar(&out, L" ", attributes, pair, NULL);
        mvadd_wch(y, x + 1, &out);
    }
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
    return a->columns == b->columns && a->style == b->style &&
           strcmp(a->text, b->text) == 0;
}

/* Tells curses what changed in a row. A wide character's two cells change
 * together. */
static void put_row(const struct frame *frame, int y, struct cell *before)
{
    for (int x = 0; x < screen.width; x++) {
        const struct cell *cell = frame_cell(frame, x, y);
        if (before && same_cell(cell, &before[x]) &&
            (cell->columns != 2 || before[x + 1].columns == 0))
            continue;
        if (cell->columns)
            put_cell(x, y, cell);
    }
}

static void place_cursor(const struct frame *frame)
{
    int x, y;
    frame_get_cursor(frame, &x, &y);
    bool visible = x >= 0;
    if (visible != screen.cursor_shown) {
        curs_set(visible ? 1 : 0);
        leaveok(stdscr, !visible);
        screen.cursor_shown = visible;
    }
    if (visible)
        move(y, x);
}

static void keep_size(const struct frame *frame)
{
    if (screen.shown && screen.width == frame_width(frame) &&
        screen.height == frame_height(frame))
        return;
    forget();
    erase();
    screen.width = frame_width(frame);
    screen.height = frame_height(frame);
}

void screen_show(const struct frame *frame)
{
    if (!screen.terminal)
        return;
    keep_size(frame);
    size_t width = (size_t)screen.width;
    bool fresh = !screen.shown;
    if (fresh)
        screen.shown =
            mem_zalloc(width * (size_t)screen.height, sizeof *screen.shown);
    for (int y = 0; y < screen.height && y < LINES; y++) {
        struct cell *before = screen.shown + width * (size_t)y;
        const struct cell *now = frame_cell(frame, 0, y);
        if (!fresh && memcmp(before, now, width * sizeof *now) == 0)
            continue;
        put_row(frame, y, fresh ? NULL : before);
        memcpy(before, now, width * sizeof *now);
    }
    place_cursor(frame);
    refresh();
}

void screen_redraw(void)
{
    if (!screen.terminal)
        return;
    forget();
    clearok(curscr, TRUE);
}

void screen_resize(void)
{
    struct winsize size;
    if (!screen.terminal)
        return;
    if (ioctl(fileno(screen.out), TIOCGWINSZ, &size) == 0 && size.ws_row > 0 &&
        size.ws_col > 0)
        resizeterm(size.ws_row, size.ws_col);
    forget();
}

void screen_suspend(void)
{
    if (!screen.terminal)
        return;
    curs_set(1);
    def_prog_mode();
    endwin();
    restore.ready = 0;
}

void screen_resume(void)
{
    if (!screen.terminal)
        return;
    reset_prog_mode();
    restore.ready = 1;
    screen_resize();
    curs_set(0);
    leaveok(stdscr, TRUE);
    screen.cursor_shown = false;
    clearok(curscr, TRUE);
}

/* ---- keys ---- */

static uint32_t function_key(wint_t code)
{
    static const struct {
        wint_t code;
        uint32_t key;
    } KEYS[] = {
        {KEY_UP, KEYCODE_UP},         {KEY_DOWN, KEYCODE_DOWN},
        {KEY_LEFT, KEYCODE_LEFT},     {KEY_RIGHT, KEYCODE_RIGHT},
        {KEY_HOME, KEYCODE_HOME},     {KEY_END, KEYCODE_END},
        {KEY_PPAGE, KEYCODE_PAGE_UP}, {KEY_NPAGE, KEYCODE_PAGE_DOWN},
        {KEY_IC, KEYCODE_INSERT},     {KEY_DC, KEYCODE_DELETE},
        {KEY_BTAB, KEYCODE_BACKTAB},  {KEY_BACKSPACE, KEYCODE_BACKSPACE},
        {KEY_ENTER, KEYCODE_ENTER},   {KEY_A1, KEYCODE_HOME},
        {KEY_A3, KEYCODE_PAGE_UP},    {KEY_C1, KEYCODE_END},
        {KEY_C3, KEYCODE_PAGE_DOWN},
    };
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
        if (KEYS[i].code == code)
            return KEYS[i].key;
    if (code >= KEY_F(1) && code <= KEY_F(12))
        return KEYCODE_F1 + (uint32_t)(code - KEY_F(1));
    return KEYCODE_NONE;
}

/* After ESC: a sequence that curses does not know is swallowed whole, so that
 * its letters do not act as keys. */
static uint32_t escape_or_sequence(void)
{
    wint_t next;
    int got = get_wch(&next);
    if (got == ERR)
        return KEYCODE_ESCAPE;
    if (got != OK || (next != L'[' && next != L'O'))
        return KEYCODE_NONE;
    while (get_wch(&next) == OK && (next < 0x40 || next > 0x7e))
        continue;
    return KEYCODE_NONE;
}

static uint32_t character_key(wint_t code)
{
    if (code == KEYCODE_ESCAPE)
        return escape_or_sequence();
    if (code == L'\n')
        return KEYCODE_ENTER;
    return code < KEYCODE_FIRST_NAMED ? (uint32_t)code : KEYCODE_NONE;
}

uint32_t screen_read_key(void)
{
    wint_t code;
    int got;
    while (screen.terminal && (got = get_wch(&code)) != ERR) {
        uint32_t key =
            got == KEY_CODE_YES ? function_key(code) : character_key(code);
        if (key != KEYCODE_NONE)
            return key;
    }
    return KEYCODE_NONE;
}

/* ---- the clipboard ---- */

static void add_base64(struct buf *out, const char *text, size_t len)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < len; i += 3) {
        uint32_t bits = (uint32_t)(unsigned char)text[i] << 16;
        if (i + 1 < len)
            bits |= (uint32_t)(unsigned char)text[i + 1] << 8;
        if (i + 2 < len)
            bits |= (unsigned char)text[i + 2];
        buf_addc(out, DIGITS[bits >> 18]);
        buf_addc(out, DIGITS[bits >> 12 & 63]);
        buf_addc(out, i + 1 < len ? DIGITS[bits >> 6 & 63] : '=');
        buf_addc(out, i + 2 < len ? DIGITS[bits & 63] : '=');
    }
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        len -= (size_t)written;
    }
    return true;
}

bool screen_copy(const char *text)
{
    size_t len = strlen(text);
    const char *tmux = getenv("TMUX");
    bool inside_tmux = tmux && *tmux;
    if (!screen.terminal || len > COPY_MAX)
        return false;
    struct buf out = buf_make(0);
    /* tmux hands on what stands between, with each ESC doubled. */
    buf_adds(&out, inside_tmux ? "\033Ptmux;\033\033]52;c;" : "\033]52;c;");
    add_base64(&out, text, len);
    buf_adds(&out, inside_tmux ? "\a\033\\" : "\a");
    bool written = write_all(fileno(screen.out), out.data, out.len);
    buf_free(&out);
    return written;
}
