#include "config.h"

#include "app/client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What is no file, as a shell's <(…), can be read only once. */
static bool may_be_pem(FILE *file)
{
    char line[256];
    struct stat info;
    if (fstat(fileno(file), &info) == 0 && !S_ISREG(info.st_mode) &&
        !S_ISDIR(info.st_mode))
        return true;
    while (fgets(line, sizeof line, file))
        if (strstr(line, "-----BEGIN"))
            return true;
    return false;
}

static bool read_authorities(FILE *file, const char *name, struct error *err)
{
    errno = 0;
    if (may_be_pem(file))
        return true;
    if (ferror(file))
        return error_set(err, ERROR_USAGE, "--cacert %.200s: %s", name,
                         strerror(errno));
    return error_set(err, ERROR_USAGE,
                     "--cacert %.200s: there is no certificate in it; it "
                     "takes them in PEM",
                     name);
}

bool client_check_authorities(const struct options *options, struct error *err)
{
    const char *name = options->ca_file;
    FILE *file = name ? fopen(name, "r") : NULL;
    if (name && !file)
        return error_set(err, ERROR_USAGE, "--cacert %.200s: %s", name,
                         strerror(errno));
    bool good = !file || read_authorities(file, name, err);
    if (file)
        fclose(file);
    return good;
}

struct http *client_http(const struct options *options, struct loop *loop)
{
    struct http_options http_options = {
        .ca_file = options->ca_file,
        .user_agent = PACKAGE_NAME "/" PACKAGE_VERSION,
    };
    return http_create(loop, &http_options);
}

struct token *client_token(const struct settings *settings, struct http *http,
                           struct loop *loop, const char *run)
{
    struct token_options options = {
        .api_url = settings->api_url,
        .token_url = settings->token_url,
        .api_key = settings->api_key,
        .access_token = settings->access_token,
        .secret_key = settings->secret_key,
        .file = settings->token_file,
        .command = settings->token_cmd,
        .played_origin = settings->token_origin,
    };
    return token_create(http, loop, &options, run);
}
