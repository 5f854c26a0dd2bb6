/* The content is kept twice, escaped (to compare) and plain (to use), with
 * marks that tie the two together at places where no escape is cut. Invariant:
 * for each mark m, plain[0..m.plain) is exactly the decoded form of
 * escaped[0..m.escaped).
 *
 * Reading a new version: the common prefix is taken over up to the last mark in
 * it; from there bytes are decoded until, at some comma, the bytes that follow
 * are found further on in the old version again; then the common part is taken
 * over from mark to mark, and so on until the closing quote. Nothing of the old
 * version is touched before that is found. */
#include "config.h"

#include "wire/retext.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"

enum {
    MARK_EVERY = 512, /* escaped bytes between two marks */
    PROBE_LEN = 48,   /* bytes that must be found again to count as moved */
    MAX_PROBES = 24   /* tries to find the old text again, in one read */
};

struct mark {
    uint32_t escaped;
    uint32_t plain;
};

struct version {
    struct buf escaped;
    struct buf plain;
    struct mark *marks; /* rising; marks[0] is {0, 0} */
    size_t mark_count, mark_size;
};

struct retext {
    struct version old;
    struct version next; /* being read: what comes behind the kept marks */
    uint64_t decoded;
};

struct reader {
    struct retext *text;
    const char *start, *p, *end; /* the new escaped text */
    const char *close;           /* its closing quote, once found */
    size_t kept;                 /* old marks that stay where they are */
    size_t old_at;               /* old escaped text before it was passed */
    size_t next_probe;           /* offset at which to look again */
    size_t probe_step;
    int probes;
};

static void push_mark(struct version *version, struct mark mark)
{
    if (version->mark_count == version->mark_size) {
        version->mark_size = version->mark_size ? version->mark_size * 2 : 16;
        version->marks = mem_resize(version->marks, version->mark_size,
                                    sizeof *version->marks);
    }
    version->marks[version->mark_count++] = mark;
}

static void add_mark(struct version *version, size_t escaped)
{
    push_mark(version,
              (struct mark){(uint32_t)escaped, (uint32_t)version->plain.len});
}

static void version_clear(struct version *version)
{
    buf_clear(&version->escaped);
    buf_clear(&version->plain);
    version->mark_count = 0;
}

static void version_free(struct version *version)
{
    buf_free(&version->escaped);
    buf_free(&version->plain);
    free(version->marks);
}

struct retext *retext_create(void)
{
    return mem_zalloc(1, sizeof(struct retext));
}

void retext_destroy(struct retext *text)
{
    if (!text)
        return;
    version_free(&text->old);
    version_free(&text->next);
    free(text);
}

struct slice retext_plain(const struct retext *text)
{
    return (struct slice){buf_str(&text->old.plain), text->old.plain.len};
}

uint64_t retext_decoded(const struct retext *text)
{
    return text->decoded;
}

/* Index of the last mark from which decoding may go on when the texts are the
 * same up to the escaped offset. Six bytes are left over because an escaped
 * surrogate reads otherwise when the escape behind it changes. */
