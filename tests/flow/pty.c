/* Runs a program in a pseudo terminal and does what a script on standard input
 * says, one command a line; "#" begins a remark:
 *
 *   pty [-s WIDTHxHEIGHT] PROGRAM [ARGUMENT]… <SCRIPT
 *
 *   wait TEXT      until the screen shows it
 *   gone TEXT      until it does not
 *   shows TEXT, hides TEXT          as it is now
 *   keys TEXT      types it; \e ESC, \r, \t, \\, ^X a control key
 *   random SEED N  types N keys of all kinds but those that leave
 *   size WIDTHxHEIGHT
 *   signal NAME    to the program
 *   stopped        until it has stopped itself
 *   exit STATUS, killed NAME        until it has ended like that
 *   modes same|own the terminal's modes: as before the start, or not
 *   screen main|alternate           which is shown; the main one with nothing
 *                  left behind: margins, colours, modes, a hidden cursor
 *   margins        there are left and right margins, for who asks
 *   starve         from now on the program gets no more memory
 *   hangup         the terminal goes away
 *   erase          forgets what is shown: what is shown later is new
 *   ever, never colour|style|utf8|alternate|margins
 *                  in all that was written
 *   known          no sequence was written that xterm's terminfo lacks
 *   dump           prints the screen
 *
 * Exit status 0: all came as told. A wait that lasts 20 s fails. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "vt.h"

enum {
    PATIENCE_MS = 20 * 1000
};

static struct {
    pid_t child;
    int master, slave;
    struct termios before;
    struct vt *vt;
    bool stopped, ended, margins;
    int status; /* as waitpid() gave it */
    int line;   /* of the script */
} pty;

static int child_pipe[2];

