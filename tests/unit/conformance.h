/* Cases of $RUNTAIL_SHARED/conformance/NAME.json, read at run time. Where they
 * are not there, the test program is skipped. */
#ifndef TESTS_CONFORMANCE_H
#define TESTS_CONFORMANCE_H

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"

enum {
    EXIT_SKIPPED = 77
};

/* The file; kept until the program ends. */
static json_t *conformance;

/* Returns the file's cases, borrowed; ends the program where there is none. */
static inline json_t *conformance_load(const char *name)
{
    const char *shared = getenv("RUNTAIL_SHARED");
    struct buf path = buf_make(0);
    buf_addf(&path, "%s/conformance/%s.json", shared ? shared : "../shared",
             name);
    json_error_t error;
    conformance = json_load_file(buf_str(&path), 0, &error);
    if (!conformance) {
        printf("skipped: %s: %s\n", buf_str(&path), error.text);
        exit(EXIT_SKIPPED);
    }
    buf_free(&path);
    return json_object_get(conformance, "cases");
}

/* One test for all of them: a process for each would take minutes. */
static inline void for_each_case(json_t *items, void (*check)(json_t *item))
{
    for (size_t i = 0; i < json_array_size(items); i++)
        check(json_array_get(items, i));
}

static inline const char *text_of(json_t *item, const char *key)
{
    const char *text = json_string_value(json_object_get(item, key));
    return text ? text : "";
}

static inline size_t length_of(json_t *item, const char *key)
{
    return json_string_length(json_object_get(item, key));
}

static inline int is_of_class(json_t *item, const char *class)
{
    json_t *classes = json_object_get(item, "classes");
    for (size_t i = 0; i < json_array_size(classes); i++) {
        if (strcmp(json_string_value(json_array_get(classes, i)), class) == 0)
            return 1;
    }
    return 0;
}

/* Appends the bytes that hexadecimal digits stand for. */
static inline void add_hex(struct buf *out, const char *hex)
{
    for (; hex[0] && hex[1]; hex += 2) {
        char pair[] = {hex[0], hex[1], '\0'};
        buf_addc(out, (char)strtoul(pair, NULL, 16));
    }
}

/* Appends the bytes that base64 stands for. */
static inline void add_base64(struct buf *out, const char *text)
{
    ck_assert(base64_read(out, text, strlen(text)));
}

#endif
