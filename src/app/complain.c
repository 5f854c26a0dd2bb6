#include "config.h"

#include "app/complain.h"

#include <langinfo.h>
#include <stdio.h>
#include <string.h>

#include "app/exit_code.h"
#include "base/buf.h"
#include "text/escape.h"

unsigned complain_flags(void)
{
    bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    return utf8 ? 0 : ESCAPE_ASCII;
}

int complain(const struct error *err)
{
    struct buf safe = buf_make(0);
    escape_text(&safe, err->message, strlen(err->message), complain_flags());
    fprintf(stderr, "runtail: %s\n", buf_str(&safe));
    buf_free(&safe);
    return exit_code_of_error(err);
}
