/* Step headers are no hits of their own (unless they match): a header is a line
 * when a hit of its step follows, which next and prev find out by comparing the
 * steps of neighbouring hits. */
#include "config.h"

#include "view/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "view/hits.h"

enum fold {
    FOLD_AUTO,
    FOLD_FOLDED,
    FOLD_OPEN,
    FOLD_KEPT /* as FOLD_AUTO, but not under the eyes of a reader */
};

/* Long rows of entries that are not shown, so that they are walked over once.
 * A row stays one as long as nothing is unfolded, by the user or because a step
 * that was done turned out otherwise or lost its header, and no filter changes.
 */
enum {
    GONE_MAX = 16,
    GONE_WORTH = 32
};

struct span {
    uint64_t from, to;
};

struct lines {
    struct filter filter;
    uint64_t limit;

    uint8_t *folds; /* enum fold per step; steps past fold_count are AUTO */
    size_t fold_count;
    size_t finished_below;
    bool keeps;          /* some are FOLD_KEPT */
    enum fold fold_rest; /* of steps that come later */

    struct hits hits; /* of the filter */

    struct span gone[GONE_MAX];
    size_t gone_next;
    size_t gone_step;    /* the first that is known … */
    size_t gone_undone;  /* steps that were not done after all … */
    uint64_t gone_first; /* … and the first entry held, as the rows know it */
};

struct lines *lines_create(void)
{
    struct lines *lines = mem_zalloc(1, sizeof *lines);
    lines->limit = UINT64_MAX;
    return lines;
}

void lines_destroy(struct lines *lines)
{
    if (!lines)
        return;
    filter_free(&lines->filter);
    free(lines->folds);
    hits_free(&lines->hits);
    free(lines);
}

const struct filter *lines_filter(const struct lines *lines)
{
    return &lines->filter;
}

static void restart_scan(struct lines *lines, uint64_t near)
{
    memset(lines->gone, 0, sizeof lines->gone);
    hits_restart(&lines->hits, near);
}

void lines_set_patterns(struct lines *lines, struct pattern *include,
                        struct pattern *exclude, uint64_t near)
{
    pattern_destroy(lines->filter.include);
    pattern_destroy(lines->filter.exclude);
    lines->filter.include = include;
    lines->filter.exclude = exclude;
    restart_scan(lines, near);
}

void lines_set_level(struct lines *lines, enum log_level level, uint64_t near)
{
    lines->filter.level = level;
    restart_scan(lines, near);
}

void lines_set_limit(struct lines *lines, uint64_t end)
{
    lines->limit = end;
}

uint64_t lines_end(const struct lines *lines, const struct run *run)
{
    uint64_t end = run_end(run);
    return end < lines->limit ? end : lines->limit;
}

uint64_t lines_looked(const struct lines *lines)
{
    return lines->hits.looked;
}

/* ---- steps and folds ---- */

size_t lines_step_before(const struct run *run, uint64_t number)
{
    size_t first = run_step_first(run);
    size_t low = first, high = run_step_count(run);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (run_step(run, middle)->first_entry <= number)
            low = middle + 1;
        else
            high = middle;
    }
    return low > first ? low - 1 : LINES_NO_STEP;
}

/* Remarks are of no step: they lie in the one that they came in. */
size_t lines_step_of(const struct run *run, uint64_t number)
{
    struct entry entry;
    if (!run_step_count(run))
        return LINES_NO_STEP;
    if (run_entry(run, number, &entry) && entry.step < run_step_count(run))
        return entry.step < run_step_first(run) ? LINES_NO_STEP : entry.step;
    return lines_step_before(run, number);
}

static bool header_is_held(const struct run *run, size_t step)
{
    return run_step(run, step)->first_entry >= logstore_first(run_log(run));
}

/* An answer is what the run was for: it stays to be read. */
static bool folds_by_itself(const struct step *step)
{
    return step->state == STEP_DONE && step->kind != STEP_TEXT &&
           step->kind != STEP_STREAM;
}

