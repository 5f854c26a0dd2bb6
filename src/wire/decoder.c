/* Facts are kept as the last source told them (`told`) and emitted when
 * facts_assign() finds a difference to what was emitted (`facts`). The log goes
 * through one logarray, whatever the source, which is what keeps entries from
 * being doubled when the source changes. */
#include "config.h"

#include "wire/decoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/mem.h"
#include "text/utf8.h"
#include "wire/entry.h"
#include "wire/metadata.h"
#include "wire/packet.h"
#include "wire/pgarray.h"
#include "wire/rest.h"
#include "wire/wire_error.h"

struct decoder {
    event_fn *emit;
    void *context;
    char *run;
    struct run_facts told, facts;
    struct metadata *metadata;
    struct stream_keys streams;
    char *stream_column; /* as last told; NULL: none was */
    struct entry_store entry;
    uint64_t seq;
    bool has_facts;
    bool slides;              /* the task keeps the newest entries only */
    bool has_gap;             /* and some went by unseen */
    int64_t last_entry_ms;    /* of the last one that was told */
    int64_t waiting_since_ms; /* server time; INSTANT_NONE: not waiting */
    int64_t polled_ms; /* version of the last REST object; INSTANT_NONE */
    struct buf scratch;
};

struct decoder *decoder_create(const struct decoder_options *options,
                               event_fn *emit, void *context)
{
    struct decoder *decoder = mem_zalloc(1, sizeof *decoder);
    decoder->emit = emit;
    decoder->context = context;
    decoder->run = mem_strdup(options->run);
    facts_init(&decoder->told);
    facts_init(&decoder->facts);
    decoder->told.id = mem_strdup(options->run);
    decoder->metadata = metadata_create(options->progress_key, options->log_key,
                                        options->scale);
    decoder->waiting_since_ms = decoder->last_entry_ms = INSTANT_NONE;
    decoder->polled_ms = INSTANT_NONE;
    return decoder;
}

void decoder_destroy(struct decoder *decoder)
{
    if (!decoder)
        return;
    facts_free(&decoder->told);
    facts_free(&decoder->facts);
    metadata_destroy(decoder->metadata);
    stream_keys_free(&decoder->streams);
    free(decoder->stream_column);
    entry_store_free(&decoder->entry);
    buf_free(&decoder->scratch);
    free(decoder->run);
    free(decoder);
}

const struct run_facts *decoder_facts(const struct decoder *decoder)
{
    return &decoder->facts;
}

bool decoder_names_streams(const struct decoder *decoder)
{
    return metadata_streams(decoder->metadata).len > 0 &&
           decoder->streams.count > 0;
}

const struct stream_keys *decoder_streams(const struct decoder *decoder)
{
    return &decoder->streams;
}

uint64_t decoder_entries(const struct decoder *decoder)
{
    return decoder->seq;
}

bool decoder_has_gap(const struct decoder *decoder)
{
    return decoder->has_gap;
}

bool decoder_has_facts(const struct decoder *decoder)
{
    return decoder->has_facts;
}

static void emit(struct decoder *decoder, struct event *event, int64_t now_ms)
{
    event->time_ms = now_ms;
    event->run = decoder->run;
    decoder->emit(decoder->context, event);
}

static void emit_facts(struct decoder *decoder, int64_t now_ms)
{
    decoder->has_facts = true;
    if (!facts_assign(&decoder->facts, &decoder->told))
        return;
    struct event event = {.type = EVENT_RUN, .facts = &decoder->facts};
    emit(decoder, &event, now_ms);
}

/* Where the task keeps the newest entries only, an array without any of those
 * before has not taken them back: more went by than it keeps. */
static bool went_by(struct decoder *decoder,
                    const struct logarray_change *change)
{
    decoder->slides |= change->slid > 0;
    return decoder->slides && change->withdrawn && !change->kept &&
           change->fresh >= change->withdrawn;
}

