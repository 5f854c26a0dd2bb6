#include "config.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#ifdef __linux__
#include <sys/prctl.h>
#endif
#include <unistd.h>

#include "app/client.h"
#include "app/complain.h"
#include "app/demo.h"
#include "app/exit_code.h"
#include "app/follow.h"
#include "app/options.h"
#include "app/play_command.h"
#include "app/settings.h"
#include "app/source_options.h"
#include "app/token_command.h"
#include "app/zone.h"
#include "base/mem.h"
#include "io/screen.h"
#include "wire/url.h"

static void on_crash(int number)
{
    screen_emergency_restore();
    signal(number, SIG_DFL);
    raise(number);
}

/* A crash must not leave the terminal in ruins, nor a core file with tokens
 * in it, nor may others of the same user read the memory. Cores that are piped
 * to a program heed no limit, hence both. */
static void guard_crashes(void)
{
    enum {
        STACK_SIZE = 64 * 1024 /* more than any system wants at least */
    };
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    static char stack[STACK_SIZE]; /* the usual one may be what is full */
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    struct rlimit none = {0, 0};
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaltstack(&other, NULL);
    mem_set_last_act(screen_emergency_restore);
    setrlimit(RLIMIT_CORE, &none);
#ifdef PR_SET_DUMPABLE
    prctl(PR_SET_DUMPABLE, 0);
#endif
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigaction(crashes[i], &action, NULL);
}

/* A standard descriptor that is closed would be taken by the next thing that
 * is opened, and a socket written to in its place. What is put there instead
 * cannot be used either: that is an error where it matters. */
static void guard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* A limit on the size of files is a disk that is full: whoever writes is told,
 * and nobody is killed. */
static void guard_writing(void)
{
    signal(SIGXFSZ, SIG_IGN);
}

/* As a shell's word. */
static void add_word(struct buf *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./:@%+=,";
    if (*word && !word[strspn(word, plain)]) {
        buf_adds(out, word);
        return;
    }
    buf_addc(out, '\'');
    for (; *word; word++)
        buf_adds(out, *word == '\'' ? "'\\''" : (char[]){*word, '\0'});
    buf_addc(out, '\'');
}

/* The option once more; not what may be a secret: a command, or a URL with
 * more in it than is shown anywhere. */
static void add_option(struct buf *out, const char *name, const char *value,
                       bool is_url)
{
    struct buf shown = buf_make(0);
    if (value && is_url)
        url_for_display(&shown, value);
    if (value && (!is_url || strcmp(buf_str(&shown), value) == 0)) {
        buf_addf(out, " --%s ", name);
        add_word(out, value);
    }
    buf_free(&shown);
}

static void add_again(struct buf *out, const struct options *options,
                      const char *run)
{
    buf_adds(out, "the run goes on; to follow it again: runtail ");
    add_word(out, run);
    add_option(out, "api-url", options->api_url, true);
    add_option(out, "token-url", options->token_url, true);
    add_option(out, "poll-url", options->poll_url, true);
    add_option(out, "token-file", options->token_file, false);
    add_option(out, "profile", options->profile, false);
    add_option(out, "cacert", options->ca_file, false);
}

static int follow(const struct options *options, struct settings *settings,
                  const char *run)
{
    struct buf again = buf_make(0);
    bool is_run =
        options->command != COMMAND_AGENT && options->command != COMMAND_SSE;
    add_again(&again, options, run);
    int code =
        follow_run(options, settings, run, is_run ? buf_str(&again) : NULL);
    buf_free(&again);
    return code;
}

/* With settings at hand: the commands that work on a run. */
static int run_command(const struct options *options)
{
    struct error err = {0};
    struct settings settings;
    char *run = source_options_name(options);
    int code;
    if (!run)
        error_set(&err, ERROR_USAGE,
                  "\"%.100s\" is no run id (run_1234) nor the URL of a run",
                  options->target);
    bool good = settings_load(&settings, options, &err) && run &&
                client_check_authorities(options, &err);
    if (!good)
        code = complain(&err);
    else if (options->command == COMMAND_TOKEN)
        code = token_command(options, &settings, run);
    else
        code = follow(options, &settings, run);
    settings_free(&settings);
    free(run);
    return code;
}

static int dispatch(const struct options *options)
{
    switch (options->command) {
    case COMMAND_HELP:
        options_print_help();
        return EXIT_COMPLETED;
    case COMMAND_HELP_ALL:
        options_print_help_all();
        return EXIT_COMPLETED;
    case COMMAND_VERSION:
        puts(PACKAGE_NAME " " PACKAGE_VERSION);
        return EXIT_COMPLETED;
    case COMMAND_DEMO:
        return demo_run(options);
    case COMMAND_PLAY:
        return play_command(options);
    case COMMAND_WATCH:
    case COMMAND_SHOW:
    case COMMAND_TOKEN:
    case COMMAND_STREAM:
    case COMMAND_SSE:
    case COMMAND_AGENT:
        break;
    }
    return run_command(options);
}

/* A megabyte that was freed is kept for what is wanted next. Else glibc
 * may give it back to the system after each answer, and has to have each page
 * made anew for the next one: half of what an update costs. */
static void keep_freed(void)
{
#ifdef __GLIBC__
    enum {
        KEPT = 1536 * 1024,
        OF_ITS_OWN = 2 * 1024 * 1024 /* bytes of what is mapped for itself */
    };
    mallopt(M_TRIM_THRESHOLD, KEPT);
    mallopt(M_MMAP_THRESHOLD, OF_ITS_OWN);
#endif
}

int main(int argc, char **argv)
{
    struct error err = {0};
    struct options options;
    guard_descriptors();
    setlocale(LC_CTYPE, "");
    guard_crashes();
    guard_writing();
    if (!options_parse(&options, argc, argv, &err) ||
        !zone_set(options.zone, &err))
        return complain(&err);
    keep_freed();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int code = dispatch(&options);
    curl_global_cleanup();
    return code;
}