bool lines_is_folded(const struct lines *lines, const struct run *run,
                     size_t step)
{
    if (step < run_step_first(run) || step >= run_step_count(run) ||
        !header_is_held(run, step))
        return false;
    enum fold fold =
        step < lines->fold_count ? lines->folds[step] : lines->fold_rest;
    if (fold != FOLD_AUTO)
        return fold == FOLD_FOLDED;
    return step < lines->finished_below && !filter_is_on(&lines->filter) &&
           folds_by_itself(run_step(run, step));
}

static void know_steps(struct lines *lines, size_t count)
{
    if (count <= lines->fold_count)
        return;
    lines->folds = mem_resize(lines->folds, count, sizeof *lines->folds);
    for (size_t i = lines->fold_count; i < count; i++)
        lines->folds[i] = (uint8_t)lines->fold_rest;
    lines->fold_count = count;
}

/* What was passed over may be shown again, or more of it be hidden. */
static void forget_gone(struct lines *lines)
{
    memset(lines->gone, 0, sizeof lines->gone);
}

void lines_fold(struct lines *lines, size_t step, bool folded)
{
    know_steps(lines, step + 1);
    forget_gone(lines);
    lines->folds[step] = folded ? FOLD_FOLDED : FOLD_OPEN;
}

void lines_fold_all(struct lines *lines, const struct run *run, bool folded)
{
    know_steps(lines, run_step_count(run));
    forget_gone(lines);
    for (size_t i = 0; i < lines->fold_count; i++)
        lines->folds[i] = folded ? FOLD_FOLDED : FOLD_OPEN;
    /* The steps to come open as always, and stay open if all were opened. */
    lines->fold_rest = folded ? FOLD_AUTO : FOLD_OPEN;
}

static void let_fold(struct lines *lines)
{
    for (size_t i = 0; i < lines->fold_count; i++)
        if (lines->folds[i] == FOLD_KEPT)
            lines->folds[i] = FOLD_AUTO;
    lines->keeps = false;
}

void lines_fold_finished(struct lines *lines, size_t below)
{
    lines->finished_below = below;
    if (lines->keeps)
        let_fold(lines);
}

void lines_keep_open(struct lines *lines, const struct run *run)
{
    know_steps(lines, run_step_count(run));
    for (size_t i = run_step_first(run);
         i < lines->finished_below && i < lines->fold_count; i++)
        if (lines->folds[i] == FOLD_AUTO && !folds_by_itself(run_step(run, i)))
            lines->folds[i] = FOLD_KEPT;
    lines->keeps = true;
}

/* The folded step that hides the entry, or LINES_NO_STEP. Remarks after a
 * step's last entry (how the run ended) are no part of it. */
static size_t hidden_in(const struct lines *lines, const struct run *run,
                        uint64_t number)
{
    size_t step = lines_step_of(run, number);
    if (step == LINES_NO_STEP || run_step(run, step)->first_entry == number ||
        !lines_is_folded(lines, run, step))
        return LINES_NO_STEP;
    bool last = step + 1 == run_step_count(run);
    return last && number > run_step(run, step)->last_entry ? LINES_NO_STEP
                                                            : step;
}

/* Where to look on after an entry that a folded step hides. */
static uint64_t after_hidden(const struct run *run, size_t step,
                             uint64_t number)
{
    const struct step *at = run_step(run, step);
    if (at->mixed || number >= at->last_entry)
        return number + 1;
    return at->last_entry + 1;
}

/* ---- entries that are not shown ---- */

static bool is_withdrawn(const struct run *run, uint64_t number)
{
    struct entry entry;
    return !run_entry(run, number, &entry) || entry.hidden;
}

static void check_gone(struct lines *lines, const struct run *run)
{
    size_t undone = run_steps_undone(run), step = run_step_first(run);
    uint64_t first = logstore_first(run_log(run));
    if (undone != lines->gone_undone || first != lines->gone_first ||
        step != lines->gone_step)
        forget_gone(lines);
    lines->gone_undone = undone;
    lines->gone_step = step;
    lines->gone_first = first;
}

