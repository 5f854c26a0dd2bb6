#include "config.h"

#include "view/scan.h"

enum {
    UNSEEN = 8 /* entries told at a time without a look at them */
};

static void take_all(uint64_t from, uint64_t end, bool down, struct scan *scan)
{
    if (end - from > UNSEEN && down)
        end = from + UNSEEN;
    else if (end - from > UNSEEN)
        from = end - UNSEEN;
    scan->from = from;
    scan->to = end;
    scan->bytes = 0;
    scan->count = 0;
    while (from < end)
        scan->numbers[scan->count++] = from++;
}

/* Where the entries looked at end. */
static const char *end_of(const struct logstore_piece *piece,
                          const struct scan *scan)
{
    return scan->to < piece->end ? logstore_piece_text(piece, scan->to)
                                 : piece->bytes + piece->len;
}

/* Notes the entries that hold the text, counted from the first looked at. */
static void look(const struct logstore_piece *piece,
                 const struct finder *finder, const struct scan *scan,
                 bool *noted)
{
    const char *at = logstore_piece_text(piece, scan->from);
    const char *end = end_of(piece, scan);
    while ((at = finder_find(finder, at, (size_t)(end - at)))) {
        uint64_t number = logstore_piece_entry(piece, at);
        noted[number - scan->from] = true;
        if (number + 1 >= scan->to)
            return;
        at = logstore_piece_text(piece, number + 1);
    }
}

static void look_for_texts(const struct logstore_piece *piece,
                           const struct finder *finders, size_t count,
                           struct scan *scan)
{
    bool noted[SCAN_MAX] = {false};
    for (size_t i = 0; i < count; i++)
        look(piece, &finders[i], scan, noted);
    for (uint64_t number = scan->from; number < scan->to; number++)
        if (noted[number - scan->from])
            scan->numbers[scan->count++] = number;
}

static void look_at_levels(const struct logstore_piece *piece,
                           enum log_level least, struct scan *scan)
{
    for (uint64_t number = scan->from; number < scan->to; number++) {
        enum log_level level = logstore_piece_level(piece, number);
        if ((level ? level : LEVEL_INFO) >= least)
            scan->numbers[scan->count++] = number;
    }
}

void scan_entries(const struct logstore *log, const struct sought *sought,
                  uint64_t from, uint64_t end, bool down, struct scan *scan)
{
    const struct finder *finders;
    size_t count =
        sought->pattern ? pattern_finders(sought->pattern, &finders) : 0;
    struct logstore_piece piece;
    if ((!count && !sought->level) ||
        !logstore_piece(log, down ? from : end - 1, &piece)) {
        take_all(from, end, down, scan);
        return;
    }
    scan->count = 0;
    scan->from = from > piece.first ? from : piece.first;
    scan->to = end < piece.end ? end : piece.end;
    if (scan->to - scan->from > SCAN_MAX && down)
        scan->to = scan->from + SCAN_MAX;
    else if (scan->to - scan->from > SCAN_MAX)
        scan->from = scan->to - SCAN_MAX;
    scan->bytes = (size_t)(end_of(&piece, scan) -
                           logstore_piece_text(&piece, scan->from));
    if (count)
        look_for_texts(&piece, finders, count, scan);
    else
        look_at_levels(&piece, sought->level, scan);
}
