#include "config.h"

#include "sim/fault.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

#define HTML     "text/html"
#define EVENTS   "text/event-stream; charset=utf-8"
#define PAGE_502 "<html><body><h1>502 Bad Gateway</h1></body></html>"
#define PAGE_LOGIN                                                             \
    "<!doctype html><html><head><title>Sign in</title></head><body>"           \
    "<h1>Sign in to continue</h1></body></html>"
#define TOO_MANY "{\"error\":\"Too many concurrent requests\"}"
#define INVALID  "{\"error\":\"Public Access Token is invalid\"}"
#define FORBIDDEN                                                              \
    "{\"error\":\"Unauthorized\",\"code\":\"unauthorized\","                   \
    "\"param\":\"access_token\",\"type\":\"authorization\"}"
#define NOT_FOUND "{\"error\":\"Not found\"}"

/* name, place, effect, lasting, status, type, body, retry-after, about */
static const struct fault_kind kinds[] = {
    {"400", FAULT_FEED, FAULT_ANSWER, false, 400, NULL,
     "{\"message\":\"Invalid request\",\"errors\":{\"offset\":[\"out of bounds "
     "for this shape\"]}}",
     NULL, "the position is refused once"},
    {"401", FAULT_FEED, FAULT_ANSWER, false, 401, NULL, INVALID, NULL,
     "the token is refused once"},
    {"401-always", FAULT_FEED, FAULT_ANSWER, true, 401, NULL, INVALID, NULL,
     "every token is refused"},
    {"403", FAULT_FEED, FAULT_ANSWER, true, 403, NULL, FORBIDDEN, NULL,
     "the token's scopes are not enough"},
    {"404", FAULT_FEED, FAULT_ANSWER, true, 404, NULL, NOT_FOUND, NULL,
     "the run is not found"},
    {"408", FAULT_FEED, FAULT_ANSWER, false, 408, NULL,
     "{\"error\":\"Request timeout\"}", NULL, "request timeout, once"},
    {"409", FAULT_FEED, FAULT_REFETCH, false, 409, NULL, NULL, NULL,
     "must-refetch with a new handle"},
    {"409-no-handle", FAULT_FEED, FAULT_REFETCH_OLD, false, 409, NULL, NULL,
     NULL, "must-refetch without a handle"},
    {"429", FAULT_FEED, FAULT_ANSWER, false, 429, NULL, TOO_MANY, NULL,
     "too many concurrent requests, once"},
    {"429-retry-after", FAULT_FEED, FAULT_ANSWER, false, 429, NULL, TOO_MANY,
     "1", "the same with Retry-After: 1"},
    {"500", FAULT_FEED, FAULT_ANSWER, false, 500, NULL,
     "{\"error\":\"Internal Server Error\"}", NULL, "server error, once"},
    {"502", FAULT_FEED, FAULT_ANSWER, false, 502, HTML, PAGE_502, NULL,
     "a proxy's HTML error page, once"},
    {"503", FAULT_FEED, FAULT_ANSWER, false, 503, "text/plain",
     "Network error occurred", NULL, "upstream down, once"},
    {"503-retry-after", FAULT_FEED, FAULT_ANSWER, false, 503, NULL,
     "{\"message\":\"Service is starting\"}", "1",
     "upstream starting, Retry-After: 1"},
    {"504", FAULT_FEED, FAULT_ANSWER, false, 504, HTML,
     "<html><body><h1>504 Gateway Time-out</h1></body></html>", NULL,
     "gateway timeout, once"},
    {"204", FAULT_FEED, FAULT_ANSWER, false, 204, NULL, "", NULL,
     "the old answer for up to date"},
    {"html", FAULT_FEED, FAULT_ANSWER, true, 200, HTML, PAGE_LOGIN, NULL,
     "a web page instead of the feed"},
    {"not-array", FAULT_FEED, FAULT_ANSWER, true, 200, NULL, "{\"ok\":true}",
     NULL, "JSON that is no list of messages"},
    {"no-headers", FAULT_FEED, FAULT_NO_HEADERS, true, 0, NULL, NULL, NULL,
     "a proxy strips the electric headers"},
    {"empty", FAULT_FEED, FAULT_EMPTY, false, 0, NULL, NULL, NULL,
     "an answer with an empty body"},
    {"broken-json", FAULT_FEED, FAULT_BROKEN_JSON, false, 0, NULL, NULL, NULL,
     "a complete answer whose JSON stops in the middle"},
    {"cut", FAULT_FEED, FAULT_CUT, false, 0, NULL, NULL, NULL,
     "the connection closes in the middle of a body"},
    {"close", FAULT_FEED, FAULT_CLOSE, false, 0, NULL, NULL, NULL,
     "the connection closes without an answer"},
    {"reset", FAULT_FEED, FAULT_RESET, false, 0, NULL, NULL, NULL,
     "the connection is reset"},
    {"hang", FAULT_FEED, FAULT_HANG, false, 0, NULL, NULL, NULL,
     "silence: no answer and no end"},
    {"no-realtime", FAULT_FEED, FAULT_ANSWER, true, 404, HTML,
     "<!DOCTYPE html><html><body><pre>Cannot GET /realtime</pre></body></html>",
     NULL, "the server has no live feed at all"},
    {"realtime-501", FAULT_FEED, FAULT_ANSWER, true, 501, NULL,
     "{\"error\":\"Not implemented\"}", NULL, "the live feed is switched off"},
    {"realtime-closed", FAULT_FEED, FAULT_CLOSE, true, 0, NULL, NULL, NULL,
     "every connection to the live feed is closed"},
    {"token-401", FAULT_TOKEN, FAULT_ANSWER, true, 401, NULL,
     "{\"status\":\"error\",\"message\":\"Unauthorized\"}", NULL,
     "the token endpoint refuses the key"},
    {"token-403", FAULT_TOKEN, FAULT_ANSWER, true, 403, NULL,
     "{\"status\":\"error\",\"error\":\"Access denied to this run\"}", NULL,
     "the token endpoint denies the run"},
    {"token-404", FAULT_TOKEN, FAULT_ANSWER, true, 404, NULL,
     "{\"status\":\"error\",\"error\":\"Task run not found\"}", NULL,
     "the token endpoint does not know the run"},
    {"token-429", FAULT_TOKEN, FAULT_ANSWER, false, 429, NULL,
     "{\"status\":\"error\",\"error\":\"Too many requests\"}", "1",
     "the token endpoint is busy once"},
    {"token-500", FAULT_TOKEN, FAULT_ANSWER, false, 500, NULL,
     "{\"status\":\"error\",\"error\":\"Failed to create token\"}", NULL,
     "the token endpoint fails once"},
    {"token-502", FAULT_TOKEN, FAULT_ANSWER, true, 502, HTML, PAGE_502, NULL,
     "an HTML page instead of a token"},
    {"token-empty", FAULT_TOKEN, FAULT_ANSWER, true, 200, NULL,
     "{\"token\":\"\"}", NULL, "an empty token"},
    {"token-missing", FAULT_TOKEN, FAULT_ANSWER, true, 200, NULL,
     "{\"status\":\"success\"}", NULL, "an answer without a token"},
    {"token-opaque", FAULT_TOKEN, FAULT_ANSWER, true, 200, NULL,
     "{\"token\":\"opaque-token\"}", NULL, "a token that is no JWT"},
    {"token-expired", FAULT_TOKEN, FAULT_TOKEN_EXPIRED, true, 0, NULL, NULL,
     NULL, "a token that has expired already"},
    {"token-other-run", FAULT_TOKEN, FAULT_TOKEN_OTHER_RUN, true, 0, NULL, NULL,
     NULL, "a token for another run"},
    {"token-closed", FAULT_TOKEN, FAULT_CLOSE, true, 0, NULL, NULL, NULL,
     "the token endpoint closes the connection"},
    {"mint-404", FAULT_MINT, FAULT_ANSWER, true, 404, NULL, NOT_FOUND, NULL,
     "an older server: no /api/v1/auth/public-tokens"},
    {"mint-jwt-404", FAULT_MINT_OLD, FAULT_ANSWER, true, 404, NULL, NOT_FOUND,
     NULL, "a still older one: no /api/v1/auth/jwt"},
    {"api-429", FAULT_API, FAULT_RATE_LIMIT, false, 429, NULL, NULL, NULL,
     "retrieve is over its rate limit once"},
    {"api-500", FAULT_API, FAULT_ANSWER, false, 500, NULL,
     "{\"error\":\"Internal Server Error\"}", NULL, "retrieve fails once"},
    {"api-404", FAULT_API, FAULT_ANSWER, true, 404, NULL, NOT_FOUND, NULL,
     "retrieve does not know the run"},
    {"poll-500", FAULT_POLL, FAULT_ANSWER, false, 500, NULL,
     "{\"status\":\"error\",\"error\":\"Trigger.dev API error: 500\"}", NULL,
     "the polling endpoint fails once"},
    {"poll-404", FAULT_POLL, FAULT_ANSWER, true, 404, NULL,
     "{\"status\":\"error\",\"error\":\"Task run not found\"}", NULL,
     "the polling endpoint does not know the run"},
    {"stream-401", FAULT_STREAM, FAULT_ANSWER, false, 401, NULL, INVALID, NULL,
     "the token is refused once, by a stream"},
    {"stream-403", FAULT_STREAM, FAULT_ANSWER, true, 403, NULL, FORBIDDEN, NULL,
     "the token's scopes are not enough for a stream"},
    {"stream-404", FAULT_STREAM, FAULT_ANSWER, true, 404, NULL, NOT_FOUND, NULL,
     "a stream's run is not found"},
    {"stream-429", FAULT_STREAM, FAULT_ANSWER, false, 429, NULL, TOO_MANY, "1",
     "too many streams, once, with Retry-After: 1"},
    {"stream-500", FAULT_STREAM, FAULT_ANSWER, false, 500, NULL,
     "{\"error\":\"Internal Server Error\"}", NULL, "a stream fails once"},
    {"stream-html", FAULT_STREAM, FAULT_ANSWER, true, 200, HTML, PAGE_LOGIN,
     NULL, "a web page instead of a stream"},
    {"stream-json", FAULT_STREAM, FAULT_ANSWER, true, 200, NULL,
     "{\"error\":\"Upstream unavailable\"}", NULL, "JSON instead of a stream"},
    {"stream-empty", FAULT_STREAM, FAULT_ANSWER, false, 200, EVENTS, "", NULL,
     "a stream without anything in it, once"},
    {"stream-close", FAULT_STREAM, FAULT_CLOSE, false, 0, NULL, NULL, NULL,
     "a stream's connection closes without an answer"},
    {"stream-hang", FAULT_STREAM, FAULT_HANG, false, 0, NULL, NULL, NULL,
     "a stream's headers never come"},
    {"stream-cut", FAULT_STREAM_BODY, FAULT_CUT, false, 0, NULL, NULL, NULL,
     "a stream's connection closes within an event"},
    {"stream-reset", FAULT_STREAM_BODY, FAULT_RESET, false, 0, NULL, NULL, NULL,
     "a stream's connection is reset while it flows"},
    {"stream-eof", FAULT_STREAM_BODY, FAULT_EOF, false, 0, NULL, NULL, NULL,
     "a stream ends cleanly before it is over"},
    {"stream-silence", FAULT_STREAM_BODY, FAULT_SILENCE, false, 0, NULL, NULL,
     NULL, "a stream falls silent: no parts, no pings, no end"},
    {"stream-error", FAULT_STREAM_BODY, FAULT_LAST, false, 0, NULL,
     "event: error\ndata: {\"code\":\"unavailable\",\"message\":\"read "
     "session interrupted\"}\n\n",
     NULL, "an event \"error\" ends a stream"},
    {"agent-401", FAULT_AGENT, FAULT_ANSWER, false, 401, NULL,
     "{\"error\":\"Invalid token\"}", NULL,
     "an agent's token is refused once, as when it has expired"},
    {"agent-401-always", FAULT_AGENT, FAULT_ANSWER, true, 401, NULL,
     "{\"error\":\"Invalid token\"}", NULL,
     "every token of an agent is refused"},
    {"agent-403", FAULT_AGENT, FAULT_ANSWER, true, 403, NULL,
     "{\"error\":\"Access denied\"}", NULL, "an agent is somebody else's"},
    {"agent-404", FAULT_AGENT, FAULT_ANSWER, true, 404, NULL,
     "{\"error\":\"Agent not found\"}", NULL, "an agent is not there"},
    {"agent-no-stream", FAULT_AGENT, FAULT_ANSWER, true, 404, NULL,
     "{\"error\":\"Route not found\"}", NULL, "agents can be polled only"},
    {"agent-no-poll", FAULT_AGENT_POLL, FAULT_ANSWER, true, 404, NULL,
     "{\"error\":\"Route not found\"}", NULL, "agents cannot be polled"},
    {"agent-429", FAULT_AGENT, FAULT_ANSWER, false, 429,
     "text/html; charset=utf-8",
     "Too many requests from this IP, please try again later", NULL,
     "an agent's server has had too many requests, once"},
    {"agent-500", FAULT_AGENT, FAULT_ANSWER, false, 500, NULL,
     "{\"error\":\"Internal server error\"}", NULL,
     "an agent's server fails once"},
    {"agent-html", FAULT_AGENT, FAULT_ANSWER, true, 200, HTML, PAGE_LOGIN, NULL,
     "a web page instead of an agent's log"},
    {"agent-empty", FAULT_AGENT, FAULT_ANSWER, false, 200, EVENTS, "", NULL,
     "an agent's log without anything in it, once"},
    {"agent-close", FAULT_AGENT, FAULT_CLOSE, false, 0, NULL, NULL, NULL,
     "an agent's connection closes without an answer"},
    {"agent-hang", FAULT_AGENT, FAULT_HANG, false, 0, NULL, NULL, NULL,
     "an agent's server does not answer"},
    {"agent-eof", FAULT_AGENT_BODY, FAULT_EOF, false, 0, NULL, NULL, NULL,
     "an agent's log ends without a final frame"},
    {"agent-cut", FAULT_AGENT_BODY, FAULT_CUT, false, 0, NULL, NULL, NULL,
     "an agent's connection closes within a frame"},
    {"agent-reset", FAULT_AGENT_BODY, FAULT_RESET, false, 0, NULL, NULL, NULL,
     "an agent's connection is reset"},
    {"agent-silence", FAULT_AGENT_BODY, FAULT_SILENCE, false, 0, NULL, NULL,
     NULL, "an agent falls silent: no frames and no end"},
    {"sse-401", FAULT_EVENTS, FAULT_ANSWER, false, 401, NULL,
     "{\"error\":\"Unauthorized\"}", NULL, "/events refuses once"},
    {"sse-404", FAULT_EVENTS, FAULT_ANSWER, true, 404, NULL, NOT_FOUND, NULL,
     "/events is not there"},
    {"sse-204", FAULT_EVENTS, FAULT_ANSWER, true, 204, NULL, "", NULL,
     "/events asks not to come back"},
    {"sse-500", FAULT_EVENTS, FAULT_ANSWER, false, 500, NULL,
     "{\"error\":\"Internal Server Error\"}", NULL, "/events fails once"},
    {"sse-503", FAULT_EVENTS, FAULT_ANSWER, false, 503, "text/plain",
     "Service Unavailable", "1", "/events is busy once, Retry-After: 1"},
    {"sse-html", FAULT_EVENTS, FAULT_ANSWER, true, 200, HTML, PAGE_LOGIN, NULL,
     "a web page instead of /events"},
    {"sse-json", FAULT_EVENTS, FAULT_ANSWER, true, 200, NULL, "{\"ok\":true}",
     NULL, "JSON instead of /events"},
    {"sse-empty", FAULT_EVENTS, FAULT_ANSWER, false, 200, EVENTS, "", NULL,
     "/events without anything in it, once"},
    {"sse-hang", FAULT_EVENTS, FAULT_HANG, false, 0, NULL, NULL, NULL,
     "/events does not answer"},
    {"sse-cut", FAULT_EVENTS_BODY, FAULT_CUT, false, 0, NULL, NULL, NULL,
     "the connection of /events closes within an event"},
    {"sse-reset", FAULT_EVENTS_BODY, FAULT_RESET, false, 0, NULL, NULL, NULL,
     "the connection of /events is reset"},
    {"sse-silence", FAULT_EVENTS_BODY, FAULT_SILENCE, false, 0, NULL, NULL,
     NULL, "/events falls silent"},
};

