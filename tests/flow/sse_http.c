/* Plays cases of event-stream connections: a scripted server on one side, the
 * real program on the other, and a look at what both saw.
 *
 *   sse_http RUNTAIL CASES.json [NAME…]
 *
 * The cases expect what a browser does. Where the program differs on purpose
 * (docs/protocols.md), what is expected is worded here, by class:
 *
 *   passing   408, 429, 500 and above are tried again, no sooner than
 *             Retry-After
 *   unheard   a server that never answered is given up after some tries
 *
 * A case of an agent's log has client.agent, its id, and perhaps
 * client.credentials, a JSON object for --token-file; it expects told (lines of
 * the log, and {"kept": N} where lines were taken back) and exit_status.
 *
 * Own cases may have client.arguments, and client.haste, a text, by which all
 * waits are divided; they may expect reconnecting, how often that was told, and
 * mentions_absent, what was not.
 *
 * Times are bounded from below alone; a case that hangs is a failure. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/buf.h"
#include "script_server.h"

enum {
    HANG_MS = 60 * 1000,
    CALM_MS = 100, /* for what should not come any more */
    MAX_ARGS = 24,
    AT_ONCE = 40 /* cases: most of their time is waiting */
};

struct play {
    const json_t *test, *want;
    struct script_server *server;
    pid_t child; /* 0: has ended */
    int status;
    int out, err; /* pipes; -1: closed */
    struct buf out_text, err_text;
    size_t parsed;        /* bytes of out_text */
    json_t *events;       /* as told */
    json_t *told;         /* of a log */
    char credentials[64]; /* name of the file; "": none */
    unsigned retries;
    int64_t least_delay_ms; /* told; -1: none */
    bool live, stopped, bad_line;
    struct buf faults;
};

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static const json_t *first_step(const struct play *play)
{
    return json_array_get(json_object_get(play->test, "server_script"), 0);
}

static bool is_endless(const struct play *play)
{
    return json_is_string(json_object_get(first_step(play), "request"));
}

/* The classes that differ on purpose. */

static bool is_passing(const struct play *play)
{
    json_int_t status = json_integer_value(json_object_get(
        json_object_get(first_step(play), "respond"), "status"));
    bool recovers = json_object_get(play->want, "exit_status");
    return !recovers && (status == 408 || status == 429 || status >= 500);
}

static bool is_unheard(const struct play *play)
{
    return strcmp(text_of(json_object_get(first_step(play), "respond"), "then"),
                  "refuse") == 0;
}

/* Starting the program. */

struct arguments {
    const char *list[MAX_ARGS];
    size_t count;
    struct buf texts[MAX_ARGS];
};

static struct buf *add_argument(struct arguments *args, const char *text)
{
    struct buf *buf = &args->texts[args->count];
    *buf = buf_make(0);
    buf_adds(buf, text);
    args->count++;
    return buf;
}

/* Values of headers go through the environment, as secrets do. */
static void add_header(struct arguments *args, const char *name,
                       const char *value)
{
    char variable[32];
    if (!*value)
        return;
    snprintf(variable, sizeof variable, "CASE_HEADER_%zu", args->count);
    setenv(variable, value, 1);
    add_argument(args, "-H");
    buf_addf(add_argument(args, ""), "%s: $%s", name, variable);
}

static void add_url(struct arguments *args, const struct play *play)
{
    const json_t *client = json_object_get(play->test, "client");
    const json_t *expect = json_object_get(first_step(play), "expect");
    struct buf *url = add_argument(args, "");
    if (json_object_get(client, "url")) {
        script_server_fill(play->server, url, text_of(client, "url"));
        return;
    }
    const char *path = text_of(expect, "path");
    script_server_fill(play->server, url, "http://{host}");
    buf_adds(url, *path ? path : "/events");
}

static void add_agent(struct arguments *args, struct play *play)
{
    const json_t *client = json_object_get(play->test, "client");
    const json_t *credentials = json_object_get(client, "credentials");
    add_argument(args, text_of(client, "agent"));
    add_argument(args, "-a");
    script_server_fill(play->server, add_argument(args, ""), "http://{host}");
    if (!credentials)
        return;
    snprintf(play->credentials, sizeof play->credentials, "credentials.%ld",
             (long)getpid());
    json_dump_file(credentials, play->credentials, JSON_ENCODE_ANY);
    add_argument(args, "--token-file");
    add_argument(args, play->credentials);
}

