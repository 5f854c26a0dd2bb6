/* The recording's lines are one sequence in time; the player goes through it
 * with one timer. Each line is delivered behind all timers of its moment: so it
 * was when it was recorded, where timers fire before what has come is read.
 *
 * What comes before it was asked for (a source may be a little later than it
 * was) waits, and is delivered as soon as it is asked for. */
#include "config.h"

#include "io/player.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/http_play.h"
#include "io/player_file.h"
#include "wire/mask.h"

enum {
    /* Played time, not waited for, in which a source may come to its end
     * after the last line: longer than it lingers. */
    GRACE_MS = 20 * 1000
};

struct player {
    struct player_file *file;
    struct loop *loop;
    const struct player_ops *ops;
    void *context;
    struct player_span span;
    int64_t begun_ms; /* steady */
    size_t at;        /* the next line */
    bool last_look;   /* the timers of its moment had their turn */
    bool over;
    struct loop_timer next, arrival, grace;
    struct mask *mask; /* of no secrets: spells addresses as recorded */
    struct player_call *calls;

    player_input_fn *input;
    void *input_context;

    player_token_fn *token; /* who waits for one … */
    void *token_context;
    int token_number; /* … and for which */
    size_t token_line;
    struct loop_timer token_due;
};

/* A request that is played. */
struct player_call {
    struct player *player;
    struct player_call *next;
    struct http_call *http;
    struct player_exchange *exchange; /* NULL: there is no answer */
    struct loop_timer late;           /* for lines that came before */
};

struct player *player_open(const char *name, struct error *err)
{
    struct player_file *file = player_file_open(name, err);
    if (!file)
        return NULL;
    struct player *player = mem_zalloc(1, sizeof *player);
    player->file = file;
    player->mask = mask_create();
    return player;
}

static void stop_timers(struct player *player)
{
    loop_timer_stop(player->loop, &player->next);
    loop_timer_stop(player->loop, &player->arrival);
    loop_timer_stop(player->loop, &player->grace);
    loop_timer_stop(player->loop, &player->token_due);
}

void player_destroy(struct player *player)
{
    if (!player)
        return;
    player_file_close(player->file);
    mask_destroy(player->mask);
    free(player);
}

const struct recording_start *player_start(const struct player *player)
{
    return player_file_start(player->file);
}

int64_t player_length_ms(const struct player *player)
{
    size_t count = player_file_count(player->file);
    return count ? player_file_at(player->file, count - 1)->t_ms : 0;
}

int64_t player_position_ms(const struct player *player)
{
    int64_t length_ms = player_length_ms(player);
    int64_t at_ms = loop_steady_ms(player->loop) - player->begun_ms;
    return at_ms < length_ms ? at_ms : length_ms;
}

bool player_is_over(const struct player *player)
{
    return player->over;
}

double player_speed(const struct player *player)
{
    return player->span.speed;
}

void player_pause(struct player *player, bool paused)
{
    if (player->over)
        return;
    player->span.paused = paused;
    loop_hold_clock(player->loop, paused);
}

bool player_is_paused(const struct player *player)
{
    return player->span.paused && !player->over;
}

/* Delivering. */

static void read_line(struct player *player, size_t index,
                      struct recording_line *line)
{
    char words[120];
    if (player_file_read(player->file, index, line))
        return;
    snprintf(words, sizeof words,
             "line %zu of the recording makes no sense and is passed over",
             player_file_at(player->file, index)->number);
    line->type = RECORDING_UNKNOWN;
    player->ops->notice(player->context, words);
}

/* A line of an exchange that is being played. The call may be gone then. */
static void deliver(struct player_call *call, size_t index)
{
    struct recording_line line;
    struct player *player = call->player;
    call->exchange->next = player_file_at(player->file, index)->next;
    read_line(player, index, &line);
    switch (line.type) {
    case RECORDING_HEAD:
        http_play_head(call->http, line.status, &line.head);
        break;
    case RECORDING_BODY:
        http_play_body(call->http, buf_str(&line.bytes), line.bytes.len);
        break;
    case RECORDING_REDIRECT:
        http_play_redirect(call->http);
        break;
    case RECORDING_DONE:
        /* what the source itself broke off, it will break off again */
        if (line.how && strcmp(line.how, "canceled") != 0)
            http_play_done(call->http, line.how, line.reason);
        break;
    case RECORDING_REQUEST:
    case RECORDING_INPUT:
    case RECORDING_TOKEN:
    case RECORDING_WAKE:
    case RECORDING_CLOSE:
    case RECORDING_UNKNOWN:
        break;
    }
    recording_free(&line);
}

