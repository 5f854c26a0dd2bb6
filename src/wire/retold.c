/* Held events lie one after another in a buffer, each as a head, its name and
 * its data, both with a zero behind. */
#include "config.h"

#include "wire/retold.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

struct sum {
    uint64_t events, bytes, hash;
};

struct retold {
    struct sum told, held;
    struct buf events;
    size_t given; /* bytes of them */
    size_t max_held;
    bool comparing;
    bool anew; /* what is told next begins another answer */
};

struct head {
    size_t name_len, data_len;
};

/* FNV-1a, over all that was added so far. */
static uint64_t hash_on(uint64_t hash, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static struct head head_of(const struct sse_event *event)
{
    return (struct head){event->event_len, event->data_len};
}

static void add(struct sum *sum, const struct sse_event *event)
{
    struct head head = head_of(event);
    if (!sum->events)
        sum->hash = UINT64_C(0xcbf29ce484222325);
    sum->hash = hash_on(sum->hash, &head.name_len, sizeof head.name_len);
    sum->hash = hash_on(sum->hash, &head.data_len, sizeof head.data_len);
    sum->hash = hash_on(sum->hash, event->event, head.name_len);
    sum->hash = hash_on(sum->hash, event->data, head.data_len);
    sum->bytes += sizeof head + head.name_len + head.data_len + 2;
    sum->events++;
}

struct retold *retold_create(size_t max_held)
{
    struct retold *retold = mem_zalloc(1, sizeof *retold);
    retold->events = buf_make(0);
    retold->max_held = max_held;
    return retold;
}

void retold_destroy(struct retold *retold)
{
    if (!retold)
        return;
    buf_free(&retold->events);
    free(retold);
}

void retold_note(struct retold *retold, const struct sse_event *event)
{
    if (retold->anew)
        retold->told = (struct sum){0};
    retold->anew = false;
    if (retold_may_compare(retold))
        add(&retold->told, event);
}

bool retold_may_compare(const struct retold *retold)
{
    return retold->told.bytes <= retold->max_held;
}

static void forget_held(struct retold *retold)
{
    buf_free(&retold->events);
    retold->events = buf_make(0);
    retold->held = (struct sum){0};
    retold->given = 0;
}

void retold_begin_anew(struct retold *retold)
{
    forget_held(retold);
    retold->comparing = false;
    retold->anew = true;
}

void retold_begin(struct retold *retold)
{
    forget_held(retold);
    retold->anew = false;
    retold->comparing = retold->told.events > 0 && retold_may_compare(retold);
}

bool retold_is_comparing(const struct retold *retold)
{
    return retold->comparing;
}

static void hold(struct retold *retold, const struct sse_event *event)
{
    struct head head = head_of(event);
    buf_add(&retold->events, (const char *)&head, sizeof head);
    buf_add(&retold->events, event->event, head.name_len);
    buf_addc(&retold->events, '\0');
    buf_add(&retold->events, event->data, head.data_len);
    buf_addc(&retold->events, '\0');
}

bool retold_take(struct retold *retold, const struct sse_event *event)
{
    const struct sum *told = &retold->told, *held = &retold->held;
    add(&retold->held, event);
    hold(retold, event);
    if (held->events < told->events && held->bytes < told->bytes)
        return true;
    retold->comparing = false;
    if (held->events != told->events || held->bytes != told->bytes ||
        held->hash != told->hash)
        return false;
    forget_held(retold);
    return true;
}

bool retold_stop(struct retold *retold)
{
    retold->comparing = false;
    return retold->held.events == 0;
}

bool retold_next(struct retold *retold, struct sse_event *event)
{
    struct head head;
    if (retold->given == retold->events.len) {
        forget_held(retold);
        return false;
    }
    if (!retold->given)
        retold->told = (struct sum){0};
    const char *p = retold->events.data + retold->given;
    memcpy(&head, p, sizeof head);
    const char *name = p + sizeof head;
    *event = (struct sse_event){.event = name,
                                .event_len = head.name_len,
                                .data = name + head.name_len + 1,
                                .data_len = head.data_len,
                                .id = ""};
    retold->given += sizeof head + head.name_len + head.data_len + 2;
    return true;
}
