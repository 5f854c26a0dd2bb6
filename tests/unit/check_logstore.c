#include "config.h"

#include "model/logstore.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#include "random.h"
#include "unit.h"

/* A spill in memory that can be told to fail. */
struct disk {
    struct buf bytes;
    bool full, broken;
    unsigned reads;
};

static bool disk_write(void *context, const char *bytes, size_t len,
                       uint64_t *where)
{
    struct disk *disk = context;
    *where = disk->bytes.len;
    return !disk->full && buf_add(&disk->bytes, bytes, len);
}

static bool disk_read(void *context, uint64_t where, char *bytes, size_t len)
{
    struct disk *disk = context;
    disk->reads++;
    if (disk->broken)
        return false;
    memcpy(bytes, disk->bytes.data + where, len);
    return true;
}

static struct logstore *spilling_store(struct disk *disk, size_t max_bytes)
{
    struct logstore *store = logstore_create(max_bytes);
    struct spill spill = {disk, disk_write, disk_read};
    logstore_set_spill(store, &spill);
    return store;
}

/* Entry `number`, made from its number alone; its texts stand in *text. */
static struct entry entry_of(uint64_t number, struct buf *text)
{
    static const char *const words[] = {NULL, "notice", "warning"};
    uint64_t state = number * 7 + 1;
    buf_clear(text);
    buf_addf(text, "entry %llu ", (unsigned long long)number);
    buf_fill(text, 'x', chance(&state, 100));
    buf_addc(text, '\0');
    struct entry entry = {
        .number = number,
        .seq = number % 5 ? number + 1 : 0,
        .kind = (enum entry_kind)(number % 4),
        .time_ms = (int64_t)number * 10 - (int64_t)chance(&state, 100000),
        .time_is_arrival = number % 3 == 0,
        .level = (enum log_level)(number % (LEVEL_ERROR + 1)),
        .level_word = words[number % 3],
        .text = text->data,
        .text_len = text->len,
        .detail = number % 7 ? NULL : text->data,
        .detail_len = number % 7    ? 0
                      : number % 14 ? 5
                                    : 0,
        .step = number % 2 ? NO_STEP : (uint32_t)(number / 1000),
    };
    return entry;
}

static void append(struct logstore *store, uint64_t from, uint64_t to)
{
    struct buf text = buf_make(0);
    for (uint64_t n = from; n < to; n++) {
        struct entry entry = entry_of(n, &text);
        entry.number = 12345; /* is ignored */
        ck_assert_uint_eq(logstore_append(store, &entry), n);
    }
    buf_free(&text);
}

static void assert_same(const struct entry *got, const struct entry *want)
{
    unit_holds(got->number == want->number);
    unit_holds(got->seq == want->seq);
    unit_holds(got->kind == want->kind);
    unit_holds(got->time_ms == want->time_ms);
    unit_holds(got->time_is_arrival == want->time_is_arrival);
    unit_holds(got->level == want->level);
    unit_holds((got->level_word != NULL) == (want->level_word != NULL));
    if (want->level_word)
        unit_holds(strcmp(got->level_word, want->level_word) == 0);
    unit_holds(got->text_len == want->text_len);
    unit_holds(memcmp(got->text, want->text, want->text_len) == 0);
    unit_holds((got->detail != NULL) == (want->detail != NULL));
    unit_holds(got->detail_len == want->detail_len);
    if (want->detail_len)
        unit_holds(memcmp(got->detail, want->detail, want->detail_len) == 0);
    unit_holds(got->step == want->step);
}

/* Every `stride`th entry that is held reads as it was written. */
static void assert_held(const struct logstore *store, uint64_t stride)
{
    struct buf text = buf_make(0);
    for (uint64_t n = logstore_first(store); n < logstore_end(store);
         n += stride) {
        struct entry want = entry_of(n, &text), got;
        unit_holds(logstore_get(store, n, &got));
        assert_same(&got, &want);
        unit_holds(!got.withdrawn);
    }
    buf_free(&text);
}

static const uint64_t counts[] = {0, 1, 2, 1023, 1024, 1025, 5000, 100000};

