/* The text is cut into pieces, each of which is kept, shown in another form or
 * counted. Kept pieces are not copied one by one: a run of them is appended
 * at once when something else follows. Printable ASCII is skipped eight bytes
 * at a time. Where grapheme clusters begin decides what counts as a combining
 * mark and which joiners do their work. */
#include "config.h"

#include "text/escape.h"

#include <stdint.h>
#include <string.h>

#include "text/unicode.h"
#include "text/utf8.h"
#include "text/width.h"

enum {
    MOST_MARKS = 8,   /* in a row */
    MOST_JOINERS = 8, /* in one emoji; those in use have 3 */
    MOST_TAGS = 6,    /* of a subdivision flag, as in UTS #51 */
    TAB_COLUMNS = 8
};

enum {
    ZWNJ = 0x200C,
    ZWJ = 0x200D,
    TEXT_STYLE = 0xFE0E,
    EMOJI_STYLE = 0xFE0F,
    BLACK_FLAG = 0x1F3F4,
    TAG_DIGIT_0 = 0xE0030,
    TAG_DIGIT_9 = 0xE0039,
    TAG_A = 0xE0061,
    TAG_Z = 0xE007A,
    TAG_END = 0xE007F,
    MONGOLIAN_FIRST = 0x1820,
    MONGOLIAN_LAST = 0x18AA
};

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Nonzero when one of the eight bytes is zero, is below 0x20, … */
static uint64_t has_zero(uint64_t eight)
{
    return (eight - EACH_BYTE(0x01)) & ~eight & EACH_BYTE(0x80);
}

static uint64_t has_byte(uint64_t eight, unsigned char byte)
{
    return has_zero(eight ^ EACH_BYTE(byte));
}

static uint64_t has_unprintable(uint64_t eight)
{
    uint64_t control = (eight - EACH_BYTE(0x20)) & ~eight & EACH_BYTE(0x80);
    return control | (eight & EACH_BYTE(0x80)) | has_byte(eight, 0x7F);
}

static bool is_printable(char byte)
{
    return byte >= 0x20 && byte < 0x7F;
}

/* Number of printable ASCII bytes at the start. */
static size_t printable_run(const char *text, size_t len)
{
    size_t at = 0;
    uint64_t eight;
    for (; len - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, text + at, sizeof eight);
        if (has_unprintable(eight))
            break;
    }
    while (at < len && is_printable(text[at]))
        at++;
    return at;
}

enum piece_kind {
    PIECE_KEEP,
    PIECE_LINE, /* LF or CR LF */
    PIECE_TAB,
    PIECE_CONTROL, /* C0 or DEL */
    PIECE_BROKEN,  /* ill-formed */
    PIECE_CODE,    /* shown by its number */
    PIECE_COUNTED  /* one combining mark too many */
};

struct piece {
    enum piece_kind kind;
    const char *start;
    size_t len;
    uint32_t code; /* of PIECE_CODE and PIECE_CONTROL */
};

struct walk {
    const char *at;
    const char *end;
    unsigned flags;
    struct grapheme cluster;
    uint32_t last;       /* code point before, 0 after what was not kept */
    struct unicode info; /* of it */
    unsigned marks;      /* that extend the cluster so far */
    unsigned joiners;    /* in it */
    bool counted;        /* marks were left out at its end */
};

static struct walk walk_over(const char *text, size_t len, unsigned flags)
{
    return (struct walk){.at = text,
                         .end = text + len,
                         .flags = flags,
                         .cluster = GRAPHEME_START};
}

/* What follows stands on its own, as after a control. */
static void forget_cluster(struct walk *walk)
{
    walk->cluster = GRAPHEME_START;
    walk->last = 0;
    walk->info = (struct unicode){0};
    walk->marks = 0;
    walk->joiners = 0;
    walk->counted = false;
}

/* The well-formed code point at `text`, or 0. */
static uint32_t peek(const char *text, const char *end)
{
    uint32_t code = 0;
    bool good = false;
    if (text < end)
        utf8_read(text, (size_t)(end - text), &code, &good);
    return good ? code : 0;
}

static bool joins_letters(const struct walk *walk, const char *next)
{
    return (walk->info.flags & UNICODE_JOINING) &&
           (unicode_of(peek(next, walk->end)).flags & UNICODE_JOINING);
}

static bool joins_pictures(const struct walk *walk, const char *next)
{
    unsigned flags = unicode_of(peek(next, walk->end)).flags;
    return walk->cluster.pict && walk->joiners < MOST_JOINERS &&
           (flags & UNICODE_PICT) && !(flags & UNICODE_HIDDEN);
}

