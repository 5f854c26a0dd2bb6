#include "config.h"

#include "io/player_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "wire/mask.h"

struct player_file {
    FILE *in;
    struct recording_start start;
    struct player_line *lines;
    size_t count, size;
    struct player_exchange *exchanges;
    size_t exchange_count, exchange_size;
    size_t first_free; /* all exchanges before it are taken */
    size_t *tokens;    /* lines, by number - 1 */
    size_t token_count;
    size_t broken, first_broken;
};

/* Opening. */

/* What can be read only once is kept in a file without a name. */
static FILE *keep(FILE *in, struct error *err)
{
    static char bytes[64 * 1024];
    size_t len;
    FILE *kept = tmpfile();
    while (kept && (len = fread(bytes, 1, sizeof bytes, in)) > 0)
        if (fwrite(bytes, 1, len, kept) != len)
            break;
    if (kept && !ferror(in) && !ferror(kept) && fflush(kept) == 0) {
        rewind(kept);
        return kept;
    }
    error_set(err, ERROR_SYSTEM, "cannot read the recording: %s",
              strerror(errno));
    if (kept)
        fclose(kept);
    return NULL;
}

static FILE *open_name(const char *name, struct error *err)
{
    struct stat info;
    if (strcmp(name, "-") == 0)
        return keep(stdin, err);
    FILE *in = fopen(name, "re");
    bool known = in && fstat(fileno(in), &info) == 0;
    if (known && S_ISDIR(info.st_mode))
        errno = EISDIR;
    if (!known || S_ISDIR(info.st_mode)) {
        error_set(err, ERROR_USAGE, "cannot read the recording %.200s: %s",
                  name, strerror(errno));
        if (in)
            fclose(in);
        return NULL;
    }
    if (S_ISREG(info.st_mode))
        return in;
    FILE *kept = keep(in, err);
    fclose(in);
    return kept;
}

/* The index. */

static size_t exchange_of(struct player_file *file, uint64_t number)
{
    /* the newest are asked for most */
    for (size_t i = file->exchange_count; i-- > 0;)
        if (file->exchanges[i].number == number)
            return i;
    return PLAYER_NONE;
}

static size_t add_exchange(struct player_file *file,
                           const struct recording_line *line)
{
    if (file->exchange_count == file->exchange_size) {
        file->exchange_size = file->exchange_size * 2 + 16;
        file->exchanges = mem_resize(file->exchanges, file->exchange_size,
                                     sizeof *file->exchanges);
    }
    file->exchanges[file->exchange_count] = (struct player_exchange){
        .number = line->exchange,
        .method = mem_strdup(line->method ? line->method : "GET"),
        .url = mem_strdup(line->url ? line->url : ""),
        .next = PLAYER_NONE,
        .first = PLAYER_NONE,
        .last = PLAYER_NONE,
    };
    return file->exchange_count++;
}

static void note_token(struct player_file *file, int number)
{
    if (number != (int)file->token_count + 1) {
        /* wishes that a token at hand fulfilled have no line */
        if (number <= (int)file->token_count || number > 1000 * 1000)
            return;
    }
    file->tokens =
        mem_resize(file->tokens, (size_t)number, sizeof *file->tokens);
    while (file->token_count < (size_t)number)
        file->tokens[file->token_count++] = PLAYER_NONE;
    file->tokens[number - 1] = file->count;
}

static void chain(struct player_file *file, struct player_line *place)
{
    if (place->exchange == PLAYER_NONE)
        return;
    struct player_exchange *exchange = &file->exchanges[place->exchange];
    if (exchange->last == PLAYER_NONE)
        exchange->first = exchange->next = file->count;
    else
        file->lines[exchange->last].next = file->count;
    exchange->last = file->count;
}

static void add_line(struct player_file *file,
                     const struct recording_line *line,
                     struct player_line place)
{
    if (file->count == file->size) {
        file->size = file->size * 2 + 64;
        file->lines = mem_resize(file->lines, file->size, sizeof *file->lines);
    }
    int64_t before_ms = file->count ? file->lines[file->count - 1].t_ms : 0;
    place.t_ms = line->t_ms > before_ms ? line->t_ms : before_ms;
    place.type = line->type;
    place.next = place.exchange = PLAYER_NONE;
    if (line->type == RECORDING_REQUEST)
        add_exchange(file, line);
    else if (line->exchange)
        place.exchange = exchange_of(file, line->exchange);
    if (line->type == RECORDING_TOKEN)
        note_token(file, line->number);
    chain(file, &place);
    file->lines[file->count++] = place;
}

static void note_broken(struct player_file *file, size_t number)
{
    if (!file->broken++)
        file->first_broken = number;
}

static void index_line(struct player_file *file, const char *text,
                       struct player_line place, bool ended)
{
    struct recording_line line;
    if (recording_read(&line, text, place.len))
        add_line(file, &line, place);
    else if (ended && place.len)
        note_broken(file, place.number);
    recording_free(&line);
}

