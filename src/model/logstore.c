/* Entries stand one after another in blocks; each is a small header and its
 * texts. A block keeps the offset of every entry in it, the store finds the
 * block of a number by binary search: no step depends on how many entries
 * there are beyond that. The oldest block is dropped when the store is full. */
#include "config.h"

#include "model/logstore.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/mem.h"

enum {
    BLOCK_BYTES = 64 * 1024, /* text after which a block is full */
    BLOCK_ENTRIES = 1024,
    MAX_WORD = 100 /* bytes of a level's word; the rest is cut */
};

/* Stands in front of an entry's texts, unaligned. */
struct header {
    int64_t time_ms;
    uint64_t seq;
    uint32_t text_len;
    uint32_t detail_len; /* NO_DETAIL: none */
    uint32_t step;
    uint8_t kind;
    uint8_t level;
    uint8_t flags;
    uint8_t word_len;
};

enum {
    FLAG_WITHDRAWN = 1,
    FLAG_ARRIVAL = 2
};

#define NO_DETAIL UINT32_MAX

struct block {
    uint64_t first;
    uint32_t *offsets;
    size_t count, size;
    struct buf bytes;
};

struct logstore {
    struct block **blocks;
    size_t first_block, block_count, block_size;
    uint64_t end;
    size_t memory, max_bytes;
};

struct logstore *logstore_create(size_t max_bytes)
{
    struct logstore *store = mem_zalloc(1, sizeof *store);
    store->max_bytes = max_bytes;
    return store;
}

static size_t block_memory(const struct block *block)
{
    return sizeof *block + block->size * sizeof *block->offsets +
           block->bytes.size;
}

static void block_destroy(struct block *block)
{
    free(block->offsets);
    buf_free(&block->bytes);
    free(block);
}

void logstore_destroy(struct logstore *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < store->block_count; i++)
        block_destroy(store->blocks[store->first_block + i]);
    free(store->blocks);
    free(store);
}

static struct block *last_block(const struct logstore *store)
{
    return store->block_count
               ? store->blocks[store->first_block + store->block_count - 1]
               : NULL;
}

/* Older text goes first, but never the block that is being written. */
static void drop_oldest(struct logstore *store)
{
    while (store->memory > store->max_bytes && store->block_count > 1) {
        struct block *oldest = store->blocks[store->first_block];
        store->memory -= block_memory(oldest);
        block_destroy(oldest);
        store->first_block++;
        store->block_count--;
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
    store->blocks = mem_resize(store->blocks, store->block_size,
                               sizeof *store->blocks);
}

static struct block *add_block(struct logstore *store)
{
    make_room(store);
    struct block *block = mem_zalloc(1, sizeof *block);
    block->first = store->end;
    store->blocks[store->first_block + store->block_count++] = block;
    store->memory += block_memory(block);
    drop_oldest(store);
    return block;
}

static void add_offset(struct block *block)
{
    if (block->count == block->size) {
        block->size = block->size ? block->size * 2 : 16;
        block->offsets = mem_resize(block->offsets, block->size,
                                    sizeof *block->offsets);
    }
    block->offsets[block->count++] = (uint32_t)block->bytes.len;
}

static void write_entry(struct block *block, const struct entry *entry)
{
    size_t word_len =
        entry->level_word ? strnlen(entry->level_word, MAX_WORD) : 0;
    struct header header = {
        .time_ms = entry->time_ms,
        .seq = entry->seq,
        .text_len = (uint32_t)entry->text_len,
        .detail_len =
            entry->detail ? (uint32_t)entry->detail_len : NO_DETAIL,
        .step = entry->step,
        .kind = (uint8_t)entry->kind,
        .level = (uint8_t)entry->level,
        .flags = (uint8_t)((entry->withdrawn ? FLAG_WITHDRAWN : 0) |
                           (entry->time_is_arrival ? FLAG_ARRIVAL : 0)),
        .word_len = (uint8_t)(entry->level_word ? word_len + 1 : 0),
    };
    buf_add(&block->bytes, &header, sizeof header);
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
    struct block *block = last_block(store);
    if (!block || block->count == BLOCK_ENTRIES ||
        block->bytes.len >= BLOCK_BYTES)
        block = add_block(store);
    size_t before = block_memory(block);
    add_offset(block);
    write_entry(block, entry);
    store->memory += block_memory(block) - before;
    drop_oldest(store);
    return store->end++;
}

uint64_t logstore_first(const struct logstore *store)
{
    return store->block_count ? store->blocks[store->first_block]->first
                              : store->end;
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
        if (store->blocks[store->first_block + middle]->first <= number)
            low = middle;
        else
            high = middle;
    }
    return store->blocks[store->first_block + low];
}

bool logstore_get(const struct logstore *store, uint64_t number,
                  struct entry *out)
{
    const struct block *block = find_block(store, number);
    struct header header;
    if (!block)
        return false;
    const char *at = block->bytes.data + block->offsets[number - block->first];
    memcpy(&header, at, sizeof header);
    const char *word = at + sizeof header;
    const char *text = word + header.word_len;
    bool has_detail = header.detail_len != NO_DETAIL;
    *out = (struct entry){
        .number = number,
        .seq = header.seq,
        .kind = (enum entry_kind)header.kind,
        .time_ms = header.time_ms,
        .time_is_arrival = header.flags & FLAG_ARRIVAL,
        .withdrawn = header.flags & FLAG_WITHDRAWN,
        .level = (enum log_level)header.level,
        .level_word = header.word_len ? word : NULL,
        .text = text,
        .text_len = header.text_len,
        .detail = has_detail ? text + header.text_len : NULL,
        .detail_len = has_detail ? header.detail_len : 0,
        .step = header.step,
    };
    return true;
}

void logstore_withdraw(struct logstore *store, uint64_t number)
{
    struct block *block = find_block(store, number);
    struct header header;
    if (!block)
        return;
    char *at = block->bytes.data + block->offsets[number - block->first];
    memcpy(&header, at, sizeof header);
    header.flags |= FLAG_WITHDRAWN;
    memcpy(at, &header, sizeof header);
}
