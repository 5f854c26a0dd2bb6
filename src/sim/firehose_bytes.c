#include "config.h"

#include "sim/firehose_bytes.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum {
    NUMBER_LEN = 8,
    STAMP_LEN = 24 /* 2026-01-02T03:04:05.678Z */
};

static void put_digits(char *out, uint32_t value, int count)
{
    while (count-- > 0) {
        out[count] = (char)('0' + value % 10);
        value /= 10;
    }
}

static size_t put_bytes(char *out, const char *bytes, size_t len)
{
    memcpy(out, bytes, len);
    return len;
}

static size_t put(char *out, const char *text)
{
    return put_bytes(out, text, strlen(text));
}

/* Words of different lengths, so that lines do not look alike: what follows
 * the number depends on it alone. */
void firehose_line(char *out, size_t len, uint32_t number)
{
    static const char *const words[] = {"batch",  "of",   "mails",  "fetched",
                                        "from",   "page", "in",     "parallel",
                                        "retry",  "at",   "offset", "invoice",
                                        "stored", "ok",   "next",   "checksum"};
    uint32_t state = number * 2654435761u + 1;
    size_t at = NUMBER_LEN;
    out[0] = '#';
    put_digits(out + 1, number, NUMBER_LEN - 1);
    while (at < len) {
        state = state * 1664525u + 1013904223u;
        const char *word = words[state >> 28];
        size_t word_len = strlen(word);
        out[at++] = ' ';
        if (word_len > len - at)
            word_len = len - at;
        at += put_bytes(out + at, word, word_len);
    }
    if (out[len - 1] == ' ')
        out[len - 1] = '.';
}

/* A moment of a fixed day, ms after its midnight. */
static void put_stamp(char out[STAMP_LEN], uint64_t ms)
{
    put(out, "2026-03-01T00:00:00.000Z");
    put_digits(out + 11, (uint32_t)(ms / 3600000 % 24), 2);
    put_digits(out + 14, (uint32_t)(ms / 60000 % 60), 2);
    put_digits(out + 17, (uint32_t)(ms / 1000 % 60), 2);
    put_digits(out + 20, (uint32_t)(ms % 1000), 3);
}

/* Quotes come escaped, which the size asked for does not count. */
#define ENTRY_HEAD "{\\\"level\\\":\\\"info\\\",\\\"message\\\":\\\""
#define ENTRY_TIME "\\\",\\\"timestamp\\\":\\\""
#define ENTRY_TAIL "\\\"},"

void hose_entries_make(struct hose_entries *entries, uint32_t updates,
                       size_t metadata_bytes, size_t entry_bytes)
{
    static const char raw[] =
        "{\"level\":\"info\",\"message\":\"\",\"timestamp\":\"\"},";
    size_t fixed = sizeof raw - 1 + STAMP_LEN;
    size_t message =
        entry_bytes > fixed + NUMBER_LEN ? entry_bytes - fixed : NUMBER_LEN;
    size_t most = metadata_bytes / (fixed + message);
    entries->updates = updates;
    entries->most = most ? (uint32_t)most : 1;
    entries->at_start = entries->most > updates ? entries->most - updates : 1;
    entries->entry_len =
        strlen(ENTRY_HEAD ENTRY_TIME ENTRY_TAIL) + message + STAMP_LEN;
    size_t count = (size_t)entries->at_start + updates;
    entries->text = mem_alloc(count * entries->entry_len);
    char *p = entries->text;
    for (uint32_t i = 0; i < count; i++) {
        p += put(p, ENTRY_HEAD);
        firehose_line(p, message, i);
        p += message;
        p += put(p, ENTRY_TIME);
        put_stamp(p, (uint64_t)i * 100);
        p += STAMP_LEN;
        p += put(p, ENTRY_TAIL);
    }
}

void hose_entries_shown(const struct hose_entries *entries, uint32_t update,
                        uint32_t *from, uint32_t *to)
{
    *to = entries->at_start + update;
    *from = *to > entries->most ? *to - entries->most : 0;
}

