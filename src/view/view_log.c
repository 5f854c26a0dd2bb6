#include "config.h"

#include "view/view_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "base/instant.h"
#include "text/escape.h"
#include "text/width.h"
#include "view/view_line.h"

enum {
    MATCHES_MAX = 64 /* that are marked in one entry */
};

/* ---- the log as a list of lines ---- */

static bool list_next(void *context, uint64_t number, uint64_t *out)
{
    const struct log_list *list = context;
    return lines_next(list->view->lines, list->run, number, out);
}

static bool list_prev(void *context, uint64_t number, uint64_t *out)
{
    const struct log_list *list = context;
    return lines_prev(list->view->lines, list->run, number, out);
}

static bool list_nearest(void *context, uint64_t number, uint64_t *out)
{
    const struct log_list *list = context;
    return lines_nearest(list->view->lines, list->run, number, out);
}

static uint64_t list_end(void *context)
{
    const struct log_list *list = context;
    return lines_end(list->view->lines, list->run);
}

static size_t text_columns(const struct layout *layout)
{
    int columns = layout->log_width - layout->text_x;
    return columns > 0 ? (size_t)columns : 1;
}

/* Is the entry before of another step? */
static bool comes_between(const struct run *run, const struct entry *entry)
{
    struct entry before;
    return entry->number > 0 && run_entry(run, entry->number - 1, &before) &&
           before.step != entry->step;
}

/* Where there are several streams, lines come in turns and say which one they
 * are of; and what goes on behind lines of something else says what it is. */
static struct slice label_of(const struct run *run, const struct step *step,
                             const struct entry *entry)
{
    if (run_stream_count(run) > 1)
        return (struct slice){step->stream, strlen(step->stream)};
    bool below_another = lines_step_before(run, entry->number) != entry->step;
    bool named =
        step->kind == STEP_TOOL || (step->kind == STEP_TEXT && below_another);
    if (named && step->mixed && comes_between(run, entry))
        return (struct slice){step->title, strcspn(step->title, " ")};
    return (struct slice){0};
}

/* What streams bring has been summed up: its data waits for ENTER. */
static struct line_dress dress_of(const struct view_run *view,
                                  const struct run *run,
                                  const struct entry *entry)
{
    bool known =
        entry->step >= run_step_first(run) && entry->step < run_step_count(run);
    const struct step *step = known ? run_step(run, entry->step) : NULL;
    struct line_dress dress = {
        .escape = view->layout.escape,
        .unfolded = numbers_has(&view->unfolded, entry->number),
    };
    if (step && step->stream) {
        dress.terse = true;
        dress.label = label_of(run, step, entry);
    }
    return dress;
}

static unsigned list_rows(void *context, uint64_t number)
{
    const struct log_list *list = context;
    const struct layout *layout = &list->view->layout;
    struct entry entry;
    if (!run_entry(list->run, number, &entry) || entry.kind == ENTRY_STEP)
        return 1;
    struct line_text line = {0};
    struct line_dress dress = dress_of(list->view, list->run, &entry);
    line_compose(&line, &entry, &dress);
    unsigned rows =
        line_rows(&line, list->view->wrap ? text_columns(layout) : 0);
    line_free(&line);
    return rows;
}

struct line_source view_log_source(struct log_list *list)
{
    return (struct line_source){
        .context = list,
        .next = list_next,
        .prev = list_prev,
        .nearest = list_nearest,
        .rows = list_rows,
        .end = list_end,
    };
}

void view_log_columns(const struct view_run *view, struct layout *layout)
{
    bool small = layout->size == VIEW_NARROW || layout->size == VIEW_TINY;
    bool wide = layout->size == VIEW_WIDE;
    layout->ms = wide;
    if (small) {
        layout->time_width = layout->gutter_x = 0;
        layout->text_x = 2;
        return;
    }
    layout->time_width = view->time == TIME_OFF ? 0 : wide ? 12 : 8;
    int gap = wide ? 2 : 1;
    layout->gutter_x = layout->time_width ? 1 + layout->time_width + gap : 3;
    layout->text_x = layout->gutter_x + 1 + gap;
}

/* ---- what a line begins with ---- */

/* The cursor and the mark stand left of everything, where there is room. */
static void draw_markers(const struct canvas *canvas, uint64_t number, int y,
                         bool timed)
{
    const struct view_run *view = canvas->view;
    const struct layout *layout = canvas->layout;
    bool current = !view->port.follow && view->port.cursor == number;
    bool marked = numbers_has(&view->marks, number);
    if (layout->gutter_x < 2)
        return;
    const char *text = current && marked && !timed ? ">*"
                       : current                   ? (timed ? ">" : ">>")
                       : marked                    ? "*"
                                                   : "";
    frame_puts(canvas->frame, layout->log_x, y, 2, STYLE_CURSOR, text);
}