static struct player_call *call_of(struct player *player,
                                   const struct player_exchange *exchange)
{
    struct player_call *call = player->calls;
    while (call && call->exchange != exchange)
        call = call->next;
    return call;
}

/* Lines of the call that its time has passed over. */
static void deliver_late(void *context)
{
    struct player_call *call = context;
    size_t index = call->exchange->next;
    if (index == PLAYER_NONE || index >= call->player->at)
        return;
    loop_timer_start(call->player->loop, &call->late, 0, deliver_late, call);
    deliver(call, index);
}

static void deliver_in_time(struct player *player, size_t index)
{
    struct player_exchange *exchange =
        player_file_exchange(player->file, index);
    struct player_call *call = exchange ? call_of(player, exchange) : NULL;
    if (call && exchange->next == index)
        deliver(call, index);
}

static void give_token(void *context)
{
    struct player *player = context;
    struct recording_line line;
    player_token_fn *fn = player->token;
    player->token = NULL;
    read_line(player, player->token_line, &line);
    if (fn)
        fn(player->token_context, &line);
    recording_free(&line);
}

static void give_input(struct player *player, const struct recording_line *line)
{
    if (player->input)
        player->input(player->input_context, buf_str(&line->bytes),
                      line->bytes.len, line->reason);
}

static void finish(struct player *player, const char *how, int signal)
{
    if (player->over)
        return;
    player->over = true;
    stop_timers(player);
    loop_set_speed(player->loop, 0); /* time stands still */
    player->ops->over(player->context, how, signal);
}

/* The source did not come to its end: the time of grace never was. */
static void on_grace_over(void *context)
{
    struct player *player = context;
    loop_play_clock(player->loop,
                    player_start(player)->started_ms + player_length_ms(player),
                    0);
    finish(player, "cut", 0);
}

/* Nothing more comes; what the source still does by itself, it does now. */
static void let_end(struct player *player)
{
    loop_timer_stop(player->loop, &player->arrival);
    loop_set_speed(player->loop, 0);
    loop_timer_start(player->loop, &player->grace, GRACE_MS, on_grace_over,
                     player);
}

static void play_line(struct player *player, size_t index)
{
    const struct player_line *place = player_file_at(player->file, index);
    struct recording_line line;
    switch (place->type) {
    case RECORDING_REQUEST:
    case RECORDING_HEAD:
    case RECORDING_BODY:
    case RECORDING_REDIRECT:
    case RECORDING_DONE:
        deliver_in_time(player, index);
        return;
    case RECORDING_TOKEN:
        if (player->token && player->token_line == index)
            give_token(player);
        return;
    case RECORDING_WAKE:
        player->ops->wake(player->context);
        return;
    case RECORDING_INPUT:
    case RECORDING_CLOSE:
    case RECORDING_UNKNOWN:
        break;
    }
    read_line(player, index, &line);
    if (line.type == RECORDING_INPUT)
        give_input(player, &line);
    else if (line.type == RECORDING_CLOSE && line.how &&
             strcmp(line.how, "ended") != 0)
        finish(player, line.how, line.number);
    recording_free(&line);
}

static void on_next(void *context);

/* Waits for the next line, or for the moment to stop at. */
static void await_next(struct player *player)
{
    bool left = player->at < player_file_count(player->file);
    int64_t t_ms =
        left ? player_file_at(player->file, player->at)->t_ms : INT64_MAX;
    if (player->span.until_ms >= 0 && player->span.until_ms < t_ms) {
        left = true;
        t_ms = player->span.until_ms;
    }
    if (player->over)
        return;
    if (left)
        loop_timer_start_first(player->loop, &player->next,
                               player->begun_ms + t_ms -
                                   loop_steady_ms(player->loop),
                               on_next, player);
    else
        let_end(player);
}

