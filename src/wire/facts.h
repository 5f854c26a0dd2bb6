/* What is known of one run, as plain values: the part of a run that a server
 * states whole each time (everything but its log). */
#ifndef WIRE_FACTS_H
#define WIRE_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/status.h"

/* A failed run's error. Every text may be NULL: not told. Untrusted bytes. */
struct run_error {
    char *type; /* BUILT_IN_ERROR, STRING_ERROR, CUSTOM_ERROR, INTERNAL_ERROR */
    char *name; /* "TypeError" */
    char *message;
    char *code;  /* INTERNAL_ERROR only: "MAX_DURATION_EXCEEDED" */
    char *stack; /* lines joined by LF, with or without the first line */
};

enum progress_kind {
    PROGRESS_NONE,    /* never told */
    PROGRESS_UNKNOWN, /* told, but not a usable number: indeterminate */
    PROGRESS_RATIO    /* ratio is valid */
};

struct run_progress {
    enum progress_kind kind;
    double ratio;   /* 0…1 */
    double current; /* of {current,total} forms; NAN when not told */
    double total;
};

/* Owned texts are NULL when not told; instants INSTANT_NONE; numbers NAN or -1
 * as said. All texts are untrusted UTF-8 (already repaired), may hold
 * controls, and never hold a NUL (a NUL is stored as U+FFFD). */
struct run_facts {
    char *id;   /* "run_…" */
    char *task; /* "ingest-report" */
    enum run_status status;
    char *status_text; /* the server's own word, for statuses never seen */
    int64_t created_ms, queued_ms, started_ms, completed_ms, expired_ms;
    int64_t delayed_until_ms, updated_ms;
    bool is_test;
    char *version;          /* REST only: "20260102.1" */
    char *environment;      /* REST list or token: "prod" */
    char *ttl;              /* "10m" */
    int attempt;            /* current or last attempt, 0: not told */
    int max_attempts;       /* 0: not told */
    double cost_cents;      /* of the run; NAN: not told */
    double base_cost_cents; /* of being a run at all; NAN: not told */
    int64_t usage_ms;       /* billed compute; -1: not told */
    int64_t waited_ms;      /* time seen in WAITING; -1: not told */
    char **tags;
    size_t tag_count;
    struct run_progress progress;
    char *step; /* metadata.status, else metadata.currentStep */
    struct run_error error;
    bool has_error;
    char *payload; /* decoded JSON text (compact) or plain text */
    char *output;  /* the same; NULL: none or not asked for */
    bool output_stored, payload_stored; /* offloaded: text is a storage path */
    char *metadata; /* JSON text of the other metadata members, without the
                     * log, progress and "$$…" keys; NULL: none */
    bool log_unavailable; /* the log key vanished; what is shown still stands */
    bool finished;        /* terminal status or completedAt present */
};

/* Nothing is known. */
void facts_init(struct run_facts *facts);
void facts_free(struct run_facts *facts);

/* An owned copy fit for the facts: ill-formed parts and NULs become U+FFFD. */
char *facts_text(const char *bytes, size_t len);

/* Whole per cents of a known ratio, rounded down: 100 means all of it. */
int progress_percent(const struct run_progress *progress);

/* Makes *to equal to *from, reusing what is equal. Returns true when anything
 * visible differed. */
bool facts_assign(struct run_facts *to, const struct run_facts *from);

/* Run time so far, or in total once completed; -1 when it never started.
 * now_ms is the server's time. */
int64_t facts_elapsed_ms(const struct run_facts *facts, int64_t now_ms);

/* What the run costs altogether, cents; NAN: not told. */
double facts_total_cents(const struct run_facts *facts);

/* Time between being ready to start and starting; grows while queued; -1 when
 * not known. */
int64_t facts_queue_ms(const struct run_facts *facts, int64_t now_ms);

#endif
