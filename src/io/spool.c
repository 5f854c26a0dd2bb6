#include "config.h"

#include "io/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
    PAGE = 4096 /* writes begin at one: half pages cost more than whole ones */
};

struct spool {
    int fd; /* -1: not made yet */
    uint64_t size;
    int failure; /* errno of the first failure; 0: none */
};

struct spool *spool_create(void)
{
    struct spool *spool = mem_zalloc(1, sizeof *spool);
    spool->fd = -1;
    return spool;
}

void spool_destroy(struct spool *spool)
{
    if (!spool)
        return;
    if (spool->fd >= 0)
        close(spool->fd);
    free(spool);
}

const char *spool_failure(const struct spool *spool)
{
    return spool->failure ? strerror(spool->failure) : NULL;
}

static bool open_file(struct spool *spool)
{
    const char *directory = getenv("TMPDIR");
    struct buf path = buf_make(0);
    if (spool->fd >= 0)
        return true;
    buf_addf(&path, "%s/runtail-XXXXXX",
             directory && *directory ? directory : "/tmp");
    spool->fd = mkostemp(path.data, O_CLOEXEC);
    if (spool->fd >= 0)
        unlink(path.data);
    buf_free(&path);
    return spool->fd >= 0;
}

static bool write_all(int fd, const char *bytes, size_t len, uint64_t where)
{
    while (len) {
        ssize_t written = pwrite(fd, bytes, len, (off_t)where);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        len -= (size_t)written;
        where += (uint64_t)written;
    }
    return true;
}

static bool spool_write(void *context, const char *bytes, size_t len,
                        uint64_t *where)
{
    struct spool *spool = context;
    if (spool->failure)
        return false;
    *where = spool->size;
    if (!open_file(spool) || !write_all(spool->fd, bytes, len, *where)) {
        spool->failure = errno ? errno : EIO;
        return false;
    }
    spool->size += len + (PAGE - len % PAGE) % PAGE;
    return true;
}

static bool spool_read(void *context, uint64_t where, char *bytes, size_t len)
{
    struct spool *spool = context;
    while (len) {
        ssize_t got = pread(spool->fd, bytes, len, (off_t)where);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        bytes += got;
        len -= (size_t)got;
        where += (uint64_t)got;
    }
    return true;
}

struct spill spool_spill(struct spool *spool)
{
    return (struct spill){
        .context = spool, .write = spool_write, .read = spool_read};
}
