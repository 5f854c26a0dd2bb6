#include "config.h"

#include "script_server.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/mem.h"
#include "tcp.h"

enum {
    MAX_HEAD = 256 * 1024,
    RESET_AFTER_MS = 100 /* bytes before a reset should be read by then */
};

enum phase {
    READING,
    ANSWERING, /* pieces are due at at_ms */
    RESETTING, /* at at_ms */
    HOLDING,   /* until the client leaves */
    CLOSING    /* own end is closed; until the client's is */
};

struct connection {
    int fd; /* -1: free */
    enum phase phase;
    struct buf head;
    const json_t *respond;
    size_t piece; /* 0: the headers; then the pieces of the body */
    bool chunked;
    int64_t at_ms;
};

struct script_server {
    const json_t *steps;
    int listeners[2];
    unsigned ports[2];
    struct connection connections[SCRIPT_MAX_CONNECTIONS];
    size_t step;
    unsigned requests;
    int64_t ended_ms; /* when an answer last ended; -1: none did */
    int64_t least_wait_ms;
    struct buf complaints;
};

static void die(const char *what)
{
    perror(what);
    exit(99);
}

static bool refuses(const json_t *steps)
{
    const json_t *respond =
        json_object_get(json_array_get(steps, 0), "respond");
    const char *then = json_string_value(json_object_get(respond, "then"));
    return then && strcmp(then, "refuse") == 0;
}

struct script_server *script_server_create(const json_t *steps)
{
    struct script_server *server = mem_zalloc(1, sizeof *server);
    server->steps = steps;
    for (size_t i = 0; i < 2; i++)
        server->listeners[i] =
            tcp_open(&server->ports[i], i == 1 || !refuses(steps));
    for (size_t i = 0; i < SCRIPT_MAX_CONNECTIONS; i++)
        server->connections[i].fd = -1;
    server->ended_ms = server->least_wait_ms = -1;
    server->complaints = buf_make(0);
    return server;
}

static void leave(struct connection *connection)
{
    close(connection->fd);
    connection->fd = -1;
    buf_free(&connection->head);
}

void script_server_destroy(struct script_server *server)
{
    for (size_t i = 0; i < SCRIPT_MAX_CONNECTIONS; i++)
        if (server->connections[i].fd >= 0)
            leave(&server->connections[i]);
    close(server->listeners[0]);
    close(server->listeners[1]);
    buf_free(&server->complaints);
    free(server);
}

unsigned script_server_requests(const struct script_server *server)
{
    return server->requests;
}

int64_t script_server_least_wait_ms(const struct script_server *server)
{
    return server->least_wait_ms;
}

const char *script_server_complaints(const struct script_server *server)
{
    return buf_str(&server->complaints);
}

void script_server_fill(const struct script_server *server, struct buf *out,
                        const char *text)
{
    while (*text) {
        if (strncmp(text, "{host}", 6) == 0) {
            buf_addf(out, "127.0.0.1:%u", server->ports[0]);
            text += 6;
        } else if (strncmp(text, "{server2}", 9) == 0) {
            buf_addf(out, "http://127.0.0.1:%u", server->ports[1]);
            text += 9;
        } else {
            buf_addc(out, *text++);
        }
    }
}

/* What was asked for. */

/* The value of a header, NULL when absent; of a head that ends lines with
 * CR LF. len: of the value. */
static const char *header_of(const char *head, const char *name, size_t *len)
{
    size_t name_len = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line;
         line = strstr(line + 2, "\r\n")) {
        const char *at = line + 2;
        if (strncasecmp(at, name, name_len) != 0 || at[name_len] != ':')
            continue;
        at += name_len + 1 + strspn(at + name_len + 1, " ");
        *len = strcspn(at, "\r\n");
        return at;
    }
    return NULL;
}

static bool is_word(const char *bytes, size_t len, const char *want)
{
    return bytes && strlen(want) == len && memcmp(bytes, want, len) == 0;
}

/* True when what stands behind the head is this JSON. */
static bool is_json_body(const char *head, const json_t *want)
{
    const char *body = strstr(head, "\r\n\r\n");
    json_t *given = json_loads(body ? body + 4 : "", 0, NULL);
    bool is = given && json_equal(given, want);
    json_decref(given);
    return is;
}

/* All of a request: its head, and a body as long as that says. */
static bool is_whole(const char *head)
{
    size_t len;
    const char *end = strstr(head, "\r\n\r\n");
    const char *length = end ? header_of(head, "content-length", &len) : NULL;
    return end && (!length || strlen(end + 4) >= strtoul(length, NULL, 10));
}

