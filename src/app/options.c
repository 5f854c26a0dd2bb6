#include "config.h"

#include "app/options.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "view/action.h"
#include "wire/entry.h"

enum option_id {
    OPTION_FIRST = 1000, /* above any short option */
#define OPTION(name, long_name, letter, argument, group, help) OPTION_##name,
#include "app/options.def"
#undef OPTION
    OPTION_LAST
};

enum option_group {
    GROUP_SERVER,
    GROUP_OUTPUT,
    GROUP_CONNECTION,
    GROUP_RUN,
    GROUP_OTHER,
    GROUP_COUNT
};

static const char *const group_titles[GROUP_COUNT] = {
    "Server and token", "Output", "Connection", "Run", "Other"};

static const struct option_info {
    enum option_id id;
    const char *name;
    int letter;
    const char *argument;
    enum option_group group;
    const char *help;
} infos[] = {
#define OPTION(name, long_name, letter, argument, group, help)                 \
    {OPTION_##name, long_name, letter, argument, GROUP_##group, help},
#include "app/options.def"
#undef OPTION
};
enum {
    INFO_COUNT = sizeof infos / sizeof *infos
};
static_assert(INFO_COUNT <= 64, "a bit each in check_scopes()");

static const struct {
    const char *word;
    enum command command;
} commands[] = {
    {"watch", COMMAND_WATCH}, {"show", COMMAND_SHOW},
    {"token", COMMAND_TOKEN}, {"agent", COMMAND_AGENT},
    {"sse", COMMAND_SSE},     {"demo", COMMAND_DEMO},
    {"play", COMMAND_PLAY},   {"stream", COMMAND_STREAM},
    {"help", COMMAND_HELP},
};

/* Words for an option with a few values; the example names them all. */
struct choice {
    const char *word;
    int value;
};

static const struct choice times[] = {
    {"local", TIME_LOCAL}, {"utc", TIME_IN_UTC}, {"elapsed", TIME_ELAPSED},
    {"delta", TIME_DELTA}, {"off", TIME_OFF},    {NULL, 0}};
static const struct choice levels[] = {{"all", LEVEL_NONE},
                                       {"trace", LEVEL_TRACE},
                                       {"debug", LEVEL_DEBUG},
                                       {"info", LEVEL_INFO},
                                       {"warn", LEVEL_WARN},
                                       {"error", LEVEL_ERROR},
                                       {NULL, 0}};
static const struct choice whens[] = {{"auto", WHEN_AUTO},
                                      {"always", WHEN_ALWAYS},
                                      {"never", WHEN_NEVER},
                                      {NULL, 0}};
static const struct choice scales[] = {{"auto", SCALE_AUTO},
                                       {"fraction", SCALE_FRACTION},
                                       {"percent", SCALE_PERCENT},
                                       {NULL, 0}};

static bool choose(int *value, const struct choice *choices, const char *name,
                   const char *word, struct error *err)
{
    char known[100] = "";
    for (; choices->word; choices++) {
        if (strcmp(choices->word, word) == 0) {
            *value = choices->value;
            return true;
        }
        size_t len = strlen(known);
        snprintf(known + len, sizeof known - len, "%s%s", len ? ", " : "",
                 choices->word);
    }
    return error_set(err, ERROR_USAGE,
                     "--%s does not know \"%.40s\"; it takes "
                     "one of: %s",
                     name, word, known);
}

static bool read_duration(int64_t *ms, const char *name, const char *text,
                          struct error *err)
{
    if (duration_parse(text, ms) && *ms > 0)
        return true;
    return error_set(err, ERROR_USAGE,
                     "--%s takes a duration such as 90s, 5m or 2h30m, not "
                     "\"%.40s\"",
                     name, text);
}

static bool read_count(int *value, const char *name, const char *text,
                       struct error *err)
{
    char *end;
    long number = strtol(text, &end, 10);
    if (end > text && !*end && number >= 0 && number <= 1000000) {
        *value = (int)number;
        return true;
    }
    return error_set(err, ERROR_USAGE,
                     "--%s takes a whole number such as 5, not \"%.40s\"", name,
                     text);
}

static bool read_memory(size_t *value, const char *text, struct error *err)
{
    if (size_parse(text, value) && *value >= 1024 * 1024)
        return true;
    return error_set(err, ERROR_USAGE,
                     "--memory takes a size of at least 1M, such as 64M or "
                     "1G, not \"%.40s\"",
                     text);
}

static bool read_speed(double *value, const char *text, struct error *err)
{
    char *end;
    if (strcmp(text, "max") == 0)
        text = "0";
    *value = strtod(text, &end);
    if (end > text && !*end &&
        ((*value >= 0.01 && *value <= 1e6) || (*value <= 0 && *value >= 0)))
        return true;
    return error_set(err, ERROR_USAGE,
                     "--speed takes a number such as 10 or 0.5, or max, not "
                     "\"%.40s\"",
                     text);
}

/* Options whose argument is taken as it is. */
static const char **text_of(struct options *options, enum option_id id)
{
    switch ((int)id) {
    case OPTION_API_URL:
        return &options->api_url;
    case OPTION_TOKEN_URL:
        return &options->token_url;
    case OPTION_POLL_URL:
        return &options->poll_url;
    case OPTION_TOKEN_FILE:
        return &options->token_file;
    case OPTION_TOKEN_CMD:
        return &options->token_cmd;
    case OPTION_PROFILE:
        return &options->profile;
    case OPTION_CACERT:
        return &options->ca_file;
    case OPTION_INCLUDE:
        return &options->include;
    case OPTION_EXCLUDE:
        return &options->exclude;
    case OPTION_SINCE:
        return &options->since;
    case OPTION_TZ:
        return &options->zone;
    case OPTION_PROGRESS_KEY:
        return &options->progress_key;
    case OPTION_LOG_KEY:
        return &options->log_key;
    case OPTION_RECORD:
        return &options->record;
    case OPTION_UNTIL:
        return &options->until;
    case OPTION_BACKEND:
        return &options->backend;
    case OPTION_FAULT:
        return &options->fault;
    default:
        return NULL;
    }
}

/* Options that are only there or not. */
static bool *flag_of(struct options *options, enum option_id id)
{
    switch ((int)id) {
    case OPTION_NO_FOLLOW:
        return &options->no_follow;
    case OPTION_POLL:
        return &options->poll_only;
    case OPTION_NO_EXIT_STATUS:
        return &options->no_exit_status;
    case OPTION_PRINT:
        return &options->print_token;
    case OPTION_QUERY_TOKEN:
        return &options->query_token;
    case OPTION_ASCII:
        return &options->ascii;
    case OPTION_NO_MOTION:
        return &options->no_motion;
    case OPTION_OVERWRITE:
        return &options->overwrite;
    case OPTION_LIST:
        return &options->list;
    case OPTION_NO_STREAMS:
        return &options->no_streams;
    default:
        return NULL;
    }
}

static bool take_choice(struct options *options, enum option_id id,
                        const char *name, const char *word, struct error *err)
{
    int value = 0;
    bool good = true;
    if (id == OPTION_LEVEL) {
        good = choose(&value, levels, name, word, err);
        options->level = (enum log_level)value;
    } else if (id == OPTION_TIME) {
        good = choose(&value, times, name, word, err);
        options->time = (enum time_column)value;
    } else if (id == OPTION_COLOR) {
        good = choose(&value, whens, name, word, err);
        options->color = (enum when)value;
    } else if (id == OPTION_PROGRESS_SCALE) {
        good = choose(&value, scales, name, word, err);
        options->scale = (enum progress_scale)value;
    }
    return good;
}

static bool take_stream(struct options *options, const char *key,
                        struct error *err)
{
    if (!*key)
        return error_set(err, ERROR_USAGE,
                         "--stream takes the name of a stream, such as "
                         "default");
    if (options->stream_count == MAX_STREAMS)
        return error_set(err, ERROR_USAGE, "too many streams are named");
    options->streams[options->stream_count++] = key;
    return true;
}

static bool take_option(struct options *options, const struct option_info *info,
                        const char *word, struct error *err)
{
    const char **text = text_of(options, info->id);
    bool *flag = flag_of(options, info->id);
    if (text)
        *text = word;
    else if (flag)
        *flag = true;
    switch ((int)info->id) {
    case OPTION_PLAIN:
        options->output = OUTPUT_PLAIN;
        return true;
    case OPTION_JSON:
        options->output = OUTPUT_JSON;
        options->json_fields = word;
        return true;
    case OPTION_UTC:
        options->time = TIME_IN_UTC;
        return true;
    case OPTION_HEADER:
        if (options->header_count == MAX_HEADERS)
            return error_set(err, ERROR_USAGE, "too many headers");
        options->headers[options->header_count++] = word;
        return true;
    case OPTION_STREAM:
        return take_stream(options, word, err);
    case OPTION_TIMEOUT:
        return read_duration(&options->timeout_ms, info->name, word, err);
    case OPTION_IDLE_TIMEOUT:
        return read_duration(&options->idle_ms, info->name, word, err);
    case OPTION_MAX_RETRIES:
        return read_count(&options->max_retries, info->name, word, err);
    case OPTION_TAIL:
        return read_count(&options->tail, info->name, word, err);
    case OPTION_MEMORY:
        return read_memory(&options->memory, word, err);
    case OPTION_SPEED:
        options->speed_given = true;
        return read_speed(&options->speed, word, err);
    case OPTION_HELP:
        options->command = COMMAND_HELP;
        return true;
    case OPTION_HELP_ALL:
        options->command = COMMAND_HELP_ALL;
        return true;
    case OPTION_VERSION:
        options->command = COMMAND_VERSION;
        return true;
    default:
        return take_choice(options, info->id, info->name, word, err);
    }
}

static const struct option_info *info_of(int found)
{
    for (size_t i = 0; i < INFO_COUNT; i++)
        if ((int)infos[i].id == found || (found && infos[i].letter == found))
            return &infos[i];
    return NULL;
}

static void fill_long_options(struct option *long_options)
{
    for (size_t i = 0; i < INFO_COUNT; i++) {
        const char *argument = infos[i].argument;
        long_options[i] = (struct option){
            .name = infos[i].name,
            .has_arg = !argument            ? no_argument
                       : argument[0] == '[' ? optional_argument
                                            : required_argument,
            .val = (int)infos[i].id,
        };
    }
    long_options[INFO_COUNT] = (struct option){0};
}

const char *options_command_word(enum command command)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (commands[i].command == command)
            return commands[i].word;
    return NULL;
}

