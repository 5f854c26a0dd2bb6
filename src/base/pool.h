/* Large pieces of memory that come and go: of one size, as a rule. They are cut
 * from slabs, and one that was given back is the next one taken; so they leave
 * no holes, as pieces of malloc() do that grow, shrink and go in turns. */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>

struct pool;

/* size: bytes of most pieces, a power of two up to a MiB. */
struct pool *pool_create(size_t size);

/* Takes all pieces of that size along; the others must have been given back.
 * NULL is fine. */
void pool_destroy(struct pool *pool);

/* A piece of any size, uninitialised. One that is not of the pool's size comes
 * from the system and goes back there. */
char *pool_take(struct pool *pool, size_t size);

/* Gives a piece back, with the size it was taken with. NULL is fine. */
void pool_give(struct pool *pool, char *piece, size_t size);

/* Bytes of all slabs, used or not. */
size_t pool_memory(const struct pool *pool);

#endif