START_TEST(entries_are_read_as_they_were_written)
{
    struct logstore *store = logstore_create(64 << 20);
    struct entry entry;
    append(store, 0, counts[_i]);
    ck_assert_uint_eq(logstore_first(store), 0);
    ck_assert_uint_eq(logstore_end(store), counts[_i]);
    ck_assert(!logstore_get(store, counts[_i], &entry));
    ck_assert(!logstore_get(store, UINT64_MAX, &entry));
    assert_held(store, 1);
    logstore_destroy(store);
}
END_TEST

START_TEST(extreme_values_are_kept)
{
    static const int64_t times[] = {0, INT64_MIN, INT64_MAX, -1, 1};
    struct logstore *store = logstore_create(1 << 20);
    for (size_t i = 0; i < 5; i++) {
        struct entry entry = {.time_ms = times[i],
                              .seq = UINT64_MAX - i * 3,
                              .text = "",
                              .step = NO_STEP - 1 - (uint32_t)i};
        logstore_append(store, &entry);
    }
    for (size_t i = 0; i < 5; i++) {
        struct entry got;
        ck_assert(logstore_get(store, i, &got));
        ck_assert_int_eq(got.time_ms, times[i]);
        ck_assert_uint_eq(got.seq, UINT64_MAX - i * 3);
        ck_assert_uint_eq(got.step, NO_STEP - 1 - (uint32_t)i);
        ck_assert_uint_eq(got.text_len, 0);
        ck_assert_ptr_null(got.detail);
    }
    logstore_destroy(store);
}
END_TEST

START_TEST(huge_entry_is_kept_whole)
{
    struct logstore *store = logstore_create(1000);
    struct buf text = buf_make(0);
    buf_fill(&text, 'y', 1 << 20);
    struct entry entry = {.text = text.data, .text_len = text.len}, got;
    append(store, 0, 10);
    ck_assert_uint_eq(logstore_append(store, &entry), 10);
    ck_assert(logstore_get(store, 10, &got));
    ck_assert_uint_eq(got.text_len, text.len);
    ck_assert_mem_eq(got.text, text.data, text.len);
    append(store, 11, 3000);
    ck_assert(!logstore_get(store, 10, &got));
    buf_free(&text);
    logstore_destroy(store);
}
END_TEST

START_TEST(memory_is_bounded_without_a_spill)
{
    enum {
        MOST = 512 * 1024,
        SLACK = 128 * 1024 /* the block that is being written */
    };
    struct logstore *store = logstore_create(MOST);
    for (uint64_t n = 0; n < 60000; n += 3000) {
        append(store, n, n + 3000);
        ck_assert_uint_le(logstore_memory(store), MOST + SLACK);
    }
    struct entry entry;
    uint64_t first = logstore_first(store);
    ck_assert_uint_gt(first, 0);
    ck_assert_uint_lt(first, 60000 - 1024);
    ck_assert(!logstore_get(store, first - 1, &entry));
    ck_assert(!logstore_get(store, 0, &entry));
    assert_held(store, 1);
    logstore_withdraw(store, 0); /* gone: nothing happens */
    logstore_destroy(store);
}
END_TEST

START_TEST(spilled_entries_come_back)
{
    struct disk disk = {0};
    struct logstore *store = spilling_store(&disk, 256 * 1024);
    append(store, 0, 60000);
    ck_assert_uint_eq(logstore_first(store), 0);
    ck_assert_uint_gt(disk.bytes.len, 1 << 20);
    ck_assert_uint_le(logstore_memory(store), 384 * 1024);
    assert_held(store, 1);
    assert_held(store, 997);
    append(store, 60000, 70000);
    assert_held(store, 1009);
    buf_free(&disk.bytes);
    logstore_destroy(store);
}
END_TEST

/* Neighbours are in the blocks that were just read back. */
START_TEST(reading_on_reads_each_block_once)
{
    struct disk disk = {0};
    struct logstore *store = spilling_store(&disk, 256 * 1024);
    append(store, 0, 60000);
    for (uint64_t n = 1000; n < 2000; n++) {
        struct entry entry;
        ck_assert(logstore_get(store, n, &entry));
        ck_assert(logstore_get(store, n - 500, &entry));
    }
    ck_assert_uint_le(disk.reads, 4);
    buf_free(&disk.bytes);
    logstore_destroy(store);
}
END_TEST

