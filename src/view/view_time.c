/* The time column of the log. */
#include "config.h"

#include "view/view_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "base/instant.h"

enum {
    QUIET_GAP_MS = 10000 /* a silence before a line that earns it a time */
};

/* The time of the entry before, withdrawn ones left out. */
static int64_t time_before(const struct run *run, uint64_t number)
{
    enum {
        LOOK_BACK = 16
    };
    struct entry entry;
    for (uint64_t i = 1; i <= LOOK_BACK && i <= number; i++)
        if (run_entry(run, number - i, &entry) && !entry.hidden)
            return entry.time_ms;
    return INSTANT_NONE;
}

static void delta_text(int64_t ms, char *out, size_t size)
{
    char text[DURATION_TEXT_SIZE];
    duration_format_short(ms < 0 ? 0 : ms, text);
    snprintf(out, size, "+%s", text);
}

static void elapsed_text(int64_t ms, bool with_ms, char *out, size_t size)
{
    char text[DURATION_TEXT_SIZE];
    duration_format_clock(ms, false, text);
    if (with_ms && strlen(text) < 8)
        snprintf(out, size, "%s.%03d", text, (int)(ms < 0 ? 0 : ms % 1000));
    else
        snprintf(out, size, "%s", text);
}

static void time_text(const struct canvas *canvas, const struct entry *entry,
                      char *out, size_t size)
{
    int64_t before, start = canvas->facts->started_ms;
    char clock[16];
    out[0] = '\0';
    switch (canvas->view->time) {
    case TIME_LOCAL:
    case TIME_IN_UTC:
        view_time_of_day(canvas->env, entry->time_ms,
                         canvas->view->time == TIME_IN_UTC, canvas->layout->ms,
                         clock);
        snprintf(out, size, "%s", clock);
        break;
    case TIME_ELAPSED:
        if (start != INSTANT_NONE)
            elapsed_text(entry->time_ms - start, canvas->layout->ms, out, size);
        break;
    case TIME_DELTA:
        before = time_before(canvas->run, entry->number);
        if (before != INSTANT_NONE)
            delta_text(entry->time_ms - before, out, size);
        break;
    case TIME_OFF:
    case TIME_COLUMN_COUNT:
        break;
    }
}

/* What was written, no header and no remark. */
static bool is_line(const struct entry *entry)
{
    return entry->kind != ENTRY_STEP && entry->kind != ENTRY_STATUS &&
           entry->kind != ENTRY_MARKER;
}

/* Lines under a step leave the time to its header, but for those that came
 * after a silence, and when the time is what was asked for. */
static bool has_time(const struct canvas *canvas, const struct entry *entry,
                     int64_t before)
{
    if (!canvas->layout->time_width || entry->time_ms == INSTANT_NONE)
        return false;
    if (!is_line(entry) || entry->step == NO_STEP ||
        canvas->view->time == TIME_DELTA)
        return true;
    return before != INSTANT_NONE && entry->time_ms - before >= QUIET_GAP_MS;
}

/* Of a line in the same second as the one before only what differs is shown:
 * it is easier to scan, and at many lines a second most of what a line costs
 * to write. Where the time is when the line arrived that is nothing: its
 * milliseconds tell of the network. The top line of a page that stands still
 * has its time whole. */
static bool is_same_second(const struct canvas *canvas,
                           const struct entry *entry, int64_t before)
{
    const struct viewport *port = &canvas->view->port;
    bool top = !port->follow && port->top.line == entry->number;
    return !top && is_line(entry) && entry->time_ms >= 0 &&
           canvas->view->time != TIME_DELTA && before != INSTANT_NONE &&
           before / 1000 == entry->time_ms / 1000;
}

static const char *differing_part(const char *time)
{
    const char *ms = strchr(time, '.');
    return ms ? ms : "";
}

bool view_time_draw(const struct canvas *canvas, const struct entry *entry,
                    int y)
{
    int64_t before = time_before(canvas->run, entry->number);
    if (!has_time(canvas, entry, before))
        return false;
    bool same = is_same_second(canvas, entry, before);
    if (same && entry->time_is_arrival)
        return false;
    char text[DURATION_TEXT_SIZE + 8];
    time_text(canvas, entry, text, sizeof text);
    const char *shown = same ? differing_part(text) : text;
    int width = canvas->layout->time_width, len = (int)strlen(shown);
    int x = canvas->layout->log_x + 1 + (len < width ? width - len : 0);
    frame_puts(canvas->frame, x, y, width,
               entry->time_is_arrival ? STYLE_DIM : STYLE_TEXT, shown);
    return shown == text && text[0];
}
