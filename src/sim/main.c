/* runtail-sim: the simulator as a program of its own, for tests. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/convert.h"
#include "sim/firehose.h"
#include "sim/sim.h"

static const char usage[] =
    "usage: runtail-sim [option]...\n"
    "Plays a scenario, or a recording, on 127.0.0.1 until it is stopped.\n"
    "\n"
    "  --scenario NAME|FILE   what to play (default: success)\n"
    "  --replay FILE          play a wire recording instead\n"
    "  --convert FILE         print a wire recording for runtail play\n"
    "  --port N               listen there (default: any free port)\n"
    "  --speed X              so much faster than life; 0: each live request\n"
    "                         goes one state on, without waiting\n"
    "  --backend native|electric\n"
    "  --live-sse             electric streams when asked to\n"
    "  --hold S               hold live requests for S seconds (default: 20)\n"
    "  --join S               so much of the script is over at the start\n"
    "  --fault [ROUTE/]KIND[:N][@STATE[xTIMES]][,...]\n"
    "                         misbehave, from a state on, so many times\n"
    "  --poll-shape pending|fields|runs|raw\n"
    "  --token-life S         no token is good for longer\n"
    "  --recompress none|gzip compress answers where asked for\n"
    "  --seed N               decides the run's id and the jitter\n"
    "  --until-eof            end when standard input ends\n"
    "  --list[=run|agent|sse] the scenarios, or those of one kind\n"
    "  --list-faults          the kinds of faults\n"
    "  --firehose [option]... serve bytes computed ahead instead, for\n"
    "                         measurements; see --firehose --help\n"
    "  --help                 this text\n"
    "\n"
    "The first line of output is: listening URL run RUN_ID\n"
    "Accepted are the secret key tr_dev_simulator and, by the token endpoint,\n"
    "the key sim-api-key; for agents the token sim-agent-token, or one that\n"
    "demo@example.com gets with the password demo.\n";

enum {
    OPTION_SCENARIO = 256,
    OPTION_REPLAY,
    OPTION_CONVERT,
    OPTION_PORT,
    OPTION_SPEED,
    OPTION_BACKEND,
    OPTION_LIVE_SSE,
    OPTION_HOLD,
    OPTION_JOIN,
    OPTION_FAULT,
    OPTION_POLL_SHAPE,
    OPTION_TOKEN_LIFE,
    OPTION_RECOMPRESS,
    OPTION_SEED,
    OPTION_UNTIL_EOF,
    OPTION_LIST,
    OPTION_LIST_FAULTS,
    OPTION_HELP
};

static const struct option long_options[] = {
    {"scenario", required_argument, NULL, OPTION_SCENARIO},
    {"replay", required_argument, NULL, OPTION_REPLAY},
    {"convert", required_argument, NULL, OPTION_CONVERT},
    {"port", required_argument, NULL, OPTION_PORT},
    {"speed", required_argument, NULL, OPTION_SPEED},
    {"backend", required_argument, NULL, OPTION_BACKEND},
    {"live-sse", no_argument, NULL, OPTION_LIVE_SSE},
    {"hold", required_argument, NULL, OPTION_HOLD},
    {"join", required_argument, NULL, OPTION_JOIN},
    {"fault", required_argument, NULL, OPTION_FAULT},
    {"poll-shape", required_argument, NULL, OPTION_POLL_SHAPE},
    {"token-life", required_argument, NULL, OPTION_TOKEN_LIFE},
    {"recompress", required_argument, NULL, OPTION_RECOMPRESS},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"until-eof", no_argument, NULL, OPTION_UNTIL_EOF},
    {"list", optional_argument, NULL, OPTION_LIST},
    {"list-faults", no_argument, NULL, OPTION_LIST_FAULTS},
    {"help", no_argument, NULL, OPTION_HELP},
    {0},
};

/* Written to by signal handlers; the main thread waits on the other end. */
static int signal_pipe[2];

static void on_signal(int number)
{
    int saved = errno;
    char byte = (char)number;
    if (write(signal_pipe[1], &byte, 1) < 0)
        _exit(128 + number);
    errno = saved;
}

static double read_number(const char *option, const char *text)
{
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || !(number >= 0 && number < 1e15)) {
        fprintf(stderr, "runtail-sim: --%s wants a number, not \"%s\"\n",
                option, text);
        exit(2);
    }
    return number;
}

