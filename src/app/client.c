#include "config.h"

#include "app/client.h"

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
