/* Listens to the stream of an answer without sockets, in time of our own. */
#ifndef TESTS_SIM_LISTEN_H
#define TESTS_SIM_LISTEN_H

#include "sim_ask.h"

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

#endif
