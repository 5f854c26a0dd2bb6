#include "config.h"

#include "sim/answer.h"

void answer_free(struct answer *answer)
{
    if (answer->stream)
        answer->stream->destroy(answer->stream_self);
    fields_free(&answer->headers);
    buf_free(&answer->body);
    *answer = (struct answer){0};
}

void answer_json(struct answer *answer, unsigned status, const char *body)
{
    answer->status = status;
    answer->chunked = true;
    fields_add(&answer->headers, "content-type",
               "application/json; charset=utf-8");
    buf_adds(&answer->body, body);
}
