/* Members of a JSON object, with what counts where they are absent. */
#ifndef SIM_MEMBER_H
#define SIM_MEMBER_H

#include <jansson.h>
#include <stdint.h>

/* Borrowed; other when the member is no text. object may be NULL. */
const char *member_text(json_t *object, const char *name, const char *other);

/* A number, its fraction cut off; other when the member is none. */
int64_t member_int(json_t *object, const char *name, int64_t other);

#endif
