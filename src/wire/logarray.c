/* `text` holds the elements as they were last seen, with what stood between
 * them; `spans` tells where each one is. New elements are appended, a window
 * that slides leaves dead text in front until that is half of all. Positions
 * count from the start of all text there ever was: `bias` of it is gone. */
#include "config.h"

#include "wire/logarray.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"

struct span {
    uint64_t start;
    uint64_t len;
};

struct logarray {
    struct buf text;
    struct span *spans;
    size_t first, count, size;
    uint64_t bias;
    uint64_t walked;
};

/* The new array while it is being read. */
struct update {
    struct logarray *old;
    const char *base; /* its first byte */
    const char *p, *end;
    bool single;        /* not an array: one element */
    const char *tail;   /* end of the last element in common */
    struct span *spans; /* elements found by walking, relative to base */
    size_t count, size;
};

struct logarray *logarray_create(void)
{
    return mem_zalloc(1, sizeof(struct logarray));
}

void logarray_destroy(struct logarray *array)
{
    if (!array)
        return;
    buf_free(&array->text);
    free(array->spans);
    free(array);
}

size_t logarray_count(const struct logarray *array)
{
    return array->count;
}

uint64_t logarray_walked(const struct logarray *array)
{
    return array->walked;
}

static struct span span_at(const struct logarray *array, size_t index)
{
    struct span span = array->spans[array->first + index];
    span.start -= array->bias;
    return span;
}

struct slice logarray_element(const struct logarray *array, size_t index)
{
    struct span span = span_at(array, index);
    return (struct slice){array->text.data + span.start, span.len};
}

static void push_span(struct span **spans, size_t *count, size_t *size,
                      struct span span)
{
    if (*count == *size) {
        *size = *size ? *size * 2 : 64;
        *spans = mem_resize(*spans, *size, sizeof **spans);
    }
    (*spans)[(*count)++] = span;
}

static bool ends_element(const char *p, const char *end)
{
    return p < end && (*p == ',' || *p == ']' || *p == ' ' || *p == '\n' ||
                       *p == '\t' || *p == '\r');
}

/* How many old elements from `from` on stand unchanged in the new text, whose
 * byte at `p` answers to the start of old element `from`. */
static size_t elements_in_common(const struct update *u, size_t from,
                                 const char *p)
{
    const struct logarray *old = u->old;
    if (from >= old->count)
        return 0;
    uint64_t start = span_at(old, from).start;
    size_t most = old->text.len - start;
    if (most > (size_t)(u->end - p))
        most = (size_t)(u->end - p);
    size_t same = bytes_in_common(old->text.data + start, p, most);
    size_t low = from, high = old->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct span span = span_at(old, middle);
        if (span.start + span.len - start <= same)
            low = middle + 1;
        else
            high = middle;
    }
    if (low > from) {
        struct span last = span_at(old, low - 1);
        if (!ends_element(p + (last.start + last.len - start), u->end))
            low--;
    }
    return low - from;
}

/* Behind an element: goes to the next one or to the closing bracket. */
static bool pass_comma(struct update *u)
{
    const char *next = json_next_item(u->p, u->end, ']');
    if (next)
        u->p = next;
    return next != NULL;
}

/* Walks from u->p (at an element or the closing bracket) to the end of the
 * array. False when it is cut off or broken. */
static bool walk_rest(struct update *u)
{
    while (u->p < u->end && *u->p != ']') {
        const char *stop = json_value_end(u->p, u->end);
        if (!stop)
            return false;
        u->old->walked++;
        push_span(
            &u->spans, &u->count, &u->size,
            (struct span){(uint64_t)(u->p - u->base), (uint64_t)(stop - u->p)});
        u->p = stop;
        if (!pass_comma(u))
            return false;
    }
    if (u->p >= u->end)
        return false;
    u->p++;
    return true;
}

/* Puts the reader behind `count` old elements that stand in the new text with
 * old element `from` at p. */
static bool skip_common(struct update *u, size_t from, size_t count,
                        const char *p)
{
    if (!count)
        return true;
    struct span first = span_at(u->old, from);
    struct span last = span_at(u->old, from + count - 1);
    u->p = u->tail = p + (last.start + last.len - first.start);
    return pass_comma(u);
}