static void draw_gutter(const struct canvas *canvas, uint64_t number, int y,
                        enum style style, const char *glyph)
{
    const struct view_run *view = canvas->view;
    const struct layout *layout = canvas->layout;
    bool current = !view->port.follow && view->port.cursor == number;
    if (layout->gutter_x < 2 && current)
        style = STYLE_CURSOR;
    frame_puts(canvas->frame, layout->log_x + layout->gutter_x, y, 1, style,
               glyph);
}

static const char *level_glyph(const struct canvas *canvas,
                               const struct entry *entry)
{
    if (entry->kind == ENTRY_STATUS || entry->kind == ENTRY_MARKER)
        return "";
    if (entry->level == LEVEL_ERROR)
        return canvas->glyphs->failed;
    if (entry->kind == ENTRY_REASONING)
        return "~";
    return entry->level == LEVEL_WARN ? "!" : "|";
}

/* ---- a log line ---- */

struct matches {
    size_t start[MATCHES_MAX], end[MATCHES_MAX];
    int count;
};

/* A pattern may match a part of what is one character to the reader; that is
 * drawn in one piece, or it would take other columns. From a boundary on. */
static void match_whole(const struct buf *text, size_t from, size_t *start,
                        size_t *end)
{
    const char *data = buf_str(text);
    size_t at = from, next = from;
    int columns;
    if (!((data[*start] | data[*end]) & 0x80))
        return;
    while (next <= *start && next < text->len) {
        at = next;
        next += width_cluster(data + at, text->len - at, &columns);
    }
    *start = at;
    while (at < *end)
        at += width_cluster(data + at, text->len - at, &columns);
    *end = at;
}

static void find_matches(const struct view_run *view,
                         const struct line_text *line, struct matches *matches)
{
    matches->count = 0;
    size_t from = line->word_end, start, len;
    while (view->search && matches->count < MATCHES_MAX &&
           pattern_find(view->search, buf_str(&line->safe), line->safe.len,
                        from, &start, &len)) {
        size_t end = start + len;
        match_whole(&line->safe, from, &start, &end);
        matches->start[matches->count] = start;
        matches->end[matches->count++] = end;
        from = end;
    }
}

/* The style at a byte, and how far it goes. */
static enum style style_at(const struct line_text *line,
                           const struct matches *matches, size_t at,
                           size_t *until)
{
    enum style style = STYLE_DATA;
    *until = line->safe.len;
    if (at < line->word_end) {
        style = line->word_style;
        *until = line->word_end;
    } else if (at < line->text_end) {
        style = line->style;
        *until = line->text_end;
    }
    for (int i = 0; i < matches->count; i++) {
        if (at >= matches->start[i] && at < matches->end[i]) {
            *until = matches->end[i];
            return STYLE_MATCH;
        }
        if (matches->start[i] > at && matches->start[i] < *until)
            *until = matches->start[i];
    }
    return style;
}

static void draw_text(const struct canvas *canvas, const struct line_text *line,
                      const struct matches *matches, size_t start, size_t len,
                      int y)
{
    const struct layout *layout = canvas->layout;
    int x = layout->log_x + layout->text_x;
    int right = layout->log_x + layout->log_width;
    const char *text = buf_str(&line->safe);
    size_t at = start, end = start + len;
    if (!canvas->view->wrap && canvas->view->shift) {
        size_t used;
        at += width_fit(text + at, len, (size_t)canvas->view->shift, &used);
    }
    while (at < end && x < right) {
        size_t until;
        enum style style = style_at(line, matches, at, &until);
        until = until < end ? until : end;
        x += frame_put(canvas->frame, x, y, right - x, style, text + at,
                       until - at);
        at = until;
    }
    if (canvas->view->wrap && !line->cut)
        return;
    int columns = (int)width_of_text(text + start, len);
    if (columns > canvas->view->widest && !line->cut)
        canvas->view->widest = columns;
    int shift = canvas->view->wrap ? 0 : canvas->view->shift;
    if (columns > (int)text_columns(layout) + shift)
        frame_puts(canvas->frame, right - 1, y, 1, STYLE_DIM, ">");
}

static enum style gutter_style(const struct line_text *line)
{
    return line->style == STYLE_REASONING ? line->style : line->word_style;
}

/* Draws the rows of an entry from `row` on, from y down to below `bottom`.
 * Returns the next free y. */
