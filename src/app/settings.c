#include "config.h"

#include "app/settings.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/mem.h"
#include "io/agent_login.h"
#include "io/token.h"
#include "wire/url.h"

static const char default_api_url[] = "https://api.trigger.dev";

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static char *config_path(void)
{
    struct buf path = buf_make(0);
    const char *given = environment("RUNTAIL_CONFIG");
    const char *base = environment("XDG_CONFIG_HOME");
    const char *home = environment("HOME");
    if (given)
        buf_adds(&path, given);
    else if (base)
        buf_addf(&path, "%s/runtail/config.json", base);
    else if (home)
        buf_addf(&path, "%s/.config/runtail/config.json", home);
    return path.len ? buf_take(&path) : NULL;
}

static bool holds_secret(json_t *profile)
{
    return json_object_get(profile, "apiKey") ||
           json_object_get(profile, "secretKey") ||
           json_object_get(profile, "accessToken");
}

static bool any_secret(json_t *root)
{
    const char *name;
    json_t *profile;
    json_object_foreach(json_object_get(root, "profiles"), name,
                        profile) if (holds_secret(profile)) return true;
    return false;
}

static bool check_private(const char *path, json_t *root, struct error *err)
{
    struct stat info;
    if (!any_secret(root) || stat(path, &info) != 0 ||
        !(info.st_mode & (S_IRWXG | S_IRWXO)))
        return true;
    return error_set(err, ERROR_USAGE,
                     "%s holds a secret and others may read it; run: chmod "
                     "600 %s",
                     path, path);
}

/* The file's content; NULL without an error when there is no file. */
static json_t *read_file(const char *path, struct error *err)
{
    json_error_t broken;
    FILE *in = path ? fopen(path, "re") : NULL;
    if (!in) {
        if (path && environment("RUNTAIL_CONFIG"))
            error_set(err, ERROR_USAGE, "cannot read the configuration %s: %s",
                      path, strerror(errno));
        return NULL;
    }
    json_t *root = json_loadf(in, JSON_REJECT_DUPLICATES, &broken);
    fclose(in);
    if (!root)
        error_set(err, ERROR_USAGE, "%s, line %d: %s", path, broken.line,
                  broken.text);
    return root;
}

/* The profile's object (new reference), NULL when there is none to use. */
static json_t *read_profile(const struct options *options, struct error *err)
{
    char *path = config_path();
    json_t *profile = NULL;
    const char *name =
        options->profile ? options->profile : environment("RUNTAIL_PROFILE");
    json_t *root = read_file(path, err);
    if (root && check_private(path, root, err)) {
        const char *wanted =
            name ? name : json_string_value(json_object_get(root, "profile"));
        if (wanted)
            profile = json_incref(
                json_object_get(json_object_get(root, "profiles"), wanted));
        name = wanted;
    }
    if (name && !profile)
        error_set(err, ERROR_USAGE, "no profile \"%.60s\" in %s", name,
                  path ? path : "any configuration file");
    json_decref(root);
    free(path);
    return profile;
}

/* The first that is set, as an owned text. */
static char *first(const char *option, const char *variable, json_t *profile,
                   const char *member)
{
    if (option)
        return mem_strdup(option);
    const char *value = variable ? environment(variable) : NULL;
    if (!value)
        value = json_string_value(json_object_get(profile, member));
    return mem_strdup(value);
}

static bool check_url(const char *url, const char *name, struct error *err)
{
    struct buf origin = buf_make(0);
    bool good = !url || url_origin(url, &origin);
    buf_free(&origin);
    return good || error_set(err, ERROR_USAGE,
                             "%s must be an http or https URL such as "
                             "https://api.example.com, not \"%.100s\"",
                             name, url);
}

static void set_defaults(struct settings *settings)
{
    if (!settings->api_url)
        settings->api_url = mem_strdup(default_api_url);
    size_t len = strlen(settings->api_url);
    while (len && settings->api_url[len - 1] == '/')
        settings->api_url[--len] = '\0';
    if (!settings->progress_key)
        settings->progress_key = mem_strdup("progress");
    if (!settings->log_key)
        settings->log_key = mem_strdup("logs");
}

