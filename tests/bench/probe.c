/* Runs a program and measures it: how many bytes it writes, when its screen
 * shows what, what it costs. Prints one JSON object.
 *
 *   probe [option]... -- PROGRAM [ARGUMENT]...
 *
 *   --null           standard output is /dev/null; else it is a terminal
 *   --size WxH       of the terminal (120x40)
 *   --margins        who asks is told that there are left and right margins
 *   --marker TEXT    the program is up when its screen shows TEXT
 *   --marker-line N  or line N, or a later one
 *   --settle MS      and then waits so long before anything else is done
 *   --run COMMAND    then runs that in a shell, beside the program
 *   --press KEYS     then presses these (\e, \r, \xHH); may stand many times
 *   --resize WxH     or changes the size; counts as a press
 *   --expect TEXT    the press before is answered when the screen shows TEXT;
 *                    without it, when nothing has come for 60 ms
 *   --gap MS         between presses (30)
 *   --until-line N   over when line N, or a later one, is on the screen
 *   --until-marker   over when the marker is seen
 *   --for MS         over so long after all that
 *   --log FILE       the sender's log: latencies are told. The sender is
 *   --sender PID     sent SIGTERM when all is over, to make it write the log
 *   --timeout S      over at the latest (60)
 *   --screen FILE    writes the screen as it was at the end
 *
 * What is counted "in the window" is counted from the marker (and --settle)
 * to the end. A program that goes on is sent SIGTERM at the end. Lines on the
 * screen carry their number as '#' and seven digits. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "proc.h"
#include "vt.h"

enum {
    MAX_PRESSES = 64,
    QUIET_MS = 60,   /* without bytes: the answer to a key is over */
    SILENT_MS = 1500 /* no answer at all */
};

struct press {
    const char *keys; /* NULL: a new size */
    int width, height;
    const char *expect;       /* NULL: silence */
    double first_ms, done_ms; /* after it was pressed; -1: never */
    size_t bytes;
};

struct options {
    bool null, until_marker, margins;
    int width, height;
    const char *marker, *run, *log, *screen;
    double settle_ms, gap_ms, for_ms, timeout_ms;
    long marker_line, until_line; /* -1: none */
    pid_t sender;
    struct press presses[MAX_PRESSES];
    int press_count;
};

/* When the highest number in sight changed. */
struct sight {
    double at_ms;
    long line;
};

enum stage {
    STARTING, /* no marker yet */
    SETTLING,
    PRESSING,
    WAITING, /* for the last line, or the time to pass */
    OVER
};

struct probe {
    struct options options;
    pid_t pid, beside;
    int fd; /* of the terminal; -1 */
    struct vt *vt;
    enum stage stage;
    double start_ms, stage_ms;         /* steady clock */
    double marker_ms, end_ms, last_ms; /* of the marker, end, last byte */
    size_t bytes, window_bytes, marker_bytes;
    struct proc window_from, window_to;
    long line, window_line; /* the newest in sight; when the window opened */
    struct sight *sights;
    size_t sight_count, sight_size;
    int pressed;       /* index of the next press, or of the one under way */
    double pressed_ms; /* 0: none is under way */
    size_t pressed_bytes;
    bool timed_out, exited;
};

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void fail(const char *what)
{
    perror(what);
    exit(2);
}

/* The program. */

static void exec_program(const struct options *options, char **argv)
{
    if (options->null) {
        int fd = open("/dev/null", O_WRONLY);
        if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
            fail("/dev/null");
    } else {
        setenv("TERM", "xterm-256color", 1);
    }
    execvp(argv[0], argv);
    fail(argv[0]);
}

static void start(struct probe *probe, char **argv)
{
    struct winsize size = {.ws_row = (unsigned short)probe->options.height,
                           .ws_col = (unsigned short)probe->options.width};
    probe->start_ms = probe->stage_ms = now_ms();
    probe->fd = -1;
    probe->pid =
        probe->options.null ? fork() : forkpty(&probe->fd, NULL, NULL, &size);
    if (probe->pid < 0)
        fail("fork");
    if (probe->pid == 0)
        exec_program(&probe->options, argv);
    if (probe->fd >= 0)
        fcntl(probe->fd, F_SETFL, O_NONBLOCK);
    probe->vt = vt_create(probe->options.width, probe->options.height);
}

static void run_beside(struct probe *probe)
{
    if (!probe->options.run)
        return;
    probe->beside = fork();
    if (probe->beside == 0) {
        execl("/bin/sh", "sh", "-c", probe->options.run, (char *)NULL);
        _exit(127);
    }
}