static int draw_line(const struct canvas *canvas, const struct entry *entry,
                     unsigned row, int y, int bottom)
{
    const struct layout *layout = canvas->layout;
    struct line_text line = {0};
    struct line_dress dress = dress_of(canvas->view, canvas->run, entry);
    struct matches matches;
    line_compose(&line, entry, &dress);
    find_matches(canvas->view, &line, &matches);
    size_t at = 0, start, len;
    bool wraps = canvas->view->wrap && !line.cut;
    size_t columns = wraps ? text_columns(layout) : 0;
    for (unsigned i = 0;
         y < bottom && line_next_row(&line, &at, columns, &start, &len); i++) {
        if (i < row)
            continue;
        if (i == 0) {
            bool timed = view_time_draw(canvas, entry, y);
            draw_markers(canvas, entry->number, y, timed);
        }
        if (i == 0 || entry->kind == ENTRY_REASONING)
            draw_gutter(canvas, entry->number, y, gutter_style(&line),
                        level_glyph(canvas, entry));
        draw_text(canvas, &line, &matches, start, len, y++);
    }
    line_free(&line);
    return y;
}

/* ---- a step's header ---- */

const char *view_step_glyph(const struct glyphs *glyphs,
                            const struct step *step, bool folded)
{
    switch (step->state) {
    case STEP_ACTIVE:
        return folded ? glyphs->folded : glyphs->open;
    case STEP_DONE:
        return glyphs->done;
    case STEP_FAILED:
        return glyphs->failed;
    case STEP_STOPPED:
        return "/";
    }
    return "";
}

const char *view_step_title(const struct step *step)
{
    bool thought = step->kind == STEP_REASONING && step->state != STEP_ACTIVE;
    return thought ? "Thought" : step->title;
}

enum style view_step_style(const struct step *step)
{
    switch (step->state) {
    case STEP_ACTIVE:
        return STYLE_RUNNING;
    case STEP_DONE:
        return STYLE_DONE;
    case STEP_FAILED:
        return STYLE_FAILED;
    case STEP_STOPPED:
        return STYLE_CANCELED;
    }
    return STYLE_TEXT;
}

void view_step_duration(const struct canvas *canvas, const struct step *step,
                        char out[32])
{
    bool open = step->ended_ms == INSTANT_NONE;
    int64_t end = open ? canvas->server_now_ms : step->ended_ms;
    int64_t ms = end - step->started_ms;
    out[0] = '\0';
    if (step->started_ms == INSTANT_NONE)
        return;
    ms = ms < 0 ? 0 : ms;
    if (open && ms < 60000)
        snprintf(out, 32, "%ds", (int)(ms / 1000));
    else
        duration_format_short(open ? ms / 1000 * 1000 : ms, out);
}

static void folded_note(const struct step *step, char *out, size_t size)
{
    bool thought = step->kind == STEP_REASONING;
    size_t at = 0;
    out[0] = '\0';
    if (!step->entry_count)
        return;
    at += (size_t)snprintf(out, size,
                           thought ? ", %llu line%s" : "  (%llu line%s folded",
                           (unsigned long long)step->entry_count,
                           step->entry_count == 1 ? "" : "s");
    if (step->errors && at < size)
        at += (size_t)snprintf(out + at, size - at, ", %u error%s",
                               step->errors, step->errors == 1 ? "" : "s");
    if (step->warnings && at < size)
        at += (size_t)snprintf(out + at, size - at, ", %u warning%s",
                               step->warnings, step->warnings == 1 ? "" : "s");
    if (at < size && !thought)
        snprintf(out + at, size - at, ")");
}

/* The title's words. How long a thought took is said there, once it is over. */
static void add_title(const struct step *step, const struct entry *entry,
                      char duration[32], unsigned escape, struct buf *out)
{
    if (!step) {
        row_safe(out, entry->text, entry->text_len, escape);
        return;
    }
    const char *title = view_step_title(step);
    row_safe(out, title, strlen(title), escape);
    if (step->kind != STEP_REASONING || step->state == STEP_ACTIVE ||
        !duration[0])
        return;
    buf_addf(out, " for %s", duration);
    duration[0] = '\0';
}

/* A tool's arguments stand back behind its name. Returns the columns used. */
static int put_title(const struct canvas *canvas, const struct step *step,
                     int x, int y, int room, const struct buf *title)
{
    const char *text = buf_str(title);
    bool tool = step && step->kind == STEP_TOOL;
    size_t name = tool ? strcspn(text, " ") : title->len;
    int used = frame_put_cut(canvas->frame, x, y, room, STYLE_STEP, text, name);
    return used + frame_put_cut(canvas->frame, x + used, y, room - used,
                                STYLE_DATA, text + name, title->len - name);
}

