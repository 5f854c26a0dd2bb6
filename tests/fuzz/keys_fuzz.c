/* Keys by chance, on the screen of a run that goes on meanwhile. Each byte is
 * a key; some stand for those without a character, for another size, or for
 * news of the run. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "view/action.h"
#include "view/keys.h"
#include "wire/entry.h"

#include "fuzz.h"
#include "stage.h"

static void tell_entry(struct stage *stage, unsigned byte)
{
    static const char *const texts[] = {
        "",
        "plain text",
        "\xE6\x97\xA5 wide \xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9",
        "\033]0;title\007 a\tb \xFF\xC2\x9B e\xCC\x81\xCC\x81",
        "two\nlines",
        "a long line of words that takes more than one row on most screens",
    };
    const char *text = texts[byte % 6];
    struct log_entry entry = {.time_ms = STAGE_NOW_MS,
                              .level = (enum log_level)(byte % 6),
                              .message = text,
                              .message_len = strlen(text),
                              .data = byte % 4 ? NULL : "{\"a\":[1,2]}",
                              .data_len = byte % 4 ? 0 : 11};
    struct event event = {.type = EVENT_LOG,
                          .time_ms = STAGE_NOW_MS,
                          .run = "run_1",
                          .log = {.seq = stage->entries + 1, .entry = &entry}};
    stage_event(stage, &event);
}

static void tell_chunk(struct stage *stage, unsigned byte)
{
    static const char *const chunks[] = {
        "{\"type\":\"reasoning\",\"textDelta\":\"so \"}",
        "{\"type\":\"text-delta\",\"textDelta\":\"word\\n\"}",
        "{\"type\":\"tool-call\",\"toolCallId\":\"c\",\"toolName\":\"t\"}",
        "{\"type\":\"finish\"}",
    };
    const char *chunk = chunks[byte % 4];
    struct stream_part part = {.stream = "s",
                               .time_ms = STAGE_NOW_MS,
                               .is_json = true,
                               .chunk = chunk,
                               .chunk_len = strlen(chunk)};
    stage_part(stage, &part);
}

static void press(struct stage *stage, uint32_t key, uint32_t *pending)
{
    char name[16];
    const char *what;
    FUZZ_CHECK(keycode_name(key, name, sizeof name) < sizeof name);
    if (view_run_key(stage->view, stage->run, key))
        return;
    enum action action = action_of_key(*pending, key);
    FUZZ_CHECK(action < ACTION_COUNT);
    *pending = action == ACTION_MORE ? key : 0;
    if (action != ACTION_NONE && action != ACTION_MORE)
        view_run_act(stage->view, stage->run, action);
    view_run_take_copy(stage->view, &what);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {(const char *)data, size};
    struct stage *stage = stage_create();
    uint32_t pending = 0;
    for (size_t i = 0; i < 6; i++)
        tell_entry(stage, (unsigned)i);
    while (input.len) {
        unsigned byte = fuzz_byte(&input);
        if (byte < 0x80)
            press(stage, byte, &pending);
        else if (byte < 0xA0)
            press(stage, KEYCODE_FIRST_NAMED + byte - 0x80, &pending);
        else if (byte < 0xC0)
            tell_entry(stage, byte);
        else if (byte < 0xD0)
            tell_chunk(stage, byte);
        else if (byte < 0xE0)
            press(stage, 0x4E00 + byte * fuzz_byte(&input), &pending);
        else
            stage_draw(stage, 1 + (int)(byte * 7 % 150),
                       1 + (int)(fuzz_byte(&input) % 50));
        stage->env.now_ms += 10 * byte;
    }
    stage_draw(stage, 80, 24);
    view_run_draw_tick(stage->view, stage->run, &stage->env, stage->frame);
    stage_draw(stage, 20, 5);
    stage_destroy(stage);
    return 0;
}
