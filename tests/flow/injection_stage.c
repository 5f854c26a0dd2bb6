/* The program in a pseudo terminal, and the server it asks, in one process: so
 * that an answer can wait until the screen shows what came before it. */
#include "config.h"

#include "injection.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "tcp.h"
#include "vt.h"

enum {
    PATIENCE_MS = 5 * 1000, /* without anything new */
    MOST_CLIENTS = 32,
    MOST_NAMES = 32,
    REQUEST_SIZE = 16 * 1024
};

struct client {
    int fd; /* 0: none */
    char request[REQUEST_SIZE];
    size_t request_len;
    const struct answer *answer; /* NULL: not asked, or none to be had */
    size_t sent;
    bool asked;
};

static struct {
    const struct door *door;
    const struct batch *batch;
    const struct site *site;
    size_t last; /* place of the batch */
    struct shot *shot;
    enum form form;
    int master, listener;
    unsigned port;
    pid_t child;
    struct vt *vt;
    struct client clients[MOST_CLIENTS];
    struct {
        char name[SITE_NAME_SIZE];
        unsigned asked;
    } names[MOST_NAMES];
    bool ended, typed;
    struct buf *input; /* for the program's standard input; NULL: none */
    int input_fd;      /* -1: none, or all is written */
    size_t input_at;
} stage;

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void die(const char *what)
{
    perror(what);
    exit(99);
}

struct answer *site_add(struct site *site, const char *name, unsigned number)
{
    site->answers =
        mem_resize(site->answers, site->count + 1, sizeof *site->answers);
    struct answer *answer = &site->answers[site->count++];
    *answer = (struct answer){
        .number = number, .bytes = buf_make(0), .when = buf_make(0)};
    snprintf(answer->name, sizeof answer->name, "%s", name);
    return answer;
}

void site_free(struct site *site)
{
    for (size_t i = 0; i < site->count; i++) {
        buf_free(&site->answers[i].bytes);
        buf_free(&site->answers[i].when);
    }
    free(site->answers);
    *site = (struct site){0};
}

void shot_free(struct shot *shot)
{
    buf_free(&shot->bytes);
    buf_free(&shot->screen);
    free(shot->seen);
}

/* The server. */

static void open_server(void)
{
    stage.listener = tcp_open(&stage.port, true);
    fcntl(stage.listener, F_SETFL, O_NONBLOCK);
}

static void drop(struct client *client)
{
    close(client->fd);
    client->fd = 0;
}

static unsigned count_request(const char *name)
{
    for (size_t i = 0; i < MOST_NAMES; i++) {
        if (!*stage.names[i].name)
            snprintf(stage.names[i].name, SITE_NAME_SIZE, "%s", name);
        if (strcmp(stage.names[i].name, name) == 0)
            return ++stage.names[i].asked;
    }
    return 1;
}

static const struct answer *find_answer(const char *name, unsigned number)
{
    const struct answer *best = NULL;
    for (size_t i = 0; i < stage.site->count; i++) {
        const struct answer *answer = &stage.site->answers[i];
        if (strcmp(answer->name, name) == 0 && answer->number <= number &&
            (!best || answer->number > best->number))
            best = answer;
    }
    return best;
}

/* "GET /a/b/c?d HTTP/1.1" asks for "c", that for a run's changes for "feed". */
static void take_request(struct client *client)
{
    char name[SITE_NAME_SIZE];
    const char *path = strchr(client->request, ' ');
    path = path ? path + 1 : "";
    size_t len = strcspn(path, "? \r\n"), at = len;
    while (at && path[at - 1] != '/')
        at--;
    if (strncmp(path, "/realtime/v1/runs/", 18) == 0)
        snprintf(name, sizeof name, "feed");
    else
        snprintf(name, sizeof name, "%.*s", (int)(len - at), path + at);
    client->asked = true;
    client->answer = find_answer(name, count_request(name));
    if (!client->answer)
        drop(client);
}

static void read_request(struct client *client)
{
    char *end = client->request + client->request_len;
    ssize_t got = recv(client->fd, end,
                       sizeof client->request - client->request_len - 1, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN)
            drop(client);
        return;
    }
    client->request_len += (size_t)got;
    end[got] = '\0';
    if (!client->asked && strstr(client->request, "\r\n\r\n"))
        take_request(client);
    if (client->asked)
        client->request_len = 0; /* what follows is of no interest */
}

static bool is_shown(const char *words, size_t len)
{
    return memmem(buf_str(&stage.shot->screen), stage.shot->screen.len, words,
                  len) != NULL;
}

/* All of these words are on the screen. */
static bool are_shown(const struct buf *words)
{
    const char *line = buf_str(words);
    while (*line) {
        size_t len = strcspn(line, "\n");
        if (!is_shown(line, len))
            return false;
        line += len + (line[len] == '\n');
    }
    return true;
}