size_t fault_kind_count(void)
{
    return sizeof kinds / sizeof *kinds;
}

const struct fault_kind *fault_kind(size_t index)
{
    return &kinds[index];
}

static const struct fault_kind *find(const char *name, size_t len)
{
    for (size_t i = 0; i < fault_kind_count(); i++)
        if (strlen(kinds[i].name) == len &&
            memcmp(kinds[i].name, name, len) == 0)
            return &kinds[i];
    return NULL;
}

static bool add(struct fault_list *list, const char *name, size_t len,
                struct fault fault, struct error *err)
{
    fault.kind = find(name, len);
    if (!fault.kind)
        return error_set(err, ERROR_USAGE,
                         "no fault is named \"%.*s\"; see the list of faults",
                         (int)len, name);
    if (fault.left == 0)
        fault.left = fault.kind->lasting ? -1 : 1;
    list->items = mem_resize(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = fault;
    return true;
}

/* Digits alone; *end is left behind them. False when there are none. */
static bool read_count(const char *text, size_t *count, const char **end)
{
    size_t digits = strspn(text, "0123456789");
    *count = (size_t)strtoul(text, NULL, 10);
    *end = text + digits;
    return digits > 0 && digits < 9;
}

/* "@STATE" or "@STATExTIMES". */
static bool read_when(const char *text, struct fault *fault)
{
    const char *end;
    size_t times;
    if (!read_count(text + 1, &fault->at, &end))
        return false;
    if (*end == 'x') {
        if (!read_count(end + 1, &times, &end) || times == 0)
            return false;
        fault->left = (int)times;
    }
    return *end == '\0';
}

static bool add_one(struct fault_list *list, const char *text,
                    struct error *err)
{
    size_t len = strcspn(text, "@");
    struct fault fault = {0};
    if (text[len] == '@' && !read_when(text + len, &fault))
        return error_set(err, ERROR_USAGE,
                         "a fault is KIND, KIND@STATE or KIND@STATExTIMES, "
                         "not \"%s\"",
                         text);
    return add(list, text, len, fault, err);
}

bool fault_add(struct fault_list *list, const char *text, struct error *err)
{
    bool good = true;
    do {
        size_t len = strcspn(text, ",");
        char *one = mem_strndup(text, len);
        good = add_one(list, one, err);
        free(one);
        text += len;
    } while (good && *text++ == ',');
    return good;
}

bool fault_add_json(struct fault_list *list, json_t *faults, struct error *err)
{
    size_t i;
    json_t *item;
    json_array_foreach(faults, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "kind"));
        if (!name)
            return error_set(err, ERROR_USAGE,
                             "fault %zu of the scenario has no \"kind\"",
                             i + 1);
        struct fault fault = {
            .at = (size_t)json_integer_value(json_object_get(item, "at")),
            .left = (int)json_integer_value(json_object_get(item, "times"))};
        if (!add(list, name, strlen(name), fault, err))
            return false;
    }
    return true;
}