static void on_next(void *context)
{
    struct player *player = context;
    size_t count = player_file_count(player->file);
    bool stops =
        player->at == count || (player->span.until_ms >= 0 &&
                                player_file_at(player->file, player->at)->t_ms >
                                    player->span.until_ms);
    if (!stops) {
        play_line(player, player->at++);
        await_next(player);
    } else if (!player->last_look) {
        player->last_look = true;
        loop_timer_start(player->loop, &player->next, 0, on_next, player);
    } else {
        finish(player, "until", 0);
    }
}

static void on_arrival(void *context)
{
    struct player *player = context;
    loop_set_speed(player->loop, player->span.speed);
    loop_hold_clock(player->loop, player->span.paused);
}

void player_begin(struct player *player, struct loop *loop,
                  const struct player_span *span, const struct player_ops *ops,
                  void *context)
{
    char words[120];
    player->loop = loop;
    player->span = *span;
    player->ops = ops;
    player->context = context;
    player->begun_ms = loop_steady_ms(loop);
    player->at = 0;
    player->last_look = player->over = false;
    player_file_rewind(player->file);
    loop_set_speed(loop, span->from_ms > 0 ? 0 : span->speed);
    if (span->from_ms > 0)
        loop_timer_start(loop, &player->arrival, span->from_ms, on_arrival,
                         player);
    else
        loop_hold_clock(loop, span->paused);
    size_t broken = player_file_broken(player->file);
    if (broken && !span->from_ms) {
        snprintf(words, sizeof words,
                 "%zu %s of the recording, the first being line %zu, %s no "
                 "sense and %s passed over",
                 broken, broken == 1 ? "line" : "lines",
                 player_file_first_broken(player->file),
                 broken == 1 ? "makes" : "make", broken == 1 ? "is" : "are");
        ops->notice(context, words);
    }
    await_next(player);
}

static void drop_call(struct player *player, struct player_call *call)
{
    loop_timer_stop(player->loop, &call->late);
    free(call);
}

void player_end(struct player *player)
{
    if (!player->loop)
        return;
    while (player->calls) {
        struct player_call *call = player->calls;
        player->calls = call->next;
        drop_call(player, call);
    }
    stop_timers(player);
    player->loop = NULL;
}

/* Requests. */

struct player_call *player_request(struct player *player, const char *method,
                                   const char *url, struct http_call *http)
{
    struct player_call *call = mem_zalloc(1, sizeof *call);
    struct buf spelled = buf_make(0);
    mask_url(player->mask, url, &spelled);
    call->player = player;
    call->http = http;
    call->exchange = player_file_take(player->file, method, buf_str(&spelled));
    call->next = player->calls;
    player->calls = call;
    buf_free(&spelled);
    if (call->exchange && call->exchange->next < player->at)
        loop_timer_start(player->loop, &call->late, 0, deliver_late, call);
    return call;
}

void player_cancel(struct player_call *call)
{
    if (!call)
        return;
    struct player_call **at = &call->player->calls;
    while (*at && *at != call)
        at = &(*at)->next;
    if (*at)
        *at = call->next;
    drop_call(call->player, call);
}

/* Standard input and tokens. */

void player_read_input(struct player *player, player_input_fn *fn,
                       void *context)
{
    player->input = fn;
    player->input_context = context;
}

void player_forget_token(struct player *player)
{
    if (player->loop)
        loop_timer_stop(player->loop, &player->token_due);
    player->token = NULL;
}

void player_get_token(struct player *player, int number, player_token_fn *fn,
                      void *context)
{
    size_t line = player_file_token(player->file, number);
    player_forget_token(player);
    if (line == PLAYER_NONE) {
        fn(context, NULL);
        return;
    }
    player->token = fn;
    player->token_context = context;
    player->token_line = line;
    if (line < player->at)
        loop_timer_start(player->loop, &player->token_due, 0, give_token,
                         player);
}

bool player_has_token(const struct player *player, int number)
{
    return player_file_token(player->file, number) != PLAYER_NONE;
}
