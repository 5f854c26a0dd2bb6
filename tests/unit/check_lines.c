/* Lines against a plain list of them: whatever happened to a run, going up and
 * down from anywhere meets the same lines, and none else. */
#include "config.h"

#include "view/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/mem.h"
#include "model/run.h"
#include "random.h"

#include "unit.h"

enum {
    CALLS = 6, /* ids of calls and blocks that are in use */
    MAX_LINES = 8192
};

struct story {
    struct run *run;
    struct lines *lines;
    struct run_facts facts;
    struct filter filter; /* as the lines have it */
    uint64_t seq, chance, limit;
    int64_t now_ms;
};

static void story_start(struct story *story, uint64_t seed, size_t memory)
{
    *story = (struct story){.run = run_create("run_1", memory),
                            .lines = lines_create(),
                            .chance = seed,
                            .limit = UINT64_MAX};
    facts_init(&story->facts);
    story->facts.status = STATUS_EXECUTING;
}

static void story_end(struct story *story)
{
    filter_free(&story->filter);
    facts_free(&story->facts);
    lines_destroy(story->lines);
    run_destroy(story->run);
}

/* ---- what is told ---- */

static void tell_part(struct story *story, const char *stream,
                      const char *chunk)
{
    struct stream_part part = {.stream = stream,
                               .time_ms = ++story->now_ms,
                               .is_json = true,
                               .chunk = chunk,
                               .chunk_len = strlen(chunk)};
    struct event event = {.type = EVENT_PART, .time_ms = story->now_ms};
    event.part.part = &part;
    run_apply(story->run, &event);
}

static void tell_facts(struct story *story)
{
    struct event event = {
        .type = EVENT_RUN, .time_ms = ++story->now_ms, .facts = &story->facts};
    run_apply(story->run, &event);
}

static void tell_step(struct story *story)
{
    char title[32];
    snprintf(title, sizeof title, "step %d", (int)story->now_ms);
    free(story->facts.step);
    story->facts.step = mem_strdup(title);
    tell_facts(story);
}

/* A remark of no step. */
static void tell_waiting(struct story *story)
{
    bool waits = story->facts.status == STATUS_WAITING;
    story->facts.status = waits ? STATUS_EXECUTING : STATUS_WAITING;
    tell_facts(story);
}

static const char *some_words(struct story *story)
{
    static const char *const words[] = {"one", "two", "three", "four", "five"};
    return words[chance(&story->chance, sizeof words / sizeof *words)];
}

static void tell_log(struct story *story)
{
    const char *message = some_words(story);
    struct log_entry entry = {.level =
                                  (enum log_level)chance(&story->chance, 6),
                              .message = message,
                              .message_len = strlen(message)};
    struct event event = {.type = EVENT_LOG, .time_ms = ++story->now_ms};
    event.log.seq = ++story->seq;
    event.log.entry = &entry;
    run_apply(story->run, &event);
}

static void tell_rewrite(struct story *story)
{
    struct event event = {.type = EVENT_REWRITE, .time_ms = ++story->now_ms};
    event.rewrite.withdrawn = chance(&story->chance, 4);
    event.rewrite.grew = chance(&story->chance, 2);
    run_apply(story->run, &event);
}

