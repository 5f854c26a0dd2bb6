/* A server whose answers are files, chosen by who is asked how often: what it
 * takes to play a run and its streams, which are asked for side by side. It
 * prints the port it listens on, on 127.0.0.1, and serves until it is ended.
 *
 *   serve_files DIRECTORY REQUESTS
 *
 * A request is named by the last part of its path, "feed" when that is the
 * run's id (run_…). The N-th request of a name, from 1, gets the bytes of
 *
 *   NAME.N             as they are, then the end
 *   NAME.N.hold        as they are, and no end
 *   NAME.N.when.X.M    as NAME.N, when the M-th request of X is there
 *   NAME.N.after.X.M   the head at once, all else as above
 *
 * or what the last one before it got, and where there is none, 404. Heads of
 * requests are appended to REQUESTS. */
#include "config.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tcp.h"

enum {
    MOST = 1024 * 1024,
    MOST_NAMES = 128,
    MOST_WAITING = 64,
    NAME_SIZE = 300, /* d_name's, and some */
    PATH_SIZE = 1024
};

static struct {
    char name[NAME_SIZE];
    int count;
} counts[MOST_NAMES];

/* Answers that wait for another request. */
static struct {
    int fd; /* 0: none */
    char file[PATH_SIZE], name[NAME_SIZE];
    int number;
    bool headed; /* the head is sent */
} waiting[MOST_WAITING];

static const char not_found[] =
    "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n"
    "Content-Length: 21\r\nConnection: close\r\n\r\n{\"error\":\"Not found\"}";

static int *count_of(const char *name)
{
    for (size_t i = 0; i < MOST_NAMES; i++) {
        if (!*counts[i].name)
            snprintf(counts[i].name, NAME_SIZE, "%s", name);
        if (strcmp(counts[i].name, name) == 0)
            return &counts[i].count;
    }
    exit(99);
}

enum part {
    PART_ALL,
    PART_HEAD,
    PART_BODY
};

static void send_file(int fd, const char *file, enum part part)
{
    static char bytes[MOST];
    FILE *in = fopen(file, "re");
    if (!in)
        exit(99);
    size_t len = fread(bytes, 1, sizeof bytes - 1, in);
    fclose(in);
    bytes[len] = '\0';
    const char *end = strstr(bytes, "\r\n\r\n");
    size_t head = end ? (size_t)(end - bytes) + 4 : len;
    size_t from = part == PART_BODY ? head : 0;
    size_t to = part == PART_HEAD ? head : len;
    tcp_send(fd, bytes + from, to - from);
}

/* The name that the request's path ends with; "" when it makes no sense. */
static void read_name(const char *head, char name[NAME_SIZE])
{
    const char *path = strchr(head, ' ');
    size_t len = path ? strcspn(path + 1, " ?") : 0;
    const char *at = path ? path + 1 + len : "";
    while (len && at[-1] != '/') {
        at--;
        len--;
    }
    len = strcspn(at, " ?");
    if (strncmp(at, "run_", 4) == 0)
        snprintf(name, NAME_SIZE, "feed");
    else
        snprintf(name, NAME_SIZE, "%.*s", (int)len, at);
}

/* The file for that request: its number's, or the last one's before it. */
static bool find_file(const char *directory, const char *name, int number,
                      char file[NAME_SIZE])
{
    bool found = false;
    for (; number > 0 && !found; number--) {
        char wanted[NAME_SIZE + 16];
        size_t len =
            (size_t)snprintf(wanted, sizeof wanted, "%s.%d", name, number);
        DIR *all = opendir(directory);
        struct dirent *entry;
        while (all && !found && (entry = readdir(all)))
            if (strncmp(entry->d_name, wanted, len) == 0 &&
                (!entry->d_name[len] || entry->d_name[len] == '.')) {
                snprintf(file, NAME_SIZE, "%s", entry->d_name);
                found = true;
            }
        if (all)
            closedir(all);
    }
    return found;
}

static void wait_for(int fd, const char *path, const char *when, bool headed)
{
    size_t i = 0;
    while (i < MOST_WAITING && waiting[i].fd)
        i++;
    const char *dot = strrchr(when, '.');
    if (i == MOST_WAITING || !dot)
        exit(99);
    waiting[i].fd = fd;
    waiting[i].headed = headed;
    waiting[i].number = atoi(dot + 1);
    snprintf(waiting[i].file, sizeof waiting[i].file, "%s", path);
    snprintf(waiting[i].name, NAME_SIZE, "%.*s", (int)(dot - when), when);
}

static void answer_waiting(void)
{
    for (size_t i = 0; i < MOST_WAITING; i++) {
        int fd = waiting[i].fd;
        if (!fd || *count_of(waiting[i].name) < waiting[i].number)
            continue;
        waiting[i].fd = 0;
        send_file(fd, waiting[i].file,
                  waiting[i].headed ? PART_BODY : PART_ALL);
        tcp_end(fd);
    }
}

static void answer(int fd, const char *directory, const char *name)
{
    static const char when[] = ".when.", after[] = ".after.", hold[] = ".hold";
    char file[NAME_SIZE], path[PATH_SIZE];
    if (!find_file(directory, name, ++*count_of(name), file)) {
        tcp_send(fd, not_found, sizeof not_found - 1);
        tcp_end(fd);
        return;
    }
    snprintf(path, sizeof path, "%s/%s", directory, file);
    const char *condition = strstr(file, when);
    if (condition) {
        wait_for(fd, path, condition + sizeof when - 1, false);
        return;
    }
    condition = strstr(file, after);
    send_file(fd, path, condition ? PART_HEAD : PART_ALL);
    if (condition) {
        wait_for(fd, path, condition + sizeof after - 1, true);
        return;
    }
    if (!strstr(file, hold))
        tcp_end(fd);
}

int main(int argc, char **argv)
{
    static char head[MOST];
    unsigned port;
    if (argc < 3)
        return 2;
    int fd = tcp_open(&port, true);
    printf("%u\n", port);
    fflush(stdout);
    for (;;) {
        char name[NAME_SIZE];
        int client = accept(fd, NULL, NULL);
        if (client < 0)
            continue;
        tcp_read_head(client, head, sizeof head, argv[2]);
        read_name(head, name);
        if (!*name) {
            close(client);
            continue;
        }
        answer(client, argv[1], name);
        answer_waiting();
    }
}
