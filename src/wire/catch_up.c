#include "config.h"

#include "wire/catch_up.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* What has an order of its own: the log, or a stream. */
struct lane {
    char *name;       /* of the stream; NULL: the log */
    int64_t first_ms; /* of the first that has a time of its own */
    int64_t at_ms;    /* when merging: of the last told */
    bool timed, begun;
};

/* An event with its texts behind it. */
struct held {
    struct event event;
    union {
        struct log_entry entry;
        struct stream_part part;
    };
    size_t lane;
    size_t number; /* in the order of arrival */
    int64_t at_ms; /* its place in time; never before that of one before it */
    char texts[];
};

enum state {
    BEFORE, /* nothing was told of the run */
    FIRST,  /* what was told first is not complete */
    BEHIND, /* its facts were told, the rest is held */
    OVER
};

struct catch_up {
    event_fn *emit;
    void *context;
    enum state state;
    struct run_facts facts; /* as last given */
    struct event told;      /* with them */
    struct event link;      /* live, or polling */
    bool has_link;
    struct lane *lanes;
    size_t lane_count;
    struct held **list;
    size_t count, size, bytes;
};

struct catch_up *catch_up_create(event_fn *emit, void *context)
{
    struct catch_up *catch_up = mem_zalloc(1, sizeof *catch_up);
    catch_up->emit = emit;
    catch_up->context = context;
    facts_init(&catch_up->facts);
    return catch_up;
}

static void forget(struct catch_up *catch_up)
{
    for (size_t i = 0; i < catch_up->count; i++)
        free(catch_up->list[i]);
    for (size_t i = 0; i < catch_up->lane_count; i++)
        free(catch_up->lanes[i].name);
    free(catch_up->list);
    free(catch_up->lanes);
    facts_free(&catch_up->facts);
    facts_init(&catch_up->facts);
    catch_up->list = NULL;
    catch_up->lanes = NULL;
    catch_up->count = catch_up->size = catch_up->lane_count = 0;
}

void catch_up_destroy(struct catch_up *catch_up)
{
    if (!catch_up)
        return;
    forget(catch_up);
    facts_free(&catch_up->facts);
    free(catch_up);
}

bool catch_up_is_holding(const struct catch_up *catch_up)
{
    return catch_up->state == FIRST || catch_up->state == BEHIND;
}

static void tell(struct catch_up *catch_up, const struct event *event)
{
    catch_up->emit(catch_up->context, event);
}

/* Telling facts. */

static void tell_facts(struct catch_up *catch_up)
{
    struct event event = catch_up->told;
    event.facts = &catch_up->facts;
    tell(catch_up, &event);
}

static void tell_facts_without_step(struct catch_up *catch_up)
{
    char *step = catch_up->facts.step;
    catch_up->facts.step = NULL;
    tell_facts(catch_up);
    catch_up->facts.step = step;
}

/* Holding. */

static size_t lane_of(struct catch_up *catch_up, const char *name)
{
    size_t i = 0;
    for (; i < catch_up->lane_count; i++) {
        const char *known = catch_up->lanes[i].name;
        if (name ? known && strcmp(known, name) == 0 : !known)
            return i;
    }
    catch_up->lanes =
        mem_resize(catch_up->lanes, i + 1, sizeof *catch_up->lanes);
    catch_up->lanes[i] = (struct lane){.name = mem_strdup(name)};
    catch_up->lane_count++;
    return i;
}

static const char *put(char **at, const char *bytes, size_t len)
{
    char *copy = *at;
    if (!bytes)
        return NULL;
    memcpy(copy, bytes, len);
    copy[len] = '\0';
    *at += len + 1;
    return copy;
}

static struct held *make_held(const struct event *event, size_t texts)
{
    struct held *held = mem_alloc(sizeof *held + texts);
    held->event = *event;
    return held;
}

static struct held *copy_log(const struct event *event)
{
    const struct log_entry *from = event->log.entry;
    size_t word_len = from->level_word ? strlen(from->level_word) : 0;
    struct held *held =
        make_held(event, word_len + from->message_len + from->data_len + 3);
    char *at = held->texts;
    held->entry = *from;
    held->entry.level_word = put(&at, from->level_word, word_len);
    held->entry.message = put(&at, from->message, from->message_len);
    held->entry.data = put(&at, from->data, from->data_len);
    held->event.log.entry = &held->entry;
    return held;
}

static struct held *copy_part(const struct event *event)
{
    const struct stream_part *from = event->part.part;
    size_t key_len = strlen(from->stream);
    size_t id_len = from->id ? strlen(from->id) : 0;
    struct held *held =
        make_held(event, key_len + id_len + from->chunk_len + 3);
    char *at = held->texts;
    held->part = *from;
    held->part.stream = put(&at, from->stream, key_len);
    held->part.id = put(&at, from->id, id_len);
    held->part.chunk = put(&at, from->chunk, from->chunk_len);
    held->event.part.part = &held->part;
    return held;
}

static bool has_own_time(const struct held *held)
{
    return held->event.type == EVENT_LOG ? !held->entry.time_is_arrival
                                         : !held->part.time_is_arrival;
}

static int64_t time_of(const struct held *held)
{
    return held->event.type == EVENT_LOG ? held->entry.time_ms
                                         : held->part.time_ms;
}

