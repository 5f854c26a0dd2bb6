/* Two bytes of the text wanted are compared at sixteen places at once; where
 * both are right the whole is. They are the two that are rarest in logs. */
#include "config.h"

#include "text/find.h"

#include <string.h>

enum {
    LANES = 16,
    CASE_BIT = 0x20
};

typedef uint8_t lanes __attribute__((vector_size(LANES)));

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* How common a byte is: the higher the less. */
static size_t rarity(char byte)
{
    static const char COMMON[] = " e0ta1oi2n\"s3r:4,h5l6d7c8u9m-pf/gw.yb";
    const char *at = byte ? strchr(COMMON, byte) : NULL;
    return at ? (size_t)(at - COMMON) : sizeof COMMON;
}

struct finder finder_make(const char *bytes, size_t len, bool any_case)
{
    struct finder finder = {.bytes = bytes, .len = len, .any_case = any_case};
    size_t first = 0;
    for (size_t i = 0; i < len; i++)
        if (rarity(bytes[i]) > rarity(bytes[first]))
            first = i;
    size_t second = first ? 0 : len - 1;
    for (size_t i = 0; i < len; i++)
        if (i != first && rarity(bytes[i]) > rarity(bytes[second]))
            second = i;
    finder.at[0] = first;
    finder.at[1] = second;
    for (int i = 0; i < 2; i++) {
        char byte = bytes[finder.at[i]];
        finder.fold[i] = any_case && is_letter(byte) ? CASE_BIT : 0;
        finder.wanted[i] = (uint8_t)byte | finder.fold[i];
    }
    return finder;
}

static bool is_there(const struct finder *finder, const char *text)
{
    if (!finder->any_case)
        return memcmp(text, finder->bytes, finder->len) == 0;
    for (size_t i = 0; i < finder->len; i++) {
        char byte = text[i];
        if (byte >= 'A' && byte <= 'Z')
            byte = (char)(byte + CASE_BIT);
        if (byte != finder->bytes[i])
            return false;
    }
    return true;
}

static lanes load(const char *text)
{
    lanes out;
    memcpy(&out, text, sizeof out);
    return out;
}

/* The places among LANES from text on where both bytes are right, as bytes
 * that are not 0. */
static lanes both_right(const struct finder *finder, const char *text)
{
    lanes first = load(text + finder->at[0]) | finder->fold[0];
    lanes second = load(text + finder->at[1]) | finder->fold[1];
    return (lanes)((first == finder->wanted[0]) &
                   (second == finder->wanted[1]));
}

static const char *find_among(const struct finder *finder, const char *text,
                              lanes right)
{
    uint8_t place[LANES];
    memcpy(place, &right, sizeof place);
    for (size_t i = 0; i < LANES; i++)
        if (place[i] && is_there(finder, text + i))
            return text + i;
    return NULL;
}

const char *finder_find(const struct finder *finder, const char *text,
                        size_t len)
{
    if (len < finder->len)
        return NULL;
    const char *end = text + (len - finder->len) + 1; /* of the places */
    for (; end - text >= LANES; text += LANES) {
        lanes right = both_right(finder, text);
        uint64_t any[LANES / 8];
        memcpy(any, &right, sizeof any);
        if (!(any[0] | any[1]))
            continue;
        const char *found = find_among(finder, text, right);
        if (found)
            return found;
    }
    for (; text < end; text++)
        if (is_there(finder, text))
            return text;
    return NULL;
}