void fault_list_free(struct fault_list *list)
{
    free(list->items);
    *list = (struct fault_list){0};
}

const struct fault_kind *fault_take(struct fault_list *list,
                                    enum fault_place place, size_t state)
{
    for (size_t i = 0; i < list->count; i++) {
        struct fault *fault = &list->items[i];
        if (fault->kind->place != place || fault->left == 0 ||
            state < fault->at)
            continue;
        if (fault->left > 0)
            fault->left--;
        return fault->kind;
    }
    return NULL;
}

static void strip_headers(struct answer *answer)
{
    struct fields kept = {0};
    for (size_t i = 0; i < answer->headers.count; i++) {
        struct field *field = &answer->headers.items[i];
        if (strncasecmp(field->name, "electric-", 9) != 0)
            fields_add(&kept, field->name, field->value);
    }
    fields_free(&answer->headers);
    answer->headers = kept;
}

static void replace(const struct fault_kind *kind, struct answer *answer)
{
    answer_free(answer);
    answer->status = kind->status;
    answer->chunked = kind->status != 204;
    fields_add(&answer->headers, "content-type",
               kind->type ? kind->type : "application/json; charset=utf-8");
    if (kind->retry_after)
        fields_add(&answer->headers, "retry-after", kind->retry_after);
    buf_adds(&answer->body, kind->body);
}

