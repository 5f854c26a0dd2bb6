/* Repeatable chance for differential tests. */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include <stdint.h>
#include <stddef.h>

/* Returns 0…below-1; *state may start with any number. */
static inline size_t chance(uint64_t *state, size_t below)
{
    *state =
        *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(*state >> 33) % below;
}

#endif
