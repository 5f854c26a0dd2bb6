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

/* Makes the file and begins it. target: what is followed, an id or, for a
 * stream, its address. poll_key: polling goes with a key of its own. NULL with
 * *err. */
struct recorder *record_open(const struct options *options,
                             const struct settings *settings,
                             const char *target, bool on_screen, uint32_t seed,
                             bool poll_key, const struct token *token,
                             struct loop *loop, struct error *err);

#endif