/* Presses. */

static void send_keys(int fd, const char *keys)
{
    struct buf bytes = buf_make(0);
    for (const char *p = keys; *p; p++) {
        if (*p != '\\' || !p[1]) {
            buf_addc(&bytes, *p);
            continue;
        }
        p++;
        if (*p == 'x' && isxdigit((unsigned char)p[1])) {
            char digits[3] = {p[1], p[2], '\0'};
            buf_addc(&bytes, (char)strtol(digits, NULL, 16));
            p += 2;
        } else {
            buf_addc(&bytes, (char)(*p == 'e'   ? '\033'
                                    : *p == 'r' ? '\r'
                                                : *p));
        }
    }
    if (write(fd, bytes.data, bytes.len) < 0)
        perror("keys");
    buf_free(&bytes);
}

static void press(struct probe *probe)
{
    const struct press *press = &probe->options.presses[probe->pressed];
    probe->pressed_ms = now_ms();
    probe->pressed_bytes = probe->bytes;
    if (press->keys) {
        send_keys(probe->fd, press->keys);
        return;
    }
    struct winsize size = {.ws_row = (unsigned short)press->height,
                           .ws_col = (unsigned short)press->width};
    vt_resize(probe->vt, press->width, press->height);
    ioctl(probe->fd, TIOCSWINSZ, &size);
}

static void press_done(struct probe *probe, double done_ms)
{
    struct press *press = &probe->options.presses[probe->pressed++];
    press->done_ms = done_ms;
    press->bytes = probe->bytes - probe->pressed_bytes;
    if (!press->bytes)
        press->done_ms = press->first_ms = -1;
    probe->pressed_ms = 0;
    probe->stage_ms = now_ms();
}

/* One look at the presses; false when all are done. */
static bool pressing(struct probe *probe, double now)
{
    if (probe->pressed == probe->options.press_count)
        return false;
    struct press *at = &probe->options.presses[probe->pressed];
    if (!probe->pressed_ms) {
        if (now - probe->stage_ms >= probe->options.gap_ms) {
            at->first_ms = -1;
            press(probe);
        }
        return true;
    }
    bool answered = probe->bytes > probe->pressed_bytes;
    double since_ms = now - (answered ? probe->last_ms : probe->pressed_ms);
    if (at->expect ? now - probe->pressed_ms > SILENT_MS * 4
                   : since_ms > (answered ? QUIET_MS : SILENT_MS))
        press_done(probe, at->expect ? -1 : probe->last_ms - probe->pressed_ms);
    return true;
}

/* What the program writes. */

static void note_line(struct probe *probe, double now)
{
    long line = vt_newest(probe->vt);
    if (line == probe->line)
        return;
    probe->line = line;
    if (probe->sight_count == probe->sight_size) {
        probe->sight_size = probe->sight_size ? probe->sight_size * 2 : 1024;
        probe->sights =
            mem_resize(probe->sights, probe->sight_size, sizeof *probe->sights);
    }
    probe->sights[probe->sight_count++] = (struct sight){now, line};
}

static void note_answer(struct probe *probe, double now)
{
    struct press *at = &probe->options.presses[probe->pressed];
    if (!probe->pressed_ms)
        return;
    if (at->first_ms < 0)
        at->first_ms = now - probe->pressed_ms;
    if (at->expect && vt_shows(probe->vt, at->expect))
        press_done(probe, now - probe->pressed_ms);
}

static bool waits_for_marker(const struct options *options)
{
    return options->marker || options->marker_line >= 0;
}

static bool is_up(const struct probe *probe)
{
    const struct options *options = &probe->options;
    if (options->marker_line >= 0)
        return probe->line >= options->marker_line;
    return options->marker && vt_shows(probe->vt, options->marker);
}

static void read_output(struct probe *probe)
{
    static char bytes[64 * 1024];
    ssize_t len = read(probe->fd, bytes, sizeof bytes);
    double now = now_ms();
    if (len <= 0) {
        /* EIO: nobody has the terminal open any more */
        probe->exited |= len == 0 || errno == EIO;
        return;
    }
    probe->bytes += (size_t)len;
    probe->last_ms = now;
    vt_feed(probe->vt, bytes, (size_t)len);
    const char *answer = "\033[?69;2$y";
    if (vt_asks_for_margins(probe->vt) && probe->options.margins &&
        write(probe->fd, answer, strlen(answer)) < 0)
        perror("write");
    note_line(probe, now);
    note_answer(probe, now);
    if (probe->stage == STARTING && is_up(probe)) {
        probe->marker_ms = probe->stage_ms = now;
        probe->marker_bytes = probe->bytes;
        probe->stage = SETTLING;
    }
}