/* Gives back what stands in front of the first element. */
static void drop_front(struct logarray *array)
{
    if (array->first > array->size / 2) {
        memmove(array->spans, array->spans + array->first,
                array->count * sizeof *array->spans);
        array->first = 0;
    }
    size_t dead = array->count ? span_at(array, 0).start : 0;
    if (dead > array->text.len / 2) {
        memmove(array->text.data, array->text.data + dead,
                array->text.len - dead);
        buf_truncate(&array->text, array->text.len - dead);
        array->bias += dead;
    }
}

/* Keeps `kept` elements behind the first `slid` ones, drops the others. */
static void keep(struct logarray *array, size_t slid, size_t kept)
{
    array->count = kept;
    if (!kept) {
        array->first = 0;
        array->bias = 0;
        buf_clear(&array->text);
        return;
    }
    array->first += slid;
    struct span last = span_at(array, kept - 1);
    buf_truncate(&array->text, last.start + last.len);
    drop_front(array);
}

/* Takes over the new text: the kept elements are there already, the walked ones
 * are appended. */
static void adopt(struct update *u, size_t slid, size_t kept)
{
    struct logarray *array = u->old;
    keep(array, slid, kept);
    if (!u->count)
        return;
    const char *from = kept ? u->tail : u->base + u->spans[0].start;
    struct span last = u->spans[u->count - 1];
    uint64_t shift = array->bias + array->text.len - (uint64_t)(from - u->base);
    buf_add(&array->text, from,
            (size_t)(u->base + last.start + last.len - from));
    size_t used = array->first + array->count;
    for (size_t i = 0; i < u->count; i++) {
        struct span span = u->spans[i];
        span.start += shift;
        push_span(&array->spans, &used, &array->size, span);
    }
    array->count += u->count;
}

/* The window slid: some later old element stands first now, and all old ones
 * behind it follow. Returns how many left, 0 for none. */
static size_t find_slide(const struct update *u, const char *first_new)
{
    enum {
        MAX_CANDIDATES = 16
    };
    const struct logarray *old = u->old;
    const char *stop = json_value_end(first_new, u->end);
    if (!stop || !old->count)
        return 0;
    size_t len = (size_t)(stop - first_new);
    const char *text_end = old->text.data + old->text.len;
    const char *at = old->text.data + span_at(old, 0).start + 1;
    for (int tries = 0; tries < MAX_CANDIDATES; tries++) {
        at = memmem(at, (size_t)(text_end - at), first_new, len);
        if (!at)
            return 0;
        uint64_t offset = (uint64_t)(at - old->text.data);
        size_t low = 0, high = old->count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (span_at(old, middle).start < offset)
                low = middle + 1;
            else
                high = middle;
        }
        if (low < old->count && span_at(old, low).start == offset &&
            elements_in_common(u, low, first_new) == old->count - low)
            return low;
        at++;
    }
    return 0;
}

typedef uint64_t hash_fn(struct slice element);

static uint64_t hash_text(struct slice element)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (size_t i = 0; i < element.len; i++)
        hash =
            (hash ^ (unsigned char)element.data[i]) * UINT64_C(1099511628211);
    return hash;
}

/* The same for what means the same: spelling and order of keys do not count. */
static uint64_t hash_meaning(struct slice element)
{
    json_t *value = json_loadb(element.data, element.len,
                               JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    char *plain =
        value
            ? json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY)
            : NULL;
    uint64_t hash =
        hash_text(plain ? (struct slice){plain, strlen(plain)} : element);
    free(plain);
    json_decref(value);
    return hash;
}

static bool same_meaning(struct slice a, struct slice b)
{
    if (a.len == b.len && memcmp(a.data, b.data, a.len) == 0)
        return true;
    return hash_meaning(a) == hash_meaning(b);
}

/* Longest end of `old` that is a start of `fresh` (both hashed), not the whole
 * of old; by the failure function of Knuth, Morris and Pratt over fresh. */
static size_t longest_overlap(const uint64_t *old, size_t old_count,
                              const uint64_t *fresh, size_t fresh_count)
{
    size_t *fail = mem_zalloc(fresh_count + 1, sizeof *fail);
    for (size_t i = 1, k = 0; i < fresh_count; i++) {
        while (k && fresh[i] != fresh[k])
            k = fail[k];
        k += fresh[i] == fresh[k];
        fail[i + 1] = k;
    }
    size_t k = 0;
    for (size_t i = 1; i < old_count; i++) {
        while (k && (k == fresh_count || old[i] != fresh[k]))
            k = fail[k];
        k += k < fresh_count && old[i] == fresh[k];
    }
    free(fail);
    return k;
}

static struct slice new_element(const struct update *u, size_t index)
{
    struct span span = u->spans[index];
    return (struct slice){u->base + span.start, span.len};
}

