#include "config.h"

#include "io/termcap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NCURSES_NOMACROS 1
#include <curses.h>

#include "base/mem.h"

enum {
    BOLD = 1,
    DIM = 2,
    REVERSE = 4
};

/* Colours by their ANSI numbers on the terminal's own background; -1: its own
 * foreground. Readable on light and dark: no blue on black, no bright ones. */
static const struct {
    unsigned attributes;
    int color;
} STYLES[STYLE_COUNT] = {
    [STYLE_TEXT] = {0, -1},
    [STYLE_DIM] = {DIM, -1},
    [STYLE_STRONG] = {BOLD, -1},
    [STYLE_QUEUED] = {BOLD, COLOR_CYAN},
    [STYLE_RUNNING] = {BOLD, COLOR_GREEN},
    [STYLE_WAITING] = {BOLD, COLOR_MAGENTA},
    [STYLE_DONE] = {0, COLOR_GREEN},
    [STYLE_FAILED] = {BOLD, COLOR_RED},
    [STYLE_CANCELED] = {BOLD, COLOR_YELLOW},
    [STYLE_BAR] = {0, COLOR_GREEN},
    [STYLE_BAR_REST] = {DIM, -1},
    [STYLE_INFO] = {0, -1},
    [STYLE_WARN] = {0, COLOR_YELLOW},
    [STYLE_ERROR] = {0, COLOR_RED},
    [STYLE_DEBUG] = {DIM, -1},
    [STYLE_STEP] = {BOLD, -1},
    [STYLE_REASONING] = {0, COLOR_CYAN},
    [STYLE_DATA] = {DIM, -1},
    [STYLE_MATCH] = {REVERSE, -1},
    [STYLE_CURSOR] = {REVERSE, -1},
    [STYLE_NOTICE] = {DIM, -1},
    [STYLE_KEY] = {0, -1},
    [STYLE_SHIMMER] = {0, -1},
};

/* ---- reading terminfo ---- */

/* A copy without padding ("$<5>"): what is left of the terminals that need it
 * stops the sender by itself. NULL: the terminal does not have it. */
static char *load(const char *name)
{
    const char *text = tigetstr(name);
    struct buf out = buf_make(TERMCAP_SIZE - 1);
    if (!text || text == (char *)-1)
        return NULL;
    bool whole = true;
    while (*text && whole) {
        const char *pad = strncmp(text, "$<", 2) ? NULL : strchr(text, '>');
        if (pad)
            text = pad + 1;
        else
            whole = buf_addc(&out, *text++);
    }
    if (whole && out.len)
        return buf_take(&out);
    buf_free(&out);
    return NULL;
}

/* The parameters of an SGR sequence; false: it is none. */
static bool sgr_params(const char *text, char *out, size_t size)
{
    size_t len = strlen(text);
    if (len < 4 || len - 3 >= size || strncmp(text, "\033[", 2) != 0 ||
        text[len - 1] != 'm')
        return false;
    memcpy(out, text + 2, len - 3);
    out[len - 3] = '\0';
    return strspn(out, "0123456789;") == len - 3;
}

static void add_part(struct termcap *caps, struct look *look, const char *text)
{
    char params[sizeof look->params];
    size_t used = strlen(look->params), whole = strlen(look->enter);
    if (whole + strlen(text) >= sizeof look->enter)
        return;
    snprintf(look->enter + whole, sizeof look->enter - whole, "%s", text);
    if (sgr_params(text, params, sizeof params) &&
        used + strlen(params) + 2 < sizeof look->params)
        snprintf(look->params + used, sizeof look->params - used, "%s%s",
                 used ? ";" : "", params);
    else
        caps->sgr = false;
}

static void add_attribute(struct termcap *caps, struct look *look,
                          unsigned attribute, const char *name)
{
    char *text = look->attributes & attribute ? load(name) : NULL;
    if (text)
        add_part(caps, look, text);
    else
        look->attributes &= ~attribute;
    free(text);
}

static void add_color(struct termcap *caps, struct look *look)
{
    char *setaf = look->color >= 0 ? load("setaf") : NULL;
    const char *text = setaf ? tparm(setaf, look->color) : NULL;
    if (text)
        add_part(caps, look, text);
    else
        look->color = -1;
    free(setaf);
}

/* Attributes that the terminal cannot show together with colours. */
static unsigned not_with_color(void)
{
    int bits = tigetnum("ncv");
    if (bits < 0)
        return 0;
    return (bits & 4 ? REVERSE : 0u) | (bits & 16 ? DIM : 0u) |
           (bits & 32 ? BOLD : 0u);
}

static struct look make_look(struct termcap *caps, enum style style,
                             bool colors)
{
    struct look look = {.attributes = STYLES[style].attributes, .color = -1};
    if (colors)
        look.color = STYLES[style].color;
    if (look.color >= 0)
        look.attributes &= ~not_with_color();
    if (tigetnum("xmc") >= 0) /* attributes would take cells */
        look = (struct look){.color = -1};
    add_attribute(caps, &look, BOLD, "bold");
    add_attribute(caps, &look, DIM, "dim");
    add_attribute(caps, &look, REVERSE, "rev");
    add_color(caps, &look);
    look.reverse = look.attributes & REVERSE;
    return look;
}

static void load_looks(struct termcap *caps, bool colors)
{
    int count = 0;
    for (int style = 0; style < STYLE_COUNT; style++) {
        struct look look = make_look(caps, (enum style)style, colors);
        int at = 0;
        while (at < count && strcmp(caps->looks[at].enter, look.enter) != 0)
            at++;
        if (at == count)
            caps->looks[count++] = look;
        caps->look_of[style] = (uint8_t)at;
    }
}

/* The reset also brings back colours and, in most entries, the character set,
 * which is never changed here: where it is SGR's, SGR's alone will do. */
