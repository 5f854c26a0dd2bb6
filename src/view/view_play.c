/* A recording that is played: that it is one, and where in it we are. */
#include "config.h"

#include "view/view_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/duration.h"

/* "00:12 of 00:42  x2" */
static void place_text(const struct view_play *play, char *out, size_t size)
{
    char at[DURATION_TEXT_SIZE], length[DURATION_TEXT_SIZE];
    bool as_life = play->speed >= 1 && play->speed <= 1;
    duration_format_clock(play->at_ms, false, at);
    duration_format_clock(play->length_ms, false, length);
    int len = snprintf(out, size, "%s of %s", at, length);
    if (!as_life && play->speed > 0)
        snprintf(out + len, size - (size_t)len, " x%.4g", play->speed);
}

/* Shortened before the task's name is. */
static void add_place(struct row *row, const char *what, const char *place,
                      const char *brief, const char *at)
{
    struct field *field = row_add(row, 3, STYLE_NOTICE, "%s %s", what, place);
    snprintf(field->brief, sizeof field->brief, "%.8s %.14s", brief, at);
}

void view_play_add(const struct canvas *canvas, struct row *row)
{
    const struct view_play *play = &canvas->env->play;
    bool small = canvas->layout->size <= VIEW_NARROW;
    bool paused = play->state == VIEW_PLAY_PAUSED;
    const char *brief = paused ? "paused" : "rec";
    char at[DURATION_TEXT_SIZE], place[80];
    duration_format_clock(play->at_ms, false, at);
    place_text(play, place, sizeof place);
    switch (play->state) {
    case VIEW_PLAY_NONE:
        return;
    case VIEW_PLAY_ON:
    case VIEW_PLAY_PAUSED:
        if (small)
            row_add(row, ROW_KEEP, STYLE_NOTICE, "%s %s", brief, at);
        else
            add_place(row, paused ? "paused" : "recording", place, brief, at);
        break;
    case VIEW_PLAY_STOPPED:
        row_add(row, ROW_KEEP, STYLE_WARN, small ? "stop %s" : "stopped at %s",
                at);
        break;
    case VIEW_PLAY_OVER:
        row_add(row, ROW_KEEP, STYLE_NOTICE,
                small ? "rec end" : "end of recording");
        break;
    }
    row_to_right(row);
}

int64_t view_play_tick_ms(const struct view_env *env)
{
    if (env->play.state != VIEW_PLAY_ON)
        return -1;
    return 1000 - env->play.at_ms % 1000;
}