static void tell_chunk(struct story *story)
{
    static const char *const forms[] = {
        "{\"type\":\"reasoning-delta\",\"id\":\"%d\",\"delta\":\"%s \"}",
        "{\"type\":\"reasoning-delta\",\"id\":\"%d\",\"delta\":\"%s\\n\"}",
        "{\"type\":\"text-delta\",\"id\":\"%d\",\"delta\":\"%s\\n%1$d \"}",
        "{\"type\":\"reasoning-end\",\"id\":\"%d\"}",
        "{\"type\":\"text-end\",\"id\":\"%d\"}",
        "{\"type\":\"tool-input-start\",\"toolCallId\":\"%d\","
        "\"toolName\":\"%s\"}",
        "{\"type\":\"tool-input-delta\",\"toolCallId\":\"%d\","
        "\"inputTextDelta\":\"%s\"}",
        "{\"type\":\"tool-input-available\",\"toolCallId\":\"%d\","
        "\"input\":\"%s\"}",
        "{\"type\":\"tool-output-available\",\"toolCallId\":\"%d\","
        "\"output\":\"%s\",\"preliminary\":true}",
        "{\"type\":\"tool-output-available\",\"toolCallId\":\"%d\","
        "\"output\":\"%s\"}",
        "{\"type\":\"tool-output-error\",\"toolCallId\":\"%d\","
        "\"errorText\":\"%s\"}",
        "{\"type\":\"finish\",\"finishReason\":\"stop\"}",
        "\"%2$s\"",
        "\"%2$s\\n\"",
    };
    char chunk[256];
    size_t form = chance(&story->chance, sizeof forms / sizeof *forms);
    int id = (int)chance(&story->chance, CALLS);
    const char *words = some_words(story);
    const char *stream = chance(&story->chance, 3) ? "a" : "b";
    struct buf out = buf_make(0);
    for (const char *p = forms[form]; *p; p++) {
        bool number = strncmp(p, "%d", 2) == 0 || strncmp(p, "%1$d", 4) == 0;
        bool text = strncmp(p, "%s", 2) == 0 || strncmp(p, "%2$s", 4) == 0;
        if (number)
            buf_addf(&out, "%d", id);
        else if (text)
            buf_adds(&out, words);
        else
            buf_addc(&out, *p);
        if (number || text)
            p += p[1] == 'd' || p[1] == 's' ? 1 : 3;
    }
    snprintf(chunk, sizeof chunk, "%s", buf_str(&out));
    buf_free(&out);
    tell_part(story, stream, chunk);
}

/* ---- what is set ---- */

static void set_filter(struct story *story)
{
    static const char *const patterns[] = {NULL, NULL, "one", "t", "e$"};
    const size_t count = sizeof patterns / sizeof *patterns;
    const char *include = patterns[chance(&story->chance, count)];
    const char *exclude = patterns[chance(&story->chance, count)];
    uint64_t end = run_end(story->run);
    uint64_t near = chance(&story->chance, (size_t)end + 1);
    filter_free(&story->filter);
    story->filter.include = include ? pattern_create(include) : NULL;
    story->filter.exclude = exclude ? pattern_create(exclude) : NULL;
    lines_set_patterns(story->lines, include ? pattern_create(include) : NULL,
                       exclude ? pattern_create(exclude) : NULL, near);
    story->filter.level = chance(&story->chance, 4) ? LEVEL_NONE : LEVEL_WARN;
    lines_set_level(story->lines, story->filter.level, near);
}

static void set_fold(struct story *story)
{
    size_t steps = run_step_count(story->run);
    if (!steps)
        return;
    if (chance(&story->chance, 20) == 0)
        lines_fold_all(story->lines, story->run, chance(&story->chance, 2));
    else if (chance(&story->chance, 3) == 0)
        lines_fold_finished(story->lines, steps - 1);
    else
        lines_fold(story->lines, chance(&story->chance, steps),
                   chance(&story->chance, 2));
}

static void set_limit(struct story *story)
{
    bool limited = chance(&story->chance, 2);
    story->limit = limited ? run_end(story->run) : UINT64_MAX;
    lines_set_limit(story->lines, story->limit);
}

static void do_something(struct story *story)
{
    size_t what = chance(&story->chance, 100);
    if (what < 2)
        set_filter(story);
    else if (what < 8)
        set_fold(story);
    else if (what < 10)
        set_limit(story);
    else if (what < 13)
        tell_waiting(story);
    else if (what < 17)
        tell_step(story);
    else if (what < 19)
        tell_rewrite(story);
    else if (what < 40)
        tell_log(story);
    else
        tell_chunk(story);
}