static void load_reset(struct termcap *caps)
{
    char *reset = load("sgr0");
    caps->sgr = reset && (strstr(reset, "\033[m") || strstr(reset, "\033[0m"));
    if (caps->sgr) {
        free(reset);
        caps->caps[CAP_SGR0] = mem_strdup("\033[m");
        return;
    }
    char *op = load("op");
    struct buf both = buf_make(0);
    buf_adds(&both, reset ? reset : "");
    buf_adds(&both, op ? op : "");
    caps->caps[CAP_SGR0] = buf_take(&both);
    free(reset);
    free(op);
}

/* DECSC and DECRC keep attributes as well; what others have in their place may
 * keep the position alone. */
static void check_saving(struct termcap *caps)
{
    char **save = &caps->caps[CAP_SC], **restore = &caps->caps[CAP_RC];
    if (*save && *restore && strcmp(*save, "\0337") == 0 &&
        strcmp(*restore, "\0338") == 0)
        return;
    free(*save);
    free(*restore);
    *save = *restore = NULL;
}

void termcap_load(struct termcap *caps, bool colors)
{
    static const char *const NAMES[CAP_COUNT] = {
        [CAP_CUP] = "cup",     [CAP_HPA] = "hpa",     [CAP_CUF] = "cuf",
        [CAP_CSR] = "csr",     [CAP_IND] = "ind",     [CAP_RI] = "ri",
        [CAP_EL] = "el",       [CAP_ED] = "ed",       [CAP_ECH] = "ech",
        [CAP_CLEAR] = "clear", [CAP_CIVIS] = "civis", [CAP_CNORM] = "cnorm",
        [CAP_RMAM] = "rmam",   [CAP_SMAM] = "smam",   [CAP_RMKX] = "rmkx",
        [CAP_SC] = "sc",       [CAP_RC] = "rc",       [CAP_RMCUP] = "rmcup",
    };
    *caps = (struct termcap){0};
    for (int i = 0; i < CAP_COUNT; i++)
        if (NAMES[i])
            caps->caps[i] = load(NAMES[i]);
    load_reset(caps);
    check_saving(caps);
    if (!caps->caps[CAP_SMAM]) { /* it could not be undone */
        free(caps->caps[CAP_RMAM]);
        caps->caps[CAP_RMAM] = NULL;
    }
    caps->wraps = tigetflag("am") > 0;
    caps->wraps_late = tigetflag("xenl") > 0;
    caps->moves_styled = tigetflag("msgr") > 0;
    caps->answers = tigetflag("XT") > 0;
    load_looks(caps, colors);
}

void termcap_free(struct termcap *caps)
{
    for (int i = 0; i < CAP_COUNT; i++)
        free(caps->caps[i]);
    *caps = (struct termcap){0};
}

bool termcap_is_usable(const struct termcap *caps)
{
    return caps->caps[CAP_CUP];
}

bool termcap_has(const struct termcap *caps, enum termcap_name name)
{
    return caps->caps[name];
}

/* ---- writing ---- */

static size_t add_number(char *out, int value)
{
    char digits[12];
    size_t len = 0;
    unsigned left = value > 0 ? (unsigned)value : 0;
    do {
        digits[len++] = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    for (size_t i = 0; i < len; i++)
        out[i] = digits[len - 1 - i];
    return len;
}

static size_t expand_any(const char *cap, int a, int b, char out[TERMCAP_SIZE])
{
    const char *text = tparm(cap, a, b, 0, 0, 0, 0, 0, 0, 0);
    size_t len = text ? strlen(text) : 0;
    if (len >= TERMCAP_SIZE)
        return 0;
    memcpy(out, text ? text : "", len);
    return len;
}

/* Most terminals' capabilities need no more than decimal numbers, which are
 * written here; all else is tparm()'s. */
size_t termcap_expand(const struct termcap *caps, enum termcap_name name, int a,
                      int b, char out[TERMCAP_SIZE])
{
    int args[] = {a, b};
    size_t len = 0;
    const char *cap = caps->caps[name];
    for (const char *at = cap; at && *at && len < TERMCAP_SIZE - 12;) {
        if (*at != '%') {
            out[len++] = *at++;
        } else if (at[1] == 'i') {
            args[0]++;
            args[1]++;
            at += 2;
        } else if (at[1] == 'p' && (at[2] == '1' || at[2] == '2') &&
                   at[3] == '%' && at[4] == 'd') {
            len += add_number(out + len, args[at[2] - '1']);
            at += 5;
        } else {
            return expand_any(cap, a, b, out);
        }
    }
    return len;
}

void termcap_add(const struct termcap *caps, enum termcap_name name, int a,
                 int b, struct buf *out)
{
    char bytes[TERMCAP_SIZE];
    buf_add(out, bytes, termcap_expand(caps, name, a, b, bytes));
}

void termcap_change_look(const struct termcap *caps, int from, int to,
                         struct buf *out)
{
    const struct look *look = &caps->looks[to];
    const struct look *before = from < 0 ? NULL : &caps->looks[from];
    if (from == to)
        return;
    if (to == LOOK_PLAIN) {
        buf_adds(out, caps->caps[CAP_SGR0]);
    } else if (from == LOOK_PLAIN && !caps->sgr) {
        buf_adds(out, look->enter);
    } else if (!caps->sgr) {
        buf_adds(out, caps->caps[CAP_SGR0]);
        buf_adds(out, look->enter);
    } else if (before && !before->attributes && look->color >= 0) {
        buf_addf(out, "\033[%sm", look->params); /* a colour covers a colour */
    } else {
        buf_addf(out, "\033[%s%sm", from == LOOK_PLAIN ? "" : "0;",
                 look->params);
    }
}