void hose_row_head(struct buf *out, const char *id, uint32_t update,
                   uint32_t updates)
{
    char stamp[STAMP_LEN + 1] = "", end[STAMP_LEN + 3] = "null";
    bool over = update == updates;
    put_stamp(stamp, (uint64_t)update * 100);
    stamp[STAMP_LEN - 1] = '\0'; /* columns have no zone */
    if (over)
        snprintf(end, sizeof end, "\"%s\"", stamp);
    buf_addf(out,
             "[{\"key\":\"\\\"public\\\".\\\"TaskRun\\\"/\\\"%s\\\"\","
             "\"value\":{\"id\":\"%s\",\"taskIdentifier\":\"firehose\","
             "\"createdAt\":\"2026-03-01T00:00:00.000\","
             "\"updatedAt\":\"%s\",\"startedAt\":\"2026-03-01T00:00:00.000\","
             "\"delayUntil\":null,\"queuedAt\":\"2026-03-01T00:00:00.000\","
             "\"expiredAt\":null,\"completedAt\":%s,\"friendlyId\":\"%s\","
             "\"number\":\"1\",\"isTest\":\"f\",\"status\":\"%s\","
             "\"usageDurationMs\":\"%u\",\"costInCents\":\"0.5\","
             "\"baseCostInCents\":\"0\",\"ttl\":null,\"payload\":\"{}\","
             "\"payloadType\":\"application/json\","
             "\"metadata\":\"{\\\"progress\\\":%u,\\\"logs\\\":[",
             id, id, stamp, end, id,
             over ? "COMPLETED_SUCCESSFULLY" : "EXECUTING", update * 100,
             updates ? (unsigned)((uint64_t)update * 100 / updates) : 100);
}

void hose_row_tail(struct buf *out, uint32_t update, uint32_t updates)
{
    buf_addf(out,
             "]}\",\"metadataType\":\"application/json\",\"output\":%s,"
             "\"outputType\":\"application/json\",\"runTags\":\"{firehose}\","
             "\"error\":null,\"realtimeStreams\":\"{}\"},"
             "\"headers\":{\"operation\":\"%s\"}},"
             "{\"headers\":{\"control\":\"up-to-date\"}}]",
             update == updates ? "\"{}\"" : "null",
             update ? "update" : "insert");
}

static void add_event(struct buf *out, uint32_t number, size_t event_bytes)
{
    static const char head[] = "{\"level\":\"info\",\"message\":\"";
    static const char tail[] = "\"}";
    enum {
        FIXED = sizeof head - 1 + sizeof tail - 1
    };
    size_t len =
        event_bytes > FIXED + NUMBER_LEN ? event_bytes - FIXED : NUMBER_LEN;
    buf_addf(out, "id: 1772323200000-%u\ndata: %s", (unsigned)number, head);
    buf_reserve(out, len);
    firehose_line(out->data + out->len, len, number);
    out->len += len;
    buf_adds(out, tail);
    buf_adds(out, "\n\n");
}

void hose_events_make(struct hose_events *events, uint32_t count,
                      size_t event_bytes, uint32_t per_chunk)
{
    struct buf chunk = buf_make(0);
    uint32_t number = 0;
    events->events = count;
    events->per_chunk = per_chunk;
    events->chunks = (count + per_chunk - 1) / per_chunk;
    events->text = buf_make(0);
    events->chunk_at =
        mem_alloc(((size_t)events->chunks + 1) * sizeof *events->chunk_at);
    for (uint32_t i = 0; i < events->chunks; i++) {
        buf_clear(&chunk);
        for (uint32_t j = 0; j < per_chunk && number < count; j++)
            add_event(&chunk, number++, event_bytes);
        events->chunk_at[i] = events->text.len;
        buf_addf(&events->text, "%zx\r\n", chunk.len);
        buf_add(&events->text, chunk.data, chunk.len);
        buf_adds(&events->text, "\r\n");
    }
    events->chunk_at[events->chunks] = events->text.len;
    buf_adds(&events->text, "0\r\n\r\n");
    buf_free(&chunk);
}

void hose_text_make(struct hose_text *text, uint32_t frames, size_t text_bytes,
                    size_t line_bytes)
{
    size_t count = text_bytes / line_bytes;
    if (count <= frames)
        count = (size_t)frames + 1;
    text->frames = frames;
    text->at_start = (uint32_t)(count - frames);
    text->line_len = line_bytes + 1; /* the line's end takes two bytes */
    text->text = mem_alloc(count * text->line_len);
    for (uint32_t i = 0; i < count; i++) {
        char *line = text->text + i * text->line_len;
        firehose_line(line, line_bytes - 1, i);
        put(line + line_bytes - 1, "\\n");
    }
}

uint32_t hose_text_lines(const struct hose_text *text, uint32_t frame)
{
    return text->at_start + frame + 1;
}