static bool may_send(const struct client *client)
{
    const struct answer *answer = client->answer;
    if (!client->fd || !answer)
        return false;
    return stage.form != FORM_SCREEN || are_shown(&answer->when);
}

static void send_answer(struct client *client)
{
    const struct buf *bytes = &client->answer->bytes;
    while (client->sent < bytes->len) {
        ssize_t sent = send(client->fd, bytes->data + client->sent,
                            bytes->len - client->sent, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN)
            return;
        if (sent <= 0)
            break;
        client->sent += (size_t)sent;
    }
    shutdown(client->fd, SHUT_WR);
    client->answer = NULL;
}

static void accept_client(void)
{
    for (size_t i = 0; i < MOST_CLIENTS; i++) {
        struct client *client = &stage.clients[i];
        if (client->fd)
            continue;
        int fd =
            accept4(stage.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        client->fd = fd;
        client->request_len = client->sent = 0;
        client->asked = false;
        client->answer = NULL;
    }
}

/* The terminal. */

static void find_marks(void)
{
    const char *text = buf_str(&stage.shot->screen);
    for (const char *at = strchr(text, '<'); at; at = strchr(at + 1, '<')) {
        size_t place;
        if (mark_read(at, &place) && place <= stage.last)
            stage.shot->seen[place] = 1;
    }
}

static void look(void)
{
    buf_clear(&stage.shot->screen);
    vt_text(stage.vt, &stage.shot->screen);
    find_marks();
}

/* Takes what there is; false: nothing was. */
static bool drain(void)
{
    static char bytes[64 * 1024];
    ssize_t len;
    bool any = false;
    while ((len = read(stage.master, bytes, sizeof bytes)) > 0) {
        any = true;
        buf_add(&stage.shot->bytes, bytes, (size_t)len);
        if (stage.form == FORM_SCREEN)
            vt_feed(stage.vt, bytes, (size_t)len);
    }
    if (any && stage.form == FORM_SCREEN && !stage.typed)
        look();
    return any;
}

/* Everything is on the screen that is to be there, or was. */
static bool is_complete(void)
{
    const struct batch *batch = stage.batch;
    for (size_t i = 0; i < batch->count; i++)
        if (!stage.shot->seen[batch->places[i]])
            return false;
    return stage.door->is_fleeting || is_shown("THE END", 7);
}

static void type_when_complete(void)
{
    const char *keys = stage.door->keys;
    if (stage.typed || stage.form != FORM_SCREEN || !is_complete())
        return;
    stage.typed = true;
    if (keys && write(stage.master, keys, strlen(keys)) < 0)
        die("keys");
    if (write(stage.master, "q", 1) != 1)
        die("keys");
}

static void feed_input(void)
{
    while (stage.input_fd >= 0) {
        size_t left = stage.input->len - stage.input_at;
        ssize_t written = left ? write(stage.input_fd,
                                       stage.input->data + stage.input_at, left)
                               : 0;
        if (written < 0 && errno == EAGAIN)
            return;
        if (written > 0) {
            stage.input_at += (size_t)written;
            continue;
        }
        close(stage.input_fd);
        stage.input_fd = -1;
    }
}

static void reap(void)
{
    if (!stage.ended &&
        waitpid(stage.child, &stage.shot->status, WNOHANG) == stage.child)
        stage.ended = true;
}

static nfds_t list_fds(struct pollfd *fds)
{
    nfds_t count = 0;
    fds[count++] = (struct pollfd){.fd = stage.master, .events = POLLIN};
    fds[count++] = (struct pollfd){.fd = stage.listener, .events = POLLIN};
    fds[count++] = (struct pollfd){.fd = stage.input_fd, .events = POLLOUT};
    for (size_t i = 0; i < MOST_CLIENTS; i++) {
        const struct client *client = &stage.clients[i];
        if (!client->fd)
            continue;
        fds[count++] = (struct pollfd){
            .fd = client->fd,
            .events = (short)(may_send(client) ? POLLIN | POLLOUT : POLLIN)};
    }
    return count;
}

/* Until the program has ended, or nothing has come of it for long. */
static void run_through(void)
{
    int64_t quiet_since = now_ms();
    while (!stage.ended) {
        struct pollfd fds[MOST_CLIENTS + 3];
        poll(fds, list_fds(fds), 100);
        if (drain() && stage.form != FORM_SCREEN) /* whose clock ticks */
            quiet_since = now_ms();
        accept_client();
        for (size_t i = 0; i < MOST_CLIENTS; i++) {
            if (stage.clients[i].fd)
                read_request(&stage.clients[i]);
            if (!may_send(&stage.clients[i]))
                continue;
            send_answer(&stage.clients[i]);
            quiet_since = now_ms();
        }
        feed_input();
        type_when_complete();
        reap();
        if (now_ms() - quiet_since > PATIENCE_MS) {
            stage.shot->late = true;
            kill(stage.child, SIGKILL);
            waitpid(stage.child, &stage.shot->status, 0);
            stage.ended = true;
        }
    }
    drain();
}

/* The program. */

static void set_environment(void)
{
    char url[80];
    snprintf(url, sizeof url, "http://127.0.0.1:%u", stage.port);
    const char *home = getenv("HOME"), *path = getenv("PATH");
    const char *asan = getenv("ASAN_OPTIONS");
    char *kept[] = {mem_strdup(home), mem_strdup(path), mem_strdup(asan)};
    clearenv();
    setenv("HOME", kept[0] ? kept[0] : "/", 1);
    setenv("PATH", kept[1] ? kept[1] : "/bin", 1);
    if (kept[2])
        setenv("ASAN_OPTIONS", kept[2], 1);
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", stage.form == FORM_ASCII ? "C" : "C.UTF-8", 1);
    if (stage.form != FORM_SCREEN && stage.form != FORM_COLOR)
        setenv("NO_COLOR", "1", 1);
    setenv("TRIGGER_API_URL", url, 1);
    if (strcmp(stage.door->name, "token") == 0) {
        strcat(url, "/endpoint");
        setenv("RUNTAIL_TOKEN_URL", url, 1);
        setenv("RUNTAIL_API_KEY", "made-up", 1);
    } else {
        setenv("TRIGGER_ACCESS_TOKEN", "opaque-token", 1);
    }
}

static void become(const char *program, int slave, int input)
{
    static const char *const options[] = {
        [FORM_PLAIN] = "--plain",
        [FORM_COLOR] = "--plain",
        [FORM_ASCII] = "--plain",
        [FORM_JSON] = "--json",
    };
    char *argv[16] = {mem_strdup(program)};
    char url[80];
    size_t count = 1;
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    dup2(input >= 0 ? input : slave, 0);
    dup2(slave, 1);
    dup2(slave, 2);
    set_environment();
    if (stage.form != FORM_SCREEN)
        argv[count++] = mem_strdup(options[stage.form]);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/events", stage.port);
    for (size_t i = 0; stage.door->arguments[i]; i++)
        argv[count++] = mem_strdup(strcmp(stage.door->arguments[i], "URL") == 0
                                       ? url
                                       : stage.door->arguments[i]);
    execv(program, argv);
    _exit(127);
}

static int open_terminal(void)
{
    struct termios modes;
    struct winsize size = {.ws_col = (unsigned short)stage.door->width,
                           .ws_row = (unsigned short)stage.door->height};
    stage.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (stage.master < 0 || grantpt(stage.master) || unlockpt(stage.master))
        die("a pseudo terminal");
    int slave = open(ptsname(stage.master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0 || tcgetattr(slave, &modes) != 0)
        die("a terminal");
    if (stage.form != FORM_SCREEN)
        modes.c_oflag &= ~(tcflag_t)OPOST; /* LF is to stay LF */
    modes.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(slave, TCSANOW, &modes);
    ioctl(slave, TIOCSWINSZ, &size);
    fcntl(stage.master, F_SETFL, O_NONBLOCK);
    return slave;
}

static void start(const char *program)
{
    int ends[2] = {-1, -1};
    int slave = open_terminal();
    if (stage.input && pipe2(ends, O_CLOEXEC) != 0)
        die("a pipe");
    stage.vt = vt_create(stage.door->width, stage.door->height);
    stage.child = fork();
    if (stage.child == 0)
        become(program, slave, ends[0]);
    close(slave);
    if (ends[0] >= 0)
        close(ends[0]);
    stage.input_fd = ends[1];
    if (ends[1] >= 0)
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
}

void stage_run(const struct door *door, enum form form, const char *program,
               const struct batch *batch, struct shot *shot)
{
    struct site site = {0};
    struct buf input = buf_make(0);
    memset(&stage, 0, sizeof stage);
    stage.last = batch->places[batch->count - 1];
    *shot = (struct shot){.bytes = buf_make(0), .screen = buf_make(0)};
    shot->seen = mem_zalloc(stage.last + 1, 1);
    stage.door = door;
    stage.form = form;
    stage.batch = batch;
    stage.site = &site;
    stage.shot = shot;
    door->fill(&site, &input, batch);
    stage.input = input.len ? &input : NULL;
    signal(SIGPIPE, SIG_IGN);
    open_server();
    start(program);
    run_through();
    shot->unknown = vt_facts(stage.vt)->unknown;
    snprintf(shot->last_unknown, sizeof shot->last_unknown, "%s",
             vt_facts(stage.vt)->last_unknown);
    vt_destroy(stage.vt);
    for (size_t i = 0; i < MOST_CLIENTS; i++)
        if (stage.clients[i].fd)
            close(stage.clients[i].fd);
    close(stage.master);
    close(stage.listener);
    if (stage.input_fd >= 0)
        close(stage.input_fd);
    buf_free(&input);
    site_free(&site);
}
