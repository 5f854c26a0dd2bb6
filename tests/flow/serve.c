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

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tcp.h"

enum {
    MOST = 1024 * 1024
};

static void die(const char *what)
{
    perror(what);
    exit(99);
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

int main(int argc, char **argv)
{
    static char answer[MOST], head[MOST];
    unsigned port;
    if (argc < 2)
        return 2;
    bool refuse = strcmp(argv[1], "--refuse") == 0;
    bool at_once = strcmp(argv[1], "--at-once") == 0 && argc > 2;
    size_t len = refuse ? 0 : read_file(argv[at_once ? 2 : 1], answer);
    int fd = tcp_open(&port, !refuse);
    printf("%u\n", port);
    fflush(stdout);
    while (refuse)
        pause();
    for (;;) {
        int client = accept(fd, NULL, NULL);
        if (client < 0)
            continue;
        if (!at_once)
            tcp_read_head(client, head, sizeof head, argc > 2 ? argv[2] : NULL);
        tcp_send(client, answer, len);
        tcp_end(client);
    }
}