/* ---- the plain list ---- */

/* The step that hides an entry: remarks lie in the step begun last before
 * them, those at the log's end in none. */
static bool is_folded_away(const struct story *story, const struct entry *entry,
                           size_t step)
{
    if (step == LINES_NO_STEP)
        return false;
    const struct step *at = run_step(story->run, step);
    bool last = step + 1 == run_step_count(story->run);
    return at->first_entry != entry->number &&
           lines_is_folded(story->lines, story->run, step) &&
           !(last && entry->number > at->last_entry);
}

struct list {
    uint64_t numbers[MAX_LINES];
    size_t count;
};

static void list_add(struct list *list, uint64_t number)
{
    ck_assert_uint_lt(list->count, MAX_LINES);
    list->numbers[list->count++] = number;
}

static bool is_last(const struct list *list, uint64_t number)
{
    return list->count && list->numbers[list->count - 1] >= number;
}

/* With a filter a header comes before the first hit of its step, unless another
 * line stands between them. */
static void list_lines(const struct story *story, struct list *list)
{
    bool filtered = filter_is_on(&story->filter);
    uint64_t first = logstore_first(run_log(story->run));
    uint64_t end = lines_end(story->lines, story->run);
    struct entry entry;
    list->count = 0;
    for (uint64_t number = first; number < end; number++) {
        if (!run_entry(story->run, number, &entry) || entry.hidden ||
            !filter_passes(&story->filter, &entry))
            continue;
        size_t step = lines_step_of(story->run, number);
        uint64_t header = step == LINES_NO_STEP
                              ? first
                              : run_step(story->run, step)->first_entry;
        if (filtered && step != LINES_NO_STEP && header >= first &&
            !is_last(list, header))
            list_add(list, header);
        if (!is_folded_away(story, &entry, step) && !is_last(list, number))
            list_add(list, number);
    }
}

static void assert_lines(struct story *story)
{
    static struct list list;
    uint64_t at, first = logstore_first(run_log(story->run));
    uint64_t end = lines_end(story->lines, story->run);
    list_lines(story, &list);
    bool more = lines_from(story->lines, story->run, 0, &at);
    for (size_t i = 0; i < list.count; i++) {
        unit_holds(more);
        unit_holds(at == list.numbers[i]);
        more = lines_next(story->lines, story->run, at, &at);
    }
    unit_holds(!more);
    if (list.count)
        unit_holds(at == list.numbers[list.count - 1]);
    at = end;
    for (size_t i = list.count; i-- > 0;) {
        more = lines_prev(story->lines, story->run, at, &at);
        unit_holds(more);
        unit_holds(at == list.numbers[i]);
    }
    unit_holds(!lines_prev(story->lines, story->run, at, &at));
    unit_holds(at == (list.count ? list.numbers[0] : end));
    if (end > first) { /* from somewhere */
        uint64_t from = first + chance(&story->chance, (size_t)(end - first));
        size_t i = 0;
        while (i < list.count && list.numbers[i] < from)
            i++;
        more = lines_from(story->lines, story->run, from, &at);
        unit_holds(more == (i < list.count));
        if (more)
            unit_holds(at == list.numbers[i]);
    }
}

enum {
    SEEDS = 100,
    MOVES = 250,
    MOVES_AT_ONCE = 4
};

START_TEST(lines_are_those_of_a_plain_list)
{
    struct story story;
    story_start(&story, (uint64_t)_i, (size_t)1 << 26);
    for (int i = 0; i < MOVES; i++) {
        for (size_t more = chance(&story.chance, MOVES_AT_ONCE); more; more--)
            do_something(&story);
        assert_lines(&story);
    }
    story_end(&story);
}
END_TEST

UNIT_MAIN("lines",
          tcase_add_loop_test(tc, lines_are_those_of_a_plain_list, 0, SEEDS);)