/* From stage to stage. */

static void open_window(struct probe *probe, double now)
{
    probe->window_bytes = probe->bytes;
    probe->window_line = probe->line;
    probe->window_from = proc_read(probe->pid);
    probe->stage = PRESSING;
    probe->stage_ms = now;
    run_beside(probe);
}

static bool is_over(const struct probe *probe, double now)
{
    const struct options *options = &probe->options;
    if (options->until_line >= 0)
        return probe->line >= options->until_line;
    if (options->for_ms > 0)
        return now - probe->stage_ms >= options->for_ms;
    return options->until_marker || options->press_count;
}

static void go_on(struct probe *probe, double now)
{
    switch (probe->stage) {
    case STARTING:
        if (!waits_for_marker(&probe->options))
            open_window(probe, now);
        break;
    case SETTLING:
        if (now - probe->stage_ms >= probe->options.settle_ms)
            open_window(probe, now);
        break;
    case PRESSING:
        if (!pressing(probe, now)) {
            probe->stage = WAITING;
            probe->stage_ms = now;
        }
        break;
    case WAITING:
        if (is_over(probe, now))
            probe->stage = OVER;
        break;
    case OVER:
        break;
    }
    if (now - probe->start_ms > probe->options.timeout_ms) {
        probe->stage = OVER;
        probe->timed_out = true;
    }
}

static bool has_exited(const struct probe *probe)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)probe->pid, &info,
                  WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == probe->pid;
}

/* Until it is over or the program has ended. While nothing is timed, the wait
 * is long: the probe must not take the processor from what it measures. */
static void watch(struct probe *probe)
{
    while (probe->stage != OVER && !probe->exited) {
        struct pollfd fd = {.fd = probe->fd, .events = POLLIN};
        bool busy = probe->stage == SETTLING || probe->stage == PRESSING ||
                    probe->options.for_ms > 0;
        if (poll(&fd, 1, probe->options.null ? 2 : busy ? 5 : 50) > 0)
            read_output(probe);
        else
            probe->exited |= has_exited(probe);
        enum stage before;
        do {
            before = probe->stage;
            go_on(probe, now_ms());
        } while (probe->stage != before);
    }
    probe->end_ms = now_ms();
    probe->window_to = proc_read(probe->pid);
    probe->window_bytes = probe->bytes - probe->window_bytes;
}

/* The end. */

static void write_screen(const struct probe *probe)
{
    struct buf text = buf_make(0);
    FILE *file =
        probe->options.screen ? fopen(probe->options.screen, "w") : NULL;
    for (int y = 0; file && y < vt_height(probe->vt); y++) {
        vt_row(probe->vt, y, &text);
        buf_addc(&text, '\n');
    }
    if (file) {
        fputs(buf_str(&text), file);
        fclose(file);
    }
    buf_free(&text);
}

/* Waits for the program, reading what it still writes, for two seconds at
 * most. */
static void end_program(struct probe *probe, struct rusage *usage, int *status)
{
    static char bytes[4096];
    double begun = now_ms();
    if (!probe->exited)
        kill(probe->pid, SIGTERM);
    while (wait4(probe->pid, status, WNOHANG, usage) == 0) {
        struct pollfd fd = {.fd = probe->fd, .events = POLLIN};
        poll(&fd, 1, 2);
        if (fd.revents && read(probe->fd, bytes, sizeof bytes) < 0)
            usleep(1000);
        if (now_ms() - begun > 2000)
            kill(probe->pid, SIGKILL);
    }
    if (probe->beside > 0) {
        kill(probe->beside, SIGTERM);
        waitpid(probe->beside, NULL, 0);
    }
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static double quantile(const double *sorted, size_t count, double part)
{
    return count ? sorted[(size_t)(part * (double)(count - 1) + 0.5)] : -1;
}

static void print_spread(const char *name, double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_size);
    printf(",\"%s_p50_ms\":%.3f,\"%s_p99_ms\":%.3f,\"%s_max_ms\":%.3f", name,
           quantile(values, count, .5), name, quantile(values, count, .99),
           name, quantile(values, count, 1));
}

