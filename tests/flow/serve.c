/* A server that gives the same answer to everybody: what a flow test needs of
 * servers that the simulator is too well-mannered to play. It prints the port
 * it listens on, on 127.0.0.1, and serves until it is ended.
 *
 *   serve FILE [REQUESTS]   reads a request's head, answers with the bytes of
 *                           FILE as they are, closes; appends the heads to
 *                           REQUESTS
 *   serve --refuse          keeps a port where nobody listens
 *   serve --at-once FILE    answers before anything was asked */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MOST = 1024 * 1024
};

static void die(const char *what)
{
    perror(what);
    exit(99);
}

static int open_port(unsigned *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        die("serve");
    *port = ntohs(address.sin_port);
    return fd;
}

static size_t read_file(const char *name, char *out)
{
    FILE *in = fopen(name, "re");
    if (!in)
        die(name);
    size_t len = fread(out, 1, MOST, in);
    fclose(in);
    return len;
}

/* Up to the empty line, or as far as it comes. */
static void take_request(int fd, const char *log)
{
    static char head[MOST];
    size_t len = 0;
    ssize_t got;
    head[0] = '\0';
    while (len + 1 < sizeof head && !strstr(head, "\r\n\r\n") &&
           (got = read(fd, head + len, sizeof head - len - 1)) > 0) {
        len += (size_t)got;
        head[len] = '\0';
    }
    FILE *out = log ? fopen(log, "ae") : NULL;
    if (!out)
        return;
    fwrite(head, 1, len, out);
    fclose(out);
}

static void send_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        len -= (size_t)sent;
    }
}

/* The other side reads all of it before it sees the end. */
static void close_gently(int fd)
{
    char bytes[4096];
    shutdown(fd, SHUT_WR);
    while (read(fd, bytes, sizeof bytes) > 0)
        continue;
    close(fd);
}

int main(int argc, char **argv)
{
    static char answer[MOST];
    unsigned port;
    if (argc < 2)
        return 2;
    bool refuse = strcmp(argv[1], "--refuse") == 0;
    bool at_once = strcmp(argv[1], "--at-once") == 0 && argc > 2;
    size_t len = refuse ? 0 : read_file(argv[at_once ? 2 : 1], answer);
    int fd = open_port(&port);
    if (!refuse && listen(fd, 16) != 0)
        die("serve");
    printf("%u\n", port);
    fflush(stdout);
    while (refuse)
        pause();
    for (;;) {
        int client = accept(fd, NULL, NULL);
        if (client < 0)
            continue;
        if (!at_once)
            take_request(client, argc > 2 ? argv[2] : NULL);
        send_all(client, answer, len);
        close_gently(client);
    }
}
