#include "config.h"

#include "injection.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "text/escape.h"
#include "text/utf8.h"
#include "text/width.h"

enum {
    ROW = 150 /* columns, at most, of what is to stand in one row */
};

/* Own texts, repeated as often as it says. */
static const struct {
    const char *name, *text;
    unsigned repeat;
    const char *never; /* as it stands */
} own[] = {
    {"plain words", "The quick brown fox jumps over the lazy dog.", 1, NULL},
    {"words beyond ASCII", "Zażółć gęślą jaźń · Ελλάδα · 日本語", 1, NULL},
    {"brackets", "[31m ]0; <b> \\u001b %s %n $(id) `id` \\x1b[2J", 1, NULL},
    {"colour", "\033[1;31mred\033[0m", 1, NULL},
    {"erase all", "\033[2J\033[3J\033[H", 1, "\033[3J"},
    {"cursor about", "\033[5A\033[999;999Hhere\033[s\033[u", 1,
     "\033[999;999H"},
    {"title", "\033]0;title\a\033]2;t\033\\", 1, "\033]0;"},
    {"clipboard", "\033]52;c;aGVsbG8=\a", 1, "\033]52;c;aGVsbG8="},
    {"link", "\033]8;;http://localhost/\033\\here\033]8;;\033\\", 1, "\033]8;"},
    {"working directory", "\033]7;file:///etc\a\033]1337;File=:\a", 1,
     "\033]7;"},
    {"device attributes", "\033[c\033[>c\033[=c\033Z\033[5n\033[6n", 1,
     "\033[6n"},
    {"request a mode", "\033[?2004$p\033[?1049$p", 1, "\033[?2004$p"},
    {"report the title", "\033[21t\033[18t", 1, "\033[21t"},
    {"set a status string", "\033P1$r0m\033\\\033P$qm\033\\", 1, "\033P"},
    {"main screen", "\033[?1049l\033[?47l\033[?25l", 1, "\033[?47l"},
    {"mouse and paste", "\033[?1000h\033[?1006h\033[?2004h", 1, "\033[?1000h"},
    {"margins", "\033[3;5r\033[?69h\033[5;9s\033[?6h", 1, "\033[?6h"},
    {"reset", "\033c\033[!p\0337\0338", 1, "\033c"},
    {"line drawing", "\033(0lqqk\033(B\016qq\017", 1, "\033(0lqqk"},
    {"answer back", "\005", 1, "\005"},
    {"bells", "\a", 40, "\a"},
    {"backspaces", "secret\b\b\b\b\b\bpublic", 1, NULL},
    {"returns", "honest\rforged", 1, NULL},
    {"feeds", "one\ntwo\r\nthree\vfour\ffive", 1, "\v"},
    {"tabs", "a\tb\tc", 1, NULL},
    {"a forged line", "x\n12:00:00.000 ERROR no\n-- FAILED", 1, NULL},
    {"delete", "a\177b", 1, "\177"},
    {"C1 in UTF-8",
     "\302\2332J\302\235"
     "0;t\302\234\302\220q\302\234",
     1, "\302\233"},
    {"C1 as bytes", "\2332J\2350;t\234\220q\234", 1, NULL},
    {"overlong", "\300\233[2J\340\200\233[2J\300\200", 1, "\300\233"},
    {"surrogates", "\355\240\275\355\270\200", 1, "\355\240"},
    {"beyond the last", "\364\220\200\200\370\210\200\200\200", 1, "\364\220"},
    {"unfinished", "\360\237\230", 1, NULL},
    {"an unfinished sequence", "\033[38;5", 1, NULL},
    {"an unfinished string", "\033]0;never ends", 1, "\033]0;never"},
    {"ESC at the end", "\033", 1, NULL},
    {"override", "\342\200\256live evil\342\200\254", 1, "\342\200\256"},
    {"isolates", "\342\201\246a\342\201\247b\342\201\250c\342\201\251", 1,
     "\342\201\246"},
    {"marks of direction", "\342\200\216a\342\200\217b\330\234c", 1,
     "\342\200\216"},
    {"no width", "pay\342\200\213pal\342\201\240\357\273\277\302\255", 1,
     "\342\200\213"},
    {"separators", "a\342\200\250b\342\200\251c", 1, "\342\200\250"},
    {"fillers", "\341\205\237\343\205\244\357\276\240", 1, "\341\205\237"},
    {"tags", "\363\240\201\201\363\240\201\202", 1, "\363\240\201\201"},
    {"interlinear", "\357\277\271a\357\277\272b\357\277\273", 1,
     "\357\277\271"},
    {"not characters", "\357\277\277\357\267\220\364\217\277\277", 1, NULL},
    {"private", "\356\200\200\363\260\200\200", 1, NULL},
    {"combining marks", "\314\201", 5000, NULL},
    {"marks on a letter",
     "a\314\201\314\202\314\203\314\204\314\205\314\206\314\207\314\210\314\211"
     "\314\212\314\213",
     9, NULL},
    {"variations", "\357\270\217", 3000, NULL},
    {"joiners", "\342\200\215", 3000, NULL},
    {"a family", "👨‍👩‍👧‍👦", 1, NULL},
    {"a family without end", "👩‍", 2000, NULL},
    {"jamo", "\341\204\200", 2000, NULL},
    {"a very long word", "wwwwwwwwww", 400, NULL},
    {"very many sequences", "\033[1m", 1500, NULL},
};

