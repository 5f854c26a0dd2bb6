#include "config.h"

#include "wire/entry.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/instant.h"
#include "text/escape.h"
#include "text/utf8.h"
#include "wire/json_valid.h"

enum {
    MAX_LEVEL_WORD = 32
};

/* The first five stand in the order of enum log_level. */
static const struct {
    const char *word;
    enum log_level level;
} words[] = {
    {"trace", LEVEL_TRACE},  {"debug", LEVEL_DEBUG}, {"info", LEVEL_INFO},
    {"warn", LEVEL_WARN},    {"error", LEVEL_ERROR}, {"log", LEVEL_INFO},
    {"warning", LEVEL_WARN}, {"fatal", LEVEL_ERROR}, {"verbose", LEVEL_DEBUG},
};

enum log_level level_from_word(const char *word)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(word, words[i].word) == 0)
            return words[i].level;
    return LEVEL_NONE;
}

const char *level_word(enum log_level level)
{
    return level == LEVEL_NONE ? NULL : words[level - LEVEL_TRACE].word;
}

static bool is_string(struct slice value)
{
    return value.len >= 2 && value.data[0] == '"';
}

static bool is_null(struct slice value)
{
    return !value.data || slice_is(value, "null");
}

/* The text inside a JSON string; the raw text when an escape is unknown. */
static void read_string(struct buf *out, struct slice value)
{
    buf_clear(out);
    if (json_unescape(out, value.data + 1, value.len - 2))
        return;
    buf_clear(out);
    utf8_repair(out, value.data, value.len);
}

/* Compact JSON; what is no JSON as it stands. */
static void add_json(struct buf *out, struct slice value)
{
    if (json_valid(value.data, value.len))
        json_compact(out, value);
    else
        utf8_repair(out, value.data, value.len);
}

static void read_message(struct log_entry *entry, struct entry_store *store,
                         struct slice value)
{
    buf_clear(&store->message);
    if (is_string(value))
        read_string(&store->message, value);
    else
        add_json(&store->message, value);
    entry->message = buf_str(&store->message);
    entry->message_len = store->message.len;
}

static void read_level(struct log_entry *entry, struct entry_store *store,
                       struct slice value)
{
    if (!is_string(value))
        return;
    read_string(&store->level, value);
    buf_truncate(&store->level, MAX_LEVEL_WORD);
    buf_truncate(&store->level, strlen(buf_str(&store->level)));
    size_t cut = utf8_incomplete_tail(buf_str(&store->level), store->level.len);
    buf_truncate(&store->level, store->level.len - cut);
    if (!store->level.len)
        return;
    for (char *c = store->level.data; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    entry->level = level_from_word(store->level.data);
    entry->level_word = store->level.data;
}

static bool read_number(struct slice value, int64_t *at)
{
    char text[64];
    if (value.len >= sizeof text || !json_valid(value.data, value.len))
        return false;
    memcpy(text, value.data, value.len);
    text[value.len] = '\0';
    char *end;
    double number = strtod(text, &end);
    return end > text && !*end && instant_from_number(number, at);
}

/* A number may stand in quotes. */
static void read_time(struct log_entry *entry, struct slice value)
{
    int64_t at;
    if (is_string(value)) {
        value.data++;
        value.len -= 2;
    }
    if (instant_parse_database(value.data, value.len, &at) ||
        read_number(value, &at)) {
        entry->time_ms = at;
        entry->time_is_arrival = false;
    }
}

/* Values are kept as they were written, so that numbers stay as they are; what
 * is no JSON becomes a JSON string, so that output stays JSON. */
static void read_data(struct log_entry *entry, struct entry_store *store,
                      struct slice value)
{
    buf_clear(&store->data);
    if (!json_valid(value.data, value.len)) {
        buf_addc(&store->data, '"');
        escape_json(&store->data, value.data, value.len);
        buf_addc(&store->data, '"');
    } else {
        json_compact(&store->data, value);
    }
    entry->data = buf_str(&store->data);
    entry->data_len = store->data.len;
}

/* The members of an entry, whatever their order; names in falling rank. */
struct members {
    struct slice level, message[3], time[3], data;
};

static void note_member(struct members *members, struct slice key,
                        struct slice value)
{
    static const char *const messages[] = {"message", "msg", "text"};
    static const char *const times[] = {"timestamp", "ts", "time"};
    if (slice_is(key, "level"))
        members->level = value;
    else if (slice_is(key, "data"))
        members->data = value;
    for (int i = 0; i < 3; i++) {
        if (slice_is(key, messages[i]) && !is_null(value))
            members->message[i] = value;
        if (slice_is(key, times[i]) && !is_null(value))
            members->time[i] = value;
    }
}

static struct slice first_of(const struct slice candidates[3])
{
    for (int i = 0; i < 3; i++)
        if (candidates[i].data)
            return candidates[i];
    return (struct slice){0};
}

void entry_decode(struct log_entry *entry, struct entry_store *store,
                  struct slice json, int64_t arrival_ms)
{
    struct json_walk walk;
    struct slice key, value;
    struct members members = {0};
    *entry = (struct log_entry){.time_ms = arrival_ms, .time_is_arrival = true};
    if (json.len && json.data[0] == '{' && json_walk_start(&walk, json)) {
        while (json_walk_next(&walk, &key, &value))
            note_member(&members, key, value);
        if (walk.broken)
            members = (struct members){0};
    }
    if (members.level.data)
        read_level(entry, store, members.level);
    struct slice time = first_of(members.time);
    if (time.data)
        read_time(entry, time);
    struct slice message = first_of(members.message);
    read_message(entry, store, message.data ? message : json);
    if (members.data.data)
        read_data(entry, store, members.data);
}

void entry_store_free(struct entry_store *store)
{
    buf_free(&store->level);
    buf_free(&store->message);
    buf_free(&store->data);
}
