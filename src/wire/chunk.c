#include "config.h"

#include "wire/chunk.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "text/escape.h"
#include "wire/chunk_parts.h"
#include "wire/json_valid.h"

struct chunk_decoder *chunk_decoder_create(void)
{
    return mem_zalloc(1, sizeof(struct chunk_decoder));
}

void chunk_decoder_destroy(struct chunk_decoder *decoder)
{
    if (!decoder)
        return;
    buf_free(&decoder->id);
    buf_free(&decoder->name);
    buf_free(&decoder->text);
    buf_free(&decoder->json);
    buf_free(&decoder->all);
    buf_free(&decoder->type);
    buf_free(&decoder->inner);
    entry_store_free(&decoder->entry);
    free(decoder);
}

struct chunk_move chunk_move_make(enum chunk_kind kind)
{
    return (struct chunk_move){.kind = kind, .choice = -1};
}

void chunk_emit(struct chunk_decoder *decoder, const struct chunk_move *move)
{
    decoder->take(decoder->context, move);
}

/* Names are rarely escaped, and longer than what they stand for if they are. */
static bool is_named(struct slice name, const char *key, size_t len)
{
    return name.len == len ? memcmp(name.data, key, len) == 0
                           : name.len > len && json_string_is(name, key);
}

struct slice chunk_member(struct slice object, const char *key)
{
    struct json_walk walk;
    struct slice name, value, found = {0};
    size_t len = strlen(key);
    if (!chunk_is_object(object) || !json_walk_start(&walk, object))
        return found;
    while (json_walk_next(&walk, &name, &value))
        if (is_named(name, key, len))
            found = value;
    if (slice_is(found, "null"))
        found = (struct slice){0};
    return found;
}

struct slice chunk_first_member(struct slice object, const char *const *keys)
{
    struct slice value = {0};
    for (; *keys && !value.data; keys++)
        value = chunk_member(object, *keys);
    return value;
}

bool chunk_is_string(struct slice value)
{
    return value.data && value.len >= 2 && value.data[0] == '"';
}

bool chunk_is_object(struct slice value)
{
    return value.data && value.len >= 2 && value.data[0] == '{';
}

bool chunk_is_true(struct slice value)
{
    return slice_is(value, "true");
}

struct slice chunk_text(struct buf *in, struct slice value)
{
    if (!chunk_is_string(value))
        return (struct slice){0};
    buf_clear(in);
    json_unescape(in, value.data + 1, value.len - 2);
    return (struct slice){buf_str(in), in->len};
}

/* The surrogate that an escape stands for; 0: another code point, or it is no
 * escape. */
static uint16_t half_at(const char *p)
{
    unsigned unit = 0;
    if (p[0] != '\\' || p[1] != 'u' || (p[2] != 'd' && p[2] != 'D'))
        return 0;
    for (int i = 2; i < 6; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *digit = p[i] ? strchr(digits, tolower(p[i])) : NULL;
        if (!digit)
            return 0;
        unit = unit << 4 | (unsigned)(digit - digits);
    }
    return unit >= 0xD800 ? (uint16_t)unit : 0;
}

struct slice chunk_delta(struct chunk_decoder *decoder, struct slice value)
{
    enum {
        ESCAPE = 6
    };
    decoder->head = decoder->tail = 0;
    if (chunk_is_string(value) && value.len >= ESCAPE + 2) {
        const char *start = value.data + 1;
        const char *last = value.data + value.len - 1 - ESCAPE;
        const char *slash = last;
        while (slash > start && slash[-1] == '\\')
            slash--;
        decoder->head = half_at(start);
        if ((last - slash) % 2 == 0)
            decoder->tail = half_at(last);
    }
    return chunk_text(&decoder->text, value);
}

size_t chunk_join_halves(uint16_t tail, uint16_t head, char out[UTF8_MAX_BYTES])
{
    if (tail < 0xD800 || tail >= 0xDC00 || head < 0xDC00 || head >= 0xE000)
        return 0;
    return utf8_encode(0x10000 + ((uint32_t)(tail - 0xD800) << 10) +
                           (uint32_t)(head - 0xDC00),
                       out);
}