START_TEST(full_spill_drops_what_is_oldest)
{
    struct disk disk = {0};
    struct logstore *store = spilling_store(&disk, 256 * 1024);
    append(store, 0, 20000);
    ck_assert_uint_eq(logstore_first(store), 0);
    assert_held(store, 500);
    disk.full = true;
    append(store, 20000, 40000);
    ck_assert_uint_gt(logstore_first(store), 20000);
    ck_assert_uint_le(logstore_memory(store), 384 * 1024);
    assert_held(store, 1);
    disk.full = false;
    append(store, 40000, 60000);
    assert_held(store, 1);
    buf_free(&disk.bytes);
    logstore_destroy(store);
}
END_TEST

START_TEST(lost_spill_is_told)
{
    struct disk disk = {0};
    struct entry entry;
    struct logstore *store = spilling_store(&disk, 256 * 1024);
    append(store, 0, 20000);
    disk.broken = true;
    ck_assert(!logstore_get(store, 3, &entry));
    ck_assert(logstore_get(store, 19999, &entry));
    disk.broken = false;
    ck_assert(logstore_get(store, 3, &entry));
    buf_free(&disk.bytes);
    logstore_destroy(store);
}
END_TEST

START_TEST(withdrawal_is_remembered_wherever_the_entry_is)
{
    struct disk disk = {0};
    struct logstore *store = spilling_store(&disk, 256 * 1024);
    append(store, 0, 2000);
    for (uint64_t n = 0; n < 2000; n += 3)
        logstore_withdraw(store, n);
    append(store, 2000, 30000);
    for (uint64_t n = 2001; n < 30000; n += 3)
        logstore_withdraw(store, n);
    logstore_withdraw(store, 30000);
    for (uint64_t n = 0; n < 30000; n++) {
        struct entry entry;
        ck_assert(logstore_get(store, n, &entry));
        ck_assert_int_eq(entry.withdrawn, n % 3 == 0);
    }
    buf_free(&disk.bytes);
    logstore_destroy(store);
}
END_TEST

/* 100-byte lines cost their text and not much more. */
START_TEST(memory_follows_the_text)
{
    enum {
        LINES = 50000,
        LINE = 100
    };
    struct logstore *store = logstore_create(64 << 20);
    char text[LINE];
    memset(text, 'z', sizeof text);
    for (uint64_t n = 0; n < LINES; n++) {
        struct entry entry = {.seq = n + 1,
                              .time_ms = 1767323041250 + (int64_t)n,
                              .level = LEVEL_INFO,
                              .text = text,
                              .text_len = sizeof text,
                              .step = NO_STEP};
        logstore_append(store, &entry);
    }
    ck_assert_uint_le(logstore_memory(store), LINES * LINE * 12 / 10);
    logstore_destroy(store);
}
END_TEST

/* Lines of any length: what they cost beyond their text is small. */
static const size_t line_lens[] = {0, 1, 10, 40, 300, 3000, 20000};

START_TEST(blocks_are_filled_whatever_the_length_of_lines)
{
    enum {
        BYTES = 4 << 20,
        HEADER = 12,
        BLOCK = 64 * 1024
    };
    size_t len = line_lens[_i], count = BYTES / (len + HEADER);
    struct logstore *store = logstore_create(64 << 20);
    char text[20000];
    memset(text, 'z', sizeof text);
    for (size_t n = 0; n < count; n++) {
        struct entry entry = {
            .seq = n + 1, .text = text, .text_len = len, .step = NO_STEP};
        logstore_append(store, &entry);
    }
    /* a block's last line may not fit into it */
    size_t most = count * (len + HEADER) / (BLOCK - len) * BLOCK + 2 * BLOCK;
    ck_assert_uint_le(logstore_memory(store), most);
    logstore_destroy(store);
}
END_TEST

/* Entries that are larger than a block, among small ones. */
START_TEST(large_and_small_entries_come_back_from_the_spill)
{
    enum {
        COUNT = 200
    };
    struct disk disk = {0};
    struct logstore *store = spilling_store(&disk, 512 * 1024);
    struct buf text = buf_make(0);
    for (size_t n = 0; n < COUNT; n++) {
        buf_clear(&text);
        buf_fill(&text, (char)('a' + n % 26), n % 3 ? n : n * 2000);
        struct entry entry = {
            .text = text.data, .text_len = text.len, .step = NO_STEP};
        logstore_append(store, &entry);
        ck_assert_uint_le(logstore_memory(store), 1024 * 1024);
    }
    for (size_t n = 0; n < COUNT; n++) {
        struct entry got;
        ck_assert(logstore_get(store, n, &got));
        ck_assert_uint_eq(got.text_len, n % 3 ? n : n * 2000);
        if (got.text_len) {
            ck_assert_int_eq(got.text[0], (char)('a' + n % 26));
            ck_assert_int_eq(got.text[got.text_len - 1], (char)('a' + n % 26));
        }
    }
    buf_free(&text);
    buf_free(&disk.bytes);
    logstore_destroy(store);
}
END_TEST

