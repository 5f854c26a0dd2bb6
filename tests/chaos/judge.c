#include "config.h"

#include "judge.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[] = {
        [OUTCOME_SAME] = "the same",
        [OUTCOME_SAME_END] = "the same at the end",
        [OUTCOME_GAP] = "something is missing, and it says so",
        [OUTCOME_GAVE_UP] = "gave up and said why",
        [OUTCOME_WRONG] = "WRONG",
    };
    return names[outcome];
}

struct list {
    char **items;
    size_t count;
};

static void list_add(struct list *list, char *text)
{
    list->items = mem_resize(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = text;
}

static void list_cut(struct list *list, size_t count)
{
    while (list->count > count)
        free(list->items[--list->count]);
}

static void list_free(struct list *list)
{
    list_cut(list, 0);
    free(list->items);
}

static bool list_same(const struct list *a, const struct list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->items[i], b->items[i]) != 0)
            return false;
    return true;
}

/* All of a are in b, in this order. */
static bool list_is_within(const struct list *a, const struct list *b)
{
    size_t at = 0;
    for (size_t i = 0; i < b->count && at < a->count; i++)
        at += strcmp(a->items[at], b->items[i]) == 0;
    return at == a->count;
}

/* What one program told, without what differs each time: times. */
struct story {
    struct list all;     /* entries and what was taken back */
    struct list stand;   /* entries that were not taken back */
    struct list entries; /* whether they were or not */
    struct list parts;   /* of streams, one stream behind another */
    char *facts, *end;
    bool complete, has_reason, has_word, ended; /* has_word: of a gap */
    json_int_t gaps, seq, events;
    const char *fault; /* what is wrong with it in itself; NULL: nothing */
};

static void story_free(struct story *story)
{
    list_free(&story->all);
    list_free(&story->stand);
    list_free(&story->entries);
    list_free(&story->parts);
    free(story->facts);
    free(story->end);
}

static char *dump_without(json_t *line, const char *const *names)
{
    for (; *names; names++)
        json_object_del(line, *names);
    char *text = json_dumps(line, JSON_COMPACT | JSON_SORT_KEYS);
    char *copy = mem_strdup(text);
    free(text);
    return copy;
}

static void take_entry(struct story *story, json_t *line)
{
    static const char *const unsure[] = {"time", "arrival", "seq", NULL};
    if (json_integer_value(json_object_get(line, "seq")) != ++story->seq)
        story->fault = "seq has a hole or a repeat";
    char *text = dump_without(line, unsure);
    list_add(&story->all, text);
    list_add(&story->stand, mem_strdup(text));
    list_add(&story->entries, mem_strdup(text));
}

/* A part's text begins with its stream and its number there, so that sorting
 * brings each stream's together. */
static void take_part(struct story *story, json_t *line)
{
    static const char *const unsure[] = {"time", "arrival", "id", "seq", NULL};
    const char *stream = json_string_value(json_object_get(line, "stream"));
    json_int_t seq = json_integer_value(json_object_get(line, "seq"));
    struct buf text = buf_make(0);
    char *rest = dump_without(line, unsure);
    buf_addf(&text, "%s %09lld %s", stream ? stream : "", (long long)seq, rest);
    list_add(&story->parts, buf_take(&text));
    free(rest);
}

