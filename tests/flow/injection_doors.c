/* Where texts of strangers come in: what servers answer, door by door. */
#include "config.h"

#include "injection.h"

#include <string.h>

enum {
    SCREEN = 1u << FORM_SCREEN,
    PLAIN = 1u << FORM_PLAIN,
    ASCII = 1u << FORM_ASCII,
    JSON = 1u << FORM_JSON,
    LINES = PLAIN | 1u << FORM_COLOR | ASCII | JSON,
    ANY = SCREEN | LINES
};

static const char row_start[] =
    "[{\"key\":\"\\\"public\\\".\\\"TaskRun\\\"/\\\"1\\\"\",\"value\":{"
    "\"friendlyId\":\"run_1\",\"createdAt\":\"2026-01-02T03:04:05.000\","
    "\"startedAt\":\"2026-01-02T03:04:06.000\"";
static const char row_end[] = "},\"headers\":{\"operation\":\"insert\"}},"
                              "{\"headers\":{\"control\":\"up-to-date\"}}]";
static const char completed[] =
    ",\"taskIdentifier\":\"t\",\"status\":\"COMPLETED_SUCCESSFULLY\","
    "\"completedAt\":\"2026-01-02T03:04:07.000\"";

static void add_head(struct buf *out, const char *status, const char *type)
{
    buf_addf(out, "HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: %s\r\n",
             status, type);
}

static struct buf *begin(struct site *site, const char *name, unsigned number,
                         const char *type)
{
    struct buf *out = &site_add(site, name, number)->bytes;
    add_head(out, "200 OK", type);
    buf_adds(out, "\r\n");
    return out;
}

static struct buf *begin_row(struct site *site, unsigned number)
{
    struct buf *out = &site_add(site, "feed", number)->bytes;
    add_head(out, "200 OK", "application/json");
    buf_addf(out,
             "electric-handle: h\r\nelectric-offset: %u_0\r\n"
             "electric-cursor: %u\r\nelectric-schema: {}\r\n\r\n%s",
             number, number, row_start);
    return out;
}

/* A column whose value is text, given as JSON text or not. */
static void add_column(struct buf *out, const char *name,
                       const struct buf *value)
{
    buf_addf(out, ",\"%s\":\"", name);
    json_text(out, buf_str(value), value->len);
    buf_addc(out, '"');
}

/* The name of a member. (Some readers of JSON refuse a NUL in it.) */
static void marked_key(struct buf *out, const struct batch *batch, size_t i)
{
    const struct buf *text = &batch_at(batch, i)->text;
    if (memchr(buf_str(text), '\0', text->len))
        mark_before(out, "k", batch->places[i]);
    else
        marked_json(out, batch, i, "k");
}

/* The log: messages, data and levels. */

static void add_entries(struct buf *out, const struct batch *batch)
{
    buf_adds(out, "{\"logs\":[");
    for (size_t i = 0; i < batch->count; i++) {
        buf_adds(out, "{\"level\":\"");
        marked_json(out, batch, i, "l");
        buf_adds(out, "\",\"message\":\"");
        marked_json(out, batch, i, "");
        buf_adds(out, "\",\"data\":{\"");
        marked_key(out, batch, i);
        buf_adds(out, "\":\"");
        marked_json(out, batch, i, "d");
        buf_adds(out, "\"}},");
    }
    buf_adds(out, "{\"message\":\"THE END\"}]}");
}

static void fill_log(struct site *site, struct buf *input,
                     const struct batch *batch)
{
    struct buf metadata = buf_make(0);
    (void)input;
    add_entries(&metadata, batch);
    struct buf *out = begin_row(site, 1);
    buf_adds(out, completed);
    add_column(out, "metadata", &metadata);
    buf_adds(out, row_end);
    buf_free(&metadata);
}

/* The same, asked for once: the run as an object. */
static void fill_show(struct site *site, struct buf *input,
                      const struct batch *batch)
{
    (void)input;
    struct buf *out = begin(site, "run_1", 1, "application/json");
    buf_adds(out, "{\"id\":\"run_1\",\"status\":\"COMPLETED\","
                  "\"taskIdentifier\":\"t\",\"metadata\":");
    add_entries(out, batch);
    buf_adds(out, "}");
}

/* What stands in one place and is followed by the next: a row for each text,
 * which the next one waits for to be seen. */

