#include "config.h"

#include "io/plain_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/mem.h"
#include "text/escape.h"

void plain_add_time(struct buf *out, const struct sink_options *options,
                    int64_t time_ms)
{
    char text[INSTANT_TEXT_SIZE];
    if (!options->show_time)
        return;
    int64_t shift_s = options->time_is_utc ? 0 : options->utc_offset_s(time_ms);
    instant_format_utc(time_ms + shift_s * 1000, text);
    if (*text)
        buf_addf(out, "%.12s ", text + strlen("2026-01-02T"));
}

void plain_add_level(struct buf *out, const struct sink_options *options,
                     enum log_level level, const char *word)
{
    static const char *const colors[] = {
        [LEVEL_WARN] = "\033[33m", [LEVEL_ERROR] = "\033[31m"};
    enum {
        WIDTH = 5
    };
    bool colored = options->color && level >= LEVEL_WARN;
    size_t start = out->len;
    escape_text(out, word ? word : "", word ? strlen(word) : 0,
                options->escape);
    size_t len = out->len - start;
    if (colored) {
        char *safe = mem_strndup(out->data + start, len);
        buf_truncate(out, start);
        buf_addf(out, "%s%s\033[0m", colors[level], safe);
        free(safe);
    }
    buf_fill(out, ' ', len < WIDTH ? WIDTH - len + 1 : 1);
}

void plain_add_data(struct buf *out, const struct sink_options *options,
                    const char *json, size_t len)
{
    struct buf data = buf_make(0);
    buf_adds(out, "  ");
    escape_raw_json(&data, json, len);
    escape_text(out, buf_str(&data), data.len, options->escape);
    buf_free(&data);
}
