/* Entries stand one after another in blocks; each is a small header and its
 * texts. At a block's other end stands a table of where they begin, the store
 * finds the block of a number by binary search: no step depends on how many
 * entries there are beyond that.
 *
 * Blocks are pieces of a pool, all of one size, but for an entry that is too
 * large for one: it has a block of its own. So the memory of a block that went
 * to the spill is that of the next one.
 *
 * A block is in one of three places: in memory since it was written (`bytes`),
 * in the spill, or in both while it is one of the few that were read back.
 * Withdrawals of spilled entries are remembered in the block's `withdrawn`
 * bits, which stay in memory. */
#include "config.h"

#include "model/logstore.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pool.h"
#include "wire/entry.h"

enum {
    BLOCK_BYTES = 64 * 1024, /* so that offsets fit into two bytes */
    BLOCK_ENTRIES = 8 * 1024,
    CACHED_BLOCKS = 8, /* read back from the spill at a time */
    MAX_HEADER = 64,   /* bytes before an entry's texts */
    USUAL_HEAD = 8,    /* bytes of that which most need no more than */
    MAX_WORD = 100     /* bytes of a level's word; the rest is cut */
};

/* First byte of an entry: what it has. Second byte: its level, then its kind
 * in the middle bits. */
enum {
    JOINS = 1,
    SEQ_COUNTS_ON = 2, /* as the entries of the block do */
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
    char *bytes;        /* NULL when only in the spill */
    size_t size;        /* of bytes: BLOCK_BYTES, or more for a single entry */
    size_t len;         /* of entries, from the front; their offsets stand
                         * at the end, the first one last */
    uint8_t *withdrawn; /* bits, NULL: none */
    uint64_t where;     /* in the spill */
    bool spilled;
};

struct logstore {
    struct block **blocks;
    size_t first_block, block_count, block_size;
    size_t spilled_count; /* the first so many blocks are in the spill */
    uint64_t end;
    size_t memory, max_bytes;
    struct pool *pool; /* of the bytes of blocks */
    struct spill spill;
    struct block **cached; /* CACHED_BLOCKS of them, the latest first */
};

struct logstore *logstore_create(size_t max_bytes)
{
    struct logstore *store = mem_zalloc(1, sizeof *store);
    store->max_bytes = max_bytes;
    store->pool = pool_create(BLOCK_BYTES);
    store->cached = mem_zalloc(CACHED_BLOCKS, sizeof *store->cached);
    return store;
}

void logstore_set_spill(struct logstore *store, const struct spill *spill)
{
    store->spill = *spill;
}

/* Gives back what the spill has too. */
static void unload(const struct logstore *store, struct block *block)
{
    pool_give(store->pool, block->bytes, block->size);
    block->bytes = NULL;
}

static void block_destroy(const struct logstore *store, struct block *block)
{
    unload(store, block);
    free(block->withdrawn);
    free(block);
}

void logstore_destroy(struct logstore *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->block_count; i++)
        block_destroy(store, store->blocks[store->first_block + i]);
    pool_destroy(store->pool);
    free(store->blocks);
    free(store->cached);
    free(store);
}

static struct block *block_at(const struct logstore *store, size_t index)
{
    return store->blocks[store->first_block + index];
}

/* The offset of an entry, given where the table ends. */
static uint16_t *offset_at(char *bytes_end, size_t index)
{
    return (uint16_t *)(void *)bytes_end - 1 - index;
}

/* As it is, with what little is free in it: from one page to the next. */
static bool spill_block(struct logstore *store, struct block *block)
{
    block->spilled = store->spill.write &&
                     store->spill.write(store->spill.context, block->bytes,
                                        block->size, &block->where);
    return block->spilled;
}

static void drop_first(struct logstore *store)
{
    block_destroy(store, block_at(store, 0));
    store->first_block++;
    store->block_count--;
    store->memory -= sizeof(struct block);
    if (store->spilled_count)
        store->spilled_count--;
}