static const struct {
    const char *name;
    int number;
} signals[] = {
    {"HUP", SIGHUP},   {"INT", SIGINT},     {"QUIT", SIGQUIT},
    {"ABRT", SIGABRT}, {"SEGV", SIGSEGV},   {"TERM", SIGTERM},
    {"CONT", SIGCONT}, {"STOP", SIGSTOP},   {"TSTP", SIGTSTP},
    {"KILL", SIGKILL}, {"WINCH", SIGWINCH},
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void dump(FILE *out)
{
    struct buf text = buf_make(0);
    vt_text(pty.vt, &text);
    fprintf(out, "--\n%s--\n", buf_str(&text));
    buf_free(&text);
}

static void fail(const char *what, const char *argument)
{
    fprintf(stderr, "line %d: %s %s\n", pty.line, what, argument);
    dump(stderr);
    if (!pty.ended)
        kill(pty.child, SIGKILL);
    exit(1);
}

static void on_child(int number)
{
    int saved = errno;
    char byte = (char)number;
    ssize_t written = write(child_pipe[1], &byte, 1);
    (void)written; /* a full pipe wakes as well */
    errno = saved;
}

static void reap(void)
{
    char bytes[64];
    int status;
    while (read(child_pipe[0], bytes, sizeof bytes) > 0)
        continue;
    while (!pty.ended &&
           waitpid(pty.child, &status, WNOHANG | WUNTRACED | WCONTINUED) > 0) {
        pty.stopped = WIFSTOPPED(status);
        pty.ended = WIFEXITED(status) || WIFSIGNALED(status);
        pty.status = status;
    }
}

/* Takes what the program wrote so far. */
static void drain(void)
{
    char bytes[4096];
    ssize_t len;
    while ((len = read(pty.master, bytes, sizeof bytes)) > 0)
        vt_feed(pty.vt, bytes, (size_t)len);
    const char *answer = pty.margins ? vt_answer(pty.vt) : NULL;
    if (answer && write(pty.master, answer, strlen(answer)) < 0)
        fail("no answer:", strerror(errno));
}

/* Waits for the program to write or to change state, at most so long. */
static void pump(int64_t ms)
{
    struct pollfd fds[] = {{.fd = pty.master, .events = POLLIN},
                           {.fd = child_pipe[0], .events = POLLIN}};
    poll(fds, 2, ms > 0 ? (int)ms : 0);
    reap();
    drain();
}

static bool is_shown(const char *text)
{
    struct buf all = buf_make(0);
    vt_text(pty.vt, &all);
    bool found = strstr(buf_str(&all), text) != NULL;
    buf_free(&all);
    return found;
}

/* A condition to wait for. */
typedef bool condition(const char *argument);

static bool is_hidden(const char *text)
{
    return !is_shown(text);
}

static bool is_stopped(const char *unused)
{
    (void)unused;
    return pty.stopped || pty.ended;
}

static bool is_ended(const char *unused)
{
    (void)unused;
    return pty.ended;
}

static void await(condition *holds, const char *what, const char *argument)
{
    int64_t deadline_ms = now_ms() + PATIENCE_MS;
    reap();
    drain();
    while (!holds(argument)) {
        int64_t left_ms = deadline_ms - now_ms();
        if (left_ms <= 0)
            fail("waited in vain for:", what);
        if (pty.ended && holds != is_ended)
            fail("it ended before:", what);
        pump(left_ms);
    }
}

/* Writes all, taking what the program writes meanwhile. */
static void type(const char *bytes, size_t len)
{
    while (len && !pty.ended) {
        ssize_t written = write(pty.master, bytes, len);
        if (written < 0 && errno != EAGAIN && errno != EINTR)
            fail("cannot type", strerror(errno));
        if (written > 0) {
            bytes += written;
            len -= (size_t)written;
        } else {
            pump(100);
        }
    }
}

static void type_script(const char *text)
{
    struct buf keys = buf_make(0);
    for (; *text; text++) {
        if (*text == '^' && text[1])
            buf_addc(&keys, (char)(*++text & 0x1f));
        else if (*text == '\\' && text[1])
            buf_addc(&keys, *++text == 'e' ? '\033'
                            : *text == 'r' ? '\r'
                            : *text == 't' ? '\t'
                                           : *text);
        else
            buf_addc(&keys, *text);
    }
    type(buf_str(&keys), keys.len);
    buf_free(&keys);
}

/* Everything but q, ^C, ^Z and ^\. A key's answer is not awaited, but what is
 * written meanwhile is taken. */
static void type_random(const char *argument)
{
    static const char *const keys[] = {
        "j",       "k",       "\033[A",     "\033[B",
        "\033OA",  "\033OB",  " ",          "b",
        "\033[5~", "\033[6~", "\x04",       "\x15",
        "g",       "G",       "\033[H",     "\033[F",
        "F",       "p",       "e",          "E",
        "/",       "n",       "N",          "&",
        "v",       "m",       "'",          "\"",
        "\r",      "za",      "-",          "+",
        "\t",      "\033[Z",  "w",          "\033[C",
        "\033[D",  "t",       "y",          "\x0c",
        "?",       "h",       "\033OP",     "\033",
        "\x7f",    "a",       "z",          "1",
        "ä",       "日",      "\033[200~x", "\033[<0;3;4M",
        "!",       "*",       "[",          "(",
        "\xff",    "\x80"};
    unsigned seed = 0, count = 0;
    if (sscanf(argument, "%u %u", &seed, &count) != 2)
        fail("random SEED COUNT, not", argument);
    while (count-- > 0) {
        seed = seed * 1103515245u + 12345u;
        const char *key = keys[(seed >> 16) % (sizeof keys / sizeof *keys)];
        type(key, strlen(key));
        pump(2);
    }
}

static int signal_number(const char *name)
{
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (strcmp(signals[i].name, name) == 0)
            return signals[i].number;
    fail("no signal is named", name);
    return 0;
}

static struct winsize read_size(const char *text)
{
    unsigned width = 0, height = 0;
    if (sscanf(text, "%ux%u", &width, &height) != 2 || !width || !height)
        fail("no size:", text);
    return (struct winsize){.ws_col = (unsigned short)width,
                            .ws_row = (unsigned short)height};
}

static void resize(const char *text)
{
    struct winsize size = read_size(text);
    drain();
    vt_resize(pty.vt, size.ws_col, size.ws_row);
    vt_erase(pty.vt);
    ioctl(pty.master, TIOCSWINSZ, &size);
}

static bool same_modes(void)
{
    struct termios now;
    return tcgetattr(pty.slave, &now) == 0 &&
           now.c_iflag == pty.before.c_iflag &&
           now.c_oflag == pty.before.c_oflag &&
           now.c_cflag == pty.before.c_cflag &&
           now.c_lflag == pty.before.c_lflag &&
           memcmp(now.c_cc, pty.before.c_cc, sizeof now.c_cc) == 0;
}

/* What holds or does not, now. */

static void require(bool holds, const char *what, const char *argument)
{
    if (!holds)
        fail(what, argument);
}

static void require_end(bool by_signal, int number, const char *argument)
{
    char got[60];
    await(is_ended, by_signal ? "killed" : "exit", argument);
    snprintf(got, sizeof got, "%s %d instead of %d",
             WIFSIGNALED(pty.status) ? "signal" : "exit status",
             WIFSIGNALED(pty.status) ? WTERMSIG(pty.status)
                                     : WEXITSTATUS(pty.status),
             number);
    bool same =
        by_signal ? WIFSIGNALED(pty.status) && WTERMSIG(pty.status) == number
                  : WIFEXITED(pty.status) && WEXITSTATUS(pty.status) == number;
    require(same, "it ended with", got);
}

static bool was_written(const char *what)
{
    const struct vt_facts *facts = vt_facts(pty.vt);
    if (strcmp(what, "colour") == 0)
        return facts->colored;
    if (strcmp(what, "style") == 0)
        return facts->styled;
    if (strcmp(what, "margins") == 0)
        return facts->had_margins;
    return strcmp(what, "utf8") == 0 ? facts->not_ascii : facts->entered;
}

static void require_screen(const char *which)
{
    bool wanted = strcmp(which, "alternate") == 0;
    const char *left_over = wanted ? NULL : vt_left_over(pty.vt);
    require(vt_facts(pty.vt)->alternate == wanted, "the screen is not the",
            which);
    require(!left_over, "what is left behind:", left_over);
}

/* From now on the program gets no more memory than it has. */
static void starve(void)
{
    char path[40];
    unsigned long pages = 0;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pty.child);
    FILE *in = fopen(path, "re");
    if (!in || fscanf(in, "%lu", &pages) != 1)
        fail("cannot read", path);
    fclose(in);
    rlim_t size = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
    struct rlimit limit = {size, size};
    if (prlimit(pty.child, RLIMIT_AS, &limit, NULL) != 0)
        fail("no limit:", strerror(errno));
}