bool options_find_command(const char *word, enum command *command)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].word, word) == 0) {
            *command = commands[i].command;
            return true;
        }
    return false;
}

/* The first word may be a command; the next is what it works on. */
static bool take_words(struct options *options, int count, char **words,
                       struct error *err)
{
    bool told = options->command != COMMAND_WATCH; /* --help and such */
    for (size_t i = 0; count && i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(words[0], commands[i].word) != 0)
            continue;
        if (!told)
            options->command = commands[i].command;
        words++;
        count--;
        break;
    }
    if (count)
        options->target = words[0];
    if (options->command == COMMAND_STREAM && count > 1) {
        if (!take_stream(options, words[1], err))
            return false;
        words++;
        count--;
    }
    if (count > 1)
        return error_set(err, ERROR_USAGE,
                         "one run at a time; what is \"%.60s\"?", words[1]);
    bool needs =
        options->command == COMMAND_WATCH || options->command == COMMAND_SHOW ||
        options->command == COMMAND_STREAM || options->command == COMMAND_TOKEN;
    if (options->command == COMMAND_STREAM && options->tail > 0)
        return error_set(err, ERROR_USAGE,
                         "stream takes --tail 0 (only what comes from now on) "
                         "and no other number");
    if (options->command == COMMAND_SSE && !options->target)
        return error_set(err, ERROR_USAGE,
                         "which stream? Try: runtail sse https://…, or: … | "
                         "runtail sse -");
    if (options->record &&
        (options->command == COMMAND_PLAY || options->command == COMMAND_TOKEN))
        return error_set(err, ERROR_USAGE,
                         "%s receives nothing that --record could write down",
                         options_command_word(options->command));
    if (options->command == COMMAND_PLAY && !options->target)
        return error_set(err, ERROR_USAGE,
                         "which recording? Try: runtail play FILE, or: … | "
                         "runtail play -");
    if (options->command == COMMAND_DEMO && options->speed <= 0)
        return error_set(err, ERROR_USAGE,
                         "the demo takes its time: --speed is at least 0.01");
    if (options->command == COMMAND_AGENT && !options->target)
        return error_set(err, ERROR_USAGE,
                         "which agent? Try: runtail agent ID --api-url URL");
    if (needs && !options->target)
        return error_set(err, ERROR_USAGE,
                         "which run? Try: runtail run_1234, or without any "
                         "set-up: runtail demo");
    return true;
}

