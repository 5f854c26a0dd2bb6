#include "config.h"

#include "io/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/player.h"
#include "io/recorder.h"

enum {
    READ_SIZE = 64 * 1024
};

struct input {
    struct loop *loop;
    struct loop_watch watch;
    struct recorder *recorder; /* NULL: it is not recorded */
    struct player *player;     /* NULL: it is read */
    input_fn *fn;
    void *context;
};

static void on_readable(void *context)
{
    struct input *input = context;
    struct error err = {0};
    static char bytes[READ_SIZE];
    ssize_t len = read(STDIN_FILENO, bytes, sizeof bytes);
    if (len < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (len < 0)
        error_set(&err, ERROR_SYSTEM, "cannot read standard input: %s",
                  strerror(errno));
    if (len <= 0)
        loop_watch_stop(input->loop, &input->watch);
    recorder_input(input->recorder, bytes, len > 0 ? (size_t)len : 0,
                   len < 0 ? err.message : NULL);
    input->fn(input->context, bytes, len > 0 ? (size_t)len : 0,
              len < 0 ? &err : NULL);
}

static void on_played(void *context, const char *bytes, size_t len,
                      const char *reason)
{
    struct input *input = context;
    struct error err = {0};
    if (reason)
        error_set(&err, ERROR_SYSTEM, "%s", reason);
    input->fn(input->context, bytes, len, reason ? &err : NULL);
}

struct input *input_open(struct http *http, struct loop *loop, input_fn *fn,
                         void *context)
{
    struct input *input = mem_zalloc(1, sizeof *input);
    input->loop = loop;
    input->recorder = http_recorder(http);
    input->player = http_player(http);
    input->fn = fn;
    input->context = context;
    if (input->player)
        player_read_input(input->player, on_played, input);
    else
        loop_watch_start(loop, &input->watch, STDIN_FILENO, on_readable, input);
    return input;
}

void input_close(struct input *input)
{
    if (!input)
        return;
    if (input->player)
        player_read_input(input->player, NULL, NULL);
    else
        loop_watch_stop(input->loop, &input->watch);
    free(input);
}
