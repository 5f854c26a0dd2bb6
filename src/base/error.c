#include "config.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

bool error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
    if (!err || err->kind != ERROR_NONE)
        return false;
    err->kind = kind;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return false;
}

void error_clear(struct error *err)
{
    err->kind = ERROR_NONE;
    err->message[0] = '\0';
}
