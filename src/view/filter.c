#include "config.h"

#include "view/filter.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
    SURE_MAX = 8
};

struct pattern {
    char *text;
    size_t len;
    bool any_case;
    bool has_regex;
    regex_t regex;
    struct finder finder; /* of the text as it is */
    char *sure[SURE_MAX]; /* one of them at least stands in each match */
    struct finder sure_finders[SURE_MAX];
    size_t sure_count;  /* 0: nothing is known to */
    struct buf scratch; /* the text searched, zero-terminated for regexec() */
};

/* From "[" to its "]". */
static const char *skip_bracket(const char *at)
{
    at += at[1] == '^' ? 2 : 1;
    at += *at == ']';
    while (*at && *at != ']') {
        bool named = at[0] == '[' && at[1] && strchr(":.=", at[1]);
        const char close[] = {named ? at[1] : '\0', ']', '\0'};
        const char *end = named ? strstr(at + 2, close) : NULL;
        at = end ? end + 2 : at + 1;
    }
    return at;
}

/* From "(" to its ")". */
static const char *skip_group(const char *at)
{
    int depth = 0;
    for (; *at; at++) {
        if (*at == '\\' && at[1])
            at++;
        else if (*at == '[')
            at = skip_bracket(at);
        else
            depth += *at == '(' ? 1 : *at == ')' ? -1 : 0;
        if (!*at || !depth)
            break;
    }
    return at;
}

/* The last byte of what begins at a special character. */
static const char *skip_special(const char *at)
{
    if (*at == '[')
        return skip_bracket(at);
    if (*at == '(')
        return skip_group(at);
    if (*at == '{') /* its numbers are no text */
        return at + strcspn(at, "}");
    return *at == '\\' && at[1] ? at + 1 : at;
}

/* The longest piece of one of a regular expression's alternatives that stands
 * for itself, outside of anything that may repeat, be left out, be one of
 * several or have cases beyond ASCII. Moves *regex to the alternative's end. */
static char *sure_text(const char **regex)
{
    const char *best = "", *start = *regex, *at = start;
    size_t best_len = 0;
    for (;; at++) {
        bool ascii = (unsigned char)*at < 0x80;
        if (*at && ascii && !strchr(".*+?{}^$|()[]\\", *at))
            continue;
        size_t len = (size_t)(at - start);
        len -= *at && ascii && strchr("*?{", *at) && len;
        if (len > best_len) {
            best = start;
            best_len = len;
        }
        if (*at && *at != '|')
            at = skip_special(at);
        if (!*at || *at == '|')
            break;
        start = at + 1;
    }
    *regex = at;
    return mem_strndup(best, best_len);
}

static void drop_sure(struct pattern *pattern)
{
    while (pattern->sure_count)
        free(pattern->sure[--pattern->sure_count]);
}

static void add_sure(struct pattern *pattern, char *text)
{
    size_t at = pattern->sure_count++;
    pattern->sure[at] = text;
    if (*text)
        pattern->sure_finders[at] =
            finder_make(text, strlen(text), pattern->any_case);
}

/* All alternatives have to be known by some text. */
static void find_sure(struct pattern *pattern)
{
    const char *at = pattern->text;
    if (!pattern->has_regex) {
        add_sure(pattern, mem_strdup(at));
        return;
    }
    for (;; at++) {
        add_sure(pattern, sure_text(&at));
        bool known = *pattern->sure[pattern->sure_count - 1];
        if (!known || (*at && pattern->sure_count == SURE_MAX)) {
            drop_sure(pattern);
            return;
        }
        if (!*at)
            return;
    }
}

