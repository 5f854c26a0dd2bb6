/* A thread that has to wait sleeps in poll() on its own socket and on a pipe
 * that ends when the server stops, so that neither a client that leaves nor a
 * stop is noticed late, and nothing spins. */
#include "config.h"

#include "sim/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/mem.h"
#include "sim/gzip.h"
#include "wire/url.h"

/* Where the system cannot tell that only the other side has closed. */
#ifndef POLLRDHUP
#define POLLRDHUP POLLHUP
#endif

/* Longest body a request may have. */
#define MAX_REQUEST_BODY (4u << 20)

struct server {
    struct MHD_Daemon *daemon;
    const struct answer_ops *ops;
    void *self;
    pthread_mutex_t lock; /* around ops and streams */
    int stop_pipe[2];     /* [1] is closed to stop */
    unsigned port;
    bool gzip;
    double speed;
    int64_t real_start_ms, wall_start_ms;
};

/* An answer on its way out. */
struct sending {
    struct server *server;
    int fd;
    struct answer answer;
    struct buf ready; /* bytes of a stream not sent yet */
    size_t sent;      /* bytes of ready, or of the body */
};

/* Clocks. */

static int64_t read_clock(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static struct moment read_moment(const struct server *server)
{
    int64_t real_ms = read_clock(CLOCK_MONOTONIC);
    double passed_ms = (double)(real_ms - server->real_start_ms);
    return (struct moment){
        .real_ms = real_ms,
        .now_ms = server->wall_start_ms + (int64_t)(passed_ms * server->speed),
    };
}

/* Sleeps until a moment of the real clock; until_ms < 0: for ever. False when
 * the client has left or the server stops. */
static bool wait_until(struct server *server, int fd, int64_t until_ms)
{
    struct pollfd fds[2] = {{.fd = fd, .events = POLLRDHUP},
                            {.fd = server->stop_pipe[0], .events = POLLIN}};
    for (;;) {
        int64_t left_ms = until_ms - read_clock(CLOCK_MONOTONIC);
        if (until_ms >= 0 && left_ms <= 0)
            return true;
        if (until_ms < 0 || left_ms > 60000)
            left_ms = 60000;
        int count = poll(fds, 2, (int)left_ms);
        if (count > 0 || (count < 0 && errno != EINTR))
            return false;
    }
}

/* Requests. */

static enum MHD_Result take_field(void *self, enum MHD_ValueKind kind,
                                  const char *name, const char *value)
{
    (void)kind;
    fields_add(self, name, value);
    return MHD_YES;
}

static struct request *request_create(const struct server *server,
                                      struct MHD_Connection *connection,
                                      const char *method, const char *path)
{
    struct moment moment = read_moment(server);
    struct request *request = mem_zalloc(1, sizeof *request);
    request->method = method;
    request->path = path;
    request->body = buf_make(MAX_REQUEST_BODY);
    request->arrived_ms = moment.real_ms;
    request->arrived_now_ms = moment.now_ms;
    request->hold_ms = -1;
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, take_field,
                              &request->query);
    MHD_get_connection_values(connection, MHD_HEADER_KIND, take_field,
                              &request->headers);
    return request;
}

static void request_destroy(struct request *request)
{
    if (!request)
        return;
    fields_free(&request->query);
    fields_free(&request->headers);
    buf_free(&request->body);
    free(request);
}

static void forget_request(void *self, struct MHD_Connection *connection,
                           void **request, enum MHD_RequestTerminationCode why)
{
    (void)self;
    (void)connection;
    (void)why;
    request_destroy(*request);
    *request = NULL;
}

/* Bodies. */

/* A reset instead of an orderly close: disconnecting the socket makes the
 * system send RST at once. */
static void reset_connection(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    if (connect(fd, &nobody, sizeof nobody) != 0)
        shutdown(fd, SHUT_RDWR);
}

static ssize_t take_ready(struct sending *sending, const struct buf *bytes,
                          char *out, size_t max)
{
    size_t len = bytes->len - sending->sent;
    if (len > max)
        len = max;
    memcpy(out, bytes->data + sending->sent, len);
    sending->sent += len;
    return (ssize_t)len;
}

