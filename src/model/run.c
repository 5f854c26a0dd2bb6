#include "config.h"

#include "model/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/mem.h"
#include "model/thought.h"

struct run {
    char *id;
    struct run_facts facts;
    struct logstore *log;
    struct run_link link;
    struct steps steps;
    uint32_t first_step; /* that was there when we came; NO_STEP: none */
    struct thought *thought;
    uint64_t entries, standing, gaps, parts;
    uint64_t first_warning, first_error; /* NO_ENTRY: none */
    int64_t clock_offset_ms;
    int64_t watched_since_ms, watched_until_ms; /* local; INSTANT_NONE: not */
    char *notice;
    int64_t notice_since_ms;
    bool told; /* facts of it were */
    bool ended;
    bool incomplete; /* something of it was not seen */
    char *end_words; /* why; NULL: nothing to tell */
    bool is_stream;  /* events of an unknown stream came */
};

#define NO_ENTRY UINT64_MAX

static void note_sign(struct run *run, const struct entry *entry,
                      uint64_t number)
{
    if (entry->level == LEVEL_WARN && run->first_warning == NO_ENTRY)
        run->first_warning = number;
    if (entry->level == LEVEL_ERROR && run->first_error == NO_ENTRY)
        run->first_error = number;
}

/* Appends an entry of a step, or of none. */
static uint64_t add_entry(struct run *run, const struct entry *entry)
{
    uint64_t number = logstore_append(run->log, entry);
    steps_count(&run->steps, entry, number);
    if (!entry->is_title)
        note_sign(run, entry, number);
    return number;
}

/* An entry that was taken back counts no more, nor is it a sign of anything. */
static void discount(struct run *run, const struct entry *entry)
{
    if (run->first_warning == entry->number)
        run->first_warning = NO_ENTRY;
    if (run->first_error == entry->number)
        run->first_error = NO_ENTRY;
    steps_discount(&run->steps, entry);
}

/* ---- what streams tell ---- */

static uint32_t begin_stream_step(void *context, enum step_kind kind,
                                  const char *stream, const char *title,
                                  int64_t at_ms)
{
    struct run *run = context;
    return steps_begin(&run->steps, run->log, kind, stream, title, at_ms);
}

static void retitle_stream_step(void *context, uint32_t step, const char *title)
{
    struct run *run = context;
    steps_retitle(&run->steps, step, title);
}

static uint64_t add_stream_line(void *context, const struct entry *entry)
{
    return add_entry(context, entry);
}

static void withdraw_stream_line(void *context, uint64_t number)
{
    struct run *run = context;
    struct entry entry;
    if (!logstore_get(run->log, number, &entry) || entry.withdrawn)
        return;
    discount(run, &entry);
    logstore_withdraw(run->log, number);
}

static void end_stream_step(void *context, uint32_t step, enum step_state state,
                            int64_t at_ms)
{
    struct run *run = context;
    steps_end(&run->steps, step, state, at_ms);
}

static const struct thought_ops thought_ops = {
    .begin = begin_stream_step,
    .retitle = retitle_stream_step,
    .add = add_stream_line,
    .withdraw = withdraw_stream_line,
    .end = end_stream_step,
};

struct run *run_create(const char *id, size_t memory)
{
    struct run *run = mem_zalloc(1, sizeof *run);
    run->id = mem_strdup(id);
    run->log = logstore_create(memory);
    run->first_warning = run->first_error = NO_ENTRY;
    run->first_step = NO_STEP;
    run->link.retry_at_ms = INSTANT_NONE;
    run->link.since_ms = INSTANT_NONE;
    run->link.last_heard_ms = INSTANT_NONE;
    run->watched_since_ms = run->watched_until_ms = INSTANT_NONE;
    steps_init(&run->steps);
    run->thought = thought_create(&thought_ops, run);
    facts_init(&run->facts);
    return run;
}

void run_destroy(struct run *run)
{
    if (!run)
        return;
    thought_destroy(run->thought);
    steps_free(&run->steps);
    facts_free(&run->facts);
    logstore_destroy(run->log);
    free(run->link.transport);
    free(run->link.reason);
    free(run->notice);
    free(run->end_words);
    free(run->id);
    free(run);
}

