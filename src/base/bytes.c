#include "config.h"

#include "base/bytes.h"

#include <string.h>

/* Big strides first; the one that differs is looked at in small ones, and the
 * last of those byte by byte. */
size_t bytes_in_common(const char *a, const char *b, size_t len)
{
    static const size_t strides[] = {4096, 64};
    size_t same = 0;
    for (size_t i = 0; i < sizeof strides / sizeof *strides; i++)
        while (len - same >= strides[i] &&
               memcmp(a + same, b + same, strides[i]) == 0)
            same += strides[i];
    while (same < len && a[same] == b[same])
        same++;
    return same;
}
