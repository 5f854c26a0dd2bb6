#include "config.h"

#include "io/secret_command.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

enum {
    MAX_TEXT = 64 * 1024,
    LOOK_MS = 10 /* between two looks whether it has exited */
};

struct secret_command {
    struct loop *loop;
    char *command;
    secret_command_fn *fn;
    void *context;
    pid_t pid;
    int out;
    struct loop_watch watch;
    struct loop_timer limit, look;
    size_t len;
    char text[MAX_TEXT];
};

/* A command that asks somebody for a token need not know those at hand. */
static void hide_secrets(void)
{
    static const char *const secrets[] = {
        "TRIGGER_SECRET_KEY", "TRIGGER_ACCESS_TOKEN", "RUNTAIL_API_KEY"};
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        unsetenv(secrets[i]);
}

pid_t secret_command_spawn(const char *command, int *out)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGPIPE, SIG_DFL); /* they are ignored here, not there */
        signal(SIGXFSZ, SIG_DFL);
        dup2(ends[1], STDOUT_FILENO);
        hide_secrets();
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    *out = ends[0];
    if (pid < 0)
        close(ends[0]);
    return pid;
}

void secret_command_failed(struct error *err, const char *command,
                           bool took_too_long, int status)
{
    if (took_too_long)
        error_set(err, ERROR_AUTH,
                  "the token command gave no token within %d s: %s",
                  SECRET_COMMAND_MS / 1000, command);
    else
        error_set(err, ERROR_AUTH, "the token command failed (%s %d): %s",
                  WIFEXITED(status) ? "exit status" : "signal",
                  WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status),
                  command);
}

static void stop(struct secret_command *run)
{
    loop_watch_stop(run->loop, &run->watch);
    loop_timer_stop(run->loop, &run->limit);
    loop_timer_stop(run->loop, &run->look);
}

static void destroy(struct secret_command *run)
{
    close(run->out);
    mem_wipe(run->text, sizeof run->text);
    free(run->command);
    free(run);
}

/* Ends the child for good, whatever it does. */
static int end_child(pid_t pid)
{
    int status = 0;
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

/* What was printed, without the white space around it. */
static const char *trimmed(struct secret_command *run)
{
    while (run->len && isspace((unsigned char)run->text[run->len - 1]))
        run->len--;
    run->text[run->len] = '\0';
    return run->text + strspn(run->text, " \t\r\n");
}

static void tell(struct secret_command *run, bool took_too_long, int status)
{
    struct error err = {0};
    bool good = !took_too_long && status == 0;
    stop(run);
    if (!good)
        secret_command_failed(&err, run->command, took_too_long, status);
    run->fn(run->context, good ? trimmed(run) : NULL, good ? NULL : &err);
    destroy(run);
}

static void on_limit(void *context)
{
    struct secret_command *run = context;
    tell(run, true, end_child(run->pid));
}

/* It has closed its output: it exits now, or soon. */
static void look(void *context)
{
    struct secret_command *run = context;
    int status = 0;
    pid_t gone = waitpid(run->pid, &status, WNOHANG);
    if (gone == 0 || (gone < 0 && errno == EINTR))
        loop_timer_start(run->loop, &run->look, LOOK_MS, look, run);
    else
        tell(run, false, gone < 0 ? -1 : status);
}

static void on_output(void *context)
{
    struct secret_command *run = context;
    size_t room = sizeof run->text - 1 - run->len;
    ssize_t got = read(run->out, run->text + run->len, room);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    run->len += got > 0 ? (size_t)got : 0;
    if (got > 0 && run->len < sizeof run->text - 1)
        return;
    loop_watch_stop(run->loop, &run->watch);
    look(run);
}

struct secret_command *secret_command_start(struct loop *loop,
                                            const char *command,
                                            secret_command_fn *fn,
                                            void *context, struct error *err)
{
    int out;
    pid_t pid = secret_command_spawn(command, &out);
    if (pid < 0) {
        error_set(err, ERROR_SYSTEM, "cannot run the token command: %s",
                  strerror(errno));
        return NULL;
    }
    struct secret_command *run = mem_zalloc(1, sizeof *run);
    run->loop = loop;
    run->command = mem_strdup(command);
    run->fn = fn;
    run->context = context;
    run->pid = pid;
    run->out = out;
    fcntl(out, F_SETFL, O_NONBLOCK);
    loop_watch_start(loop, &run->watch, out, on_output, run);
    loop_timer_start(loop, &run->limit, SECRET_COMMAND_MS, on_limit, run);
    return run;
}

void secret_command_cancel(struct secret_command *run)
{
    if (!run)
        return;
    stop(run);
    end_child(run->pid);
    destroy(run);
}