/* The terminal goes away, as at the end of a connection. */
static void hang_up(void)
{
    drain();
    close(pty.master);
    pty.master = -1;
}

/* Commands that take hold at once; false: it is none of them. */
static bool check(const char *command, const char *argument)
{
    drain();
    if (strcmp(command, "shows") == 0)
        require(is_shown(argument), "not shown:", argument);
    else if (strcmp(command, "hides") == 0)
        require(!is_shown(argument), "shown:", argument);
    else if (strcmp(command, "modes") == 0)
        require(same_modes() == (strcmp(argument, "same") == 0),
                "the terminal's modes are not", argument);
    else if (strcmp(command, "screen") == 0)
        require_screen(argument);
    else if (strcmp(command, "never") == 0)
        require(!was_written(argument), "it wrote", argument);
    else if (strcmp(command, "ever") == 0)
        require(was_written(argument), "it never wrote", argument);
    else if (strcmp(command, "known") == 0)
        require(!vt_facts(pty.vt)->unknown,
                "an unknown sequence:", vt_facts(pty.vt)->last_unknown);
    else
        return false;
    return true;
}

static void obey(const char *command, const char *argument)
{
    if (strcmp(command, "wait") == 0)
        await(is_shown, argument, argument);
    else if (strcmp(command, "gone") == 0)
        await(is_hidden, argument, argument);
    else if (strcmp(command, "keys") == 0)
        type_script(argument);
    else if (strcmp(command, "random") == 0)
        type_random(argument);
    else if (strcmp(command, "size") == 0)
        resize(argument);
    else if (strcmp(command, "signal") == 0)
        kill(pty.child, signal_number(argument));
    else if (strcmp(command, "stopped") == 0)
        await(is_stopped, command, argument);
    else if (strcmp(command, "exit") == 0)
        require_end(false, atoi(argument), argument);
    else if (strcmp(command, "killed") == 0)
        require_end(true, signal_number(argument), argument);
    else if (strcmp(command, "margins") == 0)
        pty.margins = true;
    else if (strcmp(command, "starve") == 0)
        starve();
    else if (strcmp(command, "hangup") == 0)
        hang_up();
    else if (strcmp(command, "erase") == 0)
        vt_erase(pty.vt);
    else if (strcmp(command, "dump") == 0)
        dump(stdout);
    else if (!check(command, argument))
        fail("no such command:", command);
}

