#include "config.h"

#include "base/pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"

enum {
    SLAB_PIECES = 16
};

struct pool {
    size_t size;
    char **slabs;
    size_t slab_count;
    size_t unused; /* pieces of the last slab that were never taken */
    char *given;   /* pieces to be taken again; each begins with the next */
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
        mem_unmap(pool->slabs[i], pool->size * SLAB_PIECES);
    free(pool->slabs);
    free(pool);
}

static void add_slab(struct pool *pool)
{
    pool->slabs =
        mem_resize(pool->slabs, pool->slab_count + 1, sizeof *pool->slabs);
    pool->slabs[pool->slab_count++] = mem_map(pool->size * SLAB_PIECES);
    pool->unused = SLAB_PIECES;
}

/* Pages that will be written all are cheaper asked for at once than one by one
 * as they are touched. Not in the first slab, which may never fill. */
static void populate(const struct pool *pool, char *piece)
{
#ifdef MADV_POPULATE_WRITE
    if (pool->slab_count > 1)
        madvise(piece, pool->size, MADV_POPULATE_WRITE);
#else
    (void)pool;
    (void)piece;
#endif
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
    if (!pool->unused)
        add_slab(pool);
    piece = pool->slabs[pool->slab_count - 1] +
            (SLAB_PIECES - pool->unused--) * pool->size;
    populate(pool, piece);
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
    return pool->slab_count * SLAB_PIECES * pool->size;
}
