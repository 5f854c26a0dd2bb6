#include "config.h"

#include "view/numbers.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void numbers_free(struct numbers *numbers)
{
    free(numbers->items);
    *numbers = (struct numbers){0};
}

size_t numbers_index(const struct numbers *numbers, uint64_t number)
{
    size_t low = 0, high = numbers->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (numbers->items[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool numbers_has(const struct numbers *numbers, uint64_t number)
{
    size_t at = numbers_index(numbers, number);
    return at < numbers->count && numbers->items[at] == number;
}

bool numbers_toggle(struct numbers *numbers, uint64_t number)
{
    size_t at = numbers_index(numbers, number);
    if (at < numbers->count && numbers->items[at] == number) {
        numbers->count--;
        memmove(numbers->items + at, numbers->items + at + 1,
                (numbers->count - at) * sizeof *numbers->items);
        return true;
    }
    if (numbers->count == NUMBERS_MAX)
        return false;
    numbers->items =
        mem_resize(numbers->items, numbers->count + 1, sizeof *numbers->items);
    memmove(numbers->items + at + 1, numbers->items + at,
            (numbers->count - at) * sizeof *numbers->items);
    numbers->items[at] = number;
    numbers->count++;
    return true;
}