static void set_arguments(struct arguments *args, struct play *play,
                          const char *runtail)
{
    const json_t *client = json_object_get(play->test, "client");
    const json_t *silence = json_object_get(client, "read_timeout_ms");
    const char *key;
    json_t *value;
    size_t at;
    add_argument(args, runtail);
    bool agent = json_object_get(client, "agent");
    add_argument(args, agent ? "agent" : "sse");
    add_argument(args, "--json");
    json_object_foreach(json_object_get(client, "headers"), key, value)
        add_header(args, key, json_string_value(value));
    add_header(args, "Last-Event-ID", text_of(client, "initial_last_event_id"));
    if (silence) {
        add_argument(args, "--idle-timeout");
        buf_addf(add_argument(args, ""), "%lldms",
                 (long long)json_integer_value(silence));
    }
    json_array_foreach(json_object_get(client, "arguments"), at, value)
        add_argument(args, json_string_value(value));
    if (agent)
        add_agent(args, play);
    else
        add_url(args, play);
    if (json_object_get(client, "haste"))
        setenv("RUNTAIL_TEST_HASTE", text_of(client, "haste"), 1);
    for (size_t i = 0; i < args->count; i++)
        args->list[i] = buf_str(&args->texts[i]);
    args->list[args->count] = NULL;
}