/* Makes room for a block of size bytes: the oldest text in memory goes to the
 * spill, or is dropped where there is none. */
static void shrink(struct logstore *store, size_t size)
{
    while (store->memory + size > store->max_bytes &&
           store->spilled_count < store->block_count) {
        struct block *oldest = block_at(store, store->spilled_count);
        store->memory -= oldest->size;
        if (spill_block(store, oldest)) {
            unload(store, oldest);
            store->spilled_count++;
        } else {
            /* what cannot be kept makes all before it useless too */
            while (block_at(store, 0) != oldest)
                drop_first(store);
            drop_first(store);
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

/* A block with room for so many bytes, its offset included. */
static struct block *add_block(struct logstore *store,
                               const struct entry *entry, size_t room)
{
    size_t size = BLOCK_BYTES;
    if (room > size)
        size = room + room % sizeof(uint16_t);
    shrink(store, size + sizeof(struct block));
    make_room(store);
    struct block *block = mem_zalloc(1, sizeof *block);
    block->first = store->end;
    block->base_time_ms = entry->time_ms;
    block->base_seq = entry->seq;
    block->bytes = pool_take(store->pool, size);
    block->size = size;
    store->blocks[store->first_block + store->block_count++] = block;
    store->memory += size + sizeof *block;
    return block;
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
    bool counts_on = entry->seq && entry->seq - block->base_seq == block->count;
    bool has_seq = entry->seq && !counts_on;
    out[len++] =
        (uint8_t)((entry->joins ? JOINS : 0) | (counts_on ? SEQ_COUNTS_ON : 0) |
                  (entry->detail ? HAS_DETAIL : 0) |
                  (entry->level_word ? HAS_WORD : 0) | (has_seq ? HAS_SEQ : 0) |
                  (entry->step != NO_STEP ? HAS_STEP : 0) |
                  (entry->time_is_arrival ? TIME_IS_ARRIVAL : 0) |
                  (entry->is_title ? IS_TITLE : 0));
    out[len++] = (uint8_t)((unsigned)entry->level |
                           ((unsigned)entry->kind << KIND_SHIFT));
    len += put_number(out + len, fold_sign((uint64_t)entry->time_ms -
                                           (uint64_t)block->base_time_ms));
    if (has_seq)
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

static char *put(char *out, const char *bytes, size_t len)
{
    if (len)
        memcpy(out, bytes, len);
    return out + len;
}

static void write_entry(struct block *block, const struct entry *entry,
                        size_t word_len)
{
    char *at = block->bytes + block->len;
    *offset_at(block->bytes + block->size, block->count) = (uint16_t)block->len;
    at += put_header((uint8_t *)at, block, entry, word_len);
    if (entry->level_word) {
        at = put(at, entry->level_word, word_len);
        *at++ = '\0';
    }
    at = put(at, entry->text, entry->text_len);
    if (entry->detail)
        at = put(at, entry->detail, entry->detail_len);
    block->len = (size_t)(at - block->bytes);
    block->count++;
}

static bool has_room(const struct block *block, size_t room)
{
    size_t table = block->count * sizeof(uint16_t);
    return block->count < BLOCK_ENTRIES &&
           block->size - block->len - table >= room;
}

uint64_t logstore_append(struct logstore *store, const struct entry *entry)
{
    struct block *block =
        store->block_count ? block_at(store, store->block_count - 1) : NULL;
    size_t word_len =
        entry->level_word ? strnlen(entry->level_word, MAX_WORD) : 0;
    size_t room = MAX_HEADER + word_len + 1 + entry->text_len +
                  (entry->detail ? entry->detail_len : 0) + sizeof(uint16_t);
    if (!block || !has_room(block, room))
        block = add_block(store, entry, room);
    write_entry(block, entry, word_len);
    return store->end++;
}

/* Appends as many as the block has room for whose headers are the same but for
 * the length of their text. */
static size_t fill_block(struct block *block, const struct entry *like,
                         const struct slice *texts, size_t count)
{
    bool counts_on = !like->seq || like->seq - block->base_seq == block->count;
    if (like->detail || like->level_word || !counts_on)
        return 0;
    uint8_t head[MAX_HEADER] = {0};
    struct entry empty = *like;
    empty.text_len = 0;
    size_t head_len = put_header(head, block, &empty, 0) - 1, i = 0;
    while (i < count &&
           has_room(block, MAX_HEADER + 1 + texts[i].len + sizeof(uint16_t))) {
        char *at = block->bytes + block->len;
        *offset_at(block->bytes + block->size, block->count++) =
            (uint16_t)block->len;
        memcpy(at, head, USUAL_HEAD);
        if (head_len > USUAL_HEAD)
            memcpy(at, head, head_len);
        at += head_len;
        at += put_number((uint8_t *)at, texts[i].len);
        at = put(at, texts[i].data, texts[i].len);
        block->len = (size_t)(at - block->bytes);
        i++;
    }
    return i;
}

void logstore_append_alike(struct logstore *store, const struct entry *like,
                           const struct slice *texts, size_t count)
{
    struct entry entry = *like;
    while (count) {
        size_t filled = 0;
        if (store->block_count)
            filled = fill_block(block_at(store, store->block_count - 1), &entry,
                                texts, count);
        store->end += filled;
        if (!filled) {
            entry.text = texts->data;
            entry.text_len = texts->len;
            logstore_append(store, &entry);
            filled = 1;
        }
        entry.seq += like->seq ? filled : 0;
        texts += filled;
        count -= filled;
    }
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
        unload(store, store->cached[at]);
    memmove(store->cached + 1, store->cached, at * sizeof *store->cached);
    store->cached[0] = block;
}

/* Makes sure the block's text is in memory. */
static bool load(const struct logstore *store, struct block *block)
{
    if (!block->spilled)
        return true;
    cache(store, block);
    if (block->bytes)
        return true;
    block->bytes = pool_take(store->pool, block->size);
    bool good = store->spill.read(store->spill.context, block->where,
                                  block->bytes, block->size);
    if (!good)
        unload(store, block);
    return good;
}

static bool is_withdrawn(const struct block *block, size_t index)
{
    return block->withdrawn && (block->withdrawn[index / 8] >> (index % 8) & 1);
}

static void read_entry(const struct block *block, size_t index,
                       struct entry *out)
{
    const char *at =
        block->bytes + *offset_at(block->bytes + block->size, index);
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
    if (first & SEQ_COUNTS_ON)
        out->seq = block->base_seq + index;
    else if (first & HAS_SEQ)
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
        .bytes = block->bytes,
        .len = block->len,
        .bytes_end = block->bytes + block->size,
    };
    return true;
}

const char *logstore_piece_text(const struct logstore_piece *piece,
                                uint64_t number)
{
    return piece->bytes +
           *offset_at(piece->bytes_end, (size_t)(number - piece->first));
}

uint64_t logstore_piece_entry(const struct logstore_piece *piece,
                              const char *at)
{
    size_t offset = (size_t)(at - piece->bytes);
    size_t low = 0, high = (size_t)(piece->end - piece->first);
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (*offset_at(piece->bytes_end, middle) <= offset)
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

struct entry logstore_entry(const struct log_entry *from)
{
    const char *usual = level_word(from->level), *word = from->level_word;
    bool odd_word = word && (!usual || strcmp(usual, word) != 0);
    return (struct entry){
        .kind = ENTRY_LOG,
        .time_ms = from->time_ms,
        .time_is_arrival = from->time_is_arrival,
        .level = from->level,
        .level_word = odd_word ? word : NULL,
        .text = from->message,
        .text_len = from->message_len,
        .detail = from->data,
        .detail_len = from->data_len,
        .step = NO_STEP,
    };
}