static void remember_gone(struct lines *lines, uint64_t from, uint64_t to)
{
    if (to - from < GONE_WORTH)
        return;
    for (size_t i = 0; i < GONE_MAX; i++) {
        struct span *span = &lines->gone[i];
        if (span->from < span->to && from <= span->to && to >= span->from) {
            span->from = from < span->from ? from : span->from;
            span->to = to > span->to ? to : span->to;
            return;
        }
    }
    lines->gone[lines->gone_next] = (struct span){from, to};
    lines->gone_next = (lines->gone_next + 1) % GONE_MAX;
}

static const struct span *gone_around(const struct lines *lines,
                                      uint64_t number)
{
    for (size_t i = 0; i < GONE_MAX; i++)
        if (number >= lines->gone[i].from && number < lines->gone[i].to)
            return &lines->gone[i];
    return NULL;
}

/* The first entry from `from` on that is shown, or `end`. */
static uint64_t skip_gone_up(struct lines *lines, const struct run *run,
                             uint64_t from, uint64_t end)
{
    uint64_t at = from;
    check_gone(lines, run);
    while (at < end) {
        const struct span *span = gone_around(lines, at);
        size_t step;
        if (span)
            at = span->to;
        else if (is_withdrawn(run, at))
            at++;
        else if ((step = hidden_in(lines, run, at)) != LINES_NO_STEP)
            at = after_hidden(run, step, at);
        else
            break;
    }
    at = at < end ? at : end;
    uint64_t stored = logstore_end(run_log(run));
    remember_gone(lines, from < stored ? from : stored,
                  at < stored ? at : stored);
    return at;
}

/* One past the last entry that may be shown before one that a folded step
 * hides. Where the step's entries stand together, that is its header; remarks
 * that lie in it may stand behind entries of others. */
static uint64_t before_hidden(const struct run *run, size_t step,
                              uint64_t number)
{
    const struct step *at = run_step(run, step);
    return at->mixed || number > at->last_entry ? number : at->first_entry + 1;
}

/* One past the last entry below `end` that is shown, or `first`. */
static uint64_t skip_gone_down(struct lines *lines, const struct run *run,
                               uint64_t end, uint64_t first)
{
    uint64_t at = end;
    check_gone(lines, run);
    while (at > first) {
        const struct span *span = gone_around(lines, at - 1);
        size_t step;
        if (span) {
            at = span->from;
        } else if (is_withdrawn(run, at - 1)) {
            at--;
        } else if ((step = hidden_in(lines, run, at - 1)) != LINES_NO_STEP) {
            at = before_hidden(run, step, at - 1);
        } else {
            break;
        }
    }
    at = at > first ? at : first;
    uint64_t stored = logstore_end(run_log(run));
    remember_gone(lines, at < stored ? at : stored,
                  end < stored ? end : stored);
    return at;
}

/* ---- without a filter ---- */

static bool plain_from(struct lines *lines, const struct run *run,
                       uint64_t from, uint64_t *out)
{
    uint64_t end = lines_end(lines, run);
    uint64_t first = logstore_first(run_log(run));
    uint64_t at = skip_gone_up(lines, run, from < first ? first : from, end);
    if (at >= end)
        return false;
    *out = at;
    return true;
}

static bool plain_prev(struct lines *lines, const struct run *run,
                       uint64_t number, uint64_t *out)
{
    uint64_t first = logstore_first(run_log(run));
    uint64_t end = skip_gone_down(lines, run, number, first);
    if (end == first)
        return false;
    *out = end - 1;
    return true;
}

/* ---- with a filter ---- */

static bool hit_from(struct lines *lines, const struct run *run, uint64_t from,
                     uint64_t *out)
{
    return hits_from(&lines->hits, &lines->filter, run, from,
                     lines_end(lines, run), out);
}