static void emit_gap(struct decoder *decoder,
                     const struct logarray_change *change, int64_t now_ms)
{
    const struct logarray *log = metadata_log(decoder->metadata);
    struct log_entry first;
    struct event event = {.type = EVENT_GAP};
    size_t at = logarray_count(log) - change->fresh;
    entry_decode(&first, &decoder->entry, logarray_element(log, at), now_ms);
    event.gap.from_ms = decoder->last_entry_ms;
    event.gap.to_ms = first.time_ms;
    decoder->has_gap = true;
    emit(decoder, &event, now_ms);
}

static void emit_log(struct decoder *decoder,
                     const struct logarray_change *change, int64_t now_ms)
{
    if (went_by(decoder, change)) {
        emit_gap(decoder, change, now_ms);
    } else if (change->withdrawn) {
        struct event event = {.type = EVENT_REWRITE};
        event.rewrite.kept = change->kept;
        event.rewrite.withdrawn = change->withdrawn;
        emit(decoder, &event, now_ms);
    }
    const struct logarray *log = metadata_log(decoder->metadata);
    size_t count = logarray_count(log);
    for (size_t i = count - change->fresh; i < count; i++) {
        struct log_entry entry;
        struct event event = {.type = EVENT_LOG};
        entry_decode(&entry, &decoder->entry, logarray_element(log, i), now_ms);
        event.log.seq = ++decoder->seq;
        event.log.entry = &entry;
        decoder->last_entry_ms = entry.time_ms;
        emit(decoder, &event, now_ms);
    }
}

/* While a run goes on its facts come first, so that entries fall under the
 * step they belong to; at the end the entries do, so that the end is last. What
 * is told first of all are facts. */
static void emit_all(struct decoder *decoder,
                     const struct logarray_change *change, int64_t now_ms)
{
    bool log_first = decoder->told.finished && decoder->has_facts;
    if (log_first)
        emit_log(decoder, change, now_ms);
    emit_facts(decoder, now_ms);
    if (!log_first)
        emit_log(decoder, change, now_ms);
}

/* Adds up the time spent waiting, as far as it was watched. */
static void watch_waiting(struct decoder *decoder)
{
    struct run_facts *told = &decoder->told;
    bool waiting = told->status == STATUS_WAITING;
    int64_t at = told->updated_ms;
    if (at == INSTANT_NONE)
        return;
    if (waiting && decoder->waiting_since_ms == INSTANT_NONE) {
        decoder->waiting_since_ms = at;
    } else if (!waiting && decoder->waiting_since_ms != INSTANT_NONE) {
        int64_t waited = at - decoder->waiting_since_ms;
        if (told->waited_ms < 0)
            told->waited_ms = 0;
        if (waited > 0 && waited < INT64_MAX - told->waited_ms)
            told->waited_ms += waited;
        decoder->waiting_since_ms = INSTANT_NONE;
    }
}

static void settle_facts(struct decoder *decoder)
{
    struct run_facts *told = &decoder->told;
    told->finished =
        status_is_terminal(told->status) || told->completed_ms != INSTANT_NONE;
    watch_waiting(decoder);
}

/* A column's text in scratch, as C string without NULs; NULL when null. */
static const char *column_text(struct decoder *decoder, const struct row *row,
                               enum column column)
{
    buf_clear(&decoder->scratch);
    if (!row_text(row, column, &decoder->scratch))
        return NULL;
    if (memchr(buf_str(&decoder->scratch), '\0', decoder->scratch.len)) {
        char *text = facts_text(decoder->scratch.data, decoder->scratch.len);
        buf_clear(&decoder->scratch);
        buf_adds(&decoder->scratch, text);
        free(text);
    }
    return buf_str(&decoder->scratch);
}

static void set_text(char **text, const char *value)
{
    char *copy = mem_strdup(value);
    free(*text);
    *text = copy;
}

static void set_instant(int64_t *instant, const char *text)
{
    if (!text || !instant_parse_database(text, strlen(text), instant))
        *instant = INSTANT_NONE;
}

static double number_or_nan(const char *text)
{
    char *end;
    double number = text ? strtod(text, &end) : NAN;
    return text && end > text && isfinite(number) ? number : NAN;
}

static void set_status(struct run_facts *told, const char *word)
{
    told->status = word ? status_from_word(word, strlen(word)) : STATUS_UNKNOWN;
    set_text(&told->status_text, word);
}

