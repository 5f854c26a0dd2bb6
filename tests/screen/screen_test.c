/* Screens without a terminal: each case file tells what happens to a run, which
 * keys are pressed, and what the frame then looks like.
 *
 *   screen_test [--update] [CASE…]     all of tests/screen/ when none is named
 *
 * --update writes the frames that come out into the case files: read them
 * before they are kept. Case files are read from $srcdir/tests/screen.
 *
 * A case is one command a line; "#" begins a remark. Times are hours of one
 * day, "14:02:11" or "14:02:11.204".
 *
 *   include FILE         the commands of another file
 *   at TIME              the clock from here on
 *   utf8 | ascii-text | motion             settings, off at first
 *   status WORD, task, version, environment, step, payload, output,
 *   metadata TEXT
 *   created | queued | started | completed | delayed TIME
 *   attempt N/M, cost CENTS, waited MS, tag TEXT, test
 *   progress RATIO [CURRENT TOTAL] | unknown
 *   error NAME|MESSAGE, stack TEXT (\n between its lines)
 *   tell                 sends the run's facts as set so far
 *   log LEVEL TIME TEXT [|| JSON]   LEVEL: info warn error debug none
 *   logs COUNT LEVEL TEXT           the same line COUNT times, numbered
 *   part STREAM CHUNK               JSON, or any text
 *   event NAME DATA                 of a stream that nobody knows
 *   link STATE [RETRY_MS ATTEMPT REASON]
 *   rewrite KEPT WITHDRAWN, gap, notice TEXT, end
 *   play STATE AT LENGTH SPEED      a recording: on paused stopped over; ms
 *   keys NAME…           as keycode_name() prints them
 *   type TEXT            its characters as keys
 *   frame WIDTHxHEIGHT   draws; rows up to "endframe" are what is expected
 */
#include "config.h"

#include <dirent.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/instant.h"
#include "base/mem.h"
#include "model/run.h"
#include "text/utf8.h"
#include "view/keys.h"
#include "view/view_run.h"
#include "wire/entry.h"
#include "wire/json_valid.h"

enum {
    PATH_SIZE = 512,
    LINE_SIZE = 4096,
    DEPTH_MAX = 4
};

struct stage {
    struct run *run;
    struct view_run *view;
    struct run_facts facts;
    struct view_env env;
    uint64_t seq, parts;
    uint32_t pending;
    struct buf told; /* what the application would have been asked */
    struct buf out;  /* the case file as it should be */
    const char *name;
    int line, frames, failures;
    bool update;
};

static void die(const struct stage *stage, const char *what, const char *text)
{
    fprintf(stderr, "%s:%d: %s: %s\n", stage->name, stage->line, what, text);
    exit(99);
}

static int utc(int64_t instant_ms)
{
    (void)instant_ms;
    return 0;
}

static int64_t time_of(const struct stage *stage, const char *text, int len)
{
    char whole[64];
    int64_t instant;
    snprintf(whole, sizeof whole, "2026-11-20T%.*sZ", len, text);
    if (!instant_parse_rfc3339(whole, strlen(whole), &instant))
        die(stage, "no time", text);
    return instant;
}

static void send(struct stage *stage, struct event *event)
{
    event->time_ms = stage->env.now_ms;
    event->run = "run_cm9x2k7f0a1";
    run_apply(stage->run, event);
    view_run_update(stage->view, stage->run);
}

/* ---- facts ---- */

static void set_text(char **field, const char *text)
{
    free(*field);
    *field = mem_strdup(text);
}

/* "\n" and "\e" in case files. */
static char *unescape(const char *text)
{
    struct buf out = buf_make(0);
    for (; *text; text++) {
        bool escape = text[0] == '\\' && text[1] && strchr("net\\", text[1]);
        if (escape)
            text++;
        buf_addc(&out, !escape        ? *text
                       : *text == 'n' ? '\n'
                       : *text == 'e' ? '\033'
                       : *text == 't' ? '\t'
                                      : '\\');
    }
    return buf_take(&out);
}

static bool set_fact_text(struct stage *stage, const char *command,
                          const char *rest)
{
    struct run_facts *facts = &stage->facts;
    char **field = !strcmp(command, "task")          ? &facts->task
                   : !strcmp(command, "version")     ? &facts->version
                   : !strcmp(command, "environment") ? &facts->environment
                   : !strcmp(command, "step")        ? &facts->step
                   : !strcmp(command, "payload")     ? &facts->payload
                   : !strcmp(command, "output")      ? &facts->output
                   : !strcmp(command, "metadata")    ? &facts->metadata
                   : !strcmp(command, "stack")       ? &facts->error.stack
                                                     : NULL;
    if (!field)
        return false;
    char *text = unescape(rest);
    set_text(field, text);
    free(text);
    return true;
}

