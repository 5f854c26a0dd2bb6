#include "config.h"

#include "io/source.h"

#include <string.h>

#include "base/mem.h"

/* All that requests carry of credentials, in one text. */
static struct buf credentials(const struct source_options *options)
{
    struct buf all = buf_make(0);
    for (const char *const *header = options->headers; header && *header;
         header++) {
        buf_adds(&all, *header);
        buf_addc(&all, '\n');
    }
    if (options->query_token)
        buf_adds(&all, options->query_token);
    if (options->login)
        buf_adds(&all, options->login);
    return all;
}

bool source_renew(struct source_options *options)
{
    if (!options->renew)
        return false;
    struct buf before = credentials(options);
    options->renew(options->renew_context, options);
    struct buf after = credentials(options);
    bool same = before.len == after.len &&
                memcmp(buf_str(&before), buf_str(&after), after.len) == 0;
    buf_forget(&before);
    buf_forget(&after);
    if (!same && options->renewed)
        options->renewed(options->renew_context);
    return !same;
}
