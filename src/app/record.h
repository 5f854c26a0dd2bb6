/* Recording what a session receives: --record. */
#ifndef APP_RECORD_H
#define APP_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "app/options.h"
#include "app/settings.h"
#include "base/error.h"
#include "io/http.h"
#include "io/loop.h"
#include "io/recorder.h"
#include "io/token.h"

/* What is never to be written. recorder NULL: nothing happens. */
void record_secrets(struct recorder *recorder, const struct settings *settings);

/* Makes the file and begins it. run: the id of what is followed. poll_key:
 * polling goes with a key of its own. NULL with *err. */
struct recorder *record_open(const struct options *options,
                             const struct settings *settings, const char *run,
                             bool on_screen, uint32_t seed, bool poll_key,
                             const struct token *token, struct loop *loop,
                             struct error *err);

/* Tells how following ended: by itself, or with that exit status; -1: it was
 * left. */
void record_close(struct recorder *recorder, bool ended, int code);

#endif
