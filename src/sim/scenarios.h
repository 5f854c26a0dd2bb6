/* The scenario files of src/sim/scenarios/, built in by embed.sh. */
#ifndef SIM_SCENARIOS_H
#define SIM_SCENARIOS_H

#include <stddef.h>

struct scenario_file {
    const char *name;   /* without ".json" */
    const char *about;  /* the file's "about" */
    const char *source; /* "run", "agent" or "sse" */
    const char *json;
    size_t len;
};

extern const struct scenario_file scenario_files[];
extern const size_t scenario_file_count;

#endif