static void add_bytes(struct buf **list, size_t *count, const char *bytes,
                      size_t len)
{
    *list = mem_resize(*list, *count + 1, sizeof **list);
    struct buf *to = &(*list)[(*count)++];
    *to = buf_make(0);
    buf_add(to, bytes, len);
}

static bool is_simple(uint32_t code)
{
    return code >= 0x20 && code < 0x1f000 && width_of_code(code) == 1;
}

static void weigh(struct hostile *one)
{
    const char *text = buf_str(&one->text);
    size_t len = one->text.len;
    one->is_utf8 = utf8_valid(text, len);
    one->is_clean = escape_is_safe(text, len, 0);
    one->is_short = len < ROW;
    for (size_t at = 0; at < len && one->is_short;) {
        uint32_t code;
        at += utf8_decode(text + at, len - at, &code);
        one->is_short = is_simple(code);
    }
}

static struct hostile *add(struct hostile **all, size_t *count)
{
    *all = mem_resize(*all, *count + 1, sizeof **all);
    struct hostile *one = &(*all)[(*count)++];
    *one = (struct hostile){.text = buf_make(0)};
    return one;
}

static void add_own(struct hostile **all, size_t *count)
{
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        struct hostile *one = add(all, count);
        one->name = mem_strdup(own[i].name);
        for (unsigned n = 0; n < own[i].repeat; n++)
            buf_adds(&one->text, own[i].text);
        if (own[i].never)
            add_bytes(&one->never, &one->never_count, own[i].never,
                      strlen(own[i].never));
        weigh(one);
    }
}

static void add_patterns(struct buf **list, size_t *count, const json_t *item,
                         const char *key)
{
    const json_t *patterns = json_object_get(item, key);
    for (size_t i = 0; i < json_array_size(patterns); i++) {
        const char *hex = json_string_value(json_array_get(patterns, i));
        struct buf bytes = buf_make(0);
        for (; hex[0] && hex[1]; hex += 2) {
            char pair[] = {hex[0], hex[1], '\0'};
            buf_addc(&bytes, (char)strtoul(pair, NULL, 16));
        }
        add_bytes(list, count, bytes.data, bytes.len);
        buf_free(&bytes);
    }
}

static void add_shared(struct hostile **all, size_t *count, const char *path)
{
    json_t *root = path ? json_load_file(path, 0, NULL) : NULL;
    json_t *cases = json_object_get(root, "cases"), *item;
    size_t index;
    json_array_foreach(cases, index, item)
    {
        struct hostile *one = add(all, count);
        const json_t *coded = json_object_get(item, "base64");
        json_int_t times = json_integer_value(json_object_get(item, "repeat"));
        one->name =
            mem_strdup(json_string_value(json_object_get(item, "name")));
        do
            base64_read(&one->text, json_string_value(coded),
                        json_string_length(coded));
        while (--times > 0);
        add_patterns(&one->never, &one->never_count, item, "must_not_emit");
        add_patterns(&one->never, &one->never_count, item, "should_not_emit");
        add_patterns(&one->never_plain, &one->never_plain_count, item,
                     "must_not_emit_plain");
        weigh(one);
    }
    json_decref(root);
}

struct hostile *hostile_load(const char *path, size_t *count)
{
    struct hostile *all = NULL;
    *count = 0;
    add_own(&all, count);
    add_shared(&all, count, path);
    return all;
}

static void free_list(struct buf *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_free(&list[i]);
    free(list);
}

void hostile_free(struct hostile *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(all[i].name);
        buf_free(&all[i].text);
        free_list(all[i].never, all[i].never_count);
        free_list(all[i].never_plain, all[i].never_plain_count);
    }
    free(all);
}

/* Letters: numbers in a step's title would count as the same title's. */
static void add_place(struct buf *out, size_t place)
{
    if (place >= 10)
        add_place(out, place / 10);
    buf_addc(out, (char)('A' + place % 10));
}

void mark_before(struct buf *out, const char *tag, size_t place)
{
    buf_addf(out, "<%s", tag);
    add_place(out, place);
    buf_addc(out, '[');
}

void mark_after(struct buf *out, const char *tag, size_t place)
{
    buf_addf(out, "]%s", tag);
    add_place(out, place);
    buf_addc(out, '>');
}

bool mark_read(const char *text, size_t *place)
{
    const char *at = text + 1 + (text[1] >= 'a' && text[1] <= 'z');
    for (*place = 0; *at >= 'A' && *at <= 'J'; at++)
        *place = *place * 10 + (size_t)(*at - 'A');
    return *at == '[' && (at[-1] >= 'A' && at[-1] <= 'J');
}

void marked(struct buf *out, const struct batch *batch, size_t i,
            const char *tag)
{
    const struct hostile *one = batch_at(batch, i);
    mark_before(out, tag, batch->places[i]);
    buf_add(out, buf_str(&one->text), one->text.len);
    mark_after(out, tag, batch->places[i]);
}

void json_text(struct buf *out, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte < 0x20)
            buf_addf(out, "\\u%04x", byte);
        else if (byte == '"' || byte == '\\')
            buf_addf(out, "\\%c", byte);
        else
            buf_addc(out, (char)byte);
    }
}

void marked_json(struct buf *out, const struct batch *batch, size_t i,
                 const char *tag)
{
    struct buf text = buf_make(0);
    marked(&text, batch, i, tag);
    json_text(out, buf_str(&text), text.len);
    buf_free(&text);
}