void run_set_spill(struct run *run, const struct spill *spill)
{
    logstore_set_spill(run->log, spill);
}

/* The moment the server's row speaks of, in the server's time. */
static int64_t row_time(const struct run_facts *facts,
                        const struct event *event)
{
    return facts->updated_ms != INSTANT_NONE ? facts->updated_ms
                                             : event->time_ms;
}

/* Ends the step that the task told last. */
static void end_task_step(struct run *run, enum step_state state, int64_t at_ms)
{
    const struct step *step = steps_at(&run->steps, run->steps.task);
    if (step && step->state == STEP_ACTIVE)
        steps_end(&run->steps, run->steps.task, state, at_ms);
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
    if (new_step) {
        end_task_step(run, STEP_DONE, at_ms);
        steps_begin(&run->steps, run->log, STEP_TASK, NULL, facts->step, at_ms);
        if (!run->told)
            run->first_step = run->steps.task;
    }
    if (!facts->finished)
        return;
    if (facts->completed_ms != INSTANT_NONE)
        at_ms = facts->completed_ms;
    end_task_step(run, final_step_state(facts), at_ms);
    if (!before->finished)
        thought_stop(run->thought, final_step_state(facts), at_ms);
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

static void note_watching(struct run *run, int64_t now_ms)
{
    const struct run_facts *facts = &run->facts;
    if (run->watched_since_ms == INSTANT_NONE)
        run->watched_since_ms = now_ms;
    if (facts->finished && run->watched_until_ms == INSTANT_NONE)
        run->watched_until_ms = now_ms;
}

static bool apply_facts(struct run *run, const struct event *event)
{
    struct run_facts before;
    facts_init(&before);
    facts_assign(&before, &run->facts);
    bool changed = facts_assign(&run->facts, event->facts);
    note_watching(run, event->time_ms);
    if (changed) {
        int64_t at_ms = row_time(&run->facts, event);
        follow_steps(run, &before, at_ms);
        follow_status(run, &before, at_ms);
    }
    run->told = true;
    facts_free(&before);
    return changed;
}

/* The step that is told first began before anyone looked: what is older than
 * the word of it may belong to another. */
static uint32_t step_for(const struct run *run, const struct log_entry *entry)
{
    uint32_t task = run->steps.task;
    const struct step *step = steps_at(&run->steps, task);
    bool older = step && task == run->first_step && !entry->time_is_arrival &&
                 entry->time_ms < step->started_ms;
    return older ? NO_STEP : task;
}

/* Tasks that tell a step often log its title too, which the step's header says
 * already. Notes that it was logged. */
static bool repeats_title(struct run *run, const struct log_entry *entry)
{
    struct step *step = steps_at(&run->steps, step_for(run, entry));
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
    struct entry entry = logstore_entry(from);
    entry.seq = event->log.seq;
    entry.step = step_for(run, from);
    entry.is_title = repeats_title(run, from);
    add_entry(run, &entry);
    run->entries++;
    run->standing++;
}

/* What an event said in a form that is known. */
static void apply_readings(struct run *run, const struct event *event,
                           const char *name)
{
    for (size_t i = 0; i < event->sse.entry_count; i++) {
        const struct log_entry *from = &event->sse.entries[i];
        struct entry entry = logstore_entry(from);
        entry.seq = event->sse.seq;
        if (name && !from->level)
            entry.level_word = name;
        add_entry(run, &entry);
        run->entries++;
        run->standing++;
    }
}

/* to copy an entry takes half as long as to clear one */
static const struct entry UNREAD = {
    .kind = ENTRY_LOG, .time_is_arrival = true, .step = NO_STEP};

/* An event of a stream that nobody knows the meaning of: its data is the
 * line, its name stands where a level would. */
static void apply_sse(struct run *run, const struct event *event)
{
    const struct sse_event *from = event->sse.event;
    bool named =
        from->event != SSE_MESSAGE && strcmp(from->event, SSE_MESSAGE) != 0;
    run->is_stream = true;
    if (event->sse.is_read) {
        apply_readings(run, event, named ? from->event : NULL);
        return;
    }
    struct entry entry = UNREAD;
    entry.seq = event->sse.seq;
    entry.time_ms = event->time_ms;
    entry.level_word = named ? from->event : NULL;
    entry.text = from->data;
    entry.text_len = from->data_len;
    logstore_append(run->log, &entry);
    run->entries++;
    run->standing++;
}

/* What apply_sse() does for each of them. */
static void apply_lines(struct run *run, const struct event *event)
{
    struct entry entry = UNREAD;
    uint64_t first = logstore_end(run->log), count = event->lines.count;
    entry.time_ms = event->time_ms;
    if (event->lines.like)
        entry = logstore_entry(event->lines.like);
    entry.seq = event->lines.seq;
    run->is_stream = true;
    note_sign(run, &entry, first);
    logstore_append_alike(run->log, &entry, event->lines.texts, count);
    run->entries += count;
    run->standing += count;
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
            !entry.seq || entry.withdrawn)
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
             "the log was written anew: %llu entr%s withdrawn",
             (unsigned long long)event->rewrite.withdrawn,
             event->rewrite.withdrawn == 1 ? "y" : "ies");
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
    if (from->state == CONNECTION_LIVE || from->state == CONNECTION_POLLING)
        note_watching(run, event->time_ms);
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