#define ON(command) (1u << COMMAND_##command)
#define ON_RUNS     (ON(WATCH) | ON(SHOW) | ON(STREAM) | ON(TOKEN))
#define ON_SERVERS  ~(ON(DEMO) | ON(PLAY))
#define ON_ENTRIES  ~(ON(STREAM) | ON(TOKEN))

/* Options that mean nothing to some commands, and those they mean something
 * to. */
static const struct {
    enum option_id id;
    unsigned commands;
    const char *words; /* what they are, for a sentence */
} scopes[] = {
    {OPTION_HEADER, ON(SSE) | ON(AGENT), "sse and agent"},
    {OPTION_QUERY_TOKEN, ON(AGENT), "agent"},
    {OPTION_API_URL, ON_SERVERS, "servers"},
    {OPTION_TOKEN_FILE, ON_SERVERS, "servers"},
    {OPTION_TOKEN_CMD, ON_SERVERS, "servers"},
    {OPTION_PROFILE, ON_SERVERS, "servers"},
    {OPTION_CACERT, ON_SERVERS, "servers"},
    {OPTION_SINCE, ON_ENTRIES, "log entries"},
    {OPTION_LEVEL, ON_ENTRIES, "log entries"},
    {OPTION_INCLUDE, ON_ENTRIES, "log entries"},
    {OPTION_EXCLUDE, ON_ENTRIES, "log entries"},
    {OPTION_TIME, ~ON(STREAM), "log entries"},
    {OPTION_UTC, ~ON(STREAM), "log entries"},
    {OPTION_TZ, ~ON(STREAM), "log entries"},
    {OPTION_TOKEN_URL, ON_RUNS, "runs"},
    {OPTION_POLL_URL, ON_RUNS, "runs"},
    {OPTION_TAIL, ~(ON(SSE) | ON(TOKEN)), "runs and agents"},
    {OPTION_STREAM, ON(WATCH) | ON(STREAM) | ON(DEMO), "following runs"},
    {OPTION_NO_STREAMS, ON(WATCH) | ON(DEMO), "following runs"},
    {OPTION_UNTIL, ON(PLAY), "play"},
    {OPTION_SPEED, ON(DEMO) | ON(PLAY), "demo and play"},
    {OPTION_PRINT, ON(TOKEN), "token"},
    {OPTION_BACKEND, ON(DEMO), "demo"},
    {OPTION_FAULT, ON(DEMO), "demo"},
    {OPTION_LIST, ON(DEMO), "demo"},
};

