/* An action at work on the view of a run: what it needs at hand, and the
 * pieces that several actions share. For the files of this directory. */
#ifndef VIEW_DOING_H
#define VIEW_DOING_H

#include <stdbool.h>
#include <stdint.h>

#include "view/view_parts.h"

struct doing {
    struct view_run *view;
    const struct run *run;
    struct log_list list;
    struct line_source source;
};

/* Before an action: all are borrowed. */
void doing_start(struct doing *doing, struct view_run *view,
                 const struct run *run);

/* Own words for the message row, from the next drawing on. */
void doing_say(struct doing *doing, const char *words);

/* The line that actions are about. False: the log is empty. */
bool doing_current(struct doing *doing, uint64_t *line);

/* Around a change of what is shown: remembers the row of the current line, and
 * puts it back there. */
int doing_hold(struct doing *doing);
void doing_held(struct doing *doing, int row);

/* Makes an entry the current line; opens the step that hides it. */
void doing_show_entry(struct doing *doing, uint64_t number);

/* Starts a search from the current line on, round the log's end, for a match
 * of the pattern, or for an error when it is NULL. Here and below, the search
 * goes on with the drawings that follow, and the pattern has to last. */
void doing_jump(struct doing *doing, struct pattern *pattern, bool down);

/* … for the match nearest to what is in sight: below its top, else above. */
void doing_look_for_typed(struct doing *doing, struct pattern *pattern);

/* … from where the last search of that kind ended, since what it passed over
 * does not match this pattern either. */
void doing_look_on_for_typed(struct doing *doing, struct pattern *pattern);

/* Lets a search go on: for as long as a drawing may wait for it, or to its end.
 * Nothing happens when there is none. */
void doing_hunt(struct doing *doing);
void doing_finish_hunt(struct doing *doing);

/* True when there was one. */
bool doing_stop_hunt(struct doing *doing);

/* view_keys.c: when the log's end was let go of, what comes from here on is
 * new. */
void doing_note_letting_go(struct doing *doing, bool followed);

/* view_prompt.c: the rows where something is typed. */
void doing_open_prompt(struct doing *doing, enum prompt prompt);
void doing_prompt_key(struct doing *doing, uint32_t key);
void doing_search_again(struct doing *doing, bool down);

/* view_copy.c: a key of the copy menu. */
void doing_copy_key(struct doing *doing, uint32_t key);

#endif
