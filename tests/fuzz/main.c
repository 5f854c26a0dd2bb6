/* Stands in for libFuzzer: gives the target the inputs that are kept.
 *
 *   NAME_fuzz [FILE…]    those of $srcdir/tests/fuzz/corpus/NAME without any
 *
 * Each is also given cut short at some places, since what ends in the middle
 * is what parsers get wrong. */
#include "config.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

enum {
    MOST_CUTS = 40
};

static int run_file(const char *path)
{
    struct buf bytes = buf_make(0);
    char part[4096];
    size_t got;
    FILE *in = fopen(path, "rbe");
    if (!in) {
        perror(path);
        exit(99);
    }
    while ((got = fread(part, 1, sizeof part, in)) > 0)
        buf_add(&bytes, part, got);
    fclose(in);
    size_t step = bytes.len / MOST_CUTS + 1;
    int count = 0;
    for (size_t len = bytes.len;; len -= len < step ? len : step) {
        char *copy = fuzz_copy(bytes.data, len);
        LLVMFuzzerTestOneInput((const uint8_t *)copy, len);
        free(copy);
        count++;
        if (!len)
            break;
    }
    buf_free(&bytes);
    return count;
}

/* "tests/fuzz/sse_fuzz" → "…/tests/fuzz/corpus/sse" */
static void corpus_path(struct buf *path, const char *program)
{
    const char *srcdir = getenv("srcdir");
    const char *slash = strrchr(program, '/');
    const char *name = slash ? slash + 1 : program;
    if (strncmp(name, "lt-", 3) == 0)
        name += 3;
    buf_addf(path, "%s/tests/fuzz/corpus/%.*s", srcdir ? srcdir : ".",
             (int)(strlen(name) - strlen("_fuzz")), name);
}

static int run_corpus(const char *path, int *files)
{
    int count = 0;
    DIR *dir = opendir(path);
    if (!dir) {
        perror(path);
        exit(99);
    }
    for (struct dirent *item; (item = readdir(dir));) {
        struct buf file = buf_make(0);
        struct stat info;
        buf_addf(&file, "%s/%s", path, item->d_name);
        if (stat(buf_str(&file), &info) == 0 && S_ISREG(info.st_mode)) {
            count += run_file(buf_str(&file));
            ++*files;
        }
        buf_free(&file);
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    struct buf path = buf_make(0);
    int files = argc - 1, count = 0;
    for (int i = 1; i < argc; i++)
        count += run_file(argv[i]);
    if (argc == 1) {
        corpus_path(&path, argv[0]);
        count = run_corpus(buf_str(&path), &files);
    }
    buf_free(&path);
    printf("%d files, %d inputs\n", files, count);
    return files ? EXIT_SUCCESS : 99;
}