void chunk_emit_error(struct chunk_decoder *decoder, struct chunk_move *move,
                      struct slice error)
{
    static const char *const messages[] = {"message", "errorText", "error",
                                           NULL};
    struct slice message = chunk_first_member(error, messages);
    bool has_more = chunk_is_object(message);
    if (has_more) /* { error: { message } } */
        message = chunk_member(message, "message");
    move->text = chunk_shown(&decoder->text, message.data ? message : error);
    if (chunk_is_object(error))
        move->json = chunk_json(&decoder->json, error);
    chunk_emit(decoder, move);
}

void chunk_emit_note(struct chunk_decoder *decoder, const char *name,
                     struct slice value)
{
    struct chunk_move move = chunk_move_make(CHUNK_NOTE);
    if (!value.data)
        return;
    move.name = (struct slice){name, strlen(name)};
    move.json = chunk_json(&decoder->json, value);
    chunk_emit(decoder, &move);
}

static struct chunk_move delta_move(const struct chunk_decoder *decoder,
                                    enum chunk_block block, struct slice id,
                                    struct slice text)
{
    struct chunk_move move = chunk_move_make(CHUNK_BLOCK_DELTA);
    move.block = block;
    move.id = id;
    move.text = text;
    move.head = decoder->head;
    move.tail = decoder->tail;
    return move;
}

void chunk_emit_delta(struct chunk_decoder *decoder, enum chunk_block block,
                      struct slice id, int choice, struct slice text)
{
    struct chunk_move move = delta_move(decoder, block, id, text);
    move.choice = choice;
    if (text.len)
        chunk_emit(decoder, &move);
}

void chunk_emit_ordered(struct chunk_decoder *decoder, enum chunk_block block,
                        struct slice id, struct slice text)
{
    struct chunk_move move = delta_move(decoder, block, id, text);
    move.in_order = true;
    if (text.len)
        chunk_emit(decoder, &move);
}

static void emit_text(struct chunk_decoder *decoder, enum chunk_kind kind,
                      struct slice text)
{
    struct chunk_move move = chunk_move_make(kind);
    move.text = text;
    if (kind == CHUNK_PLAIN) {
        move.head = decoder->head;
        move.tail = decoder->tail;
    }
    chunk_emit(decoder, &move);
}

static void emit_json(struct chunk_decoder *decoder, enum chunk_kind kind,
                      struct slice name, struct slice json)
{
    struct chunk_move move = chunk_move_make(kind);
    move.name = name;
    move.json = chunk_json(&decoder->json, json);
    chunk_emit(decoder, &move);
}

static void add_part(struct buf *out, struct slice value)
{
    struct buf shown = buf_make(0);
    struct slice text = chunk_shown(&shown, value);
    if (text.len) {
        if (out->len)
            buf_adds(out, ", ");
        buf_add(out, text.data, text.len);
    }
    buf_free(&shown);
}

void chunk_emit_source(struct chunk_decoder *decoder, enum chunk_kind kind,
                       struct slice value)
{
    static const char *const members[] = {"title",     "filename", "mediaType",
                                          "mimeType",  "url",      "base64",
                                          "base64Data"};
    struct chunk_move move = chunk_move_make(kind);
    buf_clear(&decoder->text);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        add_part(&decoder->text, chunk_member(value, members[i]));
    move.text = (struct slice){buf_str(&decoder->text), decoder->text.len};
    move.json = chunk_json(&decoder->json, value);
    if (!move.text.len)
        move.text = move.json;
    chunk_emit(decoder, &move);
}

/* Are all members those that a log entry has a place for? */
static bool is_plain_entry(struct slice chunk)
{
    static const char *const known[] = {"level",     "message", "msg",  "text",
                                        "timestamp", "ts",      "time", "data"};
    const size_t count = sizeof known / sizeof *known;
    struct json_walk walk;
    struct slice name, value;
    json_walk_start(&walk, chunk);
    while (json_walk_next(&walk, &name, &value)) {
        size_t i = 0;
        while (i < count && !slice_is(name, known[i]))
            i++;
        if (i == count)
            return false;
    }
    return true;
}