static void start(struct play *play, const char *runtail)
{
    struct arguments args = {.count = 0};
    int out[2], err[2];
    set_arguments(&args, play, runtail);
    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
        exit(99);
    play->child = fork();
    if (play->child == 0) {
        int nothing = open("/dev/null", O_RDONLY);
        dup2(nothing, STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        execv(runtail, (char *const *)(uintptr_t)args.list);
        _exit(99);
    }
    close(out[1]);
    close(err[1]);
    play->out = out[0];
    play->err = err[0];
    for (size_t i = 0; i < args.count; i++)
        buf_free(&args.texts[i]);
}

/* What the program tells. */

static void take_line(struct play *play, const json_t *line)
{
    const char *type = text_of(line, "type");
    const char *state = text_of(line, "state");
    if (strcmp(type, "event") == 0) {
        json_t *event = json_object();
        json_object_set(event, "event", json_object_get(line, "event"));
        json_object_set(event, "data", json_object_get(line, "data"));
        json_t *id = json_object_get(line, "id");
        json_object_set_new(event, "id",
                            id ? json_incref(id) : json_string(""));
        json_array_append_new(play->events, event);
    }
    if (strcmp(type, "log") == 0)
        json_array_append(play->told, json_object_get(line, "message"));
    if (strcmp(type, "rewrite") == 0)
        json_array_append_new(
            play->told,
            json_pack("{s:O}", "kept", json_object_get(line, "kept")));
    play->live |= strcmp(state, "live") == 0;
    if (strcmp(state, "reconnecting") != 0)
        return;
    int64_t delay = json_integer_value(json_object_get(line, "retryInMs"));
    play->retries++;
    if (play->least_delay_ms < 0 || delay < play->least_delay_ms)
        play->least_delay_ms = delay;
}

static void parse_lines(struct play *play)
{
    const char *text = buf_str(&play->out_text), *end;
    while ((end = strchr(text + play->parsed, '\n'))) {
        const char *line = text + play->parsed;
        json_t *value =
            json_loadb(line, (size_t)(end - line), JSON_ALLOW_NUL, NULL);
        play->bad_line |= !json_is_object(value);
        take_line(play, value);
        json_decref(value);
        play->parsed = (size_t)(end + 1 - text);
    }
}

static void read_pipe(int *fd, struct buf *into)
{
    char bytes[16384];
    ssize_t got = read(*fd, bytes, sizeof bytes);
    if (got > 0) {
        buf_add(into, bytes, (size_t)got);
    } else {
        close(*fd);
        *fd = -1;
    }
}

/* One wait; at most wait_ms. */
static void turn(struct play *play, int64_t wait_ms)
{
    struct pollfd fds[SCRIPT_MAX_FDS + 2];
    nfds_t count = script_server_wait(play->server, fds, clock_ms(), &wait_ms);
    fds[count] = (struct pollfd){.fd = play->out, .events = POLLIN};
    fds[count + 1] = (struct pollfd){.fd = play->err, .events = POLLIN};
    if (poll(fds, count + 2, (int)wait_ms) < 0)
        return;
    if (play->out >= 0 && fds[count].revents)
        read_pipe(&play->out, &play->out_text);
    if (play->err >= 0 && fds[count + 1].revents)
        read_pipe(&play->err, &play->err_text);
    parse_lines(play);
    script_server_turn(play->server, fds, count, clock_ms());
    if (play->child && play->out < 0 && play->err < 0 &&
        waitpid(play->child, &play->status, 0) == play->child)
        play->child = 0;
}

/* When a case has shown what there is to see. */

static bool ends_itself(const struct play *play)
{
    bool closed = strcmp(text_of(play->want, "state"), "closed") == 0;
    bool error = json_is_true(json_object_get(play->want, "error_reported"));
    return !is_passing(play) && (closed || error || is_unheard(play)) &&
           !json_object_get(json_object_get(play->test, "client"), "stop_on");
}

static unsigned wanted_requests(const struct play *play)
{
    const json_t *exact = json_object_get(play->want, "requests");
    const json_t *least = json_object_get(play->want, "requests_min");
    if (exact || least)
        return (unsigned)json_integer_value(exact ? exact : least);
    if (is_passing(play) || is_endless(play))
        return 1;
    return (unsigned)json_array_size(
        json_object_get(play->test, "server_script"));
}

static size_t wanted_events(const struct play *play)
{
    const json_t *least = json_object_get(play->want, "events_min");
    return least ? (size_t)json_integer_value(least)
                 : json_array_size(json_object_get(play->want, "events"));
}

static bool has_shown(const struct play *play)
{
    bool open = strcmp(text_of(play->want, "state"), "open") == 0;
    bool waits = json_object_get(play->want, "wait_ms") ||
                 json_object_get(play->want, "min_wait_ms");
    if (ends_itself(play))
        return false;
    return json_array_size(play->events) >= wanted_events(play) &&
           script_server_requests(play->server) >= wanted_requests(play) &&
           (!open || play->live) && (!is_passing(play) || play->retries > 0) &&
           (!waits || script_server_least_wait_ms(play->server) >= 0);
}

static bool is_time_to_stop(const struct play *play)
{
    static const char mid[] = "mid-stream";
    const char *when =
        text_of(json_object_get(play->test, "client"), "stop_on");
    if (strcmp(when, "first event") == 0)
        return json_array_size(play->events) > 0;
    if (strcmp(when, mid) == 0)
        return json_array_size(play->events) > 2;
    if (strcmp(when, "waiting for headers") == 0)
        return script_server_requests(play->server) > 0;
    if (*when)
        return play->retries > 0;
    return has_shown(play);
}

static void calm(struct play *play, int64_t for_ms)
{
    int64_t until = clock_ms() + for_ms;
    while (clock_ms() < until)
        turn(play, until - clock_ms());
}

static void run(struct play *play)
{
    int64_t until = clock_ms() + HANG_MS;
    int64_t observe_ms =
        json_integer_value(json_object_get(play->want, "observe_ms"));
    bool leaves = *text_of(json_object_get(play->test, "client"), "stop_on");
    while (play->child && !is_time_to_stop(play) && clock_ms() < until)
        turn(play, until - clock_ms());
    if (play->child && !leaves)
        calm(play, CALM_MS);
    if (play->child) {
        play->stopped = true;
        kill(play->child, SIGTERM);
    }
    while (play->child && clock_ms() < until + HANG_MS)
        turn(play, 1000);
    calm(play, observe_ms);
    if (clock_ms() > until)
        buf_adds(&play->faults, "it hung; ");
}

/* What to think of it. */

static void judge_events(struct play *play)
{
    const json_t *want = json_object_get(play->want, "events");
    size_t i, count = json_array_size(play->events);
    json_t *event;
    json_array_foreach(
        want, i, event) if (!json_equal(event, json_array_get(play->events, i)))
        buf_addf(&play->faults, "event %zu is another; ", i + 1);
    if (want && count > json_array_size(want) && !is_endless(play))
        buf_addf(&play->faults, "%zu events; ", count);
    want = json_object_get(play->want, "told");
    if (want && !json_equal(want, play->told))
        buf_adds(&play->faults, "another log; ");
}

static void judge_requests(struct play *play)
{
    unsigned count = script_server_requests(play->server);
    const json_t *want = json_object_get(play->want, "requests");
    const json_t *range = json_object_get(play->want, "wait_ms");
    int64_t least =
        json_integer_value(range ? json_array_get(range, 0)
                                 : json_object_get(play->want, "min_wait_ms"));
    int64_t waited = script_server_least_wait_ms(play->server);
    buf_adds(&play->faults, script_server_complaints(play->server));
    if (want && count != json_integer_value(want) && !is_passing(play))
        buf_addf(&play->faults, "%u requests; ", count);
    /* the clocks of both sides turn at different moments */
    if (least && waited + 20 < least)
        buf_addf(&play->faults, "waited %lld ms; ", (long long)waited);
}

static bool has_said(const struct play *play, const json_t *mention)
{
    const char *words = json_string_value(mention);
    return strstr(buf_str(&play->out_text), words) ||
           strstr(buf_str(&play->err_text), words);
}

static void judge_end(struct play *play)
{
    int code = WIFEXITED(play->status) ? WEXITSTATUS(play->status) : -1;
    json_t *mention;
    size_t i;
    const json_t *exact = json_object_get(play->want, "exit_status");
    bool ok = exact           ? code == json_integer_value(exact)
              : play->stopped ? code == 143
                              : code >= 4 && code <= 7;
    if (ends_itself(play) == play->stopped || !ok)
        buf_addf(&play->faults, "exit status %d%s; ", code,
                 play->stopped ? ", had to be stopped" : "");
    if (code >= 4 && code < 7 &&
        strncmp(buf_str(&play->err_text), "runtail: ", 9) != 0)
        buf_adds(&play->faults, "no word about the error; ");
    json_array_foreach(json_object_get(play->want, "error_mentions"), i,
                       mention) if (!has_said(play, mention))
        buf_addf(&play->faults, "no word of %s; ", json_string_value(mention));
    json_array_foreach(json_object_get(play->want, "mentions_absent"), i,
                       mention) if (has_said(play, mention))
        buf_addf(&play->faults, "a word of %s; ", json_string_value(mention));
    const json_t *told = json_object_get(play->want, "reconnecting");
    if (told && play->retries != json_integer_value(told))
        buf_addf(&play->faults, "told of %u tries; ", play->retries);
    if (play->bad_line)
        buf_adds(&play->faults, "a line that is no JSON object; ");
}

static void judge_differences(struct play *play)
{
    const json_t *respond = json_object_get(first_step(play), "respond");
    int64_t least_ms = 1;
    size_t i;
    json_t *pair;
    if (!is_passing(play) && !is_unheard(play))
        return;
    json_array_foreach(
        json_object_get(respond, "headers"), i,
        pair) if (strcmp(json_string_value(json_array_get(pair, 0)),
                         "Retry-After") == 0) least_ms =
        1000 * strtoll(json_string_value(json_array_get(pair, 1)), NULL, 10);
    if (play->retries == 0 || play->least_delay_ms < least_ms)
        buf_addf(&play->faults, "%u tries, one after %lld ms; ", play->retries,
                 (long long)play->least_delay_ms);
}

static void judge_secrets(struct play *play)
{
    const json_t *client = json_object_get(play->test, "client");
    const char *key;
    json_t *value;
    const char *seen[] = {buf_str(&play->out_text), buf_str(&play->err_text)};
    for (size_t i = 0; i < 2; i++) {
        json_object_foreach(
            json_object_get(client, "headers"), key,
            value) if (strstr(seen[i], json_string_value(value)))
            buf_adds(&play->faults, "it tells a header; ");
        if (strchr(text_of(client, "url"), '@') && strstr(seen[i], "pass"))
            buf_adds(&play->faults, "it tells the password; ");
    }
}

static bool play_case(const json_t *test, const char *runtail)
{
    struct play play = {
        .test = test,
        .want = json_object_get(test, "expected_client_behaviour"),
        .server = script_server_create(json_object_get(test, "server_script")),
        .out_text = buf_make(0),
        .err_text = buf_make(0),
        .events = json_array(),
        .told = json_array(),
        .least_delay_ms = -1,
        .faults = buf_make(0),
    };
    start(&play, runtail);
    run(&play);
    judge_events(&play);
    judge_requests(&play);
    judge_end(&play);
    judge_differences(&play);
    judge_secrets(&play);
    bool good = !play.faults.len;
    printf("%s %s%s%s\n", good ? "ok     " : "FAILED ", text_of(test, "name"),
           good ? "" : ": ", buf_str(&play.faults));
    if (!good)
        printf("%s%s", buf_str(&play.out_text), buf_str(&play.err_text));
    fflush(stdout);
    if (*play.credentials)
        unlink(play.credentials);
    script_server_destroy(play.server);
    json_decref(play.events);
    json_decref(play.told);
    buf_free(&play.out_text);
    buf_free(&play.err_text);
    buf_free(&play.faults);
    return good;
}

static bool is_asked_for(const json_t *test, char **names)
{
    bool any = !*names;
    for (; *names; names++)
        any |= strcmp(text_of(test, "name"), *names) == 0;
    return any;
}

/* Waits for one of the cases that are being played; counts it. */
static void settle_one(size_t *playing, size_t *failed)
{
    int status;
    if (wait(&status) < 0)
        exit(99);
    --*playing;
    *failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

int main(int argc, char **argv)
{
    size_t i, failed = 0, played = 0, playing = 0;
    json_t *test;
    if (argc < 3)
        return 2;
    json_t *cases = json_load_file(argv[2], JSON_ALLOW_NUL, NULL);
    if (!cases)
        return 99;
    signal(SIGPIPE, SIG_IGN);
    setenv("LC_ALL", "C.UTF-8", 1);
    json_array_foreach(json_object_get(cases, "cases"), i, test)
    {
        if (!is_asked_for(test, argv + 3))
            continue;
        if (playing == AT_ONCE)
            settle_one(&playing, &failed);
        played++;
        playing++;
        if (fork() == 0)
            _exit(!play_case(test, argv[1]));
    }
    while (playing)
        settle_one(&playing, &failed);
    printf("%zu passed, %zu failed\n", played - failed, failed);
    json_decref(cases);
    return failed || !played;
}
