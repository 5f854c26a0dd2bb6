/* A product with agents of its own: log in, read a log. Its messages and
 * headers are an Express server's. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/agent_reader.h"
#include "sim/drip.h"
#include "sim/js_json.h"
#include "sim/member.h"
#include "sim/pubtoken.h"
#include "sim/routes.h"

#define SECRET         "simulator-agents"
#define USER           "user_demo"
#define REFRESH_LIFE_S (7 * 86400)

static void answer_agent_json(struct answer *answer, unsigned status,
                              const char *body)
{
    answer->status = status;
    answer->chunked = false;
    fields_add(&answer->headers, "Content-Type",
               "application/json; charset=utf-8");
    fields_add(&answer->headers, "Vary", "Accept-Encoding");
    buf_adds(&answer->body, body);
}

static bool refuse(struct answer *answer, unsigned status, const char *error)
{
    struct buf body = buf_make(0);
    buf_addf(&body, "{\"error\":\"%s\"}", error);
    answer_agent_json(answer, status, buf_str(&body));
    buf_free(&body);
    return false;
}

/* Requests are counted before anything else is looked at. */
static bool within_limit(struct world *world, struct answer *answer)
{
    int64_t limit = member_int(world->agent.object, "limit", 0);
    if (limit <= 0 || world->agent_requests++ < (uint64_t)limit)
        return true;
    answer->status = 429;
    fields_add(&answer->headers, "Content-Type", "text/html; charset=utf-8");
    fields_add(&answer->headers, "Vary", "Accept-Encoding");
    buf_adds(&answer->body,
             "Too many requests from this IP, please try again later");
    return false;
}

/* Tokens. */

static void add_token(struct buf *out, int64_t now_s, int64_t life_s,
                      int64_t serial)
{
    struct buf payload = buf_make(0);
    buf_adds(&payload,
             "{\"userId\":\"" USER "\",\"email\":\"" WORLD_AGENT_EMAIL "\"");
    if (serial)
        buf_addf(&payload, ",\"serial\":%lld", (long long)serial);
    buf_addf(&payload, ",\"iat\":%lld,\"exp\":%lld}", (long long)now_s,
             (long long)(now_s + life_s));
    pubtoken_sign_with(out, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
                       buf_str(&payload), payload.len, SECRET);
    buf_free(&payload);
}

static void answer_tokens(struct world *world, int64_t now_ms,
                          struct answer *answer)
{
    struct buf body = buf_make(0);
    buf_adds(&body, "{\"token\":\"");
    add_token(&body, now_ms / 1000, world->token_life_s, 0);
    buf_adds(&body, "\",\"refreshToken\":\"");
    add_token(&body, now_ms / 1000, REFRESH_LIFE_S, ++world->agent_refresh);
    buf_adds(&body,
             "\",\"user\":{\"id\":\"" USER "\",\"email\":\"" WORLD_AGENT_EMAIL
             "\",\"name\":\"Demo\"}}");
    answer_agent_json(answer, 200, buf_str(&body));
    buf_free(&body);
}

void routes_agent_login(struct world *world, const struct request *request,
                        int64_t now_ms, struct answer *answer)
{
    if (!within_limit(world, answer))
        return;
    json_t *body =
        json_loadb(buf_str(&request->body), request->body.len, 0, NULL);
    const char *email = member_text(body, "email", NULL);
    const char *password = member_text(body, "password", NULL);
    if (!email || !password)
        refuse(answer, 400, "Email and password are required");
    else if (strcmp(email, WORLD_AGENT_EMAIL) != 0 ||
             strcmp(password, WORLD_AGENT_PASSWORD) != 0)
        refuse(answer, 401, "Invalid email or password");
    else
        answer_tokens(world, now_ms, answer);
    json_decref(body);
}

/* A refresh token is good once, and the newest one alone. */
void routes_agent_refresh(struct world *world, const struct request *request,
                          int64_t now_ms, struct answer *answer)
{
    if (!within_limit(world, answer))
        return;
    json_t *body =
        json_loadb(buf_str(&request->body), request->body.len, 0, NULL);
    const char *token = member_text(body, "refreshToken", NULL);
    json_t *payload =
        token ? pubtoken_check(token, SECRET, now_ms / 1000) : NULL;
    int64_t serial = member_int(payload, "serial", 0);
    if (!token)
        refuse(answer, 400, "refreshToken is required");
    else if (serial == 0 || serial != world->agent_refresh)
        refuse(answer, 401, "Invalid refresh token");
    else
        answer_tokens(world, now_ms, answer);
    json_decref(payload);
    json_decref(body);
}

/* Who asks. */

