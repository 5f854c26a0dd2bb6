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
    complain_of(NULL, err->message);
    return exit_code_of_error(err);
}

void complain_of(const char *stream, const char *words)
{
    struct buf all = buf_make(0), safe = buf_make(0);
    if (stream)
        buf_addf(&all, "stream %s: ", stream);
    buf_adds(&all, words ? words : "");
    escape_text(&safe, buf_str(&all), all.len, complain_flags());
    fprintf(stderr, "runtail: %s\n", buf_str(&safe));
    buf_free(&all);
    buf_free(&safe);
}
