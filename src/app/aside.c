#include "config.h"

#include "app/aside.h"

#include <stdlib.h>
#include <string.h>

#include "app/complain.h"
#include "base/buf.h"
#include "base/duration.h"
#include "base/mem.h"

/* The run's own link, or that of one of its streams, while it is down. */
struct outage {
    char *stream; /* NULL: the run's own */
    char *cause;
    struct outage *next;
};

struct aside {
    bool remarks_only;
    struct outage *outages;
};

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* What remains of a reason when whom it was asked of is left out: "http://… :
 * Connection refused", "http://… answered 503". */
static const char *cause_of(const char *reason)
{
    const char *address = reason ? strstr(reason, "://") : NULL;
    if (!address)
        return reason ? reason : "";
    return address + strcspn(address, " ");
}

static struct outage **find(struct aside *aside, const char *stream)
{
    struct outage **link = &aside->outages;
    while (*link && !same((*link)->stream, stream))
        link = &(*link)->next;
    return link;
}

static void forget(struct outage **link)
{
    struct outage *outage = *link;
    *link = outage->next;
    free(outage->stream);
    free(outage->cause);
    free(outage);
}

static bool is_known(const struct aside *aside, const char *cause)
{
    for (const struct outage *at = aside->outages; at; at = at->next)
        if (strcmp(at->cause, cause) == 0)
            return true;
    return false;
}

static void tell_outage(const struct connection *link)
{
    char words[DURATION_TEXT_SIZE];
    struct buf line = buf_make(0);
    duration_format_short(link->retry_in_ms, words);
    buf_addf(&line, "%s; reconnecting in %s",
             link->reason ? link->reason : "the connection was lost", words);
    complain_of(link->stream, buf_str(&line));
    buf_free(&line);
}

static void lose(struct aside *aside, const struct connection *link)
{
    const char *cause = cause_of(link->reason);
    struct outage **known = find(aside, link->stream);
    bool told = is_known(aside, cause);
    if (!*known) {
        *known = mem_zalloc(1, sizeof **known);
        (*known)->stream = mem_strdup(link->stream);
    }
    free((*known)->cause);
    (*known)->cause = mem_strdup(cause);
    if (!told)
        tell_outage(link);
}

static void find_again(struct aside *aside, const char *stream)
{
    struct outage **known = find(aside, stream);
    if (!*known)
        return;
    forget(known);
    if (!aside->outages)
        complain_of(NULL, "connected again");
}

static void take_link(struct aside *aside, const struct connection *link)
{
    switch (link->state) {
    case CONNECTION_RECONNECTING:
        lose(aside, link);
        break;
    case CONNECTION_LIVE:
    case CONNECTION_POLLING:
        find_again(aside, link->stream);
        break;
    case CONNECTION_CONNECTING:
    case CONNECTION_CLOSED:
        break;
    }
}

void aside_event(struct aside *aside, const struct event *event)
{
    if (event->type == EVENT_NOTICE)
        complain_of(NULL, event->notice);
    else if (event->type == EVENT_CONNECTION && !aside->remarks_only)
        take_link(aside, &event->connection);
}

struct aside *aside_create(bool remarks_only)
{
    struct aside *aside = mem_zalloc(1, sizeof *aside);
    aside->remarks_only = remarks_only;
    return aside;
}

void aside_destroy(struct aside *aside)
{
    if (!aside)
        return;
    while (aside->outages)
        forget(&aside->outages);
    free(aside);
}
