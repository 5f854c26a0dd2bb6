/* Sockets, waiting, options. Each turn of the loop waits with ppoll(), whose
 * timeout has nanoseconds: paced lines leave when they are due. */
#include "config.h"

#include "sim/firehose.h"

#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/mem.h"
#include "sim/firehose_serve.h"
#include "sim/pubtoken.h"
#include "sim/run_row_json.h"

static volatile sig_atomic_t told_to_stop;

static void on_signal(int number)
{
    (void)number;
    told_to_stop = 1;
}

/* The file has its name only when it is whole. */
static bool write_log(const struct firehose *hose)
{
    struct buf part = buf_make(0);
    if (!hose->options.log)
        return true;
    buf_addf(&part, "%s.part", hose->options.log);
    FILE *file = fopen(part.data, "w");
    for (size_t i = 0; file && i < hose->log_count; i++)
        fprintf(file, "%u %lld %lld\n", (unsigned)hose->log[i].number,
                (long long)hose->log[i].due_ns,
                (long long)hose->log[i].sent_ns);
    bool written =
        file && fclose(file) == 0 && rename(part.data, hose->options.log) == 0;
    buf_free(&part);
    return written;
}

/* Connections. */

static void drop_client(struct firehose *hose, int index)
{
    struct hose_client *client = hose->clients[index];
    close(client->fd);
    buf_free(&client->head);
    buf_free(&client->tail);
    free(client);
    hose->clients[index] = NULL;
}

static void accept_client(struct firehose *hose)
{
    int index = 0, on = 1;
    int fd = accept4(hose->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    while (index < HOSE_CLIENTS && hose->clients[index])
        index++;
    if (index == HOSE_CLIENTS) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    hose->clients[index] = mem_zalloc(1, sizeof *hose->clients[index]);
    hose->clients[index]->fd = fd;
}

/* True when all pieces are sent. */
static bool send_pieces(struct hose_client *client)
{
    while (client->piece_at < client->piece_count) {
        struct iovec *piece = &client->pieces[client->piece_at];
        ssize_t sent =
            writev(client->fd, piece, client->piece_count - client->piece_at);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0) {
            client->gone |= errno != EAGAIN;
            return false;
        }
        for (size_t left = (size_t)sent; left; piece++) {
            size_t taken = left < piece->iov_len ? left : piece->iov_len;
            piece->iov_base = (char *)piece->iov_base + taken;
            piece->iov_len -= taken;
            left -= taken;
            if (!piece->iov_len)
                client->piece_at++;
        }
    }
    client->piece_at = client->piece_count = 0;
    return true;
}

/* Takes one request off the bytes read; false: there is no whole one. */
static bool take_request(struct firehose *hose, struct hose_client *client)
{
    char *end = strstr(client->request, "\r\n\r\n");
    if (!end)
        return false;
    size_t len = (size_t)(end - client->request) + 4;
    *end = '\0';
    const char *body = strcasestr(client->request, "\ncontent-length:");
    if (body)
        len += strtoul(strchr(body, ':') + 1, NULL, 10);
    if (len > client->request_len) {
        *end = '\r';
        return false;
    }
    hose_serve(hose, client, client->request);
    client->request_len -= len;
    memmove(client->request, client->request + len, client->request_len + 1);
    return true;
}

/* Sends and answers until there is nothing to send now. */
static void drive(struct firehose *hose, struct hose_client *client)
{
    while (!client->gone && send_pieces(client)) {
        if (client->task != HOSE_REQUEST)
            hose_go_on(hose, client);
        else if (!take_request(hose, client))
            return;
        if (!client->piece_count)
            return;
    }
}

static void read_client(struct hose_client *client)
{
    ssize_t len = read(client->fd, client->request + client->request_len,
                       HOSE_REQUEST_SIZE - client->request_len);
    if (len > 0) {
        client->request_len += (size_t)len;
        client->request[client->request_len] = '\0';
    } else if (len == 0 || (errno != EAGAIN && errno != EINTR)) {
        client->gone = true;
    }
}

/* One turn. */

static int64_t earliest_ns(const struct firehose *hose)
{
    int64_t earliest = 0;
    for (int i = 0; i < HOSE_CLIENTS; i++) {
        const struct hose_client *client = hose->clients[i];
        if (client && client->due_ns && !client->piece_count &&
            (!earliest || client->due_ns < earliest))
            earliest = client->due_ns;
    }
    return earliest;
}