static void set_tags(struct run_facts *told, const char *literal)
{
    pgarray_free(told->tags, told->tag_count);
    told->tags = NULL;
    told->tag_count = 0;
    if (literal)
        pgarray_parse(literal, strlen(literal), &told->tags, &told->tag_count);
}

static void set_packet(struct decoder *decoder, const struct row *row,
                       enum column column, enum column type_column, char **text,
                       bool *stored)
{
    struct buf type = buf_make(0), value = buf_make(0);
    const char *data = NULL;
    bool typed = row_text(row, type_column, &type);
    *stored = false;
    data = column_text(decoder, row, column);
    if (data)
        packet_decode(&value, data, decoder->scratch.len,
                      typed ? buf_str(&type) : NULL, stored);
    set_text(text, data ? buf_str(&value) : NULL);
    buf_free(&type);
    buf_free(&value);
}

/* The instants of a row, column by column. */
static int64_t *instant_of(struct run_facts *told, enum column column)
{
    switch ((int)column) {
    case COLUMN_CREATED:
        return &told->created_ms;
    case COLUMN_UPDATED:
        return &told->updated_ms;
    case COLUMN_STARTED:
        return &told->started_ms;
    case COLUMN_DELAYED:
        return &told->delayed_until_ms;
    case COLUMN_QUEUED:
        return &told->queued_ms;
    case COLUMN_EXPIRED:
        return &told->expired_ms;
    case COLUMN_COMPLETED:
        return &told->completed_ms;
    default:
        return NULL;
    }
}

static void take_number(struct decoder *decoder, enum column column,
                        double number)
{
    if (column == COLUMN_COST)
        decoder->told.cost_cents = number;
    else if (column == COLUMN_BASE_COST)
        decoder->told.base_cost_cents = number;
    else if (column == COLUMN_USAGE)
        decoder->told.usage_ms =
            number >= 0 && number < 1e15 ? (int64_t)number : -1;
}

static void take_column(struct decoder *decoder, const struct row *row,
                        enum column column)
{
    struct run_facts *told = &decoder->told;
    const char *text = column_text(decoder, row, column);
    int64_t *instant = instant_of(told, column);
    if (instant)
        set_instant(instant, text);
    else if (column == COLUMN_TASK)
        set_text(&told->task, text);
    else if (column == COLUMN_TTL)
        set_text(&told->ttl, text);
    else if (column == COLUMN_TEST)
        told->is_test = text && (!strcmp(text, "t") || !strcmp(text, "true"));
    else if (column == COLUMN_STATUS)
        set_status(told, text);
    else if (column == COLUMN_TAGS)
        set_tags(told, text);
    else if (column == COLUMN_ERROR)
        wire_error_read(told, text, decoder->scratch.len);
    else
        take_number(decoder, column, number_or_nan(text));
}

static const uint32_t packet_columns =
    1u << COLUMN_PAYLOAD | 1u << COLUMN_PAYLOAD_TYPE | 1u << COLUMN_OUTPUT |
    1u << COLUMN_OUTPUT_TYPE | 1u << COLUMN_METADATA |
    1u << COLUMN_METADATA_TYPE | 1u << COLUMN_STREAMS | 1u << COLUMN_ID;

static void take_packets(struct decoder *decoder, const struct row *row,
                         uint32_t changed)
{
    struct run_facts *told = &decoder->told;
    if (changed & (1u << COLUMN_PAYLOAD | 1u << COLUMN_PAYLOAD_TYPE))
        set_packet(decoder, row, COLUMN_PAYLOAD, COLUMN_PAYLOAD_TYPE,
                   &told->payload, &told->payload_stored);
    if (changed & (1u << COLUMN_OUTPUT | 1u << COLUMN_OUTPUT_TYPE))
        set_packet(decoder, row, COLUMN_OUTPUT, COLUMN_OUTPUT_TYPE,
                   &told->output, &told->output_stored);
}

/* Sources of different kinds may lag behind each other: what is older than what
 * another has told must not take entries back. The end is always believed,
 * since servers' clocks differ a little. */
