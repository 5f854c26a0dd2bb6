#include "config.h"

#include "play.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

enum {
    LIMIT_MS = 15 * 1000, /* a net below, as in all tests */
    MAX_WORDS = 32,
    HASTE = 200
};

struct child {
    pid_t pid;
    int out, err; /* -1: not ours, or ended */
};

static int64_t now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void fail(const char *what)
{
    perror(what);
    exit(99);
}

static void open_pipe(int ends[2])
{
    if (pipe(ends) != 0)
        fail("pipe");
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
}

/* environment: NULL for ours. err: read what it says there, too. */
static struct child start(char *const *words, char *const *environment,
                          bool err)
{
    int out_pipe[2], err_pipe[2] = {-1, -1};
    open_pipe(out_pipe);
    if (err)
        open_pipe(err_pipe);
    pid_t pid = fork();
    if (pid < 0)
        fail("fork");
    if (pid == 0) {
        int nothing = open("/dev/null", O_RDONLY);
        dup2(nothing, 0);
        dup2(out_pipe[1], 1);
        if (err)
            dup2(err_pipe[1], 2);
        if (environment)
            execve(words[0], words, environment);
        else
            execv(words[0], words);
        _exit(127);
    }
    close(out_pipe[1]);
    if (err)
        close(err_pipe[1]);
    return (struct child){pid, out_pipe[0], err_pipe[0]};
}

static int end(struct child *child)
{
    int status = 0;
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (child->out >= 0)
        close(child->out);
    if (child->err >= 0)
        close(child->err);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Reads what there is; false at the end. */
static bool read_some(int *fd, short events, struct buf *into)
{
    char piece[65536];
    if (*fd < 0 || !events)
        return *fd >= 0;
    ssize_t len = read(*fd, piece, sizeof piece);
    if (len > 0) {
        buf_add(into, piece, (size_t)len);
    } else if (len == 0 || errno != EINTR) {
        close(*fd);
        *fd = -1;
    }
    return *fd >= 0;
}

/* Reads both to their ends; false when that takes too long. */
static bool read_all(struct child *child, struct play *play)
{
    int64_t until_ms = now_ms() + LIMIT_MS;
    for (;;) {
        struct pollfd fds[2] = {{.fd = child->out, .events = POLLIN},
                                {.fd = child->err, .events = POLLIN}};
        int64_t left_ms = until_ms - now_ms();
        if (left_ms <= 0)
            return false;
        if (poll(fds, 2, (int)left_ms) < 0 && errno != EINTR)
            fail("poll");
        bool more = read_some(&child->out, fds[0].revents, &play->out);
        more |= read_some(&child->err, fds[1].revents, &play->err);
        if (!more)
            return true;
    }
}

static void free_all(char **texts)
{
    for (; *texts; texts++)
        free(*texts);
}

/* The simulator, and what it says in its first line. */
struct server {
    struct child child;
    char hello[500];
    char *url, *run;
};

static void write_scenario(const struct plan *plan, const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file ||
        fwrite(plan->scenario.data, 1, plan->scenario.len, file) !=
            plan->scenario.len ||
        fclose(file) != 0)
        fail(path);
}

static void read_hello(struct server *server)
{
    size_t len = 0;
    while (len + 1 < sizeof server->hello &&
           read(server->child.out, server->hello + len, 1) == 1 &&
           server->hello[len] != '\n')
        len++;
    server->hello[len] = '\0';
    char *save = NULL, *word = strtok_r(server->hello, " ", &save);
    for (const char *name = ""; word; word = strtok_r(NULL, " ", &save)) {
        if (strcmp(name, "listening") == 0)
            server->url = word;
        else if (strcmp(name, "run") == 0)
            server->run = word;
        name = word;
    }
    if (!server->url || !server->run) {
        fprintf(stderr, "chaos: the simulator did not start\n");
        exit(99);
    }
}

