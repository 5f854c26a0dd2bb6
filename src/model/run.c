#include "config.h"

#include "model/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/mem.h"
#include "text/utf8.h"
#include "wire/entry.h"

struct run {
    char *id;
    struct run_facts facts;
    struct logstore *log;
    struct run_link link;
    struct step *steps;
    size_t step_count, step_size;
    uint64_t entries, standing, gaps, parts;
    uint64_t first_warning, first_error; /* NO_ENTRY: none */
    int64_t clock_offset_ms;
    char *notice;
    int64_t notice_since_ms;
    bool ended;
    bool is_stream; /* events of an unknown stream came */
};

#define NO_ENTRY UINT64_MAX

struct run *run_create(const char *id, size_t memory)
{
    struct run *run = mem_zalloc(1, sizeof *run);
    run->id = mem_strdup(id);
    run->log = logstore_create(memory);
    run->first_warning = run->first_error = NO_ENTRY;
    run->link.retry_at_ms = INSTANT_NONE;
    run->link.since_ms = INSTANT_NONE;
    run->link.last_heard_ms = INSTANT_NONE;
    facts_init(&run->facts);
    return run;
}

void run_destroy(struct run *run)
{
    if (!run)
        return;
    for (size_t i = 0; i < run->step_count; i++)
        free(run->steps[i].title);
    free(run->steps);
    facts_free(&run->facts);
    logstore_destroy(run->log);
    free(run->link.transport);
    free(run->link.reason);
    free(run->notice);
    free(run->id);
    free(run);
}

void run_set_spill(struct run *run, const struct spill *spill)
{
    logstore_set_spill(run->log, spill);
}

static struct step *active_step(struct run *run)
{
    struct step *last =
        run->step_count ? &run->steps[run->step_count - 1] : NULL;
    return last && last->state == STEP_ACTIVE ? last : NULL;
}

/* The number an entry belongs under. Entries that come after the last step has
 * ended still belong to it. */
static uint32_t current_step(const struct run *run)
{
    return run->step_count ? (uint32_t)(run->step_count - 1) : NO_STEP;
}

/* The moment the server's row speaks of, in the server's time. */
static int64_t row_time(const struct run_facts *facts,
                        const struct event *event)
{
    return facts->updated_ms != INSTANT_NONE ? facts->updated_ms
                                             : event->time_ms;
}

static void end_step(struct run *run, enum step_state state, int64_t at_ms)
{
    struct step *step = active_step(run);
    if (!step)
        return;
    step->state = state;
    step->ended_ms = at_ms;
}

/* Titles stay in memory for good: a long one is cut. */
static size_t title_len(const char *title)
{
    enum {
        MAX_TITLE = 4096
    };
    size_t len = strnlen(title, MAX_TITLE);
    return len - utf8_incomplete_tail(title, len);
}

static void begin_step(struct run *run, const char *title, int64_t at_ms)
{
    end_step(run, STEP_DONE, at_ms);
    if (run->step_count == run->step_size) {
        run->step_size = run->step_size ? run->step_size * 2 : 8;
        run->steps = mem_resize(run->steps, run->step_size, sizeof *run->steps);
    }
    struct entry entry = {
        .kind = ENTRY_STEP,
        .time_ms = at_ms,
        .text = title,
        .text_len = title_len(title),
        .step = (uint32_t)run->step_count,
    };
    run->steps[run->step_count++] = (struct step){
        .title = mem_strndup(title, title_len(title)),
        .state = STEP_ACTIVE,
        .started_ms = at_ms,
        .ended_ms = INSTANT_NONE,
        .first_entry = logstore_append(run->log, &entry),
    };
    run->steps[run->step_count - 1].last_entry =
        run->steps[run->step_count - 1].first_entry;
}

static void add_remark(struct run *run, enum entry_kind kind, int64_t at_ms,
                       const char *words)
{
    struct entry entry = {
        .kind = kind,
        .time_ms = at_ms,
        .text = words,
        .text_len = strlen(words),
        .step = NO_STEP,
    };
    logstore_append(run->log, &entry);
}

static enum step_state final_step_state(const struct run_facts *facts)
{
    if (status_is_failure(facts->status))
        return STEP_FAILED;
    return facts->status == STATUS_COMPLETED ? STEP_DONE : STEP_STOPPED;
}

/* A step may still begin after the end, when metadata comes late. */
static void follow_steps(struct run *run, const struct run_facts *before,
                         int64_t at_ms)
{
    const struct run_facts *facts = &run->facts;
    bool new_step = facts->step &&
                    (!before->step || strcmp(before->step, facts->step) != 0);
    if (new_step)
        begin_step(run, facts->step, at_ms);
    if (facts->finished)
        end_step(run, final_step_state(facts),
                 facts->completed_ms != INSTANT_NONE ? facts->completed_ms
                                                     : at_ms);
}