static bool is_stale(const struct decoder *decoder, int64_t known_ms,
                     int64_t updated_ms, bool finished)
{
    return known_ms != INSTANT_NONE && updated_ms != INSTANT_NONE &&
           updated_ms < known_ms && (!finished || decoder->told.finished);
}

static bool row_is_finished(struct decoder *decoder, const struct row *row)
{
    if (column_text(decoder, row, COLUMN_COMPLETED))
        return true;
    const char *word = column_text(decoder, row, COLUMN_STATUS);
    return word && status_is_terminal(status_from_word(word, strlen(word)));
}

static bool row_is_stale(struct decoder *decoder, const struct row *row)
{
    int64_t updated_ms;
    set_instant(&updated_ms, column_text(decoder, row, COLUMN_UPDATED));
    return is_stale(decoder, decoder->polled_ms, updated_ms,
                    row_is_finished(decoder, row));
}

static void read_streams(struct decoder *decoder)
{
    stream_keys_read(&decoder->streams, metadata_streams(decoder->metadata),
                     decoder->stream_column);
}

bool decoder_take_streams(struct decoder *decoder, const struct row *row)
{
    free(decoder->stream_column);
    decoder->stream_column =
        mem_strdup(column_text(decoder, row, COLUMN_STREAMS));
    read_streams(decoder);
    return row_is_finished(decoder, row);
}

void decoder_take_row(struct decoder *decoder, struct row *row, int64_t now_ms)
{
    if (decoder->polled_ms != INSTANT_NONE && row_is_stale(decoder, row))
        return; /* not settled: told with the next change */
    uint32_t changed = row_changed(row);
    for (int i = 0; i < COLUMN_COUNT; i++)
        if (changed & ~packet_columns & 1u << i)
            take_column(decoder, row, (enum column)i);
    take_packets(decoder, row, changed);
    settle_facts(decoder);
    struct logarray_change change = {0};
    if (changed & (1u << COLUMN_METADATA | 1u << COLUMN_STATUS))
        metadata_read(decoder->metadata, row_metadata(row),
                      decoder->told.status == STATUS_COMPLETED, &decoder->told,
                      &change);
    if (changed & (1u << COLUMN_METADATA | 1u << COLUMN_STREAMS))
        decoder_take_streams(decoder, row);
    row_settle(row);
    emit_all(decoder, &change, now_ms);
}

static void take_rest_run(struct decoder *decoder, const struct rest_run *run,
                          int64_t now_ms)
{
    struct logarray_change change = {0};
    if (is_stale(decoder, decoder->told.updated_ms, run->updated_ms,
                 run->finished))
        return;
    decoder->polled_ms = run->updated_ms;
    rest_run_facts(run, &decoder->told);
    settle_facts(decoder);
    if (run->metadata) {
        metadata_read(decoder->metadata,
                      (struct slice){run->metadata, strlen(run->metadata)},
                      decoder->told.status == STATUS_COMPLETED, &decoder->told,
                      &change);
        read_streams(decoder);
    }
    emit_all(decoder, &change, now_ms);
}

bool decoder_take_rest(struct decoder *decoder, const char *json, size_t len,
                       int64_t now_ms, struct error *err)
{
    struct rest_run run;
    if (!rest_run_parse(&run, json, len, err))
        return false;
    take_rest_run(decoder, &run, now_ms);
    rest_run_free(&run);
    return true;
}

bool decoder_take_poll(struct decoder *decoder, const char *json, size_t len,
                       int64_t now_ms, struct error *err)
{
    struct rest_run run;
    if (!rest_run_parse_poll(&run, json, len, err))
        return false;
    take_rest_run(decoder, &run, now_ms);
    rest_run_free(&run);
    return true;
}

void decoder_take_details(struct decoder *decoder, const char *json, size_t len,
                          int64_t now_ms)
{
    struct rest_run run;
    if (!rest_run_parse(&run, json, len, NULL))
        return;
    rest_run_details(&run, &decoder->told);
    emit_facts(decoder, now_ms);
    rest_run_free(&run);
}
