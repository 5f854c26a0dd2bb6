/* A small set of entry numbers, ascending: marks, unfolded lines. */
#ifndef VIEW_NUMBERS_H
#define VIEW_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More are not taken. */
#define NUMBERS_MAX 1000

struct numbers {
    uint64_t *items;
    size_t count;
};

void numbers_free(struct numbers *numbers);

/* Index of the first number that is not below `number`. */
size_t numbers_index(const struct numbers *numbers, uint64_t number);

bool numbers_has(const struct numbers *numbers, uint64_t number);

/* Takes a number in, or out when it is there. False: the set is full. */
bool numbers_toggle(struct numbers *numbers, uint64_t number);

#endif
