#include "config.h"

#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "../unit/random.h"

/* Where silence is normal, it is not the end unless somebody says so. */
#define IDLE  "--idle-timeout", "45s"
#define AGENT "agent", IDLE, "--header", "Authorization: $CHAOS_AGENT"

static const struct {
    const char *way;
    const char *sim_words[PLAN_WORDS], *words[PLAN_WORDS];
    const char *scenarios[4]; /* NULL first: any run */
    size_t states;            /* of those scenarios */
} ways[] = {
    {"native", {"--backend", "native"}, {"@run"}, {NULL}, 0},
    {"electric", {"--backend", "electric"}, {"@run"}, {NULL}, 0},
    {"event stream",
     {"--backend", "electric", "--live-sse"},
     {"@run"},
     {NULL},
     0},
    {"retrieve", {"--backend", "native"}, {"--poll", "@run"}, {NULL}, 0},
    {"polling endpoint",
     {"--poll-shape", "raw"},
     {"--poll", "--poll-url", "@poll", "@run"},
     {NULL},
     0},
    {"streams of a run",
     {"--backend", "native"},
     {"@run"},
     {"thought", "two-streams", "odd-stream", "odd-batches"},
     6},
    {"agent", {NULL}, {AGENT, "agent_fix-login"}, {"agent"}, 1},
    {"agent that failed",
     {NULL},
     {AGENT, "agent_bump-deps"},
     {"agent-failed"},
     1},
    {"agent with a list", {NULL}, {AGENT, "agent_old"}, {"agent-array"}, 1},
    {"agent, odd", {NULL}, {AGENT, "agent_odd"}, {"agent-odd"}, 1},
    {"event stream of its own",
     {NULL},
     {"sse", IDLE, "@url/events/build"},
     {"sse"},
     1},
};

/* Runs more often than the others, which are few. */
enum {
    RUN_WAYS = 5,
    WAYS = sizeof ways / sizeof *ways
};

#define COUNT(table) (sizeof table / sizeof *table)

/* Texts. */

static void add_text(struct buf *out, uint64_t *state)
{
    static const char *const words[] = {"order",
                                        "4711",
                                        " ",
                                        "\xc3\xa4\xc3\xb6",
                                        ", ",
                                        "\\\"",
                                        "\\\\",
                                        "\xe6\x97\xa5\xe6\x9c\xac",
                                        "\\n",
                                        "done",
                                        "\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd",
                                        "\\u0000",
                                        "\\u001b[31m",
                                        "{}",
                                        "[1,2]",
                                        "a",
                                        ": ",
                                        "e\xcc\x81",
                                        "\\t",
                                        "\\u202e",
                                        "data: ",
                                        "id",
                                        "retry",
                                        "0123456789"};
    size_t count = chance(state, 40) ? chance(state, 8) : chance(state, 4000);
    buf_addc(out, '"');
    for (size_t i = 0; i < count; i++)
        buf_adds(out, words[chance(state, COUNT(words))]);
    buf_addc(out, '"');
}

static void add_entry(struct buf *out, uint64_t *state)
{
    static const char *const levels[] = {"trace", "debug", "info",
                                         "warn",  "error", "odd"};
    static const char *const texts[] = {
        "\"once more\"", "[\"info\",\"once more\"]", "null", "42"};
    size_t kind = chance(state, 10);
    if (kind == 0) {
        buf_adds(out, texts[chance(state, COUNT(texts))]);
    } else if (kind == 1) {
        add_text(out, state);
    } else {
        buf_addf(out, "[\"%s\",", levels[chance(state, COUNT(levels))]);
        add_text(out, state);
        if (kind == 2) {
            buf_adds(out, ",{\"key\":");
            add_text(out, state);
            buf_addf(out, ",\"n\":%zu}", chance(state, 100000));
        }
        buf_addc(out, ']');
    }
}

static void add_entries(struct buf *out, uint64_t *state, size_t count)
{
    buf_addc(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_addc(out, ',');
        add_entry(out, state);
    }
    buf_addc(out, ']');
}

/* Runs. */