static void keep(struct catch_up *catch_up, const struct event *event)
{
    bool is_log = event->type == EVENT_LOG;
    struct held *held = is_log ? copy_log(event) : copy_part(event);
    held->lane = lane_of(catch_up, is_log ? NULL : held->part.stream);
    held->number = catch_up->count;
    struct lane *lane = &catch_up->lanes[held->lane];
    if (has_own_time(held) && !lane->timed) {
        lane->timed = true;
        lane->first_ms = time_of(held);
    }
    if (catch_up->count == catch_up->size) {
        catch_up->size = catch_up->size ? catch_up->size * 2 : 64;
        catch_up->list =
            mem_resize(catch_up->list, catch_up->size, sizeof *catch_up->list);
    }
    catch_up->list[catch_up->count++] = held;
    catch_up->bytes +=
        sizeof *held + (is_log ? held->entry.message_len + held->entry.data_len
                               : held->part.chunk_len);
    if (catch_up->count >= CATCH_UP_MAX_EVENTS ||
        catch_up->bytes >= CATCH_UP_MAX_BYTES)
        catch_up_release(catch_up);
}

/* Merging. */

/* What has no time of its own stays with what is before it in its lane, or else
 * with what is behind it. */
static void place(struct catch_up *catch_up, struct held *held)
{
    struct lane *lane = &catch_up->lanes[held->lane];
    int64_t own_ms = time_of(held);
    if (!lane->begun)
        lane->at_ms = lane->timed ? lane->first_ms : own_ms;
    else if (has_own_time(held) && own_ms > lane->at_ms)
        lane->at_ms = own_ms;
    lane->begun = true;
    held->at_ms = lane->at_ms;
}

static int compare(const void *a, const void *b)
{
    const struct held *first = *(struct held *const *)a;
    const struct held *second = *(struct held *const *)b;
    if (first->at_ms != second->at_ms)
        return first->at_ms < second->at_ms ? -1 : 1;
    return first->number < second->number ? -1 : 1;
}

static void tell_held(struct catch_up *catch_up)
{
    for (size_t i = 0; i < catch_up->count; i++)
        place(catch_up, catch_up->list[i]);
    if (catch_up->count)
        qsort(catch_up->list, catch_up->count, sizeof(struct held *), compare);
    for (size_t i = 0; i < catch_up->count; i++)
        tell(catch_up, &catch_up->list[i]->event);
}

void catch_up_release(struct catch_up *catch_up)
{
    if (!catch_up_is_holding(catch_up))
        return;
    bool told = catch_up->state == BEHIND;
    catch_up->state = OVER;
    if (!told && catch_up->count) {
        tell_facts_without_step(catch_up);
        told = true;
    }
    tell_held(catch_up);
    if (!told || catch_up->facts.step)
        tell_facts(catch_up);
    if (catch_up->has_link)
        tell(catch_up, &catch_up->link);
    forget(catch_up);
}

void catch_up_first_told(struct catch_up *catch_up, bool more)
{
    if (catch_up->state != FIRST)
        return;
    if (more) {
        catch_up->state = BEHIND;
        tell_facts_without_step(catch_up);
    } else {
        catch_up_release(catch_up);
    }
}

/* Taking. */

enum verdict {
    HELD,   /* until later, or told in another form */
    PASSES, /* at once, before what is held */
    ENDS    /* the holding: it comes after what is held */
};

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static enum verdict take_facts(struct catch_up *catch_up,
                               const struct event *event)
{
    const struct run_facts *from = event->facts, *last = &catch_up->facts;
    if (catch_up->state == BEHIND &&
        (from->status != last->status || from->finished != last->finished ||
         !same_text(from->status_text, last->status_text) ||
         !same_text(from->step, last->step)))
        return ENDS;
    facts_assign(&catch_up->facts, from);
    catch_up->told = *event;
    if (catch_up->state == BEHIND)
        tell_facts_without_step(catch_up);
    return HELD;
}

/* That the run is live is said when all there was has been told. */
static enum verdict take_link(struct catch_up *catch_up,
                              const struct event *event)
{
    const struct connection *link = &event->connection;
    if (link->stream || link->state == CONNECTION_CONNECTING)
        return PASSES;
    if (link->reason ||
        (link->state != CONNECTION_LIVE && link->state != CONNECTION_POLLING))
        return ENDS;
    catch_up->link = *event;
    catch_up->has_link = true;
    return HELD;
}

static enum verdict judge(struct catch_up *catch_up, const struct event *event)
{
    switch (event->type) {
    case EVENT_RUN:
        return take_facts(catch_up, event);
    case EVENT_LOG:
    case EVENT_PART:
        keep(catch_up, event);
        return HELD;
    case EVENT_CONNECTION:
        return take_link(catch_up, event);
    case EVENT_NOTICE:
        return PASSES;
    case EVENT_SSE:
    case EVENT_LINES:
    case EVENT_REWRITE:
    case EVENT_GAP:
    case EVENT_END:
        break;
    }
    return ENDS;
}

void catch_up_take(struct catch_up *catch_up, const struct event *event)
{
    if (catch_up->state == BEFORE && event->type == EVENT_RUN)
        catch_up->state = FIRST;
    enum verdict verdict =
        catch_up_is_holding(catch_up) ? judge(catch_up, event) : PASSES;
    if (verdict == ENDS)
        catch_up_release(catch_up);
    if (verdict != HELD)
        tell(catch_up, event);
}
