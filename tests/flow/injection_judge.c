#include "config.h"

#include "injection.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/base64.h"
#include "text/utf8.h"

static const char clipboard[] = "\033]52;c;";

struct trial {
    struct buf *complaints;
    const struct door *door;
    enum form form;
    const struct batch *batch;
    const struct shot *shot;
    const struct buf *bytes; /* what was written, without what was copied */
};

static void complain(const struct trial *trial, const char *what, size_t at,
                     const struct buf *bytes)
{
    size_t from = at > 30 ? at - 30 : 0;
    buf_addf(trial->complaints, "  %s:", what);
    for (size_t i = from; bytes && i < bytes->len && i < at + 30; i++) {
        unsigned char byte = (unsigned char)bytes->data[i];
        if (byte >= 0x20 && byte < 0x7f)
            buf_addc(trial->complaints, (char)byte);
        else
            buf_addf(trial->complaints, "\\x%02x", byte);
    }
    buf_addc(trial->complaints, '\n');
}

/* Code points that no output may hold. */
static bool is_forbidden(uint32_t code)
{
    return (code >= 0x7f && code < 0xa0) ||
           (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0x2028 ||
           code == 0x2029;
}

/* Length of a sequence that sets colours, or 0. */
static size_t color_length(const char *text, size_t len)
{
    size_t at = 2;
    if (len < 3 || text[0] != '\033' || text[1] != '[')
        return 0;
    while (at < len && strchr("0123456789;", text[at]) && text[at])
        at++;
    return at < len && text[at] == 'm' ? at + 1 : 0;
}

static void judge_bytes(const struct trial *trial, const struct buf *bytes,
                        const char *allowed, bool colors)
{
    const char *text = buf_str(bytes);
    uint32_t code;
    for (size_t at = 0, used; at < bytes->len; at += used) {
        size_t colored = colors ? color_length(text + at, bytes->len - at) : 0;
        bool good;
        used = utf8_read(text + at, bytes->len - at, &code, &good);
        if (colored) {
            used = colored;
            continue;
        }
        if (!good)
            complain(trial, "no UTF-8", at, bytes);
        else if (is_forbidden(code) ||
                 (code < 0x20 && (!code || !strchr(allowed, (int)code))))
            complain(trial, "a control", at, bytes);
        else
            continue;
        return; /* one is enough */
    }
}

static void judge_patterns(const struct trial *trial, const struct buf *list,
                           size_t count)
{
    const struct buf *bytes = trial->bytes;
    for (size_t i = 0; i < count; i++) {
        const char *found =
            memmem(buf_str(bytes), bytes->len, buf_str(&list[i]), list[i].len);
        if (found)
            complain(trial, "not to be written", (size_t)(found - bytes->data),
                     bytes);
    }
}

/* Takes out what goes to the clipboard, which is going to be pasted: it is
 * text, too. */
static void judge_clipboard(const struct trial *trial, struct buf *rest)
{
    const char *at = buf_str(&trial->shot->bytes), *copy;
    const char *end = at + trial->shot->bytes.len;
    unsigned copies = 0;
    while ((copy = memmem(at, (size_t)(end - at), clipboard,
                          sizeof clipboard - 1))) {
        struct buf text = buf_make(0);
        buf_add(rest, at, (size_t)(copy - at));
        at = copy + sizeof clipboard - 1;
        size_t len = strcspn(at, "\a");
        if (at[len] && base64_read(&text, at, len))
            at += len + 1;
        else
            complain(trial, "an unfinished copy", 0, NULL);
        judge_bytes(trial, &text, "\n", false);
        copies++;
        buf_free(&text);
    }
    buf_add(rest, at, (size_t)(end - at));
    if (trial->form == FORM_SCREEN && trial->door->keys && !copies)
        complain(trial, "nothing was copied", 0, NULL);
}

static bool holds(const struct buf *in, const struct buf *what)
{
    return memmem(buf_str(in), in->len, buf_str(what), what->len) != NULL;
}

/* The same without spaces and ends of lines, where rows are wrapped. */
static bool holds_wrapped(const struct buf *in, const struct buf *what)
{
    struct buf plain = buf_make(0);
    for (size_t i = 0; i < in->len; i++)
        if (in->data[i] != ' ' && in->data[i] != '\n')
            buf_addc(&plain, in->data[i]);
    bool found = holds(&plain, what);
    buf_free(&plain);
    return found;
}

static void want(const struct trial *trial, const struct buf *what,
                 const char *missing)
{
    bool screen = trial->form == FORM_SCREEN;
    const struct buf *in = screen ? &trial->shot->screen : &trial->shot->bytes;
    if (!holds(in, what) && !(screen && holds_wrapped(in, what)))
        complain(trial, missing, 30, what);
}

/* Nothing around a text is lost, and a harmless one is whole. */
static void judge_text(const struct trial *trial, size_t i)
{
    const struct hostile *one = batch_at(trial->batch, i);
    struct buf before = buf_make(0), after = buf_make(0), whole = buf_make(0);
    size_t place = trial->batch->places[i];
    mark_before(&before, "", place);
    mark_after(&after, "", place);
    marked(&whole, trial->batch, i, "");
    want(trial, &before, "lost before");
    want(trial, &after, "lost after");
    if (one->is_clean && one->is_short && trial->form != FORM_ASCII &&
        trial->form != FORM_JSON)
        want(trial, &whole, "changed");
    buf_free(&before);
    buf_free(&after);
    buf_free(&whole);
}

/* JSON lines lose nothing at all. */

static void gather(struct buf *out, const json_t *value)
{
    const char *key;
    json_t *member;
    size_t index;
    if (json_is_string(value)) {
        buf_add(out, json_string_value(value), json_string_length(value));
        buf_addc(out, '\n');
    }
    json_array_foreach(value, index, member) gather(out, member);
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
        gather(out, member);
}

static void judge_json(const struct trial *trial)
{
    struct buf all = buf_make(0);
    const char *line = buf_str(&trial->shot->bytes);
    while (*line) {
        size_t len = strcspn(line, "\n");
        json_t *value = json_loadb(line, len, JSON_ALLOW_NUL, NULL);
        if (!value && strncmp(line, "runtail: ", 9) != 0)
            complain(trial, "no JSON", 0, NULL);
        gather(&all, value);
        json_decref(value);
        line += len + (line[len] == '\n');
    }
    for (size_t i = 0;
         !trial->door->cuts && !trial->door->nests && i < trial->batch->count;
         i++) {
        const struct hostile *one = batch_at(trial->batch, i);
        struct buf whole = buf_make(0);
        marked(&whole, trial->batch, i, "");
        bool joined = memchr(buf_str(&one->text), 0, one->text.len) ||
                      strpbrk(buf_str(&one->text), "\r\n");
        if (one->is_utf8 && !joined && !holds(&all, &whole))
            complain(trial, "reads as something else", 30, &whole);
        buf_free(&whole);
    }
    buf_free(&all);
}

static void judge_end(const struct trial *trial)
{
    const struct shot *shot = trial->shot;
    if (shot->late && trial->form == FORM_SCREEN) {
        for (size_t i = 0; i < trial->batch->count; i++) {
            struct buf mark = buf_make(0);
            size_t place = trial->batch->places[i];
            mark_before(&mark, "", place);
            if (!shot->seen[place])
                complain(trial, "never on the screen", 30, &mark);
            buf_free(&mark);
        }
    }
    if (shot->late)
        buf_addf(
            trial->complaints, "  it does not end:\n%.1500s\n",
            buf_str(trial->form == FORM_SCREEN ? &shot->screen : &shot->bytes));
    else if (WIFSIGNALED(shot->status))
        buf_addf(trial->complaints, "  signal %d\n", WTERMSIG(shot->status));
    if (shot->unknown)
        buf_addf(trial->complaints, "  an unknown sequence: %s\n",
                 shot->last_unknown);
}

/* What stays behind on the main screen. */
static void judge_verdict(const struct trial *trial)
{
    static const char main_screen[] = "\033[?1049l";
    const char *last = NULL, *at = buf_str(&trial->shot->bytes);
    struct buf mark = buf_make(0);
    mark_before(&mark, "", trial->batch->places[0]);
    while ((at = strstr(at, main_screen)))
        last = at++;
    if (!last || !strstr(last, buf_str(&mark)))
        complain(trial, "no verdict", 0, &mark);
    buf_free(&mark);
}

void judge(struct buf *complaints, const struct door *door, enum form form,
           const struct batch *batch, const struct shot *shot)
{
    struct buf bytes = buf_make(0);
    const struct trial trial = {complaints, door, form, batch, shot, &bytes};
    bool screen = form == FORM_SCREEN;
    judge_end(&trial);
    judge_clipboard(&trial, &bytes);
    judge_bytes(&trial, &bytes, screen ? "\033\r\n\b" : "\n",
                form == FORM_COLOR);
    for (size_t i = 0; i < batch->count; i++) {
        const struct hostile *one = batch_at(batch, i);
        judge_patterns(&trial, one->never, one->never_count);
        if (!screen && form != FORM_COLOR)
            judge_patterns(&trial, one->never_plain, one->never_plain_count);
        if (!door->cuts)
            judge_text(&trial, i);
    }
    if (screen && door->keys)
        judge_verdict(&trial);
    if (form == FORM_JSON)
        judge_json(&trial);
    buf_free(&bytes);
}