static bool set_fact_time(struct stage *stage, const char *command,
                          const char *rest)
{
    struct run_facts *facts = &stage->facts;
    int64_t *field = !strcmp(command, "created")     ? &facts->created_ms
                     : !strcmp(command, "queued")    ? &facts->queued_ms
                     : !strcmp(command, "started")   ? &facts->started_ms
                     : !strcmp(command, "completed") ? &facts->completed_ms
                     : !strcmp(command, "delayed")   ? &facts->delayed_until_ms
                                                     : NULL;
    if (!field)
        return false;
    *field = time_of(stage, rest, (int)strlen(rest));
    return true;
}

static void set_progress(struct stage *stage, const char *rest)
{
    struct run_progress *progress = &stage->facts.progress;
    *progress = (struct run_progress){
        .kind = PROGRESS_UNKNOWN, .current = NAN, .total = NAN};
    if (sscanf(rest, "%lf %lf %lf", &progress->ratio, &progress->current,
               &progress->total) >= 1)
        progress->kind = PROGRESS_RATIO;
}

static void set_error(struct stage *stage, const char *rest)
{
    const char *bar = strchr(rest, '|');
    if (!bar)
        die(stage, "error NAME|MESSAGE", rest);
    char *name = mem_strndup(rest, (size_t)(bar - rest));
    char *message = unescape(bar + 1);
    set_text(&stage->facts.error.name, *name ? name : NULL);
    set_text(&stage->facts.error.message, message);
    stage->facts.has_error = true;
    free(name);
    free(message);
}

static void add_tag(struct stage *stage, const char *text)
{
    struct run_facts *facts = &stage->facts;
    facts->tags =
        mem_resize(facts->tags, facts->tag_count + 1, sizeof *facts->tags);
    facts->tags[facts->tag_count++] = mem_strdup(text);
}

static bool set_fact(struct stage *stage, const char *command, const char *rest)
{
    struct run_facts *facts = &stage->facts;
    if (!strcmp(command, "status")) {
        facts->status = status_from_word(rest, strlen(rest));
        facts->finished = status_is_terminal(facts->status);
        set_text(&facts->status_text, rest);
    } else if (!strcmp(command, "attempt")) {
        if (sscanf(rest, "%d/%d", &facts->attempt, &facts->max_attempts) < 1)
            die(stage, "attempt N/M", rest);
    } else if (!strcmp(command, "cost")) {
        facts->cost_cents = strtod(rest, NULL);
    } else if (!strcmp(command, "waited")) {
        facts->waited_ms = strtol(rest, NULL, 10);
    } else if (!strcmp(command, "progress")) {
        set_progress(stage, rest);
    } else if (!strcmp(command, "error")) {
        set_error(stage, rest);
    } else if (!strcmp(command, "tag")) {
        add_tag(stage, rest);
    } else if (!strcmp(command, "test")) {
        facts->is_test = true;
    } else {
        return set_fact_time(stage, command, rest) ||
               set_fact_text(stage, command, rest);
    }
    return true;
}

/* ---- events ---- */

static enum log_level level_of(const struct stage *stage, const char *word)
{
    static const char *const WORDS[] = {"none", "trace", "debug",
                                        "info", "warn",  "error"};
    for (int i = 0; i < 6; i++)
        if (!strcmp(WORDS[i], word))
            return (enum log_level)i;
    die(stage, "no level", word);
    return LEVEL_NONE;
}

static void send_entry(struct stage *stage, struct log_entry *entry)
{
    struct event event = {.type = EVENT_LOG};
    event.log.seq = ++stage->seq;
    event.log.entry = entry;
    send(stage, &event);
}

static void send_log(struct stage *stage, const char *rest)
{
    char level[16], time[32];
    int used = 0;
    if (sscanf(rest, "%15s %31s %n", level, time, &used) < 2 || !used)
        die(stage, "log LEVEL TIME TEXT", rest);
    char *text = unescape(rest + used);
    char *data = strstr(text, " || ");
    if (data)
        *data = '\0';
    struct log_entry entry = {
        .time_ms = time_of(stage, time, (int)strlen(time)),
        .level = level_of(stage, level),
        .message = text,
        .message_len = strlen(text),
        .data = data ? data + 4 : NULL,
        .data_len = data ? strlen(data + 4) : 0,
    };
    send_entry(stage, &entry);
    free(text);
}

