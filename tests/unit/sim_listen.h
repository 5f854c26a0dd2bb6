/* Listens to the stream of an answer without sockets, in time of our own. */
#ifndef TESTS_SIM_LISTEN_H
#define TESTS_SIM_LISTEN_H

#include "sim_ask.h"
#include "unit.h"

/* A world that plays a scenario; it starts at once, at ASK_START_MS. speed 0:
 * in lockstep. fault: as --fault has it, or NULL. */
static inline struct world *listen_world(const char *scenario, double speed,
                                         const char *fault)
{
    struct error err = {0};
    struct world_settings settings = {.scenario = scenario,
                                      .scenario_len = strlen(scenario),
                                      .speed = speed,
                                      .hold_s = 20,
                                      .fault = fault};
    struct world *world = world_create(&settings, &err);
    ck_assert_msg(world != NULL, "%s", err.message);
    world_start(world, ASK_START_MS);
    return world;
}

/* What was heard. */
struct heard {
    struct buf text;
    enum stream_step last; /* STREAM_WAIT: it went on */
    int64_t at_ms;         /* when that was, from ASK_START_MS */
};

/* Lets the time go from from_ms to to_ms, by both clocks. */
static inline struct heard listen_to(struct answer *answer, int64_t from_ms,
                                     int64_t to_ms)
{
    struct heard heard = {.text = buf_make(0), .at_ms = from_ms};
    for (;;) {
        struct moment moment = {.real_ms = heard.at_ms,
                                .now_ms = ASK_START_MS + heard.at_ms};
        int64_t until_ms = -1;
        heard.last = answer->stream->next(answer->stream_self, &moment,
                                          &heard.text, &until_ms);
        if (heard.last == STREAM_BYTES)
            continue;
        if (heard.last != STREAM_WAIT || until_ms < 0 || until_ms > to_ms)
            return heard;
        if (until_ms > heard.at_ms)
            heard.at_ms = until_ms;
    }
}

/* The same, of a request that is made at from_ms. */
static inline struct heard listen_at(struct world *world, const char *line,
                                     const char *headers, int64_t from_ms,
                                     int64_t to_ms)
{
    struct answer answer = ask(world, line, headers, NULL, from_ms, NULL);
    struct heard heard = {.text = buf_make(0), .last = STREAM_END};
    if (answer.stream)
        heard = listen_to(&answer, from_ms, to_ms);
    else
        buf_addf(&heard.text, "%u %s", answer.status, buf_str(&answer.body));
    answer_free(&answer);
    return heard;
}

/* That is what was heard, and then came `last`. */
static inline void assert_heard(struct heard heard, const char *want,
                                enum stream_step last)
{
    ck_assert_str_eq(buf_str(&heard.text), want);
    ck_assert_int_eq(heard.last, last);
    buf_free(&heard.text);
}

#endif
