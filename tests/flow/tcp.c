#include "config.h"

#include "tcp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MOST_WAITING = 64
};

int tcp_open(unsigned *port, bool listens)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0 ||
        (listens && listen(fd, MOST_WAITING) != 0)) {
        perror("a port");
        exit(99);
    }
    *port = ntohs(address.sin_port);
    return fd;
}

void tcp_send(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        len -= (size_t)sent;
    }
}

void tcp_read_head(int fd, char *head, size_t size, const char *log)
{
    size_t len = 0;
    ssize_t got;
    head[0] = '\0';
    while (len + 1 < size && !strstr(head, "\r\n\r\n") &&
           (got = read(fd, head + len, size - len - 1)) > 0) {
        len += (size_t)got;
        head[len] = '\0';
    }
    FILE *out = log ? fopen(log, "ae") : NULL;
    if (!out)
        return;
    fwrite(head, 1, len, out);
    fclose(out);
}

void tcp_end(int fd)
{
    char bytes[4096];
    shutdown(fd, SHUT_WR);
    while (recv(fd, bytes, sizeof bytes, 0) > 0)
        continue;
    close(fd);
}