static void add_fields(struct buf *out, const struct batch *batch, size_t i)
{
    struct buf metadata = buf_make(0), tags = buf_make(0), tag = buf_make(0);
    buf_adds(&metadata, "{\"status\":\"");
    marked_json(&metadata, batch, i, "s");
    buf_adds(&metadata, "\",\"");
    marked_key(&metadata, batch, i);
    buf_adds(&metadata, "\":\"");
    marked_json(&metadata, batch, i, "m");
    buf_adds(&metadata, "\"}");
    marked(&tag, batch, i, "g");
    buf_adds(&tags, "{\"");
    for (size_t n = 0; n < tag.len; n++) {
        if (strchr("\"\\", tag.data[n]) && tag.data[n])
            buf_addc(&tags, '\\');
        buf_addc(&tags, tag.data[n]);
    }
    buf_adds(&tags, "\"}");
    buf_adds(out, ",\"taskIdentifier\":\"");
    marked_json(out, batch, i, "t");
    buf_adds(out, "\",\"status\":\"");
    marked_json(out, batch, i, "u");
    buf_addc(out, '"');
    add_column(out, "runTags", &tags);
    add_column(out, "metadata", &metadata);
    buf_free(&metadata);
    buf_free(&tags);
    buf_free(&tag);
}

static void fill_fields(struct site *site, struct buf *input,
                        const struct batch *batch)
{
    static const char *const tags[] = {"s", "k", "m", "g", "t", "u"};
    struct buf *out;
    (void)input;
    for (size_t i = 0; i < batch->count; i++) {
        out = begin_row(site, (unsigned)i + 1);
        add_fields(out, batch, i);
        buf_adds(out, row_end);
        struct buf *when = &site->answers[site->count - 1].when;
        for (size_t n = 0; i && n < sizeof tags / sizeof *tags; n++) {
            mark_before(when, tags[n], batch->places[i - 1]);
            buf_addc(when, '\n');
        }
    }
    out = begin_row(site, (unsigned)batch->count + 1);
    buf_addf(out, "%s,\"output\":\"THE END\"", completed);
    buf_adds(out, row_end);
    mark_before(&site->answers[site->count - 1].when, "t",
                batch->places[batch->count - 1]);
}

/* The end: error, its stack, output. A text for each of them. */

static void fill_error(struct site *site, struct buf *input,
                       const struct batch *batch)
{
    struct buf error = buf_make(0);
    (void)input;
    buf_adds(&error, "{\"type\":\"BUILT_IN_ERROR\",\"name\":\"");
    marked_json(&error, batch, 0, "");
    buf_adds(&error, "\",\"message\":\"");
    for (size_t i = 0; i < 2 && i < batch->count; i++)
        marked_json(&error, batch, i, "");
    buf_adds(&error, "\",\"stackTrace\":\"Error: x");
    for (size_t i = 0; i < batch->count; i++) {
        buf_adds(&error, "\\n    at ");
        marked_json(&error, batch, i, "");
    }
    buf_adds(&error, "\"}");
    struct buf *out = begin_row(site, 1);
    buf_adds(out, ",\"completedAt\":\"2026-01-02T03:04:07.000\","
                  "\"status\":\"COMPLETED_WITH_ERRORS\","
                  "\"taskIdentifier\":\"");
    marked_json(out, batch, batch->count - 1, "");
    buf_adds(out, "\",\"output\":\"");
    marked_json(out, batch, batch->count - 1, "");
    buf_adds(out, "\",\"metadata\":\"{\\\"logs\\\":[\\\"THE END\\\"]}\"");
    add_column(out, "error", &error);
    buf_adds(out, row_end);
    buf_free(&error);
}

/* Event streams: names and data, as bytes. */

/* A field's value has no line break; data has several lines instead. */
static void add_field(struct buf *out, const char *name, const char *text,
                      size_t len)
{
    bool is_data = strcmp(name, "data") == 0;
    buf_addf(out, "%s: ", name);
    for (size_t i = 0; i < len; i++) {
        bool breaks = text[i] == '\n' || text[i] == '\r';
        if (breaks && is_data)
            buf_addf(out, "\n%s: ", name);
        else if (!breaks)
            buf_addc(out, text[i]);
    }
    buf_addc(out, '\n');
}

