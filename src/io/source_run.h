/* The parts of a run's source, for the files that make it up: source_run.c (its
 * life, its telling), source_run_feed.c (the live feed), source_run_rest.c
 * (polling and details), source_run_names.c (which streams there are, while
 * polling), source_run_failure.c (what goes wrong). Others use io/source.h. */
#ifndef IO_SOURCE_RUN_H
#define IO_SOURCE_RUN_H

#include "io/source.h"
#include "io/source_streams.h"
#include "wire/catch_up.h"
#include "wire/decoder.h"
#include "wire/shape.h"
#include "wire/sse.h"

enum {
    MAX_BODY = 64 * 1024 * 1024,
    MAX_EVENT = 32 * 1024 * 1024,
    CONNECT_MS = 10 * 1000,
    ANSWER_MS = 30 * 1000,
    POLL_MS = 3000,
    LATE_MS = 300, /* between two looks for late entries, after a failure */
    STEADY_MS = 10 * 1000, /* a stream that lasted so long did work */
    IDLE_MS = 45 * 1000,   /* a live request is held for 20 s or so */
    FIRST_TRIES = 3,       /* before anything was ever heard */
    UNKNOWN_RUN_TRIES = 3, /* for "not found, try again" */
    FAST_ANSWER_MS = 200,
    EMPTY_BODY = 100, /* bytes; a bare up-to-date has fewer */
    MAX_FAST_ANSWERS = 5,
    MAX_RESTARTS = 5,
    DETAILS_MS = 3000,
    NAMES_MS = 15 * 1000, /* for the last try to ask for names */
    NAMES_AGAIN_MS = 1000,
    SILENT_MS = 1000, /* in which streams begin to tell what they had … */
    BEHIND_MS = 4000  /* … and after that, end to */
};

struct source_run {
    struct source base;
    struct source_options options;
    struct http *http;
    struct loop *loop;
    struct token *token;
    event_fn *emit;
    void *context;
    struct catch_up *catch_up; /* all events pass it; NULL: they need not */

    struct shape *shape;
    struct decoder *decoder;
    struct sse *sse;                /* of the live stream under way */
    struct source_streams *streams; /* of the run; NULL: not read */
    struct http_call *call, *details;
    struct loop_timer wait;   /* until the next request */
    struct loop_timer linger; /* until the end is told */
    struct loop_timer behind; /* until streams that are behind stay so */
    struct connection link;   /* as last told */

    bool polling, heard, streaming, stream_refused, ended;
    bool end_wanted;      /* as soon as the streams are over */
    struct error failure; /* why nothing more is told of the run but them */
    bool details_wanted;

    /* Names of streams, see source_run_names.c. */
    struct http_call *names_call;
    struct shape *names; /* while they are asked for */
    char *names_header;  /* likewise; secret */
    unsigned polls;      /* so far */
    int names_answers;
    int names_last_tries; /* after the end of the run */
    bool names_heard;     /* given, at any time */
    bool names_known;     /* … as they were at the end of the run */

    uint64_t rows_taken;    /* in the answer under way */
    int64_t told_offset_ms; /* of the clocks, as last told */
    unsigned token_number;  /* of the token that was last used */
    bool token_renewed;     /* since a refusal; it was not good yet here */
    int attempt;            /* failures in a row */
    int breaks;             /* of them, of a feed that was there */
    int unknown_tries, fast_answers;
    int restarts;       /* since a live request was last answered */
    bool out_of_bounds; /* since then, the offset was */
};

/* source_run.c */

/* Emits the state of the connection when it is news. */
void source_run_tell_link(struct source_run *run, enum connection_state state,
                          int64_t retry_in_ms, const char *reason);

/* Emits the end, once; failure: why it came early, or NULL. */
void source_run_tell_end(struct source_run *run, const struct error *failure);

/* The address that is being asked, for messages. */
const char *source_run_server(const struct source_run *run);

/* Makes the next request, now or in so many ms. */
void source_run_next_request(struct source_run *run);
void source_run_go_on_in(struct source_run *run, int64_t ms);

/* Arranges for the end once following is over; true when that is now. */
bool source_run_check_end(struct source_run *run);

/* After each update: reads streams that are new, and, after the first, settles
 * whether older parts are waited for. */
void source_run_note_streams(struct source_run *run);

/* How long to watch for late entries, once the run has finished. */
int64_t source_run_linger(const struct source_run *run);

/* Ends whatever is under way and tells the end; a loop_timer's function. */
void source_run_end_now(void *context);

/* The run's feed, from its beginning. */
struct shape *source_run_new_shape(const struct source_run *run);

/* A random number, for delays. */
uint32_t source_run_chance(void);

/* source_run_failure.c */

/* True when the request goes with an API's own key, not with a token. */
bool source_run_asks_with_key(const struct source_run *run);

/* A failure that may pass: says so and tries again later, or gives up.
 * answered: some server did answer. server_ms: what it asked for, or -1. */
void source_run_retry(struct source_run *run, const struct error *err,
                      bool answered, int64_t server_ms);

/* Goes over to polling; why: one clause. */
void source_run_start_polling(struct source_run *run, const char *why);

/* Starts the feed again at its beginning. handle: the server's new one, or
 * NULL. */
void source_run_start_again(struct source_run *run, const char *handle);
void source_run_handle_conflict(struct source_run *run, struct http_call *call);

/* An answer with a status that is not 2xx; no complete answer; an answer that
 * makes no sense (broken: it is of the right kind, though). Each decides what
 * comes next. */
void source_run_handle_status(struct source_run *run, struct http_call *call,
                              const struct http_result *result);
void source_run_handle_breakage(struct source_run *run,
                                const struct http_result *result);
void source_run_handle_nonsense(struct source_run *run, struct error *err,
                                bool broken);

/* source_run_feed.c */

void source_run_ask_feed(struct source_run *run, const char *token);
void source_run_note_clock(struct source_run *run,
                           const struct http_call *call);
void source_run_note_success(struct source_run *run);

/* What the headers of an answer say of the feed's position. */
void source_run_read_headers(const struct http_call *call,
                             struct shape_headers *headers);

/* "Name: value" of a request to the feed, NULL at the end. */
extern const char *const source_run_feed_headers[];

/* source_run_names.c */

/* With each poll: asks when it is time to. */
void source_run_ask_names(struct source_run *run, const char *token);

/* The end of the run is not to be told yet. */
bool source_run_awaits_names(const struct source_run *run);

/* The run has no streams but those that were told. */
bool source_run_knows_streams(const struct source_run *run);

/* Stops asking. */
void source_run_forget_names(struct source_run *run);

/* source_run_rest.c */

void source_run_ask_poll(struct source_run *run, const char *token);
void source_run_ask_details(struct source_run *run, const char *token);

/* "Authorization: Bearer …"; owned secret, for mem_forget(). */
char *source_run_auth_header(const char *token);

#endif
