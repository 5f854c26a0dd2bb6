#include "config.h"

#include "app/look.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/complain.h"
#include "text/escape.h"

static bool is_dumb_terminal(void)
{
    const char *term = getenv("TERM");
    return !term || !*term || strcmp(term, "dumb") == 0;
}

bool look_reads_input(const struct options *options)
{
    return (options->command == COMMAND_SSE ||
            options->command == COMMAND_PLAY) &&
           options->target && strcmp(options->target, "-") == 0;
}

/* Are there keys beside what comes from standard input? */
static bool has_other_keys(void)
{
    int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return false;
    close(fd);
    return tcgetpgrp(STDOUT_FILENO) >= 0; /* fails on other terminals */
}

bool look_wants_screen(const struct options *options, bool reads_input)
{
    if (options->output != OUTPUT_AUTO || options->no_follow ||
        options->command == COMMAND_STREAM || !isatty(STDOUT_FILENO) ||
        is_dumb_terminal())
        return false;
    if (!isatty(STDIN_FILENO))
        return reads_input && has_other_keys();
    return !reads_input;
}

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value && strcmp(value, "0") != 0;
}

bool look_wants_color(const struct options *options)
{
    const char *no_color = getenv("NO_COLOR");
    const char *clicolor = getenv("CLICOLOR");
    if (options->color != WHEN_AUTO)
        return options->color == WHEN_ALWAYS;
    if (no_color && *no_color)
        return false;
    if (is_set("FORCE_COLOR") || is_set("CLICOLOR_FORCE"))
        return true;
    if (clicolor && strcmp(clicolor, "0") == 0)
        return false;
    return isatty(STDOUT_FILENO) && !is_dumb_terminal();
}

unsigned look_line_flags(const struct options *options)
{
    if (options->ascii)
        return ESCAPE_ASCII;
    return isatty(STDOUT_FILENO) ? complain_flags() : 0;
}