/* A secret goes into a header: a line break in it would begin another. The
 * white space around it is nobody's intent. */
static void check_secret(char *secret, const char *name, struct error *err)
{
    if (!secret)
        return;
    size_t len = strlen(secret), skip = strspn(secret, " \t\r\n");
    while (len > skip && strchr(" \t\r\n", secret[len - 1]))
        secret[--len] = '\0';
    memmove(secret, secret + skip, len - skip + 1);
    for (const char *p = secret; *p; p++)
        if ((unsigned char)*p < ' ' || (unsigned char)*p >= 0x7f) {
            error_set(err, ERROR_AUTH,
                      "%s holds a line break or another character that no "
                      "key or token has",
                      name);
            return;
        }
}

/* An option that says where tokens come from outranks the environment's. */
static void load_secrets(struct settings *settings,
                         const struct options *options, json_t *profile,
                         struct error *err)
{
    bool given = options->token_file || options->token_cmd;
    if (given)
        return;
    settings->api_key = first(NULL, "RUNTAIL_API_KEY", profile, "apiKey");
    settings->access_token =
        first(NULL, "TRIGGER_ACCESS_TOKEN", profile, "accessToken");
    settings->secret_key =
        first(NULL, "TRIGGER_SECRET_KEY", profile, "secretKey");
    check_secret(settings->api_key, "RUNTAIL_API_KEY", err);
    check_secret(settings->access_token, "TRIGGER_ACCESS_TOKEN", err);
    check_secret(settings->secret_key, "TRIGGER_SECRET_KEY", err);
}

/* The value behind "NAME:" as it is to be sent: read from a file (@FILE) or
 * from the environment ($VARIABLE), or as it stands. Owned. */
static char *header_value(const char *name, size_t name_len, const char *value,
                          struct error *err)
{
    static const char *const secrets[] = {"authorization", "x-api-key",
                                          "cookie", "proxy-authorization"};
    if (*value == '@') {
        struct error why = {0};
        char *text = token_read(value + 1, NULL, &why);
        if (!text)
            error_set(err, ERROR_USAGE, "the value of %.*s: %s", (int)name_len,
                      name, why.message);
        return text;
    }
    if (*value == '$') {
        const char *text = environment(value + 1);
        if (!text)
            error_set(err, ERROR_USAGE, "the header's variable %s is not set",
                      value);
        return mem_strdup(text);
    }
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (strncasecmp(name, secrets[i], name_len) == 0 &&
            !secrets[i][name_len])
            error_set(err, ERROR_USAGE,
                      "the command line is public: put the value of %s into "
                      "a file and give '%s: @FILE', or '%s: $VARIABLE'",
                      secrets[i], secrets[i], secrets[i]);
    return mem_strdup(value);
}