static void send_logs(struct stage *stage, const char *rest)
{
    char level[16];
    int count = 0, used = 0;
    if (sscanf(rest, "%d %15s %n", &count, level, &used) < 2 || !used)
        die(stage, "logs COUNT LEVEL TEXT", rest);
    for (int i = 1; i <= count; i++) {
        char text[LINE_SIZE];
        int len = snprintf(text, sizeof text, "%s %d", rest + used, i);
        struct log_entry entry = {
            .time_ms = stage->env.now_ms,
            .level = level_of(stage, level),
            .message = text,
            .message_len = (size_t)len,
        };
        send_entry(stage, &entry);
    }
}

static void send_part(struct stage *stage, const char *rest)
{
    char stream[32];
    int used = 0;
    if (sscanf(rest, "%31s %n", stream, &used) < 1 || !used)
        die(stage, "part STREAM CHUNK", rest);
    const char *chunk = rest + used;
    struct stream_part part = {
        .stream = stream,
        .time_ms = stage->env.now_ms,
        .is_json = json_valid(chunk, strlen(chunk)),
        .chunk = chunk,
        .chunk_len = strlen(chunk),
    };
    struct event event = {.type = EVENT_PART};
    event.part.seq = ++stage->parts;
    event.part.part = &part;
    send(stage, &event);
}

static void send_sse(struct stage *stage, const char *rest)
{
    char name[32];
    int used = 0;
    if (sscanf(rest, "%31s %n", name, &used) < 1 || !used)
        die(stage, "event NAME DATA", rest);
    struct sse_event from = {.event = name,
                             .event_len = strlen(name),
                             .data = rest + used,
                             .data_len = strlen(rest + used)};
    struct event event = {.type = EVENT_SSE};
    event.sse.seq = ++stage->seq;
    event.sse.event = &from;
    send(stage, &event);
}

static void send_link(struct stage *stage, const char *rest)
{
    static const char *const WORDS[] = {"connecting", "live", "reconnecting",
                                        "polling", "closed"};
    struct event event = {.type = EVENT_CONNECTION};
    char word[32];
    long retry = -1;
    int attempt = 0, used = 0;
    sscanf(rest, "%31s %ld %d %n", word, &retry, &attempt, &used);
    event.connection.retry_in_ms = retry;
    event.connection.attempt = attempt;
    event.connection.reason = used ? rest + used : NULL;
    for (int i = 0; i < 5; i++)
        if (!strcmp(word, WORDS[i]))
            event.connection.state = (enum connection_state)i;
    send(stage, &event);
}

static bool send_event(struct stage *stage, const char *command,
                       const char *rest)
{
    struct event event = {.type = EVENT_END};
    if (!strcmp(command, "log")) {
        send_log(stage, rest);
        return true;
    }
    if (!strcmp(command, "logs")) {
        send_logs(stage, rest);
        return true;
    }
    if (!strcmp(command, "link")) {
        send_link(stage, rest);
        return true;
    }
    if (!strcmp(command, "part")) {
        send_part(stage, rest);
        return true;
    }
    if (!strcmp(command, "event")) {
        send_sse(stage, rest);
        return true;
    }
    if (!strcmp(command, "tell")) {
        event.type = EVENT_RUN;
        event.facts = &stage->facts;
    } else if (!strcmp(command, "rewrite")) {
        unsigned long kept = 0, withdrawn = 0;
        sscanf(rest, "%lu %lu", &kept, &withdrawn);
        event.type = EVENT_REWRITE;
        event.rewrite.kept = kept;
        event.rewrite.withdrawn = withdrawn;
    } else if (!strcmp(command, "gap")) {
        event.type = EVENT_GAP;
    } else if (!strcmp(command, "notice")) {
        event.type = EVENT_NOTICE;
        event.notice = rest;
    } else if (!strcmp(command, "end")) {
        event.end.complete = !*rest;
        event.end.missing = *rest ? rest : NULL;
    } else {
        return false;
    }
    send(stage, &event);
    return true;
}

static void set_play(struct stage *stage, const char *rest)
{
    static const char *const WORDS[] = {"none", "on", "paused", "stopped",
                                        "over"};
    struct view_play *play = &stage->env.play;
    char word[16];
    long at = 0, length = 0;
    if (sscanf(rest, "%15s %ld %ld %lf", word, &at, &length, &play->speed) < 4)
        die(stage, "play STATE AT LENGTH SPEED", rest);
    play->at_ms = at;
    play->length_ms = length;
    for (int i = 0; i < 5; i++)
        if (!strcmp(word, WORDS[i]))
            play->state = (enum view_play_state)i;
}

/* ---- keys ---- */