static bool hit_before(struct lines *lines, const struct run *run,
                       uint64_t number, uint64_t *out)
{
    return hits_before(&lines->hits, &lines->filter, run, number, out);
}

static bool filtered_from(struct lines *lines, const struct run *run,
                          uint64_t from, uint64_t *out)
{
    uint64_t hit, at = from;
    while (hit_from(lines, run, at, &hit)) {
        size_t step = lines_step_of(run, hit);
        if (step != LINES_NO_STEP && header_is_held(run, step) &&
            !is_withdrawn(run, hit)) {
            uint64_t header = run_step(run, step)->first_entry;
            if (header >= from) {
                *out = header;
                return true;
            }
        }
        step = hidden_in(lines, run, hit);
        if (step != LINES_NO_STEP) {
            at = after_hidden(run, step, hit);
        } else if (is_withdrawn(run, hit)) {
            at = hit + 1;
        } else {
            *out = hit;
            return true;
        }
    }
    return false;
}

#define NO_HEADER UINT64_MAX

static uint64_t later_header(uint64_t a, uint64_t b)
{
    return a == NO_HEADER || (b != NO_HEADER && b > a) ? b : a;
}

/* The header that was shown last before a line, for the sake of hits that come
 * behind it: of the line's own step; before another header, of a step that is
 * folded and goes on between that and its first hit. */
static uint64_t header_before(struct lines *lines, const struct run *run,
                              uint64_t number)
{
    size_t step = lines_step_of(run, number), hides;
    uint64_t hit, header = NO_HEADER;
    if (number >= lines_end(lines, run) || step == LINES_NO_STEP ||
        !header_is_held(run, step))
        return NO_HEADER;
    if (run_step(run, step)->first_entry != number)
        return run_step(run, step)->first_entry;
    for (uint64_t at = number; hit_from(lines, run, at, &hit); at = hit + 1) {
        if (is_withdrawn(run, hit))
            continue;
        hides = hidden_in(lines, run, hit);
        if (hides == LINES_NO_STEP || lines_step_of(run, hit) == step)
            break;
        if (run_step(run, hides)->first_entry < number)
            header = later_header(header, run_step(run, hides)->first_entry);
    }
    return header;
}

static bool filtered_prev(struct lines *lines, const struct run *run,
                          uint64_t number, uint64_t *out)
{
    uint64_t hit, header = header_before(lines, run, number);
    /* a folded step's hits are its header, where no other line follows that */
    while (hit_before(lines, run, number, &hit) &&
           (header == NO_HEADER || hit > header)) {
        number = hit;
        if (is_withdrawn(run, hit))
            continue;
        size_t step = hidden_in(lines, run, hit);
        if (step == LINES_NO_STEP) {
            *out = hit;
            return true;
        }
        header = later_header(header, run_step(run, step)->first_entry);
        number = before_hidden(run, step, number);
    }
    if (header == NO_HEADER)
        return false;
    *out = header;
    return true;
}

/* ---- both ---- */

bool lines_from(struct lines *lines, const struct run *run, uint64_t from,
                uint64_t *out)
{
    return filter_is_on(&lines->filter) ? filtered_from(lines, run, from, out)
                                        : plain_from(lines, run, from, out);
}

bool lines_next(struct lines *lines, const struct run *run, uint64_t number,
                uint64_t *out)
{
    return lines_from(lines, run, number + 1, out);
}

bool lines_prev(struct lines *lines, const struct run *run, uint64_t number,
                uint64_t *out)
{
    return filter_is_on(&lines->filter) ? filtered_prev(lines, run, number, out)
                                        : plain_prev(lines, run, number, out);
}

bool lines_nearest(struct lines *lines, const struct run *run, uint64_t number,
                   uint64_t *out)
{
    size_t step = hidden_in(lines, run, number);
    if (step != LINES_NO_STEP)
        number = run_step(run, step)->first_entry;
    return lines_from(lines, run, number, out) ||
           lines_prev(lines, run, lines_end(lines, run), out);
}
