/* The content is kept twice, escaped (to compare) and plain (to use), with
 * marks that tie the two together at places where no escape is cut. Invariant:
 * for each mark m, plain[0..m.plain) is exactly the decoded form of
 * escaped[0..m.escaped).
 *
 * Reading a new version: the common prefix is taken over up to the last mark in
 * it; from there bytes are decoded until, at some comma, the bytes that follow
 * are found in the old version again; then the common part is taken over from
 * mark to mark, and so on until the closing quote. */
#include "config.h"

#include "wire/retext.h"

#include <stdlib.h>
#include <string.h>

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
    struct version next; /* being read; then swapped with old */
    uint64_t decoded;
};

struct reader {
    struct retext *text;
    const char *start, *p, *end; /* the new escaped text */
    const char *close;           /* its closing quote, once found */
    size_t next_probe;           /* offset at which to look again */
    size_t probe_step;
    int probes;
};

static void add_mark(struct version *version, size_t escaped)
{
    if (version->mark_count == version->mark_size) {
        version->mark_size = version->mark_size ? version->mark_size * 2 : 16;
        version->marks = mem_resize(version->marks, version->mark_size,
                                    sizeof *version->marks);
    }
    version->marks[version->mark_count++] =
        (struct mark){(uint32_t)escaped, (uint32_t)version->plain.len};
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

void retext_clear(struct retext *text)
{
    version_clear(&text->old);
}

struct slice retext_plain(const struct retext *text)
{
    return (struct slice){buf_str(&text->old.plain), text->old.plain.len};
}

uint64_t retext_decoded(const struct retext *text)
{
    return text->decoded;
}

/* memcmp finds in big strides where two texts part; the last stride is then
 * looked at byte by byte. */
static size_t common_prefix(const char *a, const char *b, size_t len)
{
    enum {
        STRIDE = 4096
    };
    size_t same = 0;
    while (len - same >= STRIDE && memcmp(a + same, b + same, STRIDE) == 0)
        same += STRIDE;
    while (len - same >= 64 && memcmp(a + same, b + same, 64) == 0)
        same += 64;
    while (same < len && a[same] == b[same])
        same++;
    return same;
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
        size_t len = next->plain.len;
        next->plain.len = plain_at + (mark.plain - a.plain);
        add_mark(next, at + (mark.escaped - a.escaped));
        next->plain.len = len;
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

/* The reader stands at a comma: looks for the same bytes in the old text, and
 * takes over what is common from the next mark on. A comma is never part of an
 * escape, so the two places mean the same. */
static bool try_resync(struct reader *reader)
{
    struct version *old = &reader->text->old;
    if ((size_t)(reader->end - reader->p) < PROBE_LEN || !old->escaped.len)
        return true;
    const char *found =
        memmem(old->escaped.data, old->escaped.len, reader->p, PROBE_LEN);
    if (!found)
        return true;
    size_t from = (size_t)(found - old->escaped.data);
    size_t most = old->escaped.len - from;
    if (most > (size_t)(reader->end - reader->p))
        most = (size_t)(reader->end - reader->p);
    size_t same = common_prefix(found, reader->p, most);
    size_t first = first_mark_after(old, from);
    size_t last = last_safe_mark(old, from + same);
    if (first >= last)
        return true;
    if (!decode_until(reader, reader->p + (old->marks[first].escaped - from)))
        return false;
    copy_marks(reader, first, last);
    return true;
}

/* Decodes to the next place worth a probe; without old text, to the end. */
static bool decode_to_probe(struct reader *reader)
{
    size_t at = (size_t)(reader->p - reader->start);
    if (reader->probes >= MAX_PROBES || !reader->text->old.escaped.len)
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
    size_t same = common_prefix(buf_str(&old->escaped), reader->p, most);
    if (old->mark_count && same == old->escaped.len &&
        reader->p + same < reader->end && reader->p[same] == '"') {
        reader->close = reader->p + same;
        return true;
    }
    if (old->mark_count)
        copy_marks(reader, 0, last_safe_mark(old, same));
    reader->next_probe = same + 1;
    return false;
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
    buf_add(&text->next.escaped, p, (size_t)(reader.close - p));
    if (!text->next.mark_count)
        add_mark(&text->next, 0);
    struct version swap = text->old;
    text->old = text->next;
    text->next = swap;
    *changed = true;
    return reader.close;
}