static void run_script(void)
{
    char line[1000];
    while (fgets(line, sizeof line, stdin)) {
        pty.line++;
        line[strcspn(line, "\n")] = '\0';
        char *command = line + strspn(line, " ");
        if (!*command || *command == '#')
            continue;
        char *argument = command + strcspn(command, " ");
        if (*argument)
            *argument++ = '\0';
        obey(command, argument);
    }
}

static void prepare(void)
{
    struct sigaction action = {.sa_handler = on_child};
    sigemptyset(&action.sa_mask);
    if (pipe(child_pipe) != 0)
        fail("no pipe:", strerror(errno));
    for (int i = 0; i < 2; i++) {
        fcntl(child_pipe[i], F_SETFL, O_NONBLOCK);
        fcntl(child_pipe[i], F_SETFD, FD_CLOEXEC);
    }
    sigaction(SIGCHLD, &action, NULL);
}

static void open_terminal(struct winsize size)
{
    pty.master = posix_openpt(O_RDWR | O_NOCTTY);
    if (pty.master < 0 || grantpt(pty.master) != 0 || unlockpt(pty.master) != 0)
        fail("no pseudo terminal:", strerror(errno));
    pty.slave = open(ptsname(pty.master), O_RDWR | O_NOCTTY);
    if (pty.slave < 0 || tcgetattr(pty.slave, &pty.before) != 0)
        fail("no terminal:", strerror(errno));
    ioctl(pty.slave, TIOCSWINSZ, &size);
}

/* As the leader of a session on the terminal. */
static void become(char **argv)
{
    setsid();
    ioctl(pty.slave, TIOCSCTTY, 0);
    for (int fd = 0; fd <= 2; fd++)
        dup2(pty.slave, fd);
    close(pty.slave);
    close(pty.master);
    execvp(argv[0], argv);
    _exit(127);
}

static void start(struct winsize size, char **argv)
{
    open_terminal(size);
    pty.vt = vt_create(size.ws_col, size.ws_row);
    pty.child = fork();
    if (pty.child == 0)
        become(argv);
    fcntl(pty.master, F_SETFL, O_NONBLOCK);
    fcntl(pty.master, F_SETFD, FD_CLOEXEC);
}

int main(int argc, char **argv)
{
    struct winsize size = {.ws_col = 80, .ws_row = 24};
    int first = 1;
    if (argc > 3 && strcmp(argv[1], "-s") == 0) {
        size = read_size(argv[2]);
        first = 3;
    }
    if (argc <= first) {
        fputs("usage: pty [-s WIDTHxHEIGHT] PROGRAM [ARGUMENT]…\n", stderr);
        return 2;
    }
    prepare();
    start(size, argv + first);
    run_script();
    if (!pty.ended) {
        kill(pty.child, SIGKILL);
        await(is_ended, "its end", "");
    }
    vt_destroy(pty.vt);
    return 0;
}
