#include "config.h"

#include "wire/facts.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/mem.h"
#include "text/utf8.h"

void facts_init(struct run_facts *facts)
{
    *facts = (struct run_facts){
        .created_ms = INSTANT_NONE,
        .queued_ms = INSTANT_NONE,
        .started_ms = INSTANT_NONE,
        .completed_ms = INSTANT_NONE,
        .expired_ms = INSTANT_NONE,
        .delayed_until_ms = INSTANT_NONE,
        .updated_ms = INSTANT_NONE,
        .cost_cents = NAN,
        .base_cost_cents = NAN,
        .usage_ms = -1,
        .waited_ms = -1,
        .progress = {.current = NAN, .total = NAN},
    };
}

char *facts_text(const char *bytes, size_t len)
{
    struct buf text = buf_make(0);
    const char *end = bytes + len;
    while (bytes < end) {
        size_t run = strnlen(bytes, (size_t)(end - bytes));
        utf8_repair(&text, bytes, run);
        bytes += run;
        if (bytes < end) {
            buf_adds(&text, "\xEF\xBF\xBD");
            bytes++;
        }
    }
    return buf_take(&text);
}

/* Every owned text of the facts, so that free and assign cannot forget one. */
static const size_t texts[] = {
    offsetof(struct run_facts, id),
    offsetof(struct run_facts, task),
    offsetof(struct run_facts, status_text),
    offsetof(struct run_facts, version),
    offsetof(struct run_facts, environment),
    offsetof(struct run_facts, ttl),
    offsetof(struct run_facts, step),
    offsetof(struct run_facts, error.type),
    offsetof(struct run_facts, error.name),
    offsetof(struct run_facts, error.message),
    offsetof(struct run_facts, error.code),
    offsetof(struct run_facts, error.stack),
    offsetof(struct run_facts, payload),
    offsetof(struct run_facts, output),
    offsetof(struct run_facts, metadata),
};

enum {
    TEXTS = sizeof texts / sizeof *texts
};

static char **text_at(struct run_facts *facts, size_t index)
{
    return (char **)((char *)facts + texts[index]);
}

static void free_tags(struct run_facts *facts)
{
    for (size_t i = 0; i < facts->tag_count; i++)
        free(facts->tags[i]);
    free(facts->tags);
    facts->tags = NULL;
    facts->tag_count = 0;
}

void facts_free(struct run_facts *facts)
{
    for (size_t i = 0; i < TEXTS; i++)
        free(*text_at(facts, i));
    free_tags(facts);
    facts_init(facts);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* NAN equals NAN here: both mean "not told". */
static bool same_number(double a, double b)
{
    return (isnan(a) && isnan(b)) || (a <= b && a >= b);
}

static bool assign_texts(struct run_facts *to, const struct run_facts *from)
{
    bool changed = false;
    struct run_facts source = *from;
    for (size_t i = 0; i < TEXTS; i++) {
        char **mine = text_at(to, i);
        const char *theirs = *text_at(&source, i);
        if (same_text(*mine, theirs))
            continue;
        free(*mine);
        *mine = mem_strdup(theirs);
        changed = true;
    }
    return changed;
}

static bool same_tags(const struct run_facts *a, const struct run_facts *b)
{
    if (a->tag_count != b->tag_count)
        return false;
    for (size_t i = 0; i < a->tag_count; i++)
        if (!same_text(a->tags[i], b->tags[i]))
            return false;
    return true;
}

static bool assign_tags(struct run_facts *to, const struct run_facts *from)
{
    if (same_tags(to, from))
        return false;
    free_tags(to);
    to->tags = mem_zalloc(from->tag_count, sizeof *to->tags);
    to->tag_count = from->tag_count;
    for (size_t i = 0; i < from->tag_count; i++)
        to->tags[i] = mem_strdup(from->tags[i]);
    return true;
}

static bool same_instants(const struct run_facts *a, const struct run_facts *b)
{
    return a->created_ms == b->created_ms && a->queued_ms == b->queued_ms &&
           a->started_ms == b->started_ms &&
           a->completed_ms == b->completed_ms &&
           a->expired_ms == b->expired_ms &&
           a->delayed_until_ms == b->delayed_until_ms;
}

/* updated_ms is left out: it changes with every write and is not shown. */
static bool same_values(const struct run_facts *a, const struct run_facts *b)
{
    return same_instants(a, b) && a->status == b->status &&
           a->is_test == b->is_test && a->attempt == b->attempt &&
           a->max_attempts == b->max_attempts &&
           same_number(a->cost_cents, b->cost_cents) &&
           same_number(a->base_cost_cents, b->base_cost_cents) &&
           a->usage_ms == b->usage_ms && a->waited_ms == b->waited_ms &&
           a->progress.kind == b->progress.kind &&
           same_number(a->progress.ratio, b->progress.ratio) &&
           same_number(a->progress.current, b->progress.current) &&
           same_number(a->progress.total, b->progress.total) &&
           a->has_error == b->has_error &&
           a->output_stored == b->output_stored &&
           a->payload_stored == b->payload_stored &&
           a->log_unavailable == b->log_unavailable &&
           a->finished == b->finished;
}

bool facts_assign(struct run_facts *to, const struct run_facts *from)
{
    bool changed = !same_values(to, from);
    changed |= assign_texts(to, from);
    changed |= assign_tags(to, from);

    struct run_facts kept = *to;
    *to = *from;
    struct run_facts *owner = &kept;
    for (size_t i = 0; i < TEXTS; i++)
        *text_at(to, i) = *text_at(owner, i);
    to->tags = kept.tags;
    to->tag_count = kept.tag_count;
    return changed;
}

int progress_percent(const struct run_progress *progress)
{
    return (int)floor(progress->ratio * 100 + 1e-9);
}

int64_t facts_elapsed_ms(const struct run_facts *facts, int64_t now_ms)
{
    if (facts->started_ms == INSTANT_NONE)
        return -1;
    int64_t end =
        facts->completed_ms != INSTANT_NONE ? facts->completed_ms : now_ms;
    if (facts->finished && facts->completed_ms == INSTANT_NONE)
        end = facts->updated_ms != INSTANT_NONE ? facts->updated_ms : now_ms;
    return end > facts->started_ms ? end - facts->started_ms : 0;
}

double facts_total_cents(const struct run_facts *facts)
{
    double base = facts->base_cost_cents;
    return facts->cost_cents + (isnan(base) ? 0 : base);
}

int64_t facts_queue_ms(const struct run_facts *facts, int64_t now_ms)
{
    int64_t from = facts->created_ms;
    if (facts->delayed_until_ms != INSTANT_NONE &&
        facts->delayed_until_ms > from)
        from = facts->delayed_until_ms;
    if (from == INSTANT_NONE)
        return -1;
    int64_t to = facts->started_ms;
    if (to == INSTANT_NONE)
        to = facts->expired_ms != INSTANT_NONE     ? facts->expired_ms
             : facts->completed_ms != INSTANT_NONE ? facts->completed_ms
                                                   : now_ms;
    return to > from ? to - from : 0;
}