static void wait_for_something(const struct firehose *hose,
                               struct pollfd fds[HOSE_CLIENTS + 1],
                               const sigset_t *signals)
{
    int64_t due = earliest_ns(hose), left = due ? due - hose_now_ns() : 0;
    struct timespec timeout = {0};
    if (left > 0) {
        timeout.tv_sec = (time_t)(left / 1000000000);
        timeout.tv_nsec = (long)(left % 1000000000);
    }
    for (int i = 0; i < HOSE_CLIENTS; i++) {
        const struct hose_client *client = hose->clients[i];
        bool waits = client && client->piece_count > 0;
        fds[i].fd = client ? client->fd : -1;
        fds[i].events = (short)(POLLIN | (waits ? POLLOUT : 0));
        fds[i].revents = 0;
    }
    fds[HOSE_CLIENTS] = (struct pollfd){.fd = hose->listener, .events = POLLIN};
    if (ppoll(fds, HOSE_CLIENTS + 1, due ? &timeout : NULL, signals) < 0)
        for (int i = 0; i <= HOSE_CLIENTS; i++)
            fds[i].revents = 0;
}

static void take_turn(struct firehose *hose, const sigset_t *signals)
{
    struct pollfd fds[HOSE_CLIENTS + 1];
    wait_for_something(hose, fds, signals);
    int64_t now = hose_now_ns();
    for (int i = 0; i < HOSE_CLIENTS; i++) {
        struct hose_client *client = hose->clients[i];
        if (!client)
            continue;
        if (fds[i].revents & (POLLIN | POLLHUP | POLLERR))
            read_client(client);
        if (fds[i].revents || (client->due_ns && client->due_ns <= now))
            drive(hose, client);
        if (client->gone)
            drop_client(hose, i);
    }
    if (fds[HOSE_CLIENTS].revents)
        accept_client(hose);
}

/* Start and end. */

static bool listen_on(struct firehose *hose)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)hose->options.port);
    hose->listener =
        socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(hose->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(hose->listener, (struct sockaddr *)&address, size) != 0 ||
        listen(hose->listener, HOSE_CLIENTS) != 0 ||
        getsockname(hose->listener, (struct sockaddr *)&address, &size) != 0) {
        perror("runtail-sim");
        return false;
    }
    printf("listening http://127.0.0.1:%u run run_firehose\n",
           ntohs(address.sin_port));
    fflush(stdout);
    return true;
}

static void make_token(struct buf *answer)
{
    static const char payload[] =
        "{\"pub\":true,\"scopes\":[\"read:runs\"],\"exp\":4102444800}";
    buf_adds(answer, "{\"token\":\"");
    pubtoken_sign(answer, payload, sizeof payload - 1, "firehose");
    buf_adds(answer, "\"}");
}

static void make_bytes(struct firehose *hose)
{
    const struct firehose_options *options = &hose->options;
    hose_entries_make(&hose->entries, (uint32_t)options->updates,
                      (size_t)options->metadata_bytes,
                      (size_t)options->entry_bytes);
    hose_events_make(&hose->events, (uint32_t)options->events,
                     (size_t)options->event_bytes,
                     (uint32_t)options->per_chunk);
    hose_text_make(&hose->text, (uint32_t)options->frames,
                   (size_t)options->text_bytes, (size_t)options->line_bytes);
    run_row_add_schema(&hose->schema, ROW_ALL, ROW_NATIVE);
    make_token(&hose->token);
}

static void free_all(struct firehose *hose)
{
    for (int i = 0; i < HOSE_CLIENTS; i++)
        if (hose->clients[i])
            drop_client(hose, i);
    close(hose->listener);
    free(hose->entries.text);
    buf_free(&hose->events.text);
    free(hose->events.chunk_at);
    free(hose->text.text);
    buf_free(&hose->schema);
    buf_free(&hose->token);
    free(hose->log);
}

/* Signals are let in only while the loop waits: none comes too early. */
static void catch_signals(sigset_t *while_waiting)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked;
    sigemptyset(&action.sa_mask);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, while_waiting);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Options. */

static const char usage[] =
    "usage: runtail-sim --firehose [option]...\n"
    "Serves bytes computed ahead, for measurements. A rate R is per second; "
    "0:\n"
    "as fast as they are taken. Sizes are bytes, or like 64K and 10M.\n"
    "\n"
    "  --port N           listen there (default: any free port)\n"
    "  --hold S           hold live requests for S seconds (20)\n"
    "  --log FILE         when each line was due and sent, written at the end\n"
    "\n"
    "A run, /realtime/v1/runs/ID:\n"
    "  --updates N        with one log entry each (200)\n"
    "  --metadata SIZE    at most: then the oldest entries go (16K)\n"
    "  --entry SIZE       of one entry (110)\n"
    "  --update-rate R\n"
    "A stream of events, /realtime/v1/streams/ID/KEY:\n"
    "  --events N         (1000)\n"
    "  --event SIZE       of its data (100)\n"
    "  --per-chunk K      events that share an HTTP chunk (1)\n"
    "  --at-once N        events before the rate begins (0)\n"
    "  --at-once N        events before the rate begins (0)\n"
    "  --event-rate R\n"
    "  --keep-open        the stream does not end\n"
    "An agent's text, /api/agents/ID/logs/stream:\n"
    "  --frames N         snapshots, one line more each (100)\n"
    "  --text SIZE        of the last one (100K)\n"
    "  --line SIZE        of one line (100)\n"
    "  --frame-rate R\n";