static void start_server(struct server *server, const struct plan *plan,
                         const char *directory, const char *faults)
{
    char *words[MAX_WORDS] = {mem_strdup(getenv("RUNTAIL_SIM")),
                              mem_strdup("--speed"), mem_strdup("0"),
                              mem_strdup("--scenario")};
    struct buf path = buf_make(0);
    size_t count = 4;
    *server = (struct server){0};
    buf_addf(&path, "%s/scenario.json", directory);
    words[count++] =
        mem_strdup(plan->scenario_name ? plan->scenario_name : buf_str(&path));
    if (!plan->scenario_name)
        write_scenario(plan, buf_str(&path));
    for (size_t i = 0; i < PLAN_WORDS && plan->sim_words[i]; i++)
        words[count++] = mem_strdup(plan->sim_words[i]);
    if (faults) {
        words[count++] = mem_strdup("--fault");
        words[count++] = mem_strdup(faults);
    }
    server->child = start(words, NULL, false);
    read_hello(server);
    free_all(words);
    buf_free(&path);
}

static void stop_server(struct server *server)
{
    kill(server->child.pid, SIGTERM);
    end(&server->child);
}

static char *make_word(const struct server *server, const char *word)
{
    struct buf out = buf_make(0);
    if (strcmp(word, "@run") == 0)
        buf_adds(&out, server->run);
    else if (strncmp(word, "@url", 4) == 0)
        buf_addf(&out, "%s%s", server->url, word + 4);
    else if (strcmp(word, "@poll") == 0)
        buf_addf(&out, "%s/api/tasks/runs", server->url);
    else
        buf_adds(&out, word);
    return buf_take(&out);
}

static char *make_setting(const char *name, const char *value, const char *more)
{
    struct buf out = buf_make(0);
    buf_addf(&out, "%s=%s%s", name, value, more);
    return buf_take(&out);
}

static void follow(struct play *play, const struct plan *plan,
                   const struct server *server, const char *directory)
{
    char haste[20];
    const char *asan = getenv("ASAN_OPTIONS");
    snprintf(haste, sizeof haste, "%d", HASTE);
    char *environment[] = {
        make_setting("HOME", directory, ""),
        make_setting("LC_ALL", "C.UTF-8", ""),
        make_setting("RUNTAIL_TEST_HASTE", haste, ""),
        make_setting("TRIGGER_API_URL", server->url, ""),
        make_setting("RUNTAIL_TOKEN_URL", server->url, "/api/tasks/runs/token"),
        make_setting("RUNTAIL_API_KEY", "sim-api-key", ""),
        make_setting("CHAOS_AGENT", "Bearer sim-agent-token", ""),
        make_setting("ASAN_OPTIONS", asan ? asan : "", ""),
        NULL};
    char *words[MAX_WORDS] = {mem_strdup(getenv("RUNTAIL")),
                              mem_strdup("--json")};
    for (size_t i = 0; i < PLAN_WORDS && plan->words[i]; i++)
        words[i + 2] = make_word(server, plan->words[i]);
    struct child child = start(words, environment, true);
    bool ended = read_all(&child, play);
    if (!ended)
        kill(child.pid, SIGKILL);
    play->code = end(&child);
    if (!ended)
        play->code = -1;
    free_all(words);
    free_all(environment);
}

void play(struct play *play, const struct plan *plan, const char *directory,
          const char *faults)
{
    struct server server;
    int64_t begun_ms = now_ms();
    *play = (struct play){.out = buf_make(0), .err = buf_make(0)};
    start_server(&server, plan, directory, faults);
    follow(play, plan, &server, directory);
    stop_server(&server);
    play->seconds = (double)(now_ms() - begun_ms) / 1000;
}

void play_free(struct play *play)
{
    buf_free(&play->out);
    buf_free(&play->err);
}

struct told play_told(const struct play *play)
{
    return (struct told){buf_str(&play->out), buf_str(&play->err), play->code};
}