static void add_events(struct buf *out, const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct buf name = buf_make(0), data = buf_make(0);
        marked(&name, batch, i, "n");
        marked(&data, batch, i, "");
        add_field(out, "event", buf_str(&name), name.len);
        add_field(out, "id", buf_str(&name), name.len);
        add_field(out, "data", buf_str(&data), data.len);
        buf_addc(out, '\n');
        buf_free(&name);
        buf_free(&data);
    }
    buf_adds(out, "data: THE END\n\n");
}

static void fill_events(struct site *site, struct buf *input,
                        const struct batch *batch)
{
    (void)input;
    add_events(begin(site, "events", 1, "text/event-stream"), batch);
    add_head(&site_add(site, "events", 2)->bytes, "204 No Content",
             "text/plain");
    buf_adds(&site->answers[1].bytes, "\r\n");
}

static void fill_input(struct site *site, struct buf *input,
                       const struct batch *batch)
{
    (void)site;
    add_events(input, batch);
}

/* Events that are read as a run's facts, or as a line of its log. */
static void fill_facts(struct site *site, struct buf *input,
                       const struct batch *batch)
{
    (void)input;
    struct buf *out = begin(site, "events", 1, "text/event-stream");
    for (size_t i = 0; i < batch->count; i++) {
        buf_adds(out, "event: ");
        mark_before(out, "e", batch->places[i]);
        buf_adds(out, "\ndata: {\"message\":\"");
        marked_json(out, batch, i, "");
        buf_adds(out, "\",\"level\":\"");
        marked_json(out, batch, i, "l");
        buf_adds(out, "\"}\n\n");
    }
    buf_adds(out,
             "data: {\"status\":\"completed\",\"message\":\"THE END\"}\n\n");
    add_head(&site_add(site, "events", 2)->bytes, "204 No Content",
             "text/plain");
    buf_adds(&site->answers[1].bytes, "\r\n");
}

/* An agent's text: bytes inside a JSON string. */
static void fill_agent(struct site *site, struct buf *input,
                       const struct batch *batch)
{
    (void)input;
    struct buf *out = begin(site, "stream", 1, "text/event-stream");
    buf_adds(out, "data: {\"logs\":\"");
    for (size_t i = 0; i < batch->count; i++) {
        marked_json(out, batch, i, "");
        buf_adds(out, "\\n");
    }
    buf_adds(out, "THE END\",\"status\":\"completed\",\"final\":true}\n\n");
}

/* A run's stream, of what models say, think and call. */

static void add_part(struct buf *out, size_t *number, const char *before,
                     const struct batch *batch, size_t i, const char *tag,
                     const char *after)
{
    buf_addf(out, "id: 17673230456%02zu-0\ndata: %s", ++*number % 100, before);
    marked_json(out, batch, i, tag);
    buf_addf(out, "%s\n\n", after);
}

static void add_parts(struct buf *out, const struct batch *batch, size_t i,
                      size_t *number)
{
    add_part(out, number, "{\"type\":\"text-delta\",\"id\":\"t\",\"delta\":\"",
             batch, i, "", "\\n\"}");
    add_part(out, number,
             "{\"type\":\"reasoning-delta\",\"id\":\"r\",\"delta\":\"", batch,
             i, "r", "\"}");
    add_part(out, number, "{\"type\":\"reasoning-end\",\"id\":\"", batch, i,
             "x", "\"}");
    add_part(
        out, number,
        "{\"type\":\"tool-input-available\",\"toolCallId\":\"c\",\"input\":"
        "{\"a\":1},\"toolName\":\"",
        batch, i, "o", "\"}");
    add_part(
        out, number,
        "{\"type\":\"tool-output-error\",\"toolCallId\":\"c\",\"errorText\":\"",
        batch, i, "w", "\"}");
    add_part(out, number, "{\"type\":\"data-x\",\"data\":\"", batch, i, "d",
             "\"}");
    add_part(out, number, "{\"type\":\"", batch, i, "y", "\"}");
    add_part(out, number, "{\"level\":\"warn\",\"message\":\"", batch, i, "v",
             "\"}");
    add_part(out, number, "\"", batch, i, "p", "\\n\"");
}

