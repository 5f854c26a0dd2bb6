#include "config.h"

#include "sim/firehose_serve.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

enum {
    /* between a stream's headers and its first paced line */
    LEAD_NS = 200 * 1000 * 1000
};

#define NS_PER_S 1e9

int64_t hose_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* When the nth thing is due at so many a second. */
static int64_t due_at(int64_t began_ns, double rate, double n)
{
    return rate > 0 ? began_ns + (int64_t)(n * NS_PER_S / rate) : began_ns;
}

static void note_sent(struct firehose *hose, uint32_t number, int64_t due_ns)
{
    if (!hose->options.log)
        return;
    if (hose->log_count == hose->log_size) {
        hose->log_size = hose->log_size ? hose->log_size * 2 : 1024;
        hose->log = mem_resize(hose->log, hose->log_size, sizeof *hose->log);
    }
    hose->log[hose->log_count++] =
        (struct hose_sent){number, due_ns, hose_now_ns()};
}

/* Answers. */

static void add_piece(struct hose_client *client, const char *bytes, size_t len)
{
    if (len)
        client->pieces[client->piece_count++] =
            (struct iovec){(char *)(uintptr_t)bytes, len};
}

static void answer_text(struct hose_client *client, const char *status,
                        const char *type, const char *text)
{
    buf_clear(&client->head);
    buf_addf(&client->head,
             "HTTP/1.1 %s\r\ncontent-type: %s\r\ncontent-length: %zu\r\n\r\n%s",
             status, type, strlen(text), text);
    add_piece(client, client->head.data, client->head.len);
}

static void answer_json(struct hose_client *client, const char *text)
{
    answer_text(client, "200 OK", "application/json", text);
}

/* The run's feed. An offset is "UPDATE_0". */

static void add_position(struct hose_client *client, uint32_t update, bool live,
                         const char *schema)
{
    buf_addf(&client->head,
             "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
             "cache-control: no-store\r\naccess-control-expose-headers: *\r\n"
             "electric-offset: %u_0\r\nelectric-handle: firehose\r\n",
             (unsigned)update);
    if (live)
        buf_addf(&client->head, "electric-cursor: %u\r\n",
                 (unsigned)update + 1);
    else
        buf_addf(&client->head, "electric-schema: %s\r\n", schema);
}

static void answer_row(struct firehose *hose, struct hose_client *client,
                       uint32_t update, bool live)
{
    uint32_t from, to;
    const struct hose_entries *entries = &hose->entries;
    struct buf row = buf_make(0);
    hose_entries_shown(entries, update, &from, &to);
    /* the comma behind the last entry stays behind */
    size_t shown_len = (to - from) * entries->entry_len - 1;
    hose_row_head(&row, client->id, update, entries->updates);
    buf_clear(&client->tail);
    hose_row_tail(&client->tail, update, entries->updates);
    buf_clear(&client->head);
    add_position(client, update, live, buf_str(&hose->schema));
    buf_addf(&client->head, "content-length: %zu\r\n\r\n",
             row.len + shown_len + client->tail.len);
    buf_add(&client->head, row.data, row.len);
    buf_free(&row);
    add_piece(client, client->head.data, client->head.len);
    add_piece(client, entries->text + from * entries->entry_len, shown_len);
    add_piece(client, client->tail.data, client->tail.len);
    client->task = HOSE_REQUEST;
    client->due_ns = 0;
    if (live)
        note_sent(
            hose, to - 1,
            due_at(hose->feed_began_ns, hose->options.update_rate, update));
}

static void answer_nothing_new(struct hose_client *client)
{
    static const char body[] = "[{\"headers\":{\"control\":\"up-to-date\"}}]";
    buf_clear(&client->head);
    add_position(client, client->next, true, NULL);
    buf_addf(&client->head, "content-length: %zu\r\n\r\n%s", sizeof body - 1,
             body);
    add_piece(client, client->head.data, client->head.len);
    client->task = HOSE_REQUEST;
    client->due_ns = 0;
}

/* Answers a live request with the newest update the client has not got, or
 * holds it. */
