/* Entries stand one after another in blocks; each is a small header and its
 * texts. A block keeps the offset of every entry in it, the store finds the
 * block of a number by binary search: no step depends on how many entries
 * there are beyond that.
 *
 * A block is in one of three places: in memory since it was written (`bytes`),
 * in the spill, or in both while it is one of the few that were read back.
 * Withdrawals of spilled entries are remembered in the block's `withdrawn`
 * bits, which stay in memory. */
#include "config.h"

#include "model/logstore.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
    BLOCK_BYTES = 64 * 1024, /* text after which a block is full */
    BLOCK_ENTRIES = 1024,
    CACHED_BLOCKS = 8, /* read back from the spill at a time */
    MAX_WORD = 100     /* bytes of a level's word; the rest is cut */
};

/* First byte of an entry: what it has. Second byte: its level, then its kind
 * in the middle bits. */
enum {
    JOINS = 1,
    HAS_DETAIL = 4,
    HAS_WORD = 8,
    HAS_SEQ = 16,
    HAS_STEP = 32,
    TIME_IS_ARRIVAL = 64,
    IS_TITLE = 128,
    LEVEL_MASK = 15,
    KIND_SHIFT = 4
};

struct block {
    uint64_t first;
    size_t count;
    int64_t base_time_ms;
    uint64_t base_seq;
    uint32_t *offsets; /* count of them; NULL when only in the spill */
    size_t offset_size;
    struct buf bytes;
    uint8_t *withdrawn; /* bits, NULL: none */
    bool spilled;
    uint64_t where; /* in the spill */
    size_t spilled_len;
};

struct logstore {
    struct block **blocks;
    size_t first_block, block_count, block_size;
    size_t spilled_count; /* the first so many blocks are in the spill */
    uint64_t end;
    size_t memory, max_bytes;
    struct spill spill;
    struct block **cached; /* CACHED_BLOCKS of them, the latest first */
};

struct logstore *logstore_create(size_t max_bytes)
{
    struct logstore *store = mem_zalloc(1, sizeof *store);
    store->max_bytes = max_bytes;
    store->cached = mem_zalloc(CACHED_BLOCKS, sizeof *store->cached);
    return store;
}

void logstore_set_spill(struct logstore *store, const struct spill *spill)
{
    store->spill = *spill;
}

static size_t block_memory(const struct block *block)
{
    return sizeof *block + block->offset_size * sizeof *block->offsets +
           block->bytes.size;
}

/* Gives back what the spill has too. */
static void unload(struct block *block)
{
    free(block->offsets);
    block->offsets = NULL;
    block->offset_size = 0;
    buf_free(&block->bytes);
}

static void block_destroy(struct block *block)
{
    unload(block);
    free(block->withdrawn);
    free(block);
}

void logstore_destroy(struct logstore *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->block_count; i++)
        block_destroy(store->blocks[store->first_block + i]);
    free(store->blocks);
    free(store->cached);
    free(store);
}

static struct block *block_at(const struct logstore *store, size_t index)
{
    return store->blocks[store->first_block + index];
}

/* The spill holds a block as its offsets, then its bytes. */
static bool spill_block(struct logstore *store, struct block *block)
{
    size_t table = block->count * sizeof *block->offsets;
    struct buf all = buf_make(0);
    if (!store->spill.write)
        return false;
    buf_add(&all, block->offsets, table);
    buf_add(&all, block->bytes.data, block->bytes.len);
    block->spilled_len = all.len;
    block->spilled = store->spill.write(store->spill.context, all.data, all.len,
                                        &block->where);
    buf_free(&all);
    return block->spilled;
}

static void drop_first(struct logstore *store)
{
    block_destroy(block_at(store, 0));
    store->first_block++;
    store->block_count--;
    if (store->spilled_count)
        store->spilled_count--;
}

/* The oldest text in memory goes to the spill, or is dropped where there is
 * none; never the block that is being written. */
static void shrink(struct logstore *store)
{
    while (store->memory > store->max_bytes &&
           store->spilled_count + 1 < store->block_count) {
        struct block *oldest = block_at(store, store->spilled_count);
        size_t before = block_memory(oldest);
        if (spill_block(store, oldest)) {
            unload(oldest);
            store->memory -= before - block_memory(oldest);
            store->spilled_count++;
        } else {
            /* what cannot be kept makes all before it useless too */
            while (block_at(store, 0) != oldest)
                drop_first(store);
            drop_first(store);
            store->memory -= before;
            memset(store->cached, 0, CACHED_BLOCKS * sizeof *store->cached);
        }
    }
}

static void make_room(struct logstore *store)
{
    if (store->first_block + store->block_count < store->block_size)
        return;
    if (store->first_block > store->block_size / 2) {
        memmove(store->blocks, store->blocks + store->first_block,
                store->block_count * sizeof *store->blocks);
        store->first_block = 0;
        return;
    }
    store->block_size = store->block_size ? store->block_size * 2 : 16;
    store->blocks =
        mem_resize(store->blocks, store->block_size, sizeof *store->blocks);
}

