/* The few lines that stay on the main screen when the viewer is left. */
#ifndef APP_VERDICT_H
#define APP_VERDICT_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "model/run.h"

/* Prints state, task, run, times, error, output and how to look again: at most
 * eight lines, of safe text. again: the sentence that tells how to look again,
 * or NULL. failure: why following ended early, or NULL. */
void verdict_print(FILE *out, const struct run *run, int64_t now_ms,
                   const char *again, const struct error *failure);

#endif