static void press(struct stage *stage, uint32_t key)
{
    if (view_run_key(stage->view, stage->run, key))
        return;
    enum action action = action_of_key(stage->pending, key);
    stage->pending = action == ACTION_MORE ? key : 0;
    if (action == ACTION_NONE || action == ACTION_MORE)
        return;
    if (!view_run_act(stage->view, stage->run, action))
        buf_addf(&stage->told, "%s ", action_info(action)->name);
}

static uint32_t key_named(const struct stage *stage, const char *name)
{
    char known[16];
    for (uint32_t key = 0; key < 0x80; key++)
        if (keycode_name(key, known, sizeof known) && !strcmp(known, name))
            return key;
    for (uint32_t key = KEYCODE_FIRST_NAMED; key < KEYCODE_NONE; key++)
        if (keycode_name(key, known, sizeof known) && !strcmp(known, name))
            return key;
    die(stage, "no key", name);
    return KEYCODE_NONE;
}

static void press_all(struct stage *stage, char *names)
{
    for (char *name = strtok(names, " "); name; name = strtok(NULL, " "))
        press(stage, key_named(stage, name));
}

static void type_all(struct stage *stage, const char *text)
{
    size_t len = strlen(text);
    while (len) {
        uint32_t code;
        size_t used = utf8_decode(text, len, &code);
        press(stage, code);
        text += used;
        len -= used;
    }
}

/* ---- frames ---- */

enum {
    SPOILT = 0x2603
};

static void spoil(struct frame *frame)
{
    for (int y = 0; y < frame_height(frame); y++)
        for (int x = 0; x < frame_width(frame); x++)
            frame_puts(frame, x, y, 1, STYLE_TEXT, "\xe2\x98\x83");
}

/* True when the clock's row is as in `whole`, and of the rest each cell is that
 * or spoilt: nothing is drawn twice, or by half. */
static bool is_drawn_around(const struct frame *frame,
                            const struct frame *whole)
{
    bool same = true;
    for (int y = 0; y < frame_height(frame); y++)
        for (int x = 0; x < frame_width(frame); x++) {
            const struct cell *cell = frame_cell(frame, x, y);
            bool drawn =
                memcmp(cell, frame_cell(whole, x, y), sizeof *cell) == 0;
            same &= drawn || (y > 0 && cell->sign == SPOILT);
        }
    return same;
}

/* When only the clock goes on, what it changes is drawn around the log; with
 * the log that is there, it comes to the same as drawing all. */
static void check_tick(struct stage *stage, struct frame *frame)
{
    struct view_env env = stage->env;
    struct buf ticked = buf_make(0), text = buf_make(0);
    struct frame *whole = frame_create(frame_width(frame), frame_height(frame));
    env.now_ms += 700;
    if (view_run_draw_tick(stage->view, stage->run, &env, frame)) {
        view_run_draw(stage->view, stage->run, &env, whole);
        frame_text(frame, &ticked);
        frame_text(whole, &text);
        if (strcmp(buf_str(&ticked), buf_str(&text)) != 0)
            die(stage, "the clock alone draws", buf_str(&ticked));
        spoil(frame);
        view_run_draw_tick(stage->view, stage->run, &env, frame);
        if (!is_drawn_around(frame, whole))
            die(stage, "the clock does not draw all around", buf_str(&text));
    }
    buf_free(&ticked);
    buf_free(&text);
    frame_destroy(whole);
}

static void draw(struct stage *stage, const char *size, struct buf *out)
{
    int width = 0, height = 0;
    const char *what;
    if (sscanf(size, "%dx%d", &width, &height) != 2)
        die(stage, "frame WIDTHxHEIGHT", size);
    struct frame *frame = frame_create(width, height);
    const char *copied = view_run_take_copy(stage->view, &what);
    if (copied) {
        char words[64];
        buf_addf(&stage->told, "copy %s: %s ", what, copied);
        snprintf(words, sizeof words, "copied %s", what);
        view_run_say(stage->view, stage->env.now_ms, words);
    }
    view_run_draw(stage->view, stage->run, &stage->env, frame);
    frame_text(frame, out);
    check_tick(stage, frame);
    if (stage->told.len) {
        buf_truncate(&stage->told, stage->told.len - 1);
        buf_addf(out, "told: %s\n", buf_str(&stage->told));
        buf_clear(&stage->told);
    }
    frame_destroy(frame);
}