static void serve_live(struct firehose *hose, struct hose_client *client)
{
    double rate = hose->options.update_rate;
    uint32_t newest = client->next;
    int64_t now = hose_now_ns();
    if (rate <= 0 && newest < hose->entries.updates)
        newest++;
    while (rate > 0 && newest < hose->entries.updates &&
           due_at(hose->feed_began_ns, rate, newest + 1) <= now)
        newest++;
    if (newest > client->next) {
        answer_row(hose, client, newest, true);
    } else if (now >= client->until_ns) {
        answer_nothing_new(client);
    } else {
        client->task = HOSE_HELD;
        client->due_ns = client->until_ns;
        if (rate > 0 && newest < hose->entries.updates &&
            due_at(hose->feed_began_ns, rate, newest + 1) < client->due_ns)
            client->due_ns = due_at(hose->feed_began_ns, rate, newest + 1);
    }
}

/* The value of a query's member, NULL: not there. */
static const char *query_value(const char *url, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = strpbrk(url, "?&"); p; p = strpbrk(p + 1, "&"))
        if (strncmp(p + 1, name, len) == 0 && p[1 + len] == '=')
            return p + 1 + len + 1;
    return NULL;
}

static void take_id(struct hose_client *client, const char *from)
{
    size_t len = strcspn(from, "?/");
    if (len >= sizeof client->id)
        len = sizeof client->id - 1;
    memcpy(client->id, from, len);
    client->id[len] = '\0';
}

static void serve_feed(struct firehose *hose, struct hose_client *client,
                       const char *url)
{
    const char *offset = query_value(url, "offset");
    const char *live = query_value(url, "live");
    bool is_live = live && strncmp(live, "true", 4) == 0;
    if (!offset || *offset == '-') {
        hose->feed_began_ns = 0;
        answer_row(hose, client, 0, false);
        return;
    }
    client->next = (uint32_t)strtoul(offset, NULL, 10);
    if (client->next > hose->entries.updates)
        client->next = hose->entries.updates;
    if (!is_live) {
        answer_row(hose, client, client->next, false);
        return;
    }
    if (!hose->feed_began_ns)
        hose->feed_began_ns = hose_now_ns();
    client->until_ns =
        hose_now_ns() + (int64_t)(hose->options.hold_s * NS_PER_S);
    serve_live(hose, client);
}

static void answer_run(struct hose_client *client)
{
    struct buf run = buf_make(0);
    buf_addf(&run,
             "{\"id\":\"%s\",\"taskIdentifier\":\"firehose\","
             "\"status\":\"EXECUTING\","
             "\"createdAt\":\"2026-03-01T00:00:00.000Z\","
             "\"updatedAt\":\"2026-03-01T00:00:00.000Z\","
             "\"startedAt\":\"2026-03-01T00:00:00.000Z\",\"isTest\":false,"
             "\"tags\":[\"firehose\"],\"attempts\":[]}",
             client->id);
    answer_json(client, buf_str(&run));
    buf_free(&run);
}

/* Streams. */

static void begin_stream(struct hose_client *client, enum hose_task task,
                         double rate)
{
    static const char head[] =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
        "cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";
    add_piece(client, head, sizeof head - 1);
    client->task = task;
    client->next = 0;
    client->began_ns = hose_now_ns() + (rate > 0 ? LEAD_NS : 0);
}

static void end_stream(struct hose_client *client)
{
    client->task = HOSE_REQUEST;
    client->due_ns = 0;
}

/* As fast as it goes: everything that is left is one piece of memory. */
static void send_rest(struct firehose *hose, struct hose_client *client)
{
    const struct hose_events *events = &hose->events;
    size_t from = events->chunk_at[client->next];
    size_t to = hose->options.keep_open ? events->chunk_at[events->chunks]
                                        : events->text.len;
    add_piece(client, events->text.data + from, to - from);
    client->next = events->chunks;
    client->due_ns = 0;
    if (!hose->options.keep_open)
        end_stream(client);
}

static int64_t event_due_at(const struct firehose *hose,
                            const struct hose_client *client, uint32_t event)
{
    double paced = (double)event - hose->options.at_once;
    return due_at(client->began_ns, hose->options.event_rate,
                  paced > 0 ? paced : 0);
}

