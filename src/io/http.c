#include "config.h"

#include "io/http.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "io/http_call.h"
#include "io/player.h"
#include "io/recorder.h"
#include "wire/url.h"

enum {
    MAX_HEADERS = 256 * 1024, /* bytes of an answer's header block */
    MAX_REDIRECTS = 20,
    KEEP_IDLE_S = 30,     /* of silence; then the system asks the peer's … */
    KEEP_INTERVAL_S = 10, /* … this often, mostly nine times */
    SIGN_OF_LIFE = 1024,  /* bytes of an answer that are more than a drip */
    BUFFER_SIZE = 256 * 1024
};

static void on_transfer(void *context, CURL *easy, CURLcode code);
static void bury(void *context);

struct http *http_create(struct loop *loop, const struct http_options *options)
{
    struct http *http = mem_zalloc(1, sizeof *http);
    http->loop = loop;
    http->ca_file = mem_strdup(options->ca_file);
    http->user_agent = mem_strdup(options->user_agent);
    loop_set_transfers(loop, on_transfer, http);
    return http;
}

void http_destroy(struct http *http)
{
    if (!http)
        return;
    while (http->calls)
        http_cancel(http->calls);
    loop_timer_stop(http->loop, &http->burial);
    bury(http);
    free(http->ca_file);
    free(http->user_agent);
    free(http);
}

void http_set_recorder(struct http *http, struct recorder *recorder)
{
    http->recorder = recorder;
}

void http_set_player(struct http *http, struct player *player)
{
    http->player = player;
}

struct recorder *http_recorder(const struct http *http)
{
    return http->recorder;
}

struct player *http_player(const struct http *http)
{
    return http->player;
}

int http_count_wish(struct http *http)
{
    return ++http->wishes;
}

static void wipe_headers(struct curl_slist *headers)
{
    for (struct curl_slist *item = headers; item; item = item->next)
        mem_wipe(item->data, strlen(item->data));
    curl_slist_free_all(headers);
}

static void destroy(struct http_call *call)
{
    curl_easy_cleanup(call->easy);
    wipe_headers(call->headers);
    curl_slist_free_all(call->public_headers);
    buf_free(&call->head);
    buf_free(&call->body);
    mem_wipe(call->url, strlen(call->url)); /* may hold a token */
    free(call->url);
    free(call->post);
    free(call);
}

static void bury(void *context)
{
    struct http *http = context;
    while (http->dead) {
        struct http_call *call = http->dead;
        http->dead = call->next;
        if (call->easy)
            curl_multi_remove_handle(loop_multi(http->loop), call->easy);
        destroy(call);
    }
}

/* Curl, or the player, may be handing something of it over. */
static bool is_in_use(struct http_call *call)
{
    player_cancel(call->played);
    return !call->easy ||
           curl_multi_remove_handle(loop_multi(call->http->loop), call->easy) ==
               CURLM_RECURSIVE_API_CALL;
}

void http_cancel(struct http_call *call)
{
    if (!call)
        return;
    struct http *http = call->http;
    struct http_call **at = &http->calls;
    while (*at && *at != call)
        at = &(*at)->next;
    if (*at)
        *at = call->next;
    loop_timer_stop(http->loop, &call->idle);
    loop_timer_stop(http->loop, &call->begin);
    recorder_done(call->recorded, "canceled", NULL);
    call->recorded = NULL;
    if (is_in_use(call)) {
        call->canceled = true;
        call->next = http->dead;
        http->dead = call;
        loop_timer_start(http->loop, &http->burial, 0, bury, http);
        return;
    }
    destroy(call);
}

static void on_idle(void *context);

static void restart_idle(struct http_call *call)
{
    call->idle_bytes = 0;
    if (call->idle_ms > 0)
        loop_timer_start(call->http->loop, &call->idle, call->idle_ms, on_idle,
                         call);
}

void http_set_idle(struct http_call *call, int64_t idle_ms)
{
    call->idle_ms = idle_ms;
    loop_timer_stop(call->http->loop, &call->idle);
    if (!call->played)
        restart_idle(call);
}

/* Each byte of a stream is one of life. Other answers have an end, which one
 * that drips would not reach: of them it takes some. */