static void print_presses(const struct probe *probe)
{
    double first[MAX_PRESSES], done[MAX_PRESSES], bytes[MAX_PRESSES];
    size_t count = 0;
    for (int i = 0; i < probe->pressed; i++) {
        const struct press *press = &probe->options.presses[i];
        if (press->done_ms < 0)
            continue;
        first[count] = press->first_ms;
        bytes[count] = (double)press->bytes;
        done[count++] = press->done_ms;
    }
    printf(",\"presses\":%d,\"answered\":%zu,\"press1_ms\":%.3f",
           probe->options.press_count, count, count ? done[0] : -1);
    printf(",\"press_last_ms\":%.3f", count ? done[count - 1] : -1);
    print_spread("press_first_byte", first, count);
    print_spread("press", done, count);
    qsort(bytes, count, sizeof *bytes, by_size);
    printf(",\"press_bytes\":%.0f", quantile(bytes, count, .5));
}

/* Latency of a line: from being sent to the first sight of it or of a later
 * one. A number that was not sent yet is one that is half painted. */
static void print_latencies(const struct probe *probe)
{
    struct sent_line {
        long line;
        double sent_ms;
    } *sent = NULL;
    size_t count = 0, seen = 0, known = 0;
    long line, newest = -1;
    long long due, at;
    FILE *file = fopen(probe->options.log, "r");
    while (file && fscanf(file, "%ld %lld %lld", &line, &due, &at) == 3) {
        sent = mem_resize(sent, count + 1, sizeof *sent);
        sent[count++] = (struct sent_line){line, (double)at / 1e6};
    }
    double *took = mem_zalloc(count + 1, sizeof *took);
    for (size_t i = 0; i < probe->sight_count; i++) {
        const struct sight *sight = &probe->sights[i];
        for (; known < count && sent[known].sent_ms <= sight->at_ms; known++)
            newest = sent[known].line;
        if (sight->line > newest)
            continue;
        for (; seen < count && sent[seen].line <= sight->line; seen++)
            took[seen] = sight->at_ms - sent[seen].sent_ms;
    }
    printf(",\"sent\":%zu,\"painted\":%zu", count, seen);
    print_spread("latency", took, seen);
    if (file)
        fclose(file);
    free(sent);
    free(took);
}

/* The sender writes its log as its last act, under its name when it is whole.
 */
static void wait_for_log(const struct options *options)
{
    if (options->sender > 0)
        kill(options->sender, SIGTERM);
    for (int i = 0; i < 1000 && access(options->log, R_OK) != 0; i++)
        usleep(5000);
}

static double cpu_of(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1e3 +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e3;
}

static void print_report(struct probe *probe)
{
    struct rusage usage = {0};
    int status = 0;
    const struct proc *from = &probe->window_from, *to = &probe->window_to;
    bool ended = probe->exited;
    end_program(probe, &usage, &status);
    double cpu_ms = cpu_of(&usage);
    double window_cpu_ms = (ended ? cpu_ms : to->cpu_ms) - from->cpu_ms;
    printf("{\"exit\":%d,\"timed_out\":%d,\"wall_ms\":%.3f",
           WIFEXITED(status) ? WEXITSTATUS(status) : -1, probe->timed_out,
           probe->end_ms - probe->start_ms);
    printf(",\"marker_ms\":%.3f",
           probe->marker_ms > 0 ? probe->marker_ms - probe->start_ms : -1);
    printf(",\"cpu_ms\":%.3f,\"marker_cpu_ms\":%.3f", cpu_ms, from->cpu_ms);
    printf(",\"hwm_kb\":%ld,\"anon_kb\":%ld",
           to->peak_kb > 0 ? to->peak_kb : usage.ru_maxrss, to->anon_kb);
    printf(",\"bytes\":%zu,\"marker_bytes\":%zu", probe->bytes,
           probe->marker_bytes);
    printf(",\"window_bytes\":%zu,\"window_cpu_ms\":%.3f", probe->window_bytes,
           window_cpu_ms);
    printf(",\"window_switches\":%lu", to->switches - from->switches);
    printf(",\"line\":%ld,\"window_lines\":%ld,\"unknown\":%lu", probe->line,
           probe->line - probe->window_line, vt_unknown(probe->vt));
    if (probe->options.press_count)
        print_presses(probe);
    if (probe->options.log) {
        wait_for_log(&probe->options);
        print_latencies(probe);
    }
    printf("}\n");
}

/* Options. */

enum {
    OPTION_NULL = 256,
    OPTION_MARGINS,
    OPTION_SIZE,
    OPTION_MARKER,
    OPTION_MARKER_LINE,
    OPTION_SETTLE,
    OPTION_RUN,
    OPTION_PRESS,
    OPTION_RESIZE,
    OPTION_EXPECT,
    OPTION_GAP,
    OPTION_UNTIL_LINE,
    OPTION_UNTIL_MARKER,
    OPTION_FOR,
    OPTION_LOG,
    OPTION_SENDER,
    OPTION_TIMEOUT,
    OPTION_SCREEN
};

