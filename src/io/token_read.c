/* Tokens and keys out of files, and out of what commands print. */
#include "config.h"

#include "io/token.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/clock.h"
#include "io/secret_command.h"

enum {
    MAX_TOKEN = 64 * 1024,
    READ_MS = SECRET_COMMAND_MS
};

/* Waits for fd to be readable until the deadline (steady clock). */
static bool can_read(int fd, int64_t deadline_ms)
{
    for (;;) {
        struct pollfd input = {.fd = fd, .events = POLLIN};
        int64_t left_ms = deadline_ms - clock_steady_ms();
        int ready = poll(&input, 1, left_ms > 0 ? (int)left_ms : 0);
        if (ready >= 0 || errno != EINTR)
            return ready > 0;
    }
}

/* Reads all there is, without the white space around it. NULL when it took
 * too long. Owned by the caller, who forgets it. */
static char *read_secret(int fd)
{
    char *text = mem_zalloc(1, MAX_TOKEN);
    size_t len = 0;
    ssize_t got = 1;
    int64_t deadline_ms = clock_steady_ms() + READ_MS;
    while (got && len < MAX_TOKEN - 1) {
        if (!can_read(fd, deadline_ms)) {
            mem_forget(&text);
            return NULL;
        }
        got = read(fd, text + len, MAX_TOKEN - 1 - len);
        if (got < 0 && errno != EINTR)
            break;
        len += got > 0 ? (size_t)got : 0;
    }
    while (len && isspace((unsigned char)text[len - 1]))
        text[--len] = '\0';
    size_t skip = strspn(text, " \t\r\n");
    memmove(text, text + skip, len - skip + 1);
    return text;
}

static char *read_file(const char *file, struct error *err)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        error_set(err, ERROR_AUTH, "cannot read the token file %s: %s", file,
                  strerror(errno));
        return NULL;
    }
    char *text = read_secret(fd);
    close(fd);
    if (!text)
        error_set(err, ERROR_AUTH, "the token file %s gives nothing", file);
    return text;
}

static char *run_command(const char *command, struct error *err)
{
    int out = -1, status = -1;
    pid_t pid = secret_command_spawn(command, &out);
    if (pid < 0) {
        error_set(err, ERROR_SYSTEM, "cannot run the token command: %s",
                  strerror(errno));
        return NULL;
    }
    char *text = read_secret(out);
    close(out);
    if (!text)
        kill(pid, SIGKILL); /* nothing else goes on while it runs */
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (text && status == 0)
        return text;
    secret_command_failed(err, command, text == NULL, status);
    mem_forget(&text);
    return NULL;
}

char *token_read(const char *file, const char *command, struct error *err)
{
    return file ? read_file(file, err) : run_command(command, err);
}
