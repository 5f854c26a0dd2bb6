/* A command that prints a token or key, while everything else goes on. */
#ifndef IO_SECRET_COMMAND_H
#define IO_SECRET_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "io/loop.h"

/* How long it may take: a person may have to unlock something. */
#define SECRET_COMMAND_MS (60 * 1000)

struct secret_command;

/* Called once, at the end: with what it printed, without the white space around
 * it and wiped afterwards, or with why there is nothing (text is NULL). */
typedef void secret_command_fn(void *context, const char *text,
                               const struct error *err);

/* Runs command in a shell that knows none of the secrets at hand. NULL, with
 * *err set, when it cannot be started. */
struct secret_command *secret_command_start(struct loop *loop,
                                            const char *command,
                                            secret_command_fn *fn,
                                            void *context, struct error *err);

/* Kills it; nothing is called any more. NULL is fine. */
void secret_command_cancel(struct secret_command *run);

/* The pieces, for who waits: the shell, which writes to *out (-1: it cannot be
 * started), and the words for what came of it. status: as of waitpid(). */
pid_t secret_command_spawn(const char *command, int *out);
void secret_command_failed(struct error *err, const char *command,
                           bool took_too_long, int status);

#endif