static void follow_status(struct run *run, const struct run_facts *before,
                          int64_t at_ms)
{
    const struct run_facts *facts = &run->facts;
    char words[64];
    if (facts->status == before->status || facts->status == STATUS_UNKNOWN)
        return;
    snprintf(words, sizeof words, "run %s", status_word(facts->status));
    if (before->status == STATUS_UNKNOWN && facts->status != STATUS_WAITING)
        return; /* what it was before anyone looked is no news */
    if (facts->finished || facts->status == STATUS_WAITING ||
        before->status == STATUS_WAITING || facts->status == STATUS_QUEUED)
        add_remark(run, ENTRY_STATUS, at_ms, words);
}

static bool apply_facts(struct run *run, const struct event *event)
{
    struct run_facts before;
    facts_init(&before);
    facts_assign(&before, &run->facts);
    bool changed = facts_assign(&run->facts, event->facts);
    if (changed) {
        int64_t at_ms = row_time(&run->facts, event);
        follow_steps(run, &before, at_ms);
        follow_status(run, &before, at_ms);
    }
    facts_free(&before);
    return changed;
}

static void count_level(struct run *run, enum log_level level, uint64_t number)
{
    struct step *step =
        run->step_count ? &run->steps[run->step_count - 1] : NULL;
    if (step) {
        step->entry_count++;
        step->last_entry = number;
    }
    if (level == LEVEL_WARN) {
        if (run->first_warning == NO_ENTRY)
            run->first_warning = number;
        if (step)
            step->warnings++;
    } else if (level == LEVEL_ERROR) {
        if (run->first_error == NO_ENTRY)
            run->first_error = number;
        if (step)
            step->errors++;
    }
}

/* Tasks that tell a step often log its title too, which the step's header says
 * already. Notes that it was logged. */
static bool repeats_title(struct run *run, const struct log_entry *entry)
{
    struct step *step =
        run->step_count ? &run->steps[run->step_count - 1] : NULL;
    bool repeats = step && step->entry_count == 0 && !step->title_logged &&
                   !entry->data && entry->level < LEVEL_WARN &&
                   strlen(step->title) == entry->message_len &&
                   memcmp(step->title, entry->message, entry->message_len) == 0;
    if (repeats)
        step->title_logged = true;
    return repeats;
}

static void apply_log(struct run *run, const struct event *event)
{
    const struct log_entry *from = event->log.entry;
    const char *usual = level_word(from->level);
    bool odd_word =
        from->level_word && (!usual || strcmp(usual, from->level_word) != 0);
    struct entry entry = {
        .seq = event->log.seq,
        .kind = ENTRY_LOG,
        .time_ms = from->time_ms,
        .time_is_arrival = from->time_is_arrival,
        .level = from->level,
        .level_word = odd_word ? from->level_word : NULL,
        .text = from->message,
        .text_len = from->message_len,
        .detail = from->data,
        .detail_len = from->data_len,
        .step = current_step(run),
        .is_title = repeats_title(run, from),
    };
    uint64_t number = logstore_append(run->log, &entry);
    if (!entry.is_title)
        count_level(run, from->level, number);
    run->entries++;
    run->standing++;
}

/* An event of a stream that nobody knows the meaning of: its data is the
 * line, its name stands where a level would. */
static void apply_sse(struct run *run, const struct event *event)
{
    const struct sse_event *from = event->sse.event;
    bool named = from->event != SSE_MESSAGE && strcmp(from->event, SSE_MESSAGE);
    struct entry entry = {
        .seq = event->sse.seq,
        .kind = ENTRY_LOG,
        .time_ms = event->time_ms,
        .time_is_arrival = true,
        .level_word = named ? from->event : NULL,
        .text = from->data,
        .text_len = from->data_len,
        .step = NO_STEP,
    };
    run->is_stream = true;
    logstore_append(run->log, &entry);
    run->entries++;
    run->standing++;
}

/* An entry that was taken back counts no more, nor is it a sign of anything. */
static void discount(struct run *run, const struct entry *entry)
{
    bool has_step = entry->step != NO_STEP && entry->step < run->step_count;
    struct step *step = has_step ? &run->steps[entry->step] : NULL;
    if (run->first_warning == entry->number)
        run->first_warning = NO_ENTRY;
    if (run->first_error == entry->number)
        run->first_error = NO_ENTRY;
    if (step && step->entry_count)
        step->entry_count--;
    if (step && entry->level == LEVEL_WARN && step->warnings)
        step->warnings--;
    if (step && entry->level == LEVEL_ERROR && step->errors)
        step->errors--;
}

/* Flags the last `count` entries that still stand, newest first: so no entry
 * behind a withdrawn one stands. Those that memory holds no more are only
 * counted. */
static void withdraw(struct run *run, uint64_t count)
{
    struct entry entry;
    for (uint64_t n = logstore_end(run->log);
         n > logstore_first(run->log) && count; n--) {
        if (!logstore_get(run->log, n - 1, &entry) || entry.kind != ENTRY_LOG ||
            entry.withdrawn)
            continue;
        logstore_withdraw(run->log, n - 1);
        if (!entry.is_title)
            discount(run, &entry);
        run->standing -= run->standing > 0;
        count--;
    }
    run->standing -= count < run->standing ? count : run->standing;
}