static void note_bytes(struct http_call *call, size_t len)
{
    call->idle_bytes += len;
    if (call->on_data || call->idle_bytes >= SIGN_OF_LIFE)
        restart_idle(call);
}

bool http_call_is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 ||
           status == 308;
}

void http_call_tell_headers(struct http_call *call)
{
    if (call->headers_done)
        return;
    call->headers_done = true;
    recorder_head(call->recorded, http_status(call), &call->head);
    if (call->request.on_headers)
        call->request.on_headers(call->request.context, call);
}

/* They are told at once: a stream may be silent for long. Interim answers and
 * redirects are followed by others. */
static void end_headers(struct http_call *call)
{
    long status = http_status(call);
    call->head_ended = true;
    restart_idle(call);
    if (status >= 200 && !http_call_is_redirect(status))
        http_call_tell_headers(call);
}

/* One header line; a status line begins a new block (redirect, 1xx). */
static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct http_call *call = context;
    size_t len = size * count, end = len;
    if (call->canceled)
        return 0;
    note_bytes(call, len);
    while (end && isspace((unsigned char)bytes[end - 1]))
        end--;
    if (end >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
        buf_clear(&call->head);
        call->head_ended = false;
        return len;
    }
    const char *colon = memchr(bytes, ':', end);
    if (!end)
        end_headers(call);
    if (!colon)
        return len;
    for (const char *p = bytes; p < colon; p++)
        buf_addc(&call->head, (char)tolower((unsigned char)*p));
    const char *value = colon + 1;
    while (value < bytes + end && isspace((unsigned char)*value))
        value++;
    if (strncasecmp(bytes, "date:", 5) == 0)
        call->date_wall_ms = loop_wall_ms(call->http->loop);
    bool fits = buf_adds(&call->head, ": ") &&
                buf_add(&call->head, value, (size_t)(bytes + end - value)) &&
                buf_addc(&call->head, '\0');
    call->too_large |= !fits;
    return fits ? len : 0;
}