static void draw_title(const struct canvas *canvas, const struct entry *entry,
                       const struct step *step, bool folded, int y)
{
    const struct layout *layout = canvas->layout;
    char duration[32] = "", note[96] = "";
    struct buf title = buf_make(0);
    if (step && (!layout->side_width || step->kind == STEP_REASONING))
        view_step_duration(canvas, step, duration);
    if (folded && step)
        folded_note(step, note, sizeof note);
    add_title(step, entry, duration, layout->escape, &title);
    if (layout->side_width)
        duration[0] = '\0';
    int margin = layout->gutter_x ? 1 : 0;
    int x = layout->log_x + layout->text_x;
    int right = layout->log_x + layout->log_width - margin;
    int len = (int)strlen(duration);
    frame_puts(canvas->frame, right - len, y, len, STYLE_TEXT, duration);
    int room = right - x - (len ? len + 2 : 0);
    int note_len = (int)strlen(note);
    if (room < 20 + note_len)
        note[0] = '\0', note_len = 0;
    x += put_title(canvas, step, x, y, room - note_len, &title);
    frame_puts(canvas->frame, x, y, note_len, STYLE_DIM, note);
    buf_free(&title);
}

static void draw_header(const struct canvas *canvas, const struct entry *entry,
                        int y)
{
    size_t index = lines_step_of(canvas->run, entry->number);
    const struct step *step =
        index == LINES_NO_STEP ? NULL : run_step(canvas->run, index);
    if (step && step->first_entry != entry->number)
        step = NULL;
    bool folded =
        step && lines_is_folded(canvas->view->lines, canvas->run, index);
    bool timed = view_time_draw(canvas, entry, y);
    draw_markers(canvas, entry->number, y, timed);
    draw_gutter(canvas, entry->number, y,
                step ? view_step_style(step) : STYLE_STEP,
                step ? view_step_glyph(canvas->glyphs, step, folded)
                     : canvas->glyphs->open);
    draw_title(canvas, entry, step, folded, y);
}

/* ---- the pane ---- */

static const char *empty_words(const struct canvas *canvas)
{
    if (filter_is_on(lines_filter(canvas->view->lines)) &&
        run_end(canvas->run) > 0)
        return "-- no line passes the filter (& and v change it)";
    bool played = canvas->env->play.state != VIEW_PLAY_NONE;
    switch (canvas->facts->status) {
    case STATUS_UNKNOWN:
        return played ? "-- nothing recorded up to here"
                      : "-- nothing heard yet";
    case STATUS_DELAYED:
    case STATUS_QUEUED:
    case STATUS_PENDING_VERSION:
    case STATUS_DEQUEUED:
        return "-- the run has not started yet";
    case STATUS_EXECUTING:
    case STATUS_WAITING:
        return played ? "-- nothing recorded up to here"
                      : "-- nothing logged so far";
    case STATUS_COMPLETED:
    case STATUS_CANCELED:
    case STATUS_FAILED:
    case STATUS_CRASHED:
    case STATUS_SYSTEM_FAILURE:
    case STATUS_EXPIRED:
    case STATUS_TIMED_OUT:
    case STATUS_COUNT:
        break;
    }
    return "-- nothing was logged";
}

/* The header of the step that the top line is in stays in sight, over the top
 * row, while the step's lines scroll below it. */
static void pin_header(const struct canvas *canvas, uint64_t top)
{
    enum {
        WORTH_ROWS = 5
    };
    struct entry entry;
    size_t step = lines_step_of(canvas->run, top);
    if (step == LINES_NO_STEP || canvas->layout->log_height < WORTH_ROWS)
        return;
    uint64_t header = run_step(canvas->run, step)->first_entry;
    if (header == top || !run_entry(canvas->run, header, &entry))
        return;
    for (int x = 0; x < canvas->layout->log_width; x++)
        frame_puts(canvas->frame, canvas->layout->log_x + x,
                   canvas->layout->log_y, 1, STYLE_TEXT, " ");
    draw_header(canvas, &entry, canvas->layout->log_y);
}

void view_log_draw(const struct canvas *canvas)
{
    const struct layout *layout = canvas->layout;
    struct view_run *view = canvas->view;
    struct log_list list = {view, canvas->run};
    struct line_source source = view_log_source(&list);
    int y = layout->log_y, bottom = y + layout->log_height;
    if (!viewport_settle(&view->port, &source, layout->log_height)) {
        frame_puts(canvas->frame, layout->log_x + (layout->gutter_x ? 1 : 0), y,
                   layout->log_width, STYLE_NOTICE, empty_words(canvas));
        return;
    }
    struct place at = view->port.top;
    struct entry entry;
    view->widest = 0;
    view->cursor_row = -1;
    while (y < bottom && run_entry(canvas->run, at.line, &entry)) {
        if (at.line == view->port.cursor)
            view->cursor_row = y - layout->log_y;
        if (entry.kind == ENTRY_STEP)
            draw_header(canvas, &entry, y++);
        else
            y = draw_line(canvas, &entry, at.row, y, bottom);
        at.row = 0;
        if (!source.next(source.context, at.line, &at.line))
            break;
    }
    pin_header(canvas, view->port.top.line);
    if (view->cursor_row < 0) /* out of sight */
        view->cursor_row = viewport_cursor_row(&view->port, &source);
}
