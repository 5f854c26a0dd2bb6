/* An ordered list of names and values: headers, query parameters. */
#ifndef SIM_FIELDS_H
#define SIM_FIELDS_H

#include <stddef.h>

struct field {
    char *name;
    char *value; /* never NULL */
};

struct fields {
    struct field *items;
    size_t count;
};

/* Copies name and value (NULL counts as empty). */
void fields_add(struct fields *fields, const char *name, const char *value);
void fields_addf(struct fields *fields, const char *name, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

/* The value of the first field with this name, letter case ignored; NULL when
 * there is none. Borrowed. */
const char *fields_get(const struct fields *fields, const char *name);

void fields_free(struct fields *fields);

#endif