/* Nothing that was asked for is left undone without a word. */
static bool check_scopes(const struct options *options, uint64_t given,
                         struct error *err)
{
    const char *word = options_command_word(options->command);
    bool follows = word && options->command != COMMAND_HELP;
    for (size_t i = 0; follows && i < sizeof scopes / sizeof *scopes; i++) {
        unsigned number = scopes[i].id - OPTION_FIRST - 1;
        if (given >> number & 1 &&
            !(scopes[i].commands >> options->command & 1))
            return error_set(err, ERROR_USAGE,
                             "--%s has no effect with %s; it is for %s",
                             infos[number].name, word, scopes[i].words);
    }
    uint64_t list = (uint64_t)1 << (OPTION_LIST - OPTION_FIRST - 1);
    if (options->list && (given != list || options->target))
        return error_set(err, ERROR_USAGE,
                         "demo --list takes nothing beside it");
    if (options->no_streams && options->stream_count)
        return error_set(err, ERROR_USAGE,
                         "--stream and --no-streams exclude each other");
    if (options->overwrite && !options->record)
        return error_set(err, ERROR_USAGE,
                         "--overwrite has no effect without --record FILE");
    if (options->record && strcmp(options->record, "-") == 0)
        return error_set(err, ERROR_USAGE,
                         "--record writes to a file, not to standard output; "
                         "give it a name such as run.rec");
    return true;
}

