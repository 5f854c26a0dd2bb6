/* Each line is written at once, whole: what a crash leaves is what was received
 * until then. Where a line cannot be written whole, what came of it is taken
 * back and nothing is written any more. */
#include "config.h"

#include "io/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "wire/mask.h"

struct recorder {
    int fd;
    struct loop *loop;
    int64_t started_steady_ms;
    struct mask *mask;
    struct mask_stream input;
    uint64_t exchanges;
    char failure[160];
};

struct recorder_exchange {
    struct recorder *recorder;
    uint64_t number;
    struct mask_stream body;
};

/* The file. */

static bool refuse(const char *file, struct error *err)
{
    return error_set(err, ERROR_USAGE, "cannot record to %.200s: %s", file,
                     errno == EEXIST ? "there is one already; add "
                                       "--overwrite, or name another"
                                     : strerror(errno));
}

/* Takes a file that is there. Only an empty one, or with overwrite any, is
 * ours; what is no file is written to as it is. */
static int open_there(const char *file, bool overwrite)
{
    struct stat info;
    int fd = open(file, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
        return fd;
    bool ours = overwrite || info.st_size == 0;
    if (!ours)
        errno = EEXIST;
    if (ours && fchmod(fd, S_IRUSR | S_IWUSR) == 0 && ftruncate(fd, 0) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

static int open_file(const char *file, bool overwrite, struct error *err)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY,
                  S_IRUSR | S_IWUSR);
    if (fd < 0 && errno == EEXIST)
        fd = open_there(file, overwrite);
    if (fd < 0)
        refuse(file, err);
    return fd;
}

struct recorder *recorder_create(const char *file, bool overwrite,
                                 struct loop *loop, struct error *err)
{
    int fd = open_file(file, overwrite, err);
    if (fd < 0)
        return NULL;
    struct recorder *recorder = mem_zalloc(1, sizeof *recorder);
    recorder->fd = fd;
    recorder->loop = loop;
    recorder->mask = mask_create();
    recorder->started_steady_ms = loop_steady_ms(loop);
    loop_tie_clocks(loop);
    return recorder;
}

void recorder_destroy(struct recorder *recorder)
{
    if (!recorder)
        return;
    struct buf rest = buf_make(0);
    mask_finish(recorder->mask, &recorder->input, &rest);
    buf_free(&rest);
    close(recorder->fd);
    mask_destroy(recorder->mask);
    free(recorder);
}

const char *recorder_failure(const struct recorder *recorder)
{
    return recorder && *recorder->failure ? recorder->failure : NULL;
}

static void fail(struct recorder *recorder, int why, size_t written)
{
    struct stat info;
    snprintf(recorder->failure, sizeof recorder->failure, "%s", strerror(why));
    /* half a line would be an obstacle to what is appended by others */
    if (written && fstat(recorder->fd, &info) == 0 && S_ISREG(info.st_mode) &&
        ftruncate(recorder->fd, info.st_size - (off_t)written) != 0)
        return;
}

static void write_all(struct recorder *recorder, const struct buf *line)
{
    size_t done = 0;
    while (done < line->len && !*recorder->failure) {
        ssize_t count =
            write(recorder->fd, line->data + done, line->len - done);
        if (count >= 0)
            done += (size_t)count;
        else if (errno != EINTR)
            fail(recorder, errno, done);
    }
}

static int64_t since_start(const struct recorder *recorder)
{
    return loop_steady_ms(recorder->loop) - recorder->started_steady_ms;
}

static struct recording_line line_now(const struct recorder *recorder,
                                      enum recording_type type)
{
    return recording_line(type, since_start(recorder));
}

/* Writes the line and frees what it holds. */
static void put(struct recorder *recorder, struct recording_line *line)
{
    struct buf out = buf_make(0);
    if (!*recorder->failure) {
        recording_add(&out, line);
        write_all(recorder, &out);
    }
    buf_free(&out);
    recording_free(line);
}

/* Secrets. */

void recorder_add_secret(struct recorder *recorder, const char *secret)
{
    if (recorder)
        mask_add(recorder->mask, secret);
}

void recorder_add_secret_header(struct recorder *recorder, const char *header)
{
    if (recorder && header)
        mask_add_header(recorder->mask, header);
}

/* An owned copy without secrets; NULL for NULL. */
static char *masked(const struct recorder *recorder, const char *text)
{
    struct buf out = buf_make(0);
    if (!text)
        return NULL;
    mask_text(recorder->mask, text, strlen(text), &out);
    return buf_take(&out);
}

static char *masked_url(const struct recorder *recorder, const char *url)
{
    struct buf out = buf_make(0);
    if (!url)
        return NULL;
    mask_url(recorder->mask, url, &out);
    return buf_take(&out);
}

/* The start. */

void recorder_start(struct recorder *recorder,
                    const struct recording_start *start)
{
    struct recording_start clean = *start;
    struct buf line = buf_make(0);
    mask_add_url(recorder->mask, start->target);
    if (start->poll_url)
        mask_add_url(recorder->mask, start->poll_url);
    char *target = masked_url(recorder, start->target);
    char *api_url = masked_url(recorder, start->api_url);
    char *poll_url = masked_url(recorder, start->poll_url);
    clean.target = target;
    clean.api_url = api_url;
    clean.poll_url = poll_url;
    clean.started_ms = loop_wall_ms(recorder->loop);
    recording_add_start(&line, &clean);
    write_all(recorder, &line);
    buf_free(&line);
    free(target);
    free(api_url);
    free(poll_url);
}

/* Exchanges. */

static bool is_harmless(const char *header)
{
    static const char *const names[] = {"accept:",
                                        "cache-control:",
                                        "content-type:",
                                        "last-event-id:",
                                        "timeout-seconds:",
                                        "x-trigger-api-version:",
                                        "x-trigger-electric-version:"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncasecmp(header, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

struct recorder_exchange *recorder_request(struct recorder *recorder,
                                           const char *method, const char *url,
                                           const char *const *headers)
{
    if (!recorder)
        return NULL;
    struct recorder_exchange *exchange = mem_zalloc(1, sizeof *exchange);
    struct recording_line line = line_now(recorder, RECORDING_REQUEST);
    mask_add_url(recorder->mask, url);
    char *clean = masked_url(recorder, url);
    exchange->recorder = recorder;
    exchange->number = ++recorder->exchanges;
    line.exchange = exchange->number;
    line.method = method;
    line.url = clean;
    for (; headers && *headers; headers++) {
        if (!is_harmless(*headers))
            continue;
        mask_text(recorder->mask, *headers, strlen(*headers), &line.head);
        buf_addc(&line.head, '\0');
    }
    put(recorder, &line);
    free(clean);
    return exchange;
}

static bool is_address(const char *header, size_t name)
{
    static const char *const names[] = {"location", "content-location", "link"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == name &&
            strncasecmp(header, names[i], name) == 0)
            return true;
    return false;
}

/* A header whose name tells of a secret keeps its name only. */
static void add_header(const struct recorder *recorder, const char *header,
                       struct buf *out)
{
    size_t name = strcspn(header, ":");
    const char *value = header + name + strspn(header + name, ": ");
    buf_addf(out, "%.*s: ", (int)name, header);
    if (mask_is_secret_name(header, name))
        buf_adds(out, "***");
    else if (is_address(header, name))
        mask_url(recorder->mask, value, out);
    else
        mask_text(recorder->mask, value, strlen(value), out);
    buf_addc(out, '\0');
}

void recorder_head(struct recorder_exchange *exchange, long status,
                   const struct buf *head)
{
    if (!exchange)
        return;
    struct recording_line line = line_now(exchange->recorder, RECORDING_HEAD);
    const char *p = buf_str(head), *end = p + head->len;
    line.exchange = exchange->number;
    line.status = status;
    for (; p < end; p += strlen(p) + 1)
        add_header(exchange->recorder, p, &line.head);
    put(exchange->recorder, &line);
}

static void put_bytes(struct recorder_exchange *exchange, struct buf *bytes)
{
    struct recording_line line = line_now(exchange->recorder, RECORDING_BODY);
    line.exchange = exchange->number;
    line.bytes = *bytes;
    *bytes = buf_make(0);
    if (line.bytes.len)
        put(exchange->recorder, &line);
    else
        recording_free(&line);
}

void recorder_body(struct recorder_exchange *exchange, const char *bytes,
                   size_t len)
{
    struct buf clean = buf_make(0);
    if (!exchange)
        return;
    /* what is held back comes with the next piece, or with the end */
    mask_feed(exchange->recorder->mask, &exchange->body, bytes, len, &clean);
    put_bytes(exchange, &clean);
}

void recorder_redirect(struct recorder_exchange *exchange, const char *url)
{
    if (!exchange)
        return;
    struct recording_line line =
        line_now(exchange->recorder, RECORDING_REDIRECT);
    char *clean = masked_url(exchange->recorder, url);
    line.exchange = exchange->number;
    line.url = clean;
    put(exchange->recorder, &line);
    free(clean);
}

void recorder_done(struct recorder_exchange *exchange, const char *how,
                   const char *reason)
{
    if (!exchange)
        return;
    struct recorder *recorder = exchange->recorder;
    struct buf rest = buf_make(0);
    mask_finish(recorder->mask, &exchange->body, &rest);
    put_bytes(exchange, &rest);
    struct recording_line line = line_now(recorder, RECORDING_DONE);
    char *clean = masked(recorder, reason && *reason ? reason : NULL);
    line.exchange = exchange->number;
    line.how = how;
    line.reason = clean;
    put(recorder, &line);
    free(clean);
    free(exchange);
}

/* The rest. */

void recorder_input(struct recorder *recorder, const char *bytes, size_t len,
                    const char *reason)
{
    if (!recorder)
        return;
    struct recording_line line = line_now(recorder, RECORDING_INPUT);
    bool over = !len;
    if (!over)
        mask_feed(recorder->mask, &recorder->input, bytes, len, &line.bytes);
    else
        mask_finish(recorder->mask, &recorder->input, &line.bytes);
    if (line.bytes.len)
        put(recorder, &line);
    else
        recording_free(&line);
    if (!over)
        return;
    line = line_now(recorder, RECORDING_INPUT);
    line.how = reason ? "broken" : "complete";
    line.reason = reason;
    put(recorder, &line);
}

static const char *const kind_names[] = {
    [ERROR_NONE] = "complete",     [ERROR_USAGE] = "usage",
    [ERROR_AUTH] = "auth",         [ERROR_NOT_FOUND] = "not-found",
    [ERROR_PROTOCOL] = "protocol", [ERROR_CONNECTION] = "connection",
    [ERROR_SYSTEM] = "system"};

enum error_kind recorder_kind(const char *name)
{
    for (size_t i = 0; name && i < sizeof kind_names / sizeof *kind_names; i++)
        if (strcmp(name, kind_names[i]) == 0)
            return (enum error_kind)i;
    return ERROR_NONE;
}

void recorder_token(struct recorder *recorder, int number, int64_t expires_ms,
                    const struct error *err, int64_t retry_after_ms)
{
    if (!recorder)
        return;
    struct recording_line line = line_now(recorder, RECORDING_TOKEN);
    char *reason = masked(recorder, err ? err->message : NULL);
    line.number = number;
    line.how = kind_names[err ? err->kind : ERROR_NONE];
    line.reason = reason;
    line.expires_ms = expires_ms;
    line.retry_after_ms = retry_after_ms;
    put(recorder, &line);
    free(reason);
}

void recorder_wake(struct recorder *recorder)
{
    if (!recorder)
        return;
    struct recording_line line = line_now(recorder, RECORDING_WAKE);
    put(recorder, &line);
}

void recorder_close(struct recorder *recorder, const char *how, int number)
{
    if (!recorder)
        return;
    struct recording_line line = line_now(recorder, RECORDING_CLOSE);
    line.how = how;
    line.number = number;
    put(recorder, &line);
}
