/* Recordings, line by line: what was read and is written again is read as the
 * same. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "wire/recording.h"

#include "fuzz.h"

static void check_start(struct slice text)
{
    struct recording_start start, second;
    struct error err = {0};
    if (!recording_read_start(&start, text.data, text.len, &err)) {
        FUZZ_CHECK(err.kind == ERROR_USAGE);
        recording_free_start(&start);
        return;
    }
    struct buf once = buf_make(0), twice = buf_make(0);
    recording_add_start(&once, &start);
    FUZZ_CHECK(once.len && once.data[once.len - 1] == '\n');
    FUZZ_CHECK(recording_read_start(&second, once.data, once.len - 1, &err));
    recording_add_start(&twice, &second);
    FUZZ_CHECK(fuzz_same(fuzz_slice(&once), fuzz_slice(&twice)));
    recording_free_start(&start);
    recording_free_start(&second);
    buf_free(&once);
    buf_free(&twice);
}

static void check_line(struct slice text)
{
    struct recording_line line, second;
    bool good = recording_read(&line, text.data, text.len);
    struct buf once = buf_make(0), twice = buf_make(0);
    if (good && line.type != RECORDING_UNKNOWN) {
        recording_add(&once, &line);
        FUZZ_CHECK(once.len && once.data[once.len - 1] == '\n');
        FUZZ_CHECK(!memchr(once.data, '\n', once.len - 1));
        bool again = recording_read(&second, once.data, once.len - 1);
        FUZZ_CHECK(again);
        FUZZ_CHECK(second.type == line.type && second.t_ms == line.t_ms);
        FUZZ_CHECK(
            fuzz_same(fuzz_slice(&line.bytes), fuzz_slice(&second.bytes)));
        recording_add(&twice, &second);
        FUZZ_CHECK(fuzz_same(fuzz_slice(&once), fuzz_slice(&twice)));
        recording_free(&second);
    }
    recording_free(&line);
    buf_free(&once);
    buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {(const char *)data, size}, line;
    while (fuzz_line(&input, &line)) {
        char *copy = fuzz_copy(line.data, line.len);
        check_start((struct slice){copy, line.len});
        check_line((struct slice){copy, line.len});
        free(copy);
    }
    return 0;
}
