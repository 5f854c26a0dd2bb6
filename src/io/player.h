/* Plays a recording in place of the network: what was received is received
 * again, by the same sources, at the time it came, on a clock of its own.
 *
 * A request is answered by the next exchange of the recording that was made
 * with the same method and address and was not played yet; one that has no such
 * answer stays without any. */
#ifndef IO_PLAYER_H
#define IO_PLAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "io/http.h"
#include "io/loop.h"
#include "wire/recording.h"

struct player;

/* Reads what the file of that name holds; "-": standard input, to its end. NULL
 * with *err: it cannot be read, or is no recording that this program knows. A
 * last line that is cut off is passed over. */
struct player *player_open(const char *name, struct error *err);
void player_destroy(struct player *player);

/* What was recorded; valid as long as the player. */
const struct recording_start *player_start(const struct player *player);

/* How long the recording is. */
int64_t player_length_ms(const struct player *player);

/* All get the context. */
struct player_ops {
    /* Something to tell the user, one sentence. */
    void (*notice)(void *context, const char *words);
    /* The program was woken. */
    void (*wake)(void *context);
    /* The recording is over. how: as recorder_close() was told, "until" where
     * it was to stop, "cut" where it has no end. Called once. */
    void (*over)(void *context, const char *how, int signal);
};

/* What of it is played, and how fast. */
struct player_span {
    int64_t from_ms;  /* since the start: all before comes at once */
    int64_t until_ms; /* stops there; -1: plays all */
    double speed;     /* as in loop_play_clock() */
    bool paused;      /* from from_ms on it waits for player_pause() */
};

/* Plays from the next turn of the loop on, from the recording's start, by the
 * loop's clock, which is to be played. Once more after that: from the start
 * again. ops is borrowed. */
void player_begin(struct player *player, struct loop *loop,
                  const struct player_span *span, const struct player_ops *ops,
                  void *context);

/* Stops; before the loop goes. */
void player_end(struct player *player);

/* How far it has come since the start. */
int64_t player_position_ms(const struct player *player);

/* Is it over, at its end or where it was to stop? */
bool player_is_over(const struct player *player);

/* Times as fast as life; 0: without waiting. */
double player_speed(const struct player *player);

/* Stops the recording's time, or lets it go on; not when it is over. */
void player_pause(struct player *player, bool paused);
bool player_is_paused(const struct player *player);

/* For io/http: a request, and its end from the other side. */
struct player_call;
struct player_call *player_request(struct player *player, const char *method,
                                   const char *url, struct http_call *http);
void player_cancel(struct player_call *call);

/* For whoever reads standard input: bytes come to fn, none at the end, with the
 * reason if that was a failure. fn NULL: no more. */
typedef void player_input_fn(void *context, const char *bytes, size_t len,
                             const char *reason);
void player_read_input(struct player *player, player_input_fn *fn,
                       void *context);

/* For io/token: the line that tells what came of the number-th wish for a
 * token, borrowed; NULL where the token at hand would do. May call back before
 * it returns. One wish at a time. */
typedef void player_token_fn(void *context, const struct recording_line *line);
void player_get_token(struct player *player, int number, player_token_fn *fn,
                      void *context);
void player_forget_token(struct player *player);

/* Is there such a line? */
bool player_has_token(const struct player *player, int number);

#endif