long http_status(const struct http_call *call)
{
    long status = 0;
    if (call->played)
        return call->played_status;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

bool http_call_take_body(struct http_call *call, const char *bytes, size_t len)
{
    http_call_tell_headers(call);
    if (call->canceled)
        return false;
    recorder_body(call->recorded, bytes, len);
    if (call->on_data) {
        bool more = call->on_data(call->request.context, call, bytes, len);
        call->stopped |= !more;
        return more;
    }
    call->too_large |= !buf_add(&call->body, bytes, len);
    return !call->too_large;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_call *call = context;
    size_t len = size * count;
    if (call->canceled)
        return 0;
    note_bytes(call, len);
    if (http_call_is_redirect(http_status(call)) ||
        http_call_take_body(call, bytes, len))
        return len;
    return 0;
}

void http_stream(struct http_call *call, http_data_fn *on_data)
{
    call->on_data = on_data;
}

static enum http_failure failure_of(const struct http_call *call, CURLcode code)
{
    switch (code) {
    case CURLE_OK: /* also where the connection ended within the head */
        return call->head_ended ? HTTP_OK : HTTP_BROKEN;
    case CURLE_OUT_OF_MEMORY: /* curl's word for a header without an end */
        return call->head_ended ? HTTP_BROKEN : HTTP_TOO_LARGE;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT: /* of connecting: there is no other */
        return HTTP_UNREACHABLE;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
        return HTTP_INSECURE;
    default:
        return call->too_large ? HTTP_TOO_LARGE : HTTP_BROKEN;
    }
}

void http_call_set_reason(struct http_result *result, const char *words)
{
    size_t n = 0;
    for (; *words && n + 1 < sizeof result->reason; words++)
        if ((unsigned char)*words >= 0x20 && *words != 0x7f)
            result->reason[n++] = *words;
    result->reason[n] = '\0';
}

static bool proxy_refuses(const struct http_call *call)
{
    long status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return status >= 300;
}

/* As each TLS library says that it does not know who vouches for it. */
static bool is_of_unknown_authority(const char *words)
{
    return strstr(words, "self-signed") || strstr(words, "self signed") ||
           strstr(words, "issuer") || strstr(words, "CAfile");
}

static void describe_certificate(struct http_result *result, const char *words)
{
    struct buf all = buf_make(0);
    buf_adds(&all, words);
    if (is_of_unknown_authority(words))
        buf_adds(&all, "; name its authority with --cacert FILE");
    http_call_set_reason(result, buf_str(&all));
    buf_free(&all);
}

static void describe(struct http_call *call, struct http_result *result,
                     CURLcode code)
{
    if (result->failure == HTTP_OK)
        return;
    if (result->failure == HTTP_TOO_LARGE)
        http_call_set_reason(result, "the answer is too large");
    else if (result->failure == HTTP_UNREACHABLE &&
             code == CURLE_COULDNT_CONNECT)
        http_call_set_reason(result, "connection refused");
    else if (code == CURLE_GOT_NOTHING ||
             (code == CURLE_RECV_ERROR && !proxy_refuses(call)))
        http_call_set_reason(result, "the server closed the connection");
    else if (code == CURLE_SSL_CONNECT_ERROR &&
             strstr(call->error_text, "wrong version number"))
        http_call_set_reason(result, "it does not speak TLS");
    else if (code == CURLE_SSL_CONNECT_ERROR &&
             strstr(call->error_text, "SSL_ERROR_SYSCALL"))
        http_call_set_reason(result, "it broke off the TLS handshake; perhaps "
                                     "it does not speak TLS");
    else if (code == CURLE_OK || code == CURLE_PARTIAL_FILE)
        http_call_set_reason(result, "the answer was cut off");
    else if (code == CURLE_PEER_FAILED_VERIFICATION)
        describe_certificate(result, call->error_text);
    else
        http_call_set_reason(result, call->error_text[0]
                                         ? call->error_text
                                         : curl_easy_strerror(code));
}

void http_call_finish(struct http_call *call, struct http_result *result)
{
    recorder_done(call->recorded, http_failure_name(result->failure),
                  result->reason);
    call->recorded = NULL;
    result->status = http_status(call);
    result->body = buf_str(&call->body);
    result->body_len = call->body.len;
    result->elapsed_ms = loop_steady_ms(call->http->loop) - call->started_ms;
    call->request.on_done(call->request.context, call, result);
    http_cancel(call);
}

static void on_idle(void *context)
{
    struct http_call *call = context;
    struct http_result result = {.failure = HTTP_SILENT};
    snprintf(result.reason, sizeof result.reason,
             call->idle_bytes ? "hardly a byte of the answer for %lld s"
                              : "no answer for %lld s",
             (long long)(call->idle_ms / 1000));
    http_call_finish(call, &result);
}

/* May the request go there? Where it leaves the origin, its secrets stay. */
static bool may_follow(struct http_call *call, const char *target)
{
    struct buf origin = buf_make(0);
    bool is_http = target && url_origin(target, &origin);
    buf_free(&origin);
    if (!is_http || call->post || call->redirects == MAX_REDIRECTS)
        return false;
    call->redirects++;
    if (url_same_origin(call->url, target))
        return true;
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->public_headers);
    return call->request.may_leave_origin;
}

/* Goes on at the place the server names. */
static bool follow_redirect(struct http_call *call, struct http_result *result)
{
    char *target = NULL;
    curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_URL, &target);
    if (!may_follow(call, target)) {
        struct buf shown = buf_make(0);
        url_for_display(&shown, target ? target : "nowhere");
        recorder_head(call->recorded, http_status(call), &call->head);
        result->failure = HTTP_REDIRECTED;
        snprintf(result->reason, sizeof result->reason,
                 call->redirects == MAX_REDIRECTS
                     ? "the server redirects in a circle, at last to %.150s"
                     : "the server redirects to %.150s, where the token must "
                       "not go",
                 buf_str(&shown));
        buf_free(&shown);
        return false;
    }
    char *url = mem_strdup(target);
    free(call->url);
    call->url = url;
    buf_clear(&call->body);
    call->headers_done = false;
    recorder_redirect(call->recorded, call->url);
    curl_easy_setopt(call->easy, CURLOPT_URL, call->url);
    curl_multi_remove_handle(loop_multi(call->http->loop), call->easy);
    curl_multi_add_handle(loop_multi(call->http->loop), call->easy);
    return true;
}

