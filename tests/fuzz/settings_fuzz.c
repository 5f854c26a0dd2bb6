/* The configuration file. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/settings.h"
#include "wire/url.h"

#include "fuzz.h"

/* One file, written anew for each input. */
static const char *make_file(void)
{
    static char path[64];
    if (*path)
        return path;
    snprintf(path, sizeof path, "/tmp/settings_fuzz.%ld", (long)getpid());
    const char *names[] = {"XDG_CONFIG_HOME", "RUNTAIL_PROFILE",
                           "TRIGGER_API_URL", "RUNTAIL_TOKEN_URL",
                           "RUNTAIL_POLL_URL"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    setenv("RUNTAIL_CONFIG", path, 1);
    return path;
}

static void write_file(const char *path, const uint8_t *data, size_t size)
{
    umask(077);
    FILE *out = fopen(path, "we");
    FUZZ_CHECK(out && fwrite(data, 1, size, out) == size);
    fclose(out);
}

static bool is_secret(const char *secret)
{
    for (; secret && *secret; secret++)
        if ((unsigned char)*secret < ' ' || (unsigned char)*secret >= 0x7f)
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = make_file();
    struct options options = {.command = COMMAND_WATCH, .profile = "p"};
    struct settings settings;
    struct error err = {0};
    struct buf origin = buf_make(0);
    write_file(path, data, size);
    bool good = settings_load(&settings, &options, &err);
    unlink(path);
    FUZZ_CHECK(good == (err.kind == ERROR_NONE));
    FUZZ_CHECK(settings.api_url && settings.progress_key && settings.log_key);
    if (good) {
        FUZZ_CHECK(url_origin(settings.api_url, &origin));
        FUZZ_CHECK(is_secret(settings.api_key));
        FUZZ_CHECK(is_secret(settings.access_token));
        FUZZ_CHECK(is_secret(settings.secret_key));
    }
    settings_free(&settings);
    buf_free(&origin);
    return 0;
}
