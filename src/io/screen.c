/* Curses knows the terminal: it sets its modes, takes its keys apart and gives
 * it back. What is on the screen is the painter's, who sends less: curses sets
 * and resets the rows that scroll for every line. So curses' own window stays
 * empty, and keys are read from a pad, which curses never shows. */
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
#include <locale.h>
#include <poll.h>

#define NCURSES_NOMACROS 1
#include <curses.h>

#include "base/base64.h"
#include "base/buf.h"
#include "io/painter.h"
#include "io/termcap.h"
#include "view/keys.h"

enum {
    ESC_DELAY_MS = 25,
    COPY_MAX = 64 * 1024,
    RESTORE_SIZE = 256,
    ANSWER_SIZE = 32
};

static struct {
    SCREEN *terminal;
    FILE *in, *out;
    bool own_files; /* /dev/tty, to be closed */
    WINDOW *keys;   /* a pad */
    struct painter *painter;
    bool utf8;
    bool asked; /* the terminal, whether it has margins: no answer so far */
} screen;

/* For screen_emergency_restore(): all it needs, ready before any signal. There
 * are two, so that one is whole while the other is made. */
static struct {
    volatile sig_atomic_t ready, current;
    int fd;
    struct termios modes;
    struct {
        char bytes[RESTORE_SIZE];
        size_t len;
    } all[2];
} restore;

static bool write_all(int fd, const char *bytes, size_t len)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    while (len) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno == EAGAIN && poll(&room, 1, -1) >= 0)
            continue;
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        len -= (size_t)written;
    }
    return true;
}

static void send(struct buf *bytes)
{
    if (bytes->len)
        write_all(fileno(screen.out), bytes->data, bytes->len);
    buf_free(bytes);
}

/* ---- emergency ---- */

/* As it is: curses may have had no memory for another size. */
static int terminal_height(void)
{
    struct winsize size;
    bool told = ioctl(fileno(screen.out), TIOCGWINSZ, &size) == 0;
    return told && size.ws_row > 0 ? size.ws_row : LINES;
}

/* The bytes hold the terminal's height, where it needs that. */
static void prepare_restore(void)
{
    int next = !restore.current;
    struct buf bytes = buf_make(RESTORE_SIZE);
    painter_leave(screen.painter, terminal_height(), &bytes);
    painter_add_end(screen.painter, &bytes);
    memcpy(restore.all[next].bytes, buf_str(&bytes), bytes.len);
    restore.all[next].len = bytes.len;
    buf_free(&bytes);
    restore.current = next;
}