static bool read_recompress(const char *text)
{
    if (strcmp(text, "gzip") != 0 && strcmp(text, "none") != 0) {
        fprintf(stderr,
                "runtail-sim: --recompress is none or gzip, not "
                "\"%s\"\n",
                text);
        exit(2);
    }
    return strcmp(text, "gzip") == 0;
}

static void list_faults(void)
{
    for (size_t i = 0; i < sim_fault_count(); i++)
        printf("%-18s %s\n", sim_fault_name(i), sim_fault_about(i));
    exit(0);
}

/* kind: NULL for all. */
static void list_scenarios(const char *kind)
{
    static const char *const kinds[] = {
        [SIM_RUN] = "run", [SIM_AGENT] = "agent", [SIM_SSE] = "sse"};
    for (size_t i = 0; i < sim_scenario_count(); i++)
        if (!kind || strcmp(kinds[sim_scenario_source(i)], kind) == 0)
            printf("%-16s %s\n", sim_scenario_name(i), sim_scenario_about(i));
    exit(0);
}

static void set_text(int code, struct sim_options *options)
{
    switch (code) {
    case OPTION_SCENARIO:
        options->scenario = optarg;
        break;
    case OPTION_REPLAY:
        options->replay = optarg;
        break;
    case OPTION_BACKEND:
        options->backend = optarg;
        break;
    case OPTION_FAULT:
        options->fault = optarg;
        break;
    case OPTION_POLL_SHAPE:
        options->poll_shape = optarg;
        break;
    case OPTION_RECOMPRESS:
        options->gzip = read_recompress(optarg);
        break;
    case OPTION_LIVE_SSE:
        options->live_sse = true;
        break;
    }
}

static void set_number(int code, const char *name, struct sim_options *options)
{
    switch (code) {
    case OPTION_PORT:
        options->port = (unsigned)read_number(name, optarg);
        break;
    case OPTION_SPEED:
        options->speed = read_number(name, optarg);
        break;
    case OPTION_HOLD:
        options->hold_s = read_number(name, optarg);
        break;
    case OPTION_JOIN:
        options->join_s = read_number(name, optarg);
        break;
    case OPTION_TOKEN_LIFE:
        options->token_life_s = (int64_t)read_number(name, optarg);
        break;
    case OPTION_SEED:
        options->seed = (int64_t)read_number(name, optarg);
        break;
    }
}

static void read_options(int argc, char **argv, struct sim_options *options,
                         bool *until_eof)
{
    int code;
    int index = 0;
    while ((code = getopt_long(argc, argv, "", long_options, &index)) != -1) {
        switch (code) {
        case OPTION_UNTIL_EOF:
            *until_eof = true;
            break;
        case OPTION_LIST:
            list_scenarios(optarg);
            break;
        case OPTION_LIST_FAULTS:
            list_faults();
            break;
        case OPTION_CONVERT:
            exit(convert_main(optarg));
        case OPTION_HELP:
            fputs(usage, stdout);
            exit(0);
        case '?':
            fputs("runtail-sim: see --help\n", stderr);
            exit(2);
        default:
            set_text(code, options);
            set_number(code, long_options[index].name, options);
            break;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "runtail-sim: what is \"%s\"? see --help\n",
                argv[optind]);
        exit(2);
    }
}

/* Until a signal, or until standard input ends when that was asked for. */
static void wait_for_end(bool until_eof)
{
    struct pollfd fds[2] = {{.fd = signal_pipe[0], .events = POLLIN},
                            {.fd = until_eof ? 0 : -1, .events = POLLIN}};
    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return;
        if (fds[0].revents)
            return;
        char bytes[256];
        if (fds[1].revents && read(0, bytes, sizeof bytes) <= 0)
            return;
    }
}

static bool catch_signals(void)
{
    if (pipe(signal_pipe) != 0)
        return false;
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    return true;
}

int main(int argc, char **argv)
{
    struct sim_options options = sim_options_default();
    bool until_eof = false;
    if (argc > 1 && strcmp(argv[1], "--firehose") == 0)
        return firehose_main(argc - 1, argv + 1);
    read_options(argc, argv, &options, &until_eof);
    if (!catch_signals()) {
        perror("runtail-sim");
        return 6;
    }
    struct error err = {0};
    struct sim *sim = sim_start(&options, &err);
    if (!sim) {
        fprintf(stderr, "runtail-sim: %s\n", err.message);
        return err.kind == ERROR_USAGE ? 2 : 6;
    }
    printf("listening %s run %s\n", sim_url(sim), sim_run_id(sim));
    fflush(stdout);
    wait_for_end(until_eof);
    sim_stop(sim);
    return 0;
}
