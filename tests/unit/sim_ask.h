/* Asks a simulated world without sockets: a request line, headers, a time. */
#ifndef TESTS_SIM_ASK_H
#define TESTS_SIM_ASK_H

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/pubtoken.h"
#include "sim/world.h"

/* When the asked worlds begin: 2026-11-20T12:00:00Z. */
#define ASK_START_MS 1795176000000

/* Text that is to be freed by the caller. */
static inline char *ask_token(const char *scope, const char *key,
                              int64_t expires_s)
{
    json_t *scopes = json_pack("[s]", scope);
    struct pubtoken_claims claims = {.subject = "env_test",
                                     .scopes = scopes,
                                     .issued_s = expires_s - 900,
                                     .expires_s = expires_s};
    struct buf payload = buf_make(0);
    struct buf token = buf_make(0);
    pubtoken_add_payload(&payload, &claims);
    pubtoken_sign(&token, buf_str(&payload), payload.len, key);
    json_decref(scopes);
    buf_free(&payload);
    return buf_take(&token);
}

static inline void ask_add_query(struct request *request, const char *query)
{
    while (query && *query) {
        size_t len = strcspn(query, "&");
        size_t name_len = strcspn(query, "=");
        char *name = mem_strndup(query, name_len);
        char *value = mem_strndup(query + name_len + 1, len - name_len - 1);
        fields_add(&request->query, name, value);
        free(name);
        free(value);
        query += len + (query[len] == '&');
    }
}

/* "GET /path?name=value" and headers "name: value", a line each. The values
 * are taken as they are. */
static inline struct request ask_request(const char *line, const char *headers)
{
    struct request request = {.hold_ms = -1};
    size_t method_len = strcspn(line, " ");
    const char *path = line + method_len + 1;
    size_t path_len = strcspn(path, "?");
    request.method = mem_strndup(line, method_len);
    request.path = mem_strndup(path, path_len);
    if (path[path_len] == '?')
        ask_add_query(&request, path + path_len + 1);
    while (headers && *headers) {
        size_t len = strcspn(headers, "\n");
        size_t name_len = strcspn(headers, ":");
        char *name = mem_strndup(headers, name_len);
        char *value = mem_strndup(headers + name_len + 2, len - name_len - 2);
        fields_add(&request.headers, name, value);
        free(name);
        free(value);
        headers += len + (headers[len] == '\n');
    }
    return request;
}

static inline void ask_free(struct request *request)
{
    void *method = (void *)(uintptr_t)request->method;
    void *path = (void *)(uintptr_t)request->path;
    free(method);
    free(path);
    fields_free(&request->query);
    fields_free(&request->headers);
    buf_free(&request->body);
}

/* What a world answers at a moment, `after_ms` from ASK_START_MS by both
 * clocks; held requests come back with status 0 and *until_ms set. */
static inline struct answer ask(struct world *world, const char *line,
                                const char *headers, const char *body,
                                int64_t after_ms, int64_t *until_ms)
{
    struct request request = ask_request(line, headers);
    struct moment moment = {.real_ms = after_ms,
                            .now_ms = ASK_START_MS + after_ms};
    struct answer answer = {0};
    int64_t until = -1;
    buf_adds(&request.body, body ? body : "");
    request.arrived_ms = after_ms;
    request.arrived_now_ms = moment.now_ms;
    world_answer_ops.answer(world, &request, &moment, &answer, &until);
    if (until_ms)
        *until_ms = until;
    ask_free(&request);
    return answer;
}

/* A world that plays JSON text at life's speed, holding for 20 s. */
static inline struct world *ask_world(const char *json, bool electric,
                                      const char *fault)
{
    struct error err = {0};
    struct world_settings settings = {.scenario = json,
                                      .scenario_len = strlen(json),
                                      .speed = 1,
                                      .electric = electric,
                                      .live_sse = true,
                                      .hold_s = 20,
                                      .fault = fault};
    struct world *world = world_create(&settings, &err);
    if (!world) {
        fprintf(stderr, "%s\n", err.message);
        abort();
    }
    return world;
}

#endif
