/* Ways a simulated server misbehaves, by name. The table in fault_table.c says
 * all about each; docs and --list-faults print it. */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "sim/answer.h"

/* Which answers a fault replaces. */
enum fault_place {
    FAULT_FEED,        /* the run's live feed */
    FAULT_TOKEN,       /* the token endpoint */
    FAULT_MINT,        /* the newest minting endpoint */
    FAULT_MINT_OLD,    /* the one before it */
    FAULT_API,         /* retrieve */
    FAULT_POLL,        /* the polling endpoint */
    FAULT_STREAM,      /* a stream of the run */
    FAULT_STREAM_BODY, /* the same, once it flows */
    FAULT_AGENT,       /* an agent's log */
    FAULT_AGENT_BODY,
    FAULT_AGENT_POLL, /* its polling sibling */
    FAULT_EVENTS,     /* any other event stream */
    FAULT_EVENTS_BODY,
    FAULT_WIRE,    /* any answer, by its route */
    FAULT_ADDRESS, /* the address that is told */
};

/* What is asked for, as "feed" in "feed/reset-at:100". */
enum fault_route {
    ROUTE_ANY, /* all but tokens */
    ROUTE_FEED,
    ROUTE_API,
    ROUTE_POLL,
    ROUTE_STREAM,
    ROUTE_AGENT,
    ROUTE_EVENTS,
    ROUTE_TOKEN
};

enum fault_effect {
    FAULT_ANSWER,      /* status, type and body as in the table */
    FAULT_REFETCH,     /* 409 with a new handle; the shape is rotated */
    FAULT_REFETCH_OLD, /* 409 without a handle */
    FAULT_NO_HEADERS,  /* a good answer without its electric-… headers */
    FAULT_EMPTY,       /* a good answer with an empty body */
    FAULT_CUT,         /* a good answer cut in the middle */
    FAULT_BROKEN_JSON, /* a good answer, complete, whose body is cut */
    FAULT_CLOSE,
    FAULT_RESET,
    FAULT_HANG,
    FAULT_EOF,     /* a stream ends, cleanly */
    FAULT_SILENCE, /* nothing comes any more */
    FAULT_LAST,    /* the table's body, then the end */
    FAULT_TOKEN_EXPIRED,
    FAULT_TOKEN_OTHER_RUN,
    FAULT_RATE_LIMIT, /* problem+json with the moment of the reset */
    FAULT_SPOIL,      /* the answer is written by hand */
    FAULT_AGAIN,      /* the answer before it, as a cache gives it */
    FAULT_RENEW,      /* a reset, and the shape is rotated */
    FAULT_NO_HOST,    /* a host name that nobody knows */
    FAULT_REFUSE,     /* a port that nobody listens on */
    FAULT_TLS         /* https, spoken to a server that does not */
};

struct fault_kind {
    const char *name;
    enum fault_place place;
    enum fault_effect effect;
    bool lasting;     /* every time, instead of once */
    unsigned status;  /* of the answer; for FAULT_SPOIL an enum spoil */
    const char *type; /* content type; NULL: JSON */
    const char *body;
    const char *retry_after; /* NULL: none */
    const char *about;
};

/* All kinds, in the order in which --list-faults has them. */
size_t fault_kind_count(void);
const struct fault_kind *fault_kind(size_t index);

struct fault {
    const struct fault_kind *kind;
    enum fault_route route; /* for FAULT_WIRE */
    size_t number;          /* for FAULT_SPOIL: N in spoil.h */
    size_t at;              /* not before this state of the script */
    int left;               /* times it still happens; -1: for ever */
};

struct fault_list {
    struct fault *items;
    size_t count;
};

/* Adds "KIND", "KIND@STATE" or "KIND@STATExTIMES", or several with commas
 * between them. For FAULT_WIRE there may be a route before it, "ROUTE/KIND",
 * and a number behind it, "KIND:NUMBER". */
bool fault_add(struct fault_list *list, const char *text, struct error *err);

/* Adds the scenario's "faults": [{"kind", "at", "times"}…], with a kind as
 * above but without commas; NULL adds none. */
bool fault_add_json(struct fault_list *list, json_t *faults, struct error *err);

void fault_list_free(struct fault_list *list);

/* The fault that is due at this place in this state, counted as happened; NULL
 * when none is. */
const struct fault_kind *fault_take(struct fault_list *list,
                                    enum fault_place place, size_t state);

/* The same for an answer to a route; has_text: which may hold characters of
 * several bytes. Borrowed until the next is added. */
const struct fault *fault_take_wire(struct fault_list *list,
                                    enum fault_route route, size_t state,
                                    bool has_text);

/* Whether it strikes only where a character of several bytes is. */
bool fault_is_within_character(const struct fault *fault);

/* Puts a fault in an answer's place, or spoils the good answer that is there,
 * for the effects that need no knowledge of tokens or shapes. */
void fault_apply(const struct fault_kind *kind, struct answer *answer);

#endif
