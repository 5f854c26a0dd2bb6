#include "config.h"

#include "app/verdict.h"

#include <string.h>

#include "app/complain.h"
#include "base/buf.h"
#include "base/duration.h"
#include "base/instant.h"
#include "io/sink.h"
#include "text/escape.h"

static void add_safe(struct buf *out, const char *text)
{
    escape_text(out, text, strlen(text), complain_flags());
}

static void add_state(struct buf *out, const struct run *run, int64_t now_ms)
{
    const struct run_facts *facts = run_facts(run);
    char words[DURATION_TEXT_SIZE];
    bool lost = run_ended(run) && !facts->finished;
    int64_t last_ms = run_link(run)->last_heard_ms;
    if (lost && last_ms != INSTANT_NONE)
        now_ms = last_ms;
    int64_t elapsed_ms =
        facts_elapsed_ms(facts, now_ms + run_clock_offset(run));
    if (run_is_stream(run))
        buf_adds(out, "STREAM");
    else if (facts->status != STATUS_UNKNOWN || !facts->status_text)
        buf_adds(out, status_word(facts->status));
    else
        add_safe(out, facts->status_text);
    if (facts->task) {
        buf_adds(out, "  ");
        add_safe(out, facts->task);
    }
    buf_adds(out, "  ");
    add_safe(out, run_id(run));
    if (elapsed_ms >= 0) {
        duration_format_short(elapsed_ms, words);
        buf_addf(out, "  %s %s%s", facts->finished ? "took" : "running for",
                 words, lost ? " when last heard" : "");
    }
    buf_addc(out, '\n');
}

static void add_log(struct buf *out, const struct run *run)
{
    const struct run_facts *facts = run_facts(run);
    uint64_t standing = run_entries_standing(run);
    uint64_t withdrawn = run_entries(run) - standing;
    buf_addf(out, "%llu log entr%s", (unsigned long long)standing,
             standing == 1 ? "y" : "ies");
    if (withdrawn)
        buf_addf(out, " (and %llu that the task took back)",
                 (unsigned long long)withdrawn);
    if (run_parts(run))
        buf_addf(out, ", %llu stream part%s",
                 (unsigned long long)run_parts(run),
                 run_parts(run) == 1 ? "" : "s");
    if (facts->progress.kind == PROGRESS_RATIO)
        buf_addf(out, ", progress %d%%", progress_percent(&facts->progress));
    if (facts->attempt > 0)
        buf_addf(out, ", try %d", facts->attempt);
    if (run_gaps(run))
        buf_addf(out, ", %llu gap%s", (unsigned long long)run_gaps(run),
                 run_gaps(run) == 1 ? "" : "s");
    buf_addc(out, '\n');
}

static void add_error(struct buf *out, const struct run_facts *facts)
{
    struct buf sentence = buf_make(0);
    sink_error_sentence(&sentence, facts);
    if (sentence.len) {
        add_safe(out, buf_str(&sentence));
        buf_addc(out, '\n');
    }
    buf_free(&sentence);
}

/* The output, or as much of it as fits a few rows. */
static void add_output(struct buf *out, const char *output)
{
    enum {
        MOST = 240
    };
    size_t len = strnlen(output, MOST);
    while (len && output[len] && (output[len] & 0xc0) == 0x80)
        len--; /* not inside a character */
    buf_adds(out, "output ");
    escape_text(out, output, len, complain_flags());
    buf_adds(out, output[len] ? "...\n" : "\n");
}

void verdict_print(FILE *out, const struct run *run, int64_t now_ms,
                   const char *again, const struct error *failure)
{
    const struct run_facts *facts = run_facts(run);
    struct buf text = buf_make(0);
    add_state(&text, run, now_ms);
    if (facts->has_error)
        add_error(&text, facts);
    add_log(&text, run);
    if (facts->output)
        add_output(&text, facts->output);
    if (failure) {
        add_safe(&text, failure->message);
        buf_addc(&text, '\n');
    } else if (facts->finished && run_is_incomplete(run) &&
               run_end_words(run)) {
        buf_adds(&text, "incomplete: ");
        add_safe(&text, run_end_words(run));
        buf_addc(&text, '\n');
    }
    if (!facts->finished && again) {
        add_safe(&text, again);
        buf_addc(&text, '\n');
    }
    fputs(buf_str(&text), out);
    buf_free(&text);
}
