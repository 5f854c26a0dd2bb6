/* Compares the simulator's answers with recorded ones. */
#ifndef TESTS_SIM_RECORDED_H
#define TESTS_SIM_RECORDED_H

#include <check.h>
#include <strings.h>

#include "recordings.h"

#include "sim/answer.h"

/* Their values depend on the run. */
static const char *const changing_headers[] = {"electric-handle",
                                               "electric-offset",
                                               "electric-cursor",
                                               "electric-shape-id",
                                               "electric-chunk-last-offset",
                                               "x-ratelimit-limit",
                                               "x-ratelimit-remaining",
                                               "x-ratelimit-reset"};

static inline bool is_one_of(const char *name, const char *const *list,
                             size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(name, list[i]) == 0)
            return true;
    return false;
}

/* The framing is libmicrohttpd's; an ETag of the product's API is not sent. */
static inline bool is_left_out(const char *name)
{
    static const char *const names[] = {"transfer-encoding", "content-length",
                                        "etag"};
    return is_one_of(name, names, 3);
}

static inline void check_headers(const struct answer *answer, json_t *response)
{
    size_t at = 0;
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(response, "headers"), name, value)
    {
        if (is_left_out(name))
            continue;
        ck_assert_uint_lt(at, answer->headers.count);
        const struct field *field = &answer->headers.items[at++];
        ck_assert_str_eq(field->name, name);
        if (!is_one_of(name, changing_headers,
                       sizeof changing_headers / sizeof *changing_headers))
            ck_assert_str_eq(field->value, json_string_value(value));
    }
    ck_assert_uint_eq(at, answer->headers.count);
    bool chunked = recorded_header(response, "transfer-encoding") != NULL;
    ck_assert_int_eq(answer->chunked, chunked);
}

static inline json_t *response_of(json_t *recording, size_t index)
{
    json_t *exchanges = json_object_get(recording, "exchanges");
    return json_object_get(json_array_get(exchanges, index), "response");
}

#endif