/* A block that is full takes no more room than it needs. */
static void trim(struct logstore *store, struct block *block)
{
    size_t before = block_memory(block);
    block->offsets =
        mem_resize(block->offsets, block->count, sizeof *block->offsets);
    block->offset_size = block->count;
    buf_trim(&block->bytes);
    store->memory -= before - block_memory(block);
}

static struct block *add_block(struct logstore *store,
                               const struct entry *entry)
{
    make_room(store);
    struct block *block = mem_zalloc(1, sizeof *block);
    block->first = store->end;
    block->base_time_ms = entry->time_ms;
    block->base_seq = entry->seq;
    store->blocks[store->first_block + store->block_count++] = block;
    store->memory += block_memory(block);
    return block;
}

static void add_offset(struct block *block)
{
    if (block->count == block->offset_size) {
        block->offset_size = block->offset_size ? block->offset_size * 2 : 16;
        block->offsets = mem_resize(block->offsets, block->offset_size,
                                    sizeof *block->offsets);
    }
    block->offsets[block->count++] = (uint32_t)block->bytes.len;
}

/* Numbers in seven-bit groups, small ones in one byte. */
static size_t put_number(uint8_t *out, uint64_t value)
{
    size_t len = 0;
    while (value >= 0x80) {
        out[len++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    out[len++] = (uint8_t)value;
    return len;
}

static uint64_t get_number(const uint8_t **p)
{
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        uint8_t byte = *(*p)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
}

/* Differences that may be negative, small ones small. */
static uint64_t fold_sign(uint64_t difference)
{
    return difference >> 63 ? ~(difference << 1) : difference << 1;
}

static uint64_t unfold_sign(uint64_t value)
{
    return value & 1 ? ~(value >> 1) : value >> 1;
}

static size_t put_header(uint8_t *out, const struct block *block,
                         const struct entry *entry, size_t word_len)
{
    size_t len = 0;
    out[len++] = (uint8_t)((entry->joins ? JOINS : 0) |
                           (entry->detail ? HAS_DETAIL : 0) |
                           (entry->level_word ? HAS_WORD : 0) |
                           (entry->seq ? HAS_SEQ : 0) |
                           (entry->step != NO_STEP ? HAS_STEP : 0) |
                           (entry->time_is_arrival ? TIME_IS_ARRIVAL : 0) |
                           (entry->is_title ? IS_TITLE : 0));
    out[len++] = (uint8_t)((unsigned)entry->level |
                           ((unsigned)entry->kind << KIND_SHIFT));
    len += put_number(out + len, fold_sign((uint64_t)entry->time_ms -
                                           (uint64_t)block->base_time_ms));
    if (entry->seq)
        len += put_number(out + len, fold_sign(entry->seq - block->base_seq));
    if (entry->step != NO_STEP)
        len += put_number(out + len, entry->step);
    len += put_number(out + len, entry->text_len);
    if (entry->detail)
        len += put_number(out + len, entry->detail_len);
    if (entry->level_word)
        len += put_number(out + len, word_len);
    return len;
}

static void write_entry(struct block *block, const struct entry *entry)
{
    enum {
        MAX_HEADER = 64
    };
    uint8_t header[MAX_HEADER];
    size_t word_len =
        entry->level_word ? strnlen(entry->level_word, MAX_WORD) : 0;
    size_t len = put_header(header, block, entry, word_len);
    buf_add(&block->bytes, header, len);
    if (entry->level_word) {
        buf_add(&block->bytes, entry->level_word, word_len);
        buf_addc(&block->bytes, '\0');
    }
    buf_add(&block->bytes, entry->text, entry->text_len);
    if (entry->detail)
        buf_add(&block->bytes, entry->detail, entry->detail_len);
}

uint64_t logstore_append(struct logstore *store, const struct entry *entry)
{
    struct block *block =
        store->block_count ? block_at(store, store->block_count - 1) : NULL;
    bool full = block && (block->count == BLOCK_ENTRIES ||
                          block->bytes.len >= BLOCK_BYTES);
    if (full)
        trim(store, block);
    if (!block || full)
        block = add_block(store, entry);
    size_t before = block_memory(block);
    add_offset(block);
    write_entry(block, entry);
    store->memory += block_memory(block) - before;
    store->end++;
    if (store->memory > store->max_bytes)
        shrink(store);
    return store->end - 1;
}

uint64_t logstore_first(const struct logstore *store)
{
    return store->block_count ? block_at(store, 0)->first : store->end;
}

uint64_t logstore_end(const struct logstore *store)
{
    return store->end;
}

size_t logstore_memory(const struct logstore *store)
{
    return store->memory;
}

static struct block *find_block(const struct logstore *store, uint64_t number)
{
    if (number < logstore_first(store) || number >= store->end)
        return NULL;
    size_t low = 0, high = store->block_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (block_at(store, middle)->first <= number)
            low = middle;
        else
            high = middle;
    }
    return block_at(store, low);
}

/* Puts a block first among those read back; the one used longest ago goes. */
static void cache(const struct logstore *store, struct block *block)
{
    size_t at = 0;
    while (at < CACHED_BLOCKS - 1 && store->cached[at] != block)
        at++;
    if (store->cached[at] && store->cached[at] != block)
        unload(store->cached[at]);
    memmove(store->cached + 1, store->cached, at * sizeof *store->cached);
    store->cached[0] = block;
}

/* Makes sure the block's text is in memory. */
static bool load(const struct logstore *store, struct block *block)
{
    if (!block->spilled)
        return true;
    cache(store, block);
    if (block->offsets)
        return true;
    size_t table = block->count * sizeof *block->offsets;
    block->offsets = mem_resize(NULL, block->count, sizeof *block->offsets);
    block->offset_size = block->count;
    char *all = mem_alloc(block->spilled_len);
    bool good = store->spill.read(store->spill.context, block->where, all,
                                  block->spilled_len);
    if (good) {
        memcpy(block->offsets, all, table);
        buf_add(&block->bytes, all + table, block->spilled_len - table);
    } else {
        unload(block);
    }
    free(all);
    return good;
}

static bool is_withdrawn(const struct block *block, size_t index)
{
    return block->withdrawn && (block->withdrawn[index / 8] >> (index % 8) & 1);
}

static void read_entry(const struct block *block, size_t index,
                       struct entry *out)
{
    const char *at = block->bytes.data + block->offsets[index];
    const uint8_t *p = (const uint8_t *)at;
    uint8_t first = *p++;
    *out = (struct entry){
        .number = block->first + index,
        .joins = first & JOINS,
        .time_is_arrival = first & TIME_IS_ARRIVAL,
        .withdrawn = is_withdrawn(block, index),
        .is_title = first & IS_TITLE,
        .hidden = is_withdrawn(block, index) || first & IS_TITLE,
        .step = NO_STEP,
    };
    uint8_t second = *p++;
    out->level = (enum log_level)(second & LEVEL_MASK);
    out->kind = (enum entry_kind)(second >> KIND_SHIFT);
    out->time_ms =
        (int64_t)((uint64_t)block->base_time_ms + unfold_sign(get_number(&p)));
    if (first & HAS_SEQ)
        out->seq = block->base_seq + unfold_sign(get_number(&p));
    if (first & HAS_STEP)
        out->step = (uint32_t)get_number(&p);
    out->text_len = get_number(&p);
    if (first & HAS_DETAIL)
        out->detail_len = get_number(&p);
    size_t word_len = first & HAS_WORD ? get_number(&p) + 1 : 0;
    out->level_word = word_len ? (const char *)p : NULL;
    out->text = (const char *)p + word_len;
    out->detail = first & HAS_DETAIL ? out->text + out->text_len : NULL;
}

bool logstore_get(const struct logstore *store, uint64_t number,
                  struct entry *out)
{
    struct block *block = find_block(store, number);
    if (!block || !load(store, block))
        return false;
    read_entry(block, number - block->first, out);
    return true;
}

bool logstore_piece(const struct logstore *store, uint64_t number,
                    struct logstore_piece *out)
{
    struct block *block = find_block(store, number);
    if (!block || !load(store, block))
        return false;
    *out = (struct logstore_piece){
        .first = block->first,
        .end = block->first + block->count,
        .bytes = block->bytes.data,
        .len = block->bytes.len,
        .offsets = block->offsets,
    };
    return true;
}

const char *logstore_piece_text(const struct logstore_piece *piece,
                                uint64_t number)
{
    return piece->bytes + piece->offsets[number - piece->first];
}

uint64_t logstore_piece_entry(const struct logstore_piece *piece,
                              const char *at)
{
    size_t offset = (size_t)(at - piece->bytes);
    size_t low = 0, high = (size_t)(piece->end - piece->first);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (piece->offsets[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return piece->first + low;
}

enum log_level logstore_piece_level(const struct logstore_piece *piece,
                                    uint64_t number)
{
    /* the second byte of an entry, as put_header() writes it */
    unsigned char second = (unsigned char)logstore_piece_text(piece, number)[1];
    return (enum log_level)(second & LEVEL_MASK);
}

void logstore_withdraw(struct logstore *store, uint64_t number)
{
    struct block *block = find_block(store, number);
    if (!block)
        return;
    size_t index = number - block->first;
    if (!block->withdrawn)
        block->withdrawn = mem_zalloc(BLOCK_ENTRIES / 8 + 1, 1);
    block->withdrawn[index / 8] |= (uint8_t)(1u << (index % 8));
}