static void fill_stream(struct site *site, struct buf *input,
                        const struct batch *batch)
{
    size_t number = 0;
    (void)input;
    struct buf *out = begin_row(site, 1);
    buf_addf(out, "%s,\"realtimeStreams\":\"{chat}\"%s", completed, row_end);
    out = begin(site, "chat", 1, "text/event-stream");
    for (size_t i = 0; i < batch->count; i++)
        add_parts(out, batch, i, &number);
    buf_adds(out, "id: 1767323045999-0\ndata: \"THE END\\n\"\n\n");
    begin(site, "chat", 2, "text/event-stream");
}

/* Answers that are refused, and what is quoted of them. */

/* What a header may hold of it: no NUL, no line break. */
static void add_value(struct buf *out, const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct hostile *one = batch_at(batch, i);
        mark_before(out, "", batch->places[i]);
        for (size_t n = 0; n < one->text.len; n++)
            if (one->text.data[n] && !strchr("\r\n", one->text.data[n]))
                buf_addc(out, one->text.data[n]);
        mark_after(out, "", batch->places[i]);
    }
}

static void fill_body(struct site *site, struct buf *input,
                      const struct batch *batch)
{
    (void)input;
    struct buf *out = &site_add(site, "feed", 1)->bytes;
    add_head(out, "400 Bad Request", "text/plain");
    buf_adds(out, "\r\n");
    for (size_t i = 0; i < batch->count; i++)
        marked(out, batch, i, "");
}

static void fill_problem(struct site *site, struct buf *input,
                         const struct batch *batch)
{
    (void)input;
    struct buf *out = &site_add(site, "feed", 1)->bytes;
    add_head(out, "401 Unauthorized", "application/json");
    buf_adds(out, "\r\n{\"error\":\"");
    for (size_t i = 0; i < batch->count; i++)
        marked_json(out, batch, i, "");
    buf_adds(out, "\"}");
}

static void fill_title(struct site *site, struct buf *input,
                       const struct batch *batch)
{
    (void)input;
    struct buf *out = begin(site, "feed", 1, "text/html");
    buf_adds(out, "<html><title>");
    for (size_t i = 0; i < batch->count; i++)
        marked(out, batch, i, "");
    buf_adds(out, "</title></html>");
}

static void fill_type(struct site *site, struct buf *input,
                      const struct batch *batch)
{
    (void)input;
    struct buf *out = &site_add(site, "events", 1)->bytes;
    buf_adds(out, "HTTP/1.1 200 ");
    add_value(out, batch);
    buf_adds(out, "\r\nConnection: close\r\nContent-Type: text/");
    add_value(out, batch);
    buf_adds(out, "\r\n\r\nx");
}

static void fill_target(struct site *site, struct buf *input,
                        const struct batch *batch)
{
    (void)input;
    struct buf *out = &site_add(site, "events", 1)->bytes;
    buf_adds(out, "HTTP/1.1 302 Found\r\nConnection: close\r\n"
                  "Location: gopher://");
    add_value(out, batch);
    buf_adds(out, "\r\n\r\n");
}

static void fill_headers(struct site *site, struct buf *input,
                         const struct batch *batch)
{
    static const char *const names[] = {"electric-handle", "electric-offset",
                                        "electric-cursor", "electric-schema",
                                        "Retry-After",     "Date"};
    (void)input;
    struct buf *out = &site_add(site, "feed", 1)->bytes;
    buf_adds(out, "HTTP/1.1 200 OK\r\nConnection: close\r\n"
                  "Content-Type: application/json\r\n");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        buf_addf(out, "%s: ", names[i]);
        add_value(out, batch);
        buf_adds(out, "\r\n");
    }
    buf_adds(out, "\r\nno JSON");
}

static void fill_token(struct site *site, struct buf *input,
                       const struct batch *batch)
{
    (void)input;
    struct buf *out = begin(site, "endpoint", 1, "application/json");
    buf_adds(out, "{\"token\":\"");
    marked_json(out, batch, 0, "");
    buf_adds(out, "\"}");
}

/* Recordings: of an event stream, and with odd words in every place. */

static void fill_played(struct site *site, struct buf *input,
                        const struct batch *batch)
{
    struct buf events = buf_make(0);
    (void)site;
    add_events(&events, batch);
    buf_adds(input, "{\"format\":\"runtail-recording\",\"version\":1,"
                    "\"startedAt\":\"2026-01-02T03:04:05.000Z\","
                    "\"command\":\"sse\",\"target\":\"-\"}\n"
                    "{\"t\":0,\"type\":\"input\",\"utf8\":\"");
    json_text(input, buf_str(&events), events.len);
    buf_adds(input, "\"}\n{\"t\":0,\"type\":\"input\",\"how\":\"complete\"}\n"
                    "{\"t\":0,\"type\":\"close\",\"how\":\"ended\"}\n");
    buf_free(&events);
}

