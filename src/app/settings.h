/* Where everything comes from: option, environment, profile, default. */
#ifndef APP_SETTINGS_H
#define APP_SETTINGS_H

#include <stdbool.h>

#include "app/options.h"
#include "base/error.h"

/* Owned texts, NULL: not set. The key fields are secrets. */
struct settings {
    char *api_url; /* never NULL, no slash at the end */
    char *token_url, *poll_url;
    char *token_file, *token_cmd;
    char *progress_key, *log_key; /* never NULL */
    char *api_key, *access_token, *secret_key;
    char **headers;     /* NULL at the end, or NULL; secrets */
    char *query_token;  /* secret */
    char *login;        /* see io/agent_login.h; secret */
    char *token_origin; /* of a recording that is played; NULL: none is */
};

/* Reads environment and configuration file. False with *err: a file that is
 * broken, lacks the profile, or holds secrets and is readable by others; a URL
 * that is none. */
bool settings_load(struct settings *settings, const struct options *options,
                   struct error *err);

/* Reads anew, after a refusal, what headers take from files and commands. */
bool settings_renew(struct settings *settings, const struct options *options,
                    struct error *err);

/* Wipes the secrets. */
void settings_free(struct settings *settings);

#endif