static bool is_ideographic_variation(uint32_t code)
{
    return (code >= 0xFE00 && code <= 0xFE02) ||
           (code >= 0xE0100 && code <= 0xE01EF);
}

static bool is_mongolian_variation(uint32_t code)
{
    return (code >= 0x180B && code <= 0x180D) || code == 0x180F;
}

/* A hidden code point that does its work between what is before it and what
 * is at `next`. */
static bool is_at_work(const struct walk *walk, uint32_t code, const char *next)
{
    switch (code) {
    case ZWNJ:
        return joins_letters(walk, next);
    case ZWJ:
        return joins_pictures(walk, next) || joins_letters(walk, next);
    case TEXT_STYLE:
    case EMOJI_STYLE:
        return walk->info.flags & UNICODE_EMOJI;
    }
    if (is_ideographic_variation(code))
        return walk->info.flags & UNICODE_IDEOGRAPH;
    return is_mongolian_variation(code) && walk->last >= MONGOLIAN_FIRST &&
           walk->last <= MONGOLIAN_LAST;
}

static bool is_tag(uint32_t code)
{
    return (code >= TAG_DIGIT_0 && code <= TAG_DIGIT_9) ||
           (code >= TAG_A && code <= TAG_Z);
}

/* Bytes of the tags that make the flag before `text` one of a region. */
static size_t tags_of_flag(const char *text, const char *end)
{
    const char *at = text;
    for (unsigned tags = 0; tags <= MOST_TAGS; tags++) {
        uint32_t code = peek(at, end);
        if (code != TAG_END && !is_tag(code))
            break;
        at += UTF8_MAX_BYTES; /* as every tag has */
        if (code == TAG_END)
            return tags > 0 ? (size_t)(at - text) : 0;
    }
    return 0;
}

/* Code points that add to a cluster without being the base of one. */
static bool is_mark(struct unicode info)
{
    switch (info.class) {
    case BREAK_EXTEND:
    case BREAK_SPACING:
    case BREAK_PREPEND:
    case BREAK_L:
    case BREAK_V:
    case BREAK_T:
        return true;
    }
    return false;
}

/* One mark too many: it is left out, and the walk stays where it is. */
static bool is_excessive(const struct walk *walk, struct unicode info)
{
    struct grapheme ahead = walk->cluster;
    bool begins = grapheme_next(&ahead, info);
    return !begins && walk->marks >= MOST_MARKS && is_mark(info);
}

static void count_marks(struct walk *walk, struct unicode info)
{
    bool begins = grapheme_next(&walk->cluster, info);
    if (begins)
        walk->joiners = 0;
    if (info.class == BREAK_ZWJ)
        walk->joiners++;
    else if (begins || !is_mark(info))
        walk->marks = info.class == BREAK_EXTEND;
    else
        walk->marks++;
}

static enum piece_kind take_code(struct walk *walk, struct piece *piece)
{
    struct unicode info = unicode_of(piece->code);
    const char *next = piece->start + piece->len;
    bool hidden = info.flags & UNICODE_HIDDEN;
    if (!hidden && is_excessive(walk, info)) {
        walk->counted = true;
        return PIECE_COUNTED;
    }
    if (walk->counted) /* "+N" stands between */
        forget_cluster(walk);
    if (hidden && !is_at_work(walk, piece->code, next)) {
        forget_cluster(walk);
        return PIECE_CODE;
    }
    count_marks(walk, info);
    walk->last = piece->code;
    walk->info = info;
    if (walk->flags & ESCAPE_ASCII)
        return PIECE_CODE;
    if (piece->code == BLACK_FLAG)
        piece->len += tags_of_flag(next, walk->end);
    return PIECE_KEEP;
}

static void take_ascii(struct walk *walk, struct piece *piece)
{
    size_t left = (size_t)(walk->end - walk->at);
    unsigned char byte = (unsigned char)walk->at[0];
    piece->code = byte;
    piece->len = 1;
    forget_cluster(walk);
    if (is_printable((char)byte)) {
        piece->kind = PIECE_KEEP;
        piece->len = printable_run(walk->at, left);
        walk->last = (unsigned char)walk->at[piece->len - 1];
        walk->info = unicode_of(walk->last);
        grapheme_next(&walk->cluster, walk->info);
    } else if (byte == '\n') {
        piece->kind = PIECE_LINE;
    } else if (byte == '\r' && left > 1 && walk->at[1] == '\n') {
        piece->kind = PIECE_LINE;
        piece->len = 2;
    } else {
        piece->kind = byte == '\t' ? PIECE_TAB : PIECE_CONTROL;
    }
}

