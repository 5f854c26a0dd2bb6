/* The command line, as values. */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "view/view_run.h"
#include "wire/event.h"
#include "wire/progress.h"

enum command {
    COMMAND_WATCH,
    COMMAND_SHOW,
    COMMAND_TOKEN,
    COMMAND_STREAM,
    COMMAND_SSE,
    COMMAND_AGENT,
    COMMAND_DEMO,
    COMMAND_PLAY,
    COMMAND_HELP,
    COMMAND_HELP_ALL,
    COMMAND_VERSION
};

enum output {
    OUTPUT_AUTO, /* the screen on a terminal, else plain lines */
    OUTPUT_PLAIN,
    OUTPUT_JSON
};

enum when {
    WHEN_AUTO,
    WHEN_ALWAYS,
    WHEN_NEVER
};

enum {
    MAX_HEADERS = 32,
    MAX_STREAMS = 32
};

/* Texts are those of argv, NULL or the default where not given. */
struct options {
    enum command command;
    const char *target; /* run id or URL; for demo the scenario; for play the
                         * file; may be NULL */
    const char *api_url, *token_url, *poll_url;
    const char *token_file, *token_cmd, *profile, *ca_file;
    enum output output;
    const char *json_fields;
    bool no_follow, poll_only, no_exit_status, print_token, query_token;
    enum log_level level;
    int tail;          /* -1: all */
    const char *since; /* a duration or a time; NULL: all */
    const char *include, *exclude;
    enum time_column time;
    const char *zone;
    enum when color;
    bool ascii, no_motion;
    int64_t timeout_ms, idle_ms; /* 0: none, default */
    int max_retries;             /* -1: unlimited */
    const char *progress_key, *log_key;
    enum progress_scale scale;
    size_t memory;
    double speed; /* 0: without waiting */
    bool speed_given;
    const char *until;  /* a duration or a time; NULL: all */
    const char *record; /* a file; NULL: not recorded */
    bool overwrite;
    const char *backend, *fault;
    bool list;
    const char *headers[MAX_HEADERS]; /* "NAME: VALUE" */
    size_t header_count;
    const char *streams[MAX_STREAMS + 1]; /* keys, NULL at the end */
    size_t stream_count;
    bool no_streams;
};

/* False with *err (kind ERROR_USAGE) on anything that is not understood. */
bool options_parse(struct options *options, int argc, char **argv,
                   struct error *err);

/* The word for a command, and the command for a word; false: there is none. */
const char *options_command_word(enum command command);
bool options_find_command(const char *word, enum command *command);

/* The texts of --help (at most 24 lines) and --help-all. */
void options_print_help(void);
void options_print_help_all(void);

#endif
