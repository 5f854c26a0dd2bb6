#include "config.h"

#include "view/viewport.h"

struct viewport viewport_make(void)
{
    return (struct viewport){.follow = true, .height = 1};
}

static struct place go_up(const struct line_source *source, struct place at,
                          unsigned rows)
{
    while (rows > at.row) {
        uint64_t before;
        if (!source->prev(source->context, at.line, &before))
            return (struct place){at.line, 0};
        rows -= at.row;
        at = (struct place){before, source->rows(source->context, before)};
    }
    at.row -= rows;
    return at;
}

static struct place go_down(const struct line_source *source, struct place at,
                            unsigned rows)
{
    while (rows) {
        unsigned left = source->rows(source->context, at.line) - at.row;
        uint64_t after;
        if (rows < left) {
            at.row += rows;
            return at;
        }
        if (!source->next(source->context, at.line, &after)) {
            at.row += left - 1;
            return at;
        }
        rows -= left;
        at = (struct place){after, 0};
    }
    return at;
}

static bool is_before(struct place a, struct place b)
{
    return a.line < b.line || (a.line == b.line && a.row < b.row);
}

static bool last_line(const struct line_source *source, uint64_t *line)
{
    return source->prev(source->context, source->end(source->context), line);
}

/* The top that has the list's last row at the bottom. */
static struct place end_top(const struct viewport *view,
                            const struct line_source *source)
{
    struct place at = {0, 0};
    if (!last_line(source, &at.line))
        return (struct place){0, 0};
    at.row = source->rows(source->context, at.line);
    return go_up(source, at, (unsigned)view->height);
}

bool viewport_last(const struct viewport *view,
                   const struct line_source *source, uint64_t *line)
{
    if (!source->nearest(source->context, view->top.line, line))
        return false;
    *line = go_down(source, view->top, (unsigned)view->height - 1).line;
    return true;
}

/* The first row that nothing covers: a list's title may lie over the top row,
 * but never over the list's own first one. */
static struct place first_clear(const struct viewport *view,
                                const struct line_source *source)
{
    uint64_t before;
    if (view->height < 3 ||
        (!view->top.row &&
         !source->prev(source->context, view->top.line, &before)))
        return view->top;
    return go_down(source, view->top, 1);
}

/* Brings the current line into sight by moving it, not the view. */
static void catch_cursor(struct viewport *view,
                         const struct line_source *source)
{
    uint64_t last, cursor = view->cursor;
    if (!source->nearest(source->context, cursor, &view->cursor) ||
        !viewport_last(view, source, &last))
        return;
    struct place clear = first_clear(view, source);
    if (view->cursor < clear.line)
        view->cursor = clear.line;
    else if (view->cursor > last)
        view->cursor = last;
}

bool viewport_settle(struct viewport *view, const struct line_source *source,
                     int height)
{
    bool placed = view->still && view->placed;
    uint64_t line;
    view->height = height > 0 ? height : 1;
    view->placed = true;
    if (view->follow && !placed) {
        view->top = end_top(view, source);
        return last_line(source, &view->cursor);
    }
    if (!source->nearest(source->context, view->top.line, &line))
        return false;
    if (line != view->top.line)
        view->top = (struct place){line, 0};
    unsigned rows = source->rows(source->context, line);
    if (view->top.row >= rows)
        view->top.row = rows - 1;
    if (view->follow)
        return last_line(source, &view->cursor);
    catch_cursor(view, source);
    return true;
}

/* Lets go when the move is upward; takes the end up when it is reached. */
static void after_move(struct viewport *view, const struct line_source *source,
                       bool down)
{
    struct place end = end_top(view, source);
    if (is_before(end, view->top))
        view->top = end;
    view->follow = down && !is_before(view->top, end);
    if (view->follow)
        last_line(source, &view->cursor);
    else
        catch_cursor(view, source);
}

