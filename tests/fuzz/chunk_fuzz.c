/* Chunks of streams, one a line: what is read out of each, and the screen of
 * the run that tells them. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "wire/chunk.h"
#include "wire/json_valid.h"

#include "fuzz.h"
#include "stage.h"

static void check_move(void *context, const struct chunk_move *move)
{
    const struct stream_part *part = context;
    FUZZ_CHECK(move->kind <= CHUNK_UNKNOWN && move->block <= BLOCK_REFUSAL);
    FUZZ_CHECK((move->kind == CHUNK_LOG) == (move->log != NULL));
    if (part->is_json && move->json.data)
        FUZZ_CHECK(json_valid(move->json.data, move->json.len));
    if (move->kind == CHUNK_BLOCK_DELTA)
        FUZZ_CHECK(move->text.data);
}

static void check_entries(const struct run *run)
{
    struct entry entry;
    uint64_t end = run_end(run);
    for (uint64_t number = 0; number < end; number++)
        if (run_entry(run, number, &entry)) {
            FUZZ_CHECK(entry.number == number);
            FUZZ_CHECK(entry.text);
            FUZZ_CHECK(entry.step == NO_STEP ||
                       entry.step < run_step_count(run));
        }
}

static void take(struct stage *stage, struct chunk_decoder *decoder,
                 struct slice line, size_t number)
{
    static const char *const streams[] = {"a", "b", "c"};
    char *copy = fuzz_copy(line.data, line.len);
    struct stream_part part = {.stream = streams[number % 3],
                               .time_ms = STAGE_NOW_MS,
                               .time_is_arrival = number % 2,
                               .is_json = json_valid(copy, line.len),
                               .chunk = copy,
                               .chunk_len = line.len};
    chunk_decode(decoder, &part, check_move, &part);
    stage_part(stage, &part);
    free(copy);
}

/* One line in three goes to another stream where the first byte is odd. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {(const char *)data, size}, line;
    struct stage *stage = stage_create();
    struct chunk_decoder *decoder = chunk_decoder_create();
    bool mixed = fuzz_byte(&input) % 2;
    for (size_t number = 0; fuzz_line(&input, &line); number++)
        take(stage, decoder, line, mixed ? number : 0);
    check_entries(stage->run);
    stage_draw(stage, 80, 24);
    struct event end = {.type = EVENT_END, .end = {.complete = true}};
    stage_event(stage, &end);
    check_entries(stage->run);
    stage->env.ascii_text = true;
    stage_draw(stage, 41, 30);
    chunk_decoder_destroy(decoder);
    stage_destroy(stage);
    return 0;
}
