/* Run objects and polling bodies, one a line, and what is made of answers that
 * refuse. The first byte chooses how they are read. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"
#include "wire/decoder.h"
#include "wire/packet.h"
#include "wire/sse_facts.h"
#include "wire/wire_error.h"

#include "fuzz.h"
#include "stage.h"

static void check_reason(const char *body, size_t len)
{
    struct buf reason = buf_make(0);
    if (wire_error_reason(&reason, body, len))
        FUZZ_CHECK(reason.len && reason.len <= 203 &&
                   !memchr(reason.data, '\n', reason.len));
    else
        FUZZ_CHECK(reason.len == 0);
    wire_error_is_page(body, len);
    buf_free(&reason);
}

static void check_packet(const char *body, size_t len)
{
    static const char *const types[] = {
        NULL,         "application/json",  "application/super+json",
        "text/plain", "application/store", "x/y"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct buf out = buf_make(0);
        bool stored = false;
        packet_decode(&out, body, len, types[i], &stored);
        buf_free(&out);
    }
}

static void check_event(struct sse_facts *facts, const char *body, size_t len)
{
    struct sse_event event = {
        .event = SSE_MESSAGE, .data = body, .data_len = len, .id = ""};
    struct sse_reading reading = {0};
    if (sse_facts_read(facts, &event, STAGE_NOW_MS, &reading))
        for (size_t i = 0; i < reading.count; i++)
            FUZZ_CHECK(utf8_valid(reading.entries[i].message,
                                  reading.entries[i].message_len));
}

static void take(struct decoder *decoder, unsigned how, const char *body,
                 size_t len)
{
    struct error err = {0};
    bool good = true;
    if (how % 3 == 0)
        good = decoder_take_rest(decoder, body, len, STAGE_NOW_MS, &err);
    else if (how % 3 == 1)
        good = decoder_take_poll(decoder, body, len, STAGE_NOW_MS, &err);
    else
        decoder_take_details(decoder, body, len, STAGE_NOW_MS);
    FUZZ_CHECK(good == (err.kind == ERROR_NONE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {(const char *)data, size}, line;
    struct decoder_options options = {
        .run = "run_1", .progress_key = "progress", .log_key = "logs"};
    struct stage *stage = stage_create();
    struct decoder *decoder = decoder_create(&options, stage_event, stage);
    struct sse_facts *facts = sse_facts_create("progress", "logs", 0);
    unsigned how = fuzz_byte(&input);
    while (fuzz_line(&input, &line)) {
        char *copy = fuzz_copy(line.data, line.len);
        take(decoder, how, copy, line.len);
        uint64_t entries = stage->entries;
        take(decoder, how, copy, line.len);
        FUZZ_CHECK(stage->entries == entries);
        check_reason(copy, line.len);
        check_packet(copy, line.len);
        check_event(facts, copy, line.len);
        free(copy);
    }
    sse_facts_finish(facts);
    sse_facts_destroy(facts);
    stage_draw(stage, 80, 24);
    decoder_destroy(decoder);
    stage_destroy(stage);
    return 0;
}