/* Cuts off the next piece; false at the end. */
static bool walk_next(struct walk *walk, struct piece *piece)
{
    if (walk->at == walk->end)
        return false;
    piece->start = walk->at;
    if ((unsigned char)walk->at[0] < 0x80) {
        take_ascii(walk, piece);
    } else {
        bool good;
        piece->len = utf8_read(walk->at, (size_t)(walk->end - walk->at),
                               &piece->code, &good);
        if (good) {
            piece->kind = take_code(walk, piece);
        } else {
            piece->kind = PIECE_BROKEN;
            forget_cluster(walk);
        }
    }
    walk->at += piece->len;
    return true;
}

/* Where safe text goes, and what tabs need to know of it. */
struct sheet {
    struct buf *out;
    unsigned flags;
    size_t stop;      /* offset in out of the last tab stop or line start */
    size_t uncounted; /* marks left out since the last piece */
};

static size_t columns_between(const char *text, size_t len)
{
    size_t columns = 0;
    while (len) {
        int width;
        size_t used = width_cell(text, len, &width);
        columns += (size_t)width;
        text += used;
        len -= used;
    }
    return columns;
}

static bool add_tab(struct sheet *sheet)
{
    struct buf *out = sheet->out;
    size_t columns =
        columns_between(buf_str(out) + sheet->stop, out->len - sheet->stop);
    if (!buf_fill(out, ' ', TAB_COLUMNS - columns % TAB_COLUMNS))
        return false;
    sheet->stop = out->len;
    return true;
}

static bool add_line(struct sheet *sheet)
{
    if (!(sheet->flags & ESCAPE_LINES))
        return buf_adds(sheet->out, "^J");
    if (!buf_addc(sheet->out, '\n'))
        return false;
    sheet->stop = sheet->out->len;
    return true;
}

static bool add_broken(struct sheet *sheet, const struct piece *piece)
{
    if (!(sheet->flags & ESCAPE_ASCII))
        return buf_adds(sheet->out, "\xEF\xBF\xBD");
    for (size_t i = 0; i < piece->len; i++) {
        unsigned byte = (unsigned char)piece->start[i];
        if (!buf_addf(sheet->out, "\\x{%X}", byte))
            return false;
    }
    return true;
}

/* Marks have no columns, and so has what is left out of them: only where marks
 * are told as numbers is their number told, too. */
static bool add_count(struct sheet *sheet)
{
    size_t count = sheet->uncounted;
    sheet->uncounted = 0;
    if (!count || !(sheet->flags & ESCAPE_ASCII))
        return true;
    return buf_addf(sheet->out, "+%zu", count);
}

static bool add_control(struct sheet *sheet, uint32_t code)
{
    char caret[] = {'^', (char)(code ^ 0x40u)}; /* DEL becomes '?' */
    return buf_add(sheet->out, caret, sizeof caret);
}

static bool add_piece(struct sheet *sheet, const struct piece *piece)
{
    switch (piece->kind) {
    case PIECE_KEEP:
        return buf_add(sheet->out, piece->start, piece->len);
    case PIECE_LINE:
        return add_line(sheet);
    case PIECE_TAB:
        return add_tab(sheet);
    case PIECE_CONTROL:
        return add_control(sheet, piece->code);
    case PIECE_BROKEN:
        return add_broken(sheet, piece);
    case PIECE_CODE:
        return buf_addf(sheet->out, "\\u{%X}", (unsigned)piece->code);
    case PIECE_COUNTED:
        sheet->uncounted++;
        return true;
    }
    return false;
}

void escape_text(struct buf *out, const char *text, size_t len, unsigned flags)
{
    struct walk walk = walk_over(text, len, flags);
    struct sheet sheet = {.out = out, .flags = flags, .stop = out->len};
    struct piece kept = {.kind = PIECE_KEEP};
    struct piece piece;
    bool room = true;
    while (room && walk_next(&walk, &piece)) {
        if (piece.kind == PIECE_KEEP && kept.len) {
            kept.len += piece.len;
            continue;
        }
        if (piece.kind != PIECE_COUNTED)
            room = add_count(&sheet);
        if (piece.kind == PIECE_KEEP) {
            kept = piece;
            continue;
        }
        room = room && (!kept.len || add_piece(&sheet, &kept)) &&
               add_piece(&sheet, &piece);
        kept.len = 0;
    }
    if (room && add_count(&sheet) && kept.len)
        add_piece(&sheet, &kept);
}

bool escape_is_safe(const char *text, size_t len, unsigned flags)
{
    struct walk walk = walk_over(text, len, flags);
    struct piece piece;
    while (walk_next(&walk, &piece)) {
        if (piece.kind != PIECE_KEEP)
            return false;
    }
    return true;
}