static void apply_rewrite(struct run *run, const struct event *event)
{
    char words[96];
    withdraw(run, event->rewrite.withdrawn);
    if (event->rewrite.grew)
        return;
    snprintf(words, sizeof words,
             "the task rewrote its log: %llu entries withdrawn",
             (unsigned long long)event->rewrite.withdrawn);
    add_remark(run, ENTRY_MARKER, event->time_ms, words);
}

static void replace(char **text, const char *with)
{
    char *copy = mem_strdup(with);
    free(*text);
    *text = copy;
}

static void apply_connection(struct run *run, const struct event *event)
{
    const struct connection *from = &event->connection;
    if (run->link.state != from->state || run->link.since_ms == INSTANT_NONE)
        run->link.since_ms = event->time_ms;
    run->link.state = from->state;
    run->clock_offset_ms = from->clock_offset_ms;
    run->link.attempt = from->attempt;
    run->link.retry_at_ms = from->retry_in_ms >= 0
                                ? event->time_ms + from->retry_in_ms
                                : INSTANT_NONE;
    replace(&run->link.transport, from->transport);
    replace(&run->link.reason, from->reason);
}

static void apply_gap(struct run *run, const struct event *event)
{
    run->gaps++;
    add_remark(run, ENTRY_MARKER, event->time_ms,
               event->gap.recovered
                   ? "some updates were missed and fetched again"
                   : "some updates may be missing here");
}

static bool hears_server(enum event_type type)
{
    return type == EVENT_RUN || type == EVENT_LOG || type == EVENT_SSE ||
           type == EVENT_REWRITE;
}

bool run_apply(struct run *run, const struct event *event)
{
    if (hears_server(event->type))
        run->link.last_heard_ms = event->time_ms;
    switch (event->type) {
    case EVENT_CONNECTION:
        if (event->connection.state == CONNECTION_LIVE)
            run->link.last_heard_ms = event->time_ms;
        apply_connection(run, event);
        return true;
    case EVENT_RUN:
        return apply_facts(run, event);
    case EVENT_LOG:
        apply_log(run, event);
        return true;
    case EVENT_PART:
        run->parts++;
        return false;
    case EVENT_SSE:
        apply_sse(run, event);
        return true;
    case EVENT_REWRITE:
        apply_rewrite(run, event);
        return true;
    case EVENT_GAP:
        apply_gap(run, event);
        return true;
    case EVENT_NOTICE:
        replace(&run->notice, event->notice);
        run->notice_since_ms = event->time_ms;
        return true;
    case EVENT_END:
        run->ended = true;
        return true;
    }
    return false;
}

const char *run_id(const struct run *run)
{
    return run->id;
}

const struct run_facts *run_facts(const struct run *run)
{
    return &run->facts;
}

const struct logstore *run_log(const struct run *run)
{
    return run->log;
}

uint64_t run_end(const struct run *run)
{
    return logstore_end(run->log);
}

bool run_entry(const struct run *run, uint64_t number, struct entry *out)
{
    return logstore_get(run->log, number, out);
}

const struct run_link *run_link(const struct run *run)
{
    return &run->link;
}

size_t run_step_count(const struct run *run)
{
    return run->step_count;
}

const struct step *run_step(const struct run *run, size_t index)
{
    return &run->steps[index];
}

size_t run_steps_in(const struct run *run, enum step_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < run->step_count; i++)
        count += run->steps[i].state == state;
    return count;
}

size_t run_stream_count(const struct run *run)
{
    (void)run;
    return 0;
}

uint64_t run_entries(const struct run *run)
{
    return run->entries;
}

uint64_t run_entries_standing(const struct run *run)
{
    return run->standing;
}

uint64_t run_gaps(const struct run *run)
{
    return run->gaps;
}

bool run_first_sign(const struct run *run, uint64_t *number)
{
    uint64_t first = run->first_warning < run->first_error ? run->first_warning
                                                           : run->first_error;
    if (first == NO_ENTRY || first < logstore_first(run->log)) {
        if (logstore_end(run->log) == logstore_first(run->log))
            return false;
        first = logstore_end(run->log) - 1;
    }
    *number = first;
    return true;
}

uint64_t run_parts(const struct run *run)
{
    return run->parts;
}

int64_t run_clock_offset(const struct run *run)
{
    return run->clock_offset_ms;
}

const char *run_notice(const struct run *run, int64_t *since_ms)
{
    *since_ms = run->notice_since_ms;
    return run->notice;
}

bool run_is_stream(const struct run *run)
{
    return run->is_stream && run->facts.status == STATUS_UNKNOWN &&
           !run->facts.status_text;
}

bool run_ended(const struct run *run)
{
    return run->ended;
}