static void end_with(struct answer *answer, enum answer_end end)
{
    answer_free(answer);
    answer->end = end;
}

void fault_apply(const struct fault_kind *kind, struct answer *answer)
{
    switch (kind->effect) {
    case FAULT_ANSWER:
        replace(kind, answer);
        break;
    case FAULT_NO_HEADERS:
        strip_headers(answer);
        break;
    case FAULT_EMPTY:
        buf_clear(&answer->body);
        break;
    case FAULT_CUT:
        answer->end = ANSWER_CUT;
        answer->cut_at = answer->body.len / 2;
        break;
    case FAULT_BROKEN_JSON:
        buf_truncate(&answer->body, answer->body.len / 2);
        break;
    case FAULT_CLOSE:
        end_with(answer, ANSWER_CLOSE);
        break;
    case FAULT_RESET:
        end_with(answer, ANSWER_RESET);
        break;
    case FAULT_HANG:
        end_with(answer, ANSWER_HANG);
        break;
    case FAULT_REFETCH:
    case FAULT_REFETCH_OLD:
    case FAULT_TOKEN_EXPIRED:
    case FAULT_TOKEN_OTHER_RUN:
    case FAULT_RATE_LIMIT:
    case FAULT_EOF:
    case FAULT_SILENCE:
    case FAULT_LAST:
        break; /* made where the shape, the key, the time or the stream is
                * known */
    }
}