static void on_transfer(void *context, CURL *easy, CURLcode code)
{
    struct http_call *call = NULL;
    (void)context;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call);
    if (call->canceled)
        return;
    struct http_result result = {.failure = failure_of(call, code)};
    if (call->stopped) {
        http_cancel(call);
        return;
    }
    describe(call, &result, code);
    if (result.failure == HTTP_OK && http_call_is_redirect(http_status(call)) &&
        follow_redirect(call, &result))
        return;
    if (result.failure == HTTP_OK)
        http_call_tell_headers(call);
    http_call_finish(call, &result);
}

static void add_header(struct http_call *call, const char *header)
{
    call->headers = curl_slist_append(call->headers, header);
    call->public_headers = curl_slist_append(call->public_headers, header);
}

static bool is_among(const char *header, const char *const *headers)
{
    size_t len = strcspn(header, ":");
    for (; headers && *headers; headers++)
        if (strncasecmp(header, *headers, len) == 0 &&
            strchr(":;", (*headers)[len]))
            return true;
    return false;
}

static void add_headers(struct http_call *call,
                        const struct http_request *request)
{
    for (const char *const *h = request->headers; h && *h; h++) {
        call->public_headers = curl_slist_append(call->public_headers, *h);
        if (!is_among(*h, request->private_headers))
            call->headers = curl_slist_append(call->headers, *h);
    }
    if (request->body) {
        add_header(call, "Content-Type: application/json");
        add_header(call, "Expect:");
    }
    if (request->secret_header &&
        !is_among(request->secret_header, request->private_headers))
        call->headers =
            curl_slist_append(call->headers, request->secret_header);
    for (const char *const *h = request->private_headers; h && *h; h++)
        call->headers = curl_slist_append(call->headers, *h);
}

static void set_options(struct http_call *call,
                        const struct http_request *request)
{
    CURL *easy = call->easy;
    curl_easy_setopt(easy, CURLOPT_URL, call->url);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error_text);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, call->headers);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, call->http->user_agent);
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_SIZE);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEP_IDLE_S);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEP_INTERVAL_S);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    if (call->http->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, call->http->ca_file);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
    if (request->connect_ms)
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                         (long)request->connect_ms);
    if (call->post) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, call->post);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(call->post));
    }
}

/* What the request holds of secrets is never to be written; nor is anything of
 * one that has a body: it gets a token. */
static void start_recording(struct http_call *call,
                            const struct http_request *request)
{
    struct recorder *recorder = call->http->recorder;
    recorder_add_secret_header(recorder, request->secret_header);
    for (const char *const *h = request->private_headers; h && *h; h++)
        recorder_add_secret_header(recorder, *h);
    if (!request->unrecorded && !request->body)
        call->recorded =
            recorder_request(recorder, "GET", request->url, request->headers);
}

/* Bytes of another transfer may ask for this one; curl takes no new ones while
 * it hands those out. */
static void begin(void *context)
{
    struct http_call *call = context;
    struct loop *loop = call->http->loop;
    if (curl_multi_add_handle(loop_multi(loop), call->easy) ==
        CURLM_RECURSIVE_API_CALL)
        loop_timer_start(loop, &call->begin, 0, begin, call);
}

static void start_transfer(struct http_call *call,
                           const struct http_request *request)
{
    call->easy = curl_easy_init();
    add_headers(call, request);
    set_options(call, request);
    restart_idle(call);
    begin(call);
}

struct http_call *http_start(struct http *http,
                             const struct http_request *request)
{
    struct http_call *call = mem_zalloc(1, sizeof *call);
    call->http = http;
    call->next = http->calls;
    http->calls = call;
    call->url = mem_strdup(request->url);
    call->post = mem_strdup(request->body);
    call->max_body = request->max_body;
    call->idle_ms = request->idle_ms;
    call->request = *request;
    call->request.url = call->request.body = NULL;
    call->request.secret_header = NULL;
    call->request.headers = call->request.private_headers = NULL;
    call->head = buf_make(MAX_HEADERS);
    call->body = buf_make(request->max_body);
    call->started_ms = loop_steady_ms(http->loop);
    start_recording(call, request);
    if (http->player)
        call->played = player_request(
            http->player, request->body ? "POST" : "GET", request->url, call);
    else
        start_transfer(call, request);
    return call;
}