/* Appends what head has against expect. */
static void compare(struct buf *out, const char *head, const json_t *expect)
{
    const char *key;
    json_t *value;
    size_t i, len = 0, method = strcspn(head, " ");
    const char *path = head + method + (head[method] == ' ');
    const char *want = json_string_value(json_object_get(expect, "method"));
    if (want && !is_word(head, method, want))
        buf_addf(out, "method %.*s, not %s; ", (int)method, head, want);
    want = json_string_value(json_object_get(expect, "path"));
    if (want && !is_word(path, strcspn(path, " \r"), want))
        buf_addf(out, "path %.*s, not %s; ", (int)strcspn(path, " \r"), path,
                 want);
    const json_t *body = json_object_get(expect, "json");
    if (body && !is_json_body(head, body))
        buf_adds(out, "another body; ");
    json_object_foreach(json_object_get(expect, "headers"), key, value)
    {
        const char *given = header_of(head, key, &len);
        if (!is_word(given, len, json_string_value(value)))
            buf_addf(out, "%s: %.*s, not %s; ", key, given ? (int)len : 4,
                     given ? given : "none", json_string_value(value));
    }
    json_array_foreach(
        json_object_get(expect, "headers_absent"), i,
        value) if (header_of(head, json_string_value(value), &len))
        buf_addf(out, "%s should not be there; ", json_string_value(value));
}

/* The step that the next request takes; NULL: none foresees it. */
static const json_t *next_step(struct script_server *server, const char *head)
{
    const json_t *step = json_array_get(server->steps, server->step);
    const json_t *after = json_array_get(server->steps, server->step + 1);
    struct buf bad = buf_make(0), bad_after = buf_make(0);
    if (!step)
        return NULL;
    compare(&bad, head, json_object_get(step, "expect"));
    compare(&bad_after, head, json_object_get(after, "expect"));
    const json_t *status =
        json_object_get(json_object_get(step, "respond"), "status");
    if (bad.len && after && !bad_after.len &&
        json_integer_value(status) == 401) {
        /* credentials before they were asked for are as good */
        server->step++;
        server->requests++;
        step = after;
        buf_clear(&bad);
    }
    if (bad.len)
        buf_addf(&server->complaints, "request %u: %s", server->requests,
                 buf_str(&bad));
    if (json_is_integer(json_object_get(step, "request")))
        server->step++;
    buf_free(&bad);
    buf_free(&bad_after);
    return step;
}

static void take_request(struct script_server *server,
                         struct connection *connection, int64_t now_ms)
{
    server->requests++;
    int64_t waited = now_ms - server->ended_ms;
    if (server->ended_ms >= 0 &&
        (server->least_wait_ms < 0 || waited < server->least_wait_ms))
        server->least_wait_ms = waited;
    server->ended_ms = -1;
    const json_t *step = next_step(server, buf_str(&connection->head));
    connection->respond = json_object_get(step, "respond");
    connection->phase = connection->respond ? ANSWERING : HOLDING;
    connection->piece = 0;
    connection->at_ms =
        now_ms + json_integer_value(json_object_get(connection->respond,
                                                    "delay_before_headers_ms"));
}

/* Answers. */

static void send_headers(struct script_server *server,
                         struct connection *connection)
{
    struct buf head = buf_make(0);
    size_t i;
    json_t *pair;
    buf_addf(&head, "HTTP/1.1 %d Script\r\n",
             (int)json_integer_value(
                 json_object_get(connection->respond, "status")));
    json_array_foreach(json_object_get(connection->respond, "headers"), i, pair)
    {
        const char *name = json_string_value(json_array_get(pair, 0));
        const char *value = json_string_value(json_array_get(pair, 1));
        connection->chunked |= strcasecmp(name, "Transfer-Encoding") == 0;
        buf_addf(&head, "%s: ", name);
        script_server_fill(server, &head, value);
        buf_adds(&head, "\r\n");
    }
    buf_adds(&head, "Connection: close\r\n\r\n");
    tcp_send(connection->fd, buf_str(&head), head.len);
    buf_free(&head);
}

/* False: there is no such piece. */
static bool piece_of(const struct connection *connection, size_t index,
                     struct buf *out)
{
    const json_t *plain = json_object_get(connection->respond, "body");
    const json_t *coded = json_object_get(connection->respond, "body_base64");
    const json_t *piece = json_array_get(plain ? plain : coded, index);
    if (!piece)
        return false;
    if (plain)
        buf_add(out, json_string_value(piece), json_string_length(piece));
    else
        base64_read(out, json_string_value(piece), json_string_length(piece));
    return true;
}

