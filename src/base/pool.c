#include "config.h"

#include "base/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    SLAB_BYTES = 2 * 1024 * 1024 /* a large page, where there are any */
};

struct pool {
    size_t size; /* of a piece */
    char **slabs;
    size_t slab_count;
    size_t used; /* bytes of the last slab that were taken once */
    char *given; /* pieces to be taken again; each begins with the next */
};

struct pool *pool_create(size_t size)
{
    struct pool *pool = mem_zalloc(1, sizeof *pool);
    pool->size = size;
    return pool;
}

void pool_destroy(struct pool *pool)
{
    if (!pool)
        return;
    for (size_t i = 0; i < pool->slab_count; i++)
        mem_unmap(pool->slabs[i], SLAB_BYTES);
    free(pool->slabs);
    free(pool);
}

/* Large pages come at a quarter of the cost; but all at once, which a slab that
 * may never fill is not worth. */
static void add_slab(struct pool *pool)
{
    char *slab = mem_map(SLAB_BYTES);
    if (pool->slab_count)
        mem_will_fill(slab, SLAB_BYTES);
    pool->slabs =
        mem_resize(pool->slabs, pool->slab_count + 1, sizeof *pool->slabs);
    pool->slabs[pool->slab_count++] = slab;
    pool->used = 0;
}

char *pool_take(struct pool *pool, size_t size)
{
    char *piece = pool->given;
    if (size != pool->size)
        return mem_map(size);
    if (piece) {
        memcpy(&pool->given, piece, sizeof pool->given);
        return piece;
    }
    if (!pool->slab_count || pool->used + size > SLAB_BYTES)
        add_slab(pool);
    piece = pool->slabs[pool->slab_count - 1] + pool->used;
    pool->used += size;
    return piece;
}

void pool_give(struct pool *pool, char *piece, size_t size)
{
    if (!piece)
        return;
    if (size != pool->size) {
        mem_unmap(piece, size);
        return;
    }
    memcpy(piece, &pool->given, sizeof pool->given);
    pool->given = piece;
}

size_t pool_memory(const struct pool *pool)
{
    return pool->slab_count * SLAB_BYTES;
}
