/* append FILE FIRST COUNT RATE SIZE [LOG]: appends COUNT lines of SIZE bytes
 * (with the line's end) to FILE, numbered from FIRST, RATE a second (0: at
 * once), and writes LOG as the firehose does. The text is the one its events
 * carry. */
#include "config.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sim/firehose_bytes.h"

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void sleep_until(int64_t at_ns)
{
    struct timespec at = {.tv_sec = (time_t)(at_ns / 1000000000),
                          .tv_nsec = (long)(at_ns % 1000000000)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) != 0)
        continue;
}

static void write_all(int fd, const struct buf *bytes)
{
    for (size_t at = 0; at < bytes->len;) {
        ssize_t len = write(fd, bytes->data + at, bytes->len - at);
        if (len < 0) {
            perror("append");
            exit(1);
        }
        at += (size_t)len;
    }
}

static void add_line(struct buf *out, uint32_t number, size_t size)
{
    static const char head[] = "{\"level\":\"info\",\"message\":\"";
    static const char tail[] = "\"}\n";
    size_t fixed = sizeof head + sizeof tail - 2;
    size_t len = size > fixed + 8 ? size - fixed : 8;
    buf_adds(out, head);
    buf_reserve(out, len);
    firehose_line(out->data + out->len, len, number);
    out->len += len;
    buf_adds(out, tail);
}

int main(int argc, char **argv)
{
    enum {
        AT_ONCE = 1 << 20
    };
    struct buf out = buf_make(0), log = buf_make(0), part = buf_make(0);
    if (argc < 6) {
        fputs("usage: append FILE FIRST COUNT RATE SIZE [LOG]\n", stderr);
        return 2;
    }
    uint32_t first = (uint32_t)strtoul(argv[2], NULL, 10);
    uint32_t count = (uint32_t)strtoul(argv[3], NULL, 10);
    double rate = strtod(argv[4], NULL);
    size_t size = strtoul(argv[5], NULL, 10);
    int fd = open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0600);
    int64_t began_ns = now_ns();
    for (uint32_t i = 0; i < count; i++) {
        int64_t due_ns = began_ns;
        if (rate > 0) {
            due_ns += (int64_t)(i * 1e9 / rate);
            sleep_until(due_ns);
        }
        add_line(&out, first + i, size);
        buf_addf(&log, "%u %lld %lld\n", (unsigned)(first + i),
                 (long long)due_ns, (long long)now_ns());
        if (rate > 0 || out.len > AT_ONCE || i + 1 == count) {
            write_all(fd, &out);
            buf_clear(&out);
        }
    }
    close(fd);
    if (argc > 6) {
        buf_addf(&part, "%s.part", argv[6]);
        int log_fd = open(part.data, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        write_all(log_fd, &log);
        close(log_fd);
        rename(part.data, argv[6]);
    }
    buf_free(&out);
    buf_free(&log);
    buf_free(&part);
    return 0;
}
