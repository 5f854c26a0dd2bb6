#include "config.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void (*last_act)(void);

void mem_set_last_act(void (*act)(void))
{
    last_act = act;
}

static void out_of_memory(size_t size)
{
    if (last_act)
        last_act();
    fprintf(stderr, "runtail: out of memory (wanted %zu bytes)\n", size);
    abort();
}

void *mem_alloc(size_t size)
{
    void *bytes = malloc(size ? size : 1);
    if (!bytes)
        out_of_memory(size);
    return bytes;
}

void *mem_zalloc(size_t count, size_t size)
{
    void *bytes = calloc(count ? count : 1, size ? size : 1);
    if (!bytes)
        out_of_memory(count);
    return bytes;
}

void *mem_resize(void *old, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        out_of_memory(SIZE_MAX);
    size_t total = count * size;
    void *bytes = realloc(old, total ? total : 1);
    if (!bytes)
        out_of_memory(total);
    return bytes;
}

static char *map(size_t size)
{
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bytes == MAP_FAILED)
        out_of_memory(size);
    return bytes;
}

void *mem_map(size_t size)
{
    enum {
        ALIGNED = 2 * 1024 * 1024
    };
    if (!size || size % ALIGNED)
        return map(size);
    char *bytes = map(size + ALIGNED);
    size_t before = ALIGNED - (uintptr_t)bytes % ALIGNED;
    munmap(bytes, before);
    if (before < ALIGNED)
        munmap(bytes + before + size, ALIGNED - before);
    return bytes + before;
}

void mem_unmap(void *bytes, size_t size)
{
    if (bytes)
        munmap(bytes, size);
}

void mem_will_fill(void *bytes, size_t size)
{
#ifdef MADV_HUGEPAGE
    madvise(bytes, size, MADV_HUGEPAGE);
#else
    (void)bytes;
    (void)size;
#endif
}

char *mem_strdup(const char *text)
{
    return text ? mem_strndup(text, strlen(text)) : NULL;
}

char *mem_strndup(const char *bytes, size_t len)
{
    char *copy = mem_alloc(len + 1);
    if (len)
        memcpy(copy, bytes, len);
    copy[len] = '\0';
    return copy;
}

void mem_wipe(void *bytes, size_t size)
{
    if (bytes && size)
        explicit_bzero(bytes, size);
}

void mem_forget(char **secret)
{
    if (*secret)
        mem_wipe(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}