static size_t find_overlap(const struct update *u, hash_fn *hash)
{
    const struct logarray *old = u->old;
    uint64_t *a = mem_zalloc(old->count, sizeof *a);
    uint64_t *b = mem_zalloc(u->count, sizeof *b);
    for (size_t i = 0; i < old->count; i++)
        a[i] = hash(logarray_element(old, i));
    for (size_t i = 0; i < u->count; i++)
        b[i] = hash(new_element(u, i));
    size_t overlap = longest_overlap(a, old->count, b, u->count);
    free(a);
    free(b);
    return overlap;
}

/* The slow way, for texts that part. Elements are decoded only where the text
 * differs; a slide in another spelling is looked for only when not even the
 * first element is the same. */
static void compare_elements(const struct update *u,
                             struct logarray_change *change)
{
    const struct logarray *old = u->old;
    size_t same = 0, overlap = 0;
    while (same < old->count && same < u->count &&
           same_meaning(logarray_element(old, same), new_element(u, same)))
        same++;
    if (same < old->count && same < u->count) {
        overlap = find_overlap(u, hash_text);
        if (!overlap && !same)
            overlap = find_overlap(u, hash_meaning);
    }
    *change =
        (struct logarray_change){.kept = same, .withdrawn = old->count - same};
    if (overlap)
        *change = (struct logarray_change){.kept = overlap,
                                           .slid = old->count - overlap};
    change->fresh = u->count - change->kept;
}

/* Growth at the end, or nothing new: the case that must cost nothing. Also an
 * array that was cut behind the elements in common. */
static bool update_grown(struct update *u, size_t common,
                         struct logarray_change *change)
{
    const char *first = u->p;
    if (!skip_common(u, 0, common, first) || !walk_rest(u))
        return false;
    *change = (struct logarray_change){
        .kept = common, .withdrawn = u->old->count - common, .fresh = u->count};
    adopt(u, 0, common);
    return true;
}

static bool update_slid(struct update *u, size_t slid,
                        struct logarray_change *change)
{
    const char *first = u->p;
    size_t kept = u->old->count - slid;
    if (!skip_common(u, slid, kept, first) || !walk_rest(u))
        return false;
    *change =
        (struct logarray_change){.kept = kept, .slid = slid, .fresh = u->count};
    adopt(u, slid, kept);
    return true;
}

static bool update_other(struct update *u, struct logarray_change *change)
{
    if (u->single) {
        const char *stop = json_value_end(u->p, u->end);
        if (!stop)
            return false;
        struct span span = {0, (uint64_t)(stop - u->p)};
        push_span(&u->spans, &u->count, &u->size, span);
        u->p = stop;
    } else if (!walk_rest(u)) {
        return false;
    }
    compare_elements(u, change);
    adopt(u, 0, 0);
    return true;
}

/* True when nothing follows the first `common` elements. */
static bool ends_behind(const struct update *u, size_t common)
{
    struct update ahead = *u;
    return skip_common(&ahead, 0, common, u->p) && ahead.p < ahead.end &&
           *ahead.p == ']';
}

/* True when the first element that is not in common is only spelled in another
 * way: then what looks like a slide may be none. */
static bool parts_in_spelling(const struct update *u, size_t common)
{
    struct update ahead = *u;
    if (!skip_common(&ahead, 0, common, u->p))
        return false;
    const char *stop = json_value_end(ahead.p, ahead.end);
    return stop &&
           same_meaning(logarray_element(u->old, common),
                        (struct slice){ahead.p, (size_t)(stop - ahead.p)});
}

static bool update(struct update *u, struct logarray_change *change)
{
    const char *start = json_skip_space(u->p, u->end);
    if (start >= u->end)
        return false;
    u->base = start;
    u->single = *start != '[';
    u->p = u->single ? start : json_skip_space(start + 1, u->end);
    if (u->single)
        return update_other(u, change);
    size_t common = elements_in_common(u, 0, u->p);
    if (common == u->old->count || ends_behind(u, common))
        return update_grown(u, common, change);
    size_t slid = parts_in_spelling(u, common) ? 0 : find_slide(u, u->p);
    return slid ? update_slid(u, slid, change) : update_other(u, change);
}

const char *logarray_update(struct logarray *array, const char *value,
                            const char *end, struct logarray_change *change)
{
    struct update u = {.old = array, .base = value, .p = value, .end = end};
    bool good = update(&u, change);
    free(u.spans);
    return good ? u.p : NULL;
}
