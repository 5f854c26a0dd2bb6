#include "config.h"

#include "wire/metadata.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct metadata {
    char *progress_key, *log_key;
    struct progress_reader progress;
    struct logarray *log;
    bool had_log;
    struct buf streams; /* empty: there are none */
};

struct metadata *metadata_create(const char *progress_key, const char *log_key,
                                 enum progress_scale scale)
{
    struct metadata *metadata = mem_zalloc(1, sizeof *metadata);
    metadata->progress_key = mem_strdup(progress_key);
    metadata->log_key = mem_strdup(log_key);
    metadata->progress.scale = scale;
    metadata->log = logarray_create();
    return metadata;
}

void metadata_destroy(struct metadata *metadata)
{
    if (!metadata)
        return;
    free(metadata->progress_key);
    free(metadata->log_key);
    logarray_destroy(metadata->log);
    buf_free(&metadata->streams);
    free(metadata);
}

const struct logarray *metadata_log(const struct metadata *metadata)
{
    return metadata->log;
}

struct slice metadata_streams(const struct metadata *metadata)
{
    const char *text = metadata->streams.len ? metadata->streams.data : NULL;
    return (struct slice){text, metadata->streams.len};
}

/* The members that are not the log. */
struct members {
    struct slice progress, status, step;
    struct buf others; /* "{…" without the closing brace */
};

static bool starts_with_dollars(struct slice key)
{
    return key.len >= 2 && memcmp(key.data, "$$", 2) == 0;
}

static void note_member(struct metadata *metadata, struct members *members,
                        struct slice key, struct slice value)
{
    if (json_string_is(key, metadata->progress_key))
        members->progress = value;
    else if (json_string_is(key, "status"))
        members->status = value;
    else if (json_string_is(key, "currentStep"))
        members->step = value;
    else if (json_string_is(key, "$$streams")) {
        buf_clear(&metadata->streams);
        buf_add(&metadata->streams, value.data, value.len);
    } else if (!starts_with_dollars(key)) {
        buf_adds(&members->others, members->others.len ? ",\"" : "{\"");
        buf_add(&members->others, key.data, key.len);
        buf_adds(&members->others, "\":");
        buf_add(&members->others, value.data, value.len);
    }
}

/* A text for the facts: of a string its content, else the JSON as it is. */
static char *take_text(struct slice value)
{
    struct buf raw = buf_make(0);
    if (value.len >= 2 && value.data[0] == '"')
        json_unescape(&raw, value.data + 1, value.len - 2);
    else
        buf_add(&raw, value.data, value.len);
    char *text = facts_text(buf_str(&raw), raw.len);
    buf_free(&raw);
    return text;
}

/* A step is a text, or a number (an index) where there is no text. */
static bool is_step(struct slice value)
{
    return value.data && value.len && value.data[0] != '{' &&
           value.data[0] != '[' && !slice_is(value, "null") &&
           !slice_is(value, "\"\"");
}

static void set_step(struct run_facts *facts, const struct members *members)
{
    free(facts->step);
    facts->step = NULL;
    if (is_step(members->status) && members->status.data[0] == '"')
        facts->step = take_text(members->status);
    else if (is_step(members->step))
        facts->step = take_text(members->step);
}

static void set_others(struct run_facts *facts, struct members *members)
{
    free(facts->metadata);
    facts->metadata = NULL;
    if (!members->others.len)
        return;
    buf_addc(&members->others, '}');
    facts->metadata = take_text(
        (struct slice){buf_str(&members->others), members->others.len});
}

/* The log's value at p; its end. A null says as little as no log at all. */
static const char *read_log(struct metadata *metadata, const char *p,
                            const char *end, bool *present,
                            struct logarray_change *change)
{
    if (end - p >= 4 && memcmp(p, "null", 4) == 0)
        return p + 4;
    const char *stop = logarray_update(metadata->log, p, end, change);
    *present = stop != NULL;
    metadata->had_log |= *present;
    return stop;
}

static void set_facts(struct metadata *metadata, struct members *members,
                      bool completed, struct run_facts *facts)
{
    if (members->progress.data || facts->progress.kind != PROGRESS_NONE)
        facts->progress =
            progress_read(&metadata->progress, members->progress, completed);
    set_step(facts, members);
    set_others(facts, members);
}

bool metadata_read(struct metadata *metadata, struct slice text, bool completed,
                   struct run_facts *facts, struct logarray_change *change)
{
    struct json_walk walk;
    struct slice key;
    struct members members = {.others = buf_make(0)};
    bool log_present = false;
    *change = (struct logarray_change){.kept = logarray_count(metadata->log)};
    bool good = true;
    buf_clear(&metadata->streams);
    if (text.data && !slice_is(text, "null")) {
        good = json_walk_start(&walk, text) && walk.close == '}';
        while (good && json_walk_key(&walk, &key)) {
            const char *value = walk.p;
            bool is_log =
                !log_present && json_string_is(key, metadata->log_key);
            const char *stop = is_log ? read_log(metadata, value, walk.end,
                                                 &log_present, change)
                                      : json_value_end(value, walk.end);
            if (!json_walk_pass(&walk, stop))
                break;
            if (!is_log)
                note_member(metadata, &members, key,
                            (struct slice){value, (size_t)(stop - value)});
        }
        good = good && !walk.broken;
    }
    set_facts(metadata, &members, completed, facts);
    facts->log_unavailable = metadata->had_log && !log_present;
    buf_free(&members.others);
    return good;
}