static void send_piece(const struct connection *connection,
                       const struct buf *piece)
{
    char size[32];
    if (!connection->chunked) {
        tcp_send(connection->fd, buf_str(piece), piece->len);
    } else if (piece->len) {
        snprintf(size, sizeof size, "%zx\r\n", piece->len);
        tcp_send(connection->fd, size, strlen(size));
        tcp_send(connection->fd, buf_str(piece), piece->len);
        tcp_send(connection->fd, "\r\n", 2);
    }
}

static void reset(struct connection *connection)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    leave(connection);
}

static void end_answer(struct script_server *server,
                       struct connection *connection, int64_t now_ms)
{
    const char *then =
        json_string_value(json_object_get(connection->respond, "then"));
    if (then && strcmp(then, "hold") == 0) {
        connection->phase = HOLDING;
        return;
    }
    if (then && strcmp(then, "reset") == 0) {
        connection->phase = RESETTING;
        connection->at_ms = now_ms + RESET_AFTER_MS;
        return;
    }
    if (connection->chunked)
        tcp_send(connection->fd, "0\r\n\r\n", 5);
    shutdown(connection->fd, SHUT_WR);
    connection->phase = CLOSING;
    server->ended_ms = now_ms;
}

/* Headers or the next piece; all pieces at once where no pause is asked. */
static void answer(struct script_server *server, struct connection *connection,
                   int64_t now_ms)
{
    const json_t *respond = connection->respond;
    const char *then = json_string_value(json_object_get(respond, "then"));
    int64_t pause_ms =
        json_integer_value(json_object_get(respond, "delay_between_pieces_ms"));
    if (then && strcmp(then, "close_before_headers") == 0) {
        end_answer(server, connection, now_ms);
        return;
    }
    if (connection->piece == 0)
        send_headers(server, connection);
    for (;;) {
        struct buf piece = buf_make(0);
        bool more = piece_of(connection, connection->piece++, &piece);
        send_piece(connection, &piece);
        buf_free(&piece);
        if (!more) {
            end_answer(server, connection, now_ms);
            return;
        }
        if (pause_ms) {
            connection->at_ms = now_ms + pause_ms;
            return;
        }
    }
}

/* The wait. */

nfds_t script_server_wait(struct script_server *server, struct pollfd *fds,
                          int64_t now_ms, int64_t *wait_ms)
{
    nfds_t count = 0;
    for (size_t i = 0; i < 2; i++)
        fds[count++] = (struct pollfd){
            .fd = i == 0 && refuses(server->steps) ? -1 : server->listeners[i],
            .events = POLLIN};
    for (size_t i = 0; i < SCRIPT_MAX_CONNECTIONS; i++) {
        const struct connection *connection = &server->connections[i];
        fds[count++] = (struct pollfd){.fd = connection->fd, .events = POLLIN};
        if (connection->fd < 0 ||
            (connection->phase != ANSWERING && connection->phase != RESETTING))
            continue;
        int64_t due = connection->at_ms - now_ms;
        if (due < *wait_ms)
            *wait_ms = due > 0 ? due : 0;
    }
    return count;
}

static void accept_one(struct script_server *server, int listener)
{
    int on = 1, fd = accept(listener, NULL, NULL);
    size_t i = 0;
    if (fd < 0)
        return;
    while (i < SCRIPT_MAX_CONNECTIONS && server->connections[i].fd >= 0)
        i++;
    if (i == SCRIPT_MAX_CONNECTIONS)
        die("too many connections");
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    server->connections[i] =
        (struct connection){.fd = fd, .head = buf_make(MAX_HEAD)};
}

static void read_some(struct script_server *server,
                      struct connection *connection, int64_t now_ms)
{
    char bytes[16384];
    ssize_t got = read(connection->fd, bytes, sizeof bytes);
    if (got <= 0) {
        leave(connection);
        return;
    }
    if (connection->phase != READING)
        return;
    buf_add(&connection->head, bytes, (size_t)got);
    if (is_whole(buf_str(&connection->head)))
        take_request(server, connection, now_ms);
}

void script_server_turn(struct script_server *server, const struct pollfd *fds,
                        nfds_t count, int64_t now_ms)
{
    for (nfds_t i = 0; i < 2 && i < count; i++)
        if (fds[i].revents)
            accept_one(server, server->listeners[i]);
    for (nfds_t i = 2; i < count; i++) {
        struct connection *connection = &server->connections[i - 2];
        if (connection->fd >= 0 && fds[i].fd >= 0 && fds[i].revents)
            read_some(server, connection, now_ms);
        if (connection->fd < 0 || connection->at_ms > now_ms)
            continue;
        if (connection->phase == ANSWERING)
            answer(server, connection, now_ms);
        else if (connection->phase == RESETTING) {
            reset(connection);
            server->ended_ms = now_ms;
        }
    }
}