/* An entry with members of its own keeps all of them as its data. */
static bool emit_log(struct chunk_decoder *decoder, struct slice chunk)
{
    static const char *const messages[] = {"message", "msg", "text", NULL};
    struct log_entry entry;
    struct chunk_move move = chunk_move_make(CHUNK_LOG);
    bool is_entry = chunk_member(chunk, "message").data ||
                    (chunk_is_string(chunk_member(chunk, "level")) &&
                     chunk_first_member(chunk, messages).data);
    if (!is_entry)
        return false;
    struct slice shown = chunk_json(&decoder->json, chunk);
    entry_decode(&entry, &decoder->entry, shown, decoder->time_ms);
    if (!is_plain_entry(chunk)) {
        entry.data = shown.data;
        entry.data_len = shown.len;
    }
    move.log = &entry;
    chunk_emit(decoder, &move);
    return true;
}

static void decode_object(struct chunk_decoder *decoder, struct slice chunk)
{
    struct slice type = chunk_text(&decoder->type, chunk_member(chunk, "type"));
    if (type.data && (chunk_ai_sdk(decoder, type, chunk) ||
                      chunk_responses(decoder, type, chunk)))
        return;
    if (chunk_chat(decoder, chunk))
        return;
    struct slice shown = chunk_json(&decoder->json, chunk);
    if (chunk_is_string(shown)) /* a list of bytes */
        emit_text(decoder, CHUNK_LINE, chunk_text(&decoder->text, shown));
    else if (type.data)
        emit_json(decoder, CHUNK_UNKNOWN, type, chunk);
    else if (!emit_log(decoder, chunk))
        emit_json(decoder, CHUNK_JSON, (struct slice){0}, chunk);
}

/* Text that holds an object was appended as that object. Lists do not count:
 * "[1]" is how an answer cites. */
static bool decode_inner(struct chunk_decoder *decoder, struct slice text)
{
    struct slice name, value;
    struct json_walk walk;
    if (text.len < 2 || text.data[0] != '{' ||
        !json_valid(text.data, text.len) || !json_walk_start(&walk, text) ||
        !json_walk_next(&walk, &name, &value))
        return false;
    buf_clear(&decoder->inner);
    buf_add(&decoder->inner, text.data, text.len);
    decode_object(decoder, (struct slice){buf_str(&decoder->inner), text.len});
    return true;
}

static void decode_text(struct chunk_decoder *decoder, enum chunk_kind kind,
                        struct slice text)
{
    buf_clear(&decoder->all);
    if (decode_inner(decoder, text))
        return;
    if (chunk_hide(&decoder->all, text.data, text.len))
        emit_text(decoder, CHUNK_LINE,
                  (struct slice){buf_str(&decoder->all), decoder->all.len});
    else if (text.len)
        emit_text(decoder, kind, text);
}

static void decode_large(struct chunk_decoder *decoder, size_t len)
{
    buf_clear(&decoder->text);
    buf_adds(&decoder->text, "(a part of ");
    chunk_add_size(&decoder->text, len);
    buf_addc(&decoder->text, ')');
    emit_text(decoder, CHUNK_LINE,
              (struct slice){buf_str(&decoder->text), decoder->text.len});
}

void chunk_decode(struct chunk_decoder *decoder, const struct stream_part *part,
                  chunk_fn *take, void *context)
{
    const char *end = part->chunk + part->chunk_len;
    const char *start = json_skip_space(part->chunk, end);
    struct slice chunk = {start, (size_t)(end - start)};
    decoder->take = take;
    decoder->context = context;
    decoder->time_ms = part->time_ms;
    while (chunk.len && strchr(" \t\r\n", chunk.data[chunk.len - 1]))
        chunk.len--;
    if (part->chunk_len > CHUNK_MAX)
        decode_large(decoder, part->chunk_len);
    else if (!part->is_json)
        decode_text(decoder, CHUNK_LINE,
                    (struct slice){part->chunk, part->chunk_len});
    else if (chunk_is_string(chunk))
        decode_text(decoder, CHUNK_PLAIN, chunk_delta(decoder, chunk));
    else if (chunk_is_object(chunk))
        decode_object(decoder, chunk);
    else if (chunk.len)
        emit_json(decoder, CHUNK_JSON, (struct slice){0}, chunk);
}