static void check_frame(struct stage *stage, const char *size, FILE *file)
{
    struct buf got = buf_make(0), want = buf_make(0);
    char line[LINE_SIZE];
    int at = stage->line;
    while (fgets(line, sizeof line, file)) {
        stage->line++;
        if (!strcmp(line, "endframe\n"))
            break;
        buf_adds(&want, line);
    }
    draw(stage, size, &got);
    stage->frames++;
    bool same = strcmp(buf_str(&got), buf_str(&want)) == 0;
    if (!same && !stage->update) {
        printf("%s:%d: the frame differs; wanted:\n%sgot:\n%s", stage->name, at,
               buf_str(&want), buf_str(&got));
        stage->failures++;
    }
    buf_add(&stage->out, buf_str(&got), got.len);
    buf_adds(&stage->out, "endframe\n");
    buf_free(&got);
    buf_free(&want);
}

/* ---- case files ---- */

static void case_path(const char *name, char path[PATH_SIZE])
{
    const char *source = getenv("srcdir");
    snprintf(path, PATH_SIZE, "%s/tests/screen/%s", source ? source : ".",
             name);
}

static void play(struct stage *stage, FILE *file, int depth);

static void play_file(struct stage *stage, const char *name, int depth)
{
    char path[PATH_SIZE];
    case_path(name, path);
    FILE *file = fopen(path, "r");
    if (!file || depth > DEPTH_MAX)
        die(stage, "cannot open", path);
    play(stage, file, depth);
    fclose(file);
}

static void obey(struct stage *stage, char *line, FILE *file, int depth)
{
    char *rest = line + strcspn(line, " ");
    if (*rest)
        *rest++ = '\0';
    if (!strcmp(line, "include"))
        play_file(stage, rest, depth + 1);
    else if (!strcmp(line, "at"))
        stage->env.now_ms = time_of(stage, rest, (int)strlen(rest));
    else if (!strcmp(line, "utf8"))
        stage->env.utf8 = true;
    else if (!strcmp(line, "ascii-text"))
        stage->env.ascii_text = true;
    else if (!strcmp(line, "motion"))
        stage->env.motion = true;
    else if (!strcmp(line, "play"))
        set_play(stage, rest);
    else if (!strcmp(line, "keys"))
        press_all(stage, rest);
    else if (!strcmp(line, "type"))
        type_all(stage, rest);
    else if (!strcmp(line, "frame"))
        check_frame(stage, rest, file);
    else if (!set_fact(stage, line, rest) && !send_event(stage, line, rest))
        die(stage, "no such command", line);
}

static void play(struct stage *stage, FILE *file, int depth)
{
    char line[LINE_SIZE];
    while (fgets(line, sizeof line, file)) {
        if (depth == 0) {
            stage->line++;
            buf_adds(&stage->out, line);
        }
        line[strcspn(line, "\n")] = '\0';
        if (line[0] && line[0] != '#')
            obey(stage, line, file, depth);
    }
}

static void write_back(const struct stage *stage, const char *name)
{
    char path[PATH_SIZE];
    case_path(name, path);
    FILE *file = fopen(path, "w");
    if (!file || fputs(buf_str(&stage->out), file) < 0 || fclose(file))
        die(stage, "cannot write", path);
}

static int run_case(const char *name, bool update, int *frames)
{
    struct stage stage = {.name = name, .update = update};
    stage.run = run_create("run_cm9x2k7f0a1", 64 << 20);
    stage.view = view_run_create();
    stage.env.utc_offset_s = utc;
    stage.env.zone = "UTC";
    facts_init(&stage.facts);
    set_text(&stage.facts.id, "run_cm9x2k7f0a1");
    stage.env.now_ms = time_of(&stage, "14:02:10", 8);
    play_file(&stage, name, 0);
    if (update)
        write_back(&stage, name);
    *frames += stage.frames;
    facts_free(&stage.facts);
    view_run_destroy(stage.view);
    run_destroy(stage.run);
    buf_free(&stage.told);
    buf_free(&stage.out);
    return stage.failures;
}

static int is_case(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 5 && !strcmp(entry->d_name + len - 5, ".case");
}

int main(int argc, char **argv)
{
    bool update = argc > 1 && !strcmp(argv[1], "--update");
    int first = update ? 2 : 1, failures = 0, frames = 0;
    char path[PATH_SIZE];
    for (int i = first; i < argc; i++)
        failures += run_case(argv[i], update, &frames);
    if (first < argc)
        return failures ? EXIT_FAILURE : EXIT_SUCCESS;
    case_path("", path);
    struct dirent **cases;
    int count = scandir(path, &cases, is_case, alphasort);
    for (int i = 0; i < count; i++) {
        failures += run_case(cases[i]->d_name, update, &frames);
        free(cases[i]);
    }
    if (count > 0)
        free(cases);
    printf("%d frames of %d cases, %d differ\n", frames, count, failures);
    return failures || count <= 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