static void apply_end(struct run *run, const struct event *event)
{
    enum step_state state = event->end.complete ? STEP_DONE : STEP_STOPPED;
    if (run->facts.finished)
        state = final_step_state(&run->facts);
    if (!event->end.cut)
        thought_end(run->thought, state, event->time_ms);
    run->ended = true;
    run->incomplete = !event->end.complete && !event->end.cut;
    free(run->end_words);
    const char *words = event->end.missing   ? event->end.missing
                        : event->end.failure ? event->end.failure->message
                                             : NULL;
    run->end_words = words ? mem_strdup(words) : NULL;
}

static bool hears_server(enum event_type type)
{
    return type == EVENT_RUN || type == EVENT_LOG || type == EVENT_SSE ||
           type == EVENT_LINES || type == EVENT_PART || type == EVENT_REWRITE;
}

bool run_apply(struct run *run, const struct event *event)
{
    if (hears_server(event->type))
        run->link.last_heard_ms = event->time_ms;
    switch (event->type) {
    case EVENT_CONNECTION:
        if (event->connection.stream)
            return false; /* the run's own link tells how it is */
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
        return thought_take(run->thought, event->part.part);
    case EVENT_SSE:
        apply_sse(run, event);
        return true;
    case EVENT_LINES:
        apply_lines(run, event);
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
        apply_end(run, event);
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
    return logstore_end(run->log) + thought_open_count(run->thought);
}

bool run_entry(const struct run *run, uint64_t number, struct entry *out)
{
    uint64_t end = logstore_end(run->log);
    if (number < end)
        return logstore_get(run->log, number, out);
    if (!thought_open(run->thought, (size_t)(number - end), out))
        return false;
    out->number = number;
    return true;
}

const struct run_link *run_link(const struct run *run)
{
    return &run->link;
}

size_t run_step_first(const struct run *run)
{
    return run->steps.first;
}

size_t run_step_count(const struct run *run)
{
    return run->steps.count;
}

const struct step *run_step(const struct run *run, size_t index)
{
    return &run->steps.list[index - run->steps.first];
}

size_t run_steps_in(const struct run *run, enum step_state state)
{
    return run->steps.in_state[state];
}

size_t run_steps_undone(const struct run *run)
{
    return run->steps.undone;
}

size_t run_stream_count(const struct run *run)
{
    return thought_stream_count(run->thought);
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

int64_t run_watched_ms(const struct run *run, int64_t now_ms)
{
    const struct run_facts *facts = &run->facts;
    bool told =
        facts->created_ms != INSTANT_NONE || facts->started_ms != INSTANT_NONE;
    bool known = facts->status != STATUS_UNKNOWN || facts->status_text;
    if (told || !known || run->watched_since_ms == INSTANT_NONE)
        return -1;
    bool over = run->watched_until_ms != INSTANT_NONE;
    int64_t until_ms = over ? run->watched_until_ms : now_ms;
    return until_ms > run->watched_since_ms ? until_ms - run->watched_since_ms
                                            : 0;
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

bool run_is_incomplete(const struct run *run)
{
    return run->incomplete;
}

const char *run_end_words(const struct run *run)
{
    return run->end_words;
}