static void add_step(struct buf *out, uint64_t *state, bool rewrites)
{
    buf_addf(out, ",{\"after_ms\":%zu", 1 + chance(state, 3000));
    if (chance(state, 3) == 0)
        buf_addf(out, ",\"progress\":0.%zu", chance(state, 100));
    if (chance(state, 4) == 0) {
        buf_adds(out, ",\"step\":");
        add_text(out, state);
    }
    if (rewrites && chance(state, 8) == 0) {
        buf_addf(out, ",\"log_truncate\":%zu", chance(state, 5));
    } else if (rewrites && chance(state, 8) == 0) {
        buf_adds(out, ",\"log_replace\":");
        add_entries(out, state, chance(state, 4));
    } else if (chance(state, 4)) {
        buf_adds(out, ",\"log\":");
        add_entries(out, state, 1 + chance(state, 5));
    }
    if (chance(state, 10) == 0)
        buf_addf(out, ",\"status\":\"%s\"",
                 chance(state, 2) ? "WAITING_TO_RESUME" : "EXECUTING");
    if (chance(state, 10) == 0) {
        buf_adds(out, ",\"set\":{\"other\":");
        add_text(out, state);
        buf_addc(out, '}');
    }
    buf_addc(out, '}');
}

static void add_end(struct buf *out, uint64_t *state)
{
    static const char *const ends[] = {
        "\"COMPLETED_SUCCESSFULLY\",\"output\":{\"ok\":true}",
        "\"COMPLETED_SUCCESSFULLY\",\"output\":\"text\"",
        ("\"COMPLETED_WITH_ERRORS\",\"error\":{\"type\":\"BUILT_IN_ERROR\","
         "\"name\":\"Error\",\"message\":\"no\",\"stackTrace\":\"at x\"}"),
        "\"CANCELED\"",
        "\"TIMED_OUT\"",
        "\"CRASHED\"",
        "\"COMPLETED_SUCCESSFULLY\",\"log\":[[\"info\",\"the last word\"]]"};
    buf_addf(out, ",{\"after_ms\":%zu,\"status\":%s}]}",
             1 + chance(state, 3000), ends[chance(state, COUNT(ends))]);
}

static size_t add_run(struct buf *out, uint64_t *state, bool *slides)
{
    size_t steps = 2 + chance(state, 20);
    bool rewrites = chance(state, 8) == 0;
    *slides = chance(state, 10) == 0;
    buf_adds(out, "{\n\"about\": \"chaos\",\n\"run\":{\"task\":\"chaos\"},");
    if (*slides)
        buf_addf(out, "\"log_keep\":%zu,", 5 + chance(state, 20));
    if (chance(state, 4) == 0)
        buf_addf(out, "\"chunk_messages\":%zu,", 1 + chance(state, 3));
    buf_adds(out, "\"steps\":[{\"status\":\"PENDING\"},"
                  "{\"after_ms\":10,\"status\":\"EXECUTING\",\"attempt\":1}");
    for (size_t i = 0; i < steps; i++)
        add_step(out, state, rewrites);
    add_end(out, state);
    return steps + 3;
}

/* Faults. */

/* most: of the number; 0: there is none. */
struct kind {
    const char *name;
    size_t most;
    bool once; /* twice in a row it is no accident */
};

/* Those that pass, whatever they hit. */
static const struct kind passing[] = {
    {"close-at", 3000, false},
    {"close-at", 3000, false},
    {"close-at", 600, false},
    {"close-header", 14, false},
    {"close-chunk", 3, false},
    {"close-character", 20, false},
    {"close-string", 60, false},
    {"reset-at", 3000, false},
    {"reset-at", 600, false},
    {"reset-header", 14, false},
    {"reset-chunk", 3, false},
    {"reset-character", 20, false},
    {"reset-string", 60, false},
    {"silence-at", 3000, false},
    {"silence-header", 14, false},
    {"silence-chunk", 3, false},
    {"silence-string", 60, false},
    {"slow", 20000, false},
    {"pieces", 9, false},
    {"buffered", 0, false},
    {"buffered-some", 9, false},
    {"twice", 0, false},
    {"length-more", 3000, false},
    {"length-less", 3000, false},
    {"garbage", 0, false},
    {"no-head", 0, false},
    {"bad-chunk", 0, false},
    {"interim", 0, false},
    {"long-header", 0, false},
    {"many-headers", 0, false},
    {"gzip-broken", 0, false},
    {"date-ahead", 100000, false},
    {"date-behind", 100000, false},
    {"redirect-loop", 0, false},
    {"redirect-away", 0, false},
    {"redirect-file", 0, false},
    {"renew", 0, false},
    {"again", 0, false},
};

/* Those of the live feed alone. */
static const struct kind of_feed[] = {
    {"400", 0, true},
    {"401", 0, true},
    {"408", 0, false},
    {"409", 0, false},
    {"409-no-handle", 0, false},
    {"429", 0, false},
    {"429-retry-after", 0, false},
    {"500", 0, false},
    {"502", 0, false},
    {"503", 0, false},
    {"503-retry-after", 0, false},
    {"504", 0, false},
    {"204", 0, false},
    {"empty", 0, false},
    {"broken-json", 0, false},
    {"cut", 0, false},
    {"close", 0, false},
    {"reset", 0, false},
    {"hang", 0, false},
    {"no-headers", 0, false},
    {"html", 0, false},
    {"not-array", 0, false},
    {"404", 0, true},
};