/* Of a stream that is followed alone, events count as entries. */
static void take_event(struct story *story, json_t *line)
{
    story->events++;
    take_part(story, line);
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Holes and repeats in the numbers of a stream show as a difference. */
static void sort_parts(struct story *story)
{
    if (story->parts.count)
        qsort(story->parts.items, story->parts.count, sizeof(char *),
              compare_texts);
}

static void take_rewrite(struct story *story, json_t *line)
{
    static const char *const none[] = {NULL};
    json_int_t kept = json_integer_value(json_object_get(line, "kept"));
    list_add(&story->all, dump_without(line, none));
    list_cut(&story->stand, (size_t)kept);
}

static void take_end(struct story *story, json_t *line)
{
    /* REST does not tell the type. */
    json_object_del(json_object_get(line, "error"), "type");
    static const char *const unsure[] = {"elapsedMs", NULL};
    story->ended = true;
    story->complete = json_is_true(json_object_get(line, "complete"));
    story->has_reason = json_object_get(line, "reason") != NULL;
    story->gaps = json_integer_value(json_object_get(line, "gaps"));
    if (json_integer_value(json_object_get(line, "entries")) !=
        story->seq + story->events)
        story->fault = "the end counts other entries than were told";
    story->end = dump_without(line, unsure);
}

static void take_facts(struct story *story, json_t *line)
{
    /* The number of attempts is asked for at the side. */
    static const char *const unsure[] = {
        "elapsedMs",    "createdAt", "startedAt", "finishedAt", "expiredAt",
        "delayedUntil", "queueMs",   "waitedMs",  "attempt",    NULL};
    free(story->facts);
    story->facts = dump_without(line, unsure);
}

static void take_line(struct story *story, json_t *line)
{
    const char *type = json_string_value(json_object_get(line, "type"));
    if (story->ended)
        story->fault = "something comes behind the end";
    if (!type)
        story->fault = "a line has no type";
    else if (strcmp(type, "log") == 0)
        take_entry(story, line);
    else if (strcmp(type, "part") == 0)
        take_part(story, line);
    else if (strcmp(type, "event") == 0)
        take_event(story, line);
    else if (strcmp(type, "rewrite") == 0)
        take_rewrite(story, line);
    else if (strcmp(type, "run") == 0)
        take_facts(story, line);
    else if (strcmp(type, "gap") == 0)
        story->has_word = true;
    else if (strcmp(type, "end") == 0)
        take_end(story, line);
}

static void read_story(struct story *story, const struct told *told)
{
    *story = (struct story){0};
    for (const char *p = told->out; *p;) {
        const char *stop = strchr(p, '\n');
        json_t *line =
            stop ? json_loadb(p, (size_t)(stop - p), JSON_ALLOW_NUL, NULL)
                 : NULL;
        if (!line) {
            story->fault = "a line is no JSON";
            return;
        }
        take_line(story, line);
        json_decref(line);
        p = stop + 1;
    }
    if (!story->ended)
        story->fault = "there is no end line";
    story->has_word |= told->err[0] != '\0';
    sort_parts(story);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static const char *first_difference(const struct list *want,
                                    const struct list *got, char *room,
                                    size_t size)
{
    size_t i = 0;
    while (i < want->count && i < got->count &&
           strcmp(want->items[i], got->items[i]) == 0)
        i++;
    snprintf(room, size, "entry %zu is %.300s, not %.300s", i + 1,
             i < got->count ? got->items[i] : "absent",
             i < want->count ? want->items[i] : "absent");
    return room;
}

/* Entries that the task dropped were not seen: before the first look, or in
 * between, where they look as if they had been taken back unless a gap is told.
 * The last ones are the same all the same. */
static bool went_by(const struct story *want, const struct story *got)
{
    const struct list *was = &want->entries, *is = &got->entries;
    return got->complete == (got->gaps == 0) && was->count > is->count &&
           is->count > 0 && list_is_within(is, was) &&
           strcmp(was->items[was->count - 1], is->items[is->count - 1]) == 0;
}

/* It came to the end of the run. */
static enum outcome judge_whole(const struct story *want,
                                const struct story *got, bool slides, char *why,
                                size_t size)
{
    char room[700];
    const char *wrong = NULL;
    bool rewritten = want->all.count > want->stand.count ||
                     got->all.count > got->stand.count;
    enum outcome outcome = OUTCOME_SAME;
    if (slides && went_by(want, got))
        return got->gaps > 0 ? OUTCOME_GAP : OUTCOME_SAME_END;
    if (got->gaps > want->gaps || (want->complete && !got->complete))
        outcome = OUTCOME_GAP;
    else if (!list_same(&want->all, &got->all))
        outcome = OUTCOME_SAME_END;
    if (outcome == OUTCOME_GAP &&
        (got->complete || !(got->has_word || got->has_reason) ||
         !list_is_within(&got->stand, &want->all) ||
         !list_is_within(&got->parts, &want->parts)))
        wrong = "something is missing, but what is told is not right either";
    else if (outcome != OUTCOME_GAP && !list_same(&want->parts, &got->parts))
        wrong = first_difference(&want->parts, &got->parts, room, sizeof room);
    else if (outcome == OUTCOME_SAME_END &&
             (!rewritten || !list_same(&want->stand, &got->stand)))
        wrong = first_difference(&want->all, &got->all, room, sizeof room);
    else if (outcome == OUTCOME_SAME && !same_text(want->end, got->end))
        wrong = got->end;
    else if (outcome != OUTCOME_GAP && !same_text(want->facts, got->facts))
        wrong = got->facts ? got->facts : "the run's facts are absent";
    if (wrong)
        snprintf(why, size, "%s", wrong);
    return wrong ? OUTCOME_WRONG : outcome;
}

/* A line that was told unfinished may have been the last word. */
static bool is_begun(const struct story *got, const struct story *want)
{
    struct list told = got->stand;
    if (list_is_within(&told, &want->stand))
        return true;
    told.count--;
    return list_is_within(&told, &want->stand);
}

/* It ended early. */
static enum outcome judge_failure(const struct story *want,
                                  const struct story *got,
                                  const struct told *told, bool may_fail,
                                  char *why, size_t size)
{
    const char *wrong = NULL;
    if (!may_fail)
        wrong = "gave up although all would have passed";
    else if (told->code < 4 || told->code > 6)
        wrong = "an exit status that does not say so";
    else if (got->complete || !got->has_reason)
        wrong = "the end line does not say so";
    else if (strncmp(told->err, "runtail: ", 9) != 0)
        wrong = "no sentence on standard error";
    else if ((!list_is_within(&got->all, &want->all) && !is_begun(got, want)) ||
             !list_is_within(&got->parts, &want->parts))
        wrong = "other entries before it gave up";
    if (wrong)
        snprintf(why, size, "exit %d: %s: %.300s", told->code, wrong,
                 told->err);
    return wrong ? OUTCOME_WRONG : OUTCOME_GAVE_UP;
}

enum outcome judge(const struct told *want, const struct told *got,
                   const struct judge_rules *rules, char *why, size_t why_size)
{
    struct story was, is;
    enum outcome outcome = OUTCOME_WRONG;
    read_story(&was, want);
    read_story(&is, got);
    if (was.fault || want->code < 0)
        snprintf(why, why_size, "without faults: %s",
                 was.fault ? was.fault : "it did not end");
    else if (got->code < 0)
        snprintf(why, why_size, "it did not end");
    else if (is.fault)
        snprintf(why, why_size, "%s", is.fault);
    else if (got->code == want->code)
        outcome = judge_whole(&was, &is, rules->slides, why, why_size);
    else
        outcome = judge_failure(&was, &is, got, rules->may_fail, why, why_size);
    story_free(&was);
    story_free(&is);
    return outcome;
}
