/* A ring of names in the order they came, hashed into chains. The oldest one
 * gives its place in the ring, and leaves its chain, for a new one. */
#include "config.h"

#include "wire/seen.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    MAX_NAME = 256
};

struct name {
    char *text; /* NULL: the place was never taken */
    size_t len, chain;
    struct name *next; /* in the chain */
};

struct seen {
    struct name *ring;
    struct name **chains;
    size_t most, oldest, chain_count;
};

struct seen *seen_create(size_t most)
{
    struct seen *seen = mem_zalloc(1, sizeof *seen);
    seen->most = most;
    seen->chain_count = 2 * most + 1;
    seen->ring = mem_zalloc(most, sizeof *seen->ring);
    seen->chains = mem_zalloc(seen->chain_count, sizeof *seen->chains);
    return seen;
}

void seen_destroy(struct seen *seen)
{
    if (!seen)
        return;
    for (size_t i = 0; i < seen->most; i++)
        free(seen->ring[i].text);
    free(seen->ring);
    free(seen->chains);
    free(seen);
}

/* FNV-1a. */
static uint64_t hash(const char *name, size_t len)
{
    uint64_t value = 14695981039346656037u;
    for (size_t i = 0; i < len; i++)
        value = (value ^ (unsigned char)name[i]) * 1099511628211u;
    return value;
}

static void forget(struct seen *seen, struct name *name)
{
    struct name **link = &seen->chains[name->chain];
    if (!name->text)
        return;
    while (*link != name)
        link = &(*link)->next;
    *link = name->next;
    free(name->text);
    name->text = NULL;
}

bool seen_note(struct seen *seen, const char *name, size_t len)
{
    if (len > MAX_NAME)
        return true;
    size_t chain = (size_t)(hash(name, len) % seen->chain_count);
    for (struct name *at = seen->chains[chain]; at; at = at->next)
        if (at->len == len && memcmp(at->text, name, len) == 0)
            return false;
    struct name *place = &seen->ring[seen->oldest];
    seen->oldest = (seen->oldest + 1) % seen->most;
    forget(seen, place);
    *place = (struct name){.text = mem_strndup(name, len),
                           .len = len,
                           .chain = chain,
                           .next = seen->chains[chain]};
    seen->chains[chain] = place;
    return true;
}