struct pattern *pattern_create(const char *text)
{
    struct pattern *pattern = mem_zalloc(1, sizeof *pattern);
    pattern->text = mem_strdup(text);
    pattern->len = strlen(text);
    pattern->any_case = !strpbrk(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    int flags = REG_EXTENDED | (pattern->any_case ? REG_ICASE : 0);
    if (strpbrk(text, ".[]()*+?{}|^$\\"))
        pattern->has_regex = regcomp(&pattern->regex, text, flags) == 0;
    pattern->finder =
        finder_make(pattern->text, pattern->len, pattern->any_case);
    find_sure(pattern);
    return pattern;
}

size_t pattern_finders(const struct pattern *pattern,
                       const struct finder **finders)
{
    *finders = pattern->sure_finders;
    return pattern->sure_count;
}

void pattern_destroy(struct pattern *pattern)
{
    if (!pattern)
        return;
    if (pattern->has_regex)
        regfree(&pattern->regex);
    buf_free(&pattern->scratch);
    drop_sure(pattern);
    free(pattern->text);
    free(pattern);
}

const char *pattern_text(const struct pattern *pattern)
{
    return pattern->text;
}

/* Capitals that were added find fewer. */
bool pattern_narrows(const struct pattern *narrow, const struct pattern *wide)
{
    return !narrow->has_regex && !wide->has_regex && narrow->len >= wide->len &&
           memcmp(narrow->text, wide->text, wide->len) == 0;
}

static bool find_text(const struct pattern *pattern, const char *text,
                      size_t len, size_t from, size_t *start)
{
    const char *at = finder_find(&pattern->finder, text + from, len - from);
    if (at)
        *start = (size_t)(at - text);
    return at;
}

/* regexec() wants a C string: NULs are shown to it as spaces. */
static const char *as_string(struct pattern *pattern, const char *text,
                             size_t len)
{
    buf_clear(&pattern->scratch);
    buf_add(&pattern->scratch, text, len);
    for (char *nul = pattern->scratch.data; nul && len;) {
        size_t done = (size_t)(nul - pattern->scratch.data);
        nul = memchr(nul, '\0', len - done);
        if (nul)
            *nul = ' ';
    }
    return buf_str(&pattern->scratch);
}

static bool find_regex(struct pattern *pattern, const char *text, size_t len,
                       size_t from, size_t *start, size_t *match_len)
{
    const char *string = as_string(pattern, text + from, len - from);
    regmatch_t match;
    int flags = from ? REG_NOTBOL : 0;
    if (regexec(&pattern->regex, string, 1, &match, flags) != 0 ||
        match.rm_eo <= match.rm_so)
        return false;
    *start = from + (size_t)match.rm_so;
    *match_len = (size_t)(match.rm_eo - match.rm_so);
    return true;
}

bool pattern_find(struct pattern *pattern, const char *text, size_t len,
                  size_t from, size_t *start, size_t *match_len)
{
    if (from >= len)
        return false;
    size_t at = 0;
    bool plain = find_text(pattern, text, len, from, &at);
    bool found = pattern->has_regex &&
                 find_regex(pattern, text, len, from, start, match_len);
    if (plain && (!found || at <= *start)) {
        *start = at;
        *match_len = pattern->len;
    }
    return plain || found;
}

bool pattern_matches(struct pattern *pattern, const struct entry *entry)
{
    size_t start, len;
    return pattern_find(pattern, entry->text, entry->text_len, 0, &start,
                        &len) ||
           (entry->detail && pattern_find(pattern, entry->detail,
                                          entry->detail_len, 0, &start, &len));
}

void filter_free(struct filter *filter)
{
    pattern_destroy(filter->include);
    pattern_destroy(filter->exclude);
    *filter = (struct filter){.level = LEVEL_NONE};
}

bool filter_is_on(const struct filter *filter)
{
    return filter->include || filter->exclude || filter->level != LEVEL_NONE;
}

static bool passes_level(const struct filter *filter, const struct entry *entry)
{
    if (filter->level == LEVEL_NONE)
        return true;
    if (entry->kind == ENTRY_STEP || entry->kind == ENTRY_STATUS ||
        entry->kind == ENTRY_MARKER)
        return false;
    enum log_level level = entry->level ? entry->level : LEVEL_INFO;
    return level >= filter->level;
}

bool filter_passes(const struct filter *filter, const struct entry *entry)
{
    return passes_level(filter, entry) &&
           (!filter->include || pattern_matches(filter->include, entry)) &&
           (!filter->exclude || !pattern_matches(filter->exclude, entry));
}