static size_t last_safe_mark(const struct version *version, size_t escaped)
{
    enum {
        ESCAPE_LEN = 6
    };
    escaped = escaped > ESCAPE_LEN ? escaped - ESCAPE_LEN : 0;
    size_t low = 0, high = version->mark_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (version->marks[middle].escaped <= escaped)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static size_t first_mark_after(const struct version *version, size_t escaped)
{
    size_t low = 0, high = version->mark_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (version->marks[middle].escaped > escaped)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Takes over old[mark from .. mark to) as it stands; the reader is at the new
 * text's byte that equals the old mark `from`. */
static void copy_marks(struct reader *reader, size_t from, size_t to)
{
    struct version *old = &reader->text->old, *next = &reader->text->next;
    struct mark a = old->marks[from], b = old->marks[to];
    size_t at = (size_t)(reader->p - reader->start);
    size_t plain_at = next->plain.len;
    buf_add(&next->plain, old->plain.data + a.plain, b.plain - a.plain);
    for (size_t i = from; i < to; i++) {
        struct mark mark = old->marks[i];
        mark.escaped = (uint32_t)(at + (mark.escaped - a.escaped));
        mark.plain = (uint32_t)(plain_at + (mark.plain - a.plain));
        push_mark(next, mark);
    }
    reader->p += b.escaped - a.escaped;
}

/* Decodes up to `limit` (never past the closing quote), leaving marks on the
 * way. False on a bad escape. */
static bool decode_until(struct reader *reader, const char *limit)
{
    struct version *next = &reader->text->next;
    const char *begin = reader->p;
    size_t marked =
        next->mark_count ? next->marks[next->mark_count - 1].escaped : 0;
    while (reader->p < limit && !reader->close) {
        size_t at = (size_t)(reader->p - reader->start);
        if (!next->mark_count || at - marked >= MARK_EVERY) {
            add_mark(next, at);
            marked = at;
        }
        const char *run = reader->p;
        const char *stop = run + MARK_EVERY < limit ? run + MARK_EVERY : limit;
        while (run < stop && *run != '\\' && *run != '"')
            run++;
        buf_add(&next->plain, reader->p, (size_t)(run - reader->p));
        reader->p = run;
        if (run >= stop)
            continue;
        if (*run == '"') {
            reader->close = run;
            break;
        }
        size_t used = json_unescape_one(&next->plain, run, reader->end);
        if (!used)
            return false;
        reader->p += used;
    }
    reader->text->decoded += (uint64_t)(reader->p - begin);
    return true;
}

/* The reader stands at a comma: looks for the same bytes in what is left of the
 * old text, and takes over what is common from the next mark on. A comma is
 * never part of an escape, so the two places mean the same. */
static bool try_resync(struct reader *reader)
{
    struct version *old = &reader->text->old;
    if ((size_t)(reader->end - reader->p) < PROBE_LEN)
        return true;
    const char *found =
        memmem(old->escaped.data + reader->old_at,
               old->escaped.len - reader->old_at, reader->p, PROBE_LEN);
    if (!found)
        return true;
    size_t from = (size_t)(found - old->escaped.data);
    size_t most = old->escaped.len - from;
    if (most > (size_t)(reader->end - reader->p))
        most = (size_t)(reader->end - reader->p);
    size_t same = bytes_in_common(found, reader->p, most);
    size_t first = first_mark_after(old, from);
    size_t last = last_safe_mark(old, from + same);
    if (first >= last)
        return true;
    if (!decode_until(reader, reader->p + (old->marks[first].escaped - from)))
        return false;
    copy_marks(reader, first, last);
    reader->old_at = old->marks[last].escaped;
    return true;
}

/* Decodes to the next place worth a probe; without old text, to the end. */
static bool decode_to_probe(struct reader *reader)
{
    size_t at = (size_t)(reader->p - reader->start);
    if (reader->probes >= MAX_PROBES ||
        reader->text->old.escaped.len - reader->old_at < PROBE_LEN)
        return decode_until(reader, reader->end);
    if (at < reader->next_probe) {
        size_t room = (size_t)(reader->end - reader->p);
        size_t want = reader->next_probe - at;
        if (!decode_until(reader, reader->p + (want < room ? want : room)))
            return false;
    }
    if (reader->close)
        return true;
    const char *comma =
        memchr(reader->p, ',', (size_t)(reader->end - reader->p));
    if (!decode_until(reader, comma ? comma : reader->end) || reader->close)
        return reader->close != NULL;
    if (reader->p >= reader->end || *reader->p != ',')
        return true;
    const char *before = reader->p;
    reader->probes++;
    if (!try_resync(reader))
        return false;
    bool moved = reader->p > before;
    reader->probe_step = moved ? PROBE_LEN : reader->probe_step * 2;
    reader->next_probe =
        (size_t)(reader->p - reader->start) + reader->probe_step;
    return true;
}

/* The part in common at the start; true when that was all there is. */
static bool take_prefix(struct reader *reader)
{
    struct version *old = &reader->text->old;
    size_t most = old->escaped.len;
    if (most > (size_t)(reader->end - reader->p))
        most = (size_t)(reader->end - reader->p);
    size_t same = bytes_in_common(buf_str(&old->escaped), reader->p, most);
    if (old->mark_count && same == old->escaped.len &&
        reader->p + same < reader->end && reader->p[same] == '"') {
        reader->close = reader->p + same;
        return true;
    }
    size_t safe = old->mark_count ? last_safe_mark(old, same) : 0;
    if (safe && old->marks[safe].escaped > old->escaped.len / 2) {
        reader->kept = safe;
        reader->p += old->marks[safe].escaped;
    } else if (safe) {
        copy_marks(reader, 0, safe);
    }
    reader->next_probe = same + 1;
    reader->old_at = same;
    return false;
}

/* What was read becomes the content. Where most of the old text stays, the rest
 * is appended to it; else the new version takes its place. */
static void adopt(const struct reader *reader)
{
    struct version *old = &reader->text->old, *next = &reader->text->next;
    size_t len = (size_t)(reader->close - reader->start);
    if (!reader->kept) {
        buf_add(&next->escaped, reader->start, len);
        struct version swap = *old;
        *old = *next;
        *next = swap;
        return;
    }
    struct mark base = old->marks[reader->kept];
    buf_truncate(&old->escaped, base.escaped);
    buf_truncate(&old->plain, base.plain);
    old->mark_count = reader->kept;
    buf_add(&old->escaped, reader->start + base.escaped, len - base.escaped);
    for (size_t i = 0; i < next->mark_count; i++)
        push_mark(old, (struct mark){next->marks[i].escaped,
                                     base.plain + next->marks[i].plain});
    buf_add(&old->plain, buf_str(&next->plain), next->plain.len);
}

const char *retext_read(struct retext *text, const char *p, const char *end,
                        bool *changed)
{
    struct reader reader = {
        .text = text, .start = p, .p = p, .end = end, .probe_step = PROBE_LEN};
    *changed = false;
    version_clear(&text->next);
    if (take_prefix(&reader))
        return reader.close;
    while (!reader.close) {
        const char *before = reader.p;
        if (!decode_to_probe(&reader))
            return NULL;
        if (reader.p == before && !reader.close && reader.p >= end)
            return NULL;
    }
    adopt(&reader);
    *changed = true;
    return reader.close;
}