/* Length of a header's name at the start of given; 0: there is none. */
static size_t header_name_len(const char *given)
{
    size_t len = strspn(given, "!#$%&'*+-.^_`|~0123456789"
                               "abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return given[len] == ':' ? len : 0;
}

/* Another byte would end the header, or mean something to a terminal. */
static bool is_header_value(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

static char *make_header(const char *given, struct error *err)
{
    size_t name_len = header_name_len(given);
    if (!name_len) {
        error_set(err, ERROR_USAGE,
                  "--header takes 'NAME: VALUE', not \"%.40s\"", given);
        return NULL;
    }
    const char *value = given + name_len + 1;
    char *text =
        header_value(given, name_len, value + strspn(value, " \t"), err);
    struct buf header = buf_make(0);
    if (text && !is_header_value(text))
        error_set(err, ERROR_USAGE,
                  "the value of %.*s has line breaks or control characters",
                  (int)name_len, given);
    else if (text && *text)
        buf_addf(&header, "%.*s: %s", (int)name_len, given, text);
    else if (text) /* how curl is told of an empty value */
        buf_addf(&header, "%.*s;", (int)name_len, given);
    mem_forget(&text);
    return header.len ? buf_take(&header) : NULL;
}

static void forget_headers(struct settings *settings)
{
    for (char **header = settings->headers; header && *header; header++)
        mem_forget(header);
    free(settings->headers);
    settings->headers = NULL;
    mem_forget(&settings->query_token);
    mem_forget(&settings->login);
}

/* The token of a stream or an agent: from a file or a command only, since the
 * environment's belong to another server. */
static void load_stream_token(struct settings *settings,
                              const struct options *options, size_t count,
                              struct error *err)
{
    if (!settings->token_file && !settings->token_cmd)
        return;
    char *token = token_read(settings->token_file, settings->token_cmd, err);
    struct buf header = buf_make(0);
    if (token && options->command == COMMAND_AGENT && agent_login_is(token)) {
        settings->login = token;
        return;
    }
    check_secret(token, "the token", err);
    if (!token || err->kind != ERROR_NONE) {
        mem_forget(&token);
        return;
    }
    if (options->query_token) {
        settings->query_token = token;
        return;
    }
    buf_addf(&header, "Authorization: Bearer %s", token);
    settings->headers[count] = buf_take(&header);
    mem_forget(&token);
}

/* Headers of the command line, and the token that goes with a stream. */
static void load_headers(struct settings *settings,
                         const struct options *options, struct error *err)
{
    size_t count = 0;
    if (options->command != COMMAND_SSE && options->command != COMMAND_AGENT)
        return;
    settings->headers =
        mem_zalloc(options->header_count + 2, sizeof *settings->headers);
    for (size_t i = 0; i < options->header_count; i++) {
        char *header = make_header(options->headers[i], err);
        if (header)
            settings->headers[count++] = header;
    }
    load_stream_token(settings, options, count, err);
}

bool settings_renew(struct settings *settings, const struct options *options,
                    struct error *err)
{
    forget_headers(settings);
    load_headers(settings, options, err);
    return err->kind == ERROR_NONE;
}

/* An agent is somebody's own server's: its token must not go to the one that
 * runs are followed on. What is read as an event stream is an address. */
static bool check_target(const struct settings *settings,
                         const struct options *options, struct error *err)
{
    if (options->command == COMMAND_AGENT && !settings->api_url)
        return error_set(err, ERROR_USAGE,
                         "which server has the agent? Give --api-url URL, or "
                         "set TRIGGER_API_URL or a profile's apiUrl");
    if (options->command == COMMAND_SSE && strcmp(options->target, "-") != 0)
        return check_url(options->target, "the stream's address", err);
    return true;
}

bool settings_load(struct settings *settings, const struct options *options,
                   struct error *err)
{
    *settings = (struct settings){0};
    json_t *p = read_profile(options, err);
    settings->api_url = first(options->api_url, "TRIGGER_API_URL", p, "apiUrl");
    settings->token_url =
        first(options->token_url, "RUNTAIL_TOKEN_URL", p, "tokenUrl");
    settings->poll_url =
        first(options->poll_url, "RUNTAIL_POLL_URL", p, "pollUrl");
    settings->token_file = first(options->token_file, NULL, p, "tokenFile");
    settings->token_cmd = first(options->token_cmd, NULL, p, "tokenCmd");
    settings->progress_key =
        first(options->progress_key, NULL, p, "progressKey");
    settings->log_key = first(options->log_key, NULL, p, "logKey");
    check_target(settings, options, err);
    load_secrets(settings, options, p, err);
    set_defaults(settings);
    load_headers(settings, options, err);
    json_decref(p);
    return err->kind == ERROR_NONE &&
           check_url(settings->api_url, "the API URL", err) &&
           check_url(settings->token_url, "the token URL", err) &&
           check_url(settings->poll_url, "the polling URL", err);
}

void settings_free(struct settings *settings)
{
    free(settings->api_url);
    free(settings->token_url);
    free(settings->poll_url);
    free(settings->token_file);
    free(settings->token_cmd);
    free(settings->progress_key);
    free(settings->log_key);
    free(settings->token_origin);
    mem_forget(&settings->api_key);
    mem_forget(&settings->access_token);
    mem_forget(&settings->secret_key);
    forget_headers(settings);
    *settings = (struct settings){0};
}
