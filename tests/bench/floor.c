/* The least that a client can do, to hold the program against:
 *
 *   floor recv  PORT PATH   receives the answer, looks at nothing
 *   floor lines PORT PATH   receives events and writes their data, a line each
 *   floor feed  PORT PATH   follows a run's feed; compares each metadata column
 *                           with the one before
 *   floor text  PORT PATH   receives snapshots; compares each with the one
 *                           before
 *
 * No TLS, no redirects, no errors that pass: 127.0.0.1 and the simulator's
 * firehose alone. */
#include "config.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
    READ_SIZE = 256 * 1024
};

struct connection {
    int fd;
    struct buf in;
    size_t at; /* bytes of it used up */
};

static void fail(const char *what)
{
    fprintf(stderr, "floor: %s\n", what);
    exit(1);
}

static struct connection dial(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct connection connection = {.in = buf_make(0)};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    connection.fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(connection.fd, (struct sockaddr *)&address, sizeof address) !=
        0)
        fail("cannot connect");
    setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return connection;
}

static void ask(struct connection *connection, const char *path)
{
    struct buf request = buf_make(0);
    buf_addf(&request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path);
    if (write(connection->fd, request.data, request.len) < 0)
        fail("cannot write");
    buf_free(&request);
}

/* False at the end. */
static bool receive(struct connection *connection)
{
    struct buf *in = &connection->in;
    if (connection->at * 2 >= in->len) {
        in->len -= connection->at;
        if (in->len)
            memmove(in->data, in->data + connection->at, in->len);
        connection->at = 0;
    }
    buf_reserve(in, READ_SIZE);
    ssize_t len = read(connection->fd, in->data + in->len, READ_SIZE);
    if (len <= 0)
        return false;
    in->len += (size_t)len;
    in->data[in->len] = '\0';
    return true;
}

/* Reads the headers; returns where they begin, valid until the next read. */
static const char *read_head(struct connection *connection)
{
    for (;;) {
        const char *start = buf_str(&connection->in) + connection->at;
        const char *end = strstr(start, "\r\n\r\n");
        if (end) {
            connection->at += (size_t)(end + 4 - start);
            return start;
        }
        if (!receive(connection))
            fail("no answer");
    }
}

static void run_recv(const char *port, const char *path)
{
    static char bytes[READ_SIZE];
    struct connection connection = dial(port);
    ask(&connection, path);
    read_head(&connection);
    bool over = false;
    while (!over) {
        ssize_t len = read(connection.fd, bytes, sizeof bytes);
        over = len <= 0 ||
               (len >= 5 && memcmp(bytes + len - 5, "0\r\n\r\n", 5) == 0);
    }
}

/* Brings at least len bytes more in. */
static void need(struct connection *connection, size_t len)
{
    while (connection->in.len - connection->at < len)
        if (!receive(connection))
            fail("cut off");
}

/* The length of the next HTTP chunk; 0: that was the last one. */
static size_t next_size(struct connection *connection)
{
    char *end;
    for (;;) {
        size_t left = connection->in.len - connection->at;
        const char *size = buf_str(&connection->in) + connection->at;
        if (left && memchr(size, '\n', left))
            break;
        if (!receive(connection))
            fail("cut off");
    }
    char *size = connection->in.data + connection->at;
    size_t len = strtoul(size, &end, 16);
    connection->at += (size_t)(end + 2 - size);
    return len;
}

/* The next HTTP chunk, whole; NULL: that was the last one. Valid until the
 * next call. */
static const char *next_chunk(struct connection *connection, size_t *len)
{
    *len = next_size(connection);
    need(connection, *len + 2);
    const char *chunk = connection->in.data + connection->at;
    connection->at += *len + 2;
    return *len ? chunk : NULL;
}

static void run_lines(const char *port, const char *path)
{
    struct connection connection = dial(port);
    struct buf out = buf_make(0);
    const char *chunk;
    size_t len;
    ask(&connection, path);
    read_head(&connection);
    while ((chunk = next_chunk(&connection, &len))) {
        const char *end = chunk + len, *data;
        while ((data = memmem(chunk, (size_t)(end - chunk), "data: ", 6))) {
            const char *stop = memchr(data, '\n', (size_t)(end - data));
            buf_add(&out, data + 6, (size_t)(stop + 1 - data - 6));
            chunk = stop;
        }
        if (connection.at < connection.in.len && out.len < READ_SIZE)
            continue;
        if (write(STDOUT_FILENO, out.data, out.len) < 0)
            fail("cannot write");
        buf_clear(&out);
    }
    if (out.len && write(STDOUT_FILENO, out.data, out.len) < 0)
        fail("cannot write");
}