static void add_words(struct buf *out, const char *before,
                      const struct batch *batch)
{
    buf_adds(out, before);
    for (size_t i = 0; i < batch->count; i++)
        marked_json(out, batch, i, "");
    buf_addc(out, '"');
}

static void fill_recording(struct site *site, struct buf *input,
                           const struct batch *batch)
{
    (void)site;
    buf_adds(input, "{\"format\":\"runtail-recording\",\"version\":1,"
                    "\"startedAt\":\"2026-01-02T03:04:05.000Z\"");
    add_words(input, ",\"command\":\"watch\",\"target\":\"run_", batch);
    add_words(input, ",\"program\":\"", batch);
    add_words(input, ",\"tokenOrigin\":\"", batch);
    add_words(input, ",\"apiUrl\":\"http://localhost/", batch);
    add_words(input,
              "}\n{\"t\":0,\"type\":\"token\",\"number\":1,\"how\":\"auth\","
              "\"reason\":\"",
              batch);
    buf_adds(input, "}\n{\"t\":1,\"type\":\"close\",\"how\":\"ended\"}\n");
}

/* Unless said otherwise: all texts at once, on a screen that has room. */
#define ROOM  .width = 300, .height = 3000
#define SMALL .width = 200, .height = 60

const struct door doors[] = {
    {"log", fill_log, {"run_1"}, ANY, .at_once = 200, .utf8_only = true, ROOM},
    {"fields",
     fill_fields,
     {"run_1"},
     ANY,
     .at_once = 100,
     .utf8_only = true,
     .cuts = true,
     .is_fleeting = true,
     .width = 240,
     .height = 160},
    {"error",
     fill_error,
     {"run_1"},
     SCREEN | PLAIN,
     .at_once = 5,
     .utf8_only = true,
     .cuts = true,
     .keys = "yeGyl",
     SMALL},
    {"show", fill_show, {"show", "run_1"}, LINES, .utf8_only = true, ROOM},
    {"events", fill_events, {"sse", "URL"}, ANY, .at_once = 200, ROOM},
    {"input", fill_input, {"sse", "-"}, LINES, ROOM},
    {"facts",
     fill_facts,
     {"sse", "URL"},
     ANY,
     .at_once = 200,
     .utf8_only = true,
     .nests = true,
     ROOM},
    {"agent", fill_agent, {"agent", "7"}, ANY, .at_once = 200, ROOM},
    {"parts",
     fill_stream,
     {"run_1"},
     ANY,
     .at_once = 20,
     .utf8_only = true,
     ROOM},
    {"stream",
     fill_stream,
     {"stream", "run_1"},
     LINES,
     .utf8_only = true,
     ROOM},
    {"body", fill_body, {"run_1"}, PLAIN, .at_once = 4, .cuts = true, SMALL},
    {"problem",
     fill_problem,
     {"run_1"},
     PLAIN,
     .at_once = 4,
     .cuts = true,
     .utf8_only = true,
     SMALL},
    {"title", fill_title, {"run_1"}, ASCII, .at_once = 4, .cuts = true, SMALL},
    {"type",
     fill_type,
     {"sse", "URL"},
     PLAIN,
     .at_once = 4,
     .cuts = true,
     SMALL},
    {"target",
     fill_target,
     {"sse", "URL"},
     PLAIN,
     .at_once = 4,
     .cuts = true,
     SMALL},
    {"headers",
     fill_headers,
     {"--max-retries", "0", "run_1"},
     PLAIN,
     .at_once = 4,
     .cuts = true,
     SMALL},
    {"played",
     fill_played,
     {"play", "--speed", "max", "-"},
     LINES,
     .utf8_only = true,
     ROOM},
    {"recording",
     fill_recording,
     {"play", "--speed", "max", "-"},
     PLAIN,
     .at_once = 4,
     .utf8_only = true,
     .cuts = true,
     SMALL},
    {"token",
     fill_token,
     {"token", "--print", "run_1"},
     PLAIN,
     .at_once = 8,
     .cuts = true,
     .utf8_only = true,
     SMALL},
};
const size_t door_count = sizeof doors / sizeof *doors;