static void send_events(struct firehose *hose, struct hose_client *client)
{
    const struct hose_events *events = &hose->events;
    uint32_t to = client->next, per_chunk = events->per_chunk;
    if (hose->options.event_rate <= 0 || client->next == events->chunks) {
        send_rest(hose, client);
        return;
    }
    int64_t now = hose_now_ns();
    while (to < events->chunks &&
           event_due_at(hose, client, to * per_chunk) <= now)
        to++;
    for (uint32_t i = client->next * per_chunk;
         i < to * per_chunk && i < events->events; i++)
        if (i >= hose->options.at_once)
            note_sent(hose, i, event_due_at(hose, client, i));
    add_piece(client, events->text.data + events->chunk_at[client->next],
              events->chunk_at[to] - events->chunk_at[client->next]);
    client->next = to;
    client->due_ns = event_due_at(hose, client, to * per_chunk);
}

static void send_frame(struct firehose *hose, struct hose_client *client)
{
    static const char end[] = "0\r\n\r\n", head[] = "data: {\"logs\":\"";
    const struct hose_text *text = &hose->text;
    bool last = client->next + 1 == text->frames;
    if (client->next == text->frames) {
        add_piece(client, end, sizeof end - 1);
        end_stream(client);
        return;
    }
    client->due_ns =
        due_at(client->began_ns, hose->options.frame_rate, client->next);
    if (client->due_ns > hose_now_ns())
        return;
    uint32_t lines = hose_text_lines(text, client->next);
    size_t len = lines * text->line_len;
    buf_clear(&client->tail);
    buf_addf(&client->tail, "\",\"status\":\"%s\"%s}\n\n",
             last ? "completed" : "running", last ? ",\"final\":true" : "");
    buf_clear(&client->head);
    buf_addf(&client->head, "%zx\r\n%s",
             sizeof head - 1 + len + client->tail.len, head);
    buf_adds(&client->tail, "\r\n");
    note_sent(hose, lines - 1, client->due_ns);
    add_piece(client, client->head.data, client->head.len);
    add_piece(client, text->text, len);
    add_piece(client, client->tail.data, client->tail.len);
    client->next++;
}

/* Requests. */

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* A client that comes back names the last event it got: "MS-NUMBER". */
static uint32_t first_wanted(const char *request)
{
    const char *last = strcasestr(request, "\nlast-event-id:");
    size_t len = last ? strcspn(last + 1, "\r\n") : 0;
    const char *dash = last ? memrchr(last + 1, '-', len) : NULL;
    /* those of the header's own name */
    if (!dash || dash < last + strlen("\nlast-event-id:"))
        return 0;
    return (uint32_t)strtoul(dash + 1, NULL, 10) + 1;
}

static void serve_events(struct firehose *hose, struct hose_client *client,
                         const char *request)
{
    uint32_t wanted = first_wanted(request);
    if (wanted >= hose->events.events && !hose->options.keep_open) {
        answer_text(client, "204 No Content", "text/plain", "");
        return;
    }
    begin_stream(client, HOSE_EVENTS, hose->options.event_rate);
    client->next = wanted / hose->events.per_chunk;
}

void hose_serve(struct firehose *hose, struct hose_client *client,
                const char *request)
{
    static const char feed[] = "/realtime/v1/runs/", run[] = "/api/v3/runs/";
    const char *url = strchr(request, ' ');
    url = url ? url + 1 : "";
    if (starts_with(url, feed)) {
        take_id(client, url + sizeof feed - 1);
        serve_feed(hose, client, url);
    } else if (starts_with(url, run)) {
        take_id(client, url + sizeof run - 1);
        answer_run(client);
    } else if (starts_with(url, "/realtime/v1/streams/")) {
        serve_events(hose, client, request);
    } else if (starts_with(url, "/api/agents/")) {
        begin_stream(client, HOSE_TEXT, hose->options.frame_rate);
    } else if (starts_with(url, "/api/tasks/runs/token") ||
               starts_with(url, "/api/v1/auth/public-tokens")) {
        answer_json(client, buf_str(&hose->token));
    } else {
        answer_text(client, "404 Not Found", "application/json",
                    "{\"error\":\"Not found\"}");
    }
}

void hose_go_on(struct firehose *hose, struct hose_client *client)
{
    switch (client->task) {
    case HOSE_REQUEST:
        break;
    case HOSE_HELD:
        serve_live(hose, client);
        break;
    case HOSE_EVENTS:
        send_events(hose, client);
        break;
    case HOSE_TEXT:
        send_frame(hose, client);
        break;
    }
}
