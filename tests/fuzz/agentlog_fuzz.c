/* An agent's log: whoever follows the changes alone has the lines, wherever
 * the bytes are cut. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/utf8.h"
#include "wire/agentlog.h"

#include "fuzz.h"

enum {
    MAX_TEXT = 1 << 20
};

/* The lines as told; each as its own buffer. */
struct viewer {
    struct buf *lines;
    size_t count;
    size_t frames, errors;
};

static void cut_lines(struct viewer *viewer, size_t from)
{
    for (size_t i = from; i < viewer->count; i++)
        buf_free(&viewer->lines[i]);
    viewer->count = from < viewer->count ? from : viewer->count;
}

static void follow(struct viewer *viewer, const struct agentlog *log,
                   const struct agentlog_frame *frame)
{
    FUZZ_CHECK(frame->kept <= viewer->count && frame->kept <= frame->lines);
    viewer->frames++;
    if (!frame->text_changed) {
        FUZZ_CHECK(frame->lines == viewer->count);
        return;
    }
    cut_lines(viewer, frame->kept);
    viewer->lines =
        mem_resize(viewer->lines, frame->lines + 1, sizeof *viewer->lines);
    for (size_t i = viewer->count; i < frame->lines; i++) {
        struct buf *line = &viewer->lines[viewer->count++];
        *line = buf_make(0);
        agentlog_line(log, i, line);
        FUZZ_CHECK(utf8_valid(buf_str(line), line->len));
    }
}

static void check_lines(const struct viewer *viewer, const struct agentlog *log)
{
    struct buf line = buf_make(0);
    for (size_t i = 0; i < viewer->count; i++) {
        buf_clear(&line);
        agentlog_line(log, i, &line);
        FUZZ_CHECK(fuzz_same(fuzz_slice(&line), fuzz_slice(&viewer->lines[i])));
    }
    buf_free(&line);
}

static void take(struct viewer *viewer, struct agentlog *log,
                 struct slice bytes)
{
    struct agentlog_frame frame;
    char *copy = fuzz_copy(bytes.data, bytes.len);
    agentlog_feed(log, copy, bytes.len);
    for (;;) {
        struct error err = {0};
        if (agentlog_next(log, &frame, &err))
            follow(viewer, log, &frame);
        else if (err.kind != ERROR_NONE && !agentlog_is_too_large(log))
            viewer->errors++;
        else
            break;
    }
    free(copy);
}

static struct viewer watch(struct slice input, int pieces, size_t most)
{
    struct viewer viewer = {.count = 0};
    struct agentlog *log = agentlog_create(most);
    uint64_t seed = fuzz_seed(input);
    while (input.len) {
        size_t len = pieces == 0   ? input.len
                     : pieces == 1 ? 1
                                   : fuzz_piece(&seed, input.len);
        take(&viewer, log, (struct slice){input.data, len});
        input.data += len;
        input.len -= len;
    }
    check_lines(&viewer, log);
    agentlog_destroy(log);
    return viewer;
}

static void forget(struct viewer *viewer)
{
    cut_lines(viewer, 0);
    free(viewer->lines);
}

static void check_same(struct slice input, int pieces, size_t most,
                       const struct viewer *want)
{
    struct viewer got = watch(input, pieces, most);
    FUZZ_CHECK(got.count == want->count && got.frames == want->frames &&
               got.errors == want->errors);
    for (size_t i = 0; i < got.count; i++)
        FUZZ_CHECK(
            fuzz_same(fuzz_slice(&got.lines[i]), fuzz_slice(&want->lines[i])));
    forget(&got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t limits[] = {MAX_TEXT, 60};
    struct slice input = {(const char *)data, size};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct viewer whole = watch(input, 0, limits[i]);
        check_same(input, 1, limits[i], &whole);
        check_same(input, 2, limits[i], &whole);
        forget(&whole);
    }
    return 0;
}
