/* io/spool: a file that nobody else finds. */
#include "config.h"

#include "io/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char directory[] = "/tmp/check_spool.XXXXXX";

static void make_directory(void)
{
    strcpy(directory + sizeof directory - 7, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    setenv("TMPDIR", directory, 1);
}

/* The lowest descriptor that is free: what is opened next. */
static int next_descriptor(void)
{
    int fd = open("/dev/null", O_RDONLY);
    close(fd);
    return fd;
}

START_TEST(file_has_no_name_and_is_for_its_owner)
{
    struct stat info;
    uint64_t where;
    make_directory();
    struct spool *spool = spool_create();
    struct spill spill = spool_spill(spool);
    int fd = next_descriptor();
    ck_assert(spill.write(spill.context, "secret", 6, &where));
    ck_assert_int_eq(fstat(fd, &info), 0);
    ck_assert_uint_eq(info.st_nlink, 0);
    ck_assert_uint_eq(info.st_mode & 0777, 0600);
    ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    ck_assert_int_eq(rmdir(directory), 0); /* nothing is in it */
    spool_destroy(spool);
    ck_assert_int_ne(fstat(fd, &info), 0);
}
END_TEST

START_TEST(what_was_written_comes_back)
{
    char back[5000], bytes[5000];
    uint64_t first, second;
    make_directory();
    struct spool *spool = spool_create();
    struct spill spill = spool_spill(spool);
    memset(bytes, 'x', sizeof bytes);
    ck_assert(spill.write(spill.context, bytes, sizeof bytes, &first));
    ck_assert(spill.write(spill.context, "second", 6, &second));
    ck_assert(spill.read(spill.context, second, back, 6));
    ck_assert_mem_eq(back, "second", 6);
    ck_assert(spill.read(spill.context, first, back, sizeof bytes));
    ck_assert_mem_eq(back, bytes, sizeof bytes);
    ck_assert(!spill.read(spill.context, second + 4096, back, 6));
    ck_assert_ptr_null(spool_failure(spool));
    spool_destroy(spool);
    rmdir(directory);
}
END_TEST

START_TEST(directory_that_is_not_there_is_told)
{
    uint64_t where;
    setenv("TMPDIR", "/nonesuch/at/all", 1);
    struct spool *spool = spool_create();
    struct spill spill = spool_spill(spool);
    ck_assert(!spill.write(spill.context, "x", 1, &where));
    ck_assert_str_eq(spool_failure(spool), "No such file or directory");
    ck_assert(!spill.write(spill.context, "x", 1, &where));
    spool_destroy(spool);
}
END_TEST

UNIT_MAIN("spool", tcase_add_test(tc, file_has_no_name_and_is_for_its_owner);
          tcase_add_test(tc, what_was_written_comes_back);
          tcase_add_test(tc, directory_that_is_not_there_is_told))