/* What the two versions of a text have in common, counting from the start of
 * the new one: in the same place, or where the old one has lost its start. */
static size_t compare(const struct buf *old, const char *text, size_t len)
{
    enum {
        PROBE = 64
    };
    const char *from = old->data;
    if (!from || len < PROBE)
        return 0;
    if (memcmp(from, text, old->len < PROBE ? old->len : PROBE) != 0)
        from = memmem(old->data, old->len, text, PROBE);
    if (!from)
        return 0;
    size_t most = old->len - (size_t)(from - old->data);
    return memcmp(from, text, most < len ? most : len) == 0 ? most : 0;
}

static size_t number_after(const char *head, const char *name)
{
    const char *found = strcasestr(head, name);
    return found ? strtoul(found + strlen(name), NULL, 10) : 0;
}

static void run_feed(const char *port, const char *path)
{
    static const char start[] = "\\\"logs\\\":[", stop[] = "]}\",\"";
    struct connection connection = dial(port);
    struct buf url = buf_make(0), last = buf_make(0);
    size_t same = 0, updates = 0;
    buf_addf(&url, "%s?offset=-1", path);
    for (bool over = false; !over; updates++) {
        ask(&connection, buf_str(&url));
        const char *head = read_head(&connection);
        size_t len = number_after(head, "content-length: ");
        size_t offset = number_after(head, "electric-offset: ");
        need(&connection, len);
        const char *body = connection.in.data + connection.at;
        const char *log = memmem(body, len, start, sizeof start - 1);
        const char *end = memmem(body + len - 400, 400, stop, sizeof stop - 1);
        over = memmem(body, 1024, "COMPLETED", 9) != NULL;
        same += compare(&last, log, (size_t)(end - log));
        buf_clear(&last);
        buf_add(&last, log, (size_t)(end - log));
        connection.at += len;
        buf_clear(&url);
        buf_addf(&url, "%s?offset=%zu_0&live=true", path, offset);
    }
    fprintf(stderr, "%zu updates, %zu bytes the same\n", updates, same);
}

/* What there is of a chunk, len bytes at most. */
static const char *next_piece(struct connection *connection, size_t *len)
{
    if (connection->at == connection->in.len && !receive(connection))
        fail("cut off");
    const char *piece = connection->in.data + connection->at;
    size_t left = connection->in.len - connection->at;
    if (left < *len)
        *len = left;
    connection->at += *len;
    return piece;
}

/* A frame is compared while it comes; what is new is taken over. */
static size_t read_frame(struct connection *connection, size_t len,
                         struct buf *text)
{
    size_t at = 0, same = 0;
    while (at < len) {
        size_t piece_len = len - at;
        const char *piece = next_piece(connection, &piece_len);
        size_t old = text->len > at ? text->len - at : 0;
        if (old > piece_len)
            old = piece_len;
        if (old && memcmp(text->data + at, piece, old) == 0)
            same += old;
        buf_add(text, piece + old, piece_len - old);
        at += piece_len;
    }
    const char *status =
        memmem(text->data + text->len - 60, 60, "\",\"status", 9);
    if (status)
        buf_truncate(text, (size_t)(status - text->data));
    need(connection, 2);
    connection->at += 2;
    return same;
}

static void run_text(const char *port, const char *path)
{
    struct connection connection = dial(port);
    struct buf text = buf_make(0);
    size_t len, frames = 0, same = 0;
    ask(&connection, path);
    read_head(&connection);
    for (; (len = next_size(&connection)); frames++)
        same += read_frame(&connection, len, &text);
    fprintf(stderr, "%zu frames, %zu bytes the same\n", frames, same);
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "recv") == 0)
        run_recv(argv[2], argv[3]);
    else if (argc == 4 && strcmp(argv[1], "lines") == 0)
        run_lines(argv[2], argv[3]);
    else if (argc == 4 && strcmp(argv[1], "feed") == 0)
        run_feed(argv[2], argv[3]);
    else if (argc == 4 && strcmp(argv[1], "text") == 0)
        run_text(argv[2], argv[3]);
    else
        fail("usage: floor recv|lines|feed|text PORT PATH");
    return 0;
}