static bool index_lines(struct player_file *file, struct error *err)
{
    char *text = NULL;
    size_t size = 0;
    ssize_t len;
    struct player_line place = {0};
    bool good = true;
    while (good && (len = getline(&text, &size, file->in)) > 0) {
        bool ended = text[len - 1] == '\n';
        place.number++;
        place.len = (size_t)len - ended;
        if (place.number == 1)
            good = recording_read_start(&file->start, text, place.len, err);
        else
            index_line(file, text, place, ended);
        place.offset += len;
    }
    if (!place.number)
        good = error_set(err, ERROR_USAGE, "the recording is empty");
    free(text);
    return good;
}

struct player_file *player_file_open(const char *name, struct error *err)
{
    FILE *in = open_name(name, err);
    if (!in)
        return NULL;
    struct player_file *file = mem_zalloc(1, sizeof *file);
    file->in = in;
    if (index_lines(file, err))
        return file;
    player_file_close(file);
    return NULL;
}

void player_file_close(struct player_file *file)
{
    if (!file)
        return;
    for (size_t i = 0; i < file->exchange_count; i++) {
        free(file->exchanges[i].method);
        free(file->exchanges[i].url);
    }
    recording_free_start(&file->start);
    free(file->exchanges);
    free(file->lines);
    free(file->tokens);
    fclose(file->in);
    free(file);
}

/* Looking up. */

const struct recording_start *player_file_start(const struct player_file *file)
{
    return &file->start;
}

size_t player_file_count(const struct player_file *file)
{
    return file->count;
}

const struct player_line *player_file_at(const struct player_file *file,
                                         size_t index)
{
    return &file->lines[index];
}

size_t player_file_broken(const struct player_file *file)
{
    return file->broken;
}

size_t player_file_first_broken(const struct player_file *file)
{
    return file->first_broken;
}

bool player_file_read(const struct player_file *file, size_t index,
                      struct recording_line *line)
{
    const struct player_line *place = &file->lines[index];
    char *text = mem_alloc(place->len + 1);
    ssize_t got = pread(fileno(file->in), text, place->len, place->offset);
    bool good =
        got == (ssize_t)place->len && recording_read(line, text, place->len);
    if (got != (ssize_t)place->len)
        *line = recording_line(RECORDING_UNKNOWN, place->t_ms);
    free(text);
    return good;
}

struct player_exchange *player_file_exchange(const struct player_file *file,
                                             size_t index)
{
    size_t exchange = file->lines[index].exchange;
    return exchange == PLAYER_NONE ? NULL : &file->exchanges[exchange];
}

/* Parameters that say how far one has got, or who one is. */
static bool is_position(const char *parameter, size_t len)
{
    static const char *const names[] = {
        "offset",   "handle",         "cursor",   "live",
        "live_sse", "expired_handle", "shape_id", "experimental_live_sse",
        "log_mode"};
    size_t name = 0;
    while (name < len && parameter[name] != '=')
        name++;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == name && strncmp(parameter, names[i], name) == 0)
            return true;
    return mask_is_secret_name(parameter, name);
}

/* What of a query says what is asked for. */
static void add_question(struct buf *out, const char *query)
{
    while (*query) {
        size_t len = strcspn(query, "&");
        if (!is_position(query, len)) {
            buf_addc(out, '&');
            buf_add(out, query, len);
        }
        query += len + (query[len] == '&');
    }
}

/* An asterisk stands for one byte of a secret. */
static bool is_spelled(const char *recorded, const char *asked, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (recorded[i] != asked[i] && recorded[i] != '*')
            return false;
    return true;
}

/* The same address; *same_query: and the same question. a: as recorded. */
static bool is_same(const char *a, const char *b, bool *same_query)
{
    size_t len = strcspn(a, "?");
    if (len != strcspn(b, "?") || !is_spelled(a, b, len))
        return false;
    struct buf first = buf_make(0), second = buf_make(0);
    add_question(&first, a + len + (a[len] == '?'));
    add_question(&second, b + len + (b[len] == '?'));
    *same_query = strcmp(buf_str(&first), buf_str(&second)) == 0;
    buf_free(&first);
    buf_free(&second);
    return true;
}

struct player_exchange *player_file_take(struct player_file *file,
                                         const char *method, const char *url)
{
    struct player_exchange *found = NULL;
    bool same_query = false;
    while (file->first_free < file->exchange_count &&
           file->exchanges[file->first_free].taken)
        file->first_free++;
    for (size_t i = file->first_free; i < file->exchange_count; i++) {
        struct player_exchange *exchange = &file->exchanges[i];
        if (exchange->taken || strcmp(exchange->method, method) != 0 ||
            !is_same(exchange->url, url, &same_query))
            continue;
        if (!found || same_query)
            found = exchange;
        if (same_query)
            break;
    }
    if (found)
        found->taken = true;
    return found;
}

void player_file_rewind(struct player_file *file)
{
    for (size_t i = 0; i < file->exchange_count; i++) {
        file->exchanges[i].next = file->exchanges[i].first;
        file->exchanges[i].taken = false;
    }
    file->first_free = 0;
}

size_t player_file_token(const struct player_file *file, int number)
{
    return number >= 1 && (size_t)number <= file->token_count
               ? file->tokens[number - 1]
               : PLAYER_NONE;
}
