/* The parts of a request under way, for the files that make it up: http.c
 * (curl), http_headers.c (what headers say), http_play.c (what io/player does
 * in curl's place). Others use io/http.h. */
#ifndef IO_HTTP_CALL_H
#define IO_HTTP_CALL_H

#include <curl/curl.h>

#include "io/http.h"

struct http {
    struct loop *loop;
    struct recorder *recorder;
    struct player *player;
    int wishes; /* so far */
    char *ca_file, *user_agent;
    struct http_call *calls;
    struct http_call *dead; /* canceled while curl could not let go of them */
    struct loop_timer burial;
};

struct http_call {
    struct http *http;
    struct http_call *next;
    struct recorder_exchange *recorded; /* NULL: it is not */
    struct player_call *played;         /* NULL: by curl, over the network */
    long played_status;
    CURL *easy;
    struct curl_slist *headers;        /* all … */
    struct curl_slist *public_headers; /* … and without those of the origin */
    char *url, *post;
    size_t max_body;
    int64_t idle_ms;
    struct http_request request; /* callbacks and context only */
    http_data_fn *on_data;
    struct buf head, body; /* head: "name: value\0" after another */
    bool headers_done, stopped, too_large, canceled;
    bool head_ended;   /* by its empty line */
    size_t idle_bytes; /* since silence is measured */
    int redirects;
    int64_t started_ms;
    int64_t date_wall_ms; /* our clock when the Date header came */
    struct loop_timer idle, begin;
    char error_text[CURL_ERROR_SIZE];
};

/* The headers are complete, as far as the owner is to know. Once. */
void http_call_tell_headers(struct http_call *call);

/* Hands bytes of the body on; false: the call is to end. */
bool http_call_take_body(struct http_call *call, const char *bytes, size_t len);

/* Hands the result over and forgets the call. */
void http_call_finish(struct http_call *call, struct http_result *result);

/* Words made a clause: no control bytes. */
void http_call_set_reason(struct http_result *result, const char *words);

/* Does an answer of this status lead elsewhere? */
bool http_call_is_redirect(long status);

/* As recordings name it. */
const char *http_failure_name(enum http_failure failure);

#endif