bool options_parse(struct options *options, int argc, char **argv,
                   struct error *err)
{
    uint64_t given = 0;
    struct option long_options[INFO_COUNT + 1];
    *options = (struct options){
        .max_retries = -1,
        .tail = -1,
        .memory = 64 * 1024 * 1024,
        .speed = 1,
    };
    fill_long_options(long_options);
    opterr = 0;
    optind = 0;
    for (;;) {
        int found = getopt_long(argc, argv, ":a:n:H:hV", long_options, NULL);
        if (found == -1)
            break;
        if (found == ':')
            return error_set(err, ERROR_USAGE,
                             "%.60s needs a value; see "
                             "runtail --help-all",
                             argv[optind - 1]);
        const struct option_info *info = found == '?' ? NULL : info_of(found);
        if (!info)
            return error_set(err, ERROR_USAGE,
                             "no option %.60s; see runtail --help-all",
                             argv[optind - 1]);
        if (!take_option(options, info, optarg, err))
            return false;
        given |= (uint64_t)1 << (info - infos);
    }
    return take_words(options, argc - optind, argv + optind, err) &&
           check_scopes(options, given, err);
}

void options_print_help(void)
{
    fputs(
        "runtail - follow a background run, live\n"
        "\n"
        "  runtail RUN               follow a run: an id, or a dashboard URL\n"
        "  runtail show RUN          fetch once and print what happened\n"
        "  runtail stream RUN [KEY]  what it streams, to standard output\n"
        "  runtail token RUN         what kind of token following would use\n"
        "  runtail agent ID          follow an agent's log\n"
        "  runtail sse URL           follow any event stream; - reads input\n"
        "  runtail play FILE         show again what --record FILE wrote\n"
        "  runtail demo [SCENARIO]   try it on a simulated server; --list\n"
        "\n"
        "  -a, --api-url URL         server (https://api.trigger.dev)\n"
        "      --token-url URL, --poll-url URL   an API's own endpoints\n"
        "      --token-file FILE, --token-cmd COMMAND\n"
        "      --plain, --json       lines instead of the screen\n"
        "      --no-follow           print what is there and leave\n"
        "      --timeout DURATION    give up after 90s, 5m, 2h30m\n"
        "      --help-all            every option, key and exit status\n"
        "\n"
        "Tokens come from TRIGGER_SECRET_KEY, TRIGGER_ACCESS_TOKEN, or with\n"
        "--token-url from RUNTAIL_API_KEY; never from the command line.\n"
        "Exit: 0 completed, 1 failed, 2 usage, 3 canceled, 4 not allowed,\n"
        "5 no such run, 6 connection, 7 left early, 124 timeout, 130 ^C\n",
        stdout);
}

static void print_options(void)
{
    for (int group = 0; group < GROUP_COUNT; group++) {
        printf("\n%s\n", group_titles[group]);
        for (size_t i = 0; i < INFO_COUNT; i++) {
            char left[64], letter[8] = "    ";
            const char *argument = infos[i].argument ? infos[i].argument : "";
            if ((int)infos[i].group != group)
                continue;
            if (infos[i].letter)
                snprintf(letter, sizeof letter, "-%c, ", infos[i].letter);
            snprintf(left, sizeof left, "%s--%s%s%s", letter, infos[i].name,
                     *argument && *argument != '[' ? " " : "", argument);
            printf("  %-28s %s\n", left, infos[i].help);
        }
    }
}

static void print_keys(void)
{
    fputs("\nKeys\n", stdout);
    for (size_t i = 0; action_table(i); i++) {
        const struct action_info *info = action_table(i);
        printf("  %-28s %s\n", info->keys, info->help);
    }
}

void options_print_help_all(void)
{
    options_print_help();
    print_options();
    print_keys();
    fputs(
        "\nEnvironment\n"
        "  TRIGGER_API_URL TRIGGER_SECRET_KEY TRIGGER_ACCESS_TOKEN\n"
        "  RUNTAIL_TOKEN_URL RUNTAIL_API_KEY RUNTAIL_POLL_URL\n"
        "  RUNTAIL_PROFILE RUNTAIL_CONFIG\n"
        "  NO_COLOR FORCE_COLOR CLICOLOR CLICOLOR_FORCE TERM TZ COLUMNS LINES,"
        "\n  and proxies as curl takes them\n"
        "\nFiles\n"
        "  $XDG_CONFIG_HOME/runtail/config.json\n",
        stdout);
}
