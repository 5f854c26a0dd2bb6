/* One session of following, for the files that make it up: follow.c (its
 * sources, outputs and what happens meanwhile), session_end.c (how it ends).
 * Others use app/follow.h. */
#ifndef APP_SESSION_H
#define APP_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "app/aside.h"
#include "app/follow.h"
#include "app/lines.h"
#include "app/options.h"
#include "app/settings.h"
#include "app/tui.h"
#include "io/http.h"
#include "io/loop.h"
#include "io/recorder.h"
#include "io/sink.h"
#include "io/source.h"
#include "io/spool.h"
#include "io/token.h"
#include "model/run.h"

/* Everything of one session. */
struct session {
    const struct options *options;
    struct settings *settings;
    const char *run_id;
    struct loop *loop;
    struct http *http;
    struct token *token;
    struct source *source;
    struct recorder *recorder; /* NULL: nothing is recorded */
    struct playing *playing;   /* NULL: nothing is played */
    int wish;            /* for other credentials, the last one's number */
    const char *over;    /* why the recording ended; NULL: not yet */
    char *poll_secret;   /* a header; secret */
    struct lines *lines; /* NULL on the screen … */
    struct sink *sink;   /* … of the lines */
    struct aside *aside; /* NULL: what is remarked stands in these */
    struct tui *tui;     /* NULL where lines are written */
    struct run *run;
    struct spool *spool; /* for log text beyond --memory */
    bool spool_told;     /* that it cannot be used */
    bool record_told;    /* that nothing is recorded any more */
    struct loop_timer timeout;
    int64_t deadline_ms;  /* of --timeout, by the steady clock; 0: none */
    struct error failure; /* why following ended early */
    bool ended;           /* the source has told its end */
    int forced_code;      /* -1: the run decides */
    bool reader_left;     /* nobody reads our output any more */
};

/* follow.c */

/* Waits for a slow reader, so that what is not read yet does not pile up here;
 * but not when a signal came, or the time is over. */
void session_flush(struct session *session);

/* session_end.c */

/* Is there nothing of the run to be seen? */
bool session_heard_nothing(const struct session *session);

/* The last event is an end, whatever happened. */
void session_tell_end(struct session *session);

/* Before our own end is told: what the source would have told before its. */
void session_tell_held(struct session *session);

/* No event comes after this. */
void session_stop_source(struct session *session);

/* As player_ops has it: the recording is over, and the source is not. It ends
 * as the session did that was recorded. What is on the screen stays there. */
void session_recording_over(void *context, const char *how, int number);

/* Leaves the screen and says on the main one what there is to say; again: as
 * follow_run() has it. */
void session_leave_screen(struct session *session, const char *again);

/* Says on standard error why it ended early. */
void session_say_why(const struct session *session);

/* What the program ends with. */
int session_exit_code(const struct session *session);

/* Frees what the session holds, and stops what is under way. */
void session_close(struct session *session);

#endif