static ssize_t read_stream(struct sending *sending, char *out, size_t max)
{
    struct server *server = sending->server;
    struct answer *answer = &sending->answer;
    while (sending->sent == sending->ready.len) {
        sending->sent = 0;
        buf_clear(&sending->ready);
        struct moment moment = read_moment(server);
        int64_t until_ms = -1;
        pthread_mutex_lock(&server->lock);
        enum stream_step step = answer->stream->next(
            answer->stream_self, &moment, &sending->ready, &until_ms);
        pthread_mutex_unlock(&server->lock);
        if (step == STREAM_END)
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (step == STREAM_RESET)
            reset_connection(sending->fd);
        if (step == STREAM_BREAK || step == STREAM_RESET ||
            (step == STREAM_WAIT && !wait_until(server, sending->fd, until_ms)))
            return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    return take_ready(sending, &sending->ready, out, max);
}

static ssize_t read_body(void *self, uint64_t position, char *out, size_t max)
{
    struct sending *sending = self;
    struct answer *answer = &sending->answer;
    (void)position;
    if (answer->stream)
        return read_stream(sending, out, max);
    bool cut = answer->end == ANSWER_CUT;
    size_t end = cut && answer->cut_at < answer->body.len ? answer->cut_at
                                                          : answer->body.len;
    if (sending->sent >= end)
        return cut ? MHD_CONTENT_READER_END_WITH_ERROR
                   : MHD_CONTENT_READER_END_OF_STREAM;
    if (max > end - sending->sent)
        max = end - sending->sent;
    return take_ready(sending, &answer->body, out, max);
}

static void sending_destroy(void *self)
{
    struct sending *sending = self;
    struct server *server = sending->server;
    pthread_mutex_lock(&server->lock); /* a stream may look at its world */
    answer_free(&sending->answer);
    pthread_mutex_unlock(&server->lock);
    buf_free(&sending->ready);
    free(sending);
}

/* Answers. */

/* By the simulated clock. */
static void add_date(struct MHD_Response *response, int64_t now_ms)
{
    struct buf text = buf_make(0);
    spoil_add_date(&text, now_ms);
    MHD_add_response_header(response, "Date", buf_str(&text));
    buf_free(&text);
}

static void compress(struct answer *answer)
{
    struct buf packed = buf_make(0);
    gzip_store(&packed, buf_str(&answer->body), answer->body.len);
    buf_free(&answer->body);
    answer->body = packed;
    answer->cut_at = answer->cut_at < packed.len ? answer->cut_at : packed.len;
    fields_add(&answer->headers, "Content-Encoding", "gzip");
}

static enum MHD_Result send_answer(struct MHD_Connection *connection,
                                   struct sending *sending, int64_t now_ms)
{
    struct answer *answer = &sending->answer;
    bool known_size = !answer->stream && !answer->chunked;
    struct MHD_Response *response = MHD_create_response_from_callback(
        known_size ? answer->body.len : MHD_SIZE_UNKNOWN, 16384, read_body,
        sending, sending_destroy);
    if (!response) {
        sending_destroy(sending);
        return MHD_NO;
    }
    unsigned status = answer->status;
    add_date(response, now_ms);
    for (size_t i = 0; i < answer->headers.count; i++)
        MHD_add_response_header(response, answer->headers.items[i].name,
                                answer->headers.items[i].value);
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* Spoiled answers, written to the socket past the HTTP library. */

static ssize_t read_rest(void *self, char *out, size_t max)
{
    ssize_t len = read_body(self, 0, out, max);
    return len == MHD_CONTENT_READER_END_OF_STREAM ? 0 : len;
}

static bool wait_some(void *self, int64_t ms)
{
    struct sending *sending = self;
    int64_t until_ms = ms < 0 ? -1 : read_clock(CLOCK_MONOTONIC) + ms;
    return wait_until(sending->server, sending->fd, until_ms);
}

static bool wait_output(void *self)
{
    struct sending *sending = self;
    struct pollfd fds[2] = {
        {.fd = sending->fd, .events = POLLOUT},
        {.fd = sending->server->stop_pipe[0], .events = POLLIN}};
    int count;
    do
        count = poll(fds, 2, -1);
    while (count < 0 && errno == EINTR);
    return count > 0 && !fds[1].revents;
}

static void reset(void *self)
{
    struct sending *sending = self;
    reset_connection(sending->fd);
}

/* What was asked for, encoded again. */
static void add_target(struct buf *out, const struct request *request)
{
    buf_adds(out, request->path);
    for (size_t i = 0; i < request->query.count; i++) {
        buf_addf(out, "%c%s=", i ? '&' : '?', request->query.items[i].name);
        url_encode(out, request->query.items[i].value);
    }
}

static void send_spoiled(struct sending *sending, const struct request *request,
                         int64_t now_ms)
{
    static const struct spoil_ops ops = {read_rest, wait_some, wait_output,
                                         reset};
    const struct answer *answer = &sending->answer;
    struct buf target = buf_make(0);
    add_target(&target, request);
    struct spoiled spoiled = {
        .kind = answer->spoil,
        .number = answer->spoil_number,
        .status = answer->status,
        .headers = &answer->headers,
        .chunked = answer->stream || answer->chunked,
        .length = answer->body.len,
        .now_ms = now_ms,
        .target = buf_str(&target),
        .port = sending->server->port,
    };
    spoil_send(&spoiled, sending->fd, &ops, sending);
    buf_free(&target);
    sending_destroy(sending);
}

static bool accepts_gzip(const struct request *request)
{
    const char *accepted = fields_get(&request->headers, "accept-encoding");
    return accepted && strcasestr(accepted, "gzip");
}

/* Asks until there is an answer. False: the connection is to be closed. */
static bool find_answer(struct server *server, struct request *request, int fd,
                        struct answer *answer, int64_t *now_ms)
{
    for (;;) {
        struct moment moment = read_moment(server);
        int64_t until_ms = -1;
        pthread_mutex_lock(&server->lock);
        enum answer_step step = server->ops->answer(server->self, request,
                                                    &moment, answer, &until_ms);
        *now_ms = server->ops->now_ms(server->self, &moment);
        pthread_mutex_unlock(&server->lock);
        if (step == ANSWER_READY)
            return true;
        if (!wait_until(server, fd, until_ms))
            return false;
    }
}

static enum MHD_Result answer_request(struct server *server,
                                      struct MHD_Connection *connection,
                                      struct request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct sending *sending = mem_zalloc(1, sizeof *sending);
    sending->server = server;
    sending->fd = info->connect_fd;
    int64_t now_ms = 0;
    struct answer *answer = &sending->answer;
    if (find_answer(server, request, sending->fd, answer, &now_ms)) {
        if (answer->end == ANSWER_RESET)
            reset_connection(sending->fd);
        if (answer->end == ANSWER_HANG)
            wait_until(server, sending->fd, -1);
        if (answer->end == ANSWER_COMPLETE || answer->end == ANSWER_CUT) {
            if (server->gzip && !answer->stream && accepts_gzip(request))
                compress(answer);
            if (answer->spoil != SPOIL_NONE) {
                send_spoiled(sending, request, now_ms);
                return MHD_NO;
            }
            return send_answer(connection, sending, now_ms);
        }
    }
    sending_destroy(sending);
    return MHD_NO;
}

/* libmicrohttpd calls this once with the headers, then for each piece of the
 * body, then once more. */
static enum MHD_Result handle(void *self, struct MHD_Connection *connection,
                              const char *path, const char *method,
                              const char *version, const char *bytes,
                              size_t *len, void **state)
{
    struct server *server = self;
    (void)version;
    if (!*state) {
        *state = request_create(server, connection, method, path);
        return MHD_YES;
    }
    struct request *request = *state;
    if (*len > 0) {
        if (!buf_add(&request->body, bytes, *len))
            return MHD_NO;
        *len = 0;
        return MHD_YES;
    }
    return answer_request(server, connection, request);
}

/* Life. */

static bool listen_on(struct server *server, unsigned port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    server->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
            MHD_USE_SUPPRESS_DATE_NO_CLOCK,
        (uint16_t)port, NULL, NULL, handle, server, MHD_OPTION_SOCK_ADDR,
        &address, MHD_OPTION_NOTIFY_COMPLETED, forget_request, NULL,
        MHD_OPTION_END);
    if (!server->daemon)
        return false;
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    server->port = info->port;
    return true;
}

struct server *server_start(const struct server_settings *settings,
                            const struct answer_ops *ops, void *self,
                            struct error *err)
{
    struct server *server = mem_zalloc(1, sizeof *server);
    server->ops = ops;
    server->self = self;
    server->gzip = settings->gzip;
    server->speed = settings->speed > 0 ? settings->speed : 1;
    server->real_start_ms = read_clock(CLOCK_MONOTONIC);
    server->wall_start_ms = read_clock(CLOCK_REALTIME);
    pthread_mutex_init(&server->lock, NULL);
    if (pipe(server->stop_pipe) != 0) {
        error_set(err, ERROR_SYSTEM, "no pipe for the simulator: %s",
                  strerror(errno));
        pthread_mutex_destroy(&server->lock);
        free(server);
        return NULL;
    }
    fcntl(server->stop_pipe[0], F_SETFD, FD_CLOEXEC);
    fcntl(server->stop_pipe[1], F_SETFD, FD_CLOEXEC);
    if (!listen_on(server, settings->port)) {
        error_set(err, ERROR_SYSTEM,
                  "the simulator cannot listen on 127.0.0.1 port %u: %s",
                  settings->port, strerror(errno));
        server_stop(server);
        return NULL;
    }
    return server;
}

unsigned server_port(const struct server *server)
{
    return server->port;
}

void server_stop(struct server *server)
{
    if (!server)
        return;
    close(server->stop_pipe[1]);
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    close(server->stop_pipe[0]);
    pthread_mutex_destroy(&server->lock);
    free(server);
}
