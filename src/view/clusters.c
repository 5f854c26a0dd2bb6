/* Texts in the order of their numbers, and a table of numbers with open
 * addressing, never more than half full. */
#include "config.h"

#include "view/clusters.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    FIRST_SLOTS = 64
};

struct text {
    char bytes[CLUSTERS_TEXT_SIZE];
};

struct clusters {
    struct text *texts;
    size_t count, slot_count; /* slots: a power of two */
    uint32_t *slots;          /* number + 1; 0: free */
};

struct clusters *clusters_create(void)
{
    return mem_zalloc(1, sizeof(struct clusters));
}

void clusters_destroy(struct clusters *clusters)
{
    if (!clusters)
        return;
    clusters_clear(clusters);
    free(clusters);
}

void clusters_clear(struct clusters *clusters)
{
    free(clusters->texts);
    free(clusters->slots);
    *clusters = (struct clusters){0};
}

size_t clusters_count(const struct clusters *clusters)
{
    return clusters->count;
}

const char *clusters_text(const struct clusters *clusters, uint32_t number)
{
    return clusters->texts[number].bytes;
}

/* The slot of a text: where its number is or would be. */
static uint32_t *slot_of(const struct clusters *clusters,
                         const struct text *text)
{
    uint64_t hash = 0;
    for (size_t i = 0; text->bytes[i]; i++)
        hash = (hash + (unsigned char)text->bytes[i]) * 0x9e3779b97f4a7c15u;
    size_t mask = clusters->slot_count - 1;
    size_t at = (size_t)(hash >> 32) & mask;
    while (clusters->slots[at] &&
           memcmp(&clusters->texts[clusters->slots[at] - 1], text,
                  sizeof *text) != 0)
        at = (at + 1) & mask;
    return &clusters->slots[at];
}

static void grow(struct clusters *clusters)
{
    size_t slots =
        clusters->slot_count ? clusters->slot_count * 2 : FIRST_SLOTS;
    free(clusters->slots);
    clusters->slots = mem_zalloc(slots, sizeof *clusters->slots);
    clusters->slot_count = slots;
    clusters->texts =
        mem_resize(clusters->texts, slots / 2, sizeof *clusters->texts);
    for (size_t i = 0; i < clusters->count; i++)
        *slot_of(clusters, &clusters->texts[i]) = (uint32_t)i + 1;
}

uint32_t clusters_number(struct clusters *clusters, const char *text,
                         size_t len)
{
    struct text whole = {{0}};
    memcpy(whole.bytes, text, len);
    if (clusters->count * 2 >= clusters->slot_count)
        grow(clusters);
    uint32_t *slot = slot_of(clusters, &whole);
    if (!*slot) {
        clusters->texts[clusters->count++] = whole;
        *slot = (uint32_t)clusters->count;
    }
    return *slot - 1;
}
