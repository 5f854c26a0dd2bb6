/* Standard input, as it comes: read and recorded, or played. */
#ifndef IO_INPUT_H
#define IO_INPUT_H

#include <stddef.h>

#include "base/error.h"
#include "io/http.h"
#include "io/loop.h"

struct input;

/* Bytes; none at the end, with the failure that ended it, or NULL. The input
 * may be closed here. */
typedef void input_fn(void *context, const char *bytes, size_t len,
                      const struct error *failure);

/* http tells whether it is recorded or played. */
struct input *input_open(struct http *http, struct loop *loop, input_fn *fn,
                         void *context);

/* No call comes after this. NULL is fine. */
void input_close(struct input *input);

#endif