enum {
    OPTION_LOG = 'l',
    OPTION_KEEP_OPEN = 'k',
    OPTION_HELP = 'h',
    OPTION_NUMBER = 256 /* the first of those with a number */
};

/* The options that are numbers: where they go, and the least. */
static const struct {
    const char *name;
    size_t at;
    double least;
} numbers[] = {
#define AT(member) offsetof(struct firehose_options, member)
    {"port", AT(port), 0},
    {"hold", AT(hold_s), 0},
    {"updates", AT(updates), 0},
    {"metadata", AT(metadata_bytes), 0},
    {"entry", AT(entry_bytes), 0},
    {"update-rate", AT(update_rate), 0},
    {"events", AT(events), 0},
    {"event", AT(event_bytes), 0},
    {"per-chunk", AT(per_chunk), 1},
    {"at-once", AT(at_once), 0},
    {"event-rate", AT(event_rate), 0},
    {"frames", AT(frames), 1},
    {"text", AT(text_bytes), 0},
    {"line", AT(line_bytes), 16},
    {"frame-rate", AT(frame_rate), 0},
#undef AT
};

enum {
    NUMBER_COUNT = sizeof numbers / sizeof *numbers
};

static bool read_number(struct firehose_options *options, size_t index,
                        const char *text)
{
    char *end;
    size_t size;
    double number = strtod(text, &end);
    if (*end && size_parse(text, &size))
        number = (double)size;
    else if (*end || end == text)
        number = -1;
    if (number < numbers[index].least || number > 4e9) {
        fprintf(stderr, "runtail-sim: --%s cannot be \"%s\"\n",
                numbers[index].name, text);
        return false;
    }
    memcpy((char *)options + numbers[index].at, &number, sizeof number);
    return true;
}

static void list_options(struct option table[NUMBER_COUNT + 4])
{
    struct option *next = table;
    for (int i = 0; i < NUMBER_COUNT; i++)
        *next++ = (struct option){numbers[i].name, required_argument, NULL,
                                  OPTION_NUMBER + i};
    *next++ = (struct option){"log", required_argument, NULL, OPTION_LOG};
    *next++ = (struct option){"keep-open", no_argument, NULL, OPTION_KEEP_OPEN};
    *next++ = (struct option){"help", no_argument, NULL, OPTION_HELP};
    *next = (struct option){0};
}

/* False: the program is over, with exit status *code. */
static bool read_options(struct firehose_options *options, int argc,
                         char **argv, int *code)
{
    struct option table[NUMBER_COUNT + 4];
    int option;
    list_options(table);
    *code = 2;
    while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (option == OPTION_LOG) {
            options->log = optarg;
        } else if (option == OPTION_KEEP_OPEN) {
            options->keep_open = true;
        } else if (option == OPTION_HELP) {
            fputs(usage, stdout);
            *code = 0;
            return false;
        } else if (option < OPTION_NUMBER ||
                   !read_number(options, (size_t)(option - OPTION_NUMBER),
                                optarg)) {
            fputs("runtail-sim: see --firehose --help\n", stderr);
            return false;
        }
    }
    return true;
}

int firehose_main(int argc, char **argv)
{
    static struct firehose hose;
    sigset_t while_waiting;
    int code;
    hose.options = (struct firehose_options){
        .hold_s = 20,
        .updates = 200,
        .metadata_bytes = 16 * 1024,
        .entry_bytes = 110,
        .events = 1000,
        .event_bytes = 100,
        .per_chunk = 1,
        .frames = 100,
        .text_bytes = 100 * 1024,
        .line_bytes = 100,
    };
    if (!read_options(&hose.options, argc, argv, &code))
        return code;
    make_bytes(&hose);
    catch_signals(&while_waiting);
    if (!listen_on(&hose))
        return 6;
    while (!told_to_stop)
        take_turn(&hose, &while_waiting);
    bool logged = write_log(&hose);
    if (!logged)
        perror(hose.options.log);
    free_all(&hose);
    return logged ? 0 : 6;
}