static const struct option long_options[] = {
    {"null", no_argument, NULL, OPTION_NULL},
    {"margins", no_argument, NULL, OPTION_MARGINS},
    {"size", required_argument, NULL, OPTION_SIZE},
    {"marker", required_argument, NULL, OPTION_MARKER},
    {"marker-line", required_argument, NULL, OPTION_MARKER_LINE},
    {"settle", required_argument, NULL, OPTION_SETTLE},
    {"run", required_argument, NULL, OPTION_RUN},
    {"press", required_argument, NULL, OPTION_PRESS},
    {"resize", required_argument, NULL, OPTION_RESIZE},
    {"expect", required_argument, NULL, OPTION_EXPECT},
    {"gap", required_argument, NULL, OPTION_GAP},
    {"until-line", required_argument, NULL, OPTION_UNTIL_LINE},
    {"until-marker", no_argument, NULL, OPTION_UNTIL_MARKER},
    {"for", required_argument, NULL, OPTION_FOR},
    {"log", required_argument, NULL, OPTION_LOG},
    {"sender", required_argument, NULL, OPTION_SENDER},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"screen", required_argument, NULL, OPTION_SCREEN},
    {0},
};

static void read_size(const char *text, int *width, int *height)
{
    if (sscanf(text, "%dx%d", width, height) != 2 || *width < 10 ||
        *height < 2) {
        fprintf(stderr, "probe: no size: %s\n", text);
        exit(2);
    }
}

static struct press *add_press(struct options *options, const char *keys)
{
    if (options->press_count == MAX_PRESSES) {
        fputs("probe: too many presses\n", stderr);
        exit(2);
    }
    struct press *press = &options->presses[options->press_count++];
    press->keys = keys;
    return press;
}

static void take_press(struct options *options, int option)
{
    struct press *press;
    switch (option) {
    case OPTION_PRESS:
        add_press(options, optarg);
        break;
    case OPTION_RESIZE:
        press = add_press(options, NULL);
        read_size(optarg, &press->width, &press->height);
        break;
    case OPTION_EXPECT:
        if (options->press_count)
            options->presses[options->press_count - 1].expect = optarg;
        break;
    default:
        break;
    }
}

static void take_number(struct options *options, int option)
{
    double number = optarg ? strtod(optarg, NULL) : 0;
    switch (option) {
    case OPTION_SETTLE:
        options->settle_ms = number;
        break;
    case OPTION_GAP:
        options->gap_ms = number;
        break;
    case OPTION_MARKER_LINE:
        options->marker_line = (long)number;
        break;
    case OPTION_UNTIL_LINE:
        options->until_line = (long)number;
        break;
    case OPTION_FOR:
        options->for_ms = number;
        break;
    case OPTION_SENDER:
        options->sender = (pid_t)number;
        break;
    case OPTION_TIMEOUT:
        options->timeout_ms = number * 1000;
        break;
    default:
        break;
    }
}

static void take_option(struct options *options, int option)
{
    switch (option) {
    case OPTION_NULL:
        options->null = true;
        break;
    case OPTION_MARGINS:
        options->margins = true;
        break;
    case OPTION_SIZE:
        read_size(optarg, &options->width, &options->height);
        break;
    case OPTION_MARKER:
        options->marker = optarg;
        break;
    case OPTION_RUN:
        options->run = optarg;
        break;
    case OPTION_UNTIL_MARKER:
        options->until_marker = true;
        break;
    case OPTION_LOG:
        options->log = optarg;
        break;
    case OPTION_SCREEN:
        options->screen = optarg;
        break;
    default:
        take_press(options, option);
        take_number(options, option);
    }
}

int main(int argc, char **argv)
{
    struct probe probe = {.line = -1};
    int option;
    probe.options = (struct options){.width = 120,
                                     .height = 40,
                                     .marker_line = -1,
                                     .until_line = -1,
                                     .gap_ms = 30,
                                     .timeout_ms = 60000};
    while ((option = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
        if (option == '?')
            return 2;
        take_option(&probe.options, option);
    }
    if (optind == argc) {
        fputs("probe: which program?\n", stderr);
        return 2;
    }
    start(&probe, argv + optind);
    watch(&probe);
    write_screen(&probe);
    print_report(&probe);
    vt_destroy(probe.vt);
    free(probe.sights);
    return probe.timed_out ? 3 : 0;
}