/* Whole pieces are compared, so each byte of a header is. */
static void assert_same_bytes(const struct logstore *a,
                              const struct logstore *b)
{
    struct logstore_piece left, right;
    ck_assert_uint_eq(logstore_first(a), logstore_first(b));
    ck_assert_uint_eq(logstore_end(a), logstore_end(b));
    for (uint64_t n = logstore_first(a); n < logstore_end(a); n = left.end) {
        ck_assert(logstore_piece(a, n, &left));
        ck_assert(logstore_piece(b, n, &right));
        ck_assert_uint_eq(left.end, right.end);
        ck_assert_uint_eq(left.len, right.len);
        ck_assert_mem_eq(left.bytes, right.bytes, left.len);
        for (; n < left.end; n++)
            ck_assert_uint_eq(logstore_piece_text(&left, n) - left.bytes,
                              logstore_piece_text(&right, n) - right.bytes);
    }
}

START_TEST(entries_that_are_alike_are_stored_as_each_would_be)
{
    uint64_t state = 11, number = 0;
    struct disk disks[2] = {{.bytes = buf_make(0)}, {.bytes = buf_make(0)}};
    struct logstore *single = spilling_store(&disks[0], 256 * 1024);
    struct logstore *bulk = spilling_store(&disks[1], 256 * 1024);
    struct buf text = buf_make(0), words = buf_make(0);
    buf_fill(&words, 'w', 200 * 1000);
    for (int round = 0; round < 500; round++) {
        struct slice texts[300];
        size_t count = chance(&state, 300);
        struct entry like = entry_of(chance(&state, 2000), &text);
        like.seq = chance(&state, 3) ? number + 1 : like.seq;
        if (chance(&state, 3))
            like.detail = like.level_word = NULL;
        for (size_t i = 0; i < count; i++) {
            size_t most = chance(&state, 3000) ? 300 : words.len;
            texts[i] = (struct slice){words.data, chance(&state, most)};
            struct entry entry = like;
            entry.text = texts[i].data;
            entry.text_len = texts[i].len;
            entry.seq = like.seq ? like.seq + i : 0;
            logstore_append(single, &entry);
        }
        logstore_append_alike(bulk, &like, texts, count);
        number += count;
    }
    assert_same_bytes(single, bulk);
    ck_assert_uint_eq(logstore_memory(single), logstore_memory(bulk));
    logstore_destroy(single);
    logstore_destroy(bulk);
    buf_free(&disks[0].bytes);
    buf_free(&disks[1].bytes);
    buf_free(&text);
    buf_free(&words);
}
END_TEST

UNIT_MAIN(
    "logstore", tcase_add_loop_test(tc, entries_are_read_as_they_were_written,
                                    0, sizeof counts / sizeof *counts);
    tcase_add_test(tc, extreme_values_are_kept);
    tcase_add_test(tc, huge_entry_is_kept_whole);
    tcase_add_test(tc, memory_is_bounded_without_a_spill);
    tcase_add_test(tc, spilled_entries_come_back);
    tcase_add_test(tc, reading_on_reads_each_block_once);
    tcase_add_test(tc, full_spill_drops_what_is_oldest);
    tcase_add_test(tc, lost_spill_is_told);
    tcase_add_test(tc, withdrawal_is_remembered_wherever_the_entry_is);
    tcase_add_test(tc, memory_follows_the_text);
    tcase_add_loop_test(tc, blocks_are_filled_whatever_the_length_of_lines, 0,
                        sizeof line_lens / sizeof *line_lens);
    tcase_add_test(tc, large_and_small_entries_come_back_from_the_spill);
    tcase_add_test(tc, entries_that_are_alike_are_stored_as_each_would_be))