/* The second word of the header, whatever the first is; else the query's. */
static char *find_credential(const struct request *request)
{
    const char *header = fields_get(&request->headers, "authorization");
    const char *space = header ? strchr(header, ' ') : NULL;
    size_t len = space ? strcspn(space + 1, " ") : 0;
    const char *query = fields_get(&request->query, "token");
    if (len > 0)
        return mem_strndup(space + 1, len);
    return query && *query ? mem_strdup(query) : NULL;
}

/* The user's id, owned; NULL with the answer set. */
static char *find_user(const struct request *request, int64_t now_ms,
                       struct answer *answer)
{
    char *credential = find_credential(request);
    char *user = NULL;
    json_t *payload =
        credential ? pubtoken_check(credential, SECRET, now_ms / 1000) : NULL;
    const char *id = member_text(payload, "userId", NULL);
    if (!credential)
        refuse(answer, 401, "Not authenticated");
    else if (strcmp(credential, WORLD_AGENT_TOKEN) == 0)
        user = mem_strdup(USER);
    else if (!payload)
        refuse(answer, 401, "Invalid token");
    else if (!id || !member_text(payload, "email", NULL))
        refuse(answer, 401, "Invalid token payload");
    else
        user = mem_strdup(id);
    json_decref(payload);
    free(credential);
    return user;
}

static struct agent_view view_now(const struct world *world, int64_t now_ms)
{
    struct agent_view view = {0};
    agent_view_go(&view, &world->agent, agent_reader_due(world, now_ms));
    return view;
}

static bool may_read(struct world *world, const char *id, const char *user,
                     int64_t now_ms, struct answer *answer)
{
    const struct agent *agent = &world->agent;
    if (!agent->object || strcmp(id, agent->id) != 0)
        return refuse(answer, 404, "Agent not found");
    world_start(world, now_ms);
    struct agent_view view = view_now(world, now_ms);
    bool gone = view.gone;
    agent_view_free(&view);
    if (gone)
        return refuse(answer, 404, "Agent not found");
    if (strcmp(member_text(agent->object, "owner", USER), user) != 0)
        return refuse(answer, 403, "Access denied");
    return true;
}

/* The log. */

static void answer_stream(struct world *world, const struct moment *moment,
                          struct answer *answer)
{
    struct drip_form form = {world->agent.line_end, world->agent.piece,
                             FAULT_AGENT_BODY};
    agent_reader_open(answer, world, moment);
    drip_wrap(answer, world, &form);
    answer->status = 200;
    answer->chunked = true;
    fields_add(&answer->headers, "Content-Type", "text/event-stream");
    fields_add(&answer->headers, "Cache-Control", "no-cache");
    fields_add(&answer->headers, "X-Accel-Buffering", "no");
    fields_add(&answer->headers, "Vary", "Accept-Encoding");
}

/* In lockstep each look is a step on. */
static void answer_poll(struct world *world, int64_t now_ms,
                        struct answer *answer)
{
    if (world->agent_steps < world->agent.timeline.count && world->speed <= 0)
        world->agent_steps++;
    struct agent_view view = view_now(world, now_ms);
    struct buf body = buf_make(0);
    agent_view_add_poll(&body, &view);
    answer_agent_json(answer, 200, buf_str(&body));
    buf_free(&body);
    agent_view_free(&view);
}

static void answer_log(struct world *world, const struct request *request,
                       const struct moment *moment, const char *id, bool stream,
                       struct answer *answer)
{
    int64_t now_ms = world_now_ms(world, moment);
    if (!within_limit(world, answer))
        return;
    char *user = find_user(request, now_ms, answer);
    if (user && may_read(world, id, user, now_ms, answer) &&
        !routes_fault(world, stream ? FAULT_AGENT : FAULT_AGENT_POLL, now_ms,
                      answer)) {
        if (stream)
            answer_stream(world, moment, answer);
        else
            answer_poll(world, now_ms, answer);
    }
    free(user);
}

bool routes_agent(struct world *world, const struct request *request,
                  const struct moment *moment, struct answer *answer)
{
    static const char begin[] = "/api/agents/";
    if (strncmp(request->path, begin, sizeof begin - 1) != 0)
        return false;
    const char *id = request->path + sizeof begin - 1;
    size_t len = strcspn(id, "/");
    bool stream = strcmp(id + len, "/logs/stream") == 0;
    if (len == 0 || (!stream && strcmp(id + len, "/logs") != 0)) {
        refuse(answer, 404, "Route not found");
        return true;
    }
    char *name = mem_strndup(id, len);
    answer_log(world, request, moment, name, stream, answer);
    free(name);
    return true;
}