void viewport_scroll(struct viewport *view, const struct line_source *source,
                     int rows)
{
    if (!viewport_settle(view, source, view->height) ||
        (view->follow && rows >= 0))
        return;
    /* The current line keeps its place on the screen. */
    int row = viewport_cursor_row(view, source);
    if (rows > 0)
        view->top = go_down(source, view->top, (unsigned)rows);
    else
        view->top = go_up(source, view->top, (unsigned)-rows);
    view->cursor = go_down(source, view->top, (unsigned)row).line;
    after_move(view, source, rows > 0);
}

/* Scrolls just so far that the current line is whole in sight, or as much of
 * it as fits. */
static void reveal_cursor(struct viewport *view,
                          const struct line_source *source)
{
    struct place first = {view->cursor, 0};
    if (is_before(first, first_clear(view, source))) {
        view->top = go_up(source, first, 1);
        return;
    }
    unsigned rows = source->rows(source->context, view->cursor);
    if (rows > (unsigned)view->height)
        rows = (unsigned)view->height;
    struct place last = {view->cursor, rows};
    struct place least = go_up(source, last, (unsigned)view->height);
    if (is_before(view->top, least))
        view->top = least;
}

static bool step_once(struct viewport *view, const struct line_source *source,
                      bool down)
{
    uint64_t line;
    bool more = down ? source->next(source->context, view->cursor, &line)
                     : source->prev(source->context, view->cursor, &line);
    if (more)
        view->cursor = line;
    return more;
}

void viewport_step(struct viewport *view, const struct line_source *source,
                   int lines)
{
    if (!viewport_settle(view, source, view->height) ||
        (view->follow && lines >= 0))
        return;
    bool down = lines > 0;
    view->follow = false;
    uint64_t last;
    for (int left = down ? lines : -lines; left > 0; left--)
        if (!step_once(view, source, down))
            break;
    reveal_cursor(view, source);
    /* Only the last line itself is the end: the cursor may stand above it
     * while it is in sight. */
    view->follow = down && last_line(source, &last) && view->cursor == last;
}

void viewport_to_start(struct viewport *view, const struct line_source *source)
{
    view->follow = false;
    view->top = (struct place){0, 0};
    view->cursor = 0;
    viewport_settle(view, source, view->height);
}

void viewport_to_end(struct viewport *view)
{
    view->follow = true;
}

static bool is_in_sight(const struct viewport *view,
                        const struct line_source *source, uint64_t line)
{
    uint64_t last;
    struct place first = {line, 0};
    return !is_before(first, first_clear(view, source)) &&
           viewport_last(view, source, &last) && line <= last;
}

void viewport_show(struct viewport *view, const struct line_source *source,
                   uint64_t line)
{
    viewport_settle(view, source, view->height);
    view->follow = false;
    if (!source->nearest(source->context, line, &view->cursor))
        return;
    if (is_in_sight(view, source, view->cursor)) {
        reveal_cursor(view, source);
        return;
    }
    viewport_hold(view, source, view->height / 2);
}

int viewport_cursor_row(const struct viewport *view,
                        const struct line_source *source)
{
    struct place at = {view->cursor, 0};
    int row = 0;
    while (at.line > view->top.line) {
        uint64_t before;
        if (!source->prev(source->context, at.line, &before))
            break;
        at.line = before;
        row += (int)source->rows(source->context, before);
    }
    row -= (int)view->top.row;
    return row > 0 ? row : 0;
}

void viewport_hold(struct viewport *view, const struct line_source *source,
                   int row)
{
    if (view->follow ||
        !source->nearest(source->context, view->cursor, &view->cursor))
        return;
    struct place at = {view->cursor, 0};
    view->top = go_up(source, at, row > 0 ? (unsigned)row : 0);
    struct place end = end_top(view, source);
    if (is_before(end, view->top))
        view->top = end;
}

void viewport_shift(struct viewport *view, const struct line_source *source,
                    int rows)
{
    uint64_t line;
    if ((view->follow && !view->still) || !rows ||
        !source->nearest(source->context, view->top.line, &line))
        return;
    view->top = rows > 0 ? go_down(source, view->top, (unsigned)rows)
                         : go_up(source, view->top, (unsigned)-rows);
    struct place end = end_top(view, source);
    if (is_before(end, view->top))
        view->top = end;
}