void screen_emergency_restore(void)
{
    int saved = errno;
    if (!restore.ready)
        return;
    restore.ready = 0;
    ssize_t written = write(restore.fd, restore.all[restore.current].bytes,
                            restore.all[restore.current].len);
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

static void set_modes(void)
{
    set_escdelay(ESC_DELAY_MS);
    raw();
    noecho();
    nonl();
    screen.keys = newpad(1, 1);
    nodelay(screen.keys, TRUE);
    keypad(screen.keys, TRUE);
    intrflush(screen.keys, FALSE);
    refresh(); /* once: what curses sends at the beginning */
}

/* In these languages' locales terminals draw some signs two columns wide. */
static bool has_wide_signs(void)
{
    const char *locale = setlocale(LC_CTYPE, NULL);
    return locale && (!strncmp(locale, "ja", 2) || !strncmp(locale, "ko", 2) ||
                      !strncmp(locale, "zh", 2));
}

/* Curses is up; makes the painter and what brings the terminal back. */
static bool set_up(enum screen_color color, const struct termios *modes)
{
    screen.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    screen.painter = painter_create(&(struct painter_options){
        .colors = color != SCREEN_COLOR_NEVER && has_colors(),
        .utf8 = screen.utf8,
        .wide_signs = has_wide_signs(),
    });
    if (!screen.painter)
        return false;
    restore.fd = fileno(screen.out);
    restore.modes = *modes;
    prepare_restore();
    restore.ready = 1;
    set_modes();
    return true;
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
    if (!screen.terminal || !set_up(color, &modes)) {
        error_set(err, ERROR_USAGE,
                  "the terminal \"%.60s\" (TERM) is not known here; set "
                  "another TERM or use --plain",
                  term ? term : "");
        goto fail;
    }
    return true;
fail:
    if (screen.terminal)
        delscreen(screen.terminal);
    screen.terminal = NULL;
    close_files();
    return false;
}

/* Sends what undoes the painter's modes; curses undoes its own. */
static void leave(void)
{
    struct buf bytes = buf_make(0);
    painter_leave(screen.painter, LINES, &bytes);
    send(&bytes);
    painter_forget(screen.painter);
    if (screen.asked) /* what it answers now would be the shell's */
        tcflush(fileno(screen.in), TCIFLUSH);
    endwin();
    restore.ready = 0;
}

void screen_close(void)
{
    if (!screen.terminal)
        return;
    leave();
    painter_destroy(screen.painter);
    screen.painter = NULL;
    delwin(screen.keys);
    delscreen(screen.terminal);
    screen.terminal = NULL;
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

bool screen_is_gone(void)
{
    struct pollfd input = {.fd = screen_fd(), .events = POLLIN};
    return screen.terminal && poll(&input, 1, 0) > 0 &&
           (input.revents & (POLLHUP | POLLERR | POLLNVAL));
}

/* ---- showing ---- */

void screen_show(const struct frame *frame)
{
    struct buf bytes = buf_make(0);
    if (!screen.terminal)
        return;
    painter_paint(screen.painter, frame, &bytes);
    if (painter_margins(screen.painter) == MARGINS_WANTED) {
        buf_adds(&bytes, TERMCAP_ASK_MARGINS);
        painter_set_margins(screen.painter, MARGINS_NONE);
        screen.asked = true;
    }
    send(&bytes);
}

/* An answer of the terminal's, between CSI and its final byte. Nobody waits for
 * it: until it comes, and where it never does, there are no margins. */
static void take_answer(const char *answer)
{
    static const char mode[] = "?69;";
    if (!screen.asked || strncmp(answer, mode, strlen(mode)) != 0)
        return;
    const char *state = answer + strlen(mode);
    screen.asked = false;
    if (strcmp(state, "1$y") != 0 && strcmp(state, "2$y") != 0)
        return;
    painter_set_margins(screen.painter, MARGINS_THERE);
    prepare_restore();
}

void screen_redraw(void)
{
    if (screen.terminal)
        painter_forget(screen.painter);
}

void screen_resize(void)
{
    struct winsize size;
    if (!screen.terminal)
        return;
    if (ioctl(fileno(screen.out), TIOCGWINSZ, &size) == 0 && size.ws_row > 0 &&
        size.ws_col > 0)
        resizeterm(size.ws_row, size.ws_col);
    painter_forget(screen.painter);
    prepare_restore();
}

void screen_suspend(void)
{
    if (!screen.terminal)
        return;
    def_prog_mode();
    leave();
}

void screen_resume(void)
{
    if (!screen.terminal)
        return;
    reset_prog_mode();
    refresh();
    restore.ready = 1;
    screen_resize();
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
    char text[ANSWER_SIZE];
    size_t len = 0;
    int got = wget_wch(screen.keys, &next);
    if (got == ERR)
        return KEYCODE_ESCAPE;
    if (got != OK || (next != L'[' && next != L'O'))
        return KEYCODE_NONE;
    do {
        if (wget_wch(screen.keys, &next) != OK)
            return KEYCODE_NONE;
        if (len + 1 < sizeof text && next < 0x7f)
            text[len++] = (char)next;
    } while (next < 0x40 || next > 0x7e);
    text[len] = '\0';
    take_answer(text);
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
    while (screen.terminal && (got = wget_wch(screen.keys, &code)) != ERR) {
        uint32_t key =
            got == KEY_CODE_YES ? function_key(code) : character_key(code);
        if (key != KEYCODE_NONE)
            return key;
    }
    return KEYCODE_NONE;
}

/* ---- the clipboard ---- */

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
    base64_add(&out, text, len);
    buf_adds(&out, inside_tmux ? "\a\033\\" : "\a");
    bool written = write_all(fileno(screen.out), out.data, out.len);
    buf_free(&out);
    return written;
}
