/* What part of a list of lines is in sight, as arithmetic over (line, row)
 * anchors. A line is a number that stays valid; it takes one or more rows. Only
 * lines around the viewport are asked for their rows, whatever the list's
 * length. */
#ifndef VIEW_VIEWPORT_H
#define VIEW_VIEWPORT_H

#include <stdbool.h>
#include <stdint.h>

/* The list that is looked at. */
struct line_source {
    void *context;
    bool (*next)(void *context, uint64_t number, uint64_t *out);
    bool (*prev)(void *context, uint64_t number, uint64_t *out);
    /* The line nearest to a number that may have gone; false: empty. */
    bool (*nearest)(void *context, uint64_t number, uint64_t *out);
    unsigned (*rows)(void *context, uint64_t number); /* at least 1 */
    uint64_t (*end)(void *context); /* more than any line's number */
};

struct place {
    uint64_t line;
    unsigned row;
};

struct viewport {
    bool follow;      /* the end is kept in sight … */
    bool still;       /* … as it was when it was last placed, however much a
                       * last line grows */
    bool placed;      /* since the user or the size changed something */
    struct place top; /* the first row in sight */
    uint64_t cursor;  /* the current line; while following: the last one */
    int height;       /* rows, at least 1; a title may cover the top one,
                       * so the current line is kept below it */
};

/* Following an empty list. */
struct viewport viewport_make(void);

/* Before drawing: brings top and cursor up to date with the list and the
 * height. Never lets go of the end, never takes it up. False: nothing to
 * show. */
bool viewport_settle(struct viewport *view, const struct line_source *source,
                     int height);

/* The user's own moves. Up lets go of the end; down takes it up again when the
 * end comes in sight. */
void viewport_scroll(struct viewport *view, const struct line_source *source,
                     int rows);
void viewport_step(struct viewport *view, const struct line_source *source,
                   int lines);
void viewport_to_start(struct viewport *view, const struct line_source *source);
void viewport_to_end(struct viewport *view);

/* Makes a line the current one: where it is when it is in sight, else with it
 * in the middle. */
void viewport_show(struct viewport *view, const struct line_source *source,
                   uint64_t line);

/* Row of the current line's first row, counted from the top of the view; 0
 * when it is above. */
int viewport_cursor_row(const struct viewport *view,
                        const struct line_source *source);

/* Places the list so that the current line's first row is at `row`. Keeps
 * following when it does. */
void viewport_hold(struct viewport *view, const struct line_source *source,
                   int row);

/* Moves what is shown by rows without changing who leads, for a pane whose
 * first row moved on the screen. */
void viewport_shift(struct viewport *view, const struct line_source *source,
                    int rows);

/* The last line of which a row is in sight. False: nothing is shown. */
bool viewport_last(const struct viewport *view,
                   const struct line_source *source, uint64_t *line);

#endif