static const struct kind of_tokens[] = {
    {"token-429", 0, false},
    {"token-500", 0, false},
    {"token-502", 0, false},
    {"token-closed", 0, false},
};

/* Those that last. */
static const char *const lasting[] = {"401-always",
                                      "403",
                                      "404",
                                      "no-realtime",
                                      "realtime-501",
                                      "realtime-closed",
                                      "token-401",
                                      "token-403",
                                      "token-404",
                                      "token-expired",
                                      "token-missing",
                                      "poll-404",
                                      "no-host",
                                      "refuse",
                                      "tls-plain",
                                      "html@0x9",
                                      "not-array@0x9",
                                      "no-headers@0x9",
                                      "api-500@0x9",
                                      "poll-500@0x9",
                                      "redirect-loop@0x99",
                                      "redirect-away@0x9",
                                      "redirect-file@0x9",
                                      "feed/garbage@2x9",
                                      "feed/close-at:700@1x9",
                                      "feed/silence-at:700@3x9",
                                      "gzip-bomb:70@2x1",
                                      "long-line@3x1"};

static void add_fault(struct buf *out, const struct kind *kind, uint64_t *state,
                      size_t at)
{
    buf_adds(out, kind->name);
    if (kind->most)
        buf_addf(out, ":%zu", chance(state, kind->most));
    buf_addf(out, "@%zux%zu", at, kind->once ? 1 : 1 + chance(state, 3));
}

/* A stream goes on however slowly it comes, longer than anybody waits here. And
 * an event stream that starts again without having been asked to is nothing
 * that a reader can tell. */
static bool fits(const struct kind *kind, const char *way)
{
    bool streams = strstr(way, "stream") || strstr(way, "agent");
    return !(streams && strcmp(kind->name, "slow") == 0) &&
           !(strstr(way, "of its own") && strcmp(kind->name, "twice") == 0);
}

static void make_faults(struct trial *trial, uint64_t *state, size_t states,
                        const char *way)
{
    struct buf out = buf_make(0);
    size_t count = 1 + chance(state, 5);
    for (size_t i = 0; i < count; i++) {
        size_t at = chance(state, states), kind = chance(state, 10);
        /* where nothing but polling gets through, there are no streams */
        at += at == 0 && strstr(way, "streams");
        if (i)
            buf_addc(&out, ',');
        trial->may_fail |= at <= 1;
        if (kind == 0 && chance(state, 4) == 0 && !strstr(way, "streams")) {
            trial->may_fail = true;
            buf_adds(&out, lasting[chance(state, COUNT(lasting))]);
        } else if (kind < 4) {
            add_fault(&out, &of_feed[chance(state, COUNT(of_feed))], state, at);
        } else if (kind == 4) {
            add_fault(&out, &of_tokens[chance(state, COUNT(of_tokens))], state,
                      at);
        } else {
            const struct kind *passes = &passing[chance(state, COUNT(passing))];
            if (chance(state, 12) == 0)
                buf_adds(&out, "token/");
            add_fault(&out, fits(passes, way) ? passes : passing, state, at);
        }
    }
    trial->faults = buf_take(&out);
}

struct plan *plan_create(uint64_t seed)
{
    struct plan *plan = mem_zalloc(1, sizeof *plan);
    uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    size_t states = 20;
    plan->seed = seed;
    plan->scenario = buf_make(0);
    for (int i = 0; i < 4; i++)
        chance(&state, 1);
    size_t way = chance(&state, chance(&state, 2) ? RUN_WAYS : WAYS);
    plan->way = ways[way].way;
    memcpy(plan->sim_words, ways[way].sim_words, sizeof plan->sim_words);
    memcpy(plan->words, ways[way].words, sizeof plan->words);
    size_t known = 0;
    while (known < COUNT(ways[way].scenarios) && ways[way].scenarios[known])
        known++;
    if (known) {
        plan->scenario_name = ways[way].scenarios[chance(&state, known)];
        states = ways[way].states;
    } else {
        states = add_run(&plan->scenario, &state, &plan->slides);
    }
    for (size_t i = 0; i < PLAN_TRIALS; i++)
        make_faults(&plan->trials[i], &state, states, plan->way);
    return plan;
}

void plan_destroy(struct plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < PLAN_TRIALS; i++)
        free(plan->trials[i].faults);
    buf_free(&plan->scenario);
    free(plan);
}
