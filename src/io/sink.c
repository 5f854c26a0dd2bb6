#include "config.h"

#include "io/sink.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

void sink_event(struct sink *sink, const struct event *event)
{
    sink->ops->event(sink, event);
}

int64_t sink_turn(struct sink *sink, int64_t now_ms)
{
    return sink->ops->turn ? sink->ops->turn(sink, now_ms) : -1;
}

void sink_destroy(struct sink *sink)
{
    if (sink)
        sink->ops->destroy(sink);
}

bool sink_has_reader(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 &&
           (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode));
}

static bool is_ready(int fd)
{
    struct pollfd output = {.fd = fd, .events = POLLOUT};
    return poll(&output, 1, 0) != 0;
}

static void forget_output(struct sink *sink)
{
    buf_clear(&sink->out);
    sink->written = 0;
}

/* What is ready takes at least so much without waiting. */
static ssize_t write_some(const struct sink *sink, bool slow)
{
    size_t len = sink->out.len - sink->written;
    if (slow && len > PIPE_BUF)
        len = PIPE_BUF;
    return write(sink->fd, sink->out.data + sink->written, len);
}

bool sink_flush(struct sink *sink, struct error *err)
{
    if (!sink->out.len)
        return true;
    bool slow = sink_has_reader(sink->fd) || isatty(sink->fd);
    while (sink->written < sink->out.len) {
        if (slow && !is_ready(sink->fd))
            return true;
        ssize_t written = write_some(sink, slow);
        if (written >= 0) {
            sink->written += (size_t)written;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return true;
        } else if (errno != EINTR) {
            if (errno != EPIPE)
                error_set(err, ERROR_SYSTEM, "cannot write the output: %s",
                          strerror(errno));
            forget_output(sink);
            return false;
        }
    }
    forget_output(sink);
    return true;
}

bool sink_waits(const struct sink *sink)
{
    return sink->out.len > 0;
}

bool sink_is_same_link(struct sink *sink, const struct connection *connection)
{
    bool same = sink->link_state == (int)connection->state &&
                sink->link_transport == connection->transport &&
                connection->state != CONNECTION_RECONNECTING;
    sink->link_state = (int)connection->state;
    sink->link_transport = connection->transport;
    return same;
}

void sink_set_tail(struct sink *sink, size_t tail)
{
    sink->tail = tail;
    if (tail && tail != SIZE_MAX)
        sink->held = mem_zalloc(tail, sizeof *sink->held);
}

void sink_forget_tail(struct sink *sink)
{
    for (size_t i = 0; sink->held && i < sink->tail; i++)
        buf_free(&sink->held[i]);
    free(sink->held);
    sink->held = NULL;
    sink->tail = SIZE_MAX;
}

void sink_hold(struct sink *sink, size_t start)
{
    if (sink->tail == SIZE_MAX)
        return;
    if (sink->held) {
        struct buf *slot = &sink->held[sink->held_next];
        buf_clear(slot);
        buf_add(slot, sink->out.data + start, sink->out.len - start);
        sink->held_next = (sink->held_next + 1) % sink->tail;
        if (sink->held_count < sink->tail)
            sink->held_count++;
    }
    buf_truncate(&sink->out, start);
}

/* The start is over once the connection is live, or at the end. */
static bool is_start_over(const struct event *event)
{
    if (event->type == EVENT_CONNECTION)
        return !event->connection.stream &&
               event->connection.state != CONNECTION_CONNECTING &&
               event->connection.state != CONNECTION_RECONNECTING;
    return event->type == EVENT_END;
}

void sink_release(struct sink *sink, const struct event *event)
{
    if (sink->tail == SIZE_MAX || !is_start_over(event))
        return;
    size_t first = sink->held_next + sink->tail - sink->held_count;
    for (size_t i = 0; i < sink->held_count; i++) {
        struct buf *line = &sink->held[(first + i) % sink->tail];
        buf_add(&sink->out, buf_str(line), line->len);
    }
    sink_forget_tail(sink);
}

static bool matches(const regex_t *expression, const struct log_entry *entry)
{
    regmatch_t range = {.rm_so = 0, .rm_eo = (regoff_t)entry->message_len};
    return regexec(expression, entry->message, 1, &range, REG_STARTEND) == 0;
}

bool sink_wants_level(const struct sink_options *options, enum log_level level)
{
    return (level == LEVEL_NONE ? LEVEL_INFO : level) >= options->level;
}

bool sink_wants(const struct sink_options *options,
                const struct log_entry *entry)
{
    if (!sink_wants_level(options, entry->level))
        return false;
    if (entry->time_ms < options->since_ms)
        return false;
    if (options->include && !matches(options->include, entry))
        return false;
    return !options->exclude || !matches(options->exclude, entry);
}

void sink_error_sentence(struct buf *out, const struct run_facts *facts)
{
    const struct run_error *error = &facts->error;
    if (error->name)
        buf_addf(out, "%s: ", error->name);
    if (error->message)
        buf_adds(out, error->message);
    else if (error->code)
        buf_addf(out, "internal error %s", error->code);
    else if (error->type)
        buf_adds(out, error->type);
    if (error->message && error->code)
        buf_addf(out, " (%s)", error->code);
}
